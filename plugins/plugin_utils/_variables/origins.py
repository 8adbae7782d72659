# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds where a declaration was written: file and line, as far as Ansible knows them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._harmless.terminal import visible
from .._policy.language.refusal import Refused

_ORIGIN: Any = None     # before ansible-core 2.19
with contextlib.suppress(ImportError):
    from ansible._internal._datatag._tags import Origin as _ORIGIN

_NUMBER = re.compile(r'#(\d+)')


def locate(faults: Iterable[Refused], variables: Mapping[str, Any]) -> None:
    """Add file and line to what is wrong.

    :param variables: the variables of the host, as they are written.
    """
    for fault in faults:
        if fault.variable in variables:
            raw = variables[fault.variable]
            place = origin(_entry(raw, fault.entry, fault.option)) or origin(raw)
            if place:
                fault.reason = '%s (%s)' % (fault.reason, place)


def entries(faults: Iterable[Refused], variables: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Yield the variable, the label and the index of each entry that something is wrong with.

    :param variables: those of the host, as they are written.
    """
    for fault in faults:
        index = _index(variables.get(fault.variable), fault.entry, fault.option)
        if fault.entry and index is not None:
            yield fault.variable, fault.entry, index


def _entry(raw: Any, label: str | None, option: str | None) -> Any:
    """Return the entry of that label in a list; None where there is none."""
    index = _index(raw, label, option)
    return None if index is None else raw[index]


def _index(raw: Any, label: str | None, option: str | None) -> int | None:
    if not label or not isinstance(raw, list):
        return None
    number = _NUMBER.fullmatch(label)
    if number and int(number.group(1)) <= len(raw):
        return int(number.group(1)) - 1
    named = [index for index, entry in enumerate(raw) if isinstance(entry, dict) and entry.get('name') == label]
    # of several with one name, the last one that has what is wrong
    return next((index for index in reversed(named) if option in raw[index]), named[-1] if named else None)


def origin(value: object) -> str | None:
    """Return ``group_vars/web.yml, line 3`` for what was read from a file; None for all else."""
    place = position(value)
    return '%s, line %d' % (visible(place[0], 500), place[1]) if place else None


def position(value: object) -> tuple[str, int, int] | None:
    """Return the file that a value was read from, with line and column, which count from 1; None for all else.

    The column is 0 where it is not known.
    """
    if _ORIGIN:
        tag = _ORIGIN.get_tag(value)
        path, line, column = (tag.path, tag.line_num, tag.col_num) if tag else (None, None, None)
    else:
        path, line, column = getattr(value, 'ansible_pos', None) or (None, None, None)
    if not path or not isinstance(line, int) or line < 1:
        return None
    return str(path), line, column if isinstance(column, int) else 0
