# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who loses and gains what, by tables as three releases of nft print them."""

import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._filter import effects, what_if
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    DROP, chain, dport, match, saddr
)
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import capture, record
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._filter.situations import (
    EVERYBODY, RELEASES, judged, live, planned, ssh, view, with_own
)

NOT_TEN = ['0.0.0.0/5', '8.0.0.0/7', '11.0.0.0/8', '12.0.0.0/6', '16.0.0.0/4', '32.0.0.0/3', '64.0.0.0/2',
           '128.0.0.0/1']


def only(answer):
    [effect] = answer['effects']
    return effect


def changes(effect):
    return {name: effect[name] for name in ('loses', 'gains', 'unsure') if effect[name]}


@pytest.mark.parametrize('release', RELEASES)
def test_who_loses(release):
    """Of two listeners on all addresses: one is for networks nearby from now on, the other one for nobody."""
    listeners = [dict(ssh(), connections={'established': 2, 'close_wait': 1, 'time_wait': 9}), record(port=80)]
    first, second = judged(view(listeners=listeners), 'ssh', connection=None, release=release)['effects']
    assert first == {
        'listener': 'tcp/0.0.0.0:22', 'protocol': 'tcp', 'port': 22, 'ports': '22', 'published': False, 'to': None,
        'loses': NOT_TEN, 'gains': [], 'unsure': [], 'before': EVERYBODY, 'after': ['10.0.0.0/8'], 'connections': 3}
    assert changes(second) == {'loses': EVERYBODY} and second['connections'] is None
    assert not second['after']


def test_only_what_differs_is_listed():
    listeners = [record(port=5432), record(port=80), record(port=5432, address='127.0.0.1'), record('udp', port=5432),
                 record(port=5432, namespace='docker:1'), record('udplite', port=5432), record('raw', port=0)]
    effect = only(judged(view(listeners=listeners), 'nobody'))
    assert (effect['listener'], changes(effect)) == ('tcp/0.0.0.0:5432', {'loses': EVERYBODY})


def test_ipv6():
    effect = only(judged(view(listeners=[record(address='::', port=5432, v6only=True)]), 'nobody'))
    assert changes(effect) == {'loses': ['::/0']}


def test_who_gains():
    """The table in force lets only those nearby in; then everybody is let in."""
    host = view(with_own('ssh'), [ssh(), record(port=80)])
    first, second = judged(host, 'web', connection=None)['effects']
    assert changes(first) == {'loses': ['10.0.0.0/8']}
    assert changes(second) == {'gains': EVERYBODY}


@pytest.mark.parametrize('release', RELEASES)
def test_nothing_changes(release):
    host = view(with_own('web'), [ssh(), record(port=80)])
    assert judged(host, 'web', connection=None, release=release)['effects'] == []


def test_the_table_is_taken_away():
    answer = what_if.judge(view(with_own('ssh'), [ssh()]), None, (), 'accept', None, 60)
    assert changes(only(answer)) == {'gains': NOT_TEN} and answer['refusal'] is None


@pytest.mark.parametrize('release', RELEASES)
@pytest.mark.parametrize('case, lost', [('trial_running', EVERYBODY), ('trial_over', [])])
def test_trials_in_force_are_read(release, case, lost):
    """A trial of a table that closes 5432 only, over one that lets those nearby come to 22."""
    taken = json.loads(live()['nft'])
    taken['nftables'] += json.loads(planned(case, release))['nftables']
    host = view(live(nft=json.dumps(taken), tables=[['inet', 'listening_ports']]), [record(port=80)])
    effects_of = judged(host, 'ssh', connection=None)['effects']
    assert [effect['loses'] for effect in effects_of] == ([lost] if lost else [])


def test_rules_of_others_stand():
    """Who is kept out by them loses nothing, and gains nothing."""
    kept_out = chain('input', [[saddr('10.0.0.0/8'), dport(80), DROP]], hook='input')
    listeners = [record(port=80), record(port=443)]
    first, second = judged(view(live(kept_out), listeners), 'ssh', connection=None)['effects']
    assert changes(first) == {'loses': NOT_TEN} and changes(second) == {'loses': EVERYBODY}
    first, second = judged(view(with_own('ssh', live(kept_out)), listeners), 'web', connection=None)['effects']
    assert changes(first) == {'gains': NOT_TEN} and changes(second) == {'gains': EVERYBODY}


def test_what_is_not_known_is_said():
    """Rules of others depend on what no snapshot has: whether 10/8 gets in is not known before, and is not after."""
    doubtful = chain('input', [[saddr('10.0.0.0/8'), match({'meta': {'key': 'skuid'}}, 0), DROP]], hook='input')
    effect = only(judged(view(live(doubtful), [record(port=80)]), 'ssh', connection=None))
    assert changes(effect) == {'loses': NOT_TEN, 'unsure': ['10.0.0.0/8']}
    answer = judged(view(live(doubtful), [record(port=80)]), 'nobody', connection=None)
    assert answer['effects'] == []          # the same is not known of the same


