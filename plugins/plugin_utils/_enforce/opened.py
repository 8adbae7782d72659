# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what ``port_openings`` says on a host, and believes it only as far as its form goes."""

from __future__ import annotations

from typing import Any

from ...module_utils._filter.names import PROTOCOLS
from .. import _schema
from .._facts import check_firewall
from .._harmless.terminal import visible
from .._schema import Fault
from .results import TRIAL, common

FAILING = ('reverted', 'refused', 'failed')
STATUSES = ('unchanged', 'planned', 'kept', *FAILING)
_MOST = 10 * 1000               # openings
_LONGEST = 1000                 # characters of a sentence
_MOST_TEXT = 4 * 1024 * 1024

_opening = {
    'backend': _schema.choice('firewalld', 'ufw'),
    'zone': _schema.nullable(_schema.text(64)),
    'protocol': _schema.choice(*PROTOCOLS),
    'ports': _schema.items(_schema.text(11), _MOST),
    'sources': _schema.nullable(check_firewall.networks),
}
_form = _schema.mapping({'status': _schema.choice(TRIAL, *STATUSES)}, {
    'changed': _schema.boolean,
    'code': _schema.nullable(_schema.text(40)),
    'began': _schema.integer(),
    'diff': _schema.mapping(dict.fromkeys(('before', 'after'), _schema.text(_MOST_TEXT))),
    **dict.fromkeys(('opened', 'closed'), _schema.items(_schema.mapping(_opening), _MOST)),
    'left': _schema.items(_schema.mapping({
        **_opening, 'listener': _schema.nullable(_schema.text(400)), 'reason': _schema.text(40),
        'message': _schema.text(_LONGEST)}), _MOST),
    # what _answer has made harmless already
    **dict.fromkeys(('failed', 'msg', 'warnings'), lambda value: value),
})
KEYS = ('status', 'changed', 'code', 'began', 'diff', 'opened', 'closed', 'left')


def formed(answer: dict[str, Any]) -> dict[str, Any]:
    """Check the form of an answer of ``port_openings``, and make the text in it harmless.

    :param answer: what is known of it, see ``_answer``.
    :raises Fault: it has another form.
    """
    checked = common(answer, _form)
    if checked['status'] == TRIAL and 'began' not in checked:
        raise Fault('has to have began')
    for key in ('opened', 'closed', 'left'):
        for opening in checked.get(key, ()):
            opening['ports'] = [visible(port, 11) for port in opening['ports']]
            for name in ('zone', 'listener', 'reason', 'message'):
                if opening.get(name) is not None:
                    opening[name] = visible(opening[name], _LONGEST)
    return checked
