# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netlink messages, and the addresses of this host out of them."""

import errno
import itertools
import socket
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _netlink
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    Link, attribute, done, error, ip, message
)


def names(index):
    return {2: 'eth0', 3: 'lo'}[index]


def test_attributes_do_not_loop_and_drop_the_flags_of_a_type():
    data = attribute(1 | 0x8000, b'abc') + attribute(2 | 0x4000, b'') + struct.pack('=HH', 0, 3)
    assert [(kind, data[first:last]) for kind, first, last in _netlink.attributes(data, 0, len(data))] == [
        (1, b'abc'), (2, b'')]


def bodies(link):
    return [bytes(data[start:end]) for data, start, end in _netlink.messages(link, b'question' + b'\1\0\0\0' + b'rest')]


@pytest.mark.parametrize('datagrams, expected', [
    ([done()], []),
    ([message(20, b'one') + message(20, b'three') + done()], [b'one', b'three']),
    ([message(20, b'one'), message(20, b'two') + message(20, b'three'), done()], [b'one', b'two', b'three']),
    ([message(20, b'one'), error(0)], [b'one']),
])
def test_messages(datagrams, expected):
    link = Link(datagrams)
    assert bodies(link) == expected
    assert len(link.questions) == 1


@pytest.mark.parametrize('datagrams, code', [
    ([error(errno.EPERM)], errno.EPERM),
    ([error(errno.ENOENT)], errno.ENOENT),
    ([done(errno.ENOMEM)], errno.ENOMEM),
    ([message(20, b'one'), done(errno.EINVAL)], errno.EINVAL),
    ([(message(20, b'one'), socket.MSG_TRUNC), done()], errno.EMSGSIZE),
    ([message(20, b'one'), OSError(errno.ENOBUFS, 'overrun')], errno.ENOBUFS),
])
def test_messages_never_hide_an_error(datagrams, code):
    with pytest.raises(OSError) as info:
        bodies(Link(datagrams))
    assert info.value.errno == code


@pytest.mark.parametrize('datagram', [
    b'\0' * 16,                                         # a length of 0 would be read for ever
    message(20, b'one', length=8),
    message(20, b'one')[:10],
    message(20, b'one', length=4000),                   # the rest is not there
    message(3, b'', length=30),                         # the end, without its error code
], ids=['length 0', 'length 8', 'no header', 'length 4000', 'no code'])
def test_messages_that_are_garbled_are_an_error(datagram):
    with pytest.raises(OSError):
        list(itertools.islice(_netlink.messages(Link([datagram, done()]), b'question' + b'\1\0\0\0'), 10))


def test_names_asks_once_for_each_and_invents_one_for_a_device_that_has_gone():
    asked = []

    def ask(index):
        asked.append(index)
        if index == 7:
            raise OSError(errno.ENXIO, 'no such device')
        return 'eth%d' % index

    names_ = _netlink.Names(ask)
    assert [names_(index) for index in (1, 7, 1, 7)] == ['eth1', 'if7', 'eth1', 'if7']
    assert asked == [1, 7]


def test_names_are_strict_utf8_whatever_a_device_is_called():
    # if_indextoname() decodes with surrogateescape
    assert _netlink.Names(lambda index: b'eth\xff'.decode('utf-8', 'surrogateescape'))(1) == 'eth\\xff'


@pytest.mark.parametrize('exception', [PermissionError(errno.EACCES, 'denied'), OSError(errno.EPROTONOSUPPORT, 'none')])
def test_connect_refused(monkeypatch, exception):
    def refuse(*dummy):
        raise exception
    monkeypatch.setattr(socket, 'socket', refuse)
    with pytest.raises(_netlink.NetlinkError) as info:
        _netlink.connect()
    assert exception.strerror in str(info.value)


def test_connect_where_python_knows_no_netlink(monkeypatch):
    monkeypatch.delattr(socket, 'AF_NETLINK')
    with pytest.raises(_netlink.NetlinkError):
        _netlink.connect()


def address_message(family, prefix, index, *attributes):
    return message(20, struct.pack('=BBBBI', family, prefix, 0, 0, index) + b''.join(attributes))


@pytest.mark.parametrize('datagrams, expected', [
    ([], []),
    ([address_message(socket.AF_INET, 24, 2, attribute(1, ip('10.0.0.5')), attribute(2, ip('10.0.0.5')),
                      attribute(3, b'eth0\0'))],
     ['10.0.0.5/24']),
    # of a point-to-point link, IFA_ADDRESS is the other end
    ([address_message(socket.AF_INET, 32, 2, attribute(1, ip('10.9.9.9')), attribute(2, ip('10.0.0.5')))],
     ['10.0.0.5/32']),
    ([address_message(socket.AF_INET6, 64, 2, attribute(1, ip('fe80::1')))
      + address_message(socket.AF_INET6, 128, 3, attribute(1, ip('::1')))], ['::1/128', 'fe80::1%eth0/64']),
    ([address_message(socket.AF_INET, 16, 2, attribute(1, ip('169.254.1.1')))], ['169.254.1.1/16']),
    ([address_message(socket.AF_INET, 24, 2, attribute(1, b'\1\2'))], []),
])
def test_local_addresses(datagrams, expected):
    link = Link(datagrams + [done()])
    assert _netlink.local_addresses(names, lambda protocol: link if protocol == 0 else None) == expected
    assert link.closed
    assert struct.unpack_from('=HH', link.questions[0], 4) == (22, 0x301)


@pytest.mark.parametrize('answer', [[error(errno.EPERM)], [message(20, b'\2'), done()], [(done(), socket.MSG_TRUNC)]])
def test_local_addresses_that_cannot_be_read_are_not_none_at_all(answer):
    assert _netlink.local_addresses(names, lambda protocol: Link(answer)) is None


def test_local_addresses_where_netlink_is_refused():
    def refuse(dummy):
        raise _netlink.NetlinkError('no')
    assert _netlink.local_addresses(names, refuse) is None


def test_this_host():
    assert '127.0.0.1/8' in _netlink.local_addresses()
