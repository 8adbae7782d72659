# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes facts, and judgements, of the short notation in which the tables of cases are written.

A listener is a line: ``protocol address:port`` (``address:port@namespace`` in another network namespace), and then words in any order:

* ``name``, ``name/user``, ``name[pid]/user`` for each holder; a name, a user or an executable that is not known is ``?``;
* behind a holder, and for it alone: ``NAME.service`` or ``NAME.scope``, its unit; ``docker:0123456789ab``, its container;
  ``exe=/path`` (else ``/usr/sbin/name``); ``deleted``, that executable is gone;
* ``kernel`` or ``hidden`` in place of holders; ``more=3``, holders that are not listed;
* ``service=NAME``, what is to be stopped for it, where that is not the unit of its holders (``-`` for none); ``by=NAME.socket``, what
  activates it, with systemd as a holder: ``systemd[1]/root``;
* ``dual``, a wildcard of IPv6 that takes IPv4 too; ``dual=?``, where that is not known;
* ``queue=0/511``, its backlog (``queue=-``: not observed); ``established=3``, its connections;
* ``from=10.0.0.0/8,10.9.0.0/16``, ``from=anyone``, ``from=nobody``: who the firewall surely lets in; ``maybe=...``, of whom that is not
  decided; ``firewall=unknown``, it could not be read; ``through=eth0:allowed,eth1:blocked``, by interface; ``rule=...``, which rule decides.
