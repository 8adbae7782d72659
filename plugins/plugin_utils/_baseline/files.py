# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds names for new files of variables, and writes them: no file that is there is changed, nor what Ansible reads.

A directory ``group_vars/web`` beside a file ``group_vars/web.yml`` switches that file off, without a word.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from .. import _draft
from .._harmless.terminal import visible
from .cover import File

EXTENSIONS = ('.yml', '.yaml', '.json')
_FOLDERS = {'group': 'group_vars', 'host': 'host_vars'}
_SAFE_GROUP = re.compile(r'[A-Za-z0-9_@+-][A-Za-z0-9_.@+-]*')
_MOST_BYTES = 200           # of the 255 that file systems give a name
_MODE = 0o644               # as far as the umask has it: it is to be committed
_MOST_READ = 1024 * 1024    # bytes of a file that is there


class NotWritten(Exception):
    """A file cannot be written, and none is; the message is harmless to print."""


def is_safe(name: str, kind: str = 'host') -> bool:
    """Whether a directory of this name is read by nobody else, and is where it seems to be."""
    if kind == 'group' and not _SAFE_GROUP.fullmatch(name):
        return False
    return (bool(name) and name[0] not in '.~' and not set('/\\').intersection(name) and name.isprintable()
            and not name.lower().endswith(EXTENSIONS) and len(name.encode('utf-8', 'replace')) <= _MOST_BYTES)


class Shelf:
    """The directory that has ``group_vars`` and ``host_vars``, and the names of new files in it."""

    def __init__(self, folder: str, day: str, members: Mapping[str, Iterable[str]],
                 variables: Callable[[str], Container[str]], extensions: Iterable[str] = EXTENSIONS) -> None:
        """Take the directory.

        :param day: of today, ``2026-11-28``.
        :param members: the hosts of each group.
        :param variables: the variables that a host has already.
        :param extensions: of files that Ansible reads.
        """
        self.folder = folder
        self._day = day.replace('-', '_')
        self._members, self._variables = members, variables
        self._extensions = tuple(extensions)
        self._ends: dict[File, str] = {}
        self._stems: dict[str, File] = {}
        self._lines: dict[File, frozenset[str]] = {}

    def variable(self, file: File) -> str:
        """Return the variable for a new file, which nothing else has on the hosts of it."""
        return self._stem(file) + self._end(file)

    def path(self, file: File) -> str:
        """Return where a new file is, from the directory on."""
        return os.path.join(_FOLDERS[file.kind], file.name, 'listeners%s.yml' % self._end(file))

    def has(self, file: File, line: str) -> bool:
        """Whether a file that is there, beside a new one, has this line."""
        if file not in self._lines:
            self._lines[file] = frozenset(self._read(file))
        return line in self._lines[file]

    def obstacle(self, file: File) -> str | None:
        """Return why nothing can be written for a group or a host; None where it can."""
        parent = os.path.join(self.folder, _FOLDERS[file.kind])
        if not is_safe(file.name, file.kind):
            return '%s: a directory of the name of this %s would be another one, or be read for others, too' % (
                visible(file.name, 200), file.kind)
        folder = os.path.join(parent, file.name)
        for path in (parent, folder):
            if os.path.lexists(path) and not os.path.isdir(path):
                return '%s is not a directory' % visible(path, 1000)
        if os.path.isdir(folder):
            return None
        for end in self._extensions:
            if os.path.lexists(folder + end):
                return ('%s would be read no more beside a directory %s: move it into that directory, as main.yml'
                        % (visible(folder + end, 1000), visible(file.name, 200)))
        return None

    def _stem(self, file: File) -> str:
        if file == ('group', 'all'):
            return 'expected_listeners'
        if file.kind == 'host':
            return 'expected_listeners_host'
        stem = 'expected_listeners_%s' % re.sub(r'[^A-Za-z0-9_]', '_', file.name)
        # two groups can have names that become one, and one can be called as what is for hosts is
        for candidate in itertools.chain([stem] if file.name != 'host' else [],
                                         ('%s_group_%d' % (stem, number) for number in itertools.count(1))):
            if self._stems.setdefault(candidate, file) == file:
                return candidate
        raise AssertionError('numbers do not end')

    def _end(self, file: File) -> str:
        """Return what tells a new file, and its variable, apart from those that are there."""
        if file not in self._ends:
            folder = os.path.join(self.folder, _FOLDERS[file.kind], file.name)
            hosts = list(self._members[file.name]) if file.kind == 'group' else [file.name]
            later = ('_%s_%d' % (self._day, number) for number in itertools.count(2))
            self._ends[file] = next(
                end for end in itertools.chain(['', '_%s' % self._day], later)
                if not os.path.lexists(os.path.join(folder, 'listeners%s.yml' % end))
                and not any(self._stem(file) + end in self._variables(host) for host in hosts))
        return self._ends[file]

    def _read(self, file: File) -> Iterator[str]:
        """Yield the lines of files for a group or a host, without what they are indented by."""
        folder = os.path.join(self.folder, _FOLDERS[file.kind], file.name)
        with contextlib.suppress(OSError):
            for name in sorted(os.listdir(folder)):
                path = os.path.join(folder, name)
                if name.endswith(self._extensions) and os.path.isfile(path):
                    with open(path, encoding='utf-8', errors='replace') as stream:
                        yield from (line.strip() for line in stream.read(_MOST_READ).splitlines())


def write(folder: str, files: Sequence[tuple[str, str]]) -> None:
    """Write new files, all of them or none.

    :param folder: the directory that has ``group_vars`` and ``host_vars``.
    :param files: the path of each, from there, and its text.
    :raises NotWritten: one cannot be written, or is there already.
    """
    umask = os.umask(0o022)
    os.umask(umask)
    made: list[str] = []            # directories
    written: list[str] = []
    with contextlib.ExitStack() as stack:
        path = folder
        try:
            drafts = []
            for relative, text in files:
                path = os.path.join(folder, relative)
                made += _made_directories(os.path.dirname(path))
                handle = stack.enter_context(_draft.opened(os.path.dirname(path)))
                draft = _draft.Draft(handle, os.path.basename(path), _MODE & ~umask)
                stack.callback(draft.drop)
                draft.out.write(text.encode('ascii'))
                drafts.append((draft, path))
            for draft, path in drafts:
                draft.keep_new()
                written.append(path)
        except OSError as exc:
            stack.close()           # drafts are in the directories
            _undo(written, made)
            raise NotWritten('%s cannot be written: %s; nothing was' % (visible(path, 1000), exc.strerror)) from exc


def _made_directories(path: str) -> list[str]:
    """Make a directory, and return those that were not there, the innermost last."""
    missing = []
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for folder in reversed(missing):
        os.mkdir(folder)
    return list(reversed(missing))


def _undo(written: Iterable[str], made: Iterable[str]) -> None:
    for path in written:
        with contextlib.suppress(OSError):
            os.unlink(path)
    for path in reversed(list(made)):
        with contextlib.suppress(OSError):
            os.rmdir(path)
