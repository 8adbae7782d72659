# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is let in, by tiers of rules and by settings."""

import time

import pytest

from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.hosts import EVERYONE, arrival, rule

FEW, MORE = hosts.spans('10.0.0.0/8'), hosts.spans('10.0.0.0/7')


def state(outcome):
    """In one word."""
    if outcome.allowed == EVERYONE:
        return 'allowed'
    if not outcome.allowed:
        return 'undecided' if outcome.undecided else 'blocked'
    return 'partly'


def test_nobody_is_let_in_by_default():
    outcome = hosts.answer([])
    assert (outcome.allowed, outcome.undecided, outcome.allowed_by) == ((), [], None)
    assert outcome.blocked_by == 'default inbound action block of the domain profile'


def test_an_allow_rule_lets_in_and_is_named():
    outcome = hosts.answer([rule('Protocol=6', 'LPort=80', 'Name=Web', name='Web-In')])
    assert (outcome.allowed, outcome.undecided, outcome.blocked_by) == (EVERYONE, [], None)
    assert outcome.allowed_by == 'allow rule "Web-In" of the local store: LPort=80 Protocol=6'


def test_block_comes_before_allow_however_narrow_the_allow_is():
    outcome = hosts.answer([rule('Protocol=6', 'RA4=10.0.0.1'), rule('Protocol=6', action='Block', name='b')])
    assert state(outcome) == 'blocked'
    assert outcome.blocked_by == 'block rule "b" of the local store: Protocol=6'


def test_a_block_takes_out_its_part():
    outcome = hosts.answer([rule(), rule('RA4=10.0.0.0/8', action='Block', name='b')])
    assert outcome.allowed == hosts.iv.minus(EVERYONE, FEW)
    assert outcome.blocked_by.startswith('block rule "b"')


@pytest.mark.parametrize('given, expected, by', [
    ({'off': True}, 'allowed', 'the firewall is off in the domain profile'),
    ({'default_allow': True}, 'allowed', 'default inbound action allow of the domain profile'),
    ({'off': True, 'shielded': True}, 'allowed', 'the firewall is off in the domain profile'),
])
def test_settings_let_in(given, expected, by):
    outcome = hosts.answer([], where=arrival(of=hosts.settings(**given)))
    assert (state(outcome), outcome.allowed_by) == (expected, by)


def test_shields_up_blocks_what_rules_allow():
    outcome = hosts.answer([rule()], where=arrival(of=hosts.settings(shielded=True, default_allow=True)))
    assert state(outcome) == 'blocked'
    assert outcome.blocked_by == 'the domain profile blocks all that comes in (DoNotAllowExceptions)'


# tiers


@pytest.mark.parametrize('others, expected', [
    ([rule(action='Block', name='b')], 'undecided'), ([], 'undecided'),
    ([rule(action='Block', store='static', name='h')], 'blocked')])
def test_bypass_may_pass_blocks_but_not_hardening(others, expected):
    outcome = hosts.answer([rule('Security=Authenticate', action='ByPass'), *others])
    assert state(outcome) == expected
    if outcome.undecided:
        assert outcome.undecided == [
            (EVERYONE, 'only for clients that IPsec has authenticated: bypass rule "r" of the local store')]


@pytest.mark.parametrize('store', ['static', 'configurable', 'appiso'])
def test_hardening_stops_what_rules_allow_but_not_what_it_allows_itself(store):
    stop = rule('Svc=one', action='Block', store=store, name='stop')
    spare = rule('Protocol=6', 'LPort=80', 'Svc=one', store=store, name='spare')
    who = hosts.holder(services=(('one', True),))
    outcome = hosts.answer([rule(), stop], who)
    assert (state(outcome), outcome.blocked_by.partition(':')[0]) == ('blocked', 'block rule "stop" of %s' % (
        'app isolation' if store == 'appiso' else 'service hardening'))
    assert state(hosts.answer([rule(), stop, spare], who)) == 'allowed'
    assert state(hosts.answer([stop, spare], who)) == 'blocked'             # it allows nothing by itself
    assert state(hosts.answer([rule(), stop])) == 'allowed'                 # of another service


def test_whether_hardening_holds_while_the_firewall_is_off_is_not_known():
    rules = [rule('RA4=10.0.0.0/8', action='Block', store='static')]
    for given in (arrival(of=hosts.settings(off=True)), arrival(disabled=True)):
        outcome = hosts.answer(rules, where=given)
        assert outcome.allowed == hosts.iv.minus(EVERYONE, FEW)
        assert outcome.undecided == [
            (FEW, 'whether service hardening holds while the firewall is off is not known')]


def test_an_interface_without_firewall():
    outcome = hosts.answer([rule(action='Block')], where=arrival(disabled=True))
    assert (state(outcome), outcome.allowed_by) == ('allowed', 'the firewall is off for the interface')


@pytest.mark.parametrize('action, expected', [('Allow', 'undecided'), ('Block', 'blocked'), ('Later', 'undecided')])
def test_a_rule_that_is_in_doubt_lets_nobody_in_and_keeps_nobody_out(action, expected):
    assert state(hosts.answer([rule('Zzz=1', action=action)])) == expected
    everybody = hosts.answer([rule(name='all'), rule('Zzz=1', action=action)])
    assert state(everybody) == ('allowed' if action == 'Allow' else 'undecided')


