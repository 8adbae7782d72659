# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""compare_declarations, on records that are made up and inventories in files."""

import os
from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible.template import Templar
from ansible_collections.listening.ports.plugins.action import compare_declarations
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.screen import Terminal
from ansible_collections.listening.ports.plugins.plugin_utils._variables.inventories import Inventory
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import record

SSH = 'tcp 0.0.0.0:22 sshd/root ssh.service'
HTTP = 'tcp 0.0.0.0:80 nginx/root nginx.service'
BOTH = 'expected_listeners: [{name: ssh, port: 22}, {name: web, port: "{{ web_port }}"}]\n'
ONE = 'expected_listeners: [{name: ssh, port: 22}]\n'


class Trees:
    """A directory of records, and a tree with an inventory before and after a change."""

    def __init__(self, folder):
        self.folder, self.records, self.shown, self.facts = folder, folder / 'records', [], {}
        self.records.mkdir(0o700)

    def inventory(self, side, hosts, everybody, **of_hosts):
        """Write the inventory of one side, with the variables of all hosts, and of some."""
        tree = self.folder / side
        (tree / 'group_vars').mkdir(parents=True, exist_ok=True)
        (tree / 'host_vars').mkdir(exist_ok=True)
        (tree / 'hosts.ini').write_text('[web]\n%s\n[web:vars]\nweb_port=80\n' % '\n'.join(hosts), encoding='utf-8')
        (tree / 'group_vars/all.yml').write_text(everybody, encoding='utf-8')
        for host, text in of_hosts.items():
            (tree / 'host_vars' / (host + '.yml')).write_text(text, encoding='utf-8')
        return tree / 'hosts.ini'

    def record(self, name, *lines, **more):
        """Record what listens on a host, or that nobody knows."""
        facts = building.facts(lines, more.pop('gaps', ())) if lines else None
        recorded_at = more.pop('recorded_at', records.now())
        records.write(str(self.records), dict(record(name, facts, **more), recorded_at=recorded_at))

    def __call__(self, **options):
        loader = DataLoader()
        after = Inventory(str(self.folder / 'after/hosts.ini'), loader)
        raw_get = after.hostvars.raw_get
        after.hostvars.raw_get = lambda host: dict(raw_get(host), ansible_facts=self.facts)
        task = mock.Mock(spec=Task, async_val=0, check_mode=False, diff=False, collections=[],
                         args={'records': str(self.records), 'base': str(self.folder / 'before/hosts.ini'), **options})
        task.get_variable_manager.return_value = mock.Mock(
            _nonpersistent_fact_cache={}, extra_vars={}, _fact_cache={}, _inventory=after._manager)
        task_vars = {'hostvars': after.hostvars, 'ansible_play_hosts_all': after.hosts, 'inventory_dir': after.folder,
                     'groups': {'all': after.hosts, 'web': after.hosts, 'ungrouped': []}}
        templar = Templar(loader=loader, variables=task_vars)
        action = compare_declarations.ActionModule(
            task, mock.MagicMock(), mock.MagicMock(), loader, templar, None,
            terminal=Terminal(mock.Mock(display=lambda text, **options: self.shown.append(text))))
        action._load_name = 'listening.ports.compare_declarations'
        result = action.run(task_vars=task_vars)
        assert templar.available_variables == task_vars
        return result


@pytest.fixture
def trees(tmp_path):
    made = Trees(tmp_path)
    for name in ('a', 'b', 'c'):
        made.record(name, SSH, HTTP)
    return made


def test_hosts_that_the_change_fails_are_found_and_fail_the_task(trees):
    trees.inventory('before', ['a', 'b', 'c'], BOTH)
    trees.inventory('after', ['a', 'b', 'c'], ONE, c='more_expected_listeners: [{name: web, port: 80}]\n')
    markdown = trees.folder / 'impact.md'
    result = trees(markdown=str(markdown))
    assert result['failed'] is True and result['changed'] is False
    assert result['hosts'] == {'fails': 2, 'more': 0, 'passes': 0, 'otherwise': 0, 'same': 1, 'unjudged': 0}
    assert result['turned'] == [{'before': 'as_declared', 'after': 'violates', 'fails': True, 'hosts_total': 2,
                                 'hosts': ['a', 'b']}]
    found, = result['new']
    assert (found['kind'], found['fails'], found['hosts']) == ('unexpected', True, ['a', 'b'])
    assert result['msg'] == '3 hosts: 2 would fail now, 1 judged as before.'
    assert trees.shown[0].rstrip().splitlines()[-1] == result['msg']
    assert result['msg'] in markdown.read_text(encoding='utf-8').splitlines()[1]
    assert os.stat(markdown).st_mode & 0o777 == 0o600


