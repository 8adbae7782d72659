# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where something is declared: the file and the line, as records have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .._harmless.terminal import visible


class Place(NamedTuple):
    """A line of a file. The path may be that of somebody else's making: see ``text``."""

    path: str
    line: int

    @property
    def text(self) -> str:
        """The place, harmless to print: ``group_vars/web.yml:4``."""
        return '%s:%d' % (visible(self.path, 300), self.line)


def of(finding: Mapping[str, Any], judgement: Mapping[str, Any]) -> Place | None:
    """Return where the entry of a finding is, or the waiver, else the variable; None where that is not known.

    :param judgement: that of the host that has the finding, or of one that declares the same.
    """
    known = judgement.get('places', {}).get(finding.get('declared_in'))
    return Place(known['path'], known['entries'].get(label(finding), known['line'])) if known else None


def label(finding: Mapping[str, Any]) -> str:
    """Return what the entry or the waiver of a finding is called, as places have it; nothing without one."""
    parts = finding.get('parts') or {}
    return finding['entry'] or visible(str(parts.get('waiver') or parts.get('label') or ''), 200)


def of_all(judgements: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Place]:
    """Return where each entry is, by variable and label, for findings that are about no host."""
    found: dict[tuple[str, str], Place] = {}
    for judgement in judgements:
        for variable, known in judgement.get('places', {}).items():
            for name, line in known['entries'].items():
                found.setdefault((variable, name), Place(known['path'], line))
    return found


def most(places: Iterable[Place | None]) -> Place | None:
    """Return the place that most hosts have: each may declare the same in a file of its own."""
    counts = Counter(place for place in places if place)
    return min(counts, key=lambda place: (-counts[place], place), default=None)
