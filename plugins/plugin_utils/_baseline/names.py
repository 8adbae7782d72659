# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names entries: after the service, so that no host has two of one name, and none that it has already."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Container, Iterable, Iterator

from .. import _identity
from .._identity import Holder
from .cover import Declared, File
from .things import Thing

_OTHER = re.compile(r'[^A-Za-z0-9_.@+-]+')
_MOST = 40              # characters
_MOST_PORTS = 3
_BEHIND = 1 << 17       # what has no port of its own comes last
_ENDS = ('.service', '.socket')
# Of the path of an executable: its folders, and what only Windows adds to its name
_AROUND = re.compile(r'\A(?:[A-Za-z]:\\(?:.*\\)?|.*/)|\.exe\Z', re.DOTALL | re.IGNORECASE)


def name(declared: Iterable[Declared], members: Callable[[File], set[str]], taken: Container[str]) -> None:
    """Give entries their names.

    :param members: the hosts that read a file, those among them of which nothing is known.
    :param taken: the names that entries have already.
    """
    used: dict[str, set[str]] = {}
    for entry in sorted(declared, key=_rank):
        hosts = set().union(*(members(place.file) for place in entry.places))
        for candidate in _candidates(entry):
            if candidate not in taken and hosts.isdisjoint(used.get(candidate, ())):
                entry.name = candidate
                used.setdefault(candidate, set()).update(hosts)
                break


def order(things: Iterable[Thing]) -> tuple[int, str, str]:
    """Return what entries are sorted by: the lowest port, those of a range last."""
    return min((thing.port[1] if thing.port else _BEHIND, thing.protocol, thing.ports) for thing in things)


def ports(things: Iterable[Thing]) -> list[int | str]:
    """Return the ports of things as an entry has them."""
    in_order = sorted(things, key=lambda thing: order([thing]))
    return [_port(thing) for thing in in_order]


def _port(thing: Thing) -> int | str:
    if thing.protocol != 'tcp':
        return '%s/%s' % (thing.ports, thing.protocol)
    return thing.port[1] if thing.port else thing.ports


def _rank(entry: Declared) -> tuple[bool, int, bool, tuple[int, str, str], Holder]:
    return (entry.is_comment, -entry.hosts.bit_count(), not entry.places[0].way.is_required, order(entry.things),
            entry.holder)


def _candidates(entry: Declared) -> Iterator[str]:
    stem = _stem(entry.holder)
    numbers = list(dict.fromkeys(thing.ports for thing in sorted(entry.things, key=lambda thing: order([thing]))))
    passing = entry.things[0].port is None
    longer = '%s %s' % (stem, 'passing ports' if passing else ' '.join(numbers[:_MOST_PORTS]))
    if stem != _stem(_identity.NOBODY):
        yield stem
    yield longer
    yield '%s %s' % (longer, ' '.join(sorted({thing.protocol for thing in entry.things})))
    for number in itertools.count(2):
        yield '%s no. %d' % (longer, number)


def _stem(holder: Holder) -> str:
    """Name a holder in a few plain characters."""
    if holder.kind == _identity.KERNEL:
        return 'kernel'
    if holder.kind == _identity.UNKNOWN:
        return 'port'
    text = _AROUND.sub('', holder.names[0])
    for end in _ENDS:
        text = text.removesuffix(end)
    return _OTHER.sub('_', text.rstrip(':'))[:_MOST].strip('_.') or 'unnamed'
