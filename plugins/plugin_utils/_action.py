# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of the actions: what each of them does before its own work, and the options that several have."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from . import _answer, _deadline, _draft
from ._facts import custody, live, records
from ._harmless.terminal import sentence, visible
from ._report.console.lines import counted
from ._report.console.screen import Terminal
from ._report.host import Host
from ._settings import setting
from ._variables import host_facts

# The option of all actions that write or read records.
SHARED: dict[str, dict[str, Any]] = {'shared': {'type': 'bool', 'default': False}}

_NOTHING = '{"changed": false}'
_STEERING = ('probe_address', 'ansible_host')       # that no fact may be
# What runs on Windows hosts in place of a module in Python; a name of its own, as others would take it on POSIX
_ON_WINDOWS = {'collect_listeners': 'win_collect_listeners'}
_ADDRESS = re.compile(r'[A-Za-z0-9_.:%@+-]{1,253}')
_NOT_IN_PLAY = 'it is not in this play (is it excluded by --limit?)'

Options = dict[str, Any]
Variables = dict[str, Any]
Result = dict[str, Any]


class Action(ActionBase):
    """An action that works in check mode, since it changes nothing or has a module that knows what that is.

    :cvar ARGUMENTS: the argument spec of its options. :cvar REQUIRED_IF: which of them others need, as modules have it.
    :cvar PARAMETERS: variables that no fact of a host may be.
    """

    TRANSFERS_FILES = False
    ARGUMENTS: ClassVar[Mapping[str, Mapping[str, Any]]]
    REQUIRED_IF: ClassVar[Sequence[Any]] = ()
    PARAMETERS: ClassVar[Sequence[str]] = (
        *host_facts.AUDIT, *host_facts.PROBE, *host_facts.REACH, *host_facts.BASELINE, *host_facts.DRIFT,
        *host_facts.VALIDATE)
    _answered: Result | None = None
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> Result:
        """Check the options, and do the work. Raises AnsibleActionFail where the host has a say in how it is done."""
        steering = host_facts.steering(self._task, task_vars or {}, self.PARAMETERS)
        if steering:
            raise AnsibleActionFail('%s: %s' % (
                visible(str((task_vars or {}).get('inventory_hostname')), 300), steering))
        result: Result = super().run(tmp, task_vars)
        validate: Callable[..., tuple[object, Options]] = self.validate_argument_spec
        dummy, options = validate(argument_spec=self.ARGUMENTS, required_if=self.REQUIRED_IF)
        result['changed'] = False
        self.work(options, task_vars or {}, result)
        return result

    @property
    def _plugin_name(self) -> str:
        return type(self).__module__.rpartition('.')[2]

    def work(self, options: Options, task_vars: Variables, result: Result) -> None:
        """Do what the action is for.

        :param options: checked by ``ARGUMENTS``.
        :param task_vars: the variables of the host.
        :param result: what the task returns, to be completed.
        """
        raise NotImplementedError

    @property
    def discovered(self) -> Variables:
        """The fact that says which Python was found on the host; empty where none was looked for."""
        key = self._discovered_interpreter_key
        return {key: self._discovered_interpreter} if key else {}

    @property
    def is_windows(self) -> bool:
        """Whether the connection leads to a Windows host: WinRM, PSRP, or SSH with a shell of Windows."""
        return getattr(self._connection._shell, '_IS_WINDOWS', False) is True

    def ask(self, module: str, arguments: Options, task_vars: Variables, keys: Iterable[str],
            seconds: float = 0, in_background: bool = False) -> Result:
        """Run a module on the host, and return what is known of its answer, see ``_answer``.

        :param keys: what is known of this module.
        :param seconds: for how long to wait; 0 for as long as it takes.
        :param in_background: whether to start a job on the host, and not to wait.
        """
        if self.is_windows:
            module = _ON_WINDOWS.get(module, module)
            if not module.startswith('win_'):   # Ansible would look for a Python there, and print what PowerShell says
                return {'failed': True, 'msg': '%s does not work on Windows hosts' % self._plugin_name}
        call: dict[str, Any] = {
            'module_name': 'listening.ports.%s' % module, 'module_args': arguments, 'task_vars': task_vars}
        if in_background:
            call['wrap_async'] = True
        self._answered = None
        keep = self._connection._shell.tmpdir
        try:
            answer: Result = _deadline.within(seconds, lambda: self._execute_module(**call))
        except TimeoutError as exc:
            # to remove its temporary files from a host that does not answer would take as long once more
            self._connection._shell.tmpdir = keep
            return {'unreachable': True, 'msg': 'no answer within %g s' % round(exc.args[0], 1)}
        if self._answered is None:
            return _answer.known(answer, keys)
        result = _answer.known(self._answered, keys)
        warnings = _answer.known(answer, ()).get('warnings', [])       # those of Ansible
        return {**result, 'warnings': [*warnings, *result.get('warnings', [])]} if warnings else result

    def _parse_returned_data(self, res: Any, *more: Any, **keywords: Any) -> Any:
        """Keep the answer of a module to ourselves; Ansible gets one that it has nothing to print of."""
        self._answered = _answer.read(res.get('stdout', ''))
        if self._answered is not None:
            res = dict(res, stdout=_NOTHING, stderr='')
        else:       # Ansible then finds out why there is none
            res = dict(res, stdout=_answer.harmless(res.get('stdout')), stderr=_answer.harmless(res.get('stderr')))
        return super()._parse_returned_data(res, *more, **keywords)

    def refuse_other_hosts(self, reason: str, keywords: Iterable[str] = ('delegate_to', 'run_once')) -> None:
        """Refuse keywords that run the task for another host than its variables are of, or once for all.

        :param reason: what follows the name of the keyword.
        :raises AnsibleActionFail: the task has one.
        """
        for keyword in keywords:
            if getattr(self._task, keyword, None):
                raise AnsibleActionFail('%s does not work with %s%s' % (self._plugin_name, keyword, reason))

    def warn_of_others(self, path: str, options: Options, result: Result) -> None:
        """Warn where somebody else could put another directory in the place of that of the records."""
        reason = None if options['shared'] else custody.fault_above(os.path.abspath(path))
        if reason:
            live.warn(result, ['records in %s can be replaced with others, because of the directory %s' % (
                visible(path, 300), visible(reason, 300))])


