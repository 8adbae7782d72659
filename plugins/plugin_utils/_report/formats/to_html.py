# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a report as one page for a browser, see ``page``: hosts by ports, and what is not as declared."""

from __future__ import annotations

from typing import BinaryIO

from ..._shape import Facts
from ..model import Host, Report
from ..page import render
from ..page.content import Content

FILE = 'report.html'


class Writer:
    """Writes the page; of each host some numbers are kept until all are known."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._content = Content()

    def add(self, host: Host, facts: Facts | None) -> None:
        """Take what the page shows of a host."""
        self._content.add(host, facts)

    def finish(self, report: Report) -> None:
        """Write the page."""
        self._out.write(render.page(self._content, report).encode())
