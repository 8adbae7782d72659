# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""plan_listeners on the controller: what it asks the host, and what it returns of the answers."""

from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible.template import Templar
from ansible_collections.listening.ports.plugins.action import plan_listeners
from ansible_collections.listening.ports.plugins.module_utils._wire import pack
from ansible_collections.listening.ports.tests.unit.plugins.clock import Clock
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._facts.test_firewall import snapshot

SSH = {'name': 'ssh', 'port': 22, 'clients': 'anyone', 'state': 'optional'}
RULE = {'protocol': 'tcp', 'ports': [5432], 'sources': [], 'comment': 'unexpected'}
EFFECT = {'listener': 'tcp/0.0.0.0:5432', 'protocol': 'tcp', 'port': 5432, 'published': False,
          'loses': ['0.0.0.0/0', '::/0'], 'gains': [], 'before': ['0.0.0.0/0', '::/0'], 'after': [], 'connections': 2}
CONNECTION = {'address': '10.0.0.7', 'port': 22, 'peer': '10.0.0.1', 'peer_port': 40000, 'interface': 'eth0',
              'how': 'ancestor'}
PLANNED = {'status': 'planned', 'changed': True, 'msg': 'the filter would be changed', 'effects': [EFFECT],
           'connection': CONNECTION, 'persistent': True, 'diff': {'before': '', 'after': 'table x\n'}}
EMPTY = dict(PLANNED, effects=[])
UNCHANGED = {'status': 'unchanged', 'changed': False, 'msg': 'the filter is as it should be', 'effects': []}
ROW = {'listener': 'tcp/0.0.0.0:5432', 'status': 'closed', 'reason': None, 'about': {}, 'units': ['app.service'],
       'bystanders': [], 'again': [], 'processes': [], 'command': None}
STAYS = dict(ROW, status='left', reason='serves_others', units=[],
             about={'unit': 'app.service', 'others': ['tcp/0.0.0.0:22']})
BUSY = {'status': 'busy', 'msg': 'another run tries it', 'changed': False, 'failed': True}
REFUSED = dict(PLANNED, status='refused', code='own_connection', failed=True, msg='your own connection would be cut.')


def seen(*ports, **other):
    """The answer of collect_for_plan on a host without any rules that listens on these ports."""
    facts = samples.facts(*(samples.listener('0.0.0.0', port, 'tcp', [samples.owner(100 + port, 'app', 'root')])
                            for port in ports), **other)
    return {'packed': pack(dict(facts, snapshot=snapshot('open')))}


class Host:
    """A host that gives these answers, or raises them."""

    def __init__(self, look, filtered, stopped=None):
        self.answers = {'collect_for_plan': look, 'apply_port_filter': filtered, 'apply_stop_listener': stopped}
        self.asked, self.modes, self.task = {}, {}, Task()
        self.connection = mock.MagicMock(transport='ssh')

    def module(self, module_name, module_args, task_vars):
        name = module_name.rpartition('.')[2]
        self.asked[name], self.modes[name] = module_args, self.task.check_mode
        answer = self.answers[name]
        if isinstance(answer, BaseException):
            raise answer
        return dict(answer)


def run(host, keywords=(), declared=(SSH,), inventory=(), **arguments):
    """The result of the action on that host.

    :param inventory: variables that tell of other hosts.
    """
    host.task.args = arguments
    for name, value in dict(keywords).items():
        setattr(host.task, name, value)
    variables = {'inventory_hostname': 'web-1', **dict(inventory)}
    if declared is not None:
        variables['expected_listeners'] = list(declared)
    loader = DataLoader()
    action = plan_listeners.ActionModule(
        host.task, host.connection, mock.MagicMock(), loader, Templar(loader=loader, variables=variables), None)
    action._load_name = 'listening.ports.plan_listeners'
    action.clock, action._execute_module = Clock(), host.module
    return action.run(task_vars=variables)


