# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chroots, and network namespaces other than that of the host."""

import errno
import os

import pytest

from ansible_collections.listening.ports.plugins.module_utils._sockets import foreign, linux
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import new_gaps, opener


class FakeOs:
    """What a process sees of process 1."""

    def __init__(self, root=None, net=None, uid=0):
        self.root = root or (1, 2)
        self.net = net or 'net:[4026531840]'
        self.geteuid = lambda: uid
        self.path = self

    def stat(self, path):
        if path == '/':
            return os.stat_result((0o755, 2, 1) + (0,) * 7)
        if isinstance(self.root, Exception):
            raise self.root
        assert path == '/proc/1/root'
        return os.stat_result((0o755, self.root[1], self.root[0]) + (0,) * 7)

    def exists(self, path):
        assert path == '/proc/self/stat'
        return not isinstance(self.root, FileNotFoundError)

    def readlink(self, path):
        return {'/proc/1/ns/net': self.net, '/proc/self/ns/net': 'net:[4026531840]'}[path]


@pytest.mark.parametrize('seen, codes', [
    (FakeOs(), []),
    (FakeOs(root=(1, 3)), ['foreign_root']),
    (FakeOs(root=(2, 2)), ['foreign_root']),
    (FakeOs(net='net:[7]'), ['foreign_network_namespace']),
    (FakeOs(root=(9, 9), net='net:[7]'), ['foreign_root', 'foreign_network_namespace']),
    (FakeOs(root=PermissionError(errno.EACCES, 'denied'), uid=1000), []),       # without root that is as usual
])
def test_surroundings(monkeypatch, seen, codes):
    monkeypatch.setattr(foreign, 'os', seen)
    monkeypatch.setattr(foreign, '_guess', lambda gaps: None)
    gaps = new_gaps()
    foreign.note(gaps)
    assert [(gap['aspect'], gap['code']) for gap in gaps.found] == [('sockets', code) for code in codes]


def test_surroundings_without_proc_are_not_known(monkeypatch):
    # a build chroot where /proc is not mounted: netlink answers for the machine around it all the same
    monkeypatch.setattr(foreign, 'os', FakeOs(root=FileNotFoundError(errno.ENOENT, 'no such file')))
    gaps = new_gaps()
    foreign.note(gaps)
    assert [gap['aspect'] for gap in gaps.found] == ['sockets']


@pytest.mark.parametrize('first, at_home', [
    ({}, True),
    ({'/proc/1/root': '/proc'}, False),
    ({'/proc/1/ns/net': '/proc/self/ns/uts'}, False),
    ({'/proc/1/root': '/nowhere'}, False),
])
def test_at_home(monkeypatch, first, at_home):
    real = os.stat
    same = {'/proc/1/root': '/', '/proc/1/ns/net': '/proc/self/ns/net'}
    monkeypatch.setattr(linux.os, 'stat', lambda path: real(dict(same, **first).get(path, path)))
    assert linux._at_home() is at_home


ROOT = b'22 1 8:1 / / rw - ext4 /dev/vda rw\n'
PROC = b'23 22 0:4 / /proc rw - proc proc rw\n'


@pytest.mark.parametrize('mounts, there, here, codes', [
    (PROC + ROOT, ['lo', 'eth0'], ['lo', 'eth0'], []),
    (PROC + ROOT, ['lo', 'eth0', 'veth1'], ['lo', 'eth0', 'veth2'], []),         # those of containers come and go
    (PROC + ROOT, ['lo', 'eth0'], ['lo'], ['foreign_network_namespace']),
    (PROC + ROOT, ['lo', 'eth0'], ['lo', 'eth1'], ['foreign_network_namespace']),
    (PROC + ROOT, ['lo'], ['lo', 'eth0'], []),                                   # sysfs of a container without a network
    (PROC, ['lo'], ['lo'], ['foreign_root']),
    (PROC, ['lo', 'eth0'], ['lo'], ['foreign_root', 'foreign_network_namespace']),
    (PermissionError(13, 'denied'), ['lo', 'eth0'], ['lo'], []),
    (b'garbage\n', ['lo'], ['lo'], []),
])
def test_what_shows_without_process_1(monkeypatch, mounts, there, here, codes):
    monkeypatch.setattr(foreign, 'open', opener({'/proc/self/mountinfo': mounts}), raising=False)
    monkeypatch.setattr(foreign.os, 'listdir', lambda path: there + ['bonding_masters'])
    monkeypatch.setattr(foreign.os.path, 'isdir', lambda path: not path.endswith('bonding_masters'))
    monkeypatch.setattr(foreign.socket, 'if_nameindex', lambda: list(enumerate(here, 1)))
    gaps = new_gaps()
    foreign._guess(gaps)
    assert [(gap['aspect'], gap['code']) for gap in gaps.found] == [('sockets', code) for code in codes]
