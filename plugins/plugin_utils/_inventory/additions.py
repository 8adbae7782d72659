# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects what is going to be added to an inventory, and adds it in one go.

It stands in the place of the inventory while groups are made, so that nothing is added where making them fails, and
no group that somebody else made gets a host from facts: what is declared for that group was not meant for whoever
opens a port.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from .generated import generated
from .names import PARENT


class Inventory(Protocol):
    """The data of an inventory, as Ansible has them."""

    groups: Mapping[str, Any]
    hosts: Mapping[str, Any]

    def add_group(self, group: str) -> str:
        """Make a group."""

    def add_host(self, host: str, group: str | None = None) -> str:
        """Add a host, to a group."""

    def add_child(self, group: str, child: str) -> object:
        """Put a group below another one."""

    def set_variable(self, entity: str, varname: str, value: Any) -> None:
        """Set a variable of a host."""


class Additions:
    """What is to be added: groups with hosts, groups below groups, variables of hosts.

    :ivar members: the hosts of each group.
    :ivar refused: the names that are not added, because somebody else has given them to a group or a host.
    """

    def __init__(self, inventory: Inventory) -> None:
        """Begin.

        :param inventory: as it is; it is changed by ``apply`` alone.
        """
        self.members: dict[str, dict[str, None]] = {}
        self.refused: set[str] = set()
        self._inventory = inventory
        self._mine = generated(inventory.groups)
        self._below: dict[str, set[str]] = {}
        self._variables: dict[str, dict[str, Any]] = {}

    def is_made(self, name: str) -> bool:
        """Whether a group of this name is made of facts, here or by an earlier source."""
        return name == PARENT or name in self.members or name in self._mine

    def is_free(self, name: str) -> bool:
        """Whether a group of this name may be made: nobody else has given it to a group or a host."""
        if not name or name == PARENT:
            return False
        return name in self._mine or not (name in self._inventory.groups or name in self._inventory.hosts)

    def _make(self, name: str) -> bool:
        """Make a group that is not there so far; returns whether it may be."""
        if self.is_free(name):
            self.members[name] = {}
            return True
        if name:
            self.refused.add(name)
        return False

    def put(self, host: str, groups: Iterable[str]) -> None:
        """Put a host into groups of these names, as far as they are free."""
        members = self.members
        for name in groups:
            if name in members or (name not in self.refused and self._make(name)):
                members[name][host] = None

    # What Ansible calls while it makes groups of expressions

    def add_group(self, group: str) -> str:
        """Make a group."""
        if group not in self.members:
            self._make(group)
        return group

    def add_host(self, host: str, group: str | None = None) -> str:
        """Put a host into a group that was made."""
        if group in self.members:
            self.members[group][host] = None
        return host

    def add_child(self, group: str, child: str) -> bool:
        """Put a host, or a group that was made, into a group that was made."""
        if group not in self.members:
            return False
        if child not in self.members:
            self.members[group][child] = None
        elif not self._is_below(group, child):      # a host may have chosen both names
            self._below.setdefault(group, set()).add(child)
        return True

    def set_variable(self, entity: str, varname: str, value: Any) -> None:
        """Set a variable of a host."""
        self._variables.setdefault(entity, {})[varname] = value

    def variables(self, host: str) -> Mapping[str, Any]:
        """Return the variables of a host that are to be set."""
        return self._variables.get(host, {})

    def apply(self, hosts: Iterable[str] = ()) -> None:
        """Change the inventory.

        :param hosts: those to be added to it.
        """
        inventory = self._inventory
        groups = inventory.groups
        hosts = list(hosts)
        for name in self.members.keys() & set(hosts):
            self.refused.add(name)
            del self.members[name]
        for host in hosts:
            inventory.add_host(host)
        if self.members:
            inventory.add_group(PARENT)
        for name in sorted(self.members):
            inventory.add_group(name)
        pairs = [(group, child) for group, children in sorted(self._below.items()) for child in sorted(children)
                 if group in self.members and child in self.members]
        in_others = {child for dummy, child in pairs}
        pairs += [(PARENT, name) for name in sorted(self.members) if name not in in_others]
        known = inventory.hosts
        # not by add_child: that takes twice the time, and a host that is called like a group for the group
        for name, members in self.members.items():
            add_host = groups[name].add_host
            for host in members:
                add_host(known[host])
        for group, child in pairs:
            inventory.add_child(group, child)
        for host, variables in self._variables.items():
            for name, value in variables.items():
                inventory.set_variable(host, name, value)

    def _is_below(self, group: str, other: str) -> bool:
        """Whether a group is another one, or below it, be it since before."""
        seen: set[str] = set()
        left = [other]
        while left:
            name = left.pop()
            if name == group:
                return True
            if name not in seen:
                seen.add(name)
                left.extend(self._below.get(name, ()))
                if name in self._mine:
                    left.extend(child.name for child in self._inventory.groups[name].child_groups)
        return False
