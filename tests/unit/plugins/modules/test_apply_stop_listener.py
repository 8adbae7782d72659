# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's shell: what it tells the steps of the host, and that it answers in whichever way they end."""

import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._notes import Notes
from ansible_collections.listening.ports.plugins.module_utils._stop.host import Host


@pytest.fixture
def shell(monkeypatch, capfd, tmp_path):
    """Runs the module in this process, on a host that systemd has not booted; returns the result."""
    basic = pytest.importorskip('ansible.module_utils.basic')
    from ansible_collections.listening.ports.plugins.modules import apply_stop_listener

    def make(*arguments):
        host = Host(*arguments, notes=Notes(str(tmp_path)))
        host.is_root = lambda: True
        host.connection = lambda told: None
        return host

    def run(**arguments):
        arguments = dict({'step': 'begin', 'token': '8f3c1a2b', 'remote': False}, **arguments)
        monkeypatch.setattr(basic, '_ANSIBLE_ARGS', json.dumps({'ANSIBLE_MODULE_ARGS': arguments}).encode())
        monkeypatch.setattr(basic, '_ANSIBLE_PROFILE', 'legacy', raising=False)     # core 2.19 and later
        with pytest.raises(SystemExit) as info:
            apply_stop_listener.main(make)
        return info.value.code, json.loads(capfd.readouterr().out)
    return run


@pytest.mark.parametrize('check', [False, True])
def test_a_host_with_nothing_to_do(shell, check):
    code, result = shell(listeners=[], _ansible_check_mode=check)
    assert (code, result['status'], result['changed'], result.get('failed')) == (0, 'unchanged', False, None)
    assert (result['units'], result['listeners']) == ([], [])


def test_options_that_mean_nothing(shell):
    code, result = shell(listeners=['http'])
    assert (code, result['status'], result['failed']) == (0, 'failed', True)
    assert result['msg'].startswith("listeners: 'http' is not the id of a listener")
    code, result = shell(listeners=[], despite=['in_use'])
    assert code == 1 and 'in_use' in result['msg']


def test_a_later_step_of_which_nothing_is_known(shell):
    code, result = shell(step='sweep', listeners=['tcp/0.0.0.0:80'])
    assert (code, result['status'], result['failed']) == (0, 'failed', True)
    assert 'tcp/0.0.0.0:80 is not listening' in result['msg'] and 'is not known' in result['msg']
