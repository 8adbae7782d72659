# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which groups of the inventory of a run are made of what hosts say of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible.playbook.task import Task

from .._inventory.generated import generated
from .._inventory.names import PARENT


def of_facts(task: Task, everything: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the names of groups that are made of facts.

    :param everything: all groups, with their hosts.
    """
    if PARENT not in everything:
        return frozenset()
    known = generated(getattr(getattr(task.get_variable_manager(), '_inventory', None), 'groups', {}))
    if known:
        return known
    hosts = set(everything[PARENT])     # then of all groups, those are meant that could be
    return frozenset(name for name, members in everything.items() if name != 'all' and hosts.issuperset(members))
