# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets that tools have made, or their documentation shows: files below ``corpus``, loaded and judged.

``corpus/TOOL/NAME.KIND`` is a part of the ruleset NAME; KIND is ``nft``, ``iptables``, ``ip6tables`` or ``ipset``. What
iptables restores is loaded with each of its back ends. Comments say how the file was made.
"""

import os
import random
import sys

from firewall import judge, probes, workers

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'corpus')
KINDS = ('nft', 'iptables', 'ip6tables', 'ipset')
FLOWS = 200         # per ruleset and back end


def names():
    """Sorted list of ``TOOL/NAME/BACKEND`` of all rulesets; the back end of nft alone is ``nft``."""
    result = set()
    for tool in os.listdir(HERE):
        for file in os.listdir(os.path.join(HERE, tool)):
            name, dummy, kind = file.rpartition('.')
            if kind in ('iptables', 'ip6tables'):
                result.update('%s/%s/%s' % (tool, name, backend) for backend in ('nft', 'legacy'))
            elif kind == 'nft':
                result.add('%s/%s/nft' % (tool, name))
    return sorted(result)


class Recorded:
    """A ruleset of files, as ``judge.Judge`` wants it."""

    def __init__(self, name):
        tool, name, backend = name.split('/')
        texts = {}
        for kind in KINDS:
            path = os.path.join(HERE, tool, '%s.%s' % (name, kind))
            if os.path.exists(path):
                with open(path, encoding='utf-8') as stream:
                    texts[kind] = ''.join(line for line in stream if not line.startswith('#'))
        self.flows = probes.all_flows(random.Random('%s %s' % (tool, name)), FLOWS)
        self.ipset = texts.get('ipset', '')
        self._nft = texts.get('nft', '')
        self._saves = {
            '%s-%s' % (program, backend): texts[program] for program in ('iptables', 'ip6tables') if texts.get(program)
        }

    def texts(self, dummy=()):
        """(text for nft, {program: text})."""
        return self._nft, self._saves


if __name__ == '__main__':
    COURT = judge.Judge()
    workers.serve(lambda name: COURT.compare(Recorded(name)), [(name, name) for name in sys.argv[1:]])
