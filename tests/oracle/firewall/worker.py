# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the rulesets of the seeds on its command line, and prints a line of JSON for each."""

import ctypes
import json
import signal
import sys
import traceback

from firewall import judge

MINIMISED = 3       # failing rulesets made small; more of them would hide the first


def _main():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)      # PR_SET_PDEATHSIG: ends with the tests, and the namespaces with it
    court, small = judge.Judge(), 0
    for seed in map(int, sys.argv[1:]):
        try:
            ruleset = judge.Ruleset(seed)
            result = court.compare(ruleset)
            result['kind'] = ruleset.kind
            if result['wrong'] and small < MINIMISED:
                small += 1
                nft, saves = court.smallest(ruleset, result['wrong'][0][0])
                result['smallest'] = '\n'.join([nft, *('%s:\n%s' % pair for pair in saves.items())])
            result['wrong'] = [text for dummy, text in result['wrong']]
        except Exception:
            result = {'error': traceback.format_exc()}
        print(json.dumps({'seed': seed, **result}), flush=True)


if __name__ == '__main__':
    _main()
