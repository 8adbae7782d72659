# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fact record: its schema and its promises."""

import itertools
import os
import re
import socket
import subprocess
import sys

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _facts
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import attach as _exposure
from ansible_collections.listening.ports.plugins.module_utils._gaps import CODES
from ansible_collections.listening.ports.plugins.module_utils._sockets.base import CollectorError, Socket
from ansible_collections.listening.ports.plugins.module_utils._subsets import SUBSETS
from ansible_collections.listening.ports.plugins.module_utils._wire import pack
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import ip, opener, unpack

ASPECTS = {'sockets', 'binding', 'owners', 'units', 'firewall', 'outgoing', 'namespaces', 'connections', 'resources'}
RECORD = {'schema', 'gathered_at', 'collector', 'complete', 'gaps', 'system', 'listeners'}
LISTENER = {
    'id', 'protocol', 'family', 'address', 'port', 'interface', 'accepts_ipv4', 'accepts_ipv6', 'scope', 'port_name',
    'ephemeral',
    'backlog', 'namespace', 'service', 'activated_by', 'held_by', 'socket_uid', 'owners', 'owners_total'}
SYSCTL = '/proc/sys/net/ipv4/'
FILES = {
    SYSCTL + 'ip_local_port_range': b'32768\t60999\n', SYSCTL + 'ip_local_reserved_ports': b'8080,9148-9150\n',
    SYSCTL + 'ip_unprivileged_port_start': b'1024\n',
    '/etc/services': b'# names\nssh\t\t22/tcp\nssh-too 22/tcp\ndomain 53/tcp # DNS\n'
                     b'domain\t53/udp nameserver\nodd\nodd x/tcp\n'
                     b'\xff 54/udp\nodd 55/\xff\nsyslog 514/udp\nrfs 556/sctp\n',
}


def sock(protocol='tcp', address='0.0.0.0', port=22, interface=None, v6only=None, inode=1, uid=0, backlog=None,
         namespace=None):
    made = Socket(protocol, ip(address), port, interface, v6only, inode, uid, backlog)
    made.namespace = namespace
    return made


class Host:
    """The collectors' part: what they find, the gaps that they note, and what they were asked."""

    def __init__(self):
        self.sockets, self.gaps, self.calls, self.files, self.units = [], [], [], dict(FILES), []
        self.listeners = []
        self.open = opener(self.files)

    def collect(self, *arguments, **options):
        return _facts.collect(*arguments, host=self, **options)

    def _find(self, gaps):
        for aspect, code in self.gaps:
            gaps.add(aspect, code, 'because')
        return list(self.sockets)

    @staticmethod
    def local_addresses():
        return ['192.0.2.1/24']

    def linux(self, gather, collector, budget, gaps):
        self.calls.append(('linux', set(gather), collector, budget))
        if collector == 'netlink' and not self.sockets:
            raise CollectorError('no')
        return 'procfs' if collector == 'procfs' else 'netlink', self._find(gaps)

    def psutil(self, gather, budget, gaps):
        self.calls.append(('psutil', set(gather), budget))
        return self._find(gaps)

    def owners(self, listeners, gather, used, budget, gaps, run):
        self.calls.append(('owners', used, budget))
        self.listeners = listeners
        for listener, (service, activated_by, unit) in zip(listeners, self.units):
            listener['record'].update(service=service, activated_by=activated_by,
                                      owners=[{'unit': None}, {'unit': unit}])

    def connections(self, listeners, used, budget, gaps, local):
        assert local == self.local_addresses() or used == 'psutil'
        self.calls.append(('connections', used, budget))

    def led_elsewhere(self, local, budget, gaps):
        assert local == self.local_addresses()
        self.calls.append(('led elsewhere', budget))
        return []

    @staticmethod
    def firewall(run, records, names):
        return {'of': [run, [record['port'] for record in records], names()[22, 'tcp']]}

    def diagnoses(self, *arguments):
        self.calls.append(arguments)
        return {'no.service': 'why'}


@pytest.fixture
def host():
    return Host()


