# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's shell: arguments, results, failures. Needs Ansible, unlike the code below the shell."""

import contextlib
import json
import socket

import pytest


@pytest.fixture
def shell(monkeypatch, capfd):
    """Runs the module in this process; returns the exit code and the result."""
    basic = pytest.importorskip('ansible.module_utils.basic')
    from ansible_collections.listening.ports.plugins.modules import probe_listeners

    def run(**arguments):
        monkeypatch.setattr(basic, '_ANSIBLE_ARGS', json.dumps({'ANSIBLE_MODULE_ARGS': arguments}).encode())
        monkeypatch.setattr(basic, '_ANSIBLE_PROFILE', 'legacy', raising=False)     # core 2.19 and later
        with pytest.raises(SystemExit) as info:
            probe_listeners.main()
        return info.value.code, json.loads(capfd.readouterr().out)
    return run


@pytest.fixture
def port():
    with contextlib.closing(socket.socket()) as sock:
        sock.bind(('127.0.0.1', 0))
        sock.listen(5)
        yield sock.getsockname()[1]


@pytest.mark.parametrize('check', [False, True])
def test_what_it_returns(shell, port, check):
    code, result = shell(endpoints=['tcp/127.0.0.1:%d' % port, {'host': '127.0.0.1', 'port': 1}],
                         _ansible_check_mode=check)
    assert code == 0 and not result.get('changed') and 'packed' not in result
    assert [probe['verdict'] for probe in result['probes']] == ['open', 'closed']
    assert result['counts'] == {'open': 1, 'closed': 1, 'filtered': 0, 'open|filtered': 0, 'unresolvable': 0,
                                'unknown': 0}
    assert 0 <= result['elapsed'] < 5


def test_packed_is_one_string(shell, port):
    code, result = shell(endpoints=['tcp/127.0.0.1:%d' % port], result='packed')
    assert code == 0 and 'probes' not in result
    assert json.loads(result['packed'])[0]['endpoint'] == 'tcp/127.0.0.1:%d' % port


def test_nothing_to_probe(shell):
    code, result = shell(endpoints=[])
    assert code == 0 and result['probes'] == [] and sum(result['counts'].values()) == 0


def test_options_reach_the_probes(shell, port):
    code, result = shell(endpoints=['tcp/127.0.0.1:%d' % port], source='127.0.0.7', timeout=0.5, total_timeout=2,
                         max_parallel=1, family='ipv4')
    assert code == 0 and result['probes'][0]['local_address'] == '127.0.0.7'
    code, result = shell(endpoints=['tcp/localhost:%d' % port], family='ipv4')
    assert [probe['address'] for probe in result['probes']] == ['127.0.0.1']


@pytest.mark.parametrize('arguments, words', [
    ({}, 'endpoints'),
    ({'endpoints': ['tcp/127.0.0.1:1', 'tcp/127.0.0.1:70000']},
     "endpoints[1]: port has to be a number from 1 to 65535, not '70000'"),
    ({'endpoints': [{'address': '10.0.0.1', 'prot': 'tcp', 'port': 1}]}, "endpoints[0]: there is no option 'prot'"),
    ({'endpoints': ['tcp/\x1b[2J:1']}, 'endpoints[0]: '),
    ({'endpoints': ['tcp/127.0.0.1:1'], 'source': 'eth0'}, "source: 'eth0' is not an address"),
    ({'endpoints': [], 'timeout': 0}, 'timeout has to be from 0.01 to 60, not 0'),
    ({'endpoints': [], 'timeout': 'nan'}, 'timeout has to be from 0.01 to 60, not nan'),
    ({'endpoints': [], 'total_timeout': 1e9}, 'total_timeout has to be from 0.01 to 3600'),
    ({'endpoints': [], 'max_parallel': 0}, 'max_parallel has to be from 1 to 10000, not 0'),
    ({'endpoints': [], 'family': 'inet'}, 'value of family must be one of: any, ipv4, ipv6'),
    ({'endpoints': [], 'ports': [1]}, 'ports'),
])
def test_options_that_make_no_sense(shell, arguments, words):
    code, result = shell(**arguments)
    assert code == 1 and result['failed'] and words in result['msg'] and '\x1b' not in result['msg']
    assert 'probes' not in result
