# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What entries and waivers are called, in words that are harmless to print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._harmless.terminal import visible

if TYPE_CHECKING:
    from .entry import Condition


def label(entry: Condition) -> str:
    """Show what an entry is called: its name, or its number in its variable."""
    return visible(entry.label, 200)


def place(entry: Condition) -> str:
    """Show an entry and where it is: ``entry ssh of expected_listeners``."""
    return 'entry %s%s' % (label(entry), ' of %s' % visible(entry.variable, 200) if entry.variable else '')
