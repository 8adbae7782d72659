# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds variables that belong to groups which are made of facts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

_FOLDER = 'group_vars'
_ENDINGS = ('.yml', '.yaml', '.json')


def files(folders: Iterable[str], concerns: Callable[[str], bool]) -> list[str]:
    """List the files and folders with variables of some groups.

    :param folders: where Ansible looks for ``group_vars``.
    :param concerns: whether a group is one of them, by its name.
    """
    found = []
    for folder in dict.fromkeys(os.path.join(folder, _FOLDER) for folder in folders):
        try:
            entries = sorted(os.listdir(folder))
        except OSError:         # there is none, and Ansible reads none
            continue
        found += [os.path.join(folder, entry) for entry in entries if concerns(_group(entry))]
    return found


def _group(entry: str) -> str:
    """Return the group whose variables are in a file or a folder of this name."""
    stem, ending = os.path.splitext(entry)
    return stem if ending in _ENDINGS else entry
