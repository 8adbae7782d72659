# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpacks the one string in which a host sends its facts, and checks them."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import NamedTuple

from .. import _schema
from .._schema import Fault
from .._shape import Facts
from . import check
from .check import MAX_BYTES, MAX_ELEMENTS


class FactError(ValueError):
    """What a host sent is not facts; the message names what is wrong and where, and is harmless to print."""

    @classmethod
    def invalid(cls, reason: object) -> FactError:
        """Return the error for packed facts that are invalid for this reason."""
        return cls('the packed facts are not valid: %s' % reason)


class Unpacked(NamedTuple):
    """What a host sent.

    :ivar facts: checked.
    :ivar snapshot: what it observed of its firewall, which nothing has checked; None where it sent none.
    """

    facts: Facts
    snapshot: object


def unpack(packed: object) -> Unpacked:
    """Decode what ``collect_listeners`` returned, and check the facts in it.

    :param packed: JSON, or ``z:`` and the base64 of its zlib compression.
    :raises FactError: it is not a string of this collection, or not facts.
    """
    if not isinstance(packed, str):
        raise FactError('the packed facts are not text')
    try:
        data = packed.encode('utf-8')
        if data.startswith(b'z:'):
            data = _decompress(base64.b64decode(data[2:], validate=True))
        elif len(data) > MAX_BYTES:
            raise Fault('more than %d bytes' % MAX_BYTES)
        value = _schema.parse(data, MAX_ELEMENTS)
        snapshot = value.pop('snapshot', None) if isinstance(value, dict) else None
        return Unpacked(check.check(value), snapshot)
    except Fault as fault:
        raise FactError.invalid(fault) from None
    except (UnicodeError, binascii.Error, zlib.error):
        raise FactError.invalid('damaged, or not packed by this collection') from None


def _decompress(data: bytes) -> bytes:
    inflate = zlib.decompressobj()
    plain = inflate.decompress(data, MAX_BYTES + 1)
    if len(plain) > MAX_BYTES:
        raise Fault('more than %d bytes' % MAX_BYTES)
    if not inflate.eof or inflate.unused_data:
        raise Fault('truncated, or followed by something else')
    return plain
