# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding and entering other network namespaces; files stand in for them."""

import os
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._netlink import NetlinkError
from ansible_collections.listening.ports.plugins.module_utils._sockets import namespaces
from ansible_collections.listening.ports.plugins.module_utils._sockets.base import Socket
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    Link, attribute, done, error, gaps_of, message, new_gaps
)

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

    def thread(self, pid, thread, space):
        directory = '%s/%s/task/%s' % (self.proc, pid, thread)
        os.makedirs(directory + '/ns')
        os.symlink(self.space(space), directory + '/ns/net')

    def descriptor(self, pid, number, target):
        os.makedirs('%s/%s/fd' % (self.proc, pid), exist_ok=True)
        os.symlink(target, '%s/%s/fd/%d' % (self.proc, pid, number))

    def mounts(self, pid, lines, view='mnt:[1]', root='/'):
        base = '%s/%s' % (self.proc, pid)
        os.symlink(view, base + '/ns/mnt')
        os.symlink(root, base + '/root')
        with open(base + '/mountinfo', 'w') as stream:
            stream.write('21 1 8:1 / / rw - ext4 /dev/sda1 rw\n' + lines)

    def mounted(self, space, point):
        """A line of mountinfo."""
        return '30 21 0:4 net:[%d] %s rw - nsfs nsfs rw\n' % (self.inode(space), point)

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


def test_of_a_thread(tree):
    tree.process(20, 'host')
    tree.thread(20, 20, 'host')
    tree.thread(20, 21, 'blue')
    tree.process(30, 'red', '/docker/' + ID)
    tree.thread(30, 30, 'red')
    tree.thread(30, 33, 'green')
    assert tree.discover()[0] == {
        'net:[%d]' % tree.inode('blue'): (tree.proc + '/20/task/21/ns/net', '20/task/21'),
        'docker:ab12ab12ab12': (tree.proc + '/30/ns/net', '30'),
        'net:[%d]' % tree.inode('green'): (tree.proc + '/30/task/33/ns/net', '30/task/33')}


def test_a_process_in_it_comes_before_a_thread(tree):
    tree.process(20, 'host')
    tree.thread(20, 20, 'host')
    tree.thread(20, 21, 'blue')
    tree.process(90, 'blue')
    assert list(tree.discover()[0].values()) == [(tree.proc + '/90/ns/net', '90')]


def test_held_by_a_descriptor(tree):
    tree.process(20, 'host')
    for number, target in enumerate(['socket:[5]', '/dev/null', 'net:[%d]' % tree.inode('host'), 'mnt:[7]', 'net:[x]',
                                     'net:[%d]' % tree.inode('blue'), '/tmp/net:[9]']):
        tree.descriptor(20, number, target)
    tree.process(21, 'host', '/docker/' + ID)
    tree.descriptor(21, 3, 'net:[%d]' % tree.inode('red'))
    tree.descriptor(21, 4, 'net:[%d]' % tree.inode('blue'))
    assert tree.discover()[0] == {
        'net:[%d]' % tree.inode('blue'): (tree.proc + '/20/fd/5', None),
        'docker:ab12ab12ab12': (tree.proc + '/21/fd/3', None)}


def test_held_by_a_mount(tree):
    tree.mounts('self', tree.mounted('host', '/a') + tree.mounted('blue', '/run/cni/b\\040c'))
    tree.process(20, 'host')
    tree.mounts(20, tree.mounted('blue', '/run/cni/b\\040c') + tree.mounted('red', '/run/red'), 'mnt:[2]')
    tree.process(21, 'host')
    tree.mounts(21, tree.mounted('green', '/green'), 'mnt:[2]', '/chroot')
    tree.process(22, 'host')
    tree.mounts(22, tree.mounted('not looked at, as it is a view that is known', '/x'), 'mnt:[2]')
    spaces, gaps = tree.discover()
    assert spaces == {
        '/run/cni/b c': ('/run/cni/b c', None),
        'net:[%d]' % tree.inode('red'): (tree.proc + '/20/root/run/red', None),
        'net:[%d]' % tree.inode('green'): (tree.proc + '/21/root/green', None)}
    assert gaps.found == []


