# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the form of what a Windows host sends, see ``raw``.

The host may be hostile. What passes has the shape, lengths and counts that the rest of this package relies on; it says
nothing about truth, and text in it stays what the host wrote.

Whoever may start a program on a host names files and processes there, with any 16-bit numbers for letters. Such a name
must not make the facts of the whole host invalid, so what is half of a letter alone is written as ``<d800>``: no file
of Windows has such a name by itself, and two different names stay different.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, cast

from .. import _schema
from .._schema import Fault
from . import raw

MOST_SOCKETS = 100 * 1000           # of each table
MOST_RULES = 20 * 1000              # of each store
MOST_PROCESSES = 100 * 1000
MOST_TEXT = 1024 * 1024             # characters that netsh printed, or that a value of the registry has
LAST_TIME = 2650467743999999999     # the last FILETIME of the year 9999, which ISO 8601 can write
TABLES = ('tcp4', 'tcp6', 'udp4', 'udp6')
_PLACE = re.compile(r'[a-z0-9_]+')
_HALF = re.compile('[\ud800-\udfff]')

_name = _schema.text(1024)
_maybe_name = _schema.nullable(_name)
_path = _schema.nullable(_schema.text(33000))       # 32,767 characters are the most that Windows has
_output = _schema.nullable(_schema.text(MOST_TEXT))
_value = _schema.text(MOST_TEXT)
_sid = _schema.nullable(_schema.matching(re.compile(r'S-1(?:-[0-9]{1,20}){1,16}', re.ASCII), 'a SID'))
_package = _schema.nullable(_schema.matching(re.compile(r'(?:S-1(?:-[0-9]{1,20}){1,16})?', re.ASCII), 'a SID'))
_guid = _schema.matching(re.compile(r'\{[0-9A-Fa-f-]{1,64}\}', re.ASCII), 'a GUID in braces')
_address = _schema.text(128)
_port = _schema.integer(0, 65535)
_word = _schema.integer(0, 2 ** 32 - 1)
_maybe_word = _schema.nullable(_word)
_count = _schema.integer()
_maybe_count = _schema.nullable(_count)
_time = _schema.integer(0, LAST_TIME)
_maybe_time = _schema.nullable(_time)
_number = _schema.integer(-2 ** 31, 2 ** 32 - 1)    # PowerShell shows a DWORD with or without its sign


def _hexadecimal(*digits: int) -> _schema.Check:
    pattern = '|'.join('[0-9a-fA-F]{%d}' % number for number in digits)
    return _schema.matching(re.compile(pattern, re.ASCII), 'an address in hexadecimal digits')


def _rows(high: int, *checks: _schema.Check) -> _schema.Check:
    return _schema.nullable(
        _schema.items(_schema.row('has to be a list of %d such values' % len(checks), *checks), high))


def _sockets(digits: int) -> _schema.Check:
    return _rows(MOST_SOCKETS, _hexadecimal(digits), _port, _word, _word, _time, _maybe_name, _path, _number)


def _integer_or_text(value: object) -> Any:
    return _value(value) if isinstance(value, str) else _number(value)


_either_address = _hexadecimal(8, 32)
_names = _schema.items(_name, 10000)
_addresses = _schema.items(_address, 10000)
_by_table = _schema.table(_schema.choice(*TABLES), _output, len(TABLES))
_settings = _schema.table(_name, _schema.table(_name, _integer_or_text, 10000), 1000)
_firewall = _schema.mapping({}, {
    'stores': _schema.table(_name, _schema.nullable(_schema.items(_schema.row(
        'has to be a name and the text of a rule', _value, _value), MOST_RULES)), 16),
    'counts': _schema.table(_name, _count, 16),
    'profiles': _schema.table(_name, _schema.nullable(_settings), 16),
    'effective': _schema.nullable(_schema.mapping({
        'current': _number,
        'modify': _schema.nullable(_number),
        'profiles': _schema.table(_schema.choice('1', '2', '4'), _schema.row(
            'has to be a list of 4 settings', _schema.boolean, _schema.boolean, _number, _names), 3),
    })),
    'products': _schema.nullable(_names),
    'providers': _schema.nullable(_names),
    'consec': _schema.nullable(_schema.table(_name, _count, 16)),
    'environment': _schema.table(_name, _schema.text(33000), 10000),
})
_interface = _schema.mapping({
    'id': _name,
    'name': _schema.text(256),
    'kind': _word,
    'up': _schema.boolean,
    'index4': _maybe_word,
    'index6': _maybe_word,
    **dict.fromkeys(('addresses', 'gateways', 'dns', 'dhcp', 'wins'), _addresses),
})

