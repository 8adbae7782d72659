# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps snapshots: a directory for each run, ``20261128T220000Z-709cb9f2a1c4``, and one called ``baseline``.

In each of them are ``snapshot.json``, which says what became of every host of that run, and ``hosts/<host>.json``. A
directory has its name when all of it is written. No link is followed, and nothing is read that others could have
written.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import stat
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from .. import _draft, _schema
from .._facts import records
from .._facts.records import RecordError
from .._harmless.terminal import visible
from .._schema import Fault
from . import snapshot as _snapshot
from .snapshot import Snapshot

SCHEMA = 1
BASELINE = 'baseline'
INDEX, _HOSTS = 'snapshot.json', 'hosts'
_NAME = re.compile(r'\d{8}T\d{6}Z-[0-9A-Za-z][0-9A-Za-z._-]{0,80}', re.ASCII)
_DRAFT, _A_DAY = '.draft-', 86400
_MOST_NAMES = 1000      # of one second and one run
_MOST_HOSTS = 1000 * 1000
_NOWHERE = -1           # in place of a descriptor, where there is no directory

_host_name = _schema.text(4096)
_check_index = _schema.mapping({
    'schema': _schema.integer(1, SCHEMA),
    'run_id': _schema.text(64),
    'made_at': _schema.time,
    'hosts': _schema.table(_host_name, _schema.mapping({
        'state': _schema.text(20), 'recorded_at': _schema.nullable(_schema.time)}), _MOST_HOSTS),
    'gone': _schema.items(_host_name, _MOST_HOSTS),
})


class Index(NamedTuple):
    """What became of every host of a run.

    :ivar made_at: the time in UTC.
    :ivar hosts: the state of each host, and when it was recorded.
    :ivar gone: hosts of earlier snapshots that were not in the inventory any more.
    """

    run_id: str
    made_at: str
    hosts: Mapping[str, Mapping[str, str | None]]
    gone: Collection[str] = ()

    def encode(self) -> bytes:
        """Return the file: a host a line."""
        head = json.dumps({'schema': SCHEMA, 'run_id': self.run_id, 'made_at': self.made_at,
                           'gone': sorted(self.gone)})
        rows = ',\n'.join('%s: %s' % (json.dumps(name), json.dumps(self.hosts[name])) for name in sorted(self.hosts))
        return ('%s, "hosts": {\n%s\n}}\n' % (head[:-1], rows)).encode('ascii')


class Folder:
    """One snapshot, open to be read."""

    def __init__(self, handle: int, hosts: int, name: str, shared: bool) -> None:
        """Open it, see ``opened``.

        :param name: what it is called, harmless to print.
        """
        self.name = name
        self._handle, self._hosts, self._shared = handle, hosts, shared
        self._there: frozenset[str] | None = None

    @property
    def files(self) -> frozenset[str]:
        """The names of the files of its hosts."""
        if self._there is None:
            self._there = frozenset(name for name in os.listdir(self._hosts)
                                    if name.endswith('.json') and not name.startswith('.'))
        return self._there

    def of(self, host: str) -> Snapshot | None:
        """Return what is kept of a host; None where there is nothing. Raises RecordError."""
        file = records.file_name(host)
        return self.of_file(file, host) if file in self.files else None

    def of_file(self, file: str, host: str | None = None) -> Snapshot | None:
        """Return what a file keeps, of this host if one is given. Raises RecordError."""
        what = 'the snapshot %s/hosts/' % self.name
        data = records.Unchecked(self._hosts, self._shared, what).decoded(file)
        if data is None and file not in self.files:
            return None
        try:
            made = _snapshot.decode(data, host)
            if records.file_name(made.host) != file:
                raise Fault('does not fit the name of the file', 'host')
        except Fault as fault:
            raise RecordError('%s%s is not valid: %s' % (what, visible(file, 300), fault)) from None
        return made

    def index(self) -> Index:
        """Return what became of every host. Raises RecordError."""
        what = 'the snapshot %s/' % self.name
        try:
            checked: dict[str, Any] = _check_index(
                records.Unchecked(self._handle, self._shared, what).decoded(INDEX))
        except Fault as fault:
            raise RecordError('%s%s is not valid: %s' % (what, INDEX, fault)) from None
        return Index(checked['run_id'], checked['made_at'], checked['hosts'], checked['gone'])

    def write(self, made: Mapping[str, bytes], index: Index) -> None:
        """Write files of hosts in place of those that are there. Raises OSError."""
        for host, content in made.items():
            _draft.write(self._hosts, records.file_name(host), content)
        _draft.write(self._handle, INDEX, index.encode())


