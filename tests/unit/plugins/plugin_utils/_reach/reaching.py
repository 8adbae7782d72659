# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts for questions of who can reach whom."""

from ansible_collections.listening.ports.plugins.plugin_utils._probes import plan
from ansible_collections.listening.ports.plugins.plugin_utils._reach import answer
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import exposure, facts, listener

EVERYBODY, EVERYBODY6 = '0.0.0.0/0', '::/0'
ALL = [[1, 65535]]


def sent(ports=None, protocol='tcp', allowed=(EVERYBODY, EVERYBODY6), undecided=(), blocked_by=None, **more):
    """An element of ``outgoing``."""
    verdict = 'blocked' if not allowed else 'allowed'
    return {'protocol': protocol, 'ports': ports or ALL, 'verdict': verdict, 'allowed': list(allowed),
            'undecided': list(undecided), 'decided_by': None, 'blocked_by': blocked_by, 'caveats': [], **more}


SENT = (sent(), sent(protocol='udp'))


def host(*listeners, addresses=('10.0.0.5/24',), outgoing=SENT, **more):
    """Facts of a host."""
    made = facts(*listeners, **more)
    made['system']['local_addresses'] = ['127.0.0.1/8', *addresses]
    if outgoing is not None:
        made['outgoing'] = list(outgoing)
    return made


def listens(*allowed, address='0.0.0.0', port=5432, undecided=(), **more):
    """A listener that these networks reach."""
    exposed = exposure('allowed' if allowed else 'unknown' if undecided else 'blocked', allowed, undecided)
    if not allowed and not undecided:
        exposed['blocked_by'] = 'policy drop'
    return listener(address, port, exposure=exposed, **more)


def planned(**targets):
    """A plan for these hosts, name to facts."""
    return plan.plan(plan.Target(name, known) for name, known in targets.items())


def asked(source, *listeners, name='web', target=None):
    """The answers of the listeners of ``db``, for one source: list of (word, because)."""
    rows = answer.ask(planned(db=target or host(*listeners)), [answer.Source(name, source, 'no route to it')])
    return [(row.answers[0].word, row.answers[0].because) for row in rows]
