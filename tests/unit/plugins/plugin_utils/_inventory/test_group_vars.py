# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with variables of groups, as Ansible finds them."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._inventory import group_vars


@pytest.mark.parametrize('entry, group', [
    ('exposed_anyone', 'exposed_anyone'), ('exposed_anyone.yml', 'exposed_anyone'),
    ('exposed_anyone.yaml', 'exposed_anyone'), ('exposed_anyone.json', 'exposed_anyone'),
    ('exposed_anyone.txt', 'exposed_anyone.txt'), ('web.1.yml', 'web.1'),
])
def test_a_file_is_of_a_group(tmp_path, entry, group):
    (tmp_path / 'group_vars').mkdir()
    (tmp_path / 'group_vars' / entry).touch()
    folder = str(tmp_path)
    assert group_vars.files([folder, folder], {group}.__contains__) == ['%s/group_vars/%s' % (folder, entry)]
    assert group_vars.files([folder], {'other'}.__contains__) == []


def test_folders_without_variables(tmp_path):
    assert group_vars.files([str(tmp_path), str(tmp_path / 'nowhere')], lambda name: True) == []
