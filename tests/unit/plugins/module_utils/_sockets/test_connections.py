# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which listener a connection belongs to, and how many there are."""

import errno
import socket
import sys

import pytest

from ansible_collections.listening.ports.plugins.module_utils._sockets import connections
from ansible_collections.listening.ports.plugins.module_utils._sockets.base import CollectorError
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    TCP, Kernel, error, gaps_of, inet_diag, ip, listener, new_gaps
)

ESTABLISHED, SYN_RECV, TIME_WAIT, CLOSE_WAIT = 1, 3, 6, 8


LOCAL = ('127.0.0.1/8', '192.0.2.1/24', '2001:db8::1/64', 'fe80::1%eth0/64')
PEER = '203.0.113.9'


def of_rows(rows, protocol='tcp'):
    """A source of connections (state, address, port, device, peer), where the last may be left out."""
    return {'netlink': lambda asked: iter([
        (state, ip(address), port, device, ip((peer or [PEER])[0])) for state, address, port, device, *peer in rows
    ] if asked == protocol else [])}


def count(listeners, rows, budget=1000):
    """Count where these connections are on the host."""
    gaps = new_gaps()
    connections.count(listeners, 'netlink', budget, gaps, LOCAL, of_rows(rows))
    return {given['record']['id']: given['record']['connections'] for given in listeners}, gaps


def where(listeners, address, port=80, device=None):
    counts, gaps = count(listeners, [(ESTABLISHED, address, port, device)])
    assert gaps.found == []
    return [key for key, states in counts.items() if states['established']]


ANY4 = listener(address='0.0.0.0')
ONE4 = listener(address='192.0.2.1')
ANY6 = listener(address='::', v6only=False)
ONLY6 = listener(address='::', v6only=True)
ONE6 = listener(address='2001:db8::1')
MAPPED = listener(address='::ffff:192.0.2.1')
MAPPED_ANY = listener(address='::ffff:0.0.0.0')
UNSURE6 = listener(address='::')
UNSURE6['record']['accepts_ipv4'] = None
ON_LO = listener(address='0.0.0.0', interface='lo')
LINK0 = listener(address='fe80::1', interface='eth0')
LINK1 = listener(address='fe80::1', interface='eth1')
OTHER = listener(address='0.0.0.0', port=81)


@pytest.mark.parametrize('listeners, address, device, expected', [
    # an exact address before a wildcard
    ([ANY4, ONE4], '192.0.2.1', None, [ONE4]),
    ([ONE4, ANY4], '192.0.2.2', None, [ANY4]),
    ([ONE4], '192.0.2.2', None, []),
    ([ANY6, ONE6], '2001:db8::1', None, [ONE6]),
    ([ANY6, ONE6], '2001:db8::2', None, [ANY6]),
    # dual stack: the connection has the family of the listening socket, and so its address is a mapped one
    ([ANY6], '::ffff:192.0.2.1', None, [ANY6]),
    ([ANY6], '192.0.2.1', None, [ANY6]),
    ([UNSURE6], '::ffff:192.0.2.1', None, [UNSURE6]),
    ([ONLY6], '::ffff:192.0.2.1', None, []),
    ([ONLY6], '192.0.2.1', None, []),
    ([ONLY6], '2001:db8::1', None, [ONLY6]),
    ([ANY4, ONLY6], '192.0.2.1', None, [ANY4]),
    ([ANY4, ONLY6], '2001:db8::1', None, [ONLY6]),
    ([ANY4], '2001:db8::1', None, []),
    ([ANY6, ONE4], '192.0.2.1', None, [ONE4]),
    # listeners of an IPv4 address by IPv6
    ([MAPPED], '::ffff:192.0.2.1', None, [MAPPED]),
    ([MAPPED], '::ffff:192.0.2.2', None, []),
    ([MAPPED], '2001:db8::1', None, []),
    ([MAPPED_ANY], '::ffff:192.0.2.1', None, [MAPPED_ANY]),
    ([MAPPED_ANY, MAPPED], '::ffff:192.0.2.1', None, [MAPPED]),
    # devices
    ([ANY4, ON_LO], '127.0.0.1', 'lo', [ON_LO]),
    ([ANY4, ON_LO], '127.0.0.1', None, [ANY4]),
    ([ON_LO], '192.0.2.1', 'eth0', []),
    ([ANY4, ON_LO], '192.0.2.1', 'eth0', [ANY4]),
    ([LINK0, LINK1], 'fe80::1', 'eth1', [LINK1]),
    ([LINK0, LINK1, ANY6], 'fe80::1', 'eth2', [ANY6]),
    # ports
    ([OTHER], '192.0.2.1', None, []),
    ([OTHER, ANY4], '192.0.2.1', None, [ANY4]),
    ([], '192.0.2.1', None, []),
])
def test_finder(listeners, address, device, expected):
    assert where(listeners, address, 80, device) == [given['record']['id'] for given in expected]


