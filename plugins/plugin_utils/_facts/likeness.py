# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decodes records with listeners of which all is the same but what differs from host to host, and knows them again.

Ten thousand hosts have a few hundred ways to listen. The text of each is decoded and checked once; where another host
has the same text but for pids, times of start, the address and the port, only these are read and checked.

No text is believed because it looks like one that is known. A text is kept only if it is, to the letter, what JSON is
written of what was decoded from it: one that differs in these numbers, or in these strings, in which no quote and no
backslash is, is then that of a listener which differs in them. What is written in another way is decoded as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from .. import _schema
from .._listener import SAME_EVERYWHERE, roves
from .._schema import Check
from .._shape import Endpoint

_FIRST, _BETWEEN, _LAST = '{"id":"', '},{"id":"', '}'
_LIST = '"listeners":['
_BEHIND = ('}],"forwarded":', '}]},"judgement":', '}],"diagnoses":')
_PLACE = 9021174463507218       # what stands for the listeners while all else is decoded
_FIXED = ('1', '4')             # pids of systemd, and of the kernel of Windows, which are the same on all hosts
_MOST_OF_RECORD = 4 * 1024 * 1024
_MOST, _MOST_CHARACTERS = 20000, 16 * 1024 * 1024       # likenesses that are kept, and of their texts
_FEW = 4                        # listeners that are looked at one by one
_CREDIT, _INTEREST = 3000, 20   # how many more listeners may be new than known ones; what each other host adds to it

_Key = tuple[object, ...]


class Likeness:
    """Stands for all listeners that are alike; there is one object of each."""

    __slots__ = ()


@dataclass(slots=True)
class _Form:
    """All that listeners have in common of which the same is written, but for what differs.

    :ivar listener: one of them. Parts of it are in all others: nobody may change them.
    :ivar is_same_everywhere: whether their address means the same on all hosts.
    :ivar roves: whether their port does.
    :ivar likenesses: of those that have the same address and port, as far as these tell them apart.
    """

    listener: dict[str, Any]
    is_same_everywhere: bool
    roves: bool
    likenesses: dict[_Key, Likeness] = field(default_factory=dict)


