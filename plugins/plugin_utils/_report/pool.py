# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what is equal once: of ten thousand hosts most of a judgement is the same."""

from __future__ import annotations

import hashlib
import marshal
from typing import Any


_FEW_BYTES = 4096              # of something whose parts are not looked up one by one


class Pool:
    """Values that have the form of JSON, equal ones once; nobody may change what comes out of it."""

    def __init__(self) -> None:
        self._kept: dict[str | bytes, Any] = {}

    def keep(self, value: Any) -> Any:
        """Return what is equal to this and is kept already; else keep this."""
        if not isinstance(value, (dict, list)):
            return self._with_same_texts(value)
        # the format of version 2 says the same of values that are the same, and nothing of where else they are
        packed = marshal.dumps(value, 2)
        key = hashlib.blake2b(packed, digest_size=20).digest()
        known = self._kept.get(key)
        if known is None:
            keep = self._with_same_texts if len(packed) <= _FEW_BYTES else self.keep
            known = self._kept[key] = (
                {self.keep(name): keep(part) for name, part in value.items()} if isinstance(value, dict)
                else [keep(part) for part in value])
        return known

    def _with_same_texts(self, value: Any) -> Any:
        """Return a value with texts that are kept."""
        if isinstance(value, str):
            return self._kept.setdefault(value, value)
        if isinstance(value, dict):
            same = self._kept.setdefault
            return {same(name, name): self._with_same_texts(part) for name, part in value.items()}
        return [self._with_same_texts(part) for part in value] if isinstance(value, list) else value
