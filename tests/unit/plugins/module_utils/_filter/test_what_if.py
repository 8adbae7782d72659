# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked at, and what an answer is made of; ``test_effects`` and ``test_refusals`` have what it says."""

from ansible_collections.listening.ports.plugins.module_utils import _gaps
from ansible_collections.listening.ports.plugins.module_utils._filter import what_if
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._filter.situations import (
    SSH, judged, live, ssh, view
)


def test_gaps_that_may_hide_listeners_are_those_of_the_table():
    assert set(what_if._MORE) < set(_gaps.CODES['sockets'])


def test_an_answer():
    assert judged(view(listeners=[ssh()]), 'published', confirm=0) == {
        'effects': [], 'refusal': None, 'overridden': [], 'warnings': []}


def test_nothing_that_is_handed_in_is_changed():
    listeners = [ssh()]
    host = view(listeners=listeners)
    before = repr(host)
    judged(host, 'ssh', protected_sources=('192.0.2.9/32',))
    assert repr(host) == before and 'exposure' not in listeners[0]


def test_taking_the_table_away_cuts_nobody():
    """Whatever could be refused of rules: nothing is, as without a filter there is a way in."""
    host = view(live(errors=[{'aspect': 'nft', 'message': 'no'}]), original=None, kubelet='kubelet')
    answer = what_if.judge(host, None, (), 'accept', SSH, 0, protected_sources=('0.0.0.0/0',))
    assert answer['refusal'] is None and answer['warnings']
