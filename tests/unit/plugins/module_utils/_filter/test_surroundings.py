# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is beside rules and listeners, out of a /proc and out of messages that are written down here."""

import errno
import os
import socket
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import surroundings
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    Link, attribute, error, ip, message
)

ENDS = {'address': '10.0.0.1', 'port': 22, 'peer': '198.51.100.7', 'peer_port': 50000}
UNCHANGED = ('198.51.100.7', 50000, '10.0.0.1', 22)


def written(base, files):
    for name, text in files.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


# connection tracking

SOCKSTAT = {
    'net/sockstat': 'sockets: used 290\nTCP: inuse 27 orphan 1 tw 5 alloc 30 mem 3\nUDP: inuse 10 mem 2\n'
                    'UDPLITE: inuse 100\nRAW: inuse 100\nFRAG: inuse 100 memory 0\n',
    'net/sockstat6': 'TCP6: inuse 3\nUDP6: inuse 4\nUDPLITE6: inuse 100\nRAW6: inuse 100\nFRAG6: inuse 100 memory 0\n'}


def test_tracking(tmp_path):
    written(tmp_path, dict(SOCKSTAT, **{
        'sys/net/netfilter/nf_conntrack_count': '12\n', 'sys/net/netfilter/nf_conntrack_max': '65536\n',
        'sys/net/ipv4/ip_forward': '0\n', 'sys/net/ipv6/conf/all/forwarding': '1\n', 'meminfo': 'MemTotal: 1 kB\n'}))
    assert surroundings.tracking(str(tmp_path)) == {
        'tracked': 12, 'most': 65536, 'sockets': 27 + 5 + 10 + 3 + 4, 'forwards': True}


@pytest.mark.parametrize('kilobytes, most', [
    (16 << 20, 262144), ((4 << 20) + 4, 262144), (4 << 20, 65536), (1 << 20, 8192), (100 << 10, 1024)])
def test_the_table_is_not_there_yet(tmp_path, kilobytes, most):
    """Its size is what the kernel will make it."""
    written(tmp_path, dict(SOCKSTAT, meminfo='MemTotal:       %d kB\nMemFree: 1 kB\n' % kilobytes))
    assert surroundings.tracking(str(tmp_path)) == {'tracked': None, 'most': most, 'sockets': 49, 'forwards': False}


def test_nothing_can_be_read(tmp_path):
    assert surroundings.tracking(str(tmp_path)) == {'tracked': None, 'most': None, 'sockets': None, 'forwards': False}


# Kubernetes

@pytest.mark.parametrize('processes, expected', [
    ({'7': ('sshd', 'net:[1]'), '8': ('kubelet', 'net:[1]')}, 'kubelet'),
    ({'7': ('k3s-server', 'net:[1]')}, 'k3s-server'),
    ({'7': ('kubelet', 'net:[2]')}, None),          # in a container: its ports are not of this host
    ({'7': ('kubelet', None)}, 'kubelet'),          # where that cannot be seen, it counts
    ({'7': ('kubelet-helper', 'net:[1]')}, None),
    ({}, None),
])
def test_kubelet(tmp_path, processes, expected):
    for pid, (name, namespace) in dict(processes, self=('python3', 'net:[1]')).items():
        written(tmp_path, {pid + '/comm': name + '\n'})
        if namespace:
            (tmp_path / pid / 'ns').mkdir()
            os.symlink(namespace, str(tmp_path / pid / 'ns' / 'net'))
    (tmp_path / '99').mkdir()                       # it has ended meanwhile
    (tmp_path / 'net').mkdir()
    assert surroundings.kubelet(str(tmp_path)) == expected


# what was translated

def ends(kind, source, source_port, target, target_port):
    """CTA_TUPLE_ORIG (1) or CTA_TUPLE_REPLY (2)."""
    of_ip = (1, 2) if ':' not in source else (3, 4)
    return attribute(kind | 0x8000, attribute(
        1 | 0x8000, attribute(of_ip[0], ip(source)) + attribute(of_ip[1], ip(target))) + attribute(
            2 | 0x8000, attribute(1, bytes([6])) + attribute(2, struct.pack('>H', source_port)) + attribute(
                3, struct.pack('>H', target_port))))


def tracked(*parts):
    return message(0x100, bytes([2, 0, 0, 0]) + b''.join(parts))


def asked(connection, *answers):
    """What is found, and the question, after which the socket is closed."""
    link = Link(list(answers))
    result = surroundings.original(connection, lambda protocol: link, lambda module: False)
    assert link.closed
    return result, link.questions[0]


def test_original():
    """A client of port 2222 of another address, whose packets are led to sshd."""
    reply = ends(2, '10.0.0.1', 22, '198.51.100.7', 50000)
    result, question = asked(ENDS, tracked(ends(1, '198.51.100.7', 50000, '192.0.2.10', 2222), reply), error(0))
    assert result == ('198.51.100.7', 50000, '192.0.2.10', 2222)
    assert question[16:20] == bytes([socket.AF_INET, 0, 0, 0])
    assert question[20:] == reply
    assert struct.unpack('=IHHII', question[:16])[:3] == (len(question), 0x101, 5)


def test_original_of_a_connection_that_is_older_than_the_tracking():
    """As where firewalld was started after the login, and the host was the next to send."""
    picked_up = tracked(ends(1, '10.0.0.1', 22, '198.51.100.7', 50000))
    assert asked(ENDS, picked_up, error(0))[0] == UNCHANGED == ('198.51.100.7', 50000, '10.0.0.1', 22)


def test_original_of_ipv6():
    connection = dict(ENDS, address='2001:db8::1', peer='2001:db8::7')
    result, question = asked(connection, tracked(ends(1, '2001:db8::7', 50000, '2001:db8::9', 2222)), error(0))
    assert result == ('2001:db8::7', 50000, '2001:db8::9', 2222)
    assert question[16] == socket.AF_INET6 and question[20:] == ends(2, '2001:db8::1', 22, '2001:db8::7', 50000)


@pytest.mark.parametrize('answer, expected', [
    (error(errno.ENOENT), UNCHANGED),               # it is not tracked, hence not translated
    (error(errno.EPERM), None),
    (error(errno.EINVAL), None),
    (error(0), None),
    (tracked(attribute(9, b'1234')), None),
], ids=['not tracked', 'refused', 'not understood', 'nothing', 'something else'])
def test_what_the_kernel_does_not_say(answer, expected):
    assert asked(ENDS, answer)[0] == expected


def test_nothing_translates():
    """Then nothing is asked, which would load modules of the kernel."""
    def connect(protocol):
        raise AssertionError
    assert surroundings.original(ENDS, connect, lambda module: module == 'nf_nat') == UNCHANGED


def test_without_netlink():
    def connect(protocol):
        raise OSError(errno.EPERM, 'no')
    assert surroundings.original(ENDS, connect, lambda module: False) is None
