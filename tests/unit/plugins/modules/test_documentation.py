# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of what to gather is complete, in the guide and wherever the option is described again."""

import re
from pathlib import Path

import pytest

from ansible_collections.listening.ports.plugins.module_utils._module import ARGUMENTS
from ansible_collections.listening.ports.plugins.plugin_utils._facts.live import LIMIT

yaml = pytest.importorskip('yaml')

ROOT = Path(__file__).resolve().parents[4]
GUIDE = (ROOT / 'docs/docsite/rst/guide_gather_facts.rst').read_text(encoding='utf-8')
SIDECAR = yaml.safe_load((ROOT / 'plugins/modules/listener_facts.yml').read_text(encoding='utf-8'))
OPTIONS = SIDECAR['DOCUMENTATION']['options']
SUBSETS = OPTIONS['gather']['choices']
COPIES = ['plugins/modules/assert_listeners.py', 'plugins/modules/record_listeners.py',
          'plugins/modules/collect_listeners.yml', 'plugins/modules/win_collect_listeners.yml',
          'roles/audit/meta/argument_specs.yml']


def section(title):
    """The text of the guide between a title and the next one."""
    return re.search(r'^%s\n-+\n(.*?)(?=^[^\n]+\n-+\n|\Z)' % title, GUIDE, re.MULTILINE | re.DOTALL).group(1)


def block_of(task):
    """The options of the task with this name in the guide."""
    blocks = re.findall(r'^\.\. code-block:: yaml\n\n((?:    .*\n|\n)+)', GUIDE, re.MULTILINE)
    tasks = [item for block in blocks if block.lstrip().startswith('- ') for item in yaml.safe_load(block)]
    return next(item['listening.ports.listener_facts'] for item in tasks if item['name'] == task)


def test_the_module_takes_what_is_documented():
    assert list(ARGUMENTS['gather']['choices']) == SUBSETS
    assert {*ARGUMENTS, *LIMIT} == set(OPTIONS)        # the action takes the limit


def test_the_guide_describes_each_subset():
    assert re.findall(r'^       \* - ``(\w+)``$', section('Options'), re.MULTILINE) == SUBSETS


def test_the_guide_gathers_everything():
    assert block_of('Gather everything')['gather'] == SUBSETS


def test_the_guide_describes_options_that_exist():
    terms = re.findall(r'^(``\w.*``)$', section('Options'), re.MULTILINE)
    described = re.findall(r'``(\w+)``', ' '.join(terms))
    assert 'gather' in described
    assert set(described) <= set(OPTIONS)


@pytest.mark.parametrize('path', COPIES)
def test_whoever_passes_the_subsets_on_takes_the_same(path):
    lists = re.findall(r'choices: \[(owners, .*)\]', (ROOT / path).read_text(encoding='utf-8'))
    assert [choices.split(', ') for choices in lists] == [SUBSETS]


def test_the_role_lists_each_subset():
    row = re.search(r'^\| `audit_gather` .*$', (ROOT / 'roles/audit/README.md').read_text(encoding='utf-8'),
                    re.MULTILINE).group(0)
    assert re.findall(r'`(\w+)`', row.split('|')[3]) == SUBSETS
