# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""declare_listeners, on records that are made up."""

from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible.template import Templar
from ansible_collections.listening.ports.plugins.action import declare_listeners
from ansible_collections.listening.ports.plugins.plugin_utils._baseline import proof
from ansible_collections.listening.ports.plugins.plugin_utils._facts import clients, records
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.screen import Terminal
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN, record

SSH = 'tcp 0.0.0.0:22 sshd/root ssh.service'
HTTP = 'tcp 0.0.0.0:80 nginx/root nginx.service'
MINER = 'tcp 0.0.0.0:4444 nc\x1b/nobody exe=/tmp/nc'


class HostVars(dict):
    """The variables of all hosts, as they are written."""

    __UNSAFE__ = True

    def raw_get(self, name):
        if isinstance(self[name], Exception):
            raise self[name]
        return dict(self[name], inventory_hostname=name)


class Run:
    """A directory of records, an inventory, and what is shown."""

    def __init__(self, folder):
        self.folder, self.records, self.variables, self.shown = folder / 'inventory', folder / 'records', {}, []
        self.groups = {}
        self.folder.mkdir()
        self.records.mkdir(0o700)

    def record(self, name, *lines, **more):
        self.variables.setdefault(name, {})
        facts = building.facts(lines, more.pop('gaps', ()))
        records.write(str(self.records), record(name, facts, **more))

    def __call__(self, play=None, check=False, diff=False, inventory=None, **arguments):
        task = mock.Mock(spec=Task, async_val=0, check_mode=check, diff=diff, collections=[],
                         args={'path': str(self.records), 'run_id': RUN, **arguments})
        manager = mock.Mock(_nonpersistent_fact_cache={}, extra_vars={}, _fact_cache={}, _inventory=inventory)
        task.get_variable_manager.return_value = manager
        everybody = {name: value if isinstance(value, Exception) else {'inventory_dir': str(self.folder), **value}
                     for name, value in self.variables.items()}
        task_vars = {'hostvars': HostVars(everybody), 'ansible_play_hosts_all': list(play or everybody),
                     'groups': {'all': list(everybody), 'ungrouped': [], **self.groups}}
        templar = Templar(loader=DataLoader(), variables=task_vars)
        terminal = Terminal(mock.Mock(display=lambda text, **options: self.shown.append(text)))
        action = declare_listeners.ActionModule(
            task, mock.MagicMock(), mock.MagicMock(), DataLoader(), templar, None, terminal=terminal)
        action._load_name = 'listening.ports.declare_listeners'
        result = action.run(task_vars=task_vars)
        assert templar.available_variables == task_vars
        return result

    def files(self):
        return {str(path.relative_to(self.folder)): path.read_text(encoding='utf-8')
                for path in self.folder.rglob('*') if path.is_file()}

    def read(self, name):
        """Give a host the variables of the files, as Ansible would."""
        for path, text in self.files().items():
            kind, of, dummy = path.split('/')
            if of == (name if kind == 'host_vars' else 'all') or name in self.groups.get(of, ()):
                self.variables[name].update(DataLoader().load(text, '/x.yml') or {})


@pytest.fixture
def declare(tmp_path):
    return Run(tmp_path)


def test_it_writes_what_listens(declare):
    declare.record('a', SSH, HTTP)
    declare.record('b', SSH)
    result = declare()
    path = str(declare.folder / 'group_vars/all/listeners.yml')
    assert result == {
        'changed': True, 'msg': '2 entries for 3 listeners of 2 hosts, written to 2 files.', 'run_id': RUN,
        'entries': 2, 'left_out': {}, 'doubtful': [], 'files': [
            {'path': path, 'entries': 1}, {'path': path.replace('group_vars/all', 'host_vars/a'), 'entries': 1}]}
    texts = declare.files()
    head, *rest = texts['group_vars/all/listeners.yml'].splitlines()
    assert rest == ['---', 'expected_listeners:', '  - {name: ssh, port: 22, service: ssh}']
    assert head.startswith('# Written by listening.ports ') and head.endswith(
        ', run %s. Review it, then it is yours.' % RUN) and ' from 2 hosts, 20' in head
    assert declare.shown[0].splitlines()[:2] == ['Written:', '  %s: 1 entry' % path]
    assert declare.shown[0].rstrip().splitlines()[-1] == result['msg']


