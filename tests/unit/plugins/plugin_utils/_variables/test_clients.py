# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the addresses of clients come from that the inventory has names for: never from facts."""

import ipaddress
from unittest import mock

import pytest

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible.template import Templar
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import settings
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refused
from ansible_collections.listening.ports.plugins.plugin_utils._variables import clients, collect, once
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples

try:
    from ansible.template import trust_as_template as template
except ImportError:             # before ansible-core 2.19 all text is a template
    def template(text):
        return text

ALL = {'web': ['web-1', 'web-2'], 'db': ['db-1'], 'empty': []}


class HostVars(dict):
    """The variables of all hosts, as hostvars has them."""

    asked = 0

    def raw_get(self, host):
        self.asked += 1
        if isinstance(self[host], Exception):
            raise self[host]
        return {'inventory_hostname': host, **self[host]}


def task_of(play=None, cache=None):
    task = Task()
    task._variable_manager = mock.Mock(spec=[]) if cache is None else mock.Mock(_fact_cache=cache)
    if play:
        task._parent, task.get_play = mock.Mock(), lambda: mock.Mock(spec=['_uuid'], _uuid=play)
    return task


def find(*values, hosts=None, groups=None, task=None, judged='db-1', **given):
    """What names stand for, in an inventory of these hosts."""
    hosts = HostVars(hosts or {}) if not isinstance(hosts, HostVars) else hosts
    groups = dict(ALL if groups is None else groups)
    groups.setdefault('all', sorted({host for some in groups.values() for host in some}))
    for host in groups['all']:
        hosts.setdefault(host, {})
    variables = {'inventory_hostname': judged, 'groups': groups, 'hostvars': hosts}
    templar = Templar(loader=DataLoader(), variables={'before': 1})
    finder = clients.Finder(task or task_of(), variables, templar, lambda value: collect._evaluated(templar, value),
                            settings.read(given)[0])
    found = finder.named(values)
    assert templar.available_variables == {'before': 1}
    return found[values[0]] if len(values) == 1 else found


def addresses(found):
    assert not isinstance(found, Refused), found.reason
    return [str(net) for family, kind in ((4, ipaddress.IPv4Address), (6, ipaddress.IPv6Address))
            for low, high in found.spans[family] for net in ipaddress.summarize_address_range(kind(low), kind(high))]


def test_what_is_declared_comes_before_the_address_that_ansible_uses():
    hosts = {'web-1': {'ansible_host': '10.0.0.1', 'listening_ports_addresses': ['10.1.0.1', '2001:db8::/64']},
             'web-2': {'ansible_host': '10.0.0.2'}}
    found = find('group:web', hosts=hosts)
    assert addresses(found) == ['10.0.0.2/32', '10.1.0.1/32', '2001:db8::/64'] and found.unknown == 0
    assert addresses(find('host:web-2', hosts=hosts)) == ['10.0.0.2/32']
    assert addresses(find('host:10.0.0.9', groups={'x': ['10.0.0.9']})) == ['10.0.0.9/32']


def test_variables_of_the_inventory_may_be_templates():
    hosts = {'web-1': {'number': 7, 'ansible_host': template('10.0.0.{{ number }}')},
             'web-2': {'mine': ['10.0.0.9'], 'listening_ports_addresses': template('{{ mine + [ansible_host] }}'),
                       'ansible_host': '10.0.0.10'}}
    assert addresses(find('group:web', hosts=hosts)) == ['10.0.0.7/32', '10.0.0.9/32', '10.0.0.10/32']


LIES = {'default_ipv4': {'address': '203.0.113.66'}, 'my_ip': '203.0.113.66', 'all_ipv4_addresses': ['203.0.113.66'],
        'ansible_default_ipv4': {'address': '203.0.113.66'}}


