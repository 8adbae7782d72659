# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The choices that documentation and argument specs write down once more."""

import ast
import pathlib
import re

import pytest

from ansible_collections.listening.ports.plugins.action import stop_listener
from ansible_collections.listening.ports.plugins.module_utils import _module, _planning
from ansible_collections.listening.ports.plugins.module_utils._stop import arguments as _stop
from ansible_collections.listening.ports.plugins.module_utils._stop import decide as _decide
from ansible_collections.listening.ports.plugins.module_utils._subsets import ASPECTS, COLLECTORS, SUBSETS
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import stops
from ansible_collections.listening.ports.plugins.plugin_utils._facts.live import LIMIT

yaml = pytest.importorskip('yaml')

ROOT = pathlib.Path(_module.__file__).parents[2]


def documented(path, part='DOCUMENTATION'):
    """The documentation in a file of YAML, or a part of it in one of Python."""
    text = (ROOT / path).read_text(encoding='utf-8')
    if path.endswith('.yml'):
        return yaml.safe_load(text)
    [value] = [node.value for node in ast.walk(ast.parse(text))
               if isinstance(node, ast.Assign) and node.targets[0].id == part]
    return yaml.safe_load(ast.literal_eval(value))


def options(path):
    """dict: the options of a module, a fragment of documentation, or the role."""
    document = documented(path)
    if 'argument_specs' in document:
        return document['argument_specs']['main']['options']
    return document.get('DOCUMENTATION', document)['options']


@pytest.mark.parametrize('path, name, choices', [
    ('plugins/modules/listener_facts.yml', 'gather', SUBSETS),
    ('plugins/modules/collect_listeners.yml', 'gather', SUBSETS),
    ('plugins/modules/win_collect_listeners.yml', 'gather', SUBSETS),
    ('plugins/modules/win_collect_listeners.yml', 'collector', COLLECTORS),
    ('plugins/modules/assert_listeners.py', 'gather', SUBSETS),
    ('plugins/modules/record_listeners.py', 'gather', SUBSETS),
    ('roles/audit/meta/argument_specs.yml', 'audit_gather', SUBSETS),
    ('plugins/modules/listener_facts.yml', 'collector', COLLECTORS),
    ('plugins/doc_fragments/looking.py', 'collector', COLLECTORS),
    ('roles/audit/meta/argument_specs.yml', 'audit_collector', COLLECTORS),
])
def test_choices(path, name, choices):
    option = options(path)[name]
    assert option['choices'] == list(choices)
    given = option.get('default', ())
    assert set([given] if isinstance(given, str) else given) <= set(choices)


@pytest.mark.parametrize('path', ['plugins/modules/listener_facts.yml', 'plugins/modules/collect_listeners.yml'])
def test_the_module_has_what_is_documented(path):
    for name, option in options(path).items():
        argument = {**_module.ARGUMENTS, **LIMIT}[name]
        assert {key: option.get(key) for key in argument} == argument


def test_the_module_of_windows_hosts_has_the_same_and_whether_it_is_for_a_plan():
    described = options('plugins/modules/win_collect_listeners.yml')
    assert described.pop('plan')['type'] == 'bool'
    assert set(described) == set(_module.ARGUMENTS)
    for name, argument in _module.ARGUMENTS.items():
        assert {key: described[name].get(key) for key in argument} == argument, name


def test_aspects():
    contained = documented('plugins/modules/listener_facts.yml')['RETURN']['ansible_facts']['contains']
    assert list(contained['ansible_listening_ports']['contains']['complete']['contains']) == list(ASPECTS)


@pytest.mark.parametrize('path, arguments', [
    ('plugins/modules/stop_listener.py', stop_listener.ActionModule.ARGUMENTS),
    ('plugins/modules/apply_stop_listener.yml', dict(_stop.ARGUMENTS, **_stop.STEP)),
    ('plugins/modules/collect_for_plan.yml', {
        name: spec for name, spec in _planning.ARGUMENTS.items()
        if name not in ('collector', 'max_sockets', 'max_fds')}),
])
def test_an_action_and_its_module_have_what_is_documented(path, arguments):
    described = options(path)
    assert set(described) == set(arguments)
    for name, argument in arguments.items():
        wanted = {key: value for key, value in argument.items() if key != 'no_log'}
        assert {key: described[name].get(key) for key in wanted} == wanted, name


def test_each_reason_to_leave_a_listener_is_documented():
    contained = documented('plugins/modules/stop_listener.py', 'RETURN')['listeners']['contains']
    text = ' '.join(contained['reason']['description'])
    assert set(re.findall(r'V\((\w+)\)', text)) == {
        *_decide.REASONS, stops.REVERTED, stops.UNKNOWN, *stops.OF_WINDOWS}
    assert set(re.findall(r'V\((\w+)\)', ' '.join(contained['status']['description']))) == set(stops.OUTCOMES)