def test_firewall(host):
    asked = []

    def judge(records, snapshot, gaps):
        asked.append((records, snapshot))
        gaps.add('firewall', 'unreadable', 'nft: not root', hint='become')
        return {'forwarded': [], 'openings': [], 'firewall': {'backends': [], 'default': 'unknown', 'rules': 0}}
    host.sockets = [sock(port=80)]
    facts = host.collect(gather=['firewall'], run='run', judge=judge)
    assert asked == [(facts['listeners'], {'of': ['run', [80], 'ssh']})]
    assert set(facts) == RECORD | {'forwarded', 'openings', 'firewall'}
    assert facts['complete']['firewall'] is False and facts['complete']['sockets'] is True
    assert host.collect(judge=judge)['complete']['firewall'] is None and len(asked) == 1
    elsewhere = host.collect(gather=['firewall'], run='run')
    assert set(elsewhere) == RECORD | {'snapshot'} and elsewhere['snapshot'] == asked[0][1]
    assert elsewhere['complete']['firewall'] is True


def listeners(host, *sockets):
    host.sockets = sockets
    return host.collect()['listeners']


def record_of(host, *sockets):
    [record] = listeners(host, *sockets)
    return record


def test_record(host):
    facts = host.collect()
    assert set(facts) == RECORD
    assert (facts['schema'], facts['collector'], facts['gaps'], facts['listeners']) == (1, 'netlink', [], [])
    assert re.match(r'^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$', facts['gathered_at'])
    assert facts['system'] == {'local_addresses': ['192.0.2.1/24'], 'ephemeral_ports': [32768, 60999],
                               'reserved_ports': [[8080, 8080], [9148, 9150]], 'unprivileged_port_start': 1024}


@pytest.mark.parametrize('name, content, key, expected', [
    ('ip_local_reserved_ports', b'\n', 'reserved_ports', []),
    ('ip_local_reserved_ports', PermissionError(13, 'denied'), 'reserved_ports', None),
    ('ip_local_reserved_ports', b'none\n', 'reserved_ports', None),
    ('ip_local_port_range', FileNotFoundError(2, 'no'), 'ephemeral_ports', None),
    ('ip_unprivileged_port_start', b'0\n', 'unprivileged_port_start', 0),
    ('ip_unprivileged_port_start', FileNotFoundError(2, 'no'), 'unprivileged_port_start', None),
])
def test_system(host, name, content, key, expected):
    host.files[SYSCTL + name] = content
    assert host.collect()['system'][key] == expected


@pytest.mark.parametrize('options, platform, calls, used', [
    ({}, 'linux', [('linux', {'owners'}, 'auto', 100000), ('owners', 'netlink', 2000000)], 'netlink'),
    ({'gather': []}, 'linux', [('linux', set(), 'auto', 100000)], 'netlink'),
    ({'gather': ['raw'], 'collector': 'procfs', 'max_sockets': 5}, 'linux', [('linux', {'raw'}, 'procfs', 5)],
     'procfs'),
    ({'gather': ('connections', 'owners'), 'max_sockets': 5, 'max_fds': 6}, 'linux', [
        ('linux', {'connections', 'owners'}, 'auto', 5), ('connections', 'netlink', 5), ('owners', 'netlink', 6)],
        'netlink'),
    ({'gather': ['connections', 'firewall'], 'max_sockets': 5}, 'linux', [
        ('linux', {'connections', 'firewall'}, 'auto', 5), ('connections', 'netlink', 5), ('led elsewhere', 5)],
        'netlink'),
    ({'gather': ['resources']}, 'linux', [
        ('linux', {'resources', 'owners'}, 'auto', 100000), ('owners', 'netlink', 2000000)], 'netlink'),
    ({'gather': ['command']}, 'linux', [
        ('linux', {'command', 'owners'}, 'auto', 100000), ('owners', 'netlink', 2000000)], 'netlink'),
    ({'collector': 'psutil', 'max_sockets': 5}, 'linux', [('psutil', {'owners'}, 5), ('owners', 'psutil', 2000000)],
     'psutil'),
    ({}, 'freebsd14', [('psutil', {'owners'}, 100000), ('owners', 'psutil', 2000000)], 'psutil'),
    ({'gather': ['connections']}, 'darwin', [('psutil', {'connections'}, 100000), ('connections', 'psutil', 100000)],
     'psutil'),
])
def test_who_is_asked(host, monkeypatch, options, platform, calls, used):
    monkeypatch.setattr(sys, 'platform', platform)
    assert host.collect(**options)['collector'] == used
    assert host.calls == calls


