# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks data that strangers wrote.

A check takes a decoded JSON value, returns it, and raises ``Fault`` for what it does not accept. Keys that a mapping
does not know are removed in place, so that later versions may add some.

The elements of a long list are first looked at all at once, a key of theirs after the other, which takes a fraction of
the time. That says no more than that all of them are fine as they are. Where it does not say so, each is looked at
alone, to find what is wrong with it, or to remove what is not known of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import chain
from operator import itemgetter
from typing import Any, NoReturn

Check = Callable[[Any], Any]
# Whether a check surely accepts each of these values and leaves nothing to be removed; False where that is not known.
_OfMany = Callable[[list[Any]], bool]

_FEW = 4                        # elements of a list that are looked at one by one
_INTEGER = 2 ** 63 - 1
_HALVES = re.compile('[\ud800-\udfff]')      # of pairs
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
    # there are not more than there are bytes
    if len(data) > max_elements and data.count(b',') + data.count(b'[') + data.count(b'{') > max_elements:
        raise Fault('more than %d elements' % max_elements)
    try:
        return decode(data.decode('utf-8'))
    except RecursionError:
        raise Fault('nested too deeply') from None
    except Fault:
        raise
    except ValueError as exc:       # with the text in it, which is not for printing
        reason = 'not UTF-8' if isinstance(exc, UnicodeError) else getattr(exc, 'msg', 'a number is too long')
        raise Fault('not JSON: %s' % reason) from None


def _no_constant(name: str) -> NoReturn:
    raise Fault('not JSON: %s is not a number' % name)


# Decodes the text of strict JSON; raises ValueError and RecursionError.
decode: Callable[[str], Any] = json.JSONDecoder(parse_constant=_no_constant).decode


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


class _Known:
    """A check that can be made of many values at once.

    :ivar alone: the check of one value.
    :ivar of_many: see ``_OfMany``; of no values it says yes.
    """

    __slots__ = ('alone', 'of_many')

    def __init__(self, alone: Check, of_many: _OfMany) -> None:
        self.alone, self.of_many = alone, of_many

    def __call__(self, value: object) -> Any:
        return self.alone(value)


def _alone(check: Check) -> Check:
    """Return the check of one value without the detour over ``_Known``."""
    return check.alone if isinstance(check, _Known) else check


def _of_many(check: Check) -> _OfMany:
    if isinstance(check, _Known):
        return check.of_many

    def each(values: list[Any]) -> bool:
        try:
            for value in set(values) if set(map(type, values)) == {str} else values:
                check(value)
        except Fault:
            return False
        return True
    return each


def accepts(check: Check, values: list[Any]) -> bool:
    """Say whether a check surely accepts each of these values, and leaves nothing to be removed."""
    return _of_many(check)(values)


def text(limit: int) -> Check:
    """Return the check for text of at most ``limit`` characters, any that Unicode has."""
    def alone(value: object) -> str:
        if not isinstance(value, str):
            _refuse(value, 'text')
        if len(value) > limit:
            raise Fault('is longer than %d characters' % limit)
        if not value.isascii() and any('\ud800' <= char <= '\udfff' for char in value):
            raise Fault('has half of a surrogate pair')
        return value

    def of_many(values: list[Any]) -> bool:
        try:
            joined = ''.join(values)
        except TypeError:
            return False
        return (len(joined) <= limit or max(map(len, values)) <= limit) and (
            joined.isascii() or not _HALVES.search(joined))
    return _Known(alone, of_many)


def _matches(value: object, fits: Callable[[str], object], wanted: str) -> str:
    if not isinstance(value, str) or not fits(value):
        _refuse(value, wanted)
    return value


def matching(pattern: re.Pattern[str], wanted: str) -> Check:
    """Return the check for text that a pattern matches as a whole; ``wanted`` is that in words."""
    fits = pattern.fullmatch

    def of_many(values: list[Any]) -> bool:
        return set(map(type, values)) <= {str} and all(map(fits, set(values)))
    return _Known(lambda value: _matches(value, fits, wanted), of_many)


time = matching(re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', re.ASCII),
                'a time such as 2026-11-20T10:00:00Z')


def choice(*allowed: str) -> Check:
    """Return the check for one of these values."""
    known = frozenset(allowed)
    wanted = 'one of %s' % ', '.join(allowed)

    def alone(value: object) -> str:
        if not isinstance(value, str) or value not in known:
            _refuse(value, wanted)
        return value

    def of_many(values: list[Any]) -> bool:
        try:
            return known.issuperset(values)
        except TypeError:       # a list or a mapping
            return False
    return _Known(alone, of_many)


def integer(low: int = 0, high: int = _INTEGER) -> Check:
    """Return the check for a whole number, bounds included."""
    def alone(value: object) -> int:
        if not isinstance(value, int) or value is True or value is False or not low <= value <= high:
            _refuse(value, 'a whole number from %d to %d' % (low, high))
        return value

    def of_many(values: list[Any]) -> bool:
        return not values or set(map(type, values)) == {int} and low <= min(values) and max(values) <= high
    return _Known(alone, of_many)


