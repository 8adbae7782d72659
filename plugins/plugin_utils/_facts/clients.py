# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps who came to the listeners of hosts, over many runs: a file for each host, beside the records.

``<directory>/clients/<host>.json`` has networks and counts, no more of them than are kept of one look. A network that
came is never forgotten, unless its listener is: a wider one may take its place.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from ...module_utils._addresses import aggregate
from .. import _draft, _schema
from .._harmless.terminal import visible
from .._schema import Fault
from .._shape import Came, Clients, Facts, History, Visited
from . import check, records

_FOLDER = 'clients'
_MOST_LISTENERS = 4096
_FAMILIES = ((4, 'ipv4'), (6, 'ipv6'))
# What is not complete about other listeners than those that are kept.
_ELSEWHERE = {'other_namespaces', 'led_elsewhere'}
_UNSURE = 'own_addresses'

_came = _schema.mapping({'first': _schema.time, 'last': _schema.time, 'runs': _schema.integer(),
                         'most': _schema.integer()})
_check = _schema.mapping({
    'schema': _schema.integer(1, 1),
    'host': _schema.text(4096),
    'run_id': _schema.matching(records.RUN_ID, 'the id of a run'),
    'began': _schema.time,
    'listeners': _schema.table(_schema.text(20000), _schema.mapping({
        'first': _schema.nullable(_schema.time),
        'last': _schema.nullable(_schema.time),
        'runs': _schema.integer(),
        'days': _schema.integer(),
        'itself': _schema.boolean,
        **{name: _schema.table(check.network(family), _came, aggregate.MOST) for family, name in _FAMILIES},
    }), _MOST_LISTENERS),
})


def has_any(facts: Facts | None) -> bool:
    """Whether somebody looked for clients."""
    return facts is not None and facts['complete'].get('connections') is not None and any(
        listener.get('clients') for listener in facts['listeners'])


def merged(history: History | None, facts: Facts, host: str, run: str, now: str) -> History:
    """Add what was seen in one look.

    To look twice in one run counts once.

    :param facts: with ``clients``, see ``has_any``.
    :param now: the time in UTC.
    """
    is_again = history is not None and history['run_id'] == run
    began = history['began'] if history and is_again else now
    gaps = {gap['code'] for gap in facts['gaps'] if gap['aspect'] == 'connections'}
    listeners = dict(history['listeners']) if history else {}
    # the host itself must not be taken for a client: a listener has none then, and that would be hidden
    for key, clients in _clients(facts) if _UNSURE not in gaps else ():
        look = _Look(clients, began if is_again else None, now, facts['complete']['sockets'] and gaps <= _ELSEWHERE)
        listeners[key] = look.added(listeners.get(key))
    if len(listeners) > _MOST_LISTENERS:        # those that are gone for longest are forgotten
        latest = sorted(listeners, key=lambda key: (listeners[key]['last'] or '', key))[-_MOST_LISTENERS:]
        listeners = {key: listeners[key] for key in sorted(latest)}
    return {'schema': 1, 'host': host, 'run_id': run, 'began': began, 'listeners': listeners}


def _clients(facts: Facts) -> Iterable[tuple[str, Clients]]:
    """Find who came to listeners, and to what is led elsewhere: nothing of what could not be looked at."""
    found: dict[str, list[Clients]] = {}
    for listener in facts['listeners']:
        clients = listener.get('clients')
        if clients and listener['protocol'] == 'tcp' and listener['namespace'] is None:
            found[listener['id']] = [clients]
    led = facts.get('led_elsewhere')
    for forward in facts.get('forwarded', ()):
        # what only holds the port of a container has the same id, or sees some of its clients
        some = found.pop(forward['id'], []) + found.get(forward['proxy'] or '', [])
        if led is not None and forward['protocol'] == 'tcp' and forward['namespace'] is None:
            first, dummy, last = forward['ports'].partition('-')
            found[forward['id']] = some + [
                item['clients'] for item in led
                if item['family'] == forward['family'] and int(first) <= item['port'] <= int(last or first)
                and forward['address'] in (item['address'], '0.0.0.0', '::')]
    return [(key, _together(some)) for key, some in found.items()]


def _together(some: Sequence[Clients]) -> Clients:
    """Unite who came in several ways."""
    if len(some) == 1:
        return some[0]
    nets: dict[str, dict[str, int]] = {}
    for family, name in _FAMILIES:
        counts: dict[Any, int] = {}
        for clients in some:
            for text, count in cast(Mapping[str, Mapping[str, int]], clients)[name].items():
                network = aggregate.of_text(text, family)
                counts[network] = counts.get(network, 0) + count
        nets[name] = {aggregate.text(network, family): count
                      for network, count in aggregate.counted(counts, family).items()}
    return {'ipv4': nets['ipv4'], 'ipv6': nets['ipv6'], 'itself': sum(clients['itself'] for clients in some)}


