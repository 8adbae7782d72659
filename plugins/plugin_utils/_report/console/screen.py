# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a report to the terminal and the log, and into the result of a task. Private to this collection, may change."""

import os

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.utils import color

from ..._facts import records
from .lines import paint

# The options that all reports have.
ARGUMENTS = {
    'path': {'type': 'path', 'default': 'listening-ports-audit'},
    'run_id': {'type': 'str'},
    'color': {'type': 'str', 'choices': ['auto', 'always', 'never'], 'default': 'auto'},
    'width': {'type': 'int'},
}
_MAX_TEXT = 64 * 1024           # in a result, which callbacks print and later tasks carry


def terminal_width():
    """int: the columns of the terminal that is written to; None where it is none, or does not tell."""
    try:
        return os.get_terminal_size(1).columns or None
    except OSError:
        return None


# The strategy loads the actions, and with them this, before it forks; the process that runs a task has no terminal any more.
_TERMINAL_WIDTH = terminal_width()


def settings(options):
    """What to report on, and how wide.

    :param options: dict, with those of ARGUMENTS.
    :returns: tuple of str, the id of the run, which may be ``any``, and int or None, the columns that there are.
    :raises AnsibleActionFail: one of them is none.
    """
    if options['width'] is not None and options['width'] < 1:
        raise AnsibleActionFail('width has to be at least 1, not %d' % options['width'])
    run_id = options['run_id'] or records.run_id(C.DEFAULT_LOCAL_TMP)
    if not records.RUN_ID.fullmatch(run_id):
        raise AnsibleActionFail('run_id has to be 1 to 64 letters, digits, dots, dashes and underscores')
    return run_id, options['width'] or _TERMINAL_WIDTH


def show(display, lines, wanted):
    """Print lines.

    :param display: ansible.utils.display.Display.
    :param lines: list of tuple (line, kind).
    :param wanted: str, ``auto``, ``always`` or ``never``: whether in colours.
    """
    plain = '\n'.join(line for line, dummy in lines) + '\n\n'
    colored = wanted == 'always' or (wanted == 'auto' and color.ANSIBLE_COLOR)
    text = '\n'.join(paint(line, kind) for line, kind in lines) + '\n\n' if colored else plain
    # who asks for JSON on standard output reads it with a program
    display.display(text, screen_only=True, stderr='json' in C.DEFAULT_STDOUT_CALLBACK)
    display.display(plain, log_only=True)


def capped(lines):
    """str: the text without colours, as far as it is not too long, with a word on what is left out."""
    taken = []
    room = _MAX_TEXT
    for line, dummy in lines:
        room -= len(line) + 1
        if room < 0:
            return '\n'.join(taken + ['… and %d more lines' % (len(lines) - len(taken))])
        taken.append(line)
    return '\n'.join(taken)
