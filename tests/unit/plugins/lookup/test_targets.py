# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""targets: patterns of hosts that mean somebody are returned, all others are refused."""

import pytest

from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.listening.ports.plugins.lookup.targets import LookupModule

GROUPS = {'all': ['a', 'b', 'c'], 'ungrouped': ['c'], 'web': ['a', 'b']}


@pytest.fixture
def look(monkeypatch):
    monkeypatch.setattr('ansible.constants.HOST_PATTERN_MISMATCH', 'ignore', raising=False)
    plugin = LookupModule(loader=DataLoader())
    return lambda *terms, groups=None, limit=None, **options: plugin.run(
        list(terms), {'groups': GROUPS if groups is None else groups, **({'ansible_limit': limit} if limit else {})},
        **options)


@pytest.mark.parametrize('terms, expected', [
    (['web'], ['web']), (['all'], ['all']), (['web:!a'], ['web:!a']), (['nobody', 'c'], ['nobody', 'c']),
    ([['web', 'c']], ['web', 'c']), (['web', 'web'], ['web']), (['a,b'], ['a,b']), (['~^[ab]$'], ['~^[ab]$']),
])
def test_patterns_that_mean_somebody(look, terms, expected):
    assert look(*terms) == expected


def test_the_machine_itself_needs_no_inventory(look):
    assert look('localhost', groups={'all': [], 'ungrouped': []}) == ['localhost']


@pytest.mark.parametrize('terms, limit, expected', [
    (['wbe'], None, 'No host of the inventory matches wbe: nobody was audited.'),
    (['null'], None, 'No host of the inventory matches null: nobody was audited.'),
    (['wbe', 'bd'], None, 'No host of the inventory matches wbe, bd: nobody was audited.'),
    (['web:!web'], None, 'No host of the inventory matches web:!web: nobody was audited.'),
    (['web'], 'c', 'No host of the inventory matches web within --limit c: nobody was audited.'),
    ([None], None, 'No host is named: nobody was audited.'),
    ([''], None, 'No host is named: nobody was audited.'),
    ([[]], None, 'No host is named: nobody was audited.'),
    (['\x1b[2J'], None, 'No host of the inventory matches \\x1b[2J: nobody was audited.'),
])
def test_nobody_is_refused(look, terms, limit, expected):
    with pytest.raises(AnsibleLookupError) as caught:
        look(*terms, limit=limit)
    assert str(caught.value) == expected


@pytest.mark.parametrize('groups', [{}, {'all': [], 'ungrouped': []}])
def test_an_inventory_of_nobody_is_refused(look, groups):
    with pytest.raises(AnsibleLookupError, match=r'^The inventory has no host: nobody was probed\.$'):
        look('all', groups=groups, done='probed')


@pytest.mark.parametrize('option', ['syntax', 'listtasks', 'listtags'])
def test_where_no_play_runs_nobody_is_missing(look, monkeypatch, option):
    monkeypatch.setattr('ansible.context.CLIARGS', {option: True})
    assert look('all', groups={}) == ['all']
    monkeypatch.setattr('ansible.context.CLIARGS', {option: False, 'listhosts': True})
    with pytest.raises(AnsibleLookupError):
        look('all', groups={})


def test_a_limit_that_leaves_somebody_is_none(look):
    assert look('web', limit='b') == ['web']


def test_a_limit_in_a_file_counts(look, tmp_path):
    (tmp_path / 'limit').write_text('c\n', encoding='utf-8')
    assert look('all', limit='@%s' % (tmp_path / 'limit')) == ['all']
    with pytest.raises(AnsibleLookupError, match='nobody was audited'):
        look('web', limit='@%s' % (tmp_path / 'limit'))


def test_a_setting_that_refuses_patterns_without_a_match_changes_nothing(look, monkeypatch):
    monkeypatch.setattr('ansible.constants.HOST_PATTERN_MISMATCH', 'error', raising=False)
    with pytest.raises(AnsibleLookupError, match='nobody was audited'):
        look('wbe')
