# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page keeps of each host while the records are read: numbers, so that ten thousand hosts are some megabytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..._listener import identity
from ..._shape import Facts
from ..listening import Listening, listening
from .kinds import Kinds, Port, port_number

if TYPE_CHECKING:
    from ..model import Host

MOST_OF_HOST = 1000             # ways to listen: a host that sends a hundred thousand is one line all the same

# What is seen of a host: all sockets, not all of them, nothing.
WHOLE, PART, NOTHING = range(3)


@dataclass(slots=True)
class Seen:
    """One host.

    :ivar seen: ``WHOLE``, ``PART`` or ``NOTHING``.
    :ivar kinds: the numbers of the ways in which something listens there.
    :ivar places: of each finding that is about ports its key, and the numbers of these ports.
    :ivar left_out: ways to listen that are too many to be kept.
    """

    host: Host
    seen: int
    kinds: tuple[int, ...] = ()
    places: tuple[tuple[Key, tuple[int, ...]], ...] = ()
    left_out: int = 0


# What a finding of a host and the group that it is in have in common.
Key = tuple[str, str, bool, str]


class Content:
    """All hosts of a page, in the order in which they were read."""

    def __init__(self) -> None:
        self.kinds = Kinds()
        self.hosts: list[Seen] = []
        self._same: dict[tuple[int, ...], tuple[int, ...]] = {}

    def add(self, host: Host, facts: Facts | None) -> None:
        """Take what a page shows of a host; its facts are not kept."""
        if facts is None:
            self.hosts.append(Seen(host, NOTHING, places=self._places(host, {})))
            return
        gathered = facts['complete']['owners'] is not None
        every = listening(facts)
        kinds = tuple(sorted(self.kinds.of(every[:MOST_OF_HOST], gathered)))
        self.hosts.append(Seen(
            host, WHOLE if facts['complete']['sockets'] else PART, self._same.setdefault(kinds, kinds),
            self._places(host, self._ports(host, every)), max(len(every) - MOST_OF_HOST, 0)))

    def _ports(self, host: Host, every: Sequence[Listening]) -> Mapping[str, int]:
        """Return the number of the port of each listener that findings of a host name, by how they name it."""
        findings = host.judgement['findings'] if host.judgement else ()
        names = {name for finding in findings for name in _listeners(finding)}
        if not names:
            return {}
        named = [each.listener for each in every if each.listener['id'] in names]
        if len(named) < len(names):         # some have names that are not shown as they are
            named = [each.listener for each in every]
        return {identity(listener): self.kinds.port(Port(listener['protocol'], port_number(listener)))
                for listener in named}

    def _places(self, host: Host, ports: Mapping[str, int]) -> tuple[tuple[Key, tuple[int, ...]], ...]:
        """List the ports that the findings of a host are about.

        :param ports: the number of the port of each listener.
        """
        if not host.judgement:
            return ()
        places = []
        for finding in host.judgement['findings']:
            about = {ports.get(listener) for listener in _listeners(finding)}
            about |= {self.kinds.port_of_text(text) for text in _missing(finding)}
            numbers = tuple(sorted(number for number in about if number is not None))
            if numbers:
                places.append((key(finding), numbers))
        return tuple(places)


def _listeners(finding: Mapping[str, Any]) -> list[str]:
    """List the listeners that a finding names."""
    return [name for name in (finding['listener'], *(finding.get('listeners') or ())) if name]


def _missing(finding: Mapping[str, Any]) -> list[str]:
    """List the ports on which a finding misses something; of the first version, which named them in the text, none."""
    if 'ports' in finding:
        ports: list[str] = finding['ports']
        return ports
    if finding['kind'] != 'missing' or not finding['parts']:
        return []
    return [port['item'] for port in finding['parts']['ports']['first']]


def key(finding: Mapping[str, Any]) -> Key:
    """Return what a finding has in common with the group that it is in."""
    return finding['kind'], finding['severity'], finding['fails'], finding['fingerprint']
