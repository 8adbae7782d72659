# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps Python from looking for objects that refer to each other, where there are none."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Do not look for such objects while the facts of many hosts are read.

    What was read of a host does not refer to itself, and is freed before the next one is read. To look again and again
    through all that is kept would take up to a fifth of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
