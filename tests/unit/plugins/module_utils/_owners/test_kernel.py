# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence that the kernel owns a socket, out of hand-made messages."""

import errno
import socket
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._netlink import NetlinkError
from ansible_collections.listening.ports.plugins.module_utils._owners import kernel
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    Link, attribute, done, error, message
)

NAME, LINKINFO, KIND, DATA = 3, 18, 1, 2
VXLAN_PORT, GENEVE_PORT, BAREUDP_PORT, WIREGUARD_PORT = 15, 5, 1, 6
UP, DOWN = 0x11043, 0x1002
BOTH = {'ipv4', 'ipv6'}


def device(name, kind=None, data=b'', flags=UP, last=b''):
    """bytes: a RTM_NEWLINK message."""
    info = attribute(LINKINFO,
                     attribute(KIND, kind + b'\0') + (attribute(DATA, data) if data else b'')) if kind else b''
    return message(16, struct.pack('=BxHiII', 0, 1, 5, flags, 0) + attribute(NAME, name + b'\0') + info + last)


def port(kind, number):
    return attribute(kind, struct.pack('>H', number))


VXLAN = device(b'vx0', b'vxlan', attribute(1, b'\1\0\0\0') + port(VXLAN_PORT, 4789) + attribute(16, b'\0'))


@pytest.mark.parametrize('data, expected', [
    (VXLAN, (b'vx0', b'vxlan', {'ipv4'}, 4789)),
    (device(b'vx0', b'vxlan', port(VXLAN_PORT, 4789) + attribute(25, b'\1')), (b'vx0', b'vxlan', BOTH, 4789)),
    (device(b'vx0', b'vxlan', port(VXLAN_PORT, 4789) + attribute(25, b'\0')), (b'vx0', b'vxlan', {'ipv4'}, 4789)),
    (device(b'vx0', b'vxlan', port(VXLAN_PORT, 4789) + attribute(16, b'\xfd' * 16)),
     (b'vx0', b'vxlan', {'ipv6'}, 4789)),
    (device(b'vx0', b'vxlan', port(VXLAN_PORT, 4789) + attribute(17, b'\xfd' * 16)),
     (b'vx0', b'vxlan', {'ipv6'}, 4789)),
    (device(b'gen0', b'geneve', port(GENEVE_PORT, 6081)), (b'gen0', b'geneve', {'ipv4'}, 6081)),
    (device(b'gen0', b'geneve', port(GENEVE_PORT, 6081) + attribute(6, b'')), (b'gen0', b'geneve', BOTH, 6081)),
    (device(b'bu0', b'bareudp', port(BAREUDP_PORT, 6635)), (b'bu0', b'bareudp', BOTH, 6635)),
    (device(b'vx0', b'vxlan', port(GENEVE_PORT, 4789)), (b'vx0', b'vxlan', None, None)),
    (device(b'eth0'), (b'eth0', None, None, None)),
    (device(b'wg0', b'wireguard'), (b'wg0', b'wireguard', None, None)),
    (device(b'br0', b'bridge', port(VXLAN_PORT, 4789)), (b'br0', b'bridge', None, None)),
    (device(b'vx0', b'vxlan'), (b'vx0', b'vxlan', None, None)),
    (device(b'vx0', b'vxlan', port(VXLAN_PORT, 4789), last=attribute(26, b'\0' * 8)),
     (b'vx0', b'vxlan', {'ipv4'}, 4789)),
    # without a socket while it is down
    (device(b'vx0', b'vxlan', port(VXLAN_PORT, 4789), DOWN), (b'vx0', None, None, None)),
])
def test_parse_link(data, expected):
    length = struct.unpack_from('=I', data)[0]
    assert kernel.parse_link(data, 16, length) == expected


class Machine:
    """Opens netlink sockets: rtnetlink with these devices, generic netlink with these answers, one link each.

    :ivar spaces: list of answers about other network namespaces, after those about the devices of this one.
    """

    def __init__(self, devices, *generic):
        self.devices = devices
        self.generic = list(generic)
        self.spaces, self.is_asked = [], False
        self.links = []

    def connect(self, family):
        assert family in (0, 16)
        if family:
            answer = self.generic.pop(0)
        else:
            answer = (self.spaces.pop(0) if self.spaces else [done()]) if self.is_asked else self.devices
            self.is_asked = True
        if isinstance(answer, Exception):
            raise answer
        link = Link(answer)
        self.links.append(link)
        return link


def endpoints(machine, namespaces=(None,), nfsd='/no/such/file'):
    owners = kernel.endpoints(set(namespaces), machine.connect, str(nfsd))
    assert all(link.closed for link in machine.links)
    return owners


def test_tunnels():
    assert endpoints(Machine([VXLAN + device(b'eth0'), device(b'gen0', b'geneve', port(GENEVE_PORT, 6081)),
                              done()])) == {
        (None, 'udp', 'ipv4', 4789), (None, 'udp', 'ipv4', 6081)}


@pytest.mark.parametrize('answer', [
    [done()], [device(b'eth0') + done()], [device(b'vx0', b'vxlan', port(VXLAN_PORT, 4789), DOWN) + done()],
    [error(errno.EPERM)], [VXLAN, done(errno.EINVAL)], [(VXLAN, socket.MSG_TRUNC)], NetlinkError('no'),
])
def test_no_evidence(answer):
    assert endpoints(Machine(answer)) == set()


def test_other_namespaces_are_not_asked_about(tmp_path):
    portlist = tmp_path / 'portlist'
    portlist.write_bytes(b'tcp 2049\n')
    assert endpoints(Machine([VXLAN + done()]), ['docker:0123456789ab'], portlist) == set()
    assert endpoints(Machine([VXLAN + done()]), ['docker:0123456789ab', None], portlist) == {
        (None, 'udp', 'ipv4', 4789), (None, 'tcp', 'ipv4', 2049), (None, 'tcp', 'ipv6', 2049)}


