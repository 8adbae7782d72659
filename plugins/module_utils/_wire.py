# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs the facts for the way to the controller, where ``plugin_utils/_facts`` unpacks them."""

import json


def pack(facts):
    """Turn the facts into one string: an Ansible controller pays for each node of a result, hardly for its bytes.

    :returns: str, JSON; where that is long, ``z:`` and the base64 of its zlib compression.
    """
    packed = json.dumps(facts, separators=(',', ':'))
    if len(packed) < 4096:
        return packed
    import base64
    import zlib
    return 'z:' + base64.b64encode(zlib.compress(packed.encode('ascii'), 1)).decode('ascii')
