# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declared zoo: facts against the known truth, ss and psutil."""

import pytest

from zoo import compare, oracle_psutil, oracle_ss, truth
from zoo.compare import agree

pytestmark = pytest.mark.root
NOT_BY_DEFAULT = ('raw',)


@pytest.fixture(scope='module')
def listed(declared):
    return [record for records in declared.values() for record in records if record['protocol'] not in NOT_BY_DEFAULT]


@pytest.fixture(scope='module')
def by_netlink(habitat, declared):
    return habitat.call('zoo.inside:facts')


@pytest.fixture(scope='module')
def by_procfs(habitat, declared):
    return habitat.call('zoo.inside:facts', collector='procfs')


def plain(records):
    """Expected records without what only some subsets tell."""
    return [{key: value for key, value in record.items() if key != 'connections'} for record in records]


def test_netlink_tells_the_truth(by_netlink, listed):
    assert by_netlink['collector'] == 'netlink'
    agree(compare.records(plain(listed), by_netlink['listeners']))


def test_procfs_tells_the_truth_but_for_the_binding(by_procfs, listed):
    assert by_procfs['collector'] == 'procfs'
    agree(compare.records(truth.by_procfs(plain(listed)), by_procfs['listeners']))


def test_both_collectors_agree(by_netlink, by_procfs):
    def comparable(records):
        return [{key: value for key, value in record.items() if key not in ('socket_uid', '_sockets')}
                for record in sorted(records, key=lambda record: record['id'])]
    for record in by_netlink['listeners']:
        record['_sockets'] = []
    assert comparable(truth.by_procfs(by_netlink['listeners'])) == comparable(by_procfs['listeners'])


@pytest.mark.parametrize('source', ['by_netlink', 'by_procfs'])
def test_facts_keep_their_own_rules(source, request):
    agree(compare.invariants(request.getfixturevalue(source)))


def test_gaps_are_just_those_that_there_are(by_netlink, by_procfs, listed):
    count = truth.unexplained(listed)
    assert count == 3
    assert compare.gaps(by_netlink) == [['owners', 'owners_not_found']]
    assert by_netlink['gaps'][0]['count'] == count
    assert compare.gaps(by_procfs) == [['binding', 'procfs'], ['owners', 'owners_not_found']]


def test_listeners_are_in_a_lasting_order(habitat, by_netlink):
    again = habitat.call('zoo.inside:facts')
    assert [record['id'] for record in again['listeners']] == [record['id'] for record in by_netlink['listeners']]


def test_ss_shows_the_same(habitat, by_netlink):
    rows = habitat.call('zoo.inside:ss')
    # this ss knows no UDP-Lite; it does not look into the files of single threads
    own = [record for record in by_netlink['listeners'] if record['protocol'] in ('tcp', 'udp')]
    odd = {record['id'] for record in own if record['port'] in (3013, 3014)}
    assert len(odd) == 2
    lines = oracle_ss.differences(own, rows['tcp'] + rows['udp'])
    agree([line for line in lines if line.split(': ')[0] not in odd])


def test_ss_shows_the_same_of_mptcp(habitat, by_netlink):
    rows = habitat.call('zoo.inside:ss')['mptcp']
    known = {(record['address'], record['port']): record for record in by_netlink['listeners']
             if record['protocol'] == 'tcp'}
    assert sorted(row['port'] for row in rows) == [2013, 2013, 2014]
    for row in rows:
        record = known[row['address'], row['port']]
        assert row['pids'] == [owner['pid'] for owner in record['owners']]


def test_psutil_shows_the_same(habitat, by_netlink):
    output = habitat.call('zoo.inside:psutil')
    own = [record for record in by_netlink['listeners'] if record['protocol'] in ('tcp', 'udp')]
    processes = {int(pid): process for pid, process in output['processes'].items()}
    agree(oracle_psutil.differences(own, output['rows'], processes, compare.seconds))


