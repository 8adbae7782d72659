# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of routing, of a host that has others than every host.

Sources: ip-rule(8), include/uapi/linux/fib_rules.h.
"""

import struct

from ..._addresses import scopes
from .kernel import IP_FAMILIES, USUAL_OF_RULES, parts_of

_NO_ACTION, _STOPS = 3, (6, 7, 8)                       # FR_ACT_NOP; FR_ACT_BLACKHOLE, _UNREACHABLE and _PROHIBIT
_TO_TABLE, _INVERTED = 1, 2                             # FR_ACT_TO_TBL, FIB_RULE_INVERT


def policy(messages):
    """list of dict: the rules of routing that decide about packets, in the order of the kernel.

    The ``kind`` of each is ``table``, ``stop`` (there is no route), ``vrf`` (for packets in a VRF only) or ``odd``: it
    is for packets by more than their destination and mark.

    :param messages: list of (data, start, end), the answer of the kernel.
    """
    return [rule for data, start, end in messages for rule in _described(data, start, end)]


def _described(data, start, end):
    """Yield a rule of routing as a dict, unless it decides nothing."""
    family, bits, source, tos, table, action, flags = struct.unpack_from('=BBBBBxxBI', data, start)
    parts = parts_of(data, start + 12, end)
    if family not in IP_FAMILIES or action == _NO_ACTION:
        return
    inverted = bool(flags & _INVERTED)
    kind = 'table' if action == _TO_TABLE else 'stop' if action in _STOPS else 'odd'
    is_odd = source or tos or set(parts) - USUAL_OF_RULES - {1, 10, 16, 19} or \
        inverted and (1 in parts or 10 not in parts)
    mark = [struct.unpack('=I', parts.get(number, b'\xff' * 4))[0] for number in (10, 16)]     # FRA_FWMARK, FRA_FWMASK
    yield {
        'family': IP_FAMILIES[family],
        'priority': struct.unpack('=I', parts.get(6, bytes(4)))[0],
        'kind': 'odd' if is_odd else 'vrf' if 19 in parts else kind,                           # FRA_L3MDEV
        'table': struct.unpack('=I', parts[15])[0] if 15 in parts else table,
        'to': '%s/%d' % (scopes.text(parts[1]), bits) if 1 in parts else None,
        'mark': mark if 10 in parts else None,
        'inverted': inverted,
        'suppressed': struct.unpack('=i', parts.get(14, b'\xff' * 4))[0],
    }


def note(tables, messages):
    """Tell ``local.Tables`` which packets each rule of routing is for, and which table it leads to.

    :param messages: as those of ``policy``.
    """
    for data, start, end in messages:
        family, bits, source, tos, table, action, flags = struct.unpack_from('=BBBBBxxBI', data, start)
        parts = parts_of(data, start + 12, end)
        if family not in IP_FAMILIES:
            continue
        to = '%s/%d' % (scopes.text(parts[1]), bits) if 1 in parts else None
        is_plain = not (source or tos or flags & _INVERTED or set(parts) - USUAL_OF_RULES - {1})
        tables.add_rule(
            IP_FAMILIES[family], struct.unpack('=I', parts.get(6, bytes(4)))[0],
            (struct.unpack('=I', parts[15])[0] if 15 in parts else table) if action == _TO_TABLE else None,
            to, is_plain, struct.unpack('=i', parts.get(14, b'\xff' * 4))[0])
