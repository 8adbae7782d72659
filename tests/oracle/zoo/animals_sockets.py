# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Animals that differ by their sockets: addresses, families, devices, protocols, queues, connections."""

import array
import socket
import time

from zoo.den import DEN
from zoo.network import DCCP, MPTCP, SCTP, SOCK_DCCP, UDPLITE, connect, datagram, raw, stream, until_pending
from zoo.truth import BOTH, IPV4, IPV6, VXLAN, listener, waiting

_QUEUE = waiting(16)


def _keep(make, *arguments, **options):
    """The setup of an animal that holds one socket."""
    return lambda kit: kit.keep(make(*arguments, **options)) and None


def _one(protocol, address, port, accepts, scope, made=None, **known):
    """An animal with one socket; made is its setup where the usual one does not do."""
    make = {'tcp': stream, 'udp': datagram}.get(protocol)
    animal = DEN.spawn(made or _keep(make, address, port))
    if protocol == 'tcp':
        known.setdefault('backlog', _QUEUE)
    return [listener(protocol, address, port, [animal], accepts, scope, **known)]


def tcp_ipv4():
    return _one('tcp', '0.0.0.0', 2001, IPV4, 'any')


def tcp_ipv6_dual_stack():
    return _one('tcp', '::', 2002, BOTH, 'any', _keep(stream, '::', 2002, v6only=False))


def tcp_ipv6_only():
    return _one('tcp', '::', 2003, IPV6, 'any', _keep(stream, '::', 2003, v6only=True))


def tcp_both_families_apart():
    """The usual pair of a server with two sockets on one port: two listeners."""
    return (_one('tcp', '0.0.0.0', 2004, IPV4, 'any')
            + _one('tcp', '::', 2004, IPV6, 'any', _keep(stream, '::', 2004, v6only=True)))


def tcp_loopback():
    return (_one('tcp', '127.0.0.1', 2005, IPV4, 'loopback') + _one('tcp', '::1', 2005, IPV6, 'loopback')
            + _one('tcp', '127.0.0.2', 2005, IPV4, 'loopback'))


def tcp_mapped():
    """An IPv4 address on an IPv6 socket."""
    return _one('tcp', '::ffff:127.0.0.1', 2006, IPV4, 'loopback')


def tcp_mapped_wildcard():
    return _one('tcp', '::ffff:0.0.0.0', 2007, IPV4, 'any')


def tcp_private_and_global():
    return (_one('tcp', '10.1.2.3', 2008, IPV4, 'private') + _one('tcp', 'fd00::7', 2008, IPV6, 'private')
            + _one('tcp', '2001:db8::7', 2008, IPV6, 'global') + _one('tcp', '192.0.2.7', 2008, IPV4, 'global'))


def tcp_link_local():
    """The same address and port on two links are two listeners, told apart by the scope id."""
    return [record for device in ('veth0', 'veth1') for record in _one(
        'tcp', 'fe80::7', 2009, IPV6, 'link', _keep(stream, 'fe80::7%' + device, 2009), interface=device)]


def tcp_bound_device():
    return (_one('tcp', '0.0.0.0', 2010, IPV4, 'any', _keep(stream, '0.0.0.0', 2010, device='veth0'), interface='veth0')
            + _one('tcp', '::', 2010, BOTH, 'any', _keep(stream, '::', 2010, device='veth1'), interface='veth1')
            + _one('tcp', '0.0.0.0', 2011, IPV4, 'loopback', _keep(stream, '0.0.0.0', 2011, device='lo'),
                   interface='lo')
            + _one('udp', '127.0.0.53', 2053, IPV4, 'loopback', _keep(datagram, '127.0.0.53', 2053, device='lo'),
                   interface='lo'))


def tcp_lowest_and_highest_port():
    return _one('tcp', '127.0.0.1', 1, IPV4, 'loopback') + _one('tcp', '127.0.0.1', 65535, IPV4, 'loopback')


def tcp_known_port():
    return _one('tcp', '127.0.0.9', 22, IPV4, 'loopback') + _one('udp', '127.0.0.9', 53, IPV4, 'loopback')


def tcp_reuseport():
    """Four processes with a socket each, on one id."""
    animals = [DEN.spawn(_keep(stream, '0.0.0.0', 2012, reuse=True)) for dummy in range(4)]
    return [listener('tcp', '0.0.0.0', 2012, animals, IPV4, 'any', backlog=_QUEUE,
                     sockets=[[animal] for animal in animals])]


def tcp_in_the_ephemeral_range():
    """Only of UDP does the range tell a client."""
    return _one('tcp', '127.0.0.1', 45000, IPV4, 'loopback')


