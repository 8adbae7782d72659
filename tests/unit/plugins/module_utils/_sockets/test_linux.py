# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netlink first, /proc/net where that is refused: never silently empty."""

import errno
import os
import socket
import sys

import pytest

from ansible_collections.listening.ports.plugins.module_utils._netlink import NetlinkError
from ansible_collections.listening.ports.plugins.module_utils._sockets import linux
from ansible_collections.listening.ports.plugins.module_utils._sockets.base import CollectorError
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    DCCP, RAW, SCTP, TCP, UDP, Kernel, gaps_of, inet_diag, ip, new_gaps
)

V4, V6 = socket.AF_INET, socket.AF_INET6
HEAD = '  sl  local_address rem_address   st\n'
LINE = '   0: %08X:%04X 00000000:0000 %s 00000000:00000000 00:00000000 00000000     0        0 %d 1 0\n'
PROTOCOLS = 'protocol  size sockets  memory press maxhdr  slab module     cl co di ac\n'
EVERYTHING = {
    (V4, TCP): [inet_diag(ip('192.0.2.1'), 22, inode=1)],
    (V6, TCP): [inet_diag(ip('::1'), 22, inode=2)],
    (V4, UDP): [inet_diag(ip('192.0.2.1'), 53, state=7, inode=3)],
    (V4, SCTP): [inet_diag(ip('192.0.2.1'), 5000, inode=4)],
    (V4, RAW): [inet_diag(ip('0.0.0.0'), 89, state=7, inode=5)],
}


@pytest.fixture
def tables(tmp_path):
    """A directory like /proc/net with a TCP and a UDP socket, of the ports 23 and 54."""
    address = int.from_bytes(ip('192.0.2.9'), sys.byteorder)
    (tmp_path / 'protocols').write_text(PROTOCOLS + 'UDP 1 2\nTCP 1 2\nSCTP 1 2\nRAW 1 2\nTCPv6 1 2\n')
    (tmp_path / 'tcp').write_text(HEAD + LINE % (address, 23, '0A', 101))
    (tmp_path / 'udp').write_text(HEAD + LINE % (address, 54, '07', 102))
    return tmp_path


def read(tables, link, collector='auto', budget=100, protocols=('tcp', 'udp', 'sctp'), refused='no link'):
    gaps = new_gaps()
    reader = linux.Reader(protocols, collector, budget, gaps, refused)
    sockets = reader.read(link, str, str(tables), 'sockets')
    return [(sock.protocol, sock.port) for sock in sockets], gaps, reader


def test_netlink_alone(tables):
    endpoints, gaps, reader = read(tables, Kernel(EVERYTHING))
    assert endpoints == [('tcp', 22), ('tcp', 22), ('udp', 53), ('sctp', 5000)]
    assert gaps.found == [] and reader.by_netlink


def test_no_netlink_at_all(tables):
    endpoints, gaps, reader = read(tables, None, protocols=('tcp', 'udp'), refused='a filter is in the way')
    assert endpoints == [('tcp', 23), ('udp', 54)]
    assert gaps_of(gaps) == {('binding', 'procfs'): None} and not reader.by_netlink
    assert 'a filter is in the way' in gaps.found[0]['message']


@pytest.mark.parametrize('code', [errno.EPERM, errno.ENOENT, errno.EINVAL])
def test_netlink_refused_for_one_protocol(tables, code):
    endpoints, gaps, reader = read(tables, Kernel(EVERYTHING, {UDP: code}))
    assert endpoints == [('tcp', 22), ('tcp', 22), ('udp', 54), ('sctp', 5000)]
    assert gaps_of(gaps) == {('binding', 'procfs'): None} and reader.by_netlink
    assert os.strerror(code) in gaps.found[0]['message']


def test_neither_way_works_for_one_protocol(tables):
    endpoints, gaps, dummy = read(tables, Kernel(EVERYTHING, {SCTP: errno.EPERM}))
    assert endpoints == [('tcp', 22), ('tcp', 22), ('udp', 53)]
    assert gaps_of(gaps) == {('sockets', 'unreadable'): 1}
    assert 'sctp' in gaps.found[0]['message'] and os.strerror(errno.EPERM) in gaps.found[0]['message']


