# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes snapshots of the short notation of listeners, see ``_policy/building.py``."""

from ansible_collections.listening.ports.plugins.plugin_utils._drift import changes, snapshot, text
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

FIREWALL = {'firewall': True}


def taken(*lines, host='web', forwarded=(), **more):
    """The snapshot of a host with these listeners.

    :param forwarded: lines of what it forwards. :param more: as ``building.facts`` has it.
    """
    return snapshot.of_facts(host, facts(*lines, forwarded=forwarded, **more))


def facts(*lines, forwarded=(), **more):
    """The facts of that host."""
    made = building.facts(lines, **more)
    if forwarded:
        made['forwarded'] = [building.forward(line) for line in forwarded]
        made['complete']['firewall'] = True
    return made


def told(old, new):
    """What has changed between two snapshots: a kind and a sentence each."""
    return ['%s %s' % (change.kind, text.sentence(change)) for change in changes.compare(old, new).changes]


def blind(old, new):
    """What was not compared."""
    return changes.compare(old, new).blind
