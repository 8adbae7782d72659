# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads records for somebody who asks of each listener the same question, and only what is the same on many hosts.

Ten thousand hosts have a few hundred ways to listen: the text of each is decoded once, and asked about once for each
port. See ``texts`` for what is believed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from . import texts

_MOST, _MOST_CHARACTERS = 20000, 16 * 1024 * 1024       # answers that are kept, and of the texts that they are for

Answer = TypeVar('Answer')


@dataclass
class _Form(Generic[Answer]):
    """A listener, and what was answered of it and of others that differ in their ports."""

    listener: dict[str, Any]
    answers: dict[str, Answer] = field(default_factory=dict)


class Glimpses(Generic[Answer]):
    """What was answered, as long as there is room for it."""

    def __init__(self, ask: Callable[[Any], Answer], is_apart: Callable[[Any], bool] = lambda facts: False) -> None:
        """Begin without any.

        :param ask: answers for a listener, which nobody has checked. What it answers is the same for each address, each
            id, and whatever the pids of owners are and when they were started; no answer is None. It may raise
            ValueError, as ``Fault`` is one.
        :param is_apart: whether something else would be answered for listeners of these facts, in which listeners are
            missing; then they are not glimpsed. It may raise KeyError, TypeError, AttributeError and ValueError.
        """
        self._ask, self._is_apart = ask, is_apart
        self._forms: dict[texts.Key, _Form[Answer]] = {}
        self._kept = self._characters = 0
        self._credit = texts.Credit()

    def of(self, data: bytes) -> tuple[Any, list[Answer]] | None:
        """Decode a record, as strictly as ``_schema.parse``, and ask about its listeners.

        :returns: the record without its listeners, and the answer for each of them; None where it is not written as
            expected, or something is wrong with it.
        """
        if not self._credit.is_there_for(data):
            return None
        try:
            found = texts.of_listeners(data.decode('utf-8'))
            answers = None if found is None or self._is_apart(found[0]['facts']) else self._all(found[1])
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            return None
        if found is None or answers is None:
            return None
        found[0]['facts']['listeners'] = []
        return found[0], answers

    def _all(self, listeners: list[str]) -> list[Answer] | None:
        strings: list[str | None] = []
        digits: list[str] = []
        answers: list[Answer] = []
        new = 0
        for text in listeners:
            name, address, port, pids, starts, key = texts.taken_apart(text)
            form = self._forms.get(key)
            if form is None:
                new += 1
                answers.append(self._new(text, port, key))
                continue
            strings += name, address
            strings += starts
            digits.append(port)
            digits += pids
            answer = form.answers.get(port)
            answers.append(self._at(form, port) if answer is None else answer)
        self._credit.count(len(listeners), new)
        return answers if texts.are_plain(filter(None, strings), digits) else None

    def _new(self, text: str, port: str, key: texts.Key) -> Answer:
        listener = texts.decoded(text)
        answer = self._ask(listener)
        if texts.is_written_so(listener, text):
            self._make_room(len(text))
            self._forms[key] = _Form(listener, {port: answer})
        return answer

    def _at(self, form: _Form[Answer], port: str) -> Answer:
        answer = self._ask({**form.listener, 'port': int(port)})
        self._make_room(0)
        form.answers[port] = answer
        return answer

    def _make_room(self, characters: int) -> None:
        if self._kept >= _MOST or self._characters + characters > _MOST_CHARACTERS:
            self._forms.clear()
            self._kept = self._characters = 0
        self._kept += 1
        self._characters += characters
