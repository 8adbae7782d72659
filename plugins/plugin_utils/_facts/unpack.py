# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpacks the one string in which a host sends its facts, and checks them."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import TYPE_CHECKING, NamedTuple

from .. import _schema
from .._schema import Fault
from .._shape import Facts
from . import check
from .check import MAX_BYTES, MAX_ELEMENTS

if TYPE_CHECKING:
    from .._windows.raw import Raw

_ZLIB, _GZIP = zlib.MAX_WBITS, zlib.MAX_WBITS + 16      # what is around the compressed data, as zlib has it


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
    :ivar raw: all that a Windows host sent, checked; None for other hosts.
    """

    facts: Facts
    snapshot: object
    raw: Raw | None = None


def unpack(packed: object) -> Unpacked:
    """Decode what ``collect_listeners`` or ``win_collect_listeners`` returned, and check the facts in it.

    :param packed: JSON, or ``z:`` and the base64 of its zlib compression; from a Windows host ``w:`` and the base64 of
        its gzip.
    :raises FactError: it is not a string of this collection, or not facts.
    """
    if not isinstance(packed, str):
        raise FactError('the packed facts are not text')
    try:
        data = packed.encode('utf-8')
        if data.startswith(b'w:'):
            return _of_windows(_schema.parse(_decompress(data[2:], _GZIP), MAX_ELEMENTS))
        if data.startswith(b'z:'):
            data = _decompress(data[2:], _ZLIB)
        elif len(data) > MAX_BYTES:
            raise Fault('more than %d bytes' % MAX_BYTES)
        value = _schema.parse(data, MAX_ELEMENTS)
        snapshot = value.pop('snapshot', None) if isinstance(value, dict) else None
        return Unpacked(check.check(value), snapshot)
    except Fault as fault:
        raise FactError.invalid(fault) from None
    except (UnicodeError, binascii.Error, zlib.error):
        raise FactError.invalid('damaged, or not packed by this collection') from None


def _of_windows(value: object) -> Unpacked:
    # not on the way of runs without a Windows host
    from .._windows import check as check_raw, facts

    raw = check_raw.check(value)
    try:
        made = facts.facts(raw)
    except Fault:
        raise
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as exc:
        raise Fault('is not understood (%s)' % type(exc).__name__) from exc
    return Unpacked(check.check(made), None, raw)


def _decompress(encoded: bytes, container: int) -> bytes:
    inflate = zlib.decompressobj(container)
    plain = inflate.decompress(base64.b64decode(encoded, validate=True), MAX_BYTES + 1)
    if len(plain) > MAX_BYTES:
        raise Fault('more than %d bytes' % MAX_BYTES)
    if not inflate.eof or inflate.unused_data:
        raise Fault('truncated, or followed by something else')
    return plain
