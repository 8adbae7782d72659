# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says how far the reading of records has come, where that takes long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

_FIRST, _THEN = 5, 10           # seconds
_Item = TypeVar('_Item')


def told(items: Iterable[_Item], total: int, show: Callable[[str], None],
         clock: Callable[[], float] = time.monotonic) -> Iterator[_Item]:
    """Hand on items, and say now and then how many there were.

    :param total: how many there will be.
    :param show: takes a line.
    """
    due = clock() + _FIRST
    for number, item in enumerate(items, 1):
        yield item
        if clock() >= due and number < total:
            show('read {:,} of {:,} records'.format(number, total))
            due = clock() + _THEN
