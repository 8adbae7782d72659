# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets from psutil."""

import sys

import pytest

from ansible_collections.listening.ports.plugins.module_utils._sockets import by_psutil
from ansible_collections.listening.ports.plugins.module_utils._sockets.base import CollectorError
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import gaps_of, ip, new_gaps
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.fake_psutil import (
    UDP, V4, AccessDenied, Error, Row, install, row
)


@pytest.fixture
def psutil(monkeypatch):
    return install(monkeypatch)


def test_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, 'psutil', None)        # the import system's way to say: not there
    with pytest.raises(CollectorError) as info:
        by_psutil.collect(set(), 10, new_gaps())
    assert 'psutil' in str(info.value) and sys.executable in str(info.value)


@pytest.mark.parametrize('given, expected', [
    (row(), [('tcp', ip('192.0.2.1'), 80, None, 1)]),
    (row('::', 22, pid=None), [('tcp', ip('::'), 22, None, None)]),
    (row('fe80::1%en0', 22), [('tcp', ip('fe80::1'), 22, 'en0', 1)]),
    (row(kind=UDP, status='NONE'), [('udp', ip('192.0.2.1'), 80, None, 1)]),
    (row(kind=UDP, status='NONE', peer=('192.0.2.2', 53)), []),
    (row(status='ESTABLISHED', peer=('192.0.2.2', 53)), []),
    (row(status='TIME_WAIT'), []),
    (Row(V4, UDP, (), (), 'NONE', 1), []),
])
def test_collect(psutil, given, expected):
    psutil.rows = [given]
    gaps = new_gaps()
    sockets = by_psutil.collect(set(), 10, gaps)
    assert [(sock.protocol, sock.address, sock.port, sock.interface, sock.pid) for sock in sockets] == expected
    assert list(gaps_of(gaps)) == [('binding', 'psutil')]
    assert psutil.asked == ['inet']


@pytest.mark.parametrize('gather, more', [
    ({'raw'}, [('sockets', 'psutil')]), ({'namespaces'}, [('namespaces', 'psutil')]), ({'owners', 'command'}, []),
])
def test_collect_says_what_it_cannot(psutil, gather, more):
    gaps = new_gaps()
    by_psutil.collect(gather, 10, gaps)
    assert list(gaps_of(gaps)) == [('binding', 'psutil')] + more


@pytest.mark.parametrize('root, hint', [(True, None), (False, 'become')])
@pytest.mark.parametrize('exception', [AccessDenied('(pid=1)'), PermissionError(1, 'Operation not permitted'), Error()])
def test_collect_refused_is_not_empty(psutil, exception, root, hint):
    psutil.rows = exception
    gaps = new_gaps(root)
    assert by_psutil.collect(set(), 10, gaps) == []
    assert ('sockets', 'unreadable') in gaps_of(gaps)
    assert gaps.found[-1]['hint'] == hint


@pytest.mark.parametrize('budget, complete', [(2, True), (1, False)])
def test_budget(psutil, budget, complete):
    psutil.rows = [row(port=1), row(status='ESTABLISHED'), row(port=2), row(status='ESTABLISHED')]
    gaps = new_gaps()
    assert len(by_psutil.collect(set(), budget, gaps)) == budget
    assert (('sockets', 'socket_budget') not in gaps_of(gaps)) is complete


def test_connections(psutil):
    psutil.rows = [row(status='ESTABLISHED', peer=('192.0.2.9', 4711)),
                   row('fe80::1%en0', status='CLOSE_WAIT', peer=('fe80::2%en0', 4711)), row(),
                   row(kind=UDP, status='NONE'), row(kind=UDP, status='NONE', peer=('192.0.2.8', 53)),
                   row(status='NONE'), row(status='BOUND'), row(status='CLOSE')]
    assert list(by_psutil.connections('tcp')) == [
        (1, ip('192.0.2.1'), 80, None, ip('192.0.2.9')), (8, ip('fe80::1'), 80, None, ip('fe80::2')),
        (7, ip('192.0.2.1'), 80, None, ip('0.0.0.0'))]
    assert list(by_psutil.connections('udp')) == [(1, ip('192.0.2.1'), 80, None, ip('192.0.2.8'))]


def test_own_addresses(psutil):
    psutil.addresses = {'lo0': ['127.0.0.1', '::1'], 'en0': ['192.0.2.1', 'fe80::1%en0'], 'en1': []}
    assert by_psutil.local_addresses() == ['127.0.0.1/32', '192.0.2.1/32', '::1/128', 'fe80::1%en0/128']
    psutil.addresses = AccessDenied('no')
    assert by_psutil.local_addresses() is None


def test_connections_refused(psutil):
    psutil.rows = AccessDenied('no')
    with pytest.raises(CollectorError):
        list(by_psutil.connections('tcp'))
