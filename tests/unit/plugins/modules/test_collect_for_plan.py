# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's shell: what it answers on the machine that the tests run on."""

import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._planning import look


@pytest.fixture
def shell(monkeypatch, capfd):
    """Runs the module in this process; returns the exit code and the result."""
    basic = pytest.importorskip('ansible.module_utils.basic')
    from ansible_collections.listening.ports.plugins.modules import collect_for_plan

    def run(**arguments):
        arguments = dict({'remote': False, 'token': '8f3c1a2b'}, **arguments)
        monkeypatch.setattr(basic, '_ANSIBLE_ARGS', json.dumps({'ANSIBLE_MODULE_ARGS': arguments}).encode())
        monkeypatch.setattr(basic, '_ANSIBLE_PROFILE', 'legacy', raising=False)     # core 2.19 and later
        with pytest.raises(SystemExit) as info:
            collect_for_plan.main(lambda module: look(module, collect))
        return info.value.code, json.loads(capfd.readouterr().out)
    return run


def collect(run, judge, host, **options):
    assert run(['true'])[0] == 0 and judge is None
    return {'collector': 'psutil', 'listeners': [], 'options': options}


@pytest.mark.parametrize('check', [False, True])
def test_the_facts_are_sent(shell, check):
    code, result = shell(gather=['owners', 'connections'], actions=['close'], max_fds=7, _ansible_check_mode=check)
    assert (code, result.get('changed', False)) == (0, False)
    assert json.loads(result['packed'])['options'] == {
        'gather': ['owners', 'connections'], 'collector': 'auto', 'max_sockets': 100000, 'max_fds': 7, 'diagnose': []}


@pytest.mark.parametrize('options', [{}, {'actions': ['open']}, {'actions': ['close'], 'undeclared': ['all']},
                                     {'actions': ['close'], 'max_fds': 0}])
def test_options_that_mean_nothing(shell, options):
    code, result = shell(**options)
    assert (code, result['failed']) == (1, True)