def test_a_second_time_it_writes_nothing(declare):
    declare.record('a', SSH, HTTP, MINER)
    declare.record('b', SSH)
    declare()
    before = declare.files()
    declare.read('a')
    declare.read('b')
    result = declare()
    assert (result['changed'], result['files'], result['entries']) == (False, [], 0)
    assert result['msg'] == 'Nothing to add for 2 hosts: all is declared but what is doubtful. Nothing was written.'
    assert declare.files() == before
    declare.record('a', SSH, HTTP, MINER, 'tcp 0.0.0.0:9 discard/root discard.service')
    assert declare()['entries'] == 1
    later = {path: text for path, text in declare.files().items() if path not in before}
    (path, text), = later.items()
    assert path.startswith('host_vars/a/listeners_20') and '\nexpected_listeners_host_20' in text
    assert {path: declare.files()[path] for path in before} == before
    assert 'port: 9,' in text and '4444' not in text, 'the comment is there already'


def test_check_mode_shows_all_and_writes_nothing(declare):
    declare.record('a', SSH)
    result = declare(check=True, diff=True)
    assert result['changed'] is True and declare.files() == {}
    difference, = result['diff']
    assert difference['before'] == '' and difference['after_header'] == 'host_vars/a/listeners.yml'
    assert difference['after'].endswith('  - {name: ssh, port: 22, service: ssh}\n')
    assert result['msg'].endswith('would be written to 1 file.') and 'Would be written:' in declare.shown[0]
    declare()
    assert declare.files() == {'host_vars/a/listeners.yml': difference['after']}


def test_hosts_that_were_not_observed_completely_are_left_out_by_name(declare):
    declare.record('a', SSH)
    declare.record('hidden', SSH, gaps=['owners'])
    declare.record('dead', status='unreachable', message='No route\x1b to host')
    declare.record('old', SSH, run_id='other')
    declare.record('broken', SSH)
    declare.record('vault', SSH)
    declare.record('steered', SSH)
    declare.variables['never'] = {}
    declare.variables['broken'] = {'expected_listeners': [{'port': 70000}]}
    declare.variables['vault'] = AnsibleError('Decryption failed')
    declare.variables['steered'] = {'ansible_facts': {'baseline_dest': '/etc'}}
    result = declare()
    assert list(declare.files()) == ['host_vars/a/listeners.yml']
    reasons = result['left_out']
    assert reasons.pop('broken').endswith('70000 is not a port; ports are 1 to 65535')
    assert reasons.pop('steered').endswith('by which it would decide what is declared for it: remove the fact, and '
                                           'clear the fact cache')
    assert reasons == {
        'hidden': 'not all of its owners were observed: some owners were not observed',
        'dead': 'unreachable: No route\\x1b to host', 'never': 'missing: there is no record of it',
        'old': 'missing: not recorded in this run (last seen 2026-11-20T10:00:01Z)',
        'vault': 'its declaration cannot be read: Decryption failed'}
    assert 'Left out:\n' in declare.shown[0] and '  never: missing: there is no record of it\n' in declare.shown[0]


def test_with_nobody_it_fails(declare):
    declare.record('hidden', SSH, gaps=['owners'])
    declare.variables['never'] = {}
    with pytest.raises(AnsibleActionFail, match='No host was observed completely, so nothing can be declared. '
                                                'hidden: not all of its owners .*; never: missing: there is no record'):
        declare()
    with pytest.raises(AnsibleActionFail, match='No host was observed completely'):
        declare(hosts=[])
    assert declare.files() == {}


def test_if_nobody_can_be_proved_it_fails(declare):
    declare.record('a', SSH)
    with mock.patch.object(proof.Proof, 'faults', lambda *dummy: ['it is wrong']), pytest.raises(
            AnsibleActionFail, match='a: it would not be as declared: it is wrong'):
        declare()
    assert declare.files() == {}


def test_who_cannot_be_proved_is_left_out(declare):
    declare.record('a', SSH)
    declare.record('b', SSH)
    with mock.patch.object(proof.Proof, 'faults', lambda self, host, files, limited: ['x'] * (host.name == 'b')):
        result = declare()
    assert result['left_out'] == {'b': 'it would not be as declared: x'} and list(declare.files()) == [
        'host_vars/a/listeners.yml']


def test_what_is_doubtful_is_told(declare):
    declare.record('a', SSH, MINER)
    result = declare()
    assert result['doubtful'] == [{
        'listener': 'tcp/0.0.0.0:4444', 'hosts': ['a'], 'hosts_total': 1,
        'reason': 'its executable was deleted, or lies where everybody may write'}]
    assert 'Doubtful, and not declared:\n  a: tcp/0.0.0.0:4444, its executable' in declare.shown[0]
    assert '  # - {name: nc' in declare.files()['host_vars/a/listeners.yml']
    declare.read('a')
    assert declare(doubtful='declare')['entries'] == 1


