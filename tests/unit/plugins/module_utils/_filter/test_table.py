# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of the table, of its trials and of what is left of them; what nft and the kernel make of them is tried
with packets elsewhere.
"""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import names, rules, table

RULES = rules.parse([
    {'ports': [22], 'sources': ['10.0.0.0/8', '192.0.2.1-192.0.2.2', 'fd00::/8'], 'comment': 'ssh'},
    {'ports': [80, '8000-8010']},
    {'protocol': 'udp', 'ports': [53], 'sources': ['0.0.0.0/0']},
    {'protocol': 'udp', 'ports': [161], 'sources': []},
])
TCP = RULES[:2]
SYN = 'tcp flags & (fin | syn | rst | ack) == syn'
BLOCK = '''\
table inet listening_ports {
    chain input {
        type filter hook input priority -10; policy accept;
        jump decide
    }
    chain decide {
        iif "lo" accept
        SYN tcp dport 22 ip saddr { 10.0.0.0/8, 192.0.2.1-192.0.2.2 } accept comment "ssh"
        SYN tcp dport 22 ip6 saddr fd00::/8 accept comment "ssh"
        SYN tcp dport { 80, 8000-8010 } accept
        SYN tcp dport { 22, 80, 8000-8010 } counter reject with tcp reset
        meta nfproto ipv4 udp dport 53 ct state new accept
        udp dport { 53, 161 } ct state new counter reject with icmpx type port-unreachable
    }
}
'''.replace('    ', '\t').replace('SYN', SYN)
DENY = '''\
table inet listening_ports {
    chain input {
        type filter hook input priority -10; policy accept;
        jump decide
    }
    chain decide {
        iif "lo" accept
        ct status & dnat == dnat goto published
        ct state established,related accept
        udp sport 67 udp dport 68 accept
        ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
        sctp dport 9 ct state new accept
        tcp flags & (fin | syn | rst | ack) == syn counter reject with tcp reset
        meta l4proto 17 ct state new counter reject with icmpx type port-unreachable
        meta l4proto 132 ct state new counter reject with icmpx type port-unreachable
        meta l4proto 33 ct state new counter reject with icmpx type port-unreachable
    }
    chain forward {
        type filter hook forward priority -10; policy accept;
        jump published
    }
    chain published {
        ct status & dnat != dnat return
        meta l4proto 6 ct state new counter reject with tcp reset
        meta l4proto 17 ct state new counter reject with icmpx type port-unreachable
        meta l4proto 132 ct original proto-dst 9 ct state new accept
        meta l4proto 132 ct state new counter reject with icmpx type port-unreachable
        meta l4proto 33 ct state new counter reject with icmpx type port-unreachable
    }
}
'''.replace('    ', '\t')
# as nft 1.0.6 lists it, while a trial lasts
LISTING = '''\
table inet listening_ports {
    set trial_8f3c1a2b {
        type inet_proto
        flags timeout
        elements = { tcp timeout 1m, udp timeout 1m,
                dccp timeout 1m, sctp timeout 1m }
    }

    set trial_00000001 {
        type inet_proto
        flags timeout
    }

    chain input {
        type filter hook input priority filter - 10; policy accept;
        meta l4proto @trial_8f3c1a2b goto new_decide_8f3c1a2b
        jump decide
    }

    chain decide {
        iif "lo" accept
    }

    chain new_decide_00000001 {
    }

    chain new_decide_8f3c1a2b {
        iif "lo" accept
    }
}
'''.replace('    ', '\t')


def lines(text, *words):
    """The lines of a text that have one of these words."""
    return [line for line in text.splitlines() if any(word in line for word in words)]


def test_a_block_list():
    assert table.table(RULES, 'accept', False) == BLOCK


def test_a_default_deny():
    deny = DENY.splitlines(True)
    accepts = deny.index('\t\tsctp dport 9 ct state new accept\n')
    refusals = deny.index('\t\tmeta l4proto 132 ct state new counter reject with icmpx type port-unreachable\n')
    deny.insert(refusals - 1, deny.pop(accepts))
    assert table.table(rules.parse([{'protocol': 'sctp', 'ports': [9]}]), 'reject', True) == ''.join(deny)


def test_ports_that_are_published_have_a_rule_each():
    text = table.table(RULES, 'accept', True)
    assert [line.strip() for line in lines(text, 'proto-dst')] == [
        'meta l4proto 6 ct original proto-dst 22 ct state new ip saddr { 10.0.0.0/8, 192.0.2.1-192.0.2.2 } accept '
        'comment "ssh"',
        'meta l4proto 6 ct original proto-dst 22 ct state new ip6 saddr fd00::/8 accept comment "ssh"',
        'meta l4proto 6 ct original proto-dst 80 ct state new accept',
        'meta l4proto 6 ct original proto-dst 8000-8010 ct state new accept',
        'meta l4proto 6 ct original proto-dst 22 ct state new counter reject with tcp reset',
        'meta l4proto 6 ct original proto-dst 80 ct state new counter reject with tcp reset',
        'meta l4proto 6 ct original proto-dst 8000-8010 ct state new counter reject with tcp reset',
        'meta nfproto ipv4 meta l4proto 17 ct original proto-dst 53 ct state new accept',
        'meta l4proto 17 ct original proto-dst 53 ct state new counter reject with icmpx type port-unreachable',
        'meta l4proto 17 ct original proto-dst 161 ct state new counter reject with icmpx type port-unreachable',
    ]


def test_nothing_is_asked():
    """An empty block list lets everything in, an empty default deny nothing."""
    assert not lines(table.table((), 'accept', False), 'reject')
    assert len(lines(table.table((), 'reject', False), 'reject')) == 4


@pytest.mark.parametrize('arguments, expected', [
    ((TCP, 'accept', False), False),
    ((TCP, 'accept', False, True), True),
    ((TCP, 'accept', True), True),
    ((TCP, 'reject', False), True),
    ((RULES, 'accept', False), True),
    (((), 'accept', False), False),
])
def test_connections_are_tracked(arguments, expected):
    """It is said as it is: nothing but ``ct`` makes a kernel track connections."""
    assert table.tracks(*arguments) is expected
    assert bool(lines(table.table(*arguments), '\tct ', ' ct ')) is expected


def test_a_comment_does_not_get_out():
    strange = [rules.Rule('tcp', ((1, 1),), None, text) for text in ('a" accept', 'a\n', '\\', '\x1b')]
    for rule in strange:
        with pytest.raises(ValueError, match='not a comment'):
            table.table((rule,), 'accept', False)
        with pytest.raises(ValueError, match='not a comment'):
            table.trial((rule,), 'accept', True, '00000000', 9, table.ABSENT)


def test_replacement_and_removal():
    assert table.replacement(BLOCK) == table.removal() + BLOCK
    assert table.removal() == 'table inet listening_ports {}\ndelete table inet listening_ports\n'


TRIAL = '''\
add table inet listening_ports
add chain inet listening_ports decide
add chain inet listening_ports input { type filter hook input priority -10; policy accept; }
flush chain inet listening_ports input
add set inet listening_ports trial_8f3c1a2b { type inet_proto; flags timeout; }
add element inet listening_ports trial_8f3c1a2b { 6 timeout 60s, 17 timeout 60s, 33 timeout 60s, 132 timeout 60s }
add chain inet listening_ports new_decide_8f3c1a2b
add rule inet listening_ports new_decide_8f3c1a2b iif "lo" accept
add rule inet listening_ports new_decide_8f3c1a2b SYN tcp dport 80 accept
add rule inet listening_ports new_decide_8f3c1a2b SYN tcp dport 80 counter reject with tcp reset
add rule inet listening_ports input meta l4proto @trial_8f3c1a2b goto new_decide_8f3c1a2b
add rule inet listening_ports input jump decide
'''.replace('SYN', SYN)
WEB = rules.parse([{'ports': [80]}])


def test_a_trial():
    assert table.trial(WEB, 'accept', False, '8f3c1a2b', 60, table.ABSENT) == TRIAL
    live = table.Live(True, ('input', 'decide'), (), frozenset(('decide',)), ())
    assert table.trial(WEB, 'accept', False, '8f3c1a2b', 60, live) == TRIAL


def test_a_trial_has_the_rules_of_the_table():
    for others in names.OTHERS:
        for published in (False, True):
            for reassemble in (False, True):
                text = table.table(RULES, others, published, reassemble)
                trial = table.trial(RULES, others, published, '8f3c1a2b', 60, table.ABSENT, reassemble)
                for chain in ['decide', 'published'] if published else ['decide']:
                    content = text.partition('chain %s {\n' % chain)[2].partition('\t}')[0]
                    head = 'add rule inet listening_ports new_%s_8f3c1a2b ' % chain
                    assert [line[2:] for line in content.splitlines()] == [
                        line[len(head):].replace('goto new_published_8f3c1a2b', 'goto published')
                        for line in trial.splitlines() if line.startswith(head)]


@pytest.mark.parametrize('before', [False, True])
@pytest.mark.parametrize('after', [False, True])
def test_both_hooks_are_switched(before, after):
    chains = ('input', 'decide') + (('forward', 'published') if before else ())
    live = table.Live(True, chains, (), frozenset(chains), ())
    text = table.trial(WEB, 'accept', after, '8f3c1a2b', 60, live)
    switched = [line.partition('listening_ports ')[2] for line in lines(text, '@', 'jump')]
    assert switched == [line for line in (
        'forward meta l4proto @trial_8f3c1a2b goto new_published_8f3c1a2b', 'forward jump published',
        'input meta l4proto @trial_8f3c1a2b goto new_decide_8f3c1a2b', 'input jump decide')
        if line.startswith('input') or before or after]
    assert bool(lines(text, 'ct status')) is after


@pytest.mark.parametrize('token', ['', '8f3c1a2', '8f3c1a2b0', '8F3C1A2B', '8f3c1a2b\n', '8f3c1a2;'])
def test_tokens(token):
    with pytest.raises(ValueError, match='not the token of a trial'):
        table.trial((), 'accept', False, token, 60, table.ABSENT)


def test_what_is_in_the_kernel():
    assert table.live(None) == table.ABSENT
    assert table.live('table inet listening_ports {\n}\n') == table.Live(True, (), (), frozenset(), ())
    assert table.live(LISTING) == table.Live(
        True, ('input', 'decide', 'new_decide_00000001', 'new_decide_8f3c1a2b'),
        ('trial_8f3c1a2b', 'trial_00000001'), frozenset(('input', 'decide', 'new_decide_8f3c1a2b')), ('8f3c1a2b',))


def test_a_trial_runs_already():
    with pytest.raises(ValueError, match='a trial is running: 8f3c1a2b'):
        table.trial(WEB, 'accept', False, '00000002', 60, table.live(LISTING))


def test_what_is_left_of_trials_is_removed():
    live = table.live(LISTING)._replace(running=())
    removed = ['%s inet listening_ports %s' % pair for pair in (
        ('flush chain', 'new_decide_00000001'), ('flush chain', 'new_decide_8f3c1a2b'),
        ('delete chain', 'new_decide_00000001'), ('delete chain', 'new_decide_8f3c1a2b'),
        ('delete set', 'trial_8f3c1a2b'), ('delete set', 'trial_00000001'))]
    text = table.trial(WEB, 'accept', False, '00000002', 60, live)
    assert lines(text, 'delete', 'new_decide_8f3c1a2b', 'new_decide_00000001') == removed
    assert table.sweep(live).splitlines() == [
        'flush chain inet listening_ports input', *removed, 'add rule inet listening_ports input jump decide']


def test_nothing_is_swept():
    assert table.sweep(table.ABSENT) == ''
    assert table.sweep(table.Live(True, ('input', 'decide'), (), frozenset(('input', 'decide')), ())) == ''


def test_a_table_that_a_trial_brought_is_removed():
    chains = ('decide', 'input', 'new_decide_8f3c1a2b')
    live = table.Live(True, chains, ('trial_8f3c1a2b',), frozenset(chains[1:]), ())
    assert table.sweep(live) == table.removal()


def test_a_hook_that_a_trial_brought_is_removed():
    chains = ('input', 'decide', 'published', 'forward', 'new_published_8f3c1a2b', 'new_decide_8f3c1a2b')
    live = table.Live(True, chains, ('trial_8f3c1a2b',), frozenset(chains) - {'published'}, ())
    assert [line.replace(' inet listening_ports', '') for line in table.sweep(live).splitlines()] == [
        'flush chain input', 'flush chain forward', 'flush chain new_published_8f3c1a2b',
        'flush chain new_decide_8f3c1a2b', 'delete chain new_published_8f3c1a2b', 'delete chain new_decide_8f3c1a2b',
        'delete set trial_8f3c1a2b', 'add rule input jump decide', 'delete chain forward', 'delete chain published']
