# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records how nft prints the own table, as root on Linux.

Run ``python record.py NAME COMMAND...`` with the collection on the path. The command runs what follows it where nft is
of the version to be recorded, and may be left out; ``chroot /some/debian`` will do. It writes ``<NAME>.json``.
"""

import json
import os
import subprocess
import sys

from ansible_collections.listening.ports.plugins.module_utils._filter import rules, table

HERE = os.path.dirname(os.path.abspath(__file__))
NEAR, TOKEN = ['10.0.0.0/8', 'fd00::/8'], '8f3c1a2b'
# name to options of rules, what becomes of other ports, and whether the host translates
CASES = {
    'ssh': ([{'ports': [22], 'sources': NEAR}], 'reject', False),
    'nobody': ([{'ports': [5432], 'sources': []}], 'accept', False),
    'web': ([{'ports': [80, 443]}, {'protocol': 'udp', 'ports': [53]}], 'reject', False),
    'published': ([{'ports': [22]}, {'ports': ['8080-8089'], 'sources': NEAR}], 'reject', True),
    'many': ([{'ports': [22], 'sources': ['10.%d.0.0/24' % number for number in range(0, 256, 2)]}], 'reject', False),
}
# a trial of the second of these while the first holds, for so many seconds
TRIALS = {'trial_running': ('ssh', 'nobody', 3600), 'trial_over': ('ssh', 'nobody', 1)}


def listed(command, text):
    """What ``nft -j`` prints of the table after a text was loaded, and after the end of a trial of a second."""
    script = 'nft -f - && sleep %s && nft -j list table inet listening_ports' % ('1.5' if 'timeout 1s' in text else '0')
    done = subprocess.run(['unshare', '-n', '-m', *command, 'sh', '-c', script], input=text, check=True,
                          stdout=subprocess.PIPE, encoding='utf-8', env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin'})
    return done.stdout


def main(name, *command):
    result = {}
    for case, (options, others, published) in CASES.items():
        result[case] = listed(command, table.table(rules.parse(options), others, published))
    for case, (old, new, seconds) in TRIALS.items():
        held = table.table(rules.parse(CASES[old][0]), *CASES[old][1:])
        live = table.Live(True, ('input', 'decide'), (), frozenset(['input', 'decide']), ())
        tried = table.trial(rules.parse(CASES[new][0]), *CASES[new][1:], token=TOKEN, seconds=seconds, live=live)
        result[case] = listed(command, held + tried)
    with open(os.path.join(HERE, name + '.json'), 'w', encoding='utf-8') as stream:
        lines = ['"%s": %s' % (case, json.dumps(json.loads(text), sort_keys=True)) for case, text in result.items()]
        stream.write('{%s}\n' % ',\n'.join(lines))


if __name__ == '__main__':
    main(*sys.argv[1:])
