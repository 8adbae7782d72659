# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what was recorded with an earlier look. The documentation is in plugins/modules/compare_listeners.py."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping

from ansible.errors import AnsibleActionFail
from ansible.release import __version__ as ansible_version
from ansible_collections.listening.ports.plugins.plugin_utils import _action
from ansible_collections.listening.ports.plugins.plugin_utils._drift import (
    changes,
    comparison,
    earlier,
    snapshot,
    store,
    table,
    to_json,
    to_junit,
    to_markdown,
)
from ansible_collections.listening.ports.plugins.plugin_utils._drift.evidence import Evidence
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import sentence, visible
from ansible_collections.listening.ports.plugins.plugin_utils._report import model, progress
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import screen
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.lines import Line
from ansible_collections.listening.ports.plugins.plugin_utils._report.naming import Naming
from ansible_collections.listening.ports.plugins.plugin_utils._version import VERSION
from ansible_collections.listening.ports.plugins.plugin_utils._words import number

_TABLE, _FORMATS = 'table', ('json', 'junit', 'markdown')
# In the result, which a callback prints as a whole where the task fails.
_MOST_FINDINGS = 1000
_MOST_DIFFERENT = 100


class ActionModule(_action.Report):
    """Reads the records of all hosts and earlier snapshots, and writes a new one; touches no host."""

    ARGUMENTS = {
        **screen.ARGUMENTS,
        **_action.SHARED,
        'hosts': {'type': 'list', 'elements': 'str'},
        'snapshots': {'type': 'path', 'default': 'listening-ports-drift'},
        'against': {'type': 'str', 'default': earlier.LAST},
        'baseline': {'type': 'bool', 'default': False},
        'keep': {'type': 'int', 'default': 30},
        'fail': {'type': 'bool', 'default': True},
        'ignore': {'type': 'list', 'elements': 'str', 'choices': list(comparison.KINDS),
                   'default': list(comparison.IGNORED)},
        'formats': {'type': 'list', 'elements': 'str', 'choices': [_TABLE, *_FORMATS], 'default': [_TABLE]},
        'dest': {'type': 'path'},
    }

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Compare what was recorded, or keep it as the baseline."""
        width, run_id = self.width(options), _action.run_id(options, may_be_any=True)
        _action.refuse_less(options, {'keep': 1})
        path, kept_in = os.path.abspath(options['path']), os.path.abspath(options['snapshots'])
        if not os.path.isdir(path):
            raise AnsibleActionFail('%s is not a directory: nothing was recorded there' % visible(path, 1000))
        named = options['hosts']
        names = [str(name) for name in dict.fromkeys(task_vars['ansible_play_hosts_all'] if named is None else named)]
        if not names:
            raise AnsibleActionFail('No host is named: nothing would be compared.')
        for folder in dict.fromkeys((path, kept_in)):
            self.warn_of_others(folder, options, result)
        pending = [] if named is not None else _to_come(path, run_id, options, task_vars)
        if pending:
            result.update(msg='%s of later batches to come: they are compared with the last one.' % number(
                len(pending), 'host'))
            return
        look = _Look(path, names, run_id, options['shared'], self)
        try:
            with store.store(kept_in, options['shared'], makes=not self._task.check_mode) as opened:
                if options['baseline']:
                    self._keep_baseline(look, opened, result)
                else:
                    self._compare(look, opened, options, task_vars, width, result)
        except records.RecordError as exc:
            raise AnsibleActionFail(str(exc)) from exc
        except OSError as exc:
            raise AnsibleActionFail('%s: %s' % (visible(kept_in, 1000), exc.strerror)) from exc

    def _keep_baseline(self, look: _Look, kept: store.Store, result: _action.Result) -> None:
        """Write what was seen of hosts as what they are compared with from now on. Raises OSError or RecordError."""
        made = {host.name: snapshot.encode(seen) for host, seen in look.hosts() if seen}
        if not made:
            raise AnsibleActionFail('No host was observed: there is nothing to keep as the baseline.')
        if not self._task.check_mode:
            kept.replace(made, store.Index(look.run_id, look.at, look.states(made)))
        result.update(run_id=look.run_id, snapshot=os.path.join(kept.path, store.BASELINE), msg='%s of %s.' % (
            'Would keep the baseline' if self._task.check_mode else 'Kept the baseline', number(len(made), 'host')))

    def _compare(self, look: _Look, kept: store.Store, options: _action.Options, task_vars: _action.Variables,
                 width: int | None, result: _action.Result) -> None:
        """Compare all hosts, and keep what was seen of them. Raises OSError or RecordError."""
        inventory = {str(name) for name in (task_vars.get('groups') or {}).get('all', ())}.union(look.names)
        against = options['against']
        made = comparison.Comparison(_against(against), options['ignore'])
        differences: list[list[Line]] = []
        with contextlib.ExitStack() as stack:
            before = stack.enter_context(earlier.opened(against, kept, look.path, options['shared']))
            draft = None
            if not self._task.check_mode:
                draft = kept.begin()
                stack.callback(draft.drop)
            seen = []
            for host, new in look.hosts():
                if new is None:
                    made.unknown(host.name, '%s: %s' % (host.state, host.reason))
                    continue
                if draft:
                    draft.add(new)
                seen.append(host.name)
                self._one(made, before, new, differences)
            gone: list[str] = []
            if options['hosts'] is None and not task_vars.get('ansible_limit'):
                gone = before.gone(inventory)
                for name in gone:
                    made.gone(name)
            written = None
            if draft and seen:
                written = draft.keep(store.Index(look.run_id, look.at, look.states(), gone))
                kept.prune(options['keep'], inventory)
        if differences:
            self.terminal.show([line for lines in differences for line in lines], options['color'])
        self._tell(look, made, kept, written, options, task_vars, width, result)

    def _one(self, made: comparison.Comparison, before: earlier.Earlier, new: snapshot.Snapshot,
             differences: list[list[Line]]) -> None:
        """Compare one host. Ansible itself shows no differences of what fails, or changes nothing."""
        try:
            found = before.of(new.host, new)
        except records.RecordError as exc:
            made.unknown(new.host, str(exc))
            return
        if not found:
            made.new(new.host, new)
            return
        compared = changes.compare(found.snapshot, new)
        made.compared(new.host, found.name, compared)
        if self._task.diff and compared.changes and len(differences) < _MOST_DIFFERENT:
            differences.append(table.difference(found.snapshot, new, found.name))

    def _tell(self, look: _Look, made: comparison.Comparison, kept: store.Store, written: str | None,
              options: _action.Options, task_vars: _action.Variables, width: int | None,
              result: _action.Result) -> None:
        """Write the files, show the table, and complete the result. Raises AnsibleActionFail."""
        place = os.path.join(kept.path, written) if written else None
        evidence = Evidence(look.run_id, look.at, VERSION, ansible_version, place)
        naming = Naming(look.names, task_vars.get('groups') or {})
        contents: dict[str, tuple[str, bytes]] = {}
        if 'json' in options['formats']:
            contents['json'] = to_json.FILE, to_json.encode(made, evidence)
        if 'junit' in options['formats']:
            contents['junit'] = to_junit.FILE, to_junit.encode(made, evidence)
        if 'markdown' in options['formats']:
            contents['markdown'] = to_markdown.FILE, to_markdown.encode(made, evidence, naming)
        folder = os.path.abspath(options['dest'] or kept.path)
        if contents:
            with contextlib.suppress(OSError):      # which each file tells
                os.makedirs(folder, 0o700, exist_ok=True)
        dest = {name: os.path.join(folder, file) for name, (file, dummy) in contents.items()}
        tried = {path: _action.write(path, contents[name][1]) for name, path in dest.items()}
        faults = [fault for fault in tried.values() if fault]
        lines = table.lines(made, naming, width, [
            *([place] if place else []), *(path for path, fault in tried.items() if not fault)])
        if _TABLE in options['formats']:
            self.terminal.show(lines, options['color'])
        if faults:
            raise AnsibleActionFail('; '.join(faults))
        findings = made.findings
        result.update(
            run_id=look.run_id, snapshot=place, counts=made.counts, hosts=made.states, failing=made.failing,
            findings=[to_json.of_finding(finding, made) for finding in findings[:_MOST_FINDINGS]],
            findings_total=len(findings), table=screen.capped(lines), dest=dest, msg=made.summary)
        if made.failing and options['fail']:
            result['failed'] = True
            del result['table']         # it was shown, and a callback prints all of what failed


class _Look:
    """What was recorded of hosts.

    :ivar at: the time of the comparison in UTC.
    """

    def __init__(self, path: str, names: list[str], run_id: str, shared: bool, action: _action.Report) -> None:
        self.path, self.names, self.run_id, self.at = path, names, run_id, records.now()
        self._shared, self._action = shared, action
        self._states: dict[str, dict[str, str | None]] = {}

    def hosts(self) -> Iterator[tuple[model.Host, snapshot.Snapshot | None]]:
        """Yield each host, with what was seen of it."""
        pairs = model.read(self.path, self.names, self.run_id, shared=self._shared)
        for host, record in progress.told(pairs, len(self.names), self._action.tell):
            facts = record['facts'] if record else None
            self._states[host.name] = {'state': host.state, 'recorded_at': host.recorded_at}
            if not facts:
                host.reason = sentence(host.reason or 'no reason was given', 500)
            yield host, snapshot.of_facts(host.name, facts) if facts else None

    def states(self, names: Mapping[str, object] | None = None) -> dict[str, dict[str, str | None]]:
        """Return what became of hosts that were read: of these, or of all."""
        return {name: state for name, state in self._states.items() if names is None or name in names}


def _against(option: str) -> str:
    """Say what hosts are compared with."""
    return {earlier.LAST: 'their last snapshots', store.BASELINE: 'the baseline'}.get(option) or visible(option, 500)


def _to_come(path: str, run_id: str, options: _action.Options, task_vars: _action.Variables) -> set[str]:
    """List the hosts of later batches of the play."""
    alive, batch = ({str(name) for name in task_vars[variable]} for variable in (
        'ansible_play_hosts', 'ansible_play_batch'))
    return records.to_come(path, alive - batch, run_id, options['shared'])
