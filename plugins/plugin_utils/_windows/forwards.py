# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Windows host hands on to somewhere else: by portproxy, whose service listens for it, and by NAT.

Who can reach it is not said here.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ...module_utils._addresses import scopes
from .._shape import Endpoint, Listener, Protocol
from .._words import number
from .names import fold
from .raw import Raw
from .sources import errors, why_not
from .system import local_addresses

_PROXY = 'iphlpsvc'             # the service that listens for portproxy
_PUBLISHING = 'hns'             # the service that publishes ports of containers
_RUNNING = 4
_MOST_TARGETS = 20              # of one endpoint
_MOST_TEXT = 300                # characters of a target
_KINDS = {kind: (4 if kind[1] == '4' else 6) for kind in ('v4tov4', 'v4tov6', 'v6tov4', 'v6tov6')}
_PROTOCOLS: Mapping[str, Protocol] = {'tcp': 'tcp', 'udp': 'udp', '6': 'tcp', '17': 'udp'}
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


class Forward(Endpoint):
    """What is handed on, as facts have it, but for who can reach it.

    :ivar to: where to. :ivar ports: the port as text. :ivar decided_by: what does it.
    :ivar container: None, as no container is known. :ivar proxy: the id of the listener that stands for it, if any.
    """

    to: str
    ports: str
    decided_by: str | None
    container: str | None
    proxy: str | None


class _Rule(NamedTuple):
    """One thing that is handed on. :ivar address: its bytes. :ivar target: address or name, and port."""

    protocol: Protocol
    family: int
    address: bytes
    port: int
    target: tuple[str, int]
    by: str


def forwards(raw: Raw, records: Sequence[Listener]) -> list[Forward]:
    """List what a host hands on, in the order of ports.

    What portproxy says, and no service listens for, is left out: nobody hands it on.

    :param records: the listeners of the facts.
    """
    found: dict[tuple[str, int, bytes, int], list[_Rule]] = {}
    for rule in _rules(raw):
        if rule is not None:
            found.setdefault((rule.protocol, rule.port, rule.address, rule.family), []).append(rule)
    own = {text.rpartition('/')[0].partition('%')[0] for text in local_addresses(raw) or ()}
    by_port: dict[tuple[str, int], list[Listener]] = {}
    for record in records:
        by_port.setdefault((record['protocol'], record['port']), []).append(record)
    proxies = None if raw.get('services') is None else {
        service.pid for service in raw.get('services') or () if fold(service.name) == _PROXY and service.pid}
    made = []
    for (protocol, port, address, family), configured in sorted(found.items()):
        in_force, proxy = configured, None
        if any(rule.by in _BY_PORTPROXY for rule in configured):
            proxy = next((record for record in _at(by_port, protocol, family, scopes.text(address), port)
                          if _may_be_proxy(record, proxies)), None)
            if proxy is None and not why_not(raw, 'tcp%d' % family) and not errors(raw, 'sockets'):
                in_force = [rule for rule in configured if rule.by not in _BY_PORTPROXY]
        if in_force:
            made.append(_forward(in_force, proxy, by_port, own))
    return made


def unseen(raw: Raw) -> list[str]:
    """List why a host may hand on more than ``forwards`` lists."""
    reasons = []
    services = raw.get('services')
    if services is None:
        reasons.append('published ports of containers may not be listed, as services could not be read')
    elif any(fold(service.name) == _PUBLISHING and service.state == _RUNNING for service in services):
        reasons.append('published ports of containers are not listed: the service %s runs' % _PUBLISHING)
    for source in ('portproxy', 'nat'):
        reason = why_not(raw, source)
        if reason:
            reasons.append('%s could not be read: %s' % (source, reason))
    unclear = sum(rule is None for rule in _rules(raw))
    if unclear:
        reasons.append('%s of portproxy and NAT could not be understood' % number(unclear, 'entry', 'entries'))
    return reasons


_BY_PORTPROXY = frozenset('portproxy ' + kind for kind in _KINDS)


