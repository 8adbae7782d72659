# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes of real sockets: of this machine's loopback, and of hosts that are network namespaces."""

import contextlib
import os
import platform
import resource
import socket
import threading
import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._probe import prober as _prober
from ansible_collections.listening.ports.plugins.module_utils._probe.endpoints import parse
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._probe import probing

in_namespaces = pytest.mark.skipif(not probing.POSSIBLE, reason='takes root, ip, nft, nsenter and unshare')
# before, the kernel tells of a port unreachable by nothing but ECONNREFUSED
keeps_icmp = pytest.mark.skipif(tuple(map(int, platform.release().split('.')[:2])) < (6, 0), reason='takes Linux 6.0')


def probed(*texts, **options):
    options.setdefault('timeout', 1.0)
    return _prober.Prober(**options).probe([parse(text, 'here') for text in texts])


def short(results):
    return [(result['endpoint'], result['verdict'], result['reason']) for result in results]


def bound(kind, address='127.0.0.1'):
    sock = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, kind)
    sock.bind((address, 0))
    return contextlib.closing(sock)


@contextlib.contextmanager
def listening(address='127.0.0.1', backlog=16):
    with bound(socket.SOCK_STREAM, address) as sock:
        sock.listen(backlog)
        yield sock, sock.getsockname()[1]


@contextlib.contextmanager
def answering(address='127.0.0.1', after=1):
    """A UDP service that answers what comes, from the so many-th datagram on."""
    with bound(socket.SOCK_DGRAM, address) as sock:
        sock.settimeout(10)
        seen = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    data, where = sock.recvfrom(2000)
                    if where == sock.getsockname():
                        return
                    seen.append(data)
                    if len(seen) >= after:
                        sock.sendto(b'pong', where)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()[1], seen
        finally:
            sock.sendto(b'', sock.getsockname())
            thread.join()


@pytest.fixture
def unused():
    """A port of both protocols and families that nobody has, while nobody takes it."""
    with bound(socket.SOCK_STREAM, '::1') as six, bound(socket.SOCK_DGRAM) as four:
        return max(six.getsockname()[1], four.getsockname()[1])


@pytest.mark.parametrize('address, text', [('127.0.0.1', '127.0.0.1'), ('::1', '[::1]')])
def test_tcp(address, text, unused):
    with listening(address) as (dummy, port):
        results = probed('tcp/%s:%d' % (text, port), '%s:%d' % (text, unused))
    assert short(results) == [('tcp/%s:%d' % (text, port), 'open', 'connected'),
                              ('tcp/%s:%d' % (text, unused), 'closed', 'refused')]
    for number, result in enumerate(results):
        assert (result['index'], result['protocol'], result['address'], result['name'],
                result['local_address']) == (number, 'tcp', address, None, address)
        assert 0 < result['rtt_ms'] < 1000


def test_nothing_is_sent_and_the_connection_ends_in_the_usual_way():
    with listening() as (sock, port):
        assert probed('tcp/127.0.0.1:%d' % port)[0]['verdict'] == 'open'
        peer = sock.accept()[0]
        with contextlib.closing(peer):
            peer.settimeout(5)
            assert peer.recv(1) == b'', 'the end, neither data nor a reset'


def test_a_full_queue_looks_filtered():
    with listening(backlog=0) as (kept, port), contextlib.ExitStack() as stack:
        for dummy in range(3):
            sock = stack.enter_context(contextlib.closing(socket.socket()))
            sock.setblocking(False)
            sock.connect_ex(('127.0.0.1', port))
        began = time.monotonic()
        results = probed('tcp/127.0.0.1:%d' % port, timeout=0.3)
        assert 0.3 <= time.monotonic() - began < 2
    assert short(results) == [('tcp/127.0.0.1:%d' % port, 'filtered', 'no answer')]
    assert results[0]['rtt_ms'] is None and results[0]['local_address'] == '127.0.0.1'


@pytest.mark.parametrize('address, text', [('127.0.0.1', '127.0.0.1'), ('::1', '[::1]')])
def test_udp(address, text, unused):
    with answering(address) as (port, seen), bound(socket.SOCK_DGRAM, address) as silent:
        quiet = silent.getsockname()[1]
        results = probed('udp/%s:%d' % (text, port), 'udp/%s:%d' % (text, quiet), 'udp/%s:%d' % (text, unused),
                         timeout=0.4)
        silent.settimeout(1)
        assert [silent.recv(100) for dummy in range(2)] == [b'', b''], 'it is sent twice, for it may get lost'
    assert [result['verdict'] for result in results] == ['open', 'open|filtered', 'closed']
    assert [result['reason'] for result in results] == ['answered with 4 bytes', 'no answer', 'ICMP port unreachable']
    assert results[0]['rtt_ms'] > 0 and results[1]['rtt_ms'] is None and results[2]['rtt_ms'] > 0
    assert seen == [b'']


