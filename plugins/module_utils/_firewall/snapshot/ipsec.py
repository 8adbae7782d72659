# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies of IPsec, out of what the kernel answers.

Sources: include/uapi/linux/xfrm.h, ip-xfrm(8).
"""

import struct

from ..._addresses import scopes
from .kernel import IP_FAMILIES, parts_of

_TEMPLATES, _MARK, _IF_ID = 5, 21, 31           # XFRMA_TMPL, XFRMA_MARK, XFRMA_IF_ID
_DIRECTIONS = {0: 'in', 1: 'out', 2: 'fwd'}
_SELECTOR = struct.Struct('=16s16s4s4sHBBBxxxi')        # struct xfrm_selector, but for its last field
_POLICY = struct.Struct('=IIBB')                # struct xfrm_userpolicy_info from priority on
_POLICY_AT = 56 + 64 + 32


def policies(messages):
    """List the policies of IPsec, in the order in which the kernel asks them.

    Left out are those for packets of an interface of IPsec alone, and those for packets with a mark.

    :param messages: list of (data, start, end), the answer of the kernel.
    :returns: list of dict: ``direction`` (``in``, ``out`` or ``fwd``), ``action`` (``block``, ``protect`` or ``pass``),
        ``family``, ``source`` and ``target`` (CIDR), ``protocol`` (a number, 0 for all), ``source_port`` and
        ``target_port`` (each [port, mask]), ``interface`` (bool, of one interface).
    """
    result = []
    for data, start, end in messages:
        target, source, target_port, source_port, family, to_bits, from_bits, protocol, index = \
            _SELECTOR.unpack_from(data, start)
        priority, dummy, direction, action = _POLICY.unpack_from(data, start + _POLICY_AT)
        parts = parts_of(data, start + 168, end)
        if family not in IP_FAMILIES or direction not in _DIRECTIONS or any(parts.get(_IF_ID, b'')):
            continue
        if any(parts.get(_MARK, b'')[:4]):
            continue
        length = 4 if family == 2 else 16
        result.append((priority, len(result), {
            'direction': _DIRECTIONS[direction],
            'action': 'block' if action else 'protect' if parts.get(_TEMPLATES) else 'pass',
            'family': IP_FAMILIES[family], 'protocol': protocol, 'interface': bool(index),
            'source': '%s/%d' % (scopes.text(source[:length]), from_bits),
            'target': '%s/%d' % (scopes.text(target[:length]), to_bits),
            'source_port': list(struct.unpack('>HH', source_port)),
            'target_port': list(struct.unpack('>HH', target_port)),
        }))
    return [policy for dummy, dummy2, policy in sorted(result, key=lambda row: row[:2])]
