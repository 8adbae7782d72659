# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The owners of sockets, in trees that look like /proc."""

import calendar
import os
import pwd
import threading
import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._owners import second_look, walk as _walk
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import Proc


@pytest.fixture(params=[0, 300], ids=['two threads', 'one thread'])
def many(request):
    """Open files: for the walk to be done by two threads, as on a host with many of them, or by one."""
    return request.param


@pytest.fixture
def proc(tmp_path):
    return Proc(tmp_path / 'proc')


def refuse(monkeypatch, name, *ends):
    """Have a function of os raise PermissionError for the paths with these ends: root would not get it otherwise."""
    original = getattr(os, name)

    def refusing(path, *arguments, **options):
        text = os.fsdecode(path) if isinstance(path, (str, bytes)) else ''
        if text.endswith(ends):
            raise PermissionError(13, 'Permission denied')
        return original(path, *arguments, **options)

    monkeypatch.setattr(os, name, refusing)


def test_walk(many, proc):
    proc.add(10, sockets=[1, 2], files=3)
    proc.add(9, sockets=[2])
    proc.add(300, sockets=[2, 2, 5])
    proc.add(11, files=1)
    walk = _walk.walk({1, 2, 3}, 100, proc.path, many=many)
    assert walk.owners == {1: [10], 2: [9, 10, 300]}
    assert walk.whole and (walk.refused, walk.exhausted, walk.error) == (set(), False, None)


def test_walk_on_a_host_that_allows_no_thread(proc, monkeypatch):
    def never(dummy):
        raise RuntimeError("can't start new thread")
    monkeypatch.setattr(threading.Thread, 'start', never)
    for pid in range(10, 20):
        proc.add(pid, sockets=[pid])
    assert _walk.walk(range(10, 20), 100, proc.path, many=0).owners == {pid: [pid] for pid in range(10, 20)}


@pytest.mark.parametrize('bad', [10, 11, 12, 13])
def test_walk_hides_no_error_of_a_thread(proc, bad):
    for pid in range(10, 14):
        proc.add(pid, sockets=[1], files=1)

    def tables(root, pid):
        if pid == str(bad):
            raise ValueError(pid)
        return ['%s/%s/fd' % (root, pid)]
    with pytest.raises(ValueError):
        _walk.walk([1], 100, proc.path, tables, many=0)


def test_walk_takes_only_whole_names(proc):
    proc.add(10, sockets=[12, 21])
    assert _walk.walk([1, 2], 100, proc.path).owners == {}


def test_walk_refused(many, proc, monkeypatch):
    proc.add(10, sockets=[1])
    proc.add(11, sockets=[1])
    proc.add(12, sockets=[1])
    refuse(monkeypatch, 'open', '/11/fd', '/12/fd')
    walk = _walk.walk([1], 100, proc.path, many=many)
    assert walk.owners == {1: [10]}
    assert walk.refused == {11, 12} and not walk.whole


def test_walk_refused_at_a_file_descriptor(proc, monkeypatch):
    proc.add(10, sockets=[1])
    original = os.readlink

    def readlink(path, *arguments, **options):
        if 'dir_fd' in options:
            raise PermissionError(13, 'Permission denied')
        return original(path, *arguments, **options)

    monkeypatch.setattr(os, 'readlink', readlink)
    walk = _walk.walk([1], 100, proc.path)
    assert walk.refused == {10} and not walk.whole


def test_walk_goes_on_where_a_process_or_a_file_vanishes(proc, monkeypatch):
    os.mkdir(proc.path + '/10')                     # has ended since it was listed
    proc.add(11, sockets=[1, 2])
    original = os.readlink
    monkeypatch.setattr(os, 'readlink', lambda path, **options: original(b'gone' if path == b'0' else path, **options))
    walk = _walk.walk([1, 2], 100, proc.path)
    assert walk.owners == {2: [11]}
    assert walk.whole


@pytest.mark.parametrize('budget, exhausted', [(6, False), (5, True), (1, True), (0, True)])
def test_walk_within_a_budget(many, proc, budget, exhausted):
    proc.add(10, sockets=[1], files=2)
    proc.add(11, sockets=[1], files=2)
    walk = _walk.walk([1], budget, proc.path, many=many)
    assert walk.exhausted is exhausted and walk.whole is not exhausted
    if not exhausted:
        assert walk.owners == {1: [10, 11]}


def test_walk_within_a_budget_does_not_read_much_more(proc, monkeypatch):
    proc.add(10, files=1000)
    seen = []
    original = os.readlink

    def readlink(path, **options):
        seen.append(path)
        return original(path, **options)

    monkeypatch.setattr(os, 'readlink', readlink)
    assert _walk.walk([1], 10, proc.path).exhausted
    assert len(seen) <= 12


