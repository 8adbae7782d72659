# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real processes are ended here, those of the tests; and a pid is used again by a process that has to live."""

import errno
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _connection
from ansible_collections.listening.ports.plugins.module_utils._stop import processes

LISTENS = '''
import os, signal, socket, sys, time
listeners = [socket.socket() for number in range(int(sys.argv[1]))]
for listener in listeners:
    listener.bind(('127.0.0.1', 0))
    listener.listen(1)
    os.set_inheritable(listener.fileno(), True)
if 'stubborn' in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = 0
if 'shared' in sys.argv:
    child = os.fork()
if child or 'shared' not in sys.argv:
    print(child, flush=True)
    sys.stdin.readline()
    if 'becomes' in sys.argv:
        os.execlp('sleep', 'sleep', '60')
time.sleep(60)
'''


class Kernel(processes.Kernel):
    """One that shows all processes, whatever this machine hides."""

    @staticmethod
    def walk(*arguments):
        result = processes.Kernel.walk(*arguments)
        result.refused.clear()
        return result


class OldKernel(Kernel):
    """One without pidfd_open(2)."""

    def pidfd_open(self, pid):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def as_looked_at(pid, inodes=None):
    """What is known of a process."""
    return processes.Bare(
        pid, _connection.status_of(pid, '/proc')[1], os.readlink('/proc/%d/exe' % pid),
        tuple(inodes or (int(inode) for inode in _connection.sockets_of(pid, '/proc'))))


