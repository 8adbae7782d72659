# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import copy

import pytest

from ansible_collections.listening.ports.plugins.module_utils._stop import by_hand, decide, protected
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import stops
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault

EVIL = '\x1b[2J\n::error::x \u202e'
WEB, OLD = 'tcp/0.0.0.0:8080', 'tcp/[::]:9000'
ROW = {'listener': WEB, 'status': 'closed', 'reason': None, 'about': {}, 'units': ['web.socket', 'web.service'],
       'bystanders': [], 'again': [{'by': 'wanted', 'units': ['x.service']}], 'command': None,
       'processes': [{'pid': 7, 'process': 'web', 'exe': None}]}
LEFT = dict(ROW, listener=OLD, status='left', reason='serves_others', units=[], again=[],
            about={'unit': 'web.service', 'others': ['tcp/0.0.0.0:443'], 'pid': 5})
CONNECTION = {'address': '10.0.0.7', 'port': 22, 'peer': '2001:db8::1', 'peer_port': 40000, 'interface': 'eth0',
              'how': 'ancestor'}
ANSWER = {'status': 'trial', 'changed': True, 'msg': 'ok', 'code': None, 'seconds': 60, 'connection': CONNECTION,
          'units': ['web.socket', 'web.service'], 'listeners': [ROW, LEFT]}


def formed(answer, asked=(WEB, OLD)):
    return stops.formed(copy.deepcopy(answer), asked)


def changed(path, value):
    """The answer with something else at a place."""
    answer = copy.deepcopy(ANSWER)
    *way, last = path
    place = answer
    for key in way:
        place = place[key]
    place[last] = value
    return answer


def test_what_is_known_is_kept_and_nothing_else():
    answer = copy.deepcopy(ANSWER)
    answer['odd'] = answer['listeners'][0]['odd'] = answer['connection']['odd'] = 1
    answer['listeners'][0]['processes'][0]['odd'] = answer['listeners'][0]['again'][0]['odd'] = 1
    assert formed(answer) == ANSWER
    assert formed({'status': 'failed'}) == {'status': 'failed'}
    assert formed({'status': 'busy', 'listeners': []}) == {'status': 'busy', 'listeners': []}


def test_text_of_the_host_is_harmless():
    answer = copy.deepcopy(ANSWER)
    answer['units'] = [EVIL]
    answer['listeners'] = [dict(
        ROW, units=[EVIL], bystanders=[EVIL], again=[{'by': 'cron', 'units': [EVIL]}], command='docker stop ' + EVIL,
        about={'unit': EVIL, 'others': [EVIL], 'pid': 5}, processes=[{'pid': 7, 'process': EVIL, 'exe': EVIL}])]
    shown = '\\x1b[2J\\n::error::x \\u202e'
    checked = formed(answer, [WEB])
    assert checked['units'] == [shown]
    [row] = checked['listeners']
    assert row == dict(ROW, units=[shown], bystanders=[shown], again=[{'by': 'cron', 'units': [shown]}], command=None,
                       about={'unit': shown, 'others': [shown], 'pid': 5},
                       processes=[{'pid': 7, 'process': shown, 'exe': shown}])
    for row in (dict(row, status=status, reason=reason) for status in stops.OUTCOMES
                for reason in [None, EVIL[:0], *decide.REASONS]):
        text = stops.message([row])
        assert text.isascii() and all(line.isprintable() for line in text.split('\n'))
        assert len(text.split('\n')) == 2


