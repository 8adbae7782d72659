# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rulesets that real tools made lead to somewhere else, and what that is to listeners."""

import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import attach as _attach
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import chain, dport
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import (
    ANYONE4, attach, brief, capture, exposed, record
)
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import gaps_of


@pytest.mark.parametrize('name', ['docker_nft', 'docker_legacy'])
def test_docker(name):
    proxy, other = record(port=8050, process='docker-proxy'), record(port=22)
    facts, gaps = attach(name, proxy, other)
    [endpoint] = facts['forwarded']
    assert set(proxy) <= set(endpoint) | {'exposure'}
    assert (endpoint['id'], endpoint['to'], endpoint['port'], endpoint['ports'], endpoint['port_name']) == (
        'tcp/0.0.0.0:8050',
        '172.17.0.2:80',
        8050,
        '8050',
        'web',
    )
    assert (endpoint['proxy'], endpoint['container']) == (proxy['id'], None)
    assert (endpoint['held_by'], endpoint['owners']) == ('unknown', [])
    assert endpoint['decided_by'].startswith('iptables nat DOCKER 2: -A DOCKER ! -i docker0 ')
    assert brief(endpoint['exposure']) == brief(proxy['exposure']) == ('allowed', 'anyone', ANYONE4)
    assert not proxy['exposure']['caveats'] and not gaps.found and not facts['openings']


def test_a_listener_that_is_no_proxy_does_not_get_what_is_translated():
    listener = record(port=8050, process='nginx')
    facts = attach('docker_nft', listener)[0]
    assert brief(listener['exposure']) == (
        'partly',
        'private',
        ['172.17.0.0/16'],
    )  # by the bridge, where nothing is translated
    assert listener['exposure']['caveats'] == ['address translation redirects the port to 172.17.0.2:80']
    assert facts['forwarded'][0]['proxy'] is None


def test_container_of_a_published_port():
    snapshot = dict(capture('docker_nft'), elsewhere={'docker:7': ['172.17.0.2'], 'docker:8': ['172.17.0.3']})
    inside = [
        record(port=80, process='httpd', container='docker:%d' % pid, pid=pid, namespace='docker:%d' % pid)
        for pid in (8, 7)
    ]
    [endpoint] = attach(snapshot, *inside)[0]['forwarded']
    assert (endpoint['container'], endpoint['held_by'], endpoint['service'], endpoint['owners']) == (
        'docker:7',
        'processes',
        'x.service',
        inside[1]['owners'],
    )


def test_some_addresses_of_the_host_are_forwarded():
    """Rules treat two of three addresses alike, and each of the two is an endpoint."""
    snapshot = capture('open')
    snapshot['net']['addresses']['eth0'] = ['192.0.2.10/24', '192.0.2.11/24', '192.0.2.12/24']
    rules = [
        [
            {
                'match': {
                    'op': '==',
                    'left': {'payload': {'protocol': 'ip', 'field': 'daddr'}},
                    'right': {'set': ['192.0.2.11', '192.0.2.12']},
                }
            },
            dport(80),
            {'dnat': {'addr': '10.9.9.9', 'port': 8080}},
        ],
        [
            {
                'match': {
                    'op': '==',
                    'left': {'payload': {'protocol': 'ip', 'field': 'daddr'}},
                    'right': {'set': ['192.0.2.11', '192.0.2.12']},
                }
            },
            dport(90),
            {'dnat': {'port': 91}},
        ],
    ]
    snapshot['nft'] = {'nftables': chain('prerouting', rules, 'prerouting', -100, kind='nat', family='ip', table='nat')}
    behind = record(port=91)
    endpoints = attach(snapshot, behind)[0]['forwarded']
    assert [(endpoint['id'], endpoint['to'], endpoint['scope']) for endpoint in endpoints] == [
        ('tcp/192.0.2.11:80', '10.9.9.9:8080', 'global'), ('tcp/192.0.2.12:80', '10.9.9.9:8080', 'global'),
        ('tcp/192.0.2.11:90', '192.0.2.11:91', 'global'), ('tcp/192.0.2.12:90', '192.0.2.12:91', 'global')]
    assert [endpoint['exposure']['verdict'] for endpoint in endpoints] == [
        'blocked',
        'blocked',
        'allowed',
        'allowed',
    ]  # it is no router


def test_more_is_forwarded_than_is_listed(monkeypatch):
    monkeypatch.setattr(_attach, 'MOST_FORWARDED', 2)
    facts, gaps = attach('podman')
    assert len(facts['forwarded']) == 2 and gaps_of(gaps) == {('firewall', 'forwarded'): 3}


def test_podman():
    facts = attach('podman')[0]
    targets = [(endpoint['id'], endpoint['to']) for endpoint in facts['forwarded']]
    assert targets == [('tcp/0.0.0.0:8081', '10.88.0.2:80')] + [
        ('udp/0.0.0.0:%d' % port, '10.88.0.3:%d' % port) for port in range(5000, 5004)]


