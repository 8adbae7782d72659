# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plants listeners for the tests, prints what it planted as JSON, and leaves them behind as daemons.

Each daemon ends by itself after a while, whatever becomes of the test.
"""

import ctypes
import json
import os
import pwd
import signal
import socket
import sys

LIFETIME = 900                              # seconds
PR_SET_DUMPABLE, PR_SET_NAME = 4, 15        # prctl(2)
CLONE_NEWNET = 0x40000000                   # unshare(2)
KEPT = []


def call(name, *arguments):
    """Call a function of the C library that returns 0 unless it fails."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def rename(name):
    """Give this process another name, as bytes."""
    call('prctl', PR_SET_NAME, name, 0, 0, 0)


def become(user):
    """Continue as somebody else; that user may still look into this process, as into any other of his."""
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    call('prctl', PR_SET_DUMPABLE, 1, 0, 0, 0)


def bind(family, kind, address, device=None, v6only=None):
    """A socket on a port of the kernel's choice, kept open."""
    sock = socket.socket(family, kind)
    if device:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b'\0')
    if v6only is not None:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    sock.bind((address, 0))
    if kind == socket.SOCK_STREAM:
        sock.listen(7)
    KEPT.append(sock)
    return sock


def describe(sock, device=None, holders=(), accepts_ipv4=None, **expected):
    """What the facts are to say of a socket of this process, and of the pids that hold it."""
    address, port = sock.getsockname()[:2]
    ipv6 = sock.family == socket.AF_INET6
    protocol = 'tcp' if sock.type & socket.SOCK_STREAM else 'udp'
    bound = '%s%%%s' % (address, device) if device else address
    wildcard = address in ('0.0.0.0', '::')
    expected.update({
        'id': '%s/%s:%d' % (protocol, '[%s]' % bound if ipv6 else bound, port),
        'protocol': protocol,
        'family': 'ipv6' if ipv6 else 'ipv4',
        'address': address,
        'port': port,
        'interface': device,
        'accepts_ipv4': not ipv6 if accepts_ipv4 is None else accepts_ipv4,
        'accepts_ipv6': ipv6,
        'scope': 'any' if wildcard and device != 'lo' else 'loopback',
        'ephemeral': protocol == 'udp',
        'namespace': None,
        'held_by': 'processes',
        'socket_uid': os.getuid(),
        'owners_total': len(holders) or 1,
    })
    return {'expect': expected, 'pids': sorted(holders) or [os.getpid()], 'user': pwd.getpwuid(os.getuid()).pw_name}


def plain():
    """The everyday cases."""
    rename(b'lp test plain')
    tcp4 = bind(socket.AF_INET, socket.SOCK_STREAM, '127.0.0.1')
    worker = os.fork()
    if not worker:
        rename(b'lp test worker')
        os.closerange(3, tcp4.fileno())     # hold that socket and nothing else
        os.closerange(tcp4.fileno() + 1, 256)
        linger()
    for number in range(2):                 # two connections, one of which nobody takes out of the queue
        KEPT.append(socket.create_connection(tcp4.getsockname()))
    KEPT.append(tcp4.accept()[0])
    udp4 = bind(socket.AF_INET, socket.SOCK_DGRAM, '127.0.0.1')
    client = bind(socket.AF_INET, socket.SOCK_DGRAM, '127.0.0.1')
    client.connect(udp4.getsockname())
    planted = {
        'tcp4': describe(tcp4, holders=[os.getpid(), worker], backlog={'pending': 1, 'limit': 7}),
        'udp4': describe(udp4, backlog=None),
        'bound4': describe(bind(socket.AF_INET, socket.SOCK_STREAM, '0.0.0.0', 'lo'), 'lo'),
    }
    absent = [describe(client)['expect']['id']]
    try:
        bind(socket.AF_INET6, socket.SOCK_STREAM, '::1')
    except OSError:                         # this host has no IPv6: the test makes sure of that
        return {'planted': planted, 'absent': absent, 'workers': [worker]}
    planted['tcp6'] = describe(KEPT[-1])
    planted['udp6'] = describe(bind(socket.AF_INET6, socket.SOCK_DGRAM, '::1'))
    stream = socket.SOCK_STREAM
    planted['dual'] = describe(bind(socket.AF_INET6, stream, '::', 'lo', False), 'lo', accepts_ipv4=True)
    planted['v6only'] = describe(bind(socket.AF_INET6, stream, '::', 'lo', True), 'lo', accepts_ipv4=False)
    return {'planted': planted, 'absent': absent, 'workers': [worker]}


def hostile():
    """A process whose name is made to do harm."""
    rename(b'{{ 7 * 7 }}\x1b\n\xff')
    return {'planted': {'hostile': describe(bind(socket.AF_INET, socket.SOCK_STREAM, '127.0.0.1'))}}


def theirs():
    """A process of an unprivileged user."""
    rename(b'lp test nobody')
    become('nobody')
    return {'planted': {'theirs': describe(bind(socket.AF_INET, socket.SOCK_STREAM, '127.0.0.1'))}}


def elsewhere():
    """A listener in a network namespace of its own."""
    rename(b'lp test netns')
    try:
        call('unshare', CLONE_NEWNET)
    except OSError as exc:
        return {'elsewhere': {'port': None, 'error': str(exc)}}
    port = bind(socket.AF_INET, socket.SOCK_STREAM, '0.0.0.0').getsockname()[1]
    return {'elsewhere': {'port': port, 'error': None}}


def linger():
    """Keep the sockets open for as long as a test may take."""
    signal.alarm(LIFETIME)
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    while True:
        signal.pause()


def daemon(plant):
    """Run a function in a process of its own and leave that behind; returns what the function returned."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        os.setsid()
        report = json.dumps(plant()).encode()
        os.write(writer, report)
        os.close(writer)
        linger()
    os.close(writer)
    with os.fdopen(reader, 'rb') as stream:
        answer = stream.read()
    if not answer:
        raise SystemExit('%s could not be planted' % plant.__name__)
    return pid, json.loads(answer.decode())


def main():
    """Plant everything, unless something fails: then nothing."""
    planted = {'pids': [], 'planted': {}, 'absent': []}
    try:
        for plant in (plain, hostile, theirs, elsewhere):
            pid, answer = daemon(plant)
            planted['pids'] += [pid] + answer.pop('workers', [])
            planted['planted'].update(answer.pop('planted', {}))
            planted['absent'] += answer.pop('absent', [])
            planted.update(answer)
    except BaseException:
        for pid in planted['pids']:
            os.kill(pid, signal.SIGKILL)
        raise
    json.dump(planted, sys.stdout)


if __name__ == '__main__':
    main()
