# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of ipset: what is in them, and what rules do to them. Each case was seen to be so in the kernel."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import saved
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import decide, evaluator

EST = '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n'
TEXT = '*filter\n:INPUT %s [0:0]\n:OUTPUT ACCEPT [0:0]\n' + EST + '%s\nCOMMIT\n'


def judged(ipset, rules, policy='DROP', **asked):
    saves = dict.fromkeys(('ip/legacy', 'ip6/legacy'), TEXT % (policy, rules))
    return decide(evaluator(saves=saves, ipset='\n'.join(ipset)), **asked)


@pytest.mark.parametrize('ipset, directions, expected', [
    (['create s hash:ip family inet hashsize 1024 maxelem 65536', 'add s 10.1.0.1'], 'src', ['10.1.0.1/32']),
    (['create s hash:ip family inet netmask 25', 'add s 10.1.0.0'], 'src', ['10.1.0.0/25']),
    (['create s hash:ip family inet bitmask 255.255.255.128', 'add s 10.1.0.0'], 'src', ['10.1.0.0/25']),
    (['create s hash:ip family inet bitmask 255.0.255.0', 'add s 10.0.1.0'], 'src', 'undecided'),
    (['create s bitmap:ip range 10.1.0.0-10.1.255.255 netmask 24', 'add s 10.1.3.0'], 'src', ['10.1.3.0/24']),
    (['create s hash:ip family inet timeout 0 counters comment skbinfo',
      'add s 10.1.0.1 timeout 55 packets 0 bytes 0 comment "a b" skbmark 0x1/0xffffffff'], 'src', ['10.1.0.1/32']),
    (['create s hash:net family inet', 'add s 10.1.0.0/16', 'add s 10.1.128.0/17 nomatch'], 'src', ['10.1.0.0/17']),
    (['create s hash:net family inet', 'add s 10.1.0.0/16 nomatch', 'add s 10.1.128.0/17'], 'src', ['10.1.128.0/17']),
    (['create s hash:net family inet', 'add s 10.0.0.0/8', 'add s 10.1.0.0/16 nomatch', 'add s 10.1.2.0/24'],
     'src --return-nomatch', ['10.1.0.0/23', '10.1.3.0/24', '10.1.4.0/22', '10.1.8.0/21', '10.1.16.0/20',
                              '10.1.32.0/19', '10.1.64.0/18', '10.1.128.0/17']),
    (['create s hash:net,port family inet', 'add s 10.1.0.0/16,tcp:22', 'add s 10.1.128.0/17,tcp:22 nomatch',
      'add s 10.1.0.0/17,tcp:23 nomatch'], 'src,dst', ['10.1.0.0/17']),
    (['create s hash:net,net family inet', 'add s 10.1.0.0/16,10.0.0.0/8 nomatch'], 'src,dst', 'undecided'),
    (['create s hash:net,net family inet', 'add s 10.1.0.0/16,10.0.0.0/8'], 'src,dst', ['10.1.0.0/16']),
    (['create s hash:ip,port family inet', 'add s 10.1.0.1,tcp:22', 'add s 10.1.0.2,udp:22', 'add s 10.1.0.3,vrrp:0',
      'add s 10.1.0.4,icmp:echo-request'], 'src,dst', ['10.1.0.1/32']),
    (['create s hash:ip,port,net family inet', 'add s 10.1.0.1,tcp:22,10.0.0.0/24'], 'src,dst,dst', ['10.1.0.1/32']),
    (['create s hash:ip,mark family inet', 'add s 10.1.0.1,0x0', 'add s 10.1.0.2,0x1'], 'src,src', ['10.1.0.1/32']),
    (['create s hash:net,iface family inet', 'add s 10.1.0.0/16,eth0', 'add s 10.2.0.0/16,eth1',
      'add s 10.3.0.0/16,e wildcard'], 'src,src', ['10.1.0.0/16', '10.3.0.0/16']),
    (['create s hash:net,iface family inet', 'add s 10.1.0.0/16,eth0', 'add s 10.1.128.0/17,eth1'], 'src,src',
     ['10.1.0.0/17']),
    (['create s hash:net,iface family inet', 'add s 10.1.0.0/16,eth0', 'add s 10.1.0.0/16,eth1'], 'src,src',
     ['10.1.0.0/16']),
    (['create s hash:net,iface family inet', 'add s 10.1.0.0/16,physdev:eth0'], 'src,src', 'undecided'),
    (['create s bitmap:port range 0-1024', 'add s 22'], 'dst', 'allowed'),
    (['create s bitmap:port range 0-1024', 'add s 80'], 'dst', 'blocked'),
    (['create s hash:mac', 'add s 00:11:22:33:44:55'], 'src', 'undecided'),
    (['create s bitmap:ip,mac range 10.0.0.0/24', 'add s 10.0.0.1,00:11:22:33:44:55'], 'src,src', 'undecided'),
    (['create a hash:ip family inet', 'add a 10.1.0.1', 'create b hash:net family inet', 'add b 10.2.0.0/16',
      'create c hash:ip family inet6', 'add c fd00::5', 'create s list:set size 8', 'add s a', 'add s b', 'add s c'],
     'src', ['10.1.0.1/32', '10.2.0.0/16']),
    (['create a hash:ip family inet', 'add a 10.1.0.1', 'create b hash:ip,port family inet',
      'add b 10.2.0.1,tcp:22', 'create s list:set size 8', 'add s a', 'add s b'], 'src', ['10.1.0.1/32']),
    (['create a hash:ip family inet', 'add a 10.1.0.1', 'create b hash:ip,port family inet',
      'add b 10.2.0.1,tcp:22', 'create s list:set size 8', 'add s a', 'add s b'], 'src,dst', 'undecided'),
    (['create s list:set size 8'], 'src', 'blocked'),
    # more directions than the set has parts are fine, fewer never match
    (['create s hash:ip family inet', 'add s 10.1.0.1'], 'src,dst', ['10.1.0.1/32']),
    (['create s hash:ip,port family inet', 'add s 10.1.0.1,tcp:22'], 'src', 'blocked'),
    (['create s hash:ip family inet6', 'add s fd00::5'], 'src', 'blocked'),
    (['create s hash:ip family inet', 'add s somewhere'], 'src', 'undecided'),
    (['create s hash:ip family inet counters', 'add s 10.1.0.1'], 'src --packets-lt 5', 'undecided'),
    (['create s hash:ip family inet counters', 'add s 10.1.0.1'], 'src ! --update-counters', ['10.1.0.1/32'])])
