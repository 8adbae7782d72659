# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the situations: the YAML files beside this one, and what is short in them.

A file has a ``title``; what is ``tricky``; in ``short`` the most of its declaration, in three lines; the
``declaration``, a mapping of files of an inventory to their text; ``programs``, the paths of executables that are not
``/usr/sbin/NAME``; and ``looks`` at hosts, each with a ``caption`` and the ``day`` that it is. A host has:

* ``groups``, and ``variables`` of its own;
* ``listens``, a list of lines as below, in which lists may be nested, and ``earlier``, the same of a moment before;
* ``gaps``, ``complete``, ``system`` and ``collector``, where they differ from those of a Linux host that was observed
completely.

What is to be found is in the look as well, by host:

* ``found``, a list of findings; those that do not fail say ``fails: false``, and hosts that are not named have none;
* ``refused``, what is said of a declaration that is refused;
* ``waived``, a list of pairs of the id of a listener and the name of a waiver;
* ``summary``, the line that tells which declaration it was.

``web-[001:500]`` are hosts web-001 to web-500, except those that have an entry of their own.

A line is ``protocol address:port`` and then, in any order:

* ``name[pid]/user`` for each holder, ``name[pid]*/user`` for the main process of its unit; or ``kernel``, or
  ``hidden``;
* the unit, the service of Windows, or the container as ``docker:0123456789ab``, that all of them but systemd and System
  are in;
* ``service=-`` where stopping the unit would not end it, ``service=NAME by=NAME.socket`` where systemd holds it,
  ``by=http.sys`` where that driver of Windows does;
* ``dual`` for an IPv6 wildcard that takes IPv4 too, ``deleted`` for an executable that is gone, ``inside=/path`` for
  one that is none of the host, ``queue=0/511``, or ``queue=-`` where it is not told.