@pytest.mark.parametrize('variables, reason', [
    ({'ansible_facts': {'listening_ports_addresses': '203.0.113.66'}, 'listening_ports_addresses': '203.0.113.66'},
     'it has a fact named listening_ports_addresses'),
    ({'ansible_facts': {'listening_ports_addresses': '203.0.113.66'}}, 'it has a fact named listening_ports_addresses'),
    ({'ansible_facts': {'host': '203.0.113.66'}, 'ansible_host': '203.0.113.66'}, 'it has a fact named ansible_host'),
    ({'ansible_facts': {'ansible_host': 'x'}, 'ansible_host': '10.0.0.1'}, 'it has a fact named ansible_host'),
    ({'ansible_facts': LIES, 'listening_ports_addresses': template('{{ ansible_facts.default_ipv4.address }}')},
     'refers to ansible_facts'),
    ({'ansible_facts': LIES, 'ansible_default_ipv4': LIES['default_ipv4'],
      'listening_ports_addresses': template('{{ ansible_default_ipv4.address }}')}, 'refers to ansible_default_ipv4'),
    ({'ansible_facts': LIES, 'my_ip': LIES['my_ip'], 'ansible_host': template('{{ my_ip }}')}, 'refers to my_ip'),
    ({'ansible_facts': LIES, 'my_ip': LIES['my_ip'], 'other': template('{{ my_ip }}'),
      'listening_ports_addresses': [template('{{ other }}')]}, 'refers to my_ip'),
    ({'listening_ports_addresses': template("{{ hostvars['web-2'].ansible_facts.x }}")}, 'refers to'),
    ({'listening_ports_addresses': template("{{ lookup('vars', 'ansible_facts').x }}")}, 'refers to'),
    ({'listening_ports_addresses': template('{{ nobody_knows }}')}, 'cannot be evaluated'),
    ({'ansible_host': template('{{ nobody_knows }}')}, 'its variable ansible_host cannot be evaluated'),
    ({'ansible_host': 'web.example.com'}, 'no address of it is declared'), ({}, 'no address of it is declared'),
    ({'ansible_host': '127.0.0.1'}, 'no address of it is declared'),
    (AnsibleError('no password\x1b[31m'), 'its variables cannot be read: no password'),
])
def test_a_host_does_not_say_itself_from_where_it_connects(variables, reason):
    found = find('group:web', hosts={'web-1': variables, 'web-2': {'ansible_host': '10.0.0.2'}})
    assert addresses(found) == ['10.0.0.2/32']
    assert found.unknown == 1 and found.reasons[0].startswith('web-1: ') and reason in found.reasons[0]
    assert '\x1b' not in found.reasons[0]


def test_a_fact_with_the_name_of_something_else_is_no_matter():
    hosts = {'web-1': {'ansible_facts': LIES, 'domain': '7', 'ansible_host': template('10.0.0.{{ domain }}')}}
    hosts['web-1']['ansible_facts'] = {**LIES, 'domain': 'example.com'}
    found = find('host:web-1', hosts=hosts, task=task_of(cache={'web-1': {'ansible_domain': 'example.com'}}))
    assert addresses(found) == ['10.0.0.7/32']


@pytest.mark.parametrize('value, words', [
    ('group:webs', "there is no group 'webs' in the inventory; did you mean web?"),
    ('group:', "there is no group '' in the inventory"),
    ('host:web1', "there is no host 'web1' in the inventory; did you mean web-1?"),
    ('host:web', "there is no host 'web' in the inventory"), ('host:localhost', "no host 'localhost'"),
    ('group:empty', "the group 'empty' has no hosts, which would mean nobody"),
    ('group:x\x1b', 'there is no group'),
])
def test_names_that_stand_for_nobody_are_refused(value, words):
    found = find(value)
    assert isinstance(found, Refused) and words in found.reason and '\x1b' not in found.reason


def test_groups_that_hosts_put_themselves_into_are_refused():
    groups = {**ALL, 'listening_ports': ['web-1', 'web-2'], 'listens_tcp_80': ['web-1']}
    found = find('group:listens_tcp_80', 'group:listening_ports', 'group:db', groups=groups)
    for name in ('group:listens_tcp_80', 'group:listening_ports'):
        assert 'is made of what hosts say of themselves' in found[name].reason
    assert not isinstance(found['group:db'], Refused)


def test_a_wrong_address_is_a_fault_of_the_declaration():
    found = find('group:web', hosts={'web-1': {'listening_ports_addresses': '10.0.0.300'}})
    assert found.reason == (
        "the variable listening_ports_addresses of web-1: '10.0.0.300' is neither an address nor a network")


def test_the_judged_host_is_no_client_of_unknown_address():
    groups = {'db': ['db-1', 'db-2']}
    found = find('group:db', groups=groups, hosts={'db-2': {'ansible_host': '10.0.0.2'}})
    assert addresses(found) == ['10.0.0.2/32'] and found.unknown == 0
    assert find('group:db', groups=groups, judged='web-1', hosts={'db-2': {'ansible_host': '10.0.0.2'}}).unknown == 1


def record(folder, host, *own, **more):
    facts = samples.facts()
    facts['system']['local_addresses'] = list(own)
    records.write(str(folder), {**records.record(host, 'run', '2.21', 'ok', facts=facts), **more})


