# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding and entering other network namespaces; files stand in for them."""

import os

import pytest

from ansible_collections.listening.ports.plugins.module_utils._netlink import NetlinkError
from ansible_collections.listening.ports.plugins.module_utils._sockets import namespaces
from ansible_collections.listening.ports.plugins.module_utils._sockets.base import Socket
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import Link, gaps_of, new_gaps

ID = 'ab12' * 16


class Tree:
    """/proc and the directories of named namespaces."""

    def __init__(self, root):
        self.root = root
        self.proc = str(root / 'proc')
        self.named = [str(root / 'netns'), str(root / 'docker')]
        (root / 'spaces').mkdir()
        self.process('self', 'host')

    def space(self, name):
        path = self.root / 'spaces' / name
        path.touch()
        return str(path)

    def inode(self, name):
        return os.stat(self.space(name)).st_ino

    def process(self, pid, space, cgroup=None):
        directory = '%s/%s' % (self.proc, pid)
        os.makedirs(directory + '/ns')
        os.symlink(self.space(space), directory + '/ns/net')
        if cgroup:
            with open(directory + '/cgroup', 'w') as stream:
                stream.write('0::%s\n' % cgroup)

    def name(self, directory, name, target):
        os.makedirs(self.named[directory], exist_ok=True)
        os.symlink(target, '%s/%s' % (self.named[directory], name))

    def discover(self, root=True):
        gaps = new_gaps(root)
        return namespaces.discover(gaps, self.proc, self.named), gaps


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def test_none_but_that_of_this_process(tree):
    tree.process(1, 'host')
    tree.process(2, 'host')
    tree.name(0, 'host', tree.space('host'))
    spaces, gaps = tree.discover()
    assert spaces == {} and gaps.found == []


def test_named_without_a_process(tree):
    tree.name(0, 'blue', tree.space('blue'))
    tree.name(1, 'red', tree.space('red'))
    assert tree.discover()[0] == {
        tree.named[0] + '/blue': (tree.named[0] + '/blue', None),
        tree.named[1] + '/red': (tree.named[1] + '/red', None)}


def test_named_with_a_process(tree):
    tree.name(0, 'blue', tree.space('blue'))
    tree.process(20, 'blue')
    tree.process(3, 'blue')
    assert tree.discover()[0] == {tree.named[0] + '/blue': (tree.named[0] + '/blue', '3')}


def test_called_by_its_container(tree):
    tree.process(20, 'blue', '/docker/' + ID)
    tree.process(100, 'blue', '/docker/' + ID)
    tree.name(1, 'red', tree.space('red'))
    tree.process(30, 'red', '/system.slice/docker-%s.scope' % ('c' * 64))
    assert tree.discover()[0] == {
        'docker:ab12ab12ab12': (tree.proc + '/20/ns/net', '20'),
        'docker:cccccccccccc': (tree.named[1] + '/red', '30')}


def test_called_by_its_inode(tree):
    tree.process(20, 'blue')
    assert tree.discover()[0] == {'net:[%d]' % tree.inode('blue'): (tree.proc + '/20/ns/net', '20')}


def test_two_of_one_container_are_both_there(tree):
    tree.process(20, 'blue', '/docker/' + ID)
    tree.process(21, 'red', '/docker/' + ID)
    spaces, dummy = tree.discover()
    assert sorted(spaces.values()) == [(tree.proc + '/20/ns/net', '20'), (tree.proc + '/21/ns/net', '21')]
    assert sorted(spaces) == ['docker:ab12ab12ab12', 'docker:ab12ab12ab12 net:[%d]' % tree.inode('red')]


def test_two_named_ones_of_one_container_are_both_there(tree):
    # as with network agents that run in a container and keep a namespace for each network
    for name, pid in (('blue', 20), ('red', 21)):
        tree.name(0, name, tree.space(name))
        tree.process(pid, name, '/docker/' + ID)
    spaces, dummy = tree.discover()
    assert sorted(spaces.values()) == [(tree.named[0] + '/blue', '20'), (tree.named[0] + '/red', '21')]


def test_one_with_two_names_is_there_once(tree):
    tree.name(0, 'blue', tree.space('blue'))
    tree.name(1, 'alias', tree.space('blue'))
    assert list(tree.discover()[0]) == [tree.named[0] + '/blue']


def test_a_plain_file_is_no_namespace(tree):
    tree.name(0, 'left-over', '/proc/version')              # of another file system than the namespaces
    assert tree.discover()[0] == {}


def test_a_name_that_is_no_text(tree):
    tree.name(0, os.fsdecode(b'bl\xffe'), tree.space('blue'))
    assert list(tree.discover()[0]) == [tree.named[0] + '/bl\\xffe']


