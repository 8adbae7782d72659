# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell of the modules that look at a host: arguments, results, failures.

Needs Ansible, unlike the code below the shell.
"""

import importlib
import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._sockets.base import CollectorError
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import answer, listener, new_gaps

FACTS = {'schema': 1, 'listeners': [{'id': 'tcp/0.0.0.0:22', 'owners': [{'process': u'\xe4\n{{ 7*7 }}'}]}]}
DEFAULTS = {'gather': ['owners'], 'collector': 'auto', 'max_sockets': 100000, 'max_fds': 2000000, 'diagnose': []}


class Shell:
    """Runs the module in this process, with the facts as they are put here."""

    def __init__(self, basic, module, monkeypatch, capfd):
        self._basic, self._module, self._monkeypatch, self._capfd = basic, module, monkeypatch, capfd
        self.calls = []
        self.facts, self.judges = FACTS, None

    def _collect(self, run, judge, **options):
        assert run(['true'])[0] == 0
        self.calls.append(options)
        self.judges = bool(judge)
        return answer(self.facts)

    def __call__(self, **arguments):
        """Returns the exit code and the result."""
        raw = json.dumps({'ANSIBLE_MODULE_ARGS': arguments}).encode()
        self._monkeypatch.setattr(self._basic, '_ANSIBLE_ARGS', raw)
        self._monkeypatch.setattr(self._basic, '_ANSIBLE_PROFILE', 'legacy', raising=False)     # core 2.19 and later
        with pytest.raises(SystemExit) as info:
            self._module.main(self._collect)
        return info.value.code, json.loads(self._capfd.readouterr().out)


def made(name, monkeypatch, capfd):
    basic = pytest.importorskip('ansible.module_utils.basic')
    return Shell(basic, importlib.import_module('ansible_collections.listening.ports.plugins.modules.' + name),
                 monkeypatch, capfd)


@pytest.fixture
def shell(monkeypatch, capfd):
    return made('listener_facts', monkeypatch, capfd)


@pytest.fixture
def collecting(monkeypatch, capfd):
    return made('collect_listeners', monkeypatch, capfd)


def test_defaults(shell):
    code, result = shell()
    assert (code, shell.calls) == (0, [DEFAULTS])
    assert result['ansible_facts'] == {'ansible_listening_ports': FACTS}
    assert not result.get('changed') and 'packed' not in result and shell.judges


@pytest.mark.parametrize('arguments', [
    {'gather': ['owners', 'firewall', 'connections', 'namespaces', 'resources', 'command', 'raw']},
    {'gather': []},
    {'collector': 'procfs', 'max_sockets': 1, 'max_fds': 1},
    {'collector': 'psutil'},
    {'collector': 'netlink'},
    {'diagnose': ['nginx.service', '-x', 'a b']},
])
def test_arguments_reach_the_collectors(shell, arguments):
    assert shell(**arguments)[0] == 0
    assert shell.calls == [dict(DEFAULTS, **arguments)]


def test_packed_is_one_string_and_nothing_else(collecting):
    code, result = collecting(gather=['firewall'], diagnose=['x'])
    assert code == 0 and set(result) - {'invocation', 'changed'} == {'packed'}
    assert json.loads(result['packed']) == FACTS
    assert collecting.calls == [dict(DEFAULTS, gather=['firewall'], diagnose=['x'])] and not collecting.judges


def test_packed_fails_as_facts_do(collecting):
    code, result = collecting(max_sockets=0)
    assert code == 1 and result['msg'] == 'max_sockets must be at least 1, not 0'
    collecting.facts = CollectorError('netlink was refused: Permission denied')
    code, result = collecting(collector='netlink')
    assert code == 1 and 'packed' not in result and 'Permission denied' in result['msg']


def test_who_can_reach_it_is_judged_on_the_host():
    """By the module alone: facts that are gathered at the start of a play have no action."""
    pytest.importorskip('ansible.module_utils.basic')
    from ansible_collections.listening.ports.plugins.modules import listener_facts
    snapshot = {'nft': None, 'saves': {}, 'tables': [], 'tools': {}, 'net': None,
                'errors': [{'aspect': 'net', 'message': 'why not'}]}
    records = [listener('tcp', '0.0.0.0', 22)['record']]
    facts = listener_facts.judge(records, snapshot, new_gaps())
    assert records[0]['exposure']['verdict'] == 'unknown' and facts['firewall']['default'] == 'unknown'


def test_check_mode_does_the_same(shell):
    code, result = shell(_ansible_check_mode=True)
    assert code == 0 and result['ansible_facts'] == {'ansible_listening_ports': FACTS}


@pytest.mark.parametrize('arguments, word', [
    ({'max_sockets': 0}, 'max_sockets'), ({'max_fds': -1}, 'max_fds'), ({'max_fds': 'many'}, 'max_fds'),
    ({'collector': 'ss'}, 'collector'), ({'gather': ['firewalls']}, 'firewalls'), ({'result': 'packed'}, 'result'),
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
