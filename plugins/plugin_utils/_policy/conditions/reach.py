# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may reach a listener, against who can. Private to this collection.

Who can is in the ``exposure`` of a listener where the host's firewall was looked at. Without that some things are still certain: nobody
but the host itself reaches what is bound to loopback, and a limit that lets everybody in is kept by every firewall.
"""

import ipaddress

from . import sources as _sources
from .three_valued import both

_EVERYBODY = {4: ipaddress.ip_network('0.0.0.0/0'), 6: ipaddress.ip_network('::/0')}
_FAMILIES = ((4, 'accepts_ipv4'), (6, 'accepts_ipv6'))
_IS_CLOSED = {'allowed': False, 'partly': False, 'blocked': True}
_ITSELF = {4: ipaddress.ip_network('127.0.0.0/8'), 6: ipaddress.ip_network('::1/128')}


def families(listener):
    """The families that a listener may take, as 4 and 6: one that is not known is among them."""
    return [family for family, name in _FAMILIES if listener[name] is not False]


def _is_inside(listener):
    """Whether the host alone reaches it, as it is bound to loopback; not where route_localnet (ip-sysctl) lets others in."""
    exposure = listener.get('exposure') or {}
    others = exposure.get('allowed') or (exposure.get('undecided') and exposure.get('paths'))    # no paths: nobody could look
    return listener['scope'] == 'loopback' and not others


def _reach(listener):
    """Who reaches a listener: lists of networks that surely do, and that may."""
    taken = families(listener)
    if _is_inside(listener):
        return [_ITSELF[family] for family in taken], []
    exposure = listener.get('exposure')
    everybody = [_EVERYBODY[family] for family in taken]
    if not exposure or exposure.get('verdict') == 'unknown' or exposure.get('allowed') is None:
        return [], everybody
    allowed = [net for net in _sources.networks(exposure.get('allowed') or ()) if net.version in taken]
    undecided = [net for each in exposure.get('undecided') or () for net in _sources.networks(
        each.get('sources') or () if isinstance(each, dict) else [each]) if net.version in taken]
    # of a family that it may not take nobody reaches it, whoever the firewall lets in
    sure = [family for family, name in _FAMILIES if listener[name]]
    return [net for net in allowed if net.version in sure], undecided + [net for net in allowed if net.version not in sure]


def is_anyone(listener):
    """Whether everybody of a family surely reaches it, as far as the host has a say in it."""
    sure = _reach(listener)[0]
    return not _is_inside(listener) and any(
        _sources.covers(sure, _EVERYBODY[family]) for family in families(listener)) or (listener.get('exposure') or {}).get('level') == 'anyone'


def may_be_anyone(listener):
    """Whether everybody of a family reaches it, or may, where not all is decided."""
    return is_anyone(listener) or listener['scope'] != 'loopback' and any(
        _sources.covers(sum(_reach(listener), []), _EVERYBODY[family]) for family in families(listener))


def upper(sources, listener):
    """Whether nobody outside of these sources reaches it. The host itself always may."""
    if _is_inside(listener):
        return True
    allowed, undecided = _reach(listener)
    itself = list(_ITSELF.values())
    if not all(sources.holds([net]) or _within(net, itself) for net in allowed):
        return False
    return True if all(sources.holds([net]) or _within(net, itself) for net in undecided) else None


def beyond(entries, limits, listener):
    """Who reaches a listener, that none of these entries means: list of str, networks, or ``anyone``; empty where that is not to be told in short.

    :param limits: list of str, of each entry the limit that is not kept: ``via`` or another.
    """
    if all(limit == 'via' for limit in limits):
        paths = (listener.get('exposure') or {}).get('paths') or ()
        return sorted({name for path in paths if _IS_CLOSED.get(path['verdict']) is False
                       for name in path['interfaces'] if not any(entry.via.fit(name) for entry in entries)})
    if is_anyone(listener):
        return ['anyone']
    meant = [entry.sources for entry, limit in zip(entries, limits) if limit != 'via']
    allowed = [net for net in _reach(listener)[0] if not any(_within(net, [itself]) for itself in _ITSELF.values())]
    return [str(net) for net in allowed if not any(sources.holds([net]) for sources in meant)]


def _within(net, others):
    return any(net.version == other.version and net.subnet_of(other) for other in others)


def lower(sources, there, perhaps, facts, family=None):
    """Whether all of these sources reach one of the listeners. The host itself is not asked about: no firewall is between.

    :param there: list of dict, the listeners that an entry speaks of; perhaps: those of which that is not known.
    :param facts: dict; a family that the host has no address of is left out, and so are networks to which it has no route: no rule keeps them out.
    :returns: tuple of True, False or None, and what is surely shut out: list of str, networks or families.
    """
    wanted = [number for number in sources.families() if number in _families_of(facts['system']) and family in (None, 'ipv%d' % number)]
    itself = list(_ITSELF.values())
    routed = (facts.get('firewall') or {}).get('sources')

    def left(nets):
        shut_out = sources.left(nets + itself)
        if routed:
            shut_out = {number: _sources.within(spans, routed['ipv%d' % number]) for number, spans in shut_out.items()}
        return [text for number in wanted for text in _texts(shut_out[number], number)]

    sure, maybe = [], []
    for listener in there:
        allowed, undecided = _reach(listener)
        sure += allowed
        maybe += undecided
    if not there:       # if it is none of them it serves nobody, and shuts out nobody
        return (None if any(left(_reach(listener)[0]) for listener in perhaps) else True), []
    for listener in perhaps:
        maybe += sum(_reach(listener), [])
    blocked = left(sure + maybe)
    if blocked:
        return False, blocked
    return (None if left(sure) else True), []


def _texts(spans, family):
    kind = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
    return [str(net) for low, high in spans[:8] for net in list(ipaddress.summarize_address_range(kind(low), kind(high)))[:8]]


def _families_of(system):
    """The families that the host has an address of with which others reach it."""
    addresses = system.get('local_addresses')
    if addresses is None:
        return [4, 6]
    found = set()
    for text in addresses:
        try:
            address = ipaddress.ip_interface('/'.join((text.partition('%')[0], text.rpartition('/')[2])) if '%' in text else text).ip
        except ValueError:
            return [4, 6]
        if not address.is_loopback and not (address.version == 6 and address.is_link_local):
            found.add(address.version)
    return sorted(found)


def via(globs, listener):
    """Whether it is reached through these interfaces alone."""
    device = listener['interface']
    if _is_inside(listener):
        return True
    if device is not None:
        return globs.fit(device)
    paths = (listener.get('exposure') or {}).get('paths')
    if not paths:
        return None
    others = [path for path in paths if not all(globs.fit(name) for name in path['interfaces'])]
    return both(_IS_CLOSED.get(path['verdict']) for path in others)