def test_a_plan():
    host = Host(seen(22, 5432), PLANNED)
    result = run(host)
    assert (result['status'], result['changed'], result['refusal']) == ('planned', False, None)
    assert result['plan']['filter'] == {'rules': [RULE], 'others': 'accept', 'published': False}
    assert (result['effects'], result['connection']) == ([EFFECT], CONNECTION)
    assert result['policy']['entries'] == 1
    assert result['msg'].splitlines()[:3] == [
        'web-1: block_unexpected, 1 rule.', 'Changes:',
        '  closes tcp/5432 to everybody (2 connections are open, and stay open until their ends).']
    assert 'failed' not in result and 'diff' not in result


def test_what_the_host_is_asked():
    host = Host(seen(22, 5432), PLANNED)
    run(host, confirm=30, protected_sources='192.0.2.1', despite=['kubelet'], collector='procfs')
    assert host.asked['collect_for_plan'] == {
        'gather': ['owners', 'firewall', 'connections'], 'collector': 'procfs', 'max_sockets': 100000,
        'max_fds': 2000000, 'actions': ['firewall'], 'confirm': 30, 'remote': True, 'close_processes': False,
        'close_mask': False, 'close_protected': [], 'close_despite': [], 'others': 'accept', 'limited': [],
        'unlimited': ['tcp/22-22', 'udp/546', 'udp/68'], 'token': host.asked['collect_for_plan']['token']}
    asked = host.asked['apply_port_filter']
    assert asked == {
        'state': 'present', 'rules': [RULE], 'others': 'accept', 'published': False, 'confirm': 30, 'step': 'begin',
        'protected_sources': ['192.0.2.1'], 'despite': ['kubelet'], 'remote': True, 'token': asked['token']}


@pytest.mark.parametrize('check', [True, False])
@pytest.mark.parametrize('answer', [PLANNED, AnsibleConnectionFailure('gone')])
def test_nothing_is_changed_whatever_the_mode_of_the_play(check, answer):
    host = Host(seen(22, 5432), answer)
    run(host, {'check_mode': check})
    assert host.modes['apply_port_filter'] is True and host.task.check_mode is check


def test_default_deny():
    host = Host(seen(22, 5432), EMPTY)
    result = run(host, mode='allow_expected')
    assert result['plan']['filter'] == {'others': 'reject', 'published': True, 'rules': [
        {'protocol': 'tcp', 'ports': [22], 'comment': 'entry ssh'}]}
    assert host.asked['apply_port_filter']['others'] == 'reject'


def filtered(table, kept=None):
    """The answer of a host with this filter, which is another one than what is planned."""
    state = {'table': table, 'kept': kept, 'holds': False, 'reassemble': False, 'warnings': []}
    return {**seen(22, 5432, 9999), 'filter': state}


@pytest.mark.parametrize('mode', ['block_unexpected', 'allow_expected'])
@pytest.mark.parametrize('look, answer, status', [
    (filtered(False), PLANNED, 'planned'),              # there is none: the other ports are filtered
    (filtered(True), PLANNED, 'incomplete'), (filtered(False, 'digest'), PLANNED, 'incomplete'),
    (seen(22, 5432, 9999), PLANNED, 'incomplete'),      # nobody knows whether there is one
    (filtered(True), UNCHANGED, 'unchanged'),
])
def test_a_filter_stays_where_the_addresses_of_clients_are_not_known(look, answer, status, mode):
    inventory = {'groups': {'all': ['app-1'], 'app': ['app-1']}, 'hostvars': mock.Mock(raw_get=lambda host: {})}
    host = Host(look, answer)
    result = run(host, declared=[SSH, {'name': 'db', 'port': 5432, 'only_from': 'group:app'}], inventory=inventory,
                 mode=mode)
    assert result['status'] == status and 'app-1: no address of it is declared' in result['msg']
    if status == 'incomplete':
        assert result['failed'] and result['plan']['filter'] is None and result['effects'] == []
        assert 'the filter that is there stays as it is' in result['msg']
    else:
        assert 'failed' not in result
        # nobody is kept from the port
        assert all('sources' not in rule for rule in result['plan']['filter']['rules'] if 5432 in rule['ports'])


def test_the_table_is_shown_in_diff_mode():
    assert run(Host(seen(22, 5432), PLANNED), {'diff': True})['diff'] == {'before': '', 'after': 'table x\n'}


