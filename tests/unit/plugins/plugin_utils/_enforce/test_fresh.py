# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import os

import pytest

from ansible.errors import AnsibleError
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import fresh
from ansible_collections.listening.ports.tests.unit.plugins.clock import Clock

OWN = '-o ControlMaster=auto -o ControlPersist=60s'


class Connection:
    """A connection plugin that notes what is asked of it.

    :ivar resets: the options of ssh that counted at each.
    """

    def __init__(self, transport='ssh', **options):
        self.transport, self.options, self.resets = transport, options, []

    def get_option(self, name):
        if name not in self.options:
            raise KeyError(name)
        return self.options[name]

    def set_option(self, name, value):
        self.options[name] = value

    def reset(self):
        self.resets.append(self.options.get('ssh_args'))


class Broken(Connection):
    """A connection plugin that cannot be reset."""

    def reset(self):
        super().reset()
        raise AnsibleError('it went away')


@pytest.fixture
def kept(tmp_path):
    """Where Ansible keeps its connections, not made yet."""
    return str(tmp_path / 'cp')


@pytest.mark.parametrize('transport, remote', [
    ('ssh', True), ('ansible.builtin.ssh', True), ('paramiko', True), ('paramiko_ssh', True), ('smart', True),
    ('ansible.netcommon.libssh', True), ('libssh', True),
    ('local', False), ('docker', False), ('community.docker.docker', False), ('containers.podman.podman', False),
    ('chroot', False), ('ssh.chroot', False), ('sshjail', False),
])
def test_a_connection_goes_through_the_network(transport, remote):
    assert fresh.is_remote(Connection(transport)) is remote


@pytest.mark.parametrize('seconds, lasts, starts', [
    (59, 0, [0, 1, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45, 48, 51, 54, 57]),
    (59, 5, [0, 6, 13, 21, 29, 37, 45, 53]),
    (9, 0, [0, 1, 3, 6]),
    (9, 20, [0]),
    (0, 0, []),
    (-1, 0, []),
])
def test_attempts_come_quickly_and_then_every_three_seconds_until_the_end(seconds, lasts, starts):
    clock = Clock()
    seen = []
    for left in fresh.attempts(clock, clock.monotonic() + seconds):
        seen.append(clock.passed)
        assert left == seconds - seen[-1] > 0
        clock.sleep(lasts)
    assert seen == starts


def options_of(connection):
    """What ssh makes of its options, the first of each kind, as dict."""
    words = iter(connection.options['ssh_args'].split())
    given = {}
    for word, setting in zip(words, words):
        assert word == '-o'
        name, _equals, value = setting.strip("'").partition('=')
        given.setdefault(name, value.strip('"'))
    return given


def test_each_login_of_ssh_has_a_control_path_of_its_own_in_front_of_all_options(kept):
    connection = Connection(ssh_args=OWN, control_path_dir=kept)
    paths = []
    with fresh.Login(connection) as login:
        for _each in range(3):
            login.renew()
            options = options_of(connection)
            paths.append(options['ControlPath'])
            assert options['ControlMaster'] == 'auto' and options['ConnectTimeout'] == '5'
            assert options['ControlPersist'] == '30s' and connection.options['ssh_args'].endswith(' ' + OWN)
            folder = os.path.dirname(paths[-1])
            assert os.path.dirname(folder) == kept and os.stat(folder).st_mode & 0o077 == 0
            assert not os.path.exists(paths[-1])
    assert len(set(paths)) == 3
    # each that was made was ended, with its own options, and then everything is as it was
    assert [path in options for path, options in zip(paths, connection.resets)] == [True] * 3
    assert connection.options['ssh_args'] == OWN and os.listdir(kept) == []


@pytest.mark.parametrize('own', [None, ''])
def test_ssh_without_options_has_none_again(kept, own):
    connection = Connection(ssh_args=own, control_path_dir=kept)
    with fresh.Login(connection) as login:
        login.renew()
        assert 'ControlPath' in options_of(connection)
    assert connection.options['ssh_args'] is own


def test_options_are_put_back_whatever_happens(kept):
    connection = Broken(ssh_args=OWN, control_path_dir=kept)
    with pytest.raises(KeyboardInterrupt):
        with fresh.Login(connection) as login:
            login.renew()
            login.renew()
            raise KeyboardInterrupt
    assert connection.options['ssh_args'] == OWN and os.listdir(kept) == []


def test_a_login_that_was_never_made_leaves_the_connection_alone(kept):
    connection = Connection(ssh_args=OWN, control_path_dir=kept)
    with fresh.Login(connection):
        pass
    assert connection.resets == [] and connection.options['ssh_args'] == OWN


def control_path(connection):
    """The control path in front, as the shell and ssh understand it."""
    setting = connection.options['ssh_args'].split("'")[1]
    return setting.removeprefix('ControlPath="').removesuffix('"').replace('%%', '%')


def test_a_folder_with_a_long_or_an_odd_name(tmp_path):
    odd = tmp_path / 'a b %h'
    connection = Connection(ssh_args=OWN, control_path_dir=str(odd))
    with fresh.Login(connection) as login:
        login.renew()
        assert os.path.dirname(os.path.dirname(control_path(connection))) == str(odd)
        assert '%%h/' in connection.options['ssh_args']         # else ssh would put the name of the host there
    connection = Connection(ssh_args=OWN, control_path_dir=str(tmp_path / ('x' * 100)))
    with fresh.Login(connection) as login:
        login.renew()
        folder = os.path.dirname(options_of(connection)['ControlPath'])
        assert os.path.isdir(folder) and len(folder) < 80
    assert not os.path.exists(folder)


@pytest.mark.parametrize('connection', [
    Connection('paramiko'), Connection('ansible.netcommon.libssh'), Connection('docker'), Connection('local'),
    Connection('ssh'),          # of Mitogen, say: without options of OpenSSH
    Connection('ssh', ssh_args='x'),
], ids=['paramiko', 'libssh', 'docker', 'local', 'other-ssh', 'half-an-ssh'])
def test_other_plugins_are_reset_for_each_login(connection):
    options = dict(connection.options)
    with fresh.Login(connection) as login:
        login.renew()
        login.renew()
    assert len(connection.resets) == 2 and connection.options == options


def test_what_a_plugin_raises_that_is_reset_is_the_reason_that_there_is_no_login():
    with fresh.Login(Broken('paramiko')) as login, pytest.raises(AnsibleError, match='went away'):
        login.renew()
