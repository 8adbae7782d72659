# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the rulesets of the seeds on its command line, and makes the first wrong ones small.

With ``outward`` before the seeds, it judges what the host sends.
"""

import sys

from firewall import judge, workers

MINIMISED = 3       # failing rulesets made small; more of them would hide the first


class Court:
    """Compares the ruleset of a seed."""

    def __init__(self, made):
        self._judge, self._small = made, 0

    def compare(self, seed):
        """The same as ``judge.Judge.compare``, with the kind of the ruleset, and the smallest one that is wrong."""
        ruleset = judge.Ruleset(seed)
        result = self._judge.compare(ruleset)
        result['kind'] = ruleset.kind
        if result['wrong'] and self._small < MINIMISED:
            self._small += 1
            nft, saves = self._judge.smallest(ruleset, result['wrong'][0][0])
            result['smallest'] = '\n'.join([nft, *('%s:\n%s' % pair for pair in saves.items())])
        return result


if __name__ == '__main__':
    words, made = sys.argv[1:], judge.Judge
    if words[:1] == ['outward']:
        words, made = words[1:], judge.OutwardJudge
    workers.serve(Court(made()).compare, [(int(word), int(word)) for word in words])
