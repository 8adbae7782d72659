# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was probed, as people read it."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import width
from ansible_collections.listening.ports.plugins.plugin_utils._probes import compare, plan
from ansible_collections.listening.ports.plugins.plugin_utils._probes.compare import Vantage
from ansible_collections.listening.ports.plugins.plugin_utils._probes.plan import Target
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import probes
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._probes.probing import (
    ALLOWED,
    BLOCKED,
    HOSTILE,
    exposure,
    probe,
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, gap, listener


def shown(targets, vantages, columns=None):
    made = plan.plan(targets)
    table = compare.cells(made, vantages)
    findings = compare.findings(made, vantages, table, ['contradiction'])
    return probes.lines(
        made, targets, vantages, table, findings, compare.blind(vantages, table), '2026-11-21T10:00:00Z', columns
    )


def test_the_table():
    targets = [
        Target(
            'db',
            facts(listener(exposure=BLOCKED), listener('127.0.0.1', 81), listener(port=82, exposure=ALLOWED)),
            addresses=['10.0.0.5'],
        ),
        Target('gone', reason='unreachable: no route'),
    ]
    vantages = [
        Vantage('web-1', [probe(), probe(1, 'filtered', 'tcp/10.0.0.5:82', reason='no answer')]),
        Vantage('web-2', [probe(own='10.0.0.5'), probe(1, 'unknown', 'tcp/10.0.0.5:82', reason='no time left')]),
        Vantage('down', reason='unreachable: dead'),
    ]
    assert [line for line, dummy in shown(targets, vantages)] == [
        '2 listeners of 1 host probed from 2 hosts, 2026-11-21 10:00:00 UTC',
        'TARGET  PROTO  ADDRESS:PORT  PROCESS  LEVEL    web-1     web-2          down',
        'db      tcp    10.0.0.5:80   nginx    private  open      open (itself)  -',
        'db      tcp    10.0.0.5:82   nginx    private  filtered  unknown        -',
        '',
        '(itself): the address belongs to the probing host, whose firewall may allow it while blocking others.',
        'Not probed:',
        '  1 listener on db: bound to loopback',
        'Unknown:',
        '  tcp/10.0.0.5:82 from web-2: no time left',
        'Firewall unknown:',
        '  db: it was not gathered',
        'Missing:',
        '  target gone: unreachable: no route',
        '  vantage host down: unreachable: dead',
        '',
        'Findings:',
        "  high      db tcp 0.0.0.0:80 nginx pid 100: the host's firewall claims to block 10.0.0.7 (policy "
        'drop of chain inet filter input), but web-1 can reach it '
        'at 10.0.0.5:80 (connected): something else forwards, or an address is translated on the '
        'way',
        '            To do: find out what answers there: a load balancer, a proxy, or a rule that the host does not '
        'know',
        "  low       db tcp 0.0.0.0:82 nginx pid 100: the host's firewall allows 10.0.0.7 (policy "
        'drop of chain inet filter input), but web-1 gets no further at '
        '10.0.0.5:82 (no answer): it is filtered on the way',
        '            To do: check the firewalls and networks between the two, if it should be reachable',
        '',
        '2 endpoints: 2 open, 1 filtered, 1 unknown; 1 contradiction, 1 filtered on the way.',
    ]


@pytest.mark.parametrize('exposed, verdict, last', [
    (BLOCKED, 'filtered', ('1 endpoint: 1 filtered; no contradiction.', 'good')),
    (None, 'open', ('1 endpoint: 1 open; no firewall is known to compare it with.', 'plain')),
    (ALLOWED, 'closed', ('1 endpoint: 1 closed; 1 refused although allowed.', 'plain')),
    (BLOCKED, 'open', ('1 endpoint: 1 open; 1 contradiction.', 'bad')),
])
def test_the_last_line(exposed, verdict, last):
    assert (
        shown(
            [Target('db', facts(listener(exposure=exposed)), addresses=['10.0.0.5'])],
            [Vantage('web', [probe(verdict=verdict)])],
        )[-1]
        == last
    )


def test_nothing_was_probed():
    lines = shown([Target('db', facts(), addresses=['10.0.0.5'])], [Vantage('web', [])])
    assert lines[-1] == ('0 endpoints: none probed; no firewall is known to compare it with.', 'bad')


def test_many_vantage_hosts_share_a_column():
    vantages = [Vantage('web-%d' % number, [probe(verdict='open' if number else 'filtered')]) for number in range(9)]
    lines = shown([Target('db', facts(listener()), addresses=['10.0.0.5'])], vantages)
    assert lines[1][0].endswith('  VERDICTS')
    assert lines[2][0].endswith('open: 8 hosts (web-1, web-2, web-3, …); filtered: web-0')
    vantages[0].probes[0]['verdict'] = 'open'
    assert shown([Target('db', facts(listener()), addresses=['10.0.0.5'])], vantages)[2][0].endswith('open: all 9')


def test_names_of_hosts_do_nothing():
    owners = listener()['owners']
    owners[0]['process'] = HOSTILE
    record = listener(owners=owners, exposure=exposure(verdict='blocked', decided_by=HOSTILE))
    lines = shown([Target('db', facts(record), addresses=['10.0.0.5'])], [Vantage('web', [probe(reason=HOSTILE)])])
    text = ''.join(line for line, dummy in lines)
    assert '\x1b' not in text and '\u202e' not in text and '\\x1b[2J' in text


def test_a_narrow_terminal():
    owners = listener()['owners']
    owners[0]['process'] = 'a-process-with-a-very-long-name-indeed'
    targets = [
        Target('a-database-with-a-long-name.example.org', facts(listener(owners=owners)), addresses=['10.0.0.5'])
    ]
    lines = shown(targets, [Vantage('web', [probe(verdict='open|filtered')])], 80)
    assert (
        max(width(line) for line, dummy in lines[1:3]) <= 80
        and '10.0.0.5:80' in lines[2][0]
        and 'open|filtered' in lines[2][0]
        and '…' in lines[2][0]
    )


def test_why_a_firewall_is_not_known():
    hidden = (
        gap('firewall', 'unreadable', None, 'nft: not root', 'become'),
        gap('firewall', 'unclear', None, HOSTILE, None),
    )
    known = facts(listener(exposure=BLOCKED))
    known['complete']['firewall'] = True
    targets = [
        Target(
            name,
            dict(facts(listener(), gaps=gaps), complete=dict(facts()['complete'], firewall=False)),
            addresses=['10.0.0.5'],
        )
        for name, gaps in (('db', hidden[:1]), ('web', hidden[:1]), ('odd', hidden))
    ] + [Target('fine', known, addresses=['10.0.0.5'])]
    lines = [line for line, dummy in shown(targets, [Vantage('web-1', [probe()])])]
    start = lines.index('Firewall unknown:')
    assert lines[start + 1] == '  2 hosts (db, web): nft: not root; run with become'
    assert lines[start + 2].startswith('  odd: nft: not root; run with become; ') and lines[start + 2].isprintable()
    assert not [line for line in lines[start:] if line.startswith('  fine')]


def test_very_many_endpoints_and_findings_are_cut_short_and_counted(monkeypatch):
    monkeypatch.setattr(probes, '_MOST_LINES', 2)
    monkeypatch.setattr(probes, '_MOST_FINDINGS', 1)
    three = facts(*(listener(port=port, exposure=BLOCKED) for port in (80, 82, 83)))
    target = Target('db', three, addresses=['10.0.0.5'])
    found = [probe(index, 'open', 'tcp/10.0.0.5:%d' % port, port=port) for index, port in enumerate((80, 82, 83))]
    lines = [line for line, dummy in shown([target], [Vantage('web-1', found)])]
    assert '… and 1 more line' in lines and '  … and 2 more findings' in lines
    assert sum('To do: ' in line for line in lines) == 1
