# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chroots, and network namespaces other than that of the host."""

import os

import pytest

from ansible_collections.listening.ports.plugins.module_utils._sockets import foreign, linux
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import new_gaps


OWN = 'net:[4026531840]'


class Tree:
    """A directory that looks like /proc, another one like /sys/class/net, and the devices of this network namespace."""

    def __init__(self, root):
        self.proc, self.sysfs, self.devices = root / 'proc', root / 'sys', ['lo']
        for directory in (self.proc / '1' / 'ns', self.proc / 'self' / 'ns', self.sysfs):
            directory.mkdir(parents=True)
        (self.proc / 'self' / 'stat').write_bytes(b'')
        (self.proc / 'self' / 'ns' / 'net').symlink_to(OWN)

    def first(self, root='/', net=OWN):
        """Have a process 1 with this root and this network namespace."""
        (self.proc / '1' / 'root').symlink_to(root)
        (self.proc / '1' / 'ns' / 'net').symlink_to(net)

    def mounted(self, names):
        """Have a sysfs that was mounted where these devices are."""
        (self.sysfs / 'bonding_masters').write_bytes(b'')
        for name in names:
            (self.sysfs / name).mkdir()

    def note(self):
        gaps = new_gaps()
        foreign.note(gaps, str(self.proc), str(self.sysfs), lambda: list(enumerate(self.devices, 1)))
        assert {gap['aspect'] for gap in gaps.found} <= {'sockets'}
        return [gap['code'] for gap in gaps.found]


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


@pytest.mark.parametrize('root, net, codes', [
    ('/', OWN, []),
    ('/proc', OWN, ['foreign_root']),
    ('/', 'net:[7]', ['foreign_network_namespace']),
    ('/proc', 'net:[7]', ['foreign_root', 'foreign_network_namespace']),
])
def test_note(tree, root, net, codes):
    tree.first(root, net)
    assert tree.note() == codes


def test_without_proc_it_is_not_known(tmp_path):
    # a build chroot where /proc is not mounted: netlink answers for the machine around it all the same
    gaps = new_gaps()
    foreign.note(gaps, str(tmp_path))
    assert [(gap['aspect'], gap['code']) for gap in gaps.found] == [('sockets', 'unknown_root')]


def test_where_process_1_is_not_to_be_seen_nothing_is_noted(tree):
    assert tree.note() == []


@pytest.mark.parametrize('root, net, expected', [
    ('/', 'own', True),
    ('/proc', 'own', False),
    ('/', 'other', False),
    ('/nowhere', 'own', False),
])
def test_at_home(tmp_path, root, net, expected):
    for name in ('1/ns', 'self/ns'):
        (tmp_path / name).mkdir(parents=True)
    for name in ('own', 'other'):
        (tmp_path / name).write_bytes(b'')
    (tmp_path / '1/root').symlink_to(root)
    (tmp_path / '1/ns/net').symlink_to(tmp_path / net)
    (tmp_path / 'self/ns/net').symlink_to(tmp_path / 'own')
    assert linux.at_home(str(tmp_path)) is expected


ROOT = b'22 1 8:1 / / rw - ext4 /dev/vda rw\n'
PROC = b'23 22 0:4 / /proc rw - proc proc rw\n'


@pytest.mark.parametrize('mounts, names, devices, codes', [
    (PROC + ROOT, ['lo', 'eth0'], ['lo', 'eth0'], []),
    (PROC + ROOT, ['lo', 'eth0', 'veth1'], ['lo', 'eth0', 'veth2'], []),         # those of containers come and go
    (PROC + ROOT, ['lo', 'eth0'], ['lo'], ['foreign_network_namespace']),
    (PROC + ROOT, ['lo', 'eth0'], ['lo', 'eth1'], ['foreign_network_namespace']),
    # sysfs of a container without a network
    (PROC + ROOT, ['lo'], ['lo', 'eth0'], []),
    (PROC, ['lo'], ['lo'], ['foreign_root']),
    (PROC, ['lo', 'eth0'], ['lo'], ['foreign_root', 'foreign_network_namespace']),
    (None, ['lo', 'eth0'], ['lo'], []),
    (b'garbage\n', ['lo'], ['lo'], []),
])
def test_what_shows_without_process_1(tree, monkeypatch, mounts, names, devices, codes):
    real = os.stat

    def stat(path, **options):
        if str(path).endswith('/proc/1/root'):
            raise PermissionError(13, 'Permission denied')
        return real(path, **options)
    tree.first()
    tree.mounted(names)
    tree.devices = devices
    if mounts:
        (tree.proc / 'self' / 'mountinfo').write_bytes(mounts)
    monkeypatch.setattr(os, 'stat', stat)
    assert tree.note() == codes
