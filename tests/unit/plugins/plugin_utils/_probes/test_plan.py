# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which endpoints are probed: tables of cases."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._probes import plan
from ansible_collections.listening.ports.plugins.plugin_utils._probes.plan import Target
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._probes.probing import HOSTILE, specific
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener


@pytest.mark.parametrize(
    'record, wanted',
    [
        (
            listener('0.0.0.0', 80),
            [
                {'port': 80, 'protocol': 'tcp', 'address': '10.0.0.5'},
                {'port': 80, 'protocol': 'tcp', 'host': 'db.example.org', 'family': 'ipv4'},
            ],
        ),
        (
            listener('::', 80),
            [
                {'port': 80, 'protocol': 'tcp', 'host': 'db.example.org', 'family': 'ipv6'},
                {'port': 80, 'protocol': 'tcp', 'address': '2001:db8::5'},
            ],
        ),
        (
            listener('::', 80, accepts_ipv4=True),
            [
                {'port': 80, 'protocol': 'tcp', 'address': '10.0.0.5'},
                {'port': 80, 'protocol': 'tcp', 'host': 'db.example.org'},
                {'port': 80, 'protocol': 'tcp', 'address': '2001:db8::5'},
            ],
        ),
        (
            listener('::', 53, 'udp', accepts_ipv4=None),
            [
                {'port': 53, 'protocol': 'udp', 'address': '10.0.0.5'},
                {'port': 53, 'protocol': 'udp', 'host': 'db.example.org'},
                {'port': 53, 'protocol': 'udp', 'address': '2001:db8::5'},
            ],
        ),
        (specific('10.1.0.9', 22), [{'port': 22, 'protocol': 'tcp', 'address': '10.1.0.9'}]),
        (specific('2001:db8::9', 22, 'global'), [{'port': 22, 'protocol': 'tcp', 'address': '2001:db8::9'}]),
    ],
)
def test_endpoints_of_a_listener(record, wanted):
    made = plan.plan([Target('db', facts(record), addresses=['10.0.0.5', 'db.example.org', '2001:db8::5'])])
    assert made.endpoints == wanted
    assert [(item.host, item.listener['id'], item.index) for item in made.items] == [
        ('db', record['id'], number) for number in range(len(wanted))
    ]
    assert not made.left_out['db']


@pytest.mark.parametrize('record, reason', [
    (listener('127.0.0.1', 80), 'bound to loopback'),
    (specific('fe80::1', 80, 'link', interface='eth0'), 'link-local'),
    (specific('169.254.1.1', 80, 'link'), 'link-local'),
    (specific('224.0.0.251', 5353, 'link', protocol='udp'), 'bound to a multicast or broadcast address'),
    (specific('255.255.255.255', 67, 'link', protocol='udp'), 'bound to a multicast or broadcast address'),
    (listener('0.0.0.0', 80, 'sctp'), 'neither TCP nor UDP'),
    (listener('0.0.0.0', 40000, 'udp', ephemeral=True), 'UDP sockets of clients'),
    (listener('0.0.0.0', 80, namespace='netns:blue'), 'in another network namespace'),
    (listener('0.0.0.0', 0, 'udp'), 'without a port'),
    (listener('::', 80), 'no address to probe them at is known'),
])
def test_what_is_not_probed_is_told(record, reason):
    made = plan.plan([Target('db', facts(record), addresses=['10.0.0.5'])])
    assert made.items == [] and made.endpoints == [] and made.left_out == {'db': {reason: 1}}


def test_all_addresses_of_a_host():
    system = dict(
        facts()['system'],
        local_addresses=[
            '127.0.0.1/8',
            '10.0.0.5/24',
            'fe80::1%eth0/64',
            '2001:db8::5/64',
            '::1/128',
            '10.0.0.5/32',
            HOSTILE,
        ],
    )
    made = plan.plan([Target('db', facts(listener('::', 80, accepts_ipv4=True), system=system))])
    assert [endpoint['address'] for endpoint in made.endpoints] == ['10.0.0.5', '2001:db8::5']
    made = plan.plan([Target('db', facts(listener(), system=dict(system, local_addresses=None)))])
    assert made.left_out == {'db': {'no address to probe them at is known': 1}}


def test_what_is_forwarded_is_probed():
    forwarded = listener('0.0.0.0', 8080, owners=[], to='172.17.0.2:80')
    made = plan.plan([Target('db', facts(forwarded=[forwarded]), addresses=['10.0.0.5'])])
    assert made.endpoints == [{'address': '10.0.0.5', 'port': 8080, 'protocol': 'tcp'}]


def test_no_endpoint_is_there_twice():
    both = [
        Target('one', facts(listener(), specific('10.0.0.5')), addresses=['10.0.0.5']),
        Target('two', facts(listener()), addresses=['10.0.0.5']),
    ]
    made = plan.plan(both)
    assert len(made.endpoints) == 1 and [item.index for item in made.items] == [0, 0, 0]


def test_a_host_that_lies_does_not_make_others_scan_a_network():
    many = [specific('10.1.%d.%d' % divmod(number, 256)) for number in range(3000)]
    made = plan.plan([Target('db', facts(*many), addresses=[]), Target('unseen')])
    assert len(made.endpoints) == 2000 and made.left_out == {'db': {'there are more than 2000': 1000}}
