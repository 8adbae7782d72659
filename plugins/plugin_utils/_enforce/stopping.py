# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in words what a host would stop, and what it would not, by its answer in check mode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from .._listener import Listener
from .._words import number, some
from . import stops
from .lefts import CLOSE, Left, left, shown

_MOST_LISTENERS = 8             # of a line


def left_of(rows: Iterable[stops.Row], listeners: Iterable[Listener]) -> list[Left]:
    """List what the host does not close, and why. What does not listen any more is not among it.

    :param rows: of the answer of ``stop_listener`` in check mode.
    :param listeners: those that it was asked about.
    """
    known = {listener['id']: listener for listener in listeners}
    return [left(CLOSE, known[row['listener']], row['reason'], stops.reason(row), row['command'])
            for row in rows if row['status'] == stops.LEFT and row['reason'] != stops.GONE]


def in_words(rows: Iterable[stops.Row], listeners: Iterable[Listener]) -> Iterator[str]:
    """Say what is closed, and how, in a line for all listeners that end by the same."""
    known = {listener['id']: listener for listener in listeners}
    together: dict[str, list[Listener]] = {}
    for row in rows:
        if row['status'] == stops.CLOSED:
            together.setdefault(stops.how(row, planned=True), []).append(known[row['listener']])
    for how, alike in together.items():
        yield '%s: %s%s' % (some(map(shown, alike), _MOST_LISTENERS), how, _connections(alike))


def _connections(listeners: Iterable[Listener]) -> str:
    """Say how many connections end; nothing where there are none, or nobody counted."""
    counted = [cast('dict[str, int] | None', listener.get('connections')) for listener in listeners]
    count = sum(states.get('established', 0) for states in counted if states)
    return '; %s end' % number(count, 'open connection') if count > 1 else '; 1 open connection ends' if count else ''
