# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may reach a listener, against who can.

Who can is in the ``exposure`` of a listener where the host's firewall was inspected. Without that some things are
still certain: nobody but the host itself reaches what is bound to loopback, and a limit that lets everybody in is kept
by every firewall.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from ....module_utils._addresses.networks import ANYONE, LOOPBACK
from ..._listener import Listener, accepts
from ..._shape import Facts, System
from . import sources as _sources
from .patterns import Globs
from .sources import Network, Sources, Spans
from .three_valued import both

_EVERYBODY: dict[int, Network] = {net.version: net for net in map(ipaddress.ip_network, ANYONE)}
_FAMILIES = {4: 'ipv4', 6: 'ipv6'}
_IS_CLOSED = {'allowed': False, 'partly': False, 'blocked': True}
_ITSELF: dict[int, Network] = {net.version: net for net in map(ipaddress.ip_network, LOOPBACK)}


class Limited(Protocol):
    """What an entry says of who may reach its listeners."""

    sources: Sources | None
    via: Globs | None


def families(listener: Listener) -> list[int]:
    """List the families that a listener may take, as 4 and 6: one that is not known is among them."""
    return [family for family, name in _FAMILIES.items() if accepts(listener, name) is not False]


def _exposure(listener: Listener) -> Mapping[str, Any]:
    """Return its exposure, with nothing in it where the firewall was not inspected."""
    return listener.get('exposure') or {}


def _is_inside(listener: Listener) -> bool:
    """Whether the host alone reaches it, as it is bound to loopback.

    That is not so where route_localnet (ip-sysctl) lets others in.
    """
    exposure = _exposure(listener)
    # no paths: nobody could look
    others = exposure.get('allowed') or (exposure.get('undecided') and exposure.get('paths'))
    return listener['scope'] == 'loopback' and not others


def _reach(listener: Listener) -> tuple[list[Network], list[Network]]:
    """List the networks that surely reach a listener, and those that may."""
    taken = families(listener)
    if _is_inside(listener):
        return [_ITSELF[family] for family in taken], []
    exposure = _exposure(listener)
    everybody = [_EVERYBODY[family] for family in taken]
    if not exposure or exposure.get('verdict') == 'unknown' or exposure.get('allowed') is None:
        return [], everybody
    allowed = [net for net in _sources.networks(exposure.get('allowed') or ()) if net.version in taken]
    undecided = [net for part in exposure.get('undecided') or () for net in _sources.networks(
        part.get('sources') or () if isinstance(part, dict) else [part]) if net.version in taken]
    # nobody reaches it over a family that it may not take, whoever the firewall lets in
    taken = [family for family, name in _FAMILIES.items() if accepts(listener, name)]
    sure = [net for net in allowed if net.version in taken]
    return sure, undecided + [net for net in allowed if net.version not in taken]


def is_anyone(listener: Listener) -> bool:
    """Whether everybody of a family surely reaches it, as far as the host has a say in it."""
    sure = _reach(listener)[0]
    if not _is_inside(listener) and any(_sources.covers(sure, _EVERYBODY[family]) for family in families(listener)):
        return True
    return _exposure(listener).get('level') == 'anyone'


def may_be_anyone(listener: Listener) -> bool:
    """Whether everybody of a family reaches it, or may, where not all is decided."""
    if is_anyone(listener):
        return True
    sure, maybe = _reach(listener)
    return listener['scope'] != 'loopback' and any(
        _sources.covers(sure + maybe, _EVERYBODY[family]) for family in families(listener))


def upper(sources: Sources, listener: Listener) -> bool | None:
    """Whether nobody outside of these sources reaches it. The host itself always may."""
    if _is_inside(listener):
        return True
    allowed, undecided = _reach(listener)
    itself = list(_ITSELF.values())
    if not all(sources.holds([net]) or _within(net, itself) for net in allowed):
        return False
    return True if all(sources.holds([net]) or _within(net, itself) for net in undecided) else None