def test_nothing_is_known():
    """Rules that could not be read: all that changes is unsure, and a warning says why."""
    errors = [{'aspect': 'ipset', 'message': 'rules use its sets, but ipset is not installed to read them'}]
    host = view(dict(live(), errors=errors), [record(port=80)])
    answer = judged(host, 'ssh', connection=None)
    assert not answer['effects']
    assert answer['warnings'] == [
        'who loses or gains access could not be worked out in full: rules use its sets, but ipset is not installed to '
        'read them']


@pytest.mark.parametrize('release', RELEASES)
def test_published_ports(release):
    """By the port that clients address; the listener of the proxy on the host is not named beside it."""
    taken = capture('docker_nft')
    taken['nft'] = json.dumps(json.loads(taken['nft'])) if isinstance(taken['nft'], str) else json.dumps(taken['nft'])
    taken['port_names'] = {}
    host = view(taken, [dict(record(port=8050, process='docker-proxy'))])
    effect = only(judged(host, 'published', connection=None, release=release))
    assert (effect['listener'], effect['published'], effect['to'], changes(effect), effect['after']) == (
        'tcp/0.0.0.0:8050', True, '172.17.0.2:80', {'loses': EVERYBODY}, [])


@pytest.mark.parametrize('release', RELEASES)
def test_a_published_range_that_rules_part(release):
    """Ports 8000 to 8999 are published, and 8080 to 8089 of these for networks nearby."""
    lead = chain('prerouting', [[dport({'range': [8000, 8999]}), {'dnat': {'family': 'ip', 'addr': '10.0.0.7'}}]],
                 hook='prerouting', prio=-100, kind='nat', table='nat')
    taken = live(lead)
    taken['net'] = dict(taken['net'], forwarding={'ipv4': True, 'ipv6': True})
    effects_of = judged(view(taken), 'published', connection=None, release=release)['effects']
    spans = {(int(effect['ports'].partition('-')[0]), int(effect['ports'].rpartition('-')[2])): changes(effect)
             for effect in effects_of}
    assert sum(high - low + 1 for low, high in spans) == 1000
    assert {str(lost) for (low, high), lost in spans.items() if 8080 <= low and high <= 8089} == {
        str({'loses': NOT_TEN})}
    assert {str(lost) for (low, high), lost in spans.items() if high < 8080 or low > 8089} == {
        str({'loses': EVERYBODY})}


def test_long_lists_are_cut():
    """Everybody but 128 networks, in IPv4: a list that nobody reads to its end."""
    effect = only(judged(view(listeners=[ssh()]), 'many', connection=None))
    assert len(effect['after']) == 128 and len(effect['loses']) <= effects.MOST_NETWORKS
    assert effect.get('left_out', {}).get('after') is None
    spans = iv.merged(span for text in effect['loses'] for span in iv.parse(text)[1])
    assert iv.contains(spans, iv.number('10.1.0.1')) and not iv.contains(spans, iv.number('10.2.0.1'))


def test_addresses_that_send_nothing_break_no_network():
    words = effects.Words({'addresses': {'eth0': ['10.0.0.1/24']}})
    own = iv.parse('10.0.0.1')[1]
    assert words.networks(iv.minus(iv.parse('10.0.0.0/24')[1], own), 4) == (['10.0.0.0/24'], 0)
    assert words.networks(iv.parse('10.0.0.2')[1], 4) == (['10.0.0.2/32'], 0)
    assert words.networks((), 4) == ([], 0)
    assert effects.Words(None).networks(iv.full(6), 6) == (['::/0'], 0)


def test_more_networks_than_are_listed():
    """Then those of whom nothing is said do not break the list; if it is still too long, the largest are listed."""
    words, first = effects.Words(None), iv.number('1.0.0.0')
    odd = iv.merged((first + number * 4, first + number * 4) for number in range(300))
    texts, left = words.networks(odd, 4)
    assert len(texts) == effects.MOST_NETWORKS and left == 100
    assert words.networks(odd, 4, iv.full(4)) == (iv.networks(((first, first + 299 * 4),), 4), 0)
    texts, left = words.networks(odd + iv.parse('64.0.0.0/2')[1], 4)
    assert '64.0.0.0/2' in texts and len(texts) == effects.MOST_NETWORKS and left == 101


def test_too_many_effects(monkeypatch):
    monkeypatch.setattr(effects, 'MOST_EFFECTS', 2)
    answer = judged(view(listeners=[record(port=port) for port in (1, 2, 3)]), 'ssh', connection=None)
    assert len(answer['effects']) == 2 and answer['warnings'] == ['1 more listeners change than are listed']


def test_long_sets_of_others_stay_out_of_the_lists():
    """A set of ten thousand addresses that others drop: who it is for neither loses nor gains."""
    banned = ['10.%d.%d.7' % (number // 256, number % 256) for number in range(10000)]
    drop = chain('input', [[saddr({'set': banned}), DROP]], hook='input')
    effect = only(judged(view(live(drop), [ssh()]), 'ssh', connection=None))
    assert changes(effect) == {'loses': NOT_TEN} and effect['left_out']['after'] > 0
    assert not effects.MOST_NETWORKS < len(effect['after'])
