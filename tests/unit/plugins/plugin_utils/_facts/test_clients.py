# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who came to listeners, kept over many runs."""

import copy
import ipaddress
import json
import os
import stat
import threading
from unittest import mock

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.listening.ports.plugins.module_utils._addresses import aggregate
from ansible_collections.listening.ports.plugins.plugin_utils._facts import clients, records
from ansible_collections.listening.ports.plugins.plugin_utils._facts.records import RecordError
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples

SSH = 'tcp/0.0.0.0:22'
FIRST, LATER, NEXT_DAY = '2026-11-20T10:00:00Z', '2026-11-20T11:00:00Z', '2026-11-21T00:00:00Z'


def look(*ipv4, ipv6=(), itself=0, gaps=(), listener=None, **other):
    """Facts with one listener, to which these networks came; one that is named twice came twice."""
    counts = {'ipv4': {}, 'ipv6': {}, 'itself': itself}
    for name, texts in (('ipv4', ipv4), ('ipv6', ipv6)):
        for text in texts:
            counts[name][text] = counts[name].get(text, 0) + 1
    made = samples.facts(listener or samples.listener(port=22, clients=counts), gaps=gaps, **other)
    made['complete']['connections'] = not any(gap['aspect'] == 'connections' for gap in gaps)
    return made


def merged(*looks, history=None):
    """The history of some looks: (facts, run, time)."""
    for facts, run, now in looks:
        history = clients.merged(history, facts, 'a', run, now)
    return history


def came(history, family='ipv4'):
    return {text: (row['runs'], row['most']) for text, row in history['listeners'][SSH][family].items()}


def test_a_history_grows():
    history = merged((look('10.0.0.5/32', '10.0.0.5/32', itself=1), 'r1', FIRST),
                     (look('10.0.0.5/32', '10.0.0.6/32', ipv6=['2001:db8::1/128']), 'r2', LATER),
                     (look(), 'r3', NEXT_DAY))
    assert history == {'schema': 1, 'host': 'a', 'run_id': 'r3', 'began': NEXT_DAY, 'listeners': {SSH: {
        'first': FIRST, 'last': NEXT_DAY, 'runs': 3, 'days': 2, 'itself': True,
        'ipv4': {'10.0.0.5/32': {'first': FIRST, 'last': LATER, 'runs': 2, 'most': 2},
                 '10.0.0.6/32': {'first': LATER, 'last': LATER, 'runs': 1, 'most': 1}},
        'ipv6': {'2001:db8::1/128': {'first': LATER, 'last': LATER, 'runs': 1, 'most': 1}}}}}


def test_a_run_that_looks_again_counts_once():
    once = merged((look('10.0.0.5/32'), 'r1', FIRST))
    twice = merged((look('10.0.0.5/32', '10.0.0.7/32'), 'r1', LATER), history=once)
    assert came(twice) == {'10.0.0.5/32': (1, 1), '10.0.0.7/32': (1, 1)}
    assert twice['listeners'][SSH]['runs'] == twice['listeners'][SSH]['days'] == 1
    assert twice['began'] == FIRST
    assert merged((look('10.0.0.5/32'), 'r1', FIRST), history=once) == once
    # what comes only in a run that has looked before is of that run, too
    late = merged((look(listener=samples.listener(port=80)), 'r2', NEXT_DAY), (look('10.0.0.5/32'), 'r2', NEXT_DAY),
                  history=once)
    assert late['listeners'][SSH]['runs'] == 2 and came(late) == {'10.0.0.5/32': (2, 1)}


@pytest.mark.parametrize('gaps, other', [
    ([samples.gap('connections', 'connection_budget')], {}),
    ([samples.gap('connections', 'unreadable'), samples.gap('connections', 'other_namespaces')], {}),
    ([samples.gap('sockets', 'foreign_root')], {}),
])
def test_a_look_that_is_not_complete_adds_who_came_and_does_not_count(gaps, other):
    history = merged((look('10.0.0.5/32', gaps=gaps, **other), 'r1', FIRST))
    seen = history['listeners'][SSH]
    assert (seen['first'], seen['last'], seen['runs'], seen['days']) == (None, None, 0, 0)
    assert list(seen['ipv4']) == ['10.0.0.5/32']
    history = merged((look(), 'r2', LATER), history=history)
    assert (history['listeners'][SSH]['runs'], history['listeners'][SSH]['days']) == (1, 1)
    assert list(history['listeners'][SSH]['ipv4']) == ['10.0.0.5/32']


