# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decodes records with listeners of which all is the same but what differs from host to host, and knows them again.

Ten thousand hosts have a few hundred ways to listen. The text of each is decoded and checked once; where another host
has the same text but for pids, times of start, the address and the port, only these are read and checked. See ``texts``
for what is believed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from .. import _schema
from .._listener import SAME_EVERYWHERE, roves
from .._schema import Check
from .._shape import Endpoint
from . import texts
from .texts import Key as _Key

_MOST, _MOST_CHARACTERS = 20000, 16 * 1024 * 1024       # likenesses that are kept, and of their texts
_FEW = 4                        # listeners that are looked at one by one


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
        self._kept = self._characters = 0
        self._credit = texts.Credit()
        self._read: _Read | None = None

    def decoded(self, data: bytes) -> Any:
        """Decode a record, as strictly as ``_schema.parse``.

        :returns: None where it is not written as expected, whatever it is.
        """
        self._read = None
        if not self._credit.is_there_for(data):
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
        found = texts.of_listeners(text)
        read = _Read()
        if found is None or not self._read_all(found[1], read):
            return None
        record = found[0]
        record['facts']['listeners'] = read.listeners
        self._read = read
        return record

    def _read_all(self, listeners: list[str], read: _Read) -> bool:
        """Read listeners from their texts; returns whether all of them say what they look like."""
        strings: list[str] = []
        digits: list[str] = []
        for text in listeners:
            name, address, port, pids, starts, key = texts.taken_apart(text)
            strings += name, address
            form = self._forms.get(key)
            likeness = None
            if form is None:
                listener = texts.decoded(text)
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
        return texts.are_plain(strings, digits)

    def _are_right(self, read: _Read) -> bool:
        new = [read.listeners[place] for place, dummy, dummy_text in read.new]
        starts = [owner['started'] for listener in read.listeners for owner in listener['owners']]
        if not (_schema.accepts(self._pid, read.numbers) and _schema.accepts(self._port, read.ports)
                and _schema.accepts(self._start, starts) and self._accepts_each(new)):
            return False
        if len({listener['id'] for listener in read.listeners}) < len(read.listeners) or any(
                map(self._contradiction, [*read.apart, *new])):
            return False
        self._credit.count(len(read.listeners), len(new))
        for place, form, apart in read.met:
            read.likenesses[place] = self._likeness(form, apart)
        for place, key, text in read.new:
            self._keep(read.listeners[place], key, text)
        return True

    def _accepts_each(self, new: list[Any]) -> bool:
        if len(new) > _FEW:
            return _schema.accepts(self._check, new)
        before = json.dumps(new)
        for listener in new:
            self._check(listener)
        return json.dumps(new) == before        # nothing was removed

    def _likeness(self, form: _Form, apart: _Key) -> Likeness:
        self._kept += 1
        return form.likenesses.setdefault(apart, Likeness())

    def _keep(self, listener: dict[str, Any], key: _Key, text: str) -> None:
        if key in self._forms or not texts.is_written_so(listener, text):
            return
        if self._kept >= _MOST or len(self._forms) >= _MOST or self._characters + len(text) > _MOST_CHARACTERS:
            self._forms.clear()
            self._kept = self._characters = 0
        self._characters += len(text)
        self._forms[key] = _Form(
            listener, listener['scope'] in SAME_EVERYWHERE, roves(cast(Endpoint, listener)))
