# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was probed, as people read it: targets against vantage hosts. Private to this collection, may change."""

from collections import Counter

from ..._harmless.terminal import cut, name, sentence, visible, width
from ..._probes.compare import KINDS
from ..._words import number
from .lines import BAD, GOOD, HEAD, PLAIN, WIDE, counted, some

_MOST_COLUMNS = 6               # vantage hosts that have a column each
_GAP = '  '
_SHORTEST = {'TARGET': 10, 'PROCESS': 8}
_WORDS = {'contradiction': 'contradiction', 'closed': 'refused although let in', 'filtered': 'filtered on the way'}


def lines(plan, targets, vantages, table, findings, blind, at, columns=None):
    """The whole text.

    :param plan, targets, vantages, table, findings, blind: of ``_probing``. :param at: str, the time.
    :param columns: int or None, the width to fit into; addresses and verdicts are never cut.
    :returns: list of tuple (line, kind).
    """
    answered = [vantage for vantage in vantages if vantage.probes is not None]
    asked = len({id(item.listener) for item in plan.items})
    found = [('%s of %s probed from %s, %s' % (number(asked, 'listener'), number(len({item.host for item in plan.items}), 'host'),
                                               number(len(answered), 'host'), at.replace('T', ' ').replace('Z', ' UTC')), HEAD)]
    found += _table(plan, vantages, table, columns)
    missing = troubles(targets, vantages, blind)
    notes = _local(table) + _left_out(plan) + _unsure(plan, vantages, table) + _unjudged(targets)
    notes += [('Missing:', HEAD)] * bool(missing) + [('  ' + text, BAD) for text in missing]
    found += [('', PLAIN)] * bool(notes) + notes
    if findings:
        found += [('', PLAIN), ('Findings:', HEAD)]
        for one in findings:
            found.append(('  %-8s  %s' % (one['severity'], one['message']), BAD if one['fails'] else WIDE))
            found.append(('  %-8s  To do: %s' % ('', one['remedy']), PLAIN))
    return found + [('', PLAIN), _last(plan, targets, vantages, table, findings)]


def _table(plan, vantages, table, columns):
    if not plan.items:
        return []
    each = len(vantages) <= _MOST_COLUMNS
    titles = ['TARGET', 'PROTO', 'ADDRESS:PORT', 'PROCESS', 'LEVEL'] + ([visible(one.host, 60) for one in vantages] if each else ['VERDICTS'])
    rows, kinds = [], []
    for item, row in zip(plan.items, table):
        one = plan.endpoints[item.index]
        host = one.get('address') or one['host']
        verdicts = [_shown(cell) for cell in row]
        rows.append([visible(item.host, 100), item.listener['protocol'], '%s:%d' % ('[%s]' % host if ':' in host else visible(host, 100), one['port']),
                     _process(item.listener), (item.listener.get('exposure') or {}).get('level') or '-',
                     *(verdicts if each else [_summed_up(vantages, verdicts)])])
        kinds.append(WIDE if any('open' in cell.verdicts and not cell.local for cell in row) else PLAIN)
    widths = [max(width(row[column]) for row in [titles, *rows]) for column in range(len(titles))]
    spare = sum(widths) + len(_GAP) * (len(widths) - 1) - (columns or 10 ** 9)
    for title in ('PROCESS', 'TARGET'):
        column = titles.index(title)
        less = min(max(spare, 0), max(widths[column] - _SHORTEST[title], 0))
        widths[column] -= less
        spare -= less
    return [(_line(row, widths), kind) for row, kind in zip([titles, *rows], [HEAD, *kinds])]


def _process(listener):
    """Who answers, in a few words."""
    if listener.get('to'):
        return 'to %s' % name(listener['to'])
    if listener['held_by'] == 'kernel':
        return '[kernel]'
    names = list(dict.fromkeys(name(owner['process']) for owner in listener['owners'] if owner['process']))
    return ', '.join(names[:2]) + (' +%d more' % (len(names) - 2) if len(names) > 2 else '') or '?'


def _line(row, widths):
    cells = [cut(text, columns) for text, columns in zip(row, widths)]
    return _GAP.join(text + ' ' * (columns - width(text)) for text, columns in zip(cells, widths)).rstrip()


def _shown(cell):
    if not cell.verdicts:
        return '(itself)' if cell.local else '-'
    return ', '.join(cell.verdicts) + (' (itself)' if cell.local else '')


