# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which fields an expression uses, and what it yields where they were not observed.

What is refused is in the tests of refusals.
"""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.expressions import Expression
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refused
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples


@pytest.mark.parametrize('text, fields', [
    ('port', {'port'}),
    ("owners[?user == 'root'].process", {'owners', 'user', 'process'}),
    ('backlog.pending < backlog.limit', {'backlog', 'pending', 'limit'}),
    ('connections.established < `10` || connections.new_syn_recv', {'connections', 'established', 'new_syn_recv'}),
    ("exposure.blocked_by == 'a rule' && exposure.paths[0].family == 'ipv4'",
     {'exposure', 'blocked_by', 'paths', 'family'}),
    ('owners[0].resources.rss_bytes', {'owners', 'resources', 'rss_bytes'}),
    ("to == '10.0.0.9:80'", {'to'}),
    ('keys(@)', {'*'}),
    ('owners[*].* | [0]', {'owners', '*'}),
])
def test_the_fields_that_an_expression_uses(text, fields):
    assert Expression(text, 'where').fields == fields


@pytest.mark.parametrize('text', ['prot', 'listeners', 'exposure.blocked', 'rules', 'openings', 'gathered_at'])
def test_fields_that_listeners_do_not_have_are_refused(text):
    with pytest.raises(Refused, match='listeners have no field'):
        Expression(text, 'where')


@pytest.mark.parametrize('text, fields, uses', [
    ('port', ('exposure',), False), ('port', ('exposure', 'port'), True), ('port', (), False),
    ('exposure.level', ('exposure',), True), ('keys(@)', ('exposure',), True),
])
def test_whether_an_expression_uses_fields(text, fields, uses):
    assert Expression(text, 'where').uses(fields) is uses


@pytest.mark.parametrize('text, unobserved, value', [
    ('port == `80`', (), True), ('port == `81`', (), False), ('port == `80`', ('backlog',), True),
    ('!owners', ('owners',), None), ('keys(@)', ('backlog',), None), ('keys(@)', (), True),
    # as JMESPath has it: null and what is empty are not true, zero is
    ('service', (), False), ('owners[?pid == `7`]', (), False), ('backlog.pending', (), True), ("''", (), False),
    ('sum(owners)', (), None),
])
def test_what_an_expression_yields(text, unobserved, value):
    assert Expression(text, 'where').of(samples.listener(), unobserved) is value
