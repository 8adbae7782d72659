# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds where in their files entries of a declaration are, for the record of a host.

A path is relative to the top of the Git repository of the inventory, and absolute outside it. What was read from no
file has no place: an extra variable, what a task has stored, what a plugin has made.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping
from typing import Any

from .._harmless.terminal import visible
from .._policy.judgement.fleet import MOST_ENTRIES, MOST_OF_PATH
from . import origins

Places = dict[str, dict[str, Any]]


def top(inventory: str | None) -> str:
    """Return the directory that paths are relative to: the top of a Git repository, else the working directory.

    It is the repository of the inventory, or of the working directory where the inventory is in none.

    :param inventory: the directory of the inventory, if it has one.
    """
    here = os.getcwd()
    return next(filter(None, map(_repository, filter(None, (inventory, here)))), os.path.realpath(here))


@functools.lru_cache(maxsize=16)
def _repository(folder: str) -> str | None:
    """Return the top of the Git repository that a directory is in; Git itself would take a process for each host."""
    folder = os.path.realpath(folder)
    while True:
        known = os.path.join(folder, '.git')
        if os.path.isfile(known) or os.path.lexists(os.path.join(known, 'HEAD')):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def find(variables: Mapping[Any, Any], names: Iterable[str], entries: Iterable[tuple[str, str, int]],
         folder: str) -> Places:
    """Find variables, and entries in them.

    :param variables: as they are written, evaluated by nobody.
    :param names: of the variables that declare something.
    :param entries: of each one to find, the variable, the label, and its index in the variable.
    :param folder: what paths are relative to, see ``top``.
    :returns: of each variable that was read from a file the path, the line, and the lines of its entries by their
        labels, as findings name them.
    """
    keys = {str(key): key for key in variables}
    files: dict[str, str] = {}
    found: Places = {}
    for name in names:
        place = origins.position(variables[keys[name]]) if name in keys else None
        path = _relative(place[0], folder) if place else None
        if place and path:
            files[name] = place[0]
            found[name] = {'path': path, 'line': _line_of(keys[name], place), 'entries': {}}
    for name, label, index in entries:
        value = variables[keys[name]] if name in found else None
        place = origins.position(value[index]) if isinstance(value, list) and index < len(value) else None
        if place and place[0] == files[name] and len(found[name]['entries']) < MOST_ENTRIES:
            found[name]['entries'][visible(label, 200)] = place[1]
    return found


def _line_of(key: object, place: tuple[str, int, int]) -> int:
    """Return the line of a variable: that of its name, where its value is from the same file.

    Where variables are merged, the name may be that of another file, whose value it had before.

    :param place: that of the value.
    """
    path, line = place[:2]
    named = origins.position(key)
    return named[1] if named and named[0] == path and named[1] <= line else line


def _relative(path: str, folder: str) -> str | None:
    """Return a path as records have it; None for one that they do not take, or that is none: ``<string>``."""
    if not os.path.isabs(path):
        return None
    path = os.path.realpath(path)
    if folder != os.sep and os.path.commonpath((path, folder)) == folder:
        path = os.path.relpath(path, folder)
    plain = len(path) <= MOST_OF_PATH and not any('\ud800' <= char <= '\udfff' for char in path)
    return path if plain else None