def test_neither_way_works_at_all(tables):
    for name in ('tcp', 'udp'):
        (tables / name).unlink()
    endpoints, gaps, reader = read(tables, Kernel({}, {'all': errno.EACCES}))
    assert endpoints == []
    assert gaps_of(gaps) == {('sockets', 'unreadable'): 3} and not reader.by_netlink


def test_netlink_by_name_does_not_fall_back(tables):
    endpoints, gaps, dummy = read(tables, Kernel(EVERYTHING, {UDP: errno.EPERM}), collector='netlink')
    assert endpoints == [('tcp', 22), ('tcp', 22), ('sctp', 5000)]
    assert gaps_of(gaps) == {('sockets', 'unreadable'): 1}


def test_only_what_is_loaded_is_asked_for(tables):
    link = Kernel(EVERYTHING)
    read(tables, link, protocols=('tcp', 'udp', 'sctp', 'dccp', 'udplite'))
    assert {question[17] for question in link.questions} == {TCP, UDP, SCTP}


@pytest.mark.parametrize('content', [None, '', '\n', PROTOCOLS + 'UDP 1\n', PROTOCOLS + 'TCP 1\n', PROTOCOLS])
def test_a_list_of_protocols_that_cannot_be_believed(tables, content):
    (tables / 'protocols').unlink()
    if content is not None:
        (tables / 'protocols').write_text(content)
    link = Kernel(EVERYTHING, {DCCP: errno.ENOENT})
    endpoints, gaps, dummy = read(tables, link, protocols=('tcp', 'udp', 'sctp', 'dccp'))
    assert {question[17] for question in link.questions} == {TCP, UDP, SCTP, DCCP}
    assert endpoints == [('tcp', 22), ('tcp', 22), ('udp', 53), ('sctp', 5000)]
    assert gaps.found == []                         # DCCP: refused as it would be where it is not loaded


@pytest.mark.parametrize('protocol, number', [('tcp', TCP), ('udp', UDP), ('raw', RAW)])
def test_without_the_list_what_every_kernel_has_is_never_taken_for_missing(tables, protocol, number):
    (tables / 'protocols').unlink()
    for name in ('tcp', 'udp'):
        (tables / name).unlink()
    gaps = read(tables, Kernel(EVERYTHING, {number: errno.ENOENT}), protocols=('tcp', 'udp', 'raw'))[1]
    assert gaps_of(gaps) == {('sockets', 'unreadable'): 1}
    assert protocol in gaps.found[0]['message']


def test_without_the_list_and_without_netlink_nothing_is_taken_for_missing(tables):
    (tables / 'protocols').unlink()
    endpoints, gaps, dummy = read(tables, Kernel({}, {'all': errno.EPERM}), protocols=('tcp', 'udp', 'sctp', 'dccp'))
    assert endpoints == [('tcp', 23), ('udp', 54)]
    assert gaps_of(gaps) == {('binding', 'procfs'): None, ('sockets', 'unreadable'): 2}


@pytest.mark.parametrize('budget, expected, gap', [
    (4, [('tcp', 22), ('tcp', 22), ('udp', 53), ('sctp', 5000)], {}),
    (3, [('tcp', 22), ('tcp', 22), ('udp', 53)], {('sockets', 'socket_budget'): None}),
    (2, [('tcp', 22), ('tcp', 22)], {('sockets', 'socket_budget'): None}),
    (1, [('tcp', 22)], {('sockets', 'socket_budget'): None}),
])
def test_budget(tables, budget, expected, gap):
    sockets, gaps, dummy = read(tables, Kernel(EVERYTHING), budget=budget)
    assert (sockets, gaps_of(gaps)) == (expected, gap)
    for gap in gaps.found:
        assert str(budget) in gap['message'] and gap['hint'] == 'raise max_sockets'


def test_budget_does_not_hide_what_failed_before_it(tables):
    gaps = read(tables, Kernel(EVERYTHING, {TCP: errno.EPERM}), collector='netlink', budget=1)[1]
    assert gaps_of(gaps) == {('sockets', 'socket_budget'): None, ('sockets', 'unreadable'): 1}


