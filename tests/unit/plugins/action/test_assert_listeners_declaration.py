# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible knows to be declared for a host, as assert_listeners hands it to the policy."""

from unittest import mock

import pytest

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible.template import Templar
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals, Refused
from ansible_collections.listening.ports.plugins.plugin_utils._variables import collect as _collect, origins

try:
    from ansible.template import trust_as_template as template
except ImportError:         # before ansible-core 2.19
    def template(text):
        return text

SEES_TRUST = hasattr(Templar, 'evaluate_expression')


def collect(variables, given=None, stored=None):
    """What is declared by some variables of a host; ``stored`` are those that set_fact has stored."""
    task = Task()
    task._variable_manager = mock.Mock(_nonpersistent_fact_cache={'web-1': stored or {}})
    task_vars = dict({'inventory_hostname': 'web-1', 'ansible_facts': {}}, **variables)
    return _collect.collect(task, task_vars, Templar(loader=DataLoader(), variables=task_vars), given or {})


def test_templates_are_evaluated_entry_by_entry():
    collected = collect(
        {
            'port': 80,
            'more': [{'port': 2}],
            'expected_listeners': [{'port': template('{{ port }}'), 'name': 'a'}],
            'expected_listeners_b': template('{{ more + more }}'),
            'listener_unknown': template('{{ "warn" }}'),
        }
    )
    assert collected.entries == [
        ('expected_listeners', 0, {'port': 80, 'name': 'a'}),
        ('expected_listeners_b', 0, {'port': 2}),
        ('expected_listeners_b', 1, {'port': 2}),
    ]
    assert collected.switches == {'listener_unknown': 'warn'} and not collected.refusals


def test_what_is_not_defined_is_named_with_its_place_and_once():
    collected = collect(
        {
            'expected_listeners': [
                {'port': 1},
                {'name': 'web', 'port': template('{{ nowhere }}')},
                {'port': template('{{ nor_here }}')},
            ],
            'expected_listeners_b': template('{{ not_this }}'),
        }
    )
    assert [str(fault).rstrip('.') for fault in collected.refusals] == [
        "expected_listeners, entry web: 'nowhere' is undefined",
        "expected_listeners, entry #3: 'nor_here' is undefined",
        "expected_listeners_b: 'not_this' is undefined",
    ]
    assert len(collected.entries) == 1


@pytest.mark.parametrize(
    'text', ['{{ 1 / 0 }}', '{{ [] | no_such_filter }}', '{{ ', '{% x %}', '{{ lookup("no_such_lookup") }}']
)
def test_templates_that_are_wrong_are_refused_and_are_no_traceback(text):
    collected = collect(
        {'expected_listeners': [{'name': 'web', 'port': template(text)}], 'expected_listeners_b': template(text)}
    )
    assert [(fault.variable, fault.entry) for fault in collected.refusals] == [
        ('expected_listeners', 'web'),
        ('expected_listeners_b', None),
    ]


def test_omit_leaves_out():
    variables = (
        {'omit': '__omit_place_holder__' + 'a' * 40} if not SEES_TRUST else {}
    )  # in templates without a variable since 2.19
    variables.update(
        expected_listeners=[
            {'port': 1, 'user': template('{{ nowhere | default(omit) }}'), 'bind': ['any', template('{{ omit }}')]},
            template('{{ omit }}'),
        ],
        expected_listeners_b=template('{{ omit }}'),
        listener_unknown=template('{{ omit }}'),
    )
    collected = collect(variables)
    assert collected.entries == [('expected_listeners', 0, {'port': 1, 'bind': ['any']})]
    assert (collected.variables, collected.switches, collected.refusals) == (['expected_listeners'], {}, [])


@pytest.mark.parametrize(
    'name',
    [
        'expected_listeners',
        'expected_listeners_web',
        'nginx_expected_listeners',
        'listener_waivers',
        'listener_unexpected',
        'listener_unknown',
        'listener_fail_severity',
        'listener_waiver_warn_days',
    ],
)
@pytest.mark.parametrize('prefix', ['', 'ansible_'])
def test_a_fact_with_the_name_of_a_declaration_is_refused(name, prefix):
    if not name.endswith('expected_listeners'):     # else the name would mean nothing
        prefix = ''
    collected = collect({prefix + name: [], 'ansible_facts': {name: []}})
    assert [fault.variable for fault in collected.refusals] == [prefix + name]
    assert not collected.entries and not collected.switches
    assert not collect({prefix + name: []}).refusals


@pytest.mark.parametrize('name', ['expected_listeners', 'listener_waivers_web', 'listener_unknown'])
def test_a_fact_behind_a_template_is_refused(name):
    variables = {name: template('{{ app_ports }}'), 'app_ports': [], 'ansible_facts': {'app_ports': []}}
    collected = collect(variables)
    assert [fault.variable for fault in collected.refusals] == [name]
    assert 'refers to the variable app_ports, which is a fact of the host' in collected.refusals[0].reason
    assert not collect({**variables, 'ansible_facts': {'other': []}}).refusals
    assert not collect({**variables, 'app_ports': [{'port': 1}]}).refusals        # what overrides the fact


