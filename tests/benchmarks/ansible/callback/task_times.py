# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Callback of the benchmark: how long each task took over all hosts, and what the hosts returned.

A task's time runs from its start until the next task's start: all that the task costs the play, the handling of its
results on the controller included. Written as JSON to the file named by BENCH_TIMES at the end of the run.
"""

from __future__ import annotations

import json
import os
import sys
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
type: stdout
short_description: Times of tasks, for the benchmark
description:
  - Writes the times of all tasks to the file named by the environment variable E(BENCH_TIMES).
  - Where E(BENCH_FACTS) names a directory, the facts that a host returns are written there, one file per host.
options: {}
"""


class CallbackModule(CallbackBase):
    """Keep times, failures and, on request, facts."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "task_times"

    def __init__(self):
        super().__init__()
        self.tasks = []
        self.failures = []
        self.facts_dir = os.environ.get("BENCH_FACTS")

    def close_task(self):
        """End the time of the running task."""
        if self.tasks and "seconds" not in self.tasks[-1]:
            self.tasks[-1]["seconds"] = time.perf_counter() - self.tasks[-1].pop("start")

    def v2_playbook_on_task_start(self, task, is_conditional):
        """Begin a task."""
        self.close_task()
        if sys.stderr.isatty():
            sys.stderr.write("\r  %-60s" % task.get_name())
            sys.stderr.flush()
        self.tasks.append({"name": task.get_name(), "hosts": 0, "start": time.perf_counter()})

    def v2_runner_on_ok(self, result):
        """Count a host, keep its facts where asked to."""
        self.tasks[-1]["hosts"] += 1
        facts = result._result.get("ansible_facts")
        if self.facts_dir and facts:
            with open(os.path.join(self.facts_dir, result._host.get_name() + ".json"), "w", encoding="utf-8") as stream:
                json.dump(facts, stream)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """Keep a failure."""
        self.failures.append("%s: %s: %s" % (self.tasks[-1]["name"], result._host.get_name(), result._result))

    def v2_runner_on_unreachable(self, result):
        """Keep a failure."""
        self.v2_runner_on_failed(result)

    def v2_playbook_on_stats(self, stats):
        """Write everything."""
        self.close_task()
        if sys.stderr.isatty():
            sys.stderr.write("\r%62s\r" % "")
        with open(os.environ["BENCH_TIMES"], "w", encoding="utf-8") as stream:
            json.dump({"tasks": self.tasks, "failures": self.failures}, stream)