def test_states_are_named_and_counted():
    rows = [(state, '192.0.2.1', 80, None) for state in (1, 1, 2, 3, 12, 4, 5, 6, 6, 7, 8, 9, 11, 13)]
    counts, gaps = count([listener()], rows)
    assert counts == {'tcp/0.0.0.0:80': {
        'established': 2, 'syn_sent': 1, 'syn_recv': 2, 'fin_wait1': 1, 'fin_wait2': 1, 'time_wait': 2, 'close': 1,
        'close_wait': 1, 'last_ack': 1, 'closing': 1, 'state_13': 1}}
    assert gaps.found == []


def test_a_listener_without_connections_has_none_of_them():
    counts, dummy = count([listener()], [])
    assert counts == {'tcp/0.0.0.0:80': {'established': 0, 'close_wait': 0, 'time_wait': 0}}


@pytest.mark.parametrize('protocol', ['udp', 'udplite', 'sctp', 'dccp', 'raw'])
def test_other_protocols_have_no_counts(protocol):
    counts, gaps = count([listener(protocol)], [(ESTABLISHED, '192.0.2.1', 80, None)])
    assert list(counts.values()) == [None]
    assert gaps.found == []


def test_other_namespaces_are_not_counted_and_a_gap_says_so():
    other = listener(namespace='docker:0123456789ab')
    counts, gaps = count([other, listener('udp', namespace='x')], [(ESTABLISHED, '192.0.2.1', 80, None)])
    assert set(counts.values()) == {None}
    assert list(gaps_of(gaps)) == [('connections', 'other_namespaces')]
    counts, dummy = count([other, listener()], [(ESTABLISHED, '192.0.2.1', 80, None)])
    assert counts['tcp/0.0.0.0:80']['established'] == 1 and counts['tcp/0.0.0.0:80@docker:0123456789ab'] is None


@pytest.mark.parametrize('budget, counted, complete', [(3, 3, True), (2, 2, False)])
def test_budget(budget, counted, complete):
    counts, gaps = count([listener()], [(ESTABLISHED, '192.0.2.1', 80, None)] * 3, budget)
    assert counts['tcp/0.0.0.0:80']['established'] == counted
    assert list(gaps_of(gaps)) == ([] if complete else [('connections', 'connection_budget')])


@pytest.mark.parametrize('used', ['netlink', 'procfs', 'psutil'])
@pytest.mark.parametrize('exception', [CollectorError('no'), PermissionError(13, 'denied'), ValueError('garbage')])
def test_what_cannot_be_read_is_not_none_at_all(used, exception):
    def source(protocol):
        yield ESTABLISHED, ip('192.0.2.1'), 80, None, ip(PEER)
        raise exception
    gaps = new_gaps()
    given = listener()
    connections.count([given], used, 10, gaps, LOCAL, {used: source})
    assert given['record']['connections'] is None and given['record']['clients'] is None
    assert list(gaps_of(gaps)) == [('connections', 'unreadable')]


def test_by_netlink():
    link = Kernel({
        (socket.AF_INET, TCP): [inet_diag(ip('192.0.2.1'), 80, ESTABLISHED, peer=ip(PEER)),
                                inet_diag(ip('192.0.2.1'), 80, SYN_RECV, peer=ip('198.51.100.1'))],
        (socket.AF_INET6,
         TCP): [inet_diag(ip('::ffff:192.0.2.1'), 80, CLOSE_WAIT, peer=ip('::ffff:203.0.113.9'))
                + inet_diag(ip('fe80::1'), 80, TIME_WAIT, 5, peer=ip('fe80::2'))],
    })
    assert list(connections.by_netlink('tcp', lambda: link, 'eth{0}'.format)) == [
        (1, ip('192.0.2.1'), 80, None, ip(PEER)), (3, ip('192.0.2.1'), 80, None, ip('198.51.100.1')),
        (8, ip('::ffff:192.0.2.1'), 80, None, ip('::ffff:203.0.113.9')), (6, ip('fe80::1'), 80, 'eth5', ip('fe80::2'))]
    assert link.closed
    states = int.from_bytes(link.questions[0][20:24], sys.byteorder)
    assert not states & (1 << 10)                   # listeners are no connections
    assert all(states & (1 << state) for state in (1, 2, 3, 4, 5, 6, 8, 9, 11, 12))