def test_a_collector_that_was_asked_for_by_name_and_cannot_look(host):
    with pytest.raises(CollectorError):
        host.collect(collector='netlink')


def subsets():
    return [set(chosen) for count in range(len(SUBSETS) + 1) for chosen in itertools.combinations(SUBSETS, count)]


@pytest.mark.parametrize('gather', subsets(), ids=lambda names: '+'.join(sorted(names)) or 'none')
def test_complete_is_false_where_there_is_a_gap_and_null_where_nobody_asked(host, gather):
    asked = {'sockets', 'binding'} | (gather & ASPECTS)
    if gather & {'owners', 'resources', 'command'}:
        asked |= {'owners', 'units'}
    if 'outgoing' in gather:
        asked.add('firewall')
    assert host.collect(gather)['complete'] == {aspect: True if aspect in asked else None for aspect in ASPECTS}
    for missing in asked:
        first, second = [(missing, code) for code in CODES[missing]][:2]
        host.gaps = [first, second, first]
        facts = host.collect(gather)
        assert facts['complete'] == {aspect: aspect != missing if aspect in asked else None for aspect in ASPECTS}
        assert [(gap['aspect'], gap['code']) for gap in facts['gaps']] == [first, second]


@pytest.mark.parametrize('given, expected', [
    (sock(), {'id': 'tcp/0.0.0.0:22', 'family': 'ipv4', 'address': '0.0.0.0', 'accepts_ipv4': True,
              'accepts_ipv6': False, 'scope': 'any',
              'port_name': 'ssh', 'interface': None, 'namespace': None}),
    (sock(address='::', v6only=True),
     {'id': 'tcp/[::]:22', 'family': 'ipv6', 'accepts_ipv4': False, 'accepts_ipv6': True, 'scope': 'any'}),
    (sock(address='::', v6only=False), {'accepts_ipv4': True, 'accepts_ipv6': True}),
    (sock(address='::', v6only=None), {'accepts_ipv4': None, 'accepts_ipv6': True}),
    (sock(address='::1', v6only=False),
     {'id': 'tcp/[::1]:22', 'accepts_ipv4': False, 'accepts_ipv6': True, 'scope': 'loopback'}),
    (sock(address='::ffff:10.0.0.1', v6only=False), {
        'id': 'tcp/[::ffff:10.0.0.1]:22', 'family': 'ipv6', 'accepts_ipv4': True, 'accepts_ipv6': False,
        'scope': 'private'}),
    (sock(address='::ffff:0.0.0.0'), {'accepts_ipv4': True, 'accepts_ipv6': False, 'scope': 'any'}),
    (sock('udp', '127.0.0.53', 53, 'lo'), {
        'id': 'udp/127.0.0.53%lo:53', 'interface': 'lo', 'address': '127.0.0.53', 'port_name': 'domain',
        'scope': 'loopback'}),
    (sock('tcp', '0.0.0.0', 53, 'lo'), {'id': 'tcp/0.0.0.0%lo:53', 'scope': 'loopback', 'port_name': 'domain'}),
    (sock(address='fe80::1', interface='eth0', port=80),
     {'id': 'tcp/[fe80::1%eth0]:80', 'address': 'fe80::1', 'interface': 'eth0', 'scope': 'link'}),
    (sock(namespace='docker:0123456789ab'),
     {'id': 'tcp/0.0.0.0:22@docker:0123456789ab', 'namespace': 'docker:0123456789ab'}),
    (sock('sctp', '192.0.2.1', 556), {'id': 'sctp/192.0.2.1:556', 'scope': 'global', 'port_name': 'rfs'}),
    (sock('dccp', '192.0.2.1', 556), {'port_name': None}),
    (sock('raw', '0.0.0.0', 22), {'id': 'raw/0.0.0.0:22', 'port_name': None}),         # not a port
    (sock('udplite', '0.0.0.0', 53), {'id': 'udplite/0.0.0.0:53', 'port_name': 'domain'}),
    (sock('udp', '0.0.0.0', 54), {'port_name': '\\xff'}),
    (sock('udp', '0.0.0.0', 514), {'port_name': 'syslog'}),         # whatever stands in the lines before it
    (sock('udp', '0.0.0.0', 22), {'port_name': None}),
    (sock(uid=1000), {'socket_uid': 1000}),
    (sock(uid=None), {'socket_uid': None}),
    (sock(), {'owners': [], 'owners_total': 0, 'held_by': 'unknown', 'service': None, 'activated_by': None}),
])
def test_listener(host, given, expected):
    record = record_of(host, given)
    assert {key: record[key] for key in expected} == expected
    assert set(record) == LISTENER


