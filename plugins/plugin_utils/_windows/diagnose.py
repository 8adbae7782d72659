# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of Windows that should own a listener and do not: their state, and what the System log has of them.

The log is told by the ids and values of its events: their text is in the language of the host. Sources: SERVICE_STATUS
and QUERY_SERVICE_CONFIG, learn.microsoft.com; events of the Service Control Manager, as their message table has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from .._shape import Diagnosis, Facts
from .._words import number, some
from . import exit_codes, names
from .raw import Event, Raw, Service

WIN32, SPECIFIC, NEVER = RESULTS = ('win32', 'specific', 'never-started')
RUNNING, STOPPED = 4, 1
# dwCurrentState: the state of a unit that is nearest, and its name
_STATES = {1: ('inactive', 'stopped'), 2: ('activating', 'start-pending'), 3: ('deactivating', 'stop-pending'),
           4: ('active', 'running'), 5: ('activating', 'continue-pending'), 6: ('deactivating', 'pause-pending'),
           7: ('paused', 'paused')}
_STARTS = {0: 'boot', 1: 'system', 2: 'automatic', 3: 'manual', 4: 'disabled'}
_MOST_LINES = 5
_TOGETHER = 10 * 60 * 10 ** 7       # FILETIME: events of one failure are not further apart than ten minutes
_SUFFIX = '.service'                # entries may be written for hosts with systemd
_ERROR = re.compile(r'(?:%%)?([0-9]{1,10})', re.ASCII)
_NUMBER = re.compile(r'[0-9]{1,12}', re.ASCII)
# SC_ACTION_TYPE, with what follows after some seconds
_ACTIONS = {1: 'it is restarted', 2: 'the host is restarted', 3: 'a command is run'}

Values = Sequence[str]


def look(raw: Raw, facts: Facts, units: Iterable[str]) -> dict[str, Diagnosis]:
    """Diagnose services that own no listener.

    :param raw: what the host sent; its ``events`` are those of services that it was asked about.
    :param facts: those made of it.
    :param units: what should listen: names of services, or the names by which Windows shows them, in any case; also
        with ``.service``, which no service has to have in its name.
    :returns: by the names as they were given. What owns a listener under that name needs no diagnosis.
    """
    host = _Host(raw, facts)
    return {unit: known for unit in dict.fromkeys(units) for known in [host.diagnosis(unit)] if known}


def start_type(number: int | None) -> str | None:
    """Return the name of a dwStartType; None for one that is not known."""
    return None if number is None else _STARTS.get(number)


def unread(raw: Raw, source: str) -> str:
    """Say why a source has nothing: ``error 5 (access was denied)``. The text of the host is in its language."""
    codes = [error.number & 0xFFFFFFFF for error in raw.get('errors', ()) if error.source == source]
    return 'error %s' % exit_codes.with_words(codes[0]) if codes else 'the host does not say why'


class _Host:
    """The services of a host, and who owns its listeners."""

    def __init__(self, raw: Raw, facts: Facts) -> None:
        self._raw = raw
        services = raw.get('services')
        self._services = None if services is None else {names.fold(service.name): service for service in services}
        self._shown = {names.fold(shown): name for name, shown in (raw.get('displays') or {}).items()}
        events = raw.get('events')
        self._events = None if events is None else {names.fold(name): rows for name, rows in events.items()}
        self._is_seen = facts['complete']['owners'] is True and facts['complete']['units'] is True
        self._serving = {names.fold(name) for listener in facts['listeners'] for name in (
            listener['service'], listener['activated_by'], *(owner['unit'] for owner in listener['owners'])) if name}
        self._unclaimed = {owner['pid'] for listener in facts['listeners'] if listener['service'] is None
                           for owner in listener['owners']}
        self._started = {process.pid: process.started for process in raw.get('processes') or ()}

    def diagnosis(self, unit: str) -> Diagnosis | None:
        """Diagnose a service; None where it owns a listener under this name."""
        known: Diagnosis = {
            'unit': unit, 'id': None, 'load': None, 'active': None, 'sub': None, 'enabled': None, 'result': None,
            'exit': None, 'holds': False if self._is_seen else None, 'lines': [], 'unseen': []}
        if self._services is None:
            known['unseen'].append('the services of the host could not be read: %s' % unread(self._raw, 'services'))
            return known
        service = self._found(unit)
        if service is None:
            return None if _names(unit)[-1] in self._serving else {**known, 'id': _stem(unit), 'load': 'not-found'}
        if names.fold(service.name) in self._serving:
            if names.fold(service.name) in _names(unit):
                return None
            known['holds'] = True       # under the name that it has, and not the one that is shown
        self._fill(known, service)
        return known

    def _found(self, unit: str) -> Service | None:
        services = self._services or {}
        for name in _names(unit):
            service = services.get(name) or services.get(names.fold(self._shown.get(name, '')))
            if service:
                return service
        return None

    def _fill(self, known: Diagnosis, service: Service) -> None:
        """Fill in what Windows says of a service, and the end of its log."""
        active, sub = _STATES.get(service.state, (None, None))
        result, code = _result(service)
        if result in (WIN32, SPECIFIC):
            active = 'failed'
        known.update({'id': service.name, 'load': 'loaded', 'active': active, 'sub': sub,
                      'enabled': start_type(service.start), 'result': result, 'exit': code})
        if service.state == RUNNING and not known['holds']:
            self._doubt(known, service)
        if known['holds'] or active in ('inactive', None):
            return                      # what it logged earlier is not why
        events = None if self._events is None else self._events.get(names.fold(service.name))
        if events is None:
            known['unseen'].append('its events could not be read: %s' % unread(self._raw, 'events'))
            return
        known['lines'] = [text for event in _of_the_last(events, self._began(service))
                          for text in [in_words(event, code)] if text][-_MOST_LINES:]

    def _doubt(self, known: Diagnosis, service: Service) -> None:
        """Say where a service that runs may own a listener after all."""
        if service.pid in self._unclaimed:
            known['holds'] = None
            others = sorted(other.name for other in (self._services or {}).values()
                            if other.pid == service.pid and other is not service)
            known['unseen'].append(
                'its process owns listeners, and Windows does not say of which of its services they are%s' % (
                    ' (the others are %s)' % some(others) if others else ''))
        elif known['holds'] is None:
            known['unseen'].append('what it listens on is unknown, because not all owners of listeners are known')

    def _began(self, service: Service) -> int:
        """Return the time since when a service runs; 0 where it does not, or that is not known."""
        return self._started.get(service.pid) or 0 if service.state == RUNNING else 0


