# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of a Windows host are counted at its listeners."""

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check as facts_check
from ansible_collections.listening.ports.plugins.plugin_utils._windows import check, facts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts as hosts

NONE = {'established': 0, 'close_wait': 0, 'time_wait': 0}
LINK = 'fe80' + '0' * 27 + '1'


def counted(rows, gather=('connections',), **changed):
    """The facts of a host with some listeners and these connections."""
    host = hosts.Builder(gather=gather)
    host.socket('tcp', 80, 8)
    host.socket('tcp', 80, 8, v4='0a000308', v6=None)
    host.socket('tcp', 81, 8, v4=None, v6=LINK, scope=5)
    host.socket('tcp', 81, 8, v4=None, v6=LINK, scope=1)
    host.socket('udp', 53, 8, v6=None)
    raw = dict(host.build(), connections=rows, **changed)
    return facts_check.check(facts.facts(check.check(raw)))


def at(observed, key):
    """The connections of one listener."""
    return next(listener for listener in observed['listeners'] if listener['id'] == key)['connections']


def test_counts():
    observed = counted([
        ['tcp4', '0a000308', 80, 5, 3], ['tcp4', '0a000308', 80, 11, 2], ['tcp4', '0a000309', 80, 5, 4],
        ['tcp4', '00000000', 80, 2, 1], ['tcp6', '20' + '0' * 30, 80, 8, 1], ['tcp6', '20' + '0' * 30, 80, 8, 1],
        ['tcp4', '0a000308', 99, 5, 9], ['tcp6', LINK, 81, 5, 1]])
    assert at(observed, 'tcp/10.0.3.8:80') == dict(NONE, established=3, time_wait=2)
    assert at(observed, 'tcp/0.0.0.0:80') == dict(NONE, established=4)
    assert at(observed, 'tcp/[::]:80') == dict(NONE, close_wait=2)
    assert at(observed, 'tcp/[fe80::1%Ethernet]:81') == NONE        # it is on one of two interfaces
    assert at(observed, 'udp/0.0.0.0:53') is None
    assert observed['complete']['connections'] is True
    assert all(listener['clients'] is None for listener in observed['listeners'])


def test_states():
    observed = counted([['tcp4', '0a000308', 80, state, 1] for state in range(14)])
    assert at(observed, 'tcp/10.0.3.8:80') == dict(NONE, **dict.fromkeys((
        'close', 'syn_sent', 'syn_recv', 'established', 'fin_wait1', 'fin_wait2', 'close_wait', 'closing', 'last_ack',
        'time_wait', 'delete_tcb'), 1), other=2)


def test_what_was_not_read():
    observed = counted(None, errors=[['connections', 5, '']])
    assert observed['complete']['connections'] is False
    assert at(observed, 'tcp/0.0.0.0:80') is None
    assert [gap['message'] for gap in observed['gaps'] if gap['aspect'] == 'connections'] == [
        'connections could not be read: error 5']
    observed = counted([['tcp4', '0a000308', 80, 5, 3]], errors=[['connections', 5, '']])
    assert observed['complete']['connections'] is False
    assert at(observed, 'tcp/10.0.3.8:80')['established'] == 3


def test_nobody_asked():
    observed = counted([['tcp4', '0a000308', 80, 5, 3]], gather=())
    assert observed['complete']['connections'] is None
    assert 'connections' not in observed['listeners'][0]
