# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is stopped so that listeners end, and what is left."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._stop import again
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._stop.views import SESSION, Scene

WEB = 'tcp/0.0.0.0:80'


def left(decision, number=0):
    """tuple: the reason of a row, and what it is about."""
    row = decision.rows[number]
    assert row['status'] == 'left' and not row['units'] and not row['bystanders'] and not row['again']
    return row['reason'], row['about']


def test_a_service_is_stopped():
    decision = Scene().service('web.service', 10, [WEB]).decide(WEB)
    assert decision.stop == decision.back == ('web.service',)
    assert decision.rows == [{
        'listener': WEB, 'status': 'closed', 'reason': None, 'about': {}, 'units': ['web.service'], 'bystanders': [],
        'again': [], 'command': None, 'processes': [{'pid': 10, 'process': 'web', 'exe': '/usr/sbin/web'}]}]
    assert not decision.processes


def test_what_does_not_listen_is_gone():
    decision = Scene().decide(WEB)
    assert left(decision) == ('gone', {}) and not decision.stop


def test_nothing_is_asked_for():
    assert Scene().service('web.service', 10, [WEB]).decide() == ((), (), [], ())


def test_the_port_of_the_connection_stays():
    assert left(Scene().decide('tcp/0.0.0.0:22')) == ('in_use', {'by': 'port', 'port': 22})


def test_what_the_connection_runs_through_stays():
    scene = Scene().listen('tcp/127.0.0.1:6010', [SESSION])
    assert left(scene.decide('tcp/127.0.0.1:6010', despite=['protected'], processes=True)) == (
        'in_use', {'by': 'process', 'process': 'sshd', 'pid': SESSION})


def test_a_service_that_serves_something_that_stays():
    scene = Scene().service('web.service', 10, [WEB, 'tcp/0.0.0.0:443'])
    assert left(scene.decide(WEB)) == ('serves_others', {'unit': 'web.service', 'others': ['tcp/0.0.0.0:443']})
    together = scene.decide(WEB, 'tcp/0.0.0.0:443')
    assert together.stop == ('web.service',) and [row['about'] for row in together.rows] == [{}, {}]


def test_whoever_insists_is_told_what_else_ends():
    scene = Scene().service('web.service', 10, [WEB, 'tcp/0.0.0.0:443', 'tcp/[::]:443'])
    scene.service('other.service', 20, ['tcp/0.0.0.0:81'])
    decision = scene.decide(WEB, 'tcp/[::]:443', despite=['serves_others'])
    assert decision.stop == ('web.service',)
    assert [row['about'] for row in decision.rows] == [{'others': ['tcp/0.0.0.0:443']}] * 2


def test_whoever_insists_is_told_what_ends_with_a_process_and_with_bystanders():
    scene = Scene().process(10, 'nc', unit='session-5.scope', group='/user.slice/user-0.slice/session-5.scope')
    scene.listen(WEB, [10]).listen('tcp/0.0.0.0:443', [10])
    [row] = scene.decide(WEB, processes=True, despite=['serves_others']).rows
    assert (row['status'], row['about']) == ('closed', {'others': ['tcp/0.0.0.0:443']})
    scene = Scene().service('web.service', 10, [WEB], RequiredBy='front.service')
    scene.service('front.service', 20, ['tcp/0.0.0.0:443'])
    [row] = scene.decide(WEB, despite=['bystanders']).rows
    assert (row['status'], row['bystanders'], row['about']) == (
        'closed', ['front.service'], {'others': ['tcp/0.0.0.0:443']})


def test_whoever_insists_is_told_what_ends_with_several_together():
    scene = Scene().service('web.service', 10, [WEB], Wants='cache.service')
    scene.service('api.service', 20, ['tcp/0.0.0.0:81'], Wants='cache.service')
    scene.service('cache.service', 30, ['tcp/0.0.0.0:443'], StopWhenUnneeded='yes',
                  WantedBy='web.service api.service')
    [row] = scene.decide(WEB).rows
    assert (row['status'], row['bystanders'], row['about']) == ('closed', [], {})
    together = scene.decide(WEB, 'tcp/0.0.0.0:81', despite=['bystanders'])
    assert [(row['status'], row['bystanders'], row['about']) for row in together.rows] == [
        ('closed', ['cache.service'], {'others': ['tcp/0.0.0.0:443']})] * 2


@pytest.mark.parametrize('unit, about, command', [
    ('libpod-conmon-%s.scope' % ('0123456789ab' + 'c' * 52), {'container': 'podman:0123456789ab'},
     'podman stop 0123456789ab'),
    ('libpod-conmon-short.scope', {}, 'podman ps'), (None, {}, 'podman ps')])