@pytest.mark.parametrize('path, value', [
    (['status'], 'well'), (['status'], None), (['changed'], 'yes'), (['msg'], None), (['code'], 7),
    (['seconds'], 'soon'), (['seconds'], -1), (['units'], 'web.service'), (['units', 0], 7), (['units', 0], 'x' * 301),
    (['connection', 'address'], 'web-1'), (['connection', 'port'], '22'), (['connection'], {}),
    (['listeners'], {}), (['listeners', 0], 'x'), (['listeners', 0, 'status'], 'open'),
    (['listeners', 0, 'listener'], 7), (['listeners', 0, 'reason'], EVIL), (['listeners', 0, 'reason'], 'x' * 41),
    (['listeners', 0, 'about'], []), (['listeners', 0, 'about'], {EVIL: 'x'}), (['listeners', 0, 'about'], {'x': None}),
    (['listeners', 0, 'about'], {'x': {}}), (['listeners', 0, 'about'], {'x': [1]}),
    (['listeners', 0, 'about'], {'x': True}), (['listeners', 0, 'about'], {'x': -1}),
    (['listeners', 0, 'about'], {'x%d' % index: 1 for index in range(21)}),
    (['listeners', 0, 'units'], None), (['listeners', 0, 'bystanders'], 'x'), (['listeners', 0, 'again'], ['x']),
    (['listeners', 0, 'again', 0, 'by'], 'By'), (['listeners', 0, 'processes', 0, 'pid'], '7'),
    (['listeners', 0, 'processes', 0, 'process'], 7), (['listeners', 0, 'command'], ['x']),
])
def test_what_has_another_form_is_refused(path, value):
    with pytest.raises(Fault):
        formed(changed(path, value))


@pytest.mark.parametrize('missing', ['status', 'seconds', 'connection', 'units', 'listeners'])
def test_a_trial_has_all_that_its_end_needs(missing):
    with pytest.raises(Fault, match=missing):
        formed({key: value for key, value in ANSWER.items() if key != missing})


@pytest.mark.parametrize('asked', [[WEB], [OLD], []])
def test_an_answer_about_others_is_refused(asked):
    with pytest.raises(Fault, match='asked for'):
        formed(ANSWER, asked)


def test_a_listener_is_answered_once():
    with pytest.raises(Fault, match='once each'):
        formed(dict(ANSWER, listeners=[ROW, ROW]))


def test_each_key_that_is_asked_for_has_a_form():
    for key in stops.KEYS:
        with pytest.raises(Fault, match='^%s: ' % key):
            formed(dict(ANSWER, **{key: object()}))


# What a person is told to run is copied to a shell

@pytest.mark.parametrize('command', [
    by_hand.of_container('docker:0123456789ab'), by_hand.of_container('podman:0123456789ab'),
    by_hand.of_container('cri-o:0123456789ab'), by_hand.of_container('lxc:web 1'), by_hand.of_container('nspawn:deb'),
    by_hand.of_published(8080, [{'process': 'docker-proxy'}]), by_hand.of_published(8080, [{'process': 'conmon'}]),
    by_hand.of_kernel('nfsd'), by_hand.of_kernel('wireguard wg0'), by_hand.of_kernel("vxlan v'"[:7]),
    by_hand.of_inetd('xinetd', {'port_name': 'ftp', 'port': 21}),
    by_hand.of_inetd('inetd', {'port_name': None, 'port': 21}),
    by_hand.of_user_unit('user@1000.service/app.slice/a.service'.replace('app.slice/', ''), 'ann'),
    by_hand.of_user_unit('user@1000.service/a\\x2db.service', 'ann'),
])
def test_commands_of_the_host_are_known(command):
    assert command
    [row] = formed(dict(ANSWER, listeners=[dict(LEFT, command=command)]))['listeners']
    assert row['command'] == command
    assert stops.told(row).endswith('. To do: %s' % command)


@pytest.mark.parametrize('command', [
    'reboot', 'docker stop x; reboot', 'docker stop $(reboot)', 'docker stop `reboot`', 'docker stop x\nreboot',
    'docker stop x | sh', "docker stop 'x' 'y'", "docker stop ''x'; reboot '", 'docker stop -x', 'docker stop x y',
    'docker  stop x', 'docker stop x\u2028reboot', "docker stop '\x1b'", "docker stop '\\'", 'docker stop ~', '',
    'runuser -u root -- rm -rf /', 'docker ps --filter publish=$(x)', 'rpc.nfsd 0 && x', 'systemctl poweroff'])
