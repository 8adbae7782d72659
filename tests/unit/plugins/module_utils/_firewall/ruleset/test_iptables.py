# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of iptables: legacy, and those that nft shows in part."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import saved
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, chain, decide, dport, evaluator, saddr, state
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


@pytest.mark.parametrize('part', ['x', '\\"', 'x" "y', '\\\\ "  "'])
def test_words_of_a_long_line_are_read_once(part):
    """The pieces of a line have no more characters than it, and each is joined to its word at once."""
    for count in (1000, 2000):
        line = '-A INPUT -m comment --comment "%s" -j DROP' % (part * count)
        pieces = list(saved.pieces(line))
        assert sum(len(text) or 1 for dummy, text in pieces) <= len(line)
        assert saved.words(line)[-2:] == ['-j', 'DROP'] and saved.words(line)[:5] == line.split()[:5]
    assert len(''.join(saved.words('"%s"' % ('x' * 5000000)))) == 5000000


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
            'undecided',
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


# what depends on the traffic, and what a conversation leaves behind

KNOCK = '-A INPUT -p tcp -m tcp --dport 22 -m recent --set --name s --mask 255.255.255.255 --rsource\n'
CHECK = '-A INPUT -p tcp -m tcp --dport 22 -m recent %s --name s --mask 255.255.255.255 --rsource -j %s\n'
CHECKS = '-A INPUT -p tcp -m tcp --dport 22 -m recent %s --name other --mask 255.255.255.255 --rsource -j %s\n'


@pytest.mark.parametrize('policy, rules, word', [
    # who sends little is let in, hence somebody is
    ('DROP', '-A INPUT -m limit --limit 3/min -j ACCEPT', 'allowed'),
    ('ACCEPT', '-A INPUT -m limit --limit 3/min -j RETURN\n-A INPUT -j DROP', 'allowed'),
    ('ACCEPT', '-A INPUT -m hashlimit --hashlimit-above 3/min --hashlimit-name a -j DROP', 'allowed'),
    ('ACCEPT', '-A INPUT -m connlimit --connlimit-above 3 --connlimit-mask 32 --connlimit-saddr -j DROP', 'allowed'),
    ('ACCEPT', '-A INPUT -m recent --update --seconds 60 --hitcount 4 --name s --rsource -j DROP', 'allowed'),
    # who sends more comes through
    ('ACCEPT', '-A INPUT -m limit --limit 3/min -j DROP', 'undecided'),
    ('ACCEPT', '-A INPUT -m hashlimit --hashlimit-upto 3/min --hashlimit-name a -j DROP', 'undecided'),
    ('DROP', '-A INPUT -m hashlimit --hashlimit-above 3/min --hashlimit-name a -j ACCEPT', 'undecided'),
    ('DROP', '-A INPUT -m connlimit --connlimit-above 3 --connlimit-mask 32 --connlimit-saddr -j ACCEPT', 'undecided'),
    ('DROP', '-A INPUT -m recent --update --seconds 60 --hitcount 4 --name s --rsource -j ACCEPT', 'undecided'),
    # a rule that lets neither in stays what it is
    ('DROP', '-A INPUT -m limit --limit 3/min -j LOG', 'blocked'),
    ('ACCEPT', '-A INPUT -m limit --limit 3/min -j LOG', 'allowed'),
    # a list that the conversation itself fills
    ('DROP', KNOCK + CHECK % ('--rcheck', 'ACCEPT'), 'allowed'),
    ('ACCEPT', KNOCK + CHECK % ('--update --seconds 60', 'DROP'), 'blocked'),
    ('ACCEPT', KNOCK + CHECK % ('--update --seconds 60 --hitcount 4', 'DROP'), 'allowed'),
    ('DROP', KNOCK + CHECK % ('--rcheck --hitcount 2', 'ACCEPT'), 'undecided'),
    ('DROP', KNOCK + CHECKS % ('--rcheck', 'ACCEPT'), 'undecided'),
    ('DROP', KNOCK + CHECK % ('! --rcheck', 'ACCEPT'), 'blocked'),
    ('ACCEPT', KNOCK + CHECK.replace(' -j %s', '') % '--remove' + CHECK % ('--rcheck', 'DROP'), 'allowed'),
    ('DROP', KNOCK + CHECK.replace(' -j %s', '') % '--remove' + CHECK % ('--rcheck', 'ACCEPT'), 'undecided'),
    ('DROP', KNOCK.replace('--set', '! --set').replace('\n', ' -j ACCEPT\n'), 'blocked'),
    # who is stopped sends again, and meets what the first attempt has left
    ('DROP', CHECK % ('--rcheck', 'ACCEPT') + KNOCK, 'undecided'),
    ('DROP', CHECK % ('--rcheck --hitcount 3', 'ACCEPT') + KNOCK, 'undecided'),
    ('ACCEPT', CHECK % ('--rcheck', 'DROP') + KNOCK.replace('\n', ' -j DROP\n'), 'blocked'),
    ('DROP', KNOCK + CHECK % ('--rcheck --rttl', 'ACCEPT'), 'undecided')])
def test_traffic(policy, rules, word):
    assert decide(legacy(rules, policy)) == word


