# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs run side by side, each ends in time, and nothing that they started outlives them."""

import pathlib
import signal
import subprocess
import sys
import time

import pytest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / 'tools'
WITHIN = 60     # seconds for what takes none on a machine that is not busy

SCRIPT = """
import os, pathlib, signal, subprocess, sys, time
sys.path.insert(0, %r)
import jobs
from bench import Failed, LeftOut
from jobs import Job
jobs.LAST_WORDS = 2
here = pathlib.Path(sys.argv[1])

def until(name):
    while not (here / name).exists():
        time.sleep(0.01)

def detached(name):
    'Starts what neither a signal to the group nor a polite one ends; its pid is in a file.'
    code = ("import os, signal, sys, time; signal.signal(15, signal.SIG_IGN); "
            "open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)")
    subprocess.Popen([sys.executable, '-c', code, str(here / (name + '.part'))], start_new_session=True)
    until(name + '.part')
    while not (here / (name + '.part')).read_text():
        time.sleep(0.01)
    (here / (name + '.part')).rename(here / name)

def run(at_once, *todo):
    scratch = here / 'scratch'
    scratch.mkdir()
    try:
        for result in jobs.run_jobs([Job(*one) for one in todo], at_once, scratch):
            print('RESULT', result.title, result.outcome, result.reason, '%%.2f' %% result.cpu)
    except jobs.Interrupted as exc:
        print('INTERRUPTED', *[result.title for result in exc.results])

"""


