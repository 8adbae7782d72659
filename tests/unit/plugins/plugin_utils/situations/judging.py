# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the hosts of a situation: from variables as Ansible has them to findings."""

import datetime

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.situations import reading

try:
    from ansible.template import trust_as_template
except ImportError:         # before ansible-core 2.19 everything is trusted that is not marked
    def trust_as_template(value):
        return value


def trusted(value):
    """A copy in which text may be a template, as in a file of variables."""
    if isinstance(value, dict):
        return {key: trusted(element) for key, element in value.items()}
    if isinstance(value, list):
        return [trusted(element) for element in value]
    return trust_as_template(value) if isinstance(value, str) else value


def policy_of(situation, look, name):
    """The Policy of a host. Raises Refusals."""
    variables = trusted(reading.variables(situation, look, name))
    declared = merge.collect(variables, Templar(loader=DataLoader(), variables=variables).template, ())
    return Policy.of(declared)


def judged(situation, look, name):
    """tuple of Policy and Result of a host. Raises Refusals."""
    policy = policy_of(situation, look, name)
    host = reading.hosts(look)[name]
    facts, earlier = (
        check.check(reading.facts(situation, host, key)) if key in host else None for key in ('listens', 'earlier')
    )
    day = look.get('day', reading.TODAY)
    return policy, judge.judge(facts, policy, datetime.datetime(day.year, day.month, day.day, 9), earlier=earlier)
