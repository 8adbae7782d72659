# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policies of IPsec leave of what the firewall lets in."""

import pytest

from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, NET, chain, dport, saddr, snapshot
)
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import (
    attach, exposed, record
)

SOURCES = {'eth0': [['10.0.0.0/8', False], ['fd00::/8', False]]}
BELOW, ABOVE = '10.0.0.0/9', '10.128.0.0/9'


def policy(action='block', source='0.0.0.0/0', target='0.0.0.0/0', **others):
    made = {'direction': 'in', 'action': action, 'family': 4, 'protocol': 0, 'source': source, 'target': target,
            'source_port': [0, 0], 'target_port': [0, 0], 'interface': False}
    return dict(made, **others)


def judged(policies, listener=None, rules=()):
    net = dict(NET, sources=SOURCES, ipsec=list(policies))
    chains = chain('in', list(rules), hook='input', policy='drop') if rules else []
    exposure = exposed(snapshot(chains, net=net, tools={}, tables=[]), listener or record(port=80))
    return exposure['allowed'], [text for part in exposure['undecided'] for text in part['sources']], exposure


@pytest.mark.parametrize('policies, allowed, undecided', [
    ([], ['10.0.0.0/8'], []),
    ([policy()], [], []),
    ([policy(source=BELOW)], [ABOVE], []),
    ([policy('protect', source=BELOW)], [ABOVE], [BELOW]),
    ([policy('protect')], [], ['10.0.0.0/8']),
    ([policy('pass'), policy()], ['10.0.0.0/8'], []),               # the first one that fits decides
    ([policy('pass', source=BELOW), policy()], [BELOW], []),
    ([policy('protect', source=BELOW), policy()], [], [BELOW]),
    ([policy(protocol=6, target_port=[80, 65535])], [], []),
    ([policy(protocol=6, target_port=[81, 65535])], ['10.0.0.0/8'], []),
    ([policy(protocol=6, target_port=[64, 65472])], [], []),        # ports from 64 to 127
    ([policy(protocol=17)], ['10.0.0.0/8'], []),
    ([policy(family=6, source='::/0', target='::/0')], ['10.0.0.0/8'], []),
    ([policy(direction='fwd')], ['10.0.0.0/8'], []),
    # for some addresses of the host, packets of some ports, or one interface: it cannot be known
    ([policy(target='10.0.0.1/32')], [], ['10.0.0.0/8']),
    ([policy(source_port=[7, 65535])], [], ['10.0.0.0/8']),
    ([policy(interface=True)], [], ['10.0.0.0/8']),
    ([policy('pass', interface=True, source=BELOW), policy()], [], [BELOW]),
    ([policy(target='192.0.2.7/32')], ['10.0.0.0/8'], []),          # it is not of this host
    # answers
    ([policy(direction='out', target=BELOW)], [ABOVE], []),
    ([policy('protect', direction='out', target=BELOW, source_port=[80, 65535])], [ABOVE], [BELOW]),
    ([policy(direction='out', target=BELOW, source_port=[81, 65535])], ['10.0.0.0/8'], []),
])
def test_policies(policies, allowed, undecided):
    assert judged(policies)[:2] == (allowed, undecided)


def test_bound_to_one_address():
    policies = [policy(target='10.0.0.1/32')]
    assert judged(policies, record(address='10.0.0.1'))[:2] == ([], [])
    assert judged(policies, record(address='10.0.0.9'))[:2] == (['10.0.0.0/8'], [])


def test_what_is_told_of_it():
    exposure = judged([policy(source=BELOW, protocol=6, target_port=[80, 65535])], rules=[[dport(80), ACCEPT]])[2]
    assert exposure['blocked_by'] == 'IPsec policy src 10.0.0.0/9 dst 0.0.0.0/0 proto tcp dport 80 dir in action block'
    assert exposure['decided_by'].startswith('nftables inet filter in handle ')
    exposure = judged([policy('protect', source=BELOW)])[2]
    assert exposure['undecided'][0]['reason'] == (
        'IPsec policy src 10.0.0.0/9 dst 0.0.0.0/0 dir in requires protection')
    assert exposure['verdict'] == 'partly'


def test_rules_come_first():
    allowed, undecided, exposure = judged([policy(source=BELOW)], rules=[[dport(80), saddr(ABOVE), ACCEPT]])
    assert (allowed, undecided) == ([ABOVE], [])
    assert exposure['blocked_by'].startswith('policy drop of ')


def test_long_sets_are_stopped_as_well():
    some = [{'prefix': {'addr': '10.%d.0.0' % number, 'len': 16}} for number in range(0, 256, 2)]
    rules = [[dport(80), saddr({'set': some}), ACCEPT]]

    def elements(exposure):
        return sum(listed['elements'] for listed in exposure.get('allowed_sets', ()))
    everyone = elements(judged([], rules=rules)[2])
    allowed, undecided, exposure = judged([policy()], rules=rules)
    assert (allowed, undecided, elements(exposure), exposure['level']) == ([], [], 0, 'none')
    allowed, undecided, exposure = judged([policy(source='10.1.0.0/16')], rules=rules)
    assert (elements(exposure), undecided, exposure['level']) == (everyone, [], 'private')
    allowed, undecided, exposure = judged([policy('protect', source='10.4.0.0/16')], rules=rules)
    assert (elements(exposure), undecided) == (everyone - 1, ['10.4.0.0/16'])


@pytest.mark.parametrize('to, allowed', [('172.17.0.0/16', []), ('10.0.0.0/8', ['10.0.0.0/8'])])
def test_what_is_forwarded(to, allowed):
    chains = chain('pre', [[dport(80), {'dnat': {'family': 'ip', 'addr': '172.17.0.2', 'port': 8080}}]],
                   hook='prerouting', prio=-100, kind='nat', table='n', family='ip')
    rows = [policy(direction='fwd', target=to, protocol=6, target_port=[8080, 65535])]
    net = dict(NET, sources=SOURCES, ipsec=rows)
    facts, dummy = attach(snapshot(chains, net=net, tools={}, tables=[], port_names={}))
    [forwarded] = facts['forwarded']
    assert forwarded['exposure']['allowed'] == allowed
