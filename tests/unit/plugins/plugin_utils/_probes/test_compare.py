# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is probed, and what the answers say: tables of cases."""

import json

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import width
from ansible_collections.listening.ports.plugins.plugin_utils._probes import compare, results
from ansible_collections.listening.ports.plugins.plugin_utils._probes.compare import Target, Vantage
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import probes as _probes
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, gap, listener

HOSTILE = '\x1b[2J::error::{{ 7*7 }}\u202e'


def exposure(allowed=(), undecided=(), verdict='partly', decided_by='policy drop of chain inet filter input', paths=None, level='private'):
    found = {'verdict': verdict, 'level': level, 'allowed': list(allowed), 'decided_by': decided_by, 'caveats': [],
             'undecided': [{'sources': list(undecided), 'reason': 'a rule of a module'}] if undecided else []}
    found['paths'] = paths if paths is not None else [
        dict(found, interfaces=['eth0'], family=family, allowed=[net for net in allowed if (':' in net) == (family == 'ipv6')]) for family in ('ipv4', 'ipv6')]
    return found


def path(name, allowed=(), undecided=(), decided_by=None, family='ipv4'):
    return {'interfaces': [name], 'family': family, 'verdict': 'partly', 'allowed': list(allowed), 'decided_by': decided_by, 'caveats': [],
            'undecided': [{'sources': list(undecided), 'reason': 'x'}] if undecided else []}


def probe(index=0, verdict='open', endpoint='tcp/10.0.0.5:80', own='10.0.0.7', **other):
    protocol, dummy, where = endpoint.partition('/')
    address, dummy, port = where.rpartition(':')
    found = {'index': index, 'endpoint': endpoint, 'protocol': protocol, 'address': address.strip('[]'), 'port': int(port), 'verdict': verdict,
             'reason': 'connected', 'local_address': own, 'rtt_ms': 0.4}
    found.update(other)
    return found


def specific(address, port=80, scope='private', **other):
    return listener(address, port, scope=scope, **other)


# ---- the plan

@pytest.mark.parametrize('one, wanted', [
    (listener('0.0.0.0', 80), [
        {'port': 80, 'protocol': 'tcp', 'address': '10.0.0.5'}, {'port': 80, 'protocol': 'tcp', 'host': 'db.example.org', 'family': 'ipv4'}]),
    (listener('::', 80), [
        {'port': 80, 'protocol': 'tcp', 'host': 'db.example.org', 'family': 'ipv6'}, {'port': 80, 'protocol': 'tcp', 'address': '2001:db8::5'}]),
    (listener('::', 80, accepts_ipv4=True), [
        {'port': 80, 'protocol': 'tcp', 'address': '10.0.0.5'}, {'port': 80, 'protocol': 'tcp', 'host': 'db.example.org'},
        {'port': 80, 'protocol': 'tcp', 'address': '2001:db8::5'}]),
    (listener('::', 53, 'udp', accepts_ipv4=None), [
        {'port': 53, 'protocol': 'udp', 'address': '10.0.0.5'}, {'port': 53, 'protocol': 'udp', 'host': 'db.example.org'},
        {'port': 53, 'protocol': 'udp', 'address': '2001:db8::5'}]),
    (specific('10.1.0.9', 22), [{'port': 22, 'protocol': 'tcp', 'address': '10.1.0.9'}]),
    (specific('2001:db8::9', 22, 'global'), [{'port': 22, 'protocol': 'tcp', 'address': '2001:db8::9'}]),
])
def test_endpoints_of_a_listener(one, wanted):
    plan = compare.plan([Target('db', facts(one), addresses=['10.0.0.5', 'db.example.org', '2001:db8::5'])])
    assert plan.endpoints == wanted
    assert [(item.host, item.listener['id'], item.index) for item in plan.items] == [('db', one['id'], number) for number in range(len(wanted))]
    assert not plan.left_out['db']