@pytest.mark.parametrize('ports, answer', [
    ((22, 5432), UNCHANGED), ((22,), EMPTY)])      # an empty table is nothing to be done for
def test_nothing_has_to_be_done(ports, answer):
    result = run(Host(seen(*ports), answer))
    assert result['status'] == 'unchanged' and 'nothing has to be done' in result['msg']


def test_an_old_table_that_goes_is_something_to_do():
    gone = dict(EMPTY, diff={'before': 'table inet x\n', 'after': ''})
    assert run(Host(seen(22), gone))['status'] == 'planned'


@pytest.mark.parametrize('answer, code', [(REFUSED, 'own_connection'), (BUSY, 'busy')])
def test_a_refusal_is_told_and_fails_nothing(answer, code):
    result = run(Host(seen(22, 5432), answer))
    assert result['refusal'] == {'code': code, 'message': answer['msg']}
    assert 'failed' not in result and 'The host would refuse it (%s)' % code in result['msg']


@pytest.mark.parametrize('declared, mode, message', [
    (None, 'block_unexpected', 'this host has none'), ([], 'block_unexpected', 'it has no entry'),
    ([{'prot': 22}], 'block_unexpected', 'prot'),
    ([{'name': 'web', 'port': 80}], 'allow_expected', 'it has to say who may reach it')])
def test_a_declaration_is_refused_before_the_host_is_contacted(declared, mode, message):
    host = Host(seen(22), PLANNED)
    result = run(host, declared=declared, mode=mode)
    assert (result['failed'], result['status']) == (True, 'refused') and message in result['msg']
    assert result['msg'].startswith('web-1: The declaration is refused: ') and host.asked == {}


def test_a_host_that_was_not_observed_as_a_whole_is_left():
    look = seen(22, 5432, gaps=[samples.gap('sockets', 'budget', message='too many sockets', hint='max_sockets')])
    host = Host(look, PLANNED)
    result = run(host)
    assert (result['failed'], result['status'], result['plan']['filter']) == (True, 'incomplete', None)
    assert 'too many sockets' in result['msg'] and 'apply_port_filter' not in host.asked


@pytest.mark.parametrize('look, filtered, key', [
    (AnsibleConnectionFailure('no route'), PLANNED, 'unreachable'),
    ({'failed': True, 'msg': 'broken'}, PLANNED, 'failed'),
    (seen(22), AnsibleConnectionFailure('no route'), 'unreachable'), (seen(22), {'failed': True, 'msg': 'x'}, 'failed'),
    (seen(22), {'status': 'failed', 'failed': True, 'msg': 'nft hangs'}, 'failed'),
    (seen(22), {'status': 'nonsense'}, 'failed'), (seen(22), dict(PLANNED, effects=[{}]), 'failed')])
def test_a_host_that_gives_no_answer(look, filtered, key):
    result = run(Host(look, filtered))
    assert result[key] is True and result['status'] == key and result['msg'].startswith('web-1')


@pytest.mark.parametrize('keywords, arguments', [
    ({'run_once': True}, {}), ({'delegate_to': 'web-2'}, {}), ({}, {'confirm': 5}), ({}, {'mode': 'all'}),
    ({}, {'look_timeout': -1}), ({}, {'declarations_from': ['x'], 'expected': []}),
    ({}, {'actions': []}), ({}, {'actions': ['open']}), ({}, {'close_kinds': ['missing']}),
    ({}, {'close_despite': ['in_use']}), ({}, {'close_protected': ['']})])
def test_what_cannot_work_is_refused(keywords, arguments):
    host = Host(seen(22), PLANNED)
    with pytest.raises(AnsibleActionFail):
        run(host, keywords, **arguments)
    assert host.asked == {}


@pytest.mark.parametrize('name', ['firewall_mode', 'close_protected'])
def test_a_host_has_no_say_in_it(name):
    host = Host(seen(22), PLANNED)
    host.task.args = {}
    action = plan_listeners.ActionModule(host.task, host.connection, mock.MagicMock(), DataLoader(), None, None)
    with pytest.raises(AnsibleActionFail):
        action.run(task_vars={'inventory_hostname': 'web-1', 'ansible_facts': {name: 'x'}})


