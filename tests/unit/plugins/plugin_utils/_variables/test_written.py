# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that YAML reads as others than those that somebody wrote, in files as Ansible reads them."""

import os

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.listening.ports.plugins.plugin_utils._variables import written


def entries(path, text):
    """The entries of a file, as Ansible has read it."""
    path.write_text(text, encoding='utf-8')
    return DataLoader().load_from_file(str(path))['expected_listeners']


def told(path, text):
    """What is said of each entry of a file: the option, and the reason."""
    return [[(fault.option, fault.reason) for fault in written.misread(entry)] for entry in entries(path, text)]


BASE_60 = 'YAML reads 22:22 as the number 1342, in base 60; write the number that you mean, without colons'
BASE_8 = 'YAML reads 0022 as the number 18, in base 8; write the number that you mean, without zeros before it'


@pytest.mark.parametrize('entry, expected', [
    ('{name: a, port: 22:22}', [('port', BASE_60)]),
    ('{name: a, port: 0022}', [('port', BASE_8)]),
    ('{name: a, ports: [80, 0022, 22:22]}', [('ports', BASE_8), ('ports', BASE_60)]),
    ('name: a\n    reason: many lines\n    port: 22:22', [('port', BASE_60)]),
    ('name: a\n    ports:\n      - 80\n      - 0022', [('ports', BASE_8)]),
    ('{name: a, port: 80, need: 0022}', [('need', BASE_8)]),
    ('{name: a, port: !!str 0022}', []),
    ('{name: a, port: 8080}', []),
    ('{name: a, port: "0022"}', []),             # text, which has its own refusal
    ("{name: a, port: '22:22'}", []),
    ('{name: a, port: 22/tcp, reason: since 10:50}', []),
    ('{name: a, port: 0x16}', []),              # nobody writes this by accident
    ('{name: a, port: 0}', []),
    ('{name: a, port: 22:99}', []),             # text: no number of base 60 ends so
])
def test_numbers_of_an_entry(tmp_path, entry, expected):
    text = '# the first line\nexpected_listeners:\n  - {name: before, port: 1}\n  - %s\n  - {name: behind, port: 2}\n'
    assert told(tmp_path / 'listeners.yml', text % entry) == [[], expected, []]


def test_an_entry_that_stands_in_two_places(tmp_path):
    text = 'expected_listeners:\n  - &one {name: a, port: 0022}\n  - *one\n'
    assert [len(faults) for faults in told(tmp_path / 'listeners.yml', text)] == [1, 1]


@pytest.mark.parametrize('entry', [{'port': 18}, None, 'port', ['port'], {'port': '{{ x }}'}])
def test_what_was_read_from_no_file(entry):
    assert list(written.misread(entry)) == []


def test_a_file_that_is_gone_or_another_one_says_nothing(tmp_path):
    path = tmp_path / 'listeners.yml'
    [entry] = entries(path, 'expected_listeners:\n  - {name: a, port: 18}\n')
    path.write_text('expected_listeners:\n  - {name: a, port: 0023}\n', encoding='utf-8')
    assert list(written.misread(entry)) == []
    for text in ('expected_listeners:\n  - {name: a, port: 0022, \n', '\udcff', '$ANSIBLE_VAULT;1.1;AES256\n0022\n'):
        path.write_text(text, encoding='utf-8', errors='surrogateescape')
        os.utime(path, ns=(1, len(text)))
        assert list(written.misread(entry)) == []
    path.unlink()
    assert list(written.misread(entry)) == []
