# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of cases, each from variables and facts to findings; and whether they leave anything out.

A case says what is declared (``declare``: the list, or a mapping of variables), what the ``host`` shows, in the
notation of building.py, and what is ``found``, in this order. A finding fails the host unless it ``fails: false``;
``says`` are words of its message, ``not_says`` are not; ``in`` is the variable that declares it; ``cause`` is that of
what is not known. ``named`` is what names of the inventory stand for. Whatever else it names has to be so.
"""

import pathlib
import re

import pytest
import yaml

from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import causes as _causes, defaults
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language import options
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

CASES = [
    case
    for path in sorted(pathlib.Path(__file__).with_name('cases').glob('*.yml'))
    for case in yaml.safe_load(path.read_text('utf-8'))
]
_KNOWN = {'name', 'declare', 'named', 'host', 'forwarded', 'earlier', 'gaps', 'complete', 'system', 'diagnoses', 'day',
          'found', 'passed', 'others', 'waived', 'used', 'second_look'}
_OF_FLEETS = {'entry_unused', 'waiver_unused'}      # which the report judges


def _as_told(finding):
    """A finding as a case may write it."""
    shown = dict(finding.as_dict(), cause=finding.ports[0] if finding.kind == 'unknown' else None)
    shown['in'] = shown.pop('declared_in')
    return shown


def _listed(value):
    return value if isinstance(value, list) else [value]


def _one_line(text):
    """Without line breaks that yaml has made blanks of."""
    return re.sub(r'\s+', ' ', str(text))


def _check(finding, wanted):
    for key, value in dict({'fails': True}, **wanted).items():
        if key in ('says', 'not_says'):
            for words in map(_one_line, _listed(value)):
                assert (words in finding['message']) == (key == 'says'), finding['message']
        elif key == 'remedy':
            assert _one_line(value) in finding['remedy']
        elif key == 'expected':
            assert value in finding['expected']
        else:
            assert finding[key] == value, '%s: %s' % (key, finding)


@pytest.mark.parametrize('case', CASES, ids=[case['name'] for case in CASES])
def test_case(case):
    policy, result = building.judged(case)
    findings = [_as_told(finding) for finding in result.findings]
    kinds = [finding['kind'] for finding in findings]
    assert kinds == [finding['kind'] for finding in case['found']], [finding['message'] for finding in findings]
    for finding, wanted in zip(findings, case['found']):
        _check(finding, wanted)
    assert result.failing == any(finding.get('fails', True) for finding in case['found'])
    for key in ('passed', 'others', 'second_look'):
        assert getattr(result, key) == case.get(key, getattr(result, key)), key
    if 'waived' in case:
        assert case['waived'] == [
            '%s %s by %s' % (finding.kind, finding.listener, waiver.label) for finding, waiver in result.waived
        ]
    if 'used' in case:
        assert [entry.label for entry in result.used] == case['used']


def test_cases_are_written_as_they_are_read():
    assert len(CASES) == len({case['name'] for case in CASES}) >= 150
    for case in CASES:
        assert set(case) <= _KNOWN, case['name']
        for finding in case['found']:
            assert set(finding) <= {
                'kind',
                'severity',
                'entry',
                'listener',
                'expected',
                'remedy',
                'fails',
                'in',
                'cause',
                'says',
                'not_says',
            }


def _declared(stem):
    """All entries, or waivers, of all cases."""
    return [
        item
        for case in CASES
        for name, some in (
            case['declare'] if isinstance(case['declare'], dict) else {'expected_listeners': case['declare']}
        ).items()
        if name.startswith(stem)
        for item in some
    ]


@pytest.mark.parametrize('stem, schema', [('expected_listeners', options.ENTRY), ('listener_waivers', options.WAIVER)])
def test_every_option_is_in_a_case_and_so_is_each_of_its_words(stem, schema):
    used = {}
    for item in _declared(stem):
        for option, value in item.items():
            used.setdefault(option, set()).update(map(str, _listed(value)))
    assert set(used) == set(schema)
    words = {
        option: set(spec['choices'])
        for option, spec in schema.items()
        if 'choices' in spec and stem == 'expected_listeners' or option == 'kinds'
    }
    words['bind'], words['protocol'] = (
        set(options.SCOPES),
        words.get('protocol', set()) - {'dccp', 'udplite'},
    )  # these two: with their ports
    if stem == 'listener_waivers':
        words = {'kinds': words['kinds']}
    else:
        words['only_from'] = set(options.CLIENTS)
    for option, wanted in words.items():
        assert wanted <= used[option], option


def test_every_kind_and_severity_is_found_and_waived():
    kinds = {finding['kind'] for case in CASES for finding in case['found']}
    assert kinds == set(options.KINDS) - _OF_FLEETS
    assert {finding.get('severity') for case in CASES for finding in case['found']} - {None} == set(options.SEVERITIES)
    waived = {line.split()[0] for case in CASES for line in case.get('waived', ())}
    assert waived == set(options.VIOLATIONS)


def test_every_value_of_a_switch_is_in_a_case():
    used = {
        (name, value)
        for case in CASES
        if isinstance(case['declare'], dict)
        for name, value in case['declare'].items()
        if name in options.SWITCHES
    }
    assert {(name, word) for name, (default, words) in options.SWITCHES.items() for word in words or ()} <= used
    assert ('listener_waiver_warn_days', 0) in used


def test_every_class_and_every_cause_is_in_a_case():
    classes, causes = set(), set()
    for case in CASES:
        result = building.judged(case)[1]
        causes.update(finding.ports[0] for finding in result.findings if finding.kind == 'unknown')
        classes.update(
            'blocked' if finding.parts['blocked'] else defaults.kind(finding.record, {})
            for finding in result.findings
            if finding.kind == 'unexpected' and finding.record
        )
    assert classes == set(defaults.SWITCHES)
    assert causes == set(_causes.CAUSES)
