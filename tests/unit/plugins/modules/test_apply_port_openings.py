# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's shell: what it tells the steps of the host, and that it answers in whichever way they end."""

import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._openings import steps


@pytest.fixture
def shell(monkeypatch, capfd, tmp_path):
    """Runs the module in this process, on a host without anything open; returns the result, and the Host."""
    basic = pytest.importorskip('ansible.module_utils.basic')
    from ansible_collections.listening.ports.plugins.modules import apply_port_openings
    made = []

    def make(*arguments):
        made.append(steps.Host(*arguments, path=str(tmp_path / 'openings.json')))
        made[-1].is_root = True
        return made[-1]

    def run(**arguments):
        monkeypatch.setattr(basic, '_ANSIBLE_ARGS', json.dumps({'ANSIBLE_MODULE_ARGS': arguments}).encode())
        monkeypatch.setattr(basic, '_ANSIBLE_PROFILE', 'legacy', raising=False)     # core 2.19 and later
        with pytest.raises(SystemExit) as info:
            apply_port_openings.main(make)
        return info.value.code, json.loads(capfd.readouterr().out), made[-1] if made else None
    return run


@pytest.mark.parametrize('check', [False, True])
@pytest.mark.parametrize('remote', [False, True])
def test_a_host_with_nothing_to_do(shell, check, remote):
    code, result, host = shell(step='begin', remote=remote, state='absent', _ansible_check_mode=check)
    assert (code, result['status'], result['changed'], result.get('failed')) == (0, 'unchanged', False, None)
    assert (result['opened'], result['closed'], result['left']) == ([], [], [])
    assert host.is_remote is remote
    # the clock of the connection is that of processes: this one was started before
    with open('/proc/self/stat') as stream:
        assert host.now() > int(stream.read().rpartition(')')[2].split()[19])


def test_options_that_mean_nothing(shell):
    code, result, dummy = shell(step='begin', remote=True, keep=[{'ports': ['http']}])
    assert (code, result['status'], result['failed']) == (0, 'failed', True)
    assert result['msg'].startswith("keep: rule 1: 'http' is not a port")
    code, result, dummy = shell(step='begin', remote=True, openings=[{'ports': [1], 'backend': 'pf'}])
    assert code == 1 and 'backend' in result['msg']
