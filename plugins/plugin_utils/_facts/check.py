# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the form of facts that a host sent.

The host that sends them may be hostile. What passes has the shape, lengths and counts that the rest of this collection
relies on. It says nothing about truth, and text in it stays what the host wrote: not for templates, patterns, file
names, or a terminal.
"""

import re
import socket
from collections.abc import Iterable
from typing import Any

from ...module_utils._addresses import aggregate
from ...module_utils._addresses.scopes import FAMILIES
from ...module_utils._subsets import ASPECTS
from .. import _schema, _shape
from .._schema import Fault
from .._shape import Facts, Judged
from . import check_firewall
from .likeness import Likeness, Likenesses

MAX_BYTES = 64 * 1024 * 1024
MAX_ELEMENTS = 8 * 1000 * 1000
LATER_ASPECTS = ('firewall', 'outgoing')   # which records of earlier versions do not have

_word = _schema.matching(re.compile(r'[a-z][a-z0-9_]{0,63}'), 'a word of a-z, 0-9 and _')
# Longer than a path of the kernel (4096 bytes) that has every byte written as \xNN: the name that a local user gives to
# a file or a process must not make the facts of the whole host invalid.
_text = _schema.text(20000)
_maybe_text = _schema.nullable(_text)
_count = _schema.integer()
_maybe_count = _schema.nullable(_count)
_maybe_boolean = _schema.nullable(_schema.boolean)
_maybe_number = _schema.nullable(_schema.number)
_uid = _schema.nullable(_schema.integer(0, 2 ** 32 - 1))
_port = _schema.integer(0, 65535)
_span = _schema.items(_port, 2, 2)

_pid = _schema.integer(0, 2 ** 32 - 1)
_started = _schema.nullable(_schema.time)

_owner = _schema.mapping(
    {
        'pid': _pid,
        'process': _maybe_text,
        'exe': _maybe_text,
        'exe_deleted': _maybe_boolean,
        'user': _maybe_text,
        'uid': _uid,
        'started': _started,
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
        'exe_inside': _text,
    },
)

_endpoint = {
    'id': _text,
    'protocol': _schema.choice(*_shape.PROTOCOLS),
    'family': _schema.choice(*_shape.FAMILIES),
    'address': _schema.text(64),
    'port': _port,
    'interface': _schema.nullable(_schema.text(256)),
    'accepts_ipv4': _maybe_boolean,
    'accepts_ipv6': _maybe_boolean,
    'scope': _schema.choice(*_shape.SCOPES),
    'port_name': _schema.nullable(_schema.text(1024)),
    'ephemeral': _schema.boolean,
    'backlog': _schema.nullable(_schema.mapping({'pending': _count, 'limit': _maybe_count})),
    'namespace': _maybe_text,
    'service': _maybe_text,
    'activated_by': _maybe_text,
    'held_by': _schema.choice(*_shape.HELD_BY),
    'socket_uid': _uid,
    'owners': _schema.items(_owner, 64),
    'owners_total': _count,
}


def network(family: int) -> _schema.Check:
    """Return the check for a network of a family."""
    def check_network(value: object) -> Any:
        try:
            aggregate.of_text(value if isinstance(value, str) else '', family)
        except ValueError:
            raise Fault('has a key that is no IPv%d network' % family) from None
        return value
    return check_network


_clients = _schema.mapping({
    'ipv4': _schema.table(network(4), _count, aggregate.MOST),
    'ipv6': _schema.table(network(6), _count, aggregate.MOST),
    'itself': _count,
})
_listener = _schema.mapping(_endpoint, {
    'connections': _schema.nullable(_schema.table(_word, _count, 32)),
    'clients': _schema.nullable(_clients),
    'exposure': _schema.nullable(check_firewall.exposure),
})
_forwarded = _schema.mapping({
    **_endpoint,
    'to': _text,
    'ports': check_firewall.ports,
    'decided_by': _maybe_text,
    'container': _maybe_text,
    'proxy': _maybe_text,
    'exposure': check_firewall.exposure,
})
_judged = {
    'forwarded': _schema.items(_forwarded, 100000),
    'openings': _schema.items(check_firewall.opening, 10000),
    'firewall': check_firewall.firewall,
}
_outgoing = {'outgoing': _schema.items(check_firewall.outgoing, 1000)}

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


def _diagnoses(value: object) -> dict[str, Any]:
    """Check what is known of units.

    The keys are text of whoever wrote a declaration, or of the host: no fault has one in its path.
    """
    try:
        diagnoses: dict[str, Any] = _by_unit(value)
    except Fault as fault:
        raise Fault(fault.reason) from None
    if any(diagnosis['unit'] != unit for unit, diagnosis in diagnoses.items()):
        raise Fault('one of them is of another unit')
    return diagnoses


def _listeners(value: object) -> Any:
    """Check the listeners of a host; those that are like others of earlier hosts are known already."""
    return value if _likenesses.accepts(value) else _each_listener(value)


_facts = _schema.mapping({
    'schema': _schema.integer(1, 1),
    'gathered_at': _schema.time,
    'collector': _word,
    'complete': _schema.mapping(
        {aspect: _maybe_boolean for aspect in ASPECTS if aspect not in LATER_ASPECTS},
        dict.fromkeys(LATER_ASPECTS, _maybe_boolean)),
    'gaps': _schema.items(_schema.mapping({
        'aspect': _word, 'code': _word, 'count': _maybe_count, 'message': _text,
        'hint': _schema.nullable(_schema.text(1024)),
    }), 1000),
    'system': _schema.mapping({
        'local_addresses': _schema.nullable(_schema.items(_schema.text(512), 100000)),
        'ephemeral_ports': _schema.nullable(_span),
        'reserved_ports': _schema.nullable(_schema.items(_span, 65536)),
        'unprivileged_port_start': _schema.nullable(_schema.integer(0, 65536)),
    }, {
        'platform': _schema.choice(*_shape.PLATFORMS),
        'excluded_ports': _schema.nullable(_schema.items(_span, 65536)),
    }),
    'listeners': _listeners,
}, {
    'led_elsewhere': _schema.nullable(_schema.items(_schema.mapping({
        'protocol': _schema.choice(*_shape.PROTOCOLS), 'family': _schema.choice(*_shape.FAMILIES),
        'address': _schema.text(64), 'port': _port, 'clients': _clients,
    }), 1000)),
    'diagnoses': _diagnoses,
    **_judged,
    **_outgoing,
})
_only_judged = _schema.mapping(_judged, _outgoing)


def check(value: object) -> Facts:
    """Check facts that have been decoded already.

    :param value: anything that comes from JSON; keys that are not known here are removed from it.
    :returns: the same value.
    :raises Fault: it is not facts.
    """
    facts: Facts = _facts(value)
    if facts['complete']['sockets'] is None:
        raise Fault('has to be true or false, not null', 'complete.sockets')
    missing = {gap['aspect'] for gap in facts['gaps']}
    for aspect, complete in facts['complete'].items():
        if complete is not None and complete == (aspect in missing):
            raise Fault('contradicts the gaps', 'complete.%s' % aspect)
    if likenesses(facts) is None:
        _check_each(facts['listeners'], 'listeners')
    _check_each(facts.get('forwarded', ()), 'forwarded')
    return facts


def decoded(data: bytes) -> Any:
    """Decode a record, with listeners that are known from other records: no part of it may be changed.

    :returns: what ``check`` has still to be asked about.
    :raises Fault: see ``_schema.parse``.
    """
    record = _likenesses.decoded(data)
    return _schema.parse(data, MAX_ELEMENTS) if record is None else record


def likenesses(facts: Facts) -> list[Likeness | None] | None:
    """Return of each listener what it has in common with those that are like it on other hosts.

    :param facts: those of the record that was decoded last.
    :returns: None of other facts, and in it of what is like nothing that is known.
    """
    return _likenesses.of(facts['listeners'])


def judged(value: object) -> Judged:
    """Check what the judgement of a firewall adds to facts: it is made of text that the host wrote.

    :returns: the same value.
    :raises Fault: it does not have the shape of facts.
    """
    more: Judged = _only_judged(value)
    _check_each(more.get('forwarded', ()), 'forwarded')
    return more


def _check_each(endpoints: Iterable[_shape.Endpoint], name: str) -> None:
    """Raise a Fault where the parts of an endpoint contradict each other, or two have one id."""
    known: set[str] = set()
    for index, endpoint in enumerate(endpoints):
        fault = _contradiction(endpoint)
        if not fault and endpoint['id'] in known:
            fault = Fault('occurs twice', 'id')
        if fault:
            raise fault.below('%s[%d]' % (name, index))
        known.add(endpoint['id'])


def _contradiction(endpoint: _shape.Endpoint) -> Fault | None:
    """Return what is wrong where the parts of an endpoint do not fit each other."""
    address = endpoint['address']
    family = endpoint['family']
    try:
        socket.inet_pton(FAMILIES[family], address)
    except (OSError, ValueError):
        return Fault('is not an %s address' % family, 'address')
    bound = '%s%%%s' % (address, endpoint['interface']) if endpoint['interface'] else address
    if family == 'ipv6':
        bound = '[%s]' % bound
    wanted = '%s/%s:%d' % (endpoint['protocol'], bound, endpoint['port'])
    if endpoint['namespace']:
        wanted = '%s@%s' % (wanted, endpoint['namespace'])
    if endpoint['id'] != wanted:
        return Fault('does not fit protocol, address, interface, port and namespace', 'id')
    owners = endpoint['owners']
    if endpoint['owners_total'] < len(owners):
        return Fault('is less than there are owners', 'owners_total')
    if (endpoint['held_by'] == 'processes') != bool(owners):
        return Fault('does not fit the owners', 'held_by')
    return None


_each_listener = _schema.items(_listener, 1000 * 1000)
_likenesses = Likenesses(_listener, _contradiction, _pid, _started, _port)
