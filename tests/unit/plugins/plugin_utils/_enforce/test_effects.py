# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans in words: who loses what, and what is left."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._enforce import effects
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.plan import ALLOW, BLOCK, Plan

EVERYBODY = ['0.0.0.0/0', '::/0']
SWITCHES = {'listener_unexpected': 'fail', 'listener_unexpected_blocked': 'fail'}
WARN = dict(SWITCHES, listener_unexpected_blocked='warn')
RULE = {'protocol': 'tcp', 'ports': [5432, '8000-8010'], 'sources': [], 'comment': 'unexpected'}


def effect(**more):
    return {'listener': 'tcp/0.0.0.0:5432', 'protocol': 'tcp', 'port': 5432, 'published': False, 'loses': [],
            'gains': [], 'before': [], 'after': [], 'connections': None, **more}


@pytest.mark.parametrize('more, lines', [
    ({'loses': ['10.1.2.3/32'], 'connections': 2},
     ['closes tcp/5432 to 10.1.2.3/32 (2 connections are open, and stay open until their ends)']),
    ({'loses': EVERYBODY, 'connections': 1},
     ['closes tcp/5432 to everybody (1 connection is open, and stays open until its end)']),
    ({'loses': ['::/0'], 'connections': 0}, ['closes tcp/5432 to ::/0']),
    ({'gains': ['10.0.0.0/8'], 'connections': 7}, ['opens tcp/5432 to 10.0.0.0/8']),
    ({'loses': EVERYBODY, 'published': True}, ['closes published tcp/5432 to everybody']),
    ({'loses': ['10.0.0.0/8'], 'gains': ['10.%d.0.0/16' % number for number in range(6)]},
     ['closes tcp/5432 to 10.0.0.0/8',
      'opens tcp/5432 to 10.0.0.0/16, 10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16 and 2 more']),
    ({'unsure': EVERYBODY}, ['may close or open tcp/5432 to everybody: the rules leave that open']),
    ({'loses': EVERYBODY, 'ports': '8000-8010'}, ['closes tcp/8000-8010 to everybody']),
    ({}, [])])
def test_who_loses_what(more, lines):
    assert list(effects.in_words(effect(**more))) == lines


@pytest.mark.parametrize('networks, words', [
    (None, 'everybody'), (EVERYBODY, 'everybody'), ([], 'nobody'), (['0.0.0.0/0'], '0.0.0.0/0')])
def test_who(networks, words):
    assert effects.who(networks) == words


def test_a_plan_that_changes_something():
    left = {'action': 'firewall', 'listener': 'x', 'reason': 'loopback', 'message': 'it is on loopback',
            'command': 'systemctl x'}
    plan = Plan(
        BLOCK, rules=[RULE], left=[left],
        open=[{'protocol': 'tcp', 'ports': ['443'], 'sources': None, 'backend': 'ufw', 'interface': None}])
    assert effects.message(plan, [effect(loses=EVERYBODY)], (), False, WARN).splitlines() == [
        'block_unexpected, 1 rule.',
        'Changes:', '  closes tcp/5432 to everybody.',
        'Opens in firewalld or ufw:', '  tcp/443 to everybody in ufw.',
        'Left as it is:', '  loopback: it is on loopback. To do: systemctl x.']


def test_rules_that_change_nobodys_access_are_shown():
    lines = effects.message(Plan(BLOCK, rules=[RULE]), [], (), False, WARN).splitlines()
    assert lines[1:] == ["Rules that change nobody's access now:", '  tcp/5432, 8000-8010 for nobody (unexpected).']


def test_nothing_has_to_be_done():
    assert effects.message(Plan(ALLOW, rules=[RULE]), [], (), True, SWITCHES) == (
        'nothing has to be done (allow_expected: 1 rule).')
    assert effects.message(Plan(None), [], (), True, SWITCHES, []) == 'nothing has to be done (close).'
    assert effects.message(Plan(ALLOW, rules=[RULE]), [], (), True, SWITCHES, []) == (
        'nothing has to be done (close; allow_expected: 1 rule).')


def left(action, reason):
    return {'action': action, 'listener': 'x', 'reason': reason, 'message': 'because', 'command': None}


def test_a_host_of_which_not_all_is_known():
    lines = effects.message(Plan(BLOCK, left=[left('close', 'incomplete')]), [], (), False, WARN, []).splitlines()
    assert lines == ['nothing is planned.', 'Not stopped:', '  incomplete: because.']


@pytest.mark.parametrize('mode, close, stops, lefts, lines', [
    (None, ['tcp/0.0.0.0:80'], ['x'], ['close'],
     ['1 listener to close.', 'Stops:', '  x.', 'Left as it is:', '  why: because.']),
    (None, [], [], ['close'], ['nothing has to be done (close).', 'Left as it is:', '  why: because.']),
    (BLOCK, ['a', 'b'], ['x'], ['close', 'firewall'],
     ['2 listeners to close; block_unexpected, 1 rule.', 'Stops:', '  x.', 'Not stopped:', '  why: because.',
      'Left as it is:', '  why: because.']),
    (BLOCK, [], [], [], ['nothing has to be done (close; block_unexpected: 1 rule).'])])
def test_a_plan_that_closes(mode, close, stops, lefts, lines):
    plan = Plan(mode, rules=mode and [RULE], close=close, left=[left(action, 'why') for action in lefts])
    assert effects.message(plan, [], (), True, WARN, stops).splitlines() == lines


def test_what_is_to_be_filtered_yet_and_nothing_to_be_closed():
    lines = effects.message(Plan(BLOCK, rules=[RULE]), [effect(loses=EVERYBODY)], (), False, WARN, []).splitlines()
    assert lines == ['nothing to close; block_unexpected, 1 rule.', 'Changes:', '  closes tcp/5432 to everybody.']


def test_whoever_filters_is_told_that_an_audit_fails_all_the_same():
    made = [effects.message(Plan(mode, rules=rules), [], (), True, switches)
            for mode, rules, switches in ((BLOCK, [RULE], SWITCHES), (BLOCK, [RULE], WARN), (BLOCK, [], SWITCHES),
                                          (ALLOW, [RULE], SWITCHES))]
    assert ['listener_unexpected_blocked is warn or ignore' in text for text in made] == [True, False, False, False]


def test_a_refusal_is_shown_and_harmless():
    refusal = {'code': 'own_\x1b[31mconnection', 'message': 'your own\nconnection \x1b[31mis cut'}
    text = effects.message(Plan(BLOCK, rules=[RULE]), [effect(loses=['\x1b[31m'])], [refusal], False, WARN)
    assert 'The host would refuse it (own_' in text and '\x1b' not in text


def test_a_very_long_plan_is_cut():
    lines = effects.message(Plan(BLOCK, rules=[RULE]), [effect(loses=EVERYBODY)] * 100, (), False, WARN).splitlines()
    assert lines[-1] == '  And 60 more.' and len(lines) == 43
