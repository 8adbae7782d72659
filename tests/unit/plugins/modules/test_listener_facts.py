# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's shell: arguments, results, failures. Needs Ansible, unlike the code below the shell."""

import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._sockets._base import CollectorError
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import answer

FACTS = {'schema': 1, 'listeners': [{'id': 'tcp/0.0.0.0:22', 'owners': [{'process': u'\xe4\n{{ 7*7 }}'}]}]}
DEFAULTS = {'gather': ['owners'], 'collector': 'auto', 'max_sockets': 100000, 'max_fds': 2000000, 'diagnose': []}


class Shell:
    """Runs the module in this process, with the facts as they are put here."""

    def __init__(self, basic, module, monkeypatch, capfd):
        self._basic, self._module, self._monkeypatch, self._capfd = basic, module, monkeypatch, capfd
        self.calls = []
        self.facts = FACTS
        monkeypatch.setattr(module, 'collect', self._collect)

    def _collect(self, run, **options):
        assert run(['true'])[0] == 0
        self.calls.append(options)
        return answer(self.facts)

    def __call__(self, **arguments):
        """Returns the exit code and the result."""
        raw = json.dumps({'ANSIBLE_MODULE_ARGS': arguments}).encode()
        self._monkeypatch.setattr(self._basic, '_ANSIBLE_ARGS', raw)
        self._monkeypatch.setattr(self._basic, '_ANSIBLE_PROFILE', 'legacy', raising=False)     # core 2.19 and later
        with pytest.raises(SystemExit) as info:
            self._module.main()
        return info.value.code, json.loads(self._capfd.readouterr().out)


@pytest.fixture
def shell(monkeypatch, capfd):
    basic = pytest.importorskip('ansible.module_utils.basic')
    from ansible_collections.listening.ports.plugins.modules import listener_facts
    return Shell(basic, listener_facts, monkeypatch, capfd)


def test_defaults(shell):
    code, result = shell()
    assert (code, shell.calls) == (0, [DEFAULTS])
    assert result['ansible_facts'] == {'ansible_listening_ports': FACTS}
    assert not result.get('changed') and 'packed' not in result


@pytest.mark.parametrize('arguments', [
    {'gather': ['owners', 'connections', 'namespaces', 'resources', 'command', 'raw']},
    {'gather': []},
    {'collector': 'procfs', 'max_sockets': 1, 'max_fds': 1},
    {'collector': 'psutil'},
    {'collector': 'netlink'},
    {'diagnose': ['nginx.service', '-x', 'a b']},
])
def test_arguments_reach_the_collectors(shell, arguments):
    assert shell(**arguments)[0] == 0
    assert shell.calls == [dict(DEFAULTS, **arguments)]


def test_packed_is_one_string_and_nothing_else(shell):
    code, result = shell(result='packed')
    assert code == 0 and set(result) - {'invocation', 'changed'} == {'packed'}
    assert json.loads(result['packed']) == FACTS
    assert shell.calls == [DEFAULTS]


def test_check_mode_does_the_same(shell):
    code, result = shell(_ansible_check_mode=True)
    assert code == 0 and result['ansible_facts'] == {'ansible_listening_ports': FACTS}


@pytest.mark.parametrize('arguments, word', [
    ({'max_sockets': 0}, 'max_sockets'), ({'max_fds': -1}, 'max_fds'), ({'max_fds': 'many'}, 'max_fds'),
    ({'collector': 'ss'}, 'collector'), ({'gather': ['firewall']}, 'firewall'), ({'result': 'yaml'}, 'result'),
    ({'gater': []}, 'gater'), ({'diagnose': {'a': 1}}, 'diagnose'),
])
def test_arguments_that_are_refused(shell, arguments, word):
    code, result = shell(**arguments)
    assert code == 1 and result['failed'] and word in result['msg']
    assert shell.calls == [] and 'ansible_facts' not in result


def test_a_collector_that_is_not_to_be_had(shell):
    shell.facts = CollectorError('netlink was refused: Permission denied')
    code, result = shell(collector='netlink')
    assert code == 1 and result['failed'] and 'ansible_facts' not in result
    assert 'netlink' in result['msg'] and 'Permission denied' in result['msg']
