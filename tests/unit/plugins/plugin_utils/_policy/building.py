# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes facts, and judgements, of the short notation in which the tables of cases are written.

A listener is a line: ``protocol address:port`` (``address:port@namespace`` in another network namespace), and then
words in any order:

* ``name``, ``name/user``, ``name[pid]/user`` for each owner; a name, a user or an executable that is not known is
  ``?``;
* behind an owner, and for it alone: ``NAME.service`` or ``NAME.scope``, its unit; ``docker:0123456789ab``, its
  container; ``exe=/path`` (else ``/usr/sbin/name``); ``inside=/path``, an executable that is none of the host;
  ``deleted``, that executable is gone;
* ``kernel`` or ``hidden`` in place of owners; ``more=3``, owners that are not listed;
* ``service=NAME``, what is to be stopped for it, where that is not the unit of its owners (``-`` for none);
  ``by=NAME.socket``, what activates it, with systemd as an owner: ``systemd[1]/root``;
* ``dual``, a wildcard of IPv6 that takes IPv4 too; ``dual=?``, where that is not known;
* ``queue=0/511``, its backlog (``queue=-``: not observed); ``established=3``, its connections;
* ``from=10.0.0.0/8,10.9.0.0/16``, ``from=anyone``, ``from=nobody``: who the firewall surely lets in; ``maybe=...``, of
  whom that is not decided; ``firewall=unknown``, it could not be read; ``through=eth0:allowed,eth1:blocked``, by
  interface; ``rule=...``, which rule decides.

