# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What findings consist of: all that a message needs, which survives a record, and is not believed when it is read."""

import copy
import json
import random

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import (
    alike,
    fleet,
    message,
    parts_schema,
)
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement.parts import Own
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.options import KINDS
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building, test_cases
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.spoiling import spoilt


def recorded(finding):
    """A finding, as it is read from a record."""
    return json.loads(json.dumps(finding.as_record()))


def all_findings():
    """Those of all cases, and those over a fleet."""
    judgements = []
    for case in test_cases.CASES:
        policy, result = building.judged(case)
        yield from result.findings
        yield from (finding for finding, dummy in result.waived)
        judgements.append(fleet.judgement(policy, result))
    yield from fleet.unused(judgements)


FINDINGS = list(all_findings())


def test_every_kind_is_among_them():
    assert {finding.kind for finding in FINDINGS} == set(KINDS) and len(FINDINGS) > 200


def test_what_a_finding_says_is_made_of_what_a_record_keeps():
    for finding in FINDINGS:
        kept = recorded(finding)
        assert parts_schema.check(kept['kind'], copy.deepcopy(kept['parts'])) == kept['parts']
        texts = (
            message.of(kept['kind'], kept['parts']),
            message.remedy(kept['kind'], kept['parts']),
            message.expected(kept['kind'], kept['parts']),
            message.found(kept['parts']),
        )
        assert texts == (kept['message'], kept['remedy'], kept['expected'], kept['found']) == tuple(
            finding.as_dict()[key] for key in ('message', 'remedy', 'expected', 'found'))


def test_one_host_alone_is_said_without_pids_and_in_the_same_words():
    """What is made of several hosts does not differ from what is said of one but in what they have of their own."""
    for finding in FINDINGS:
        kept = recorded(finding)['parts']
        assert message.of(finding.kind, alike.merged([kept, kept])) == message.of(
            finding.kind, alike.without_pids(kept)
        )


def test_parts_of_strangers_are_refused_or_shown_and_do_nothing_else():
    choose = random.Random(5)
    whole = [recorded(finding) for finding in FINDINGS]
    shown = refused = 0
    for dummy in range(6000):
        kept = choose.choice(whole)
        parts = spoilt(kept['parts'], choose)
        try:
            parts_schema.check(kept['kind'], parts)
        except Fault:
            refused += 1
            continue
        shown += 1
        other = choose.choice([finding for finding in whole if finding['kind'] == kept['kind']])['parts']
        for made in (
            parts,
            alike.merged([parts, other]),
            alike.merged([other, parts, parts]),
            alike.without_pids(parts),
        ):
            for text in (
                message.of(kept['kind'], made),
                message.remedy(kept['kind'], made),
                message.expected(kept['kind'], made),
                message.found(made),
            ):
                assert text is None or visible(text, len(text)) == text
        assert len(alike.key(kept['kind'], parts)) == 16
    assert shown > 500 and refused > 500


@pytest.mark.parametrize('change, fault', [
    ({'parts': None}, 'findings[0].parts: is null without the other one'),
    ({'same': None}, 'findings[0].same: is null without the other one'),
    ({'same': 'x'}, 'findings[0].same: has to be 16 hexadecimal digits'),
    ({'parts': []}, 'findings[0].parts: has to be a mapping'),
    ({'parts': {}}, 'findings[0].parts.listener: is missing'),
    ({'kind': 'missing'}, 'findings[0].parts.entry: is missing'),
])
def test_what_are_no_parts_is_not_taken_for_some(change, fault):
    policy, result = building.judged({'declare': [], 'host': ['tcp 0.0.0.0:80 nginx']})
    judgement = json.loads(json.dumps(fleet.judgement(policy, result)))
    judgement['findings'][0].update(change)
    with pytest.raises(Fault) as caught:
        fleet.check(judgement)
    assert str(caught.value).startswith(fault)


def test_what_is_not_known_of_parts_is_dropped():
    policy, result = building.judged({'declare': [], 'host': ['tcp 0.0.0.0:80 nginx']})
    judgement = json.loads(json.dumps(fleet.judgement(policy, result)))
    later = copy.deepcopy(judgement)
    later['findings'][0]['parts']['listener']['odd'] = later['findings'][0]['parts']['odd'] = later['findings'][0][
        'odd'
    ] = 5
    assert fleet.check(later) == judgement


@pytest.mark.parametrize(
    'text, pieces',
    [
        ('nothing of it', ['nothing of it']),
        ('10.0.0.5', ['', '10.0.0.5', '']),
        ('bind() to 10.0.0.5:80 failed.', ['bind() to ', '10.0.0.5', ':80 failed.']),
        (
            'it is 10.0.0.5. And [fd00::5]:80, fe80::1%eth0',
            ['it is ', '10.0.0.5', '. And [', 'fd00::5', ']:80, ', 'fe80::1%eth0', ''],
        ),
        (
            '10.0.0.5/24 10.0.0.55 110.0.0.5 a.10.0.0.5 10.0.0.5.1 10.0.0.6',
            ['10.0.0.5/24 10.0.0.55 110.0.0.5 a.10.0.0.5 10.0.0.5.1 10.0.0.6'],
        ),
        ('127.0.0.1 ::1 0.0.0.0 fd00::55 fd00::5:80', ['127.0.0.1 ::1 0.0.0.0 fd00::55 fd00::5:80']),
    ],
)
def test_addresses_of_the_host_in_its_text(text, pieces):
    own = Own({'local_addresses': ['10.0.0.5/24', 'fd00::5/64', 'fe80::1%eth0/64', '127.0.0.1/8', '::1/128']})
    assert own.text(text, 300) == {'pieces': pieces}
    assert Own({'local_addresses': None}).text(text, 300) == {'pieces': [text]}


def test_text_is_cut_to_what_is_shown():
    long = building.listener('tcp 0.0.0.0:80 nginx')
    long['owners'][0]['process'] = 'x' * 5000
    policy = building.policy([{'name': 'no', 'port': 80, 'state': 'forbidden', 'reason': 'y\ud800' * 4000}])
    facts = dict(building.facts([]), listeners=[long])
    finding, = building.judge.judge(facts, policy, building.NOW).findings
    kept = recorded(finding)
    assert len(json.dumps(kept['parts'])) < 3000 and parts_schema.check('forbidden', kept['parts'])
    assert visible('x' * 5000, 100) in kept['message'] and message.of('forbidden', kept['parts']) == kept['message']
