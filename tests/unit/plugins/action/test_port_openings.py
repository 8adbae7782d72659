# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""port_openings on the controller: what it asks the host, when it logs in anew, and what it says of what came of it."""

import pytest

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.listening.ports.plugins.action import port_openings
from ansible_collections.listening.ports.tests.unit.plugins.action import stepping
from ansible_collections.listening.ports.tests.unit.plugins.action.stepping import NO_ROUTE

OPENING = {'backend': 'firewalld', 'zone': 'public', 'protocol': 'tcp', 'ports': ['443'], 'sources': ['10.0.0.0/8']}
OTHER = dict(OPENING, ports=['80'], sources=None)
ASKED = [{'backend': 'firewalld', 'ports': [443], 'sources': ['10.0.0.0/8']}]
DONE = {'changed': True, 'msg': 'opened', 'diff': {'before': '', 'after': 'tcp/443'}, 'opened': [OPENING],
        'closed': [OTHER], 'left': []}
TRIAL = dict(DONE, status='trial', began=1000)
KEPT = dict(DONE, status='kept', msg='taken back', opened=[])
STALE = {'status': 'refused', 'code': 'not_fresh', 'changed': False, 'failed': True, 'msg': 'it is not newer.'}
RESTORED = dict(DONE, status='reverted', changed=False, opened=[], closed=[])


class Host(stepping.Host):
    """One that does the steps of openings."""

    def __init__(self, begin=(), keep=(), restore=(), **more):
        super().__init__('apply_port_openings', {'begin': begin, 'keep': keep, 'restore': restore}, **more)


def run(host, keywords=(), variables=(), **options):
    """The result of the action on that host."""
    return stepping.act(port_openings, host, {'openings': ASKED, **options}, keywords, variables)


@pytest.mark.parametrize('status, failed', [
    ('unchanged', False), ('planned', False), ('kept', False), ('refused', True), ('failed', True)])
def test_where_nothing_is_taken_back_nobody_logs_in(status, failed):
    host = Host([dict(DONE, status=status)])
    result = run(host)
    assert (result.status, result.failed, result.msg) == (status, failed, 'web-1: opened')
    assert (result.opened, result.closed, result.diff) == ([OPENING], [OTHER], DONE['diff'])
    assert host.steps == 'begin' and len(host.done) == 1


def test_what_the_host_is_asked():
    host = Host([TRIAL], [KEPT])
    run(host, keep=[], protected_sources='192.0.2.1')
    begin, keep = host.asked
    assert begin == {
        'state': 'present', 'keep': [], 'confirm': 60, 'protected_sources': ['192.0.2.1'], 'step': 'begin',
        'remote': True, 'openings': [{'backend': 'firewalld', 'ports': ['443'], 'sources': ['10.0.0.0/8'],
                                      'protocol': 'tcp', 'interface': None, 'listener': None}]}
    assert keep == dict(begin, step='keep', began=1000)


def test_what_is_taken_back_is_confirmed_by_a_new_login():
    host = Host([TRIAL], [STALE, KEPT], logins=[NO_ROUTE, stepping.WORKS])
    result = run(host)
    assert (result.status, result.failed, result.changed, result.msg) == ('kept', False, True, 'web-1: opened')
    assert (result.opened, result.closed) == ([OPENING], [OTHER]) and not hasattr(result, 'began')
    assert [text for text, _after in host.done] == ['begin', 'login', 'true', 'login', 'true', 'keep', 'login', 'true',
                                                    'keep']


def test_what_a_firewall_does_not_take_back_fails():
    host = Host([TRIAL], [dict(KEPT, status='failed', failed=True, msg='was not taken back', closed=[])])
    result = run(host)
    assert (result.status, result.failed, result.closed) == ('failed', True, [])
    assert result.msg == 'web-1: was not taken back'


@pytest.mark.parametrize('opened, changed', [([OPENING], True), ([], False)])
def test_where_nobody_gets_in_it_is_put_back(opened, changed):
    host = Host([dict(TRIAL, opened=opened)], restore=[RESTORED], logins=[NO_ROUTE])
    result = run(host)
    assert (result.status, result.failed, result.changed, result.closed) == ('reverted', True, changed, [])
    assert result.msg == ('web-1: could not log in again within 60 s (No route to host). What was taken back is open '
                          'again')
    assert host.steps == 'begin restore'