@pytest.mark.parametrize('kind', ['nfs4', 'fuse', 'autofs'])
def test_held_by_a_mount_behind_a_file_system_that_may_not_answer(tree, kind):
    tree.mounts('self', '')
    tree.process(20, 'host')
    tree.mounts(20, '25 21 0:9 / /srv rw - %s server rw\n' % kind + tree.mounted('blue', '/srv/blue'), 'mnt:[2]')
    spaces, gaps = tree.discover()
    assert spaces == {} and list(gaps_of(gaps)) == [('namespaces', 'unreadable')]
    assert 'net:[%d]' % tree.inode('blue') in gaps.found[0]['message']


RTM_NEWNSID = 88


def numbered(*numbers):
    """What the kernel answers: a message for each number of a namespace."""
    return [message(RTM_NEWNSID, b'\0' * 4 + attribute(1, struct.pack('=i', number))) for number in numbers]


class Numbers(Link):
    """A kernel that has numbers for namespaces.

    :param known: list of int; ``by_path``, dict of path to the number of what it opens.
    """

    def __init__(self, known, by_path):
        Link.__init__(self)
        self.known, self.by_path = known, by_path

    def answer(self, question):
        kind, flags = struct.unpack_from('=HH', question, 4)
        assert kind == 90
        if flags & 0x300:
            return [*numbered(*self.known), done()]
        assert flags == 5 and struct.unpack_from('=HH', question, 20) == (8, 3)
        path = os.readlink('/proc/self/fd/%d' % struct.unpack_from('=I', question, 24)[0])
        return [*numbered(self.by_path.get(path, -1)), error(0)]


@pytest.fixture
def machine(tree):
    """The root of proc(5) on a machine that is in no container."""
    os.symlink('pid:[4026531836]', tree.proc + '/self/ns/pid')
    return tree.proc


def test_in_a_container_a_number_may_be_that_of_the_machine_around_it(tree):
    os.symlink('pid:[4026532999]', tree.proc + '/self/ns/pid')
    assert namespaces.unlisted([], lambda protocol: Numbers([0], {}), tree.proc) == 0


@pytest.mark.parametrize('known, missing', [([], 0), ([0], 0), ([0, 1], 0), ([0, 1, 2], 1), ([5, 6], 2)])
def test_namespaces_that_only_have_a_number(tmp_path, machine, known, missing):
    paths = [str(tmp_path / name) for name in ('a', 'b', 'c')]
    for path in paths:
        with open(path, 'w'):
            pass
    link = Numbers(known, {paths[0]: 0, paths[1]: 1})
    assert namespaces.unlisted([*paths, str(tmp_path / 'gone')], lambda protocol: link, machine) == missing
    assert link.closed


@pytest.mark.parametrize('answer', [[error(95)], [PermissionError(1, 'Operation not permitted')],
                                    [message(RTM_NEWNSID, b'\0' * 4 + attribute(1, b'x')), done()]])
def test_a_kernel_that_has_no_numbers(machine, answer):
    assert namespaces.unlisted([], lambda protocol: Link(answer), machine) == 0


def test_netlink_that_is_refused_gives_no_numbers(machine):
    def refuse(dummy):
        raise NetlinkError('netlink was refused')
    assert namespaces.unlisted([], refuse, machine) == 0


def test_collect_says_that_some_are_not_listed():
    gaps, asked = new_gaps(), []

    def count(paths):
        asked.append(list(paths))
        return 2
    namespaces.collect(Reader(), gaps, lambda gaps: {'blue': ('/proc/self/ns/net', '20')}, lambda path: Visit(None),
                       count)
    assert asked == [['/proc/self/ns/net']] and gaps_of(gaps) == {('namespaces', 'unlisted'): 2}


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
        reader, gaps, lambda gaps: {'blue': ('/proc/self/ns/net', pid)}, lambda path: Visit(refused), lambda paths: 0)
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
