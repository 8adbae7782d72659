# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a client may send before rules that count decide otherwise about it, whichever tool has made them."""

LITTLE = 4096           # bytes that a client that sends little may send
FEW = 3                 # packets that it may send at once
QUIET = 'judged for a client that sends little'


def is_slow(burst, unit):
    """bool: a limit of packets stops a client that sends little; ``unit`` is the time of its rate, such as ``min``."""
    return burst < FEW and unit[:1] in ('m', 'h', 'd', 'w')
