# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a host stop what listens, logs in anew, and has it keep that. The documentation is in
plugins/modules/stop_listener.py.

A trial ends by a timer of systemd on the host, which starts again what was stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.listening.ports.plugins.module_utils._stop import arguments
from ansible_collections.listening.ports.plugins.plugin_utils import _action
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import results, stops, trial, windows_case
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.steps import Answer
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts

_UNTOUCHED = ('reverted', 'refused', 'busy')


class ActionModule(trial.Action):
    """The module of the same name, whose trial a new login confirms."""

    ARGUMENTS = {**arguments.ARGUMENTS, 'windows': {
        'type': 'str', 'choices': list(windows_case.SWITCH), 'default': windows_case.NEVER}}
    FAULT = staticmethod(arguments.fault)
    ON_WINDOWS = True
    PARAMETERS = host_facts.CLOSE
    WHY_NOT = {
        'async': ': what is stopped stays so only if a new login comes afterwards, and that is made here',
        'run_once': ': listeners of one host of the play would be closed, and all would pass',
        'delegate_to': ': what listens on another host than the listeners are of would be stopped',
    }

    def change(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Close listeners of the host."""
        if self.is_windows:
            windows_case.close(self, options, task_vars, result)
            return
        del options['windows']      # of which its module knows nothing
        Case(self, options, task_vars, result).run()


class Case(trial.Case):
    """The listeners of a host that are to be closed."""

    MODULE, KEYS = 'apply_stop_listener', stops.KEYS
    OF_THE_END = ('status', 'changed', 'code', 'msg', 'units')

    def formed(self, answer: Answer) -> Answer:
        """Check an answer of the module. Raises Fault."""
        return stops.formed(answer, self._options['listeners'])

    def is_settled(self, step: str, answer: Answer) -> bool:
        """Whether there is no use in asking again: also where all was done, and not all has come of it.

        A step that did not come to its end says nothing of listeners.
        """
        return super().is_settled(step, answer) or bool(answer['status'] == 'failed' and answer.get('listeners'))

    def tried(self, answer: Answer) -> dict[str, Any]:
        """Return the units that were stopped, and for which listeners."""
        return {'units': answer['units'], 'closed': [row['listener'] for row in answer['listeners']
                                                     if row['status'] == stops.CLOSED]}

    def settle(self, answer: Answer, settled: Answer) -> None:
        """Put what came of the trial into the answer to the first step. What it says of a listener last counts."""
        super().settle(answer, settled)
        last = {row['listener']: row for row in settled.get('listeners', ())}
        answer['listeners'] = [last.get(row['listener'], row) for row in answer['listeners']]

    def perhaps_begun(self, seconds: int) -> str:
        """Say what may be the case after an answer to the first step that did not come."""
        return 'If it has begun to stop units, they are started again by themselves within %d s.' % seconds

    def unheard(self, lost: str, reason: str, began: Answer) -> Answer:
        """Return what is known of a host that let us in, and did not answer, neither in the trial nor after it."""
        units = _units(began)
        return {'status': 'failed', 'listeners': _undone(began, stops.UNKNOWN), 'msg': (
            '%s, nor when the trial was over (%s). Whether the host keeps it is not known: if it does not, %s %s '
            'started again. Run this again' % (lost, reason, stops.names(units), stops.are(units)))}

    def unreached(self, lost: str, reason: str, began: Answer) -> Answer:
        """Return what is known of a host that lets nobody in, also not after what was stopped has to run again."""
        units = _units(began)
        return {'status': 'failed', 'listeners': _undone(began, stops.UNKNOWN), 'msg': (
            '%s, nor when the trial was over (%s). By then the host was to start %s again: see at its console '
            'whether it is up, and "systemctl status %s" there' % (
                lost, reason, stops.names(units), stops.operands(units)))}

    def unswept(self, lost: str, again: str, reason: str, began: Answer) -> Answer:
        """Return what is known of a host that does not say that all runs again."""
        units = _units(began)
        return {'status': 'failed', 'listeners': _undone(began, stops.UNKNOWN), 'msg': (
            '%s%s. Whether %s %s started again is not known (%s): see "systemctl status %s" on the host' % (
                lost, again, stops.names(units), stops.are(units), reason, stops.operands(units)))}

    def reverted(self, lost: str, again: str, began: Answer, ended: Answer) -> str:
        """Say that what was stopped runs again, but for what a boot has ended that does not start it."""
        back = ended['units'] if 'units' in ended else began['units']
        rest = [unit for unit in began['units'] if unit not in back]
        units = [unit for unit in _units(began) if unit not in rest]
        but = '; %s %s not, as a boot does not start that' % (stops.names(rest), stops.are(rest)) if rest else ''
        return '%s. %s %s started again%s%s' % (lost, stops.names(units), stops.are(units), but, again)

    def complete(self, answer: Answer) -> None:
        """Say what came of each listener."""
        rows, units = answer.setdefault('listeners', []), answer.setdefault('units', [])
        missing = set(self._options['listeners']).difference(row['listener'] for row in rows)
        if _some_listen(answer):
            answer['status'] = 'failed'
        elif missing and answer['status'] not in results.FAILING:
            answer.update(status='failed', listeners=[], msg=(
                'the host does not say what became of %s' % stops.names(sorted(missing))))
        elif answer['status'] == 'reverted':
            answer['listeners'] = _undone(answer, stops.REVERTED)
        if answer['status'] in _UNTOUCHED:
            answer['changed'] = False
        elif answer['listeners'] and stops.UNKNOWN not in {row['reason'] for row in rows}:
            answer['msg'] = '\n'.join(self._lines(answer, units))

    def _lines(self, answer: Answer, units: list[str]) -> Iterator[str]:
        """Yield the lines of the message, where it is known what came of each listener."""
        is_planned = answer['status'] == 'planned'
        if answer['status'] == 'failed' and not _some_listen(answer):
            yield '%s.' % answer.get('msg', 'failed').rstrip('.')
        yield stops.message(answer['listeners'], is_planned)
        if units and answer.get('changed') and not is_planned:
            yield 'To have it back: %s' % stops.way_back(units, self._options['mask'])


def _some_listen(answer: Answer) -> bool:
    """Whether something still listens that was to be closed."""
    return any(row['status'] in stops.STILL for row in answer.get('listeners', ()))


def _units(began: Answer) -> list[str]:
    """List the units that a trial has stopped, and those that went with them."""
    bystanders = [unit for row in began['listeners'] for unit in row['bystanders']]
    return list(dict.fromkeys([*began['units'], *bystanders]))


def _undone(answer: Answer, reason: str) -> list[stops.Row]:
    """Return what is known of listeners once a trial was not kept, or nobody knows whether it was."""
    return [{**row, 'status': stops.LEFT, 'reason': reason} if row['status'] == stops.CLOSED else row
            for row in answer['listeners']]
