# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows which hosts can reach what listens on others, as people read it."""

from __future__ import annotations

from collections.abc import Sequence

from ..._harmless.terminal import visible
from ..._probes.compare import Vantage
from ..._probes.plan import Target
from ..._reach.answer import Answer, Row, Source, Word
from ..._reach.probed import Contradiction
from ..._words import number
from ..naming import Naming
from ..reach import alike, by_answer, counted, counts, named
from .lines import BAD, GOOD, HEAD, PLAIN, WIDE, Line, below, fitting

_MOST_ROWS, _MOST_CONTRADICTIONS = 2000, 100
_TITLES: dict[Word, str] = {'yes': 'reached by', 'unknown': 'not known of', 'no': 'not by'}


def lines(rows: Sequence[Row], targets: Sequence[Target], sources: Sequence[Source],
          missing: Sequence[str], found: Sequence[Contradiction], at: str, naming: Naming,
          columns: int | None = None) -> list[Line]:
    """Return the whole text.

    :param missing: from ``troubles``. :param found: what probes contradict.
    :param at: the time. :param columns: the width to fit into.
    """
    shown: list[Line] = [(_heading(rows, targets, sources, at), HEAD)]
    groups = alike(rows)
    for (host, answers), some in list(groups.items())[:_MOST_ROWS]:
        shown += below([('%s: %s' % (visible(host, 100), named(some)), HEAD)])
        shown += _who(answers, sources, naming)
    if len(groups) > _MOST_ROWS:
        shown.append(('… and %s' % number(len(groups) - _MOST_ROWS, 'more group of listeners',
                                          'more groups of listeners'), PLAIN))
    shown += below([('Missing:', HEAD), *(('  ' + text, BAD) for text in missing)] if missing else [])
    if found:
        shown += below([('Contradicted by probes:', HEAD)])
        shown += [('  ' + one['message'], PLAIN if one['kind'] == 'lost_between' else BAD)
                  for one in found[:_MOST_CONTRADICTIONS]]
        if len(found) > _MOST_CONTRADICTIONS:
            shown.append(('  … and %d more' % (len(found) - _MOST_CONTRADICTIONS), BAD))
    return fitting(shown + below([_last(rows, missing, found)]), columns)


def _heading(rows: Sequence[Row], targets: Sequence[Target], sources: Sequence[Source], at: str) -> str:
    return '%s of %s, asked of %s, %s' % (
        number(len(rows), 'listener'), number(sum(target.facts is not None for target in targets), 'host'),
        number(len(sources), 'host'), at.replace('T', ' ').replace('Z', ' UTC'))


def _who(answers: Sequence[Answer], sources: Sequence[Source], naming: Naming) -> list[Line]:
    groups, shown = by_answer(answers, sources), []
    for word, title in _TITLES.items():
        for answer, hosts in groups.items():
            if answer.word == word:
                because = ': %s' % answer.because if answer.because else ''
                kind = BAD if word == 'unknown' else WIDE if word == 'yes' else PLAIN
                shown.append(('  %-12s  %s%s' % (title, naming.counted(hosts), because), kind))
    return shown or [('  nobody else was asked', PLAIN)]


def troubles(targets: Sequence[Target], sources: Sequence[Source], vantages: Sequence[Vantage] = ()) -> list[str]:
    """List what is missing: hosts of which nothing is known, and those of the vantages that could not probe."""
    reasons = {target.host: target.reason for target in targets if not target.facts}
    reasons.update({source.host: source.reason for source in sources if not source.facts})
    return [*('%s: %s' % (visible(host, 300), reason) for host, reason in reasons.items()),
            *('%s could not probe: %s' % (visible(vantage.host, 300), vantage.reason)
              for vantage in vantages if vantage.probes is None)]


def _last(rows: Sequence[Row], missing: Sequence[str], found: Sequence[Contradiction]) -> Line:
    by_word = counts(rows)
    pairs = sum(by_word.values())
    lost = sum(one['kind'] == 'lost_between' for one in found)
    is_wrong = len(found) > lost
    wrong = '; %s' % number(len(found) - lost, 'contradiction') if is_wrong else ''
    wrong += '; %d lost between hosts' % lost if lost else ''
    text = '%s%s.' % (counted(rows), wrong)
    return text, BAD if missing or is_wrong or not pairs else GOOD if not by_word['unknown'] else PLAIN