def test_the_second_datagram_is_one_to_answer():
    with answering(after=2) as (port, seen):
        results = probed('udp/127.0.0.1:%d' % port, timeout=0.6)
    assert results[0]['verdict'] == 'open' and results[0]['rtt_ms'] >= 300 and len(seen) == 2


def test_a_payload_of_ones_own():
    with answering() as (port, seen):
        wanted = parse({'address': '127.0.0.1', 'port': port, 'protocol': 'udp', 'payload': '0a ff'}, 'here')
        assert _prober.Prober(1.0).probe([wanted])[0]['verdict'] == 'open'
    assert seen == [b'\n\xff']


def test_sockets_that_meet_themselves_are_no_listeners():
    """The kernel may give a probe the very port that it asks for."""
    real = socket.socket

    class Same(real):
        def connect_ex(self, where):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind(where)
            return real.connect_ex(self, where)

    with bound(socket.SOCK_STREAM) as stream, bound(socket.SOCK_DGRAM) as datagram:
        ports = stream.getsockname()[1], datagram.getsockname()[1]
    results = probed('tcp/127.0.0.1:%d' % ports[0], 'udp/127.0.0.1:%d' % ports[1], create=Same)
    assert [(result['verdict'], result['reason']) for result in results] == [('closed', 'no socket is bound to it')] * 2


def test_source():
    with listening() as (sock, port):
        results = probed('tcp/127.0.0.1:%d' % port, 'tcp/[::1]:%d' % port, source='127.0.0.9')
        peer, where = sock.accept()
        peer.close()
    assert where[0] == '127.0.0.9' and results[0]['local_address'] == '127.0.0.9' and results[0]['verdict'] == 'open'
    assert results[1]['verdict'] == 'unknown'
    assert results[1]['reason'] == 'the source 127.0.0.9 has another address family'


def test_with_nothing_under_way_there_is_nothing_to_wait_for():
    began = time.monotonic()
    results = probed('tcp/[fe80::1]:22', 'tcp/127.0.0.1:1', source='203.0.113.77', total=30.0)
    assert [result['verdict'] for result in results] == ['unknown'] * 2
    assert time.monotonic() - began < 2


def test_what_fails_here_says_nothing_of_the_other_side():
    results = probed('tcp/[fe80::1%nothere]:22', 'udp/[fe80::1]:22')
    assert [result['verdict'] for result in results] == ['unknown', 'unknown']
    assert short(results)[0] == ('tcp/[fe80::1%nothere]:22', 'unknown', 'this host has no interface nothere')
    assert results[1]['reason'].endswith('(EINVAL)') and all(result['rtt_ms'] is None for result in results)
    results = probed('tcp/127.0.0.1:22', 'udp/127.0.0.1:53', source='203.0.113.77')
    assert [(result['verdict'], result['reason'][-15:]) for result in results] == [('unknown', '(EADDRNOTAVAIL)')] * 2


def limited(most, function):
    """What a function returns in a process that may open so many files."""
    def work():
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        return function()
    return probing.apart(work, network=False)


def test_thousands_with_few_files(unused):
    with listening(backlog=64) as (dummy, port):
        texts = ['tcp/127.0.0.1:%d' % (port if number % 100 == 0 else unused) for number in range(2000)]
        verdicts = limited(64, lambda: [result['verdict'] for result in probed(*texts, timeout=5.0, total=60.0)])
    assert verdicts == ['open' if number % 100 == 0 else 'closed' for number in range(2000)]


def test_no_files_at_all():
    def starved():
        prober = _prober.Prober(timeout=0.5, total=5.0)
        kept = []
        with contextlib.suppress(OSError):
            while True:
                kept.append(os.open(os.devnull, os.O_RDONLY))
        return [[result['verdict'], result['reason']]
                for result in prober.probe([parse('tcp/127.0.0.1:1', 'x'), parse('udp/127.0.0.1:1', 'x')])]
    assert limited(40, starved) == [['unknown', 'this process may not open more files (EMFILE)']] * 2


def test_files_that_get_fewer_while_it_runs():
    def squeezed():
        prober = _prober.Prober(timeout=0.3, total=20.0)
        kept = [os.open(os.devnull, os.O_RDONLY) for dummy in range(44)]
        verdicts = [result['verdict'] for result in prober.probe([parse('udp/127.0.0.1:%d' % port, 'x')] * 40)]
        return [verdicts, len(kept)]
    with bound(socket.SOCK_DGRAM) as silent:
        port = silent.getsockname()[1]
        assert limited(64, squeezed) == [['open|filtered'] * 40, 44]


def test_the_time_for_all_is_bounded():
    with bound(socket.SOCK_DGRAM) as silent:
        text = 'udp/127.0.0.1:%d' % silent.getsockname()[1]
        began = time.monotonic()
        results = probed(*[text] * 30, timeout=0.4, total=1.0, parallel=10)
        assert time.monotonic() - began < 1.5
    verdicts = [result['verdict'] for result in results]
    assert verdicts == ['open|filtered'] * 20 + ['unknown'] * 10
    assert {result['reason'] for result in results[20:]} == {'no time left'}


