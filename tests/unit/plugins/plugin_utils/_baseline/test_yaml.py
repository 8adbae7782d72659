# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written is read back by Ansible as the same text, and is nothing else."""

import fnmatch

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.listening.ports.plugins.plugin_utils._baseline import yaml
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.entry import Entry

HOSTILE = [
    '{{ lookup("pipe", "touch /tmp/x") }}', '{% set x = 1 %}', '{# x #}', '{', '}}', '[{]', "'", '"', '\\', '# c',
    ': x', '- a', '*', '?', '[a-z]', '!unsafe x', '&a', '%x', '@x', '`x`', '|', '>', 'a\nb: c', '\x1b[31m', '\x7f',
    '\u2028', '\u202e', '\ufeff', '\U0001f600', '日本', 'null', 'NO', '~', '1e3', '0x1f', '12:30', '2026-01-01', '=',
    '<<', ' a', 'a ', '...', '---', '##[error]x', '::error::', '', ',', 'a,b', ']', '[', '\x85', '\xa0', '[kernel]',
    'NT AUTHORITY\\SYSTEM', 'C:\\Program Files (x86)\\n.exe', '\\\\share\\x', "C:\\it's", 'C:\\{{ x }}',
    'a\\', 'c:\\::error::', '\\n']
TEXTS = st.text(st.characters(blacklist_categories=()), max_size=20)


def loaded(text):
    return DataLoader().load(text, '/listeners.yml')


def given(values):
    """What an entry with these as processes has, as Ansible reads it and evaluates its templates."""
    entry, = loaded(yaml.text(['x'], 'v', [(yaml.entry({'port': 1, 'process': values}), False)]))['v']
    return Templar(DataLoader(), variables={}).template(entry)['process']


def check_glob(text):
    glob = yaml.glob(text)
    read = given([glob, 'end'])[0]
    assert read == glob and fnmatch.fnmatchcase(text, read)
    if '?' not in glob.replace('[?]', ''):
        other = text[:-1] + ('y' if text.endswith('x') else 'x')
        assert not fnmatch.fnmatchcase(other, read) and not fnmatch.fnmatchcase(text + 'x', read)
    return glob


@pytest.mark.parametrize('text', HOSTILE)
def test_a_name_is_a_name(text):
    glob = check_glob(text)
    entry, faults = Entry.read({'port': 1, 'process': glob}, '', '')
    assert entry or faults[0].reason == 'is empty'
    line = yaml.entry({'process': glob})
    assert line.isascii() and line.isprintable() and visible('  ' + line) == '  ' + line, 'nor is it a command of CI'


@hypothesis.settings(max_examples=300, database=None, derandomize=True, deadline=None)
@hypothesis.given(TEXTS)
def test_whatever_the_name_is(text):
    check_glob(text)


@pytest.mark.parametrize('text', ['\ud800', 'a\udfffb', 'a\0b'])
def test_what_is_no_character_is_any_one(text):
    assert set(yaml.glob(text)) <= set('ab?') and fnmatch.fnmatchcase(text, yaml.glob(text))
    with pytest.raises(yaml.Unwritable):
        yaml.scalar(text)


@pytest.mark.parametrize('text', ['{{ x }}', '{', 'a{%b'])
def test_nothing_that_could_be_a_template_is_written(text):
    with pytest.raises(yaml.Unwritable):
        yaml.scalar(text)


@pytest.mark.parametrize('value, written', [
    (80, '80'), (True, 'true'), ('53/udp', '53/udp'), ('32768-60999', '32768-60999'), ('1-2/udp', '1-2/udp'),
    ('10.0.0.0/8', '10.0.0.0/8'), ('2001:db8::/32', '"2001:db8::/32"'), ('nginx', 'nginx'), ('a b', 'a b'),
    ('/usr/sbin/nginx', '/usr/sbin/nginx'), ('no', '"no"'), ('Off', '"Off"'), ('80', '"80"'), ('0', '"0"'),
    ('[kernel]', '"[kernel]"'), ('docker:*', '"docker:*"'), ('a#b', '"a\\x23b"'), ('1.5', '"1.5"'),
    ('NT AUTHORITY\\SYSTEM', "'NT AUTHORITY\\SYSTEM'"), ('C:\\App (x86)\\a.exe', "'C:\\App (x86)\\a.exe'"),
    ("C:\\it's\\a.exe", '"C:\\x5cit\'s\\x5ca.exe"')])
def test_what_is_plain(value, written):
    assert yaml.scalar(value) == written
    assert loaded('v: [%s]' % written)['v'] == [value]


def test_a_file_of_comments_alone_declares_nothing():
    text = yaml.text(['head'], 'expected_listeners', [('- {name: a, port: 1}', True)])
    assert text == '# head\n---\n# expected_listeners:\n  # - {name: a, port: 1}\n'
    assert not loaded(text)
    assert loaded(text.replace('# expected', 'expected').replace('# -', '-')) == {
        'expected_listeners': [{'name': 'a', 'port': 1}]}
