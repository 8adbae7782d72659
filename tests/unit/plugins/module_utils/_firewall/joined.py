# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners, joined with rulesets that real tools made, recorded by captures/record.py."""

import json
import os

from ansible_collections.listening.ports.plugins.module_utils._addresses import scopes
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import attach as _attach
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import ip, listener, new_gaps

CAPTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'captures')
ANYONE4, ANYONE6 = ['0.0.0.0/0'], ['::/0']


def capture(name):
    with open('%s/%s.json' % (CAPTURES, name)) as stream:
        return json.load(stream)


def record(protocol='tcp', address='0.0.0.0', port=80, process=None, container=None, pid=1, **others):
    made = listener(protocol, address, port, **others)['record']
    made['scope'] = scopes.scope(ip(address), made['interface'])
    if process:
        made.update(
            owners=[{'process': process, 'pid': pid, 'container': container}],
            owners_total=1,
            held_by='processes',
            service='x.service',
        )
    return made


def dual(port=80, **others):
    return record(address='::', port=port, v6only=False, **others)


def attach(snapshot, *records, **options):
    """(what attach returns, gaps)."""
    gaps = new_gaps()
    if isinstance(snapshot, str):
        snapshot = capture(snapshot)
    return _attach.attach(list(records), dict({'port_names': {'tcp/8050': 'web'}}, **snapshot), gaps, **options), gaps


def exposed(snapshot, record):
    attach(snapshot, record)
    return record['exposure']


def brief(exposure):
    return exposure['verdict'], exposure['level'], exposure['allowed']
