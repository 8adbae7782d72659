# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes too long is ended, and an alarm of somebody else still rings."""

import signal
import subprocess
import threading
import time

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils import _deadline


class Rung(Exception):
    """The alarm of somebody else."""


@pytest.fixture(autouse=True)
def nobody_else():
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def ring(number, frame):
    raise Rung


def test_work_in_time_returns_what_it_returns():
    handler = signal.getsignal(signal.SIGALRM)
    assert _deadline.within(5, lambda: 'done') == 'done'
    assert _deadline.within(0, lambda: 'done') == 'done'
    assert signal.getsignal(signal.SIGALRM) == handler and signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_errors_are_those_of_the_work():
    with pytest.raises(ZeroDivisionError):
        _deadline.within(5, lambda: 1 // 0)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_work_that_takes_too_long_is_ended_even_if_it_handles_all_errors():
    def stubborn():
        try:
            time.sleep(30)
        except Exception:
            return 'handled'
        return 'slept'

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        _deadline.within(0.2, stubborn)
    assert time.monotonic() - began < 20


def test_processes_that_it_has_started_are_ended_and_no_others():
    started = []
    with subprocess.Popen(['sleep', '60']) as mine:
        time.sleep(0.1)

        def work():
            started.append(subprocess.Popen(['sh', '-c', 'sleep 60; true']))
            started[0].wait()

        with pytest.raises(TimeoutError):
            _deadline.within(0.5, work)
        assert mine.poll() is None
        mine.terminate()
    started[0].wait(10)


def test_an_alarm_of_somebody_else_that_is_later_goes_on():
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 60)
    assert _deadline.within(5, lambda: 'done') == 'done'
    assert signal.getsignal(signal.SIGALRM) == ring and 30 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60
    with pytest.raises(TimeoutError):
        _deadline.within(0.1, lambda: time.sleep(30))
    assert signal.getsignal(signal.SIGALRM) == ring and 30 < signal.getitimer(signal.ITIMER_REAL)[0] < 60


def test_work_is_ended_before_an_alarm_of_somebody_else_that_is_earlier():
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 1)
    with pytest.raises(TimeoutError) as caught:
        _deadline.within(30, lambda: time.sleep(30))
    assert 0.3 < caught.value.args[0] <= 0.5
    with pytest.raises(Rung):
        time.sleep(30)


def test_other_threads_have_no_alarm():
    done = []
    thread = threading.Thread(target=lambda: done.append(_deadline.within(5, lambda: 'done')))
    thread.start()
    thread.join()
    assert done == ['done']