_raw = _schema.mapping({
    'schema': _schema.integer(1, 1),
    'gather': _schema.items(_schema.text(64), 64),
    'os': _schema.mapping({
        'version': _schema.text(64),
        'kind': _maybe_word,
        'process_bits': _word,
        'system_bits': _word,
        'elevated': _schema.nullable(_schema.boolean),
        'language': _maybe_name,
        'user': _sid,
        'now': _time,
    }),
    'errors': _schema.items(_schema.row(
        'has to be a source, a number and a text', _schema.text(64), _schema.integer(-2 ** 63), _schema.text(20000)),
        10000),
}, {
    'tcp4': _sockets(8),
    'tcp6': _sockets(32),
    'udp4': _sockets(8),
    'udp6': _sockets(32),
    'connections': _rows(MOST_SOCKETS, _schema.choice('tcp4', 'tcp6'), _either_address, _port, _word, _count),
    'processes': _rows(
        MOST_PROCESSES, _word, _maybe_word, _maybe_name, _path, _maybe_time, _sid, _package, _number, _path,
        _schema.nullable(_schema.items(_maybe_count, 4, 4))),
    'accounts': _schema.nullable(_schema.table(_name, _name, MOST_PROCESSES)),
    'services': _rows(10000, _name, _word, _word, _word, _maybe_word, _maybe_word, _number, _number),
    'rpc': _schema.nullable(_schema.items(_port, MOST_SOCKETS)),
    'http': _output,
    'excluded': _by_table,
    'dynamic': _by_table,
    'portproxy': _rows(10000, _name, _name, _name),
    'nat': _schema.nullable(_schema.mapping({'mappings': _schema.items(_schema.items(_name, 3, 3), 10000)})),
    'interfaces': _schema.nullable(_schema.items(_interface, 10000)),
    'models': _rows(10000, _word, _word, _schema.boolean, _schema.boolean),
    'routes': _rows(100000, _word, _either_address, _schema.integer(0, 128), _word, _either_address),
    'networks': _schema.nullable(_schema.table(_guid, _word, 10000)),
    'firewall': _firewall,
    'events': _schema.nullable(_schema.table(
        _name, _schema.items(_schema.row('has to be an event', _word, _time, _schema.items(_value, 100)), 100), 1000)),
    'displays': _schema.nullable(_schema.table(_name, _name, 10000)),
    'dependents': _schema.nullable(_schema.table(_name, _schema.nullable(_names), 10000)),
    'ancestors': _rows(1000, _word, _maybe_name, _maybe_time),
})

_KINDS: dict[str, type[NamedTuple]] = {
    **dict.fromkeys(TABLES, raw.Socket), 'connections': raw.Connections, 'processes': raw.Process,
    'services': raw.Service, 'portproxy': raw.Portproxy, 'models': raw.Model, 'routes': raw.Route,
    'ancestors': raw.Ancestor, 'errors': raw.Error,
}


def check(value: object) -> raw.Raw:
    """Check what a Windows host sent, and make rows of it.

    :param value: anything that comes from JSON, and is changed; keys that are not known here are removed from it.
    :returns: the same value.
    :raises Fault: it is not what a Windows host sends. Its path ends above names that the host chose.
    """
    try:
        try:
            checked = _raw(value)
        except Fault:
            if not _mend(value):
                raise
            checked = _raw(value)
    except Fault as fault:
        place = _PLACE.match(fault.path)
        raise Fault(fault.reason, place[0] if place else '') from None
    for key, kind in _KINDS.items():
        if checked.get(key) is not None:
            checked[key] = _made(kind, checked[key])
    for rows in (checked.get('events') or {}).values():
        rows[:] = map(raw.Event._make, rows)
    return cast(raw.Raw, checked)


def _made(kind: type[NamedTuple], rows: list[list[Any]]) -> list[Any]:
    """Make rows of lists; addresses in lower case, so that those of two tables can be compared."""
    for place in [place for place, name in enumerate(kind._fields) if name in ('address', 'to', 'via')]:
        for row in rows:
            row[place] = row[place].lower()
    make: Callable[[Iterable[Any]], Any] = kind._make
    return list(map(make, rows))


def _mend(value: object) -> bool:
    """Write out halves of letters in all text, in place: whether there were any."""
    waiting, found = [value], False
    while waiting:
        part = waiting.pop()
        keys: list[Any]
        if isinstance(part, dict):
            for key in [key for key in part if isinstance(key, str) and _HALF.search(key)]:
                part[_mended(key)] = part.pop(key)
                found = True
            keys = list(part)
        elif isinstance(part, list):
            keys = list(range(len(part)))
        else:
            continue
        for key in keys:
            element = part[key]
            if isinstance(element, str):
                if _HALF.search(element):
                    part[key] = _mended(element)
                    found = True
            else:
                waiting.append(element)
    return found


def _mended(text: str) -> str:
    return _HALF.sub(lambda half: '<%04x>' % ord(half[0]), text)