# What is to be closed

def rows(*given, status='planned', **more):
    """The answer of apply_stop_listener."""
    return {'status': status, 'changed': status == 'planned', 'msg': 'so it is', 'listeners': list(given),
            'units': [], 'connection': CONNECTION, **more}


def close(look, stopped, filtered=None, actions=('close',), keywords=(), declared=(SSH,), **arguments):
    """The host that was asked, and the result."""
    host = Host(look, filtered, stopped)
    return host, run(host, keywords, declared, actions=list(actions), **arguments)


def test_a_plan_to_close():
    host, result = close(seen(22, 5432), rows(ROW))
    assert (result['status'], result['changed'], result['refusal']) == ('planned', False, None)
    assert result['plan']['close'] == ['tcp/0.0.0.0:5432'] and result['plan']['filter'] is None
    assert (result['plan']['left'], result['stops'], result['effects']) == ([], [ROW], [])
    assert result['connection'] == CONNECTION and 'apply_port_filter' not in host.asked
    first, second, third = result['msg'].splitlines()
    assert (first, second) == ('web-1: 1 listener to close.', 'Stops:')
    assert 'tcp 0.0.0.0:5432 app pid 5532' in third and 'app.service' in third


@pytest.mark.parametrize('check', [True, False])
@pytest.mark.parametrize('answer', [rows(ROW), AnsibleConnectionFailure('gone')])
def test_what_the_host_is_asked_to_stop(check, answer):
    host, dummy = close(
        seen(22, 5432, 5433), answer, keywords={'check_mode': check}, confirm=30, close_protected='vpn-*',
        close_processes=True, close_mask=True, close_despite=['upheld'])
    asked = host.asked['apply_stop_listener']
    assert asked == {
        'listeners': ['tcp/0.0.0.0:5432', 'tcp/0.0.0.0:5433'], 'confirm': 30, 'protected': ['vpn-*'],
        'processes': True, 'mask': True, 'despite': ['upheld'], 'step': 'begin', 'remote': True,
        'token': asked['token']}
    assert host.modes['apply_stop_listener'] is True and host.task.check_mode is check
    assert host.asked['collect_for_plan']['gather'] == ['owners', 'connections']


def test_what_the_host_is_told_beforehand():
    """From that it knows what may have to be closed."""
    host, dummy = close(seen(22, 5432), rows(ROW), close_processes=True, close_despite=['upheld'], confirm=30)
    asked = host.asked['collect_for_plan']
    assert {name: asked[name] for name in ('actions', 'forbidden', 'undeclared', 'confirm', 'remote')} == {
        'actions': ['close'], 'forbidden': [], 'undeclared': ['unexpected'], 'confirm': 30, 'remote': True}
    assert 'tcp/22-22' in asked['declared'] and (asked['close_processes'], asked['close_despite']) == (
        True, ['upheld'])


def told(look, answer, *asked):
    """What a host says that has decided at once what could be stopped of that."""
    return dict(look, stops=answer, asked=list(asked))


OTHER = 'tcp/0.0.0.0:5433'


@pytest.mark.parametrize('answer, status, refusal', [
    (rows(ROW, warnings=['so it was']), 'planned', None), (rows(STAYS, status='unchanged'), 'unchanged', None),
    (BUSY, 'planned', 'busy')])
def test_what_the_host_has_said_at_once_is_not_asked_again(answer, status, refusal):
    host, result = close(told(seen(22, 5432), answer, ROW['listener']), None)
    assert list(host.asked) == ['collect_for_plan']
    again, asked = close(seen(22, 5432), answer)
    assert list(again.asked) == ['collect_for_plan', 'apply_stop_listener'] and asked == result
    assert (result['status'], (result['refusal'] or {}).get('code')) == (status, refusal)


@pytest.mark.parametrize('asked', [[], [OTHER], [ROW['listener'], OTHER], [None], 'x', None])
def test_what_is_said_of_others_does_not_count(asked):
    look = dict(seen(22, 5432), stops=rows(STAYS), asked=asked)
    host, result = close(look, rows(ROW))
    assert list(host.asked) == ['collect_for_plan', 'apply_stop_listener']
    assert result['plan']['close'] == [ROW['listener']]


