# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Animals that differ by their processes: names, users, executables, and how many hold a socket."""

import array
import os
import shutil
import socket
import threading

from zoo import linux
from zoo.den import DEN, NOBODY
from zoo.network import RUN, datagram, stream
from zoo.truth import IPV4, listener, one_of, waiting

_QUEUE = waiting(16)
NAMES = (
    (b'two words', 'two words'),
    (b'"quoted" \'too\'', '"quoted" \'too\''),
    (b'a) S 1 (b', 'a) S 1 (b'),
    (b'((', '(('),
    (b'line\nbreak', 'line\nbreak'),
    (b'\x1b[31mred\x1b[0m', '\x1b[31mred\x1b[0m'),
    (b'bad \xff\xfe utf8', 'bad \\xff\\xfe utf8'),
    (b'cut \xe2\x82', 'cut \\xe2\\x82'),
    ('gr\u00fc\u00dfe \u2713'.encode(), 'gr\u00fc\u00dfe \u2713'),
    (b'{{ 7*7 }}', '{{ 7*7 }}'),
    (b'back\\slash', 'back\\slash'),
    (b'\\n', '\\n'),
    (b'\t', '\t'),
    (b' ', ' '),
    (b'', ''),
    (b'fifteen chars x', 'fifteen chars x'),
)


def _tcp(port, animals, **known):
    return listener('tcp', '127.0.0.1', port, animals, IPV4, 'loopback', backlog=_QUEUE, **known)


def _open(port, **options):
    return lambda kit: kit.keep(stream('127.0.0.1', port, **options)) and None


def names():
    return [_tcp(3100 + number, [DEN.spawn(_open(3100 + number), name=name, shown=shown)])
            for number, (name, shown) in enumerate(NAMES)]


def renamed():
    """A process may call itself something else at any time."""
    def setup(kit):
        kit.keep(stream('127.0.0.1', 3001))
        linux.set_name(b'before')
        linux.set_name(b'after')
    return [_tcp(3001, [DEN.spawn(setup, name=b'first', shown='after')])]


def prefork():
    """33 holders of one socket."""
    return [_tcp(3002, DEN.share([stream('127.0.0.1', 3002)], 33))]


def crowd():
    """More holders than are listed."""
    return [_tcp(3003, DEN.share([stream('127.0.0.1', 3003)], 70))]


def prefork_with_a_dead_worker():
    """A child that has ended and was not waited for yet holds nothing."""
    def setup(kit):
        kit.keep(stream('127.0.0.1', 3004))
        if not os.fork():
            os._exit(0)
    return [_tcp(3004, [DEN.spawn(setup)])]


def _pass_on(kept):
    """Two animals, the first of which opens a socket and sends it to the second; maybe it keeps it as well."""
    ours, theirs = socket.socketpair()

    def send(kit):
        made = stream('127.0.0.1', 3005 + kept)
        ours.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [made.fileno()]))])
        if kept:
            kit.keep(made)
        else:
            made.close()

    def receive(kit):
        data = theirs.recvmsg(1, socket.CMSG_SPACE(4))[1][0][2]
        kit.keep(socket.socket(fileno=array.array('i', data)[0]))
    animals = [DEN.spawn(send), DEN.spawn(receive, name=b'receiver', uid=NOBODY)]
    ours.close()
    theirs.close()
    return animals


def passed_over_a_unix_socket():
    """Root opened it, nobody holds it."""
    return [_tcp(3005, _pass_on(False)[1:])]


def passed_and_kept():
    return [_tcp(3006, _pass_on(True))]


def unprivileged_owner():
    """One that its own user may look into, and one that has dropped root and may not be looked into."""
    return [
        _tcp(3007, [DEN.spawn(_open(3007), uid=NOBODY)], socket_uid=NOBODY),
        _tcp(3008, [DEN.spawn(_open(3008), drop_to=NOBODY, dumpable=False)]),
    ]


def user_without_a_name():
    return [_tcp(3009, [DEN.spawn(_open(3009), uid=54321)], socket_uid=54321)]


def privileged_and_unprivileged():
    """The master is root's, its workers are nobody's: two of those may be looked into by nobody, one not."""
    shared = stream('127.0.0.1', 3010)
    try:
        animals = [DEN.spawn(lambda kit: kit.keep(shared) and None, drop_to=user, dumpable=open_to_all)
                   for user, open_to_all in ((None, True), (NOBODY, True), (NOBODY, True), (NOBODY, False))]
    finally:
        shared.close()
    return [_tcp(3010, animals)]


