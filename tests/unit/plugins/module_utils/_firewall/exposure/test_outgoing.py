# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host lets its programs connect to. Packets are tried in tests/oracle/firewall/test_outward_by_chance.py."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import outgoing
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, DROP, ESTABLISHED, NET, chain, dport, match, payload, snapshot, state
)
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import attach

SOURCES = {'eth0': [['0.0.0.0/0', True], ['::/0', True]], 'docker0': [['172.17.0.0/16', False]]}
ALL = [[1, 65535]]


def daddr(network):
    base, dummy, length = network.partition('/')
    return match(payload('ip', 'daddr'), {'prefix': {'addr': base, 'len': int(length)}} if length else base)


def found(*chains, **more):
    """(list of what is sent, gaps)."""
    net = dict(NET, sources=SOURCES, **more.pop('net', {}))
    result, gaps = attach(snapshot(*chains, net=net, tools={}, tables=[], **more), outward=True)
    return result['outgoing'], [(gap['aspect'], gap['code']) for gap in gaps.found]


def brief(entries, protocol='tcp'):
    """[(ports, allowed IPv4, undecided IPv4)] of a protocol."""
    def of_ipv4(networks):
        return [network for network in networks if ':' not in network]
    return sorted(
        (entry['ports'], of_ipv4(entry['allowed']),
         of_ipv4([network for part in entry['undecided'] for network in part['sources']]))
        for entry in entries if entry['protocol'] == protocol)


def reaches(entries, address, port, protocol='tcp'):
    import ipaddress
    return any(
        ipaddress.ip_address(address) in ipaddress.ip_network(network)
        for entry in entries if entry['protocol'] == protocol
        and any(low <= port <= high for low, high in entry['ports']) for network in entry['allowed'])


def test_without_rules_everybody_whom_a_route_leads_to():
    entries, gaps = found()
    assert not gaps
    assert [entry['ports'] for entry in entries] == [ALL, ALL]
    assert {entry['verdict'] for entry in entries} == {'allowed'} and not any(e['undecided'] for e in entries)
    assert reaches(entries, '192.0.2.7', 443) and reaches(entries, '2001:db8::7', 443)
    # a host without a route to others than its neighbours
    routes = [{'family': 4, 'to': '10.0.0.0/24', 'interface': 'eth0', 'via': None, 'type': 'unicast'}]
    entries, dummy = found(net={'routes': routes})
    assert reaches(entries, '10.0.0.7', 443) and not reaches(entries, '192.0.2.7', 443)
    assert all(not entry['undecided'] for entry in entries)


def test_a_rule_for_a_port_and_a_network():
    rules = [[dport(443), daddr('192.0.2.0/24'), ACCEPT], [dport({'set': [22, 443]}), DROP]]
    entries, gaps = found(chain('out', rules, hook='output'))
    assert not gaps
    assert brief(entries) == [
        ([[1, 21], [23, 442], [444, 65535]], brief(entries)[0][1], []), ([[22, 22]], [], []),
        ([[443, 443]], ['192.0.2.0/24'], [])]
    assert reaches(entries, '198.51.100.1', 80)
    [blocked] = [entry for entry in entries if entry['ports'] == [[22, 22]]]
    assert 'dport' in blocked['blocked_by'] and blocked['verdict'] == 'blocked'
    assert brief(entries, 'udp')[0][0] == ALL


@pytest.mark.parametrize('rules, is_reached', [
    ([], False),                                        # no answer comes in
    ([ESTABLISHED], True),
    ([[state('new'), ACCEPT]], False),
    ([[match(payload('tcp', 'sport'), 443), ACCEPT]], True),
    ([[dport(443), ACCEPT]], False),                    # that is the port of the program
])
def test_answers_have_to_come_in(rules, is_reached):
    entries, dummy = found(chain('in', rules, hook='input', policy='drop'))
    assert reaches(entries, '192.0.2.7', 443) == is_reached


def test_the_interface_that_leads_there_counts():
    rules = [[match({'meta': {'key': 'oifname'}}, 'docker0'), DROP]]
    entries, dummy = found(chain('out', rules, hook='output'))
    assert reaches(entries, '10.1.2.3', 80) and not reaches(entries, '172.17.0.9', 80)


def test_the_address_of_the_host_may_decide():
    rules = [[match(payload('ip', 'saddr'), '10.0.0.9'), DROP]]
    entries, dummy = found(chain('out', rules, hook='output'))
    assert not reaches(entries, '192.0.2.7', 80)
    assert outgoing.SOURCE in {part['reason'] for entry in entries for part in entry['undecided']}


def test_translation_of_the_source_is_nothing_to_doubt():
    entries, gaps = found(chain('post', [[{'masquerade': None}]], hook='postrouting', kind='nat', prio=100))
    assert reaches(entries, '192.0.2.7', 80) and not gaps


def test_a_translated_destination_is_not_decided():
    rules = [[dport(80), {'dnat': {'addr': '10.0.0.7', 'family': 'ip'}}]]
    entries, dummy = found(chain('out', rules, hook='output', kind='nat', prio=-100))
    assert not reaches(entries, '192.0.2.7', 80) and reaches(entries, '192.0.2.7', 81)
    assert any('translates where the host sends to' in part['reason']
               for entry in entries for part in entry['undecided'])


def test_what_could_not_be_looked_at_is_told():
    policy = {'direction': 'out', 'action': 'block', 'family': 4, 'protocol': 0, 'source': '0.0.0.0/0',
              'target': '0.0.0.0/0', 'source_port': [0, 0], 'target_port': [0, 0], 'interface': False}
    entries, dummy = found(net={'ipsec': [policy]})
    assert not any(entry['allowed'] for entry in entries)
    assert {part['reason'] for entry in entries for part in entry['undecided']} == {outgoing.IPSEC}
    assert found(errors=[{'source': 'nft', 'message': 'nft is missing'}]) == ([], [
        ('firewall', 'unreadable'), ('outgoing', 'unreadable')])
    odd = {'family': 4, 'priority': 1, 'kind': 'odd', 'table': 0, 'to': None, 'mark': None, 'inverted': False,
           'suppressed': -1}
    entries, dummy = found(net={'rules': True, 'policy': [odd], 'tables': {}})
    assert {part['reason'] for entry in entries for part in entry['undecided']} >= {outgoing.ROUTES}


def test_many_ports(monkeypatch):
    monkeypatch.setattr(outgoing, 'MOST_KINDS', 2)
    rules = [[dport(80), DROP], [dport(443), ACCEPT], [dport(22), daddr('192.0.2.7'), DROP]]
    entries, gaps = found(chain('out', rules, hook='output'))
    assert ('outgoing', 'ports') in gaps and {entry['protocol'] for entry in entries} == {'udp'}
