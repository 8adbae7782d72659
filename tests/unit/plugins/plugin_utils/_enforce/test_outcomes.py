# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was planned for a host and what came of it, from results of tasks that are made up."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._enforce import outcomes
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.outcomes import Registered
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.enforced import (
    DATABASE,
    NGINX,
    STOPPED,
    STRAY,
    closed,
    effect,
    filtered,
    left,
    planned,
    process,
    row,
)

AGAIN = planned('unchanged', stops=(), effects=(), lefts=())


def plan(result):
    return outcomes.planned('web-1', Registered(result))


def done(result=None, **more):
    return outcomes.done('web-1', Registered(planned() if result is None else result, **more))


def short(outcome):
    return [(row.kind, row.listener, row.what, row.who, row.connections, row.why) for row in outcome.rows]


def test_what_is_planned():
    outcome = plan(planned())
    assert (outcome.state, outcome.reason) == ('acts', None)
    assert short(outcome) == [
        ('close', STRAY, 'stop stray.service, stray.socket', 'everybody', None, ''),
        ('filter', DATABASE, 'filter', 'everybody', 2, ''),
        ('left', NGINX, 'not stopped', '', None, 'serves_others')]
    assert outcome.rows[2].words == 'nginx serves 443, too'


def test_what_is_left_is_said_once():
    both = planned(stops=(STOPPED, row(NGINX, 'left', 'serves_others')))
    assert [row.listener for row in plan(both).rows if row.kind == 'left'] == [NGINX]


@pytest.mark.parametrize('given, wanted', [
    ({'stops': (row(processes=[process(), process(8, 'npm')]),)},
     [('close', STRAY, 'end node (pid 7), npm (pid 8)', 'everybody', None, '')]),
    ({'stops': (row(status='left', reason='gone'),)}, [('close', STRAY, 'gone already', '', None, '')]),
    ({'effects': (effect(None, published=True, port=8080, loses=['10.0.0.0/8'], connections=None),)},
     [('filter', 'published tcp/8080', 'filter', '10.0.0.0/8', None, '')]),
    ({'effects': (effect(loses=[], gains=['10.0.0.0/8']),)}, [('open', DATABASE, 'let in', '10.0.0.0/8', None, '')]),
    ({'effects': (effect(loses=[], unsure=['10.0.0.0/8']),)},
     [('filter', DATABASE, 'filter', 'perhaps 10.0.0.0/8', None, '')]),
    ({}, [('filter', 'tcp/5432', 'filter', 'nobody now', None, '')]),
    ({'plan': {'filter': None}}, []),
    ({'plan': {'filter': None, 'open': [
        {'protocol': 'tcp', 'ports': ['80'], 'sources': None, 'backend': 'ufw', 'listener': NGINX}]}},
     [('open', NGINX, 'open tcp/80 in ufw', 'everybody', None, '')]),
    ({'plan': {'filter': None}, 'lefts': (left(None, 'firewall', 'unknown', 'who knows', 'run with become'),)},
     [('left', '-', 'not filtered', '', None, 'unknown')]),
])
def test_rows(given, wanted):
    assert short(plan(planned(**{'stops': (), 'effects': (), 'lefts': (), **given}))) == wanted


def test_what_helps_is_in_the_words():
    outcome = plan(planned(lefts=(left(command='systemctl stop nginx'),)))
    assert outcome.rows[-1].words == 'nginx serves 443, too. To do: systemctl stop nginx'


def test_what_stops_with_it_is_worth_a_sentence():
    alone, other = (row(units=['a.service'], bystanders=names) for names in ([], ['b.service']))
    rows = plan(planned(stops=(alone, other))).rows
    assert [row.is_plain for row in rows[:2]] == [True, False]
    assert 'b.service' in rows[1].words


def test_so_is_what_else_listens_by_it():
    [first, *dummy] = plan(planned(stops=(row(units=['a.service'], about={'others': ['tcp/0.0.0.0:443']}),))).rows
    assert not first.is_plain and 'with it would end tcp/0.0.0.0:443' in first.words


@pytest.mark.parametrize('result, reason', [
    (None, 'nothing was planned for it'),
    ('x', 'nothing was planned for it'),
    ({}, 'nothing was planned for it'),
    ({'failed': True, 'msg': 'web-1: it has no entry\nand more'}, 'it has no entry and more'),
    ({'unreachable': True, 'msg': 'no route\x1b[2J'}, 'no route\\x1b[2J'),
    ({'skipped': True, 'skip_reason': 'Conditional result was False'}, 'Conditional result was False'),
    ({'failed': True}, 'no reason was given'),
    (planned(refusal={'code': 'own_connection', 'message': 'you would not get in'}),
     'the host would refuse it (own_connection): you would not get in'),
    (planned('kept'), 'its plan has the status kept'),
])
def test_a_host_without_a_plan_is_not_acted_on(result, reason):
    for outcome in (plan(result), done(result if result is not None else {})):
        assert (outcome.state, outcome.reason, outcome.rows) == ('unplanned', reason, [])


def test_nothing_to_do():
    assert plan(AGAIN).state == done(AGAIN).state == 'same'


def test_all_was_done():
    outcome = done(closed=closed(STOPPED), again=AGAIN, filtered=filtered(effect()),
                   audited={'passes': True, 'msg': 'web-1 is as declared: 3 listeners.'})
    assert (outcome.state, outcome.reason, outcome.passes) == ('done', None, True)
    assert outcome.counts == {'close': 1, 'filter': 1}