def number(value: object) -> float:
    """Check for a number that is not negative."""
    if not isinstance(value, (int, float)) or value is True or value is False or not 0 <= value <= _INTEGER:
        _refuse(value, 'a number from 0 to %d' % _INTEGER)
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        _refuse(value, 'true or false')
    return value


boolean: Check = _Known(_boolean, lambda values: set(map(type, values)) <= {bool})


class _Nullable(_Known):
    """Null, or what the check accepts. Mappings look at ``unless_null`` themselves: most values of facts are in one."""

    __slots__ = ('_unless_null_of_many', 'unless_null')

    def __init__(self, check: Check) -> None:
        alone, of_many = _alone(check), _of_many(check)
        super().__init__(lambda value: None if value is None else alone(value), self._of_many)
        self.unless_null = check
        self._unless_null_of_many = of_many

    def _of_many(self, values: list[Any]) -> bool:
        values = [value for value in values if value is not None]
        return not values or self._unless_null_of_many(values)


def nullable(check: Check) -> Check:
    """Return the check for null, or what the given one accepts."""
    return _Nullable(check)


def items(check: Check, high: int, low: int = 0) -> Check:
    """Return the check for a list of ``low`` to ``high`` elements, each of which the given one accepts."""
    each_alone, all_of_them = _alone(check), _of_many(check)

    def alone(value: object) -> list[Any]:
        if not isinstance(value, list):
            _refuse(value, 'a list')
        if not low <= len(value) <= high:
            raise Fault('has %d elements, not %d to %d' % (len(value), low, high))
        if len(value) > _FEW and all_of_them(value):
            return value
        for index, element in enumerate(value):
            try:
                each_alone(element)
            except Fault as fault:
                raise fault.below('[%d]' % index) from None
        return value

    def of_many(values: list[Any]) -> bool:
        if not values:
            return True
        if set(map(type, values)) != {list}:
            return False
        sizes = set(map(len, values))
        return low <= min(sizes) and max(sizes) <= high and all_of_them(list(chain.from_iterable(values)))
    return _Known(alone, of_many)


def row(wanted: str, *checks: Check) -> Check:
    """Return the check for a list of which each element has a check of its own.

    :param wanted: what is said of another list, or of none.
    """
    each_alone = tuple(map(_alone, checks))
    columns = tuple(map(_of_many, checks))

    def alone(value: object) -> list[Any]:
        if not isinstance(value, list) or len(value) != len(checks):
            raise Fault(wanted)
        for element, check in zip(value, each_alone, strict=True):
            check(element)
        return value

    def of_many(values: list[Any]) -> bool:
        if not values:
            return True
        if set(map(type, values)) != {list} or set(map(len, values)) != {len(checks)}:
            return False
        return all(of_column(list(column)) for of_column, column in zip(columns, zip(*values), strict=True))
    return _Known(alone, of_many)


def mapping(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    """Return the check for a mapping with known keys, which removes other keys from it.

    :param optional: the checks of keys that may be absent.
    """
    known = dict(required, **(optional or {}))
    fields = tuple(
        (key, _alone(check.unless_null if isinstance(check, _Nullable) else check), isinstance(check, _Nullable),
         key in required)
        for key, check in known.items())
    columns = tuple((itemgetter(key), _of_many(check)) for key, check in required.items())
    columns_of_some = tuple((key, _of_many(check)) for key, check in (optional or {}).items())

    def alone(value: object) -> dict[str, Any]:
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

    def of_many(values: list[Any]) -> bool:
        if not set(map(type, values)) <= {dict}:
            return False
        for of_each, of_column in columns:
            try:
                column = list(map(of_each, values))
            except KeyError:
                return False
            if not of_column(column):
                return False
        there = len(columns) * len(values)
        for key, of_column in columns_of_some:
            column = [value[key] for value in values if key in value]
            there += len(column)
            if column and not of_column(column):
                return False
        return there == sum(map(len, values))
    return _Known(alone, of_many)


def table(key_check: Check, check: Check, high: int) -> Check:
    """Return the check for a mapping with any keys, at most ``high``, that the first one accepts."""
    key_alone, each_alone = _alone(key_check), _alone(check)
    of_keys, of_elements = _of_many(key_check), _of_many(check)

    def alone(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            _refuse(value, 'a mapping')
        if len(value) > high:
            raise Fault('has more than %d keys' % high)
        for key, element in value.items():
            key_alone(key)
            try:
                each_alone(element)
            except Fault as fault:
                raise fault.below(key) from None
        return value

    def of_many(values: list[Any]) -> bool:
        if not values:
            return True
        if set(map(type, values)) != {dict} or max(map(len, values)) > high:
            return False
        return of_keys(list(chain.from_iterable(values))) and of_elements(
            [element for value in values for element in value.values()])
    return _Known(alone, of_many)
