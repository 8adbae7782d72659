# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what ``port_filter`` says on a host, and believes it only as far as its form goes."""

from __future__ import annotations

from typing import Any

from ...module_utils._filter.names import PROTOCOLS
from .. import _schema
from .._facts import check_firewall
from .._harmless.terminal import visible
from .._schema import Fault

TRIAL = 'trial'                 # the rules hold, and end by themselves unless a new login keeps them
FAILING = ('reverted', 'refused', 'busy', 'failed')
STATUSES = ('unchanged', 'planned', 'kept', *FAILING)
_MOST_EFFECTS = 100 * 1000
_MOST_TEXT = 16 * 1024 * 1024   # characters of a listing

_NETWORKS = ('loses', 'gains', 'unsure', 'before', 'after')

_port = _schema.integer(0, 65535)
_effect = _schema.mapping({
    'listener': _schema.nullable(_schema.text(400)),
    'protocol': _schema.choice(*PROTOCOLS),
    'port': _port,
    'published': _schema.boolean,
    **dict.fromkeys(('loses', 'gains', 'before', 'after'), check_firewall.networks),
    'connections': _schema.nullable(_schema.integer()),
}, {
    'unsure': check_firewall.networks,
    'ports': _schema.text(20),
    'to': _schema.nullable(_schema.text(2000)),
    'left_out': _schema.mapping({}, dict.fromkeys(_NETWORKS, _schema.integer())),
})
connection_in_use = _schema.nullable(_schema.mapping({
    'address': check_firewall.address,
    'port': _port,
    'peer': check_firewall.address,
    'peer_port': _port,
    'interface': _schema.nullable(_schema.text(64)),
    'how': _schema.text(64),
}))
_form = _schema.mapping({'status': _schema.choice(TRIAL, *STATUSES)}, {
    'changed': _schema.boolean,
    'code': _schema.nullable(_schema.text(40)),
    'diff': _schema.nullable(_schema.mapping(dict.fromkeys(('before', 'after'), _schema.text(_MOST_TEXT)))),
    'effects': _schema.items(_effect, _MOST_EFFECTS),
    'connection': connection_in_use,
    'persistent': _schema.boolean,
    'seconds': _schema.integer(),
    # what _answer has made harmless already
    **dict.fromkeys(('failed', 'msg', 'warnings'), lambda value: value),
})
KEYS = ('status', 'changed', 'code', 'diff', 'effects', 'connection', 'persistent', 'seconds')


def formed(answer: dict[str, Any]) -> dict[str, Any]:
    """Check the form of an answer of ``port_filter``, and make the text in it harmless.

    :param answer: what is known of it, see ``_answer``.
    :raises Fault: it has another form.
    """
    checked = common(answer, _form)
    if checked['status'] == TRIAL and not {'seconds', 'connection'} <= checked.keys():
        raise Fault('has to have seconds and connection')
    for effect in checked.get('effects', ()):
        for key, most in (('listener', 400), ('ports', 20), ('to', 2000)):
            if effect.get(key) is not None:
                effect[key] = visible(effect[key], most)
    return checked


def common(answer: dict[str, Any], form: _schema.Check) -> dict[str, Any]:
    """Check what the answers of all steps have in common, and make the text in it harmless. Raises Fault.

    :param form: that of the whole answer.
    """
    checked: dict[str, Any] = form(answer)
    if not isinstance(checked.get('msg', ''), str):
        raise Fault('has to be text', 'msg')
    if checked.get('code'):
        checked['code'] = visible(checked['code'], 40)
    connection = checked.get('connection')
    if connection:
        connection['how'] = visible(connection['how'], 64)
        if connection['interface'] is not None:
            connection['interface'] = visible(connection['interface'], 64)
    if checked.get('diff') is None:
        checked.pop('diff', None)       # Ansible would take null for one
    else:
        checked['diff'] = {side: _listing(text) for side, text in checked['diff'].items()}
    return checked


def _listing(text: str) -> str:
    """Make a text of many lines harmless, line by line."""
    lines = text.expandtabs(4).split('\n')
    return '\n'.join(visible(line, len(line)) for line in lines)
