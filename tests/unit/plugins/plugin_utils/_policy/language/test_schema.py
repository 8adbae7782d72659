# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a declaration are written once: what validates, the documentation and the JSON Schema say the same."""

import ast
import datetime
import importlib.util
import json
import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.listening.ports.plugins.doc_fragments.declaration import ModuleDocFragment
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language import options as _options
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals

ROOT = Path(__file__).resolve().parents[6]
_spec = importlib.util.spec_from_file_location('make_schema', ROOT / 'tests/tools/make_schema.py')
make_schema = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_schema)
SCHEMA = json.loads((ROOT / 'docs/listeners.schema.json').read_text(encoding='utf-8'))
_TYPES = {'string': str, 'integer': int, 'number': (int, float), 'boolean': bool, 'object': dict, 'array': list}


def _has_type(value, names):
    names = names if isinstance(names, list) else [names]
    return any(isinstance(value, _TYPES[name]) and not (isinstance(value, bool) and name in ('integer', 'number'))
               for name in names)


def _fits_mapping(value, schema):
    for key, element in value.items():
        below = [schema['properties'][key]] if key in schema.get('properties', {}) else []
        below += [sub for pattern, sub in schema.get('patternProperties', {}).items() if re.search(pattern, key)]
        if not below and schema.get('additionalProperties', True) is False:
            return False
        if not all(fits(element, sub) for sub in below):
            return False
    return set(schema.get('required', ())) <= set(value)


def fits(value, schema):
    """Whether a value is valid by a schema: as much of the specification as the file makes use of."""
    known = {'type', 'enum', 'pattern', 'minimum', 'maximum', 'minItems', 'items', 'anyOf', 'oneOf', 'not',
             'properties', 'patternProperties', 'additionalProperties', 'required', '$ref', '$schema', 'title',
             'description', 'default', 'definitions'}
    assert set(schema) <= known, 'this validator does not know %s' % (set(schema) - known)
    if '$ref' in schema:
        return fits(value, SCHEMA['definitions'][schema['$ref'].rpartition('/')[2]])
    number = isinstance(value, int) and not isinstance(value, bool)
    return all((
        'type' not in schema or _has_type(value, schema['type']),
        'enum' not in schema or not isinstance(value, bool) and value in schema['enum'],
        'pattern' not in schema or not isinstance(value, str) or re.search(schema['pattern'], value),
        'minimum' not in schema or not number or value >= schema['minimum'],
        'maximum' not in schema or not number or value <= schema['maximum'],
        not isinstance(value, list) or len(value) >= schema.get('minItems', 0),
        not isinstance(value, list) or 'items' not in schema or all(fits(item, schema['items']) for item in value),
        not isinstance(value, dict) or _fits_mapping(value, schema),
        'anyOf' not in schema or any(fits(value, other) for other in schema['anyOf']),
        'oneOf' not in schema or sum(fits(value, other) for other in schema['oneOf']) == 1,
        'not' not in schema or not fits(value, schema['not']),
    ))


def is_taken(variables):
    """Whether the collection takes a declaration."""
    declared = merge.collect(variables, lambda value: value, ())
    try:
        Policy.of(declared)
    except Refusals:
        return False
    return True


def test_the_schema_is_what_follows_from_the_options():
    written = (ROOT / 'docs/listeners.schema.json').read_text(encoding='utf-8')
    assert written == make_schema.schema(), 'run tests/tools/make_schema.py'


def test_the_documentation_is_what_follows_from_the_options():
    written = (ROOT / 'plugins/doc_fragments/declaration.py').read_text(encoding='utf-8')
    assert written == make_schema.fragment(), 'run tests/tools/make_schema.py'


def _documentation():
    tree = ast.parse((ROOT / 'plugins/modules/assert_listeners.py').read_text(encoding='utf-8'))
    return next(yaml.safe_load(node.value.value) for node in tree.body
                if isinstance(node, ast.Assign) and node.targets[0].id == 'DOCUMENTATION')