def test_kinds(ipset, directions, expected):
    assert judged(ipset, '-A INPUT -m set --match-set s %s -j ACCEPT' % directions) == expected


@pytest.mark.parametrize('family, word', [(4, 'blocked'), (6, 'allowed')])
def test_a_set_of_the_other_family_has_none_of_its_packets(family, word):
    ipset = ['create s hash:net family inet', 'add s 0.0.0.0/1', 'add s 128.0.0.0/1']
    assert judged(ipset, '-A INPUT -m set ! --match-set s src -j ACCEPT', family=family) == word


ALL_BUT = iv.networks(iv.complement(iv.parse('10.1.0.1')[1], 0, iv.LAST[4]), 4)
SEEN = 'create seen hash:ip family inet hashsize 1024 maxelem 65536'
ADD = '-A INPUT -p tcp -m tcp --dport 22 -j SET --add-set seen src\n'
DEL = '-A INPUT -p tcp -m tcp --dport 22 -j SET --del-set seen src\n'
IN = '-A INPUT -m set --match-set seen src -j %s\n'
OUT = '-A INPUT -m set ! --match-set seen src -j %s\n'


@pytest.mark.parametrize('ipset, policy, rules, own, other', [
    # what the packet has just added is in the set; others may have been here before
    ([SEEN], 'DROP', ADD + IN % 'ACCEPT', 'allowed', 'undecided'),
    ([SEEN], 'ACCEPT', ADD + IN % 'DROP', 'blocked', 'allowed'),
    ([SEEN], 'ACCEPT', ADD + OUT % 'DROP', 'allowed', 'undecided'),
    ([SEEN], 'DROP', ADD + OUT % 'ACCEPT', 'blocked', 'allowed'),
    # what was in it stays
    ([SEEN, 'add seen 10.1.0.1'], 'DROP', ADD.replace('22', '99') + IN % 'ACCEPT', 'partly', 'partly'),
    ([SEEN, 'add seen 10.1.0.1'], 'ACCEPT', ADD.replace('22', '99') + OUT % 'DROP', 'partly', 'partly'),
    # what is taken out is out, and nothing else comes in
    ([SEEN], 'DROP', DEL + IN % 'ACCEPT', 'blocked', 'blocked'),
    ([SEEN, 'add seen 10.1.0.1'], 'DROP', DEL + IN % 'ACCEPT', 'blocked', ['10.1.0.1/32']),
    ([SEEN, 'add seen 10.1.0.1'], 'ACCEPT', DEL + IN % 'DROP', 'allowed', 'partly'),
    ([SEEN, 'add seen 10.1.0.1'], 'ACCEPT', ADD + DEL + IN % 'DROP', 'allowed', 'partly'),
    ([SEEN], 'DROP', DEL + ADD + IN % 'ACCEPT', 'allowed', 'undecided'),
    # another element than that which is asked for
    ([SEEN], 'DROP', ADD.replace(' src', ' dst') + IN % 'ACCEPT', 'undecided', 'undecided'),
    ([SEEN], 'ACCEPT', ADD + DEL.replace(' src', ' dst') + IN % 'DROP', 'undecided', 'allowed'),
    # where adding can fail, or more than the element counts
    ([SEEN.replace('65536', '1'), 'add seen 10.1.0.1'], 'DROP', ADD + IN % 'ACCEPT', 'partly', 'partly'),
    ([SEEN.replace('65536', '1'), 'add seen 10.1.0.1'], 'ACCEPT', ADD + IN % 'DROP', 'partly', ALL_BUT),
    ([SEEN.replace('65536', '1') + ' forceadd', 'add seen 10.1.0.1'], 'DROP', ADD + IN % 'ACCEPT', 'allowed',
     'partly'),
    (['create seen hash:net family inet', 'add seen 10.0.0.0/8'], 'ACCEPT', DEL + IN % 'DROP', 'partly', 'partly'),
    (['create seen hash:net family inet', 'add seen 0.0.0.0/1 nomatch'], 'ACCEPT', ADD + IN % 'DROP', 'undecided',
     'allowed'),
    (['create seen hash:ip family inet6'], 'DROP', ADD + IN % 'ACCEPT', 'blocked', 'blocked'),
    # of a port nobody can say who was here before
    (['create seen bitmap:port range 0-9999'], 'ACCEPT', ADD.replace(' src', ' dst') + (IN % 'DROP').replace(
        ' src', ' dst'), 'undecided', 'undecided'),
    # through a list of sets
    ([SEEN, 'create all list:set size 8', 'add all seen'], 'ACCEPT', ADD.replace('seen', 'all') + IN % 'DROP',
     'undecided', 'allowed'),
    ([SEEN, 'create all list:set size 8', 'add all seen'], 'ACCEPT', ADD + (IN % 'DROP').replace('seen', 'all'),
     'undecided', 'undecided')])