def tcp_mptcp():
    return (_one('tcp', '0.0.0.0', 2013, IPV4, 'any', _keep(stream, '0.0.0.0', 2013, protocol=MPTCP))
            + _one('tcp', '::1', 2013, IPV6, 'loopback', _keep(stream, '::1', 2013, protocol=MPTCP)))


def tcp_mptcp_dual_stack():
    return _one('tcp', '::', 2014, BOTH, 'any', _keep(stream, '::', 2014, protocol=MPTCP, v6only=False))


def tcp_largest_backlog():
    with open('/proc/sys/net/core/somaxconn', encoding='ascii') as text:
        limit = int(text.read())
    return _one('tcp', '127.0.0.1', 2015, IPV4, 'loopback', _keep(stream, '127.0.0.1', 2015, backlog=1 << 20),
                backlog=waiting(limit))


def _crowd(kit, address, port, backlog, clients):
    server = kit.keep(stream(address, port, backlog))
    for dummy in range(clients):
        kit.keep(connect(address, port))
    until_pending(server, clients)


def tcp_pending():
    return _one('tcp', '127.0.0.1', 2016, IPV4, 'loopback', lambda kit: _crowd(kit, '127.0.0.1', 2016, 8, 3),
                backlog=waiting(8, 3))


def tcp_overflow():
    """The queue takes one more than its limit; what comes later waits outside."""
    def setup(kit):
        _crowd(kit, '127.0.0.1', 2017, 2, 3)
        for dummy in range(3):
            kit.keep(connect('127.0.0.1', 2017, wait=False))
    return _one('tcp', '127.0.0.1', 2017, IPV4, 'loopback', setup, backlog=waiting(2, 3))


def tcp_zero_backlog():
    return _one('tcp', '::1', 2018, IPV6, 'loopback', lambda kit: _crowd(kit, '::1', 2018, 0, 1), backlog=waiting(0, 1))


def tcp_group_with_one_full_queue():
    """Of a group, the queue to show is the one about to drop connections."""
    animals = [DEN.spawn(_keep(stream, '127.0.0.1', 2019, 1, reuse=True))]
    # while it was alone, all clients came to the first
    for dummy in range(2):
        connect('127.0.0.1', 2019).close()
    animals += [DEN.spawn(_keep(stream, '127.0.0.1', 2019, 1, reuse=True)) for dummy in range(2)]
    return [listener('tcp', '127.0.0.1', 2019, animals, IPV4, 'loopback', backlog=waiting(1, 2),
                     sockets=[[animal] for animal in animals])]


def udp_ipv4_and_ipv6():
    return (_one('udp', '0.0.0.0', 2020, IPV4, 'any', _keep(datagram, '0.0.0.0', 2020, reuse=True))
            + _one('udp', '10.1.2.3', 2020, IPV4, 'private', _keep(datagram, '10.1.2.3', 2020, reuse=True))
            + _one('udp', '::', 2021, BOTH, 'any', _keep(datagram, '::', 2021, v6only=False))
            + _one('udp', '::', 2022, IPV6, 'any', _keep(datagram, '::', 2022, v6only=True))
            + _one('udp', 'fe80::7', 2036, IPV6, 'link', _keep(datagram, 'fe80::7%veth0', 2036), interface='veth0')
            + _one('udp', '::ffff:127.0.0.1', 2023, IPV4, 'loopback'))


def udp_multicast():
    return (_one('udp', '224.0.0.251', 2024, IPV4, 'link') + _one('udp', '239.1.2.3', 2024, IPV4, 'private')
            + _one('udp', 'ff0e::7', 2024, IPV6, 'global')
            + _one('udp', 'ff02::fb', 2024, IPV6, 'link', _keep(datagram, 'ff02::fb%veth0', 2024), interface='veth0'))


def udp_reuseport():
    animals = [DEN.spawn(_keep(datagram, '0.0.0.0', 2025, reuse=True)) for dummy in range(3)]
    return [listener('udp', '0.0.0.0', 2025, animals, IPV4, 'any', sockets=[[animal] for animal in animals])]


def udp_client():
    """A client that has sent but not connected: the kernel has bound it to a port of the ephemeral range."""
    def setup(kit):
        client = kit.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        client.sendto(b'?', ('127.0.0.1', 2020))
        return client.getsockname()[1]
    animal = DEN.spawn(setup)
    return [listener('udp', '0.0.0.0', animal.result, [animal], IPV4, 'any', ephemeral=True)]


def udp_connected():
    """Not a listener: it hears one peer only."""
    def setup(kit):
        for address in ('127.0.0.1', '::1'):
            client = kit.keep(datagram(address, 2026))
            client.connect((address, 9))
    DEN.spawn(setup)
    return []