"""

import copy
import datetime
import re
import socket

from ansible_collections.listening.ports.plugins.module_utils._addresses import scopes
from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import diagnoses, samples

TODAY = datetime.date(2026, 11, 20)
NOW = datetime.datetime(2026, 11, 20, 9)
EVERYBODY = ['0.0.0.0/0', '::/0']
_ENDPOINT = re.compile(r'(?:\[(?P<ipv6>[0-9a-f:.]+)(?:%(?P<scope>[^\]]+))?\]|(?P<ipv4>[\d.]+)(?:%(?P<device>[^:]+))?)'
                       r':(?P<port>\d+)(?:@(?P<namespace>\S+))?')
_HOLDER = re.compile(r'(?P<process>[^\s\[\]/=:]+)(?:\[(?P<pid>\d+)\])?(?:/(?P<user>[^\s=]+))?')
_UNIT = re.compile(r'\S+\.(service|scope|slice)')
_CONTAINER = re.compile(r'(docker|podman|containerd|cri-o|lxc):\w+')
_USERS = {'root': 0, 'www-data': 33, 'nobody': 65534}
_OPTIONS = ('more', 'service', 'by', 'dual', 'queue', 'established', 'from', 'maybe', 'firewall', 'through', 'rule')


def listener(line):
    """dict: the fact of a listener, of its line."""
    protocol, endpoint, *words = line.split()
    where = _ENDPOINT.fullmatch(endpoint)
    owners, flags, options = [], set(), {}
    for word in words:
        name, equals, value = word.partition('=')
        if equals and name in _OPTIONS:
            options[name] = value
        elif word in ('kernel', 'hidden', 'dual'):
            flags.add(word)
        elif not _describes(word, name, value, owners):
            owners.append(_owner(_HOLDER.fullmatch(word), 100 + len(owners)))
    address, interface = where.group('ipv6') or where.group('ipv4'), where.group('scope') or where.group('device')
    raw = socket.inet_pton(socket.AF_INET6 if where.group('ipv6') else socket.AF_INET, address)
    mapped, port = scopes.is_mapped(raw), int(where.group('port'))
    units = {owner['unit'] for owner in owners if owner['pid'] != 1 and (owner['unit'] or '').endswith('.service')}
    service = options.get('service') or (units.pop() if len(units) == 1 else '-')
    queue = options.get('queue', '0/128' if protocol in ('tcp', 'sctp', 'dccp') else '-')
    found = samples.listener(
        address, port, protocol, owners, interface=interface, namespace=where.group('namespace'),
        accepts_ipv4=None if 'dual' in options else len(raw) == 4 or mapped or 'dual' in flags, accepts_ipv6=len(raw) == 16 and not mapped,
        scope=scopes.scope(raw, interface), ephemeral=protocol in ('udp', 'udplite') and 32768 <= port <= 60999,
        held_by='kernel' if 'kernel' in flags else 'processes' if owners else 'unknown', owners_total=len(owners) + int(options.get('more', 0)),
        service=None if service == '-' else service, activated_by=options.get('by'),
        backlog=None if queue == '-' else dict(zip(('pending', 'limit'), map(int, queue.split('/')))))
    if 'established' in options:
        found['connections'] = {'established': int(options['established'])}
    exposure = _exposure(options, found)
    return dict(found, exposure=exposure) if exposure else found


def _describes(word, name, value, owners):
    """Whether a word says something of the holder before it."""
    if name == 'exe':
        owners[-1]['exe'] = None if value == '?' else value
    elif word == 'deleted':
        owners[-1]['exe_deleted'] = True
    elif _UNIT.fullmatch(word):
        owners[-1]['unit'] = word
    elif _CONTAINER.fullmatch(word):
        owners[-1]['container'] = word
    else:
        return False
    return True


def _owner(holder, pid):
    process, user = holder.group('process'), holder.group('user') or 'root'
    found = samples.owner(int(holder.group('pid') or pid), process, None if user == '?' else user,
                          uid=None if user == '?' else _USERS.get(user, 1000))
    return dict(found, process=None, exe=None) if process == '?' else found


def _exposure(options, found):
    """What facts will say of the firewall, or None."""
    if options.get('firewall') == 'unknown':
        return samples.exposure('unknown')
    if not {'from', 'maybe', 'through'} & set(options):
        return None
    sets = {'anyone': [net for net, name in zip(EVERYBODY, ('accepts_ipv4', 'accepts_ipv6')) if found[name] is not False], 'nobody': [], '': []}
    allowed, maybe = (sets.get(text, text.split(',')) for text in (options.get('from', ''), options.get('maybe', '')))
    verdict = 'partly' if maybe or (allowed and options['from'] != 'anyone') else 'allowed' if allowed else 'blocked'
    paths = [pair.split(':') for pair in options['through'].split(',')] if 'through' in options else ()
    return samples.exposure(verdict, allowed, [{'sources': maybe, 'reason': 'a rule of a module'}] if maybe else [],
                            [{'interfaces': [name], 'verdict': word} for name, word in paths], decided_by=options.get('rule'))


def facts(lines, gaps=(), complete=None, system=None):
    """dict: the facts of a host: of lines, the aspects that have gaps, and what else differs from a Linux host that was looked at as root."""
    found = samples.facts(*map(listener, lines), gaps=[samples.gap(
        aspect, 'some', message='some %s were not observed' % aspect, hint=None) for aspect in gaps])
    found['system'].update(reserved_ports=[], local_addresses=['10.0.0.5/24', '2001:db8::5/64', '127.0.0.1/8', '::1/128'])
    found['complete'].update(complete or {})
    found['system'].update(system or {})
    check.check(copy.deepcopy(found))         # no other facts reach a judgement
    return found


def policy(declaration):
    """The Policy of variables: a mapping of them, or the list in ``expected_listeners`` alone. Raises Refusals."""
    variables = declaration if isinstance(declaration, dict) else {'expected_listeners': declaration}
    declared = merge.collect(variables, lambda value: value, ())
    return Policy.of(declared)


def judged(case):
    """tuple of Policy and Result of a case."""
    day = case.get('day', TODAY)
    known = policy(case['declare'])
    found = facts(case['host'], case.get('gaps', ()), case.get('complete'), case.get('system'))
    found['forwarded'] = [listener(line) for line in case.get('forwarded', ())]
    if 'diagnoses' in case:
        found['diagnoses'] = {unit: diagnoses.diagnosis(unit, **other) for unit, other in case['diagnoses'].items()}
    earlier = facts(case['earlier']) if 'earlier' in case else None
    return known, judge.judge(found, known, datetime.datetime(day.year, day.month, day.day, 9), earlier=earlier)
