# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what was observed of hosts, from records or from what a fact cache keeps, as far as groups are made of it.

Of each host there is something usable, nothing, or something that cannot be used: the three are kept apart, for a host
of which nothing is known is not one on which nothing listens.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .. import _identity, _schema
from .._drift import store
from .._drift.snapshot import Line, without_family
from .._facts import check, records
from .._facts.age import too_old
from .._facts.glimpse import Glimpses
from .._facts.records import RecordError
from .._policy.judgement import fleet, verdict as _verdict
from .._schema import Fault
from .._shape import LEVELS, SCOPES, STATUSES
from .membership import is_of_windows

_KEYS = ('ansible_listening_ports', 'listening_ports')      # in a fact cache
# What a host may be called that a record adds to the inventory: no template, no path, nothing that steers a terminal
_HOST = re.compile(r'[^\W_][\w.:@%+-]{0,252}')


def _anything(value: object) -> object:
    return value


def _list(value: object) -> object:
    """Check that it is a list. Its elements are checked when groups are made of them. Raises Fault."""
    if not isinstance(value, list):
        raise Fault('has to be a list')
    return value


_judgement = _schema.nullable(_schema.mapping({
    'findings': _schema.items(
        _schema.mapping({'kind': _schema.text(100), 'fails': _schema.boolean}), fleet.MOST_FINDINGS),
    'failing': _schema.boolean,
    'refused': _schema.nullable(_schema.text(20000)),
}))
_record = _schema.mapping({
    'schema': _schema.integer(1, records.SCHEMA),
    'host': _schema.text(4096),
    'recorded_at': _schema.time,
    'status': _schema.choice(*STATUSES),
    'facts': _schema.nullable(_anything),
}, {'judgement': _judgement})
# As much of facts as groups need; the endpoints are checked while groups are made of them
_facts = _schema.mapping({
    'gathered_at': _schema.time,
    'complete': _schema.mapping({'sockets': _schema.boolean}),
    'listeners': _list,
}, {'forwarded': _list, 'collector': _anything, 'system': _anything})


class Observed(NamedTuple):
    """What is known of a host.

    :ivar facts: as they were, checked as far as the reader had to; None where the host was not observed, or nothing
        can be used.
    :ivar verdict: what became of it, one of ``VERDICTS``; None where that is not known.
    :ivar reason: why it cannot be used, harmless to print; None of what can be, and where there is nothing.
    :ivar is_brief: whether there is no more in the facts than groups need.
    :ivar made: the groups that its listeners make, which are not in the facts then.
    """

    host: str
    facts: Mapping[str, Any] | None = None
    verdict: str | None = None
    reason: str | None = None
    is_brief: bool = False
    made: Collection[str] = frozenset()

    @property
    def is_usable(self) -> bool:
        """Whether groups can be made of it."""
        return self.facts is not None or self.verdict is not None