@pytest.mark.parametrize(
    'stored', [[{'name': 'x', 'port': '{{ 40 + 40 }}'}], '{{ [{"port": 80}] }}'], ids=['list', 'text']
)
def test_what_set_fact_has_stored_is_not_evaluated_once_more(stored):
    collected = collect({'expected_listeners': stored}, stored={'expected_listeners': stored})
    with pytest.raises(Refusals, match='a template that was not evaluated'):
        Policy.of(collected)


def test_what_hides_a_stored_value_is_evaluated():
    stored = {'expected_listeners': [{'port': '{{ 1 / 0 }}'}]}
    collected = collect({'expected_listeners': [{'port': template('{{ 40 + 40 }}')}]}, stored=stored)
    assert [value['port'] for dummy, dummy2, value in collected.entries] in ([80], ['80'])


def test_text_of_strangers_is_not_evaluated():
    collected = collect(
        {
            'expected_listeners': wrap_var([{'name': 'x', 'port': '{{ 40 + 40 }}'}]),
            'expected_listeners_b': wrap_var('{{ [] }}'),
        }
    )
    assert collected.entries == [('expected_listeners', 0, {'name': 'x', 'port': '{{ 40 + 40 }}'})]
    assert [fault.variable for fault in collected.refusals] == ['expected_listeners_b']


def test_arguments_are_not_evaluated_once_more_and_stand_for_their_variables():
    collected = collect(
        {
            'expected_listeners': [{'port': 1}],
            'nginx_expected_listeners': [{'port': 2}],
            'listener_waivers': [{'port': 3}],
        },
        {'expected': [{'port': template('{{ 40 + 40 }}')}]},
    )
    assert collected.entries == [('expected', 0, {'port': '{{ 40 + 40 }}'})]
    assert collected.waivers == [('listener_waivers', 0, {'port': 3})]
    assert collected.variables == ['listener_waivers', 'expected']


@pytest.mark.parametrize(
    'value, message',
    [
        (None, 'expected: has no value; leave it out, or use omit'),
        ({'port': 1}, 'expected: has to be a list of entries, not a mapping'),
        ('x', "expected: has to be a list of entries, not 'x'"),
        ({'changed': True}, 'was it registered by a task'),
    ],
)
def test_arguments_that_are_no_declaration(value, message):
    collected = collect({'expected_listeners': []}, {'expected': value})
    assert collected and [str(fault).find(message) >= 0 for fault in collected.refusals] == [True]


def test_an_error_that_says_something_twice_says_it_once():
    templar = mock.Mock()
    for raised, message in (
        (AnsibleError("'x' is undefined. 'x' is undefined"), "'x' is undefined"),
        (AnsibleError('a. b'), 'a. b'),
    ):
        templar.template.side_effect = raised
        with pytest.raises(ValueError) as caught:
            _collect._evaluated(templar, 'x')
        assert str(caught.value) == message


WRITTEN = """\
expected_listeners:
  - {name: ssh, port: 22}
  - name: web
    prot: 80
  - {port: 0}
  - name: web
    port: 81
expected_listeners_b: 5
listener_unknown: "no"
"""


def test_what_is_wrong_is_found_by_file_and_line(tmp_path):
    (tmp_path / 'web\x1b.yml').write_text(WRITTEN)
    variables = DataLoader().load_from_file(str(tmp_path / 'web\x1b.yml'))
    with pytest.raises(Refusals) as caught:
        collected = collect(variables)
        Policy.of(collected)
    origins.locate(caught.value.items, dict(variables, expected_listeners_c=[]))
    reasons = {
        (fault.variable, fault.entry, fault.option): fault.reason.partition(' (')[2] for fault in caught.value.items
    }
    path = '%s/web\\x1b.yml' % tmp_path
    assert (
        reasons[('expected_listeners_b', None, None)] == '%s, line 8)' % path or not SEES_TRUST
    )  # of a number nobody knew it before 2.19
    assert reasons[('listener_unknown', None, None)] == path + ', line 9)'
    assert reasons[('expected_listeners', '#3', 'port')] == path + ', line 5)'
    assert reasons[('expected_listeners', 'web', 'prot')] == path + ', line 3)'


@pytest.mark.parametrize(
    'variable, entry, value',
    [
        ('', None, []),
        ('expected', 'ssh', None),
        ('expected_listeners', '#9', []),
        ('expected_listeners', 'x', [5, {'name': 'y'}]),
        ('expected_listeners', None, None),
        ('expected_listeners', '#0', [1]),
    ],
)
def test_where_nothing_is_known_nothing_is_said(variable, entry, value):
    fault = Refused('why', None, variable, entry)
    origins.locate([fault], {'expected_listeners': value})
    assert fault.reason == 'why'


class Secret:
    """Text of a vault as it was before ansible-core 2.19."""

    __ENCRYPTED__ = True

    def __str__(self):
        return 'nginx'


def test_text_of_a_vault_is_text():
    templar = mock.Mock()
    templar.template.return_value = {'process': Secret(), 'user': ['a', Secret()]}
    assert _collect._evaluated(templar, {}) == {'process': 'nginx', 'user': ['a', 'nginx']}
