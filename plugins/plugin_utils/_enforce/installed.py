# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the filter that a host says it has is the one that is planned for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...module_utils._filter import rules as _rules, table
from ...module_utils._filter.files import digest
from .. import _schema
from .._harmless.terminal import sentence

_OTHERS = 'accept'              # what becomes of ports that no rule names, where there is no filter
_MOST_WARNINGS = 20
_LONG_WARNING = 1000

_form = _schema.nullable(_schema.mapping({
    'table': _schema.boolean,
    'kept': _schema.nullable(_schema.text(64)),
    'holds': _schema.boolean,
    'reassemble': _schema.boolean,
    'warnings': _schema.items(_schema.text(_LONG_WARNING), _MOST_WARNINGS),
}))
State = Mapping[str, Any]


def formed(said: object) -> State | None:
    """Check what a host says of its filter, see ``module_utils/_filter/state.py``, and make the text in it harmless.

    :returns: None where it could not tell.
    :raises Fault: it has another form.
    """
    checked: dict[str, Any] | None = _form(said)
    if checked:
        checked['warnings'] = [sentence(text, 300) for text in checked['warnings']]
    return checked


def is_none(state: State) -> bool:
    """Whether the host surely has no filter, nor one that a boot would load."""
    return not state['table'] and state['kept'] is None


def is_as_planned(state: State, wanted: Mapping[str, Any]) -> bool:
    """Whether nothing has to be done to the filter: there is none, and none is needed, or it is that which is planned.

    Where this is False, the host may find that nothing has to be done all the same.

    :param wanted: options of ``port_filter``, with ``published``.
    """
    if not state['table']:
        return is_none(state) and not wanted['rules'] and wanted['others'] == _OTHERS
    return bool(state['holds']) and not is_other_after_boot(state, wanted)


def is_other_after_boot(state: State, wanted: Mapping[str, Any]) -> bool:
    """Whether a boot loads something, and it is not what is planned.

    :param wanted: as that of ``is_as_planned``.
    """
    text = table.replacement(table.table(
        _rules.parse(wanted['rules']), wanted['others'], wanted['published'], state['reassemble']))
    return state['kept'] not in (None, digest(text))
