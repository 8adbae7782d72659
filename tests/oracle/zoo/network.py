# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network and the mounts of a habitat, and sockets on it."""

import errno
import os
import socket
import struct
import subprocess
import time

from zoo import linux
from zoo.truth import Absent

MPTCP, UDPLITE, SCTP, DCCP = 262, 136, 132, 33
SOCK_DCCP = 6
SO_BINDTODEVICE = 25
RUN = '/run/zoo'
# a link-local and a global address of their own; 4789 is held by the kernel, as no process made that socket
_NETWORK = """
link set lo up
link add veth0 type veth peer name veth1
address add 10.1.2.3/24 dev veth0
address add 192.0.2.7/32 dev veth0
address add 2001:db8::7/64 dev veth0 nodad
address add fd00::7/64 dev veth0 nodad
address add fe80::7/64 dev veth0 nodad
address add fe80::7/64 dev veth1 nodad
link set veth0 up
link set veth1 up
link add vx0 type vxlan id 42 dstport 4789
link set vx0 up
"""


def build():
    """Devices, addresses and directories that the animals need; none of it is seen outside."""
    subprocess.run(['ip', '-batch', '-'], input=_NETWORK.encode(), check=True)
    linux.mount('tmpfs', '/run', 'tmpfs')               # neither systemd nor named namespaces of the machine
    os.mkdir(RUN, 0o755)
    for name, value in (('ip_local_reserved_ports', '8080,9000-9010'), ('ip_unprivileged_port_start', '80'),
                        ('ip_local_port_range', '40000 50000')):
        with open('/proc/sys/net/ipv4/' + name, 'w', encoding='ascii') as stream:
            stream.write(value)


def new(address, kind, protocol=0, v6only=None, device=None, reuse=False, uid=0):
    """A socket of the family of an address, not bound yet.

    :param kind: ``socket.SOCK_STREAM`` and so on.
    :param reuse: bool, SO_REUSEPORT.
    :param uid: int, the user that the socket belongs to.
    :raises Absent: this kernel does not have the protocol.
    """
    try:
        made = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, kind, protocol)
    except OSError as exc:
        if exc.errno in (errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT, errno.EAFNOSUPPORT, errno.ENOPROTOOPT):
            raise Absent('protocol %d is not in this kernel' % protocol) from exc
        raise
    try:
        if uid:
            os.fchown(made.fileno(), uid, -1)
        if v6only is not None:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(v6only))
        if device:
            made.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, device.encode())
        if reuse:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except BaseException:
        made.close()
        raise
    return made


def _bind(made, address, port):
    try:
        plain, dummy, scope = address.partition('%')
        where = (plain, port, 0, socket.if_nametoindex(scope)) if scope else (address, port)
        made.bind(where)
    except BaseException:
        made.close()
        raise
    return made


def stream(address, port, backlog=16, kind=socket.SOCK_STREAM, **options):
    """A listening socket, TCP unless options say ``protocol``; an address may be as ``fe80::7%veth0``."""
    made = new(address, kind, **options)
    if kind == SOCK_DCCP:
        made.setsockopt(269, 2, b'zoo.')        # SOL_DCCP, DCCP_SOCKOPT_SERVICE
    _bind(made, address, port)
    made.listen(backlog)
    return made


def datagram(address, port, **options):
    """A bound datagram socket, UDP unless options say ``protocol``."""
    return _bind(new(address, socket.SOCK_DGRAM, **options), address, port)


def bound(address, port, **options):
    """A TCP socket that does not listen."""
    return _bind(new(address, socket.SOCK_STREAM, **options), address, port)


def raw(address, number, **options):
    """A bound raw socket for an IP protocol number."""
    return _bind(new(address, socket.SOCK_RAW, protocol=number, **options), address, 0)


def connect(address, port, wait=True):
    """A TCP connection; without wait it may stay a half-open one."""
    made = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(wait)
    try:
        made.connect((address, port))
    except BlockingIOError:
        pass
    return made


def pending(server):
    """int: connections in the accept queue of a listening socket, by TCP_INFO (``tcpi_unacked`` while it listens)."""
    return struct.unpack_from('=I', server.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 24)[0]


def until_pending(server, number):
    """Wait until that many connections are in the accept queue: the last packet of a handshake is on its own way."""
    deadline = time.monotonic() + 60
    while pending(server) != number:
        if time.monotonic() > deadline:
            raise RuntimeError('%d connections are pending, not %d' % (pending(server), number))
        time.sleep(0.001)