def _summed_up(vantages, verdicts):
    groups = {}
    for vantage, verdict in zip(vantages, verdicts):
        groups.setdefault(verdict, []).append(vantage.host)
    parts = sorted(groups.items(), key=lambda one: (-len(one[1]), one[0]))
    return '; '.join('%s: %s' % (verdict, 'all %d' % len(names) if len(names) == len(vantages) else some(names, 3)) for verdict, names in parts)


def _local(table):
    """A word on probes that no network has seen."""
    there = any(cell.local and cell.verdicts for row in table for cell in row)
    return [('(itself): the address is one of the host that probes; its firewall may let it in where it keeps others out.', PLAIN)] * there


def _left_out(plan):
    groups = {}
    for host, why in plan.left_out.items():
        for reason, count in why.items():
            groups.setdefault(reason, []).append((host, count))
    if not groups:
        return []
    return [('Not probed:', HEAD)] + [
        ('  %s on %s: %s' % (number(sum(count for dummy, count in hosts), 'listener'), counted([host for host, dummy in hosts]), reason), PLAIN)
        for reason, hosts in sorted(groups.items())]


def _unsure(plan, vantages, table):
    """Why nothing is known of some endpoints, a line for each reason."""
    groups = {}
    for row in table:
        for vantage, cell in zip(vantages, row):
            for probe in cell.probes:
                if probe['verdict'] in ('unknown', 'unresolvable'):
                    groups.setdefault(visible(probe['reason'], 300), []).append((vantage.host, probe['endpoint']))
    if not groups:
        return []
    found = [('Not known:', HEAD)]
    for reason, where in sorted(groups.items(), key=lambda one: (-len(one[1]), one[0])):
        names = list(dict.fromkeys(host for host, dummy in where))
        endpoints = list(dict.fromkeys(visible(endpoint, 300) for dummy, endpoint in where))
        more = len(endpoints) - 3
        found.append(('  %s from %s: %s' % (', '.join(endpoints[:3]) + (' and %d more' % more if more > 0 else ''), counted(names), reason), BAD))
    return found


def _unjudged(targets):
    """Why probes of some targets are not held against their firewalls, a line for each reason."""
    groups = {}
    for target in targets:
        if target.facts and not target.facts['complete'].get('firewall'):
            gaps = [gap for gap in target.facts['gaps'] if gap['aspect'] == 'firewall']
            reason = '; '.join(sentence(gap['message'], 300) + ('; run with %s' % sentence(gap['hint'], 100) if gap['hint'] else '') for gap in gaps[:3])
            groups.setdefault(reason or 'it was not gathered', []).append(target.host)
    return [('Firewall not known:', HEAD)] * bool(groups) + [('  %s: %s' % (counted(hosts), reason), BAD) for reason, hosts in sorted(groups.items())]


def troubles(targets, vantages, blind):
    """What is missing: list of str."""
    found = ['target %s: %s' % (visible(one.host, 300), one.reason) for one in targets if not one.facts]
    found += ['vantage host %s: %s' % (visible(one.host, 300), one.reason) for one in vantages if one.probes is None]
    return found + ['vantage host %s: nothing could be found out from there' % visible(host, 300) for host in blind]


def _last(plan, targets, vantages, table, findings):
    seen = Counter(', '.join(cell.verdicts) for row in table for cell in row if cell.verdicts)
    parts = ['%d %s' % (count, verdict) for verdict, count in sorted(seen.items(), key=lambda one: (-one[1], one[0]))]
    kinds = Counter(one['kind'] for one in findings)
    wrong = [number(kinds[kind], _WORDS[kind]) if kind == 'contradiction' else '%d %s' % (kinds[kind], _WORDS[kind]) for kind in KINDS if kinds[kind]]
    judged = any((item.listener.get('exposure') or {}).get('verdict', 'unknown') != 'unknown' for item in plan.items)
    last = ', '.join(wrong) if wrong else 'no contradiction' if judged else 'nothing is known of the firewalls to hold it against'
    text = '%s: %s; %s.' % (number(len({(item.host, item.index) for item in plan.items}), 'endpoint'), ', '.join(parts) or 'none probed', last)
    bad = any(one['fails'] for one in findings) or not all(one.facts for one in targets) or any(one.probes is None for one in vantages) or not seen
    return text, BAD if bad else GOOD if judged and not wrong else PLAIN
