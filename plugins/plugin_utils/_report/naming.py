# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names many hosts in few words: by groups of the inventory where these are what the hosts have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from .._harmless.terminal import visible
from .._words import number

FEW = 5             # hosts that are named one by one
_FEW_GROUPS = 3     # groups that are named in place of hosts
_FEW_OTHERS = 3     # hosts of a group that are named as left out
_NO_GROUPS = ('all', 'ungrouped')       # which say nothing of what hosts have in common


class Naming:
    """The groups that hosts of a report are in.

    :ivar members: the hosts of each group that has any, but for groups that every host is in.
    """

    def __init__(self, hosts: Iterable[str] = (), groups: Mapping[str, Collection[str]] | None = None) -> None:
        """Prepare to name some of these hosts.

        :param hosts: all hosts of the report.
        :param groups: the hosts of each group of the inventory; other hosts than those of the report do not count.
        """
        everyone = frozenset(hosts)
        members = {
            group: everyone.intersection(names) for group, names in (groups or {}).items() if group not in _NO_GROUPS
        }
        self.members = {group: hosts_of for group, hosts_of in members.items() if hosts_of and hosts_of != everyone}
        # of groups with the same hosts, the one with the shortest name; then the largest first
        named: dict[frozenset[str], str] = {}
        for group in sorted(members, key=lambda group: (len(group), group)):
            if len(members[group]) > 1:
                named.setdefault(members[group], group)
        self._groups = sorted(
            ((group, hosts_of) for hosts_of, group in named.items()), key=lambda item: (-len(item[1]), item[0])
        )

    def some(self, names: Sequence[str], most: int = FEW) -> str:
        """Name hosts: all of a few, else their groups, else how many there are and the first ones.

        >>> Naming().some(['a', 'b', 'c'], 2)
        '3 hosts (a, b, …)'
        """
        if len(names) <= most:
            return ', '.join(map(visible, names))
        return '%s (%s)' % (number(len(names), 'host'), self.in_groups(names) or '%s, …' % ', '.join(
            map(visible, names[:most])))

    def counted(self, names: Sequence[str], most: int = FEW) -> str:
        """Name hosts with their number: ``web-1``, ``2 hosts (web-1, web-2)``, ``40 hosts (group web)``."""
        shown = self.some(names, most)
        return shown if len(names) == 1 or len(names) > most else '%s (%s)' % (number(len(names), 'host'), shown)

    def in_groups(self, names: Iterable[str]) -> str | None:
        """Name the groups whose hosts these are; None where there are no such groups, or too many of them."""
        wanted = frozenset(names)
        left, chosen = wanted, []
        for group, hosts in self._groups:
            if hosts <= left:
                chosen.append(group)
                left -= hosts
        if not left and 0 < len(chosen) <= _FEW_GROUPS:
            return '%s %s' % ('group' if len(chosen) == 1 else 'groups', ', '.join(map(visible, chosen)))
        # from the smallest group on: it leaves out the fewest hosts
        for group, hosts in reversed(self._groups):
            more = len(hosts) - len(wanted)
            if wanted < hosts and more <= _FEW_OTHERS and more < len(wanted):
                return 'group %s but %s' % (visible(group), ', '.join(map(visible, sorted(hosts - wanted))))
        return None
