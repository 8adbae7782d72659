# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses as lists of networks."""

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import describe


def test_many_networks_are_cut_soundly():
    describer = describe.Describer({4: iv.parse('192.0.2.10')[1], 6: iv.EMPTY})
    spans = tuple((number, number) for number in range(1 << 24, 1 << 25, 4099)) + iv.parse('128.0.0.0/1')[1]
    listed, rest = describer.networks(spans, 4)
    kept = iv.merged(iv.parse(text)[1][0] for text in listed)
    assert len(listed) <= describe.MOST_NETWORKS and listed[0] == '128.0.0.0/1'
    assert len(iv.networks(rest, 4)) <= describe.MOST_NETWORKS
    assert not iv.minus(kept, spans) and not iv.minus(spans, iv.union(kept, rest))
