# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of iptables: legacy, and those that nft shows in part."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import saved
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, chain, decide, dport, evaluator, saddr
)

HEAD = '*filter\n:INPUT %s [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n'
EST = '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n'


def legacy(rules, policy='DROP', ipset=None):
    return evaluator(saves={'ip/legacy': HEAD % policy + EST + rules + '\nCOMMIT\n'}, ipset=ipset)


@pytest.mark.parametrize(
    'line, expected',
    [
        ('-A INPUT -j DROP', ['-A', 'INPUT', '-j', 'DROP']),
        (
            '-m comment --comment "a \\"b\\" \\\\ -j ACCEPT" -j DROP',
            ['-m', 'comment', '--comment', 'a "b" \\ -j ACCEPT', '-j', 'DROP'],
        ),
        ('--comment ""', ['--comment', '']),
        ('--comment "a  b"c -j "DROP"', ['--comment', 'a  bc', '-j', 'DROP']),
        ('--comment "never ends', ['--comment', 'never ends']),
    ],
)
def test_words(line, expected):
    assert saved.words(line) == expected


@pytest.mark.parametrize(
    'rule, word',
    [
        ('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', 'allowed'),
        ('-A INPUT -p tcp -m tcp ! --dport 22 -j ACCEPT', 'blocked'),
        ('-A INPUT -p tcp -m multiport --dports 80,20:25 -j ACCEPT', 'allowed'),
        ('-A INPUT -s 10.1.0.0/16 -j ACCEPT', ['10.1.0.0/16']),
        ('-A INPUT -s 10.1.0.0/16 ! -i docker+ -j ACCEPT', ['10.1.0.0/16']),
        ('-A INPUT -i docker+ -j ACCEPT', 'blocked'),
        ('-A INPUT -m iprange --src-range 10.0.0.4-10.0.0.7 -j ACCEPT', ['10.0.0.4/30']),
        ('-A INPUT -m addrtype --dst-type LOCAL -j ACCEPT', 'allowed'),
        ('-A INPUT -p tcp -m mac --mac-source 00:11:22:33:44:55 -j ACCEPT', 'undecided'),
        ('-A INPUT -m string --string "x" --algo bm -j ACCEPT', 'undecided'),
        ('-A INPUT -j NFQUEUE --queue-num 1', 'undecided'),
        ('-A INPUT -m limit --limit 3/min -j ACCEPT', 'allowed'),
        (
            '-A INPUT -m recent --update --seconds 30 --hitcount 6 --name DEFAULT '
            '--mask 255.255.255.255 --rsource -j ACCEPT',
            'blocked',
        ),
        ('-A INPUT -p udp -j ACCEPT', 'blocked'),
        ('-A INPUT -p 6 -j ACCEPT', 'allowed'),
        ('-A INPUT -m set --match-set who src -j ACCEPT', ['10.9.0.0/16']),
        ('-A INPUT -m set --match-set what src,dst -j ACCEPT', ['10.8.0.1/32']),
        ('-A INPUT -m set --match-set missing src -j ACCEPT', 'undecided'),
        ('-A INPUT -m made-up --anything 5 -j ACCEPT', 'undecided'),
    ],
)
def test_matches(rule, word):
    ipset = ('create who hash:net family inet\nadd who 10.9.0.0/16\ncreate what hash:ip,port family inet\n'
             'add what 10.8.0.1,tcp:22\nadd what 10.8.0.2,udp:22\n')
    assert decide(legacy(rule, ipset=ipset)) == word


def test_chains_and_marks():
    text = (
        HEAD % 'DROP'
        + ':u - [0:0]\n'
        + EST
        + '-A INPUT -p tcp -g u\n-A INPUT -j ACCEPT\n-A u -s 10.0.0.0/8 -j RETURN\n'
        '-A u -m mark --mark 0x3/0x3 -j ACCEPT\nCOMMIT\n*mangle\n:PREROUTING ACCEPT [0:0]\n'
        '-A PREROUTING -s 192.168.0.0/16 -j MARK --set-xmark 0x7/0xffffffff\nCOMMIT\n'
    )
    assert decide(evaluator(saves={'ip/legacy': text})) == ['192.168.0.0/16']
    assert decide(evaluator(saves={'ip/legacy': text}), protocol='udp') == 'allowed'


XT = {'xt': {'type': 'match', 'name': 'multiport'}}


def _opaque():
    return chain('INPUT', [[dport(22), ACCEPT], [XT, ACCEPT]], hook='input', policy='drop', family='ip', table='filter')


def test_opaque_rules_are_taken_from_iptables_save():
    text = HEAD % 'DROP' + '-A INPUT -p tcp -j ACCEPT\n-A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT\nCOMMIT\n'
    judge = evaluator(_opaque(), saves={'ip/nft': text})
    # iptables-save does not know all of the first rule, which nft shows whole: it is not replaced
    assert [decide(judge, port) for port in (22, 80, 81)] == ['allowed', 'allowed', 'blocked']
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 80)
    assert outcome.decided_by == 'iptables filter INPUT 2: -A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT'


@pytest.mark.parametrize('text', [None, HEAD % 'DROP' + '-A INPUT -j ACCEPT\nCOMMIT\n'])
def test_another_number_of_rules_leaves_them_unknown(text):
    assert decide(evaluator(_opaque(), saves={'ip/nft': text}), 81) == 'undecided'


def test_legacy_and_nft_both_count():
    text = HEAD % 'ACCEPT' + '-A INPUT -s 10.0.0.0/8 -j DROP\nCOMMIT\n'
    parts = chain('input', [[saddr('192.168.0.0/16'), {'drop': None}]], hook='input')
    outcome = evaluator(parts, saves={'ip/legacy': text}).decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert outcome.blocked == ((10 << 24, (11 << 24) - 1), (0xc0a80000, 0xc0a8ffff))
