# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another inventory than the one that Ansible was started with, with the variables that files beside it give."""

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from .._harmless.terminal import sentence, visible


class Inventory:
    """An inventory that was read beside the one of this run.

    :ivar hostvars: the variables of its hosts, those of the command line among them.
    :ivar folder: the directory that it is in.
    """

    def __init__(self, path: str, loader: DataLoader) -> None:
        """Read it.

        :param path: of a file or a directory.
        :param loader: of this run, which has the passwords of vaults.
        :raises AnsibleError: it cannot be read, or has no host.
        """
        path = os.path.abspath(path)
        if not os.path.exists(path):
            raise AnsibleError('there is no inventory %s' % visible(path, 1000))
        own = DataLoader()
        own.set_vault_secrets(getattr(getattr(loader, '_vault', None), 'secrets', None) or [])
        try:
            self._manager = InventoryManager(loader=own, sources=[path])
        except Exception as exc:        # of any kind that a plugin may raise
            raise AnsibleError('the inventory %s cannot be read: %s' % (
                visible(path, 1000), sentence(str(exc), 500))) from exc
        if not self._manager.hosts:
            raise AnsibleError('the inventory %s has no host' % visible(path, 1000))
        self.folder = path if os.path.isdir(path) else os.path.dirname(path)
        self.hostvars: Any = HostVars(self._manager, VariableManager(loader=own, inventory=self._manager), own)

    @property
    def hosts(self) -> list[str]:
        """The names of its hosts."""
        return [str(name) for name in self._manager.hosts]
