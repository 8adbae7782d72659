# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts reach what, as a part of a report: asked once all of its hosts are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from .. import _listener
from .._harmless.terminal import sentence
from .._probes import plan
from .._reach import answer
from .._reach.answer import Answer, Row, Source, Word
from .._shape import Facts
from .._words import number
from .host import Host

MOST_TOLD = 10000               # listeners, in a result
_WORDS: tuple[Word, ...] = ('yes', 'no', 'unknown')


class Group(TypedDict):
    """Hosts of which the same is known. ``because`` is harmless to print."""

    hosts: list[str]
    because: str


class Told(TypedDict):
    """A listener, and which hosts reach it."""

    target: str
    listener: str
    reached_by: list[str]
    not_reached_by: list[Group]
    unknown: list[Group]


class Document(TypedDict):
    """Which hosts reach what, for programs.

    :ivar refused: why nobody was asked; None where all were.
    :ivar counts: pairs of a host and a listener by the answer: yes, no and unknown.
    :ivar answers: the first 10000 listeners. :ivar answers_total: how many there are.
    """

    refused: str | None
    counts: dict[str, int]
    answers: list[Told]
    answers_total: int


@dataclass
class Section:
    """All answers.

    :ivar rows: one for each listener that others could reach by its address. :ivar sources: who was asked.
    :ivar refused: why nobody was, harmless to print.
    """

    rows: Sequence[Row] = ()
    sources: Sequence[Source] = ()
    refused: str | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many pairs of a host and a listener there are of each answer."""
        return counts(self.rows)

    @property
    def summary(self) -> str:
        """How many there are, in a sentence."""
        return 'Nobody was asked who reaches what: %s.' % self.refused if self.refused else '%s.' % counted(self.rows)

    def document(self) -> Document:
        """Return all of it for programs."""
        return {'refused': self.refused, 'counts': self.counts, 'answers_total': len(self.rows),
                'answers': [told(row, self.sources) for row in self.rows[:MOST_TOLD]]}


@dataclass
class Asked:
    """Keeps what hosts say of what they let in and out, as far as a report can answer that."""

    _hosts: list[tuple[plan.Target, Source]] = field(default_factory=list)
    _listeners: int = 0

    def add(self, host: Host, facts: Facts | None) -> None:
        """Take a host; its facts are kept as long as there are not too many questions."""
        if facts is not None:
            self._listeners += sum(listener['scope'] != 'loopback' for listener in facts['listeners'])
        reason = None if facts else '%s: %s' % (host.state, sentence(host.reason or 'no reason is known', 300))
        self._hosts.append((plan.Target(host.name, facts, reason), Source(host.name, facts, reason)))
        if self._questions() > answer.MOST_QUESTIONS:
            self._hosts = [(plan.Target(target.host), Source(target.host)) for target, dummy in self._hosts]

    def _questions(self) -> int:
        return self._listeners * len(self._hosts)

    def section(self) -> Section:
        """Ask."""
        if self._questions() > answer.MOST_QUESTIONS:
            return Section(refused='%d listeners and %d hosts are too many questions for one report, which takes %d; '
                                   'ask for some of them by the playbook reach' % (
                                       self._listeners, len(self._hosts), answer.MOST_QUESTIONS))
        sources = [source for dummy, source in self._hosts]
        try:
            return Section(answer.ask(plan.plan(target for target, dummy in self._hosts), sources), sources)
        except ValueError as exc:
            return Section(refused='%s; ask for some of them by the playbook reach' % exc)


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """Count pairs of a host and a listener by the answer."""
    found = Counter(each.word for row in rows for each in row.answers)
    return {word: found[word] for word in _WORDS}


def counted(rows: Sequence[Row]) -> str:
    """Count the same in words."""
    found = counts(rows)
    return '%s of a host and a listener: %d can, %d cannot, %d not known' % (
        number(sum(found.values()), 'pair'), found['yes'], found['no'], found['unknown'])


def alike(rows: Sequence[Row]) -> Mapping[tuple[str, tuple[Answer, ...]], list[Row]]:
    """Put the listeners of a host together that the same hosts reach, and for the same reasons do not."""
    groups: dict[tuple[str, tuple[Answer, ...]], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.items[0].host, tuple(row.answers)), []).append(row)
    return groups


def by_answer(answers: Sequence[Answer], sources: Sequence[Source]) -> Mapping[Answer, list[str]]:
    """Put the hosts together of which the same is known."""
    groups: dict[Answer, list[str]] = {}
    for each, source in zip(answers, sources):
        groups.setdefault(each, []).append(source.host)
    return groups


def named(rows: Sequence[Row], most: int = 20) -> str:
    """Name one listener in words, several by their endpoints, harmless to print."""
    if len(rows) == 1:
        return _listener.in_words(_listener.excerpt(rows[0].items[0].listener))
    names = [_listener.endpoint(row.items[0].listener) for row in rows]
    more = len(names) - most
    return ', '.join(names[:most]) + (' and %d more' % more if more > 0 else '')


def told(row: Row, sources: Sequence[Source]) -> Told:
    """Return one listener and its answers, for programs."""
    groups = by_answer(row.answers, sources)

    def of(word: Word) -> list[Group]:
        return [{'hosts': hosts, 'because': each.because} for each, hosts in groups.items() if each.word == word]
    item = row.items[0]
    return {
        'target': item.host, 'listener': _listener.identity(item.listener),
        'reached_by': [host for each, hosts in groups.items() if each.word == 'yes' for host in hosts],
        'not_reached_by': of('no'), 'unknown': of('unknown')}