@dataclass(slots=True)
class _Read:
    """The listeners of a host that were read from their texts.

    :ivar likenesses: of each; None of those that are ``new``, by their place, with key and text, and of those whose
        address and port are ``met`` the first time, with their form.
    :ivar apart: those whose address and port have to be looked at.
    """

    listeners: list[dict[str, Any]] = field(default_factory=list)
    likenesses: list[Likeness | None] = field(default_factory=list)
    new: list[tuple[int, _Key, str]] = field(default_factory=list)
    met: list[tuple[int, _Form, _Key]] = field(default_factory=list)
    apart: list[dict[str, Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    is_accepted: bool = False


class Likenesses:
    """Those that were met, as long as there is room for them."""

    def __init__(self, check: Check, contradiction: Callable[[Any], object], pid: Check, start: Check,
                 port: Check) -> None:
        """Begin without any.

        :param check: that of a listener; the others are those of parts of it.
        :param contradiction: returns what is wrong where the parts of a checked listener do not fit each other.
        """
        self._check, self._contradiction, self._pid, self._start, self._port = check, contradiction, pid, start, port
        self._forms: dict[_Key, _Form] = {}
        self._kept, self._characters, self._credit = 0, 0, _CREDIT
        self._read: _Read | None = None

    def decoded(self, data: bytes) -> Any:
        """Decode a record, as strictly as ``_schema.parse``.

        :returns: None where it is not written as expected, whatever it is.
        """
        self._read = None
        if self._credit <= 0 or len(data) > _MOST_OF_RECORD:    # where all are new, to look for others takes time
            self._credit += _INTEREST
            return None
        try:
            return self._decoded(data.decode('utf-8'))
        except (KeyError, TypeError, ValueError, RecursionError):
            return None

    def accepts(self, listeners: object) -> bool:
        """Say whether listeners surely are as they have to be, each alone and all together.

        :returns: False where something is wrong, or has to be removed, and of listeners that were not decoded last.
        """
        read = self._read
        if read is None or read.listeners is not listeners:
            return False
        try:
            read.is_accepted = self._are_right(read)
        except (KeyError, TypeError, ValueError):       # the shape of something else
            read.is_accepted = False
        return read.is_accepted

    def of(self, listeners: object) -> list[Likeness | None] | None:
        """Return the likeness of each of the listeners that were accepted last; None of others."""
        read = self._read
        return read.likenesses if read and read.is_accepted and read.listeners is listeners else None

    def _decoded(self, text: str) -> Any:
        start = text.find(_LIST + _FIRST) + len(_LIST)
        end = next((end for end in (text.find(behind, start) for behind in _BEHIND) if end > 0), 0)
        place = '%d' % _PLACE
        if start < len(_LIST) or not end or place in text:
            return None
        record = _schema.decode(text[:start] + place + text[end + len(_LAST):])
        if record['facts']['listeners'] != [_PLACE]:            # that was another list
            return None
        read = _Read()
        if not self._read_all(text[start + len(_FIRST):end].split(_BETWEEN), read):
            return None
        record['facts']['listeners'] = read.listeners
        self._read = read
        return record

    def _read_all(self, texts: list[str], read: _Read) -> bool:
        """Read listeners from their texts; returns whether all of them say what they look like."""
        strings: list[str] = []
        digits: list[str] = []
        for text in texts:
            name, address, port, pids, starts, key = _taken_apart(text)
            strings += name, address
            form = self._forms.get(key)
            likeness = None
            if form is None:
                listener = _schema.decode(_FIRST + text + _LAST)
                read.new.append((len(read.listeners), key, text))
            else:
                like = form.listener
                number = int(port)
                listener = {**like, 'id': name, 'address': address, 'port': number}
                digits.append(port)
                read.ports.append(number)
                if pids:
                    strings += filter(None, starts)
                    digits += pids
                    numbers = list(map(int, pids))
                    read.numbers += numbers
                    listener['owners'] = [{**owner, 'pid': pid, 'started': begun} for owner, pid, begun in zip(
                        like['owners'], numbers, starts, strict=True)]
                settled = form.is_same_everywhere and not form.roves
                apart = (name, address, port) if settled else (
                    address if form.is_same_everywhere else '', '' if form.roves else port)
                likeness = form.likenesses.get(apart)
                if likeness is None:
                    read.met.append((len(read.listeners), form, apart))
                if likeness is None or not settled:
                    read.apart.append(listener)
            read.listeners.append(listener)
            read.likenesses.append(likeness)
        plain = ''.join(strings)
        return '"' not in plain and '\\' not in plain and plain.isprintable() and (
            list(map(str, map(int, digits))) == digits)

    def _are_right(self, read: _Read) -> bool:
        new = [read.listeners[place] for place, dummy, dummy_text in read.new]
        starts = [owner['started'] for listener in read.listeners for owner in listener['owners']]
        if not (_schema.accepts(self._pid, read.numbers) and _schema.accepts(self._port, read.ports)
                and _schema.accepts(self._start, starts) and self._accepts_each(new)):
            return False
        if len({listener['id'] for listener in read.listeners}) < len(read.listeners) or any(
                map(self._contradiction, [*read.apart, *new])):
            return False
        self._credit = min(self._credit + len(read.listeners) - 2 * len(new), _CREDIT)
        for place, form, apart in read.met:
            read.likenesses[place] = self._likeness(form, apart)
        for place, key, text in read.new:
            self._keep(read.listeners[place], key, text)
        return True

    def _accepts_each(self, new: list[Any]) -> bool:
        if len(new) > _FEW:
            return _schema.accepts(self._check, new)
        before = _written(new)
        for listener in new:
            self._check(listener)
        return _written(new) == before          # nothing was removed

    def _likeness(self, form: _Form, apart: _Key) -> Likeness:
        self._kept += 1
        return form.likenesses.setdefault(apart, Likeness())

    def _keep(self, listener: dict[str, Any], key: _Key, text: str) -> None:
        if _written(listener) != _FIRST + text + _LAST or key in self._forms:
            return
        if self._kept >= _MOST or len(self._forms) >= _MOST or self._characters + len(text) > _MOST_CHARACTERS:
            self._forms.clear()
            self._kept = self._characters = 0
        self._characters += len(text)
        self._forms[key] = _Form(
            listener, listener['scope'] in SAME_EVERYWHERE, roves(cast(Endpoint, listener)))


def _taken_apart(text: str) -> tuple[str, str, str, Sequence[str], Sequence[str | None], _Key]:
    """Take the text of a listener apart, without its beginning and its end.

    :returns: what differs: its id, its address, its port, pids and times of start; and all between them.
    """
    name, dummy, rest = text.partition('","protocol":"')
    before, dummy, rest = rest.partition('","address":"')
    address, dummy, rest = rest.partition('","port":')
    port, dummy, rest = rest.partition(',')
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


def _written(value: object) -> str:
    return json.dumps(value, separators=(',', ':'))
