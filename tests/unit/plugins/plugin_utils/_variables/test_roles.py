# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles declare in files of their own."""

import pytest

from ansible.parsing.dataloader import DataLoader
from ansible_collections.listening.ports.plugins.plugin_utils._variables import roles as _roles


@pytest.fixture
def read(tmp_path):
    """Reads roles of a playbook's directory; each is the text of its file, or None where it has none."""
    def run(*names, **roles):
        loader = DataLoader()
        loader.set_basedir(str(tmp_path))
        for name, text in roles.items():
            folder = tmp_path / 'roles' / name / 'vars'
            folder.mkdir(parents=True)
            if text is not None:
                (folder / 'listeners.yml').write_text(text, encoding='utf-8')
        return _roles.declared(names or list(roles), loader, None)
    return run


def faults(declared):
    return [str(fault) for fault in declared.refusals]


def test_none():
    assert not _roles.declared(None, None, None)
    assert not _roles.declared([], None, None)


def test_all_variables_of_the_file_count_and_templates_stay_templates(read):
    declared = read(
        web='web_port: 80\nweb_expected_listeners: [{port: "{{ web_port }}"}]\n', db='expected_listeners_db: []\n'
    )
    assert declared and not declared.refusals
    assert declared.variables == {
        'web_port': 80,
        'web_expected_listeners': [{'port': '{{ web_port }}'}],
        'expected_listeners_db': [],
    }
    assert declared.origins == {'web_expected_listeners': 'web', 'expected_listeners_db': 'db'}


def test_a_role_is_read_once(read):
    assert read('web', 'web', web='expected_listeners_web: []').variables == {'expected_listeners_web': []}


@pytest.mark.parametrize(
    'text, message',
    [
        (None, "declarations_from: the role 'web' has no vars/listeners.yml"),
        (
            'web_port: 80\n',
            "declarations_from: vars/listeners.yml of the role 'web' declares nothing: "
            'it has no variable expected_listeners',
        ),
        ('- 80\n', "declarations_from: vars/listeners.yml of the role 'web' declares nothing"),
        ('', "declarations_from: vars/listeners.yml of the role 'web' declares nothing"),
        ('a: [\n', "declarations_from: the role 'web' cannot be read: "),
    ],
)
def test_a_file_that_declares_nothing_is_refused(read, text, message):
    declared = read(web=text)
    assert declared and not declared.variables
    assert len(declared.refusals) == 1 and faults(declared)[0].startswith(message)


@pytest.mark.parametrize('name', ['nowhere', 'nobody.knows.this', 'a,b', '', '../\x1b[31m', '{{ x }}'])
def test_a_role_that_is_not_there_is_refused(read, name):
    declared = read(name)
    assert (
        len(declared.refusals) == 1
        and faults(declared)[0].startswith('declarations_from: the role ')
        and '\x1b' not in faults(declared)[0]
    )


def test_two_roles_that_differ_about_a_variable(read):
    declared = read(
        a='port: 80\nexpected_listeners_a: []\n',
        b='port: 81\nexpected_listeners_b: []\n',
        c='port: 80\nexpected_listeners_c: []\n',
    )
    assert faults(declared) == [
        'declarations_from, role b: another role has a different value of the variable port in vars/listeners.yml'
    ]


def test_variables_of_the_file_come_before_those_of_the_host_and_after_extra_ones(read):
    declared = read(web='port: 80\nuser: web\nexpected_listeners_web: []\n')
    assert declared.over({'port': 1, 'other': 2, 'expected_listeners_web': []}, {'user': 'me'}) == (
        {'port': 80, 'other': 2, 'user': 'me', 'expected_listeners_web': []}, [])


def test_no_declaration_takes_the_place_of_another(read):
    variables, refusals = read(web='expected_listeners_web: []\n').over({'expected_listeners_web': [{'port': 1}]}, {})
    assert variables['expected_listeners_web'] == []
    assert [str(fault) for fault in refusals] == [
        'expected_listeners_web: the role web declares this variable in vars/listeners.yml, but the '
        'host has another value for it: rename one of the '
        'two'
    ]
