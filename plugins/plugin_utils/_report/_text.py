# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as people read it: table, what is missing from it, how much was looked at. Private to this collection."""

from ansible_collections.listening.ports.plugins.plugin_utils import _records
from ansible_collections.listening.ports.plugins.plugin_utils._report import _table
from ansible_collections.listening.ports.plugins.plugin_utils._visible import sentence, visible

HEAD, WIDE, BAD, GOOD, PLAIN = 'head', 'wide', 'bad', 'good', 'plain'

_HINTS = {
    'become': 'run with become (-b)',
    'CAP_SYS_PTRACE': 'root lacks CAP_SYS_PTRACE there',
}
_HIDDEN = 'owners_hidden'
_EXAMPLE = """\
Nothing is declared for these hosts, so nothing was judged. What is expected on a host is declared like this:
  # group_vars/all/listeners.yml
  expected_listeners:
    - {name: ssh, port: 22, process: sshd}
    - {name: web, ports: [80, 443], user: www-data}"""
_COLORS = {HEAD: '1', WIDE: '33', BAD: '31', GOOD: '32'}      # SGR, ECMA-48


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
    for number, (line, wide) in enumerate(table):
        found.append((line, HEAD if not number else WIDE if wide else PLAIN))
    found += _silent(report, bool(table))
    found.append(('', PLAIN))
    for block in (_gaps(report), _troubles(report)):
        found += block
    found += _coverage(so_far or report)
    found += [('Written: %s' % visible(path), PLAIN) for path in written]
    if report.declared:
        found += [('', PLAIN), ('What is declared for these hosts was not judged: this version reports only.', PLAIN)]
    elif example and report.seen:
        found += [('', PLAIN)] + [(line, PLAIN) for line in _EXAMPLE.split('\n')]
    return found


def paint(line, kind):
    """The line in its colour."""
    return '\x1b[%sm%s\x1b[0m' % (_COLORS[kind], line) if kind in _COLORS and line else line


def _heading(report):
    count = sum(len(host.facts['listeners']) for host in report.seen)
    total = len(report.hosts)
    who = visible(report.hosts[0].name) if total == 1 else _number(total, 'host')
    if not report.seen:
        return 'Listeners on %s, %s' % (who, _time(report.generated_at))
    if len(report.seen) < total:
        who = '%d of %s' % (len(report.seen), who)
    times = sorted(host.record['recorded_at'] for host in report.seen)
    when = _time(times[-1])
    if report.run_id == _records.ANY_RUN and times[0] != times[-1]:
        when = 'recorded between %s and %s' % (_time(times[0]), when)
    return '%s on %s, %s' % (_number(count, 'listener'), who, when)


def _time(text):
    return text.replace('T', ' ').replace('Z', ' UTC')


def _number(count, noun):
    return '%d %s%s' % (count, noun, '' if count == 1 else 's')


def _some(names, most=5):
    """The names of hosts: all of a few, else how many and the first ones."""
    shown = ', '.join(visible(name) for name in names[:most])
    return shown if len(names) <= most else '%d hosts (%s, …)' % (len(names), shown)


def _silent(report, table):
    """Hosts without a listener: nothing listens, or nothing was seen."""
    found = []
    quiet = [host for host in report.seen if not host.facts['listeners']]
    nothing = [host.name for host in quiet if host.facts['complete']['sockets']]
    unsure = [host.name for host in quiet if not host.facts['complete']['sockets']]
    if nothing:
        found.append(('Nothing listens on %s.' % _some(nothing), PLAIN))
    if unsure:
        found.append(('No listener was seen on %s, but not all sockets could be looked at.' % _some(unsure), BAD))
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
        if code == _HIDDEN and None not in counts:
            what = '%s without a visible holder' % _number(sum(counts), 'listener') if sum(counts) else (
                'processes that may not be looked into')
        elif len({gap['message'] for dummy, gap in gaps}) > 1:
            what += ' (and alike)'
        advice = '; %s' % (_HINTS.get(hint) or visible(hint, 100)) if hint else ''
        found.append(('  %s on %s: %s%s' % (aspect, _some(names), what, advice), BAD if aspect == 'sockets' else PLAIN))
    return found


def _troubles(report):
    """Every host that was not looked at; those with the same reason share a line."""
    groups = {}
    for host in report.hosts:
        if host.state in ('unreachable', 'failed', 'missing'):
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
    text = '%s: %s.' % (_number(total, 'host'), ', '.join(parts) or 'none was to be looked at')
    return [(text, BAD if bad else PLAIN)]
