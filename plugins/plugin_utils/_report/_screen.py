# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a report to the terminal and the log, and into the result of a task. Private to this collection, may change."""

from ansible import constants as C
from ansible.utils import color

from ansible_collections.listening.ports.plugins.plugin_utils._report._words import paint

_MAX_TEXT = 64 * 1024           # in a result, which callbacks print and later tasks carry


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
