# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the tests: `run.py [part ...]`, with no part all of them. See steps.py for what they are."""

import os
import subprocess
import sys
import time

import worktree
from bench import Failed, LeftOut, bench
from steps import STEPS

PASSED, FAILED, LEFT_OUT = "passed", "FAILED", "left out"


def main(wanted):
    unknown = sorted(set(wanted) - {step.part for step in STEPS})
    if unknown:
        sys.exit("no such part: %s" % ", ".join(unknown))
    chosen = [step for step in STEPS if not wanted or step.part in wanted]
    rows = []
    with bench() as this_run:
        try:
            for step in chosen:
                rows.append(run_step(this_run, step))
        except KeyboardInterrupt:
            this_run.note("interrupted: %d of %d steps did not end" % (len(chosen) - len(rows), len(chosen)))
            summarize(rows, this_run.notes)
            return 130
        summarize(rows, this_run.notes)
    return 1 if any(row[1] == FAILED for row in rows) else 0


def run_step(this_run, step):
    """Runs one step; returns a row (title, result, seconds, reason)."""
    title = "%s: %s" % (step.part, step.name)
    print("\n%s\n== %s\n%s" % ("=" * 80, title, "=" * 80), flush=True)
    begun = time.monotonic()
    result, reason = PASSED, ""
    try:
        step.function(this_run, *step.arguments)
    except LeftOut as exc:
        result, reason = LEFT_OUT, str(exc)
    except Failed as exc:
        result, reason = FAILED, str(exc)
    except (OSError, worktree.NotACheckout, subprocess.CalledProcessError) as exc:
        result, reason = FAILED, "could not be run: %s" % exc
    seconds = time.monotonic() - begun
    print("== %s: %s%s (%.0f s)" % (title, result, reason and ": " + reason, seconds), flush=True)
    return title, result, seconds, reason


def summarize(rows, notes):
    """Prints the table of results, what was left out, and the closing line."""
    width = max((len(row[0]) for row in rows), default=0)
    print("\n%s\nSummary\n%s" % ("=" * 80, "=" * 80))
    for title, result, seconds, _reason in rows:
        print("%-*s  %-8s  %5.0f s" % (width, title, result, seconds))
    left_out = ["%s: %s" % (title, reason) for title, result, _seconds, reason in rows if result == LEFT_OUT]
    if left_out or notes:
        print("\nNOT TESTED in this run:")
        for line in left_out + notes:
            print("  * " + line)
    failed = ["%s: %s" % (title, reason) for title, result, _seconds, reason in rows if result == FAILED]
    if failed:
        print("\nFAILED:")
        for line in failed:
            print("  * " + line.replace("\n", "\n    "))
    counts = [sum(row[1] == result for row in rows) for result in (PASSED, FAILED, LEFT_OUT)]
    print("\n%d passed, %d failed, %d skipped" % tuple(counts), flush=True)


if __name__ == "__main__":
    os.chdir(worktree.CHECKOUT)
    sys.exit(main(sys.argv[1:]))