def test_nothing_that_is_there_is_changed_or_shadowed(declare):
    for name in ('a', 'b', 'c/d'):
        declare.record(name, SSH, 'tcp 0.0.0.0:80 %s/root %s.service' % ((name[0],) * 2))
    (declare.folder / 'group_vars').mkdir()
    (declare.folder / 'group_vars/all.yml').write_text('x: 1\n', encoding='utf-8')
    before = declare.files()
    with pytest.raises(AnsibleActionFail) as caught:
        declare()
    assert str(caught.value).startswith('Nothing was written: no file that is there is changed, or read no more. ')
    assert 'group_vars/all.yml would be read no more beside a directory all' in str(caught.value)
    assert 'c/d: a directory of the name of this host would be another one' in str(caught.value)
    assert declare.files() == before
    (declare.folder / 'group_vars/all').mkdir()
    (declare.folder / 'group_vars/all.yml').rename(declare.folder / 'group_vars/all/main.yml')
    assert sorted(path for path in declare(hosts=['a', 'b']) and declare.files()) == [
        'group_vars/all/listeners.yml', 'group_vars/all/main.yml', 'host_vars/a/listeners.yml',
        'host_vars/b/listeners.yml']


def test_groups_that_are_made_of_facts_are_not_used(declare):
    for name in ('a', 'b', 'c', 'd', 'e'):
        declare.record(name, *([SSH] if name in 'ab' else []))
    declare.groups = {'listening_ports': ['a', 'b'], 'listens_tcp_22': ['a', 'b'], 'web': ['a', 'b']}
    inventory = InventoryManager(DataLoader(), parse=False)
    for group in declare.groups:
        inventory.add_group(group)
    above = inventory.groups['listening_ports']
    above.add_child_group(inventory.groups['listens_tcp_22'])
    assert [file['path'] for file in declare(inventory=inventory, check=True)['files']] == [
        str(declare.folder / 'group_vars/web/listeners.yml')]
    above.add_child_group(inventory.groups['web'])
    assert len(declare(inventory=inventory, check=True)['files']) == 2
    assert len(declare(check=True)['files']) == 2, 'nor where nobody knows which they are'


def test_a_group_of_which_most_was_not_seen_is_not_used(declare):
    for name in ('a', 'b'):
        declare.record(name, SSH)
    assert 'group_vars' in declare(check=True)['files'][0]['path']
    declare.variables.update({name: {} for name in ('c', 'd')})
    assert 'group_vars' in declare(check=True)['files'][0]['path']
    declare.variables['e'] = {}
    assert ['host_vars' in file['path'] for file in declare(check=True)['files']] == [True, True]


def test_a_variable_that_an_unseen_host_has_is_not_replaced(declare):
    for name in ('a', 'b'):
        declare.record(name, SSH)
    declare.variables['c'] = {'expected_listeners': []}
    declare.variables['d'] = AnsibleError('Decryption failed')
    assert '/listeners_20' in declare(check=True)['files'][0]['path']


@pytest.mark.parametrize('directories, message', [
    ([None, None], 'the inventory is not in a directory, so that no file of variables is read beside it: say with'),
    (['/nowhere/at/all'] * 2, 'the inventory is not in a directory'),
    (['/tmp', '/'], 'the hosts are from inventories in /, /tmp: say with dest in which of them to write')])
def test_it_has_to_be_known_where_to_write(declare, directories, message):
    for name, directory in zip('ab', directories):
        declare.record(name, SSH)
        declare.variables[name]['inventory_dir'] = directory
    with pytest.raises(AnsibleActionFail, match=message):
        declare()
    assert declare(dest=str(declare.folder))['changed'] is True


@pytest.mark.parametrize('arguments, message', [
    ({'path': '/nowhere/at/all'}, '/nowhere/at/all is not a directory: nothing was recorded there'),
    ({'dest': '/nowhere/at/all'}, 'dest: /nowhere/at/all is not a directory'),
    ({'run_id': 'a b'}, 'run_id has to be'), ({'hosts': ['x']}, 'not in the inventory: x'),
    ({'doubtful': 'bless'}, 'value of doubtful must be one of')])
def test_options_that_are_wrong_are_refused(declare, arguments, message):
    declare.record('a', SSH)
    with pytest.raises(AnsibleActionFail, match=message):
        declare(**arguments)
    assert declare.files() == {}


def test_records_that_others_may_write_to_are_nobodys_declaration(declare):
    declare.record('a', SSH)
    (declare.records / 'hosts').chmod(0o777)
    with pytest.raises(AnsibleActionFail, match='is not safe from forgery'):
        declare()
    assert declare(shared=True)['entries'] == 1


