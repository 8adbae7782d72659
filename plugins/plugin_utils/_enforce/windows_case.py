# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows host that actions plan for, or stop services on: how it is asked, and what the result says.

There is no trial on it: what a way in may depend on is never stopped, and the host checks that itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleError

from .. import _action, _task_result
from .._facts import live
from .._schema import Fault
from .._shape import Facts
from .._windows import stop
from .._windows.raw import Raw
from . import stops, windows, windows_stops
from .lefts import BY_HAND
from .steps import NoAnswer, why

NEVER, EXPERIMENTAL = SWITCH = 'never', 'experimental'
_ANSWER, _EACH = 120, 40        # seconds in which a host has looked around, and stopped a service
_LOCAL = ('local',)
_OPTIONS = {name: spec.get('default') for name, spec in {**live.ARGUMENTS, **live.LIMIT}.items()}


def is_remote(connection: Any) -> bool:
    """Whether a host is reached by something on it that must not be stopped."""
    return str(connection.transport).rpartition('.')[2] not in _LOCAL


class Host:
    """A Windows host.

    :param options: those of ``live.ARGUMENTS`` and ``live.LIMIT``; what is missing has its default.
    :ivar facts: what listens on it, and ``raw``, what it sent.
    :raises NoAnswer: it could not be observed.
    """

    def __init__(self, action: _action.Action, options: Mapping[str, Any], task_vars: _action.Variables,
                 result: _action.Result, gather: Collection[str]) -> None:
        self._action, self._task_vars, self._result = action, task_vars, result
        self.remote = is_remote(action._connection)
        look = live.look(action, {**_OPTIONS, **options, 'gather': list(gather)}, task_vars, result, without_own=True,
                         plan=True)
        if look.facts is None:
            raise NoAnswer(look.message or 'the host does not say why', look.status == 'unreachable')
        raw = (look.snapshot or {}).get('windows')
        if raw is None:         # whatever it is, it answers in another way
            raise NoAnswer('the host did not send what a Windows host sends')
        self.facts: Facts = look.facts
        self.raw: Raw = raw

    def decide(self, ids: Iterable[str], patterns: Collection[str],
               switch: str) -> tuple[list[stops.Row], list[stop.Target]]:
        """Decide which listeners would be closed, see ``stop.decide``; text in the rows is harmless.

        :param switch: of SWITCH: with NEVER they are left to a person.
        """
        rows, targets = stop.decide(self.raw, self.facts, ids, patterns, self.remote)
        if switch == EXPERIMENTAL:
            rows = [{**row, 'command': None} if row['status'] == stops.CLOSED else row for row in rows]
        else:
            rows, targets = windows.unasked(rows), []
        return list(map(stops.harmless, rows)), targets

    def stop(self, rows: list[stops.Row], targets: list[stop.Target], is_planned: bool) -> dict[str, Any]:
        """Have the host stop services, or look whether it would; returns what came of the listeners. Raises NoAnswer.

        :param is_planned: whether Ansible runs in check mode, so that the host only looks.
        """
        if not targets:
            return {'status': 'unchanged', 'changed': False, 'listeners': rows, 'units': [], 'way_back': None}
        try:
            answer = self._action.ask('win_stop_listener', windows_stops.arguments(targets, self.remote),
                                      self._task_vars, windows_stops.KEYS, _ANSWER + _EACH * len(targets))
        except AnsibleError as exc:
            raise NoAnswer(why(exc)) from None
        live.warn(self._result, answer.pop('warnings', ()))
        if answer.get('failed') or answer.get('unreachable') or 'said' not in answer:
            raise NoAnswer(live.complaint(answer), bool(answer.get('unreachable')))
        places = {listener['id']: stop.endpoint_of(listener) for listener in self.facts['listeners']}
        try:
            said = windows_stops.Said(answer['said'], targets, places)
        except (Fault, ValueError) as fault:
            raise NoAnswer('the answer of the host is not valid: %s' % fault) from None
        rows = [stops.harmless(row) for row in said.rows(rows, is_planned)]
        code = said.code(rows, is_planned)
        did = said.changed
        status = 'failed' if code else 'unchanged' if not did else 'planned' if is_planned else 'kept'
        return {'status': status, 'changed': did, 'listeners': rows, 'units': list(windows_stops.units(rows)),
                'way_back': None if is_planned else said.way_back(), **({'code': code} if code else {})}


def close(action: _action.Action, options: _action.Options, task_vars: _action.Variables,
          result: _action.Result) -> None:
    """Close listeners of a Windows host, where that was asked for; the result says what came of it.

    :param options: those of ``stop_listener``.
    """
    name = _task_result.host_name(str(task_vars.get('inventory_hostname')))
    is_planned = bool(action._task.check_mode)
    try:
        host = Host(action, {}, task_vars, result, ['owners'])
        rows, targets = host.decide(options['listeners'], options['protected'], options['windows'])
        answer = host.stop(rows, targets, is_planned)
        if not is_planned and any(row['reason'] == BY_HAND for row in rows):
            answer.update(status='refused', code=BY_HAND)
    except NoAnswer as exc:
        result['unreachable' if exc.unreachable else 'failed'] = True
        result.update(status='failed', msg='%s: %s' % (name, exc))
        return
    lines = [stops.message(answer['listeners'], is_planned)]
    if answer['status'] == 'refused':
        lines.insert(0, 'nothing was stopped: %s.' % windows.NEVER_STOPPED)
    elif answer.get('code') == 'not_looked':
        lines.insert(0, 'what listens now could not be looked at.')
    way_back = answer.pop('way_back')
    if way_back:
        lines.append('To have it back: %s' % way_back)
    result.update(answer, connection=None, msg='%s: %s' % (name, '\n'.join(lines)))
    if answer['status'] in ('failed', 'refused'):
        result['failed'] = True
