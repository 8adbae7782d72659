# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the texts of listeners in the text of a record, and takes them apart: what is the same on many hosts, and what
differs from host to host.

No text is believed because it looks like one that is known. A text is kept only if it is, to the letter, what JSON is
written of what was decoded from it: one that differs in its numbers, or in strings in which no quote and no backslash
is, is then that of a listener which differs in them. What is written in another way is decoded as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from .. import _schema

_FIRST, _BETWEEN, _LAST = '{"id":"', '},{"id":"', '}'
_LIST = '"listeners":['
_BEHIND = ('}],"forwarded":', '}]},"judgement":', '}],"diagnoses":')
_PLACE = 9021174463507218       # what stands for the listeners while all else is decoded
_FIXED = ('1', '4')             # pids of systemd, and of the kernel of Windows, which are the same on all hosts
_MOST_OF_RECORD = 4 * 1024 * 1024
_CREDIT, _INTEREST = 3000, 20   # how many more listeners may be new than known ones; what each other host adds to it

Key = tuple[object, ...]


class Credit:
    """Whether to look for what is alike goes on to be worth while: where all are new, it takes time."""

    def __init__(self) -> None:
        """Begin with some."""
        self._left = _CREDIT

    def is_there_for(self, data: bytes) -> bool:
        """Whether to look in this record; each that is let pass adds a little to what is left."""
        if self._left <= 0 or len(data) > _MOST_OF_RECORD:
            self._left += _INTEREST
            return False
        return True

    def count(self, listeners: int, new: int) -> None:
        """Note of a record how many listeners it has, and how many of them were new."""
        self._left = min(self._left + listeners - 2 * new, _CREDIT)


def of_listeners(text: str) -> tuple[Any, list[str]] | None:
    """Decode a record without its listeners, and cut out their texts.

    :returns: the record with something in their place, and their texts, without beginning and end; None where it is
        not written as expected.
    :raises ValueError: it is not JSON. :raises KeyError, TypeError, RecursionError: it is no record.
    """
    start = text.find(_LIST + _FIRST) + len(_LIST)
    end = next((end for end in (text.find(behind, start) for behind in _BEHIND) if end > 0), 0)
    place = '%d' % _PLACE
    if start < len(_LIST) or not end or place in text:
        return None
    record = _schema.decode(text[:start] + place + text[end + len(_LAST):])
    if record['facts']['listeners'] != [_PLACE]:            # that was another list
        return None
    return record, text[start + len(_FIRST):end].split(_BETWEEN)


def decoded(text: str) -> Any:
    """Decode the text of one listener. Raises ValueError."""
    return _schema.decode(_FIRST + text + _LAST)


def is_written_so(listener: Any, text: str) -> bool:
    """Whether this is, to the letter, what JSON is written of a listener."""
    return json.dumps(listener, separators=(',', ':')) == _FIRST + text + _LAST


def are_plain(strings: Iterable[str], digits: list[str]) -> bool:
    """Whether strings and numbers mean what they are: they can stand in the place of others. Raises ValueError."""
    plain = ''.join(strings)
    return '"' not in plain and '\\' not in plain and plain.isprintable() and (
        list(map(str, map(int, digits))) == digits)


def taken_apart(text: str) -> tuple[str, str, str, Sequence[str], Sequence[str | None], Key]:
    """Take the text of a listener apart, without its beginning and its end.

    :returns: what differs: its id, its address, its port, pids and times of start; and all between them.
    :raises ValueError: it is not written as expected.
    """
    bound, dummy, rest = text.partition('","port":')
    name, is_named, bound = bound.partition('","protocol":"')
    before, is_bound, address = bound.partition('","address":"')
    port, dummy, rest = rest.partition(',')
    if not is_named or not is_bound:    # then what is between could be that of another text
        raise ValueError('not the text of a listener')
    first, *owners = rest.split('"pid":')
    pids: list[str] = []
    starts: list[str | None] = []
    key: list[object] = [before, first]
    for owner in owners:
        pid, dummy, rest = owner.partition(',')
        before, is_known, rest = rest.partition('"started":"')
        start = None
        if is_known:
            start, dummy, rest = rest.partition('"')
        pids.append(pid)
        starts.append(start)
        key += pid in _FIXED and pid, before, rest
    return name, address, port, pids, starts, tuple(key)
