# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file formats of reports: a name for each, the file that it is written to, and what writes it.

A format is a file ``to_<name>.py`` of this folder with ``FILE`` and ``Writer``. It is imported when a report is written
in it.
"""

from __future__ import annotations

import importlib
import pathlib
from typing import BinaryIO, NamedTuple, Protocol

from ..._shape import Facts
from ..model import Host, Report

TABLE = 'table'                 # which is no file: it is shown on the terminal
FORMATS = sorted(path.stem.removeprefix('to_') for path in pathlib.Path(__file__).parent.glob('to_*.py'))
CHOICES = [TABLE, *FORMATS]


class Writer(Protocol):
    """What a format writes its file with, in UTF-8.

    It may have ``start``, too, which is called with the report while that has no hosts yet: for what comes first in
    the file.
    """

    def __init__(self, out: BinaryIO) -> None:
        """Begin a file.

        :param out: what to write to.
        """

    def add(self, host: Host, facts: Facts | None) -> None:
        """Take a host, in the order in which they are in the report; it may be written at once, or kept in part.

        :param facts: not to be kept; None where it was not observed, and the host says why.
        """

    def finish(self, report: Report) -> None:
        """Write all that is not written yet.

        :param report: with all hosts that were added.
        """


class Format(NamedTuple):
    """One format.

    :ivar file: the name of its file.
    """

    file: str
    writer: type[Writer]


def load(name: str) -> Format:
    """Return a format.

    :param name: one of ``FORMATS``.
    """
    module = importlib.import_module('.to_%s' % name, __package__)
    return Format(module.FILE, module.Writer)