@pytest.mark.parametrize('collector', ['auto', 'procfs'])
def test_raw_sockets_are_listed_on_request(habitat, declared, by_netlink, collector):
    assert not [record for record in by_netlink['listeners'] if record['protocol'] == 'raw']
    expected = declared['raw_sockets']
    facts = habitat.call('zoo.inside:facts', gather=['owners', 'raw'], collector=collector)
    # this kernel may answer for raw sockets by /proc only
    whole = facts['complete']['binding']
    assert whole or 'procfs' in [gap['code'] for gap in facts['gaps']]
    agree(compare.records(expected if whole else truth.by_procfs(expected),
                          [record for record in facts['listeners'] if record['protocol'] == 'raw']))
    assert len(facts['listeners']) > len(expected)
    shown = {(row['address'], row['port']) for row in habitat.call('zoo.inside:ss')['raw']}
    assert shown == {(record['address'], record['port']) for record in expected}


def test_raw_sockets_that_netlink_alone_does_not_tell_are_a_gap(habitat, declared):
    facts = habitat.call('zoo.inside:facts', gather=['raw'], collector='netlink')
    listed = {record['id'] for record in facts['listeners'] if record['protocol'] == 'raw'}
    assert facts['complete']['sockets'] is (listed == {record['id'] for record in declared['raw_sockets']})


@pytest.mark.parametrize('collector', ['netlink', 'procfs'])
def test_connections_are_counted_by_state(habitat, declared, collector):
    facts = habitat.call('zoo.inside:facts', gather=['owners', 'connections'], collector=collector)
    assert facts['complete']['connections'] is True
    known = {record['id']: record for record in facts['listeners']}
    expected = {record['id']: record['connections'] for records in declared.values() for record in records
                if 'connections' in record}
    assert len(expected) == 4
    assert {key: known[key]['connections'] for key in expected} == expected
    # on request only, and of what has connections only
    assert all((record['connections'] is None) == (record['protocol'] != 'tcp') for record in facts['listeners'])


def test_connections_add_up_to_what_ss_shows(habitat, declared):
    facts = habitat.call('zoo.inside:facts', gather=['connections'])
    counts, shown = {}, {}
    for record in facts['listeners']:
        for state, count in (record['connections'] or {}).items():
            counts[record['port'], state] = counts.get((record['port'], state), 0) + count
    ports = {record['port'] for record in facts['listeners'] if record['protocol'] == 'tcp'}
    names = {'ESTAB': 'established', 'CLOSE-WAIT': 'close_wait', 'TIME-WAIT': 'time_wait', 'FIN-WAIT-2': 'fin_wait2',
             'FIN-WAIT-1': 'fin_wait1', 'SYN-RECV': 'syn_recv', 'LAST-ACK': 'last_ack', 'SYN-SENT': 'syn_sent',
             'CLOSING': 'closing'}
    for row in habitat.call('zoo.inside:ss')['connections']:
        if row['port'] in ports:
            key = row['port'], names[row['state']]
            shown[key] = shown.get(key, 0) + 1
    assert {key: count for key, count in counts.items() if count} == shown


def test_the_system_is_described(habitat, by_netlink):
    system = by_netlink['system']
    assert system['local_addresses'] == habitat.call('zoo.inside:addresses')
    assert 'fe80::7%veth0/64' in system['local_addresses']
    assert system['ephemeral_ports'] == [40000, 50000]
    assert system['reserved_ports'] == [[8080, 8080], [9000, 9010]]
    assert system['unprivileged_port_start'] == 80


def test_what_accepts_a_family_can_be_reached_by_it(habitat, declared, by_netlink):
    """Connect to each wildcard: changes the queues, hence the last test on this zoo."""
    ports = [record['port'] for record in by_netlink['listeners'] if record['protocol'] == 'tcp']
    wide = [record for record in by_netlink['listeners'] if record['protocol'] == 'tcp' and not record['interface']
            and record['scope'] == 'any' and ports.count(record['port']) == 1]
    targets = [[address, record['port']] for record in wide for address in ('127.0.0.1', '::1')]
    accepted = [accepts for record in wide for accepts in (record['accepts_ipv4'], record['accepts_ipv6'])]
    assert len(wide) >= 5
    assert habitat.call('zoo.inside:reachable', listeners=targets) == accepted