@pytest.mark.parametrize('name, address', [('kube_nft', '192.0.2.10'), ('kube_iptables', '0.0.0.0')])
def test_kubernetes(name, address):
    taken = record(port=30080, address='192.0.2.10')
    [endpoint] = attach(name, taken)[0]['forwarded']
    assert (endpoint['id'], endpoint['to']) == ('tcp/%s:30080' % address, '10.244.0.5:8080, 10.244.0.6:8080')
    assert brief(endpoint['exposure']) == ('allowed', 'anyone', ANYONE4)
    assert brief(taken['exposure']) == ('blocked', 'none', [])


def test_interfaces_that_lead_to_different_targets_are_one_endpoint():
    snapshot = capture('podman')
    for item in snapshot['nft']['nftables']:
        if 'rule' in item and any('dnat' in expression for expression in item['rule']['expr']):
            first = item
    other = json.loads(json.dumps(first))
    other['rule']['expr'] = [
        {'match': {'op': '==', 'left': {'meta': {'key': 'iifname'}}, 'right': 'podman0'}},
        {'match': {'op': '==', 'left': {'payload': {'protocol': 'tcp', 'field': 'dport'}}, 'right': 8081}},
        {'dnat': {'family': 'ip', 'addr': '10.88.0.9', 'port': 80}},
    ]
    chain = [item for item in snapshot['nft']['nftables']
             if item.get('rule', {}).get('chain') == first['rule']['chain']]
    snapshot['nft']['nftables'].insert(snapshot['nft']['nftables'].index(chain[0]), other)
    endpoints = [endpoint for endpoint in attach(snapshot)[0]['forwarded'] if endpoint['protocol'] == 'tcp']
    assert [(endpoint['id'], endpoint['to'], endpoint['exposure']['verdict']) for endpoint in endpoints] == [
        ('tcp/0.0.0.0:8081', '10.88.0.2:80, 10.88.0.9:80', 'allowed')
    ]


def test_all_ports_of_a_host_that_are_led_elsewhere():
    snapshot = capture('podman')
    for item in snapshot['nft']['nftables']:
        if 'rule' in item and item['rule']['chain'] == 'PREROUTING':
            item['rule']['expr'] = [{'dnat': {'family': 'ip', 'addr': '10.88.0.2'}}]
    listener = record(port=22)
    endpoints = {each['id']: (each['ports'], each['to']) for each in attach(snapshot, listener)[0]['forwarded']}
    assert endpoints == {'%s/0.0.0.0:0' % protocol: ('1-65535', '10.88.0.2:?') for protocol in ('tcp', 'udp')}
    assert listener['exposure']['verdict'] == 'blocked' and listener['exposure']['caveats'] == [
        'address translation redirects the port to 10.88.0.2:22'
    ]


def test_forwarding_that_is_off():
    snapshot = capture('podman')
    snapshot['net']['forwarding']['ipv4'] = False
    endpoint = attach(snapshot)[0]['forwarded'][0]
    assert (endpoint['id'], brief(endpoint['exposure'])) == ('tcp/0.0.0.0:8081', ('blocked', 'none', []))


def test_stolen_port():
    stolen, target = record(port=2222), record(port=22, process='sshd')
    [endpoint] = attach('stolen', stolen, target)[0]['forwarded']
    assert brief(stolen['exposure']) == ('blocked', 'none', [])
    assert stolen['exposure']['caveats'] == ['address translation redirects the port to 192.0.2.10:22']
    assert stolen['exposure']['decided_by'].startswith('nftables inet nat prerouting handle ')
    assert (endpoint['id'], endpoint['to'], endpoint['owners'], endpoint['service']) == (
        'tcp/0.0.0.0:2222',
        '192.0.2.10:22',
        target['owners'],
        'x.service',
    )
    assert brief(target['exposure']) == ('allowed', 'anyone', ANYONE4)


def test_port_that_is_stolen_for_some():
    listener = record(port=80)
    facts = attach('stolen', listener)[0]
    assert listener['exposure']['verdict'] == 'partly' and listener['exposure']['undecided'] == []
    allowed = iv.merged(iv.parse(net)[1][0] for net in listener['exposure']['allowed'])
    assert iv.complement(allowed, 0, iv.LAST[4]) == iv.parse('10.0.0.0/8')[1]
    assert not facts['forwarded']               # nothing listens on 8080
    other = record(port=8080)
    assert [forwarded['to'] for forwarded in attach('stolen', listener, other)[0]['forwarded']] == ['192.0.2.10:8080']


def test_translation_in_doubt():
    snapshot = capture('stolen')
    for item in snapshot['nft']['nftables']:
        if 'rule' in item:
            item['rule']['expr'].insert(0, {'match': {'op': '==', 'left': {'meta': {'key': 'hour'}}, 'right': 'x'}})
    exposure = exposed(snapshot, record(port=2222))
    assert (exposure['verdict'], exposure['level'], exposure['allowed']) == ('unknown', 'unknown', [])
    assert exposure['undecided'][0]['sources'] == ANYONE4