def test_processes_that_have_ended_are_passed_over(tree):
    os.makedirs(tree.proc + '/77')
    spaces, gaps = tree.discover()
    assert spaces == {} and gaps.found == []


def deny(monkeypatch, name, *ends):
    original = getattr(os, name)

    def denied(path, *arguments, **options):
        if str(path).endswith(ends):
            raise PermissionError(13, 'Permission denied')
        return original(path, *arguments, **options)

    monkeypatch.setattr(os, name, denied)


@pytest.mark.parametrize('root, hint', [(True, 'CAP_SYS_PTRACE'), (False, 'become')])
def test_processes_that_do_not_tell_are_counted(tree, monkeypatch, root, hint):
    tree.process(20, 'blue')
    tree.process(21, 'red')
    tree.process(22, 'host')
    deny(monkeypatch, 'stat', '/20/ns/net', '/21/ns/net')
    spaces, gaps = tree.discover(root)
    assert spaces == {} and gaps_of(gaps) == {('namespaces', 'hidden'): 2}
    assert gaps.found[0]['hint'] == hint


@pytest.mark.parametrize('function, end', [('listdir', '/netns'), ('stat', '/netns/blue')])
def test_names_that_cannot_be_read_are_a_gap(tree, monkeypatch, function, end):
    tree.name(0, 'blue', tree.space('blue'))
    tree.name(1, 'red', tree.space('red'))
    deny(monkeypatch, function, end)
    spaces, gaps = tree.discover()
    assert list(spaces) == [tree.named[1] + '/red']
    assert list(gaps_of(gaps)) == [('namespaces', 'unreadable')]


def test_collect_without_proc_is_a_gap():
    def fail(gaps):
        raise FileNotFoundError(2, 'No such file or directory')
    gaps = new_gaps()
    assert namespaces.collect(None, gaps, fail) == []
    assert list(gaps_of(gaps)) == [('namespaces', 'unreadable')]


class Visit:
    """Instead of a thread that goes into the namespace."""

    def __init__(self, refused):
        self.refused = refused
        self.error = self.link = self.probe = None

    def start(self):
        self.error = self.refused
        if not self.error:
            self.link, self.probe = Link(), Link()

    def join(self):
        assert self.link or self.error


class Reader:
    """Notes how it is asked to read, and finds one socket each time."""

    def __init__(self, collector='auto'):
        self.collector = collector
        self.calls = []

    def read(self, link, names=None, tables='/proc/self/net', aspect='sockets'):
        self.calls.append((link is not None, tables, aspect))
        if link:
            assert not link.closed
            self.link = link
        return [Socket('tcp', b'\0\0\0\0', 80)]


@pytest.mark.parametrize('refused, collector, pid, calls', [
    (None, 'auto', '20', [(True, '/proc/20/net', 'namespaces')]),
    (None, 'netlink', '20', [(True, '/proc/20/net', 'namespaces')]),
    (None, 'auto', None, [(True, '/proc/self/net', 'namespaces')]),
    (None, 'procfs', '20', [(False, '/proc/20/net', 'namespaces')]),
    ('Operation not permitted', 'auto', '20', [(False, '/proc/20/net', 'namespaces')]),
    (None, 'procfs', None, []),
    ('Operation not permitted', 'auto', None, []),
])
def test_collect(refused, collector, pid, calls):
    reader, gaps = Reader(collector), new_gaps()
    sockets = namespaces.collect(
        reader, gaps, lambda gaps: {'blue': ('/proc/self/ns/net', pid)}, lambda path: Visit(refused))
    assert reader.calls == calls
    assert [sock.namespace for sock in sockets] == ['blue'] * len(calls)
    assert list(gaps_of(gaps)) == ([] if calls else [('namespaces', 'refused')])
    for gap in gaps.found:
        assert 'blue' in gap['message'] and (refused or 'procfs') in gap['message']
    assert not hasattr(reader, 'link') or reader.link.closed


@pytest.mark.parametrize('path', ['/proc/self/ns/mnt', '/nowhere', '/dev/null'])
def test_a_visit_that_fails_tells_why(path):
    visit = namespaces.Visit(path)
    visit.start()
    visit.join()
    assert visit.error and visit.link is None


def test_a_visit_where_netlink_is_refused_tells_why():
    def refuse():
        raise NetlinkError('netlink was refused')
    visit = namespaces.Visit('/proc/self/ns/net', lambda handle: None, refuse)
    visit.start()
    visit.join()
    assert visit.link is None and visit.error == 'netlink was refused'
    visit.probe.close()


def test_device_name():
    with namespaces.socket.socket(namespaces.socket.AF_UNIX, namespaces.socket.SOCK_DGRAM) as probe:
        assert namespaces.device_name(probe, namespaces.socket.if_nametoindex('lo')) == 'lo'
        with pytest.raises(OSError):
            namespaces.device_name(probe, 2 ** 30)
