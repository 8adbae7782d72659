# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the tests: `run.py [--jobs N] [part ...]`, with no part all that have to pass. See steps.py for what they are.

Steps run side by side, one more than there are cores, and the output of each is shown whole when it ends: some of them
wait for hosts as long as they compute. ``JOBS=1`` or ``--jobs 1`` runs one after the other and shows what they print as
they print it.
"""

import argparse
import contextlib
import functools
import os
import sys

import worktree
from bench import Bench, LeftOut, bench
from environments import Environment
from jobs import FAILED, LEFT_OUT, PASSED, Interrupted, Job, Result, run_jobs
from steps import CAMPAIGN, LOCKOUT, PICTURES, RELEASE, STEPS, Step


def main(arguments: list[str]) -> int:
    """Run what the command line asks for; returns an exit code."""
    every = STEPS + CAMPAIGN + LOCKOUT + PICTURES + RELEASE
    parser = argparse.ArgumentParser(prog="run.py", description="Runs the tests.")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("JOBS") or (os.cpu_count() or 1) + 1),
                        help="how many steps run side by side (default: one more than there are cores)")
    parser.add_argument("parts", nargs="*", metavar="part",
                        help="some of: %s" % ", ".join(dict.fromkeys(step.part for step in every)))
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.parts) - {step.part for step in every})
    if unknown:
        sys.exit("no such part: %s" % ", ".join(unknown))
    chosen = [step for step in every if step.part in options.parts] if options.parts else STEPS
    with bench() as this_run:
        results: list[Result] = []
        interrupted = False
        try:
            results += run_jobs(preparations(this_run, chosen), options.jobs, this_run.scratch)
            results += run_jobs([job_of(this_run, step) for step in chosen], options.jobs, this_run.scratch)
        except Interrupted as exc:
            interrupted = True
            results += exc.results
        titles = [title(step) for step in chosen]
        parts = {step.part for step in chosen}
        elsewhere = ["%s: %s" % (step.name, step.why) for step in CAMPAIGN if step.left_out_of in parts]
        return summarize(titles, results, this_run.notes, elsewhere) or (130 if interrupted else 0)


def title(step: Step) -> str:
    """The name of a step in all that is printed."""
    return "%s: %s" % (step.part, step.name)


def job_of(this_run: Bench, step: Step) -> Job:
    """What runs a step."""
    function = functools.partial(step.function, this_run, *step.arguments, **step.variables)
    return Job(title(step), function, step.cost, step.limit, step.uses, this_run.notes)


def preparations(this_run: Bench, chosen: list[Step]) -> list[Job]:
    """What makes the environments that these steps need and that are not there yet, each once."""
    wanted: set[Environment] = set()
    for step in chosen:
        with contextlib.suppress(LeftOut):  # the step itself reports that
            wanted.update(step.environments(this_run, *step.arguments))
    missing = [environment for environment in wanted if not this_run.environments.is_ready(environment)]
    return [Job("environment %s" % environment.name, functools.partial(this_run.environments.get, environment),
                cost=len(environment.requirements), limit=1200) for environment in missing]


def summarize(titles: list[str], results: list[Result], notes: list[str], elsewhere: list[str]) -> int:
    """Print where the time went, what was left out, what failed and the closing line; returns an exit code.

    :param titles: of all steps that had to run, in order
    :param results: of those that ended, and of environments that were made
    :param elsewhere: what these parts leave to a campaign, and why
    """
    ended = {result.title: result for result in results}
    made = [result for result in results if result.title not in titles]
    width = max(len(name) for name in [*titles, *ended])
    print("\n%s\nSummary\n%s\n%s  seconds      CPU" % ("=" * 80, "=" * 80, " " * (width + 10)))
    for result in [*made, *(ended[name] for name in titles if name in ended)]:
        print("%-*s  %-8s  %7.0f  %7.0f" % (width, result.title, result.outcome, result.seconds, result.cpu))
    print("%s  %7.0f" % ("together".ljust(width + 19), sum(result.cpu for result in results)))

    left_out = ["%s: %s" % (result.title, result.reason) for result in ended.values() if result.outcome == LEFT_OUT]
    notes = list(dict.fromkeys([*notes, *(note for result in results for note in result.notes)]))
    unended = ["%s: did not end" % name for name in titles if name not in ended]
    if left_out or notes or unended:
        print("\nNOT TESTED in this run:")
        for line in left_out + notes + unended:
            print("  * " + line)
    if elsewhere:
        print("\nLEFT TO `make campaign`, which has to be run before a release:")
        for line in elsewhere:
            print("  * " + line)
    failed = [result for result in results if result.outcome == FAILED]
    for result in failed:
        if result.output:
            print("\n%s\nAgain, the end of: %s\n%s\n%s" % ("=" * 80, result.title, "=" * 80, result.output))
    if failed:
        print("\nFAILED:")
        for result in failed:
            print("  * %s: %s" % (result.title, result.reason.replace("\n", "\n    ")))
    counts = [sum(ended[name].outcome == outcome for name in titles if name in ended)
              for outcome in (PASSED, FAILED, LEFT_OUT)]
    print("\n%d passed, %d failed, %d skipped" % tuple(counts), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    os.chdir(worktree.CHECKOUT)
    sys.exit(main(sys.argv[1:]))