def test_a_rule_of_an_unknown_action_may_pass_blocks():
    outcome = hosts.answer([rule(action='Later', name='odd'), rule(action='Block', name='b')])
    assert outcome.undecided == [(EVERYONE, 'its action is not understood: a rule "odd" of the local store')]


def test_the_reason_is_that_of_the_rule_that_matters():
    """Of clients that are allowed, what may block them; of all others, what may allow them."""
    outcome = hosts.answer([rule('RA4=10.0.0.0/8', name='a'), rule('RA4=11.0.0.0/8', 'LUOwn=S-1-1-0', name='may'),
                            rule('RPort=67', 'Protocol=6', action='Block', name='b')])
    assert {reason: spans for spans, reason in outcome.undecided} == {
        'it takes some ports of clients only: block rule "b" of the local store': FEW,
        'it is of one user: allow rule "may" of the local store': hosts.spans('11.0.0.0/8')}


# profiles and stores


def test_a_rule_of_another_profile_does_not_count():
    rules = [rule('Profile=Private', 'Profile=Public')]
    assert [state(hosts.answer(rules, where=arrival(profile))) for profile in ('domain', 'private', 'public')] == [
        'blocked', 'allowed', 'allowed']


def test_what_is_not_the_same_in_all_profiles_is_not_known():
    why = 'the category of the network is not known'
    cases = tuple((profile, hosts.settings()) for profile in ('domain', 'private', 'public'))
    outcome = hosts.answer([rule('RA4=10.0.0.0/8'), rule('RA4=11.0.0.0/8', 'Profile=Public')],
                           where=arrival(cases=cases, why=why))
    assert (outcome.allowed, outcome.undecided) == (FEW, [(hosts.spans('11.0.0.0/8'), why)])
    assert outcome.blocked_by == 'default inbound action block of the domain profile'


def test_what_is_known_in_none_of_the_profiles_keeps_its_reason():
    cases = tuple((profile, hosts.settings()) for profile in ('domain', 'public'))
    outcome = hosts.answer([rule('RA42=IntErnet'), rule('RA4=10.0.0.0/8', 'Profile=Domain')],
                           where=arrival(cases=cases, why='which'))
    assert {reason: spans for spans, reason in outcome.undecided} == {
        'which addresses a keyword of it means is not known: allow rule "r" of the local store':
            hosts.iv.minus(EVERYONE, FEW),
        'which': FEW}


def test_local_rules_that_do_not_count_are_near_misses():
    rules = [rule('Protocol=6', 'LPort=80', name='mine'), rule('RA4=10.0.0.0/8', store='gpo', name='theirs')]
    outcome = hosts.answer(rules, where=arrival(of=hosts.settings(stores=frozenset(('gpo',)))))
    assert outcome.allowed == FEW
    assert outcome.allowed_by == 'allow rule "theirs" of Group Policy: RA4=10.0.0.0/8'
    assert outcome.caveats == ['rules that would let clients in do not count in the domain profile '
                               '(AllowLocalPolicyMerge is 0): allow rule "mine" of the local store']


def test_rules_that_would_change_nothing_are_none():
    rules = [rule('RA4=10.0.0.0/8', name='mine'), rule(store='gpo'), rule('Protocol=17', name='udp')]
    outcome = hosts.answer(rules, where=arrival(of=hosts.settings(stores=frozenset(('gpo',)))))
    assert (state(outcome), outcome.caveats) == ('allowed', [])


@pytest.mark.parametrize('action, expected', [('Allow', 'undecided'), ('Block', 'blocked')])
def test_rules_of_a_store_that_is_doubted_may_count(action, expected):
    given = hosts.settings(stores=frozenset(('gpo',)), doubted=(('mdm', 'whether it counts is not known'),))
    outcome = hosts.answer([rule(action=action, store='mdm', name='m')], where=arrival(of=given))
    assert state(outcome) == expected
    if action == 'Allow':
        assert outcome.undecided == [
            (EVERYONE, 'whether it counts is not known: allow rule "m" of device management')]
    assert state(hosts.answer([rule(store='gpo'), rule(action=action, store='mdm')], where=arrival(of=given))) == (
        'allowed' if action == 'Allow' else 'undecided')


def test_hardening_that_is_doubted_may_stop():
    given = hosts.settings(doubted=(('static', 'it was not read whole'),))
    assert state(hosts.answer([rule(), rule(action='Block', store='static')], where=arrival(of=given))) == 'undecided'


@pytest.mark.parametrize('parts, given, why', [
    (['App=C:\\app\\server.exe', 'Protocol=6'], {'local_programs': False}, 'a program'),
    (['LPort=80', 'Protocol=6'], {'local_ports': False}, 'a port')])
