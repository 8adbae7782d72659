# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows which hosts are as declared, and what is not, as people read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ..._harmless.terminal import cut, name as name_of, sentence, visible
from ..._policy.language.options import SEVERITIES
from ..._words import number, some
from .. import evidence, summary
from .. import groups as groups_of
from ..model import Report
from .lines import BAD, GOOD, HEAD, PLAIN, WIDE, Line, broken

# How many lines of a kind are shown: whoever has more reads the file, or fixes the first ones.
_MOST_FAILING, _MOST_WARNINGS, _MOST_WAIVERS, _MOST_POLICIES = 100, 10, 10, 3
_MOST_WORST = 5
_LONGEST = 2000                 # columns of the text of a finding: the file has all of it
_INDENT = '  %-8s  '            # behind it, the text of a finding; critical is the longest severity


def lines(report: Report, columns: int | None = None) -> list[Line]:
    """Return all but the verdict.

    :param report: the hosts to show.
    :param columns: the width of the terminal; None where there is none.
    """
    groups = report.groups
    # of each host no more than some findings are kept
    dropped = sum(judgement['findings_total'] - len(judgement['findings']) for host, judgement in report.judgements)
    return [
        *_refused(report),
        *_block('Findings:', [group for group in groups if group.fails], _MOST_FAILING, dropped, report, columns),
        *_block('Warnings:', [group for group in groups if not group.fails], _MOST_WARNINGS, 0, report, columns),
        *_waived(report),
        *_worst(report),
        *_policies(report),
    ]


def by_severity(findings: Iterable[groups_of.Group | Mapping[str, Any]]) -> str:
    """Count findings: ``1 critical, 3 high``; empty for none."""
    counts = Counter(finding['severity'] if isinstance(finding, Mapping) else finding.severity for finding in findings)
    return ', '.join('%d %s' % (counts[severity], severity) for severity in SEVERITIES if counts[severity])


def _worst(report: Report) -> list[Line]:
    """Name the hosts with the most severe findings, where there are several hosts, and how to see one of them alone."""
    failing = {host.name: [finding for finding in judgement['findings'] if finding['fails']]
               for host, judgement in report.judgements}
    hosts = [name for name, findings in failing.items() if findings]
    if len(hosts) < 2:
        return []

    def rank(name: str) -> list[int]:
        counts = Counter(finding['severity'] for finding in failing[name])
        return [-counts[severity] for severity in SEVERITIES]

    hosts.sort(key=rank)
    words = ['%s (%s)' % (visible(name), by_severity(failing[name])) for name in hosts]
    return [('Worst hosts: %s' % some(words, _MOST_WORST), PLAIN),
            ('Next: the same command with --limit %s shows that host alone.' % name_of(hosts[0]), PLAIN)]


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
        shown.append(('  %s: %s' % (report.naming.counted(names), sentence(first, 2000)), BAD))
        shown += [('    %s' % sentence(line, 2000), BAD) for line in others]
    return shown


def _block(title: str, groups: Sequence[groups_of.Group], most: int, dropped: int, report: Report,
           columns: int | None) -> list[Line]:
    """List some findings, the most severe first, each with what to do about it.

    :param dropped: findings that were not kept.
    :param report: whose hosts are named, if there are several.
    """
    if not groups:
        return []
    shown = [(title, HEAD)]
    further = _INDENT % ''
    since = 1                   # findings that have the remedy below them
    for group, following in zip_longest(groups[:most], groups[1:most]):
        who = '%s: ' % report.naming.counted(group.hosts) if group.hosts and len(report.hosts) > 1 else ''
        text = cut(group.text, _LONGEST) + (' (and similar)' if group.others else '')
        shown += broken(_INDENT % group.severity + who + text, BAD if group.fails else WIDE, columns,
                        _INDENT % group.severity, further)
        if not (group.remedy and group.fails):
            continue
        if following and following.remedy == group.remedy:
            since += 1
        else:
            about = '' if since == 1 else ' about these %d' % since
            shown += broken('%sTo do%s: %s' % (further, about, group.remedy), PLAIN, columns, further, further)
            since = 1
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
            number(sum(waiver.findings.values()), 'finding'), report.naming.counted(list(waiver.findings)),
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
    return [(visible(summary, 300) + (' on %s' % report.naming.counted(names) if len(groups) > 1 else ''), PLAIN)
            for summary, names in groups.items()]


def verdict(report: Report) -> list[Line]:
    """Return the answer, which is the last line: how many hosts are as declared, and what became of the others."""
    text, good = summary.verdict(report)
    return [(text, {True: GOOD, False: BAD, None: PLAIN}[good])]
