# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what listens on a host. The documentation is in plugins/modules/assert_listeners.py."""

import datetime
import os
import time

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible_collections.listening.ports.plugins.plugin_utils import _task_result
from ansible_collections.listening.ports.plugins.plugin_utils._facts import live as _live, recorded, records
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.choice import Choice
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import advice, judge as _judge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals
from ansible_collections.listening.ports.plugins.plugin_utils._variables import collect, origins, roles
from ansible_collections.listening.ports.plugins.plugin_utils._words import number

_LIVE, _CACHED, _NONE = 'live', 'cached', 'none'
_ARGUMENTS = {
    # what is no list of mappings is refused with the words that are also those of variables
    'expected': {'type': 'raw'},
    'waivers': {'type': 'raw'},
    'entries': {'type': 'list', 'elements': 'str'},
    'declarations_from': {'type': 'list', 'elements': 'str'},
    'declaration': {'type': 'str', 'choices': ['required', 'optional'], 'default': 'required'},
    'facts': {'type': 'path', 'default': _LIVE},
    'max_age': {'type': 'int', 'default': 86400},
    **_live.ARGUMENTS,
    'gather': dict(_live.ARGUMENTS['gather'], default=None),
    'wait_for': {'type': 'int', 'default': 0},
    'poll': {'type': 'int', 'default': 2},
    'diagnose': {'type': 'bool', 'default': True},
    'fail': {'type': 'bool', 'default': True},
    'return_facts': {'type': 'bool', 'default': False},
    'max_findings': {'type': 'int', 'default': 50},
    'path': {'type': 'path'},
    'run_id': {'type': 'str'},
}
_LEAST = {'max_age': 0, 'wait_for': 0, 'poll': 1, 'max_findings': 1}
_MOST_LOOKS = 300
_SECOND_LOOK = 1        # seconds after which a client's socket is gone, or is none
_INSTANT = 0.05         # seconds by which a sleep may be too short


