# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a host's listeners is to stay, as lines that are the same where nothing has changed.

There is no pid in it, no time, no number of workers, no address of the host and no backlog. All text is what the host
wrote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .. import _identity, _schema
from .._identity import HOLDERS, NOBODY, Holder
from .._listener import WIDEST_FIRST, Listener, endpoints, forwarded_to, is_hidden, serving
from .._schema import Fault
from .._shape import LEVELS, PROTOCOLS, Exposure, Facts
from .._windows.listeners import is_here
from .._windows.names import fold

SCHEMA = 1
# What a look can have been blind to, as the facts have it
ASPECTS = ('sockets', 'binding', 'owners', 'units', 'firewall', 'namespaces')

_EPHEMERAL = 'ephemeral'        # in place of a port
_LISTED = 'listed'
# What a line may have besides
_LISTS, _FLAGS = ('users', 'bound', 'reached_by', 'to'), ('deleted', 'published', 'passing')
_UNKNOWN_FAMILY = ' ?'
_MOST_LINES = 1100 * 1000       # of a host: what listens, and what it forwards
_MOST = 10000                   # words of one kind in a line
_SCOPE = re.compile(r'[a-z]+')
_PORT_OF = re.compile(r'(?:[\d.]+|\[[0-9a-f:.]+\]):(\d+)', re.ASCII)
_FAMILIES = (('ipv4', 'accepts_ipv4'), ('ipv6', 'accepts_ipv6'))


class Line(NamedTuple):
    """Somebody on a port: all of his listeners there.

    :ivar namespace: the network namespace; empty for that of the host.
    :ivar port: a number; None for the UDP ports of the ephemeral range, which change on every start.
    :ivar holder: without users.
    :ivar users: those of the processes that serve it; nothing where they are not known, or nobody serves it now.
    :ivar deleted: whether an executable of these was deleted.
    :ivar bound: scopes, each with its device and family where it is limited to these: ``any``, ``link%eth0 ipv4``.
    :ivar reached_by: who reaches it, by the widest of its addresses: a level, or the networks that are listed; nothing
        where the firewall was not observed.
    :ivar to: where it is forwarded to.
    :ivar published: whether it only stands for something in a container, or elsewhere.
    :ivar passing: whether it is a port of the ephemeral range, which may change on every start.
    """

    namespace: str
    protocol: str
    port: int | None
    holder: Holder = NOBODY
    users: tuple[str, ...] = ()
    deleted: bool = False
    bound: tuple[str, ...] = ()
    reached_by: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    published: bool = False
    passing: bool = False

    @property
    def key(self) -> tuple[str, str, int | None]:
        """Its namespace, protocol and port."""
        return self.namespace, self.protocol, self.port

    @property
    def order(self) -> tuple[Any, ...]:
        """What lines are sorted by."""
        return self.namespace, self.protocol, 65536 if self.port is None else self.port, self.holder, self.bound


class Snapshot(NamedTuple):
    """What is kept of a host.

    :ivar complete: whether all of each aspect was observed; aspects that nobody asked for are not in it.
    """

    host: str
    complete: Mapping[str, bool]
    lines: tuple[Line, ...]

    def sees(self, aspect: str) -> bool:
        """Whether all of an aspect was observed."""
        return self.complete.get(aspect) is True


# From facts


def of_facts(host: str, facts: Facts) -> Snapshot:
    """Take out of facts what is to stay.

    :param facts: checked.
    """
    observed: Mapping[str, Any] = facts['complete']
    complete = {aspect: observed[aspect] for aspect in ASPECTS if observed.get(aspect) is not None}
    system = facts['system']
    found: dict[tuple[str, str, int | None, Holder], list[tuple[Listener, bool]]] = {}
    for listener in endpoints(facts):
        if listener['protocol'] != 'raw':       # its port is the number of a protocol
            is_passing = _identity.span(listener, system) is not None
            key = (_identity.space(listener['namespace']), listener['protocol'],
                   None if listener['ephemeral'] else listener['port'], _holder(listener))
            found.setdefault(key, []).append((listener, is_passing))
    lines = [_line(*key, listeners) for key, listeners in found.items()]
    return Snapshot(host, complete, tuple(sorted(lines, key=lambda line: line.order)))


