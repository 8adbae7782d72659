# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets out of netlink messages."""

import errno
import socket
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _netlink
from ansible_collections.listening.ports.plugins.module_utils._sockets import inet_diag as _inet_diag
from ansible_collections.listening.ports.plugins.module_utils._sockets.base import BudgetError, CollectorError
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    DCCP, RAW, SCTP, TCP, UDP, UDPLITE, Kernel, Link, attribute, done, error, inet_diag, ip, sockaddr
)

V6ONLY, LOCALS = 11, 12


def names(index):
    return {2: 'eth0', 3: 'lo'}[index]


def parse(data, protocol='tcp'):
    length = struct.unpack_from('=I', data)[0]
    return [(sock.address, sock.port, sock.interface, sock.v6only, sock.inode, sock.uid, sock.backlog)
            for sock in _inet_diag.parse(protocol, data, 16, length, names)]


@pytest.mark.parametrize('data, expected', [
    (inet_diag(ip('192.0.2.1'), 443, pending=3, limit=128, uid=33, inode=4711),
     [(ip('192.0.2.1'), 443, None, None, 4711, 33, (3, 128))]),
    (inet_diag(ip('0.0.0.0'), 65535, inode=0xffffffff, uid=0xfffffffe),
     [(ip('0.0.0.0'), 65535, None, None, 0xffffffff, 0xfffffffe, (0, 0))]),
    (inet_diag(ip('::'), 80), [(ip('::'), 80, None, None, 1, 0, (0, 0))]),
    (inet_diag(ip('::'), 80, attributes=attribute(V6ONLY, b'\0')), [(ip('::'), 80, None, False, 1, 0, (0, 0))]),
    (inet_diag(ip('::'), 80, attributes=attribute(8, b'\0') + attribute(V6ONLY, b'\1') + attribute(15, b'\0' * 4)),
     [(ip('::'), 80, None, True, 1, 0, (0, 0))]),
    (inet_diag(ip('::ffff:192.0.2.1'), 80, attributes=attribute(V6ONLY, b'\0')),
     [(ip('::ffff:192.0.2.1'), 80, None, False, 1, 0, (0, 0))]),
    # the kernel tells it of IPv4 sockets too, where it has no meaning
    (inet_diag(ip('0.0.0.0'), 80, attributes=attribute(V6ONLY, b'\1')),
     [(ip('0.0.0.0'), 80, None, None, 1, 0, (0, 0))]),
    (inet_diag(ip('127.0.0.53'), 53, interface=3), [(ip('127.0.0.53'), 53, 'lo', None, 1, 0, (0, 0))]),
    (inet_diag(ip('fe80::1'), 80, interface=2), [(ip('fe80::1'), 80, 'eth0', None, 1, 0, (0, 0))]),
])
def test_parse(data, expected):
    assert parse(data) == expected


@pytest.mark.parametrize('protocol, backlog', [
    ('tcp', (3, 9)), ('sctp', (3, 9)), ('dccp', (3, 9)), ('udp', None), ('udplite', None), ('raw', None),
])
def test_parse_tells_a_backlog_only_where_there_is_a_queue(protocol, backlog):
    [sock] = _inet_diag.parse(protocol, inet_diag(ip('0.0.0.0'), 80, pending=3, limit=9), 16, 88, names)
    assert (sock.protocol, sock.backlog) == (protocol, backlog)


def test_parse_all_addresses_of_an_sctp_endpoint():
    local = sockaddr(ip('192.0.2.1'), 5000) + sockaddr(ip('2001:db8::1'), 5000) + sockaddr(ip('10.0.0.1'), 5000)
    sockets = parse(inet_diag(ip('::'), 5000, inode=9, attributes=attribute(V6ONLY, b'\0') + attribute(LOCALS, local)),
                    'sctp')
    assert [sock[:2] for sock in sockets] == [
        (ip('192.0.2.1'), 5000), (ip('2001:db8::1'), 5000), (ip('10.0.0.1'), 5000)]
    assert {sock[4] for sock in sockets} == {9}


@pytest.mark.parametrize('locals_', [attribute(LOCALS, b''), attribute(LOCALS, b'\2\0' * 20)])
def test_parse_sctp_without_a_whole_address_keeps_the_endpoint(locals_):
    sockets = parse(inet_diag(ip('192.0.2.1'), 5000, attributes=locals_), 'sctp')
    assert [sock[0] for sock in sockets] == [ip('192.0.2.1')]


