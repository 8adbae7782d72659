# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what is equal once: of ten thousand hosts most of a judgement is the same."""

from __future__ import annotations

from typing import Any


class Pool:
    """Values that have the form of JSON, equal ones once; nobody may change what comes out of it."""

    def __init__(self) -> None:
        self._kept: dict[Any, Any] = {}

    def keep(self, value: Any) -> Any:
        """Return what is equal to this and is kept already; else keep this."""
        if value is None:
            return None
        if isinstance(value, str):
            return self._kept.setdefault(value, value)
        # parts are kept themselves, and so live as long as this does: they are equal if they are the same
        if isinstance(value, dict):
            parts = {self.keep(key): self.keep(part) for key, part in value.items()}
            return self._kept.setdefault((dict, tuple(parts), *map(id, parts.values())), parts)
        if isinstance(value, list):
            items = [self.keep(part) for part in value]
            return self._kept.setdefault((list, *map(id, items)), items)
        return self._kept.setdefault((type(value), value), value)
