# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a host."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement.verdict import passes, verdict

SEEN, BLIND = {'complete': {'sockets': True}}, {'complete': {'sockets': False}}


@pytest.mark.parametrize('facts, findings, options, wanted', [
    (SEEN, None, {}, 'listed'),
    (BLIND, None, {}, 'unknown'),
    (None, None, {}, 'unknown'),
    (None, None, {'refused': True}, 'refused'),
    (SEEN, [], {'refused': True, 'failing': True}, 'refused'),
    (SEEN, [], {}, 'as_declared'),
    (SEEN, [('missing', False), ('waiver_expired', False)], {}, 'as_declared'),
    (SEEN, [('missing', False), ('unexpected', True)], {'failing': True}, 'violates'),
    (BLIND, [('unexpected', True)], {'failing': True}, 'violates'),
    (SEEN, [('unknown', True)], {'failing': True}, 'unknown'),
    (SEEN, [('unknown', False)], {}, 'unknown'),
    (SEEN, [('unknown', True), ('missing', True)], {'failing': True}, 'violates'),
    (SEEN, [], {'failing': True}, 'unknown'),
    (BLIND, [], {}, 'unknown'),
])
def test_verdicts(facts, findings, options, wanted):
    assert verdict(facts, findings, **options) == wanted


@pytest.mark.parametrize('facts, failing, wanted', [
    (SEEN, False, True), (SEEN, True, False), (BLIND, False, False), (None, False, False), (None, True, False)])
def test_who_passes(facts, failing, wanted):
    assert passes(facts, failing) is wanted


def test_unknown_may_be_a_warning_only():
    assert verdict(SEEN, [('unknown', False)]) == 'unknown' and passes(SEEN)
