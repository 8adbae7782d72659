# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of SARIF: one for each kind of result, and others where it is more, or less, severe than usual.

GitHub and GitLab take the severity from the rule and not from the result.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..._policy.judgement.finding import USUAL_SEVERITY
from ..._policy.language.options import SEVERITIES

PREFIX = 'listening-ports/'
_GUIDE = 'https://github.com/listening/ports/blob/main/docs/docsite/rst/guide_declare_reference.rst'

# What is no finding.
NOT_OBSERVED, NOT_ALL_OBSERVED, REFUSED, NOT_LISTED = OTHERS = (
    'not_observed', 'not_all_observed', 'refused', 'not_listed')


class _Words(NamedTuple):
    """What a kind means, and what to do about it; sentences without their period."""

    title: str
    meaning: str
    remedy: str


WORDS = {
    'unexpected': _Words(
        'A listener is not declared', 'A program listens, but no entry of the declaration matches it',
        'Stop it, or declare it in a variable named expected_listeners'),
    'missing': _Words(
        'A declared listener is missing', 'An entry of the declaration is required, but nothing listens there',
        'Start the service, or give the entry state: optional'),
    'forbidden': _Words(
        'A forbidden listener is present', 'A program listens, but an entry of the declaration forbids it', 'Stop it'),
    'wrong_owner': _Words(
        'Another program owns the port', 'The port has another owner than its entry declares',
        'Find out why. Then stop the program, or correct the entry'),
    'wrong_bind': _Words(
        'Bound to other addresses', 'The listener is bound to other addresses than its entry declares',
        'Change the address that it listens on, or correct the entry'),
    'overexposed': _Words(
        'Too many can reach it', 'The firewall and the address of the listener let in more than its entry allows',
        'Restrict the firewall or the address, or extend the entry'),
    'unreachable': _Words(
        'Declared clients cannot reach it', 'The firewall blocks clients that the entry declares',
        'Open the firewall for them, or correct the entry'),
    'unhealthy': _Words(
        'A declared condition is not met', 'The expression in ensure of the entry is not true', 'Inspect the service'),
    'unknown': _Words(
        'It is unknown whether the host is as declared', 'Something that matters could not be observed',
        'Follow the advice in the message, which often is to run the audit with become, or as an administrator'),
    'waiver_expired': _Words(
        'A waiver expires', 'A waiver has expired, or will soon; what it waived counts again then',
        'Fix what it waives, or renew it'),
    'entry_unused': _Words(
        'An entry matches nothing', 'An entry of the declaration matched nothing on any host',
        'Remove the entry, unless it is for what comes and goes'),
    'waiver_unused': _Words(
        'A waiver matches nothing', 'A waiver matched nothing on any host', 'Remove the waiver'),
    NOT_OBSERVED: _Words(
        'A host was not observed',
        'The host was unreachable, or failed, or has no record of the run: it is unknown what listens on it',
        'Correct the cause, and run the audit again'),
    NOT_ALL_OBSERVED: _Words(
        'Not all sockets of a host were observed', 'What is not shown may listen all the same',
        'See the gaps of the host in the other files of the report; often the remedy is to run the audit with become, '
        'or as an administrator'),
    REFUSED: _Words(
        'A declaration is invalid', 'The declaration of the host has a mistake, so the host was not observed',
        'Correct the declaration'),
    NOT_LISTED: _Words(
        'More findings than a record lists', 'The record of the host does not list all of its findings',
        'Declare what is meant to listen, and run the audit again'),
}
_LEVELS = {'critical': 'error', 'high': 'error', 'medium': 'warning', 'low': 'note', 'info': 'note'}
_SCORES = {'critical': '9.5', 'high': '8.0', 'medium': '5.5', 'low': '2.0', 'info': '0.0'}
_PROBLEMS = {'error': 'error', 'warning': 'warning', 'note': 'recommendation'}


class Rule(NamedTuple):
    """A rule, as a result refers to it.

    :ivar number: its place among those of the report, from 0.
    :ivar level: error, warning or note.
    """

    id: str
    number: int
    level: str


class Rules:
    """The rules that the results of a report have."""

    def __init__(self) -> None:
        self._rules: dict[str, tuple[Rule, dict[str, Any]]] = {}

    def of(self, kind: str, severity: str, fails: bool) -> Rule:
        """Return the rule of a result.

        :param fails: whether it fails a host; nothing else is an error, which a forge would block a change for.
        """
        usual = USUAL_SEVERITY.get(kind, 'high')
        name = kind if severity == usual else '%s-%s' % (kind, severity)
        if not fails and SEVERITIES.index(severity) < SEVERITIES.index('medium'):
            name, severity = '%s-warning' % name, 'medium'
        if name not in self._rules:
            rule = Rule(PREFIX + name, len(self._rules), _LEVELS[severity])
            self._rules[name] = rule, _described(rule, kind, severity)
        return self._rules[name][0]

    def all(self) -> list[dict[str, Any]]:
        """Return all rules, in the order of their indices."""
        return [described for dummy, described in self._rules.values()]


def _described(rule: Rule, kind: str, severity: str) -> dict[str, Any]:
    words = WORDS[kind]
    name = rule.id[len(PREFIX):].replace('-', '_')
    return {
        'id': rule.id,
        'name': ''.join(word.capitalize() for word in name.split('_')),
        'shortDescription': {'text': '%s.' % words.title},
        'fullDescription': {'text': '%s.' % words.meaning},
        'help': {'text': '%s. %s.' % (words.meaning, words.remedy),
                 'markdown': '%s.\n\n**What to do:** %s.' % (words.meaning, words.remedy)},
        'helpUri': _GUIDE,
        'defaultConfiguration': {'level': rule.level},
        'properties': {'tags': ['security', 'network'], 'precision': 'very-high',
                       'security-severity': _SCORES[severity], 'problem.severity': _PROBLEMS[rule.level]},
    }
