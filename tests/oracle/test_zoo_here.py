# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On the machine as it is, also without root: this process's own sockets, and all others that ss and psutil show."""

import os
import pwd
import socket

import psutil
import pytest

from zoo import compare, oracle_psutil, oracle_ss
from zoo.compare import agree

from ansible_collections.listening.ports.plugins.module_utils._facts import collect


@pytest.fixture(scope='module')
def own():
    """Sockets of this process: (id, address, family) of what is expected, on ports that the kernel has chosen."""
    made, expected = [], {}
    try:
        for kind, protocol in ((socket.SOCK_STREAM, 'tcp'), (socket.SOCK_DGRAM, 'udp')):
            for family, address in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):
                sock = socket.socket(family, kind)
                made.append(sock)
                sock.bind((address, 0))
                if protocol == 'tcp':
                    sock.listen(7)
                port = sock.getsockname()[1]
                key = '%s/%s:%d' % (protocol, '[%s]' % address if ':' in address else address, port)
                expected[key] = {
                    'protocol': protocol, 'address': address, 'port': port, 'interface': None, 'scope': 'loopback',
                    'accepts_ipv4': family == socket.AF_INET, 'accepts_ipv6': family == socket.AF_INET6,
                    'backlog': {'pending': 0, 'limit': 7} if protocol == 'tcp' else None,
                    'ephemeral': protocol == 'udp', 'held_by': 'processes', 'socket_uid': os.geteuid(),
                    'owners_total': 1, 'namespace': None,
                }
        yield expected
    finally:
        for sock in made:
            sock.close()


@pytest.mark.parametrize('collector', ['netlink', 'procfs'])
def test_own_sockets(own, collector):
    facts = collect(collector=collector)
    agree(compare.invariants(facts))
    listeners = {record['id']: record for record in facts['listeners']}
    process = psutil.Process()
    for key, given in own.items():
        expected = dict(given)
        if collector == 'procfs' and expected['backlog']:
            expected['backlog'] = {'pending': 0, 'limit': None}
        assert {field: listeners[key][field] for field in expected} == expected
        owner = listeners[key]['owners'][0]
        assert owner['pid'] == os.getpid()
        assert owner['exe'] == os.readlink('/proc/self/exe')
        assert owner['user'] == pwd.getpwuid(os.geteuid()).pw_name
        assert compare.seconds(owner['started']) == int(process.create_time())


def agree_soon(look, times=20):
    """Fail where two views of this machine never agree; it changes while it is looked at."""
    for dummy in range(times):
        listed, shown = look()
        if listed == shown:
            return
    assert listed == shown


def endpoints(facts):
    return {(record['protocol'], record['address'], record['interface'], record['port'])
            for record in facts['listeners'] if record['protocol'] in ('tcp', 'udp')}


def test_ss_shows_the_same(own):
    def look():
        listed = endpoints(collect(collector='netlink'))
        rows = oracle_ss.parse(oracle_ss.run('--listening'))
        shown = {(row['protocol'], row['address'], row['interface'], row['port'])
                 for row in rows if row['protocol'] in ('tcp', 'udp')}
        return listed, shown
    agree_soon(look)


def test_psutil_shows_the_same(own):
    def look():
        listed = {(protocol, address, port)
                  for protocol, address, dummy, port in endpoints(collect(collector='procfs'))}
        return listed, {tuple(row[:3]) for row in oracle_psutil.rows()}
    agree_soon(look)


def test_owners_are_complete_for_root_alone(own):
    facts = collect()
    hidden = [gap for gap in facts['gaps'] if gap['aspect'] == 'owners' and gap['code'] == 'owners_hidden']
    if os.geteuid():
        assert len(hidden) == 1
        assert hidden[0]['hint'] == 'become'
        assert facts['complete']['owners'] is False
    else:
        assert not hidden or hidden[0]['hint'] != 'become'
