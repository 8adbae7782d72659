# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of units over the private socket, and by systemctl where that cannot be used.

tests/hosts holds both against each other, for all units of real hosts.
"""

import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._systemd import properties
from ansible_collections.listening.ports.plugins.module_utils._systemd.systemctl import SystemdError
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.dbus import (
    ERROR, RETURN, Manager, marshal, message, string
)

NAMES = 'Transient', 'Requires', 'MainPID', 'KillMode'
TOLD = {'Id': 'web.service', 'Transient': 'yes', 'Requires': 'a.target \u00fcb.slice', 'MainPID': '812',
        'KillMode': 'mixed'}
# of every type that systemd has among the properties of a unit, and some more
UNIT = [
    ('Id', ('s', 'web.service')), ('Nice', ('y', 7)), ('Transient', ('b', 1)), ('Since', ('t', 2 ** 60)),
    ('Job', ('(uo)', (7, '/org/freedesktop/systemd1/job/7'))), ('Load', ('d', 0.5)), ('LoadError', ('(ss)', ('', ''))),
    ('Conditions', ('a(sbbsi)', [('ConditionPathExists', 0, 1, '/x', -1), ('ConditionHost', 1, 0, 'h', 1)])),
    ('Documentation', ('as', [])), ('Invocation', ('ay', b'0123456789abcdef'[:13])), ('Small', ('q', 9)),
    ('Times', ('at', [1, 2])), ('None', ('a(ss)', [])), ('Requires', ('as', ['a.target', '\u00fcb.slice'])),
    ('Path', ('o', '/x')), ('Last', ('i', -3))]


def answer(body):
    return message(RETURN, body)


def one(kind, value):
    """The answer of one property."""
    return answer(marshal('v', (kind, value)))


def table(entries=None):
    return marshal('a{sv}', entries or UNIT)


ANSWERS = [answer(table()), one('u', 812), one('s', 'mixed')]


@pytest.fixture
def ask(tmp_path):
    """Asks what answers so in the place of systemd: what ``Manager.ask`` returns, and what was run instead."""
    started = []

    def asked(answers, units=('web.service',), names=NAMES, runs=lambda: (0, 'Id=by-systemctl\n', '')):
        if answers is not None:
            started.append(Manager(tmp_path / 'private', answers))
        commands = []

        def run(words, **dummy):
            commands.append(words)
            return runs()
        return properties.Manager(run, str(tmp_path / 'system')).ask(list(units), names), commands
    yield asked
    for manager in started:
        manager.socket.close()


def in_order(names):
    """The answers, by the names of properties that are asked for one by one."""
    values = {'MainPID': ANSWERS[1], 'KillMode': ANSWERS[2]}
    return [values[name] for name in names]


def test_properties_are_told_in_the_words_of_systemctl(ask):
    asked = frozenset(NAMES).union(('Id',)).intersection(properties._OF_KIND['service'][1])
    assert ask([ANSWERS[0], *in_order(asked)]) == ([TOLD], [])


def test_what_a_kind_of_unit_has_is_asked_of_that_kind(ask):
    units = ['a.socket', 'b.target', 'c.slice', 'd.socket']
    tables = [answer(table([('Id', ('s', unit))])) for unit in units]
    told, commands = ask([*tables, one('b', 1), message(ERROR, string('none'))], units, ['Accept'])
    assert told == [{'Id': 'a.socket', 'Accept': 'yes'}, {'Id': 'b.target'}, {'Id': 'c.slice'}, {'Id': 'd.socket'}]
    assert not commands


def test_many_units_are_asked_a_few_at_a_time(ask):
    units = ['u%d.target' % number for number in range(50)]
    told, commands = ask([answer(table([('Id', ('s', unit))])) for unit in units], units, ['Names'])
    assert [values['Id'] for values in told] == units and not commands


def cut(body):
    """The answers with this body, cut short at each place."""
    return [[answer(body[:length])] for length in range(len(body))]


@pytest.mark.parametrize('answers', [
    None, [], [message(ERROR, string('No such unit'))], *cut(table(UNIT[:7])), [answer(table() + b'\0' * 8)],
    [answer(table([('Id', ('s', 'web.service')), ('Requires', ('u', 3)), ('Transient', ('a(ss)', []))]))],
    # a type that systemd has not
    [answer(table([('Map', ('v', ('s', 'x')))]))],
    [answer(table([('Requires', ('at', [1, 2]))]))],
    [answer(struct.pack('=I', 2 ** 31) + b'\0' * 60)],
])
def test_systemctl_is_asked_where_the_answer_is_not_understood(ask, answers):
    told, commands = ask(answers, names=['Requires', 'Transient'])
    assert told == [{'Id': 'by-systemctl'}]
    assert commands[0][2:] == ['systemctl', 'show', '--no-pager', '--property=Id,Requires,Transient', '--',
                               'web.service']


def test_systemctl_may_not_answer_either(ask):
    with pytest.raises(SystemdError, match='it ended with 1'):
        ask(None, runs=lambda: (1, '', 'Failed'))


def test_a_manager_is_connected_to_once_and_anew_where_that_fails(tmp_path):
    first = answer(table([('Id', ('s', 'a.target'))]))
    asked = Manager(tmp_path / 'private', [first, first])
    manager = properties.Manager(lambda words, **dummy: (0, 'Id=by-systemctl\n', ''), str(tmp_path / 'system'))
    for id_ in ('a.target', 'a.target', 'by-systemctl'):
        assert manager.ask(['a.target'], ['Names']) == [{'Id': id_}]
    asked.socket.close()
    (tmp_path / 'private').unlink()
    again = Manager(tmp_path / 'private', [first])
    assert manager.ask(['a.target'], ['Names']) == [{'Id': 'a.target'}]
    again.socket.close()
