# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies of IPsec and programs that choose sockets, out of what the kernel answers."""

import ctypes
import errno
import os
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import beside
from ansible_collections.listening.ports.plugins.module_utils._netlink import NetlinkError
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    Link, attribute, done, error, ip, message
)

IN, OUT, FORWARD, OF_SOCKET = 0, 1, 2, 3
ALLOW, BLOCK = 0, 1
TEMPLATE = attribute(5, bytes(64))


def policy(direction=IN, action=BLOCK, source='0.0.0.0', bits=0, target='0.0.0.0', port=(0, 0), protocol=0,
           priority=0, interface=0, more=b''):
    family = 10 if ':' in source else 2
    selector = ip(target).ljust(16, b'\0') + ip(source).ljust(16, b'\0') + struct.pack('>HHHH', *port, 0, 0)
    selector += struct.pack('=HBBBxxxiI', family, 0, bits, protocol, interface, 0)
    assert len(selector) == 56
    info = selector + bytes(96) + struct.pack('=IIBBBBxxxx', priority, 1, direction, action, 0, 0)
    return message(0x13, info + more)


def policies(*answers):
    link = Link([*answers, done()])
    asked = []

    def connect(protocol):
        asked.append(protocol)
        return link
    result = beside.policies(connect)
    assert asked == [6] and link.closed
    return result


def test_policies_in_the_order_in_which_they_are_asked():
    first, second, third = policies(
        policy(priority=9, source='10.0.0.0', bits=8, port=(8080, 65535), protocol=6),
        policy(FORWARD, ALLOW, priority=5, source='fd00::', target='fd01::', bits=64, more=TEMPLATE, interface=3),
        policy(OUT, ALLOW, priority=9))
    assert first == {
        'direction': 'fwd', 'action': 'protect', 'family': 6, 'protocol': 0, 'interface': True, 'source': 'fd00::/64',
        'target': 'fd01::/0', 'source_port': [0, 0], 'target_port': [0, 0]}
    assert second == {
        'direction': 'in', 'action': 'block', 'family': 4, 'protocol': 6, 'interface': False, 'source': '10.0.0.0/8',
        'target': '0.0.0.0/0', 'source_port': [0, 0], 'target_port': [8080, 65535]}
    assert (third['direction'], third['action']) == ('out', 'pass')


@pytest.mark.parametrize('other', [
    policy(OF_SOCKET), policy(more=attribute(31, struct.pack('=I', 7))), policy(more=attribute(21, b'\4\0\0\0' * 2))])
def test_policies_for_other_packets(other):
    assert policies(other) == []
    assert len(policies(policy(more=attribute(31, bytes(4)) + attribute(21, bytes(8))))) == 1


def test_no_policies_without_leave():
    with pytest.raises(OSError) as caught:
        beside.policies(lambda dummy: Link([error(errno.EPERM)]))
    assert caught.value.errno == errno.EPERM


@pytest.mark.parametrize('absent', [True, False])
def test_what_is_not_there_is_not_asked(monkeypatch, absent):
    asked = []

    def refused():
        asked.append('policies')
        raise NetlinkError('Protocol not supported')
    monkeypatch.setattr(beside.kernel, 'is_absent', lambda module: absent and module == 'xfrm_user')
    monkeypatch.setattr(beside, 'policies', refused)
    monkeypatch.setattr(beside, 'chooses_sockets', lambda: None)
    assert beside.take() == ([], None)
    assert asked == ([] if absent else ['policies'])


class Kernel:
    """Answers bpf(2): links by number, each (type, inode of the namespace, type of attachment), or an errno."""

    def __init__(self, links=(), number=None):
        self.links, self.number, self.open = dict(links), number, {}

    def __call__(self, command, attributes):
        if self.number:
            raise OSError(self.number, 'no')
        first, dummy, address = struct.unpack_from('=IIQ', attributes.ljust(16, b'\0'))
        if command == 31:
            following = [number for number in sorted(self.links) if number > first]
            if not following:
                raise OSError(errno.ENOENT, 'no')
            struct.pack_into('=I', attributes, 4, following[0])
            return 0
        if command == 30:
            if self.links[first] is None:
                raise OSError(errno.ENOENT, 'it has gone')
            handle = os.open('/dev/null', os.O_RDONLY)
            self.open[handle] = self.links[first]
            return handle
        assert command == 15
        kind, namespace, attached = self.open[first]
        ctypes.memmove(address, struct.pack('=IIIIII', kind, 1, 2, 0, namespace, attached), 24)
        return 0


OWN = os.stat('/proc/self/ns/net').st_ino & 0xffffffff


@pytest.mark.parametrize('kernel, answer', [
    (Kernel(), False), (Kernel({3: (5, OWN, 36)}), True), (Kernel({1: (2, 0, 0), 7: (5, OWN, 36)}), True),
    (Kernel({3: (5, OWN + 1, 36)}), False),             # of another namespace
    (Kernel({3: (5, OWN, 17)}), False),                 # a flow dissector
    (Kernel({3: None, 4: (5, OWN, 36)}), True),
    (Kernel(number=errno.EPERM), None), (Kernel(number=errno.EINVAL), None), (Kernel(number=errno.ENOSYS), None)])
def test_programs_that_choose_sockets(kernel, answer):
    assert beside.chooses_sockets(kernel) is answer
    for handle in kernel.open:
        with pytest.raises(OSError):
            os.fstat(handle)


@pytest.mark.parametrize('machine, bits, is_known', [
    ('x86_64', 2 ** 63, True), ('x86_64', 2 ** 31, False), ('sparc64', 2 ** 63, False)])
def test_machines_whose_numbers_are_known(monkeypatch, machine, bits, is_known):
    monkeypatch.setattr(beside.platform, 'machine', lambda: machine)
    monkeypatch.setattr(beside.sys, 'maxsize', bits)
    assert (beside._bpf() is not None) is is_known
    if not is_known:
        assert beside.chooses_sockets() is None
