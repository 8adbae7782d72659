# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that changes while it is looked at, and runners that are killed.

``RACES=300`` looks that often.
"""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from zoo.compare import agree

pytestmark = pytest.mark.root
RACES = int(os.environ.get('RACES') or 100)


@pytest.mark.parametrize('options', [
    {'collector': 'netlink'}, {'collector': 'procfs'},
    {'gather': ['owners', 'connections', 'namespaces', 'resources', 'command', 'raw']},
], ids=['netlink', 'procfs', 'all'])
def test_processes_that_end_while_they_are_read(habitat, options):
    """No exception, and no listener dropped that was there all the time, nor any of its holders."""
    outcome = habitat.call('zoo.churn:collect_meanwhile', timeout=9 * RACES, times=RACES, **options)
    print('%(passing)d records of those that pass, %(ended)d processes ended' % outcome)
    agree(outcome['lines'])
    # there was something to trip over
    assert outcome['passing'] > 50
    assert outcome['ended'] > 300


def test_a_process_that_changes_its_name(habitat):
    names = habitat.call('zoo.churn:names_over_time', names=['one', 'two {{ x }}', 'three'])
    assert names == ['one', 'two {{ x }}', 'three']


def test_the_zoo_dies_with_its_runner(paths):
    """Also with kill -9: nothing that was started for the zoo is left."""
    code = ('import time; from zoo.habitat import Habitat; habitat = Habitat(%r); '
            'habitat.call("zoo.inside:build"); print("built", flush=True); time.sleep(600)' % paths)
    runner = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE,
                              env=dict(os.environ, PYTHONPATH=os.pathsep.join(paths)))
    try:
        assert runner.stdout.readline() == b'built\n'
        started = psutil.Process(runner.pid).children(recursive=True)
        assert len(started) > 100
    finally:
        runner.send_signal(signal.SIGKILL)
        runner.wait()
        runner.stdout.close()
    deadline = time.monotonic() + 60
    while any(process.is_running() for process in started):
        assert time.monotonic() < deadline, started
        time.sleep(0.01)
