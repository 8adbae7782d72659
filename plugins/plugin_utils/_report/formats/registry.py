# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file formats of reports: a name for each, the file that it is written to, and what renders it.

A format is a file ``to_<name>.py`` of this folder with ``FILE`` and ``render``. It is imported when a report is written
in it.
"""

import importlib
import pathlib
from collections.abc import Callable
from typing import NamedTuple

from ..model import Report

TABLE = 'table'                 # which is no file: it is shown on the terminal
FORMATS = sorted(path.stem.removeprefix('to_') for path in pathlib.Path(__file__).parent.glob('to_*.py'))
CHOICES = [TABLE, *FORMATS]


class Format(NamedTuple):
    """One format.

    :ivar file: the name of its file.
    :ivar render: makes text of a report and the version of ansible-core. The text is ASCII.
    """

    file: str
    render: Callable[[Report, str], str]


def load(name: str) -> Format:
    """Return a format.

    :param name: one of ``FORMATS``.
    """
    module = importlib.import_module('.to_%s' % name, __package__)
    return Format(module.FILE, module.render)