def test_of_what_was_never_tried_nothing_is_said():
    results = probed('tcp/127.0.0.1:1', total=0.0)
    assert short(results) == [('tcp/127.0.0.1:1', 'unknown', 'no time left')] and results[0]['local_address'] is None


def test_counts():
    with listening() as (dummy, port):
        assert _prober.counts(probed('tcp/127.0.0.1:%d' % port)) == {
            'open': 1, 'closed': 0, 'filtered': 0, 'open|filtered': 0, 'unresolvable': 0, 'unknown': 0}
    assert probed() == []


@in_namespaces
@keeps_icmp
def test_firewalls_that_drop_refuse_and_reset():
    def work():
        kept = [socket.socket(family, socket.SOCK_STREAM) for family in (socket.AF_INET, socket.AF_INET6)]
        for sock, address in zip(kept, ('127.0.0.1', '::1')):
            sock.bind((address, 1004))
            sock.listen(5)
        probing.rules('input th dport 1000 drop', 'input th dport 1001 reject with icmpx port-unreachable',
                      'input th dport 1002 reject with icmpx admin-prohibited',
                      'input meta l4proto tcp th dport 1003 reject with tcp reset')
        texts = ['%s/%s:%d' % (protocol, address, port) for address in ('127.0.0.1', '[::1]')
                 for protocol in ('tcp', 'udp') for port in range(1000, 1005)]
        return short(probed(*texts, timeout=0.5))
    results = {text: (verdict, reason) for text, verdict, reason in probing.apart(work)}
    for address in ('127.0.0.1', '[::1]'):
        assert [results['tcp/%s:%d' % (address, port)] for port in range(1000, 1005)] == [
            ('filtered', 'no answer'), ('filtered', 'ICMP port unreachable'),
            ('filtered', 'ICMP administratively prohibited'),
            ('closed', 'refused'), ('open', 'connected')]
        assert [results['udp/%s:%d' % (address, port)] for port in range(1000, 1005)] == [
            ('open|filtered', 'no answer'), ('closed', 'ICMP port unreachable'),
            ('filtered', 'ICMP administratively prohibited'),
            ('closed', 'ICMP port unreachable'), ('closed', 'ICMP port unreachable')]


@in_namespaces
@keeps_icmp
def test_another_host_and_the_way_to_it():
    def work():
        with probing.Neighbour() as neighbour:
            probing.rules('input th dport 1001 reject', pid=neighbour.pid)
            probing.rules('output th dport 1002 reject', 'output meta l4proto udp th dport 1003 drop')
            probing.run('ip route add 10.7.0.0/24 via 10.9.0.2')
            probing.run('nsenter -t %d -n sysctl -qw net.ipv4.ip_forward=1' % neighbour.pid)
            return short(probed('tcp/10.9.0.2:1000', 'tcp/10.9.0.2:1001', 'udp/10.9.0.2:1001', 'tcp/[fd09::2]:1001',
                                'tcp/10.9.0.2:1002', 'udp/10.9.0.2:1002',
                                'udp/10.9.0.2:1003', 'tcp/10.7.0.1:1000', 'udp/10.7.0.1:1000', 'tcp/10.8.0.1:1000',
                                'tcp/10.9.0.77:1000', 'tcp/10.9.0.255:1000',
                                'udp/10.9.0.255:1000', timeout=5.0))
    assert [result[1:] for result in map(tuple, probing.apart(work))] == [
        ('closed', 'refused'),
        ('filtered', 'ICMP port unreachable'),
        ('closed', 'ICMP port unreachable'),
        ('filtered', 'ICMP port unreachable'),
        ('unknown', 'this host itself refused it: ICMP port unreachable'),
        ('unknown', 'a firewall of this host forbids it (EPERM)'),
        ('unknown', 'a firewall of this host forbids it (EPERM)'),
        ('filtered', 'ICMP network unreachable from 10.9.0.2'),
        ('filtered', 'ICMP network unreachable from 10.9.0.2'),
        ('unknown', 'this host has no route to it (ENETUNREACH)'),
        ('filtered', 'no host has that address on the link'),
        ('unknown', 'this host has no route to it (ENETUNREACH)'),
        ('unknown', 'a firewall or route of this host forbids it (EACCES)'),
    ]


@in_namespaces
def test_a_thousand_silent_ones_take_as_long_as_the_room_for_them():
    def work():
        probing.rules('input th dport 1000 drop')
        began = time.monotonic()
        results = probed(*['tcp/127.0.0.1:1000'] * 1000, timeout=1.0, parallel=500)
        return [time.monotonic() - began, sum(result['verdict'] == 'filtered' for result in results)]
    took, filtered = probing.apart(work)
    assert filtered == 1000 and 2.0 <= took < 6.0
