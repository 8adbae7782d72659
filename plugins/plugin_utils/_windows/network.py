# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapters of a Windows host, and who can send to it by each: by its addresses and routes.

An adapter that is not connected is no way in, and the host does not have its addresses. Windows has the strong host
model: an adapter takes packets for its own addresses only, unless WeakHostReceive or Forwarding is on for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ...module_utils._addresses import intervals as iv, networks
from ...module_utils._addresses.networks import FAMILIES
from .model import Spans
from .raw import Interface, Raw, Route
from .sources import why_not

LOOPBACK = 'lo'                 # what the rest of this collection calls the interface that nothing comes in by
MOST_ROUTES = 20000
_AF = {2: 4, 23: 6}             # address families of Windows
_SOFTWARE_LOOPBACK, _TUNNEL = 24, 131           # IfType of IANA
# IfType to what rules of the firewall call it; a VPN of Windows is PPP
_KINDS = {6: 'lan', 71: 'wireless', 23: 'remoteaccess', 243: 'mobilebband', 244: 'mobilebband'}
_SERVERS = ('dns', 'dhcp', 'wins', 'defaultgateway')            # as rules name them
_TEREDO = iv.parse('2001::/32')[1]              # RFC 4380
_LINK6: Spans = iv.parse('fe80::/64')[1]
_NOBODY = networks.sets(networks.MULTICAST, ('255.255.255.255/32',))    # routes that lead to no host
_CATEGORIES = {0: 'public', 1: 'private', 2: 'domain'}          # NLM_NETWORK_CATEGORY
_BITS = {'domain': 1, 'private': 2, 'public': 4}                # NET_FW_PROFILE_TYPE2


class Adapter(NamedTuple):
    """An adapter that is connected.

    :ivar guid: folded, in braces. :ivar kind: what rules call its type; None for any other.
    :ivar profile: that of its network; None where it is not known.
    :ivar subnets: family to the networks of its addresses.
    """

    name: str
    guid: str
    kind: str | None
    profile: str | None
    subnets: Mapping[int, Spans]
    teredo: bool


class Network(NamedTuple):
    """What is known of the surroundings of a host.

    :ivar net: as ``net`` of a snapshot, for what is common to all hosts.
    :ivar adapters: those that are connected, but for the loopback, by their names.
    :ivar loopback: names of adapters that nothing comes in by. :ivar down: names of those that are not connected.
    :ivar on_link: family to the networks that are on-link behind any adapter.
    :ivar servers: family to ``dns``, ``dhcp``, ``wins`` and ``defaultgateway`` to the addresses that adapters name.
    """

    net: dict[str, Any]
    adapters: Mapping[str, Adapter]
    loopback: frozenset[str]
    down: frozenset[str]
    on_link: Mapping[int, Spans]
    servers: Mapping[int, Mapping[str, Spans]]


class Unknown(Exception):
    """The adapters or routes are not known; the message is the reason."""


def network(raw: Raw) -> Network:
    """Find the adapters of a host, and who can send by each. Raises Unknown."""
    unread = {source: why for source in ('interfaces', 'routes') if (why := why_not(raw, source))}
    if unread:
        raise Unknown('the %s could not be read: %s' % (' and the '.join(unread), '; '.join(unread.values())))
    rows, routes = raw['interfaces'] or [], raw['routes'] or []
    if len({row['name'] for row in rows}) < len(rows) or any(row['name'] == LOOPBACK for row in rows):
        raise Unknown('the names of the interfaces are not understood')
    connected = [row for row in rows if row['up'] and row['kind'] != _SOFTWARE_LOOPBACK]
    own = {row['name']: [_address(text) for text in row['addresses']] for row in rows}
    effective = raw['firewall'].get('effective') if 'firewall' in raw else None
    current = effective['current'] if effective else None
    adapters = {row['name']: _adapter(row, own[row['name']], raw.get('networks') or {}, current) for row in connected}
    loopback = [row['name'] for row in rows if row['kind'] == _SOFTWARE_LOOPBACK]
    addresses = {name: own[name] for name in adapters}
    addresses[LOOPBACK] = [pair for name in loopback for pair in own[name]]
    by_index = {(family, index): row['name'] for row in connected
                for family, index in ((4, row['index4']), (6, row['index6'])) if index is not None}
    net: dict[str, Any] = {
        'addresses': {name: ['%s/%d' % pair for pair in pairs] for name, pairs in addresses.items()},
        'sources': _sources(routes, by_index, addresses),
        'weak': _weak(raw, by_index, adapters),
        'primary': {}, 'routes': [], 'rules': False, 'route_localnet': [], 'rp_filter': {}, 'links': {},
    }
    on_link = {family: iv.merged([span for adapter in adapters.values() for span in adapter.subnets[family]] + [
        _span(route) for route in routes if route.length and _AF.get(route.family) == family
        and (family, route.interface) in by_index and not _routed(route)])
        for family in FAMILIES}
    return Network(net, adapters, frozenset(loopback),
                   frozenset(row['name'] for row in rows) - set(adapters) - set(loopback), on_link, _servers(connected))


