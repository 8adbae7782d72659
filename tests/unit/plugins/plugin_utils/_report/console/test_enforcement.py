# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of what would be done to hosts, and of what came of it."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._enforce import outcomes
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.outcomes import Registered
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import width
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import enforcement
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.enforced import (
    STOPPED,
    closed,
    effect,
    filtered,
    left,
    planned,
    process,
    row,
)

LONG = 'tcp/[2001:db8:1111:2222:3333:4444:5555:6666]:65535'
AGAIN = planned('unchanged', stops=(), effects=())
REFUSED = {'failed': True, 'msg': 'bad: The declaration is refused: it has no entry'}
PASSES = {'passes': True, 'msg': 'it is as declared'}


def plans(*results, names=None):
    return [outcomes.planned(name, Registered(result))
            for name, result in zip(names or ['web-%d' % number for number in range(len(results))], results)]


def text(shown):
    return [line for line, dummy in shown.lines]


def test_the_plan_of_a_host():
    shown = enforcement.plan_lines(plans(planned()))
    assert text(shown) == [
        'What would be done to web-0',
        'LISTENER           WHAT                              WHO        OPEN  WHY',
        'tcp/0.0.0.0:31337  stop stray.service, stray.socket  everybody  -     -',
        'tcp/0.0.0.0:5432   filter                            everybody  2     -',
        'tcp/0.0.0.0:80     not stopped                       -          -     serves_others',
        '',
        'Left as it is:',
        '  nginx serves 443, too',
        '',
        '1 of 1 host would be changed: 1 to close, 1 to filter, 1 left.']
    assert [kind for dummy, kind in shown.lines] == [
        'head', 'head', 'wide', 'wide', 'plain', 'plain', 'head', 'plain', 'plain', 'wide']


def test_the_plan_of_a_few_hosts():
    shown = enforcement.plan_lines([*plans(planned(lefts=()), AGAIN), *plans(REFUSED, names=['bad'])])
    assert text(shown) == [
        'What would be done to 3 hosts',
        'HOST   LISTENER           WHAT                              WHO        OPEN  WHY',
        'web-0  tcp/0.0.0.0:31337  stop stray.service, stray.socket  everybody  -     -',
        'web-0  tcp/0.0.0.0:5432   filter                            everybody  2     -',
        'web-1  tcp/0.0.0.0:80     not stopped                       -          -     serves_others',
        '',
        'Left as it is:',
        '  web-1: nginx serves 443, too',
        '',
        'Not planned, and nothing is done to them:',
        '  bad: The declaration is refused: it has no entry',
        '',
        '1 of 3 hosts would be changed: 1 to close, 1 to filter; 1 host could not be planned for.']
    assert shown.lines[-1] == (shown.last, 'bad')


def test_alike_lines_of_many_hosts_are_one():
    results = [planned()] * 40
    results[7] = planned(stops=(row('tcp/0.0.0.0:9', units=['discard.socket']),))
    assert text(enforcement.plan_lines(plans(*results)))[:7] == [
        'What would be done to 40 hosts',
        'HOSTS  LISTENER           WHAT                              WHO        OPEN  WHY            WHICH',
        '   39  tcp/0.0.0.0:31337  stop stray.service, stray.socket  everybody  -     -              '
        'all but web-7',
        '    1  tcp/0.0.0.0:9      stop discard.socket               everybody  -     -              web-7',
        '   40  tcp/0.0.0.0:5432   filter                            everybody  80    -              '
        'all observed hosts',
        '   40  tcp/0.0.0.0:80     not stopped                       -          -     serves_others  '
        'all observed hosts',
        '']


def test_nothing_to_do_is_short():
    assert text(enforcement.plan_lines(plans(planned('unchanged', (), (), ())))) == [
        'What would be done to web-0', '', 'Nothing has to be done.']


@pytest.mark.parametrize('count', [1, 2, 40])
@pytest.mark.parametrize('columns', [40, 60, 72, 80, 100, 200])
def test_nothing_is_wider_than_the_terminal(count, columns):
    result = planned(
        stops=(STOPPED, row(LONG, units=['a-unit-with-a-very-long-name-%s.service' % ('x' * 200)])),
        effects=(effect('udp/[2001:db8::1%an-interface]:53', loses=['2001:db8:1111:2222:3333:4444::/96'] * 9),),
        lefts=(left(message='a sentence ' * 60, command='systemctl stop 日本語'), left(message='x' * 300)))
    shown = enforcement.plan_lines(plans(*[result] * count), columns)
    done = enforcement.done_lines([
        outcomes.done('web-%d' % number, Registered(result, closed=closed(*result['stops']), again=result,
                                                    audited={'passes': False, 'msg': 'it has findings ' * 30}))
        for number in range(count)], columns)
    for line in [*text(shown), *text(done)]:
        assert width(line) <= columns
    assert any(line.endswith(':65535') or ':65535 ' in line for line in text(shown)), 'the port is never cut'