def test_what_has_appeared_since_is_said():
    late = left('tcp/0.0.0.0:31338', 'close', 'appeared', 'it was not there')
    outcome = done(closed=closed(STOPPED), again=planned('unchanged', (), (), (late,)))
    assert short(outcome)[-1] == ('left', 'tcp/0.0.0.0:31338', 'not stopped', '', None, 'appeared')


def test_what_was_left_by_the_act_is_said_once():
    act = row(NGINX, 'left', 'in_use', about={'by': 'connection'})
    outcome = done(closed=closed(STOPPED, act), again=planned('unchanged', (), (), (left(), left(action='firewall'))))
    assert [(row.what, row.why) for row in outcome.rows[1:]] == [
        ('not stopped', 'in_use'), ('not filtered', 'serves_others')]


@pytest.mark.parametrize('status', ['survived', 'respawned'])
def test_what_still_listens_fails(status):
    rows = (STOPPED, row(NGINX, status, units=['nginx.service'], processes=[process()], about={'by': 'pm2'}))
    outcome = done(closed=closed(*rows, status='failed', failed=True, msg='web-1: 1 listener still listens'))
    assert (outcome.state, outcome.reason) == ('failed', '1 listener still listens')
    assert [(row.kind, row.what, row.why) for row in outcome.rows[:2]] == [
        ('close', 'stop stray.service, stray.socket', ''), ('failed', 'still listens', status)]
    assert 'node (7)' in outcome.rows[1].words


@pytest.mark.parametrize('status', ['reverted', 'refused', 'busy'])
def test_what_was_not_kept_was_not_stopped(status):
    outcome = done(closed=closed(STOPPED, status=status, failed=True, msg='web-1: could not log in again'))
    assert outcome.state == 'failed'
    assert short(outcome)[0] == ('failed', STRAY, 'not stopped', '', None, status)


@pytest.mark.parametrize('reason, what', [('reverted', 'not stopped'), ('unknown', 'perhaps stopped')])
def test_a_trial_that_nobody_kept_fails(reason, what):
    rows = (row(status='left', reason=reason, units=['stray.service']),)
    outcome = done(closed=closed(*rows, status='reverted', failed=True, msg='web-1: could not log in again'))
    assert (outcome.state, outcome.reason) == ('failed', 'could not log in again')
    assert short(outcome)[0] == ('failed', STRAY, what, '', None, reason)
    assert 'closed on trial' in outcome.rows[0].words


@pytest.mark.parametrize('more', [
    {'closed': closed(STOPPED), 'again': AGAIN, 'filtered': filtered(status='reverted', failed=True, msg='web-1: no')},
    {'closed': closed(STOPPED), 'again': {'failed': True, 'msg': 'no'}},
    {'closed': {'unreachable': True, 'msg': 'no'}},
    {'again': AGAIN, 'opened': {'failed': True, 'msg': 'no'}},
    {'failed': 'no'},
])
def test_failures(more):
    assert Registered(planned(), **more).failure in ('no', 'web-1: no')
    outcome = done(**more)
    assert (outcome.state, outcome.reason) == ('failed', 'no')


@pytest.mark.parametrize('more, state', [
    ({}, 'untouched'),
    ({'closed': {'skipped': True}}, 'untouched'),
    ({'closed': {'skipped': True}, 'again': {'skipped': True}, 'filtered': {'skipped': True}}, 'untouched'),
    ({'closed': closed(STOPPED), 'again': {'skipped': True}}, 'partly'),
    ({'closed': closed(STOPPED)}, 'partly'),
    ({'closed': closed(STOPPED), 'again': AGAIN}, 'done'),
    ({'closed': {'skipped': True}, 'again': AGAIN}, 'done'),
])
def test_how_far_it_came(more, state):
    outcome = done(**more)
    assert outcome.state == state
    assert not (outcome.rows and state == 'untouched')


def test_closing_alone_is_all_where_nothing_is_to_be_filtered():
    assert done(planned(effects=(), plan={'filter': None}), closed=closed(STOPPED)).state == 'done'


def test_the_words_of_an_audit_are_its_first_lines():
    outcome = done(AGAIN, audited={'passes': False, 'msg': 'web-1 is not as declared: 1 finding.\n1. x\n2. y'})
    assert (outcome.passes, outcome.audit) == (False, 'web-1 is not as declared: 1 finding. 1. x')


@pytest.mark.parametrize('result, passes, words', [
    (None, None, None),
    ({'skipped': True, 'skip_reason': 'Conditional result was False'}, None, None),
    ({'failed': True, 'msg': 'web-1: no route'}, False, 'no route'),
    ({'unreachable': True}, False, 'no reason was given'),
])
def test_without_an_audit_nothing_is_known_of_it(result, passes, words):
    outcome = done(AGAIN, audited=result)
    assert (outcome.passes, outcome.audit) == (passes, words)


def test_text_of_hosts_is_harmless():
    evil = '\x1b[31m::error::{{ 7*7 }}'
    result = planned(stops=(row(evil, units=[evil], bystanders=[evil], processes=[process(name=evil)]),),
                     effects=(effect(evil),), lefts=(left(evil, evil, evil, evil, evil),))
    for outcome in (plan(result), done(result, closed=closed(*result['stops']), failed=evil)):
        texts = [text for row in outcome.rows for text in (row.listener, row.what, row.who, row.why, row.words or '')]
        assert outcome.rows and '\x1b' not in ''.join([*texts, outcome.reason or ''])
