# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats of reports, against what is in the folder, and against what is documented."""

import os
import shutil
import subprocess
import sys

import pytest
import yaml

from ansible_collections.listening.ports.plugins.action import report_listeners
from ansible_collections.listening.ports.plugins.modules import report_listeners as documented
from ansible_collections.listening.ports.plugins.plugin_utils._report import model
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, file_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN,
    facts,
    listener,
    owner,
    record,
)

FOLDER = os.path.dirname(registry.__file__)
ROOT = os.path.join(FOLDER, '..', '..', '..', '..')


def test_each_format_has_a_file_of_its_own():
    assert 'json' in registry.FORMATS and registry.TABLE not in registry.FORMATS
    assert len({registry.load(name).file for name in registry.FORMATS}) == len(registry.FORMATS)


WORDS = """
FILE = 'report.txt'

class Writer:
    def __init__(self, out):
        self.out = out

    def add(self, host, facts):
        self.out.write(host.encode())

    def finish(self, report):
        self.out.write(b'.')
"""


def test_a_file_is_all_that_a_format_needs(tmp_path):
    package = tmp_path / 'top/report'
    (package / 'formats').mkdir(parents=True)
    shutil.copy(registry.__file__, package / 'formats')
    (package / 'model.py').write_text('Host = Report = dict\n')
    (tmp_path / 'top/_shape.py').write_text('Facts = dict\n')
    (package / 'formats/to_words.py').write_text(WORDS)
    shown = subprocess.run(
        [sys.executable, '-c', 'import io; from top.report.formats import registry; made = registry.load("words"); '
         'out = io.BytesIO(); writer = made.writer(out); writer.add("web", None); writer.finish({}); '
         'print(registry.CHOICES, made.file, out.getvalue())'],
        check=True, stdout=subprocess.PIPE, cwd=tmp_path, text=True).stdout
    assert shown == "['table', 'words'] report.txt b'web.'\n"


@pytest.mark.parametrize('name', registry.FORMATS)
def test_a_format_makes_harmless_text_of_any_report(name):
    hostile = facts(listener(owners=[owner(process='\x1b[2J\u202e日本')]))
    hosts = [
        Host('web\x1b[2J', 'ok', record=record('web', hostile)),
        Host('gone', 'missing', 'there is no record of it'),
    ]
    for report in (model.Report(RUN), model.Report(RUN, hosts)):
        text = file_of(report, name).decode()
        assert '\x1b' not in text and '\u202e' not in text and text.endswith('\n')


def test_the_choices_are_those_of_the_documentation():
    options = yaml.safe_load(documented.DOCUMENTATION)['options']['formats']
    assert options['choices'] == report_listeners.ActionModule.ARGUMENTS['formats']['choices'] == registry.CHOICES
    assert options['default'] == report_listeners.ActionModule.ARGUMENTS['formats']['default']


def test_the_choices_are_those_of_the_role():
    with open(os.path.join(ROOT, 'roles/audit/meta/argument_specs.yml'), encoding='utf-8') as stream:
        option = yaml.safe_load(stream)['argument_specs']['main']['options']['audit_formats']
    assert option['choices'] == registry.CHOICES
