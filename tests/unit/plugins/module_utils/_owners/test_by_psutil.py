# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners from psutil."""

import types

import pytest

from ansible_collections.listening.ports.plugins.module_utils._owners import by_psutil
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import gaps_of, listener, new_gaps
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.fake_psutil import (
    AccessDenied, NoSuchProcess, ZombieProcess, install
)

NGINX = {
    'name': 'nginx', 'create_time': 1700000000.9, 'exe': '/usr/sbin/nginx', 'username': 'www',
    'uids': types.SimpleNamespace(real=1, effective=33), 'cpu_times': (1.004, 2.0, 9.0, 9.0), 'num_threads': 4,
    'num_fds': 7,
    'memory_info': types.SimpleNamespace(rss=4096), 'cmdline': ['nginx', '-g', 'a\udcffb'],
}
OWNER = {
    'pid': 5, 'process': 'nginx', 'exe': '/usr/sbin/nginx', 'exe_deleted': None, 'user': 'www', 'uid': 33,
    'started': '2023-11-14T22:13:20Z', 'unit': None, 'main': None, 'container': None,
}


@pytest.fixture
def psutil(monkeypatch):
    return install(monkeypatch)


def attach(pids, gather=frozenset({'owners'}), root=True, executable=None):
    given = listener(inodes=(0,) * len(pids))
    for sock, pid in zip(given['sockets'], pids):
        sock.pid = pid
    gaps = new_gaps(root)
    by_psutil.attach([given], gather, gaps, lambda: executable)
    return given['record'], gaps


def test_attach(psutil):
    psutil.processes = {5: NGINX, 7: dict(NGINX, name='other')}
    record, gaps = attach([7, 5, 7])
    assert record['owners'] == [OWNER, dict(OWNER, pid=7, process='other')]
    assert (record['owners_total'], record['held_by']) == (2, 'processes')
    assert gaps_of(gaps) == {('units', 'psutil'): None, ('owners', 'psutil'): 0}


@pytest.mark.parametrize('pids, process', [
    ([None], NGINX), ([6], NGINX), ([5], dict(NGINX, name=NoSuchProcess(5))), ([5], dict(NGINX, exe=NoSuchProcess(5))),
    ([5], dict(NGINX, name=ZombieProcess(5))),
])
def test_attach_a_process_that_has_ended_or_is_hidden(psutil, pids, process):
    psutil.processes = {5: process}
    record, gaps = attach(pids)
    assert (record['owners'], record['owners_total'], record['held_by']) == ([], 0, 'unknown')
    assert gaps_of(gaps)[('owners', 'psutil')] == 1


@pytest.mark.parametrize('root, hint', [(True, None), (False, 'become')])
def test_attach_always_says_that_there_may_be_more(psutil, root, hint):
    psutil.processes = {5: NGINX}
    gap = [gap for gap in attach([5], root=root)[1].found if gap['aspect'] == 'owners'][0]
    assert gap['hint'] == hint


@pytest.mark.parametrize('denied, expected', [
    ({'exe': AccessDenied(5)}, {'exe': None}),
    ({'exe': ''}, {'exe': None}),
    ({'uids': AccessDenied(5)}, {'uid': None}),
    ({'username': AccessDenied(5)}, {'user': None}),
    ({'exe': PermissionError(13, 'denied')}, {'exe': None}),
    ({'exe': ZombieProcess(5)}, {'exe': None}),
    ({'name': 'a\udcff\n{{ 7*7 }}'}, {'process': 'a\\xff\n{{ 7*7 }}'}),
    ({'exe': '/opt/\udcfe'}, {'exe': '/opt/\\xfe'}),
])
def test_attach_keeps_what_is_known(psutil, denied, expected):
    psutil.processes = {5: dict(NGINX, **denied)}
    assert attach([5])[0]['owners'] == [dict(OWNER, **expected)]


def test_attach_asks_the_kernel_for_executables_on_linux(psutil):
    psutil.processes = {5: {key: value for key, value in NGINX.items() if key != 'exe'}}
    inside = {'exe': None, 'exe_deleted': True, 'exe_inside': '/usr/sbin/nginx'}
    record, dummy = attach([5], executable={'/proc/5': inside}.get)
    assert record['owners'] == [dict(OWNER, **inside)]


@pytest.mark.parametrize('fault', [FileNotFoundError(2, '/proc/stat'), RuntimeError("line 'btime' not found")])
def test_attach_keeps_a_process_whose_start_cannot_be_read(psutil, fault):
    psutil.processes = {5: dict(NGINX, create_time=fault)}
    assert attach([5])[0]['owners'] == [dict(OWNER, started=None)]
    psutil.processes = {5: fault}               # as psutil reads that before all else
    [owner] = attach([5])[0]['owners']
    assert (owner['pid'], owner['process'], owner['started']) == (5, None, None)


def test_attach_keeps_a_process_that_does_not_tell_everything(psutil):
    psutil.processes = {5: dict(NGINX, name=AccessDenied(5))}
    record, dummy = attach([5])
    assert record['owners'] == [dict(OWNER, process=None)]
    assert record['held_by'] == 'processes'


def test_details(psutil):
    psutil.processes = {5: NGINX}
    record, gaps = attach([5], {'owners', 'resources', 'command'})
    assert record['owners'] == [dict(
        OWNER, resources={'cpu_seconds': 3.0, 'rss_bytes': 4096, 'threads': 4, 'open_files': 7},
        command=['nginx', '-g', 'a\\xffb'])]
    assert ('resources', 'psutil') not in gaps_of(gaps)


@pytest.mark.parametrize('denied', [{'num_fds': AccessDenied(5), 'cmdline': AccessDenied(5)},
                                    dict.fromkeys(('name', 'num_fds', 'cmdline'), AccessDenied(5))])
def test_details_that_are_refused_are_null_with_a_gap(psutil, denied):
    psutil.processes = {5: dict(NGINX, **denied)}
    record, gaps = attach([5], {'owners', 'resources', 'command'})
    [owner] = record['owners']
    assert owner['command'] is None
    assert sorted(owner['resources']) == ['cpu_seconds', 'open_files', 'rss_bytes', 'threads']
    assert owner['resources']['open_files'] is None
    assert ('resources', 'psutil') in gaps_of(gaps)


def test_details_are_not_even_read_unless_asked_for(psutil):
    psutil.processes = {5: {key: value for key,
                            value in NGINX.items() if key not in ('cmdline', 'num_fds', 'cpu_times')}}
    assert attach([5])[0]['owners'] == [OWNER]
