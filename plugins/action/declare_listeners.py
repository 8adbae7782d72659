# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the declaration that hosts satisfy. The documentation is in plugins/modules/declare_listeners.py."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible_collections.listening.ports.plugins.plugin_utils import _action
from ansible_collections.listening.ports.plugins.plugin_utils._baseline import clients, compose, files
from ansible_collections.listening.ports.plugins.plugin_utils._baseline import pieces, proof, things
from ansible_collections.listening.ports.plugins.plugin_utils._facts import check, records
from ansible_collections.listening.ports.plugins.plugin_utils._facts import clients as kept
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import sentence, visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals
from ansible_collections.listening.ports.plugins.plugin_utils._report import model, progress
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import baseline, screen
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.lines import counted, fitting
from ansible_collections.listening.ports.plugins.plugin_utils._shape import History
from ansible_collections.listening.ports.plugins.plugin_utils._settings import setting
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts, of_hosts, roles
from ansible_collections.listening.ports.plugins.plugin_utils._version import VERSION
from ansible_collections.listening.ports.plugins.plugin_utils._words import number

_COMMENT, _DECLARE = 'comment', 'declare'
_ALLOWED, _OBSERVED = 'allowed', 'observed'
# In the result, which a callback prints as a whole where the task fails.
_MOST_DOUBTFUL = _MOST_LIMITS = 1000
_MOST_HOSTS = 20
_MOST_NAMED = 10        # obstacles in a message