def beyond(entries: Sequence[Limited], limits: Sequence[str], listener: Listener) -> list[str]:
    """List who reaches a listener and is meant by none of these entries.

    :param limits: of each entry the limit that is not kept: ``via`` or another.
    :returns: networks, or ``anyone``; nothing where that cannot be said briefly.
    """
    if all(limit == 'via' for limit in limits):
        paths = _exposure(listener).get('paths') or ()
        names = {name for path in paths if _IS_CLOSED.get(path['verdict']) is False for name in path['interfaces']}
        return sorted(name for name in names if not any(entry.via and entry.via.fit(name) for entry in entries))
    if is_anyone(listener):
        return ['anyone']
    meant = [entry.sources for entry, limit in zip(entries, limits) if limit != 'via' and entry.sources]
    allowed = [net for net in _reach(listener)[0] if not any(_within(net, [itself]) for itself in _ITSELF.values())]
    return [str(net) for net in allowed if not any(sources.holds([net]) for sources in meant)]


def _within(net: Network, others: Iterable[Network]) -> bool:
    return any(net.version == other.version and int(other[0]) <= int(net[0]) and int(net[-1]) <= int(other[-1])
               for other in others)


def lower(sources: Sources, sure: Iterable[Listener], perhaps: Sequence[Listener], facts: Facts,
          family: str | None = None) -> tuple[bool | None, list[str]]:
    """Whether all of these sources reach one of the listeners.

    The host itself is not asked about: no firewall is between.

    :param sure: the listeners that an entry speaks of.
    :param perhaps: those of which that is not known.
    :param facts: a family that the host has no address of is left out, and so are networks to which it has no route: no
        rule keeps them out.
    :returns: True, False or None, and who is surely shut out: networks or families.
    """
    wanted = [number for number in sources.families()
              if number in _families_of(facts['system']) and family in (None, _FAMILIES[number])]
    firewall = facts.get('firewall')
    routed = firewall.get('sources') if firewall else None

    def shut_out(nets: Sequence[Network]) -> list[str]:
        left = sources.left([*nets, *_ITSELF.values()])
        if routed:
            left = {4: _sources.within(left[4], routed['ipv4']), 6: _sources.within(left[6], routed['ipv6'])}
        return [text for number in wanted for text in _texts(left[number], number)]

    allowed: list[Network] = []
    maybe: list[Network] = []
    listeners = list(sure)
    for listener in listeners:
        surely, undecided = _reach(listener)
        allowed += surely
        maybe += undecided
    if not listeners:       # if it is none of them it serves nobody, and shuts out nobody
        return (None if any(shut_out(_reach(listener)[0]) for listener in perhaps) else True), []
    for listener in perhaps:
        for nets in _reach(listener):
            maybe += nets
    blocked = shut_out(allowed + maybe)
    if blocked:
        return False, blocked
    return (None if shut_out(allowed) else True), []


def _texts(spans: Spans, family: int) -> list[str]:
    kind = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
    networks = [list(ipaddress.summarize_address_range(kind(low), kind(high))) for low, high in spans[:8]]
    return [str(net) for nets in networks for net in nets[:8]]


def _families_of(system: System) -> list[int]:
    """List the families that the host has an address of with which others reach it."""
    addresses = system.get('local_addresses')
    if addresses is None:
        return [4, 6]
    reachable = set()
    for text in addresses:
        try:
            without_zone = '/'.join((text.partition('%')[0], text.rpartition('/')[2])) if '%' in text else text
            address = ipaddress.ip_interface(without_zone).ip
        except ValueError:
            return [4, 6]
        if not address.is_loopback and not (address.version == 6 and address.is_link_local):
            reachable.add(address.version)
    return sorted(reachable)


def via(globs: Globs, listener: Listener) -> bool | None:
    """Whether it is reached through these interfaces alone."""
    device = listener['interface']
    if _is_inside(listener):
        return True
    if device is not None:
        return globs.fit(device)
    paths = _exposure(listener).get('paths')
    if not paths:
        return None
    others = [path for path in paths if not all(globs.fit(name) for name in path['interfaces'])]
    return both(_IS_CLOSED.get(path['verdict']) for path in others)
