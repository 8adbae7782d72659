# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Observes a host once: what the actions that run ``collect_listeners`` have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ...module_utils import _module
from .._harmless.terminal import sentence, wrapped
from .._shape import Facts, Status
from .._words import number
from . import firewall
from .unpack import FactError, unpack

# The options that are those of the module, and how many seconds a look may take.
ARGUMENTS: dict[str, dict[str, Any]] = {name: spec for name, spec in _module.ARGUMENTS.items() if name != 'diagnose'}
LIMIT: dict[str, dict[str, Any]] = _module.LIMIT
MAX_GAPS = 50
_MAX_PRINTED = 300              # characters


class Looked(NamedTuple):
    """What came of a look.

    :ivar status: ``ok`` with facts, ``failed`` or ``unreachable`` with a message.
    :ivar message: harmless to print.
    :ivar recorded_at: when by the clock of a controller, where that was before.
    :ivar beside: what the module answers beside the facts, which nobody has checked.
    :ivar snapshot: the rules by which it is judged who can reach what, checked; None where there are none. Of a Windows
        host it is all that it sent, by the key ``windows``.
    """

    status: Status
    message: str | None
    facts: Facts | None
    recorded_at: str | None = None
    beside: Mapping[str, Any] = {}
    snapshot: dict[str, Any] | None = None


class Asking(Protocol):
    """What asks a host, see ``_action.Action``."""

    @property
    def discovered(self) -> dict[str, Any]:
        """The fact that says which Python was found on the host; empty where none was looked for."""

    def ask(self, module: str, arguments: dict[str, Any], task_vars: dict[str, Any], keys: Iterable[str],
            seconds: float = 0) -> dict[str, Any]:
        """Run a module, on a Windows host that of this name for Windows."""


def look(action: Asking, options: Mapping[str, Any], task_vars: dict[str, Any], result: dict[str, Any],
         without_own: bool = False, module: str = 'collect_listeners', beside: Iterable[str] = (),
         **more: Any) -> Looked:
    """Run a module once, unpack the facts that it sends, and judge who can reach the listeners.

    :param action: that of the task.
    :param options: with those of ``ARGUMENTS``, and of ``LIMIT``.
    :param result: that of the task, which gets the interpreter that was discovered, and the warnings of the module.
    :param without_own: whether who can reach something is judged as if the table of ``port_filter`` were not there.
    :param module: that looks, and sends facts as ``collect_listeners`` does.
    :param beside: what else is known of its answer.
    :param more: further arguments for the module.
    """
    arguments = {name: options[name] for name in ARGUMENTS}
    try:
        answer = action.ask(module, dict(arguments, **more), task_vars, ['packed', *beside],
                            options['look_timeout'])
    except AnsibleConnectionFailure as exc:
        return Looked('unreachable', sentence(str(exc)), None)
    except AnsibleError as exc:         # such as a wrong password for become
        return Looked('failed', sentence(str(exc)), None)
    if action.discovered:
        result['ansible_facts'] = action.discovered
    warn(result, answer.get('warnings', ()))
    if answer.get('unreachable'):
        return Looked('unreachable', complaint(answer), None)
    if answer.get('failed'):
        return Looked('failed', complaint(answer), None)
    try:
        unpacked = unpack(answer.get('packed'))
        facts = firewall.judge(unpacked, without_own=without_own)
    except FactError as exc:
        return Looked('failed', str(exc), None)
    if unpacked.raw is not None and more.get('diagnose'):
        # not on the way of runs without a Windows host
        from .._windows import diagnose

        diagnoses = diagnose.look(unpacked.raw, facts, more['diagnose'])
        if diagnoses:
            facts['diagnoses'] = diagnoses
    # it is checked by now
    snapshot = {'windows': unpacked.raw} if unpacked.raw is not None else unpacked.snapshot
    return Looked('ok', None, facts, beside={key: answer[key] for key in beside if key in answer},
                  snapshot=snapshot if isinstance(snapshot, dict) else None)


def warn(result: dict[str, Any], texts: Iterable[str]) -> None:
    """Add warnings to the result of a task, each of them once."""
    known = result.get('warnings', [])
    new = [text for text in dict.fromkeys(map(wrapped, texts)) if text not in known]
    if new:
        result['warnings'] = known + new


def complaint(answer: Mapping[str, Any]) -> str:
    """Return what a module reports that failed, and what it printed where it broke.

    That is all it printed, or the last line of a traceback.
    """
    message = str(answer.get('msg') or _last(answer.get('exception')) or 'the module failed without a message')
    printed = str(answer.get('module_stderr') or answer.get('module_stdout') or '').strip()
    if len(printed) > _MAX_PRINTED:
        printed = printed.splitlines()[-1]
    return sentence('%s: %s' % (message.rstrip('.'), printed) if printed else message)


def _last(exception: str | None) -> str | None:
    """Return the message of an exception in the module: the last line of a traceback."""
    lines = (exception or '').strip().splitlines()
    return lines[-1] if lines else None


def in_words(facts: Facts) -> str:
    """Describe how many listeners there are, and what could not be observed."""
    parts = [number(len(facts['listeners']), 'listener')]
    for gap in facts['gaps'][:MAX_GAPS]:
        parts.append('%s not complete: %s' % (gap['aspect'], sentence(gap['message'], 300)))
        if gap['hint']:
            parts.append('hint: %s' % sentence(gap['hint'], 100))
    return '; '.join(parts)


def summary(facts: Facts) -> dict[str, Any]:
    """Return how much was observed."""
    return {'listeners': len(facts['listeners']), 'complete': facts['complete']}
