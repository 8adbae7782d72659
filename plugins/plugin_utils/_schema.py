# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks data that strangers wrote.

A check takes a decoded JSON value, returns it, and raises ``Fault`` for what it does not accept. Keys that a mapping
does not know are removed in place, so that later versions may add some.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

Check = Callable[[Any], Any]

_INTEGER = 2 ** 63 - 1
_TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', re.ASCII)
_KINDS = {dict: 'a mapping', list: 'a list', str: 'text', bool: 'a boolean', int: 'a number', float: 'a number',
          type(None): 'null'}


class Fault(ValueError):
    """Data that is not as it has to be.

    :ivar path: where in the data, such as ``listeners[3].port``; empty for the data as a whole.
    :ivar reason: what is wrong; harmless to print.
    """

    def __init__(self, reason: str, path: str = '') -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path

    def below(self, step: str) -> Fault:
        """Return this fault as seen from one level further up; ``step`` is a key or ``[index]``."""
        dot = '.' if self.path and not self.path.startswith('[') else ''
        self.path = step + dot + self.path
        return self

    def __str__(self) -> str:
        return '%s: %s' % (self.path, self.reason) if self.path else self.reason


def parse(data: bytes, max_elements: int) -> Any:
    """Decode strict JSON.

    :param max_elements: values in it at most, since a small text can become a large structure.
    :raises Fault: it is not JSON, has numbers that JSON does not know, or is too large or too deep.
    """
    if data.count(b',') + data.count(b'[') + data.count(b'{') > max_elements:
        raise Fault('more than %d elements' % max_elements)
    try:
        return json.loads(data.decode('utf-8'), parse_constant=_no_constant)
    except RecursionError:
        raise Fault('nested too deeply') from None
    except Fault:
        raise
    except ValueError as exc:       # with the text in it, which is not for printing
        reason = 'not UTF-8' if isinstance(exc, UnicodeError) else getattr(exc, 'msg', 'a number is too long')
        raise Fault('not JSON: %s' % reason) from None


def _no_constant(name: str) -> NoReturn:
    raise Fault('not JSON: %s is not a number' % name)


def _refuse(value: object, wanted: str) -> NoReturn:
    if isinstance(value, str):
        actual = ascii(value[:40])[:60]
    elif isinstance(value, int) and abs(value) > _INTEGER:
        actual = 'a huge number'         # Python refuses to write one of thousands of digits
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        actual = repr(value)
    else:
        actual = _KINDS.get(type(value), type(value).__name__)
    raise Fault('has to be %s, not %s' % (wanted, actual))


def text(limit: int) -> Check:
    """Return the check for text of at most ``limit`` characters, any that Unicode has."""
    def check(value: object) -> str:
        if not isinstance(value, str):
            _refuse(value, 'text')
        if len(value) > limit:
            raise Fault('is longer than %d characters' % limit)
        if not value.isascii() and any('\ud800' <= char <= '\udfff' for char in value):
            raise Fault('has half of a surrogate pair')
        return value
    return check


def time(value: object) -> str:
    """Check for a time in UTC, to the second."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        _refuse(value, 'a time such as 2026-11-20T10:00:00Z')
    return value


def matching(pattern: re.Pattern[str], wanted: str) -> Check:
    """Return the check for text that a pattern matches as a whole; ``wanted`` is that in words."""
    fits = pattern.fullmatch

    def check(value: object) -> str:
        if not isinstance(value, str) or not fits(value):
            _refuse(value, wanted)
        return value
    return check


def choice(*allowed: str) -> Check:
    """Return the check for one of these values."""
    known = frozenset(allowed)
    wanted = 'one of %s' % ', '.join(allowed)

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in known:
            _refuse(value, wanted)
        return value
    return check


def integer(low: int = 0, high: int = _INTEGER) -> Check:
    """Return the check for a whole number, bounds included."""
    def check(value: object) -> int:
        if not isinstance(value, int) or value is True or value is False or not low <= value <= high:
            _refuse(value, 'a whole number from %d to %d' % (low, high))
        return value
    return check


def number(value: object) -> float:
    """Check for a number that is not negative."""
    if not isinstance(value, (int, float)) or value is True or value is False or not 0 <= value <= _INTEGER:
        _refuse(value, 'a number from 0 to %d' % _INTEGER)
    return value


def boolean(value: object) -> bool:
    """Check for true or false."""
    if not isinstance(value, bool):
        _refuse(value, 'true or false')
    return value


class _Nullable:
    """Null, or what the check accepts. Mappings look at ``unless_null`` themselves: most values of facts are in one."""

    def __init__(self, check: Check) -> None:
        self.unless_null = check

    def __call__(self, value: object) -> Any:
        return None if value is None else self.unless_null(value)


def nullable(check: Check) -> Check:
    """Return the check for null, or what the given one accepts."""
    return _Nullable(check)


def items(check: Check, high: int, low: int = 0) -> Check:
    """Return the check for a list of ``low`` to ``high`` elements, each of which the given one accepts."""
    def each(value: object) -> list[Any]:
        if not isinstance(value, list):
            _refuse(value, 'a list')
        if not low <= len(value) <= high:
            raise Fault('has %d elements, not %d to %d' % (len(value), low, high))
        for index, element in enumerate(value):
            try:
                check(element)
            except Fault as fault:
                raise fault.below('[%d]' % index) from None
        return value
    return each


def mapping(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    """Return the check for a mapping with known keys, which removes other keys from it.

    :param optional: the checks of keys that may be absent.
    """
    known = dict(required, **(optional or {}))
    fields = tuple(
        (key, check.unless_null if isinstance(check, _Nullable) else check, isinstance(check, _Nullable),
         key in required)
        for key, check in known.items())

    def each(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            _refuse(value, 'a mapping')
        missing = 0
        for key, check, may_be_null, needed in fields:
            try:
                element = value[key]
            except KeyError:
                if needed:
                    raise Fault('is missing', key) from None
                missing += 1
                continue
            if element is None and may_be_null:
                continue
            try:
                check(element)
            except Fault as fault:
                raise fault.below(key) from None
        if len(value) > len(fields) - missing:
            for key in value.keys() - known.keys():
                del value[key]
        return value
    return each


def table(key_check: Check, check: Check, high: int) -> Check:
    """Return the check for a mapping with any keys, at most ``high``, that the first one accepts."""
    def each(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            _refuse(value, 'a mapping')
        if len(value) > high:
            raise Fault('has more than %d keys' % high)
        for key, element in value.items():
            key_check(key)
            try:
                check(element)
            except Fault as fault:
                raise fault.below(key) from None
        return value
    return each
