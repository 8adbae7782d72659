# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows which hosts are as declared, and what is not, as people read it."""

from __future__ import annotations

from collections.abc import Sequence

from ..._harmless.terminal import cut, sentence, visible
from ..._words import number
from .. import evidence, summary
from .. import groups as groups_of
from ..model import Report
from .lines import BAD, GOOD, HEAD, PLAIN, WIDE, Line, counted

# How many lines of a kind are shown: whoever has more reads the file, or fixes the first ones.
_MOST_FAILING, _MOST_WARNINGS, _MOST_WAIVERS, _MOST_POLICIES = 100, 10, 10, 3
_LONGEST = 2000                 # columns of the text of a finding: the file has all of it
_INDENT = '  %-8s  '            # behind it, the text of a finding; critical is the longest severity


def lines(report: Report, whole: Report) -> list[Line]:
    """Return all of it.

    :param report: the hosts to show.
    :param whole: all hosts of the play, where the other one is a batch of them; the last line counts these.
    """
    alone = len(report.hosts) == 1
    groups = report.groups
    # of each host no more than some findings are kept
    dropped = sum(judgement['findings_total'] - len(judgement['findings']) for host, judgement in report.judgements)
    return [
        *_refused(report),
        *_block('Findings:', [group for group in groups if group.fails], _MOST_FAILING, dropped, alone),
        *_block('Warnings:', [group for group in groups if not group.fails], _MOST_WARNINGS, 0, alone),
        *_waived(report),
        *_policies(report),
        _verdict(whole),
    ]


def _refused(report: Report) -> list[Line]:
    """List the hosts that were not judged because of their declaration; those with the same reason share it."""
    groups: dict[str, list[str]] = {}
    for host, judgement in report.judgements:
        if host.verdict == 'refused':
            groups.setdefault(judgement['refused'], []).append(host.name)
    if not groups:
        return []
    shown = [('Not judged:', HEAD)]
    for reason, names in groups.items():
        first, *others = reason.split('\n')
        shown.append(('  %s: %s' % (counted(names), sentence(first, 2000)), BAD))
        shown += [('    %s' % sentence(line, 2000), BAD) for line in others]
    return shown


def _block(title: str, groups: Sequence[groups_of.Group], most: int, dropped: int, alone: bool) -> list[Line]:
    """List some findings, the most severe first, each with what to do about it.

    :param dropped: findings that were not kept.
    :param alone: whether there is only one host, which needs no name.
    """
    if not groups:
        return []
    shown = [(title, HEAD)]
    for group in groups[:most]:
        who = '%s: ' % counted(group.hosts) if group.hosts and not alone else ''
        text = cut(group.text, _LONGEST) + (' (and similar)' if group.others else '')
        shown.append((_INDENT % group.severity + who + text, BAD if group.fails else WIDE))
        if group.remedy and group.fails:
            shown.append((_INDENT % '' + 'To do: ' + group.remedy, PLAIN))
    more = max(len(groups) - most, 0) + dropped
    if more:
        shown.append(('  … and %s' % number(more, 'more finding'), BAD if groups[0].fails else PLAIN))
    return shown


def _waived(report: Report) -> list[Line]:
    """List the waivers in force."""
    total = sum(judgement['waived'] for host, judgement in report.judgements)
    if not total:
        return []
    shown = [('Waived: %s' % number(total, 'finding'), HEAD)]
    in_force = evidence.waivers(report.hosts)
    for waiver in in_force[:_MOST_WAIVERS]:
        about = ['until %s' % visible(waiver.expires, 20) if waiver.expires else 'with no expiry']
        about += ['by %s' % visible(waiver.owner, 100)] if waiver.owner else []
        shown.append(('  %s on %s, waived by %s of %s (%s)%s' % (
            number(sum(waiver.findings.values()), 'finding'), counted(list(waiver.findings)),
            visible(waiver.label or '', 200), visible(waiver.variable, 200) if waiver.variable else 'the task',
            ', '.join(about), ': %s' % sentence(waiver.reason, 300) if waiver.reason else ''), PLAIN))
    if len(in_force) > _MOST_WAIVERS:
        shown.append(('  … and %s' % number(len(in_force) - _MOST_WAIVERS, 'more waiver'), PLAIN))
    return shown


def _policies(report: Report) -> list[Line]:
    """List what was judged by, in a line for each as long as these are few."""
    groups: dict[str, list[str]] = {}
    for host, judgement in report.judgements:
        if host.verdict != 'refused':
            groups.setdefault(judgement['policy']['summary'], []).append(host.name)
    if len(groups) > _MOST_POLICIES:
        hosts = number(sum(map(len, groups.values())), 'host')
        return [('policy: %d different declarations on %s' % (len(groups), hosts), PLAIN)]
    return [(visible(summary, 300) + (' on %s' % counted(names) if len(groups) > 1 else ''), PLAIN)
            for summary, names in groups.items()]


def _verdict(report: Report) -> Line:
    """Return the last line: how many hosts are as declared, and what became of each of the others."""
    text, good = summary.verdict(report)
    return text, {True: GOOD, False: BAD, None: PLAIN}[good]
