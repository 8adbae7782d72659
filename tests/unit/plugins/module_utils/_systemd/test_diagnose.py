# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that hold no listener: which are looked at, and what systemd says of them."""

import json
import os
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._systemd import diagnose
from ansible_collections.listening.ports.tests.unit.plugins.module_utils import dbus

ID = '0123456789abcdef0123456789abcdef'
WHOLE = {'owners': True, 'units': True}
KEYS = {'unit', 'id', 'load', 'active', 'sub', 'enabled', 'result', 'exit', 'holds', 'lines', 'unseen'}
LINE = 'bind: Address already in use'
# what systemctl show prints of units on Debian 13, but for the order of their lines
FAILED = """\
Result=exit-code
ExecMainCode=0
ExecMainStatus=0
ExecStartPre={ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -t ; code=exited ; status=9 ; ignore_errors=no ; pid=198 \
; code=exited ; status=0 }
ExecStart={ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -g daemon on; ; ignore_errors=no ; start_time=[n/a] \
; pid=199 ; code=exited ; status=1 }
Id=nginx.service
LoadState=loaded
ActiveState=failed
SubState=failed
UnitFileState=enabled
InvocationID=%s
""" % ID
ABSENT = ('Result=success\nId=%s\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\n'
          'InvocationID=\n')


def text(value):
    """A variant with a string."""
    return b'\x01s\0\0' + struct.pack('=I', len(value)) + value.encode() + b'\0'


def number(value):
    """A variant with a number."""
    return b'\x01i\0\0' + struct.pack('=i', value)


