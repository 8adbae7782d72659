# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of a declaration, against names of a host.

Patterns come from the declaration; names come from whoever runs the process, and are only ever compared.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterable

from ..._windows.names import fold, fold_path

KERNEL = '[kernel]'
_SPECIAL = re.compile(r'[*?[]')


class Globs:
    """Patterns, one of which has to fit. ``[kernel]`` is no pattern.

    :ivar values: the patterns as they are written.
    :ivar kernel: whether ``[kernel]`` is among them.
    """

    def __init__(self, values: Iterable[object]) -> None:
        self.values = tuple(map(str, values))
        self.kernel = KERNEL in self.values
        special = [value for value in self.values if is_glob(value)]
        self._texts = self.values if not special else [value for value in self.values if value not in special]
        self._matchers = [re.compile(fnmatch.translate(value)).match for value in special if value != KERNEL]

    def __str__(self) -> str:
        return ' or '.join(self.values)

    @functools.cached_property
    def of_users(self) -> Globs:
        """Those with a slash, as in ``user@1000.service/app.service``."""
        return Globs(value for value in self.values if '/' in value)

    @functools.cached_property
    def folded(self) -> Globs:
        """The same for names of Windows that are folded."""
        return Globs(map(fold, self.values))

    @functools.cached_property
    def folded_paths(self) -> Globs:
        """The same for paths of Windows that are folded."""
        return Globs(map(fold_path, self.values))

    def fit_name(self, text: str, is_folded: bool) -> bool:
        """Whether one fits a name.

        :param is_folded: whether it is one of a Windows host, which is the same in any case.
        """
        return bool(self.folded.fit(fold(text)) if is_folded else self.fit(text))

    def fit(self, text: str | None) -> bool | None:
        """Whether one fits; None for a text that is not known."""
        if text is None:
            return None
        if text in self._texts:
            return True
        # nothing is called as often as this: a generator for any() would take half of its time
        for matches in self._matchers:
            if matches(text):
                return True
        return False


def is_glob(text: str) -> bool:
    """Whether a text has characters that are special in a glob."""
    return bool(_SPECIAL.search(text))