def udp_of_the_kernel():
    """The socket of the vxlan device vx0; and a process on the same port, for another family."""
    return [VXLAN] + _one('udp', '::1', 4789, IPV6, 'loopback')


def udplite():
    made = _keep(datagram, '127.0.0.1', 2027, protocol=UDPLITE)
    both = _keep(datagram, '::', 2028, protocol=UDPLITE, v6only=False)
    return (_one('udplite', '127.0.0.1', 2027, IPV4, 'loopback', made)
            + _one('udplite', '::', 2028, BOTH, 'any', both))


def sctp():
    return _one('sctp', '127.0.0.1', 2029, IPV4, 'loopback', _keep(stream, '127.0.0.1', 2029, protocol=SCTP),
                backlog=_QUEUE)


def dccp():
    made = _keep(stream, '127.0.0.1', 2030, kind=SOCK_DCCP, protocol=DCCP)
    return _one('dccp', '127.0.0.1', 2030, IPV4, 'loopback', made, backlog=_QUEUE)


def bound_but_not_listening():
    def setup(kit):
        made = kit.keep(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        made.bind(('127.0.0.1', 2031))
    DEN.spawn(setup)
    return []


def in_flight():
    """Sent to a process that has not taken it yet: no file descriptor anywhere, yet it listens."""
    def setup(kit):
        sender, receiver = socket.socketpair()
        kit.keep(sender, receiver)
        for made in (stream('127.0.0.1', 2032), datagram('127.0.0.1', 2032)):
            sender.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [made.fileno()]))])
            made.close()
    DEN.spawn(setup)
    return [listener('tcp', '127.0.0.1', 2032, [], IPV4, 'loopback', backlog=_QUEUE),
            listener('udp', '127.0.0.1', 2032, [], IPV4, 'loopback')]


def in_flight_on_a_port_of_the_kernel():
    """The kernel's own socket is for IPv4; what is on its way on the same port for IPv6 is not the kernel's."""
    def setup(kit):
        sender, receiver = socket.socketpair()
        kit.keep(sender, receiver)
        made = datagram('fd00::7', 4789)
        sender.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [made.fileno()]))])
        made.close()
    DEN.spawn(setup)
    return [listener('udp', 'fd00::7', 4789, [], IPV6, 'private')]


def raw_sockets():
    """Listed on request only: the port is the number of the IP protocol."""
    return [record for address, number, accepts, scope in (
        ('127.0.0.1', 1, IPV4, 'loopback'), ('0.0.0.0', 89, IPV4, 'any'), ('::', 58, IPV6, 'any'))
        for record in _one('raw', address, number, accepts, scope, _keep(raw, address, number))]


def connections():
    """Connections by state, each in a number of its own."""
    def setup(kit):
        server = kit.keep(stream('0.0.0.0', 2033))
        ends = []
        for dummy in range(6):
            client = kit.keep(connect('127.0.0.1', 2033))
            ends.append((client, kit.keep(server.accept()[0])))
        ends[0][0].close()                              # the client has gone, the server has not noticed
        for client, accepted in ends[1:3]:              # the server closes first: its end waits
            accepted.close()
            client.close()
        ends[3][1].shutdown(socket.SHUT_WR)
        kit.keep(connect('127.0.0.1', 2033))            # established, not accepted yet
        time.sleep(0.05)
    counts = {'established': 3, 'close_wait': 1, 'time_wait': 2, 'fin_wait2': 1}
    return _one('tcp', '0.0.0.0', 2033, IPV4, 'any', setup, connections=counts, backlog=waiting(16, 1))


def connections_by_ipv4_to_ipv6():
    def setup(kit):
        server = kit.keep(stream('::', 2034, v6only=False))
        for address in ('127.0.0.1', '::1', '10.1.2.3'):
            kit.keep(connect(address, 2034), server.accept()[0])
    counts = {'established': 3, 'close_wait': 0, 'time_wait': 0}
    return _one('tcp', '::', 2034, BOTH, 'any', setup, connections=counts)


def connections_of_the_closest():
    """A connection belongs to the listener on its address, not to the wildcard beside it."""
    def setup(kit):
        wide, narrow = [kit.keep(stream(address, 2035, reuse=True)) for address in ('0.0.0.0', '127.0.0.1')]
        for address, server in (('127.0.0.1', narrow), ('127.0.0.1', narrow), ('10.1.2.3', wide)):
            kit.keep(connect(address, 2035), server.accept()[0])
    animal = DEN.spawn(setup)
    return [listener('tcp', address, 2035, [animal], IPV4, scope, backlog=_QUEUE,
                     connections={'established': count, 'close_wait': 0, 'time_wait': 0})
            for address, scope, count in (('0.0.0.0', 'any', 1), ('127.0.0.1', 'loopback', 2))]