def invocation(digits):
    """A variant with bytes."""
    return b'\x02ay\0' + struct.pack('=I', len(digits) // 2) + bytes.fromhex(digits)


def commands(*ends):
    """A variant with commands, of each of which these are how it ended, and with which number."""
    data = b''
    for count, (how, ended) in enumerate(ends):
        data += b'\0' * (-len(data) % 8) + struct.pack('=I', 5 + count) + b'/bin/' + b'x' * count + b'\0'
        arguments = b''
        for word in [b'x' * count, b'yy'] * count:
            arguments += b'\0' * (-len(arguments) % 4) + struct.pack('=I', len(word)) + word + b'\0'
        data += b'\0' * (-len(data) % 4) + struct.pack('=I', len(arguments)) + arguments
        data += b'\0' * (-len(data) % 4) + struct.pack('=I', 1)
        data += b'\0' * (-len(data) % 8) + struct.pack('=QQQQIii', 1, 2, 3, 4, 77, how, ended)
    return b'\x0ea(sasbttttuii)\0' + struct.pack('=I', len(data)) + b'\0' * 4 + data


def unit(name, **other):
    """dict: the properties of a unit of systemd, which has failed."""
    properties = {'Id': text(name), 'LoadState': text('loaded'), 'ActiveState': text('failed'),
                  'SubState': text('failed'), 'UnitFileState': text('enabled'), 'InvocationID': invocation(ID),
                  'Result': text('exit-code'), 'ExecMainCode': number(1), 'ExecMainStatus': number(3),
                  'ExecStartPre': commands(), 'ExecStart': commands((0, 0))}
    properties.update(other)
    return properties


class Host:
    """systemd, its log, and the commands for both.

    :ivar units: dict, name to properties; None where the bus is refused.
    :ivar shown: tuple, what systemctl answers; ``logged`` what journalctl does.
    """

    def __init__(self, tmp_path):
        self.units, self.asked, self.ran = {}, [], []
        self.shown, self.logged = (1, '', 'no systemctl here'), (0, json.dumps({'MESSAGE': LINE, '_PID': '7',
                                                                                '_SYSTEMD_INVOCATION_ID': ID}), '')
        self.open = 0
        (tmp_path / 'system.journal').write_text('')
        self.running, self.journals = str(tmp_path), (str(tmp_path / '*.journal'),)

    def bus(self):
        if self.units is None:
            raise PermissionError(13, 'Permission denied')
        self.open += 1
        return self

    def close(self):
        self.open -= 1

    def get(self, units, interface, name):
        [unit] = units
        self.asked.append((unit, interface, name))
        known = {'Unit': diagnose.OF_UNIT}.get(interface, diagnose.OF_TYPE)
        value = self.units.get(unit, {}).get(name, b'') if name in known else b''
        if isinstance(value, Exception):
            raise value
        return [value]

    def run(self, words, **dummy):
        self.ran.append(words[2:])
        return self.shown if words[2] == 'systemctl' else self.logged

    def look(self, *units, **options):
        diagnoses = diagnose.look(list(units), options.get('held', set()), options.get('complete', WHOLE),
                                  options.get('run', self.run), self.bus, self.running, self.journals)
        assert self.open == 0
        assert all(set(diagnosis) == KEYS and diagnosis['unit'] == name for name, diagnosis in diagnoses.items())
        assert all(isinstance(diagnosis[key], str) or diagnosis[key] is None for diagnosis in diagnoses.values()
                   for key in ('id', 'load', 'active', 'sub', 'enabled', 'result'))
        return diagnoses


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_a_unit_that_has_failed(host):
    host.units['nginx.service'] = unit('nginx.service')
    assert host.look('nginx.service') == {'nginx.service': {
        'unit': 'nginx.service', 'id': 'nginx.service', 'load': 'loaded', 'active': 'failed', 'sub': 'failed',
        'enabled': 'enabled',
        'result': 'exit-code', 'exit': 3, 'holds': False, 'lines': [LINE], 'unseen': []}}
    [words] = host.ran
    assert words[0] == 'journalctl' and '_SYSTEMD_INVOCATION_ID=' + ID in words
    assert {interface for dummy, interface, dummy2 in host.asked} == {'Unit', 'Service'}


WAITING = {'ActiveState': text('inactive'), 'SubState': text('dead'), 'Result': text('success'),
           'TriggeredBy': dbus.triggers('demo.timer', 'demo.socket')}


@pytest.mark.parametrize('active, known', [('active', 'demo.socket'), ('failed', 'demo.service')])
def test_a_service_that_waits_for_its_socket_unit(host, active, known):
    """Its port was changed without a restart: it is the log of the socket unit that tells."""
    line = 'Socket unit configuration has changed while unit has been running'
    host.units = {'demo.service': unit('demo.service', **WAITING),
                  'demo.socket': unit('demo.socket', ActiveState=text(active), SubState=text('listening'))}
    host.logged = (0, json.dumps({'MESSAGE': line, '_PID': '1', 'INVOCATION_ID': ID}), '')
    diagnosis = host.look('demo')['demo']
    assert (diagnosis['id'], diagnosis['holds'], diagnosis['lines']) == (known, False, [line])


def test_a_service_that_waits_for_its_socket_unit_by_systemctl(host):
    host.units = None
    answers = {'demo.service': 'Id=demo.service\nLoadState=loaded\nActiveState=inactive\nTriggeredBy=demo.socket\n',
               'demo.socket': 'Id=demo.socket\nLoadState=loaded\nActiveState=active\nSubState=listening\n'}

    def run(words, **options):
        host.run(words, **options)
        return (0, answers[words[-1]], '') if words[2] == 'systemctl' else host.logged
    assert host.look('demo', run=run)['demo']['id'] == 'demo.socket'


def test_names(host):
    host.units = {name: unit(name)
                  for name in ('a.service', 'b.socket', 'c.d.service', 'e@1.service', r'f\x2dg.service')}
    diagnoses = host.look('a', 'a.service', 'b.socket', 'c.d', 'e@1', 'e@1', r'f\x2dg.service')
    assert {name: diagnosis['id'] for name, diagnosis in diagnoses.items()} == {
        'a': 'a.service', 'a.service': 'a.service', 'b.socket': 'b.socket', 'c.d': 'c.d.service', 'e@1': 'e@1.service',
        r'f\x2dg.service': r'f\x2dg.service'}
    assert ('b.socket', 'Socket', 'Result') in host.asked


@pytest.mark.parametrize('name, load', [
    ('a b', 'invalid'), ('a/b.service', 'invalid'), ('', 'invalid'), ('.service', 'invalid'), ('a\n', 'invalid'),
    ('a*', 'invalid'),
    ('\xe4.service', 'invalid'), ('@a', 'invalid'), ('@', 'invalid'), ('x' * 241, 'invalid'),
    ('user@1000/a.service', 'invalid'),
    ('a=b', 'invalid'), ('a@', 'template'), ('a@.service', 'template'),
])
def test_what_is_no_unit_is_not_asked_about(host, name, load):
    host.units = None
    diagnosis = host.look(name)[name]
    assert (diagnosis['load'], diagnosis['lines'], diagnosis['unseen'], host.ran) == (load, [], [], [])


def test_units_of_users_are_not_looked_at(host):
    diagnosis = host.look('user@1000.service/a')['user@1000.service/a']
    assert (diagnosis['load'], diagnosis['unseen'], host.ran) == (None, ['units of users are not looked at'], [])
    assert host.asked == []


def test_no_name_becomes_an_option(host):
    host.units, host.shown = None, (0, ABSENT % '--version.service', '')
    assert host.look('--version')['--version']['load'] == 'not-found'
    [words] = host.ran
    assert words[words.index('--'):] == ['--', '--version.service']


def test_what_holds_a_listener_is_left_alone(host):
    assert host.look('a', 'a.service', 'b.socket', held={'a.service', 'b.socket', None}) == {}
    assert host.asked == host.ran == []


def test_at_most_20_units(host):
    host.units = {'u%d.service' % count: unit('u%d.service' % count) for count in range(30)}
    diagnoses = host.look('a b', *['u%d' % count for count in range(30)])
    assert len(diagnoses) == 31 and len(host.ran) == 20
    assert [bool(diagnosis['id']) for diagnosis in diagnoses.values()] == [False] + [True] * 20 + [False] * 10
    assert diagnoses['u20']['unseen'] == ['20 other units were inspected, which is the limit']
    assert diagnoses['u19']['unseen'] == []


@pytest.mark.parametrize('properties, expected', [
    ({}, 3),
    # a service that forks has no main process yet: what was run to start it tells
    ({'ExecMainCode': number(0), 'ExecMainStatus': number(0), 'ExecStartPre': commands((1, 0), (1, 0)),
      'ExecStart': commands((1, 5))}, 5),
    ({'ExecMainCode': number(0), 'ExecMainStatus': number(0), 'ExecStartPre': commands((1, 0), (1, 4)),
      'ExecStart': commands((0, 0))}, 4),
    # forgotten, as systemd does when it is reloaded
    ({'ExecMainCode': number(0), 'ExecMainStatus': number(0)}, None),
    ({'Result': text('signal'), 'ExecMainCode': number(2), 'ExecMainStatus': number(11),
      'ExecStartPre': commands((1, 1))}, 11),
    ({'Result': text('core-dump'), 'ExecMainCode': number(3), 'ExecMainStatus': number(6)}, 6),
    ({'Result': text('timeout'), 'ExecMainCode': number(2), 'ExecMainStatus': number(15)}, None),
    ({'Result': text('success'), 'ExecMainStatus': number(0), 'ExecStart': commands((1, 7))}, 0),
    ({'Result': text('success'), 'ExecMainCode': number(2), 'ExecMainStatus': number(15),
      'ExecStartPre': commands((1, 0))}, None),
    # a target has none
    ({'Result': b'', 'ExecMainCode': b'', 'ExecMainStatus': b'', 'ExecStartPre': b'', 'ExecStart': b''}, None),
])
def test_how_it_ended(host, properties, expected):
    host.units['a.service'] = unit('a.service', **properties)
    assert host.look('a')['a']['exit'] == expected


@pytest.mark.parametrize('load, read', [('loaded', True), ('bad-setting', True), ('error', True), ('not-found', False),
                                        ('masked', False)])
def test_whose_log_is_read(host, load, read):
    host.units['a.service'] = unit('a.service', LoadState=text(load))
    assert host.look('a')['a']['lines'] == ([LINE] if read else [])
    assert bool(host.ran) == read


@pytest.mark.parametrize('body, wanted', [
    (invocation(ID), ['_SYSTEMD_UNIT=a.service', '_SYSTEMD_INVOCATION_ID=' + ID]), (invocation(''), []),
    (b'', ['_SYSTEMD_UNIT=a.service'])])
def test_which_start_its_log_is_of(host, body, wanted):
    host.units['a.service'] = unit('a.service', InvocationID=body)
    host.look('a')
    assert [word for word in host.ran[0] if word.startswith('_SYSTEMD')] == wanted


def test_a_log_that_cannot_be_read(host):
    host.units['a.service'], host.logged = unit('a.service'), (1, '', 'No journal files were opened due to '
                                                                      'insufficient permissions.\n')
    diagnosis = host.look('a')['a']
    assert (diagnosis['active'], diagnosis['exit'], diagnosis['lines']) == ('failed', 3, [])
    assert diagnosis['unseen'] == ['its log could not be read: No journal files were opened due to insufficient '
                                   'permissions.']


def test_the_log_is_that_of_the_name_that_systemd_has(host):
    host.units['mysqld.service'] = unit('mariadb.service', InvocationID=b'')
    diagnosis = host.look('mysqld')['mysqld']
    assert (diagnosis['unit'], diagnosis['id']) == ('mysqld', 'mariadb.service')
    assert (diagnosis['holds'], diagnosis['lines']) == (False, [LINE])
    assert '_SYSTEMD_UNIT=mariadb.service' in host.ran[0]


def test_another_name_of_what_listens(host):
    host.units['mysqld.service'] = unit('mariadb.service', ActiveState=text('active'))
    diagnosis = host.look('mysqld', held={'mariadb.service'})['mysqld']
    assert (diagnosis['id'], diagnosis['holds'], diagnosis['unseen'], host.ran) == ('mariadb.service', True, [], [])


@pytest.mark.parametrize('complete', [{'owners': False, 'units': True}, {'owners': True, 'units': False},
                                      {'owners': None, 'units': None}])
@pytest.mark.parametrize('user, remedy', [(0, ''), (1000, ' (run with become)')])
def test_where_holders_are_hidden_it_may_listen(host, monkeypatch, complete, user, remedy):
    monkeypatch.setattr(os, 'geteuid', lambda: user)
    host.units = {'a.service': unit('a.service', ActiveState=text('active'), SubState=text('running')),
                  'b.service': unit('b.service')}
    diagnoses = host.look('a', 'b', complete=complete)
    assert diagnoses['a']['holds'] is None and diagnoses['b']['holds'] is None
    [reason] = diagnoses['a']['unseen']
    assert reason == 'what it listens on is unknown, because some listeners have hidden owners' + remedy
    assert diagnoses['a']['lines'] == []
    assert diagnoses['b']['lines'] == [LINE] and diagnoses['b']['unseen'] == []


def test_systemctl_where_the_bus_is_refused(host):
    host.units, host.shown = None, (0, FAILED + '\n' + ABSENT % 'no.service', '')
    diagnoses = host.look('nginx', 'no')
    assert diagnoses['nginx'] == {
        'unit': 'nginx', 'id': 'nginx.service', 'load': 'loaded', 'active': 'failed', 'sub': 'failed',
        'enabled': 'enabled',
        'result': 'exit-code', 'exit': 1, 'holds': False, 'lines': [LINE], 'unseen': []}
    assert (diagnoses['no']['load'], diagnoses['no']['enabled'], diagnoses['no']['lines'],
            diagnoses['no']['unseen']) == ('not-found', None, [], [])
    words = host.ran[0]
    assert words[:3] == ['systemctl', 'show', '--no-pager'] and words[-3:] == ['--', 'nginx.service', 'no.service']
    assert set(words[3].split('=')[1].split(',')) == set(diagnose.OF_UNIT + diagnose.OF_TYPE)
    assert '_SYSTEMD_INVOCATION_ID=' + ID in host.ran[1]


@pytest.mark.parametrize('change, expected', [
    (('ExecMainCode=0\nExecMainStatus=0', 'ExecMainCode=1\nExecMainStatus=217'), 217),
    (('exited ; status=1 }', 'killed ; status=9/KILL }'), None),
    (('Result=exit-code', 'Result=signal'), None),
    (('ExecStart=', 'ExecStop='), None),
    (('Result=exit-code\n', ''), None),
    (('ExecMainCode=0', 'ExecMainCode=x'), 1),
])
def test_how_it_ended_by_systemctl(host, change, expected):
    host.units, host.shown = None, (0, FAILED.replace(*change), '')
    assert host.look('nginx')['nginx']['exit'] == expected


def test_systemctl_without_ids_of_starts(host):
    """systemd before 232."""
    host.units, host.shown = None, (0, FAILED.replace('InvocationID=%s\n' % ID, ''), '')
    host.look('nginx')
    assert host.ran[1][-5:] == ['--boot', 'UNIT=nginx.service', '_UID=0', '+', '_SYSTEMD_UNIT=nginx.service']


@pytest.mark.parametrize('fault', [
    b'\x01i\0\0', commands((1, 1))[:60], b'\x01x\0\0' + b'\0' * 8, commands((1, 1))[:-2],
    b'\x0ea(sasbttttuii)\0' + b'\xff' * 40,
    OSError('gone'), ValueError('odd')])
def test_an_answer_of_the_bus_that_is_not_understood(host, fault):
    host.units, host.shown = {'nginx.service': unit('nginx.service', ExecMainStatus=fault)}, (0, FAILED, '')
    assert host.look('nginx')['nginx']['exit'] == 1
    assert host.ran[0][0] == 'systemctl'


@pytest.mark.parametrize('shown, reason', [
    ((1, '', 'Failed to connect to bus: No such file or directory\n'),
     'Failed to connect to bus: No such file or directory'),
    ((124, '', ''), 'systemctl took longer than 5 seconds'),
    ((0, FAILED, ''), 'systemctl does not report every unit'),
    ((0, '', ''), 'systemctl does not report every unit'),
])
def test_where_systemd_does_not_answer(host, shown, reason):
    host.units, host.shown = None, shown
    diagnoses = host.look('nginx', 'b c', 'no')
    for name in ('nginx', 'no'):
        assert diagnoses[name]['unseen'] == ['systemd could not be asked: ' + reason]
        assert {diagnoses[name][key] for key in ('id', 'load', 'active', 'sub', 'enabled', 'result', 'exit')} == {None}
    assert (diagnoses['b c']['load'], diagnoses['b c']['unseen']) == ('invalid', [])


def test_a_unit_of_which_systemd_says_nothing(host):
    host.units['b.service'] = unit('b.service')
    diagnoses = host.look('a', 'b')
    assert diagnoses['a']['unseen'] == ['systemd reports nothing about it']
    assert (diagnoses['a']['load'], diagnoses['a']['lines']) == (None, [])
    assert diagnoses['b']['active'] == 'failed'


def test_without_systemd(host):
    host.running += '/no'
    assert host.look('a')['a']['unseen'] == ['systemd could not be asked: it is not running']
    assert host.asked == host.ran == []


def test_without_a_way_to_run_commands(host):
    host.units['a.service'] = unit('a.service')
    diagnosis = host.look('a', run=None)['a']
    assert diagnosis['active'] == 'failed'
    assert diagnosis['unseen'] == ['its log could not be read: journalctl cannot be run']
