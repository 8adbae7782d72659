# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets out of the tables in /proc/net."""

import sys

import pytest

from ansible_collections.listening.ports.plugins.module_utils._sockets import procfs
from ansible_collections.listening.ports.plugins.module_utils._sockets.base import BudgetError, CollectorError
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import gaps_of, ip, new_gaps

HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
LISTENING = ('   0: %s:0016 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 4711 1 '
             '0000000000000000 100 0 0 10 0\n')
CONNECTED = ('   1: 0100007F:0016 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 '
             '0000000000000000\n')
UNCONNECTED = (' 1068: %s:0035 00000000:0000 07 00000000:00000100 00:00000000 00000000   101        0 815 2 '
               '0000000000000000 0\n')
ENDPOINT = ' ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS\n'


def words(address):
    """The address as the kernel prints it on this machine: each word as a number."""
    raw = ip(address)
    return ''.join('%08X' % int.from_bytes(raw[at:at + 4], sys.byteorder) for at in range(0, len(raw), 4))


def fields(sockets):
    return [(sock.protocol, sock.address, sock.port, sock.inode, sock.uid, sock.backlog) for sock in sockets]


@pytest.mark.skipif(sys.byteorder != 'little', reason='these lines are those of a little-endian machine')
@pytest.mark.parametrize('text, address', [
    ('0100007F', '127.0.0.1'),
    ('010200C0', '192.0.2.1'),
    ('00000000000000000000000001000000', '::1'),
    ('000080FE00000000FF00FC0201000000', 'fe80::2fc:ff:0:1'),
    ('0000000000000000FFFF0000010200C0', '::ffff:192.0.2.1'),
])
def test_addresses_as_they_are_seen(text, address):
    assert fields(procfs.parse('tcp', LISTENING % text)) == [('tcp', ip(address), 22, 4711, 1000, (3, None))]


@pytest.mark.parametrize('address', ['0.0.0.0', '192.0.2.1', '::', '2001:db8::1', '::ffff:10.0.0.1'])
@pytest.mark.parametrize('protocol, line, expected', [
    ('tcp', LISTENING, (22, 4711, 1000, (3, None))),
    ('udp', UNCONNECTED, (53, 815, 101, None)),
    ('udplite', UNCONNECTED, (53, 815, 101, None)),
    ('raw', UNCONNECTED, (53, 815, 101, None)),
])
def test_parse(protocol, line, address, expected):
    assert fields(procfs.parse(protocol, line % words(address))) == [(protocol, ip(address)) + expected]
    [sock] = procfs.parse(protocol, line % words(address))
    assert (sock.interface, sock.v6only) == (None, None)      # not told, which is not the same as no


@pytest.mark.parametrize('protocol, line', [
    ('tcp', CONNECTED), ('tcp', UNCONNECTED % words('0.0.0.0')),
    ('udp', CONNECTED), ('udp', LISTENING % words('0.0.0.0')),
])
def test_parse_leaves_out_connections(protocol, line):
    assert procfs.parse(protocol, line) == []


@pytest.mark.parametrize('line, expected', [
    ('ffff888 ffff889 2   10  27   5000     7  9911 192.0.2.1 10.0.0.1 \n', ['192.0.2.1', '10.0.0.1']),
    ('ffff888 ffff889 2   10  27   5000     7  9911 2001:0db8:0000:0000:0000:0000:0000:0001 192.0.2.1 \n',
     ['2001:db8::1', '192.0.2.1']),
    ('ffff888 ffff889 2   10  27   5000     7  9911 0.0.0.0 \n', ['0.0.0.0']),
    ('ffff888 ffff889 2   7   27   5000     7  9911 0.0.0.0 \n', []),
])
def test_parse_endpoint(line, expected):
    assert fields(procfs.parse_endpoint(line)) == [('sctp', ip(sock), 5000, 9911, 7, None) for sock in expected]


def write(directory, **tables):
    for name, content in tables.items():
        (directory / name).write_text(content)


@pytest.mark.parametrize('protocol, line',
                         [('tcp', LISTENING), ('udp', UNCONNECTED), ('udplite', UNCONNECTED), ('raw', UNCONNECTED)])
