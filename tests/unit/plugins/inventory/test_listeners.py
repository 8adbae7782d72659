# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""listeners: groups in inventories as Ansible loads them."""

import json
import re

import pytest
import yaml

from ansible import constants, context
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.doc_fragments.constructed import ModuleDocFragment
from ansible.template import Templar
from ansible_collections.listening.ports.plugins.inventory.listeners import DOCUMENTATION, InventoryModule
from ansible_collections.listening.ports.plugins.plugin_utils._drift import snapshot, store
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._inventory import names
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.generated import generated
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    exposure, facts, gap, listener, owner, record
)

NAME = 'listening.ports.listeners'
FRAGMENT = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)['options']
REDIS = listener(port=6379, exposure=exposure('allowed', ['0.0.0.0/0']), service='redis-server.service')
SSH = listener(port=22, exposure=exposure('blocked', level='none'))


def made():
    """The plugin, with the options of its documentation, as Ansible loads it."""
    options = {**FRAGMENT, **yaml.safe_load(DOCUMENTATION)['options']}
    constants.config.initialize_plugin_configuration_definitions('inventory', NAME, options)
    plugin = InventoryModule()
    plugin._load_name, plugin._redirected_names = NAME, [NAME]
    return plugin


class Place:
    """A folder with records, an inventory and a configuration."""

    def __init__(self, path, warnings):
        self.path, self.warnings = path, warnings
        self.hosts('a', 'b', 'c')

    def hosts(self, *names, more=''):
        (self.path / 'hosts.ini').write_text('[team]\n%s\n%s' % ('\n'.join(names), more), encoding='utf-8')

    def record(self, *entries):
        for entry in entries:
            time = '2020-01-01T00:00:00Z' if entry['recorded_at'] == 'old' else records.now()
            records.write(str(self.path / 'listening-ports-audit'), {**entry, 'recorded_at': time})

    def configure(self, name='fleet.listening_ports.yml', **options):
        (self.path / name).write_text(json.dumps({'plugin': NAME, **options}), encoding='utf-8')
        return str(self.path / name)

    def parse(self, *, alone=False, **options):
        """The inventory after the plugin, and the plugin itself; errors are raised."""
        sources = [] if alone else [str(self.path / 'hosts.ini')]
        manager = InventoryManager(DataLoader(), sources, parse=bool(sources))
        plugin = made()
        plugin.display.warning = lambda text, *more, **other: self.warnings.append(text)
        path = self.configure(**options)
        manager._inventory.current_source = path
        try:
            plugin.parse(manager._inventory, DataLoader(), path)
        finally:
            self.inventory = manager._inventory
        manager._inventory.reconcile_inventory()
        return self.inventory

    def groups(self, **options):
        inventory = self.parse(**options)
        mine = generated(inventory.groups) - {'listening_ports'}
        return {name: sorted(host.name for host in inventory.groups[name].get_hosts()) for name in sorted(mine)}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr('ansible.context.CLIARGS', context.CLIARGS.__class__({}))
    warnings = []
    plugin = made()
    monkeypatch.setattr(plugin.display, 'warning', plugin.display.warning)       # set back after the test
    return Place(tmp_path, warnings)


def everything(place):
    place.record(record('a', facts(REDIS, SSH)), record('b', facts(REDIS)),
                 record('c', facts(SSH, gaps=[gap('sockets')])))


@pytest.mark.parametrize('name, expected', [
    ('fleet.listening_ports.yml', True), ('fleet.listening_ports.yaml', True), ('listening_ports.yml', False),
    ('listeners.yml', False), ('fleet.listening_ports.json', False), ('fleet_listening_ports.yml', False),
])
def test_the_name_of_the_configuration(tmp_path, name, expected):
    (tmp_path / name).touch()
    assert made().verify_file(str(tmp_path / name)) is expected
    assert made().verify_file(str(tmp_path / ('not' + name))) is False


def test_groups_of_records(place):
    everything(place)
    assert place.groups() == {
        'exposed_anyone': ['a', 'b'], 'exposed_none': ['a', 'c'], 'listens_tcp_22': ['a', 'c'],
        'listens_tcp_6379': ['a', 'b'], 'verdict_listed': ['a', 'b'], 'verdict_unknown': ['c']}
    assert place.warnings == []
    assert {host.name for host in place.inventory.groups['team'].hosts} == {'a', 'b', 'c'}
    assert all(set(host.vars) <= {'inventory_file', 'inventory_dir'} for host in place.inventory.hosts.values())
    below = {child.name for child in place.inventory.groups['listening_ports'].child_groups}
    assert below == generated(place.inventory.groups) - {'listening_ports'}


