# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables come from facts of a host."""

import pathlib
import re
from unittest import mock

import pytest
import yaml

from ansible.playbook.task import Task
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts

ROOT = pathlib.Path(__file__).resolve().parents[5]
CACHED = {'app_ports': [4444], 'ansible_app_ports': [1], 'ansible_os_family': 'Debian', 'module_setup': True}


def task(cache=None):
    """A task of a play in which Ansible keeps these facts, by host; None where that is not known."""
    made = Task()
    made._variable_manager = mock.Mock(spec=[]) if cache is None else mock.Mock(_fact_cache=cache)
    return made


def variables(**more):
    return {'inventory_hostname': 'web', 'ansible_facts': {'app_ports': [1], 'os_family': 'Debian'}, **more}


def test_names_of_facts_with_and_without_their_prefix():
    assert host_facts.names({'ansible_facts': {'expected_listeners': 1, 'ansible_x': 2}}) == {
        'expected_listeners', 'ansible_expected_listeners', 'ansible_x', 'ansible_ansible_x'}
    assert host_facts.names({}) == set()


def options_of(role):
    """The variables of a role, by its argument specs."""
    specs = yaml.safe_load((ROOT / 'roles' / role / 'meta/argument_specs.yml').read_text(encoding='utf-8'))
    return specs['argument_specs']['main']['options']


@pytest.mark.parametrize('role, parameters', [
    ('audit', host_facts.AUDIT), ('firewall', host_facts.FIREWALL), ('close', host_facts.CLOSE)])
def test_parameters_are_those_of_the_role(role, parameters):
    options = options_of(role)
    assert sorted(parameters) == sorted(options)
    defaults = yaml.safe_load((ROOT / 'roles' / role / 'defaults/main.yml').read_text(encoding='utf-8'))
    assert defaults == {name: option['default'] for name, option in options.items() if 'default' in option}
    readme = (ROOT / 'roles' / role / 'README.md').read_text(encoding='utf-8')
    assert sorted(re.findall(r'^\| `(\w+)` \|', readme, re.MULTILINE)) == sorted(options)


def test_parameters_are_those_of_the_playbooks():
    text = (ROOT / 'playbooks/probe.yml').read_text(encoding='utf-8')
    assert set(host_facts.PROBE) == set(re.findall(r'(?<![\w.])probe_\w+(?= \|)', text))
    baseline = (ROOT / 'playbooks/baseline.yml').read_text(encoding='utf-8')
    assert set(host_facts.BASELINE) == set(re.findall(r'(?<![\w.])baseline_\w+(?= \|)', baseline))
    validate = (ROOT / 'playbooks/validate.yml').read_text(encoding='utf-8')
    assert set(host_facts.VALIDATE) == set(re.findall(r'(?<![\w.])validate_\w+(?= \|)', validate))
    reach = (ROOT / 'playbooks/reach.yml').read_text(encoding='utf-8')
    assert set(host_facts.REACH) == set(re.findall(r'(?<![\w.])reach_\w+(?= \|)', reach))
    drift = (ROOT / 'playbooks/drift.yml').read_text(encoding='utf-8')
    assert set(host_facts.DRIFT) == set(re.findall(r'(?<![\w.])drift_\w+(?= \|)', drift))
    others = ''.join(path.read_text(encoding='utf-8') for path in (ROOT / 'playbooks').glob('*.yml'))
    assert set(re.findall(r'(?<!\w)audit_\w+', others)) <= set(host_facts.AUDIT)


@pytest.mark.parametrize('name', [*host_facts.AUDIT, *host_facts.PROBE, *host_facts.REACH, *host_facts.VALIDATE])
def test_a_fact_with_the_name_of_a_parameter_steers(name):
    given = {'inventory_hostname': 'web', 'ansible_facts': {name: False}}
    parameters = [*host_facts.AUDIT, *host_facts.PROBE, *host_facts.REACH, *host_facts.VALIDATE]
    why = host_facts.steering(Task(), given, parameters)
    assert why.startswith('it has a fact named %s, by which it would decide how it is audited: remove the fact' % name)


