# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what was written as a declaration, and what was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..._harmless.terminal import visible
from ..._words import number
from .lines import BAD, FIXED, GOOD, HEAD, PLAIN, WIDE, Line, counted

_MOST = 100             # files that are shown, and reasons


class Written(NamedTuple):
    """A file, and how many entries it has, and how many that are only comments."""

    path: str
    entries: int
    comments: int = 0


class Baseline(NamedTuple):
    """What became of a fleet.

    :ivar hosts: how many were looked at.
    :ivar listeners: how many listeners the entries are about.
    :ivar doubtful: listeners that are not declared, harmless to print, each with the reason and its hosts.
    :ivar left_out: why hosts were, harmless to print.
    :ivar is_plan: whether nothing is written, as this is only tried.
    :ivar limited: how many entries are limited to who came.
    """

    hosts: int
    listeners: int
    files: Sequence[Written]
    doubtful: Sequence[tuple[str, str, Sequence[str]]]
    left_out: Mapping[str, str]
    is_plan: bool = False
    limited: int = 0

    @property
    def entries(self) -> int:
        """How many entries all files have."""
        return sum(file.entries for file in self.files)


def summary(baseline: Baseline) -> Line:
    """Return the answer in one line."""
    hosts = number(baseline.hosts, 'host')
    if not baseline.files:
        if baseline.doubtful:
            return 'Nothing to add for %s: all is declared but what is doubtful. Nothing was written.' % hosts, PLAIN
        return 'Nothing to add for %s: all is declared already. Nothing was written.' % hosts, GOOD
    return '%s for %s of %s, %s %s.' % (
        number(baseline.entries, 'entry', 'entries'), number(baseline.listeners, 'listener'), hosts,
        'would be written to' if baseline.is_plan else 'written to', number(len(baseline.files), 'file')), GOOD


def lines(baseline: Baseline) -> list[Line]:
    """Return all of it, and the answer last."""
    shown: list[Line] = []
    if baseline.files:
        shown.append(('Would be written:' if baseline.is_plan else 'Written:', HEAD))
        shown += [(_file(file), FIXED) for file in baseline.files[:_MOST]]
        shown += _more(len(baseline.files))
    if baseline.doubtful:
        shown.append(('Doubtful, and not declared:', HEAD))
        shown += [('  %s: %s, %s' % (counted(hosts), listener, reason), WIDE)
                  for listener, reason, hosts in baseline.doubtful[:_MOST]]
        shown += _more(len(baseline.doubtful))
    reasons: dict[str, list[str]] = {}
    for host, reason in baseline.left_out.items():
        reasons.setdefault(reason, []).append(host)
    if reasons:
        shown.append(('Left out:', HEAD))
        shown += [('  %s: %s' % (counted(hosts), reason), BAD) for reason, hosts in list(reasons.items())[:_MOST]]
        shown += _more(len(reasons))
    if baseline.limited:
        shown.append(('%s limited to who came. An audit finds whoever else reaches it, until a firewall keeps them out.'
                      % number(baseline.limited, 'entry is', 'entries are'), PLAIN))
    if baseline.files and not baseline.is_plan:
        shown.append(('Next: read what was written, change what should not be so, commit it, and audit.', PLAIN))
    return [*shown, summary(baseline)]


def _file(file: Written) -> str:
    comments = ', %s' % number(file.comments, 'comment') if file.comments else ''
    return '  %s: %s%s' % (visible(file.path), number(file.entries, 'entry', 'entries'), comments)


def _more(total: int) -> list[Line]:
    return [('  … and %d more' % (total - _MOST), PLAIN)] if total > _MOST else []
