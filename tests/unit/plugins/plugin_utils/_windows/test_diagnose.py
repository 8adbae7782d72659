# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a service of Windows does not listen, from what the host sends to what a finding says."""

import datetime

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import diagnosis, judge, message
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement.parts import Own
from ansible_collections.listening.ports.plugins.plugin_utils._windows import diagnose
from ansible_collections.listening.ports.plugins.plugin_utils._windows.raw import Error, Event, Process, Service
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy.building import policy
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, gap, listener, owner

SECOND = 10 ** 7
NOW = 134 * 10 ** 15
STOPPED, STARTING, STOPPING, RUNNING, PAUSED = 1, 2, 3, 4, 7
AUTOMATIC, MANUAL, DISABLED = 2, 3, 4
HIDDEN = [gap('owners')]


def service(name='Web', pid=0, kind=0x10, state=STOPPED, start=AUTOMATIC, exit=0, specific=0):
    return Service(name, pid, kind, state, start, None, exit, specific)


def events(*rows):
    """Rows of an id, how many seconds ago, and values."""
    return [Event(number, NOW - ago * SECOND, list(values)) for number, ago, *values in rows]


def raw(*services, **other):
    made = {'services': list(services), 'events': {each.name: [] for each in services}, 'processes': [], 'errors': []}
    made.update(other)
    return made


def windows_facts(listeners=(), gaps=()):
    return facts(*listeners, gaps=gaps, collector='windows')


def said(sent, of=None, unit='Web'):
    """What a finding says of a service; None where there is no diagnosis. What is told has the form of facts."""
    of = of or windows_facts()
    known = diagnose.look(sent, of, [unit])
    assert check.check(dict(of, diagnoses=known))
    return known and message.diagnosis(diagnosis.diagnosis(known[unit], Own({'local_addresses': []})))