def test_what_depends_on_the_traffic_is_told():
    judge = legacy('-A INPUT -m limit --limit 3/min -j DROP', 'ACCEPT')
    (dummy, reason), = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22).undecided
    assert reason == (
        'depends on the traffic (rate limit): iptables filter INPUT 2: -A INPUT -m limit --limit 3/min -j DROP')
    outcome = legacy(KNOCK + CHECK % ('--update --hitcount 4', 'DROP'), 'ACCEPT').decide(
        4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert [caveat.partition(':')[0] for caveat in outcome.caveats] == [
        'recent, judged for a client that was not seen before']
    assert outcome.allowed_by == 'policy accept of chain iptables filter INPUT'


# zones of connection tracking

RAW = '*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n%s\nCOMMIT\n'
ANSWERS = (
    '*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT DROP [0:0]\n-A OUTPUT -m conntrack --ctstate %s -j ACCEPT\nCOMMIT\n')


@pytest.mark.parametrize('raw, tcp, udp, new', [
    ('-A PREROUTING -j CT --zone 5', 'blocked', 'blocked', 'allowed'),
    ('-A PREROUTING -j CT --zone 5\n-A OUTPUT -j CT --zone 5', 'allowed', 'allowed', 'blocked'),
    ('-A PREROUTING -j CT --zone 5\n-A OUTPUT -j CT --zone 6', 'blocked', 'blocked', 'allowed'),
    ('-A PREROUTING -j CT --zone-orig 5', 'allowed', 'allowed', 'blocked'),
    ('-A PREROUTING -j CT --zone-reply 5', 'blocked', 'blocked', 'blocked'),
    ('-A PREROUTING -j CT --zone-reply 5\n-A OUTPUT -j CT --zone 5', 'allowed', 'allowed', 'blocked'),
    ('-A OUTPUT -j CT --zone 5', 'blocked', 'blocked', 'allowed'),
    # the first rule wins
    ('-A PREROUTING -j CT --helper ftp\n-A PREROUTING -j CT --zone 5', 'allowed', 'allowed', 'blocked'),
    ('-A PREROUTING -j CT --notrack\n-A PREROUTING -j CT --zone 5', 'blocked', 'blocked', 'allowed'),
    ('-A PREROUTING -j CT --zone mark', 'allowed', 'allowed', 'blocked')])
def test_zones(raw, tcp, udp, new):
    judge = evaluator(saves={'ip/legacy': RAW % raw + ANSWERS % 'RELATED,ESTABLISHED'})
    assert [decide(judge), decide(judge, protocol='udp')] == [tcp, udp]
    assert decide(evaluator(saves={'ip/legacy': RAW % raw + ANSWERS % 'NEW'}), protocol='udp') == new


@pytest.mark.parametrize('raw, protocol, word', [
    # the answer begins a connection of its own, which is the first one the other way round: it is dropped
    ('-A PREROUTING -j CT --zone-reply 5', 'udp', 'blocked'),
    ('-A PREROUTING -j CT --zone-reply 5', 'tcp', 'undecided'),
    ('-A PREROUTING -j CT --zone 5', 'udp', 'allowed'),
    ('-A PREROUTING -j CT --zone 5\n-A OUTPUT -j CT --zone-orig 5', 'udp', 'undecided'),
    ('-A PREROUTING -j CT --zone-reply 5\n-A OUTPUT -j CT --zone-reply 5', 'udp', 'allowed')])
def test_an_answer_in_another_zone_may_collide(raw, protocol, word):
    judge = evaluator(saves={'ip/legacy': RAW % raw})
    assert decide(judge, protocol=protocol) == word
    reasons = {reason for dummy, reason in judge.decide(4, protocol, 'eth0', '10.0.0.1', 22).undecided}
    assert reasons <= {'a connection that is tracked only from the middle',
                       'an answer in another zone may collide with its connection'}


def test_nat_does_not_find_its_connection_in_another_zone():
    nat = '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 22 -j REDIRECT --to-ports 80\nCOMMIT\n'
    zone = RAW % '-A PREROUTING -j CT --zone 5'
    assert decide(evaluator(saves={'ip/legacy': nat})) == 'allowed'
    assert decide(evaluator(saves={'ip/legacy': zone + nat})) == 'blocked'


@pytest.mark.parametrize('way, value, word', [
    (None, 7, 'blocked'), ('original', 7, 'allowed'), ('reply', 7, 'blocked'), (None, {'numgen': {}}, 'undecided')])
def test_zones_of_nftables(way, value, word):
    key = {'ct': dict({'key': 'zone'}, **({'dir': way} if way else {}))}
    judge = evaluator(
        chain('p', [[{'mangle': {'key': key, 'value': value}}]], hook='prerouting', prio=-300),
        chain('o', [[state('established'), ACCEPT]], hook='output', policy='drop'))
    assert decide(judge) == word


@pytest.mark.parametrize('match, word', [
    ('--ctorigdst 10.0.0.1', 'blocked'), ('! --ctorigdst 10.0.0.1', 'blocked'),
    ('--ctproto 6 --ctdir ORIGINAL', 'blocked'), ('--ctstate UNTRACKED', 'allowed'),
    ('--ctstate UNTRACKED --ctproto 17', 'undecided'),
    ('--ctstate NEW --ctproto 6', 'blocked')])
def test_conntrack_of_what_is_not_tracked(match, word):
    rules = HEAD % 'DROP' + '-A INPUT -m conntrack %s -j ACCEPT\nCOMMIT\n' % match
    assert decide(evaluator(saves={'ip/legacy': RAW % '-A PREROUTING -j CT --notrack' + rules})) == word


@pytest.mark.parametrize('match, word', [
    # only the first packet has a segment size: the later ones are dropped, unless the rule is for new ones
    ('-m tcpmss ! --mss 536:65535', 'blocked'), ('-m conntrack --ctstate NEW -m tcpmss ! --mss 536:65535', 'allowed'),
    ('-m tcpmss --mss 1:500', 'allowed'), ('-m tcpmss --mss 1000:9000', 'undecided'),
    ('-m tcpmss --mss 1:65535', 'undecided')])
def test_segment_sizes(match, word):
    text = HEAD % 'ACCEPT' + '-A INPUT -p tcp %s -j DROP\nCOMMIT\n' % match
    assert decide(evaluator(saves={'ip/legacy': text})) == word