@pytest.mark.parametrize('garbage', [
    b'\0\0\0\0',                                        # shorter than its own header
    struct.pack('=HH', 3, V6ONLY),
    b'\5',                                              # not even a header
    attribute(V6ONLY, b''),                             # no value
    struct.pack('=HH', 400, 1),                         # longer than the message
], ids=['length 0', 'length 3', 'no header', 'no value', 'length 400'])
def test_parse_survives_garbled_attributes(garbage):
    assert parse(inet_diag(ip('::'), 80, attributes=garbage)) == [(ip('::'), 80, None, None, 1, 0, (0, 0))]


def test_request_is_a_dump_of_one_family_protocol_and_set_of_states():
    question = _inet_diag.request(socket.AF_INET6, UDP, 1 << 7)
    length, kind, flags = struct.unpack_from('=IHH', question)
    assert (length, kind, flags) == (len(question), 20, 0x301)
    assert len(question) == 16 + 56                     # struct nlmsghdr, struct inet_diag_req_v2
    assert struct.unpack_from('=BBBxI', question, 16) == (socket.AF_INET6, UDP, 0, 1 << 7)
    assert not any(question[24:])


@pytest.mark.parametrize('protocol, number, state', [
    ('tcp', TCP, 10), ('udp', UDP, 7), ('udplite', UDPLITE, 7), ('sctp', SCTP, 10), ('dccp', DCCP, 10), ('raw', RAW, 7),
])
def test_collect_asks_for_those_that_wait_for_peers(protocol, number, state):
    link = Kernel({
        (socket.AF_INET, number): [inet_diag(ip('192.0.2.1'), 1), inet_diag(ip('192.0.2.2'), 2)],
        (socket.AF_INET6, number): [inet_diag(ip('::1'), 3)],
    })
    sockets = _inet_diag.collect(link, protocol, 10, names)
    assert [(sock.protocol, sock.address, sock.port) for sock in sockets] == [
        (protocol, ip('192.0.2.1'), 1), (protocol, ip('192.0.2.2'), 2), (protocol, ip('::1'), 3)]
    assert [struct.unpack_from('=BBBxI', question, 16) for question in link.questions] == [
        (socket.AF_INET, number, 0, 1 << state), (socket.AF_INET6, number, 0, 1 << state)]


def test_collect_keeps_to_the_budget():
    sockets = {(socket.AF_INET, TCP): [inet_diag(ip('192.0.2.1'), port) for port in (1, 2, 3)]}
    assert len(_inet_diag.collect(Kernel(sockets), 'tcp', 3, names)) == 3
    with pytest.raises(BudgetError) as info:
        _inet_diag.collect(Kernel(sockets), 'tcp', 2, names)
    assert [sock.port for sock in info.value.args[0]] == [1, 2]


@pytest.mark.parametrize('answer', [
    [error(errno.EPERM)], [done(errno.EINVAL)], [inet_diag(ip('192.0.2.1'), 1), done(errno.EINVAL)],
    [socket.timeout('timed out')],
])
def test_collect_refused(answer):
    with pytest.raises(CollectorError) as info:
        _inet_diag.collect(Link(answer, answer), 'sctp', 10, names)
    assert 'sctp' in str(info.value)


def test_collect_does_not_take_a_late_answer_for_that_to_another_question():
    late = [socket.timeout('timed out'), inet_diag(ip('192.0.2.1'), 80) + done()]
    link = Link(late, [inet_diag(ip('192.0.2.2'), 53) + done()], [done()])
    with pytest.raises(CollectorError):
        _inet_diag.collect(link, 'tcp', 10, names)
    assert [sock.port for sock in _inet_diag.collect(link, 'udp', 10, names)] == [53]


def test_this_host():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind(('127.0.0.1', 0))
        server.listen(5)
        port = server.getsockname()[1]
        link = _netlink.connect()
        try:
            sockets = _inet_diag.collect(link, 'tcp', 100000, _netlink.Names())
        finally:
            link.close()
        [sock] = [sock for sock in sockets if sock.port == port]
        assert (sock.address, sock.backlog, sock.interface) == (b'\x7f\0\0\1', (0, 5), None)
