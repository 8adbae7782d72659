# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes plans for hosts in short notation, see ``building``."""

from ansible_collections.listening.ports.plugins.plugin_utils._enforce import plan
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.plan import BLOCK
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building, strategies

SSH = {'name': 'ssh', 'port': 22, 'only_from': ['10.0.0.0/8']}
WEB = {'name': 'web', 'port': 443, 'clients': 'anyone'}
OPEN = 'from=anyone through=eth0:allowed'
EVERYBODY = ['0.0.0.0/0', '::/0']


def host(*lines, forwarded=(), firewall=None, gaps=(), complete=True):
    """The facts of a host with these listeners, all of whose rules were read."""
    facts = building.facts(lines, gaps, {'firewall': complete and 'firewall' not in gaps})
    facts['forwarded'] = [building.forward(line) for line in forwarded]
    facts['firewall'] = {'backends': [], 'default': 'allow', 'rules': 0, 'sources': None, **(firewall or {})}
    return facts


def planned(declare, facts, mode=BLOCK, opens=False, confirmed=None, of_inventory=None):
    """The plan for a host of these facts."""
    policy = building.policy(declare, of_inventory)
    assert not list(plan.refusals(policy, mode))
    return plan.plan(facts, policy, judge.judge(facts, policy, building.NOW), mode, opens, confirmed)


def reasons(made):
    """What a plan leaves, and why."""
    return [(left['listener'], left['reason']) for left in made.left]


def random_host(choose):
    """The facts of a random host, all of whose rules were read."""
    facts = strategies.host(choose)
    facts['forwarded'], facts['firewall'] = [], {'backends': [], 'sources': None}
    for listener in facts['listeners']:
        listener['exposure'].setdefault('paths', [])
        for path in listener['exposure']['paths']:
            path.setdefault('blocked_by', None)
    return facts
