# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is mounted for a process, in lines as the kernel writes them, and files that are reached without a risk."""

import os

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _mounts

MOUNTINFO = rb'''21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /proc rw,nosuid shared:2 master:7 - proc proc rw
23 21 0:40 /data /srv/a\040b\134c rw - nfs4 server:/data rw,hard
24 21 8:1 /home/alice/backdoor /usr/sbin/sshd rw - ext4 /dev/sda1 rw
25 21 0:41 / /srv/a\040b\134c/local rw - tmpfs tmpfs rw
26 21 0:42 / /usr/lib rw - tmpfs tmpfs rw
27 26 8:2 /lib /usr/lib rw - xfs /dev/sdb rw
'''


@pytest.fixture
def mounts(tmp_path):
    (tmp_path / 'mountinfo').write_bytes(MOUNTINFO)
    return _mounts.read(str(tmp_path))


def test_read(mounts):
    assert mounts[0] == (b'/', b'8:1', b'/', b'ext4')
    assert mounts[2] == (b'/srv/a b\\c', b'0:40', b'/data', b'nfs4')
    assert len(mounts) == 7


@pytest.mark.parametrize('content', [b'', b'garbage\n', b'21 1 8:1 / / rw ext4\n', None])
def test_read_nothing(tmp_path, content):
    if content is not None:
        (tmp_path / 'mountinfo').write_bytes(content)
    assert _mounts.read(str(tmp_path)) == []


@pytest.mark.parametrize('path, place', [
    (b'/usr/bin/python3', (b'8:1', b'/usr/bin/python3')),
    (b'/usr/sbin/sshd', (b'8:1', b'/home/alice/backdoor')),
    (b'/usr/sbin/sshd.real', (b'8:1', b'/usr/sbin/sshd.real')),
    (b'/srv/a b\\c/x', (b'0:40', b'/data/x')),
    (b'/srv/a b', (b'8:1', b'/srv/a b')),
    (b'/usr/lib/x', (b'8:2', b'/lib/x')),               # the later one lies over the other
])
def test_place(mounts, path, place):
    assert _mounts.place(mounts, path) == place


def test_place_of_nothing(mounts):
    assert _mounts.place([], b'/x') is None
    assert _mounts.place(mounts[1:2], b'/x') is None


@pytest.mark.parametrize('path, local', [
    (b'/usr/sbin/sshd', True), (b'/srv/x', True), (b'/srv/a b\\c/x', False), (b'/srv/a b\\c', False),
    (b'/srv/a b\\c/local/x', False),                    # the way to it leads through the other
    (b'/proc/1/exe', False), (b'/usr/lib/x', True),
])
def test_is_local(mounts, path, local):
    assert _mounts.is_local(mounts, path) is local


@pytest.mark.parametrize('kind', ['nfs', 'nfs4', 'cifs', 'fuse', 'fuse.sshfs', 'fuseblk', '9p', 'ceph', 'autofs', 'afs',
                                  'virtiofs', 'glusterfs', 'a-new-one'])
def test_only_what_is_known_to_answer_is_local(kind):
    assert not _mounts.is_local([(b'/', b'8:1', b'/', b'ext4'), (b'/mnt', b'0:9', b'/', kind.encode())], b'/mnt/x')


LOCAL = [(b'/', b'8:1', b'/', b'ext4')]


def test_reach(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'x').write_text('')
    handle = _mounts.reach(LOCAL, os.fsencode(str(tmp_path / 'a' / 'x')))
    assert os.path.samestat(os.fstat(handle), os.stat(str(tmp_path / 'a' / 'x')))
    os.close(handle)
    handle = _mounts.reach(LOCAL, b'/a/x', str(tmp_path))
    assert os.path.samestat(os.fstat(handle), os.stat(str(tmp_path / 'a' / 'x')))
    os.close(handle)


def test_reach_follows_no_link(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'x').write_text('')
    os.symlink(str(tmp_path / 'a'), str(tmp_path / 'link'))
    os.symlink(str(tmp_path / 'a' / 'x'), str(tmp_path / 'a' / 'other'))
    with pytest.raises(OSError):
        _mounts.reach(LOCAL, os.fsencode(str(tmp_path / 'link' / 'x')))
    handle = _mounts.reach(LOCAL, os.fsencode(str(tmp_path / 'a' / 'other')))
    assert os.fstat(handle).st_ino == os.lstat(str(tmp_path / 'a' / 'other')).st_ino
    os.close(handle)


@pytest.mark.parametrize('mounts', [[], [(b'/', b'0:40', b'/', b'nfs4')]])
def test_reach_touches_nothing_that_may_not_answer(tmp_path, monkeypatch, mounts):
    def touched(*dummy, **dummy2):
        raise AssertionError('a file was touched')
    monkeypatch.setattr(os, 'open', touched)
    with pytest.raises(OSError):
        _mounts.reach(mounts, b'/x')


def test_reach_leaves_nothing_open(tmp_path):
    before = sorted(os.listdir('/proc/self/fd'))
    for path in (b'/nowhere/x', b'/a'):
        with pytest.raises(OSError):
            _mounts.reach(LOCAL, path, str(tmp_path))
    assert sorted(os.listdir('/proc/self/fd')) == before