@pytest.fixture
def start():
    """Start a process that listens, and perhaps a child that has its sockets too: Popen with their Bare."""
    started = []

    def begin(*words):
        process = subprocess.Popen([sys.executable, '-c', LISTENS, *(words or ['1'])], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        child = int(process.stdout.readline())
        process.family = [as_looked_at(pid) for pid in (process.pid, child) if pid]
        started.append(process)
        return process
    yield begin
    for process in started:
        for bare in process.family[::-1]:
            try:
                os.kill(bare.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.communicate()


@pytest.mark.parametrize('kernel', [Kernel(), OldKernel()])
def test_a_process_is_asked_to_end(start, kernel):
    process = start()
    assert processes.end(process.family, kernel) == {process.pid: processes.ENDED}
    assert process.wait() == -signal.SIGTERM


@pytest.mark.parametrize('kernel', [Kernel(), OldKernel()])
def test_what_does_not_listen_to_that_is_killed(start, kernel):
    process = start('1', 'stubborn')
    assert processes.end(process.family, kernel, patience=0.3) == {process.pid: processes.ENDED}
    assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize('kernel', [Kernel(), OldKernel()])
def test_what_has_ended_by_itself_is_no_error(start, kernel):
    process = start()
    process.kill()
    bare, = process.family
    # also while nobody has asked how it ended, and its pid is still taken
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert processes.end([bare], kernel) == {process.pid: processes.ENDED}
    process.wait()
    assert processes.end([bare], kernel) == {process.pid: processes.ENDED}


def test_all_that_share_a_socket_are_ended(start):
    process = start('1', 'shared')
    assert len(process.family) == 2 and process.family[0].inodes == process.family[1].inodes
    assert processes.end(process.family, Kernel()) == {bare.pid: processes.ENDED for bare in process.family}


@pytest.mark.parametrize('number', [0, 1])
def test_a_socket_that_others_have_too_spares_all(start, number):
    """Nothing would be closed by ending some of its owners."""
    process, other = start('1', 'shared'), start()
    bare = process.family[number]
    assert processes.end([bare, *other.family], Kernel()) == {bare.pid: processes.CHANGED, other.pid: processes.ENDED}
    assert all(_connection.status_of(bare.pid, '/proc') for bare in process.family) and process.poll() is None


def test_one_that_is_not_what_was_looked_at_spares_all_that_share_with_it(start):
    process = start('1', 'shared')
    first, second = process.family
    assert processes.end([first._replace(exe='/usr/bin/other'), second], Kernel()) == {
        first.pid: processes.CHANGED, second.pid: processes.CHANGED}
    assert process.poll() is None


@pytest.mark.parametrize('kernel', [Kernel(), OldKernel()])
@pytest.mark.parametrize('change, result', [
    ({'started': 1}, processes.ENDED),                      # another process has its pid
    ({'exe': '/usr/bin/other'}, processes.CHANGED),
    ({'inodes': (1,)}, processes.CHANGED),
])
def test_a_process_that_is_another_is_left_alone(start, kernel, change, result):
    process = start()
    assert processes.end([process.family[0]._replace(**change)], kernel) == {process.pid: result}
    assert process.poll() is None


def test_where_others_may_have_the_socket_unseen_nothing_is_ended(start):
    class Dim(Kernel):
        @staticmethod
        def walk(*arguments):
            result = processes.Kernel.walk(*arguments)
            result.refused.add(1)
            return result
    process = start()
    assert processes.end(process.family, Dim()) == {process.pid: processes.CHANGED}
    assert process.poll() is None


def test_a_process_that_executes_another_program_is_left_alone(start):
    process = start('1', 'becomes')
    process.stdin.write(b'\n')
    process.stdin.flush()
    while os.readlink('/proc/%d/exe' % process.pid) == process.family[0].exe:
        assert process.poll() is None
    assert processes.end(process.family, Kernel()) == {process.pid: processes.CHANGED}
    assert process.poll() is None


@pytest.mark.parametrize('kernel', [Kernel(), OldKernel()])
def test_neither_init_nor_this_process_is_ever_ended(kernel):
    own = as_looked_at(os.getpid(), [1])
    assert processes.end([own, own._replace(pid=1)], kernel) == {own.pid: processes.REFUSED, 1: processes.REFUSED}


def test_a_kernel_that_does_not_let_us_is_told(start):
    class Strict(OldKernel):
        @staticmethod
        def kill(pid, number):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    process = start()
    assert processes.end(process.family, Strict()) == {process.pid: processes.REFUSED}
    assert process.poll() is None


def test_what_nothing_ends_is_told(start):
    class Deaf(Kernel):
        """As of a process in an uninterruptible sleep."""
        now = 0
        sent = []

        def pidfd_send_signal(self, handle, number):
            self.sent.append(number)

        def clock(self):
            return self.now

        def sleep(self, seconds):
            self.now += seconds
    process, kernel = start(), Deaf()
    assert processes.end(process.family, kernel) == {process.pid: processes.STAYS}
    assert kernel.sent == [signal.SIGTERM, signal.SIGKILL] and 15 <= kernel.now < 16


def test_nothing_is_left_open(start):
    before = os.listdir('/proc/self/fd')
    process, ended = start(), start()
    ended.kill()
    ended.wait()
    opened = os.listdir('/proc/self/fd')
    processes.end(process.family + ended.family, Kernel())
    assert sorted(os.listdir('/proc/self/fd')) == sorted(opened) and len(opened) == len(before) + 4


@pytest.mark.skipif(os.geteuid() != 0, reason='NOT RUN: only root can have a pid used again')
@pytest.mark.parametrize('moment, kernel', [
    ('looking', 'new'), ('opening', 'new'), ('signalling', 'new'), ('waiting', 'new'),
    ('looking', 'old'), ('opening', 'old'), ('waiting', 'old'),
])
def test_whoever_gets_the_pid_lives(moment, kernel):
    program = str(pathlib.Path(__file__).with_name('reuse_a_pid.py'))
    done = subprocess.run(
        ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', sys.executable, program, moment, kernel],
        check=False, env=dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path))), timeout=60,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)      # a socket would count, too
    assert (done.returncode, done.stdout, done.stderr) == (0, b'ended lives\n', b'')


def test_the_calls_of_the_kernel_are_there_without_python_having_them():
    """Python has them from 3.9 on."""
    kernel = processes.Kernel()
    with pytest.raises(ProcessLookupError):
        kernel._call(processes._PIDFD_OPEN, 2 ** 22 + 1, 0)
    handle = kernel._call(processes._PIDFD_OPEN, os.getpid(), 0)
    try:
        assert kernel._call(processes._PIDFD_SEND_SIGNAL, handle, 0, None, 0) == 0
    finally:
        os.close(handle)