def _address(text: str) -> tuple[str, int]:
    """An address, without its zone, and the length of its network. Raises Unknown."""
    base, dummy, length = text.partition('/')
    base = base.partition('%')[0]
    try:
        iv.prefix(base, int(length), 6 if ':' in base else 4)
    except ValueError:
        raise Unknown('an address of an interface is not understood') from None
    return base, int(length)


def _adapter(row: Interface, own: Iterable[tuple[str, int]], categories: Mapping[str, int],
             current: int | None) -> Adapter:
    subnets: dict[int, list[tuple[int, int]]] = {4: [], 6: list(_LINK6) if row['index6'] is not None else []}
    for text, length in own:
        family = 6 if ':' in text else 4
        subnets[family].append(iv.prefix(text, length, family))
    known = {guid.lower(): category for guid, category in categories.items()}
    profile = _CATEGORIES.get(known.get(row['id'].lower(), -1))
    if profile is not None and current is not None and not current & _BITS[profile]:
        profile = None          # the firewall has no such profile now: one of them is behind
    teredo = row['kind'] == _TUNNEL and any(
        ':' in text and iv.contains(_TEREDO, iv.number(text)) for text, _length in own)
    return Adapter(row['name'], row['id'].lower(), _KINDS.get(row['kind']), profile,
                   {family: iv.merged(spans) for family, spans in subnets.items()}, teredo)


def _span(route: Route) -> tuple[int, int]:
    """The network that a route leads to. Raises Unknown."""
    bits = {2: 32, 23: 128}.get(route.family)
    if bits is None or len(route.to) * 4 != bits or not 0 <= route.length <= bits:
        raise Unknown('a route is not understood')
    low = int(route.to, 16) >> (bits - route.length) << (bits - route.length)
    return low, low + (1 << (bits - route.length)) - 1


def _routed(route: Route) -> bool:
    """Return whether there is a router between."""
    return bool(int(route.via or '0', 16))


def _sources(routes: list[Route], by_index: Mapping[tuple[int, int], str],
             addresses: Mapping[str, list[tuple[str, int]]]) -> dict[str, list[list[Any]]] | None:
    """``sources`` of a snapshot: the networks behind each interface, each with whether a router is between.

    :returns: None if there are too many.
    """
    if len(routes) > MOST_ROUTES:
        return None
    own: dict[int, set[int]] = {4: set(), 6: set()}
    for text, length in [pair for pairs in addresses.values() for pair in pairs]:
        family = 6 if ':' in text else 4
        own[family].add(iv.number(text))
        if family == 4 and length < 31:
            own[4].add(iv.prefix(text, length, 4)[1])           # the broadcast
    behind: dict[str, dict[str, bool]] = {}
    for route in routes:
        low, high = _span(route)
        family = _AF[route.family]
        name = by_index.get((family, route.interface))
        if name is None or low == high and low in own[family] or not iv.minus(((low, high),), _NOBODY[family]):
            continue
        to = '%s/%d' % (iv.address(low, family), route.length)
        known = behind.setdefault(name, {})
        known[to] = known.get(to, True) and _routed(route)
    return {name: [list(pair) for pair in sorted(some.items())] for name, some in behind.items()}


def _weak(raw: Raw, by_index: Mapping[tuple[int, int], str], adapters: Iterable[str]) -> dict[str, dict[str, Any]]:
    """``weak`` of a snapshot: which interfaces take packets for addresses of others, None where that is not known."""
    weak: dict[str, dict[str, Any]] = {name: dict.fromkeys(adapters) for name in FAMILIES.values()}
    for model in raw.get('models') or ():
        family = _AF.get(model.family, 0)
        name = by_index.get((family, model.interface))
        if name is not None:
            weak[FAMILIES[family]][name] = model.weak_receive or model.forwarding
    return weak


def _servers(rows: Iterable[Interface]) -> dict[int, dict[str, Spans]]:
    """The servers that the adapters name."""
    found: dict[int, dict[str, list[tuple[int, int]]]] = {
        family: {name: [] for name in _SERVERS} for family in FAMILIES}
    for row in rows:
        for name, texts in zip(_SERVERS, (row['dns'], row['dhcp'], row['wins'], row['gateways']), strict=True):
            for text in texts:
                base = text.partition('%')[0]
                try:
                    number = iv.number(base)
                except ValueError:
                    raise Unknown('the address of a server is not understood') from None
                found[6 if ':' in base else 4][name].append((number, number))
    return {family: {name: iv.merged(spans) for name, spans in some.items()} for family, some in found.items()}
