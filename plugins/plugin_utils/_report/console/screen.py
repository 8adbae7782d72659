# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings lines of a report to the terminal and the log, and into the result of a task."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible.utils import color
from ansible.utils.display import Display

from ..._settings import setting
from .lines import Line, paint

# The option that all actions have which show something.
COLOR = {'color': {'type': 'str', 'choices': ['auto', 'always', 'never'], 'default': 'auto'}}
# The options that all reports have.
ARGUMENTS: dict[str, dict[str, Any]] = {
    'path': {'type': 'path', 'default': 'listening-ports-audit'},
    'run_id': {'type': 'str'},
    'width': {'type': 'int'},
    **COLOR,
}
_MAX_TEXT = 64 * 1024           # in a result, which callbacks print and later tasks carry


def terminal_width() -> int | None:
    """Return the columns of the terminal that is written to; None where it is none, or does not report them."""
    try:
        return os.get_terminal_size(1).columns or None
    except OSError:
        return None


# The strategy loads the actions, and with them this, before it forks; the process that runs a task has no terminal
# any more.
_WIDTH = terminal_width()


@dataclass(frozen=True)
class Terminal:
    """Where lines are shown.

    :ivar display: what prints and logs.
    :ivar width: its columns; None where it is not a terminal.
    :ivar colored: whether lines are in colours, unless an option decides.
    :ivar to_stderr: whether standard output is for something else.
    """

    display: Display
    width: int | None = None
    colored: bool = False
    to_stderr: bool = False

    @classmethod
    def of_ansible(cls) -> Terminal:
        """Return the one that Ansible writes to. Whoever asks for JSON on standard output reads it with a program."""
        callback: str = setting('DEFAULT_STDOUT_CALLBACK')
        return cls(Display(), _WIDTH, bool(color.ANSIBLE_COLOR), 'json' in callback)

    def show(self, lines: Sequence[Line], wanted: str) -> None:
        """Print lines, and log them without colours.

        :param wanted: ``auto``, ``always`` or ``never``: whether in colours.
        """
        plain = '\n'.join(line for line, kind in lines) + '\n\n'
        colored = wanted == 'always' or (wanted == 'auto' and self.colored)
        text = '\n'.join(paint(line, kind) for line, kind in lines) + '\n\n' if colored else plain
        self.display.display(text, screen_only=True, stderr=self.to_stderr)
        self.display.display(plain, log_only=True)


def capped(lines: Sequence[Line]) -> str:
    """Return the text without colours, up to a limit, with the number of the lines that are left out."""
    taken: list[str] = []
    room = _MAX_TEXT
    for line, kind in lines:
        room -= len(line) + 1
        if room < 0:
            return '\n'.join([*taken, '… and %d more lines' % (len(lines) - len(taken))])
        taken.append(line)
    return '\n'.join(taken)
