# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that resolve, do not, or never end to."""

import contextlib
import socket
import threading
import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._probe import prober, resolve
from ansible_collections.listening.ports.plugins.module_utils._probe.endpoints import parse

FOUR, SIX = socket.AF_INET, socket.AF_INET6


def answer(*addresses):
    return [(SIX if ':' in text else FOUR, socket.SOCK_STREAM, 6, '', (text, 0, 0, 0) if ':' in text else (text, 0))
            for text in addresses]


class Resolver:
    """Answers for names as it is told; counts the questions."""

    def __init__(self, **known):
        self.known, self.asked = known, []

    def __call__(self, name, port, family, kind):
        self.asked.append((name, family))
        known = self.known[name]
        if isinstance(known, Exception):
            raise known
        return known(family) if callable(known) else known


def gaierror(number):
    return socket.gaierror(number, 'what the resolver says')


def probed(resolver, *texts, **options):
    return prober.Prober(timeout=0.5, lookup=resolver, **options).probe([parse(text, 'here') for text in texts])


def test_each_address_of_a_name_is_probed():
    with contextlib.closing(socket.socket()) as sock:
        sock.bind(('127.0.0.1', 0))
        sock.listen(5)
        port = sock.getsockname()[1]
        resolver = Resolver(db=answer('127.0.0.1', '::1', '127.0.0.1', '127.0.0.2'))
        results = probed(resolver, 'tcp/db:%d' % port, 'tcp/127.0.0.1:%d' % port)
    assert [(result['index'], result['name'], result['address'], result['verdict']) for result in results] == [
        (0, 'db', '127.0.0.1', 'open'), (0, 'db', '::1', 'closed'), (0, 'db', '127.0.0.2', 'closed'),
        (1, None, '127.0.0.1', 'open')]
    assert results[0]['endpoint'].startswith('tcp/') and 'db' not in results[0]['endpoint']


def test_a_name_is_asked_for_once_and_for_the_family_that_is_wanted():
    resolver = Resolver(db=lambda family: answer({SIX: '::1', FOUR: '127.0.0.1', 0: '127.0.0.9'}[family]))
    wanted = [parse(text, 'x') for text in ('tcp/db:1', 'udp/db:2', {'host': 'db', 'port': 3, 'family': 'ipv6'},
                                            {'host': 'db', 'port': 4, 'family': 'ipv4'})]
    results = prober.Prober(timeout=0.5, lookup=resolver).probe(wanted)
    assert [result['address'] for result in results] == ['127.0.0.9', '127.0.0.9', '::1', '127.0.0.1']
    assert sorted(resolver.asked) == [('db', 0), ('db', FOUR), ('db', SIX)]
    results = prober.Prober(timeout=0.5, lookup=resolver, family=SIX).probe(wanted[:2])
    assert {result['address'] for result in results} == {'::1'}


@pytest.mark.parametrize('error, verdict, reason', [
    (gaierror(socket.EAI_NONAME), 'unresolvable', 'no address of this name is known'),
    (gaierror(socket.EAI_AGAIN), 'unknown', 'the name could not be resolved: what the resolver says'),
    (gaierror(socket.EAI_FAIL), 'unknown', 'the name could not be resolved: what the resolver says'),
    (OSError(5, 'Input/output error'), 'unknown', 'the name could not be resolved: [Errno 5] Input/output error'),
    (UnicodeError('label too long'), 'unknown', 'the name could not be resolved: label too long'),
    ([], 'unresolvable', 'no address of this name is known'),
])
def test_names_without_an_address(error, verdict, reason):
    result, = probed(Resolver(db=error), 'tcp/db:5432')
    assert result == {'index': 0, 'endpoint': 'tcp/db:5432', 'name': 'db', 'protocol': 'tcp', 'address': None,
                      'port': 5432, 'verdict': verdict,
                      'reason': reason, 'local_address': None, 'rtt_ms': None}


def test_a_family_that_a_name_does_not_have():
    resolver = Resolver(db=gaierror(socket.EAI_NONAME))
    wanted = [parse({'host': 'db', 'port': 1, 'family': 'ipv6'}, 'x')]
    results = prober.Prober(timeout=0.5, lookup=resolver).probe(wanted)
    assert (results[0]['verdict'], results[0]['reason']) == ('unresolvable', 'no IPv6 address of this name is known')


def test_a_resolver_that_hangs_keeps_nobody_from_the_rest():
    go_on = threading.Event()
    resolver = Resolver(slow=lambda family: go_on.wait(20) and [], fast=answer('127.0.0.1'))
    began = time.monotonic()
    try:
        results = probed(resolver, 'tcp/slow:1', 'tcp/fast:1', 'tcp/127.0.0.1:1', total=1.0)
        assert time.monotonic() - began < 1.5
    finally:
        go_on.set()
    assert [(result['verdict'], result['reason']) for result in results] == [
        ('unknown', 'the name was not resolved within 0.5 s'), ('closed', 'refused'), ('closed', 'refused')]


def test_more_names_than_threads():
    go_on = threading.Event()
    names = {'slow%d' % number: lambda family: go_on.wait(20) and [] for number in range(40)}
    try:
        answers = resolve.resolve([(name, None) for name in names], 0.3, Resolver(**names))
    finally:
        go_on.set()
    assert len(answers) == 40 and not any(answer.absent or answer.addresses for answer in answers.values())


def test_a_name_with_too_many_addresses():
    resolver = Resolver(many=answer(*['127.1.0.%d' % number for number in range(1, 101)]))
    results = probed(resolver, 'tcp/many:1')
    assert len(results) == 65
    left, = [result for result in results if result['address'] is None]
    assert (left['verdict'], left['reason']) == ('unknown', '36 more addresses of this name were left out')


def test_scopes_that_a_resolver_knows():
    link = [(SIX, socket.SOCK_STREAM, 6, '', ('fe80::1%lo', 0, 0, 1))]
    results = probed(Resolver(near=link), 'tcp/near:1')
    assert results[0]['endpoint'] == 'tcp/[fe80::1%lo]:1'


def test_the_resolver_of_this_machine():
    resolved = resolve.resolve([('localhost', FOUR)], 10)['localhost', FOUR]
    assert '127.0.0.1' in [address for dummy, address, dummy in resolved.addresses]
