# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that a host sent, which may be hostile: what is made of them, and what is refused."""

import copy
import datetime
import json
import random
import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import attach as exposure
from ansible_collections.listening.ports.plugins.module_utils._wire import pack
from ansible_collections.listening.ports.plugins.plugin_utils._facts import check, firewall
from ansible_collections.listening.ports.plugins.plugin_utils._facts.unpack import FactError, unpack
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import capture
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, gap, listener


def snapshot(name='native', **other):
    """One that was recorded, in the form in which a host sends it."""
    taken = capture(name)
    net = {**taken['net'], 'links': {}, 'policy': [], 'tables': {}, 'l3mdev_accept': {'tcp': None, 'udp': None}}
    return {**taken, 'nft': taken['nft'] and json.dumps(taken['nft']), 'net': net, 'devices': [], 'elsewhere': {},
            'unshown': [], 'port_names': {}, **other}


def unpacked(taken, *listeners, **other):
    """Facts that a host sent with such a snapshot."""
    observed = facts(*(listeners or [listener(port=22)]), **other)
    observed['complete']['firewall'] = True
    return unpack(pack(dict(observed, snapshot=taken)))


def sent(taken, *listeners, **other):
    """The same, as they are believed."""
    return firewall.judge(unpacked(taken, *listeners, **other))


@pytest.mark.parametrize(
    'name, verdict', [('open', 'allowed'), ('native', 'partly'), ('iptables_legacy', 'partly'), ('mixed', 'partly')]
)
def test_rules_are_judged(name, verdict):
    judged = sent(snapshot(name))
    assert judged['listeners'][0]['exposure']['verdict'] == verdict
    assert set(judged) == set(facts()) | {'forwarded', 'openings', 'firewall'}
    assert judged['complete']['firewall'] is True and judged['gaps'] == []


def _own_table(port):
    """What nft -j prints of an own table that lets nobody reach a port."""
    of = {'family': 'inet', 'table': 'listening_ports'}
    match = {'op': '==', 'left': {'payload': {'protocol': 'tcp', 'field': 'dport'}}, 'right': port}
    return [{'table': {'family': 'inet', 'name': 'listening_ports', 'handle': 90}},
            {'chain': dict(of, name='input', handle=91, type='filter', hook='input', prio=-10, policy='accept')},
            {'rule': dict(of, chain='input', handle=92, expr=[{'match': match}, {'reject': {'type': 'tcp reset'}}])}]


def test_the_own_table_can_be_left_out_of_the_judgement():
    """So that a plan is the same after it was carried out."""
    before = snapshot('open')
    after = dict(before, nft=json.dumps({'nftables': (json.loads(before['nft'])['nftables'] if before['nft'] else [])
                                         + _own_table(22)}),
                 tables=[*(before['tables'] or []), ['inet', 'listening_ports']])
    first, again = (firewall.judge(unpacked(taken), without_own=True) for taken in (before, after))
    assert first == again and first['listeners'][0]['exposure']['verdict'] == 'allowed'
    assert sent(after)['listeners'][0]['exposure']['verdict'] == 'blocked'


def test_it_is_the_same_judgement_as_on_the_host():
    judged = sent(snapshot('docker_nft'), listener(port=8050))
    record = listener(port=8050)
    attached = exposure.attach([record], snapshot('docker_nft'), None)
    assert judged['listeners'] == [record] and attached['forwarded']
    assert {key: judged[key] for key in attached} == attached


def test_what_could_not_be_looked_at_is_a_gap():
    judged = sent(snapshot(net=None, errors=[{'aspect': 'net', 'message': 'net: not root'}]))
    assert judged['complete']['firewall'] is False and judged['listeners'][0]['exposure']['verdict'] == 'unknown'
    assert [(entry['aspect'], entry['message'], entry['hint']) for entry in judged['gaps']] == [
        ('firewall', 'net: not root', 'become')
    ]


def test_gaps_of_the_host_stay():
    judged = sent(snapshot(nft='nonsense'), gaps=[gap('owners')], complete=dict(facts()['complete'], owners=False))
    assert [entry['aspect'] for entry in judged['gaps']] == ['owners', 'firewall']
    assert judged['complete']['firewall'] is False


def test_without_a_snapshot_nothing_is_judged():
    kept = facts(listener(port=22))
    assert firewall.judge(unpack(pack(kept))) == kept


@pytest.mark.parametrize('gather, judged', [
    (['owners'], False), (['owners', 'firewall'], True), (['outgoing'], True)])
def test_rules_of_a_windows_host_are_judged_where_they_were_asked_for(gather, judged):
    raw = raw_hosts.server_2016()
    raw['gather'] = gather
    made = firewall.judge(unpack(raw_hosts.packed(raw)))
    assert ('firewall' in made) is judged and (made['complete']['firewall'] is not None) is judged
    assert all(('exposure' in entry) is judged for entry in made['listeners'])
    assert ('outgoing' in made) is ('outgoing' in gather)
    if judged:
        assert made['firewall']['backends'] == ['windows']


