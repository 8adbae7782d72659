# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as people read it. Private to this collection.

What matters most comes last, where a terminal shows it: the table, what is missing from it, what is not as declared, how many hosts are.
"""

from ....module_utils._gaps import BECOME, HIDDEN, PTRACE
from ..._facts import records
from ..._harmless.terminal import sentence, visible
from ..._words import number
from . import judged, openings, table as _table
from .lines import BAD, GOOD, HEAD, PLAIN, WIDE, some

_HINTS = {BECOME: 'run with become (-b)', PTRACE: 'root lacks CAP_SYS_PTRACE there'}
_EXAMPLE = """\
Nothing is declared for these hosts, so nothing was judged. What is expected on a host is declared like this:
  # group_vars/all/listeners.yml
  expected_listeners:
    - {name: ssh, port: 22, process: sshd}
    - {name: web, ports: [80, 443], user: www-data}"""


def lines(report, columns=None, example=False, so_far=None, written=()):
    """The whole text.

    :param report: Report, what to show.
    :param columns: int, the width of the terminal; None where there is none.
    :param example: bool, end with an example of a declaration where no host has any.
    :param so_far: Report of all hosts of the play, where the other one is a batch of them.
    :param written: list of str, the files that were written.
    :returns: list of tuple (line, kind), kind being one of HEAD, WIDE, BAD, GOOD and PLAIN.
    """
    found = [(_heading(report), HEAD)]
    table = _table.lines(report, columns)
    for place, (line, wide) in enumerate(table):
        found.append((line, HEAD if not place else WIDE if wide else PLAIN))
    found += _silent(report, bool(table))
    opened = openings.lines(report)
    found += [('', PLAIN)] * bool(opened) + opened
    found.append(('', PLAIN))
    blind = _gaps(report) + _troubles(report)
    found += blind
    whole = so_far or report
    if whole.judged:
        found += [('', PLAIN)] * bool(blind) + judged.lines(report, whole)
    else:
        found += _coverage(whole)
    found += [('Written: %s' % visible(path), PLAIN) for path in written]
    if any(host.verdict == 'listed' and host.record['declared'] for host in report.hosts):
        found += [('', PLAIN), ('What is declared was not judged for all: record_listeners records, assert_listeners judges.', PLAIN)]
    elif example and report.seen and not whole.declared:
        found += [('', PLAIN)] + [(line, PLAIN) for line in _EXAMPLE.split('\n')]
    return found


def _heading(report):
    count = sum(len(host.facts['listeners']) for host in report.seen)
    total = len(report.hosts)
    who = visible(report.hosts[0].name) if total == 1 else number(total, 'host')
    if not report.seen:
        return 'Listeners on %s, %s' % (who, _time(report.generated_at))
    if len(report.seen) < total:
        who = '%d of %s' % (len(report.seen), who)
    times = sorted(host.record['recorded_at'] for host in report.seen)
    when = _time(times[-1])
    if report.run_id == records.ANY_RUN and times[0] != times[-1]:
        when = 'recorded between %s and %s' % (_time(times[0]), when)
    return '%s on %s, %s' % (number(count, 'listener'), who, when)


def _time(text):
    return text.replace('T', ' ').replace('Z', ' UTC')


def _silent(report, table):
    """Hosts without a listener: nothing listens, or nothing was seen."""
    found = []
    quiet = [host for host in report.seen if not host.facts['listeners']]
    nothing = [host.name for host in quiet if host.facts['complete']['sockets']]
    unsure = [host.name for host in quiet if not host.facts['complete']['sockets']]
    if nothing:
        found.append(('Nothing listens on %s.' % some(nothing), PLAIN))
    if unsure:
        found.append(('No listener was seen on %s, but not all sockets could be looked at.' % some(unsure), BAD))
    if not report.seen:
        found.append(('No host could be looked at: this says nothing about what listens.', BAD))
    return [('', PLAIN)] + found if found and table else found


def _gaps(report):
    """What could not be observed, one line for all hosts where it is the same."""
    groups = {}
    for host in report.seen:
        for gap in host.facts['gaps']:
            groups.setdefault((gap['aspect'], gap['code'], gap['hint']), []).append((host.name, gap))
    if not groups:
        return []
    found = [('Not complete:', HEAD)]
    # sockets first: without them a listener may be missing, not just a name
    for (aspect, code, hint), gaps in sorted(groups.items(), key=lambda item: (item[0][0] != 'sockets', str(item[0]))):
        names = [host for host, dummy in gaps]
        counts = [gap['count'] for dummy, gap in gaps]
        what = sentence(gaps[0][1]['message'], 300)
        if code == HIDDEN and None not in counts:
            what = '%s without a visible holder' % number(sum(counts), 'listener') if sum(counts) else (
                'processes that may not be looked into')
        elif len({gap['message'] for dummy, gap in gaps}) > 1:
            what += ' (and alike)'
        advice = '; %s' % (_HINTS.get(hint) or visible(hint, 100)) if hint else ''
        found.append(('  %s on %s: %s%s' % (aspect, some(names), what, advice), BAD if aspect == 'sockets' else PLAIN))
    return found


def _troubles(report):
    """Every host that was not looked at; those with the same reason share a line."""
    groups = {}
    for host in report.hosts:
        if host.state in ('unreachable', 'failed', 'missing') and host.verdict != 'refused':
            groups.setdefault((host.state, host.reason), []).append(visible(host.name))
    if not groups:
        return []
    found = [('Not looked at:', HEAD)]
    for (state, reason), names in groups.items():
        why = reason if state == 'missing' else '%s: %s' % (state, reason)
        found.append(('  %s: %s' % (', '.join(names), why), BAD))
    return found


def _coverage(report):
    counts = report.counts
    total = len(report.hosts)
    if total == 1:
        host = report.hosts[0]
        ways = {'ok': ('was looked at completely', GOOD), 'partial': ('was looked at partly', PLAIN)}
        text, kind = ways.get(host.state, ('was not looked at', BAD))
        return [('%s %s.' % (visible(host.name), text), kind)]
    if total and counts['ok'] == total:
        return [('All %d hosts were looked at completely.' % total, GOOD)]
    partly = 'partly' if counts['ok'] else 'looked at partly'
    words = (('ok', 'looked at completely'), ('partial', partly), ('unreachable', 'unreachable'), ('failed', 'failed'),
             ('missing', 'not recorded'), ('pending', 'still to come'))
    parts = ['%d %s' % (counts[state], text) for state, text in words if counts[state]]
    bad = counts['unreachable'] or counts['failed'] or counts['missing'] or not total
    text = '%s: %s.' % (number(total, 'host'), ', '.join(parts) or 'none was to be looked at')
    return [(text, BAD if bad else PLAIN)]