@pytest.mark.parametrize('one, reason', [
    (listener('127.0.0.1', 80), 'bound to the loopback'),
    (specific('fe80::1', 80, 'link', interface='eth0'), 'link-local'),
    (specific('169.254.1.1', 80, 'link'), 'link-local'),
    (specific('224.0.0.251', 5353, 'link', protocol='udp'), 'bound to an address of many hosts'),
    (specific('255.255.255.255', 67, 'link', protocol='udp'), 'bound to an address of many hosts'),
    (listener('0.0.0.0', 80, 'sctp'), 'neither TCP nor UDP'),
    (listener('0.0.0.0', 40000, 'udp', ephemeral=True), 'UDP sockets of clients'),
    (listener('0.0.0.0', 80, namespace='netns:blue'), 'in another network namespace'),
    (listener('0.0.0.0', 0, 'udp'), 'without a port'),
    (listener('::', 80), 'no address to reach them by is known'),
])
def test_what_is_not_probed_is_told(one, reason):
    plan = compare.plan([Target('db', facts(one), addresses=['10.0.0.5'])])
    assert plan.items == [] and plan.endpoints == [] and plan.left_out == {'db': {reason: 1}}


def test_all_addresses_of_a_host():
    system = dict(facts()['system'], local_addresses=['127.0.0.1/8', '10.0.0.5/24', 'fe80::1%eth0/64', '2001:db8::5/64', '::1/128', '10.0.0.5/32', HOSTILE])
    plan = compare.plan([Target('db', facts(listener('::', 80, accepts_ipv4=True), system=system))])
    assert [one['address'] for one in plan.endpoints] == ['10.0.0.5', '2001:db8::5']
    plan = compare.plan([Target('db', facts(listener(), system=dict(system, local_addresses=None)))])
    assert plan.left_out == {'db': {'no address to reach them by is known': 1}}


def test_what_is_forwarded_is_probed():
    forwarded = listener('0.0.0.0', 8080, owners=[], to='172.17.0.2:80')
    plan = compare.plan([Target('db', facts(forwarded=[forwarded]), addresses=['10.0.0.5'])])
    assert plan.endpoints == [{'address': '10.0.0.5', 'port': 8080, 'protocol': 'tcp'}]


def test_no_endpoint_is_there_twice():
    both = [Target('one', facts(listener(), specific('10.0.0.5')), addresses=['10.0.0.5']), Target('two', facts(listener()), addresses=['10.0.0.5'])]
    plan = compare.plan(both)
    assert len(plan.endpoints) == 1 and [item.index for item in plan.items] == [0, 0, 0]


def test_a_host_that_lies_does_not_make_others_scan_a_network():
    many = [specific('10.1.%d.%d' % divmod(number, 256)) for number in range(3000)]
    plan = compare.plan([Target('db', facts(*many), addresses=[]), Target('unseen')])
    assert len(plan.endpoints) == 2000 and plan.left_out == {'db': {'there are more than 2000': 1000}}


# ---- what the firewall is said to do