def test_a_port_that_podman_holds_for_a_container(unit, about, command):
    scene = Scene().process(10, 'conmon', unit=unit, group='/machine.slice/%s' % unit, exe='/usr/bin/conmon')
    row, = scene.listen(WEB, [10]).decide(WEB).rows
    assert (row['reason'], row['about'], row['command']) == ('container', about, command)


def test_a_bare_process():
    scene = Scene().process(10, 'nc', unit='session-5.scope', group='/user.slice/user-0.slice/session-5.scope')
    scene.listen(WEB, [10])
    assert left(scene.decide(WEB)) == (
        'process', {'why': 'session', 'process': 'nc', 'pid': 10, 'unit': 'session-5.scope'})
    decision = scene.decide(WEB, processes=True)
    assert decision.processes == ((10, 1010, '/usr/sbin/daemon', (80,), (WEB,)),) and not decision.stop
    assert decision.rows[0]['status'] == 'closed'


@pytest.mark.parametrize('properties, pulled', [({}, True), ({'PropagatesStopTo': 'app.service'}, True)])
def test_what_goes_with_it_is_said(properties, pulled):
    scene = Scene().service('db.service', 10, [WEB], RequiredBy='app.service', **properties)
    scene.unit('app.service', Requires='db.service', UnitFileState='static')
    decision = scene.decide(WEB)
    assert decision.stop == ('db.service',) and decision.back == ('db.service', 'app.service')
    assert decision.rows[0]['bystanders'] == ['app.service']


def test_a_unit_of_a_user_is_told_whatever_he_calls_it():
    scene = Scene().process(10, 'web', unit='user@1000.service/sshd.service', exe='/home/ann/web').listen(WEB, [10])
    reason, about = left(scene.decide(WEB))
    assert (reason, about['unit']) == ('user_unit', 'sshd.service')
    assert [ended.pid for ended in scene.decide(WEB, processes=True).processes] == [10]
    for pattern in ('sshd.*', 'user@1000.service/*'):
        assert left(scene.decide(WEB, protected=[pattern], processes=True)) == (
            'protected', {'why': 'asked', 'name': 'user@1000.service/sshd.service' if '/' in pattern
                          else 'sshd.service'})


def test_the_first_process_is_never_ended():
    scene = Scene().listen(WEB, [1])
    assert left(scene.decide(WEB, processes=True, despite=['protected'])) == (
        'protected', {'why': 'init', 'name': 'systemd'})


def test_what_upholds_it_and_stops_too():
    scene = Scene().service('web.service', 10, [WEB], UpheldBy='keeper.service')
    scene.service('keeper.service', 11, ['tcp/0.0.0.0:81'], Upholds='web.service')
    assert left(scene.decide(WEB)) == ('upheld', {'unit': 'web.service', 'by': ['keeper.service']})
    assert scene.decide(WEB, despite=['upheld']).stop == ('web.service',)
    assert scene.decide(WEB, 'tcp/0.0.0.0:81').stop == ('keeper.service', 'web.service')
    scene.unit('keeper.service', ActiveState='inactive')
    assert scene.decide(WEB).stop == ('web.service',)


@pytest.mark.parametrize('state, starts', [('enabled', ['org.a', 'org.c']), ('static', ['org.a', 'org.b', 'org.c'])])
def test_a_name_of_d_bus_starts_no_unit_by_a_name_that_is_removed_with_its_being_enabled(state, starts):
    scene = Scene().service('web.service', 10, [WEB], Names='web.service dbus-org.b.service old.service',
                            UnitFileState=state)
    scene.parts['again'] = again.Ways(
        (('web.service', 'org.a'), ('dbus-org.b.service', 'org.b'), ('old.service', 'org.c'), ('x.service', 'org.d')),
        (), frozenset(), frozenset((('dbus-org.b.service', 'web.service'), ('old.service', 'x.service'))))
    [row] = scene.decide(WEB).rows
    assert row['again'] == [{'by': 'dbus', 'units': starts}]


def test_what_goes_with_a_unit_and_is_enabled_starts_it_again_at_a_boot():
    scene = Scene().service('web.service', 10, [WEB], RequiredBy='shop.service other.service')
    scene.unit('shop.service', Requires='web.service').unit('other.service', Requires='web.service',
                                                            UnitFileState='static')
    row, = scene.decide(WEB).rows
    assert (row['status'], row['bystanders']) == ('closed', ['other.service', 'shop.service'])
    assert row['again'] == [{'by': 'wanted', 'units': ['shop.service']}]
