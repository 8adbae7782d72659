# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executables of processes whose paths are their own, and such as are called deleted."""

import os

import pytest

from ansible_collections.listening.ports.plugins.module_utils._owners import executables, walk
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import Proc

HOST = b'21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n'
PRIVATE, USERS = ('mnt:[9]', 'user:[2]'), ('mnt:[9]', 'user:[8]')
SSHD = '/usr/sbin/sshd'
LOCAL = [(b'/', b'8:1', b'/', b'ext4')]


@pytest.fixture
def proc(tmp_path):
    return Proc(tmp_path / 'proc')


def get(proc, pid=7):
    owner = walk.Processes(proc.path).get(pid)
    return {key: value for key, value in owner.items() if key.startswith('exe')}


def of_host(path, deleted=False):
    return {'exe': path, 'exe_deleted': deleted}


def inside(path, deleted=False):
    return {'exe': None, 'exe_deleted': deleted, 'exe_inside': path}


@pytest.mark.parametrize('spaces, mounts, expected', [
    (('mnt:[1]', 'user:[2]'), HOST, of_host(SSHD)),
    # what systemd makes for PrivateTmp=: root has made it, and the file is that of the host
    (PRIVATE, HOST + b'30 21 8:1 /var/tmp/systemd-private-1 /tmp rw - ext4 /dev/sda1 rw\n', of_host(SSHD)),
    # a file of another directory is mounted there, by whomever
    (PRIVATE, HOST + b'30 21 8:1 /home/alice/backdoor /usr/sbin/sshd rw - ext4 /dev/sda1 rw\n', inside(SSHD)),
    (PRIVATE, HOST + b'30 21 0:9 / /usr/sbin rw - tmpfs tmpfs rw\n', inside(SSHD)),
    # a container: on an overlay, or on a directory of the same file system
    (PRIVATE, b'21 1 0:50 / / rw - overlay overlay rw\n', inside(SSHD)),
    (PRIVATE, b'21 1 8:1 /var/lib/machines/web / rw - ext4 /dev/sda1 rw\n', inside(SSHD)),
    (PRIVATE, b'', inside(SSHD)),
    # root in a user namespace, alone or with mounts of his own: he may name any file as his
    (('mnt:[1]', 'user:[8]'), HOST, inside(SSHD)),
    (USERS, HOST, inside(SSHD)),
])
def test_whose_path_it_is(proc, spaces, mounts, expected):
    proc.add(7, exe=SSHD, spaces=spaces, mounts=mounts)
    assert get(proc) == expected


@pytest.mark.parametrize('spaces, expected', [
    (('mnt:[1]', 'user:[2]'), of_host(SSHD, True)), (PRIVATE, of_host(SSHD, True)), (USERS, inside(SSHD, True))])
def test_deleted_by_an_upgrade(proc, spaces, expected):
    proc.add(7, exe=SSHD + ' (deleted)', spaces=spaces)
    assert get(proc) == expected


def test_without_such_namespaces(proc):
    """Before Linux 3.8, or where the kernel has none."""
    for pid in (os.getpid(), 7):
        if pid == 7:
            proc.add(7, exe=SSHD)
        os.unlink('%s/%d/ns/mnt' % (proc.path, pid))
        os.unlink('%s/%d/ns/user' % (proc.path, pid))
    assert get(proc) == of_host(SSHD)


def test_with_namespaces_that_cannot_be_read(proc):
    proc.add(7, exe=SSHD)
    os.unlink('%s/7/ns/user' % proc.path)
    assert get(proc) == inside(SSHD)


@pytest.mark.parametrize('parent, expected', [
    ({'root': '/'}, of_host(SSHD)),
    ({'root': '/', 'mounts': b'21 1 0:50 / / rw - overlay overlay rw\n'}, inside(SSHD)),
    ({'root': '/', 'spaces': ('mnt:[1]', 'user:[2]')}, inside(SSHD)),       # its mounts are others
    ({'root': '/elsewhere'}, inside(SSHD)),                                 # no ancestor tells
    (None, inside(SSHD)),
])
def test_one_that_has_changed_its_root_by_its_parent(proc, parent, expected):
    """The kernel shows only what is mounted below its root, and a container may have that of the host there."""
    if parent:
        proc.add(6, **dict({'spaces': PRIVATE}, **parent))
    proc.add(7, exe=SSHD, root='/host', parent=6, spaces=PRIVATE)
    assert get(proc) == expected


def test_ancestors_without_an_end(proc):
    proc.add(7, exe=SSHD, root='/host', parent=7, spaces=PRIVATE)
    assert get(proc) == inside(SSHD)


def test_a_name_that_is_no_text(proc):
    proc.add(7, exe=b'/opt/\xff', spaces=USERS)
    assert get(proc) == inside('/opt/\\xff')


def test_another_file_that_is_called_deleted(proc, tmp_path):
    """What runs is gone, and in its place is a file whose name ends as the kernel would write it."""
    path = tmp_path / 'x (deleted)'
    path.write_text('another')
    running = tmp_path / 'running'
    running.write_text('running')
    proc.add(7, exe=str(running))
    name = os.fsencode(str(path))
    assert executables.is_deleted(proc.path + '/7', name, LOCAL)
    proc.add(8, exe=str(path))
    assert not executables.is_deleted(proc.path + '/8', name, LOCAL)


@pytest.mark.parametrize('kind', [b'nfs4', b'fuse', b'autofs', b'9p'])
def test_no_file_is_touched_that_may_not_answer(proc, tmp_path, monkeypatch, kind):
    path = tmp_path / 'x (deleted)'
    path.write_text('')
    proc.add(7, exe=str(path))

    def touched(*dummy, **dummy2):
        raise AssertionError('a file was touched')
    for name in ('stat', 'lstat', 'open'):
        monkeypatch.setattr(os, name, touched)
    table = LOCAL + [(os.fsencode(str(tmp_path)), b'0:40', b'/', kind)]
    assert executables.is_deleted(proc.path + '/7', os.fsencode(str(path)), table)