def test_sets_that_rules_change(ipset, policy, rules, own, other):
    assert [judged(ipset, rules, policy, port=22), judged(ipset, rules, policy, port=80)] == [own, other]


@pytest.mark.parametrize('port, word', [(22, 'blocked'), (80, 'allowed')])
def test_an_answer_leaves_something_for_later_packets(port, word):
    text = TEXT.replace(EST, '') % (
        'ACCEPT', '-A OUTPUT -p tcp -m tcp --sport 22 -j SET --add-set seen dst\n' + IN % 'DROP')
    assert decide(evaluator(saves={'ip/legacy': text}, ipset=SEEN), port=port) == word


def test_what_is_unclear_names_the_set():
    where = ': iptables filter INPUT 3: -A INPUT -m set --match-set seen src -j '
    judge = evaluator(saves={'ip/legacy': TEXT % ('DROP', ADD + IN % 'ACCEPT')}, ipset=SEEN)
    (dummy, reason), = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 80).undecided
    assert reason == 'rules change the set seen' + where + 'ACCEPT'
    judge = evaluator(saves={'ip/legacy': TEXT % ('ACCEPT', ADD + IN % 'DROP')}, ipset=SEEN)
    caveat, = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 80).caveats
    assert caveat == 'rules change the set seen, judged for a client that was not seen before' + where + 'DROP'


def test_rules_of_any_back_end_change_a_set():
    saves = {'ip/legacy': TEXT % ('DROP', IN % 'ACCEPT'), 'ip6/nft': TEXT % ('ACCEPT', ADD)}
    assert decide(evaluator(saves=saves, ipset=SEEN)) == 'undecided'


def test_the_set_is_not_changed_by_a_comment():
    rules = '-A INPUT -m comment --comment " -j SET --add-set seen src" -j LOG\n' + IN % 'ACCEPT'
    assert judged([SEEN], rules) == 'blocked'


def test_ipset_save():
    sets = saved.ipsets('create a hash:ip family inet6 maxelem 5\nadd a fd00::1 timeout 5 comment "x \\"y"\n'
                        'create b list:set size 8\nadd b a\nadd none 10.0.0.1\nadd\n')
    assert (sets['a'].family, sets['a'].option('maxelem'), sets['a'].option('netmask')) == (6, '5', None)
    assert sets['a'].elements == [('fd00::1', ['timeout', '5', 'comment', 'x "y'])]
    assert (sets['b'].family, sets['b'].kind, sets['b'].elements) == (None, 'list:set', [('a', [])])