FAMILY = message(16, struct.pack('=BBxx', 1, 2) + attribute(2, b'wireguard\0') + attribute(1, struct.pack('=H', 33))
                 + attribute(3, b'\1\0\0\0'))
WG = device(b'wg0', b'wireguard')


def settings(number):
    return message(33, struct.pack('=BBxx', 0, 1) + attribute(1, b'\5\0\0\0') + attribute(2, b'wg0\0')
                   + attribute(WIREGUARD_PORT, struct.pack('=H', number)))


def test_wireguard():
    machine = Machine([WG + device(b'wg1', b'wireguard') + done()], [FAMILY + error(0)], [settings(51820) + done()],
                      [settings(51821), done()])
    assert endpoints(machine) == {(None, 'udp', family, number) for family in BOTH for number in (51820, 51821)}
    family, first, second = [link.questions[0] for link in machine.links[1:4]]
    assert struct.unpack_from('=HH', family, 4) == (16, 5) and b'wireguard\0' in family
    assert struct.unpack_from('=HHIIBB', first, 4) == (33, 0x301, 1, 0, 0, 1)
    assert b'wg0\0' in first and b'wg1\0' in second
    assert all(len(question) == struct.unpack_from('=I', question)[0] for question in (family, first, second))


@pytest.mark.parametrize('generic', [
    [[error(errno.ENOENT)]],                                    # no such family
    [NetlinkError('no')],
    [[FAMILY + error(0)], [error(errno.EPERM)]],                # only root may ask
    [[FAMILY + error(0)], [done()]],
])
def test_wireguard_that_does_not_tell(generic):
    assert endpoints(Machine([WG + done()], *generic)) == set()


def test_wireguard_that_is_down_has_no_socket():
    machine = Machine([device(b'wg0', b'wireguard', flags=DOWN) + done()], [FAMILY + error(0)],
                      [settings(51820) + done()])
    assert endpoints(machine) == set()


@pytest.mark.parametrize('content, expected', [
    (b'tcp 2049\nudp 2049\n', {('tcp', 2049), ('udp', 2049)}),
    (b'', set()),
    (b'rdma 20049\ntcp 2049\n', {('tcp', 2049)}),
    (b'tcp\ntcp x\ntcp 2049 more\n\n', set()),
])
def test_nfsd(tmp_path, content, expected):
    (tmp_path / 'portlist').write_bytes(content)
    assert endpoints(Machine([done()]), nfsd=tmp_path / 'portlist') == {
        (None, protocol, family, number) for protocol, number in expected for family in BOTH}


def test_nfsd_that_cannot_be_read(tmp_path):
    assert endpoints(Machine([done()]), nfsd=tmp_path) == set()         # a directory


def test_this_host():
    assert isinstance(kernel.endpoints({None}), set)


def space(number):
    """bytes: a RTM_NEWNSID message."""
    return message(88, bytes(4) + attribute(1, struct.pack('=i', number)))


def moved(home, kind=b'vxlan', number=4789, flags=UP):
    return device(b'vx0', kind, port(VXLAN_PORT, number), flags, attribute(37, struct.pack('=i', home)))


@pytest.mark.parametrize('spaces, expected', [
    ([[space(0), space(7), done()], [device(b'eth0'), done()], [moved(3), done()], [space(3), error(0)]], {4789}),
    ([[space(7), done()], [moved(4), done()], [space(3), error(0)]], set()),      # its socket is elsewhere
    ([[space(7), done()], [moved(0), done()], [space(-1), error(0)]], set()),
    ([[space(7), done()], [moved(3, flags=DOWN), done()], [space(3), error(0)]], set()),
    ([[space(7), done()], [VXLAN, done()], [space(3), error(0)]], set()),         # it was made there
    ([[space(7), done()], [moved(3), done()], [error(errno.EPERM)]], set()),
    ([[space(7), done()], [error(errno.EINVAL)]], set()),
    ([[error(errno.EPERM)]], set()),
])
def test_devices_that_were_moved_to_another_namespace(spaces, expected):
    machine = Machine([device(b'eth0') + done()])
    machine.spaces = spaces
    assert endpoints(machine) == {(None, 'udp', 'ipv4', number) for number in expected}
    assert not machine.spaces or expected == set()


MPTCP = message(16, struct.pack('=BBxx', 1, 2) + attribute(1, struct.pack('=H', 40)))


def path(raw=None, number=None, kind=3):
    inner = attribute(1, b'\2\0') + (attribute(kind, raw) if raw else b'')
    inner += attribute(5, struct.pack('=H', number)) if number else b''
    return message(40, struct.pack('=BBxx', 3, 1) + attribute(1 | 0x8000, inner))


@pytest.mark.parametrize('answers, expected', [
    ([[MPTCP, error(0)], [path(b'\xc0\0\2\1', 12345), path(b'\xfd' * 16, 7, 4), done()]],
     {('192.0.2.1', 12345), ('fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd', 7)}),
    ([[MPTCP, error(0)], [path(b'\xc0\0\2\1'), path(None, 12345), done()]], set()),     # of the ports of connections
    ([[MPTCP, error(0)], [error(errno.EPERM)]], set()),
    ([[error(errno.ENOENT)]], set()),
    ([NetlinkError('no')], set()),
])
def test_paths_of_mptcp(answers, expected):
    machine = Machine([], *answers)
    assert kernel.paths(machine.connect) == expected
    assert all(link.closed for link in machine.links) and not machine.generic