def test_a_host_that_did_not_find_the_connection_in_use_at_once_is_asked_with_it():
    hidden = rows(status='refused', code='connection_hidden', failed=True)
    host, result = close(told(seen(22, 5432), hidden, ROW['listener']), rows(ROW))
    assert 'apply_stop_listener' in host.asked and result['refusal'] is None


@pytest.mark.parametrize('answer', [
    {'status': 'failed', 'failed': True, 'msg': 'systemctl hangs'}, rows(dict(ROW, listener='tcp/0.0.0.0:22')),
    rows(ROW, ROW), rows(dict(ROW, units=[7])), {'status': 'nonsense'}])
def test_a_host_that_says_at_once_that_it_cannot_tell_what_it_can_stop(answer):
    host, result = close(told(seen(22, 5432), answer, ROW['listener']), rows(ROW))
    assert (result['failed'], result['status']) == (True, 'failed') and 'apply_stop_listener' not in host.asked
    assert result['msg'].startswith('web-1: what can be stopped could not be found out: ')


def test_stops_are_in_the_order_of_ports_whatever_the_host_says_first():
    second = dict(ROW, listener=OTHER)
    dummy, result = close(told(seen(22, 5432, 5433), rows(second, ROW), OTHER, ROW['listener']), None)
    assert [row['listener'] for row in result['stops']] == [ROW['listener'], OTHER]


NO_FILTER = {'table': False, 'kept': None, 'holds': False, 'reassemble': False, 'warnings': []}


def test_a_host_without_a_filter_that_needs_none_is_asked_nothing_more():
    host, result = close(dict(seen(22), filter=NO_FILTER), None, None, ['close', 'firewall'])
    assert list(host.asked) == ['collect_for_plan']
    assert (result['status'], result['effects'], result['refusal']) == ('unchanged', [], None)
    assert result['msg'] == 'web-1: nothing has to be done (close; block_unexpected: 0 rules).'


def test_one_listener_to_close_is_planned_by_one_run():
    look = dict(told(seen(22, 5432), rows(ROW), ROW['listener']), filter=NO_FILTER)
    host, result = close(look, None, None, ['close', 'firewall'])
    assert list(host.asked) == ['collect_for_plan']
    assert result['plan']['close'] == [ROW['listener']] and result['plan']['filter']['rules'] == []


@pytest.mark.parametrize('state', [dict(NO_FILTER, table=True), dict(NO_FILTER, kept='a' * 64), None])
def test_a_host_that_has_something_of_a_filter_is_asked_what_changes(state):
    host, result = close(dict(seen(22), filter=state), None, EMPTY, ['close', 'firewall'])
    assert 'apply_port_filter' in host.asked
    # what a boot loads, and is not what is planned, has to go
    assert result['status'] == ('planned' if state and state['kept'] else 'unchanged')


def test_rules_on_a_host_that_says_nothing_of_what_decides_on_them_are_asked_for():
    host, result = close(dict(seen(22, 5432), filter=NO_FILTER), None, PLANNED, ['firewall'])
    assert result['status'] == 'planned' and 'apply_port_filter' in host.asked


# What decides on a filter, said at once

WAY = dict(CONNECTION, address='192.0.2.10', peer='198.51.100.7')
AHEAD = {'takes': 'all', 'connection': WAY, 'kubelet': None, 'devices': {},
         'tracking': {'tracked': 0, 'most': 262144, 'sockets': 40, 'forwards': False},
         'original': ['198.51.100.7', 40000, '192.0.2.10', 22]}
INSTALLED = {'table': True, 'kept': 'a' * 64, 'holds': True, 'reassemble': False, 'warnings': []}


def ready(*ports, **more):
    """The answer of collect_for_plan on a host that listens on these ports, with what decides on a filter.

    :param more: ``state``, where there is another filter than none; the rest is of what decides.
    """
    state = more.pop('state', NO_FILTER)
    return dict(seen(*ports), filter=state, what_if=dict(AHEAD, **more))