def is_snapshot(directory: str) -> bool:
    """Whether a directory is one snapshot, and not records."""
    return os.path.lexists(os.path.join(directory, INDEX))


@contextlib.contextmanager
def opened(directory: str, shared: bool = False, above: int | None = None) -> Iterator[Folder]:
    """Open one snapshot.

    :param directory: its path, or its name below ``above``, which is then no link.
    :param shared: whether it may be by somebody else.
    :raises RecordError: there is none, or others could have written it.
    """
    shown = visible(directory, 500)
    with contextlib.ExitStack() as stack:
        try:
            handle = stack.enter_context(_draft.opened(directory, os.O_NOFOLLOW if above is not None else 0, above))
            hosts = stack.enter_context(_draft.opened(_HOSTS, os.O_NOFOLLOW, handle))
        except OSError as exc:
            raise RecordError('there is no snapshot in %s: %s' % (shown, exc.strerror)) from exc
        for number, what in ((handle, shown), (hosts, '%s/%s' % (shown, _HOSTS))):
            records.refuse_others(number, 'the directory %s' % what, shared)
        yield Folder(handle, hosts, shown, shared)


class Store:
    """A directory of snapshots, open.

    :ivar path: of it.
    """

    def __init__(self, path: str, handle: int, shared: bool, stack: contextlib.ExitStack) -> None:
        """Open it, see ``store``."""
        self.path = path
        self._handle, self._shared, self._stack = handle, shared, stack
        self._folders: dict[str, Folder] = {}

    def names(self) -> list[str]:
        """List the snapshots of runs, the newest first."""
        return sorted(filter(_NAME.fullmatch, self._all()), reverse=True)

    def _all(self) -> list[str]:
        return os.listdir(self._handle) if self._handle >= 0 else []

    def folder(self, name: str) -> Folder:
        """Open one of them, until the store is closed. Raises RecordError."""
        if name not in self._folders:
            self._folders[name] = self._stack.enter_context(opened(name, self._shared, self._handle))
        return self._folders[name]

    def baseline(self) -> contextlib.AbstractContextManager[Folder]:
        """Open the baseline. Raises RecordError."""
        if BASELINE not in self._all():
            raise RecordError('there is no baseline in %s: the playbook listening.ports.baseline writes it' % visible(
                self.path, 500))
        return opened(BASELINE, self._shared, self._handle)

    def begin(self) -> Draft:
        """Begin a snapshot. Raises OSError."""
        return Draft(self._handle)

    def replace(self, made: Mapping[str, bytes], index: Index) -> None:
        """Write the baseline of some hosts, and leave that of others as it is. Raises OSError or RecordError.

        :param made: the file of each host.
        """
        with contextlib.suppress(FileExistsError):
            os.mkdir(BASELINE, 0o700, dir_fd=self._handle)
        with _draft.opened(BASELINE, os.O_NOFOLLOW, self._handle) as handle:
            with contextlib.suppress(FileExistsError):
                os.mkdir(_HOSTS, 0o700, dir_fd=handle)
        with opened(BASELINE, self._shared, self._handle) as folder:
            before: Mapping[str, Mapping[str, str | None]] = {}
            if folder.files:
                before = folder.index().hosts
            folder.write(made, index._replace(hosts={**before, **index.hosts}))

    def prune(self, keep: int, hosts: Collection[str]) -> list[str]:
        """Remove the snapshots of runs but the newest ones, and those in which a host was seen for the last time.

        :param keep: how many to keep.
        :param hosts: those that count.
        :returns: the names of those that were removed.
        :raises OSError: one cannot be removed.
        """
        wanted = {records.file_name(host) for host in hosts}
        removed = []
        for number, name in enumerate(self.names()):
            try:
                there = self.folder(name).files & wanted
            except RecordError:         # it is none of ours
                continue
            if number >= keep and not there:
                _remove(self._handle, name)
                removed.append(name)
            wanted -= there
        for name in self._all():
            if name.startswith(_DRAFT) and self._is_left(name):
                _remove(self._handle, name)
        return removed

    def _is_left(self, name: str) -> bool:
        """Whether a draft is of a run that has ended long ago."""
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(name, dir_fd=self._handle, follow_symlinks=False)
            return stat.S_ISDIR(status.st_mode) and status.st_mtime < time.time() - _A_DAY
        return False


