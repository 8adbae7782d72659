# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of a finding look like in a record that was read: all that ``message`` and ``alike`` rely on."""

from collections.abc import Callable
from typing import Any

from ... import _schema
from ..._listener import REASONS
from ..._schema import Fault
from ..._shape import LEVELS, PLATFORMS
from ..._words import MOST
from ..declaration.entry import WHO
from ..language.options import FAMILIES, PROTOCOLS, SCOPES
from .causes import CAUSES
from .defaults import DUBIOUS
from .parts import LIMITS, MANY, NOTES

Check = Callable[[Any], Any]

_text = _schema.text(20000)
_maybe_text = _schema.nullable(_text)
_texts = _schema.items(_text, MANY)
_count = _schema.integer()
_maybe_count = _schema.nullable(_count)


def _several(check: Check, most: int = MOST) -> Check:
    return _schema.mapping({'first': _schema.items(check, most), 'total': _count})


def _pieces(value: Any) -> Any:
    """Check for an odd number of texts."""
    _schema.items(_text, 20001, 1)(value)
    if len(value) % 2 == 0:
        raise Fault('has an even number of elements')
    return value


_host_text = _schema.mapping({'pieces': _pieces})
_who = _schema.table(_schema.choice(*WHO), _text, len(WHO))
_place = {'entry': _text, 'variable': _maybe_text}
_on_platform = {'platform': _schema.choice(*PLATFORMS)}
_excerpt = _schema.mapping(
    {
        'id': _text,
        'protocol': _schema.choice(*PROTOCOLS, 'raw'),
        'family': _schema.choice(*FAMILIES),
        'address': _schema.text(64),
        'interface': _maybe_text,
        'port': _schema.integer(0, 65535),
        'namespace': _maybe_text,
        'scope': _schema.choice(*SCOPES),
        'ephemeral': _schema.boolean,
        'held_by': _schema.choice('processes', 'kernel', 'unknown'),
        'socket_uid': _maybe_count,
        'owners': _schema.items(_schema.mapping({'process': _maybe_text, 'pids': _several(_count)}), MOST),
        'processes': _count,
        'unlisted': _count,
        'users': _several(_text),
        'unit': _maybe_text,
        'around': _maybe_text,
        'spared': _schema.boolean,
        'way_in': _schema.boolean,
    },
    {
        'to': _maybe_text,
        'stop': _schema.items(_text, 2),
        'reason': _schema.nullable(_schema.choice(*REASONS)),
        'reached_by': _schema.choice(*LEVELS),
        **_on_platform,
    },
)
_listener = {'listener': _excerpt}
_of_entries = {**_listener, 'entries': _several(_schema.mapping(_place))}
_diagnosis = _schema.mapping(
    {
        'unit': _text,
        **dict.fromkeys(('id', 'load', 'active', 'sub', 'enabled', 'result'), _maybe_text),
        'exit': _maybe_count,
        'holds': _schema.nullable(_schema.boolean),
        'line': _schema.nullable(_host_text),
        'telling': _schema.boolean,
        'unseen': _schema.items(_text, 10),
    }
)
_gap = _schema.mapping({'aspect': _text, 'code': _text, 'message': _text, 'hint': _maybe_text})
_unused = {'label': _text, 'variable': _maybe_text, 'hosts': _count}

_PARTS: dict[str, dict[str, Check]] = {
    'forbidden': {**_of_entries, 'ports': _texts, 'reason': _maybe_text},
    'unexpected': {**_listener, 'dubious': _schema.nullable(_schema.choice(*DUBIOUS))},
    'wrong_owner': {**_of_entries, 'who': _several(_who, MANY)},
    'wrong_bind': {**_of_entries, 'where': _several(_texts, MANY)},
    'overexposed': {
        **_listener,
        'limits': _several(
            _schema.mapping({**_place, 'limit': _schema.choice(*LIMITS), 'words': _several(_text, MANY)}), MANY
        ),
        'beyond': _several(_text),
        'rule': _schema.nullable(_host_text),
    },
    'unhealthy': {**_listener, 'limits': _several(_schema.mapping({**_place, 'expression': _text}))},
    'missing': {
        **_place,
        'who': _who,
        'where': _texts,
        'ports': _several(_schema.mapping({'item': _text, 'one_of': _schema.boolean}), 8),
        'need': _maybe_count,
        'present': _count,
        'in_the_way': _several(_excerpt),
        'diagnosis': _schema.nullable(_diagnosis),
        'elsewhere': _schema.nullable(_schema.mapping({'unit': _text, 'listeners': _several(_excerpt)})),
    },
    'unreachable': {
        **_listener,
        **_place,
        'clients': _several(_text, MANY),
        'blocked': _several(_text),
        'loopback': _schema.boolean,
        'rules': _several(_host_text),
    },
    'unknown': {
        'cause': _schema.choice(*CAUSES),
        'listener': _schema.nullable(_excerpt),
        'listeners': _several(_excerpt),
        'entries': _several(_text),
        'rest': _schema.boolean,
        'gap': _schema.nullable(_gap),
        'reasons': _several(_text),
    },
    'waiver_expired': {
        'waiver': _text,
        'variable': _maybe_text,
        'owner': _maybe_text,
        'expires': _text,
        'days': _maybe_count,
    },
    'entry_unused': _unused,
    'waiver_unused': _unused,
}
_of_all = {
    'notes': _schema.items(
        _schema.mapping({'note': _schema.choice(*NOTES), 'waiver': _maybe_text, 'expires': _maybe_text}), MANY
    ),
    'also': _several(_schema.mapping({'listener': _excerpt, 'together': _schema.boolean})),
}
# What records of earlier versions lack
_LATER: dict[str, dict[str, Check]] = {
    'missing': {'forwards_unseen': _schema.boolean, 'set_aside': _several(_text), **_on_platform},
    'unexpected': {'blocked': _schema.boolean},
    'unknown': _on_platform,
    'wrong_owner': {'others': _schema.nullable(_excerpt)},
}
_later_of_all = {'needed': _several(_schema.mapping(_place))}
_CHECKS = {
    kind: _schema.mapping({**parts, **_of_all}, {**_LATER.get(kind, {}), **_later_of_all})
    for kind, parts in _PARTS.items()
}
_unexpected_group = _schema.mapping(
    {
        'group': _schema.choice('loopback', 'ephemeral'),
        'process': _maybe_text,
        'listeners': _several(_excerpt),
        **_of_all,
    },
    _later_of_all,
)


def check(kind: str, parts: Any) -> Any:
    """Check the parts of a finding, in place: what is not known is removed.

    :param kind: of KINDS.
    :raises Fault:
    """
    if kind == 'unexpected' and isinstance(parts, dict) and 'group' in parts:
        return _unexpected_group(parts)
    return _CHECKS[kind](parts)