@pytest.mark.parametrize('actions', [['firewall'], ['close', 'firewall']])
@pytest.mark.parametrize('state', [NO_FILTER, INSTALLED])
def test_a_plan_that_filters_is_one_run_of_a_module(actions, state):
    """What somebody would lose is worked out of the rules that the host has sent."""
    look = told(ready(22, 5432, state=state), rows(STAYS), ROW['listener']) if 'close' in actions else ready(
        22, 5432, state=state)
    host, result = close(look, None, None, actions)
    assert list(host.asked) == ['collect_for_plan']
    assert (result['status'], result['refusal'], result['connection']) == ('planned', None, WAY)
    assert result['plan']['filter']['rules'] == [RULE] and 'failed' not in result
    [effect] = result['effects']
    assert (effect['listener'], effect['loses'], effect['after']) == ('tcp/0.0.0.0:5432', ['0.0.0.0/0'], [])
    assert '  closes tcp/5432 to 0.0.0.0/0.' in result['msg'].splitlines()


def test_a_refusal_is_worked_out_as_well():
    host, result = close(ready(22, 5432), None, None, ['firewall'], declared=[
        {'name': 'ssh', 'port': 22, 'only_from': ['192.0.2.0/24'], 'state': 'optional'}])
    assert list(host.asked) == ['collect_for_plan'] and result['refusal']['code'] == 'own_connection'
    assert '198.51.100.7' in result['refusal']['message']
    assert 'The host would refuse it (own_connection)' in result['msg']


@pytest.mark.parametrize('confirm, protected, code', [
    (60, ['198.51.100.7'], 'protected_source'), (60, ['::1'], None), (0, [], None)])
def test_options_of_the_filter_count(confirm, protected, code):
    host, result = close(ready(22, 5432), None, None, ['firewall'], confirm=confirm, protected_sources=protected)
    assert list(host.asked) == ['collect_for_plan'] and (result['refusal'] or {}).get('code') == code


@pytest.mark.parametrize('look, keywords, arguments', [
    (ready(22, 5432), {'diff': True}, {}),                              # nft alone knows how it lists the table
    (ready(22, 5432, connection=None, original=None), {}, {}),          # the host is told of its connection
    (ready(22, 5432, takes='plain'), {}, {'mode': 'allow_expected'}),
    (ready(22, 5432, state=None), {}, {}), (dict(seen(22, 5432), filter=NO_FILTER, what_if=None), {}, {}),
    (ready(22, 5432), {}, {'protected_sources': ['nonsense']})])
def test_what_is_not_known_at_once_is_asked(look, keywords, arguments):
    host, dummy = close(look, None, PLANNED, ['firewall'], keywords, **arguments)
    assert list(host.asked) == ['collect_for_plan', 'apply_port_filter']
    assert host.modes['apply_port_filter'] is True


def test_over_a_connection_that_no_rule_can_cut_none_is_needed():
    host = Host(ready(22, 5432, connection=None, original=None), None)
    host.connection.transport = 'docker'
    result = run(host)
    assert list(host.asked) == ['collect_for_plan'] and result['status'] == 'planned'


@pytest.mark.parametrize('said', ['x', {}, dict(AHEAD, takes='it'), dict(AHEAD, devices={'x': 7})])
def test_what_decides_on_a_filter_in_another_form(said):
    host, result = close(dict(ready(22, 5432), what_if=said), None, PLANNED, ['firewall'])
    assert (result['failed'], result['status']) == (True, 'failed') and list(host.asked) == ['collect_for_plan']
    assert result['msg'].startswith('web-1: what the host says of its filter is not valid: ')


def test_text_of_the_host_is_harmless():
    look = ready(22, 5432, connection=dict(WAY, interface='eth0\x1b[31m'))
    host, result = close(look, None, None, ['firewall'])
    assert '\x1b' not in str(result) and list(host.asked) == ['collect_for_plan']


def test_warnings_of_the_filter_are_told():
    state = dict(NO_FILTER, warnings=['/etc/nftables.conf has a copy \x1b[31m'])
    dummy, result = close(dict(seen(22), filter=state), None, None, ['firewall'])
    [warning] = result['warnings']
    assert warning.startswith('/etc/nftables.conf has a copy') and '\x1b' not in warning