def test_who_can_reach_a_windows_host_is_unknown_without_its_rules():
    raw = raw_hosts.server_2016()
    del raw['firewall']
    made = firewall.judge(unpack(raw_hosts.packed(raw)))
    assert {entry['exposure']['verdict'] for entry in made['listeners']} == {'unknown'}
    assert made['complete']['firewall'] is False


@pytest.mark.parametrize('gather', ['firewall', 'outgoing'])
def test_rules_of_a_windows_host_are_judged_in_a_limited_time(gather):
    def attach(*arguments, **options):
        time.sleep(60)

    raw = raw_hosts.server_2016()
    raw['gather'] = [gather]
    made = firewall.judge(unpack(raw_hosts.packed(raw)), attach, seconds=0.1)
    assert {entry['exposure']['verdict'] for entry in made['listeners']} == {'unknown'}
    assert 'budget' in [entry['code'] for entry in made['gaps'] if entry['aspect'] == 'firewall']


def test_another_host_cannot_have_its_rules_judged_as_those_of_windows():
    with pytest.raises(FactError, match='snapshot'):
        firewall.judge(unpack(pack(dict(facts(), snapshot={'windows': raw_hosts.server_2016()}))))


def test_a_snapshot_is_checked():
    with pytest.raises(FactError) as info:
        firewall.judge(unpack(pack(dict(facts(), snapshot='x'))))
    assert str(info.value) == 'the packed facts are not valid: snapshot: has to be a mapping, not \'x\''


NET = snapshot()['net']


@pytest.mark.parametrize(
    'other',
    [
        {'net': None},
        {'nft': {'nftables': []}},
        {'nft': 5},
        {'saves': {'ip/x': ''}},
        {'saves': {'ip/nft': None}},
        {'saves': []},
        {'ipset': []},
        {'tables': [['ip']]},
        {'tables': [['ip', 5]]},
        {'table_flags': [['ip', 'filter']]},
        {'table_flags': [['ip', 'filter', 'dormant']]},
        {'table_flags': [['ip', {}, 1]]},
        {'errors': [{'aspect': 'x', 'message': ''}]},
        {'errors': 'x'},
        {'tools': {}},
        {'port_names': {'tcp/80': 80}},
        {'elsewhere': {'x': ['::1%eth0']}},
        {'elsewhere': {'x': [5]}},
        {'net': {}},
        {'net': dict(NET, addresses={'eth0': ['10.0.0.1']})},
        {'net': dict(NET, addresses={'eth0': ['10.0.0.1/33']})},
        {'net': dict(NET, addresses={'eth0': ['fe80::1%x/64']})},
        {'net': dict(NET, addresses={'{{ x }}\n' * 100: []})},
        {'net': dict(NET, primary={'eth0': 'x'})},
        {'net': dict(NET, routes=[{}])},
        {'net': dict(NET, sources={'eth0': [['10.0.0.0/8']]})},
        {'net': dict(NET, sources={'eth0': [['10.0.0.0/8', 1]]})},
        {'net': dict(NET, sources={'eth0': 3})},
        {'net': dict(NET, rules=0)},
        {'net': dict(NET, links={'eth0': {'kind': None, 'master': 'br0', 'lower': None}})},
        {'net': dict(NET, links={'eth0': {'kind': 3, 'master': 'br0', 'lower': None, 'arp': True}})},
        {'net': dict(NET, l3mdev_accept={'tcp': 1, 'udp': None})},
        {'net': dict(NET, tables={'52': [{}]})},
        {'net': dict(NET, policy=[{'kind': 'table'}])},
        {'devices': [['netdev', 't', 'c']]},
        {'devices': [['netdev', 't', 'c', 'eth0']]},
        {'net': dict(NET, route_localnet='eth0')},
        {'net': dict(NET, rp_filter={'eth0': 'x'})},
        {'net': dict(NET, forwarding={'ipv4': 1, 'ipv6': None})},
    ],
    ids=lambda other: ascii(other)[:60],
)
def test_what_is_no_snapshot_is_refused(other):
    with pytest.raises(FactError) as info:
        sent(snapshot(**other))
    message = str(info.value)
    assert (
        message.startswith('the packed facts are not valid: snapshot: ')
        and message.isprintable()
        and len(message) < 200
    )


@pytest.mark.parametrize('missing', sorted(set(snapshot()) - {'recorded_with'}))
def test_a_part_is_missing(missing):
    taken = snapshot()
    del taken[missing]
    with pytest.raises(FactError):
        sent(taken)


