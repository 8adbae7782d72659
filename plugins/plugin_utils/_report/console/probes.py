# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what was probed, as people read it: targets against vantage hosts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..._harmless.terminal import cut, name, sentence, visible, width
from ..._listener import Listener, forwarded_to
from ..._probes.compare import KINDS, UNSURE, Cell, Finding, Kind, Table, Vantage
from ..._probes.plan import Plan, Target
from ..._words import number
from .lines import BAD, GOOD, HEAD, PLAIN, WIDE, Line, below, counted, some

_MOST_COLUMNS = 6               # vantage hosts that have a column each
_MOST_LINES, _MOST_FINDINGS = 5000, 100
_MOST_ENDPOINTS = 3             # in a line
_GAP = '  '
_SHORTEST = {'TARGET': 10, 'PROCESS': 8}
_WORDS: dict[Kind, str] = {
    'contradiction': 'contradiction',
    'closed': 'refused although allowed',
    'filtered': 'filtered on the way',
}


def lines(plan: Plan, targets: Sequence[Target], vantages: Sequence[Vantage], table: Table,
          findings: Sequence[Finding], blind: Sequence[str], at: str, columns: int | None = None) -> list[Line]:
    """Return the whole text.

    :param table, findings, blind: from ``compare``. :param at: the time.
    :param columns: the width to fit into; addresses and verdicts are never cut.
    """
    shown = [(_heading(plan, vantages, at), HEAD), *_table(plan, vantages, table, columns)]
    missing = [('  ' + text, BAD) for text in troubles(targets, vantages, blind)]
    shown += below([
        *_local(table), *_left_out(plan), *_unsure(vantages, table), *_unjudged(targets),
        *([('Missing:', HEAD), *missing] if missing else []),
    ])
    if findings:
        shown += below([('Findings:', HEAD)])
        for finding in findings[:_MOST_FINDINGS]:
            kind = BAD if finding['fails'] else WIDE
            shown.append(('  %-8s  %s' % (finding['severity'], finding['message']), kind))
            shown.append(('  %-8s  To do: %s' % ('', finding['remedy']), PLAIN))
        if len(findings) > _MOST_FINDINGS:
            more = findings[_MOST_FINDINGS:]
            shown.append(('  … and %s' % number(len(more), 'more finding'), BAD if more[0]['fails'] else PLAIN))
    return shown + below([_last(plan, targets, vantages, table, findings)])


def _heading(plan: Plan, vantages: Sequence[Vantage], at: str) -> str:
    listeners = number(len({id(item.listener) for item in plan.items}), 'listener')
    hosts = number(len({item.host for item in plan.items}), 'host')
    answered = number(sum(vantage.probes is not None for vantage in vantages), 'host')
    time = at.replace('T', ' ').replace('Z', ' UTC')
    return '%s of %s probed from %s, %s' % (listeners, hosts, answered, time)


def _table(plan: Plan, vantages: Sequence[Vantage], table: Table, columns: int | None) -> list[Line]:
    if not plan.items:
        return []
    each = len(vantages) <= _MOST_COLUMNS
    titles = ['TARGET', 'PROTO', 'ADDRESS:PORT', 'PROCESS', 'LEVEL',
              *([visible(vantage.host, 60) for vantage in vantages] if each else ['VERDICTS'])]
    rows, kinds = [], []
    for item, cells in zip(plan.items, table):
        endpoint = plan.endpoints[item.index]
        host = endpoint.get('address') or endpoint['host']
        exposure = item.listener.get('exposure')
        verdicts = [_shown(cell) for cell in cells]
        rows.append([
            visible(item.host, 100), item.listener['protocol'],
            '%s:%d' % ('[%s]' % host if ':' in host else visible(host, 100), endpoint['port']),
            _process(item.listener), exposure['level'] if exposure else '-',
            *(verdicts if each else [_summed_up(vantages, verdicts)])])
        kinds.append(WIDE if any('open' in cell.verdicts and not cell.local for cell in cells) else PLAIN)
    widths = [max(width(row[column]) for row in [titles, *rows]) for column in range(len(titles))]
    if columns:
        spare = sum(widths) + len(_GAP) * (len(widths) - 1) - columns
        for title in ('PROCESS', 'TARGET'):
            column = titles.index(title)
            less = min(max(spare, 0), max(widths[column] - _SHORTEST[title], 0))
            widths[column] -= less
            spare -= less
    shown = [(_line(row, widths), kind) for row, kind in zip([titles, *rows[:_MOST_LINES]], [HEAD, *kinds])]
    if len(rows) > _MOST_LINES:
        shown.append(('… and %s' % number(len(rows) - _MOST_LINES, 'more line'), PLAIN))
    return shown


def _process(listener: Listener) -> str:
    """Show who answers, in a few words."""
    target = forwarded_to(listener)
    if target:
        return 'to %s' % name(target)
    if listener['held_by'] == 'kernel':
        return '[kernel]'
    names = list(dict.fromkeys(name(owner['process']) for owner in listener['owners'] if owner['process']))
    return ', '.join(names[:2]) + (' +%d more' % (len(names) - 2) if len(names) > 2 else '') or '?'


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cut(text, columns) for text, columns in zip(row, widths)]
    return _GAP.join(text + ' ' * (columns - width(text)) for text, columns in zip(cells, widths)).rstrip()


