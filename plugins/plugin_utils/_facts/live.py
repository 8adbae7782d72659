# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at a host: what the actions that run ``collect_listeners`` have in common. Private to this collection."""

from typing import NamedTuple

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ...module_utils._subsets import COLLECTORS, SUBSETS
from .._harmless.terminal import sentence
from . import firewall, records
from .unpack import FactError, unpack

# The options that are those of the module.
ARGUMENTS = {
    'gather': {'type': 'list', 'elements': 'str', 'default': ['owners'], 'choices': list(SUBSETS)},
    'collector': {'type': 'str', 'choices': list(COLLECTORS), 'default': 'auto'},
    'max_sockets': {'type': 'int', 'default': 100000},
    'max_fds': {'type': 'int', 'default': 2000000},
}
MAX_GAPS = 50
_MAX_PRINTED = 300              # characters


class Looked(NamedTuple):
    """What came of a look.

    :ivar status: str, ``ok`` with facts, ``failed`` or ``unreachable`` with a message.
    :ivar message: str or None, harmless to print.
    :ivar facts: dict or None.
    :ivar recorded_at: str or None, when by the clock of a controller, where that was before.
    """

    status: str
    message: str | None
    facts: dict | None
    recorded_at: str | None = None


def run_id(given):
    """str: the id of this run.

    :param given: str or None, the option of that name.
    :raises AnsibleActionFail: it is none.
    """
    found = given or records.run_id(C.DEFAULT_LOCAL_TMP)
    if found == records.ANY_RUN or not records.RUN_ID.fullmatch(found):
        raise AnsibleActionFail('run_id has to be 1 to 64 letters, digits, dots, dashes and underscores, and not "any"')
    return found


def look(action, options, task_vars, result, **more):
    """Run the module once.

    :param action: ansible.plugins.action.ActionBase, that of the task.
    :param options: dict, with those of ARGUMENTS.
    :param result: dict of the task, which gets the interpreter that was discovered, and the warnings of the module.
    :param more: further arguments for the module.
    :returns: Looked.
    """
    arguments = {name: options[name] for name in ARGUMENTS}
    try:
        answer = action._execute_module(module_name='listening.ports.collect_listeners', task_vars=task_vars,
                                        module_args=dict(arguments, **more))
    except AnsibleConnectionFailure as exc:
        return Looked('unreachable', sentence(str(exc)), None)
    except AnsibleError as exc:         # such as a wrong password for become
        return Looked('failed', sentence(str(exc)), None)
    if action._discovered_interpreter_key:
        result['ansible_facts'] = {action._discovered_interpreter_key: action._discovered_interpreter}
    warn(result, [sentence(text) for text in answer.get('warnings') or () if isinstance(text, str)])
    if answer.get('unreachable'):
        return Looked('unreachable', _complaint(answer), None)
    if answer.get('failed'):
        return Looked('failed', _complaint(answer), None)
    try:
        unpacked = unpack(answer.get('packed'))
        facts = firewall.judge(unpacked)
    except FactError as exc:
        return Looked('failed', str(exc), None)
    return Looked('ok', None, facts)


def warn(result, texts):
    """Add warnings to the result of a task, each of them once."""
    known = result.get('warnings', [])
    new = [text for text in dict.fromkeys(texts) if text not in known]
    if new:
        result['warnings'] = known + new


def _complaint(answer):
    """str: what a module says that failed, and what it printed where it broke: all, or the last line of a traceback."""
    message = str(answer.get('msg') or _exception(answer.get('exception')) or 'the module failed without a word')
    printed = str(answer.get('module_stderr') or answer.get('module_stdout') or '').strip()
    if len(printed) > _MAX_PRINTED:
        printed = printed.splitlines()[-1]
    return sentence('%s: %s' % (message.rstrip('.'), printed) if printed else message)


def _exception(found):
    """str or None: an exception in the module, a traceback before ansible-core 2.19, and then an object."""
    if isinstance(found, str):
        return (found.strip().splitlines() or [None])[-1]
    return getattr(getattr(found, 'event', None), 'msg', None)


def in_words(facts):
    """str: how many listeners there are, and what could not be observed."""
    count = len(facts['listeners'])
    parts = ['1 listener' if count == 1 else '%d listeners' % count]
    for gap in facts['gaps'][:MAX_GAPS]:
        parts.append('%s not complete: %s' % (gap['aspect'], sentence(gap['message'], 300)))
        if gap['hint']:
            parts.append('hint: %s' % sentence(gap['hint'], 100))
    return '; '.join(parts)


def summary(facts):
    """dict: how much was seen."""
    return {'listeners': len(facts['listeners']), 'complete': facts['complete']}
