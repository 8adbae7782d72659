# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of the listeners of a Windows host, counted by state.

Where they come from is not told: a Windows host counts them by their own address before it sends anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...module_utils._gaps import Gaps
from .._shape import Listener
from .raw import Raw
from .sockets import Listening
from .sources import why_not

# MIB_TCP_STATE of the header tcpmib.h, by the names that states have on other hosts
STATES = {
    1: 'close', 3: 'syn_sent', 4: 'syn_recv', 5: 'established', 6: 'fin_wait1', 7: 'fin_wait2', 8: 'close_wait',
    9: 'closing', 10: 'last_ack', 11: 'time_wait', 12: 'delete_tcb',
}
LISTENS = 2
ALWAYS = ('established', 'close_wait', 'time_wait')


def count(raw: Raw, found: Sequence[Listening], records: Sequence[Listener], gaps: Gaps) -> None:
    """Fill in ``connections`` of listeners of TCP, and ``clients``, which nobody can tell.

    A connection is one of the listener on its address, or of that on all addresses of its family. One that fits two
    listeners on different interfaces is counted at neither.
    """
    for record in records:
        record['connections'] = record['clients'] = None
    reason = why_not(raw, 'connections')
    if reason:
        gaps.add('connections', 'unreadable', 'connections could not be read: %s' % reason)
    rows = raw.get('connections')
    if rows is None:
        return
    by_place: dict[tuple[str, int, int], list[dict[str, int]]] = {}
    for one, record in zip(found, records, strict=True):
        if one.protocol == 'tcp':
            counts = record['connections'] = dict.fromkeys(ALWAYS, 0)
            by_place.setdefault((one.table, int.from_bytes(one.address.number, 'big'), one.port), []).append(counts)
    for row in rows:
        place = by_place.get((row.table, int(row.address, 16), row.port)) or by_place.get((row.table, 0, row.port), [])
        if len(place) == 1 and row.state != LISTENS:
            name = STATES.get(row.state, 'other')
            place[0][name] = place[0].get(name, 0) + row.number
