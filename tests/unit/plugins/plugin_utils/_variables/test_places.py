# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and lines of entries, of inventories as Ansible reads them; the numbers of lines are those of ``grep -n``."""

import os
import shutil
import subprocess

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager

from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import fleet
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.plugins.plugin_utils._variables import places

ALL = """---
# what all have
expected_listeners:
  # the first one
  - name: ssh
    port: 22
  - {name: ntp, port: 123/udp}
expected_listeners_flow: [{name: a, port: 1},
  {name: b, port: 2}]
expected_listeners_none: []
expected_listeners_other: "{{ expected_listeners_flow }}"
listener_waivers:

  - port: 80
    expires: never
"""
WEB = """expected_listeners_web:
  - {name: web, port: 80}
expected_listeners:
  - {name: ssh, port: 2222}
"""


@pytest.fixture
def inventory(tmp_path, monkeypatch):
    """A directory with an inventory in it; Ansible is somewhere else."""
    monkeypatch.chdir('/')
    (tmp_path / 'group_vars').mkdir()
    (tmp_path / 'host_vars').mkdir()
    (tmp_path / 'hosts').write_text('web-1\n')
    (tmp_path / 'group_vars/all.yml').write_text(ALL)
    return tmp_path


def variables(inventory, **extra):
    """All variables of the host."""
    loader = DataLoader()
    sources = InventoryManager(loader, [str(inventory / 'hosts')])
    manager = VariableManager(loader, sources)
    manager._extra_vars = extra
    return manager.get_vars(host=sources.get_host('web-1'))


def line(text, words):
    """The number of the first line that has these words."""
    return next(number for number, each in enumerate(text.splitlines(), 1) if words in each)


def found(inventory, entries=(), **extra):
    known = variables(inventory, **extra)
    names = sorted(name for name in known if 'listener' in name)
    made = places.find(known, names, entries, places.top(known['inventory_dir']))
    fleet.check({**EMPTY, 'places': made})
    return made


EMPTY = {'policy': {'summary': '', 'hash': '', 'variables': []}, 'findings': [], 'findings_total': 0, 'failing': False,
         'refused': None, 'waived': 0, 'met': {'entries': [], 'waivers': []}, 'idle': {'entries': [], 'waivers': []}}


def test_variables_and_entries(inventory):
    known = found(inventory, [('expected_listeners', 'ssh', 0), ('expected_listeners', 'ntp', 1),
                              ('expected_listeners_flow', 'b', 1), ('listener_waivers', '#1', 0)])
    assert {name: (place['line'], place['entries']) for name, place in known.items()} == {
        'expected_listeners': (line(ALL, 'expected_listeners:'), {'ssh': line(ALL, 'ssh'), 'ntp': line(ALL, 'ntp')}),
        'expected_listeners_flow': (line(ALL, 'flow'), {'b': line(ALL, 'name: b')}),
        'expected_listeners_none': (line(ALL, 'none'), {}),
        'expected_listeners_other': (line(ALL, 'other'), {}),
        'listener_waivers': (line(ALL, 'listener_waivers'), {'#1': line(ALL, 'port: 80')}),
    }
    assert {place['path'] for place in known.values()} == {str(inventory / 'group_vars/all.yml')}


def test_a_variable_that_hides_another_one_is_where_its_value_is(inventory):
    (inventory / 'host_vars/web-1.yml').write_text(WEB)
    known = found(inventory, [('expected_listeners', 'ssh', 0)])
    assert known['expected_listeners'] == {
        'path': str(inventory / 'host_vars/web-1.yml'), 'line': line(WEB, 'port: 2222'),
        'entries': {'ssh': line(WEB, 'port: 2222')}}
    assert known['expected_listeners_web']['line'] == 1


def test_what_was_read_from_no_file_has_no_place(inventory):
    known = found(inventory, [('expected_listeners', 'ssh', 0)], expected_listeners=[{'name': 'ssh', 'port': 22}],
                  expected_listeners_more='{{ x }}')
    assert not {'expected_listeners', 'expected_listeners_more'} & set(known)
    assert 'expected_listeners_flow' in known


@pytest.mark.parametrize('entries', [
    [('expected_listeners', 'gone', 2)], [('expected_listeners_other', 'a', 0)], [('nothing', 'a', 0)]])
def test_an_entry_that_is_not_there_as_it_is_written_has_no_line(inventory, entries):
    assert not any(place['entries'] for place in found(inventory, entries).values())


def test_labels_are_those_that_findings_have(inventory):
    (inventory / 'group_vars/all.yml').write_text('expected_listeners:\n  - {name: "a\\eb", port: 1}\n')
    assert found(inventory, [('expected_listeners', 'a\x1bb', 0)])['expected_listeners']['entries'] == {'a\\x1bb': 2}