@pytest.mark.parametrize('decided, parameters, name', [
    (decided, parameters, name) for decided, parameters in (
        ('how it is filtered', host_facts.FIREWALL), ('what is stopped on it', host_facts.CLOSE),
        ('what is done to it', host_facts.ENFORCE), ('what is declared for it', host_facts.BASELINE),
        ('what counts as a change of it', host_facts.DRIFT))
    for name in parameters])
def test_a_fact_with_the_name_of_a_parameter_of_a_role_that_acts_steers(decided, parameters, name):
    facts = {'inventory_hostname': 'web', 'ansible_facts': {name: False}}
    assert host_facts.steering(Task(), facts, parameters) == (
        'it has a fact named %s, by which it would decide %s: remove the fact, and clear the fact cache'
        % (name, decided))
    given = variables(app_ports=[4444], **{name: '{{ app_ports }}'})
    assert host_facts.steering(task({'web': CACHED}), given, parameters) == (
        'the variable %s refers to app_ports, which is a fact of it, by which it would decide %s: '
        'remove the fact, and clear the fact cache' % (name, decided))


@pytest.mark.parametrize('raw', [
    '{{ app_ports }}', '{% if app_ports %}no{% endif %}', ['x', {'y': '{{ app_ports }}'}], '{{ mine }}',
    "{{ vars['app_ports'] }}", '{{ hostvars[inventory_hostname].app_ports }}', "{{ lookup('vars', 'app_ports') }}",
    "{{ query('ansible.builtin.vars', 'app_ports') }}", "{{ (app_ports | first) ~ 'x' }}", {'{{ app_ports }}': 1},
])
def test_a_fact_behind_a_parameter_steers(raw):
    given = variables(app_ports=[4444], audit_fail=raw, mine='{{ yours }}', yours='{{ app_ports }}')
    why = host_facts.steering(task({'web': CACHED}), given, host_facts.AUDIT)
    assert why.startswith('the variable audit_fail refers to app_ports, which is a fact of it, by which it would')


@pytest.mark.parametrize('raw', [
    False, None, 'app_ports', '{{ other }}', '{{ app_ports', '{{ ansible_os_family }}',
    "{{ ansible_facts['app_ports'] }}",
    '{{ ansible_facts.app_ports }}', "{{ 'app_ports' }}", '{{ mine }}',
])
def test_what_has_no_fact_behind_it_or_says_so_does_not_steer(raw):
    given = variables(app_ports=[4444], audit_fail=raw, mine='{{ mine }}')
    assert host_facts.steering(task({'web': CACHED}), given, host_facts.AUDIT) is None


def test_facts_that_another_variable_overrides_do_not_count():
    assert host_facts.shadowing(task({'web': CACHED}), variables(app_ports=[80])) == set()
    assert host_facts.shadowing(task({'web': CACHED}), variables(app_ports=[4444])) == {'app_ports'}
    assert host_facts.shadowing(task({'web': CACHED}), variables()) == set()      # facts are not injected
    assert host_facts.shadowing(task({'web': CACHED}), variables(app_ports=[4444], module_setup=True)) == {
        'app_ports', 'module_setup'}


class Plugin:
    """A fact cache of ansible-core 2.21, in which a host that is not there is an error."""

    def get(self, host):
        return {'web': CACHED}[host]


def test_where_facts_are_kept_differs_between_versions():
    assert host_facts.shadowing(task(Plugin()), variables(app_ports=[4444])) == {'app_ports'}
    assert host_facts.shadowing(task(Plugin()), dict(variables(app_ports=[4444]), inventory_hostname='db')) == set()
    # where it is not known, what is known of them counts
    assert host_facts.shadowing(task(), variables(app_ports=[1])) == {'app_ports'}
    assert host_facts.shadowing(task(), variables(app_ports=[1], ansible_app_ports=[1])) == set()
    assert host_facts.shadowing(Task(), variables(app_ports=[1])) == {'app_ports'}
