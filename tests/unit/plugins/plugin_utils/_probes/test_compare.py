# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the answers and the firewalls say of each other: tables of cases."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._probes import compare, plan, results
from ansible_collections.listening.ports.plugins.plugin_utils._probes.compare import Vantage
from ansible_collections.listening.ports.plugins.plugin_utils._probes.plan import Target
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._probes.probing import (
    ALLOWED,
    BLOCKED,
    HOSTILE,
    MAYBE,
    exposure,
    path,
    probe,
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener


@pytest.mark.parametrize('exposed, source, wanted', [
    (None, '10.0.0.7', None),
    (exposure(['0.0.0.0/0'], verdict='unknown'), '10.0.0.7', None),
    (exposure(['10.0.0.0/24']), '10.0.0.7', 'allowed'),
    (exposure(['10.0.0.0/24']), '10.0.1.7', 'blocked'),
    (exposure(['10.0.0.0/24'], undecided=['10.0.1.0/24']), '10.0.1.7', None),
    (exposure(['10.0.0.0/24'], undecided=['10.0.0.7/32']), '10.0.0.7', None),
    (exposure(verdict='blocked'), '10.0.0.7', 'blocked'),
    (exposure(['2001:db8::/32']), '10.0.0.7', 'blocked'),
    (exposure(['10.0.0.0/24']), '::ffff:10.0.0.7', 'allowed'),
    (exposure(['10.0.0.0/24']), 'web-1', None),
    (exposure(['10.0.0.0/24']), HOSTILE, None),
    (exposure(['::/0']), 'fe80::7%eth0', None),                 # it does not take IPv6
    (exposure(['10.0.0.0/24'], paths=[]), '10.0.0.7', 'allowed'),
    (exposure([HOSTILE], paths=[]), '10.0.0.7', 'blocked'),
    # through one interface and not the other: it can come by the first one
    (exposure(['10.0.0.0/24'], paths=[path('eth0', ['10.0.0.0/24']), path('eth1')]), '10.0.0.7', 'allowed'),
    (exposure(paths=[path('eth0'), path('eth1', undecided=['10.0.0.0/8'])]), '10.0.0.7', None),
    (exposure(paths=[path('eth0'), path('eth1', undecided=['10.0.0.0/8'], family='ipv6')]), '10.0.0.7', 'blocked'),
])
def test_stance(exposed, source, wanted):
    assert compare.stance(listener(exposure=exposed), source)[0] == wanted


def of_set(*addresses):
    return [{'set': 'set geo', 'family': 'ipv4', 'elements': 1, 'key': 'ipv4-1', 'addresses': text}
            for text in addresses]


@pytest.mark.parametrize('allowed, sets, wanted', [
    ([], {'allowed_sets': of_set('10.0.0.7')}, 'allowed'),
    ([], {'allowed_sets': of_set('10.0.0.8 10.0.1.0-10.0.1.9')}, 'blocked'),
    (['10.0.0.0/8'], {'except_sets': of_set('10.0.0.0-10.0.0.9')}, 'blocked'),
    (['10.0.0.0/8'], {'except_sets': of_set('10.0.0.8')}, 'allowed'),
    (['10.0.0.0/8'], {'except_sets': of_set('10.0.0.7'), 'allowed_sets': of_set('10.0.0.7')}, 'allowed'),
    (['10.0.0.0/8'], {'except_sets': of_set(None)}, None),
    (['10.0.0.0/8'], {'allowed_sets': of_set('a set')}, None),
])
def test_stance_on_long_sets(allowed, sets, wanted):
    for exposed in (dict(exposure(allowed, paths=[]), **sets),
                    dict(exposure(allowed, paths=[dict(path('eth0', allowed), **sets)]), **sets)):
        assert compare.stance(listener(exposure=exposed), '10.0.0.7')[0] == wanted


def test_where_only_a_long_set_is_let_in_no_rule_is_said_to_block():
    exposed = exposure(paths=[dict(path('eth0', decided_by='rule 1'), allowed_sets=of_set('10.0.0.8'))])
    assert compare.stance(listener(exposure=exposed), '10.0.0.7') == ('blocked', None)


@pytest.mark.parametrize('target, wanted', [
    ('10.0.0.1', ('allowed', 'rule 1')),
    ('10.9.0.1', ('blocked', 'rule 2')),
    ('192.0.2.1', (None, None)),            # translated on the way, to one of these
    (None, (None, None)),
])
def test_the_address_that_was_asked_for_decides(target, wanted):
    paths = [
        path('eth0', ['10.0.0.0/24'], addresses=['10.0.0.1'], decided_by='rule 1'),
        path('eth0', addresses=['10.9.0.1'], decided_by='rule 2'),
        path('eth1', ['::/0'], family='ipv6'),
    ]
    record = listener(exposure=exposure(['10.0.0.0/24', '::/0'], paths=paths))
    assert compare.stance(record, '10.0.0.7', target) == wanted


def test_the_rule_that_decides():
    paths = [path('eth0', ['10.0.0.0/24'], decided_by='rule 1'), path('eth1', decided_by='rule 2')]
    record = listener(exposure=exposure(['10.0.0.0/24'], paths=paths))
    assert compare.stance(record, '10.0.0.7') == ('allowed', 'rule 1')
    assert compare.stance(record, '10.0.1.7') == ('blocked', None), 'several, and none is the one'
    for record in paths:
        record['blocked_by'] = 'rule 3'
    record = listener(exposure=exposure(['10.0.0.0/24'], paths=paths))
    assert compare.stance(record, '10.0.1.7') == ('blocked', 'rule 3'), 'not the one that lets others in'
    assert compare.stance(listener(exposure=exposure()), '10.0.1.7') == (
        'blocked',
        'policy drop of chain inet filter input',
    )


# ---- findings

def judged(exposed, *probes, host='web-1', fail_on=('contradiction',), record=None):
    made = plan.plan([Target('db', facts(record or listener(exposure=exposed)), addresses=['10.0.0.5'])])
    vantages = [Vantage(host, list(probes))]
    table = compare.cells(made, vantages)
    return compare.findings(made, vantages, table, fail_on)


@pytest.mark.parametrize(
    'exposed, verdict, kind',
    [
        (BLOCKED, 'open', 'contradiction'),
        (BLOCKED, 'filtered', None),
        (BLOCKED, 'closed', None),
        (BLOCKED, 'open|filtered', None),
        (ALLOWED, 'open', None),
        (ALLOWED, 'filtered', 'filtered'),
        (ALLOWED, 'closed', 'closed'),
        (ALLOWED, 'open|filtered', None),
        *[(exposed, verdict, None) for exposed in (ALLOWED, BLOCKED) for verdict in ('unknown', 'unresolvable')],
        *[(exposed, verdict, None) for exposed in (MAYBE, None) for verdict in results.VERDICTS],
    ],
)
def test_findings(exposed, verdict, kind):
    assert [finding['kind'] for finding in judged(exposed, probe(verdict=verdict))] == [kind] * bool(kind)


def test_a_contradiction_in_words():
    finding, = judged(BLOCKED, probe())
    assert finding == {
        'kind': 'contradiction',
        'severity': 'high',
        'fails': True,
        'target': 'db',
        'listener': 'tcp/0.0.0.0:80',
        'endpoint': 'tcp/10.0.0.5:80',
        'verdict': 'open',
        'vantages': ['web-1'],
        'sources': ['10.0.0.7'],
        'message': "db tcp 0.0.0.0:80 nginx pid 100: the host's firewall claims to block 10.0.0.7 (policy "
        'drop of chain inet filter input), but web-1 can reach '
        'it at 10.0.0.5:80 (connected): something else forwards, or an address is translated on the '
        'way',
        'remedy': 'find out what answers there: a load balancer, a proxy, or a rule that the host does not know',
    }


@pytest.mark.parametrize(
    'verdict, words',
    [
        ('filtered', 'web-1 gets no further at 10.0.0.5:80 (no answer): it is filtered on the way'),
        ('closed', 'web-1 is refused at 10.0.0.5:80 (no answer): nothing listens there any more'),
    ],
)
def test_the_other_findings_in_words(verdict, words):
    finding, = judged(ALLOWED, probe(verdict=verdict, reason='no answer'))
    assert words in finding['message'] and 'allows 10.0.0.7 (policy drop' in finding['message']
    assert finding['fails'] is False
    assert judged(ALLOWED, probe(verdict=verdict), fail_on=[verdict])[0]['fails'] is True


@pytest.mark.parametrize('result', [
    probe(own='10.0.0.5'),                              # the vantage host has the address itself
    probe(own='127.0.0.1'),
    probe(own=None),
    probe(own=HOSTILE),
])
def test_probes_that_say_nothing_about_a_firewall(result):
    assert judged(BLOCKED, result) == []


def test_a_host_does_not_contradict_itself():
    assert judged(BLOCKED, probe(), host='db') == []


def test_several_vantage_hosts_share_a_finding():
    made = plan.plan(
        [Target('db', facts(listener(exposure=BLOCKED), listener(port=81, exposure=ALLOWED)), addresses=['10.0.0.5'])]
    )
    vantages = [
        Vantage(
            'web-%d' % number,
            [
                probe(own='10.0.0.%d' % (10 + number)),
                probe(1, 'closed', 'tcp/10.0.0.5:81', own='10.0.0.%d' % (10 + number)),
            ],
        )
        for number in range(8)
    ]
    findings = compare.findings(made, vantages, compare.cells(made, vantages), compare.KINDS)
    assert [(finding['kind'], finding['listener'], len(finding['vantages'])) for finding in findings] == [
        ('contradiction', 'tcp/0.0.0.0:80', 8),
        ('closed', 'tcp/0.0.0.0:81', 8),
    ]
    assert (
        'web-0, web-1, web-2, web-3, web-4 and 3 more can reach it' in findings[0]['message']
        and '10.0.0.14 and 3 more' in findings[0]['message']
    )


def test_a_translation_is_called_by_where_it_leads():
    record = listener('0.0.0.0', 8080, owners=[], exposure=BLOCKED, to='172.17.0.2:80')
    finding, = judged(None, probe(endpoint='tcp/10.0.0.5:8080'), record=record)
    assert 'db tcp 0.0.0.0:8080 to 172.17.0.2:80: the host' in finding['message']


def test_blind_vantage_hosts():
    made = plan.plan([Target('db', facts(listener(), listener(port=81)), addresses=['10.0.0.5'])])

    def blind(*probes, host='web'):
        vantages = [Vantage(host, list(probes))]
        return compare.blind(vantages, compare.cells(made, vantages))
    assert blind(probe(verdict='unknown'), probe(1, 'unresolvable', 'tcp/10.0.0.5:81')) == ['web']
    assert blind() == ['web']
    assert blind(probe(verdict='unknown'), probe(1, 'closed', 'tcp/10.0.0.5:81')) == []
    assert blind(host='db') == [], 'it is the target'
    assert compare.blind([Vantage('web', reason='x')], [[compare.Cell()]]) == [], 'which is told as what it is'
    assert compare.blind([Vantage('web', [])], []) == [], 'there was nothing to probe'
