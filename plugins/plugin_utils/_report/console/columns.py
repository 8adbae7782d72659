# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts cells below titles, in columns that fit a terminal."""

from collections.abc import Mapping

from ..._harmless.terminal import cut, width

_GAP = '  '


def total(widths: Mapping[str, int]) -> int:
    """Return the columns of a line, given those of each title."""
    return sum(widths.values()) + len(_GAP) * (len(widths) - 1)


def narrow(widths: dict[str, int], shortest: Mapping[str, int], columns: int) -> None:
    """Make columns narrower, the widest first, until all fit or none may be narrower.

    :param widths: the columns of each title, changed in place.
    :param shortest: the titles that may be narrower, and how far.
    :param columns: what there is.
    """
    for excess in range(total(widths) - columns):
        spare = [(now, title) for title, now in widths.items() if now > shortest.get(title, now)]
        if not spare:
            return
        widths[max(spare)[1]] -= 1


def line(cells: Mapping[str, str], widths: Mapping[str, int], shortest: Mapping[str, int]) -> str:
    """Return a line of cells; those of the titles in ``shortest`` are cut to their columns."""
    shown = []
    for title, columns in widths.items():
        cell = cut(cells[title], columns) if title in shortest else cells[title]
        shown.append(cell + ' ' * (columns - width(cell)))
    return _GAP.join(shown).rstrip()