class ActionModule(ActionBase):
    """The declaration of a host, held against one look at it, or a second one where the first leaves a doubt."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        if self._task.async_val:
            raise AnsibleActionFail('assert_listeners does not work with async: the judgement is made on the controller, '
                                    'and the look at the host takes a moment; wait_for waits for what takes longer')
        result = super().run(tmp, task_vars)
        del tmp
        dummy, options = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        self._check(options)
        result['changed'] = False
        run_id = _live.run_id(options['run_id'])
        case = Case(self, options, task_vars, result)
        if not case.is_refused():
            case.judge()
        if options['path']:
            case.record(run_id)
        return result

    def _check(self, options):
        """Refuse what means nothing, or something else than whoever wrote it thinks. Raises AnsibleActionFail."""
        for name, least in _LEAST.items():
            if options[name] < least:
                raise AnsibleActionFail('%s has to be at least %d, not %d' % (name, least, options[name]))
        if options['entries'] is not None and not options['entries']:
            raise AnsibleActionFail('entries is empty, and nothing would be judged; leave it out to judge all')
        if options['declarations_from'] and 'expected' in self._task.args:
            raise AnsibleActionFail('declarations_from does not go with expected, which takes the place of all that is declared elsewhere')
        live = options['facts'] == _LIVE
        for name in ('delegate_to', 'run_once'):
            if live and getattr(self._task, name, None):
                raise AnsibleActionFail('assert_listeners does not work with %s, unless facts are recorded ones: the facts '
                                        'would be those of another host than the declaration, or those of one for all'
                                        % name)
        if options['wait_for'] and not live:
            raise AnsibleActionFail('wait_for does not go with facts that are recorded: they do not change')
        if options['path'] and options['entries']:
            raise AnsibleActionFail('path does not go with entries: the record of a host has the judgement of all')
        if options['path'] and options['facts'] in (_CACHED, _NONE):
            raise AnsibleActionFail('path does not go with facts: %s, for which there is no time to put into a record'
                                    % options['facts'])


class Case:
    """One host, what is declared for it, and what becomes of it.

    :ivar looked: Looked or None, ``policy``: Policy or None, ``found``: Result or None, ``refusal``: str or None.
    """

    def __init__(self, action, options, task_vars, result):
        self._action, self._options, self._task_vars, self._result = action, options, task_vars, result
        self._host = str(task_vars['inventory_hostname'])
        self._name = _task_result.host_name(self._host)
        self.looked = self.policy = self.found = self.refusal = self._whole = self._choice = None
        given = {name: options[name] for name in ('expected', 'waivers') if name in action._task.args}
        self._roles = roles.declared(options['declarations_from'], action._loader, action._task.collections)
        self._declared = collect.collect(action._task, task_vars, action._templar, given, self._roles)

    def is_refused(self):
        """Whether there is nothing to judge by. Nobody has looked at the host then, and the result says why."""
        warnings = self._declared.warnings
        try:
            if self._declared:
                self.policy = Policy.of(self._declared)
                warnings = self.policy.warnings
            elif self._declared.refusals:
                raise Refusals(self._declared.refusals)
            elif self._options['declaration'] == 'required' or self._options['entries']:
                self.refusal = ('Nothing is declared for this host. Set expected_listeners, even if to an empty list, in '
                                'its group_vars or host_vars; declaration: optional goes on without it.')
            if self.policy:
                self._choice = Choice(self.policy, self._options['entries'])
        except Refusals as exc:
            origins.locate(exc.items, {**self._task_vars, **self._roles.variables})
            self.refusal = _task_result.refusal(exc.items)
        self._warn(warnings)
        if self.refusal is None:
            return False
        self._result.update(status='refused', failing=True, msg='%s: %s' % (self._name, self.refusal))
        self._fail()
        return True

    def judge(self):
        """Get facts, hold them against the declaration, and say what comes of it."""
        if self.policy:
            self._result['policy'] = _task_result.policy_of(self.policy)
        if self._options['facts'] == _NONE:
            told = self.policy.summary if self.policy else 'nothing is declared'
            told = '%s: the declaration is in order; %s' % (self._name, told)
            self._result.update(status='ok', failing=False, msg=told)
            return
        waiting = self._look()
        if self.looked.facts is None:
            self._not_seen(waiting)
            return
        self._result.update(status='ok', summary=_live.summary(self.looked.facts))
        if self._options['return_facts']:
            self._result.setdefault('ansible_facts', {})['ansible_listening_ports'] = self.looked.facts
        if self.policy:
            self._say(waiting)
        else:
            self._result.update(failing=False, msg='%s: %s; nothing is declared for it' % (
                self._name, _live.in_words(self.looked.facts)))

    def _look(self):
        """Look until it is as declared, or the time is over; returns how long that took, in words."""
        source, age = self._options['facts'], self._options['max_age']
        if source == _LIVE:
            return self._look_live()
        self.looked = (recorded.from_cache(self._task_vars, age) if source == _CACHED
                       else recorded.from_path(source, self._host, age))
        if self.looked.facts and self.policy:
            self._hold(self.looked.facts)
        return ''

    def _look_live(self):
        options, started, looks, waited, earlier = self._options, time.monotonic(), 0, 0, None
        units = self._choice.services if options['diagnose'] and self._choice else []
        if options['gather'] is None:
            options['gather'] = ['owners', *(['firewall'] if self.policy and self.policy.needs_firewall else [])]
        pause = max(options['poll'], options['wait_for'] / _MOST_LOOKS)
        while True:
            # a unit that is still starting needs no diagnosis
            last = waited >= options['wait_for'] - _INSTANT
            more = {'diagnose': units} if units and last else {}
            self.looked = _live.look(self._action, options, self._task_vars, self._result, **more)
            looks += 1
            if not (self.looked.facts and self.policy):
                self.found = self._whole = None         # those of an earlier look
                break
            self._hold(self.looked.facts, earlier)
            earlier = self.looked.facts
            if self.found.failing and not last:
                time.sleep(max(0, min(pause, started + options['wait_for'] - time.monotonic())))
            elif self.found.second_look and looks == 1:
                time.sleep(_SECOND_LOOK)
            else:
                break
            waited = time.monotonic() - started
        waited = time.monotonic() - started
        if not options['wait_for']:
            return ''
        self._result.update(attempts=looks, waited=round(waited, 1))
        still = 'still so ' if self.found and self.found.failing else ''
        return '%safter %.1f s and %s' % (still, waited, number(looks, 'look'))

    def _hold(self, facts, earlier=None):
        """Facts against the declaration."""
        now = datetime.datetime.now(datetime.timezone.utc)
        self._whole = _judge.judge(facts, self.policy, now, earlier=earlier)
        self.found = self._choice.narrowed(self._whole)

    def _not_seen(self, waiting):
        status, said = self.looked.status, self.looked.message
        what = 'is unreachable' if status == 'unreachable' else 'could not be judged'
        self._result.update(status=status, failing=True, msg='%s %s%s: %s' % (
            self._name, what, ', %s' % waiting if waiting else '', said))
        if status == 'unreachable' and self._options['facts'] == _LIVE:
            # not by the exception: before 2.19 its message, the host's words in it, is registered as a template
            self._result['unreachable'] = True
        else:
            self._fail()

    def _say(self, waiting):
        """Put the judgement into the result."""
        most, found, difference = self._options['max_findings'], self.found, ()
        if self._action._task.diff:
            self._result['diff'] = _task_result.difference(self._host, found, most)
            difference = _task_result.difference_lines(self._result['diff'])
        self._warn(advice.advice(self._choice.entries, self.looked.facts, self._whole))
        seen = len(self.looked.facts['listeners'])
        self._result.update(_task_result.judged(found, most), msg=_task_result.message(
            self._host, found, self._choice, self.policy, most, waiting, seen, difference))
        if found.failing:
            self._fail()
        elif not self._options['path']:     # else the report has it
            _live.warn(self._result, filter(None, [_task_result.warning(self._host, found)]))

    def _warn(self, texts):
        # Ansible shows once what many hosts say in the same words, and an audit is about many
        name = '' if self._options['path'] else '%s: ' % self._name
        _live.warn(self._result, [name + text for text in texts])

    def _fail(self):
        if self._options['fail']:
            self._result['failed'] = True

    def record(self, run_id):
        """Write the record of the host, with the judgement in it."""
        looked = self.looked or _live.Looked('failed', self.refusal, None)
        entry = records.record(self._host, run_id, ansible_version, looked.status, looked.message, looked.facts,
                                bool(self._declared), self._judgement(), looked.recorded_at)
        try:
            path = records.write(os.path.abspath(self._options['path']), entry)
        except records.RecordError as exc:
            self._result.update(failed=True, failing=True, msg='\n'.join((
                '%s: %s.' % (self._name, visible(str(exc))), self._result['msg'])))
            return
        self._result.update(path=path, run_id=run_id)

    def _judgement(self):
        if self.refusal is not None:
            return records.refused(self.refusal, list(self._declared.variables))
        if self.found is None:
            return None
        from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import fleet
        return fleet.judgement(self.policy, self._whole)
