# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows on a terminal what a change of the declaration makes of hosts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..._harmless.terminal import visible
from ..._words import number
from ..console.lines import BAD, GOOD, HEAD, PLAIN, WIDE, Line
from ..groups import Group
from .compare import ABSENT, FAILS, MORE, OTHERWISE, PASSES, SAME, UNJUDGED, Impact, reasons

WORDS = {'as_declared': 'as declared', 'violates': 'violates', 'unknown': 'unknown', 'refused': 'declaration refused',
         'listed': 'not judged', ABSENT: 'not in the inventory'}
_OUTCOMES = ((FAILS, 'would fail now'), (MORE, 'would fail for more'), (PASSES, 'would pass now'),
             (OTHERWISE, 'judged otherwise'), (SAME, 'judged as before'), (UNJUDGED, 'could not be judged'))
_MOST = 50              # findings that are shown of each kind
_MOST_REASONS = 10


def summary(impact: Impact) -> str:
    """Say in one sentence what the change does."""
    if not impact.judged:
        return 'None of these hosts (%d) could be judged: this says nothing about the change.' % impact.total
    if len(impact.outcomes[SAME]) == impact.total:
        return ('The change makes no difference to %s.' % impact.naming.some([impact.outcomes[SAME][0]])
                if impact.total == 1 else 'The change makes no difference to any of %d hosts.' % impact.total)
    parts = ['%d %s' % (len(impact.outcomes[outcome]), words) for outcome, words in _OUTCOMES
             if impact.outcomes[outcome]]
    return '%s: %s.' % (number(impact.total, 'host'), ', '.join(parts))


def lines(impact: Impact) -> list[Line]:
    """Return all of it, and what counts last."""
    shown = list(_turns(impact))
    shown += _found('New findings:', impact, impact.new, True)
    shown += _found('No longer found:', impact, impact.gone, False)
    if impact.unjudged:
        shown.append(('Not judged:', HEAD))
        every = list(reasons(impact))
        shown += [('  %s: %s' % (impact.naming.counted(hosts), reason), BAD) for reason, hosts in every[:_MOST_REASONS]]
        shown += [('  … and %d more' % (len(every) - _MOST_REASONS), BAD)] if len(every) > _MOST_REASONS else []
    if impact.removed:
        shown.append(('No longer in the inventory: %s' % impact.naming.counted(impact.removed), PLAIN))
    if impact.oldest:
        shown.append(('Judged by records from %s to %s.' % (impact.oldest, impact.newest), PLAIN))
    good = impact.judged and not impact.fails
    return [*shown, (summary(impact), BAD if not good else PLAIN if impact.unjudged else GOOD)]


def turned(before: str, after: str) -> str:
    """Name a turn: ``as declared → violates``."""
    return '%s → %s' % (WORDS[before], WORDS[after])


def _turns(impact: Impact) -> Iterator[Line]:
    if impact.turns:
        yield 'Turned by the change:', HEAD
    for turn in impact.turns:
        yield ('  %s: %s' % (turned(turn.before, turn.after), impact.naming.counted(turn.hosts)),
               BAD if turn.is_bad else PLAIN)


def _found(title: str, impact: Impact, found: Sequence[Group], with_remedy: bool) -> Iterator[Line]:
    if found:
        yield title, HEAD
    for group in found[:_MOST]:
        place = ' [%s]' % group.place.text if group.place else ''
        yield ('  %-8s  %s: %s%s' % (group.severity, impact.naming.counted(group.hosts),
                                     visible(group.text, 2000), place),
               PLAIN if not with_remedy else BAD if group.fails else WIDE)
        if group.remedy and with_remedy:
            yield '            To do: %s' % group.remedy, PLAIN
    if len(found) > _MOST:
        yield '  … and %d more' % (len(found) - _MOST), PLAIN