def test_other_commands_are_not_passed_on(command):
    [row] = formed(dict(ANSWER, listeners=[dict(LEFT, command=command)]))['listeners']
    assert row['command'] is None


# In words

def row(status, reason=None, **more):
    return dict(ROW, again=[], status=status, reason=reason, **more)


@pytest.mark.parametrize('reason, about, words', [
    ('gone', {}, 'nothing listens there any more'),
    ('in_use', {'by': 'port', 'port': 22}, 'the connection in use came by it'),
    ('in_use', {'by': 'process', 'process': 'sshd', 'pid': 7}, 'the connection in use depends on sshd (7)'),
    ('in_use', {'by': 'unit', 'unit': 'vpn.service'}, 'the connection in use depends on vpn.service'),
    ('protected', {'why': 'vpn', 'name': 'openvpn'}, 'openvpn is a VPN, and may be the way to the host'),
    ('protected', {'why': 'odd', 'name': 'x'}, 'x is protected'),
    ('refuses', {'unit': 'a.service'}, 'a.service may not be stopped by hand (RefuseManualStop=)'),
    ('kernel', {'made_by': 'wireguard wg0'}, 'the kernel listens there, for "wireguard wg0"'),
    ('kernel', {}, 'the kernel listens there, for nobody knows whom'),
    ('container', {'container': 'docker:0123'}, 'it belongs to a container, docker:0123, and these are not stopped '
                                                'here'),
    ('container', {}, 'it belongs to a container, and these are not stopped here'),
    ('inetd', {'server': 'xinetd'}, 'xinetd listens there for a service that it starts'),
    ('namespace', {}, 'it is in another network namespace'),
    ('hidden', {'why': []}, 'not all who listen on this host, and own what listens, are known'),
    ('hidden', {'why': ['no  rights.', 'b']}, 'not all who listen on this host, and own what listens, are known (no '
                                              'rights.; b)'),
    ('serves_others', {'unit': 'nginx.service', 'others': ['tcp/0.0.0.0:443', 'tcp/[::]:443']},
     'nginx.service also serves what stays: tcp/0.0.0.0:443 and "tcp/[::]:443"'),
    ('serves_others', {'process': 'nginx', 'pid': 7, 'others': ['tcp/0.0.0.0:443']},
     'nginx (7) also serves what stays: tcp/0.0.0.0:443'),
    ('bystanders', {'unit': 'a.service', 'others': ['b.service', 'c.service']},
     'with a.service stops what serves others, or is protected: b.service and c.service'),
    ('upheld', {'unit': 'a.service', 'by': ['up.service']}, 'up.service starts a.service again at once (Upholds=)'),
    ('supervised', {'by': 'supervisord', 'pid': 7}, 'supervisord starts it again at once'),
    ('user_unit', {'unit': 'a.service', 'user': 'ann'}, 'it belongs to a.service of the systemd of the user ann'),
    ('process', {'why': 'session', 'process': 'nc', 'pid': 7, 'unit': 'session-3.scope'},
     'nc (7) is in a login session, and ending processes was not asked for'),
    ('process', {'why': 'cron', 'process': 'nc', 'pid': 7, 'unit': 'atd.service'},
     'nc (7) was started by atd.service, which is not stopped for it, and ending processes was not asked for'),
    ('process', {'why': 'spared', 'process': 'nc', 'pid': 7, 'unit': 'a.service'},
     'nc (7) is in a.service, and would outlive it, and ending processes was not asked for'),
    ('process', {'why': 'none', 'process': 'nc', 'pid': 7},
     'nc (7) is in no unit that stops it, and ending processes was not asked for'),
    ('no_systemd', {}, 'systemd has not booted this host, so its unit cannot be stopped'),
    ('reverted', {}, 'it was closed on trial, and no new login kept that'),
    ('unknown', {}, 'it was closed on trial, and whether that was kept is not known'),
    ('novel', {}, 'the host says: novel'), (None, {}, 'the host says: no reason'),
])
def test_why_a_listener_is_left(reason, about, words):
    assert stops.reason(row('left', reason, about=about)) == words