@pytest.mark.parametrize('found, source, wanted', [
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
def test_stance(found, source, wanted):
    assert compare.stance(listener(exposure=found), source)[0] == wanted


def test_the_rule_that_decides():
    paths = [path('eth0', ['10.0.0.0/24'], decided_by='rule 1'), path('eth1', decided_by='rule 2')]
    one = listener(exposure=exposure(['10.0.0.0/24'], paths=paths))
    assert compare.stance(one, '10.0.0.7') == ('allowed', 'rule 1')
    assert compare.stance(one, '10.0.1.7') == ('blocked', None), 'several, and none is the one'
    for one in paths:
        one['blocked_by'] = 'rule 3'
    one = listener(exposure=exposure(['10.0.0.0/24'], paths=paths))
    assert compare.stance(one, '10.0.1.7') == ('blocked', 'rule 3'), 'not the one that lets others in'
    assert compare.stance(listener(exposure=exposure()), '10.0.1.7') == ('blocked', 'policy drop of chain inet filter input')


# ---- findings

def judged(found, *probes, host='web-1', fail_on=('contradiction',), one=None):
    plan = compare.plan([Target('db', facts(one or listener(exposure=found)), addresses=['10.0.0.5'])])
    vantages = [Vantage(host, list(probes))]
    table = compare.cells(plan, vantages)
    return compare.findings(plan, vantages, table, fail_on)


ALLOWED, BLOCKED, MAYBE = exposure(['10.0.0.0/8']), exposure(verdict='blocked'), exposure(undecided=['10.0.0.0/8'])


@pytest.mark.parametrize('found, verdict, kind', [
    (BLOCKED, 'open', 'contradiction'), (BLOCKED, 'filtered', None), (BLOCKED, 'closed', None), (BLOCKED, 'open|filtered', None),
    (ALLOWED, 'open', None), (ALLOWED, 'filtered', 'filtered'), (ALLOWED, 'closed', 'closed'), (ALLOWED, 'open|filtered', None),
    *[(found, verdict, None) for found in (ALLOWED, BLOCKED) for verdict in ('unknown', 'unresolvable')],
    *[(found, verdict, None) for found in (MAYBE, None) for verdict in results.VERDICTS],
])
def test_findings(found, verdict, kind):
    assert [one['kind'] for one in judged(found, probe(verdict=verdict))] == [kind] * bool(kind)


def test_a_contradiction_in_words():
    found, = judged(BLOCKED, probe())
    assert found == {
        'kind': 'contradiction', 'severity': 'high', 'fails': True, 'target': 'db', 'listener': 'tcp/0.0.0.0:80', 'endpoint': 'tcp/10.0.0.5:80',
        'verdict': 'open', 'vantages': ['web-1'], 'sources': ['10.0.0.7'],
        'message': 'db tcp 0.0.0.0:80 nginx pid 100: the firewall of the host says that it blocks 10.0.0.7 (policy drop of chain inet filter input), '
                   'and web-1 can reach it at 10.0.0.5:80 (connected): something else forwards, or an address is translated on the way',
        'remedy': 'find out what answers there; a load balancer, a proxy or a rule that the host does not know of'}


@pytest.mark.parametrize('verdict, words', [('filtered', 'web-1 gets no further at 10.0.0.5:80 (no answer): it is filtered on the way'),
                                            ('closed', 'web-1 is refused at 10.0.0.5:80 (no answer): nobody listens there any more')])
def test_the_other_findings_in_words(verdict, words):
    found, = judged(ALLOWED, probe(verdict=verdict, reason='no answer'))
    assert words in found['message'] and 'lets 10.0.0.7 in (policy drop' in found['message']
    assert found['fails'] is False
    assert judged(ALLOWED, probe(verdict=verdict), fail_on=[verdict])[0]['fails'] is True


@pytest.mark.parametrize('one', [
    probe(own='10.0.0.5'),                              # the vantage host has the address itself
    probe(own='127.0.0.1'),
    probe(own=None),
    probe(own=HOSTILE),
])
def test_probes_that_say_nothing_about_a_firewall(one):
    assert judged(BLOCKED, one) == []


def test_a_host_does_not_contradict_itself():
    assert judged(BLOCKED, probe(), host='db') == []


def test_several_vantage_hosts_share_a_finding():
    plan = compare.plan([Target('db', facts(listener(exposure=BLOCKED), listener(port=81, exposure=ALLOWED)), addresses=['10.0.0.5'])])
    vantages = [Vantage('web-%d' % number, [probe(own='10.0.0.%d' % (10 + number)), probe(1, 'closed', 'tcp/10.0.0.5:81', own='10.0.0.%d' % (10 + number))])
                for number in range(8)]
    found = compare.findings(plan, vantages, compare.cells(plan, vantages), compare.KINDS)
    assert [(one['kind'], one['listener'], len(one['vantages'])) for one in found] == [('contradiction', 'tcp/0.0.0.0:80', 8), ('closed', 'tcp/0.0.0.0:81', 8)]
    assert 'web-0, web-1, web-2, web-3, web-4 and 3 more can reach it' in found[0]['message'] and '10.0.0.14 and 3 more' in found[0]['message']


def test_a_translation_is_called_by_where_it_leads():
    one = listener('0.0.0.0', 8080, owners=[], exposure=BLOCKED, to='172.17.0.2:80')
    found, = judged(None, probe(endpoint='tcp/10.0.0.5:8080'), one=one)
    assert 'db tcp 0.0.0.0:8080 to 172.17.0.2:80: the firewall' in found['message']


def test_blind_vantage_hosts():
    plan = compare.plan([Target('db', facts(listener(), listener(port=81)), addresses=['10.0.0.5'])])

    def blind(*probes, host='web'):
        vantages = [Vantage(host, list(probes))]
        return compare.blind(vantages, compare.cells(plan, vantages))
    assert blind(probe(verdict='unknown'), probe(1, 'unresolvable', 'tcp/10.0.0.5:81')) == ['web']
    assert blind() == ['web']
    assert blind(probe(verdict='unknown'), probe(1, 'closed', 'tcp/10.0.0.5:81')) == []
    assert blind(host='db') == [], 'it is the target'
    assert compare.blind([Vantage('web', reason='x')], [[compare.Cell()]]) == [], 'which is told as what it is'
    assert compare.blind([Vantage('web', [])], []) == [], 'there was nothing to probe'


# ---- what vantage hosts send

ENDPOINTS = [{'address': '10.0.0.5', 'port': 80, 'protocol': 'tcp'}, {'host': 'db', 'port': 53, 'protocol': 'udp'}]


def read(registered):
    return results.read('web', registered, ENDPOINTS)


def test_results_packed_and_plain():
    probes = [probe(), probe(1, endpoint='udp/10.9.9.9:53'), probe(1, 'unresolvable', 'udp/db:53', own=None, address=None, rtt_ms=None)]
    assert read({'packed': json.dumps(probes)}).probes == probes
    given = {'probes': [dict(one, more='x') for one in probes]}
    assert read(given).probes == probes and given['probes'][0]['more'] == 'x', 'variables are not changed'


@pytest.mark.parametrize('registered, reason', [
    (None, 'it has not probed anything'),
    ('text', 'it has not probed anything'),
    ({'unreachable': True, 'msg': 'no\nroute'}, 'unreachable: no route'),
    ({'failed': True, 'msg': HOSTILE}, 'failed: \\x1b[2J::error::{{ 7*7 }}\\u202e'),
    ({'failed': True}, 'failed: no reason is known'),
    ({'skipped': True, 'skip_reason': 'Conditional result was False'}, 'skipped: Conditional result was False'),
    ({}, 'failed: what it answered is not valid: has to be a list, not null'),
    ({'probes': [object()]}, 'failed: what it answered is not valid: it cannot be read'),
    ({'packed': 5}, 'failed: what it answered is not valid: it is not text'),
    ({'packed': '\ud800'}, 'failed: what it answered is not valid: it is not UTF-8'),
    ({'packed': '[NaN]'}, 'failed: what it answered is not valid: not JSON: NaN is no number'),
    ({'packed': '[' * 100000}, 'failed: what it answered is not valid: '),
    *[({'probes': [one]}, 'failed: what it answered is not valid: [0]%s' % words) for one, words in [
        (probe(verdict='wide open'), '.verdict: has to be one of open, closed, filtered, open|filtered, unresolvable, unknown, not '),
        (probe(index=-1), '.index: '), (probe(index=True), '.index: '), (probe(index=2), ': is of an endpoint that was not asked for'),
        (probe(endpoint='tcp/10.0.0.6:80'), ': is of an endpoint that was not asked for'), (probe(endpoint='udp/10.0.0.5:80'), ': is of an endpoint'),
        (probe(endpoint='tcp/10.0.0.5:81'), ': is of an endpoint'), (probe(reason='x' * 2000), '.reason: is longer'), (probe(rtt_ms=-1), '.rtt_ms: '),
        (probe(own=5), '.local_address: '), ({}, '.index: is missing'),
    ]],
])
def test_results_that_are_none(registered, reason):
    found = read(registered)
    assert found.probes is None and found.reason.startswith(reason) and found.reason.isprintable()


# ---- as people read it

def shown(targets, vantages, columns=None):
    plan = compare.plan(targets)
    table = compare.cells(plan, vantages)
    found = compare.findings(plan, vantages, table, ['contradiction'])
    return _probes.lines(plan, targets, vantages, table, found, compare.blind(vantages, table), '2026-11-21T10:00:00Z', columns)


def test_the_table():
    targets = [Target('db', facts(listener(exposure=BLOCKED), listener('127.0.0.1', 81), listener(port=82, exposure=ALLOWED)), addresses=['10.0.0.5']),
               Target('gone', reason='unreachable: no route')]
    vantages = [Vantage('web-1', [probe(), probe(1, 'filtered', 'tcp/10.0.0.5:82', reason='no answer')]),
                Vantage('web-2', [probe(own='10.0.0.5'), probe(1, 'unknown', 'tcp/10.0.0.5:82', reason='no time left')]),
                Vantage('down', reason='unreachable: dead')]
    assert [line for line, dummy in shown(targets, vantages)] == [
        '2 listeners of 1 host probed from 2 hosts, 2026-11-21 10:00:00 UTC',
        'TARGET  PROTO  ADDRESS:PORT  PROCESS  LEVEL    web-1     web-2          down',
        'db      tcp    10.0.0.5:80   nginx    private  open      open (itself)  -',
        'db      tcp    10.0.0.5:82   nginx    private  filtered  unknown        -',
        '',
        '(itself): the address is one of the host that probes; its firewall may let it in where it keeps others out.',
        'Not probed:',
        '  1 listener on db: bound to the loopback',
        'Not known:',
        '  tcp/10.0.0.5:82 from web-2: no time left',
        'Firewall not known:',
        '  db: it was not gathered',
        'Missing:',
        '  target gone: unreachable: no route',
        '  vantage host down: unreachable: dead',
        '',
        'Findings:',
        '  high      db tcp 0.0.0.0:80 nginx pid 100: the firewall of the host says that it blocks 10.0.0.7 (policy drop of chain inet filter input), and '
        'web-1 can reach it at 10.0.0.5:80 (connected): something else forwards, or an address is translated on the way',
        '            To do: find out what answers there; a load balancer, a proxy or a rule that the host does not know of',
        '  low       db tcp 0.0.0.0:82 nginx pid 100: the firewall of the host lets 10.0.0.7 in (policy drop of chain inet filter input), and web-1 gets '
        'no further at 10.0.0.5:82 (no answer): it is filtered on the way',
        '            To do: look at the firewalls and networks between the two, if it is to be reached',
        '',
        '2 endpoints: 2 open, 1 filtered, 1 unknown; 1 contradiction, 1 filtered on the way.']


@pytest.mark.parametrize('found, verdict, last', [
    (BLOCKED, 'filtered', ('1 endpoint: 1 filtered; no contradiction.', 'good')),
    (None, 'open', ('1 endpoint: 1 open; nothing is known of the firewalls to hold it against.', 'plain')),
    (ALLOWED, 'closed', ('1 endpoint: 1 closed; 1 refused although let in.', 'plain')),
    (BLOCKED, 'open', ('1 endpoint: 1 open; 1 contradiction.', 'bad')),
])
def test_the_last_line(found, verdict, last):
    assert shown([Target('db', facts(listener(exposure=found)), addresses=['10.0.0.5'])], [Vantage('web', [probe(verdict=verdict)])])[-1] == last


def test_nothing_was_probed():
    lines = shown([Target('db', facts(), addresses=['10.0.0.5'])], [Vantage('web', [])])
    assert lines[-1] == ('0 endpoints: none probed; nothing is known of the firewalls to hold it against.', 'bad')


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
    one = listener(owners=owners, exposure=exposure(verdict='blocked', decided_by=HOSTILE))
    lines = shown([Target('db', facts(one), addresses=['10.0.0.5'])], [Vantage('web', [probe(reason=HOSTILE)])])
    text = ''.join(line for line, dummy in lines)
    assert '\x1b' not in text and '\u202e' not in text and '\\x1b[2J' in text


def test_a_narrow_terminal():
    owners = listener()['owners']
    owners[0]['process'] = 'a-process-with-a-very-long-name-indeed'
    targets = [Target('a-database-with-a-long-name.example.org', facts(listener(owners=owners)), addresses=['10.0.0.5'])]
    lines = shown(targets, [Vantage('web', [probe(verdict='open|filtered')])], 80)
    assert max(width(line) for line, dummy in lines[1:3]) <= 80 and '10.0.0.5:80' in lines[2][0] and 'open|filtered' in lines[2][0] and '…' in lines[2][0]


def test_why_a_firewall_is_not_known():
    hidden = gap('firewall', 'unreadable', None, 'nft: not root', 'become'), gap('firewall', 'unclear', None, HOSTILE, None)
    known = facts(listener(exposure=BLOCKED))
    known['complete']['firewall'] = True
    targets = [Target(name, dict(facts(listener(), gaps=gaps), complete=dict(facts()['complete'], firewall=False)), addresses=['10.0.0.5'])
               for name, gaps in (('db', hidden[:1]), ('web', hidden[:1]), ('odd', hidden))] + [Target('fine', known, addresses=['10.0.0.5'])]
    lines = [line for line, dummy in shown(targets, [Vantage('web-1', [probe()])])]
    start = lines.index('Firewall not known:')
    assert lines[start + 1] == '  2 hosts (db, web): nft: not root; run with become'
    assert lines[start + 2].startswith('  odd: nft: not root; run with become; ') and lines[start + 2].isprintable()
    assert not [line for line in lines[start:] if line.startswith('  fine')]
