# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans which endpoints to probe: those of listeners that other hosts can reach by their address."""

import functools
import ipaddress
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .._listener import Listener, accepts
from .._long_sets import resolved
from .._shape import Facts, Family

MOST_OF_A_TARGET = 2000         # endpoints: a host that lies does not make others scan a network

_FAMILIES: tuple[tuple[Family, int], ...] = (('ipv4', 4), ('ipv6', 6))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# As probe_listeners takes them, with either an address or the name of a host.
Endpoint = dict[str, Any]


@dataclass
class Target:
    """A host whose listeners are probed.

    :ivar reason: why there are no facts, harmless to print.
    :ivar addresses: addresses or names that others reach it by. None: all that it says it has.
    """

    host: str
    facts: Facts | None = None
    reason: str | None = None
    addresses: list[str] | None = None


@dataclass(frozen=True)
class Item:
    """A listener at one address. ``index`` is the position of the endpoint in the plan."""

    host: str
    listener: Listener = field(hash=False)
    index: int = 0


@dataclass
class Plan:
    """What there is to probe.

    :ivar endpoints: none of them twice.
    :ivar left_out: host to the reasons why listeners are not probed, each with the number of listeners.
    """

    items: list[Item]
    endpoints: list[Endpoint]
    left_out: dict[str, Counter[str]]


def plan(targets: Iterable[Target]) -> Plan:
    """Plan for all listeners of all targets that others can reach by their address.

    :param targets: those without facts have nothing to probe.
    """
    made = Plan([], [], {})
    known: dict[tuple[tuple[str, Any], ...], int] = {}
    for target in targets:
        if not target.facts:
            continue
        addresses = _own_addresses(target.facts) if target.addresses is None else target.addresses
        reasons: Counter[str] = Counter()
        planned = 0
        listeners: list[Listener] = [*target.facts['listeners'], *target.facts.get('forwarded', ())]
        for listener in (resolved(listener, target.facts) for listener in listeners):
            reason = _why_not(listener)
            endpoints = [] if reason else _endpoints(listener, addresses)
            if not reason and not endpoints:
                reason = 'no address to probe them at is known'
            elif planned + len(endpoints) > MOST_OF_A_TARGET:
                reason = 'there are more than %d' % MOST_OF_A_TARGET
            if reason:
                reasons[reason] += 1
                continue
            planned += len(endpoints)
            for endpoint in endpoints:
                key = tuple(sorted(endpoint.items()))
                if key not in known:
                    known[key] = len(made.endpoints)
                    made.endpoints.append(endpoint)
                made.items.append(Item(target.host, listener, known[key]))
        made.left_out[target.host] = reasons
    return made


def _why_not(listener: Listener) -> str | None:
    """Return why a listener is not probed."""
    if listener['protocol'] not in ('tcp', 'udp'):
        return 'neither TCP nor UDP'
    if listener['namespace']:
        return 'in another network namespace'
    if listener['scope'] == 'loopback':
        return 'bound to loopback'
    if listener['ephemeral']:
        return 'UDP sockets of clients'
    address = ipaddress.ip_address(listener['address'])
    if address.is_multicast or listener['address'] == '255.255.255.255':
        return 'bound to a multicast or broadcast address'
    if listener['scope'] == 'link':
        return 'link-local'
    return 'without a port' if not listener['port'] else None


def _endpoints(listener: Listener, addresses: Iterable[str]) -> list[Endpoint]:
    """List where to reach a listener."""
    at: Endpoint = {'port': listener['port'], 'protocol': listener['protocol']}
    if not ipaddress.ip_address(listener['address']).is_unspecified:
        return [{'address': listener['address'], **at}]
    endpoints = []
    for text in addresses:
        address = literal(text)
        families = [family for family, version in _FAMILIES
                    if accepts(listener, family) is not False and (address is None or address.version == version)]
        if not families:
            continue
        endpoint = {**at, 'host' if address is None else 'address': text}
        if address is None and len(families) == 1:
            endpoint['family'] = families[0]
        endpoints.append(endpoint)
    return endpoints


def _own_addresses(facts: Facts) -> list[str]:
    """List the addresses that a host says it has, and that others can reach it by."""
    addresses = [literal(text.partition('/')[0]) for text in facts['system']['local_addresses'] or ()]
    return list(dict.fromkeys(str(address) for address in addresses if address and not (
        address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified)))


@functools.lru_cache(maxsize=16384)
def literal(text: str) -> Address | None:
    """Return the address that is written there; None where it is something else, such as a name."""
    try:
        return ipaddress.ip_address(text.partition('%')[0])
    except ValueError:
        return None
