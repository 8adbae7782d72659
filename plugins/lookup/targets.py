# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses a play of nobody, which Ansible would skip with success. The documentation is in targets.yml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible import context
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.lookup import LookupBase
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible

# Options of ansible-playbook with which no play runs, so that nobody can be missing.
_RUNS_NOTHING = ('syntax', 'listtasks', 'listtags')


class LookupModule(LookupBase):
    """Patterns that mean somebody."""

    def run(self, terms: Any, variables: Any = None, *, done: str = 'audited', **kwargs: Any) -> list[str]:
        """Return the patterns. Raises AnsibleLookupError where no host matches any of them."""
        if kwargs:
            raise AnsibleLookupError('there is no option %s' % ', '.join(sorted(kwargs)))
        known: Mapping[str, Any] = variables or {}
        limit = known.get('ansible_limit')
        patterns = list(dict.fromkeys(_flat(terms)))
        if any(context.CLIARGS.get(option) for option in _RUNS_NOTHING):
            return patterns
        if not patterns or not self._hosts(patterns, known.get('groups') or {}, limit):
            raise AnsibleLookupError('%s: nobody was %s.' % (_why(patterns, known.get('groups') or {}, limit), done))
        return patterns

    def _hosts(self, patterns: list[str], groups: Mapping[str, list[str]], limit: str | None) -> list[Any]:
        """List the hosts of a play with these patterns, as Ansible will."""
        manager = InventoryManager(self._loader or DataLoader(), parse=False)
        for group, hosts in groups.items():
            manager.add_group(group)
            for host in hosts:
                manager.add_host(host, group=group)
        try:
            manager.subset(limit)
            hosts_of_play: list[Any] = manager.get_hosts(pattern=patterns)
        except AnsibleError:        # a pattern without a match is one, with a setting of Ansible
            return []
        return hosts_of_play


def _flat(terms: Iterable[object]) -> Iterator[str]:
    """Yield the patterns in lists and lists of lists; what is empty is none."""
    for term in terms:
        if isinstance(term, (list, tuple)):
            yield from _flat(term)
        elif term is not None and str(term).strip():
            yield str(term)


def _why(patterns: list[str], groups: Mapping[str, list[str]], limit: str | None) -> str:
    if not any(groups.values()):
        return 'The inventory has no host'
    if not patterns:
        return 'No host is named'
    limited = ' within --limit %s' % visible(limit, 200) if limit else ''
    return 'No host of the inventory matches %s%s' % (', '.join(visible(pattern, 200) for pattern in patterns), limited)
