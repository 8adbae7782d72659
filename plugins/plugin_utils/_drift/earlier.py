# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what each host is compared with."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from typing import NamedTuple, Protocol

from .._facts import records
from .._facts.records import RecordError
from .._harmless.terminal import visible
from . import snapshot as _snapshot, store as _store
from .snapshot import Snapshot
from .store import Folder, Store

LAST = 'last'


class Found(NamedTuple):
    """What a host is compared with.

    :ivar name: what it is called, harmless to print.
    """

    snapshot: Snapshot
    name: str


class Earlier(Protocol):
    """What hosts are compared with."""

    def of(self, host: str, new: Snapshot) -> Found | None:
        """Return what a host is compared with; None where there is nothing of it. Raises RecordError."""

    def gone(self, inventory: Collection[str]) -> list[str]:
        """List the hosts in it that are not in the inventory. Raises RecordError."""


class Last:
    """Of each host the newest snapshot in which it was seen."""

    def __init__(self, store: Store) -> None:
        self._store, self._names = store, store.names()

    def of(self, host: str, new: Snapshot) -> Found | None:
        """Return the newest one in which all was seen that is seen now, else the newest.

        What changes while a look is blind would else be told by none.
        """
        newest = None
        wanted = [aspect for aspect in new.complete if new.sees(aspect)]
        for name in self._names:
            folder = self._store.folder(name)
            there = folder.of(host)
            if there:
                if all(map(there.sees, wanted)):
                    return Found(there, folder.name)
                newest = newest or Found(there, folder.name)
        return newest

    def gone(self, inventory: Collection[str]) -> list[str]:
        """List those of which no later snapshot has told that they are gone."""
        known: dict[str, None] = {}
        told = set(inventory)
        for name in self._names:
            index = self._store.folder(name).index()
            told.update(index.gone)
            known.update(dict.fromkeys(host for host in index.hosts if host not in told))
        return sorted(known)


class OfFolder:
    """One snapshot, such as the baseline."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def of(self, host: str, new: Snapshot) -> Found | None:
        """Return what it has of a host."""
        there = self._folder.of(host)
        return Found(there, self._folder.name) if there else None

    def gone(self, inventory: Collection[str]) -> list[str]:
        """List those that were seen in it."""
        return sorted(host for host in self._folder.index().hosts
                      if host not in inventory and records.file_name(host) in self._folder.files)


class OfRecords:
    """The records of a directory."""

    def __init__(self, path: str, shared: bool) -> None:
        self._path, self._shared = path, shared
        self._name = 'records in %s' % visible(path, 500)

    def of(self, host: str, new: Snapshot) -> Found | None:
        """Return what was recorded of a host, if it was observed."""
        record = records.read(self._path, host, self._shared)
        facts = record['facts'] if record else None
        return Found(_snapshot.of_facts(host, facts), self._name) if facts else None

    def gone(self, inventory: Collection[str]) -> list[str]:
        """List those that have a record."""
        known = {records.file_name(host) for host in inventory}
        with records.unchecked(self._path, self._shared) as folder:
            entries = [folder.decoded(file) for file in folder.files() if file not in known]
        names = [entry.get('host') for entry in entries if isinstance(entry, dict) and entry.get('facts')]
        return sorted(name for name in names if isinstance(name, str))


@contextlib.contextmanager
def opened(against: str, store: Store, current: str, shared: bool = False) -> Iterator[Earlier]:
    """Open what hosts are compared with.

    :param against: ``last``, ``baseline``, or the path of a snapshot or of records.
    :param current: the directory of the records that are compared with it.
    :param shared: whether it may be by somebody else.
    :raises RecordError: there is nothing, or others could have written it, or it is what is compared with it.
    """
    if against == LAST:
        yield Last(store)
        return
    with contextlib.ExitStack() as stack:
        if against == _store.BASELINE:
            yield OfFolder(stack.enter_context(store.baseline()))
            return
        path = os.path.abspath(against)
        if _store.is_snapshot(path):
            yield OfFolder(stack.enter_context(_store.opened(path, shared)))
            return
        _refuse_itself(path, current)
        with records.unchecked(path, shared):
            pass            # that there are some, and that they are safe
        yield OfRecords(path, shared)


def _refuse_itself(path: str, current: str) -> None:
    """Raise RecordError where records would be compared with themselves, and nothing could ever differ."""
    with contextlib.suppress(OSError):
        if os.path.samefile(os.path.join(path, 'hosts'), os.path.join(current, 'hosts')):
            raise RecordError('%s has the records that are to be compared: they would be compared with themselves. '
                              'Name one of the snapshots in it' % visible(path, 500))
