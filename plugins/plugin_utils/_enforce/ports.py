# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports, who may reach them, and what ``port_filter`` is told of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ...module_utils._addresses import intervals
from ...module_utils._addresses.networks import LOOPBACK
from ...module_utils._filter import rules as _rules
from .._listener import Listener
from .._policy.conditions import sources as _sources
from .._policy.conditions.sources import Spans
from .._policy.declaration.entry import Entry

Who = Mapping[int, Spans]       # addresses by family
NOBODY: Who = {4: (), 6: ()}
EVERYBODY: Who = {family: _sources.everybody(family) for family in (4, 6)}


class Ports(NamedTuple):
    """Ports of one protocol, ``low`` to ``high``."""

    protocol: str
    low: int
    high: int

    def overlaps(self, other: Ports) -> bool:
        """Whether they have a port in common."""
        return self.protocol == other.protocol and self.low <= other.high and other.low <= self.high


def ports_of(listener: Listener) -> Ports:
    """Return the port of a listener, or the ports of what is forwarded."""
    low, dummy, high = str(listener.get('ports') or listener['port']).partition('-')
    return Ports(listener['protocol'], int(low), int(high or low))


def let_in(entry: Entry) -> Who:
    """Find whom an entry with sources lets in: everybody, where it is not known of all who they are."""
    who = EVERYBODY if is_unknown(entry) else entry.sources.spans if entry.sources else NOBODY
    return {family: spans if entry.family in (None, 'ipv%d' % family) else () for family, spans in who.items()}


def is_unknown(entry: Entry) -> bool:
    """Whether some have to reach what an entry is about, and nobody knows their addresses: no rule may be made then."""
    return bool(entry.sources and entry.sources.unknown)


def within(who: Who, wide: Who) -> bool:
    """Whether all of some addresses are among others."""
    return not any(_sources.minus(spans, wide[family]) for family, spans in who.items())


def rule(ports: Ports, who: Who, about: str | None) -> dict[str, Any]:
    """Make an option of ``port_filter``. The host itself, which no rule keeps out, is not among the sources."""
    texts: list[str] = []
    for family, spans in who.items():
        is_whole = spans == _sources.everybody(family)
        others = spans if is_whole else _sources.minus(spans, _sources.of_facts(LOOPBACK, family))
        texts += intervals.networks(others, family)
    sources = _rules.collapsed(texts)
    made: dict[str, Any] = {
        'protocol': ports.protocol,
        'ports': [ports.low if ports.low == ports.high else '%d-%d' % (ports.low, ports.high)],
    }
    if sources is not None:
        made['sources'] = list(sources)
    comment = about and _rules.as_comment(about)
    return {**made, 'comment': comment} if comment else made