@pytest.mark.parametrize('state', [{}, dict(NO_FILTER, table='yes'), 'x'])
def test_a_filter_that_is_said_in_another_form(state):
    dummy, result = close(dict(seen(22), filter=state), None, UNCHANGED, ['firewall'])
    assert (result['failed'], result['status']) == (True, 'failed')
    assert result['msg'].startswith('web-1: what the host says of its filter is not valid: ')


def test_nothing_is_to_be_closed_and_the_host_is_not_asked():
    host, result = close(seen(22), None)
    assert result['msg'] == 'web-1: nothing has to be done (close).' and result['status'] == 'unchanged'
    assert list(host.asked) == ['collect_for_plan'] and result['stops'] == []


def test_what_the_host_leaves_is_left_and_nothing_else_is_to_do():
    dummy, result = close(seen(22, 5432), rows(STAYS, status='unchanged'))
    assert result['status'] == 'unchanged' and result['plan']['close'] == [] and result['stops'] == [STAYS]
    [left] = result['plan']['left']
    assert (left['action'], left['listener'], left['reason']) == ('close', 'tcp/0.0.0.0:5432', 'serves_others')
    assert 'app.service' in left['message']
    first, second, third = result['msg'].splitlines()
    assert (first, second) == ('web-1: nothing has to be done (close).', 'Left as it is:')
    assert third.startswith('  serves_others: tcp 0.0.0.0:5432 app pid 5532')


def test_what_went_away_meanwhile_is_not_told():
    gone = dict(ROW, status='left', reason='gone', units=[])
    dummy, result = close(seen(22, 5432), rows(gone, status='unchanged'))
    assert (result['plan']['close'], result['plan']['left'], result['status']) == ([], [], 'unchanged')


def test_of_what_is_closed_nothing_is_filtered():
    host, result = close(seen(22, 5432, 5433), rows(ROW, dict(STAYS, listener='tcp/0.0.0.0:5433')), PLANNED,
                         ['close', 'firewall'])
    assert result['plan']['close'] == ['tcp/0.0.0.0:5432']
    assert [rule['ports'] for rule in result['plan']['filter']['rules']] == [[5433]]
    assert host.asked['apply_port_filter']['rules'] == result['plan']['filter']['rules']
    assert host.asked['collect_for_plan']['gather'] == ['owners', 'firewall', 'connections']
    lines = result['msg'].splitlines()
    assert lines[0] == 'web-1: 1 listener to close; block_unexpected, 1 rule.'
    assert [line for line in lines if not line.startswith(' ')][1:4] == ['Stops:', 'Changes:', 'Not stopped:']


def test_after_it_was_closed_and_filtered_nothing_is_to_do():
    host, result = close(seen(22), None, UNCHANGED, ['close', 'firewall'])
    assert result['status'] == 'unchanged'
    assert result['msg'] == 'web-1: nothing has to be done (close; block_unexpected: 0 rules).'
    assert 'apply_stop_listener' not in host.asked


@pytest.mark.parametrize('answer', [
    rows(status='refused', code='not_permitted', failed=True), BUSY, dict(BUSY, listeners=[])])
def test_what_the_host_refuses_to_stop_is_planned_all_the_same(answer):
    """Whoever carries it out is then told why the host refuses it, and is not told that nothing was to do."""
    dummy, result = close(seen(22, 5432), answer)
    assert result['plan']['close'] == ['tcp/0.0.0.0:5432'] and result['status'] == 'planned'
    assert result['refusal']['code'] in ('not_permitted', 'busy') and 'The host would refuse it' in result['msg']


def test_of_two_refusals_both_are_told():
    dummy, result = close(seen(22, 5432), BUSY, REFUSED, ['close', 'firewall'])
    assert result['refusal']['code'] == 'busy'
    assert '(busy): another run tries it' in result['msg'] and '(own_connection): your own' in result['msg']


@pytest.mark.parametrize('gap, actions, is_asked', [
    (('sockets', 'budget'), ['close'], False), (('owners', 'owners_hidden'), ['close'], False),
    (('owners', 'owners_hidden'), ['close', 'firewall'], False), (('owners', 'owners_not_found'), ['close'], True)])
