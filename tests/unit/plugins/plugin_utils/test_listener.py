# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be reached on a host."""

from ansible_collections.listening.ports.plugins.plugin_utils._listener import endpoints
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener


def test_nothing_is_forwarded():
    found = facts(listener(port=1), listener(port=2))
    assert endpoints(found) == found['listeners'] == endpoints(dict(found, forwarded=None))


def test_what_is_forwarded_is_reached_like_what_listens():
    found = facts(listener(port=1), forwarded=[dict(listener(port=2, owners=[]), to='172.17.0.2:80', proxy=None)])
    assert [one['port'] for one in endpoints(found)] == [1, 2]


def test_who_holds_the_port_of_a_container_is_not_told_beside_the_container():
    held, other = listener(port=2), listener('::', 2)
    found = facts(held, other, forwarded=[dict(listener(port=2, owners=[]), to='172.17.0.2:80', proxy=held['id'])])
    assert endpoints(found) == [other, *found['forwarded']]
