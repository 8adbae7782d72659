# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes of refusals, and which of them somebody may override."""

import re

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import refusal


def test_a_refusal():
    raised = refusal.Refusal('kubelet', 'Kubernetes runs here.')
    assert (raised.code, raised.message, str(raised), raised.may_be_overridden) == (
        'kubelet', 'Kubernetes runs here.', 'Kubernetes runs here.', True)


def test_codes_are_known():
    with pytest.raises(KeyError):
        raise refusal.Refusal('mood', 'No.')
    assert all(re.match(r'[a-z_]+\Z', code) for code in refusal.CODES)


def test_the_way_back_in_cannot_be_given_up():
    assert not refusal.CODES['own_connection'] and not refusal.CODES['connection_hidden']
    assert {code for code, may in refusal.CODES.items() if may} == {
        'protected_source', 'undecided', 'tunnel', 'kubelet', 'notrack', 'tracking'}
