# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fact record of a Windows host, made of what it sent."""

import json
import random

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check as facts_check
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.plugins.plugin_utils._windows import check
from ansible_collections.listening.ports.plugins.plugin_utils._windows.facts import facts
from ansible_collections.listening.ports.plugins.plugin_utils._windows.forwards import forwards, unseen
from ansible_collections.listening.ports.plugins.plugin_utils._windows.holders import holders
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import spoiling
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts as hosts

LINK = 'fe80' + '0' * 27 + '1'
ADMINISTRATOR = 'run as an administrator'


def made(raw):
    """The facts of what a host sent, checked as those of any other host."""
    return facts_check.check(facts(check.check(json.loads(json.dumps(raw)))))


def server(gather=('owners',), pid=8, elevated=True, **socket):
    """A host with one program."""
    host = hosts.Builder(gather=gather, elevated=elevated)
    host.process(8, 'web.exe', 'C:\\web.exe', hosts.NETWORK_SERVICE)
    host.service('Web', 8)
    host.socket(socket.pop('protocol', 'tcp'), socket.pop('port', 80), pid, **socket)
    return host


def first(host, **changed):
    """The first listener."""
    return made(dict(host.build(), **changed))['listeners'][0]


def gaps(observed):
    """Gaps without their text."""
    return {(gap['aspect'], gap['code'], gap['count']) for gap in observed['gaps']}


@pytest.mark.parametrize('kind', hosts.KINDS)
def test_each_kind_of_host_has_facts(kind):
    observed = made(hosts.KINDS[kind]())
    assert observed['collector'] == 'windows'
    assert observed['system']['platform'] == 'windows'
    assert observed['listeners']
    assert observed == made(hosts.KINDS[kind]())


def test_a_listener():
    observed = made(server().build())
    assert observed['gathered_at'] == '2025-11-29T06:00:00Z'
    assert observed['gaps'] == []
    assert observed['complete'] == {
        'sockets': True, 'binding': True, 'owners': True, 'units': True, 'firewall': None, 'outgoing': None,
        'namespaces': None, 'connections': None, 'resources': None}
    assert observed['listeners'][0] == {
        'id': 'tcp/0.0.0.0:80', 'protocol': 'tcp', 'family': 'ipv4', 'address': '0.0.0.0', 'port': 80,
        'interface': None, 'accepts_ipv4': True, 'accepts_ipv6': False, 'scope': 'any', 'port_name': None,
        'ephemeral': False, 'backlog': None, 'namespace': None, 'service': 'Web', 'activated_by': None,
        'held_by': 'processes', 'socket_uid': None, 'owners_total': 1, 'owners': [{
            'pid': 8, 'process': 'web.exe', 'exe': 'C:\\web.exe', 'exe_deleted': None,
            'user': 'NT AUTHORITY\\NETWORK SERVICE', 'uid': None, 'started': '2025-11-20T06:00:00Z', 'unit': 'Web',
            'main': True, 'container': None}]}


# Whether sockets were seen

def test_nothing_listens_or_nothing_is_known():
    observed = made(hosts.Builder().build())
    assert (observed['listeners'], observed['complete']['sockets']) == ([], True)
    observed = made(dict(hosts.Builder().build(), **dict.fromkeys(check.TABLES)))
    assert (observed['listeners'], observed['complete']['sockets']) == ([], False)


@pytest.mark.parametrize('table', check.TABLES)
def test_one_table_that_failed(table):
    """The others are there, and the number of the error is told."""
    whole = made(hosts.iis())
    observed = made(dict(hosts.iis(), **{table: None}, errors=[[table, 122, 'GetExtendedTcpTable']]))
    assert observed['complete']['sockets'] is False
    family = 'ipv' + table[3]
    assert [one['id'] for one in observed['listeners']] == [
        one['id'] for one in whole['listeners'] if (one['protocol'], one['family']) != (table[:3], family)]
    (gap,) = [gap for gap in observed['gaps'] if gap['aspect'] == 'sockets']
    assert gap['code'] == 'unreadable'
    assert 'error 122 (GetExtendedTcpTable)' in gap['message']


