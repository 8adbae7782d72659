# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what ``win_stop_listener`` says of services, and says of listeners what came of that.

The module answers ``said``, the text of one JSON object: ``services``, what came of each; ``listening``, who holds the
endpoints of these afterwards; ``errors``, as in ``_windows/raw.py``. It is believed as far as its form goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .. import _schema
from .._schema import Fault
from .._windows import by_hand, diagnose, exit_codes, protected
from .._windows.names import fold
from .._windows.stop import Target
from . import stops

KEYS = ('said', 'changed')
STOPPED = 'stopped'
_MOST_ELEMENTS, _MOST = 1000 * 1000, 10 * 1000
# What a host finds when it checks
_REASONS = ('changes', 'shared_process', 'protected', 'in_use', 'dependents', 'serves_others', 'gone', 'unread',
            'not_stopped', 'not_restored')
_FAILED = ('not_stopped', 'not_restored')
_endpoint = _schema.matching(
    re.compile(r'(?:tcp|udp)(?:4/[0-9a-f]{8}|6/[0-9a-f]{32})/[0-9]{1,5}', re.ASCII), 'an endpoint')
_word = _schema.integer(0, 2 ** 32 - 1)
_names = _schema.items(_schema.text(1024), _MOST)
_form = _schema.mapping({
    'services': _schema.items(_schema.mapping({
        'service': _schema.text(1024),
        'status': _schema.choice('left', STOPPED),
        'reason': _schema.nullable(_schema.choice(*_REASONS)),
        'start': _schema.nullable(_word),
        'error': _schema.nullable(_schema.integer(-2 ** 63)),
        'others': _names,
    }), _MOST),
}, {'listening': _schema.nullable(_schema.items(_schema.row('has to be an endpoint and a process', _endpoint, _word),
                                                100 * 1000))})


class Said:
    """What a host says of services that it was to stop.

    :param text: the ``said`` of its answer.
    :param targets: what it was asked for.
    :param places: the endpoints of listeners, by their ids.
    :ivar start_types: the start type that each stopped service had, by its name; None where it has no name of ours.
    :raises Fault: it has another form, or is about others.
    """

    def __init__(self, text: object, targets: Iterable[Target], places: Mapping[str, str]) -> None:
        if not isinstance(text, str):
            raise Fault('has to be text', 'said')
        said = _form(_schema.parse(text.encode('utf-8', 'surrogatepass'), _MOST_ELEMENTS))
        self._places, self._at = places, {endpoint: listener for listener, endpoint in places.items()}
        self._targets = {fold(target.service): target for target in targets}
        self._services = {fold(row['service']): row for row in said['services']}
        if len(self._services) < len(said['services']) or set(self._services) != set(self._targets):
            raise Fault('has to be about the services that were named, once each', 'services')
        self._has_looked = said.get('listening') is not None
        self._holders: dict[str, list[int]] = {}
        for endpoint, pid in said.get('listening') or ():
            self._holders.setdefault(endpoint, []).append(pid)
        self.start_types = {self._targets[name].service: diagnose.start_type(row['start'])
                            for name, row in self._services.items() if row['status'] == STOPPED}

    def rows(self, rows: Iterable[stops.Row], is_planned: bool) -> list[stops.Row]:
        """Say what came of listeners.

        :param rows: of ``stop.decide``.
        :param is_planned: whether the host only looked.
        """
        return [self._row(row, is_planned) if row['status'] == stops.CLOSED else row for row in rows]

    def code(self, rows: Iterable[stops.Row], is_planned: bool) -> str | None:
        """Return what failed, as ``stop_listener`` calls it; None for nothing."""
        rows = list(rows)
        if any(row['status'] in stops.STILL for row in rows):
            return 'listens'
        if any(row['reason'] in _FAILED for row in rows):
            return 'not_stopped'
        return 'not_looked' if self.start_types and not is_planned and not self._has_looked else None

    @property
    def changed(self) -> bool:
        """Whether the host is not as it was."""
        return bool(self.start_types) or any(row['reason'] == 'not_restored' for row in self._services.values())

    def way_back(self) -> str | None:
        """Return the PowerShell by which what was stopped runs again, with its start type; None where it has none."""
        return by_hand.together(by_hand.start(name, start or '') for name, start in self.start_types.items())

    def _row(self, row: stops.Row, is_planned: bool) -> stops.Row:
        service = row['units'][0]
        known = self._services[fold(service)]
        if known['status'] != STOPPED:
            reason, about = self._left(service, known, row)
            return {**row, 'status': stops.LEFT, 'reason': reason, 'about': about, 'units': [], 'again': []}
        if is_planned:
            return row
        row = {**row, 'about': {'start_type': self.start_types[self._targets[fold(service)].service] or ''}}
        pids = set(self._holders.get(self._places[row['listener']], ()))
        if not pids:
            return row
        if {process['pid'] for process in row['processes']} & pids:
            return {**row, 'status': stops.SURVIVED}
        return {**row, 'status': stops.RESPAWNED,
                'processes': [{'pid': pid, 'process': None, 'exe': None} for pid in sorted(pids)]}

    def _left(self, service: str, known: Mapping[str, Any], row: stops.Row) -> tuple[str, dict[str, Any]]:
        """Return why the host has left a service, and what a sentence on that needs."""
        reason, others = known['reason'] or 'unread', known['others']
        error = None if known['error'] is None else 'error %s' % exit_codes.with_words(known['error'] & 0xFFFFFFFF)
        if reason == 'unread':
            return 'hidden', {'why': ['%s could not be looked at once more%s' % (
                service, ': %s' % error if error else '')]}
        if reason == 'protected':
            found = protected.of_service(service)
            return reason, {'why': found.why if found else 'asked', 'name': service}
        if reason == 'serves_others':
            return reason, {'unit': service, 'others': [self._at.get(endpoint, endpoint) for endpoint in others]}
        about: dict[str, Any] = {'unit': service}
        if reason == 'in_use':
            about['by'] = 'unit'
        elif reason == 'shared_process':
            about.update(others=others, **{key: row['processes'][0][key] or '' for key in ('process', 'pid')})
        elif reason == 'dependents':
            about['others'] = others
        elif reason in _FAILED and error:
            about['error'] = error
        return reason, about


def arguments(targets: Sequence[Target], remote: bool) -> dict[str, Any]:
    """Return the options of ``win_stop_listener``."""
    return {'services': [{'name': target.service, 'pid': target.pid, 'started': '%d' % target.started,
                          'endpoints': list(target.endpoints)} for target in targets],
            'protected': protected.names(), 'remote': remote}


def units(rows: Iterable[stops.Row]) -> Iterator[str]:
    """Yield the services that are stopped for listeners, each once."""
    yield from dict.fromkeys(unit for row in rows if row['status'] != stops.LEFT for unit in row['units'])
