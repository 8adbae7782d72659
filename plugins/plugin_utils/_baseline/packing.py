# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps facts in little room: there may be ten thousand hosts, and who proves something reads them again.

Of listeners that are alike on several hosts one is kept, and of each host what differs from it: its id, address and
port, and the pids of its owners and when they were started.
"""

from __future__ import annotations

import marshal
import zlib
from collections.abc import Hashable, Sequence
from typing import Any, cast

from .._shape import Facts, Listener

_MOST = 20000           # listeners that are kept for others that are like them
_ONCE = -1              # of those that were met on one host so far, which may stay the only one


class _Kept:
    """Listeners of which there are others, and their numbers, by what all that are alike have in common."""

    models: list[dict[str, Any]] = []
    numbers: dict[Hashable, int] = {}


def packed(facts: Facts, alike: Sequence[Hashable | None] = ()) -> bytes:
    """Pack facts.

    :param alike: of each listener what it has in common with those that are like it, as ``_facts.likeness`` defines
        it; None of what is like nothing. Nothing where that is not known.
    """
    rows: list[Any] = [_row(listener, likeness) for listener, likeness in zip(facts['listeners'], alike)]
    whole: Any = {**facts, 'listeners': rows} if alike else facts
    return zlib.compress(marshal.dumps(whole), 1)


def unpacked(data: bytes) -> Facts:
    """Return facts as they were. Parts of them are those of other hosts, too: they are not to be changed."""
    facts = marshal.loads(zlib.decompress(data))
    facts['listeners'] = [row if isinstance(row, dict) else _listener(*row) for row in facts['listeners']]
    return cast(Facts, facts)


def _row(listener: Listener, likeness: Hashable | None) -> Any:
    number = None if likeness is None else _Kept.numbers.get(likeness)
    if number is None or number == _ONCE:
        number = _met(listener, likeness, number)
        if number == _ONCE:
            return listener
    return (number, listener['id'], listener['address'], listener['port'],
            [(owner['pid'], owner['started']) for owner in listener['owners']])


def _met(listener: Listener, likeness: Hashable | None, number: int | None) -> int:
    """Note that a listener was met, and return the number of the one that stands for it."""
    if likeness is not None and len(_Kept.models) < _MOST:
        if number is None:
            _Kept.numbers[likeness] = _ONCE
        else:
            _Kept.numbers[likeness] = len(_Kept.models)
            _Kept.models.append(cast('dict[str, Any]', listener))
    return _ONCE if likeness is None else _Kept.numbers.get(likeness, _ONCE)


def _listener(number: int, key: str, address: str, port: int, owners: Sequence[tuple[int, str | None]]) -> Any:
    model = _Kept.models[number]
    return {**model, 'id': key, 'address': address, 'port': port, 'owners': [
        {**owner, 'pid': pid, 'started': started}
        for owner, (pid, started) in zip(model['owners'], owners, strict=True)]}
