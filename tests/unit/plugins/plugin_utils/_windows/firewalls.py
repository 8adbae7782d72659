# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Windows host with a firewall, and what can be said of it: rows as the host sends them."""

from __future__ import annotations

import copy
import json
import socket
from typing import Any

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check as facts_check, check_firewall
from ansible_collections.listening.ports.plugins.plugin_utils._windows import exposure, facts, gaps
from ansible_collections.listening.ports.plugins.plugin_utils._windows.raw import (
    Model, Process, Route, Service, Socket
)

LAN, WAN = '{00000000-0000-0000-0000-00000000000a}', '{00000000-0000-0000-0000-00000000000b}'
OPEN, CLOSED = [False, False, 0, []], [True, False, 0, []]


def interface(name: str, guid: str, index: int, addresses: list[str], **more: Any) -> Any:
    return dict({
        'id': guid, 'name': name, 'kind': 6, 'up': True, 'index4': index, 'index6': index, 'addresses': addresses,
        'gateways': [], 'dns': [], 'dhcp': [], 'wins': []}, **more)


def route(to: str, length: int, index: int, via: str = '00000000') -> Route:
    return Route(2 if len(to) == 8 else 23, to, length, index, via if len(to) == 8 else via.ljust(32, '0'))


def service(name: str, state: int = 4) -> Service:
    return Service(name, 900, 0x20, state, 2, 1, 0, 0)


_HOST = {
    'schema': 1, 'gather': ['firewall', 'owners'],
    'os': {'version': '10.0.20348', 'kind': 3, 'process_bits': 64, 'system_bits': 64, 'elevated': True,
           'language': 'FullLanguage', 'user': 'S-1-5-18', 'now': 133500000000000000},
    'tcp4': [], 'tcp6': [], 'udp4': [], 'udp6': [], 'processes': [], 'accounts': {}, 'rpc': [135], 'http': '',
    'services': [service('mpssvc'), service('BFE')], 'excluded': {}, 'dynamic': {}, 'portproxy': [],
    'nat': {'mappings': []},
    'interfaces': [
        interface('Loopback Pseudo-Interface 1', '{00000000-0000-0000-0000-000000000001}', 1,
                  ['127.0.0.1/8', '::1/128'], kind=24),
        interface('lan', LAN, 10, ['10.1.0.1/24', 'fe80::a%10/64'], dns=['10.1.0.53'], gateways=[]),
        interface('wan', WAN, 11, ['198.51.100.1/24', '2001:db8::1/64', 'fe80::b%11/64'], gateways=['198.51.100.254'],
                  kind=71),
    ],
    'models': [Model(index, family, False, False) for index in (1, 10, 11) for family in (2, 23)],
    'routes': [
        route('00000000', 0, 11, 'c63364fe'), route('c6336400', 24, 11), route('c6336401', 32, 11),
        route('0a010000', 24, 10), route('e0000000', 4, 10), route('7f000000', 8, 1),
        route('0' * 32, 0, 11, 'fe80' + '0' * 26 + '01'), route('20010db8' + '0' * 24, 64, 11),
        route('fe80' + '0' * 28, 64, 11), route('fe80' + '0' * 28, 64, 10)],
    'networks': {LAN: 2, WAN: 0},
    'firewall': {
        'stores': {store: [] for store in ('local', 'gpo', 'mdm', 'static', 'configurable', 'appiso')},
        'counts': {'local': 3, 'static': 4},
        'profiles': {'local': {}, 'gpo': {}, 'mdm': {}},
        'effective': {'current': 5, 'modify': 0, 'profiles': {'1': CLOSED, '2': CLOSED, '4': CLOSED}},
        'products': [], 'providers': ['Microsoft Corporation'], 'consec': {'local': 0}, 'environment': {}},
    'errors': [],
}


def host(**more: Any) -> Any:
    """A host with two networks: ``lan`` of a domain, and ``wan``, which is public."""
    return dict(copy.deepcopy(_HOST), **more)


def firewall(**more: Any) -> Any:
    """The same host, of whose firewall some keys are these."""
    made = host()
    made['firewall'].update(more)
    return made


def settings(effective: dict[str, list[Any]] | None = None, modify: int = 0, **stores: Any) -> Any:
    """The same host, whose stores have these keys of profiles.

    :param effective: what the running firewall has of some profiles, by their bit, other than CLOSED.
    """
    made = host()
    made['firewall']['profiles'].update(stores)
    made['firewall']['effective']['profiles'].update(effective or {})
    made['firewall']['effective']['modify'] = modify
    return made


# What listens, and rules


def listening(protocol: str, address: str, port: int, pid: int = 1000, scope: int = 0) -> Socket:
    """A row of a table of sockets. :param address: ``0.0.0.0``, ``::``."""
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    return Socket(socket.inet_pton(family, address).hex(), port, scope, pid, 1, None, None, 0)


def process(pid: int = 1000, path: str | None = 'C:\\app\\server.exe', **more: Any) -> Process:
    return Process(pid, 1, 'server.exe', path, 1, 'S-1-5-20', '', 0, None, None)._replace(**more)


def rule(*parts: str, action: str = 'Allow') -> str:
    """The text of an active rule for what comes in."""
    return '|'.join(('v2.30', 'Action=' + action, 'Active=TRUE', 'Dir=In', *parts, ''))


def serving(*bound: tuple[Any, ...], raw: Any = None, processes: tuple[Process, ...] = (process(),),
            **stores: list[str]) -> Any:
    """A host on which a program listens, with rules in some stores.

    :param bound: arguments of ``listening``.
    """
    raw = host() if raw is None else raw
    for protocol, address, *rest in bound:
        table = raw['%s%d' % (protocol, 6 if ':' in address else 4)]
        table.append(listening(protocol, address, *rest))
    raw['processes'] = list(processes)
    for store, texts in stores.items():
        raw['firewall']['stores'][store] = [['%s-%d' % (store, number), text] for number, text in enumerate(texts, 1)]
    return raw


def judged(raw: Any, **options: Any) -> Any:
    """The facts of a host, with the judgement of its firewall, checked as those of any other host."""
    made = facts.facts(raw)
    found = gaps.collector(raw['os']['elevated'])
    found.found = made['gaps']
    more = exposure.attach(made['listeners'], raw, found, **options)
    check_firewall.exposures([record['exposure'] for record in made['listeners']])
    made.update(facts_check.judged(json.loads(json.dumps(more))))
    missing = {gap['aspect'] for gap in made['gaps']}
    made['complete'].update({aspect: aspect not in missing for aspect in ('firewall', *(['outgoing'] if more.get(
        'outgoing') is not None else []))})
    return facts_check.check(made)


def exposures(raw: Any, **options: Any) -> dict[str, Any]:
    """The exposure of each listener of a host, by its id."""
    return {record['id']: record['exposure'] for record in judged(raw, **options)['listeners']}
