# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import arguments


@pytest.mark.parametrize('seconds', [0, 10, 60, 3600])
def test_a_trial_of_so_many_seconds(seconds):
    assert arguments.fault({'confirm': seconds, 'token': '8f3c1a2b'}) is None


@pytest.mark.parametrize('seconds', [-1, 1, 9, 3601, 10 ** 9])
def test_a_trial_that_nobody_could_keep_or_that_hardly_ends(seconds):
    assert arguments.fault({'confirm': seconds}) == \
        'confirm has to be 0, or 10 to 3600 seconds, not %d' % seconds


@pytest.mark.parametrize('token', ['', '8f3c1a2', '8f3c1a2b0', '8F3C1A2B', '8f3c1a2b\n', 'a} ; flush', '../../..'])
def test_a_token_that_would_be_no_name(token):
    assert arguments.fault({'confirm': 60, 'token': token}) == 'token has to be eight hexadecimal digits'


def test_rules_that_are_null():
    given = {'confirm': 60, 'state': 'present', 'rules': None}
    assert arguments.fault(given) == 'rules is null: no rules at all are written as []'
    assert arguments.fault(dict(given, rules=[])) is arguments.fault(dict(given, state='absent')) is None
