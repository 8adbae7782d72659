# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What vantage hosts send: what is believed, and what is refused and why."""

import json

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._probes import results
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._probes.probing import HOSTILE, probe

ENDPOINTS = [{'address': '10.0.0.5', 'port': 80, 'protocol': 'tcp'}, {'host': 'db', 'port': 53, 'protocol': 'udp'}]


def read(registered):
    return results.read('web', registered, ENDPOINTS)


def test_results_packed_and_plain():
    probes = [
        probe(),
        probe(1, endpoint='udp/10.9.9.9:53'),
        probe(1, 'unresolvable', 'udp/db:53', own=None, address=None, rtt_ms=None),
    ]
    assert read({'packed': json.dumps(probes)}).probes == probes
    given = {'probes': [dict(result, more='x') for result in probes]}
    assert read(given).probes == probes and given['probes'][0]['more'] == 'x', 'variables are not changed'


@pytest.mark.parametrize(
    'registered, reason',
    [
        (None, 'it did not probe anything'),
        ('text', 'it did not probe anything'),
        ({'unreachable': True, 'msg': 'no\nroute'}, 'unreachable: no route'),
        ({'failed': True, 'msg': HOSTILE}, 'failed: \\x1b[2J::error::{{ 7*7 }}\\u202e'),
        ({'failed': True}, 'failed: no reason was given'),
        ({'skipped': True, 'skip_reason': 'Conditional result was False'}, 'skipped: Conditional result was False'),
        ({}, 'failed: its answer is not valid: has to be a list, not null'),
        ({'probes': [object()]}, 'failed: its answer is not valid: it cannot be read'),
        ({'packed': 5}, 'failed: its answer is not valid: it is not text'),
        ({'packed': '\ud800'}, 'failed: its answer is not valid: it is not UTF-8'),
        ({'packed': '[NaN]'}, 'failed: its answer is not valid: not JSON: NaN is not a number'),
        ({'packed': '[' * 100000}, 'failed: its answer is not valid: '),
        *[
            ({'probes': [result]}, 'failed: its answer is not valid: [0]%s' % words)
            for result, words in [
                (
                    probe(verdict='wide open'),
                    '.verdict: has to be one of open, closed, filtered, open|filtered, unresolvable, unknown, not ',
                ),
                (probe(index=-1), '.index: '),
                (probe(index=True), '.index: '),
                (probe(index=2), ': is for an endpoint that was not requested'),
                (probe(endpoint='tcp/10.0.0.6:80'), ': is for an endpoint that was not requested'),
                (probe(endpoint='udp/10.0.0.5:80'), ': is for an endpoint'),
                (probe(endpoint='tcp/10.0.0.5:81'), ': is for an endpoint'),
                (probe(reason='x' * 2000), '.reason: is longer'),
                (probe(rtt_ms=-1), '.rtt_ms: '),
                (probe(own=5), '.local_address: '),
                ({}, '.index: is missing'),
            ]
        ],
    ],
)
def test_results_that_are_none(registered, reason):
    answer = read(registered)
    assert answer.probes is None and answer.reason.startswith(reason) and answer.reason.isprintable()
