# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of new files, and files that are all written or none."""

import os

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils import _draft
from ansible_collections.listening.ports.plugins.plugin_utils._baseline import files
from ansible_collections.listening.ports.plugins.plugin_utils._baseline.cover import File

WEB, HOST = File('group', 'web'), File('host', 'h1')
DAY = '2026-11-28'


@pytest.fixture
def shelf(tmp_path):
    def make(variables=None, members=None):
        return files.Shelf(str(tmp_path), DAY, {'web': ['h1', 'h2'], 'all': ['h1', 'h2'], **(members or {})},
                           lambda host: (variables or {}).get(host, ()), ['.yml', '.yaml', '.json'])
    return make


def test_the_first_files(shelf):
    assert [(shelf().path(file), shelf().variable(file)) for file in (File('group', 'all'), WEB, HOST)] == [
        ('group_vars/all/listeners.yml', 'expected_listeners'),
        ('group_vars/web/listeners.yml', 'expected_listeners_web'),
        ('host_vars/h1/listeners.yml', 'expected_listeners_host')]


def test_later_ones_have_a_date(shelf, tmp_path):
    folder = tmp_path / 'group_vars/web'
    folder.mkdir(parents=True)
    names = []
    for dummy in range(4):
        made = shelf()
        names.append((made.path(WEB).rpartition('/')[2], made.variable(WEB)))
        (folder / names[-1][0]).touch()
    assert names == [
        ('listeners.yml', 'expected_listeners_web'),
        ('listeners_2026_11_28.yml', 'expected_listeners_web_2026_11_28'),
        ('listeners_2026_11_28_2.yml', 'expected_listeners_web_2026_11_28_2'),
        ('listeners_2026_11_28_3.yml', 'expected_listeners_web_2026_11_28_3')]


def test_a_link_that_leads_nowhere_is_a_file_that_is_there(shelf, tmp_path):
    (tmp_path / 'group_vars/web').mkdir(parents=True)
    (tmp_path / 'group_vars/web/listeners.yml').symlink_to('/nowhere')
    assert shelf().path(WEB) == 'group_vars/web/listeners_2026_11_28.yml'


def test_a_variable_is_none_that_a_host_has(shelf):
    made = shelf({'h2': ['expected_listeners_web']})
    assert (made.path(WEB), made.variable(WEB)) == (
        'group_vars/web/listeners_2026_11_28.yml', 'expected_listeners_web_2026_11_28')
    assert made.variable(HOST) == 'expected_listeners_host'


def test_groups_whose_names_become_one_have_a_variable_each(shelf):
    groups = {'a-b': ['h1'], 'a.b': ['h1'], 'host': ['h1'], 'a_b': ['h1']}
    made = shelf(members=groups)
    variables = [made.variable(File('group', name)) for name in groups] + [made.variable(HOST)]
    assert variables == ['expected_listeners_a_b', 'expected_listeners_a_b_group_1', 'expected_listeners_host_group_1',
                         'expected_listeners_a_b_group_2', 'expected_listeners_host']


HOSTS = ('web-1.example.org', 'fe80::1%eth0', '[::1]', 'w\xe9b')
NO_HOSTS = ('a/b', '..', '.git', '~root', '', 'a\\b', 'a\nb', 'a\0b', 'web.yml', 'web.JSON', 'x' * 201)
NO_GROUPS = ('web 1', '.x', 'web.yaml', 'w\xe9b', 'a/b', '')


@pytest.mark.parametrize('name, kind, is_safe', [
    *((name, 'host', True) for name in HOSTS), *((name, 'host', False) for name in NO_HOSTS), ('web-1', 'group', True),
    *((name, 'group', False) for name in NO_GROUPS)])
def test_names_of_directories(shelf, name, kind, is_safe):
    assert files.is_safe(name, kind) is is_safe
    obstacle = shelf().obstacle(File(kind, name))
    assert obstacle is None if is_safe else 'a directory of the name of this %s would' % kind in obstacle