def test_by_netlink_refused_in_the_middle():
    link = Kernel()
    link.answer = lambda question: [error(errno.EPERM)]
    gaps = new_gaps()
    connections.count([listener()], 'netlink', 10, gaps, LOCAL, {
        'netlink': lambda protocol: connections.by_netlink(protocol, lambda: link)})
    assert list(gaps_of(gaps)) == [('connections', 'unreadable')]
    assert link.closed


HEAD = b'  sl  local_address\n'
CONNECTION = b'   1: %s:0050 %s:D431 %s 00000000:00000000 00:00000000 00000000     0        0 4712 1 0\n'


def word(address):
    return b''.join(b'%08X' % int.from_bytes(ip(address)[at:at + 4], sys.byteorder) for at in range(0, len(ip(address)),
                                                                                                    4))


def count_by_procfs(directory, files, given):
    for name, content in files.items():
        (directory / name).write_bytes(content)
    gaps = new_gaps()
    connections.count([given], 'procfs', 10, gaps, LOCAL, {
        'procfs': lambda protocol: connections.by_procfs(protocol, str(directory))})
    return gaps


def test_by_procfs(tmp_path):
    given = listener(address='::', v6only=False)
    count_by_procfs(tmp_path, {
        'tcp': (HEAD + CONNECTION % (word('192.0.2.1'), word(PEER), b'01')
                + CONNECTION % (word('0.0.0.0'), word('0.0.0.0'), b'0A')),
        'tcp6': HEAD + CONNECTION % (word('::ffff:192.0.2.1'), word('::ffff:203.0.113.10'), b'06'),
    }, given)
    assert given['record']['connections'] == {'established': 1, 'time_wait': 1, 'close_wait': 0}
    assert given['record']['clients'] == {
        'ipv4': {'203.0.113.9/32': 1, '203.0.113.10/32': 1}, 'ipv6': {}, 'itself': 0}


def test_sockets_of_udp_by_procfs_that_are_connected(tmp_path):
    given = listener('udp', address='::', v6only=False)
    gaps = count_by_procfs(tmp_path, {
        'tcp': HEAD,
        'udp': HEAD + CONNECTION % (word('192.0.2.1'), word(PEER), b'01'),
        'udp6': HEAD + CONNECTION % (word('::'), word('::'), b'07'),
    }, given)
    assert gaps.found == []
    assert given['record']['clients'] == {'ipv4': {'203.0.113.9/32': 1}, 'ipv6': {}, 'itself': 0}
    assert given['record']['connections'] is None


@pytest.mark.parametrize('files, codes', [
    ({'tcp': HEAD}, []),                                              # a kernel without IPv6
    ({'tcp6': HEAD}, [('connections', 'unreadable')]),
    ({'tcp': HEAD + b'   1: 0100007G:0050 0:0 01 0\n'}, [('connections', 'unreadable')]),
    ({'tcp': HEAD + b'\n'}, [('connections', 'unreadable')]),
    ({'tcp': HEAD + b'   1: 01:0050 0:0 01\n'}, []),
])
def test_by_procfs_unreadable(tmp_path, files, codes):
    assert list(gaps_of(count_by_procfs(tmp_path, files, listener()))) == codes


@pytest.mark.parametrize('refused', ['tcp', 'tcp6'])
def test_by_procfs_refused(tmp_path, refused):
    (tmp_path / refused).mkdir()                    # which cannot be read as a file, not even by root
    gaps = count_by_procfs(tmp_path, {'tcp': HEAD} if refused == 'tcp6' else {}, listener())
    assert list(gaps_of(gaps)) == [('connections', 'unreadable')]


def test_this_host():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind(('127.0.0.1', 0))
        server.listen(5)
        port = server.getsockname()[1]
        given, other = listener(address='127.0.0.1', port=port), listener(address='127.0.0.1', port=port)
        with socket.create_connection(('127.0.0.1', port)), socket.create_connection(('127.0.0.1', port)):
            connections.count([given], 'netlink', 10 ** 6, new_gaps(), [])
            connections.count([other], 'procfs', 10 ** 6, new_gaps(), [])
    assert given['record']['connections']['established'] == other['record']['connections']['established'] == 2
    assert given['record']['clients'] == other['record']['clients'] == {'ipv4': {}, 'ipv6': {}, 'itself': 2}