"""

import datetime
import re
import shlex
import socket
import zlib
from pathlib import Path

import yaml

from ansible_collections.listening.ports.plugins.module_utils._addresses import scopes
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples

HERE = Path(__file__).resolve().parent
TODAY = datetime.date(2026, 11, 20)
ENDPOINT = re.compile(
    r'(?:\[(?P<ipv6>[0-9a-f:.]+)(?:%(?P<scope>[^\]]+))?\]|(?P<ipv4>[\d.]+)(?:%(?P<device>[^:]+))?):(?P<port>\d+)'
)
HOLDER = re.compile(r'(?P<process>.+)\[(?P<pid>\d+)\](?P<main>\*?)/(?P<user>.+)')
RANGE = re.compile(r'(.*)\[(\d+):(\d+)\](.*)')
_SCOPES = {
    'docker': 'docker-%s.scope',
    'containerd': 'cri-containerd-%s.scope',
    'podman': 'libpod-%s.scope',
    'cri-o': 'crio-%s.scope',
}
_FLAGS = ('kernel', 'hidden', 'dual', 'deleted')


class Unreadable(ValueError):
    """A situation is not written as it should be."""


def situations():
    """dict: the name of each file to its content, in the order of the page."""
    return {path.stem: yaml.safe_load(path.read_text(encoding='utf-8')) for path in sorted(HERE.glob('*.yml'))}


def names(text):
    """The hosts that a key of ``hosts`` speaks of: list of str."""
    match = RANGE.fullmatch(text)
    if not match:
        return [text]
    head, first, last, tail = match.groups()
    return ['%s%0*d%s' % (head, len(first), number, tail) for number in range(int(first), int(last) + 1)]


def hosts(look):
    """dict: name of each host of a look to what is written of it."""
    several = {name: host for key, host in look['hosts'].items() if RANGE.fullmatch(key) for name in names(key)}
    return dict(several, **{key: host for key, host in look['hosts'].items() if not RANGE.fullmatch(key)})


def variables(situation, look, name):
    """dict: the variables of a host, as Ansible has them before templates are evaluated."""
    everyone = hosts(look)
    host = everyone[name]
    groups = sorted(host.get('groups', ()))
    merged = {}
    for place in ['group_vars/all/'] + ['group_vars/%s/' % group for group in groups] + ['host_vars/%s/' % name]:
        for path, text in sorted(situation['declaration'].items()):
            if path.startswith(place):
                merged.update(yaml.safe_load(text))
    merged.update(host.get('variables', {}))
    members = {group: [other for other in everyone if group in everyone[other].get('groups', ())] for group in groups}
    return dict(merged, inventory_hostname=name, group_names=groups, groups=dict(members, all=list(everyone)))


def facts(situation, host, key='listens'):
    """dict: the facts that a host shows."""
    gaps = [dict({'count': None, 'hint': None}, **gap) for gap in host.get('gaps', ())]
    made = samples.facts(*(listener(line, situation.get('programs', {})) for line in lines(host[key])), gaps=gaps)
    made['system'].update(
        {
            'reserved_ports': [],
            'local_addresses': ['10.0.0.5/24', '127.0.0.1/8', '::1/128', 'fe80::5054:ff:fe12:3456%eth0/64'],
        }
    )
    low, high = host.get('system', {}).get('ephemeral_ports', made['system']['ephemeral_ports'])
    for record in made['listeners']:
        record['ephemeral'] = record['protocol'] == 'udp' and low <= record['port'] <= high
    made['collector'] = host.get('collector', made['collector'])
    made['complete'].update(host.get('complete', {}))
    made['system'].update(host.get('system', {}))
    return made


def lines(written):
    """The lines in lists of lists: list of str."""
    if isinstance(written, str):
        return [written]
    return [line for part in written for line in lines(part)]


def words(line):
    """What a line says.

    :returns: tuple of the protocol, the match of ENDPOINT, the matches of HOLDER, the place or None, the flags, and a
        dict of options.
    """
    protocol, endpoint, *rest = shlex.split(line.replace('\\', '\\\\'))
    where = ENDPOINT.fullmatch(endpoint)
    if not where:
        raise Unreadable('%s: what is %s?' % (line, endpoint))
    holders, places, flags, options = [], [], set(), {}
    for word in rest:
        holder = HOLDER.fullmatch(word)
        if holder:
            holders.append(holder)
        elif word in _FLAGS:
            flags.add(word)
        elif '=' in word:
            options.update([word.split('=', 1)])
        else:
            places.append(word)
    if len(places) > 1 or bool(holders) == bool(flags & {'kernel', 'hidden'}):
        raise Unreadable('%s: who holds it?' % line)
    return protocol, where, holders, places[0] if places else None, flags, options


def listener(line, programs):
    """dict: the fact of a listener, from its line."""
    protocol, where, holders, place, flags, options = words(line)
    interface = where.group('scope') or where.group('device')
    address = where.group('ipv6') or where.group('ipv4')
    raw = socket.inet_pton(socket.AF_INET6 if where.group('ipv6') else socket.AF_INET, address)
    owners = [_owner(holder, place, flags, programs) for holder in holders]
    for owner in owners if 'inside' in options else ():
        owner.update(exe=None, exe_inside=options['inside'])
    units = {owner['unit'] for owner in owners if owner['pid'] != 1 and _is_service(owner['unit'])}
    service = options.get('service') or (units.pop() if len(units) == 1 else None)
    queue = options.get('queue', '0/4096' if protocol == 'tcp' else '-')
    mapped = scopes.is_mapped(raw)
    return samples.listener(
        address,
        int(where.group('port')),
        protocol,
        owners,
        interface=interface,
        accepts_ipv4=len(raw) == 4 or mapped or 'dual' in flags,
        accepts_ipv6=len(raw) == 16 and not mapped,
        scope=scopes.scope(raw, interface),
        service=None if service == '-' else service,
        activated_by=options.get('by'),
        held_by='kernel' if 'kernel' in flags else 'processes' if owners else 'unknown',
        socket_uid=owners[-1]['uid'] if owners else int(options.get('uid', 0)),
        backlog=None if queue == '-' else dict(zip(('pending', 'limit'), map(int, queue.split('/')))),
    )


def _owner(holder, place, flags, programs):
    process, user = holder.group('process', 'user')
    around, slash, inner = (place or '').rpartition('/')
    runtime, dummy, short = inner.partition(':')
    container = place if runtime in _SCOPES else None
    unit = around + slash + _SCOPES[runtime] % (short * 6)[:64] if container else place
    if holder.group('pid') == '1' and process == 'systemd':
        unit, container = 'init.scope', None
    if holder.group('pid') == '4' and process == 'System':
        unit = None             # the kernel of Windows
    return samples.owner(
        int(holder.group('pid')),
        process,
        user,
        exe=programs.get(process, '/usr/sbin/' + process),
        exe_deleted='deleted' in flags,
        uid=_uid(user),
        started='2026-11-19T08:00:00Z',
        unit=unit,
        container=container,
        main=bool(holder.group('main')) if _is_service(unit) else None,
    )


def _is_service(unit):
    """bool: Whether this is a service: units have their type at the end, and services of Windows have none."""
    return bool(unit) and (unit.endswith('.service') or '.' not in unit)


def _uid(user):
    known = {'root': 0, 'www-data': 33, 'nobody': 65534}
    if '\\' in user:
        return None         # Windows has none
    return int(user) if user.isdecimal() else known.get(user, 100 + zlib.crc32(user.encode()) % 900)