def _names(unit: str) -> tuple[str, ...]:
    """Return the folded names that may be meant."""
    return tuple(dict.fromkeys((names.fold(unit), names.fold(_stem(unit)))))


def _stem(unit: str) -> str:
    return unit[:-len(_SUFFIX)] if names.fold(unit).endswith(_SUFFIX) and len(unit) > len(_SUFFIX) else unit


def _result(service: Service) -> tuple[str | None, int | None]:
    """Return how the last run of a service ended, of RESULTS or ``success``, and its exit code."""
    code = service.exit & 0xFFFFFFFF
    if service.state != STOPPED:
        return None, None
    if code == exit_codes.NEVER_STARTED:
        return NEVER, None
    if code == exit_codes.SPECIFIC:
        return SPECIFIC, service.specific & 0xFFFFFFFF
    return (WIN32 if code else 'success'), code


def _of_the_last(events: Iterable[Event], began: int) -> list[Event]:
    """Return the events of the last failure, the latest one last.

    :param began: FILETIME; what was before is about an earlier run.
    """
    rows = sorted((event for event in events if event.at >= began), key=lambda event: event.at)
    return [event for event in rows if event.at >= rows[-1].at - _TOGETHER]


def in_words(event: Event, code: int | None) -> str | None:
    """Say what an event tells of a service; None for one that is not known.

    :param code: its exit code, which is said in words elsewhere.
    """
    words = _EVENTS.get(event.event)
    return words(event.properties, code) if words else None


def _value(values: Values, index: int) -> str:
    return values[index] if index < len(values) else ''


def _count(values: Values, index: int) -> int | None:
    match = _NUMBER.fullmatch(_value(values, index).strip())
    return int(match.group()) if match else None


def _error(values: Values, index: int, code: int | None, is_own: bool = False) -> str:
    """Show an error of an event, which has it as ``%%1053``; the words only where they are not said anyway."""
    match = _ERROR.fullmatch(_value(values, index).strip())
    if not match or int(match.group(1)) >= 1 << 32:
        return 'an error'
    found = int(match.group(1))
    return 'error %s' % (exit_codes.number(found) if found == code else exit_codes.with_words(found, is_own))


def _seconds(values: Values, index: int) -> str:
    """Show milliseconds: ``within 30 s``."""
    count = _count(values, index)
    return 'in time' if count is None else 'within %g s' % (count / 1000)


def _who(values: Values, index: int, otherwise: str) -> str:
    return ' '.join(_value(values, index).split())[:256] or otherwise


def _often(values: Values) -> str:
    count = _count(values, 1)
    return 'it ended unexpectedly%s' % ('' if count is None else ' (%s so far)' % number(count, 'time'))


def _then(values: Values) -> str:
    """Say what Windows does after a service has ended: the milliseconds and the type of its action."""
    action = _ACTIONS.get(_count(values, 3) or 0)
    wait = _count(values, 2)
    return '' if action is None else '; %s%s' % (action, '' if not wait else ' after %g s' % (wait / 1000))


# Their values, by [index] from 0: 7000 service, error; 7001 service, what it needs, error; 7009 and 7011 milliseconds,
# service; 7023 and 7024 service, error; 7031 service, times, milliseconds, action, its name; 7034 service, times;
# 7038 service, account, error; 7041 service, account
_EVENTS: Mapping[int, Callable[[Values, int | None], str]] = {
    7000: lambda values, code: 'it could not be started: %s' % _error(values, 1, code),
    7001: lambda values, code: 'it could not be started: it needs %s, which failed with %s' % (
        _who(values, 1, 'another service'), _error(values, 2, code)),
    7009: lambda values, code: 'it could not be started: it did not answer %s' % _seconds(values, 0),
    7011: lambda values, code: 'it timed out: it did not answer a request %s' % _seconds(values, 0),
    7023: lambda values, code: 'it ended with %s' % _error(values, 1, code),
    7024: lambda values, code: 'it ended with its own %s' % _error(values, 1, code, is_own=True),
    7031: lambda values, code: _often(values) + _then(values),
    7034: lambda values, code: _often(values),
    7038: lambda values, code: 'it could not log on as %s: %s' % (
        _who(values, 1, 'its account'), _error(values, 2, code)),
    7041: lambda values, code: 'it could not log on as %s, which may not log on as a service' % (
        _who(values, 1, 'its account')),
}
EVENTS = frozenset(_EVENTS)