WORDS = [
    # failed, and how
    (
        service(exit=10048),
        [],
        'Web has failed (error 10048: the address is already in use); its log says nothing further',
    ),
    (
        service(exit=1053),
        [(7009, 31, '30000', 'Web server'), (7000, 1, 'Web server', '%%1053')],
        'Web has failed (error 1053: it did not answer in time when it was started): "it could not be started: '
        'error 1053"',
    ),
    (
        service(exit=1068),
        [(7001, 1, 'Web server', 'Datenbank', '%%1069')],
        'Web has failed (error 1068: a service that it needs did not start): "it could not be started: it needs '
        'Datenbank, which failed with error 1069 (it could not log on with its account)"',
    ),
    (
        service(exit=1069),
        [(7041, 2, 'Web server', 'NT SERVICE\\Web'), (7000, 1, 'Web server', '%%1069')],
        'Web has failed (error 1069: it could not log on with its account): "it could not be started: error 1069"',
    ),
    (
        service(exit=1069),
        [(7041, 2, 'Web server', 'CORP\\svc-web')],
        'Web has failed (error 1069: it could not log on with its account): "it could not log on as CORP\\svc-web, '
        'which may not log on as a service"',
    ),
    (
        service(exit=1069),
        [(7038, 2, 'Web server', 'CORP\\svc-web', '%%1326')],
        'Web has failed (error 1069: it could not log on with its account): "it could not log on as CORP\\svc-web: '
        'error 1326 (the password of its account is wrong)"',
    ),
    (
        service(exit=1066, specific=10048),
        [(7024, 1, 'Web server', '%%10048')],
        'Web has failed (its own error 10048: the address is already in use): "it ended with its own error 10048"',
    ),
    (   # 5 is a number of the service, and nobody knows which
        service(exit=1066, specific=5),
        [(7024, 1, 'Web server', '%%5')],
        'Web has failed (its own error 5): "it ended with its own error 5"',
    ),
    (service(exit=1066), [], 'Web has failed (its own error 0); its log says nothing further'),
    (
        service(exit=1066, specific=7),
        [(7024, 1, 'Web server', '%%5')],
        'Web has failed (its own error 7): "it ended with its own error 5"',
    ),
    (
        service(exit=0xC0000005),
        [(7023, 1, 'Web server', '%%3221225477')],
        'Web has failed (error 0xC0000005: it crashed: access violation): "it ended with error 0xC0000005"',
    ),
    (
        service(exit=1067),
        [(7031, 1, 'Web server', '3', '60000', '1', 'Den Dienst neu starten')],
        'Web has failed (error 1067: its process ended unexpectedly): "it ended unexpectedly (3 times so far); it is '
        'restarted after 60 s"',
    ),
    (
        service(exit=1067),
        [(7031, 1, 'Web server', '1', '0', '2', 'x')],
        'Web has failed (error 1067: its process ended unexpectedly): "it ended unexpectedly (1 time so far); the '
        'host is restarted"',
    ),
    (
        service(exit=1067, start=DISABLED),
        [(7034, 1, 'Web server', '2')],
        'Web has failed (error 1067: its process ended unexpectedly), and its start type is disabled, so nothing can '
        'start it: "it ended unexpectedly (2 times so far)"',
    ),
    (service(exit=4711), [], 'Web has failed (error 4711); its log says nothing further'),
    (
        service(state=STARTING, pid=9),
        [(7011, 1, '30000', 'Web')],
        'Web is still starting (start-pending): "it timed out: it did not answer a request within 30 s"',
    ),
    # what is not an event of ours, or has not its form
    (service(exit=1067), [(7036, 1, 'Web', 'x')], 'Web has failed (error 1067: its process ended unexpectedly); its '
                                                  'log says nothing further'),
    (
        service(exit=1053),
        [(7000, 1)],
        'Web has failed (error 1053: it did not answer in time when it was started): "it could not be started: an '
        'error"',
    ),
    (
        service(exit=1053),
        [(7009, 1, 'nie', 'Web')],
        'Web has failed (error 1053: it did not answer in time when it was started): "it could not be started: it '
        'did not answer in time"',
    ),
    (
        service(exit=5),
        [(7001, 1, 'Web', 'a"b\x1b[2J\n', '%%99999999999')],
        'Web has failed (error 5: access was denied): "it could not be started: it needs a\'b\\x1b[2J, which failed '
        'with an error"',
    ),
    (service(exit=1067), [(7034, 1)], 'Web has failed (error 1067: its process ended unexpectedly): "it ended '
                                      'unexpectedly"'),
    # stopped
    (service(), [(7034, 9, 'Web', '1')], 'Web is stopped, without an error'),
    (service(start=MANUAL), [], 'Web is stopped, without an error, and its start type is manual, so it does not start '
                                'at boot'),
    (service(start=DISABLED, exit=1077), [], 'Web has not been started since the last boot, and its start type is '
                                             'disabled, so nothing can start it'),
    (service(exit=1077, start=None), [], 'Web has not been started since the last boot'),
    # not stopped
    (service(state=STOPPING), [], 'Web is deactivating (stop-pending)'),
    (service(state=PAUSED), [], 'Web is paused'),
    (service(state=99), [], 'Web is in an unknown state'),
    (service(state=RUNNING, pid=7), [], 'Web is running, but owns no listener'),
]


@pytest.mark.parametrize('known, rows, words', WORDS, ids=[row[2] for row in WORDS])
def test_in_words(known, rows, words):
    assert said(raw(known, events={'Web': events(*rows)})) == words


def test_events_of_earlier_failures_say_nothing():
    """What is more than ten minutes older than the last one, or than the process that runs, is about another run."""
    rows = events((7034, 4000, 'Web', '1'), (7000, 2, 'Web', '%%2'), (7000, 1, 'Web', '%%5'))
    known = service(exit=5)
    assert diagnose.look(raw(known, events={'Web': rows}), windows_facts(), ['Web'])['Web']['lines'] == [
        'it could not be started: error 2 (a file was not found)', 'it could not be started: error 5']
    runs = service(state=RUNNING, pid=7)
    for began, lines in ((NOW - 3 * SECOND, 2), (NOW, 0), (None, 2), (NOW - 5000 * SECOND, 2)):
        process = Process(7, 1, 'web.exe', None, began, None, None, 0, None, None)
        found = diagnose.look(raw(runs, events={'Web': rows}, processes=[process]), windows_facts(), ['Web'])
        assert len(found['Web']['lines']) == lines, began


def test_no_more_lines_than_facts_may_have():
    rows = events(*[(7000, 100 - ago, 'Web', '%%%%%d' % ago) for ago in range(50)])
    lines = diagnose.look(raw(service(exit=5), events={'Web': rows}), windows_facts(), ['Web'])['Web']['lines']
    assert len(lines) == 5 and lines[-1] == 'it could not be started: error 49'


