# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock-out campaign: faults at random moments while changes are tried, kept and reverted on real hosts.

    python3 tests/hosts/rig run --hosts 0 --release trixie,bookworm,bullseye -- \\
        python3 -B tests/lockout/run.py --runs 300

prints a line for each run and the table of the guide, and fails where a run ended as none may end, or where the
campaign has not shown what it is for. `--seed S --only N` repeats the run N of a campaign. With `--what close`, units
are stopped instead of filtering ports.
"""

import argparse
import collections
import concurrent.futures
import datetime
import importlib.metadata
import pathlib
import platform
import secrets
import statistics
import sys
import tempfile
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
# behind, as one of them has a conftest.py
sys.path += [str(HERE.parent / "hosts"), str(HERE.parent / "ready")]

import draws  # noqa: E402
import faults  # noqa: E402
import report  # noqa: E402
import verdicts  # noqa: E402
from closing import Closing  # noqa: E402
from draws import ANY, CLOSE, FILTER, KEEP, NO_FAULT, OLD, SWITCHED_OFF, Draw  # noqa: E402
from faults import Fault  # noqa: E402
from filtering import Filtering  # noqa: E402
from ready_ansible import ReadyAnsible  # noqa: E402
from scene import Play, Stage  # noqa: E402
from subject import Site, Subject  # noqa: E402
from support.host import execute  # noqa: E402
from support.player import Player, settings  # noqa: E402
from verdicts import Outcome  # noqa: E402
from watch import Watch, programs  # noqa: E402

from rig.fleet import Rig  # noqa: E402

KEEP_AFTER = 2.0  # seconds from the begin of a trial to its keep, before any was seen
REMEMBERED = 15  # keeps
LOOK_EVERY = 0.01  # seconds
QUIET_WITHIN = 60
BACK_WITHIN = 60  # seconds after a boot in which all that others have is back
ENDS_WITHIN = 120  # seconds, for Ansible, after its trial would be over
LOGINS = 3  # attempts at one
ATTEMPTS = 5  # at a run whose fault has to meet a trial, which a busy machine may have ended before
FIRST_WITHIN = "30"  # seconds for the first connection of Ansible, on a busy machine


class Pace:
    """How long it takes from the begin of a trial to its keep, on this machine at this time."""

    def __init__(self) -> None:
        self._seen: collections.deque[float] = collections.deque(maxlen=REMEMBERED)

    def add(self, watch: Watch) -> None:
        """Learn from a run."""
        if watch.tried and watch.kept:
            self._seen.append(watch.kept - watch.tried)

    def keep_after(self) -> float:
        """Seconds."""
        return statistics.median(self._seen) if self._seen else KEEP_AFTER


class Run:
    """One run: makes what it is made on, lets its fault come, and looks at what is left."""

    def __init__(self, stage: Stage, pace: Pace, draw: Draw, folder: pathlib.Path):
        self._stage, self._pace, self._draw, self._folder = stage, pace, draw, folder
        self._subject = stage.subject
        self._fault: Fault = faults.FAULTS[draw.fault]()
        self._interfered = False
        self.output = ""

    def attempt(self) -> Outcome:
        """The run from its first to its last second."""
        began = time.monotonic()
        site = self._stage.host(self._draw.release, self._draw.setting)
        try:
            if self._draw.before == OLD:
                self._stage.keep_old_rules(site)
            before = self._subject.settled(site)
            if before != self._draw.before:
                raise RuntimeError("the host begins with the change %s, not %s" % (before, self._draw.before))
            return self._on(site, self._subject.of_others(site), began)
        finally:
            self._stage.rig.remove(site.guest)

    def _on(self, site: Site, of_others: dict[str, str], began: float) -> Outcome:
        """What happens on a host that is ready."""
        draw, fault, subject = self._draw, self._fault, self._subject
        watch = Watch(site, subject)
        watch.start()
        play = self._stage.play(site, self._folder, subject.task(draw.new, self._stage.confirm), draw.user)
        struck = None
        try:
            self._wait(site, play, watch)
            if draw.fault != NO_FAULT:
                struck = faults.strike(fault, site, play, watch, draw.before)
                fault.go_on(site)
                if fault.outlasts_trial:
                    time.sleep(max(0.0, struck.at + self._stage.confirm + 1 - time.monotonic()))
                fault.relent(site)
            ended = play.end(ENDS_WITHIN + self._stage.confirm)
        finally:
            play.kill()
            watch.end()
        self.output = ended.output
        gap = self._gap(watch, struck)
        self._pace.add(watch)
        quiet = self._wait_for_quiet(site)
        (self._folder / "first").mkdir(exist_ok=True)  # who comes now is not the first one
        reachable = self._login(play, site, "true")
        fault.mend(site)
        root = draw.user == "root" or self._login(play, site, "sudo -n true")
        now, on_disk = subject.settled(site), subject.on_disk(site.guest.root)
        put_right = self._put_right(site) if verdicts.is_half(now, on_disk, draw) else None
        lost = self._lost(site, of_others)
        booted, lost_by_boot = self._boot(site, of_others)
        return Outcome(draw, struck.phase if struck else None, gap, ended.status, ended.code, reachable, root, now,
                       on_disk, put_right, booted, (*lost, *lost_by_boot), quiet, time.monotonic() - began)

    def _wait(self, site: Site, play: Play, watch: Watch) -> None:
        """Until the moment of the fault, or the end of Ansible. In the trial, somebody else changes something."""
        began = time.monotonic()
        while not play.is_over():
            if watch.tried and not self._interfered:
                self._interfered = self._subject.interfere(site)
            if self._draw.fault != NO_FAULT and self._is_due(began, watch):
                return
            time.sleep(LOOK_EVERY)

    def _is_due(self, began: float, watch: Watch) -> bool:
        now, offset = time.monotonic(), self._draw.offset
        if self._draw.moment == ANY:
            return now >= began + offset
        if self._draw.moment == KEEP and offset >= 0:
            return watch.kept is not None and now >= watch.kept + offset
        if self._draw.moment == KEEP:
            return watch.tried is not None and now >= watch.tried + self._pace.keep_after() + offset
        return watch.tried is not None and now >= watch.tried + offset

    def _gap(self, watch: Watch, struck: faults.Struck | None) -> float | None:
        """Seconds from the keep, as it was or would have been, to the fault."""
        if not struck:
            return None
        if watch.kept:
            return struck.at - watch.kept
        return struck.at - watch.tried - self._pace.keep_after() if watch.tried else None

    def _wait_for_quiet(self, site: Site) -> bool:
        """Wait until no trial and no module is left: what was sent before the fault may begin late."""
        until = time.monotonic() + QUIET_WITHIN + self._stage.confirm
        while time.monotonic() < until:
            if not programs(site, "python", "sudo") and not self._subject.trial_left(site):
                return True
            time.sleep(0.2)
        return False

    def _login(self, play: Play, site: Site, command: str) -> bool:
        """Whether a new login can do that. On a busy machine one may take too long; who is locked out stays so."""
        words = ["ssh", "-F", str(play.config), "-o", "ControlPath=none", "-o", "ConnectTimeout=15", "-o",
                 "BatchMode=yes", "-l", self._draw.user, site.address, command]
        for _attempt in range(LOGINS):
            done = execute(words, check=False, timeout=60)
            if not done.code:
                return True
            self.output += "\n%s: exit code %d: %s" % (command, done.code, done.err or done.out)
            time.sleep(1)
        self.output += "\nwhat sshd says: %s" % site.console("journalctl", "--no-pager", "-n", "40", "-u", "ssh",
                                                             check=False).out
        return False

    def _put_right(self, site: Site) -> str:
        """Let another run finish what was not; returns what a boot gives the host then."""
        folder = self._folder / "again"
        folder.mkdir()
        task = self._subject.task(self._draw.new, self._stage.confirm)
        self.output += self._stage.play(site, folder, task, self._draw.user).end(ENDS_WITHIN).output
        return self._subject.on_disk(site.guest.root)

    def _lost(self, site: Site, of_others: dict[str, str]) -> list[str]:
        """What others have lost without a boot, and without somebody who took it: sentences."""
        if self._draw.fault in (*SWITCHED_OFF, "rules flushed"):
            return []
        now = self._subject.of_others(site)
        lost = ["%s has changed" % name for name in of_others if now.get(name) != of_others[name]]
        meanwhile = self._subject.lost_meanwhile(site) if self._interfered else None
        return [*lost, meanwhile] if meanwhile else lost

    def _boot(self, site: Site, of_others: dict[str, str]) -> tuple[str, list[str]]:
        """The change that a host has after a loss of power, and what others have lost then."""
        site.kill()
        site.start()
        until = time.monotonic() + BACK_WITHIN
        while time.monotonic() < until:
            now = self._subject.of_others(site)
            if now == of_others:
                break
            time.sleep(0.2)
        lost = ["%s is another one after a boot" % name for name in of_others if now.get(name) != of_others[name]]
        return self._subject.settled(site), lost


class Campaign:
    """Runs, some of them side by side."""

    def __init__(self, stage: Stage, seed: int, place: pathlib.Path):
        self._stage, self._seed, self._place = stage, seed, place
        self._pace, self._lock = Pace(), threading.Lock()
        self.outcomes: list[Outcome] = []
        self.failures: list[str] = []

    def run(self, numbers: list[int], jobs: int) -> None:
        """All runs of these numbers."""
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for future in [pool.submit(self._run, number) for number in numbers]:
                future.result()

    def _run(self, number: int) -> None:
        draw = draws.draw(self._stage.subject.what, self._seed, number, self._stage.confirm)
        for attempt in range(ATTEMPTS):
            outcome = self._attempt(draw, self._place / ("run-%d-%d" % (number, attempt)))
            if not outcome or verdicts.met_trial(outcome) or not draws.has_to_meet_a_trial(draw):
                return
            draw = draws.again(draw)

    def _attempt(self, draw: Draw, folder: pathlib.Path) -> Outcome | None:
        """One run, told; None where it did not come to its end."""
        number = draw.number
        folder.mkdir()
        this = Run(self._stage, self._pace, draw, folder)
        try:
            outcome = this.attempt()
        except Exception:  # whatever kept the run from its end: that is a failure, and the next one goes on
            with self._lock:
                self.failures.append("%d did not come to its end" % number)
                print("%3d seed %d %s did not come to its end:\n%s%s"
                      % (number, self._seed, draw, traceback.format_exc(), this.output[-3000:]), flush=True)
            return None
        with self._lock:
            self.outcomes.append(outcome)
            print(report.line(outcome, self._seed), flush=True)
            if verdicts.complaints(outcome):
                self.failures.append(report.line(outcome, self._seed))
                print(this.output[-3000:], flush=True)
        return outcome


def versions(stage: Stage) -> dict[str, str]:
    """Of all that a result may depend on."""
    programs_of = {}
    for release in draws.RELEASES:
        root = stage.rig.images[release]
        debian = (pathlib.Path(root) / "etc/debian_version").read_text(encoding="ascii").strip()
        name, command = stage.subject.program
        version = execute(["chroot", root, *command]).out.split()[1]
        programs_of["Debian %s with %s" % (debian, name)] = version.lstrip("v")
    return {**programs_of, "Linux": platform.release(), "ansible-core": importlib.metadata.version("ansible-core"),
            "Python": platform.python_version()}


def main(arguments: list[str]) -> int:
    """Run a campaign; returns an exit code."""
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, help="what all runs follow from (default: a fresh one)")
    parser.add_argument("--only", type=int, metavar="NUMBER", action="append", help="repeat this run")
    parser.add_argument("--jobs", type=int, default=4, help="how many runs go on at a time (default: 4)")
    parser.add_argument("--confirm", type=int, default=10, help="seconds that a trial lasts (default: 10)")
    parser.add_argument("--what", choices=draws.WHAT, default=FILTER, help="what is changed (default: filter)")
    options = parser.parse_args(arguments)
    subject: Subject = Closing(options.confirm) if options.what == CLOSE else Filtering()
    seed = secrets.randbelow(10 ** 6) if options.seed is None else options.seed
    numbers = options.only or list(range(options.runs))
    print("lock-out campaign, %s: %d runs, seed %d" % (subject.what, len(numbers), seed), flush=True)
    with tempfile.TemporaryDirectory(prefix="lockout-") as folder:
        place = pathlib.Path(folder)
        (place / "tree/ansible_collections/listening").mkdir(parents=True)
        (place / "tree/ansible_collections/listening/ports").symlink_to(HERE.parents[1])
        variables = dict(settings(place / "home", place / "tree"), ANSIBLE_TIMEOUT=FIRST_WITHIN)
        ready_folder = place / "ready"
        ready_folder.mkdir()
        with ReadyAnsible(ready_folder, variables) as ready:
            stage = Stage(Rig.attach(), Player(place, ready.environment), subject, options.confirm)
            campaign = Campaign(stage, seed, place)
            campaign.run(numbers, options.jobs)
        outcomes = sorted(campaign.outcomes, key=lambda outcome: outcome.draw.number)
        made_with = report.Campaign(subject.what, seed, options.confirm, versions(stage))
    print("\n" + report.table(made_with, outcomes, datetime.date.today()))
    problems = [*campaign.failures, *("not shown: " + text for text in verdicts.unproven(subject.what, outcomes))]
    for text in problems:
        print(text)
    print("lock-out campaign, %s, with seed %d: %s"
          % (subject.what, seed, "%d failed" % len(problems) if problems else "passed"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
