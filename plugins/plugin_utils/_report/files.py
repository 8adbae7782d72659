# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the files of a report, all while its hosts are read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator

from .. import _draft
from .._harmless.terminal import sentence, visible
from .._shape import Facts
from .formats import registry
from .model import Host, Report

# Who may read a file beside its owner, by the option; nobody else may ever write to it.
MODES = {'0600': 0o600, '0640': 0o640, '0644': 0o644}
_MODE = _draft.OWNER_ONLY


class File:
    """The file of one format.

    One that fails is left as it was, and hinders no other.

    :ivar path: where it is.
    :ivar fault: why it is not written, harmless to print; None as long as nothing failed.
    """

    def __init__(self, name: str, folder: str, mode: int = _MODE) -> None:
        """Begin the file.

        :param name: of its format.
        :param folder: made where it does not exist; whoever may read the file may enter it then.
        """
        made = registry.load(name)
        self.path = os.path.join(folder, made.file)
        self.fault: str | None = None
        self._opened = contextlib.ExitStack()
        self._draft: _draft.Draft | None = None
        try:
            os.makedirs(folder, 0o700 | (mode & 0o044) | (mode & 0o044) >> 2, exist_ok=True)
            handle = self._opened.enter_context(_draft.opened(folder))
            self._draft = _draft.Draft(handle, made.file, mode)
            self._writer = made.writer(self._draft.out)
        except OSError as exc:
            self._fail(exc)

    def start(self, report: Report) -> None:
        """Write what comes before any host.

        :param report: without hosts.
        """
        if self._draft:
            start: Callable[[Report], None] = getattr(self._writer, 'start', lambda report: None)
            self._try(lambda: start(report))

    def add(self, host: Host, facts: Facts | None) -> None:
        """Take a host."""
        if self._draft:
            self._try(lambda: self._writer.add(host, facts))

    def finish(self, report: Report) -> None:
        """Complete the file, and put it in its place."""
        draft = self._draft
        if draft:
            self._try(lambda: self._writer.finish(report))
        if draft and self._draft:
            self._try(draft.keep)
        if not self.fault:
            self._draft = None
        self.drop()

    def drop(self) -> None:
        """Leave what is there as it was, if the file is not complete."""
        if self._draft:
            self._draft.drop()
            self._draft = None
        self._opened.close()

    def _try(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as exc:        # whatever is wrong with one format is wrong with no other
            self._fail(exc)

    def _fail(self, exc: Exception) -> None:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else '%s: %s' % (type(exc).__name__, exc)
        left = '. It still has what was written earlier' if os.path.lexists(self.path) else ''
        self.fault = '%s cannot be written: %s%s' % (visible(self.path, 1000), sentence(reason, 500), left)
        self.drop()


@contextlib.contextmanager
def begun(formats: Iterable[str], folder: str, report: Report, mode: int = _MODE) -> Iterator[dict[str, File]]:
    """Begin a file of each format; what is not finished leaves no trace.

    :param formats: names of formats, the table among them, which is no file.
    :param report: without hosts.
    """
    made: dict[str, File] = {}
    try:
        for name in registry.FORMATS:
            if name in formats:
                made[name] = File(name, folder, mode)
                made[name].start(report)
        yield made
    finally:
        for file in made.values():
            file.drop()