@pytest.mark.parametrize('name, options', [('expected', _options.ENTRY), ('waivers', _options.WAIVER)])
def test_every_option_is_documented_with_its_words_and_its_default(name, options):
    assert 'listening.ports.declaration' in _documentation()['extends_documentation_fragment']
    shown = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)['options'][name]['suboptions']
    assert list(shown) == list(options)
    for option, spec in options.items():
        assert shown[option]['description'] == spec['description']
        assert shown[option].get('choices', []) == list(spec.get('choices', ()))
        assert shown[option].get('default') == spec.get('default')
        assert shown[option].get('required', False) == spec.get('required', False)


def test_every_switch_is_documented_with_its_words_and_its_default():
    notes = ' '.join(_documentation()['notes'])
    for name, (default, words) in _options.SWITCHES.items():
        note = notes.partition('C(%s)' % name)[2]
        assert note, '%s is not documented' % name
        assert 'V(%s)' % default in note
        assert words is None or len(words) > 3 or all('V(%s)' % word in notes for word in words)


def test_every_setting_is_documented_with_its_default():
    notes = ' '.join(_documentation()['notes'])
    for name, (default, dummy) in _options.SETTINGS.items():
        note = notes.partition('C(%s)' % name)[2]
        assert note, '%s is not documented' % name
        words = default if isinstance(default, list) else [] if default is None else [default]
        assert all('V(%s)' % word in note for word in words)


@pytest.mark.parametrize('name, options', [('entry', _options.ENTRY), ('waiver', _options.WAIVER)])
def test_the_schema_has_every_option_and_no_other(name, options):
    definition = SCHEMA['definitions'][name]
    assert list(definition['properties']) == list(options)
    assert definition['additionalProperties'] is False
    assert definition.get('required', []) == [option for option, spec in options.items() if spec.get('required')]
    assert not any(re.search(r'\b[A-Z]\(', option['description']) for option in definition['properties'].values())


ENTRIES = [     # whether it is taken, and the entry
    (True, {'port': 22}), (True, {'port': '22'}), (True, {'port': '53/udp'}), (True, {'port': 'ssh'}),
    (True, {'port': '8000-8010'}),
    (True, {'port': '8000 - 8010 / tcp'}), (True, {'ports': 'any', 'state': 'optional'}),
    (True, {'ports': [22, '443/tcp', 'domain']}),
    (True, {'ports': ['any']}), (True, {'port': 80, 'protocol': 'sctp'}),
    (True, {'port': 80, 'protocol': ['tcp', 'udp']}),
    (True, {'port': 80, 'family': 'ipv6'}), (True, {'ports': [80, 81], 'need': 'any'}),
    (True, {'ports': [80, 81], 'need': 2}),
    (True, {'port': 80, 'user': 33}), (True, {'port': 80, 'user': [33, 'www-*']}),
    (True, {'port': 80, 'clients': 'local'}),
    (True, {'port': 80, 'only_from': ['10.0.0.0/8', 'link']}),
    (True, {'port': 80, 'state': 'forbidden', 'severity': 'critical'}),
    (True, {'port': 80, 'when': False}), (True, {'port': 80, 'when': 'no'}),
    (True, {'port': 80, 'ensure': 'backlog.pending < `5`'}),
    (True, {'port': 80, 'name': 'a', 'reason': 'b', 'owner': 'c'}),
    (True, {'port': 80, 'bind': 'loopback', 'via': ['eth*']}),
    (False, {}), (False, 22), (False, [22]), (False, 'ssh'), (False, {'name': 'a'}), (False, {'port': 0}),
    (False, {'port': 65536}),
    (False, {'port': ''}), (False, {'port': []}), (False, {'port': 80.5}), (False, {'port': True}),
    (False, {'port': '80/icmp'}),
    (False, {'port': None}), (False, {'port': {'from': 1}}), (False, {'port': 80, 'ports': [81]}),
    (False, {'prot': 80, 'port': 80}),
    (False, {'port': 80, 'protocol': 'icmp'}), (False, {'port': 80, 'protocol': []}),
    (False, {'port': 80, 'clients': []}),
    (False, {'port': 80, 'state': 'require'}), (False, {'port': 80, 'family': 'inet'}),
    (False, {'port': 80, 'severity': 'bad'}),
    (False, {'port': 80, 'need': 0}), (False, {'port': 80, 'need': 'all'}), (False, {'port': 80, 'when': 'perhaps'}),
    (False, {'port': 80, 'ensure': 5}), (False, {'port': 80, 'process': {'name': 'x'}}),
    (False, {'port': 80, 'expires': 'never'}),
]