def test_walk_into_threads(many, proc):
    proc.add(10, sockets=[1], threads={10: [1], 12: [1, 2]})
    assert _walk.walk([1, 2], 100, proc.path, many=many).owners == {1: [10]}
    assert _walk.walk([1, 2], 100, proc.path, second_look._of_threads, many=many).owners == {1: [10], 2: [10]}


def test_walk_into_threads_refused_counts_a_process_once(proc, monkeypatch):
    proc.add(10, sockets=[1], threads={10: [1], 12: [1], 13: [1]})
    refuse(monkeypatch, 'open', '/task/10/fd', '/task/12/fd', '/task/13/fd')
    assert _walk.walk([1], 100, proc.path, second_look._of_threads).refused == {10}


def test_walk_without_proc(tmp_path):
    walk = _walk.walk([1], 100, str(tmp_path / 'nothing'))
    assert walk.error and not walk.whole and walk.owners == {}


def test_walk_with_proc_not_mounted(tmp_path):
    walk = _walk.walk([1], 100, str(tmp_path))
    assert walk.error and not walk.whole


def test_walk_with_the_proc_of_others(proc, monkeypatch):
    monkeypatch.setattr(os, 'getpid', lambda: 4194304)
    assert _walk.walk([1], 100, proc.path).error


def test_walk_with_hidden_processes(proc):
    os.unlink(proc.path + '/1/stat')
    walk = _walk.walk([1], 100, proc.path)
    assert not walk.whole and walk.error is None and walk.refused == set()


def get(proc, pid=7, **options):
    return _walk.Processes(proc.path, boot=proc.BOOT, **options).get(pid)


def test_process(proc):
    proc.add(7, b'sshd', exe='/usr/sbin/sshd', started=3600, cgroup=b'0::/system.slice/ssh.service\n', uids=(1000, 0))
    processes = _walk.Processes(proc.path, boot=proc.BOOT)
    assert processes.get(7) == {
        'pid': 7, 'process': 'sshd', 'exe': '/usr/sbin/sshd', 'exe_deleted': False, 'user': pwd.getpwuid(0).pw_name,
        'uid': 0,
        'started': '2023-11-14T23:13:20Z', 'unit': 'ssh.service', 'main': None, 'container': None}
    assert processes.unreadable == 0


@pytest.mark.parametrize('comm, expected', [
    (b'a b', 'a b'), (b')', ')'), (b'a) S 1 (b', 'a) S 1 (b'), (b'(sd-pam)', '(sd-pam)'), (b'a\nb', 'a\nb'), (b'', ''),
    (b'\xff\xfe', '\\xff\\xfe'), (b'\xc3\xa4', u'\xe4'), (b'{{ 7*7 }}', '{{ 7*7 }}'), (b'\x1b[31mred', '\x1b[31mred'),
    (b'x (deleted)', 'x (deleted)'), (b'\xc3', '\\xc3'),
])
def test_process_names(proc, comm, expected):
    proc.add(7, comm, started=60)
    owner = get(proc)
    assert owner['process'] == expected
    assert owner['process'].encode('utf-8').decode('utf-8') == expected
    assert owner['started'] == '2023-11-14T22:14:20Z'       # the fields behind the name are in their places


@pytest.mark.parametrize('state, tasks, alive', [
    (b'S', 1, True), (b'R', 1, True), (b'D', 1, True), (b'T', 1, True), (b'Z', 1, False), (b'X', 1, False),
    (b'Z', 2, True),                                # only the first of its threads has ended
    (b'X', 0, False),                               # the last moment of a process
])
def test_process_states(proc, state, tasks, alive):
    proc.add(7, state=state, tasks=tasks)
    assert (get(proc) is not None) is alive


@pytest.mark.parametrize('gone', ['stat', 'status'])
def test_process_that_has_ended(proc, gone):
    proc.add(7)
    os.unlink('%s/7/%s' % (proc.path, gone))
    assert get(proc) is None
    assert get(proc, 8) is None


@pytest.mark.parametrize('name, content',
                         [('stat', b''), ('stat', b'7 no name S'), ('status', b''), ('status', b'Name:\tx\n')])
def test_process_that_ends_in_mid_read(proc, name, content):
    proc.add(7)
    proc._write('7/' + name, content)
    assert get(proc) is None


def test_process_is_read_once(proc):
    proc.add(7)
    processes = _walk.Processes(proc.path)
    first = processes.get(7)
    os.unlink(proc.path + '/7/stat')
    assert processes.get(7) == first and first


