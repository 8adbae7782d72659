# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts as a host sent them: unpacked, and believed only as far as their form goes. Private to this collection.

The host that sends them may be hostile. What passes has the types, lengths and counts that the rest of this
collection relies on. It says nothing about truth, and text in it stays what the host wrote: not for templates,
patterns, file names, or a terminal.
"""

import base64
import binascii
import re
import socket
import zlib

from .. import _schema
from .._schema import Fault
from . import firewall, shape

MAX_BYTES = 64 * 1024 * 1024
MAX_ELEMENTS = 8 * 1000 * 1000
ASPECTS = ('sockets', 'binding', 'owners', 'units', 'namespaces', 'connections', 'resources')
LATER_ASPECTS = ('firewall',)   # which records of earlier versions do not have

_FAMILIES = {'ipv4': socket.AF_INET, 'ipv6': socket.AF_INET6}
_word = _schema.matching(re.compile(r'[a-z][a-z0-9_]{0,63}'), 'a word of a-z, 0-9 and _')
# Longer than a path of the kernel (4096 bytes) that has every byte written as \xNN: what a local user names a file or a
# process must not make the facts of the whole host invalid.
_text = _schema.text(20000)
_maybe_text = _schema.nullable(_text)
_count = _schema.integer()
_maybe_count = _schema.nullable(_count)
_maybe_boolean = _schema.nullable(_schema.boolean)
_maybe_number = _schema.nullable(_schema.number)
_uid = _schema.nullable(_schema.integer(0, 2 ** 32 - 1))
_port = _schema.integer(0, 65535)
_span = _schema.items(_port, 2, 2)

_owner = _schema.mapping(
    {
        'pid': _schema.integer(0, 2 ** 32 - 1),
        'process': _maybe_text,
        'exe': _maybe_text,
        'exe_deleted': _maybe_boolean,
        'user': _maybe_text,
        'uid': _uid,
        'started': _schema.nullable(_schema.time),
        'unit': _maybe_text,
        'main': _maybe_boolean,
        'container': _maybe_text,
    },
    {
        'resources': _schema.nullable(_schema.mapping({
            'cpu_seconds': _maybe_number, 'rss_bytes': _maybe_count,
            'threads': _maybe_count, 'open_files': _maybe_count,
        })),
        'command': _schema.nullable(_schema.items(_text, 4096)),
    },
)

_endpoint = {
    'id': _text,
    'protocol': _schema.choice(*shape.PROTOCOLS),
    'family': _schema.choice(*_FAMILIES),
    'address': _schema.text(64),
    'port': _port,
    'interface': _schema.nullable(_schema.text(256)),
    'accepts_ipv4': _maybe_boolean,
    'accepts_ipv6': _maybe_boolean,
    'scope': _schema.choice(*shape.SCOPES),
    'port_name': _schema.nullable(_schema.text(1024)),
    'ephemeral': _schema.boolean,
    'backlog': _schema.nullable(_schema.mapping({'pending': _count, 'limit': _maybe_count})),
    'namespace': _maybe_text,
    'service': _maybe_text,
    'activated_by': _maybe_text,
    'held_by': _schema.choice(*shape.HELD_BY),
    'socket_uid': _uid,
    'owners': _schema.items(_owner, 64),
    'owners_total': _count,
}
_listener = _schema.mapping(_endpoint, {
    'connections': _schema.nullable(_schema.table(_word, _count, 32)), 'exposure': _schema.nullable(firewall.exposure)})
_forwarded = _schema.mapping({
    **_endpoint, 'to': _text, 'ports': firewall.ports, 'decided_by': _maybe_text, 'container': _maybe_text, 'proxy': _maybe_text,
    'exposure': firewall.exposure})
_more = {'forwarded': _schema.items(_forwarded, 100000), 'openings': _schema.items(firewall.opening, 10000), 'firewall': firewall.firewall}

# Why a unit does not listen that should.
_diagnosis = _schema.mapping({
    'unit': _text,
    **dict.fromkeys(('id', 'load', 'active', 'sub', 'enabled', 'result'), _schema.nullable(_schema.text(1024))),
    'exit': _schema.nullable(_schema.integer(0, 2 ** 32 - 1)),
    'holds': _maybe_boolean,
    'lines': _schema.items(_text, 5),
    'unseen': _schema.items(_text, 10),
})
_by_unit = _schema.table(_text, _diagnosis, 10000)


def _diagnoses(value):
    """Its keys are text of whoever wrote a declaration, or of the host: no fault has one in its path."""
    try:
        _by_unit(value)
    except Fault as fault:
        raise Fault(fault.reason) from None
    if any(diagnosis['unit'] != unit for unit, diagnosis in value.items()):
        raise Fault('one of them is of another unit')
    return value


_facts = _schema.mapping({
    'schema': _schema.integer(1, 1),
    'gathered_at': _schema.time,
    'collector': _word,
    'complete': _schema.mapping(*({aspect: _schema.nullable(_schema.boolean) for aspect in some} for some in (ASPECTS, LATER_ASPECTS))),
    'gaps': _schema.items(_schema.mapping({
        'aspect': _word, 'code': _word, 'count': _maybe_count, 'message': _text,
        'hint': _schema.nullable(_schema.text(1024)),
    }), 1000),
    'system': _schema.mapping({
        'local_addresses': _schema.nullable(_schema.items(_schema.text(512), 100000)),
        'ephemeral_ports': _schema.nullable(_span),
        'reserved_ports': _schema.nullable(_schema.items(_span, 65536)),
        'unprivileged_port_start': _schema.nullable(_schema.integer(0, 65536)),
    }),
    'listeners': _schema.items(_listener, 1000 * 1000),
}, {'diagnoses': _diagnoses, **_more})
_judged = _schema.mapping(_more)


class FactError(ValueError):
    """What a host sent are not facts; the message says what is wrong and where, and is harmless to print."""


def unpack(packed):
    """Decode and check what ``collect_listeners`` returned, and judge who can reach the listeners, where it brought what that takes.

    :param packed: str, JSON, or ``z:`` and the base64 of its zlib compression.
    :returns: dict, facts as ``check`` returns them.
    :raises FactError:
    """
    if not isinstance(packed, str):
        raise FactError('the packed facts are not text')
    try:
        data = packed.encode('utf-8')
        if data.startswith(b'z:'):
            data = _decompress(base64.b64decode(data[2:], validate=True))
        elif len(data) > MAX_BYTES:
            raise Fault('more than %d bytes' % MAX_BYTES)
        return _check(_schema.parse(data, MAX_ELEMENTS), judge=True)
    except Fault as fault:
        raise FactError('the packed facts are not valid: %s' % fault) from None
    except (UnicodeError, binascii.Error, zlib.error):
        raise FactError('the packed facts are not valid: damaged, or not packed by this collection') from None


def _decompress(data):
    inflate = zlib.decompressobj()
    plain = inflate.decompress(data, MAX_BYTES + 1)
    if len(plain) > MAX_BYTES:
        raise Fault('more than %d bytes' % MAX_BYTES)
    if not inflate.eof or inflate.unused_data:
        raise Fault('cut short, or something follows')
    return plain


def check(value):
    """Check facts that have been decoded already.

    :param value: anything that comes from JSON; keys that are not known here are removed from it.
    :returns: dict, the same facts.
    :raises Fault:
    """
    return _check(value)


def _check(value, judge=False):
    snapshot = value.pop('snapshot', None) if judge and isinstance(value, dict) else None
    facts = _facts(value)
    if snapshot is not None:
        facts.update(_judged(firewall.judge(facts, snapshot)))
    if facts['complete']['sockets'] is None:
        raise Fault('has to be true or false, not null', 'complete.sockets')
    missing = {gap['aspect'] for gap in facts['gaps']}
    for aspect, complete in facts['complete'].items():
        if complete is not None and complete == (aspect in missing):
            raise Fault('contradicts the gaps', 'complete.%s' % aspect)
    for name in ('listeners', 'forwarded'):
        seen = set()
        for index, listener in enumerate(facts.get(name, ())):
            fault = _contradiction(listener)
            if not fault and listener['id'] in seen:
                fault = Fault('is there twice', 'id')
            if fault:
                raise fault.below('%s[%d]' % (name, index))
            seen.add(listener['id'])
    return facts


def _contradiction(listener):
    """Fault, or None where the parts of a listener fit each other."""
    address = listener['address']
    family = listener['family']
    try:
        socket.inet_pton(_FAMILIES[family], address)
    except (OSError, ValueError):
        return Fault('is no %s address' % family, 'address')
    bound = '%s%%%s' % (address, listener['interface']) if listener['interface'] else address
    if family == 'ipv6':
        bound = '[%s]' % bound
    wanted = '%s/%s:%d' % (listener['protocol'], bound, listener['port'])
    if listener['namespace']:
        wanted = '%s@%s' % (wanted, listener['namespace'])
    if listener['id'] != wanted:
        return Fault('does not fit protocol, address, interface, port and namespace', 'id')
    owners = listener['owners']
    if listener['owners_total'] < len(owners):
        return Fault('is less than there are owners', 'owners_total')
    if (listener['held_by'] == 'processes') != bool(owners):
        return Fault('does not fit the owners', 'held_by')
    return None
