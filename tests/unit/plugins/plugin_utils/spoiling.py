# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spoils data, as strangers may."""


def spoilt(value, choose, depth=0):
    """A copy of JSON in which one thing is another one."""
    if isinstance(value, dict) and value and choose.random() < 0.9:
        key = choose.choice(sorted(value))
        changed = dict(value)
        if choose.random() < 0.1:
            del changed[key]
        else:
            changed[key] = spoilt(value[key], choose, depth + 1)
        return changed
    if isinstance(value, list) and value and choose.random() < 0.8:
        index = choose.randrange(len(value))
        if choose.random() < 0.2:
            return value[:index] + value[index + 1:]
        if choose.random() < 0.2:
            return value * choose.choice((2, 60))
        return [
            spoilt(element, choose, depth + 1) if place == index else element for place, element in enumerate(value)
        ]
    return choose.choice(
        (
            None,
            True,
            -1,
            0,
            7,
            2**70,
            1.5,
            '',
            'x',
            '\x1b[2J\n::error::\u202e',
            'x' * 30000,
            '\ud800',
            [],
            {},
            ['a'],
            ['a', 'b'],
            [None],
            {'owners': []},
            {'pieces': 'x'},
            {'first': [], 'total': 5},
            'ephemeral',
            'none of these',
        )
    )
