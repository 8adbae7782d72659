# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Windows host says of services that it was to stop, as far as it is believed."""

import json

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._enforce import stops, windows_stops
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.plugins.plugin_utils._windows import stop
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import stopping
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.stopping import ADMIN, AGENT, TOMCAT

LISTENERS = [TOMCAT, ADMIN, AGENT]
IDS = [each['id'] for each in LISTENERS]
PLACES = {each['id']: stop.endpoint_of(each) for each in stopping.ALL}
AT = PLACES[TOMCAT['id']]


def service(name='Tomcat9', status='stopped', reason=None, start=2, error=None, others=()):
    return {'service': name, 'status': status, 'reason': reason, 'start': start, 'error': error, 'others': list(others)}


def said(*services, listening=(), **other):
    """What the host says, and what becomes of three listeners by it."""
    rows, targets = stop.decide(stopping.raw(), stopping.facts(), IDS)
    services = services or (service(), service('Agent', start=3))
    text = json.dumps({'services': list(services), 'errors': [], 'listening': listening, **other})
    return rows, windows_stops.Said(text, targets, PLACES)


def test_what_is_stopped():
    rows, known = said()
    found = known.rows(rows, is_planned=False)
    assert [row['status'] for row in found] == ['closed'] * 3 and known.code(found, is_planned=False) is None
    assert [row['about'] for row in found] == [{'start_type': 'automatic'}] * 2 + [{'start_type': 'manual'}]
    assert list(windows_stops.units(found)) == ['Tomcat9', 'Agent']
    assert known.way_back() == (
        "Set-Service -Name 'Tomcat9' -StartupType Automatic; Start-Service -Name 'Tomcat9'; "
        "Set-Service -Name 'Agent' -StartupType Manual; Start-Service -Name 'Agent'")
    assert stops.told(found[0]).startswith('tcp 0.0.0.0:8080 is closed: Tomcat9 is stopped and disabled')


def test_in_check_mode_nothing_was_done():
    rows, known = said(listening=None)
    assert known.rows(rows, is_planned=True) == rows and known.code(rows, is_planned=True) is None


@pytest.mark.parametrize('start, name', [(0, 'boot'), (1, 'system'), (4, 'disabled'), (9, None), (None, None)])
def test_start_types_that_no_command_gives_back(start, name):
    rows, known = said(service(start=start), service('Agent'))
    assert known.start_types['Tomcat9'] == name and known.way_back() is None
    assert known.rows(rows, False)[0]['about'] == {'start_type': name or ''}


LEFT = [
    ('changes', {}, 'Tomcat9 is being started or stopped, or was so meanwhile'),
    ('shared_process', {'others': ['Evil']}, 'Tomcat9 shares its process, Tomcat9.exe (60), with Evil'),
    ('protected', {}, 'Tomcat9 is protected by the option "protected"'),
    ('in_use', {}, 'the connection in use depends on Tomcat9'),
    ('dependents', {'others': ['A', 'B']}, 'A and B cannot do without Tomcat9'),
    ('serves_others', {'others': [PLACES[AGENT['id']], 'udp4/0a000005/53']},
     'Tomcat9 also serves what stays: tcp/0.0.0.0:10050 and udp4/0a000005/53'),
    ('not_stopped', {'error': 1061}, 'Tomcat9 could not be stopped: error 1061 (it takes no requests now)'),
    ('not_stopped', {}, 'Tomcat9 could not be stopped'),
    ('not_restored', {'error': 5}, 'Tomcat9 could not be stopped, and is disabled now, as its start type could not be '
                                   'set back: error 5 (access was denied)'),
    ('unread', {'error': -2147024891},
     'not all who listen on this host, and own what listens, are known (Tomcat9 could not be looked at once more: '
     'error 0x80070005 (access was denied))'),
    (None, {}, 'not all who listen on this host, and own what listens, are known (Tomcat9 could not be looked at once '
               'more)'),
]


@pytest.mark.parametrize('reason, more, words', LEFT, ids=[row[2] for row in LEFT])
def test_what_the_host_leaves(reason, more, words):
    rows, known = said(service(status='left', reason=reason, **more), service('Agent'))
    first, second, third = known.rows(rows, is_planned=False)
    for row in (first, second):
        assert (row['status'], row['units'], row['again']) == ('left', [], [])
        assert stops.reason(row) == words
    assert third['status'] == 'closed'
    failed = reason in ('not_stopped', 'not_restored')
    assert known.code([first, second, third], False) == ('not_stopped' if failed else None)
    assert known.changed


def test_what_changed():
    for reason, changed in (('changes', False), ('not_stopped', False), ('not_restored', True)):
        services = [service(name, status='left', reason=reason) for name in ('Tomcat9', 'Agent')]
        assert said(*services)[1].changed is changed


def test_what_is_gone_counts_as_closed():
    rows, known = said(service(status='left', reason='gone'), service('Agent'))
    assert all(map(stops.is_closed, known.rows(rows, False)))


def test_what_listens_all_the_same():
    rows, known = said(listening=[[AT, 60]])
    first, second, dummy = found = known.rows(rows, False)
    assert (first['status'], second['status']) == ('survived', 'closed') and known.code(found, False) == 'listens'
    assert stops.told(first).startswith(
        'tcp 0.0.0.0:8080 still listens, although Tomcat9 is stopped: Tomcat9.exe (60)')
    rows, known = said(listening=[[AT, 99], [AT, 98]])
    found = known.rows(rows, False)
    first = found[0]
    assert first['status'] == 'respawned' and [process['pid'] for process in first['processes']] == [98, 99]
    assert known.code(found, False) == 'listens'


def test_a_second_look_that_failed_is_no_success():
    for listening in ({'listening': None}, {}):
        rows, known = said(**listening) if listening else said(listening=None)
        assert known.code(known.rows(rows, False), False) == 'not_looked'


@pytest.mark.parametrize('services', [
    [service()], [service(), service('Agent'), service('Other')], [service(), service('TOMCAT9')],
    [service(), service('agent', status='killed')], [service(), service('agent', reason='because')],
    [service(), dict(service('agent'), start='2')], [service(), dict(service('agent'), others='x')],
])
def test_other_answers_are_refused(services):
    with pytest.raises(Fault):
        said(*services)


@pytest.mark.parametrize('text', [None, 5, '', '{', '[]', '{"services": []}', '{"services": 5}', '[' * 100000])
def test_what_is_no_answer(text):
    rows, targets = stop.decide(stopping.raw(), stopping.facts(), IDS)
    with pytest.raises(ValueError):
        windows_stops.Said(text, targets, PLACES)


def test_endpoints_of_another_form():
    for endpoint in ('tcp4/0/80', 'tcp4/00000000/x', 'raw4/00000000/80', 'tcp6/00000000/80'):
        with pytest.raises(Fault):
            said(listening=[[endpoint, 60]])


def test_arguments():
    dummy, targets = stop.decide(stopping.raw(), stopping.facts(), IDS)
    asked = windows_stops.arguments(targets, True)
    assert asked['services'][1] == {
        'name': 'Agent', 'pid': 61, 'started': '%d' % (stopping.STARTED + 61), 'endpoints': ['tcp4/00000000/10050']}
    assert asked['remote'] is True and {'winrm', 'sshd', 'vmic*'} <= set(asked['protected'])
