# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what listens on a host. The documentation is in plugins/modules/assert_listeners.py."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from ansible.errors import AnsibleActionFail
from ansible.release import __version__ as ansible_version
from ansible_collections.listening.ports.plugins.plugin_utils import _action, _task_result
from ansible_collections.listening.ports.plugins.plugin_utils._facts import clients, live, recorded, records
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.choice import Choice
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import advice, fleet, judge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement.verdict import passes, verdict
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals, Refused
from ansible_collections.listening.ports.plugins.plugin_utils._shape import Facts
from ansible_collections.listening.ports.plugins.plugin_utils._variables import collect, origins, places, roles
from ansible_collections.listening.ports.plugins.plugin_utils._words import number

_LIVE, _CACHED, _NONE = 'live', 'cached', 'none'
_LEAST = {'max_age': 0, 'look_timeout': 0, 'wait_for': 0, 'poll': 1, 'max_findings': 1}
_MOST_LOOKS = 300
_SECOND_LOOK = 1        # seconds after which the socket of a client is gone, or is not one
_INSTANT = 0.05         # seconds by which a sleep may be too short


class ActionModule(_action.Action):
    """The declaration of a host, compared with one look at it, or a second one where the first leaves a doubt.

    :cvar clock: has ``time``, ``monotonic`` and ``sleep``. :cvar seconds_of_run: as in ``recorded``.
    """

    ARGUMENTS = {
        # what is not a list of mappings is refused with the words that are also those of variables
        'expected': {'type': 'raw'},
        'waivers': {'type': 'raw'},
        'entries': {'type': 'list', 'elements': 'str'},
        'declarations_from': {'type': 'list', 'elements': 'str'},
        'declaration': {'type': 'str', 'choices': ['required', 'optional'], 'default': 'required'},
        'facts': {'type': 'path', 'default': _LIVE},
        'max_age': {'type': 'int', 'default': 86400},
        **live.ARGUMENTS,
        **live.LIMIT,
        'gather': dict(live.ARGUMENTS['gather'], default=None),
        'wait_for': {'type': 'int', 'default': 0},
        'poll': {'type': 'int', 'default': 2},
        'diagnose': {'type': 'bool', 'default': True},
        'fail': {'type': 'bool', 'default': True},
        'return_facts': {'type': 'bool', 'default': False},
        'max_findings': {'type': 'int', 'default': 50},
        'path': {'type': 'path'},
        'run_id': {'type': 'str'},
        **_action.SHARED,
    }
    clock: ClassVar[Any] = time
    seconds_of_run = staticmethod(recorded.seconds_of_run)

    def run(self, tmp: str | None = None, task_vars: _action.Variables | None = None) -> _action.Result:
        """Refuse what cannot work before anything else."""
        if self._task.async_val:
            raise AnsibleActionFail('assert_listeners does not work with async: it judges on the controller, and '
                                    'observing the host takes only a moment; to wait longer, use wait_for')
        return super().run(tmp, task_vars)

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Judge the host, and record what came of it where that is asked for."""
        self._check(options)
        run_id = _action.run_id(options)
        case = Case(self, options, task_vars, result)
        if not case.is_refused():
            case.judge()
        if options['path']:
            case.record(run_id)

    def _check(self, options: _action.Options) -> None:
        """Refuse what means nothing, or something else than whoever wrote it thinks. Raises AnsibleActionFail."""
        _action.refuse_less(options, _LEAST)
        if options['entries'] is not None and not options['entries']:
            raise AnsibleActionFail('entries is empty, and nothing would be judged; leave it out to judge all')
        if options['declarations_from'] and 'expected' in self._task.args:
            raise AnsibleActionFail('declarations_from cannot be combined with expected, which replaces everything '
                                    'declared elsewhere')
        is_live = options['facts'] == _LIVE
        self.refuse_other_hosts(': one host of the play would be judged, and all would pass', ['run_once'])
        if is_live:
            self.refuse_other_hosts(', unless the facts are recorded: they would be of another host than the '
                                    'declaration', ['delegate_to'])
        if options['wait_for'] and not is_live:
            raise AnsibleActionFail('wait_for cannot be combined with recorded facts: they do not change')
        if options['path'] and options['entries']:
            raise AnsibleActionFail('path cannot be combined with entries: the record of a host contains the '
                                    'judgement by all of them')
        if options['path'] and options['facts'] in (_CACHED, _NONE):
            raise AnsibleActionFail('path cannot be combined with facts: %s, which have no time to record'
                                    % options['facts'])


class _Judged(NamedTuple):
    """A judgement.

    :ivar whole: that of the whole policy. :ivar chosen: what it says of the entries that the task is about.
    """

    whole: judge.Result
    chosen: judge.Result


class Case:
    """One host, what is declared for it, and what becomes of it.

    :ivar refusal: why its declaration is refused.
    """

    def __init__(self, action: ActionModule, options: _action.Options, task_vars: _action.Variables,
                 result: _action.Result) -> None:
        self._action, self._options, self._task_vars, self._result = action, options, task_vars, result
        self._host = str(task_vars['inventory_hostname'])
        self._name = _task_result.host_name(self._host)
        self.refusal: str | None = None
        self._faults: Sequence[Refused] = ()
        self._looked: live.Looked | None = None
        self._policy: Policy | None = None
        self._choice: Choice | None = None
        self._judged: _Judged | None = None
        given = {name: options[name] for name in ('expected', 'waivers') if name in action._task.args}
        self._roles = roles.declared(options['declarations_from'], action._loader, action._task.collections)
        self._declared = collect.collect(action._task, task_vars, action._templar, given, self._roles)

    def is_refused(self) -> bool:
        """Whether there is nothing to judge by. The host is not observed then, and the result has the reason."""
        warnings = self._declared.warnings
        try:
            if self._declared:
                self._policy = Policy.of(self._declared)
                warnings = self._policy.warnings
            elif self._declared.refusals:
                raise Refusals(self._declared.refusals)
            elif self._options['declaration'] == 'required' or self._options['entries']:
                self.refusal = ('This host has no declaration. Set expected_listeners in its group_vars or host_vars, '
                                'even to an empty list; declaration: optional (of the role audit: audit_declaration) '
                                'continues without it.')
            if self._policy:
                self._choice = Choice(self._policy, self._options['entries'])
        except Refusals as exc:
            origins.locate(exc.items, self._written())
            self._faults = exc.items
            self.refusal = _task_result.refusal(exc.items)
        self._warn(warnings)
        if self.refusal is None:
            return False
        self._result.update(status='refused', verdict=verdict(None, refused=True), passes=False, failing=True,
                            msg='%s: %s' % (self._name, self.refusal))
        self._fail()
        return True

    def judge(self) -> None:
        """Get facts, compare them with the declaration, and report what comes of it."""
        if self._policy:
            self._result['policy'] = _task_result.policy_of(self._policy)
        if self._options['facts'] == _NONE:
            text = (
                'the declaration is in order; %s' % self._policy.summary
                if self._policy
                else 'there is no declaration to check'
            )
            self._result.update(status='ok', failing=False, msg='%s: %s' % (self._name, text))
            return
        look, waiting = self._look()
        self._looked = look
        if look.facts is None:
            self._report_unseen(look, waiting)
            return
        self._result.update(status='ok', summary=live.summary(look.facts))
        if self._options['return_facts']:
            self._result.setdefault('ansible_facts', {})['ansible_listening_ports'] = look.facts
        if self._policy and self._choice and self._judged:
            self._report(look.facts, self._policy, self._choice, self._judged, waiting)
        else:
            self._result.update(
                verdict=verdict(look.facts), passes=passes(look.facts), failing=False,
                msg='%s: %s; it has no declaration' % (self._name, live.in_words(look.facts)))

    def _look(self) -> tuple[live.Looked, str]:
        """Look until the host is as declared, or the time is over; return also how long that took, in words."""
        source, age = self._options['facts'], self._options['max_age']
        if source == _LIVE:
            return self._look_live()
        if source == _CACHED:
            look = recorded.from_cache(self._task_vars, age, self._action.seconds_of_run)
        else:
            look = recorded.from_path(source, self._host, age, self._action.clock.time, self._options['shared'])
            self._action.warn_of_others(source, self._options, self._result)
        self._judged = self._compare(look.facts)
        return look, ''

    def _look_live(self) -> tuple[live.Looked, str]:
        options, clock = self._options, self._action.clock
        started, looks, waited, earlier = clock.monotonic(), 0, 0.0, None
        units = self._choice.services if options['diagnose'] and self._choice else []
        is_ours = options['gather'] is None
        if is_ours:
            options['gather'] = ['owners', *(['firewall'] if self._policy and self._policy.needs_firewall else [])]
        pause = max(options['poll'], options['wait_for'] / _MOST_LOOKS)
        while True:
            # a unit that is still starting needs no diagnosis
            last = waited >= options['wait_for'] - _INSTANT
            more: dict[str, Any] = {'diagnose': units} if units and last else {}
            look = live.look(self._action, options, self._task_vars, self._result, **more)
            looks += 1
            self._judged = self._compare(look.facts, earlier)
            if not self._judged:
                break
            earlier = look.facts
            if is_ours and 'firewall' not in options['gather'] and self._judged.chosen.may_be_forwarded:
                # what is missing may be forwarded, and then nothing listens on this host
                options['gather'] = [*options['gather'], 'firewall']
                if self._judged.chosen.second_look:
                    clock.sleep(_SECOND_LOOK)
            elif self._judged.chosen.failing and not last:
                clock.sleep(max(0, min(pause, started + options['wait_for'] - clock.monotonic())))
            elif self._judged.chosen.second_look and looks == 1:
                clock.sleep(_SECOND_LOOK)
            else:
                break
            waited = clock.monotonic() - started
        waited = clock.monotonic() - started
        if not options['wait_for']:
            return look, ''
        self._result.update(attempts=looks, waited=round(waited, 1))
        still = 'still so ' if self._judged and self._judged.chosen.failing else ''
        return look, '%safter %.1f s and %s' % (still, waited, number(looks, 'check'))

    def _compare(self, facts: Facts | None, earlier: Facts | None = None) -> _Judged | None:
        """Compare facts with the declaration; None where one of them is missing."""
        if not (facts and self._policy and self._choice):
            return None
        now = datetime.datetime.now(datetime.timezone.utc)
        whole = judge.judge(facts, self._policy, now, earlier=earlier)
        return _Judged(whole, self._choice.narrowed(whole))

    def _report_unseen(self, look: live.Looked, waiting: str) -> None:
        what = 'is unreachable' if look.status == 'unreachable' else 'could not be judged'
        self._result.update(
            status=look.status, verdict=verdict(None), passes=False, failing=True,
            msg='%s %s%s: %s' % (self._name, what, ', %s' % waiting if waiting else '', look.message))
        if look.status == 'unreachable' and self._options['facts'] == _LIVE:
            # not by the exception: before 2.19 its message, the host's words in it, is registered as a template
            self._result['unreachable'] = True
        else:
            self._fail()

    def _report(self, facts: Facts, policy: Policy, choice: Choice, judged: _Judged, waiting: str) -> None:
        """Put the judgement into the result."""
        most, chosen = self._options['max_findings'], judged.chosen
        difference: Iterable[str] = ()
        if self._action._task.diff:
            self._result['diff'] = _task_result.difference(self._host, chosen, most)
            difference = _task_result.difference_lines(self._result['diff'])
        self._warn(advice.advice(choice.entries, facts, judged.whole))
        findings = [(finding.kind, finding.fails) for finding in chosen.findings]
        self._result.update(
            _task_result.judged(chosen, most), verdict=verdict(facts, findings, chosen.failing),
            passes=passes(facts, chosen.failing),
            msg=_task_result.message(self._host, chosen, choice, policy, most, waiting, len(facts['listeners']),
                                     difference))
        if chosen.failing:
            self._fail()
        elif not self._options['path']:     # else the report has it
            warning = _task_result.warning(self._host, chosen)
            live.warn(self._result, [warning] if warning else [])

    def _warn(self, texts: Iterable[str]) -> None:
        # Ansible shows once what many hosts say in the same words, and an audit is about many
        name = '' if self._options['path'] else '%s: ' % self._name
        live.warn(self._result, [name + text for text in texts])

    def _fail(self) -> None:
        if self._options['fail']:
            self._result['failed'] = True

    def record(self, run_id: str) -> None:
        """Write the record of the host, with the judgement in it."""
        look = self._looked or live.Looked('failed', self.refusal, None)
        entry = records.record(self._host, run_id, ansible_version, look.status, look.message, look.facts,
                               bool(self._declared), self._judgement(), look.recorded_at)
        directory = os.path.abspath(self._options['path'])
        try:
            path = records.write(directory, entry, self._options['shared'])
            if look.recorded_at is None:        # else it was somebody else who looked, at some other time
                clients.keep(directory, self._host, look.facts, run_id, self._options['shared'])
        except records.RecordError as exc:
            self._result.update(failed=True, failing=True, verdict=verdict(None), passes=False, msg='\n'.join((
                '%s: %s.' % (self._name, visible(str(exc))), self._result['msg'])))
            return
        self._action.warn_of_others(self._options['path'], self._options, self._result)
        self._result.update(path=path, run_id=run_id)

    def _judgement(self) -> dict[str, Any] | None:
        if self.refusal is not None:
            judgement = records.refused(self.refusal, list(self._declared.variables))
            named = list(origins.entries(self._faults, self._written()))
        elif self._judged and self._policy:
            judgement = fleet.judgement(self._policy, self._judged.whole)
            named = [(condition.variable, condition.label, condition.index)
                     for condition in fleet.named(self._policy, judgement)]
        else:
            return None
        judgement['places'] = places.find(self._written(), judgement['policy']['variables'], named,
                                          places.top(self._task_vars.get('inventory_dir')))
        return judgement

    def _written(self) -> Mapping[str, Any]:
        """Return what declares something as it is written: variables, and options of the task in place of some."""
        extra = getattr(self._action._task.get_variable_manager(), 'extra_vars', {})
        options = {name: self._action._task.args[name] for name in ('expected', 'waivers')
                   if name in self._action._task.args}
        return {**self._task_vars, **self._roles.variables, **extra, **options}
