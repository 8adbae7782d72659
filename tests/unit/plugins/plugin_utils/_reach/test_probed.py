# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What probes say against answers."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._probes import compare
from ansible_collections.listening.ports.plugins.plugin_utils._reach import answer, probed
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._reach.reaching import (
    EVERYBODY, host, listens, planned
)

OPEN, SHUT = listens(EVERYBODY), listens()


def found(listener, verdict, local='10.0.0.7', source=None):
    plan = planned(db=host(listener))
    sources = [answer.Source('web', source or host(addresses=['10.0.0.7/24']))]
    probe = {'index': 0, 'endpoint': 'tcp/10.0.0.5:5432', 'protocol': 'tcp', 'address': '10.0.0.5', 'port': 5432,
             'verdict': verdict, 'reason': 'timed out\x1b', 'local_address': local, 'rtt_ms': None}
    table = compare.cells(plan, [compare.Vantage('web', [probe])])
    return probed.contradictions(plan, answer.ask(plan, sources), sources, table)


@pytest.mark.parametrize('listener, verdict, kind', [
    (OPEN, 'open', None), (SHUT, 'filtered', None), (SHUT, 'closed', None), (OPEN, 'unknown', None),
    (OPEN, 'open|filtered', None), (SHUT, 'open|filtered', None), (SHUT, 'unresolvable', None),
    (SHUT, 'open', 'reached'), (OPEN, 'filtered', 'not_reached'), (OPEN, 'closed', 'not_reached'),
])
def test_kinds(listener, verdict, kind):
    assert [one['kind'] for one in found(listener, verdict)] == [kind] * (kind is not None)


def test_the_words():
    [one] = found(SHUT, 'open')
    assert one['message'] == 'web reaches tcp 0.0.0.0:5432 nginx pid 100 of db, although by the firewalls it cannot, ' \
        'blocked by db (policy drop): tcp/10.0.0.5:5432 (timed out\\x1b)'
    [one] = found(OPEN, 'filtered')
    assert one['message'] == 'web does not reach tcp 0.0.0.0:5432 nginx pid 100 of db, although the firewalls of ' \
        'both let it: tcp/10.0.0.5:5432 is filtered (timed out\\x1b)'
    assert {key: one[key] for key in ('source', 'target', 'listener', 'endpoint', 'verdict')} == {
        'source': 'web', 'target': 'db', 'listener': 'tcp/0.0.0.0:5432', 'endpoint': 'tcp/10.0.0.5:5432',
        'verdict': 'filtered'}


def test_beyond_a_router():
    [one] = found(OPEN, 'filtered', source=host(addresses=['192.0.2.7/24']))
    assert one['kind'] == 'lost_between' and 'beyond a router' in one['message']


def test_what_is_not_known_and_what_stayed_on_the_host_contradict_nothing():
    assert found(OPEN, 'filtered', source=host(addresses=['10.0.0.7/24'], outgoing=None)) == []
    assert found(SHUT, 'open', local='10.0.0.5') == []