class ActionModule(_action.Report):
    """Reads the records of all hosts, composes and proves, and writes new files; touches no host."""

    ARGUMENTS = {
        **screen.ARGUMENTS,
        **_action.SHARED,
        'hosts': {'type': 'list', 'elements': 'str'},
        'dest': {'type': 'path'},
        'loopback': {'type': 'bool', 'default': True},
        'exposure': {'type': 'bool', 'default': True},
        'doubtful': {'type': 'str', 'choices': [_COMMENT, _DECLARE], 'default': _COMMENT},
        'clients': {'type': 'str', 'choices': [_ALLOWED, _OBSERVED], 'default': _ALLOWED},
        'clients_runs': {'type': 'int', 'default': 14},
        'clients_days': {'type': 'int', 'default': 14},
        'declarations_from': {'type': 'list', 'elements': 'str'},
    }

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Write what is not declared yet of the hosts that were observed completely."""
        width, run_id = self.width(options), _action.run_id(options, may_be_any=True)
        asked = _asked(options)
        path = os.path.abspath(options['path'])
        if not os.path.isdir(path):
            raise AnsibleActionFail('%s is not a directory: nothing was recorded there' % visible(path, 1000))
        named = options['hosts']
        names = _action.known_hosts(task_vars['ansible_play_hosts_all'] if named is None else named, task_vars)
        self.warn_of_others(path, options, result)
        now = datetime.datetime.now(datetime.timezone.utc)
        self._of_hosts = of_hosts.OfHosts(self._task, task_vars, self._templar)
        with self._of_hosts.evaluated():
            hosts, left_out = self._look(path, names, run_id, options, now)
        if not hosts:
            raise AnsibleActionFail(_nobody(left_out))
        folder = _folder(options['dest'], [host.name for host in hosts], task_vars)
        groups = _usable(of_hosts.groups(self._task, task_vars), {host.name for host in hosts})
        shelf = files.Shelf(folder, now.date().isoformat(), groups, _Declared(hosts, self._of_hosts),
                            setting('YAML_FILENAME_EXTENSIONS'))

        def head(count: int) -> list[str]:
            return ['Written by listening.ports %s from %s, %s, run %s. Review it, then it is yours.' % (
                VERSION, number(count, 'host'), now.date().isoformat(), run_id)]

        composed = compose.compose(hosts, groups, shelf, head, now, asked)
        left_out.update({name: 'it would not be as declared: %s' % '; '.join(faults[:3])
                         for name, faults in composed.unproved.items()})
        if len(composed.unproved) == len(hosts):
            raise AnsibleActionFail(_nobody(left_out))
        self._write(composed, shelf, result)
        found = baseline.Baseline(
            len(hosts) - len(composed.unproved), composed.listeners,
            [baseline.Written(os.path.join(folder, shelf.path(text.file)), text.entries, text.comments)
             for text in composed.files], composed.doubtful, left_out, bool(self._task.check_mode),
            sum(not limit.reason for dummy, dummy2, limit in composed.limits))
        self.terminal.show(fitting(baseline.lines(found), width), options['color'])
        result.update(
            msg=baseline.summary(found)[0], run_id=run_id, entries=found.entries, left_out=left_out,
            files=[{'path': file.path, 'entries': file.entries} for file in found.files],
            doubtful=[{'listener': listener, 'reason': reason, 'hosts': list(some[:_MOST_HOSTS]),
                       'hosts_total': len(some)} for listener, reason, some in composed.doubtful[:_MOST_DOUBTFUL]])
        if asked:
            result['limits'] = [
                {'path': os.path.join(folder, shelf.path(file)), 'entry': name, 'only_from': list(limit.sources),
                 'cuts': list(limit.cuts), 'reason': limit.reason or None, 'runs': limit.runs, 'days': limit.days}
                for file, name, limit in composed.limits[:_MOST_LIMITS]]

    def _look(self, path: str, names: Sequence[str], run_id: str, options: _action.Options, now: datetime.datetime,
              ) -> tuple[list[proof.Host], dict[str, str]]:
        """Look at what was recorded of hosts, and say of the others why they are left out."""
        wanted = pieces.Wanted(options['loopback'], options['exposure'], options['doubtful'] == _DECLARE)
        of_roles = roles.declared(options['declarations_from'], self._loader, self._task.collections)
        hosts: list[proof.Host] = []
        left_out: dict[str, str] = {}
        pairs = model.read(path, names, run_id, shared=options['shared'])
        with _histories(path, options) as history:
            for host, record in progress.told(pairs, len(names), self.tell):
                facts = record['facts'] if record else None
                reason = things.unseen(facts) if facts else '%s: %s' % (host.state, host.reason)
                if facts and not reason:
                    try:
                        hosts.append(proof.Host.of(host.name, facts, self._declared(host.name, of_roles), now, wanted,
                                                   history and clients.of_host(facts, history(host.name)),
                                                   check.likenesses(facts) or ()))
                    except (AnsibleError, Refusals) as exc:
                        reason = 'its declaration cannot be read: %s' % sentence(str(exc), 500)
                    except records.RecordError as exc:
                        reason = 'who came to it cannot be read: %s' % exc
                if reason:
                    left_out[host.name] = reason
        return hosts, left_out

    def _declared(self, host: str, of_roles: roles.Declared) -> merge.Declared:
        """Collect what is declared for a host. Raises AnsibleError where that cannot be read, or steers an audit."""
        variables = self._of_hosts.variables(host)
        steering = host_facts.steering(self._task, variables, self.PARAMETERS)
        if steering:
            raise AnsibleError(steering)
        return self._of_hosts.declared(variables, of_roles)

    def _write(self, composed: compose.Composed, shelf: files.Shelf, result: _action.Result) -> None:
        """Write the files, or show them. Raises AnsibleActionFail where one cannot be written, and none is then."""
        obstacles = list(filter(None, (shelf.obstacle(text.file) for text in composed.files)))
        if obstacles:
            more = len(obstacles) - _MOST_NAMED
            raise AnsibleActionFail('Nothing was written: no file that is there is changed, or read no more. %s%s' % (
                '; '.join(obstacles[:_MOST_NAMED]), '; and %d more' % more if more > 0 else ''))
        texts = [(shelf.path(text.file), text.text) for text in composed.files]
        result['changed'] = bool(texts)
        if self._task.diff:
            result['diff'] = [{'before': '', 'after': text, 'before_header': '%s (not there)' % relative,
                               'after_header': relative} for relative, text in texts]
        if not self._task.check_mode:
            try:
                files.write(shelf.folder, texts)
            except files.NotWritten as exc:
                raise AnsibleActionFail(str(exc)) from exc


class _Declared:
    """The variables that declare something, by host: also of hosts that are not looked at, but read the same files."""

    def __init__(self, hosts: Sequence[proof.Host], variables: of_hosts.OfHosts) -> None:
        self._known: dict[str, Container[str]] = {host.name: host.declared.variables for host in hosts}
        self._variables = variables

    def __call__(self, host: str) -> Container[str]:
        """Return those of a host."""
        if host not in self._known:
            try:
                names = self._variables.variables(host)
            except AnsibleError:        # nobody knows them, and they declare nothing that could be judged by
                names = {}
            self._known[host] = {str(name) for name in names if merge.kind(str(name))}
        return self._known[host]


def _asked(options: _action.Options) -> clients.Asked | None:
    """Return how often somebody has to have looked for who comes; None where entries are not limited to that."""
    _action.refuse_less(options, {'clients_runs': 1, 'clients_days': 1})
    if options['clients'] != _OBSERVED:
        return None
    if not options['exposure']:
        raise AnsibleActionFail('clients: observed limits who may reach listeners, and exposure: false does not')
    return clients.Asked(options['clients_runs'], options['clients_days'])


@contextlib.contextmanager
def _histories(path: str, options: _action.Options) -> Iterator[Callable[[str], History | None] | None]:
    """Open what is kept of who came. Raises AnsibleActionFail where that cannot be read, or is not safe."""
    with contextlib.ExitStack() as stack:
        history = None
        if options['clients'] == _OBSERVED:
            try:
                history = stack.enter_context(kept.opened(path, options['shared']))
            except records.RecordError as exc:
                raise AnsibleActionFail(str(exc)) from exc
        yield history


def _nobody(left_out: Mapping[str, str]) -> str:
    """Say why there is nobody to declare anything for."""
    reasons: dict[str, list[str]] = {}
    for host, reason in left_out.items():
        reasons.setdefault(reason, []).append(host)
    told = ['%s: %s' % (counted(hosts), reason) for reason, hosts in list(reasons.items())[:_MOST_NAMED]]
    return 'No host was observed completely, so nothing can be declared. %s' % ('; '.join(told) or 'No host is named.')


def _folder(dest: str | None, hosts: Sequence[str], task_vars: _action.Variables) -> str:
    """Return the directory that has the variables of hosts. Raises AnsibleActionFail where it is not one."""
    if dest:
        if not os.path.isdir(dest):
            raise AnsibleActionFail('dest: %s is not a directory' % visible(dest, 1000))
        return os.path.abspath(dest)
    hostvars = task_vars['hostvars']
    folders = sorted({str(hostvars.raw_get(host).get('inventory_dir')) for host in hosts})
    if len(folders) > 1:
        raise AnsibleActionFail('the hosts are from inventories in %s: say with dest in which of them to write' % (
            ', '.join(visible(folder, 300) for folder in folders)))
    if not os.path.isabs(folders[0]) or not os.path.isdir(folders[0]):
        raise AnsibleActionFail('the inventory is not in a directory, so that no file of variables is read beside it: '
                                'say with dest where to write')
    return folders[0]


def _usable(groups: Mapping[str, Sequence[str]], seen: set[str]) -> dict[str, Sequence[str]]:
    """Keep the groups of which a file can be written, and of whose hosts half were looked at, and several.

    What few hosts show is declared for these few alone.
    """
    usable: dict[str, Any] = {}
    for name, hosts in groups.items():
        known = len(seen.intersection(hosts))
        if known * 2 >= len(hosts) and known > 1 and files.is_safe(name, 'group'):
            usable[name] = hosts
    return usable
