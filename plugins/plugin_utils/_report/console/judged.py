# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the hosts is as declared, and what is not, as people read it. Private to this collection, may change."""

from ..._harmless.terminal import sentence, visible
from ..._words import number
from .. import groups as _groups
from .lines import BAD, GOOD, HEAD, PLAIN, WIDE, counted

# How many lines of a kind are shown: whoever has more reads the file, or mends the first ones.
_MOST_FAILING, _MOST_WARNINGS, _MOST_WAIVERS, _MOST_POLICIES = 100, 10, 10, 3
_INDENT = '  %-8s  '            # behind it, the text of a finding; critical is the longest severity


def lines(report, whole):
    """All of it.

    :param report: Report, the hosts to tell about.
    :param whole: Report of all hosts of the play, where the other one is a batch of them; the last line counts these.
    :returns: list of tuple (line, kind).
    """
    alone = len(report.hosts) == 1
    found = _refused(report)
    groups = _groups.groups(report)
    # of each host no more than some findings are kept
    cut = sum(host.judgement['findings_total'] - len(host.judgement['findings']) for host in report.judged)
    found += _block('Findings:', [group for group in groups if group.fails], _MOST_FAILING, cut, alone)
    found += _block('Warnings:', [group for group in groups if not group.fails], _MOST_WARNINGS, 0, alone)
    found += _waived(report) + _policies(report)
    return found + _verdict(whole)


def _refused(report):
    """Hosts that were not judged, for their declaration makes no sense; those with the same reason share it."""
    groups = {}
    for host in report.judged:
        if host.verdict == 'refused':
            groups.setdefault(host.judgement['refused'], []).append(host.name)
    if not groups:
        return []
    found = [('Not judged:', HEAD)]
    for reason, names in groups.items():
        first, *others = reason.split('\n')
        found.append(('  %s: %s' % (counted(names), sentence(first, 2000)), BAD))
        found += [('    %s' % sentence(line, 2000), BAD) for line in others]
    return found


def _block(title, groups, most, cut, alone):
    """Some findings, the most severe first, each with what to do about it."""
    if not groups:
        return []
    found = [(title, HEAD)]
    for group in groups[:most]:
        who = '%s: ' % counted(group.hosts) if group.hosts and not alone else ''
        text = group.text + (' (and alike)' if group.others else '')
        found.append((_INDENT % group.severity + who + text, BAD if group.fails else WIDE))
        if group.remedy and group.fails:
            found.append((_INDENT % '' + 'To do: ' + group.remedy, PLAIN))
    more = len(groups) - most
    if more > 0 or cut:
        found.append(('  … and %s' % number(max(more, 0) + cut, 'more finding'), BAD if groups[0].fails else PLAIN))
    return found


def _waived(report):
    """The waivers in force."""
    total = sum(host.judgement['waived'] for host in report.judged)
    if not total:
        return []
    groups = {}
    for host in report.judged:
        for one in host.judgement.get('waivers', ()):
            key = (one['variable'], one['label'], one['expires'], one['reason'], one['owner'])
            groups.setdefault(key, []).append((host.name, one['findings']))
    found = [('Waived: %s' % number(total, 'finding'), HEAD)]
    for (variable, label, expires, reason, owner), hosts in list(groups.items())[:_MOST_WAIVERS]:
        about = ['until %s' % visible(expires, 20) if expires else 'for ever']
        about += ['by %s' % visible(owner, 100)] if owner else []
        found.append(('  %s on %s, waived by %s of %s (%s)%s' % (
            number(sum(count for dummy, count in hosts), 'finding'), counted([name for name, dummy in hosts]), visible(label, 200),
            visible(variable, 200) if variable else 'the task', ', '.join(about), ': %s' % sentence(reason, 300) if reason else ''), PLAIN))
    if len(groups) > _MOST_WAIVERS:
        found.append(('  … and %s' % number(len(groups) - _MOST_WAIVERS, 'more waiver'), PLAIN))
    return found


def _policies(report):
    """What was judged by, in a line for each as long as these are few."""
    groups = {}
    for host in report.judged:
        if host.verdict != 'refused':
            groups.setdefault(host.judgement['policy']['summary'], []).append(host.name)
    if len(groups) > _MOST_POLICIES:
        return [('policy: %d different ones on %s' % (len(groups), number(sum(map(len, groups.values())), 'host')), PLAIN)]
    return [(visible(summary, 300) + (' on %s' % counted(names) if len(groups) > 1 else ''), PLAIN) for summary, names in groups.items()]


def _verdict(report):
    """The last line: how many hosts are as declared, and what is with each of the others."""
    if len(report.hosts) == 1:
        return [_of_one(report.hosts[0])]
    counts, states, total = report.verdicts, report.counts, len(report.hosts)
    warned = sum(host.verdict == 'as_declared' and bool(host.judgement['findings']) for host in report.hosts)
    if counts['as_declared'] == total:
        return [('All %d hosts are as declared%s.' % (total, ', %d of them with warnings' % warned if warned else ''), GOOD)]
    listed = [host for host in report.hosts if host.verdict == 'listed']
    undeclared = sum(not host.record['declared'] for host in listed)
    seen = sum(host.verdict == 'unknown' and bool(host.facts) for host in report.hosts)
    failed = states['failed'] - sum(host.verdict == 'refused' and host.state == 'failed' for host in report.hosts)
    parts = (
        (counts['as_declared'], 'as declared%s' % (' (%d with warnings)' % warned if warned else '')),
        (counts['violates'], 'violates' if counts['violates'] == 1 else 'violate'),
        (seen, 'not known'),
        (counts['refused'], 'with a refused declaration'),
        (states['unreachable'], 'unreachable'),
        (failed, 'failed'),
        (states['missing'], 'not recorded'),
        (undeclared, 'only listed (nothing is declared)'),
        (len(listed) - undeclared, 'only listed (not judged)'),
        (counts['pending'], 'still to come'),
    )
    text = '%s: %s.' % (number(total, 'host'), ', '.join('%d %s' % part for part in parts if part[0]))
    good = counts['as_declared'] + counts['listed'] + counts['pending'] == total
    return [(text, PLAIN if good else BAD)]


def _of_one(host):
    name = visible(host.name)
    if host.verdict == 'as_declared':
        count = len(host.judgement['findings'])
        return '%s is as declared%s.' % (name, ', with %s' % number(count, 'warning') if count else ''), GOOD
    words = {'violates': '%s is not as declared.', 'refused': 'The declaration of %s is refused.',
             'unknown': 'It is not known whether %s is as declared.'}
    return words[host.verdict] % name, BAD