What is forwarded is such a line too, with ``to=172.17.0.2:80`` and ``proxy=tcp/0.0.0.0:8080``, the listener of a proxy.
"""

import copy
import datetime
import re
import socket

from ansible_collections.listening.ports.plugins.module_utils._addresses import scopes
from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions import named
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import diagnoses, samples

TODAY = datetime.date(2026, 11, 20)
NOW = datetime.datetime(2026, 11, 20, 9)
EVERYBODY = ['0.0.0.0/0', '::/0']
_ENDPOINT = re.compile(r'(?:\[(?P<ipv6>[0-9a-f:.]+)(?:%(?P<scope>[^\]]+))?\]|(?P<ipv4>[\d.]+)(?:%(?P<device>[^:]+))?)'
                       r':(?P<port>\d+)(?:@(?P<namespace>\S+))?')
_OWNER = re.compile(r'(?P<process>[^\s\[\]/=:]+)(?:\[(?P<pid>\d+)\])?(?:/(?P<user>[^\s=]+))?')
_UNIT = re.compile(r'\S+\.(service|scope|slice)')
_CONTAINER = re.compile(r'(user@\d+\.service/)?(docker|podman|containerd|cri-o|lxc):\w+')
_USERS = {'root': 0, 'www-data': 33, 'nobody': 65534}
_OPTIONS = ('more', 'service', 'by', 'dual', 'queue', 'established', 'from', 'maybe', 'firewall', 'through', 'rule')


def listener(line):
    """Make the fact of a listener of its line."""
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
            owners.append(_owner(_OWNER.fullmatch(word), 100 + len(owners)))
    address, interface = where.group('ipv6') or where.group('ipv4'), where.group('scope') or where.group('device')
    raw = socket.inet_pton(socket.AF_INET6 if where.group('ipv6') else socket.AF_INET, address)
    mapped, port = scopes.is_mapped(raw), int(where.group('port'))
    units = {owner['unit'] for owner in owners if owner['pid'] != 1 and (owner['unit'] or '').endswith('.service')}
    service = options.get('service') or (units.pop() if len(units) == 1 else '-')
    queue = options.get('queue', '0/128' if protocol in ('tcp', 'sctp', 'dccp') else '-')
    fact = samples.listener(
        address, port, protocol, owners, interface=interface, namespace=where.group('namespace'),
        accepts_ipv4=None if 'dual' in options else len(raw) == 4 or mapped or 'dual' in flags,
        accepts_ipv6=len(raw) == 16 and not mapped,
        scope=scopes.scope(raw, interface), ephemeral=protocol in ('udp', 'udplite') and 32768 <= port <= 60999,
        held_by='kernel' if 'kernel' in flags else 'processes' if owners else 'unknown',
        owners_total=len(owners) + int(options.get('more', 0)),
        service=None if service == '-' else service, activated_by=options.get('by'),
        backlog=None if queue == '-' else dict(zip(('pending', 'limit'), map(int, queue.split('/')))))
    if 'established' in options:
        fact['connections'] = {'established': int(options['established'])}
    exposure = _exposure(options, fact)
    return dict(fact, exposure=exposure) if exposure else fact


def forward(line):
    """Make the fact of a forwarded endpoint of its line: ``to`` somewhere, past a ``proxy``; its owners are there."""
    pairs = dict(word.split('=', 1) for word in line.split() if word.startswith(('to=', 'proxy=')))
    fact = listener(' '.join(word for word in line.split() if not word.startswith(('to=', 'proxy='))))
    containers = [owner['container'] for owner in fact['owners'] if owner['container']]
    exposure = fact.get('exposure') or samples.exposure('allowed', EVERYBODY[:1])
    return dict(
        fact, to=pairs.get('to', '172.17.0.2:80'), ports=str(fact['port']), decided_by='a rule', backlog=None,
        socket_uid=fact['socket_uid'] if containers else None, exposure=exposure,
        container=containers[0] if containers else None, proxy=pairs.get('proxy'))


def _describes(word, name, value, owners):
    """Whether a word says something of the owner before it."""
    if name == 'exe':
        owners[-1]['exe'] = None if value == '?' else value
    elif name == 'inside':
        owners[-1].update(exe=None, exe_inside=value)
    elif word == 'deleted':
        owners[-1]['exe_deleted'] = True
    elif _UNIT.fullmatch(word):
        owners[-1]['unit'] = word
    elif _CONTAINER.fullmatch(word):
        owners[-1]['container'] = word
    else:
        return False
    return True


def _owner(word, pid):
    process, user = word.group('process'), word.group('user') or 'root'
    owner = samples.owner(int(word.group('pid') or pid), process, None if user == '?' else user,
                          uid=None if user == '?' else _USERS.get(user, 1000))
    return dict(owner, process=None, exe=None) if process == '?' else owner


def _exposure(options, fact):
    """Make what facts will say of the firewall, or None."""
    if options.get('firewall') == 'unknown':
        return samples.exposure('unknown')
    if not {'from', 'maybe', 'through'} & set(options):
        return None
    families = zip(EVERYBODY, ('accepts_ipv4', 'accepts_ipv6'))
    sets = {'anyone': [net for net, family in families if fact[family] is not False], 'nobody': [], '': []}
    allowed, maybe = (sets.get(text, text.split(',')) for text in (options.get('from', ''), options.get('maybe', '')))
    verdict = 'partly' if maybe or (allowed and options['from'] != 'anyone') else 'allowed' if allowed else 'blocked'
    undecided = [{'sources': maybe, 'reason': 'a rule of a module'}] if maybe else []
    pairs = [pair.split(':') for pair in options['through'].split(',')] if 'through' in options else ()
    paths = [{'interfaces': [name], 'verdict': word} for name, word in pairs]
    return samples.exposure(verdict, allowed, undecided, paths, decided_by=options.get('rule'))


def facts(lines, gaps=(), complete=None, system=None):
    """Make the facts of a Linux host that was inspected as root.

    :param lines: its listeners.
    :param gaps: the aspects that have gaps.
    :param complete: what differs in ``complete``; system: in ``system``.
    """
    made = samples.facts(*map(listener, lines), gaps=[samples.gap(
        aspect, 'some', message='some %s were not observed' % aspect, hint=None) for aspect in gaps])
    addresses = ['10.0.0.5/24', '2001:db8::5/64', '127.0.0.1/8', '::1/128']
    made['system'].update(reserved_ports=[], local_addresses=addresses)
    made['complete'].update(complete or {})
    made['system'].update(system or {})
    check.check(copy.deepcopy(made))         # no other facts reach a judgement
    return made


def clients(addresses=(), unknown=(), judged='judged'):
    """Make the clients that a name of the inventory stands for.

    :param addresses: those of its hosts.
    :param unknown: the names of hosts without known ones.
    """
    members = {'host-%d' % index: named.declared(text, 'host') for index, text in enumerate(addresses)}
    members.update((host, named.reached_by(host)) for host in unknown)
    return named.united(members, judged)


def policy(declaration, of_inventory=None):
    """Make the policy of variables: a mapping of them, or the list in ``expected_listeners`` alone.

    :param of_inventory: what names of clients stand for, by the name: options of ``clients``.
    :raises Refusals: something is wrong with it.
    """
    variables = declaration if isinstance(declaration, dict) else {'expected_listeners': declaration}
    declared = merge.collect(variables, lambda value: value, ())
    declared.named = {name: clients(**given) for name, given in (of_inventory or {}).items()}
    return Policy.of(declared)


def judged(case):
    """Return the policy and the result of a case."""
    day = case.get('day', TODAY)
    known = policy(case['declare'], case.get('named'))
    host = facts(case['host'], case.get('gaps', ()), case.get('complete'), case.get('system'))
    if 'forwarded' in case:
        host['forwarded'] = [forward(line) for line in case['forwarded']]
        host['complete']['firewall'] = True
    if 'diagnoses' in case:
        host['diagnoses'] = {unit: diagnoses.diagnosis(unit, **other) for unit, other in case['diagnoses'].items()}
    earlier = facts(case['earlier']) if 'earlier' in case else None
    return known, judge.judge(host, known, datetime.datetime(day.year, day.month, day.day, 9), earlier=earlier)