def test_without_a_services_database(host):
    del host.files['/etc/services']
    assert record_of(host, sock())['port_name'] is None


@pytest.mark.parametrize('protocol, port, expected', [
    ('udp', 32767, False), ('udp', 32768, True), ('udp', 60999, True), ('udp', 61000, False), ('udplite', 40000, True),
    ('tcp', 40000, False), ('sctp', 40000, False), ('dccp', 40000, False), ('raw', 40000, False),
])
def test_ephemeral(host, protocol, port, expected):
    assert record_of(host, sock(protocol, port=port))['ephemeral'] is expected


def test_ephemeral_of_an_unknown_range(host):
    del host.files[SYSCTL + 'ip_local_port_range']
    assert record_of(host, sock('udp', port=40000))['ephemeral'] is False


@pytest.mark.parametrize('queues, expected', [
    ([None], None),
    ([(0, 128)], {'pending': 0, 'limit': 128}),
    ([(3, None)], {'pending': 3, 'limit': None}),
    ([(0, 128), (5, 128), (4, 128)], {'pending': 5, 'limit': 128}),
    ([(60, 128), (5, 10)], {'pending': 5, 'limit': 10}),            # the fullest is nearest to dropping
    ([(5, 10), (60, 128)], {'pending': 5, 'limit': 10}),
    ([(1, 0), (5, 10)], {'pending': 1, 'limit': 0}),
    ([(2, None), (7, None)], {'pending': 7, 'limit': None}),
    ([None, (1, 2)], {'pending': 1, 'limit': 2}),
])
def test_backlog_of_the_fullest_queue(host, queues, expected):
    assert record_of(host, *[sock(backlog=queue) for queue in queues])['backlog'] == expected


@pytest.mark.parametrize('flags, expected', [
    ([True, True], False), ([True, False], True), ([False, True], True), ([None, False], True), ([None, True], False),
    ([None, None], None),
])
def test_a_group_accepts_what_one_of_it_accepts(host, flags, expected):
    assert record_of(host, *[sock(address='::', v6only=flag) for flag in flags])['accepts_ipv4'] is expected


def test_one_id_is_one_listener_and_all_its_sockets_reach_the_owners(host):
    sockets = [sock(inode=number) for number in (5, 3, 4)] + [
        sock('udp', inode=6), sock(address='::', inode=7), sock(interface='lo', inode=8), sock(port=23, inode=9),
        sock(namespace='x', inode=10), sock(namespace='x', inode=11)]
    records = listeners(host, *sockets)
    assert len({record['id'] for record in records}) == len(records) == 6
    assert {item['record']['id']: [made.inode for made in item['sockets']] for item in host.listeners} == {
        'tcp/0.0.0.0:22': [5, 3, 4], 'udp/0.0.0.0:22': [6], 'tcp/[::]:22': [7], 'tcp/0.0.0.0%lo:22': [8],
        'tcp/0.0.0.0:23': [9],
        'tcp/0.0.0.0:22@x': [10, 11]}