def _rules(raw: Raw) -> Iterator[_Rule | None]:
    """Read what is configured; None is something that is not clear."""
    for kind, listen, connect in raw.get('portproxy') or ():
        family = _KINDS.get(kind)
        yield None if family is None else _rule('tcp', family, listen, connect, 'portproxy ' + kind)
    for protocol, outside, inside in (raw.get('nat') or {'mappings': []})['mappings']:
        known = _PROTOCOLS.get(fold(protocol))
        family = 6 if ':' in outside else 4
        yield None if known is None else _rule(known, family, outside, inside, 'a static mapping of NAT')


def _rule(protocol: Protocol, family: int, listen: str, connect: str, by: str) -> _Rule | None:
    here, target = _endpoint(listen), _endpoint(connect)
    if here is None or target is None:
        return None
    try:
        address = socket.inet_pton(_FAMILIES[family], {4: '0.0.0.0', 6: '::'}[family] if here[0] == '*' else here[0])
    except (OSError, ValueError):
        return None
    return _Rule(protocol, family, address, here[1], target, by)


def _endpoint(text: str) -> tuple[str, int] | None:
    """Split an address and a port at the slash between them."""
    address, _slash, port = text.rpartition('/')
    if not address or not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        return None
    return address[:_MOST_TEXT], int(port)


def _at(by_port: Mapping[tuple[str, int], Sequence[Listener]], protocol: str, family: int, address: str,
        port: int) -> list[Listener]:
    """List the listeners on an address, that which is on it alone first."""
    some = [record for record in by_port.get((protocol, port), ()) if record['family'] == 'ipv%d' % family
            and (record['scope'] == 'any' or record['address'] == address)]
    return sorted(some, key=lambda record: record['address'] != address)


def _may_be_proxy(record: Listener, proxies: set[int] | None) -> bool:
    """Whether the service of portproxy may have a listener: not where others are known to."""
    if proxies is None or record['owners_total'] > len(record['owners']) or record['held_by'] != 'processes':
        return True
    return any(owner['pid'] in proxies for owner in record['owners'])


def _forward(rules: Sequence[_Rule], proxy: Listener | None, by_port: Mapping[tuple[str, int], Sequence[Listener]],
             own: set[str]) -> Forward:
    """Make a record of all that is led from one address and port."""
    first = rules[0]
    text = scopes.text(first.address)
    targets = dict.fromkeys(rule.target for rule in rules)
    shown = ['%s:%d' % ('[%s]' % host if ':' in host else host, port) for host, port in targets]
    made: Forward = {
        'id': '%s/%s:%d' % (first.protocol, '[%s]' % text if first.family == 6 else text, first.port),
        'protocol': first.protocol, 'family': 'ipv6' if first.family == 6 else 'ipv4', 'address': text,
        'port': first.port, 'ports': '%d' % first.port, 'interface': None,
        'accepts_ipv4': first.family == 4, 'accepts_ipv6': first.family == 6, 'scope': scopes.scope(first.address),
        'port_name': None, 'ephemeral': False, 'backlog': None, 'namespace': None, 'service': None,
        'activated_by': None, 'held_by': 'unknown', 'socket_uid': None, 'owners': [], 'owners_total': 0,
        'to': ', '.join(shown[:_MOST_TARGETS] + ['...'] * (len(shown) > _MOST_TARGETS)),
        'decided_by': ', '.join(dict.fromkeys(rule.by for rule in rules)), 'container': None,
        'proxy': proxy['id'] if proxy else None,
    }
    if len(targets) == 1:
        host, port = first.target
        here = _at(by_port, first.protocol, 6 if ':' in host else 4, host, port) if _is_own(host, own) else ()
        if here:
            _serve(made, here[0])
    return made


def _is_own(host: str, own: set[str]) -> bool:
    return host in own or host == '::1' or host.startswith('127.')


def _serve(made: Forward, target: Listener) -> None:
    """Say who serves it: whoever has the listener that it is led to."""
    made['service'], made['activated_by'] = target['service'], target['activated_by']
    made['held_by'], made['owners'] = target['held_by'], target['owners']
    made['owners_total'] = target['owners_total']
