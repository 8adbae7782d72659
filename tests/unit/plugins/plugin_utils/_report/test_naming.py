# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many hosts in few words."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report.naming import Naming

WEB = ['web-%d' % index for index in range(1, 9)]
DB = ['db-%d' % index for index in range(1, 7)]
GROUPS = {'all': [*WEB, *DB, 'bastion'], 'ungrouped': ['bastion'], 'web': WEB, 'db': DB, 'frontends': WEB,
          'first': ['web-1'], 'elsewhere': ['x', 'y'], 'servers': [*WEB, *DB], 'e\x1bvil': WEB[:6]}
NAMING = Naming([*WEB, *DB, 'bastion'], GROUPS)


@pytest.mark.parametrize('names, wanted', [
    (['web-1'], 'web-1'),
    (WEB[:2], '2 hosts (web-1, web-2)'),
    (WEB, '8 hosts (group web)'),
    (WEB[::-1], '8 hosts (group web)'),
    ([*DB, *WEB], '14 hosts (group servers)'),
    ([*WEB, 'bastion'], '9 hosts (web-1, web-2, web-3, web-4, web-5, …)'),
    (WEB[1:], '7 hosts (group web but web-1)'),
    ([*WEB, *DB[2:]], '12 hosts (group servers but db-1, db-2)'),
    (WEB[:6], '6 hosts (group e\\x1bvil)'),
    ([*WEB[:4], *DB[:2]], '6 hosts (web-1, web-2, web-3, web-4, db-1, …)'),
])
def test_hosts_are_named_by_groups_where_these_are_what_they_have_in_common(names, wanted):
    assert NAMING.counted(names) == wanted


def test_several_groups_are_named_where_no_single_one_has_all_and_no_other_hosts():
    naming = Naming([*WEB, *DB], {'web': WEB, 'db': DB})
    assert naming.counted([*WEB, *DB]) == '14 hosts (groups web, db)'


def test_only_hosts_of_the_report_count():
    naming = Naming(WEB, {'web': [*WEB, 'web-99'], 'one': ['web-1', 'gone']})
    assert naming.counted(WEB) == '8 hosts (group web)'


def test_groups_that_are_many_do_not_replace_hosts():
    groups = {'pair-%d' % index: WEB[2 * index:2 * index + 2] for index in range(4)}
    assert Naming(WEB, groups).counted(WEB) == '8 hosts (web-1, web-2, web-3, web-4, web-5, …)'


def test_without_groups():
    assert Naming().counted(['a']) == 'a'
    assert Naming().some(WEB[:2]) == 'web-1, web-2'
    assert Naming().counted(WEB) == '8 hosts (web-1, web-2, web-3, web-4, web-5, …)'


def test_the_members_of_groups_are_hosts_of_the_report():
    naming = Naming(WEB, {'all': WEB, 'web': [*WEB, 'gone'], 'first': ['web-1'], 'empty': ['gone'], 'two': WEB[:2]})
    assert naming.members == {'first': {'web-1'}, 'two': {'web-1', 'web-2'}}