def test_what_is_not_complete_about_others_does_not_matter():
    gaps = [samples.gap('connections', 'other_namespaces'), samples.gap('owners')]
    assert merged((look(gaps=gaps), 'r1', FIRST))['listeners'][SSH]['runs'] == 1


def test_a_host_that_may_be_its_own_client_is_none():
    history = merged((look('10.0.0.5/32', gaps=[samples.gap('connections', 'own_addresses')]), 'r1', FIRST))
    assert history['listeners'] == {}


@pytest.mark.parametrize('listener', [
    samples.listener(port=22, clients=None),
    samples.listener(port=22),
    samples.listener(port=22, namespace='blue', clients={'ipv4': {'10.0.0.5/32': 1}, 'ipv6': {}, 'itself': 0}),
    samples.listener(port=22, protocol='udp', clients={'ipv4': {'10.0.0.5/32': 1}, 'ipv6': {}, 'itself': 0}),
])
def test_what_tells_nothing_of_who_comes_is_not_kept(listener):
    assert merged((look(listener=listener), 'r1', FIRST))['listeners'] == {}


def test_many_networks_become_wider_and_none_is_lost():
    history = None
    for number in range(12):
        history = merged((look('10.0.0.%d/32' % number), 'r%d' % number, '2026-11-%02dT10:00:00Z' % (number + 1)),
                         history=history)
    assert history['listeners'][SSH]['ipv4'] == {'10.0.0.0/24': {
        'first': '2026-11-01T10:00:00Z', 'last': '2026-11-12T10:00:00Z', 'runs': 5, 'most': 1}}
    assert history['listeners'][SSH]['days'] == 12


def test_a_clock_that_goes_back_takes_nothing_away():
    history = merged((look('10.0.0.5/32'), 'r1', NEXT_DAY), (look('10.0.0.5/32'), 'r2', FIRST))
    seen = history['listeners'][SSH]
    assert (seen['first'], seen['last'], seen['runs'], seen['days']) == (NEXT_DAY, NEXT_DAY, 2, 1)


def test_listeners_that_are_gone_for_longest_are_forgotten(monkeypatch):
    monkeypatch.setattr(clients, '_MOST_LISTENERS', 2)
    of = {port: look(listener=samples.listener(port=port, clients={'ipv4': {}, 'ipv6': {}, 'itself': 0}))
          for port in (1, 2, 3)}
    history = merged((of[2], 'r1', FIRST), (of[1], 'r2', LATER), (of[3], 'r3', NEXT_DAY))
    assert list(history['listeners']) == ['tcp/0.0.0.0:1', 'tcp/0.0.0.0:3']


NETWORKS = st.lists(st.builds(
    lambda root, low, length: ipaddress.ip_network((root ^ low, length), strict=False),
    st.sampled_from([0x0a000000, 0x0a010000, 0xc0000200]), st.integers(0, 2 ** 12), st.sampled_from([32, 32, 32, 24, 8])
), max_size=40)


def looked(networks):
    """A look as a host tells it: bounded, no network inside another one."""
    counts = {aggregate.of_text(str(net), 4): 1 for net in networks}
    united = aggregate.counted(counts, 4)
    return look(*(aggregate.text(net, 4) for net in united))


@hypothesis.given(st.lists(NETWORKS, min_size=1, max_size=6))
@hypothesis.settings(deadline=None, max_examples=60, derandomize=True)
def test_whoever_came_is_covered_by_few_networks(runs):
    history = merged(*((looked(networks), 'r%d' % number, FIRST) for number, networks in enumerate(runs)))
    kept = [ipaddress.ip_network(text) for text in history['listeners'][SSH]['ipv4']]
    assert len(kept) <= 64
    assert not any(one != other and one.overlaps(other) for one in kept for other in kept)
    for net in [net for networks in runs for net in networks]:
        assert any(net.subnet_of(other) for other in kept)
    assert all(1 <= row['runs'] <= len(runs) for row in history['listeners'][SSH]['ipv4'].values())


@hypothesis.given(NETWORKS, NETWORKS)
@hypothesis.settings(deadline=None, max_examples=60, derandomize=True)
def test_two_looks_may_come_in_any_order_and_again(one, other):
    first, second = looked(one), looked(other)
    history = merged((first, 'r1', FIRST), (second, 'r2', FIRST))
    assert came(history).keys() == came(merged((second, 'r1', FIRST), (first, 'r2', FIRST))).keys()
    assert merged((second, 'r2', FIRST), history=copy.deepcopy(history)) == history
    assert came(merged((first, 'r3', FIRST), history=history)).keys() == came(history).keys()


