# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fact record of a Windows host, made of what it sent."""

import json

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check as facts_check
from ansible_collections.listening.ports.plugins.plugin_utils._windows import check
from ansible_collections.listening.ports.plugins.plugin_utils._windows.facts import facts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts as hosts


def made(raw):
    """The facts of what a host sent, checked as those of any other host."""
    return facts_check.check(facts(check.check(json.loads(json.dumps(raw)))))


@pytest.mark.parametrize('kind', hosts.KINDS)
def test_each_kind_of_host_has_facts(kind):
    observed = made(hosts.KINDS[kind]())
    assert observed['collector'] == 'windows'
    assert observed['system']['platform'] == 'windows'
    assert observed['listeners']
    assert observed == made(hosts.KINDS[kind]())
