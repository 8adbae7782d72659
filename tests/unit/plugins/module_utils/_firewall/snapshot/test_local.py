# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is local by a route alone, and whether it surely is."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import local

LOCAL, MAIN, OWN = 255, 254, 100
EVERY = [(0, LOCAL, None, True, -1), (32766, MAIN, None, True, -1), (32767, 253, None, True, -1)]


def networks(routes, rules=tuple(EVERY), known=('192.0.2.1/24',), family=4):
    tables = local.Tables()
    for table, to, kind in routes:
        tables.add_route(family, table, to, kind, 'lo')
    for priority, table, to, is_plain, suppressed in rules:
        tables.add_rule(family, priority, table, to, is_plain, suppressed)
    return [(to, is_sure) for to, dummy, is_sure in tables.networks(known)]


@pytest.mark.parametrize('routes, expected', [
    ([(LOCAL, '192.0.2.1/32', 'local'), (LOCAL, '127.0.0.0/8', 'local'), (LOCAL, '127.0.0.1/32', 'local')], []),
    ([(LOCAL, '192.0.2.9/32', 'local')], [('192.0.2.9/32', True)]),
    ([(LOCAL, '203.0.113.0/24', 'local')], [('203.0.113.0/24', True)]),
    ([(MAIN, '203.0.113.0/24', 'local')], [('203.0.113.0/24', True)]),
    ([(MAIN, '203.0.113.0/24', 'unicast')], []),
    # a longer prefix of the same table comes first, one of another table does not
    ([(MAIN, '203.0.113.0/24', 'local'), (MAIN, '203.0.113.0/25', 'unicast')], [('203.0.113.128/25', True)]),
    ([(LOCAL, '203.0.113.0/24', 'local'), (MAIN, '203.0.113.0/25', 'unicast')], [('203.0.113.0/24', True)]),
    ([(MAIN, '203.0.113.0/24', 'local'), (MAIN, '0.0.0.0/0', 'unicast')], [('203.0.113.0/24', True)]),
    ([(OWN, '203.0.113.0/24', 'local')], []),               # no rule leads to that table
])
def test_usual_rules(routes, expected):
    assert networks(routes) == networks(routes, rules=()) == expected


def test_longer_prefixes_of_ipv6():
    assert networks([(LOCAL, '2001:db8::/48', 'local')], EVERY, (), 6) == [('2001:db8::/48', True)]
    assert networks([(LOCAL, '::1/128', 'local')], EVERY, (), 6) == []


@pytest.mark.parametrize('rule, is_sure', [
    ((100, OWN, '203.0.113.0/24', True, -1), True),
    ((100, OWN, None, True, -1), True),
    ((100, OWN, None, False, -1), False),                   # for marked packets, or from somewhere
    ((100, OWN, '203.0.113.0/25', True, -1), False),        # for some of them
    ((100, OWN, None, True, 23), True),                     # routes to shorter prefixes are suppressed
    ((32768, OWN, None, True, -1), False),                  # the main table may know better
    ((100, 0, None, False, -1), False),                     # of a VRF, any table
])
def test_table_of_its_own(rule, is_sure):
    routes = [(OWN, '203.0.113.0/24', 'local'), (MAIN, '0.0.0.0/0', 'unicast')]
    assert networks(routes, [*EVERY, rule]) == [('203.0.113.0/24', is_sure)]


@pytest.mark.parametrize('rules, is_sure', [
    ([(50, None, '198.51.100.0/24', True, -1)], True),      # for other destinations
    ([(50, 200, None, False, -1)], False),                  # some packets are looked up elsewhere
    ([(50, 300, None, False, -1)], True),                   # where there is nothing
    ([(50, None, '203.0.113.7/32', True, -1)], False),      # some addresses are not
    ([(50, OWN, None, True, 24), (60, OWN, None, True, -1)], True),
    ([(50, OWN, None, True, 24)], False),                   # no rule takes it, unless another is added
])
def test_rules_before(rules, is_sure):
    rules = [*EVERY, *rules] + ([(100, OWN, None, True, -1)] if len(rules) == 1 and rules[0][1] != OWN else [])
    routes = [(OWN, '203.0.113.0/24', 'local'), (200, '0.0.0.0/0', 'unicast')]
    assert networks(routes, rules) == [('203.0.113.0/24', is_sure)]


def test_rules_for_all_destinations_but_some():
    assert networks([(OWN, '0.0.0.0/0', 'local')], [*EVERY, (100, OWN, None, False, -1)]) == [('0.0.0.0/0', False)]


def test_so_many_that_any_address_may_be_local():
    routes = [(MAIN, '203.%d.%d.0/24' % (number >> 8, number & 255), 'local') for number in range(local.MOST + 1)]
    assert len(networks(routes[1:])) == local.MOST
    assert networks(routes) == [('0.0.0.0/0', False), ('::/0', False)]
