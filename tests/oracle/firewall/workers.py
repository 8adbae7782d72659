# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets judged by several processes side by side: the end of the tests, and that of the processes."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import traceback

WORKERS = 2


def collect(paths, module, shares):
    """Run a module once for each share of the work.

    :param paths: list of str, for its imports.
    :param shares: list of lists of str, the arguments of each process.
    :returns: list of dict, what all of them printed; that of a process that has ended early lacks some.
    """
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(paths), PYTHONDONTWRITEBYTECODE='1')
    processes = [subprocess.Popen([sys.executable, '-m', module, *share], stdout=subprocess.PIPE, env=environment,
                                  text=True) for share in shares]
    return [json.loads(line) for process in processes for line in process.communicate()[0].splitlines()]


def wanted(request, parameter):
    """List what the tests of a module that are to be run have as this parameter."""
    return [item.callspec.params[parameter] for item in request.session.items
            if getattr(item, 'callspec', None) and item.module is request.module]


def verdicts(paths, module, names, *words):
    """Have a module judge the rulesets of these names: dict, name to what it printed, see ``serve``.

    :param words: what comes before the names on its command line.
    """
    shares = [[*words, *map(str, names[number::WORKERS])] for number in range(WORKERS)]
    return {result.pop('name'): result for result in collect(paths, module, shares)}


def serve(compare, rulesets):
    """Judge rulesets, and print a line of JSON for each.

    :param compare: callable, a ruleset to dict as ``judge.Judge.compare`` has it.
    :param rulesets: iterable of (name, ruleset).
    """
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)      # PR_SET_PDEATHSIG: ends with the tests, and the namespaces with it
    for name, ruleset in rulesets:
        try:
            result = compare(ruleset)
            result['wrong'] = [text for dummy, text in result['wrong']]
        except Exception:
            result = {'error': traceback.format_exc()}
        print(json.dumps({'name': name, **result}), flush=True)