@pytest.mark.parametrize('answer, reason', [
    (AnsibleConnectionFailure('lost'), 'lost'), ({'unreachable': True, 'msg': 'lost'}, 'lost'),
    (dict(RESTORED, status='failed', msg='tcp/80 was not put back.'), 'tcp/80 was not put back'),
    (dict(STALE, code='firewalld_fails', msg='it does not answer.'), 'it does not answer')])
def test_what_cannot_be_put_back_is_said(answer, reason):
    result = run(Host([TRIAL], restore=[answer], logins=[NO_ROUTE]), confirm=10)
    assert (result.status, result.failed) == ('reverted', True)
    assert result.msg == (
        'web-1: could not log in again within 10 s (No route to host). What was taken back could not be put back (%s). '
        'It is open again after "firewall-cmd --reload" at a console, or after a reboot' % reason)


def test_a_connection_that_is_never_new_is_no_confirmation():
    host = Host([TRIAL], [STALE], [RESTORED])
    assert run(host).msg == ('web-1: could not log in again within 60 s (it is not newer). What was taken back is open '
                             'again')


def test_a_host_that_does_not_answer():
    for lost in (AnsibleConnectionFailure('lost'), {'unreachable': True, 'msg': 'lost'}):
        result = run(Host([lost]))
        assert (result.unreachable, result.status, result.msg) == (True, 'failed', 'web-1: lost')
    result = run(Host([{'failed': True, 'msg': 'no python'}]))
    assert (result.unreachable, result.failed, result.msg) == (False, True, 'web-1: no python')


@pytest.mark.parametrize('answer, reason', [
    (dict(DONE, status='odd'), 'status: has to be one of'),
    (dict(DONE, status='trial'), 'has to have began'),
    (dict(DONE, status='kept', opened=[dict(OPENING, backend='pf')]), 'opened[0].backend: has to be'),
    (dict(DONE, status='kept', left=[OPENING]), 'left[0]'),
])
def test_an_answer_that_is_none_fails(answer, reason):
    result = run(Host([answer]))
    assert result.failed and result.msg.startswith('web-1: the answer of the host is not valid: %s' % reason)


def test_what_the_host_calls_things_is_harmless():
    left = dict(OPENING, listener='\x1b[2J', reason='in_use', message='a\nb', zone='\x9b')
    result = run(Host([dict(DONE, status='kept', code='\x07', diff={'before': 'x\x1b\ny', 'after': ''}, left=[left])]))
    assert not any(letter in repr(result.left) + result.code + result.diff['before'].replace('\n', '')
                   for letter in '\x1b\x9b\x07\n')


@pytest.mark.parametrize('keywords, words', [
    ({'async_val': 60}, 'async'), ({'run_once': True}, 'run_once: ports of one host'),
    ({'delegate_to': 'web-2'}, 'delegate_to: the ports')])
def test_keywords_that_open_elsewhere_are_refused(keywords, words):
    host = Host([TRIAL])
    with pytest.raises(AnsibleActionFail, match='does not work with %s' % words):
        run(host, keywords)
    assert host.done == []


@pytest.mark.parametrize('options', [
    {'confirm': 9}, {'state': 'open'}, {'openings': [{'ports': [80]}]}, {'openings': [dict(ASKED[0], ports=['http'])]},
    {'keep': [{'ports': []}]}, {'protected_sources': ['web']}, {'step': 'keep'}, {'began': 1}])
def test_options_are_checked_before_the_host_is_contacted(options):
    host = Host([TRIAL])
    with pytest.raises(AnsibleActionFail):
        run(host, **options)
    assert host.done == []


def test_a_host_does_not_decide_what_is_open():
    host = Host([TRIAL])
    with pytest.raises(AnsibleActionFail, match='firewall_open, by which it would decide how it is filtered'):
        run(host, variables={'ansible_facts': {'firewall_open': True}})
    assert host.done == []