@pytest.mark.parametrize('target, expected', [
    (b'/usr/sbin/sshd', ('/usr/sbin/sshd', False)),
    (b'/usr/sbin/sshd (deleted)', ('/usr/sbin/sshd', True)),
    (b'/opt/a\xffb\n (deleted)', ('/opt/a\\xffb\n', True)),
    (b'/opt/x (deleted) (deleted)', ('/opt/x (deleted)', True)),
    (b'/opt/x(deleted)', ('/opt/x(deleted)', False)),
    (b'/memfd:payload (deleted)', ('/memfd:payload', True)),
    (None, (None, None)),                           # a kernel thread has none
])
def test_executables(proc, target, expected):
    proc.add(7, exe=target)
    owner = get(proc)
    assert (owner['exe'], owner['exe_deleted']) == expected


def test_executable_that_is_really_called_deleted(proc, tmp_path):
    path = tmp_path / 'x (deleted)'
    path.write_text('')
    proc.add(7, exe=str(path).encode())
    owner = get(proc)
    assert (owner['exe'], owner['exe_deleted']) == (str(path), False)


def test_executable_that_may_not_be_read(proc, monkeypatch):
    proc.add(7, exe='/usr/sbin/sshd')
    refuse(monkeypatch, 'readlink', '/7/exe')
    processes = _walk.Processes(proc.path)
    owner = processes.get(7)
    assert (owner['exe'], owner['exe_deleted'], owner['process']) == (None, None, 'daemon')
    assert processes.unreadable == 1


def test_control_group_that_may_not_be_read(proc, monkeypatch):
    proc.add(7)
    refuse(monkeypatch, 'open', '/7/cgroup')
    processes = _walk.Processes(proc.path)
    owner = processes.get(7)
    assert (owner['unit'], owner['container'], owner['process']) == (None, None, 'daemon')
    assert processes.unreadable == 1


def test_kernel_without_control_groups(proc):
    proc.add(7, cgroup=None)
    processes = _walk.Processes(proc.path)
    assert (processes.get(7)['unit'], processes.unreadable) == (None, 0)


@pytest.mark.parametrize('cgroup, unit, container', [
    (b'0::/system.slice/ssh.service\n', 'ssh.service', None),
    (b'0::/system.slice/_cpu.service\n', 'cpu.service', None),
    (b'0::/system.slice/system-x.slice/x@1.service\n', 'x@1.service', None),
    (b'0::/system.slice/docker-' + b'a' * 64 + b'.scope\n', 'docker-%s.scope' % ('a' * 64), 'docker:' + 'a' * 12),
    (b'5:memory:/\n1:name=systemd:/system.slice/ssh.service\n', 'ssh.service', None),
    (b'0::/user.slice/user-0.slice/user@0.service/app.slice/x.service\n', 'user@0.service/x.service', None),
    (b'0::/system.slice/\xff.service\n', '\\xff.service', None),
    (b'0::/\n', None, None),
])
def test_units(proc, cgroup, unit, container):
    proc.add(7, cgroup=cgroup)
    owner = get(proc)
    assert (owner['unit'], owner['container']) == (unit, container)


@pytest.mark.parametrize('answer, expected', [
    ('www-data', 'www-data'), ('b\udcffd', 'b\\xffd'), (KeyError('no such user'), '4242'),
])
def test_users(proc, monkeypatch, answer, expected):
    asked = []

    class Entry:
        pw_name = answer

    def getpwuid(uid):
        asked.append(uid)
        if isinstance(answer, Exception):
            raise answer
        return Entry

    monkeypatch.setattr(pwd, 'getpwuid', getpwuid)
    proc.add(7, uids=(1, 4242))
    proc.add(8, uids=(1, 4242))
    processes = _walk.Processes(proc.path)
    assert [(processes.get(pid)['user'], processes.get(pid)['uid']) for pid in (7, 8)] == [(expected, 4242)] * 2
    assert asked == [4242]


def test_started_by_the_clock_that_counts_ticks(proc):
    proc.add(7, started=60)
    expected = time.time() - time.clock_gettime(7) + 60
    text = _walk.Processes(proc.path).get(7)['started']
    assert abs(calendar.timegm(time.strptime(text, '%Y-%m-%dT%H:%M:%SZ')) - expected) < 2


def test_started_on_a_kernel_without_that_clock(proc, monkeypatch):
    def refuse(dummy):
        raise OSError(22, 'Invalid argument')
    monkeypatch.setattr(time, 'clock_gettime', refuse)
    proc.add(7)
    owner = _walk.Processes(proc.path).get(7)
    assert (owner['started'], owner['process']) == (None, 'daemon')


def test_this_process():
    processes = _walk.Processes()
    owner = processes.get(os.getpid())
    assert owner['exe'] == os.path.realpath('/proc/self/exe') and owner['uid'] == os.geteuid()
    assert processes.unreadable == 0