def test_the_aspect_is_that_of_the_caller(tables):
    gaps = new_gaps()
    linux.Reader(('sctp',), 'auto', 9, gaps, 'no').read(None, str, str(tables), 'namespaces')
    linux.Reader(('tcp',), 'auto', 0, gaps, 'no').read(Kernel(EVERYTHING), str, str(tables), 'namespaces')
    assert gaps_of(gaps) == {('namespaces', 'unreadable'): 1, ('namespaces', 'socket_budget'): None}


def test_loaded(tables):
    assert linux.loaded(str(tables)) == {'tcp', 'udp', 'sctp', 'raw'}


def collect(gather, collector, gaps, link=None, **parts):
    """Collect at home: where this process sees the host itself."""
    if link:
        parts['connect'] = lambda: link
    return linux.collect(gather, collector, 100000, gaps, foreign=lambda gaps: None, **parts)


@pytest.mark.parametrize('collector', ['auto', 'netlink', 'procfs'])
def test_collect_of_this_host(collector):
    gaps = new_gaps()
    with socket.socket(V4, socket.SOCK_STREAM) as server, socket.socket(V4, socket.SOCK_DGRAM) as talker:
        server.bind(('127.0.0.1', 0))
        server.listen(1)
        talker.bind(('127.0.0.1', 0))
        used, sockets = collect(set(), collector, gaps)
        wanted = {('tcp', server.getsockname()[1], os.fstat(server.fileno()).st_ino),
                  ('udp', talker.getsockname()[1], os.fstat(talker.fileno()).st_ino)}
    assert wanted <= {(sock.protocol, sock.port, sock.inode) for sock in sockets}
    assert used == ('procfs' if collector == 'procfs' else 'netlink')
    assert (('binding', 'procfs') in gaps_of(gaps)) is (collector == 'procfs')


def refuse(*dummy):
    raise NetlinkError('netlink was refused: a filter is in the way')


def test_collect_where_netlink_is_refused():
    gaps = new_gaps()
    assert collect(set(), 'auto', gaps, connect=refuse)[0] == 'procfs'
    [reason] = [gap['message'] for gap in gaps.found if gap['aspect'] == 'binding']
    assert reason.startswith('netlink was refused: a filter is in the way')
    with pytest.raises(CollectorError, match='netlink was refused: a filter is in the way'):
        collect(set(), 'netlink', gaps, connect=refuse)


def test_collect_by_netlink_alone_never_claims_another_collector():
    link = Kernel({}, {'all': errno.EPERM})
    try:
        used = collect(set(), 'netlink', new_gaps(), link)[0]
    except CollectorError:
        used = 'netlink'
    assert used == 'netlink' and link.closed


@pytest.mark.parametrize('gather, asked', [(set(), False), ({'raw'}, True)])
def test_collect_asks_for_raw_sockets_on_request(gather, asked):
    link = Kernel(EVERYTHING)
    dummy, sockets = collect(gather, 'auto', new_gaps(), link)
    assert (RAW in {question[17] for question in link.questions}) is asked
    assert ('raw' in {sock.protocol for sock in sockets}) is asked
    assert link.closed


def test_collect_adds_other_namespaces_on_request():
    def another(reader, gaps):
        return ['of another']
    assert 'of another' in collect({'namespaces'}, 'auto', new_gaps(), Kernel(EVERYTHING), namespaces=another)[1]
    assert 'of another' not in collect(set(), 'auto', new_gaps(), Kernel(EVERYTHING), namespaces=another)[1]


def test_collect_notes_where_this_is_not_the_host():
    gaps = new_gaps()
    linux.collect(set(), 'auto', 100, gaps, lambda: Kernel(EVERYTHING),
                  lambda gaps: gaps.add('sockets', 'foreign_root', 'a chroot'))
    assert ('sockets', 'foreign_root') in gaps_of(gaps)


def test_collect_says_why_procfs_was_read_in_another_namespace(tables):
    def another(reader, gaps):
        return reader.read(None, None, str(tables), 'namespaces')
    gaps = new_gaps()
    sockets = collect({'namespaces'}, 'auto', gaps, Kernel(EVERYTHING), namespaces=another)[1]
    assert ('tcp', 23) in [(sock.protocol, sock.port) for sock in sockets]
    assert [gap['message'] for gap in gaps.found if gap['code'] == 'procfs']
    assert not [gap for gap in gaps.found if 'was asked for' in gap['message']]
