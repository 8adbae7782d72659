# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Animals in other network namespaces: named, anonymous, a container's, and one without any process."""

import os
import subprocess
import threading

from zoo import linux
from zoo.den import DEN, NOBODY
from zoo.network import RUN, datagram, stream
from zoo.truth import BOTH, IPV4, IPV6, listener, waiting

_QUEUE = waiting(16)
_CONTAINER = '0::/system.slice/docker-fedcba987654%s.scope\n' % (52 * '0')
HOSTILE = b'/run/netns/b\xff {{ 7*7 }}\n'


def _ip(*arguments):
    subprocess.run(('ip',) + arguments, check=True)


def _inode(pid):
    return os.stat('/proc/%d/ns/net' % pid).st_ino


def own():
    """The same endpoints in this namespace: the others must not be taken for them."""
    animal = DEN.spawn(lambda kit: kit.keep(stream('0.0.0.0', 80)) and None)
    return [listener('tcp', '0.0.0.0', 80, [animal], IPV4, 'any', backlog=_QUEUE)]


def named():
    """As ``ip netns`` makes it; its devices have the numbers that other devices have outside."""
    _ip('netns', 'add', 'blue')
    _ip('-n', 'blue', 'link', 'add', 'inner0', 'type', 'veth', 'peer', 'name', 'inner1')

    def setup(kit):
        linux.enter_network('/run/netns/blue')
        kit.keep(stream('0.0.0.0', 80), stream('0.0.0.0', 81, device='inner0'), datagram('::', 53, v6only=True))
    animal = DEN.spawn(setup)
    where = '/run/netns/blue'
    return [
        listener('tcp', '0.0.0.0', 80, [animal], IPV4, 'any', backlog=_QUEUE, namespace=where),
        listener('tcp', '0.0.0.0', 81, [animal], IPV4, 'any', backlog=_QUEUE, namespace=where, interface='inner0'),
        listener('udp', '::', 53, [animal], IPV6, 'any', namespace=where),
    ]


def named_without_a_process():
    """Nothing of it is in /proc; only entering it tells."""
    _ip('netns', 'add', 'void')
    _ip('-n', 'void', 'link', 'add', 'vx1', 'type', 'vxlan', 'id', '7', 'dstport', '4790')
    _ip('-n', 'void', 'link', 'set', 'vx1', 'up')
    return [listener('udp', '0.0.0.0', 4790, [], IPV4, 'any', namespace='/run/netns/void', held_by='unknown')]


def _leave(make, **options):
    def setup(kit):
        linux.unshare(linux.CLONE_NEWNET)
        subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
        make(kit)
    return DEN.spawn(setup, **options)


def anonymous():
    """Two processes in a namespace that has no name."""
    def setup(kit):
        kit.keep(stream('127.0.0.1', 80), stream('::', 82, v6only=False))
    first = _leave(setup)

    def join(kit):
        linux.enter_network('/proc/%d/ns/net' % first.pid)
        kit.keep(stream('127.0.0.1', 83))
    second = DEN.spawn(join)
    where = 'net:[%d]' % _inode(first.pid)
    return [
        listener('tcp', '127.0.0.1', 80, [first], IPV4, 'loopback', backlog=_QUEUE, namespace=where),
        listener('tcp', '::', 82, [first], BOTH, 'any', backlog=_QUEUE, namespace=where),
        listener('tcp', '127.0.0.1', 83, [second], IPV4, 'loopback', backlog=_QUEUE, namespace=where),
    ]


def anonymous_of_a_user():
    """In it all belongs to nobody, who may not enter it all the same."""
    animal = _leave(lambda kit: kit.keep(stream('127.0.0.1', 84)) and None, drop_to=NOBODY)
    where = 'net:[%d]' % _inode(animal.pid)
    return [listener('tcp', '127.0.0.1', 84, [animal], IPV4, 'loopback', backlog=_QUEUE, namespace=where)]


def of_a_container():
    """Named by what runs in it."""
    animal = _leave(lambda kit: kit.keep(stream('0.0.0.0', 80)) and None)
    path = RUN + '/container'
    with open(path, 'w', encoding='ascii') as text:
        text.write(_CONTAINER)
    linux.mount(path, '/proc/%d/cgroup' % animal.pid, flags=linux.MS_BIND)
    animal.truth.update(unit=_CONTAINER.strip().rpartition('/')[2], container='docker:fedcba987654')
    return [listener('tcp', '0.0.0.0', 80, [animal], IPV4, 'any', backlog=_QUEUE, namespace='docker:fedcba987654')]


def of_a_thread():
    """A thread of a process may be elsewhere than its first one."""
    def setup(kit):
        inode = []

        def leave():
            linux.unshare(linux.CLONE_NEWNET)
            kit.keep(stream('0.0.0.0', 86))
            inode.append(os.stat('/proc/thread-self/ns/net').st_ino)
            made.set()
            threading.Event().wait()
        made = threading.Event()
        threading.Thread(target=leave, daemon=True).start()
        made.wait()
        return inode[0]
    animal = DEN.spawn(setup)
    return [listener('tcp', '0.0.0.0', 86, [animal], IPV4, 'any', backlog=_QUEUE,
                     namespace='net:[%d]' % animal.result)]


def _visit(port, hold):
    """A process that has come back from a namespace, with a socket of there and something that holds it."""
    def setup(kit):
        linux.private_mounts()
        linux.unshare(linux.CLONE_NEWNET)
        kit.keep(stream('0.0.0.0', port), hold())
        inode = os.stat('/proc/self/ns/net').st_ino
        linux.enter_network('/proc/1/ns/net')
        return inode
    return DEN.spawn(setup)


def held_by_a_file_descriptor():
    animal = _visit(87, lambda: os.open('/proc/self/ns/net', os.O_RDONLY))
    return [listener('tcp', '0.0.0.0', 87, [animal], IPV4, 'any', backlog=_QUEUE,
                     namespace='net:[%d]' % animal.result)]


def _mount(path):
    with open(path, 'wb'):
        linux.mount('/proc/self/ns/net', path, flags=linux.MS_BIND)


def held_by_a_mount_that_others_do_not_see():
    animal = _visit(88, lambda: _mount(RUN + '/a mount'))
    return [listener('tcp', '0.0.0.0', 88, [animal], IPV4, 'any', backlog=_QUEUE,
                     namespace='net:[%d]' % animal.result)]


def held_by_a_mount_anywhere():
    path = RUN + '/another mount'

    def setup(kit):
        linux.unshare(linux.CLONE_NEWNET)
        kit.keep(stream('0.0.0.0', 89))
        _mount(path)
        linux.enter_network('/proc/1/ns/net')
    return [listener('tcp', '0.0.0.0', 89, [DEN.spawn(setup)], IPV4, 'any', backlog=_QUEUE, namespace=path)]


def with_a_hostile_name():
    animal = _leave(lambda kit: kit.keep(stream('127.0.0.1', 85)) and None)
    with open(HOSTILE, 'wb'):
        linux.mount('/proc/%d/ns/net' % animal.pid, os.fsdecode(HOSTILE), flags=linux.MS_BIND)
    where = HOSTILE.decode('utf-8', 'backslashreplace')
    return [listener('tcp', '127.0.0.1', 85, [animal], IPV4, 'loopback', backlog=_QUEUE, namespace=where)]


def not_a_namespace():
    """A file of that directory that is none, as ``ip netns`` leaves it behind when it is killed."""
    with open('/run/netns/left', 'wb'):
        return []
