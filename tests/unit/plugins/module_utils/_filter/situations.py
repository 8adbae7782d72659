# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as ``what_if.judge`` sees them, and tables as nft prints them."""

import json
import os
import types

from ansible_collections.listening.ports.plugins.module_utils._filter import exchange, rules, what_if
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import EVERYONE, snapshot
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import record

CAPTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'captures')
RELEASES = ('trixie', 'bookworm', 'bullseye')
# as in captures/record.py
NEAR = ['10.0.0.0/8', 'fd00::/8']
CASES = {
    'ssh': ([{'ports': [22], 'sources': NEAR}], 'reject'),
    'nobody': ([{'ports': [5432], 'sources': []}], 'accept'),
    'web': ([{'ports': [80, 443]}, {'protocol': 'udp', 'ports': [53]}], 'reject'),
    'published': ([{'ports': [22]}, {'ports': ['8080-8089'], 'sources': NEAR}], 'reject'),
    'many': ([{'ports': [22], 'sources': ['10.%d.0.0/24' % number for number in range(0, 256, 2)]}], 'reject'),
}
NET = {
    'addresses': {'eth0': ['192.0.2.10/24', '2001:db8::10/64', 'fe80::10/64'], 'eth1': ['10.0.0.1/24'],
                  'lo': ['127.0.0.1/8', '::1/128']},
    'primary': {'eth0': '192.0.2.10', 'eth1': '10.0.0.1', 'lo': '127.0.0.1'},
    'routes': [
        {'family': 4, 'to': '0.0.0.0/0', 'interface': 'eth0', 'via': '192.0.2.1', 'type': 'unicast'},
        {'family': 4, 'to': '10.0.0.0/8', 'interface': 'eth1', 'via': '10.0.0.2', 'type': 'unicast'},
        {'family': 6, 'to': '::/0', 'interface': 'eth0', 'via': '2001:db8::1', 'type': 'unicast'},
    ],
    'sources': {'eth0': [['0.0.0.0/0', True], ['::/0', True], ['fe80::/64', False]], 'eth1': [['10.0.0.0/8', True]]},
    'route_localnet': [], 'rp_filter': {}, 'forwarding': {'ipv4': False, 'ipv6': False}, 'rules': False, 'links': {},
}
TRACKING = {'tracked': 0, 'most': 262144, 'sockets': 40, 'forwards': False}
SSH = types.MappingProxyType({
    'address': '192.0.2.10', 'port': 22, 'peer': '198.51.100.7', 'peer_port': 50000, 'interface': 'eth0',
    'how': 'ancestor'})
EVERYBODY = EVERYONE[4]


def planned(case, release='trixie'):
    """What ``nft -j`` of a release prints of a table."""
    with open('%s/nft_%s.json' % (CAPTURES, release)) as stream:
        return json.dumps(json.load(stream)[case])


def live(*parts, **more):
    """The snapshot of a host, whose rules are in the form of ``build.chain``."""
    taken = dict(snapshot(*parts), net=NET, tools={}, tables=[['inet', 'filter']])
    return dict(dict(taken, nft=json.dumps(taken['nft'])), **more)


def view(taken=None, listeners=(), connection=SSH, **more):
    """A host."""
    taken = taken or live()
    for listener in listeners:
        listener.setdefault('connections', None)
    original = connection and (
        connection['peer'], connection['peer_port'], connection['address'], connection['port'])
    return dict({'snapshot': taken, 'listeners': list(listeners), 'unseen': [], 'kubelet': None, 'tracking': TRACKING,
                 'original': original, 'devices': {}}, **more)


def judged(host, case, connection=SSH, confirm=60, release='trixie', **more):
    """What an exchange for one of the tables does to a host."""
    options, others = CASES[case]
    return what_if.judge(host, planned(case, release), rules.parse(options), others, connection, confirm, **more)


def code(host, case, **more):
    """The code of the refusal, or None."""
    refusal = judged(host, case, **more)['refusal']
    return refusal and refusal[0]


def with_own(case, taken=None):
    """A snapshot in which one of the tables is in force."""
    return exchange.with_table(taken or live(), planned(case))


def ssh(**more):
    return record(port=22, process='sshd', **more)