def test_only_what_is_asked_for(place):
    everything(place)
    assert place.groups(groups_of=['service'], ports=[6379]) == {'service_redis_server': ['a', 'b']}
    assert place.groups(groups_of=['listens'], ports='1-1000') == {'listens_tcp_22': ['a', 'c']}


def test_a_path_is_relative_to_the_configuration(place, monkeypatch):
    everything(place)
    (place.path / 'sub').mkdir()
    monkeypatch.chdir('/')
    assert place.groups(name='sub/x.listening_ports.yml', path='../listening-ports-audit', groups_of=['exposed'])
    assert place.groups(path=str(place.path / 'listening-ports-audit'), groups_of=['exposed'])


@pytest.mark.parametrize('options, message', [
    ({'ports': '70000'}, 'option ports: 70000 is not a port'), ({'ports': []}, 'the list is empty'),
    ({'groups_of': ['ports']}, 'groups_of'), ({'source': 'hosts'}, 'source'), ({'max_age': 'x'}, 'max_age'),
    ({'compose': {'expected_listeners_mine': '[]'}}, 'compose cannot set expected_listeners_mine'),
    ({'compose': {'listener_waivers': '[]'}}, 'compose cannot set listener_waivers'),
    ({'compose': {'listener_client_records': "'/x'"}}, 'compose cannot set listener_client_records'),
    ({'compose': {'ansible_host': "'10.0.0.1'"}}, 'compose cannot set ansible_host'),
    ({'compose': {'listening_ports_addresses': "'10.0.0.1'"}}, 'compose cannot set listening_ports_addresses'),
    ({'source': 'facts', 'add_hosts': True}, 'add_hosts needs records'),
])
def test_configurations_that_are_refused(place, options, message):
    everything(place)
    with pytest.raises(AnsibleError, match=message):
        place.parse(**options)
    assert not generated(place.inventory.groups)


def troubled(place):
    place.hosts('a', 'b', 'c', 'd')
    place.record(record('a', facts(REDIS)), record('b', facts(REDIS), recorded_at='old'))
    (place.path / 'listening-ports-audit/hosts/c.json').write_text('{', encoding='utf-8')


def test_what_cannot_be_used_is_in_no_group_and_is_told(place):
    troubled(place)
    assert place.groups(groups_of=['listens', 'verdict']) == {'listens_tcp_6379': ['a'], 'verdict_listed': ['a']}
    assert [re.sub(r'\d+ d \d+ h', 'N', text) for text in place.warnings] == [
        '%s: No groups for d: nothing is known of what listens there.' % NAME,
        '%s: No groups for c: the record hosts/c.json is not valid: not JSON: Expecting property name enclosed in '
        'double quotes.' % NAME,
        '%s: No groups for b: the record is too old: it was made at 2020-01-01T00:00:00Z, N ago, and max_age is 1 d; '
        'max_age: 0 accepts facts of any age.' % NAME]
    assert place.groups(groups_of=['listens'], max_age=0) == {'listens_tcp_6379': ['a', 'b']}


def test_strict_is_an_error_that_adds_nothing(place):
    troubled(place)
    with pytest.raises(AnsibleParserError, match='nothing is known of what listens there'):
        place.parse(strict=True, compose={'x': 'listening_ports.schema'})
    assert not generated(place.inventory.groups)
    assert all('x' not in host.vars for host in place.inventory.hosts.values())
    everything(place)
    place.hosts('a', 'b', 'c')
    assert place.groups(strict=True)


@pytest.mark.parametrize('make, message', [
    (lambda place: None, 'No groups were made: there are no records in .*: No such file or directory'),
    (lambda place: (everything(place), place.hosts()), 'No groups were made: there is no host'),
    (lambda place: (everything(place), (place.path / 'listening-ports-audit/hosts').chmod(0o777)),
     'No groups were made: the directory .* is not safe from forgery'),
])
def test_nothing_is_an_inventory_as_it_was_and_a_warning(place, make, message):
    make(place)
    assert place.groups() == {}
    assert len(place.warnings) == 1 and re.search(message, place.warnings[0])
    assert 'listening_ports' not in place.inventory.groups


def test_hosts_come_back_only_where_that_is_wanted(place):
    everything(place)
    place.hosts('a')
    assert place.groups(groups_of=['listens']) == {'listens_tcp_22': ['a'], 'listens_tcp_6379': ['a']}
    assert 'b' not in place.inventory.hosts
    assert place.groups(groups_of=['listens'], add_hosts=True, alone=True) == {
        'listens_tcp_22': ['a', 'c'], 'listens_tcp_6379': ['a', 'b']}
    assert place.warnings == []
    place.hosts('a', 'new')
    place.groups(groups_of=['listens'], add_hosts=True)
    assert place.warnings == ['%s: No groups for new: nothing is known of what listens there.' % NAME]
    assert set(place.inventory.hosts) == {'a', 'b', 'c', 'new'}