@dataclass(frozen=True)
class Reader:
    """Reads records, or facts.

    :ivar max_age: seconds after which they cannot be used; 0 for any age.
    :ivar is_whole: whether all of the facts is going to be used, and has to be checked.
    :ivar clock: as ``time.time``.
    :ivar ask: the groups that a listener makes that is not of Windows, wherever it is bound, and an empty text for what
        is not known; None where that is asked later. Of listeners that are alike it is asked once. It may raise Fault.
    """

    max_age: int = 0
    is_whole: bool = False
    clock: Callable[[], float] = time.time
    ask: Callable[[Any], Collection[str]] | None = None

    @functools.cached_property
    def _glimpses(self) -> Glimpses[Collection[str]] | None:
        return None if self.ask is None or self.is_whole else Glimpses(self.ask, is_of_windows)

    def of_records(self, directory: str, hosts: Iterable[str]) -> Iterator[Observed]:
        """Read the newest record of each of these hosts, or a snapshot. Raises RecordError where there are none."""
        if store.is_snapshot(directory):
            yield from self._of_snapshot(directory, hosts)
            return
        with records.unchecked(directory) as folder:
            for host in hosts:
                yield self._of_file(folder, records.file_name(host), host) or Observed(host)

    def of_all_records(self, directory: str) -> Iterator[Observed]:
        """Read all records that there are, or a snapshot. Raises RecordError where there are none at all.

        Where a file cannot be used, its name stands for the host.
        """
        if store.is_snapshot(directory):
            yield from self._of_snapshot(directory, None)
            return
        with records.unchecked(directory) as folder:
            for file in folder.files():
                observed = self._of_file(folder, file, None)
                if observed:
                    yield observed

    def _of_snapshot(self, directory: str, hosts: Iterable[str] | None) -> Iterator[Observed]:
        """Read a snapshot: these hosts, or all that are in it. Raises RecordError where it is none."""
        with store.opened(directory) as folder:
            times = folder.index().hosts
            for host in sorted(folder.files) if hosts is None else hosts:
                file = host if hosts is None else records.file_name(host)
                yield self._kept(folder, file, host, times, hosts is None) or Observed(host)

    def _kept(self, folder: store.Folder, file: str, host: str, times: Mapping[str, Mapping[str, str | None]],
              is_any: bool) -> Observed | None:
        """Return what a snapshot has of a host; None where there is nothing.

        :param host: its name; that of the file, where ``is_any``.
        :param times: when hosts were recorded.
        """
        try:
            made = folder.of_file(file, None if is_any else host)
            if made is None:
                return None
            if is_any and not _HOST.fullmatch(made.host):
                raise RecordError('its name cannot be that of a host')
            host = made.host
            stamp = times.get(host, {}).get('recorded_at')
            if self.max_age:
                if stamp is None:
                    raise RecordError('the snapshot does not say when it was recorded')
                self._refuse_old(stamp, 'the snapshot')
        except RecordError as exc:
            return Observed(host, reason=str(exc))
        return Observed(host, {'listeners': [_endpoint(line) for line in made.lines]}, is_brief=True)

    def of_facts(self, host: str, kept: object) -> Observed:
        """Read what a fact cache keeps of a host; how old its facts are is known by the clock of the host alone."""
        facts = next((kept[key] for key in _KEYS if key in kept), None) if isinstance(kept, dict) else None
        if facts is None:
            return Observed(host)
        try:
            checked = self._checked(facts)
            self._refuse_old(checked['gathered_at'], 'the cached set of facts')
        except Fault as fault:
            return Observed(host, reason='the cached facts are not valid: %s' % fault)
        except RecordError as exc:
            return Observed(host, reason=str(exc))
        return Observed(host, checked)

    def _of_file(self, folder: records.Unchecked, file: str, host: str | None) -> Observed | None:
        """Read one record, which is of this host if one is given; None where there is none."""
        name = host or file
        try:
            found = folder.decoded(file, self._decoded)
            if found is None:
                return None
            data, answers = found
            entry: Mapping[str, Any] = _record(data)
            name = entry['host']
            if records.file_name(name) != file or (host is None and not _HOST.fullmatch(name)):
                name = host or file
                raise RecordError('it is the record of another host, or its name cannot be that of a host')
            return self._of_record(entry)._replace(made=frozenset().union(*answers) - {''})
        except Fault as fault:
            reason = 'the record is not valid: %s' % fault
        except RecordError as exc:
            reason = str(exc)
        return Observed(name, reason=reason)

    def _decoded(self, data: bytes) -> tuple[Any, Sequence[Collection[str]]]:
        """Decode a record, and ask about its listeners where they are alike those of others. Raises Fault."""
        found = self._glimpses.of(data) if self._glimpses else None
        return found or (records.parsed(data), ())

    def _of_record(self, entry: Mapping[str, Any]) -> Observed:
        """Return what a record has, whose own fields are checked. Raises Fault or RecordError."""
        if (entry['status'] == 'ok') != (entry['facts'] is not None):
            raise Fault('contradicts the status', 'facts')
        self._refuse_old(entry['recorded_at'])
        facts = None if entry['facts'] is None else self._checked(entry['facts'])
        return Observed(entry['host'], facts, _verdict.of_judgement(facts, entry.get('judgement')))

    def _checked(self, facts: object) -> Mapping[str, Any]:
        """Check facts as far as they are used. Raises Fault."""
        checked: Mapping[str, Any] = check.check(facts) if self.is_whole else _facts(facts)
        return checked

    def _refuse_old(self, stamp: str, what: str = 'the record') -> None:
        """Raise RecordError for what is not of the time that it has to be of."""
        stale = too_old(stamp, self.max_age, self.clock(), what) if self.max_age else None
        if stale:
            raise RecordError(stale)


def _endpoint(line: Line) -> dict[str, Any]:
    """Return as much of an endpoint as groups need."""
    scopes = without_family(line.bound)
    level = line.reached_by[0] if len(line.reached_by) == 1 and line.reached_by[0] in LEVELS else 'listed'
    return {
        'protocol': line.protocol, 'port': line.port or 0, 'ephemeral': line.port is None,
        'namespace': line.namespace or None, 'scope': next((scope for scope in SCOPES if scope in scopes), ''),
        'exposure': {'level': level} if line.reached_by else None, 'owners': [],
        'service': line.holder.names[0] if line.holder.kind == _identity.SERVICE and line.holder.names else None,
    }