def test_records_count_where_their_directory_is_named(tmp_path):
    record(tmp_path, 'web-1', '10.0.0.1/24', '127.0.0.1/8', 'fe80::1%eth0/64')
    record(tmp_path, 'web-2', '10.0.0.2/24', '203.0.113.66/24')
    hosts = {'web-1': {'ansible_host': 'web-1.example.com'}}
    assert find('group:web', hosts=hosts).unknown == 2
    found = find('group:web', hosts=hosts, listener_client_records=str(tmp_path))
    assert addresses(found) == ['10.0.0.1/32'] and found.reasons == (
        'web-2: its record has the address 203.0.113.66, which is in none of listener_client_networks',)
    wide = find('group:web', hosts=hosts, listener_client_records=str(tmp_path),
                listener_client_networks=['private', '203.0.113.0/24'])
    assert addresses(wide) == ['10.0.0.1/32', '10.0.0.2/32', '203.0.113.66/32']


def test_what_is_declared_is_not_looked_up(tmp_path):
    record(tmp_path, 'web-1', '10.0.0.66/24')
    hosts = {'web-1': {'listening_ports_addresses': '10.0.0.1'}, 'web-2': {'ansible_host': '192.0.2.2'}}
    found = find('group:web', hosts=hosts, listener_client_records=str(tmp_path))
    assert addresses(found) == ['10.0.0.1/32']
    # with one address declared and none recorded, it is not known whether it has others
    assert found.reasons == ('web-2: it was not recorded',)
    record(tmp_path, 'web-2', '10.0.0.2/24')
    found = find('group:web', hosts=hosts, listener_client_records=str(tmp_path))
    assert addresses(found) == ['10.0.0.1/32', '10.0.0.2/32', '192.0.2.2/32']


def test_a_judged_host_does_not_name_itself_a_client_by_its_record(tmp_path, monkeypatch):
    record(tmp_path, 'db-1', '10.0.0.66/24')
    record(tmp_path, 'db-2', '10.0.0.2/24')
    groups = {'db': ['db-1', 'db-2']}
    monkeypatch.setattr(clients, 'setting', lambda name: str(tmp_path))
    for play in (None, 'one'):
        for judged, known in (('db-1', ['10.0.0.2/32']), ('web-1', ['10.0.0.2/32', '10.0.0.66/32'])):
            assert addresses(find('group:db', groups=groups, task=task_of(play), judged=judged,
                                  listener_client_records=str(tmp_path))) == known


def test_old_records_and_those_that_others_could_have_written(tmp_path):
    record(tmp_path, 'web-1', '10.0.0.1/24', recorded_at='2020-01-01T00:00:00Z')
    found = find('host:web-1', listener_client_records=str(tmp_path))
    assert 'its record is too old: it was made at 2020-01-01T00:00:00Z' in found.reasons[0]
    assert addresses(find('host:web-1', listener_client_records=str(tmp_path), listener_client_record_days=0)) == [
        '10.0.0.1/32']
    (tmp_path / 'hosts').chmod(0o777)
    found = find('host:web-1', listener_client_records=str(tmp_path), listener_client_record_days=0)
    assert 'is not safe from forgery' in found.reasons[0]
    assert 'there are no records' in find('host:web-1', listener_client_records=str(tmp_path / 'x')).reasons[0]


def test_hosts_are_asked_about_once_in_a_play(tmp_path, monkeypatch):
    monkeypatch.setattr(once, '_known', {})
    monkeypatch.setattr(clients, '_composed', {})
    monkeypatch.setattr(clients, 'setting', lambda name: str(tmp_path))
    many = ['web-%d' % number for number in range(300)]
    hosts = HostVars({host: {'ansible_host': '10.0.%d.%d' % divmod(index * 2, 256)} for index, host in enumerate(many)})
    groups = {'web': many, 'db': ['db-1', 'db-2']}
    first = find('group:web', hosts=hosts, groups=groups, task=task_of('play 1'))
    assert (first.count, len(first.spans[4]), hosts.asked) == (300, 300, 300)
    assert find('group:web', hosts=hosts, groups=groups, task=task_of('play 1'), judged='db-2') is first
    monkeypatch.setattr(once, '_known', {})         # as in the process of another task
    monkeypatch.setattr(clients, '_composed', {})
    assert find('group:web', hosts=hosts, groups=groups, task=task_of('play 1')) == first
    assert hosts.asked == 300
    find('group:web', hosts=hosts, groups=groups, task=task_of('play 2'))
    assert hosts.asked == 600
