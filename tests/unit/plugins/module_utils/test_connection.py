# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection in use, in trees of processes as sshd, sudo, su, async and others make them."""

import errno
import functools
import os
import socket
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _connection
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    Link, attribute, error, ip, message
)

ADMIN, OWN = '192.0.2.9', '10.0.0.7'
HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
LISTEN, ESTABLISHED, CLOSE_WAIT = 10, 1, 8


def end(address, port):
    """An address and a port as proc(5) has them."""
    raw = ip(address)
    words = struct.unpack('=%dI' % (len(raw) // 4), raw)
    return '%s:%04X' % (''.join('%08X' % word for word in words), port)


class Machine:
    """A recorded /proc with the control groups beside it."""

    def __init__(self, folder):
        self.proc, self.groups = str(folder / 'proc'), str(folder / 'cgroup')
        self._tables = {'tcp': [], 'tcp6': []}
        os.makedirs(self.proc + '/self/net')
        self._write()

    def _write(self):
        for name, lines in self._tables.items():
            with open('%s/self/net/%s' % (self.proc, name), 'w') as stream:
                stream.write(HEAD + ''.join(lines))

    def socket(self, inode, local, peer=('0.0.0.0', 0), state=ESTABLISHED):
        """A TCP socket in the tables of the kernel."""
        name = 'tcp6' if ':' in local[0] else 'tcp'
        if name == 'tcp6' and peer[0] == '0.0.0.0':
            peer = '::', 0
        self._tables[name].append(
            '   0: %s %s %02X 00000000:00000000 00:00000000 00000000     0        0 %d 1 0000000000000000 20 0\n'
            % (end(*local), end(*peer), state, inode))
        self._write()

    def process(self, pid, parent, started, sockets=(), name='sshd', session=None, lines=None):
        """A process; its sockets are its file descriptors from 3 on."""
        base = '%s/%d' % (self.proc, pid)
        os.makedirs(base + '/fd')
        with open(base + '/stat', 'w') as stream:
            stream.write('%d (%s) S %d %s %d 0 0\n' % (pid, name, parent, ' '.join(['0'] * 17), started))
        os.symlink('/dev/null', base + '/fd/0')
        os.symlink('pipe:[77]', base + '/fd/1')
        for number, inode in enumerate(sockets, 3):
            os.symlink('socket:[%d]' % inode, '%s/fd/%d' % (base, number))
        group = '/user.slice/user-1000.slice/session-%s.scope' % session if session else '/system.slice/ssh.service'
        with open(base + '/cgroup', 'w') as stream:
            stream.write('\n'.join(lines if lines is not None else ['0::' + group]) + '\n')

    def session(self, number, pids, below=''):
        """The processes of a login session, by its control group."""
        folder = '%s%s/user.slice/user-1000.slice/session-%s.scope' % (self.groups, below, number)
        os.makedirs(folder)
        with open(folder + '/cgroup.procs', 'w') as stream:
            stream.write(''.join('%d\n' % pid for pid in pids))

    def find(self, pid, told=None):
        """What is found for a process."""
        return _connection.find(told, self.proc, self.groups, pid, lambda address, peer, proc: 'eth0')


@pytest.fixture
def machine(tmp_path):
    """sshd with one login: 500 is its listener, 600 the monitor and 601 the session of the login."""
    made = Machine(tmp_path)
    made.socket(11, ('0.0.0.0', 22), state=LISTEN)
    made.socket(12, (OWN, 22), (ADMIN, 51000))
    made.process(1, 0, 0, name='systemd', lines=['0::/init.scope'])
    made.process(500, 1, 100, [11])
    made.process(600, 500, 900, [12], session='4')
    made.process(601, 600, 905, [12], session='4')
    return made


LOGIN = (OWN, 22, ADMIN, 51000)


def test_a_plain_login(machine):
    machine.process(700, 601, 990, name='sh', session='4')
    machine.process(701, 700, 991, name='python3', session='4')
    found = machine.find(701)
    assert found == _connection.Connection(*LOGIN, pid=600, started=900, interface='eth0', how='ancestor')
    assert found.ends == list(LOGIN)
    assert found.about == {'address': OWN, 'port': 22, 'peer': ADMIN, 'peer_port': 51000, 'interface': 'eth0',
                           'how': 'ancestor'}


@pytest.mark.parametrize('names', [['sh', 'sudo', 'sudo', 'sh'], ['bash', 'su', 'sh'], ['sh', 'a) S 1 (b'], []])
def test_through_sudo_su_and_names_that_look_like_the_end_of_the_field(machine, names):
    parent = 601
    for pid, name in enumerate(names, 700):
        machine.process(pid, parent, 1000 + pid, name=name, session='4')
        parent = pid
    machine.process(800, parent, 3000, name='python3', session='4')
    assert machine.find(800).pid == 600


def test_a_job_that_lost_its_ancestors_is_in_the_session_of_the_login(machine):
    machine.process(700, 1, 990, name='python3', session='4')
    machine.session('4', [600, 601, 700])
    assert machine.find(700) == _connection.Connection(*LOGIN, pid=600, started=900, interface='eth0', how='session')


@pytest.mark.parametrize('lines, below', [
    (['12:pids:/user.slice', '1:name=systemd:/user.slice/user-1000.slice/session-4.scope', '0::/'], '/systemd'),
    (['1:name=systemd:/', '0::/user.slice/user-1000.slice/session-4.scope'], '/unified'),
    (['0::/user.slice/user-1000.slice/session-4.scope/inner'], ''),
])
def test_the_session_in_each_version_of_control_groups(machine, lines, below):
    machine.process(700, 1, 990, name='python3', lines=lines)
    machine.session('4', [600, 601, 700], below)
    assert machine.find(700).how == 'session'


@pytest.mark.parametrize('lines', [
    ['0::/system.slice/cron.service'],
    ['0::/../../user.slice/user-1000.slice/session-4.scope'],       # of another namespace of control groups
    ['5:cpu:/user.slice/user-1000.slice/session-4.scope'],
    ['0::/user.slice/user-1000.slice/session-5.scope'],             # which is over
    [],
])
def test_a_job_of_no_login_has_no_connection(machine, lines):
    machine.process(700, 1, 990, name='python3', lines=lines)
    machine.session('4', [600, 601])
    assert machine.find(700) is None


def test_connections_that_this_host_made_are_not_in_use(machine):
    """A host that pulls: its agent, and what it forwards, connect from ports to which nobody listens."""
    machine.socket(13, (OWN, 44444), ('192.0.2.80', 443))
    machine.process(700, 1, 990, [13], name='agent')
    machine.process(701, 700, 991, name='python3')
    assert machine.find(701) is None


def test_what_a_login_forwards_is_not_the_login(machine):
    """ssh -R: the same process has a listener, and what was accepted from it, both behind the connection."""
    machine.socket(14, ('127.0.0.1', 8080), state=LISTEN)
    machine.socket(15, ('127.0.0.1', 8080), ('127.0.0.1', 45000))
    os.symlink('socket:[14]', machine.proc + '/601/fd/9')
    os.symlink('socket:[15]', machine.proc + '/601/fd/10')
    machine.process(700, 601, 990, name='python3', session='4')
    assert machine.find(700).ends == list(LOGIN)


def test_a_young_process_does_not_make_an_old_connection_new(machine):
    """It may have inherited the socket."""
    machine.process(700, 601, 5000, [12], name='python3', session='4')
    assert machine.find(700).started == 900


def test_ipv6_and_ipv4_by_a_socket_of_ipv6(tmp_path):
    made = Machine(tmp_path)
    made.socket(11, ('::', 22), state=LISTEN)
    made.socket(12, ('2001:db8::7', 22), ('2001:db8::9', 51000))
    made.socket(13, ('::ffff:10.0.0.7', 22), ('::ffff:192.0.2.9', 52000))
    made.process(600, 1, 900, [12])
    made.process(601, 1, 901, [13])
    assert made.find(600)[:4] == ('2001:db8::7', 22, '2001:db8::9', 51000)
    assert made.find(601)[:4] == (OWN, 22, ADMIN, 52000)


def test_a_host_without_ipv6(machine):
    os.unlink(machine.proc + '/self/net/tcp6')
    assert machine.find(601).pid == 600


@pytest.mark.parametrize('told', ['192.0.2.9 51000 10.0.0.7 22', '::ffff:192.0.2.9 51000 ::ffff:10.0.0.7 22'])
def test_what_the_environment_told_is_the_last_resort(machine, told):
    """run0 and machinectl: neither an ancestor nor a session is that of the login."""
    os.symlink(str(os.getpid()), machine.proc + '/new')
    machine.process(700, 1, 990, name='python3', lines=['0::/system.slice/run-u12.service'])
    assert machine.find(700) is None
    os.rename(machine.proc + '/self', machine.proc + '/%d' % os.getpid())      # as walk() wants it
    os.rename(machine.proc + '/new', machine.proc + '/self')
    found = machine.find(700, told)
    assert (found[:4], found.pid, found.started, found.how) == (LOGIN, 600, 900, 'environment')


@pytest.mark.parametrize('told', [
    '', '192.0.2.9 51000', '192.0.2.9 x 10.0.0.7 22', '192.0.2.9 51001 10.0.0.7 22', 'a b c d', '1 2 3 4 5',
    '10.0.0.7 22 192.0.2.9 51000', '192.0.2.9 51000 10.0.0.7 ²',
])
def test_what_the_environment_told_is_only_believed_of_a_connection_that_exists(machine, told):
    machine.process(700, 1, 990, name='python3', lines=[])
    assert machine.find(700, told) is None


def test_a_connection_that_its_peer_has_closed_counts_no_more(tmp_path):
    made = Machine(tmp_path)
    made.socket(11, ('0.0.0.0', 22), state=LISTEN)
    made.socket(12, (OWN, 22), (ADMIN, 51000), CLOSE_WAIT)
    made.process(600, 1, 900, [12])
    assert made.find(600) is None


def test_processes_that_are_gone_or_cannot_be_read(machine):
    assert machine.find(12345) is None
    machine.process(700, 601, 990, name='python3')
    with open(machine.proc + '/700/stat', 'w') as stream:
        stream.write('700 (python3')
    assert machine.find(700) is None


# the interface


def reply(*attributes):
    return message(24, struct.pack('=BBBBBBBBI', 2, 32, 0, 0, 254, 0, 0, 1, 0) + b''.join(attributes))


def test_the_interface_is_where_answers_leave():
    link = Link([reply(attribute(1, ip(ADMIN)), attribute(4, struct.pack('=I', 2)))])
    assert _connection.interface(OWN, ADMIN, connect=lambda protocol: link, index_name={2: 'wg0'}.get) == 'wg0'
    question, = link.questions
    family, bits, source_bits = struct.unpack_from('=BBB', question, 16)
    assert (family, bits, source_bits) == (socket.AF_INET, 32, 32)
    assert question[28:] == attribute(1, ip(ADMIN)) + attribute(2, ip(OWN))


@pytest.mark.parametrize('answer', [[error(errno.ENETUNREACH)], [reply(attribute(1, ip(ADMIN)))],
                                    [OSError(errno.EPERM, 'no')]])
def test_an_interface_that_is_not_known(answer):
    assert _connection.interface(OWN, ADMIN, connect=lambda protocol: Link(answer), index_name=str) is None


def test_the_interface_of_a_link_local_address_is_the_one_that_has_it(tmp_path):
    os.makedirs(str(tmp_path / 'self/net'))
    table = tmp_path / 'self/net/if_inet6'
    table.write_text('fe800000000000000000000000000007 02 40 20 80     eth0\n'
                     'fe800000000000000000000000000008 03 40 20 80     eth1\n')
    assert _connection.interface('fe80::8', 'fe80::1', str(tmp_path)) == 'eth1'
    assert _connection.interface('fe80::9', 'fe80::1', str(tmp_path)) is None
    table.write_text(table.read_text() * 2)
    assert _connection.interface('fe80::8', 'fe80::1', str(tmp_path)) is None
    assert _connection.interface('fe80::8', 'fe80::1', str(tmp_path / 'nothing')) is None


# what proves a new login


def test_a_login_that_is_new():
    first = _connection.Connection(*LOGIN, pid=600, started=900, interface='eth0', how='ancestor')
    second = first._replace(peer_port=LOGIN[3] + 1, pid=800, started=2000)
    for connection, words in (
        (second, None),
        (first, 'was there before the stop'),
        (first._replace(pid=800, started=2000), 'was there before the stop'),       # by whichever process
        (second._replace(started=900), 'process 800, which is older than the stop'),            # multiplexed
        (second._replace(started=1000), 'process 800, which is older than the stop'),           # in the same tick
        (None, 'cannot be found on the host'),
    ):
        fault = _connection.fault_of_login(connection, first.ends, 1000, 'the stop')
        assert fault is None if words is None else words in fault


# The sockets of this machine


@pytest.mark.parametrize('family, address, peer', [
    (socket.AF_INET, '127.0.0.1', '127.0.0.1'), (socket.AF_INET6, '::1', '::1'), (socket.AF_INET6, '::', '127.0.0.1')])
def test_the_kernel_and_its_tables_tell_the_same_of_a_connection(family, address, peer):
    with socket.socket(family) as listening:
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            listening.bind((address, 0))
        except OSError:
            pytest.skip('no IPv6 here')
        listening.listen(1)
        port = listening.getsockname()[1]
        with socket.create_connection((peer, port)) as made, listening.accept()[0] as accepted:
            inodes = {str(os.fstat(opened.fileno()).st_ino) for opened in (made, accepted)}
            told = [({inode: four for inode, four in connections.items() if inode in inodes}, port in ports)
                    for connections, ports in (_connection._by_netlink(), _connection._by_tables('/proc'))]
            other = made.getsockname()[1]
    assert told[0] == told[1]
    assert set(told[0][0]) == inodes and told[0][1] is True
    assert sorted(told[0][0].values()) == sorted([(peer, port, peer, other), (peer, other, peer, port)])


@pytest.mark.parametrize('answers', [
    OSError(errno.EPERM, 'Operation not permitted'), [[error(errno.ENOENT)]], [[message(20, b'\x02\x01')]]])
def test_the_tables_are_read_where_the_kernel_does_not_answer(monkeypatch, answers):
    def connect(*dummy):
        if isinstance(answers, OSError):
            raise answers
        return Link(*answers)
    monkeypatch.setattr(_connection, '_by_netlink', functools.partial(_connection._by_netlink, connect))
    monkeypatch.setattr(_connection, '_by_tables', lambda proc: ({'7': (OWN, 22, ADMIN, 5)}, {22}))
    assert _connection._sockets('/proc') == ({'7': (OWN, 22, ADMIN, 5)}, {22})