@contextlib.contextmanager
def store(path: str, shared: bool = False, makes: bool = True) -> Iterator[Store]:
    """Open a directory of snapshots.

    :param shared: whether others may write to it.
    :param makes: whether it is made where it does not exist, and can be written to.
    :raises OSError: it cannot be opened.
    :raises RecordError: others may write to it.
    """
    with contextlib.ExitStack() as stack:
        if makes:
            os.makedirs(path, 0o700, exist_ok=True)
        elif not os.path.lexists(path):
            yield Store(path, _NOWHERE, shared, stack)
            return
        handle = stack.enter_context(_draft.opened(path))
        records.refuse_others(handle, 'the directory %s' % visible(path, 500), shared)
        yield Store(path, handle, shared, stack)


class Draft:
    """A snapshot that is being written, until it is kept or dropped."""

    def __init__(self, above: int) -> None:
        """Begin it. Raises OSError.

        :param above: a descriptor of the directory of all snapshots.
        """
        self._above, self._name = above, _DRAFT + os.urandom(8).hex()
        os.mkdir(self._name, 0o700, dir_fd=above)
        self._opened = contextlib.ExitStack()
        try:
            self._handle = self._opened.enter_context(_draft.opened(self._name, os.O_NOFOLLOW, above))
            os.mkdir(_HOSTS, 0o700, dir_fd=self._handle)
            self._hosts = self._opened.enter_context(_draft.opened(_HOSTS, os.O_NOFOLLOW, self._handle))
        except OSError:
            self.drop()
            raise

    def add(self, made: Snapshot) -> None:
        """Write what is kept of a host. Raises OSError."""
        _draft.write(self._hosts, records.file_name(made.host), _snapshot.encode(made))

    def keep(self, index: Index) -> str:
        """Complete it. Raises OSError.

        :returns: its name.
        """
        _draft.write(self._handle, INDEX, index.encode())
        self._opened.close()
        stem = '%s-%s' % (re.sub('[-:]', '', index.made_at), index.run_id)
        for number in range(1, _MOST_NAMES):
            name = stem if number == 1 else '%s.%d' % (stem, number)
            try:
                os.mkdir(name, 0o700, dir_fd=self._above)       # nobody else takes the name
            except FileExistsError:
                continue
            os.rename(self._name, name, src_dir_fd=self._above, dst_dir_fd=self._above)
            return name
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    def drop(self) -> None:
        """Leave no trace of it, unless it was kept."""
        self._opened.close()
        with contextlib.suppress(OSError):
            _remove(self._above, self._name)


def _remove(above: int, name: str) -> None:
    """Remove a file, or a directory with all that is in it. Nothing is followed. Raises OSError."""
    try:
        is_folder = stat.S_ISDIR(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return
    if not is_folder:
        os.unlink(name, dir_fd=above)
        return
    with _draft.opened(name, os.O_NOFOLLOW, above) as handle:
        for inner in os.listdir(handle):
            _remove(handle, inner)
    os.rmdir(name, dir_fd=above)
