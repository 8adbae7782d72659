# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps of which hosts no groups could be made, and says it in a few lines, however many they are."""

from __future__ import annotations

from .._report.naming import Naming
from .._words import number

_MOST_REASONS = 5


class Problems:
    """Why hosts are in no group that was to be made of what was observed of them.

    :ivar unknown: those of which there is nothing.
    :ivar unusable: the hosts for each reason why what there is cannot be used.
    :ivar reason: why there is nothing at all, harmless to print.
    :ivar usable: how many hosts there is something usable of.
    """

    def __init__(self) -> None:
        """There are none so far."""
        self.unknown: list[str] = []
        self.unusable: dict[str, list[str]] = {}
        self.reason: str | None = None
        self.usable = 0

    def note(self, host: str, reason: str | None) -> None:
        """Note one.

        :param reason: why what there is cannot be used, harmless to print; None where there is nothing.
        """
        if reason is None:
            self.unknown.append(host)
        else:
            self.unusable.setdefault(reason.rstrip('.'), []).append(host)

    def lines(self) -> list[str]:
        """Return all of it as sentences; they are harmless to print."""
        if self.reason is not None:
            return ['No groups were made: %s.' % self.reason]
        named = Naming().counted
        lines = []
        if self.unknown:
            lines.append('No groups for %s: nothing is known of what listens there.' % named(self.unknown))
        worst = sorted(self.unusable.items(), key=lambda item: (-len(item[1]), item[0]))
        lines += ['No groups for %s: %s.' % (named(hosts), reason) for reason, hosts in worst[:_MOST_REASONS]]
        left = sum(len(hosts) for dummy, hosts in worst[_MOST_REASONS:])
        if left:
            lines.append('No groups for %s more, for other reasons.' % number(left, 'host'))
        if not lines and not self.usable:
            lines.append('No groups were made: there is no host. Name the inventory that has them before this file, or '
                         'set add_hosts.')
        return lines