def test_collect_both_families(tmp_path, protocol, line):
    write(tmp_path,
          **{protocol: HEAD + line % words('192.0.2.1') + CONNECTED, protocol + '6': HEAD + line % words('::1')})
    assert [sock.address for sock in procfs.collect(protocol, str(tmp_path), 10)] == [ip('192.0.2.1'), ip('::1')]


def test_collect_sctp(tmp_path):
    (tmp_path / 'sctp').mkdir()
    write(tmp_path / 'sctp', eps=ENDPOINT + 'ffff888 ffff889 2   10  27   5000     7  9911 192.0.2.1 ::1\n')
    assert [sock.address for sock in procfs.collect('sctp', str(tmp_path), 10)] == [ip('192.0.2.1'), ip('::1')]


def test_collect_without_ipv6(tmp_path):
    write(tmp_path, tcp=HEAD + LISTENING % words('0.0.0.0'))
    assert [sock.port for sock in procfs.collect('tcp', str(tmp_path), 10)] == [22]


def test_collect_an_empty_table_is_no_error(tmp_path):
    write(tmp_path, tcp=HEAD, tcp6=HEAD)
    assert procfs.collect('tcp', str(tmp_path), 0) == []


@pytest.mark.parametrize('protocol', ['tcp', 'udp', 'udplite', 'sctp', 'raw', 'dccp'])
def test_collect_without_the_table(tmp_path, protocol):
    with pytest.raises(CollectorError) as info:
        procfs.collect(protocol, str(tmp_path), 10)
    assert protocol in str(info.value)


def test_collect_a_table_of_ipv6_that_is_there_must_be_readable(tmp_path):
    write(tmp_path, tcp=HEAD)
    (tmp_path / 'tcp6').mkdir()                     # opening it is an error that even root gets
    with pytest.raises(CollectorError) as info:
        procfs.collect('tcp', str(tmp_path), 10)
    assert 'tcp6' in str(info.value)


@pytest.mark.parametrize('line', [
    '\n', '   0: 0100007F 00000000:0000 0A 0:0 0 0 0 0 1 1\n', (LISTENING % '0100007F')[:40] + '\n',
    LISTENING % '0100007G', LISTENING % '01000', LISTENING % '0100007F01', LISTENING % '',
    (LISTENING % '0100007F').replace('4711', 'inode'), '\xff\xfe\n',
])
def test_collect_garbage_is_not_an_empty_table(tmp_path, line):
    (tmp_path / 'tcp').write_text(HEAD + line, encoding='latin-1')
    with pytest.raises(CollectorError):
        procfs.collect('tcp', str(tmp_path), 10)


@pytest.mark.parametrize('line', [
    'ffff888 ffff889 2   10  27   5000     7  9911 *192.0.2.1\n', 'ffff888 ffff889 2   10  27   5000\n',
    'ffff888 ffff889 2\n',
])
def test_collect_garbage_of_sctp(tmp_path, line):
    (tmp_path / 'sctp').mkdir()
    write(tmp_path / 'sctp', eps=ENDPOINT + line)
    with pytest.raises(CollectorError):
        procfs.collect('sctp', str(tmp_path), 10)


def test_collect_counts_connections_into_the_budget(tmp_path):
    write(tmp_path, tcp=HEAD + LISTENING % words('192.0.2.1') + CONNECTED * 2 + LISTENING % words('192.0.2.2'),
          tcp6=HEAD)
    assert len(procfs.collect('tcp', str(tmp_path), 4)) == 2
    with pytest.raises(BudgetError) as info:
        procfs.collect('tcp', str(tmp_path), 3)
    assert [sock.address for sock in info.value.args[0]] == [ip('192.0.2.1')]


def test_instead_of_netlink_notes_what_is_lost(tmp_path):
    write(tmp_path, tcp=HEAD + LISTENING % words('0.0.0.0'))
    gaps = new_gaps()
    assert len(procfs.instead('tcp', str(tmp_path), 10, 'netlink is tired', gaps)) == 1
    assert gaps_of(gaps) == {('binding', 'procfs'): None}
    assert 'netlink is tired' in gaps.found[0]['message']


def test_instead_of_netlink_tells_both_reasons_where_neither_works(tmp_path):
    with pytest.raises(CollectorError) as info:
        procfs.instead('tcp', str(tmp_path), 10, 'netlink is tired', new_gaps())
    assert 'netlink is tired' in str(info.value) and str(tmp_path) in str(info.value)