# Files

@pytest.fixture
def directory(tmp_path):
    path = str(tmp_path / 'records')
    records.write(path, samples.record('a'))
    return path


def kept(directory, host='a', **options):
    with clients.opened(directory, **options) as read:
        return read(host)


def test_what_is_kept_is_read_back(directory):
    assert kept(directory) is None
    clients.keep(directory, 'a', look('10.0.0.5/32'), 'r1')
    path = directory + '/clients/a.json'
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(directory + '/clients').st_mode) == 0o700
    assert came(kept(directory)) == {'10.0.0.5/32': (1, 1)}
    clients.keep(directory, 'a', look('10.0.0.5/32'), 'r2')
    assert came(kept(directory)) == {'10.0.0.5/32': (2, 1)}
    assert kept(directory, 'b') is None
    assert os.listdir(directory + '/clients') == ['a.json']


@pytest.mark.parametrize('facts', [None, samples.facts(samples.listener())])
def test_nothing_is_made_where_nobody_looked(directory, facts):
    clients.keep(directory, 'a', facts, 'r1')
    assert os.listdir(directory) == ['hosts']


@pytest.mark.parametrize('change, message', [
    (lambda data: data.pop('host'), 'the file clients/a.json is not valid: is missing. Remove it to begin anew'),
    (lambda data: data.update(host='b'), 'the file clients/a.json belongs to another host'),
    (lambda data: data.update(schema=2), 'has to be a whole number from 1 to 1'),
    (lambda data: data['listeners'][SSH].update(runs=-1), 'has to be a whole number'),
    (lambda data: data['listeners'][SSH].update(ipv4={'10.0.0.1/8': {}}), 'has a key that is no IPv4 network'),
    (lambda data: data['listeners'][SSH]['ipv4'].update({'10.0.0.7/32': {'first': 'x'}}), 'has to be a time'),
    (lambda data: data['listeners'].update({str(number): {} for number in range(5000)}), 'more than 4096 keys'),
])
def test_what_is_not_as_it_has_to_be_is_refused_and_stays(directory, change, message):
    clients.keep(directory, 'a', look('10.0.0.5/32'), 'r1')
    path = directory + '/clients/a.json'
    with open(path, encoding='ascii') as stream:
        data = json.load(stream)
    change(data)
    text = json.dumps(data)
    with open(path, 'w', encoding='ascii') as stream:
        stream.write(text)
    for attempt in (kept, lambda path: clients.keep(path, 'a', look(), 'r2')):
        with pytest.raises(RecordError) as info:
            attempt(directory)
        assert message in str(info.value)
    with open(path, encoding='ascii') as stream:
        assert stream.read() == text


def test_text_of_a_host_is_in_no_message(directory):
    clients.keep(directory, 'a', look('10.0.0.5/32'), 'r1')
    path = directory + '/clients/a.json'
    with open(path, encoding='ascii') as stream:
        text = stream.read()
    with open(path, 'w', encoding='ascii') as stream:
        stream.write(text.replace(SSH, r'\u001b[31m').replace('"days":1', '"days":null'))
    with pytest.raises(RecordError) as info:
        kept(directory)
    assert '\x1b' not in str(info.value)


@pytest.mark.parametrize('spoil, message', [
    (lambda path: os.chmod(path + '/clients', 0o777), 'is not safe from forgery'),
    (lambda path: os.chmod(path + '/clients/a.json', 0o666), 'is not safe from forgery'),
    (lambda path: os.chmod(path, 0o777), 'is not safe from forgery'),
    (lambda path: (os.rename(path + '/clients/a.json', path + '/x'), os.symlink(path + '/x', path + '/clients/a.json')),
     'symbolic link'),
    (lambda path: (os.rename(path + '/clients', path + '/x'), os.symlink(path + '/x', path + '/clients')), 'clients'),
    (lambda path: (os.unlink(path + '/clients/a.json'), os.mkfifo(path + '/clients/a.json')), 'not a regular file'),
])
def test_files_of_others_are_not_believed(directory, spoil, message):
    clients.keep(directory, 'a', look('10.0.0.5/32'), 'r1')
    spoil(directory)
    for attempt in (kept, lambda path: clients.keep(path, 'a', look(), 'r2')):
        with pytest.raises(RecordError) as info:
            attempt(directory)
        assert message in str(info.value)


