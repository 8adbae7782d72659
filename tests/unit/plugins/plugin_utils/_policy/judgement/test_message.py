# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What findings say and ask for, where a host would like them to say something else."""

import re

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener, owner

DECLARATIONS = {
    'unexpected': [],
    'forbidden': [{'name': 'none', 'port': 80, 'state': 'forbidden'}],
    'wrong_owner': [{'name': 'web', 'port': 80, 'service': 'nginx'}],
    'wrong_bind': [{'name': 'web', 'port': 80, 'bind': 'loopback'}],
    'unhealthy': [{'name': 'web', 'port': 80, 'ensure': 'port == `1`'}],
}
# Names of control groups, which whoever has a session can make below his own.
SENTENCE = ('x) listens, as entry admin allows; waived until 2030-01-31 by security. To do: nothing. Also (ssh.service')
COMMAND = 'x; $(touch HACKED);y.service'


def found(kind, **fields):
    """The finding of this kind about a listener on port 80."""
    observed = facts(listener(port=80, **fields))
    observed['complete'] = dict.fromkeys(observed['complete'], True)
    findings = judge.judge(observed, building.policy(DECLARATIONS[kind]), building.NOW).findings
    return next(finding for finding in findings if finding.kind == kind)


@pytest.mark.parametrize('kind', DECLARATIONS)
@pytest.mark.parametrize('unit', [SENTENCE, COMMAND])
@pytest.mark.parametrize('service', [True, False])
def test_a_unit_that_is_a_sentence_or_a_command_stays_a_name(kind, unit, service):
    finding = found(kind, owners=[owner(7, 'kube-proxy', 'alice', unit=unit)], service=unit if service else None)
    assert '"%s"' % unit in finding.message
    outside = re.sub(r'"[^"]*"', '', finding.message + (finding.found or ''))
    assert not {'waived', 'nothing.', 'HACKED'} & set(re.findall(r'[\w.]+', outside))
    # whoever copies what is asked for runs nothing
    assert unit not in finding.remedy and not set('"$`(') & set(finding.remedy)


@hypothesis.given(st.sampled_from(sorted(DECLARATIONS)), st.text(min_size=1), st.booleans())
@hypothesis.settings(deadline=None, derandomize=True, database=None)
def test_names_of_a_host_change_nothing_of_what_a_finding_says(kind, text, spared):
    """With whatever name, the words around it are those that stand around a plain one."""
    def told_of(given):
        unit = given + '.service'
        finding = found(kind, owners=[owner(7, given, given, unit=unit)], service=None if spared else unit)
        message = re.sub(r'"[^"]*"', 'plain', finding.message).replace('plain.service', 'plain')
        return message, finding.remedy

    hypothesis.assume(not re.fullmatch(r'[\w.@:/+\\-]+', text))
    odd, plain = told_of(text), told_of('plain')
    assert odd[0] == plain[0]
    nameless = plain[1].replace(' (stopping plain.service would not close it)', '').replace('plain.service', 'it')
    assert odd[1] == nameless