def start(folder, text):
    """A script that runs jobs."""
    return subprocess.Popen([sys.executable, '-B', '-c', SCRIPT % str(TOOLS) + text, str(folder)],
                            stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def output(folder, text):
    """What a script that runs jobs prints."""
    process = start(folder, text)
    printed = process.communicate(timeout=WITHIN)[0]
    assert process.returncode == 0, printed
    return printed


def results(printed):
    """The rows of results: title, outcome and reason."""
    return [line.split(' ', 1)[1].rsplit(' ', 1)[0] for line in printed.splitlines() if line.startswith('RESULT ')]


def pid_in(path):
    """The pid in a file, once it is there."""
    until = time.monotonic() + WITHIN
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    return int(path.read_text(encoding='ascii'))


def runs(pid):
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return pathlib.Path('/proc/%d/stat' % pid).read_text(encoding='ascii').rpartition(')')[2].split()[0] not in 'ZX'
    except OSError:
        return False


def is_gone(pid):
    """Whether a process ends soon."""
    until = time.monotonic() + WITHIN
    while runs(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not runs(pid)


def test_they_run_side_by_side(tmp_path):
    """Each waits for the other one."""
    printed = output(tmp_path, """
def one():
    (here / 'one').touch()
    until('other')

def other():
    (here / 'other').touch()
    until('one')

run(2, ('one', one, 1, 50), ('other', other, 1, 50))
""")
    assert sorted(results(printed)) == ['one passed ', 'other passed ']


def test_what_only_one_can_have_is_had_by_one(tmp_path):
    printed = output(tmp_path, """
def alone():
    (here / 'taken').mkdir()
    time.sleep(0.2)
    (here / 'taken').rmdir()

net = frozenset({'net'})
run(3, *[(name, alone, 1, 50, net) for name in 'abc'], ('d', lambda: None, 1, 50))
""")
    assert sorted(results(printed)) == ['a passed ', 'b passed ', 'c passed ', 'd passed ']


def test_the_dearest_begins_first(tmp_path):
    printed = output(tmp_path,
                     "run(2, *[(name, lambda: None, cost, 50) for name, cost in (('a', 1), ('b', 3), ('c', 2))])")
    assert [line for line in printed.splitlines()
            if line.startswith('-- ')] == ['-- begins: b', '-- begins: c', '-- begins: a']


@pytest.mark.parametrize('at_once', [1, 2])
def test_how_jobs_end(tmp_path, at_once):
    printed = output(tmp_path, """
def fails():
    print('line of the failing one')
    raise Failed('because')

def left_out():
    raise LeftOut('not here')

def breaks():
    1 / 0

run(%d, ('p', lambda: print('of p'), 4, 50), ('f', fails, 3, 50), ('l', left_out, 2, 50), ('b', breaks, 1, 50),
    ('x', lambda: os._exit(3), 0, 50))
""" % at_once)
    assert sorted(results(printed)) == [
        "b FAILED a defect of the tests: ZeroDivisionError('division by zero')", 'f FAILED because',
        'l left out not here', 'p passed ',
        'x FAILED its process ended without a result']
    assert printed.count('line of the failing one') == 1 and printed.count('of p') == 1
    assert 'ZeroDivisionError: division by zero' in printed


def test_what_it_prints_stays_together(tmp_path):
    printed = output(tmp_path, """
def one():
    print('first of one', flush=True)
    until('said')
    subprocess.check_call(['echo', 'last of one'])

def other():
    print('of the other', flush=True)
    (here / 'said').touch()

run(2, ('one', one, 1, 50), ('other', other, 1, 50))
""")
    assert 'first of one\nlast of one\n' in printed and 'of the other\n' in printed


def test_all_processes_of_a_job_count(tmp_path):
    printed = output(tmp_path, """
burn = 'import time\\nwhile time.process_time() < 0.5: pass'
run(1, ('burns', lambda: subprocess.check_call([sys.executable, '-c', burn]), 1, 50))
""")
    (row,) = [line for line in printed.splitlines() if line.startswith('RESULT ')]
    assert float(row.split()[-1]) >= 0.5


@pytest.mark.parametrize('ending', ["None", "os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)", "time.sleep(600)"],
                         ids=['ends', 'ends at once', 'is killed', 'takes too long'])
def test_nothing_is_left_behind(tmp_path, ending):
    """Not even what ignores signals in a session of its own."""
    printed = output(tmp_path, """
def leaves():
    detached('left')
    %s

run(2, ('leaves', leaves, 1, 3))
""" % ending)
    assert ('leaves FAILED ended after 3 s, which is its limit' in results(printed)) == (ending == 'time.sleep(600)')
    assert not runs(pid_in(tmp_path / 'left'))


def test_what_loses_its_parent_is_waited_for(tmp_path):
    """As process 1 does it: a job that watches what it has started sees it end."""
    printed = output(tmp_path, """
def orphans():
    code = 'import os; print(os.fork() or os.getpid(), flush=True)'
    pids = subprocess.check_output([sys.executable, '-c', code], text=True).split()
    while any(os.path.exists('/proc/' + pid) for pid in pids):
        time.sleep(0.01)

run(2, ('orphans', orphans, 1, 20))
""")
    assert results(printed) == ['orphans passed ']


def test_one_that_does_not_end_politely_is_ended(tmp_path):
    printed = output(tmp_path, """
def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)

run(2, ('stubborn', stubborn, 1, 0.1), ('other', lambda: None, 1, 50))
""")
    assert sorted(results(printed)) == ['other passed ', 'stubborn FAILED ended after 0 s, which is its limit']


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=str)
def test_an_interrupt_ends_all(tmp_path, number):
    process = start(tmp_path, """
def long():
    detached('left')
    time.sleep(600)

run(2, ('long', long, 1, 600))
""")
    left = pid_in(tmp_path / 'left')
    process.send_signal(number)
    printed = process.communicate(timeout=WITHIN)[0]
    assert 'INTERRUPTED' in printed and process.returncode == 0, printed
    assert not runs(left)


def test_a_kill_of_all_that_watches_ends_all(tmp_path):
    """Nobody is left to clean up: the job gets to know, and ends what it started."""
    process = start(tmp_path, """
def long():
    detached('left')
    time.sleep(600)

run(2, ('long', long, 1, 600))
""")
    left = pid_in(tmp_path / 'left')
    process.kill()
    process.communicate(timeout=WITHIN)
    assert is_gone(left)