def clients(given, rows, local=LOCAL, protocol='tcp'):
    gaps = new_gaps()
    connections.count([given], 'netlink', 1000, gaps, local, of_rows(rows, protocol))
    return given['record']['clients'], list(gaps_of(gaps))


def test_who_came_is_told_by_network_and_counted():
    rows = [(ESTABLISHED, '192.0.2.1', 80, None, peer) for peer in ('10.0.0.5', '10.0.0.5', '10.0.0.6')]
    rows += [(ESTABLISHED, '192.0.2.1', 80, None, '10.9.9.%d' % number) for number in range(1, 10)]
    assert clients(listener(), rows) == ({
        'ipv4': {'10.0.0.5/32': 2, '10.0.0.6/32': 1, '10.9.9.0/24': 9}, 'ipv6': {}, 'itself': 0}, [])


@pytest.mark.parametrize('state, came', [
    (1, True), (4, True), (5, True), (6, True), (8, True), (9, True), (11, True),
    (2, False), (3, False), (7, False), (12, False), (13, False)])
def test_who_came_has_been_established_once(state, came):
    """A source that was never answered may be anybody's: SYN packets are easily forged."""
    found, dummy = clients(listener(), [(state, '192.0.2.1', 80, None, '10.0.0.5')])
    assert found['ipv4'] == ({'10.0.0.5/32': 1} if came else {})


@pytest.mark.parametrize('address, device, peer, expected', [
    ('192.0.2.1', None, '127.0.0.1', 'itself'),
    ('127.0.0.1', None, '127.0.0.9', 'itself'),
    ('::1', None, '::1', 'itself'),
    ('::ffff:127.0.0.1', None, '::ffff:127.0.0.1', 'itself'),
    ('127.0.0.1', None, '192.0.2.1', 'itself'),
    ('::ffff:127.0.0.1', None, '::ffff:192.0.2.1', 'itself'),
    ('2001:db8::1', None, '2001:db8::1', 'itself'),
    ('203.0.113.50', None, '203.0.113.50', 'itself'),       # local by a route, and no address of a device
    ('fe80::1', 'eth0', 'fe80::1', 'itself'),
    ('fe80::9', 'eth0', 'fe80::1', 'itself'),
    ('fe80::9', 'eth1', 'fe80::1', 'fe80::1/128'),          # who has the same address on another link is another one
    ('192.0.2.1', None, '192.0.2.9', '192.0.2.9/32'),
    ('::ffff:192.0.2.1', None, '::ffff:192.0.2.9', '192.0.2.9/32'),
    ('2001:db8::1', None, '2001:db8::2', '2001:db8::2/128'),
])
def test_the_host_itself_is_told_apart(address, device, peer, expected):
    given = listener(address='::', v6only=False)
    found, dummy = clients(given, [(ESTABLISHED, address, 80, device, peer)])
    assert found.pop('itself') == (expected == 'itself')
    assert [net for nets in found.values() for net in nets] == ([expected] if expected != 'itself' else [])


def test_without_its_own_addresses_a_host_may_be_among_its_clients_and_a_gap_says_so():
    assert clients(listener(), [(ESTABLISHED, '192.0.2.1', 80, None, '192.0.2.7')], None) == (
        {'ipv4': {'192.0.2.7/32': 1}, 'ipv6': {}, 'itself': 0}, [('connections', 'own_addresses')])


def test_of_udp_nobody_knows_who_comes_but_for_connected_sockets():
    assert clients(listener('udp'), [], protocol='udp') == (None, [])
    assert clients(listener('udp'), [(ESTABLISHED, '192.0.2.1', 80, None, '10.0.0.5')], protocol='udp') == (
        {'ipv4': {'10.0.0.5/32': 1}, 'ipv6': {}, 'itself': 0}, [])


def test_what_is_over_the_budget_is_a_gap_and_no_silence():
    given = listener()
    gaps = new_gaps()
    connections.count([given], 'netlink', 1, gaps, LOCAL, of_rows([(1, '192.0.2.1', 80, None)] * 2))
    assert given['record']['clients']['ipv4'] == {'203.0.113.9/32': 1}
    assert list(gaps_of(gaps)) == [('connections', 'connection_budget')]