class Report(Action):
    """An action that contacts no host, and shows lines on the terminal."""

    _requires_connection = False

    def __init__(self, *arguments: Any, terminal: Terminal | None = None, **keywords: Any) -> None:
        """Make the action as Ansible does.

        :param terminal: where to show lines; None for the one that Ansible writes to.
        """
        super().__init__(*arguments, **keywords)
        self.terminal = terminal or Terminal.of_ansible()

    def width(self, options: Options) -> int | None:
        """Return the columns that there are; None where there is no limit."""
        refuse_less(options, {'width': 1})
        return options['width'] or self.terminal.width

    def tell(self, line: str) -> None:
        """Show that the task is at work."""
        self.terminal.display.display(line, stderr=self.terminal.to_stderr)


def refuse_less(options: Options, least: Mapping[str, int]) -> None:
    """Refuse numbers that are too small.

    :param least: the smallest number that each option may be.
    :raises AnsibleActionFail: an option is less.
    """
    for name, smallest in least.items():
        if options[name] is not None and options[name] < smallest:
            raise AnsibleActionFail('%s has to be at least %d, not %d' % (name, smallest, options[name]))


def run_id(options: Options, may_be_any: bool = False) -> str:
    """Return the id of this run.

    :param may_be_any: whether ``any`` run will do.
    :raises AnsibleActionFail: the option is not such an id.
    """
    name: str = options['run_id'] or records.run_id(setting('DEFAULT_LOCAL_TMP'))
    if not records.RUN_ID.fullmatch(name) or (name == records.ANY_RUN and not may_be_any):
        raise AnsibleActionFail('run_id has to be 1 to 64 letters, digits, dots, dashes and underscores%s' % (
            '' if may_be_any else ', and not "any"'))
    return name


def addresses(name: str, task_vars: Variables) -> list[str]:
    """List the addresses and names that others reach a host by, as the inventory has them.

    :raises AnsibleActionFail: a fact of the host would decide that, or they are none.
    """
    try:
        variables = task_vars['hostvars'][name]
        known = host_facts.names(variables)
        for variable in _STEERING:
            if variable in known:
                raise AnsibleActionFail('%s has a fact named %s: a host must not decide where it is probed'
                                        % (visible(name, 300), variable))
        known_by = variables.get('probe_address') or variables.get('ansible_host') or name
    except AnsibleActionFail:
        raise
    except AnsibleError as exc:
        raise AnsibleActionFail('the address of %s cannot be read: %s' % (
            visible(name, 300), sentence(str(exc), 500))) from exc
    known_by = [known_by] if isinstance(known_by, str) else known_by
    if not isinstance(known_by, list) or not all(
            isinstance(address, str) and _ADDRESS.fullmatch(address) for address in known_by):
        raise AnsibleActionFail('probe_address of %s has to be an address or a name, or a list of them'
                                % visible(name, 300))
    return [str(address) for address in known_by]


def why_unknown(host: Host, task_vars: Variables) -> str:
    """Return why nothing is known of a host, harmless to print."""
    reason = host.reason or ''
    if host.state != 'missing':
        return '%s: %s' % (host.state, reason)
    return reason if _is_in_play(host.name, task_vars) else '%s; %s' % (reason, _NOT_IN_PLAY)


def registered(name: str, variable: str, task_vars: Variables) -> object:
    """Return what a task registered on a host."""
    if not _is_in_play(name, task_vars):
        return {'failed': True, 'msg': _NOT_IN_PLAY}
    return task_vars['hostvars'].raw_get(name).get(variable)


def _is_in_play(name: str, task_vars: Variables) -> bool:
    return name in task_vars.get('ansible_play_hosts_all', ())


def write(path: str, content: bytes) -> str | None:
    """Write a file that others may not read.

    :returns: why it is not written, harmless to print; what was there is then as it was.
    """
    folder, name = os.path.split(os.path.abspath(path))
    try:
        with _draft.opened(folder) as handle:
            _draft.write(handle, name, content)
    except OSError as exc:
        return '%s cannot be written: %s' % (visible(path, 1000), exc.strerror)
    return None


def known_hosts(names: Iterable[object], task_vars: Variables) -> list[str]:
    """Return names of hosts, each once.

    :raises AnsibleActionFail: one of them is not in the inventory.
    """
    hosts = list(dict.fromkeys(str(name) for name in names))
    unknown = [host for host in hosts if host not in task_vars['hostvars']]
    if unknown:
        raise AnsibleActionFail('not in the inventory: %s' % counted(unknown))
    return hosts