def test_groups_of_others_get_no_host(place):
    everything(place)
    place.hosts('a', 'b', 'c', more='[listens_tcp_6379]\nc\n')
    assert 'listens_tcp_6379' not in place.groups(groups_of=['listens'])
    assert [host.name for host in place.inventory.groups['listens_tcp_6379'].hosts] == ['c']
    assert place.warnings[0].startswith('%s: No host was put into listens_tcp_6379: ' % NAME)
    # nor by an expression, whatever a host says
    place.groups(groups_of=[], groups={'team': 'true'}, keyed_groups=[
        {'key': '"team"', 'prefix': '', 'separator': ''}, {'key': '"x"', 'prefix': 'k', 'parent_group': 'team'}])
    assert not place.inventory.groups['team'].child_groups


def test_variables_of_such_groups_are_told(place, monkeypatch):
    everything(place)
    (place.path / 'group_vars/exposed_anyone').mkdir(parents=True)
    for name in ('listening_ports.yml', 'listens_tcp_4444.yaml', 'team.yml', 'all', 'service_x.yml'):
        (place.path / 'group_vars' / name).touch()
    place.groups()
    [text] = place.warnings
    shown = [path.rpartition('/')[2] for path in text.removeprefix(NAME + ': ').partition(': ')[0].split(', ')]
    assert shown == ['exposed_anyone', 'listening_ports.yml', 'listens_tcp_4444.yaml']
    # beside any source, and beside a playbook
    for folder, known in (('later', {'inventory': ['%s/later/hosts' % place.path]}),
                          ('plays', {'args': ['%s/plays/site.yml' % place.path]}),
                          ('base', {'basedir': '%s/base' % place.path})):
        (place.path / folder / 'group_vars').mkdir(parents=True)
        (place.path / folder / 'group_vars/exposed_none.json').touch()
        for name in ('hosts', 'site.yml'):
            (place.path / folder / name).touch()
        place.warnings.clear()
        monkeypatch.setattr('ansible.context.CLIARGS', known)
        place.groups()
        assert '%s/group_vars/exposed_none.json' % folder in place.warnings[0]


def test_expressions(place):
    everything(place)
    place.hosts('a', 'b', 'c', 'gone', more='[team:vars]\nleast=1\n')
    groups = place.groups(
        groups_of=[], compose={'many': 'listening_ports.listeners | length > 1'},
        groups={'Many Of Them': 'many', 'none at all': 'listening_ports.listeners | length == 0',
                'broken': 'nothing.x'},
        keyed_groups=[{'key': "listening_ports.listeners | map(attribute='port') | list", 'prefix': 'port',
                       'parent_group': 'by_port'}])
    assert groups == {'by_port': ['a', 'b', 'c'], 'many_of_them': ['a'], 'port_22': ['a', 'c'],
                      'port_6379': ['a', 'b']}
    assert [str(place.inventory.hosts[host].vars['many']) for host in 'abc'] == ['True', 'False', 'False']
    assert 'many' not in place.inventory.hosts['gone'].vars, 'nothing known is not nothing'


@pytest.mark.parametrize('options', [{'compose': {'x': 'nothing.x'}}, {'groups': {'x': 'nothing.x'}},
                                     {'keyed_groups': [{'key': 'nothing.x'}]}])
def test_expressions_that_fail(place, options):
    everything(place)
    assert place.groups(groups_of=['listens'], **options)
    with pytest.raises(AnsibleError):
        place.groups(groups_of=['listens'], strict=True, **options)
    assert not generated(place.inventory.groups)


TEMPLATE = '{{ lookup("pipe", "touch executed") }}{{ 7 * 7 }}'


def test_what_hosts_wrote_is_never_templated(place, monkeypatch):
    monkeypatch.chdir(place.path)
    place.hosts('a')
    place.record(record('a', facts(listener(service=TEMPLATE, owners=[owner(process=TEMPLATE, container=TEMPLATE)]))))
    keyed = [{'key': 'listening_ports.listeners[0].service', 'prefix': 'k', 'parent_group': 'par'}]
    groups = place.groups(groups_of=['service', 'process', 'container'], keyed_groups=keyed, compose={
        'first': 'listening_ports.listeners[0].service', 'joined': '"<" ~ listening_ports.listeners[0].service ~ ">"',
        'all_of_it': 'listening_ports.listeners', 'inner': '{"k": [listening_ports.listeners[0].owners[0].process]}'})
    assert all(re.fullmatch(r'[a-z0-9_]{1,60}', name) for name in groups) and len(groups) == 5
    variables = place.inventory.hosts['a'].vars
    templar = Templar(loader=DataLoader(), variables=variables)
    for name, expected in (('first', TEMPLATE), ('joined', '<%s>' % TEMPLATE)):
        assert templar.template(variables[name]) == expected
    assert templar.template(variables['inner']) == {'k': [TEMPLATE]}
    assert templar.template(variables['all_of_it'])[0]['service'] == TEMPLATE
    assert not (place.path / 'executed').exists()


