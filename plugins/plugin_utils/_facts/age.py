# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How old a record may be."""

from __future__ import annotations

import calendar
import time

ANY_AGE = 'max_age: 0 accepts facts of any age'
_SKEW = 300             # seconds by which the clocks of two controllers may differ


def too_old(stamp: str, max_age: int, now: float, what: str = 'the record') -> str | None:
    """Return why a record is not of the time that it has to be of; None where it is.

    :param stamp: when it was made, as ``_schema.time`` checks it.
    :param max_age: seconds.
    :param now: the time here, in seconds.
    :param what: what has that time.
    """
    try:
        age = now - calendar.timegm(time.strptime(stamp, '%Y-%m-%dT%H:%M:%SZ'))
    except ValueError:
        return '%s has an invalid time, %s' % (what, stamp)
    if age < -_SKEW:
        return '%s is from the future, %s: the clock here, or where it was made, is wrong' % (what, stamp)
    if age > max_age:
        return '%s is too old: it was made at %s, %s ago, and max_age is %s; %s' % (
            what, stamp, duration(age), duration(max_age), ANY_AGE)
    return None


def duration(seconds: float) -> str:
    """Show a time in its largest unit and the one below, such as ``1 d 2 h``."""
    left, parts = int(seconds), []
    for size, unit in ((86400, 'd'), (3600, 'h'), (60, 'min'), (1, 's')):
        count, left = divmod(left, size)
        parts.append((count, unit))
    first = next((index for index, part in enumerate(parts) if part[0]), len(parts) - 1)
    return ' '.join('%d %s' % part for part in parts[first:first + 2] if part[0] or part is parts[first])