def group_of_two_users():
    """A SO_REUSEPORT group needs one user at bind(2), one of its processes may drop root later."""
    animals = [DEN.spawn(_open(3011, reuse=True)), DEN.spawn(_open(3011, reuse=True), drop_to=NOBODY)]
    return [_tcp(3011, animals, sockets=[[animal] for animal in animals])]


def threads():
    """Nine threads are one owner."""
    def setup(kit):
        kit.keep(stream('127.0.0.1', 3012))
        for dummy in range(8):
            threading.Thread(target=threading.Event().wait, daemon=True).start()
    return [_tcp(3012, [DEN.spawn(setup)])]


def thread_with_own_files():
    """A socket that is open in one thread only."""
    def setup(kit):
        def run():
            linux.unshare(linux.CLONE_FILES)
            kit.keep(stream('127.0.0.1', 3013))
            ready.set()
            threading.Event().wait()
        ready = threading.Event()
        threading.Thread(target=run, daemon=True).start()
        if not ready.wait(5):
            raise RuntimeError('the thread has failed')
    return [_tcp(3013, [DEN.spawn(setup)])]


def leader_gone():
    """The first thread of a process has ended, the others hold the socket: the process looks like a zombie."""
    def setup(kit):
        kit.keep(stream('127.0.0.1', 3014))
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        kit.on('leave', linux.leave_thread)
    animal = DEN.spawn(setup)
    animal.leave('leave')
    # nothing is left that /proc/<pid>/exe could be a link to
    animal.truth['exe'] = one_of(None, animal.truth['exe'])
    animal.truth['exe_deleted'] = one_of(None, False)
    return [_tcp(3014, [animal])]


def many_sockets_of_one():
    """One process, many listeners: the same owner in each."""
    def setup(kit):
        for port in range(3200, 3250):
            kit.keep(stream('127.0.0.1', port), datagram('127.0.0.1', port))
    animal = DEN.spawn(setup)
    return [record for port in range(3200, 3250) for record in (
        _tcp(port, [animal]), listener('udp', '127.0.0.1', port, [animal], IPV4, 'loopback'))]


def _program(directory, name):
    """A copy of sleep(1), which waits for ever as ``sleep infinity``."""
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, name)
    shutil.copy(os.path.realpath(shutil.which('sleep')), path)
    return path


def _run(port, path, **options):
    def setup(kit):
        kit.keep(stream('127.0.0.1', port)).set_inheritable(True)
    return DEN.spawn(setup, program=path, **options)


def deleted_executable():
    path = _program(RUN, 'deleted')
    animal = _run(3020, path)
    os.unlink(path)
    animal.truth.update(exe=path, exe_deleted=True)
    return [_tcp(3020, [animal])]


def upgraded_executable():
    """Another file is there now: what runs is still the old one."""
    path = _program(RUN, 'upgraded')
    animal = _run(3021, path)
    os.rename(_program(RUN, 'upgraded.new'), path)
    animal.truth.update(exe=path, exe_deleted=True)
    return [_tcp(3021, [animal])]


def executable_called_deleted():
    """It is there: "(deleted)" is its name."""
    path = _program(RUN, 'x (deleted)')
    return [_tcp(3022, [_run(3022, path)])]


def executable_with_a_hostile_path():
    path = _program(RUN + '/a b\n{{ 7*7 }}', os.fsdecode(b'bad\xff\x1b'))
    animal = _run(3023, path, shown='bad\\xff\x1b')
    animal.truth.update(exe=RUN + '/a b\n{{ 7*7 }}/bad\\xff\x1b')
    return [_tcp(3023, [animal])]


def executable_of_another_mount_namespace():
    """Its path is that of its own world, where it exists."""
    def setup(kit):
        linux.private_mounts()
        os.makedirs(RUN + '/world', exist_ok=True)
        linux.mount('tmpfs', RUN + '/world', 'tmpfs')
        _program(RUN + '/world', 'inside')
        kit.keep(stream('127.0.0.1', 3024)).set_inheritable(True)
    path = RUN + '/world/inside'
    animal = DEN.spawn(setup, program=path)
    animal.truth.update(exe=None, exe_inside=path)
    return [_tcp(3024, [animal])]