def _holder(listener: Listener) -> Holder:
    """Name who holds a listener. Who starts a program of Windows writes its path in any case, which changes nothing."""
    holder = _identity.holder(listener)
    if is_here(listener) and holder.kind in (_identity.EXECUTABLE, _identity.PROCESS):
        holder = holder._replace(names=tuple(sorted(map(fold, holder.names))))
    return holder._replace(users=())


def _line(namespace: str, protocol: str, port: int | None, holder: Holder,
          listeners: Iterable[tuple[Listener, bool]]) -> Line:
    every = [listener for listener, dummy in listeners]
    return Line(
        namespace, protocol, port, holder, _users(every),
        any(owner['exe_deleted'] for listener in every for owner in serving(listener)),
        _bound(every), _reached_by([listener.get('exposure') for listener in every]),
        tuple(sorted({_target(listener, holder) for listener in every if forwarded_to(listener) is not None})),
        any(listener.get('behind') is not None or forwarded_to(listener) is not None for listener in every),
        port is not None and all(is_passing for dummy, is_passing in listeners))


def _users(listeners: Iterable[Listener]) -> tuple[str, ...]:
    """List the users of those who serve; nobody where some of them are not known."""
    users: set[str] = set()
    for listener in listeners:
        known = _identity.users(serving(listener))
        if is_hidden(listener) or known is None:
            return ()
        users.update(known)
    return tuple(sorted(users))


def _bound(listeners: Iterable[Listener]) -> tuple[str, ...]:
    """Say how far listeners are bound; what is bound to all addresses is not bound to some of them besides.

    A server that binds to each address of the host would else change with every bridge of containers.
    """
    families: dict[tuple[str, str | None], set[str]] = {}
    for listener in listeners:
        # of an address of the link it is a part of the address, and no device that it is bound to
        device = None if listener['scope'] == 'link' and listener['family'] == 'ipv6' else listener['interface']
        mine = families.setdefault((listener['scope'], device), set())
        mine.update(family for family, field in _FAMILIES if listener.get(field) is True)
        if any(listener.get(field) is None for dummy, field in _FAMILIES):
            mine.add('?')
    everywhere = families.get(('any', None))
    return tuple(sorted(
        _place(scope, device, mine) for (scope, device), mine in families.items()
        if everywhere is None or (scope, device) == ('any', None) or not mine <= everywhere))


def _place(scope: str, device: str | None, families: set[str]) -> str:
    place = scope if device is None else '%s%%%s' % (scope, device)
    if '?' in families:
        return place + _UNKNOWN_FAMILY
    return place if len(families) > 1 else '%s %s' % (place, *families) if families else place


def without_family(bound: Iterable[str]) -> tuple[str, ...]:
    """Leave the scopes and nothing else of how far something is bound."""
    return tuple(sorted({_scope(place) for place in bound}))


def _scope(place: str) -> str:
    match = _SCOPE.match(place)
    return match.group() if match else place


def knows_family(bound: Iterable[str]) -> bool:
    """Whether all families are known."""
    return not any(place.endswith(_UNKNOWN_FAMILY) for place in bound)


def _reached_by(exposures: Iterable[Exposure | None]) -> tuple[str, ...]:
    """Return who reaches something, by the widest of its addresses."""
    known = [exposure for exposure in exposures if exposure]
    if not known:
        return ()
    level = min((exposure['level'] for exposure in known), key=WIDEST_FIRST.index)
    if level != _LISTED:
        return (level,)
    listed: set[str] = set()
    for exposure in known:
        if exposure['level'] == _LISTED:
            listed.update(exposure['allowed'])
            # the addresses in such a set change every day
            listed.update('set %s' % (part['set'] or '?') for part in exposure.get('allowed_sets', ()))
            listed.update('not set %s' % (part['set'] or '?') for part in exposure.get('except_sets', ()))
    return tuple(sorted(listed)[:_MOST]) or (level,)


def _target(listener: Listener, holder: Holder) -> str:
    """Say where an endpoint is forwarded to. A container has another address after each start, and the same port."""
    target, ports = forwarded_to(listener) or '', str(listener.get('ports', ''))
    if holder.kind == _identity.CONTAINER:
        target = ', '.join(sorted({':' + match.group(1) for match in map(_PORT_OF.fullmatch, target.split(', '))
                                   if match}))
    return '%s to %s' % (ports, target) if '-' in ports else target


