# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that keeps nobody waiting."""


class Clock:
    """A clock that only sleeping, and what is told to take time, passes on.

    :ivar passed: the seconds since it was made.
    """

    def __init__(self):
        self.passed = 0

    def monotonic(self):
        """The seconds of time.monotonic()."""
        return 1000.0 + self.passed

    def sleep(self, seconds):
        """As time.sleep() does."""
        self.passed += seconds