def _shown(cell: Cell) -> str:
    if not cell.verdicts:
        return '(itself)' if cell.local else '-'
    return ', '.join(cell.verdicts) + (' (itself)' if cell.local else '')


def _summed_up(vantages: Sequence[Vantage], verdicts: Sequence[str]) -> str:
    groups: dict[str, list[str]] = {}
    for vantage, verdict in zip(vantages, verdicts):
        groups.setdefault(verdict, []).append(vantage.host)
    return '; '.join(
        '%s: %s' % (verdict, 'all %d' % len(names) if len(names) == len(vantages) else some(names, 3))
        for verdict, names in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))


def _local(table: Table) -> list[Line]:
    """Explain probes that no network has seen."""
    if not any(cell.local and cell.verdicts for row in table for cell in row):
        return []
    return [('(itself): the address belongs to the probing host, whose firewall may allow it while blocking others.',
             PLAIN)]


def _left_out(plan: Plan) -> list[Line]:
    groups: dict[str, list[tuple[str, int]]] = {}
    for host, reasons in plan.left_out.items():
        for reason, count in reasons.items():
            groups.setdefault(reason, []).append((host, count))
    if not groups:
        return []
    shown = [('Not probed:', HEAD)]
    for reason, hosts in sorted(groups.items()):
        listeners = number(sum(count for host, count in hosts), 'listener')
        shown.append(('  %s on %s: %s' % (listeners, counted([host for host, count in hosts]), reason), PLAIN))
    return shown


def _unsure(vantages: Sequence[Vantage], table: Table) -> list[Line]:
    """List why nothing is known of some endpoints, a line for each reason."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in table:
        for vantage, cell in zip(vantages, row):
            for probe in cell.probes:
                if probe['verdict'] in UNSURE:
                    reason = visible(probe['reason'], 300)
                    groups.setdefault(reason, []).append((vantage.host, visible(probe['endpoint'], 300)))
    if not groups:
        return []
    shown = [('Unknown:', HEAD)]
    for reason, probes in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        hosts, endpoints = (list(dict.fromkeys(column)) for column in zip(*probes))
        more = len(endpoints) - _MOST_ENDPOINTS
        text = ', '.join(endpoints[:_MOST_ENDPOINTS]) + (' and %d more' % more if more > 0 else '')
        shown.append(('  %s from %s: %s' % (text, counted(hosts), reason), BAD))
    return shown


def _unjudged(targets: Sequence[Target]) -> list[Line]:
    """List why probes of some targets are not compared with their firewalls, a line for each reason."""
    groups: dict[str, list[str]] = {}
    for target in targets:
        if target.facts and not target.facts['complete'].get('firewall'):
            gaps = [gap for gap in target.facts['gaps'] if gap['aspect'] == 'firewall']
            reason = '; '.join(
                sentence(gap['message'], 300) + ('; run with %s' % sentence(gap['hint'], 100) if gap['hint'] else '')
                for gap in gaps[:3])
            groups.setdefault(reason or 'it was not gathered', []).append(target.host)
    if not groups:
        return []
    return [('Firewall unknown:', HEAD),
            *(('  %s: %s' % (counted(hosts), reason), BAD) for reason, hosts in sorted(groups.items()))]


def troubles(targets: Sequence[Target], vantages: Sequence[Vantage], blind: Sequence[str]) -> list[str]:
    """List what is missing."""
    return [
        *('target %s: %s' % (visible(target.host, 300), target.reason) for target in targets if not target.facts),
        *('vantage host %s: %s' % (visible(vantage.host, 300), vantage.reason)
          for vantage in vantages if vantage.probes is None),
        *('vantage host %s: it could not determine anything' % visible(host, 300) for host in blind),
    ]


def _last(plan: Plan, targets: Sequence[Target], vantages: Sequence[Vantage], table: Table,
          findings: Sequence[Finding]) -> Line:
    seen = Counter(', '.join(cell.verdicts) for row in table for cell in row if cell.verdicts)
    ordered = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
    parts = ['%d %s' % (count, verdict) for verdict, count in ordered]
    kinds = Counter(finding['kind'] for finding in findings)
    wrong = [number(kinds[kind], _WORDS[kind]) if kind == 'contradiction' else '%d %s' % (kinds[kind], _WORDS[kind])
             for kind in KINDS if kinds[kind]]
    exposures = [item.listener.get('exposure') for item in plan.items]
    judged = any(exposure and exposure['verdict'] != 'unknown' for exposure in exposures)
    last = ', '.join(wrong) if wrong else (
        'no contradiction' if judged else 'no firewall is known to compare it with')
    endpoints = number(len({(item.host, item.index) for item in plan.items}), 'endpoint')
    text = '%s: %s; %s.' % (endpoints, ', '.join(parts) or 'none probed', last)
    bad = (any(finding['fails'] for finding in findings) or not all(target.facts for target in targets)
           or any(vantage.probes is None for vantage in vantages) or not seen)
    return text, BAD if bad else GOOD if judged and not wrong else PLAIN