def test_listeners_are_sorted(host):
    expected = ['tcp/0.0.0.0:22', 'tcp/0.0.0.0%lo:22', 'tcp/[::]:22', 'tcp/0.0.0.0:100', 'udp/0.0.0.0:9',
                'tcp/0.0.0.0:1@a', 'tcp/0.0.0.0:1@b']
    sockets = [sock(), sock(interface='lo'), sock(address='::'), sock(port=100), sock('udp', port=9),
               sock(port=1, namespace='a'),
               sock(port=1, namespace='b')]
    for order in (sockets, sockets[::-1], sockets[3:] + sockets[:3]):
        assert [record['id'] for record in listeners(host, *order)] == expected


@pytest.mark.parametrize('wanted, diagnosed', [
    ([], None), (['a.service', 'b.socket', 'c.service'], None),
    (['no.service', 'a.service'], ['no.service', 'a.service']),
])
def test_units_that_own_nothing_are_diagnosed(host, wanted, diagnosed):
    host.units = [('a.service', 'b.socket', None), (None, None, 'c.service')]
    host.sockets = [sock(port=1), sock(port=2)]
    facts = host.collect(diagnose=wanted, run=len)
    calls = host.calls[2:]
    if diagnosed is None:
        assert set(facts) == RECORD and calls == []
    else:
        assert set(facts) == RECORD | {'diagnoses'} and facts['diagnoses'] == {'no.service': 'why'}
        [(units, serving, complete, run)] = calls
        assert (units, serving - {None}, run) == (diagnosed, {'a.service', 'b.socket', 'c.service'}, len)
        assert complete == facts['complete']


@pytest.mark.parametrize('wanted, loaded', [([], False), (['no-such-unit-anywhere'], True)])
def test_a_host_loads_code_to_diagnose_only_where_there_is_something_to_diagnose(wanted, loaded):
    package = _facts.__name__.rpartition('.')[0]
    script = ('import sys; from %s import _facts; _facts.collect(diagnose=%r); '
              'print([name for name in ("diagnose", "journal") if "%s._systemd." + name in sys.modules])'
              % (package, wanted, package))
    done = subprocess.run([sys.executable, '-c', script], stdout=subprocess.PIPE, check=True,
                          env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)))
    assert done.stdout.decode().strip() == str(['diagnose', 'journal'] if loaded else [])


def strings(value):
    if isinstance(value, dict):
        value = list(value) + list(value.values())
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize('collector', ['auto', 'netlink', 'procfs'])
def test_this_host(collector):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind(('127.0.0.1', 0))
        server.listen(7)
        port = server.getsockname()[1]
        with socket.create_connection(('127.0.0.1', port)):
            facts = _facts.collect([name for name in SUBSETS if name != 'namespaces'], collector,
                                   judge=_exposure.attach)
    assert set(facts) == RECORD | {'forwarded', 'openings', 'firewall', 'led_elsewhere', 'outgoing'}
    assert set(facts['complete']) == ASPECTS
    assert {aspect for aspect,
            complete in facts['complete'].items() if complete is False} == {gap['aspect'] for gap in facts['gaps']}
    [record] = [record for record in facts['listeners'] if record['id'] == 'tcp/127.0.0.1:%d' % port]
    assert set(record) == LISTENER | {'connections', 'clients', 'exposure'}
    assert [owner['pid'] for owner in record['owners']] == [os.getpid()]
    assert set(record['owners'][0]) == {'pid', 'process', 'exe', 'exe_deleted', 'user', 'uid', 'started', 'unit',
                                        'main', 'container',
                                        'resources', 'command'}
    assert record['backlog'] == {'pending': 1, 'limit': None if collector == 'procfs' else 7}
    assert (record['held_by'], record['scope'], record['socket_uid']) == ('processes', 'loopback', os.geteuid())
    # both ends are counted by their own address: only the one of the listener is its
    assert record['connections']['established'] == 1
    assert record['clients'] == {'ipv4': {}, 'ipv6': {}, 'itself': 1}
    assert unpack(pack(facts)) == facts
    for text in strings(facts):
        text.encode('utf-8')