def test_what_a_cell_has_no_room_for_is_below_the_table():
    shown = ' '.join(' '.join(text(enforcement.plan_lines(plans(planned()), 60))).split())
    assert 'stray.socket would be stopped and disabled' in shown
    assert 'would be stopped' not in ' '.join(text(enforcement.plan_lines(plans(planned()), 100)))


def test_lines_that_are_broken_are_no_commands_of_ci():
    for line in text(enforcement.plan_lines(plans(planned(lefts=(left(message='x' * 60 + ' ::error::boom'),))), 72)):
        assert not line.lstrip().startswith('::')


def test_so_many_lines_are_not_shown():
    shown = enforcement.plan_lines(plans(planned(lefts=[left('tcp/0.0.0.0:%d' % port) for port in range(1, 2001)])))
    assert '… and 1502 more lines' in text(shown)


def test_what_came_of_it():
    rows = (STOPPED, row('tcp/0.0.0.0:9', 'respawned', processes=[process()], about={'by': 'pm2'}))
    failed = closed(*rows, status='failed', failed=True, msg='web-1: 1 listener still listens')
    shown = enforcement.done_lines([
        outcomes.done('web-0', Registered(planned(lefts=()), closed(STOPPED), planned('unchanged', (), (), ()),
                                          filtered(effect()), audited=PASSES)),
        outcomes.done('web-1', Registered(planned(lefts=()), failed,
                                          audited={'passes': False, 'msg': 'web-1 is not as declared: 1 finding.'})),
        outcomes.done('web-2', Registered(planned(), audited=PASSES)),
        outcomes.done('web-3', Registered(planned(lefts=()), closed(STOPPED), audited=PASSES)),
        outcomes.done('bad', Registered(REFUSED, audited={'passes': False, 'msg': 'bad: The declaration is refused'})),
        outcomes.done('same', Registered(planned('unchanged', (), (), ()), audited=PASSES)),
    ])
    assert text(shown) == [
        'What was done to 6 hosts',
        'HOST   LISTENER           WHAT                              WHO        OPEN  WHY',
        'web-0  tcp/0.0.0.0:31337  stop stray.service, stray.socket  everybody  -     -',
        'web-0  tcp/0.0.0.0:5432   filter                            everybody  2     -',
        'web-1  tcp/0.0.0.0:31337  stop stray.service, stray.socket  everybody  -     -',
        'web-1  tcp/0.0.0.0:9      still listens                     -          -     respawned',
        'web-3  tcp/0.0.0.0:31337  stop stray.service, stray.socket  everybody  -     -',
        '',
        'Not closed:',
        '  web-1: tcp 0.0.0.0:9 listens again: node (7), started by pm2',
        '',
        'Not planned, and nothing was done to them:',
        '  bad: The declaration is refused: it has no entry',
        '',
        'Left untouched, because another host failed:',
        '  web-2',
        '',
        'Closed and not filtered, because another host failed:',
        '  web-3',
        '',
        'Failed:',
        '  web-1: 1 listener still listens',
        '',
        '  web-0: 1 closed, 1 filtered. Audit: passes.',
        '  web-1: 1 closed, 1 failed. Audit: web-1 is not as declared: 1 finding.',
        '  web-2: nothing done. Audit: passes.',
        '  web-3: 1 closed. Audit: passes.',
        '  bad: nothing done. Audit: The declaration is refused.',
        '  same: nothing to do. Audit: passes.',
        '',
        '6 hosts: 1 done, 1 with nothing to do, 1 failed, 1 closed and not filtered, 1 left untouched, 1 not planned, '
        '2 not as declared.']
    assert shown.lines[-1][1] == 'bad'


def test_all_is_well():
    shown = enforcement.done_lines([outcomes.done('web', Registered(
        planned(lefts=()), closed(STOPPED), planned('unchanged', (), (), ()), audited=PASSES))])
    assert shown.lines[-1] == ('1 host: 1 done.', 'good')


def test_in_check_mode_nothing_is_said_to_be_done():
    shown = enforcement.done_lines([outcomes.done('web', Registered(
        planned(lefts=()), closed(STOPPED, status='planned'), planned(lefts=()), filtered(effect(), status='planned'),
    ))], is_check=True)
    assert text(shown)[0] == 'What would be done to web'
    assert text(shown)[-3:] == [
        '  web: 1 to close, 1 to filter.', '', '1 host: 1 would be changed. Nothing was changed.']