def test_a_table_that_was_not_sent():
    raw = server().build()
    del raw['udp6']
    assert made(raw)['complete']['sockets'] is False


def test_the_budget():
    observed = made(dict(server().build(), errors=[['sockets', 500, 'max_sockets']]))
    assert gaps(observed) == {('sockets', 'socket_budget', None)}
    assert observed['gaps'][0]['hint'] == 'raise max_sockets'


# Which family is heard

@pytest.mark.parametrize('v4, bound, changed, accepts', [
    ('00000000', None, {}, False),
    (None, None, {}, False),
    (None, None, {'tcp4': None}, None),
    (None, None, {'errors': [['tcp4', 5, '']]}, None),
    (None, None, {'errors': [['sockets', 9, 'max_sockets']]}, None),
    (None, 0, {}, None),
    ('00000000', 0, {}, False),
    ('0a000308', 0, {}, None),
    ('00000000', None, {'errors': [['sockets', 9, 'max_sockets']]}, False),
])
def test_whether_all_addresses_of_ipv6_are_those_of_ipv4_too(v4, bound, changed, accepts):
    raw = dict(server(v4=v4, bound=bound).build(), **changed)
    listener = next(one for one in made(raw)['listeners'] if one['family'] == 'ipv6')
    assert (listener['accepts_ipv4'], listener['accepts_ipv6']) == (accepts, True)


def test_an_unknown_process_is_not_the_same_process():
    raw = server(pid=0, bound=0).build()
    assert made(raw)['listeners'][1]['accepts_ipv4'] is None


@pytest.mark.parametrize('v6, accepts', [
    (LINK, (False, True)), ('0' * 31 + '1', (False, True)), ('0' * 20 + 'ffffc0000201', (True, False))])
def test_other_addresses_of_ipv6(v6, accepts):
    listener = first(server(v4=None, v6=v6, bound=0))
    assert (listener['accepts_ipv4'], listener['accepts_ipv6']) == accepts


def test_an_interface_without_a_name():
    observed = made(server(v4=None, v6=LINK, scope=77).build())
    assert observed['listeners'][0]['interface'] == '77'
    assert gaps(observed) == {('binding', 'unreadable', 1)}
    observed = made(server(v4=None, v6=LINK, scope=5).build())
    assert observed['listeners'][0]['interface'] == 'Ethernet'
    assert observed['complete']['binding'] is True


@pytest.mark.parametrize('protocol, port, changed, ephemeral', [
    ('udp', 49152, {}, True), ('udp', 65535, {}, True), ('udp', 49151, {}, False), ('tcp', 49152, {}, False),
    ('udp', 49152, {'dynamic': {}}, False), ('udp', 49152, {'dynamic': {'udp4': None}}, False)])
def test_ephemeral(protocol, port, changed, ephemeral):
    assert first(server(protocol=protocol, port=port), **changed)['ephemeral'] is ephemeral


# Who holds it

@pytest.mark.parametrize('changed, owners, total, held_by, missing', [
    ({'processes': []}, [], 0, 'unknown', {('owners', 'vanished', 2), ('units', 'unreadable', None)}),
    ({'processes': None}, [8], 2, 'processes', {('owners', 'unreadable', None), ('units', 'unreadable', None)}),
    ({'services': None}, [8], 1, 'processes', {('units', 'unreadable', None)}),
    ({'accounts': None}, [8], 1, 'processes', set()),       # it is a well-known one
])
def test_what_was_not_read(changed, owners, total, held_by, missing):
    observed = made(dict(server().build(), **changed))
    listener = observed['listeners'][0]
    assert [owner['pid'] for owner in listener['owners']] == owners
    assert (listener['owners_total'], listener['held_by']) == (total, held_by)
    assert gaps(observed) == missing