@pytest.mark.skipif(not shutil.which('git'), reason='no git')
def test_paths_are_relative_to_the_top_that_git_says(inventory):
    top = inventory / 'repository'
    place = top / 'some/inventory'
    place.mkdir(parents=True)
    subprocess.run(['git', 'init', '-q', top], check=True)
    shutil.move(inventory / 'hosts', place)
    shutil.move(inventory / 'group_vars', place)
    said = subprocess.run(['git', '-C', place, 'rev-parse', '--show-toplevel'], check=True, capture_output=True,
                          text=True).stdout.rstrip('\n')
    assert places.top(str(place)) == said
    assert found(place)['expected_listeners']['path'] == 'some/inventory/group_vars/all.yml'

    # another one that is checked out into it, as its submodules are
    other = top / 'other'
    other.mkdir()
    (other / '.git').write_text('gitdir: ../.git/modules/other\n')
    assert places.top(str(other)) == str(other)
    # and one that is none
    (place / '.git').mkdir()
    places._repository.cache_clear()
    assert places.top(str(place)) == said


def test_paths_are_relative_to_the_working_directory_where_there_is_no_repository(inventory, monkeypatch):
    monkeypatch.chdir(inventory)
    assert places.top(str(inventory)) == places.top(None) == os.path.realpath(inventory)
    assert found(inventory)['expected_listeners']['path'] == 'group_vars/all.yml'
    monkeypatch.chdir(inventory / 'host_vars')
    assert found(inventory)['expected_listeners']['path'] == str(inventory / 'group_vars/all.yml')


def test_a_link_is_followed_to_the_file_that_a_person_would_edit(inventory, monkeypatch):
    monkeypatch.chdir(inventory)
    (inventory / 'of_both.yml').write_text(WEB)
    (inventory / 'host_vars/web-1.yml').symlink_to('../of_both.yml')
    assert found(inventory)['expected_listeners_web']['path'] == 'of_both.yml'


def test_a_name_that_is_not_unicode_is_not_in_a_record(inventory):
    os.rename(inventory / 'group_vars/all.yml', os.fsencode(inventory) + b'/group_vars/all')
    os.rename(os.fsencode(inventory) + b'/group_vars', os.fsencode(inventory) + b'/group_vars.moved')
    os.mkdir(os.fsencode(inventory) + b'/\xff')
    os.rename(os.fsencode(inventory) + b'/group_vars.moved', os.fsencode(inventory) + b'/\xff/group_vars')
    os.rename(inventory / 'hosts', os.fsencode(inventory) + b'/\xff/hosts')
    loader = DataLoader()
    known = loader.load_from_file(os.fsdecode(os.fsencode(inventory) + b'/\xff/group_vars/all'))
    assert places.find(known, ['expected_listeners'], [], '/') == {}


@pytest.mark.parametrize('place, path', [
    ({'path': '../x', 'line': 1, 'entries': {}}, 'places.v.path'),
    ({'path': 'a/../../x', 'line': 1, 'entries': {}}, 'places.v.path'),
    ({'path': '/a/../../x', 'line': 1, 'entries': {}}, 'places.v.path'),
    ({'path': './x', 'line': 1, 'entries': {}}, 'places.v.path'),
    ({'path': 'a//x', 'line': 1, 'entries': {}}, 'places.v.path'),
    ({'path': '//x', 'line': 1, 'entries': {}}, 'places.v.path'),
    ({'path': 'a/', 'line': 1, 'entries': {}}, 'places.v.path'),
    ({'path': '', 'line': 1, 'entries': {}}, 'places.v.path'),
    ({'path': '/', 'line': 1, 'entries': {}}, 'places.v.path'),
    ({'path': 'a\0b', 'line': 1, 'entries': {}}, 'places.v.path'),
    ({'path': 'a' * 5000, 'line': 1, 'entries': {}}, 'places.v.path'),
    ({'path': 1, 'line': 1, 'entries': {}}, 'places.v.path'),
    ({'path': 'a', 'line': 0, 'entries': {}}, 'places.v.line'),
    ({'path': 'a', 'line': 2 ** 40, 'entries': {}}, 'places.v.line'),
    ({'path': 'a', 'line': True, 'entries': {}}, 'places.v.line'),
    ({'path': 'a', 'line': 1, 'entries': {'ssh': '4'}}, 'places.v.entries.ssh'),
    ({'path': 'a', 'line': 1, 'entries': {str(number): 1 for number in range(10001)}}, 'places.v.entries'),
    ({'path': 'a', 'line': 1}, 'places.v.entries'),
    ('a', 'places.v'),
])
def test_a_place_that_was_made_up_is_refused(place, path):
    with pytest.raises(Fault) as refused:
        fleet.check({**EMPTY, 'places': {'v': place}})
    assert refused.value.path == path


def test_places_are_read_back_as_they_are():
    made = {'expected_listeners': {'path': 'a b/\u05d0.yml', 'line': 3, 'entries': {'ssh': 4}}}
    assert fleet.check({**EMPTY, 'places': made})['places'] == made
    assert 'places' not in fleet.check(dict(EMPTY))
