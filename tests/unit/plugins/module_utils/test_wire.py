# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts as one string."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._wire import pack
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import listener, unpack


@pytest.mark.parametrize('count, start', [(0, '{'), (3, '{'), (100, 'z:')])
def test_pack(count, start):
    facts = {'schema': 1, 'gaps': [], 'listeners': [listener(port=port)['record'] for port in range(1, count + 1)]}
    for record in facts['listeners']:
        record['service'] = u'\xe4\u202e\n\x1b[0m{{ 7*7 }}\\xff'
    packed = pack(facts)
    assert packed.startswith(start)
    assert unpack(packed) == facts
    packed.encode('ascii')
    assert '\n' not in packed
