# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logic with three values, of Kleene: True, False, and None for what is not known."""

from collections.abc import Iterable


def both(values: Iterable[bool | None]) -> bool | None:
    """Take the lowest of them: False where one is False, else None where one is not known. True of none."""
    known: bool | None = True
    for value in values:
        if value is False:
            return False
        if value is None:
            known = None
    return known


def either(values: Iterable[bool | None]) -> bool | None:
    """Take the highest of them: True where one is True, else None where one is not known. False of none."""
    known: bool | None = False
    for value in values:
        if value is True:
            return True
        if value is None:
            known = None
    return known
