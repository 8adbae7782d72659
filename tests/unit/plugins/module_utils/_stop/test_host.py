# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of the machine itself, and what it says."""

import os
import socket
import subprocess
import sys

import pytest

from ansible_collections.listening.ports.plugins.module_utils._notes import Notes
from ansible_collections.listening.ports.plugins.module_utils._stop import arguments, decide, undo
from ansible_collections.listening.ports.plugins.module_utils._stop.host import Host
from ansible_collections.listening.ports.plugins.module_utils._systemd.systemctl import SystemdError


def of(tmp_path, answer):
    return Host(lambda words, **options: answer, lambda name: '/usr/bin/' + name, Notes(str(tmp_path)))


@pytest.fixture
def listener():
    with socket.socket() as opened:
        opened.bind(('127.0.0.1', 0))
        opened.listen(1)
        yield 'tcp/127.0.0.1:%d' % opened.getsockname()[1]


def test_what_listens_on_this_machine_is_seen_with_its_owners(tmp_path, listener):
    host = of(tmp_path, (1, '', ''))
    assert listener in host.listening()
    assert os.getpid() in [owner['pid'] for owner in host.listeners()[listener]['owners']]


def test_the_parent_of_a_process_has_a_name(tmp_path):
    host = of(tmp_path, (0, '', ''))
    child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)
    try:
        with open('/proc/self/comm') as stream:
            assert host.parent(child.pid) == stream.read().strip()
    finally:
        child.communicate(b'\n')
    assert host.parent(child.pid) is None


def test_of_no_units_nothing_is_asked(tmp_path):
    host = of(tmp_path, AssertionError())
    assert (host.running([]), host.enabled([]), host.masked([])) == ([], {}, set())


def test_a_unit_of_which_systemd_says_nothing_is_not_taken_for_one_that_runs(tmp_path):
    host = of(tmp_path, (0, 'Id=web.service\nActiveState=active\n', ''))
    assert host.running(['web.service', 'other.service']) == ['web.service']


def test_a_systemd_that_says_nothing_of_the_timer_is_no_proof_that_there_is_none(tmp_path):
    with pytest.raises(SystemdError):
        of(tmp_path, (0, 'Id=%s\nActiveState=inactive\n' % undo.TIMER, '')).undo.is_armed()
    with pytest.raises(SystemdError):
        of(tmp_path, (1, '', 'no')).undo.is_armed()


@pytest.mark.parametrize('timer, service, armed', [
    ('active', 'inactive', True), ('active', 'activating', True), ('inactive', 'activating', True),
    ('inactive', 'deactivating', True), ('inactive', 'inactive', False), ('inactive', 'failed', False)])
def test_a_timer_that_waits_or_is_at_work(tmp_path, timer, service, armed):
    text = 'Id=%s\nActiveState=%s\n\nId=%s\nActiveState=%s\n' % (undo.TIMER, timer, undo.SERVICE, service)
    assert of(tmp_path, (0, text, '')).undo.is_armed() is armed


@pytest.mark.parametrize('writable', [True, False])
def test_what_the_timer_runs_leaves_a_mark_where_it_can(tmp_path, writable):
    notes = Notes(str(tmp_path))
    folder = tmp_path / 'run/listening-ports'
    if writable:
        folder.mkdir(parents=True)
    done = subprocess.run(['sh', '-c', undo._LEAVE_MARK % (folder / 'undone.json')], check=False,
                          stderr=subprocess.PIPE)
    assert bool(done.returncode) is not writable
    assert undo.Undo(None, None, notes, None).has_begun() is writable


def test_what_may_be_overridden_is_the_same_everywhere():
    assert set(arguments.DESPITE) <= set(decide.REASONS)