def test_an_error_in_what_judges_is_told_as_one():
    with pytest.raises(FactError) as info:
        firewall.judge(unpacked(snapshot()), attach=lambda *dummy: {}['x'])
    assert str(info.value) == 'the packed facts are not valid: snapshot: is not understood (KeyError)'


@pytest.mark.parametrize(
    'more, message',
    [
        ({'openings': 5}, "openings: has to be a list, not 5"),
        (
            {
                'forwarded': [
                    dict(
                        listener(owners=[]),
                        to='',
                        ports='80',
                        decided_by=None,
                        container=None,
                        proxy=None,
                        exposure=None,
                    )
                ]
            },
            'forwarded[0].exposure: has to be a mapping, not null',
        ),
        ({'firewall': {}}, 'firewall.backends: is missing'),
    ],
)
def test_what_is_judged_is_checked(more, message):
    def attach(listeners, dummy, dummy2):
        for record in listeners:
            record['exposure'] = None
        return dict({'forwarded': [], 'openings': []}, **more)
    with pytest.raises(FactError) as info:
        firewall.judge(unpacked(snapshot()), attach)
    assert str(info.value) == 'the packed facts are not valid: %s' % message


def test_exposures_that_are_judged_are_checked():
    def attach(listeners, dummy, dummy2):
        listeners[0]['exposure'] = {'verdict': 'open'}
        return {}
    with pytest.raises(FactError, match='verdict: has to be one of allowed, partly, blocked, unknown'):
        firewall.judge(unpacked(snapshot()), attach)