def test_names_are_the_same_in_any_case_and_with_a_suffix():
    sent = raw(service('Tomcat9', exit=10048), service('Zabbix.Agent', exit=5), displays={'Tomcat9': 'Apache Tomcat'})
    for unit in ('tomcat9', 'TOMCAT9.service', 'Tomcat9', 'apache tomcat', 'Apache Tomcat.service'):
        assert diagnose.look(sent, windows_facts(), [unit])[unit]['id'] == 'Tomcat9', unit
    assert said(sent, unit='tomcat9.service').startswith('Tomcat9 has failed')
    assert said(sent, unit='Apache Tomcat').startswith('"Apache Tomcat", which is Tomcat9, has failed')
    assert said(sent, unit='Zabbix.Agent').startswith('Zabbix.Agent has failed')
    assert said(sent, unit='Zabbix') == 'Zabbix does not exist on this host'
    assert said(sent, unit='Zabbix.service') == 'Zabbix does not exist on this host'
    assert said(sent, unit='.service') == '.service does not exist on this host'


def test_what_listens_needs_no_diagnosis():
    web = listener(port=80, service='Web', owners=[owner(pid=7, unit='Web')])
    sent = raw(service('Web', pid=7, state=RUNNING), displays={'Web': 'Web server'})
    for unit in ('Web', 'web', 'WEB.service'):
        assert not said(sent, windows_facts([web]), unit)
    assert said(sent, windows_facts([web]), 'Web server') == (
        '"Web server", which is Web, is running, but listens elsewhere')
    # http.sys listens for it, or it is not listed any more
    queue = listener(port=80, service='W3SVC', activated_by='http.sys', owners=[owner(pid=4, process='System')])
    assert not said(sent, windows_facts([queue]), 'w3svc')


def test_one_of_several_services_of_a_process():
    shared = listener(port=5000, service=None, owners=[owner(pid=7, process='svchost.exe')])
    sent = raw(service('Web', pid=7, state=RUNNING, kind=0x20), service('Beta', pid=7, state=RUNNING, kind=0x20))
    assert said(sent, windows_facts([shared])) == (
        'Web is running; its process owns listeners, and Windows does not say of which of its services they are '
        '(the others are Beta)')
    theirs = listener(port=5000, service='Beta', owners=[owner(pid=7, process='svchost.exe', unit='Beta')])
    assert said(sent, windows_facts([theirs])) == 'Web is running, but owns no listener'


def test_what_was_not_seen_is_never_nothing():
    runs = raw(service('Web', pid=7, state=RUNNING))
    assert said(runs, windows_facts(gaps=HIDDEN)) == (
        'Web is running; what it listens on is unknown, because not all owners of listeners are known')
    assert said({'services': None, 'errors': [Error('services', 5, 'Zugriff verweigert')]}) == (
        'Web could not be inspected: the services of the host could not be read: error 5 (access was denied)')
    assert said({}) == (
        'Web could not be inspected: the services of the host could not be read: the host does not say why')
    failed = service(exit=10048)
    assert said(raw(failed, events=None, errors=[Error('events', -2147024891, 'x')])) == (
        'Web has failed (error 10048: the address is already in use); its events could not be read: error 0x80070005 '
        '(access was denied)')
    assert said(raw(failed, events={})) == (
        'Web has failed (error 10048: the address is already in use); its events could not be read: the host does '
        'not say why')


@pytest.mark.parametrize('excluded, set_aside', [
    ([[50000, 50059]], True), ([[50000, 50000]], True), ([[49000, 49999], [50000, 50100]], True),
    ([[50001, 50059]], False), ([], False), (None, False)])
def test_ports_that_windows_has_set_aside(excluded, set_aside):
    of = windows_facts()
    of['system'].update(platform='windows', excluded_ports=excluded)
    of['diagnoses'] = diagnose.look(raw(service(exit=10013)), of, ['Web.service'])
    declared = policy([{'name': 'web', 'port': 50000, 'service': 'Web'}])
    [finding] = judge.judge(check.check(of), declared, datetime.datetime.now(datetime.timezone.utc)).findings
    assert finding.message == (
        'Service Web has to listen on tcp/50000 (entry web of expected_listeners), but nothing does%s. Web has failed '
        '(error 10013: Windows denied access to the port, which is set aside or held exclusively); its log says '
        'nothing further' % (
            ', and no program can: Windows has set tcp/50000 aside (error 10013)' if set_aside else ''))
    assert finding.remedy.startswith('choose another port') is set_aside
