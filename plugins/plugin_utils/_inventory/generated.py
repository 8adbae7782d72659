# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which groups of an inventory are made of what hosts say of themselves.

Such a group decides nothing: a host that opens a port joins the group of that port, and would get what is declared for
it. What writes or reads declarations leaves these groups out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from .names import PARENT


class Group(Protocol):
    """A group as Ansible has it."""

    name: str
    child_groups: Iterable[Group]


def generated(groups: Mapping[str, Group]) -> frozenset[str]:
    """Return the names of the groups that are made of facts: ``listening_ports``, and all that are below it.

    :param groups: all groups of an inventory by their names, as ``InventoryData.groups`` of Ansible has them.
    """
    names: set[str] = set()
    left = [groups[PARENT]] if PARENT in groups else []
    while left:
        group = left.pop()
        if group.name not in names:
            names.add(group.name)
            left.extend(group.child_groups)
    return frozenset(names)