class _Look:
    """What was seen of one listener.

    :ivar began: when this run began, if it has looked before.
    """

    def __init__(self, clients: Clients, began: str | None, now: str, is_complete: bool) -> None:
        self._clients, self._began, self._now, self._is_complete = clients, began, now, is_complete

    def added(self, old: Visited | None) -> Visited:
        """Return who came to the listener until now."""
        known: Visited = old or {
            'first': None, 'last': None, 'runs': 0, 'days': 0, 'itself': False, 'ipv4': {}, 'ipv6': {}}
        made = cast(Visited, dict(known, itself=known['itself'] or self._clients['itself'] > 0,
                                  ipv4=self._networks(known['ipv4'], self._clients['ipv4'], 4),
                                  ipv6=self._networks(known['ipv6'], self._clients['ipv6'], 6)))
        if self._is_complete:
            made['days'] += known['last'] is None or known['last'][:10] < self._now[:10]
            made['runs'] += not self._is_counted(known['last'])
            made['first'] = known['first'] or self._now
            made['last'] = max(known['last'] or self._now, self._now)
        return made

    def _is_counted(self, last: str | None) -> bool:
        """Whether this run has been counted already."""
        return self._began is not None and last is not None and last >= self._began

    def _networks(self, known: Mapping[str, Came], counts: Mapping[str, int], family: int) -> dict[str, Came]:
        before = {aggregate.of_text(text, family): came for text, came in known.items()}
        now = {aggregate.of_text(text, family): count for text, count in counts.items()}
        covers: dict[Any, Any] = aggregate.covers(before.keys() | now.keys(), family)
        result: dict[Any, Came] = {}
        for network, came in before.items():
            cover = covers[network]
            result[cover] = _both(result[cover], came) if cover in result else came
        seen: dict[Any, int] = {}
        for network, count in now.items():
            seen[covers[network]] = seen.get(covers[network], 0) + count
        for cover, count in seen.items():
            came = result.get(cover, {'first': self._now, 'last': '', 'runs': 0, 'most': 0})
            result[cover] = {
                'first': came['first'], 'last': max(came['last'], self._now),
                'runs': came['runs'] + (not self._is_counted(came['last'])), 'most': max(came['most'], count)}
        return {aggregate.text(network, family): result[network] for network in sorted(result)}


def _both(one: Came, other: Came) -> Came:
    """Unite what is known of two parts of a network: no more than is sure."""
    return {'first': min(one['first'], other['first']), 'last': max(one['last'], other['last']),
            'runs': max(one['runs'], other['runs']), 'most': max(one['most'], other['most'])}


def keep(directory: str, host: str, facts: Facts | None, run: str, shared: bool = False) -> None:
    """Add what was seen in one look to what is kept of a host; nothing where nobody looked for clients.

    :param directory: that of the records, in which that of this host is already.
    :param shared: whether others may write to the directory, too.
    :raises RecordError: it cannot be read, believed or written, and is as it was.
    """
    if facts is None or not has_any(facts):
        return
    folder, name = os.path.join(directory, _FOLDER), records.file_name(host)
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
        with records.opened_folder(directory, shared, _FOLDER) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)      # another run may be about to write the same file
            history = merged(_read(handle, host, shared), facts, host, run, records.now())
            _draft.write(handle, name, json.dumps(history, separators=(',', ':')).encode('ascii'))
    except OSError as exc:
        raise records.RecordError('who came cannot be written to %s: %s' % (folder, exc.strerror)) from exc


@contextlib.contextmanager
def opened(directory: str, shared: bool = False) -> Iterator[Callable[[str], History | None]]:
    """Open what is kept, to read it of many hosts.

    :param shared: whether it may be by somebody else.
    :returns: what reads that of a host; it returns None where there is none, and raises RecordError where it cannot be
        read or believed.
    :raises RecordError: the directory cannot be read or believed.
    """
    with contextlib.ExitStack() as stack:
        try:
            handle = stack.enter_context(records.opened_folder(directory, shared, _FOLDER))
        except FileNotFoundError:
            yield lambda host: None
            return
        except OSError as exc:
            raise records.RecordError('who came cannot be read from %s: %s' % (
                visible(os.path.join(directory, _FOLDER), 500), exc.strerror)) from exc
        yield lambda host: _read(handle, host, shared)


def _read(folder: int, host: str, shared: bool) -> History | None:
    name = records.file_name(host)
    what = 'the file %s/%s' % (_FOLDER, name)
    data = records.decoded_file(contextlib.nullcontext(folder), name, what, os.O_NOFOLLOW, shared)
    if data is None:
        return None
    try:
        history: History = _check(data)
    except Fault as fault:
        # the keys are text of the host
        raise records.RecordError('%s is not valid: %s. Remove it to begin anew' % (what, fault.reason)) from None
    if history['host'] != host:
        raise records.RecordError('%s belongs to another host' % what)
    return history
