# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Works out what rules would do to a host, by what it has said of itself when it was looked at.

It is what the host itself would work out if it was asked, by the same code: a look that has everything spares a host
another run. Where something is missing, or is not what it should be, the host has to be asked.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from typing import Any

from ...module_utils._filter import rules as _rules, table, what_if
from ...module_utils._filter.ahead import ALL, TAKEN
from ...module_utils._filter.refusal import AS_IT_WAS
from .. import _deadline, _schema
from .._facts import check_firewall
from .._shape import Facts
from . import listed, results

PATIENCE = 30                   # seconds
_MOST_DEVICES, _MOST_PIDS = 10 * 1000, 100 * 1000

_name = _schema.text(256)
_maybe_number = _schema.nullable(_schema.integer())
_port = _schema.integer(0, 65535)
_form = _schema.nullable(_schema.mapping({
    'takes': _schema.choice(*TAKEN),
    'connection': results.connection_in_use,
    'kubelet': _schema.nullable(_schema.text(64)),
    'tracking': _schema.mapping({
        **dict.fromkeys(('tracked', 'most', 'sockets'), _maybe_number),
        'forwards': _schema.boolean,
    }),
    'original': _schema.nullable(_schema.row(
        'has to be two addresses, each with a port', check_firewall.address, _port, check_firewall.address, _port)),
    'devices': _schema.nullable(_schema.table(_name, _schema.mapping({
        'kind': _name,
        **dict.fromkeys(('master', 'lower'), _schema.nullable(_name)),
        'port': _schema.nullable(_port),
        'wrapped': _schema.boolean,
        'pids': _schema.items(_schema.integer(), _MOST_PIDS),
    }), _MOST_DEVICES)),
}))
Said = Mapping[str, Any]


def formed(said: object) -> Said | None:
    """Check what a host says of what decides on a filter, see ``module_utils/_filter/ahead.py``.

    :raises Fault: it has another form.
    """
    checked: Said | None = _form(said)
    return checked


def answer(said: Said, facts: Facts, snapshot: dict[str, Any], reassemble: bool, wanted: Mapping[str, Any],
           judge: Callable[..., Any] = what_if.judge, seconds: float = PATIENCE) -> dict[str, Any] | None:
    """Work out what ``port_filter`` would answer in check mode on a host whose table is another one, or none.

    :param said: see ``formed``.
    :param facts: with owners and connections.
    :param snapshot: the rules of the host, checked.
    :param reassemble: see ``module_utils/_filter/state.py``.
    :param wanted: all options of ``port_filter``, with ``published``.
    :param judge: as ``what_if.judge``.
    :param seconds: for all of it.
    :returns: the answer, see ``results``, but for its ``diff``; None where the host has to be asked.
    """
    rules = _rules.parse(wanted['rules'])
    planned = rules, wanted['others'], wanted['published'], reassemble
    if said['takes'] != ALL and table.tracks(*planned):
        return None
    gc.disable()
    try:
        document = listed.listed(table.table(*planned))
        judged = _deadline.within(seconds, lambda: judge(
            {**said, **what_if.view_of(facts, snapshot)}, document, rules, wanted['others'], said['connection'],
            wanted['confirm'], _rules.protected(wanted['protected_sources']), tuple(wanted['despite'])))
    except (TimeoutError, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        return None
    finally:
        gc.freeze()             # see _facts/firewall.py
        gc.enable()
    told = {'effects': judged['effects'], 'warnings': what_if.warnings_of(judged), 'connection': said['connection']}
    if judged['refusal']:
        code, message = judged['refusal']
        return {**told, 'status': 'refused', 'code': code, 'msg': '%s. %s' % (message, AS_IT_WAS)}
    return {**told, 'status': 'planned', 'msg': 'the filter would be changed'}