def places(value, path=()):
    """Paths to all values in a structure."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


@pytest.mark.parametrize('name', ['native', 'docker_nft', 'iptables_legacy', 'podman'])
def test_damaged_snapshots_are_judged_or_refused(name):
    chance = random.Random(name)
    good = snapshot(name)
    good['nft'] = good['nft'] and json.loads(good['nft'])
    paths = [path for path in places(good) if path]
    judged = 0
    for dummy in range(150):
        bad = copy.deepcopy(good)
        *path, last = chance.choice(paths)
        where = bad
        for key in path:
            where = where[key]
        where[last] = chance.choice(
            [None, '', 'x', -1, 2**70, 1.5, [], {}, [[]], True, '{{ 1 }}', '::1', '10.0.0.0/8', '\ud7ff']
        )
        bad['nft'] = json.dumps(bad['nft']) if isinstance(bad['nft'], dict) else bad['nft']
        try:
            result = sent(bad)
        except FactError as error:
            assert str(error).isprintable() and len(str(error)) < 200
            continue
        judged += 1
        assert result['listeners'][0]['exposure']['verdict'] in ('allowed', 'partly', 'blocked', 'unknown')
    assert judged > 20


def test_rules_that_take_too_long_are_not_judged():
    """On whichever way that is: all of it is unknown, and what there was time for does not count."""
    def endless(records, taken, gaps):
        records[0]['exposure'] = {'verdict': 'blocked'}
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                continue

    reason = 'the rules could not be judged within 0.2 seconds'
    judged = firewall.judge(unpacked(snapshot(), listener(port=22), listener(port=23)), endless, 0.2)
    assert judged['complete']['firewall'] is False
    assert [(found['code'], found['message']) for found in judged['gaps'] if found['aspect'] == 'firewall'] == [
        ('budget', reason)]
    for record in judged['listeners']:
        assert (record['exposure']['verdict'], record['exposure']['level']) == ('unknown', 'unknown')
        assert record['exposure']['undecided'][0]['reason'] == reason
    assert judged['forwarded'] == judged['openings'] == [] and judged['firewall']['default'] == 'unknown'


def test_thousands_of_interfaces_that_rules_name_one_by_one_are_judged_in_time():
    taken, names = snapshot(), ['e%d' % number for number in range(5000)]
    taken['net'].update(
        addresses={name: ['10.%d.%d.1/24' % divmod(number, 256)] for number, name in enumerate(names)}, routes=[],
        primary={name: '10.%d.%d.1' % divmod(number, 256) for number, name in enumerate(names)}, sources=None)
    match = {'match': {'op': '==', 'left': {'meta': {'key': 'iifname'}}, 'right': None}}
    rules = [{'rule': {'family': 'inet', 'table': 'f', 'chain': 'input', 'handle': number, 'expr': [
        dict(match, match=dict(match['match'], right=name)), {'accept': None}]}} for number, name in enumerate(names)]
    chain = {'family': 'inet', 'table': 'f', 'name': 'input', 'handle': 1, 'type': 'filter', 'hook': 'input', 'prio': 0,
             'policy': 'drop'}
    taken.update(tables=[['inet', 'f']], saves={}, ipset=None, nft=json.dumps({'nftables': [
        {'metainfo': {'json_schema_version': 1}}, {'table': {'family': 'inet', 'name': 'f', 'handle': 1}},
        {'chain': chain}, *rules]}))
    began = time.monotonic()
    judged = sent(taken, *(listener(port=number + 1) for number in range(50)))
    assert time.monotonic() - began < 2 * firewall.PATIENCE
    assert {record['exposure']['level'] for record in judged['listeners']} <= {'unknown', 'private'}


SYSTEM = dict(facts()['system'], local_addresses=['192.0.2.10/24'])
GEO = ['5.%d.%d.0' % (number // 128, number % 128 * 2) for number in range(6000)] + ['192.0.2.0']


def long_set(kind, action='accept', policy='drop'):
    """A snapshot with a rule about 6,001 networks, in nftables or in a set of ipset."""
    if kind == 'ipset':
        target = {'accept': 'ACCEPT', 'drop': 'DROP'}
        saved = ('*filter\n:INPUT %s [0:0]\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n'
                 '-A INPUT -m set --match-set geo src -j %s\nCOMMIT\n' % (target[policy], target[action]))
        lines = ['create geo hash:net family inet maxelem 99999', *('add geo %s/24' % text for text in GEO)]
        return snapshot('open', nft=None, tables=[], saves={'ip/legacy': saved}, ipset='\n'.join(lines) + '\n')
    table = {'family': 'inet', 'table': 'filter'}
    elements = [{'prefix': {'addr': text, 'len': 24}} for text in GEO]
    left = {'payload': {'protocol': 'ip', 'field': 'saddr'}}
    states = {'match': {'op': 'in', 'left': {'ct': {'key': 'state'}}, 'right': 'established'}}
    return snapshot('open', tables=[['inet', 'filter']], nft=json.dumps({'nftables': [
        {'table': {'family': 'inet', 'name': 'filter', 'handle': 1}},
        {'set': dict(table, name='geo', type='ipv4_addr', elem=elements)},
        {'chain': dict(table, name='in', handle=1, type='filter', hook='input', prio=0, policy=policy)},
        {'rule': dict(table, chain='in', handle=2, expr=[states, {'accept': None}])},
        {'rule': dict(table, chain='in', handle=3, expr=[
            {'match': {'op': '==', 'left': left, 'right': '@geo'}}, {action: None}])}]}))


def found(judged, **entry):
    """The kinds and messages of what is found of a listener that is declared so, in facts and in a record of them."""
    entries = {'expected_listeners': [dict(entry, name='web', port=443, family='ipv4')]}
    both = []
    for taken in (judged, check.check(json.loads(json.dumps(judged)))):
        findings = judge.judge(taken, building.policy(entries), datetime.datetime(2026, 11, 20, 9)).findings
        both.append([(finding.kind, finding.message) for finding in findings])
    assert both[0] == both[1]
    return [kind for kind, dummy in both[0]], ' '.join(message for dummy, message in both[0])


@pytest.mark.parametrize('kind', ['nftables', 'ipset'])
def test_who_is_in_a_long_set_is_judged_like_everybody(kind):
    name = {'nftables': 'set geo', 'ipset': 'ipset geo'}[kind]
    judged = sent(long_set(kind), listener(port=443), system=SYSTEM)
    exposed = judged['listeners'][0]['exposure']
    assert (exposed['verdict'], exposed['level'], exposed['allowed']) == ('partly', 'listed', [])
    assert {part['set'] for part in exposed['allowed_sets']} == {name} and judged['complete']['firewall']
    kinds, message = found(judged, only_from='192.168.0.0/16')
    assert kinds == ['overexposed'] and 'can be reached by the 6001 networks of %s, but' % name in message
    assert found(judged, only_from=['5.0.0.0/8', '192.0.2.0/24'])[0] == []
    assert found(judged, clients=['%s/24' % text for text in GEO])[0] == []
    assert found(judged, clients='5.0.2.0/24')[0] == ['overexposed']
    assert found(judged, clients='5.0.1.0/24')[0] == ['overexposed', 'unreachable']


@pytest.mark.parametrize('kind', ['nftables', 'ipset'])
def test_who_is_in_a_long_block_list_is_kept_out(kind):
    judged = sent(long_set(kind, 'drop', 'accept'), listener(port=443), system=SYSTEM)
    exposed = judged['listeners'][0]['exposure']
    assert (exposed['verdict'], exposed['level'], exposed['allowed']) == ('partly', 'anyone', ['0.0.0.0/0'])
    assert sum(part['elements'] for part in exposed['except_sets']) == 6001
    assert found(judged, only_from='anyone')[0] == []
    assert 'unreachable' in found(judged, clients='5.0.2.0/24')[0]
    assert found(judged, clients='5.0.1.0/24')[0] == ['overexposed']
    kinds, message = found(judged, clients='anyone')
    assert kinds == ['unreachable'] and 'cannot be reached by the 6001 networks of' in message