def test_a_process_of_nobody():
    observed = made(server(pid=0, v6=None).build())
    assert gaps(observed) == {('owners', 'vanished', 1), ('units', 'unreadable', None)}
    assert observed['listeners'][0]['held_by'] == 'unknown'


def test_a_process_that_is_younger_than_its_socket():
    """Somebody else has opened it, and may still have it."""
    raw = server(v6=None, bound=hosts.BOOT - 1).build()
    observed = made(raw)
    listener = observed['listeners'][0]
    assert gaps(observed) == {('owners', 'stale', 1), ('units', 'unreadable', None)}
    assert (listener['owners'][0]['process'], listener['owners_total'], listener['service']) == ('web.exe', 2, None)
    assert listener['owners'][0]['unit'] is None


@pytest.mark.parametrize('elevated, hint', [(False, ADMINISTRATOR), (None, ADMINISTRATOR), (True, None)])
def test_a_process_that_could_not_be_inspected(elevated, hint):
    raw = server(v6=None, elevated=elevated).build()
    raw['processes'] = [[8, 4, 'web.exe', None, None, None, None, 5, None, None]]
    observed = made(raw)
    assert gaps(observed) == {('owners', 'owners_hidden', 1), ('units', 'unreadable', None)}
    assert observed['gaps'][0]['hint'] == hint
    assert observed['gaps'][0]['message'] == 'of 1 listener the process could not be inspected: error 5'
    listener = observed['listeners'][0]
    owner = listener['owners'][0]
    assert (listener['service'], listener['owners_total'], owner['unit']) == (None, 2, 'Web')
    assert (owner['process'], owner['exe'], owner['user'], owner['started']) == ('web.exe', None, None, None)


def test_a_user_that_nobody_knows():
    raw = server(v6=None).build()
    raw['processes'][1][5] = hosts.SERVICE_USER
    observed = made(raw)
    assert gaps(observed) == {('owners', 'process_unreadable', 1)}
    raw['accounts'] = None
    raw['processes'][1][7] = 1332
    assert made(raw)['gaps'][0]['message'] == (
        'of 1 listener the executable or the user of an owner could not be read: error 1332; '
        'accounts could not be read: the host sent nothing')
    raw['accounts'] = {hosts.SERVICE_USER: 'CORP\\svc'}
    assert made(raw)['listeners'][0]['owners'][0]['user'] == 'CORP\\svc'


def test_a_service_among_several():
    host = server(v6=None)
    host.service('Other', 8)
    observed = made(host.build())
    assert gaps(observed) == {('units', 'shared_svchost', 1)}
    assert observed['listeners'][0]['service'] is None
    raw = host.build()
    raw['tcp4'][0][7] = 1168
    assert made(raw)['gaps'][0]['message'] == (
        'of 1 listener it is not known which service of its process listens: error 1168')
    host = server(v6=None, module='other')
    host.service('Other', 8)
    assert first(host)['service'] == 'Other'


def test_several_owners():
    host = server(v6=None)
    host.process(12, 'x.exe', 'C:\\x.exe', hosts.SYSTEM)
    host.socket('tcp', 80, 12, v6=None)
    listener = first(host)
    assert [(owner['pid'], owner['unit']) for owner in listener['owners']] == [(8, 'Web'), (12, None)]
    assert (listener['service'], listener['owners_total']) == (None, 2)


def test_very_many_owners():
    listener = next(one for one in made(hosts.terminal_server())['listeners'] if one['id'] == 'udp/0.0.0.0:5353')
    assert (len(listener['owners']), listener['owners_total']) == (64, 71)


def test_nobody_asked_for_owners():
    observed = made(server(gather=()).build())
    assert observed['complete']['owners'] is observed['complete']['units'] is None
    assert (observed['listeners'][0]['owners'], observed['listeners'][0]['held_by']) == ([], 'unknown')


# http.sys