def test_a_file_that_appears_meanwhile_is_not_replaced(declare):
    declare.record('a', SSH)
    original = proof.Proof.faults

    def faults(self, host, files, limited=()):
        (declare.folder / 'host_vars/a').mkdir(parents=True)
        (declare.folder / 'host_vars/a/listeners.yml').write_text('mine: 1\n', encoding='utf-8')
        return original(self, host, files)

    with mock.patch.object(proof.Proof, 'faults', faults), pytest.raises(
            AnsibleActionFail, match='listeners.yml cannot be written: File exists; nothing was'):
        declare()
    assert declare.files() == {'host_vars/a/listeners.yml': 'mine: 1\n'}


# Limited to who came

WEB = 'tcp 0.0.0.0:80 nginx/root nginx.service from=anyone'


def look(declare, name, *networks, run):
    """A look at a host, and who came to its port 80."""
    facts = building.facts([WEB])
    facts['listeners'][0]['clients'] = {'ipv4': dict.fromkeys(networks, 1), 'ipv6': {}, 'itself': 0}
    facts['complete']['connections'] = True
    declare.variables.setdefault(name, {})
    records.write(str(declare.records), record(name, facts))
    clients.keep(str(declare.records), name, facts, run)


def test_entries_are_limited_to_who_came(declare):
    for number in range(3):
        look(declare, 'a', '10.0.0.5/32', run='r%d' % number)
        look(declare, 'b', '10.0.0.6/32', run='r%d' % number)
    result = declare(clients='observed', clients_runs=3, clients_days=1)
    path = str(declare.folder / 'group_vars/all/listeners.yml')
    assert result['limits'] == [{
        'path': path, 'entry': 'nginx', 'only_from': ['10.0.0.5', '10.0.0.6'], 'cuts': ['0.0.0.0/0'], 'reason': None,
        'runs': 3, 'days': 1}]
    assert declare.files()['group_vars/all/listeners.yml'].splitlines()[-2:] == [
        '  # limited to who came in 3 runs on 1 day; cuts off everybody else',
        '  - {name: nginx, port: 80, service: nginx, only_from: [10.0.0.5, 10.0.0.6]}']
    assert any('1 entry is limited to who came. An audit finds whoever else reaches it, until a firewall' in line
               for line in declare.shown)
    declare.read('a')
    declare.read('b')
    assert declare(clients='observed', clients_runs=3, clients_days=1)['files'] == []


def test_by_default_much_is_asked_for_and_nothing_limited(declare):
    look(declare, 'a', '10.0.0.5/32', run='r1')
    assert 'limits' not in declare(check=True)
    result = declare(check=True, diff=True, clients='observed')
    assert result['limits'][0]['reason'] == (
        'looked for clients in 1 run on 1 day so far, of 14 and 14 that are asked for')
    after = result['diff'][0]['after']
    assert 'only_from' not in after and '  # not limited to who came: ' in after
    assert not any('entry is limited' in line for line in declare.shown)


def test_a_host_whose_clients_cannot_be_believed_is_left_out(declare):
    look(declare, 'a', '10.0.0.5/32', run='r1')
    look(declare, 'b', '10.0.0.5/32', run='r1')
    (declare.records / 'clients/b.json').write_text('{}', encoding='utf-8')
    result = declare(clients='observed', clients_runs=1, clients_days=1)
    assert result['left_out'] == {
        'b': 'who came to it cannot be read: the file clients/b.json is not valid: is missing. Remove it to begin anew'}
    assert [file['path'].split('/')[-3:-1] for file in result['files']] == [['host_vars', 'a']]
    assert 'left_out' in declare(check=True) and declare(check=True)['left_out'] == {}


def test_without_a_look_for_clients_nothing_is_limited(declare):
    declare.record('a', WEB)
    result = declare(clients='observed')
    assert result['limits'][0]['runs'] == 0 and result['left_out'] == {}


@pytest.mark.parametrize('arguments, message', [
    ({'clients': 'observed', 'exposure': False}, 'clients: observed limits who may reach listeners'),
    ({'clients_runs': 0}, 'clients_runs has to be at least 1'),
    ({'clients_days': 0}, 'clients_days has to be at least 1'),
    ({'clients': 'anyone'}, 'value of clients must be one of: allowed, observed')])
def test_options_for_clients_that_are_wrong_are_refused(declare, arguments, message):
    declare.record('a', WEB)
    with pytest.raises(AnsibleError, match=message):
        declare(**arguments)
    assert declare.files() == {}


def test_clients_in_a_directory_of_others_are_not_believed(declare):
    look(declare, 'a', '10.0.0.5/32', run='r1')
    (declare.records / 'clients').chmod(0o777)
    with pytest.raises(AnsibleActionFail, match='is not safe from forgery'):
        declare(clients='observed')
    assert declare.files() == {}
