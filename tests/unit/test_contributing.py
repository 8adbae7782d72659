# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CONTRIBUTING.md lists the rooms of the plugins that there are, and files that exist."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / 'CONTRIBUTING.md').read_text(encoding='utf-8')
SIDES = ('plugins/module_utils', 'plugins/plugin_utils')


def listed(side):
    """The rooms that are listed for one side of the plugins."""
    paragraph = TEXT.partition(', below `%s`:\n\n' % side)[2].partition('\n\n')[0]
    return [re.match(r'\* `([^`]+)` – \S', line).group(1) for line in paragraph.splitlines()]


def rooms(side):
    """The rooms that there are: private modules, and packages at any depth."""
    folder = ROOT / side
    packages = {path.parent for path in folder.rglob('*.py')} - {folder}
    packages |= {package.parent for package in packages} - {folder, folder.parent}
    return sorted([str(path.relative_to(folder)) for path in packages]
                  + [path.name for path in folder.glob('_*.py') if path.name != '__init__.py'])


@pytest.mark.parametrize('side', SIDES)
def test_each_room_has_one_line(side):
    assert sorted(listed(side)) == rooms(side)


def test_each_file_of_windows_hosts_has_one_line():
    paragraph = TEXT.partition('\nOn Windows hosts, ')[2].partition('\nOn the controller, ')[0]
    listed_files = re.findall(r'^\* `([^`]+)` – \S', paragraph, re.MULTILINE)
    assert sorted(listed_files) == sorted(path.name for path in (ROOT / SIDES[0]).glob('*.cs'))


def test_what_there_is_to_touch_exists():
    """Each path in the table of what to touch, from the top or from one of the sides."""
    table = TEXT.partition('## Adding something')[2].partition('## Rules')[0]
    paths = re.findall(r'`([\w./]+[/.][\w./]+)`', table)
    assert len(paths) > 12
    wheres = [ROOT, *(ROOT / side for side in SIDES), ROOT / SIDES[1] / '_policy/judgement']
    assert [path for path in paths if not any((where / path).exists() for where in wheres)] == []


def test_each_folder_of_tests_is_described():
    folders = {path.name for path in (ROOT / 'tests').iterdir() if path.is_dir() and any(path.rglob('*.py'))}
    described = set(re.findall(r'^\* `tests/(\w+)` ', TEXT, re.MULTILINE))
    assert folders - described <= {'checkout', 'output', 'sanity'} and described <= folders