@pytest.mark.parametrize('there', ['web.yml', 'web.yaml', 'web.json'])
def test_a_file_that_would_be_read_no_more(shelf, tmp_path, there):
    (tmp_path / 'group_vars').mkdir()
    (tmp_path / 'group_vars' / there).write_text('x: 1\n', encoding='utf-8')
    assert shelf().obstacle(WEB) == (
        '%s/group_vars/%s would be read no more beside a directory web: move it into that directory, as main.yml'
        % (tmp_path, there))
    (tmp_path / 'group_vars/web').mkdir()
    assert shelf().obstacle(WEB) is None, 'it is read no more already'


def test_what_is_no_directory(shelf, tmp_path):
    (tmp_path / 'group_vars').mkdir()
    (tmp_path / 'group_vars/web').write_text('x: 1\n', encoding='utf-8')
    (tmp_path / 'host_vars').symlink_to('/nowhere')
    assert shelf().obstacle(WEB) == '%s/group_vars/web is not a directory' % tmp_path
    assert shelf().obstacle(HOST) == '%s/host_vars is not a directory' % tmp_path


def test_lines_that_are_there(shelf, tmp_path):
    folder = tmp_path / 'host_vars/h1'
    folder.mkdir(parents=True)
    (folder / 'listeners.yml').write_text('x:\n  # - {name: a}\n', encoding='utf-8')
    (folder / 'notes.txt').write_text('# - {name: b}\n', encoding='utf-8')
    made = shelf()
    assert made.has(HOST, '# - {name: a}') and not made.has(HOST, '# - {name: b}')
    assert not made.has(WEB, '# - {name: a}')


TEXTS = [('group_vars/web/listeners.yml', 'a: 1\n'), ('host_vars/h1/listeners.yml', 'b: 1\n')]


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob('*'))


def test_files_are_written_for_others_to_read(tmp_path):
    umask = os.umask(0o027)
    try:
        files.write(str(tmp_path), TEXTS)
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(umask)
    path = tmp_path / TEXTS[0][0]
    assert path.read_text(encoding='utf-8') == 'a: 1\n' and path.stat().st_mode & 0o777 == 0o640
    assert path.stat().st_nlink == 1
    assert tree(tmp_path) == ['group_vars', 'group_vars/web', TEXTS[0][0], 'host_vars', 'host_vars/h1', TEXTS[1][0]]


def test_all_or_none(tmp_path):
    (tmp_path / 'host_vars/h1').mkdir(parents=True)
    (tmp_path / TEXTS[1][0]).write_text('mine\n', encoding='utf-8')
    with pytest.raises(files.NotWritten, match='h1/listeners.yml cannot be written: File exists; nothing was'):
        files.write(str(tmp_path), TEXTS)
    assert tree(tmp_path) == ['host_vars', 'host_vars/h1', TEXTS[1][0]]
    assert (tmp_path / TEXTS[1][0]).read_text(encoding='utf-8') == 'mine\n'


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / 'host_vars').write_text('', encoding='utf-8')
    with pytest.raises(files.NotWritten, match='nothing was'):
        files.write(str(tmp_path), TEXTS)
    assert tree(tmp_path) == ['host_vars']


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / 'group_vars/web').mkdir(parents=True)
    (tmp_path / TEXTS[0][0]).symlink_to(tmp_path / 'elsewhere')
    with pytest.raises(files.NotWritten, match='File exists'):
        files.write(str(tmp_path), TEXTS)
    assert not (tmp_path / 'elsewhere').exists() and (tmp_path / TEXTS[0][0]).is_symlink()


def test_without_links_nothing_is_replaced_either(tmp_path, monkeypatch):
    def link(*arguments, **keywords):
        raise PermissionError(1, 'Operation not permitted')
    monkeypatch.setattr(_draft.os, 'link', link)
    files.write(str(tmp_path), TEXTS)
    assert (tmp_path / TEXTS[0][0]).read_text(encoding='utf-8') == 'a: 1\n'
    with pytest.raises(files.NotWritten, match='File exists'):
        files.write(str(tmp_path), [(TEXTS[0][0], 'other\n')])
    assert (tmp_path / TEXTS[0][0]).read_text(encoding='utf-8') == 'a: 1\n'
    assert [path for path in tree(tmp_path) if 'draft' in path] == []
