# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file formats of reports: a name for each, the file that it is written to, and what renders it.

A format is a file of this folder with ``NAME``, ``FILE`` and ``render``, and stands in ``_MODULES``.
"""

from collections.abc import Callable
from typing import NamedTuple

from ..model import Report
from . import to_json

_MODULES = (to_json,)

TABLE = 'table'                 # which is no file: it is shown on the terminal


class Format(NamedTuple):
    """One format.

    :ivar file: the name of its file.
    :ivar render: makes text of a report and the version of ansible-core. The text is ASCII.
    """

    file: str
    render: Callable[[Report, str], str]


FORMATS = {module.NAME: Format(module.FILE, module.render) for module in _MODULES}
CHOICES = [TABLE, *FORMATS]