def test_options_that_rule_out_some_local_rules(parts, given, why):
    where = arrival(of=hosts.settings(**given))
    outcome = hosts.answer([rule(*parts)], where=where)
    assert state(outcome) == 'blocked'
    assert outcome.caveats == [
        'rules that would let clients in are for %s alone, and such do not count in the domain profile '
        '(AllowUserPrefMerge is 0): allow rule "r" of the local store' % why]
    assert state(hosts.answer([rule(*parts, store='gpo')], where=where)) == 'allowed'
    assert state(hosts.answer([rule(*parts, 'Svc=*')], hosts.holder(services=(('one', True),)), where)) == 'allowed'


def test_a_rule_of_a_version_that_windows_does_not_read_lets_nobody_in():
    old = hosts.rules.parse('new', 'v4.0|Action=Allow|Active=TRUE|Dir=In|', 'local')
    outcome = hosts.answer([old])
    assert state(outcome) == 'blocked'
    assert outcome.caveats == ['rules that would let clients in have a version that Windows does not read: '
                               'allow rule "new" of the local store']


def test_a_rule_of_a_newer_version_is_in_doubt_and_named():
    new = hosts.rules.parse('new', 'v2.99|Action=Block|Active=TRUE|Dir=In|', 'local')
    outcome = hosts.answer([rule(), new])
    assert outcome.undecided == [
        (EVERYONE, 'its version is newer than those known here: block rule "new" of the local store')]
    assert outcome.caveats == ['of a version that is newer than those known here: block rule "new" of the local store']


# words


def test_what_the_host_wrote_is_harmless_and_short():
    made = rule('Svc=\x1b]0;' + 'y' * 1000, 'RA42=IntErnet', name='evil "\x1b[31m\n' + 'x' * 1000)
    outcome = hosts.answer([made], hosts.holder(services=None))
    (dummy, reason), = outcome.undecided
    assert len(reason) < 300 and reason.isprintable() and '\x1b' not in reason
    assert reason.startswith('which services listen is not known: allow rule "evil \\x22\\x1b[31m\\n')
    by = hosts.answer([rule('RMAuth=' + 'z' * 5000, action='Block'), rule(action='Block', name='\u202e' * 300)])
    assert by.blocked_by.isprintable() and len(by.blocked_by) < 1100


def test_few_rules_are_named_in_a_caveat():
    rules = [rule('Security=Authenticate', name='r%d' % number) for number in range(7)]
    names = ['allow rule "r%d" of the local store' % number for number in range(3)]
    (caveat,) = hosts.answer(rules).caveats
    assert caveat == 'only for clients that IPsec has authenticated: %s and 4 more' % ', '.join(names)


def test_of_rules_that_let_in_as_many_the_first_is_named():
    """By its store and its name, whatever the order in which they come."""
    rules = [rule(name='b'), rule(name='a'), rule(name='0', store='gpo')]
    assert {hosts.answer(order).allowed_by for order in (rules, rules[::-1])} == {
        'allow rule "a" of the local store: without conditions'}


def test_a_rule_that_lets_in_more_is_named():
    outcome = hosts.answer([rule('RA4=10.0.0.0/8', name='a'), rule('RA4=10.0.0.0/7', name='b')])
    assert outcome.allowed == MORE and outcome.allowed_by.startswith('allow rule "b"')


# what is asked once


def test_questions_that_no_rule_tells_apart_have_one_answer():
    firewall = hosts.firewall(rule('Protocol=6', 'LPort=80-90', 'App=C:\\app\\server.exe'), rule('Svc=one'))
    one = firewall.answer(hosts.holder(82), arrival())
    assert firewall.answer(hosts.holder(89, user='S-1-5-18'), arrival(address=7, interface='Other')) is one
    assert firewall.answer(hosts.holder(91), arrival()) is not one
    assert firewall.answer(hosts.holder(82, program='c:\\x.exe'), arrival()) is not one
    assert firewall.answer(hosts.holder(82, program='c:\\x.exe'), arrival()) is firewall.answer(
        hosts.holder(83, program='c:\\y.exe', services=(('two', True),)), arrival())
    assert firewall.answer(hosts.holder(82), arrival('public')) is not one


def test_arrivals_that_are_gone_are_not_mixed_up():
    """Python gives the id of one to another."""
    firewall = hosts.firewall(rule('Profile=Public'))
    for _time in range(50):
        assert state(firewall.answer(hosts.holder(), arrival('public'))) == 'allowed'
        assert state(firewall.answer(hosts.holder(), arrival('domain'))) == 'blocked'


def test_thousands_of_reasons_are_few():
    """A host can have 20,000 rules, each for another address, and each in doubt."""
    rules = [rule('RA4=10.0.%d.%d' % (2 * number // 256, 2 * number % 256), 'LUOwn=S-1-1-0', name='r%05d' % number)
             for number in range(20000)]
    firewall = hosts.firewall(*rules)
    began = time.process_time()
    outcome = firewall.answer(hosts.holder(), arrival())
    assert time.process_time() - began < 5
    assert len(outcome.undecided) == 51 and sum(hosts.iv.size(spans) for spans, dummy in outcome.undecided) == 20000
    assert outcome.undecided[0][1] == 'it is of one user: allow rule "r00000" of the local store'
    assert outcome.undecided[-1][1] == 'more rules leave it open than are told'