def test_directories_that_others_write_to_can_be_meant(directory):
    clients.keep(directory, 'a', look('10.0.0.5/32'), 'r1')
    os.chmod(directory + '/clients', 0o777)
    clients.keep(directory, 'a', look('10.0.0.6/32'), 'r2', shared=True)
    assert len(came(kept(directory, shared=True))) == 2


def test_a_full_disk_leaves_what_was_there(directory):
    clients.keep(directory, 'a', look('10.0.0.5/32'), 'r1')
    with mock.patch.object(clients._draft, 'write', side_effect=OSError(28, 'No space left on device')), pytest.raises(
            RecordError) as info:
        clients.keep(directory, 'a', look('10.0.0.6/32'), 'r2')
    assert 'who came cannot be written to' in str(info.value) and 'No space left' in str(info.value)
    assert came(kept(directory)) == {'10.0.0.5/32': (1, 1)}


def test_runs_at_the_same_time_lose_nobody(directory):
    def run(number):
        clients.keep(directory, 'a', look('10.0.%d.5/32' % number), 'r%d' % number)
    threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = kept(directory)
    assert len(came(history)) == 20 and history['listeners'][SSH]['runs'] == 20


# Led elsewhere

def forward(address='0.0.0.0', ports='8080', proxy=None):
    """An endpoint that rules lead to a container."""
    made = samples.listener(address, int(ports.partition('-')[0]), to='172.17.0.2:80', ports=ports, decided_by=None,
                            container=None, proxy=proxy, exposure=samples.exposure('allowed', ['0.0.0.0/0']))
    return made


def led(port, *networks, address='192.0.2.1'):
    return {'protocol': 'tcp', 'family': 'ipv4', 'address': address, 'port': port,
            'clients': {'ipv4': dict.fromkeys(networks, 1), 'ipv6': {}, 'itself': 0}}


def of_forwarded(forwarded, led_elsewhere, *listeners):
    facts = samples.facts(*listeners, forwarded=forwarded, led_elsewhere=led_elsewhere)
    facts['complete']['connections'] = True
    history = merged((facts, 'r1', FIRST))
    return {key: list(seen['ipv4']) for key, seen in history['listeners'].items()}


@pytest.mark.parametrize('forwarded, led_elsewhere, expected', [
    (forward(), [led(8080, '10.0.0.5/32'), led(8081, '10.0.0.6/32')], ['10.0.0.5/32']),
    (forward(), [led(8080, '10.0.0.5/32'), led(8080, '10.0.0.6/32', address='192.0.2.2')],
     ['10.0.0.5/32', '10.0.0.6/32']),
    (forward('192.0.2.1'), [led(8080, '10.0.0.5/32'), led(8080, '10.0.0.6/32', address='192.0.2.2')],
     ['10.0.0.5/32']),
    (forward(ports='8080-8082'), [led(8081, '10.0.0.5/32'), led(8083, '10.0.0.6/32')], ['10.0.0.5/32']),
    (forward(), [], []),
    (forward(), None, None),
])
def test_who_came_to_what_is_led_elsewhere(forwarded, led_elsewhere, expected):
    assert of_forwarded([forwarded], led_elsewhere).get(forwarded['id']) == expected


def test_a_program_that_holds_the_port_of_a_container_sees_some_of_its_clients():
    came = {'ipv4': {'10.0.0.7/32': 1}, 'ipv6': {}, 'itself': 1}
    proxy, other = samples.listener(port=8080, clients=came), samples.listener('::', 8080, clients=came)
    of_both = forward(proxy=proxy['id']), [led(8080, '10.0.0.5/32')], proxy, other
    assert of_forwarded([of_both[0]], *of_both[1:]) == {
        proxy['id']: ['10.0.0.5/32', '10.0.0.7/32'], other['id']: ['10.0.0.7/32']}
    assert of_forwarded([of_both[0]], None, proxy, other) == {other['id']: ['10.0.0.7/32']}


def test_a_look_that_is_not_complete_about_what_is_led_elsewhere_counts_for_listeners():
    history = merged((look('10.0.0.5/32', gaps=[samples.gap('connections', 'led_elsewhere')]), 'r1', FIRST))
    assert history['listeners'][SSH]['runs'] == 1