def executable_of_the_host_in_a_mount_namespace():
    """As systemd starts it with ``PrivateTmp=``: what it runs is the file of the host all the same, be it deleted."""
    def setup(port):
        def leave(kit):
            linux.private_mounts()
            linux.mount('tmpfs', '/tmp', 'tmpfs')
            kit.keep(stream('127.0.0.1', port)).set_inheritable(True)
        return leave
    path, gone = _program(RUN, 'private'), _program(RUN, 'gone')
    listeners = [_tcp(3025, [DEN.spawn(setup(3025), program=path)])]
    animal = DEN.spawn(setup(3026), program=gone)
    os.unlink(gone)
    animal.truth['exe_deleted'] = True
    return listeners + [_tcp(3026, [animal])]


def executable_in_a_root_of_its_own():
    """In a directory that is the root of its mount namespace, as a container's."""
    os.makedirs(RUN + '/image', exist_ok=True)

    def setup(kit):
        linux.private_mounts()
        linux.mount(RUN + '/image', RUN + '/image', flags=linux.MS_BIND)
        for name in ('usr', 'lib', 'lib64', 'proc'):
            if os.path.exists('/' + name):
                os.makedirs('%s/image/%s' % (RUN, name), exist_ok=True)
                linux.mount('/' + name, '%s/image/%s' % (RUN, name), flags=linux.MS_BIND | linux.MS_REC)
        _program(RUN + '/image/opt', 'contained')
        linux.pivot(RUN + '/image')
        kit.keep(stream('127.0.0.1', 3027)).set_inheritable(True)
    animal = DEN.spawn(setup, program='/opt/contained')
    animal.truth.update(exe=None, exe_inside='/opt/contained')
    return [_tcp(3027, [animal])]


def executable_that_a_user_has_mounted_over_another():
    """No more than a user is needed to show a file of one's own where the daemon is, by /proc/<pid>/exe."""
    daemon, backdoor = _program(RUN + '/sbin', 'daemon'), _program(RUN + '/sbin', 'backdoor')

    def setup(kit):
        linux.root_of_its_own(linux.CLONE_NEWNS)
        linux.mount(backdoor, daemon, flags=linux.MS_BIND)
        kit.keep(stream('127.0.0.1', 3028)).set_inheritable(True)
    animal = DEN.spawn(setup, uid=NOBODY, program=daemon)
    animal.truth.update(exe=None, exe_inside=daemon)
    return [_tcp(3028, [animal], socket_uid=NOBODY)]


def executable_of_root_in_a_user_namespace():
    """There, the kernel lets a process name any file as its executable (prctl(2), PR_SET_MM_MAP)."""
    daemon = _program(RUN + '/sbin', 'named')

    def setup(kit):
        linux.root_of_its_own()
        kit.keep(stream('127.0.0.1', 3029)).set_inheritable(True)
    animal = DEN.spawn(setup, uid=NOBODY, program=daemon)
    animal.truth.update(exe=None, exe_inside=daemon)
    return [_tcp(3029, [animal], socket_uid=NOBODY)]


def in_control_groups():
    """What /proc/<pid>/cgroup says makes the unit and the container; here a file is mounted over it."""
    identity = '0123456789ab' + 52 * 'c'
    table = (
        ('9:name=systemd:/\n4:memory:/slice\n0::/system.slice/nginx.service\n', 'nginx.service', None, 'nginx.service'),
        ('0::/system.slice/docker-%s.scope\n' % identity, 'docker-%s.scope' % identity, 'docker:0123456789ab', None),
        ('0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service\n',
         'user@1000.service/web.service', None, 'user@1000.service/web.service'),
        ('4:memory:/system.slice/old.service\n1:name=systemd:/system.slice/old.service\n', 'old.service', None,
         'old.service'),
        ('0::/\n', None, None, None),
    )
    listeners = []
    for number, (text, unit, container, service) in enumerate(table):
        animal = DEN.spawn(_open(3030 + number))
        path = '%s/cgroup-%d' % (RUN, number)
        with open(path, 'w', encoding='ascii') as stream_:
            stream_.write(text)
        linux.mount(path, '/proc/%d/cgroup' % animal.pid, flags=linux.MS_BIND)
        animal.truth.update(unit=unit, container=container)
        listeners.append(_tcp(3030 + number, [animal], service=service))
    return listeners
