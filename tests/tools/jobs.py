# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs functions side by side, each in a process of its own, within a time limit, and leaves no process behind.

A job's process is the subreaper of whatever it starts (PR_SET_CHILD_SUBREAPER, prctl(2)): programs that detach
themselves
stay below it, and are ended with it. It gets SIGTERM when the process that runs the jobs is killed (PR_SET_PDEATHSIG).
"""

import contextlib
import ctypes
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import traceback
from typing import Any, Callable, Collection, Iterator, NoReturn

from bench import Failed, LeftOut
from worktree import NotACheckout

PASSED, FAILED, LEFT_OUT = "passed", "FAILED", "left out"
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # prctl(2)
LAST_WORDS = 30  # seconds that a job which has to end gets to clean up
TAIL = 40  # lines of the output of a failed job that are shown again at the end
POLL = 0.05  # seconds


class Interrupted(Exception):
    """Jobs were interrupted; ``results`` are those of the ones that had ended."""

    def __init__(self, results: "list[Result]"):
        super().__init__()
        self.results = results


class _Ended(BaseException):
    """The process was asked to end (SIGTERM)."""


@dataclasses.dataclass(frozen=True)
class Job:
    """A function to run.

    :ivar cost: CPU seconds that it takes, roughly: the dearest begins first
    :ivar limit: seconds after which it has failed
    :ivar uses: names of what only one job at a time can have
    :ivar notes: the list to which it adds what was not tested
    """

    title: str
    function: Callable[[], object]
    cost: float
    limit: float
    uses: frozenset[str] = frozenset()
    notes: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Result:
    """How a job ended.

    :ivar outcome: PASSED, FAILED or LEFT_OUT
    :ivar cpu: seconds that it and all its processes computed
    :ivar notes: what was not tested in it
    :ivar output: the end of what a failed job printed
    """

    title: str
    outcome: str
    reason: str = ""
    seconds: float = 0.0
    cpu: float = 0.0
    notes: tuple[str, ...] = ()
    output: str = ""


class _Running:
    """A job in its process."""

    def __init__(self, job: Job, folder: pathlib.Path, shown: bool):
        self.job, self.shown = job, shown
        self.log, self.report = folder / "output", folder / "report"
        self.begun = time.monotonic()
        self.overdue = False
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            self._be_the_job(parent)

    def _be_the_job(self, parent: int) -> NoReturn:
        """Have the function run in a process below this one, which waits for what loses its parent; never returns."""
        try:
            os.setsid()
            _prctl(PR_SET_CHILD_SUBREAPER, 1)
            _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() == parent:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                signal.signal(signal.SIGTERM, _end_all)
                worker = os.fork()
                if not worker:
                    self._work()
                while os.waitpid(-1, 0)[0] != worker:
                    pass
                end_children(os.getpid())
        finally:
            os._exit(0)

    def _work(self) -> NoReturn:
        """Run the function and report how it ended; never returns."""
        try:
            signal.signal(signal.SIGTERM, _end)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            if not self.shown:
                output = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                os.dup2(output, 1)
                os.dup2(output, 2)
            outcome, reason = _outcome(self.job.function)
            self.report.write_text(json.dumps([outcome, reason, self.job.notes]), encoding="utf-8")
        except (_Ended, KeyboardInterrupt):
            pass
        except BaseException:  # whatever it is, this process must not go on as its parent
            traceback.print_exc()
        finally:
            with contextlib.suppress(BaseException):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(0)

    def end(self, number: int) -> None:
        """Send a signal to the job and what it runs."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def check_limit(self) -> None:
        """End it where its time is over: first politely."""
        late = time.monotonic() - self.begun - self.job.limit
        if late > LAST_WORDS:
            self.end(signal.SIGKILL)
        elif late > 0 and not self.overdue:
            self.overdue = True
            self.end(signal.SIGTERM)

    def result(self, cpu: float) -> Result:
        """How it ended, once its process has."""
        seconds = time.monotonic() - self.begun
        try:
            outcome, reason, notes = json.loads(self.report.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            outcome, reason, notes = FAILED, "its process ended without a result", []
        if self.overdue:
            outcome, reason = FAILED, "ended after %d s, which is its limit" % self.job.limit
        output = self.output()
        tail = "\n".join(output.splitlines()[-TAIL:]) if outcome == FAILED else ""
        return Result(self.job.title, outcome, reason, seconds, cpu, tuple(notes), tail)

    def output(self) -> str:
        """What it printed, unless that was shown at once."""
        try:
            return self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""


def run_jobs(jobs: list[Job], at_once: int, scratch: pathlib.Path) -> list[Result]:
    """Run jobs, so many side by side, the dearest first; returns their results in the order in which they ended.

    :raises Interrupted: by Ctrl-C or SIGTERM; the jobs have been ended
    """
    waiting = sorted(jobs, key=lambda job: -job.cost) if at_once > 1 else list(jobs)
    running: list[_Running] = []
    results: list[Result] = []
    with _reaping():
        try:
            while waiting or running:
                while len(running) < at_once and (job := _next(waiting, running)):
                    waiting.remove(job)
                    running.append(_start(job, scratch / ("job-%d" % len(os.listdir(scratch))), at_once == 1))
                results += _collect(running)
                time.sleep(POLL)
        except (KeyboardInterrupt, _Ended):
            for number in (signal.SIGTERM, signal.SIGKILL):
                for process in running:
                    process.end(number)
                until = time.monotonic() + LAST_WORDS
                while running and time.monotonic() < until:
                    _collect(running, shown=False)
                    time.sleep(POLL)
            raise Interrupted(results) from None
        finally:
            end_children(os.getpid())
    return results


def _next(waiting: list[Job], running: list[_Running]) -> Job | None:
    """The first job that needs nothing which a running one has."""
    taken = frozenset[str]().union(*(process.job.uses for process in running))
    return next((job for job in waiting if not job.uses & taken), None)


def _start(job: Job, folder: pathlib.Path, shown: bool) -> _Running:
    folder.mkdir()
    if shown:
        _headline(job.title)
    else:
        print("-- begins: %s" % job.title, flush=True)
    return _Running(job, folder, shown)


def _collect(running: list[_Running], shown: bool = True) -> list[Result]:
    """Take jobs that have ended off the list; returns their results, after having shown them."""
    results = []
    for process in list(running):
        process.check_limit()
        pid, _status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            running.remove(process)
            end_children(os.getpid(), {other.pid for other in running})  # of one that was killed
            result = process.result(usage.ru_utime + usage.ru_stime)
            results.append(result)
            if shown:
                _show(process, result)
    return results


def _show(process: _Running, result: Result) -> None:
    if not process.shown:
        _headline(result.title)
        print(process.output().rstrip())
    reason = ": " + result.reason if result.reason else ""
    print("== %s: %s%s (%.0f s, CPU %.0f s)" % (result.title, result.outcome, reason, result.seconds, result.cpu),
          flush=True)


def _headline(text: str) -> None:
    print("\n%s\n== %s\n%s" % ("=" * 80, text, "=" * 80), flush=True)


def _outcome(function: Callable[[], object]) -> tuple[str, str]:
    """Run a function; returns how it ended and why."""
    try:
        function()
    except LeftOut as exc:
        return LEFT_OUT, str(exc)
    except Failed as exc:
        return FAILED, str(exc)
    except (OSError, NotACheckout, subprocess.CalledProcessError) as exc:
        return FAILED, "could not be run: %s" % exc
    except Exception as exc:
        traceback.print_exc()
        return FAILED, "a defect of the tests: %r" % exc
    return PASSED, ""


@contextlib.contextmanager
def _reaping() -> Iterator[None]:
    """Whatever jobs that were killed leave behind becomes a child of this process; SIGTERM is like Ctrl-C."""
    before = signal.signal(signal.SIGTERM, _end)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def end_children(parent: int, but: Collection[int] = ()) -> None:
    """Kill all processes below this one, until there is none but these, and what is below them."""
    until = time.monotonic() + LAST_WORDS
    while (children := [pid for pid in _children(parent) if pid not in but]) and time.monotonic() < until:
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.01)


def _children(parent: int) -> Iterator[int]:
    for task in pathlib.Path("/proc/%d/task" % parent).glob("*/children"):
        with contextlib.suppress(OSError):
            yield from (int(pid) for pid in task.read_text(encoding="ascii").split())


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):  # Linux alone has it
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _end(*_unused: Any) -> NoReturn:
    raise _Ended


def _end_all(*_unused: Any) -> None:
    """Hand a signal on to the group of this process, which goes on."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
