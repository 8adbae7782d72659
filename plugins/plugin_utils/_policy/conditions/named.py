# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients by the names that an inventory has for them: the hosts of a group, or one host.

Whoever knows the inventory hands in what is known of each member. What the judged host records of its own addresses
does not count: it would name itself a client from wherever it likes. It needs no address: it always reaches itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ....module_utils._addresses import intervals, networks
from ..._harmless.terminal import visible
from ..._words import some
from ..language.refusal import Refused, shown
from .sources import Clients, Sources, Spans, network

GROUP, HOST = KINDS = ('group', 'host')
ADDRESSES = 'listening_ports_addresses'         # the variable of a host that declares from where it connects
_OPTIONS = ('clients', 'only_from')
_MOST_NAMED = 3                 # hosts, for each reason
_MOST_DECLARED = 1000           # addresses of one host
# No packet of another host has one of these as its source, or one that says which host that is. What is mapped
# (RFC 4291, 2.5.5.2) is IPv4 on the way.
_NOBODY: Mapping[int, Spans] = networks.sets(networks.IMPOSSIBLE, networks.LINK, ('::ffff:0:0/96',))


class Member(NamedTuple):
    """What is known of a host that may be a client.

    :ivar spans: its addresses as numbers, those of IPv4 and those of IPv6.
    :ivar addresses: how many addresses and networks that is.
    :ivar recorded: whether some of them are what the host itself has once said.
    :ivar unknown: why no address of it is known, harmless to print; None where there are some.
    :ivar fault: what is wrong with what is declared of it, harmless to print.
    """

    spans: tuple[Spans, Spans] = ((), ())
    addresses: int = 0
    recorded: bool = False
    unknown: str | None = None
    fault: str | None = None


def parts(value: object) -> tuple[str, str] | None:
    """Return the kind and the name of clients that the inventory names; None for anything else."""
    kind, colon, name = value.partition(':') if isinstance(value, str) else ('', '', '')
    return (kind, name) if colon and kind in KINDS else None


def wanted(entries: Iterable[object]) -> list[str]:
    """List the names of clients in entries, which nobody has checked, each once."""
    found: dict[str, None] = {}
    for entry in entries:
        for given in [entry.get(option) for option in _OPTIONS] if isinstance(entry, Mapping) else ():
            for value in given if isinstance(given, (list, tuple)) else [given]:
                if parts(value):
                    found[str(value)] = None
    return list(found)


def united(members: Mapping[str, Member], judged: str) -> Clients:
    """Unite what is known of the hosts that a name stands for.

    :param judged: the host that they are clients of.
    :raises Refused: what is declared of a host is wrong.
    """
    fault = next((member.fault for member in members.values() if member.fault), None)
    if fault:
        raise Refused(fault)
    reasons: dict[str, list[str]] = {}
    known: list[Member] = []
    for host, member in members.items():
        if host == judged and (member.unknown or member.recorded):
            continue
        if member.unknown:
            reasons.setdefault(member.unknown, []).append(host)
        else:
            known.append(member)
    return Clients(
        {family: intervals.merged([span for member in known for span in member.spans[index]])
         for index, family in enumerate((4, 6))},
        sum(member.addresses for member in known),
        sum(map(len, reasons.values())),
        tuple('%s: %s' % (some([visible(host, 100) for host in sorted(hosts)], _MOST_NAMED), reason)
              for reason, hosts in sorted(reasons.items())))


def declared(value: object, host: str) -> Member:
    """Read what is declared of the addresses of a host: addresses or networks, one or a list."""
    given = value if isinstance(value, (list, tuple)) else [value]
    if not given or len(given) > _MOST_DECLARED:
        return _wrong(host, 'it has to have 1 to %d addresses, not %d' % (_MOST_DECLARED, len(given)))
    spans: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for text in given:
        try:
            net = network(text, ADDRESSES) if isinstance(text, str) else None
        except Refused as exc:
            return _wrong(host, exc.reason)
        if net is None:
            return _wrong(host, '%s is neither an address nor a network' % shown(text))
        span = (int(net[0]), int(net[-1]))
        if intervals.isect((span,), _NOBODY[net.version]):
            return _wrong(host, '%s has addresses from which no host reaches another one, or that are other hosts on '
                          'each link' % shown(text))
        spans[net.version == 6].append(span)
    return Member((intervals.merged(spans[0]), intervals.merged(spans[1])), len(given))


def _wrong(host: str, reason: str) -> Member:
    return Member(fault='the variable %s of %s: %s' % (ADDRESSES, visible(host, 200), reason))


def reached_by(name: object) -> Member:
    """Take the address by which a host is reached, where it is one from which a host can reach others.

    :param name: an address, or anything else, such as the name of the host.
    """
    span = _span(name)
    return Member(unknown='no address of it is declared') if span is None else _of([span])


def recorded(texts: Iterable[str], within: Sources, also: Member) -> Member:
    """Take what a host has once said of its own addresses.

    :param texts: as facts have them: ``10.0.0.5/24``, ``fe80::1%eth0/64``.
    :param within: the networks in which it is believed. With an address elsewhere its addresses are not known, for
        whoever left that one out would shut it out.
    :param also: what is declared of it besides.
    """
    spans = []
    for text in texts:
        span = _span(text.partition('/')[0])
        if span is None:
            continue
        family, low, dummy = span
        if not intervals.contains(within.spans[family], low) and span not in _singles(also):
            return Member(unknown='its record has the address %s, which is in none of listener_client_networks'
                          % intervals.networks(((low, low),), family)[0].partition('/')[0])
        spans.append(span)
    spans += [span for span in _singles(also) if span not in spans]
    return _of(spans, True) if spans else Member(unknown='its record has no address that others see')


def _singles(member: Member) -> Iterator[tuple[int, int, int]]:
    for family, spans in zip((4, 6), member.spans):
        for low, high in spans:
            yield family, low, high


def _of(spans: Sequence[tuple[int, int, int]], is_recorded: bool = False) -> Member:
    by_family = [intervals.merged([(low, high) for family, low, high in spans if family == wanted])
                 for wanted in (4, 6)]
    return Member((by_family[0], by_family[1]), len(spans), is_recorded)


def _span(text: Any) -> tuple[int, int, int] | None:
    """Return the family and the number of an address twice; None for what is none, or none of a client."""
    try:
        address = ipaddress.ip_address(text.partition('%')[0]) if isinstance(text, str) else None
    except ValueError:
        return None
    if address is None:
        return None
    address = getattr(address, 'ipv4_mapped', None) or address
    value = int(address)
    return None if intervals.contains(_NOBODY[address.version], value) else (address.version, value, value)