def test_programs_behind_http_sys():
    by_id = {one['id']: one for one in made(hosts.iis())['listeners']}
    served = by_id['tcp/0.0.0.0:80']
    assert (served['service'], served['activated_by'], served['held_by']) == ('W3SVC', 'http.sys', 'processes')
    assert [(owner['process'], owner['unit'], owner['main']) for owner in served['owners']] == [
        ('System', None, None), ('w3wp.exe', 'W3SVC', False)]
    idle = by_id['tcp/0.0.0.0:8080']
    assert (idle['service'], idle['activated_by']) == ('W3SVC', 'http.sys')
    assert [owner['process'] for owner in idle['owners']] == ['System']
    assert (by_id['tcp/0.0.0.0:5985']['service'], by_id['tcp/127.0.0.1:8005']['service']) == ('WinRM', 'Tomcat9')
    assert by_id['udp/0.0.0.0:443']['activated_by'] == 'http.sys'
    plain = by_id['tcp/0.0.0.0:445']
    assert (plain['service'], plain['activated_by'], plain['held_by']) == (None, None, 'processes')
    assert plain['owners_total'] == 1


def test_the_same_in_every_language():
    """Neither netsh nor the names of accounts make a difference."""
    def comparable(kind, address):
        return [
            (one['id'].replace(address, 'x'), one['service'], one['activated_by'],
             [(owner['process'], owner['user']) for owner in one['owners']])
            for one in made(kind())['listeners'] if one['port'] not in (8005, 8009, 9090)]
    assert comparable(hosts.german, '10.0.3.49') == comparable(hosts.turkish, '10.0.3.90') == comparable(
        hosts.iis, '10.0.3.80')


@pytest.mark.parametrize('elevated, hint', [(True, None), (False, ADMINISTRATOR)])
def test_queues_that_were_not_read(elevated, hint):
    raw = dict(server(pid=4, v6=None, elevated=elevated).build(), http=None, errors=[['http', 5, 'netsh']])
    observed = made(raw)
    assert gaps(observed) == {('owners', 'unreadable', None), ('units', 'http_sys', 1)}
    assert [gap['hint'] for gap in observed['gaps']] == [hint, hint]
    listener = observed['listeners'][0]
    assert (listener['owners'][0]['process'], listener['owners_total'], listener['service']) == ('System', 2, None)


def test_queues_do_not_matter_where_the_kernel_has_no_socket():
    observed = made(dict(server().build(), http=None))
    assert observed['gaps'] == []


# What nobody can see

@pytest.mark.parametrize('subset, aspect', [('namespaces', 'namespaces'), ('raw', 'sockets'), ('outgoing', 'outgoing')])
def test_what_is_not_supported(subset, aspect):
    observed = made(server(gather=(subset,)).build())
    assert (aspect, 'unsupported', None) in gaps(observed)
    assert observed['complete'][aspect] is False


def test_figures_that_could_not_be_read():
    raw = server(gather=('resources',), v6=None).build()
    assert gaps(made(raw)) == {('resources', 'unreadable', 1)}
    raw['processes'][1][9] = [4096, 7, 99, 12345678]
    observed = made(raw)
    assert (observed['gaps'], observed['complete']['resources'], observed['complete']['owners']) == ([], True, True)


def test_what_is_published_is_not_seen():
    raw = hosts.server_2025()
    assert ('firewall', 'forwarded', None) in gaps(made(raw))
    assert made(raw)['complete']['firewall'] is False
    assert not any(gap['aspect'] == 'firewall' for gap in made(hosts.server_2016())['gaps'])
    raw['gather'] = ['owners']
    assert not any(gap['aspect'] == 'firewall' for gap in made(raw)['gaps'])


# Whatever a host sends

SOURCES = ('tcp4', 'tcp6', 'udp4', 'udp6', 'connections', 'processes', 'accounts', 'services', 'http', 'excluded',
           'dynamic', 'portproxy', 'nat', 'interfaces', 'routes', 'models', 'networks', 'firewall', 'rpc')


