# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes records of hosts as controllers may have left them: files/make_records.py FACTS DIRECTORY."""

import json
import os
import sys
import time

HOUR = 3600


def stamp(age):
    """The time so many seconds ago."""
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() - age))


def write(folder, host='judged', age=0, status='ok', facts=None, **other):
    """One record, in a directory of its own."""
    entry = {'schema': 1, 'host': host, 'run_id': 'made', 'recorded_at': stamp(age), 'status': status, 'message': None,
             'collection': '0.1.0',
             'ansible_core': '2.16.0', 'declared': True, 'facts': facts}
    entry.update(other)
    hosts = os.path.join(sys.argv[2], folder, 'hosts')
    os.makedirs(hosts)
    with open(os.path.join(hosts, 'judged.json'), 'w', encoding='ascii') as stream:
        json.dump(entry, stream)


with open(sys.argv[1], encoding='utf-8') as source:
    seen = json.load(source)
write('fresh', facts=seen)
write('old', age=48 * HOUR, facts=seen)
write('future', age=-HOUR, facts=seen)
write('never', facts=seen, recorded_at='2026-13-41T10:00:00Z')
write('other', host='other', facts=seen)
write('unreachable', age=HOUR, status='unreachable', message='no\x1b route to host')
write('broken', facts=dict(seen, listeners=[{'id': 'tcp/0.0.0.0:22'}]))
os.makedirs(os.path.join(sys.argv[2], 'empty'))
with open(os.path.join(sys.argv[2], 'cached.json'), 'w', encoding='ascii') as target:
    json.dump({'ansible_facts': {'ansible_listening_ports': seen}}, target)
with open(os.path.join(sys.argv[2], 'garbage.json'), 'w', encoding='ascii') as target:
    target.write('[1, 2')