def test_the_way_back_passes_them(trees):
    trees.inventory('before', ['a', 'b', 'c'], ONE)
    trees.inventory('after', ['a', 'b', 'c'], BOTH)
    result = trees()
    assert 'failed' not in result and result['hosts']['passes'] == 3 and not result['new']
    assert [(group['kind'], group['hosts']) for group in result['gone']] == [('unexpected', ['a', 'b', 'c'])]
    assert trees(fail=True)['hosts'] == result['hosts'], 'a second time the same'


def test_the_place_of_an_entry_is_that_of_the_change(trees):
    trees.inventory('before', ['a'], BOTH)
    trees.inventory('after', ['a'], BOTH + 'other_expected_listeners:\n  - {name: db, port: 5432}\n')
    assert trees(fail=False)['hosts']['fails'] == 1
    assert '(entry db of other_expected_listeners), but nothing does [' in trees.shown[0]
    assert 'group_vars/all.yml:' in trees.shown[0]


def test_hosts_without_a_usable_record_are_named_and_do_not_fail(trees):
    hosts = ['a', 'old', 'dead', 'never', 'forged']
    trees.record('old', SSH, HTTP, recorded_at='2026-11-01T00:00:00Z')
    trees.record('dead', status='unreachable', message='No route\x1b to host')
    (trees.records / 'hosts/forged.json').write_text('{"host": "a"}', encoding='utf-8')
    trees.inventory('before', hosts, BOTH)
    trees.inventory('after', hosts, BOTH)
    result = trees()
    assert 'failed' not in result and result['hosts']['unjudged'] == 4 and result['hosts']['same'] == 1
    reasons = {host: group['reason'] for group in result['unjudged'] for host in group['hosts']}
    assert 'is too old' in reasons['old'] and 'No route\\x1b to host' in reasons['dead']
    assert 'there is no record of it' in reasons['never'] and 'is not valid' in reasons['forged']
    assert trees(max_age=0)['hosts']['unjudged'] == 3


def test_where_nobody_could_be_judged_it_fails(trees):
    trees.inventory('before', ['x'], BOTH)
    trees.inventory('after', ['x'], BOTH)
    result = trees()
    assert result['failed'] is True and 'could be judged: this says nothing' in result['msg']
    assert 'failed' not in trees(fail=False)


def test_hosts_that_are_new_or_gone(trees):
    trees.inventory('before', ['a', 'moved'], BOTH)
    trees.inventory('after', ['a', 'b'], ONE + 'listener_unexpected: warn\n')
    result = trees()
    assert {'before': 'absent', 'after': 'as_declared', 'fails': False, 'hosts_total': 1, 'hosts': ['b']} in (
        result['turned'])
    assert 'No longer in the inventory: moved' in trees.shown[0]


@pytest.mark.parametrize('side, turned', [('before', 'refused → as declared'), ('after', 'as declared → refused')])
def test_a_refused_declaration_says_why(trees, side, turned):
    sides = {'before': BOTH, 'after': BOTH, side: 'expected_listeners: [{name: x, prot: 22}]\n'}
    for name, text in sides.items():
        trees.inventory(name, ['a'], text)
    result = trees()
    assert result.get('failed', False) is (side == 'after')
    assert turned.replace('refused', 'declaration refused') in trees.shown[0]


def test_a_host_has_no_say(trees):
    trees.inventory('before', ['a'], BOTH)
    trees.inventory('after', ['a'], BOTH)
    trees.facts = {'validate_fail': False}
    result = trees()
    assert result['failed'] is True and result['turned'][0]['after'] == 'refused'


@pytest.mark.parametrize('options, reason', [
    ({'base': '/nowhere/hosts'}, 'base: there is no inventory /nowhere/hosts'),
    ({'base': '/dev/null'}, 'base: the inventory /dev/null has no host'),
    ({'records': '/nowhere'}, '/nowhere is not a directory: nothing was recorded there'),
    ({'hosts': ['ghost']}, 'not in the inventory: ghost'),
    ({'markdown': '/nowhere/x.md'}, 'markdown: /nowhere/x.md cannot be written: No such file or directory'),
    ({'max_age': -1}, 'max_age has to be at least 0, not -1'),
])
def test_what_cannot_work_is_refused(trees, options, reason):
    trees.inventory('before', ['a'], BOTH)
    trees.inventory('after', ['a'], BOTH)
    with pytest.raises(AnsibleActionFail, match=reason):
        trees(**options)


def test_an_inventory_uses_the_passwords_of_this_run(trees):
    path = str(trees.inventory('before', ['a'], 'expected_listeners: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\n'))
    loader = DataLoader()
    loader.set_vault_secrets([('default', mock.Mock(bytes=b'x'))])
    assert Inventory(path, loader)._manager._loader._vault.secrets == loader._vault.secrets
    with pytest.raises(AnsibleError, match='there is no inventory'):
        Inventory(path + 'x', DataLoader())
