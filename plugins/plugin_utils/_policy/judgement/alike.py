# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same finding on several hosts: which are the same, and one in place of them.

Two parts of a finding have something of a single host in them, which the next host that has the same finding has
otherwise: a listener (pids, its address, a port of the ephemeral range, where it is forwarded to), and a text of the
host (its addresses).
``key`` leaves that out, and ``merged`` counts what differs.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ..._listener import WIDEST_FIRST
from .parts import Parts

_EVERYWHERE = frozenset(('0.0.0.0', '::', '::1'))


def key(kind: str, parts: Parts) -> str:
    """Make a key of parts, the same for parts that differ in nothing but what is of a single host.

    A finding that sums up listeners or entries is the same on a host that has other listeners and entries.
    """
    if is_summed_up(kind, parts):
        essence = [parts.get(name) for name in ('cause', 'group', 'process')]
        essence += [parts['platform']] if 'platform' in parts else []
    else:
        essence = _mapped(parts, _masked)
    return hashlib.sha256(json.dumps([kind, essence], sort_keys=True).encode('ascii')).hexdigest()[:16]


def is_summed_up(kind: str, parts: Parts) -> bool:
    """Whether a finding is about several listeners or entries that have nothing in common but the cause."""
    return kind == 'unknown' or 'group' in parts


def without_pids(parts: Parts) -> Parts:
    """Copy parts without pids."""
    copy: Parts = _mapped(parts, _without_pids)
    return copy


def merged(alike: Sequence[Parts]) -> Parts:
    """Make one of parts that have the same key: without pids, and with a number in place of what differs from host to
    host.

    :param alike: at least one.
    """
    columns = iter(list(zip_longest(*map(_singular, alike))))
    copy: Parts = _mapped(alike[0], lambda part: _united(part, next(columns)))
    return copy


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """Copy parts, and change those that have something of a single host in them, in an order fixed by their shape."""
    if isinstance(value, dict):
        if 'owners' in value or 'pieces' in value:      # an Excerpt or a Text
            return change(value)
        return {name: _mapped(value[name], change) for name in sorted(value)}
    return [_mapped(element, change) for element in value] if isinstance(value, list) else value


def _singular(parts: Parts) -> list[Mapping[str, Any]]:
    """List the parts that have something of a single host in them."""
    singular: list[Mapping[str, Any]] = []
    _mapped(parts, singular.append)
    return singular


def _masked(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out of a part what is of a single host."""
    if 'pieces' in part:
        return {'pieces': [None if index % 2 else piece for index, piece in enumerate(part['pieces'])]}
    everywhere = part['address'].startswith('127.') or part['address'] in _EVERYWHERE and not part['interface']
    masked = dict(_without_pids(part), id=None, address=part['address'] if everywhere else None, interface=None)
    if part['ephemeral']:
        masked['port'] = None
    if masked.get('to') is not None:
        masked['to'] = ''
    masked.pop('reached_by', None)      # the firewall of one host is not that of the next
    return masked


def _without_pids(part: Mapping[str, Any]) -> Mapping[str, Any]:
    if 'pieces' in part:
        return part
    return dict(part, owners=[dict(owner, pids={'first': [], 'total': 0}) for owner in part['owners']])


def _united(part: Mapping[str, Any], column: Sequence[Mapping[str, Any] | None]) -> Mapping[str, Any]:
    """Make one part of those of several hosts."""
    # a record may be damaged: what has not this shape is left out
    alike = [other for other in column if other and ('pieces' in other) == ('pieces' in part)]
    if 'pieces' in part:
        return {
            'pieces': [
                _counted(texts) if index % 2 else texts[0]
                for index, texts in enumerate(zip(*(other['pieces'] for other in alike)))
            ]
        }
    addresses, ports = {(other['address'], other['interface']) for other in alike}, {other['port'] for other in alike}
    united = dict(_without_pids(part), addresses=len(addresses), ports=len(ports))
    if united.get('to') is not None:
        united['targets'] = len({other.get('to') for other in alike})
    if 'reached_by' in united:
        united['reached_by'] = min((other.get('reached_by', 'unknown') for other in alike), key=WIDEST_FIRST.index)
    return united


def _counted(texts: Sequence[str]) -> str:
    different = len(set(texts))
    return '(%d addresses)' % different if different > 1 else texts[0]