def test_each_reason_has_words():
    """Also for one of which nothing is known."""
    for reason in decide.REASONS:
        text = stops.reason(row('left', reason))
        assert text and not text.startswith('the host says')
    assert all(stops.reason(row('left', 'protected', about={'why': why, 'name': 'x'})) == 'x ' + words
               for why, words in protected.WHY.items())


@pytest.mark.parametrize('more, planned, words', [
    ({}, False, 'tcp 0.0.0.0:8080 is closed: web.socket and web.service are stopped and disabled'),
    ({'units': ['web.service']}, False, 'tcp 0.0.0.0:8080 is closed: web.service is stopped and disabled'),
    ({'units': ['web.service']}, True, 'tcp 0.0.0.0:8080 would be closed: web.service would be stopped and disabled'),
    ({'units': []}, False, 'tcp 0.0.0.0:8080 is closed: web (7) is ended'),
    ({'units': []}, True, 'tcp 0.0.0.0:8080 would be closed: web (7) would be ended'),
    ({'units': ['web.service'], 'bystanders': ['a.service', 'b.service']}, False,
     'tcp 0.0.0.0:8080 is closed: web.service is stopped and disabled; with it stop a.service and b.service, which '
     'cannot do without'),
    ({'units': ['web.service'], 'about': {'others': ['tcp/0.0.0.0:443', 'tcp/[::]:443']}}, True,
     'tcp 0.0.0.0:8080 would be closed: web.service would be stopped and disabled; with it would end tcp/0.0.0.0:443 '
     'and "tcp/[::]:443", which nobody asked to close'),
    ({'units': [], 'about': {'others': ['tcp/0.0.0.0:443']}}, False,
     'tcp 0.0.0.0:8080 is closed: web (7) is ended; with it ends tcp/0.0.0.0:443, which nobody asked to close'),
    ({'units': ['web.service'], 'again': [
        {'by': 'triggered', 'units': ['a.timer']}, {'by': 'wanted', 'units': ['b.service']},
        {'by': 'dbus', 'units': ['org.x']}, {'by': 'cron', 'units': ['/etc/crontab']}, {'by': 'odd', 'units': ['c']},
        {'by': 'cron', 'units': []}]}, False,
     'tcp 0.0.0.0:8080 is closed: web.service is stopped and disabled; a.timer may start it again; b.service starts it '
     'again when started itself; org.x starts it again when called by D-Bus; /etc/crontab starts it again at boot, by '
     'cron; c may bring it back'),
])
def test_how_a_listener_is_closed(more, planned, words):
    assert stops.told({**row('closed'), **more}, planned) == words


def test_what_still_listens():
    assert stops.told(row('survived', units=[])) == (
        'tcp 0.0.0.0:8080 still listens, although it was to be ended: web (7)')
    assert stops.told(row('respawned', about={}, processes=[])) == (
        'tcp 0.0.0.0:8080 listens again: nobody knows which process, started by nobody knows whom')


def test_the_whole_says_first_what_needs_somebody():
    rows = [row('closed'), row('left', 'gone'), row('left', 'namespace'), row('survived')]
    lines = stops.message(rows).split('\n')
    assert lines[0] == '1 listener still listens, 2 are closed, 1 is left.'
    assert [line.split(' ')[3] for line in lines[1:]] == ['still', 'is', 'is', 'is']
    assert [words in line for words, line in zip(
        ('still listens', 'is left: ', 'is closed: web.socket', 'is closed: nothing'), lines[1:])] == [True] * 4
    assert stops.message(rows, most=1).split('\n')[1:] == [lines[1], 'And 3 more.']
    assert stops.message([]) == 'there is nothing to close.'


def test_the_way_back_has_nothing_but_names_of_units():
    assert stops.way_back(['a.socket', 'a\\x2db.service', 'x; reboot'], False) == (
        "systemctl enable --now -- a.socket 'a\\x2db.service'")
