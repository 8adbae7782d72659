# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with judgements that are made up, for the tests of the report."""

import hashlib

from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import fleet
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener, record

SUMMARY = 'policy: 1 variable, 2 entries, sha256 0123456789ab'


def finding(message, kind='unexpected', severity='high', fails=True, **other):
    """A finding without parts; its fingerprint is that of its kind and of ``same``, by default of its message."""
    text = '%s %s' % (kind, other.pop('same', message))
    made = {
        'kind': kind,
        'severity': severity,
        'entry': None,
        'declared_in': None,
        'listener': None,
        'expected': None,
        'found': None,
        'message': message,
        'remedy': 'stop it',
        'fingerprint': hashlib.sha256(text.encode()).hexdigest()[:16],
        'fails': fails,
        'parts': None,
        'same': None,
    }
    assert set(other) <= set(made)
    return dict(made, **other)


def judgement(*findings, **other):
    """A judgement, as records have it."""
    made = {
        'policy': {'summary': SUMMARY, 'hash': '0' * 64, 'variables': ['expected_listeners']},
        'findings': list(findings),
        'findings_total': len(findings),
        'failing': any(each['fails'] for each in findings),
        'refused': None,
        'waived': 0,
        'waivers': [],
        'met': {'entries': [], 'waivers': []},
        'idle': {'entries': [], 'waivers': []},
    }
    made.update(other)
    return fleet.check(made)


def judged(name, *findings, gaps=(), **other):
    """A host that was judged."""
    return Host(name, 'partial' if gaps else 'ok', record=record(
        name, facts(listener(), gaps=gaps), declared=True, judgement=judgement(*findings, **other)))


def refused(
    name, reason='The declaration is refused: expected_listeners, entry web, option prt: there is no such option.'
):
    """A host whose declaration is refused: nobody has looked at it."""
    return Host(name, 'failed', reason, record=record(
        name, status='failed', message=reason, declared=True, judgement=judgement(refused=reason, failing=True)))