@pytest.mark.parametrize('right, entry', ENTRIES, ids=[json.dumps(entry) for dummy, entry in ENTRIES])
def test_editors_and_tasks_take_and_refuse_the_same_entries(right, entry):
    variables = {'expected_listeners_web': [entry]}
    assert fits(variables, SCHEMA) is right
    assert is_taken(variables) is right


WAIVERS = [
    (True, {'entry': 'web', 'expires': 'never'}), (True, {'port': 80, 'expires': '2027-01-31', 'kinds': 'missing'}),
    (True, {'process': ['java', 'x'], 'expires': '2027-01-31', 'kinds': ['unexpected', 'unknown']}),
    (False, {'entry': 'web'}), (False, {'port': 80, 'expires': '31.1.2027'}),
    (False, {'port': 80, 'expires': '2027-1-31'}),
    (False, {'port': 80, 'expires': 'never', 'kinds': ['waiver_expired']}),
    (False, {'port': 80, 'expires': 'never', 'state': 'optional'}),
    (False, {'port': 80, 'ports': 81, 'expires': 'never'}), (False, {'port': 80, 'expires': 20270131}),
]


@pytest.mark.parametrize('right, waiver', WAIVERS, ids=[json.dumps(waiver) for dummy, waiver in WAIVERS])
@pytest.mark.parametrize('name', ['listener_waivers', 'listener_waivers_q1', 'nginx_listener_waivers'])
def test_editors_and_tasks_take_and_refuse_the_same_waivers(right, waiver, name):
    assert fits({name: [waiver]}, SCHEMA) is right
    assert is_taken({name: [waiver]}) is right


@pytest.mark.parametrize('value', [None, 5, {'port': 22}, 'ssh'])
@pytest.mark.parametrize('name', ['expected_listeners', 'nginx_expected_listeners', 'listener_waivers'])
def test_a_variable_is_a_list(name, value):
    assert not fits({name: value}, SCHEMA)
    assert not is_taken({name: value})


@pytest.mark.parametrize('name, words', [(name, words) for name, (dummy, words) in _options.SWITCHES.items()])
def test_switches_have_the_same_words(name, words):
    for value in words or (0, 30):
        assert fits({name: value}, SCHEMA) and is_taken({name: value})
    for value in ('failed', -1, True, [], 'info'):
        assert not fits({name: value}, SCHEMA) and not is_taken({name: value})


@pytest.mark.parametrize('name, good, bad', [
    ('listener_client_records', ['records', '/var/lib/records'], ['', 5, []]),
    ('listener_client_record_days', [0, 30], [-1, 'week', []]),
    ('listener_client_networks', ['private', ['10.0.0.0/8']], [[], None]),
])
def test_settings_have_the_same_values(name, good, bad):
    assert name in _options.SETTINGS
    for value in good:
        assert fits({name: value}, SCHEMA) and is_taken({name: value})
    for value in bad:
        assert not fits({name: value}, SCHEMA) and not is_taken({name: value})


def test_whatever_may_be_a_template_may_be_one_in_an_editor():
    entry = {option: '{{ x }}' for option in _options.ENTRY if option != 'port'}
    variables = {'expected_listeners': [entry, '{{ x }}'], 'expected_listeners_b': '{{ a + b }}',
                 'listener_unknown': '{{ x }}'}
    assert fits(variables, SCHEMA)
    assert fits({'listener_waivers': [{option: '{{ x }}' for option in _options.WAIVER if option != 'port'}]}, SCHEMA)


def test_other_variables_of_a_file_are_no_business_of_the_schema():
    assert fits({'nginx_port': 80, 'expectations': None}, SCHEMA)


def test_a_date_of_yaml_is_a_date():
    assert is_taken({'listener_waivers': [{'port': 80, 'expires': datetime.date(2027, 1, 31)}]})


def test_the_schemas_of_facts_records_and_reports_are_what_follows_from_their_types():
    for path, text in make_schema.shape_schemas.documents().items():
        assert (ROOT / path).read_text(encoding='utf-8') == text, 'run tests/tools/make_schema.py'