def test_nothing_is_closed_on_a_host_of_which_not_all_is_known(gap, actions, is_asked):
    look = seen(22, 5432, gaps=[samples.gap(*gap, message='so it is', hint='become')])
    host, result = close(look, rows(ROW), PLANNED, actions)
    assert ('apply_stop_listener' in host.asked) is is_asked is ('failed' not in result)
    if not is_asked:
        assert (result['status'], result['plan']['close'], result['plan']['filter']) == ('incomplete', [], None)
        assert 'apply_port_filter' not in host.asked and 'To do: become' in result['msg']


def test_nothing_is_closed_where_the_firewall_to_be_changed_is_not_known():
    look = seen(22, 5432, gaps=[samples.gap('firewall', 'unreadable', message='so it is')])
    host, result = close(look, rows(ROW), PLANNED, ['close', 'firewall'])
    assert result['status'] == 'incomplete' and list(host.asked) == ['collect_for_plan']


@pytest.mark.parametrize('answer, key', [
    (AnsibleConnectionFailure('no route'), 'unreachable'), ({'failed': True, 'msg': 'x'}, 'failed'),
    ({'status': 'failed', 'failed': True, 'msg': 'systemctl hangs'}, 'failed'), ({'status': 'nonsense'}, 'failed'),
    (rows(dict(ROW, listener='tcp/0.0.0.0:22')), 'failed'), (rows(ROW, ROW), 'failed')])
def test_a_host_that_does_not_say_what_it_can_stop(answer, key):
    dummy, result = close(seen(22, 5432), answer)
    assert result[key] is True and result['status'] == key
    assert result['msg'].startswith('web-1: what can be stopped could not be found out: ') and 'plan' not in result


def test_within_a_plan():
    earlier = run(Host(seen(22, 5432), PLANNED, rows(ROW)), actions=['close', 'firewall'])['plan']
    host, result = close(seen(22, 5432, 5433), rows(ROW), UNCHANGED, ['close', 'firewall'], within=earlier)
    assert host.asked['apply_stop_listener']['listeners'] == ['tcp/0.0.0.0:5432']
    assert result['plan']['close'] == ['tcp/0.0.0.0:5432'] and result['plan']['hash'] == earlier['hash']
    assert [(left['action'], left['listener'], left['reason']) for left in result['plan']['left']] == [
        ('close', 'tcp/0.0.0.0:5433', 'appeared'), ('firewall', 'tcp/0.0.0.0:5433', 'appeared')]


@pytest.mark.parametrize('within, mode, message', [
    ({}, 'block_unexpected', 'within is not the plan of a result: filter: is missing'),
    ({'filter': None}, 'block_unexpected', 'within is a plan that filters nothing, and mode is block_unexpected'),
    ({}, 'allow_expected', 'is missing')])
def test_what_is_no_plan_to_plan_within(within, mode, message):
    empty = {'filter': None, 'left': [], 'open': [], 'keep': None, 'close': []}
    host = Host(seen(22), PLANNED)
    with pytest.raises(AnsibleActionFail, match=message):
        run(host, mode=mode, within=dict(empty, **within) if within else {})
    assert host.asked == {}


def test_a_plan_of_another_mode_is_refused():
    earlier = run(Host(seen(22, 5432), PLANNED))['plan']
    with pytest.raises(AnsibleActionFail, match='filters in another mode, and mode is allow_expected'):
        run(Host(seen(22), PLANNED), mode='allow_expected', within=earlier)


def test_an_entry_need_not_say_who_may_reach_it_where_nothing_is_filtered():
    declared = [{'name': 'web', 'port': 80, 'state': 'optional'}]
    dummy, result = close(seen(80, 5432), rows(ROW), declared=declared, mode='allow_expected')
    assert result['status'] == 'planned'


@pytest.mark.parametrize('declared', [None, []])
def test_nothing_is_closed_by_an_empty_declaration(declared):
    host, result = close(seen(80), rows(ROW), declared=declared)
    assert (result['failed'], result['status'], host.asked) == (True, 'refused', {})