def merged(lines: Iterable[Line]) -> Line:
    """Make one line of several on one port: nobody says whose they are."""
    every = list(lines)
    first = every[0]
    levels = [line.reached_by for line in every if line.reached_by]
    words = {word for level in levels for word in level}
    widest = min(words.intersection(LEVELS), key=WIDEST_FIRST.index, default=None)
    listed = words.difference(LEVELS)
    if widest is not None and (not listed or WIDEST_FIRST.index(widest) < WIDEST_FIRST.index(_LISTED)):
        reached_by: tuple[str, ...] = (widest,)
    else:
        reached_by = tuple(sorted(listed))
    known = all(line.users for line in every)
    return first._replace(
        holder=first.holder if len(every) == 1 else NOBODY,
        users=tuple(sorted({user for line in every for user in line.users})) if known else (),
        deleted=any(line.deleted for line in every), reached_by=reached_by,
        bound=tuple(sorted({place for line in every for place in line.bound})),
        to=tuple(sorted({target for line in every for target in line.to})),
        published=any(line.published for line in every), passing=all(line.passing for line in every))


# To files and back


def encode(snapshot: Snapshot) -> bytes:
    """Write a snapshot as JSON, a line for each line: what differs between two files is what has changed."""
    head = json.dumps({'schema': SCHEMA, 'host': snapshot.host, 'complete': dict(snapshot.complete)})
    rows = ',\n'.join(json.dumps(_row(line)) for line in snapshot.lines)
    return ('%s, "listeners": [\n%s\n]}\n' % (head[:-1], rows)).encode('ascii')


def _row(line: Line) -> dict[str, Any]:
    """Return what is written of a line: nothing of what is not so."""
    row: dict[str, Any] = {'namespace': line.namespace} if line.namespace else {}
    row.update(protocol=line.protocol, port=_EPHEMERAL if line.port is None else line.port,
               holder=[line.holder.kind, *line.holder.names])
    for name in _LISTS:
        if getattr(line, name):
            row[name] = list(getattr(line, name))
    for name in _FLAGS:
        if getattr(line, name):
            row[name] = True
    return row


_text = _schema.text(20000)
_words = _schema.items(_text, _MOST)
_head = {
    'schema': _schema.integer(1, SCHEMA),
    'host': _schema.text(4096),
    'complete': _schema.mapping({}, dict.fromkeys(ASPECTS, _schema.boolean)),
}
_number = _schema.integer(0, 65535)


def _port(value: object) -> object:
    return value if value == _EPHEMERAL else _number(value)


_check = _schema.mapping({**_head, 'listeners': _schema.items(_schema.mapping({
    'protocol': _schema.choice(*(protocol for protocol in PROTOCOLS if protocol != 'raw')),
    'port': _port,
    'holder': _schema.items(_text, _MOST, 1),
}, {
    'namespace': _text, **dict.fromkeys(_LISTS, _words), **dict.fromkeys(_FLAGS, _schema.boolean),
}), _MOST_LINES)})


def decode(data: object, host: str | None = None) -> Snapshot:
    """Return the snapshot that a file has.

    :param data: decoded JSON, of whatever origin.
    :param host: whose it has to be; None for any.
    :raises Fault: it is not a snapshot, or that of another host.
    """
    checked = _check(data)
    if host is not None and checked['host'] != host:
        raise Fault('is another one', 'host')
    if 'sockets' not in checked['complete']:
        raise Fault('is missing', 'complete.sockets')
    lines = [_read(row, index) for index, row in enumerate(checked['listeners'])]
    return Snapshot(checked['host'], checked['complete'], tuple(sorted(lines, key=lambda line: line.order)))


def _read(row: Mapping[str, Any], index: int) -> Line:
    kind, *names = row['holder']
    if kind not in HOLDERS:
        raise Fault('has to be one of %s' % ', '.join(HOLDERS), 'listeners[%d].holder' % index)
    given: dict[str, Any] = {name: tuple(row[name]) for name in _LISTS if name in row}
    given.update((name, row[name]) for name in _FLAGS if name in row)
    return Line(row.get('namespace', ''), row['protocol'], None if row['port'] == _EPHEMERAL else row['port'],
                Holder(kind, tuple(names)), **given)