def test_hostile_records(place):
    """Each of forty names, wherever a record takes text."""
    entries = hostile.records()
    place.hosts('a')
    folder = place.path / 'listening-ports-audit'
    for number, entry in enumerate(entries):
        entry.update(host='h%d' % number, recorded_at=records.now())
        records.write(str(folder), entry)
    groups = place.groups(add_hosts=True, groups_of=list(names.KINDS),
                          keyed_groups=[{'key': 'listening_ports.listeners[0].service', 'separator': ''}])
    assert len(groups) > 20
    assert all(re.fullmatch(r'[a-z_][a-z0-9_]{0,59}', name, re.ASCII) for name in groups)
    assert {host for hosts in groups.values() for host in hosts} == {'h%d' % number for number in range(len(entries))}


class Cache:
    """A fact cache."""

    def __init__(self, kept):
        self.kept = kept

    def contains(self, host):
        return host in self.kept

    def get(self, host):
        kept = self.kept[host]
        if isinstance(kept, Exception):
            raise kept
        return kept


def test_groups_of_a_fact_cache(place, monkeypatch):
    place.hosts('a', 'b', 'c', 'd', 'e')
    now = records.now()
    cache = Cache({'a': {'ansible_listening_ports': facts(REDIS, gathered_at=now)}, 'b': KeyError('b'),
                   'c': AnsibleError('the file c was corrupt\x1b.'), 'd': {'ansible_listening_ports': 'x'},
                   'f': {'ansible_listening_ports': facts(SSH, gathered_at=now)}})
    monkeypatch.setattr('ansible.constants.CACHE_PLUGIN', 'jsonfile')
    monkeypatch.setattr('ansible.plugins.loader.cache_loader.get', lambda name, *more, **options: cache)
    assert place.groups(source='facts') == {'exposed_anyone': ['a'], 'listens_tcp_6379': ['a']}
    assert [text.removeprefix(NAME + ': ') for text in place.warnings] == [
        'No groups for 2 hosts (b, e): nothing is known of what listens there.',
        "No groups for d: the cached facts are not valid: has to be a mapping, not 'x'.",
        'No groups for c: the fact cache cannot be read: the file c was corrupt\\x1b.']


def test_a_fact_cache_that_keeps_nothing(place, monkeypatch):
    monkeypatch.setattr('ansible.constants.CACHE_PLUGIN', 'memory')
    assert place.groups(source='facts') == {}
    assert place.warnings == ['%s: No groups were made: the fact cache memory keeps nothing between runs.' % NAME]


def test_the_documentation_has_its_options():
    """Those of the fragment that are described again keep type and default."""
    options = yaml.safe_load(DOCUMENTATION)['options']
    assert all('type' in option and 'description' in option for option in options.values())
    assert set(options) == {'plugin', 'path', 'source', 'groups_of', 'ports', 'loopback', 'max_age', 'add_hosts',
                            'strict', 'compose'}
    for name in ('strict', 'compose'):
        assert {key: options[name][key] for key in ('type', 'default')} == {
            key: FRAGMENT[name][key] for key in ('type', 'default')}


def test_a_snapshot_makes_the_same_groups_but_no_verdicts(place):
    entries = [record('a', facts(REDIS, SSH)), record('b', facts(SSH))]
    place.record(*entries)
    wanted = place.groups(groups_of=['listens', 'exposed', 'service'])
    with store.store(str(place.path / 'drift')) as drift:
        drift.replace({entry['host']: snapshot.encode(snapshot.of_facts(entry['host'], entry['facts']))
                       for entry in entries}, store.Index('run1', records.now(), {
                           entry['host']: {'state': 'ok', 'recorded_at': records.now()} for entry in entries}))
    place.warnings.clear()
    assert place.groups(path='drift/baseline', groups_of=['listens', 'exposed', 'service', 'verdict'],
                        compose={'x': 'listening_ports.listeners'}, strict=False) == wanted
    assert 'nothing is known of what listens there' in place.warnings[0] and len(place.warnings) == 1
    assert 'x' not in place.inventory.hosts['a'].vars
    assert place.groups(path='drift', groups_of=['listens']) == {} and 'No groups were made' in place.warnings[-1]