def known(listener):
    """What is certain of a listener, by field: that which an entry could pass by."""
    certain = {field: listener[field] for field in ('accepts_ipv4', 'activated_by') if listener[field] is not None}
    if listener['held_by'] != 'processes' or listener['owners_total'] > len(listener['owners']):
        return certain
    certain['pids'] = [owner['pid'] for owner in listener['owners']]
    if listener['service'] is not None:
        certain['service'] = listener['service']
    for owner in listener['owners']:
        for field in ('process', 'exe', 'user', 'unit', 'started'):
            if owner[field] is not None:
                certain[field, owner['pid']] = owner[field]
    return certain


def compare(whole, hidden):
    """Whether what hides something claims no more than what does not."""
    # what is complete is so of the listeners that are listed
    aspects = list(whole['complete']) if len(whole['listeners']) == len(hidden['listeners']) else ['sockets']
    for aspect in aspects:
        assert not hidden['complete'][aspect] or whole['complete'][aspect], aspect
    before = {listener['id']: known(listener) for listener in whole['listeners']}
    for listener in hidden['listeners']:
        if listener['id'] in before:
            assert known(listener).items() <= before[listener['id']].items(), listener['id']
        else:           # the alias of its interface is hidden
            assert hidden['complete']['binding'] is False


@pytest.mark.parametrize('source', SOURCES)
@pytest.mark.parametrize('kind', [kind for kind in hosts.KINDS if kind != 'many_rules'])
def test_a_source_that_is_hidden_adds_nothing(kind, source):
    raw = hosts.KINDS[kind]()
    for hidden in ({**raw, source: None}, {key: value for key, value in raw.items() if key != source},
                   {**raw, 'errors': [*raw['errors'], [source, 5, '']]}):
        if source in ('excluded', 'dynamic', 'firewall') and hidden.get(source, ()) is None:
            with pytest.raises(Fault):      # these have parts, which may be null
                made(hidden)
        else:
            compare(made(raw), made(hidden))


def hide(rows, choose, columns):
    """Null in some columns of some rows."""
    return [[None if place in columns and choose.random() < 0.5 else value for place, value in enumerate(row)]
            for row in rows]


@pytest.mark.parametrize('seed', range(8))
@pytest.mark.parametrize('kind', ['iis', 'domain_controller', 'terminal_server', 'turkish', 'server_2022'])
def test_fields_that_are_hidden_add_nothing(kind, seed):
    """Owner modules, and what a process has; processes that have gone meanwhile."""
    choose, raw = random.Random(seed), hosts.KINDS[kind]()
    hidden = dict(raw, processes=hide(raw['processes'], choose, (2, 3, 4, 5, 6)), accounts={
        sid: name for sid, name in raw['accounts'].items() if choose.random() < 0.5})
    hidden['processes'] = [row for row in hidden['processes'] if choose.random() < 0.8]
    for table in check.TABLES:
        hidden[table] = hide(raw[table], choose, (5, 6))
    compare(made(raw), made(hidden))


@pytest.mark.parametrize('kind', hosts.KINDS)
def test_spoilt_data_gives_facts_or_is_refused(kind):
    """Whatever of it is another thing: no error but a Fault, and facts that are accepted."""
    choose, text = random.Random(kind), json.dumps(hosts.KINDS[kind]())
    accepted = 0
    for _number in range(60 if len(text) < 10 ** 6 else 5):
        value = json.loads(text)
        for _spoilt in range(choose.randint(1, 3)):
            value = spoiling.spoilt(value, choose)
        try:
            raw = check.check(value)
        except Fault:
            continue
        accepted += 1
        observed = facts_check.check(facts(raw))
        assert set(holders(raw)) == {listener['id'] for listener in observed['listeners']}
        json.dumps([forwards(raw, observed['listeners']), unseen(raw)])
    assert accepted
