# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked at of a host's firewall, which commands are run for it, and what is said where that fails."""

import json
import os
import shlex
import sys
import threading

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import (
    beside, commands, kernel, network, raw_rules, take as _take
)
from ansible_collections.listening.ports.plugins.module_utils._netlink import NetlinkError

UNSHOWN = [['inet', 't', 'c', 3, 'ipv4']]
DEVICES = [['netdev', 't', 'c', ['eth0']]]
NET = {
    'addresses': {'lo': ['127.0.0.1/8'], 'eth0.1': ['192.0.2.1/24']},
    'primary': {'eth0.1': '192.0.2.1'},
    'routes': [],
    'sources': {},
    'rules': False,
}
XT = {
    'rule': {
        'family': 'ip',
        'table': 'filter',
        'chain': 'INPUT',
        'expr': [{'xt': {'type': 'match', 'name': 'multiport'}}, {'accept': None}],
    }
}
PLAIN = {'rule': {'family': 'ip6', 'table': 'filter', 'chain': 'INPUT', 'comment': '"xt":', 'expr': [{'accept': None}]}}


HANGS = 'hangs'
# numbers are in the byte order of the machine
IGMP = ('Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n4\teth0.1    :     1      V3\n'
        '\t\t\t\t%08X     1 0:00000000\t\t0\n\t\t\t\t%08X     1 0:00000000\t\t0\n5\tgone      :     1      V3\n'
        '\t\t\t\t%08X     1 0:00000000\t\t0\n' % tuple(int.from_bytes(raw, sys.byteorder) for raw in (
            b'\xe0\0\0\1', b'\xef\1\2\3', b'\xe0\0\0\2')))


class Process:
    """What runs, and can be ended."""

    def __init__(self):
        self.killed = threading.Event()
        self.kill = self.killed.set


class Host:
    """Tools, tables and files of a host.

    :ivar tools: dict, name of a command to what it prints: str, (exit code, stdout, stderr), an exception, or HANGS.
    """

    def __init__(self, monkeypatch, root):
        self.tools, self.ran, self.tables, self.rules, self.root = {}, [], [], (set(), False), root
        self.net = json.loads(json.dumps(NET))
        self.absent, self.devices, self.beside = False, [], ([], False)
        self.flags = {}             # of tables: (family, name) to a number
        self.bin = root / 'bin'
        self.bin.mkdir()
        monkeypatch.setenv('PATH', str(self.bin))
        monkeypatch.setattr(commands, '_BINARIES', '/nonexistent')
        monkeypatch.setattr(_take.os, 'geteuid', lambda: 0)
        monkeypatch.setattr(kernel, 'is_absent', lambda *dummy: self.absent)
        monkeypatch.setattr(beside, 'take', lambda: self.beside)
        monkeypatch.setattr(kernel, 'tables', lambda: [
            (family, name, self.flags.get((family, name), 0)) for family, name in self._answer(self.tables)])
        monkeypatch.setattr(raw_rules, 'foreign', lambda: self._answer(self.rules))
        monkeypatch.setattr(raw_rules, 'devices', lambda: self._answer(self.devices))
        monkeypatch.setattr(raw_rules, 'unshown', lambda: UNSHOWN)
        monkeypatch.setattr(network, 'network', lambda: self._answer(self.net))
        for name, value in (
            ('all/route_localnet', 0),
            ('all/rp_filter', 0),
            ('eth0.1/route_localnet', 0),
            ('eth0.1/rp_filter', 0),
        ):
            self.write('sys/net/ipv4/conf/' + name, '%d\n' % value)
        self.write('sys/net/ipv4/ip_forward', '1\n')

    @staticmethod
    def _answer(value):
        if isinstance(value, Exception):
            raise value
        return value

    def write(self, path, text):
        path = self.root / 'proc' / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, words, expand_user_and_vars, handle_exceptions, environ_update, before_communicate_callback):
        assert (expand_user_and_vars, handle_exceptions, environ_update) == (False, False, {'LC_ALL': 'C'})
        words = [os.path.basename(words[0])] + words[1:]
        self.ran.append(shlex.join(words) if hasattr(shlex, 'join') else ' '.join(words))
        answer = self._answer(self.tools[self.ran[-1] if self.ran[-1] in self.tools else words[0]])
        process = Process()
        before_communicate_callback(process)
        if answer == HANGS:
            assert process.killed.wait(20)
            return -9, '', ''
        assert not process.killed.is_set()
        return answer if isinstance(answer, tuple) else (0, answer, '')

    def take(self, **more):
        for name in {command.split()[0] for command in self.tools}:
            (self.bin / name).write_text('')
            (self.bin / name).chmod(0o755)
        return _take.take(self.run, str(self.root / 'proc'), **more)


@pytest.fixture
def host(monkeypatch, tmp_path):
    return Host(monkeypatch, tmp_path)


def nft(*objects):
    return json.dumps({'nftables': list(objects)})


def test_no_firewall(host):
    host.tools = {'nft': nft()}
    taken = host.take()
    assert taken == {
        'nft': None, 'table_flags': [], 'saves': {}, 'ipset': None, 'tables': [], 'errors': [],
        'tools': {'firewalld': 'absent', 'ufw': 'absent'}, 'elsewhere': {}, 'port_names': {}, 'devices': [],
        'unshown': [],
        'net': dict(NET, route_localnet=[], rp_filter={'eth0.1': 0}, forwarding={'ipv4': True, 'ipv6': None}, groups={},
                    ipsec=[], sk_lookup=False,
                    l3mdev_accept={'tcp': None, 'udp': None})}
    assert host.ran == []


def test_groups_that_somebody_has_joined(host):
    net = host.root / 'proc/net'
    net.mkdir(parents=True, exist_ok=True)
    (net / 'igmp').write_text(IGMP)
    (net / 'igmp6').write_text('4    eth0.1          ff0200000000000000000000000000fb     1 0000000C 0\n')
    assert host.take()['net']['groups'] == {'eth0.1': ['224.0.0.1', '239.1.2.3', 'ff02::fb']}


@pytest.mark.parametrize('text', ['Idx\n4\teth0.1: 1\n\t\t\t\tXYZ  1\n', 'Idx\n4\n'])
def test_groups_that_cannot_be_read(host, text):
    (host.root / 'proc/net').mkdir(parents=True, exist_ok=True)
    (host.root / 'proc/net/igmp').write_text(text)
    [error] = host.take()['errors']
    assert error == {'aspect': 'net', 'message': 'the multicast groups in %s/proc/net/igmp cannot be read' % host.root}


@pytest.mark.parametrize('kind, unshown', [('tcp reset', UNSHOWN), ('icmp', [])])
def test_conditions_that_nft_leaves_out_are_asked_for_where_there_may_be_some(host, kind, unshown):
    host.tables = [('inet', 't')]
    host.tools = {'nft': nft({'rule': {'family': 'inet', 'table': 't', 'chain': 'c', 'handle': 3, 'expr': [
        {'reject': {'type': kind}}]}})}
    assert host.take()['unshown'] == unshown


@pytest.mark.parametrize('hook, devices', [('ingress', DEVICES), ('egress', DEVICES), ('input', [])])
def test_devices_are_asked_for_where_a_chain_is_for_some(host, hook, devices):
    host.tables, host.devices = [('netdev', 't')], DEVICES
    host.tools = {'nft': nft({'chain': {'family': 'netdev', 'table': 't', 'name': 'c', 'hook': hook}})}
    assert host.take()['devices'] == devices


@pytest.mark.parametrize('text, expected', [('0', False), ('1', True), (None, None)])
def test_whether_sockets_hear_a_vrf(host, text, expected):
    host.tools = {'nft': nft()}
    if text:
        host.write('sys/net/ipv4/tcp_l3mdev_accept', text + '\n')
    assert host.take()['net']['l3mdev_accept'] == {'tcp': expected, 'udp': None}


def test_kernel_without_tables_is_not_asked(host):
    host.absent, host.tables = True, AssertionError('it would load the module')
    assert host.take()['tables'] == []


@pytest.mark.parametrize(
    'objects, ran',
    [
        ([PLAIN], ['nft -j list ruleset']),
        ([PLAIN, XT], ['nft -j list ruleset', 'iptables-nft-save']),
        (
            [XT, {'rule': dict(XT['rule'], family='ip6')}],
            ['nft -j list ruleset', 'iptables-nft-save', 'ip6tables-nft-save'],
        ),
        ([{'rule': dict(XT['rule'], family='bridge')}], ['nft -j list ruleset']),
    ],
)
def test_saves_are_taken_only_for_what_nft_does_not_show(host, objects, ran):
    host.tables = [('ip', 'filter'), ('ip6', 'filter')]
    host.tools = {'nft': nft(*objects), 'iptables-nft-save': '*filter\n', 'ip6tables-nft-save': '*filter\n'}
    taken = host.take()
    assert (host.ran, taken['errors'], json.loads(taken['nft'])) == (ran, [], {'nftables': objects})
    assert sorted(taken['saves']) == sorted('ip6/nft' if '6' in name else 'ip/nft' for name in ran[1:])


@pytest.mark.parametrize('version, error', [
    ('iptables-save v1.8.9 (nf_tables)\n', None),
    ('iptables-save v1.8.9 (legacy)\n', 'it has rules, but iptables-nft-save is not installed to read them'),
    ('iptables-save v1.6.1\n', 'it has rules, but iptables-nft-save is not installed to read them'),
    ((2, '', 'unrecognized option\n'), 'iptables-save: unrecognized option'),
])
def test_backend_of_a_plain_save(host, version, error):
    host.tables = [('ip', 'filter')]
    host.tools = {'nft': nft(XT), 'iptables-save --version': version, 'iptables-save': '*filter\n'}
    taken = host.take()
    assert [noted['message'] for noted in taken['errors']] == ([error] if error else [])
    assert taken['saves'] == ({} if error else {'ip/nft': '*filter\n'})


def test_legacy_tables_are_read_only_where_there_are_any(host):
    host.write('net/ip_tables_names', 'filter\nnat\n')
    host.write('net/ip6_tables_names', '')
    host.tools = {'iptables-legacy-save': '*filter\n'}
    assert host.take()['saves'] == {'ip/legacy': '*filter\n'}
    assert host.ran == ['iptables-legacy-save']


def test_old_iptables_has_one_backend(host):
    host.write('net/ip6_tables_names', 'filter\n')
    host.tools = {'ip6tables-save --version': 'ip6tables-save v1.6.1\n', 'ip6tables-save': '*filter\n'}
    assert host.take()['saves'] == {'ip6/legacy': '*filter\n'}


@pytest.mark.parametrize('rule, ran', [
    ('-A INPUT -m set --match-set bad src -j DROP', True), ('-A INPUT -m conntrack --ctstate NEW -j ACCEPT', False)])
def test_sets_are_read_where_a_rule_names_one(host, rule, ran):
    host.write('net/ip_tables_names', 'filter\n')
    host.tools = {'iptables-legacy-save': '*filter\n%s\n' % rule, 'ipset': 'create bad hash:ip\n'}
    assert host.take()['ipset'] == ('create bad hash:ip\n' if ran else None)
    assert ('ipset save' in host.ran) == ran


def test_sets_without_their_tool(host):
    host.write('net/ip_tables_names', 'filter\n')
    host.tools = {'iptables-legacy-save': '-A INPUT -m set --match-set bad src -j DROP\n'}
    assert host.take()['errors'] == [
        {'aspect': 'ipset', 'message': 'rules use its sets, but ipset is not installed to read them'}
    ]


@pytest.mark.parametrize(
    'tables, rules, version, error',
    [
        ([('ip', 'filter'), ('bridge', 'filter')], (set(), False), '', None),
        ([('ip', 'filter')], (set(), True), 'iptables-nft-save v1.8.8 (nf_tables)', None),
        (
            [('ip', 'filter')],
            (set(), True),
            'iptables-nft-save v1.8.7 (nf_tables)',
            'there are rules that this iptables cannot show, but nft is not installed to read them; install nftables',
        ),
        (
            [('ip', 'filter')],
            ({('ip', 'filter', 'INPUT')}, False),
            '',
            'there are rules that iptables cannot show, but nft is not installed to read them; install nftables',
        ),
        (
            [('inet', 'filter')],
            (set(), False),
            '',
            'there are tables, but nft is not installed to read them; install nftables',
        ),
        (
            [('ip', 'mine')],
            (set(), False),
            '',
            'there are tables, but nft is not installed to read them; install nftables',
        ),
        (
            [('netdev', 'filter')],
            (set(), False),
            '',
            'there are tables, but nft is not installed to read them; install nftables',
        ),
    ],
)
def test_without_nft(host, tables, rules, version, error):
    host.tables, host.rules = tables, rules
    host.tools = {'iptables-nft-save --version': version, 'iptables-nft-save': '*filter\n'}
    taken = host.take()
    assert taken['nft'] is None and taken['tables'] == [list(table) for table in tables]
    assert [noted['message'] for noted in taken['errors']] == ([error] if error else [])
    assert taken['saves'] == ({} if error else {'ip/nft': '*filter\n'})


def test_flags_of_tables(host):
    host.tables, host.flags = [('inet', 'x'), ('ip', 'filter')], {('ip', 'filter'): 1}
    host.tools = {'nft': nft(PLAIN)}
    assert host.take()['table_flags'] == [['ip', 'filter', 1]]


def test_without_nft_nothing_tells_that_a_table_is_dormant(host):
    host.tables, host.flags = [('ip', 'filter')], {('ip', 'filter'): 1}
    host.tools = {'iptables-nft-save': '*filter\n'}
    taken = host.take()
    assert taken['saves'] == {}
    assert [noted['message'] for noted in taken['errors']] == [
        'there are tables, but nft is not installed to read them; install nftables']


def test_without_nft_and_iptables(host):
    host.tables = [('ip6', 'nat')]
    assert host.take()['errors'] == [
        {'aspect': 'nft', 'message': 'it has rules, but ip6tables-nft-save is not installed to read them'}
    ]


@pytest.mark.parametrize('answer, message', [
    ((1, '', 'netlink: Error: cache initialization failed: Operation not permitted\nmore\n'),
     'nft: netlink: Error: cache initialization failed: Operation not permitted'),
    ((139, '', ''), 'nft: it failed'),
    ('"xt":', 'the output of nft could not be parsed'),
    ('[' * 100000 + '"xt":', 'the output of nft could not be parsed'),
    ('{"nftables": [3, "xt":]}', 'the output of nft could not be parsed'),
    ('{"nftables": [{"rule": {"expr": [{"xt": 1}]}}]}', 'the output of nft could not be parsed'),
    (OSError(2, 'No such file'), 'nft: [Errno 2] No such file'),
])
def test_nft_fails(host, answer, message):
    host.tables, host.tools = [('inet', 'x')], {'nft': answer}
    taken = host.take()
    assert taken['errors'] == [{'aspect': 'nft', 'message': message}]
    assert taken['net'] is not None


def test_a_command_hangs(host, monkeypatch):
    monkeypatch.setattr(commands, '_PATIENCE', 1.2)
    host.tables, host.tools = [('inet', 'x')], {'nft': HANGS}
    [error] = host.take()['errors']
    assert error['message'] == 'nft took longer than 1 second'


def test_a_command_prints_too_much(host, monkeypatch):
    monkeypatch.setattr(commands, '_MOST', 5)
    host.tables, host.tools = [('inet', 'x')], {'nft': '{"nftables": []}'}
    assert [error['message'] for error in host.take()['errors']] == [
        'the output of nft exceeds 0 MiB'
    ]


def test_commands_print_too_much_together(host, monkeypatch):
    host.tables = [('ip', 'filter')]
    host.tools = {'nft': nft(XT), 'iptables-nft-save': '*filter\n' * 20}
    monkeypatch.setattr(commands, '_MOST', len(nft(XT)) + 100)
    taken = host.take()
    assert [error['message'] for error in taken['errors']] == [
        'the output of iptables-nft-save exceeds 0 MiB'
    ]
    assert taken['saves'] == {}


def test_there_is_no_time_left(host, monkeypatch):
    monkeypatch.setattr(commands, '_PATIENCE', 0)
    host.tables, host.tools = [('inet', 'x')], {'nft': ''}
    assert [error['message'] for error in host.take()['errors']] == ['nft: not run, the time limit was reached']


def test_nothing_can_be_run(host):
    host.tables, host.tools, host.run = [('inet', 'x')], {'nft': ''}, None
    assert [error['message'] for error in host.take()['errors']] == ['nft: it cannot be run']


@pytest.mark.parametrize('error, uid, message', [
    (OSError(1, 'Operation not permitted'), 1000, 'nft: not root'),
    (OSError(1, 'Operation not permitted'), 0, 'nft: Operation not permitted'),
    (OSError(93, 'Protocol not supported'), 0, 'nft: Protocol not supported'),
    (NetlinkError('netlink was refused: x'), 0, 'nft: netlink was refused: x'),
])
def test_netlink_refuses(host, monkeypatch, error, uid, message):
    monkeypatch.setattr(_take.os, 'geteuid', lambda: uid)
    host.tables = error
    taken = host.take()
    assert (taken['tables'], taken['errors']) == (None, [{'aspect': 'nft', 'message': message}])


def test_legacy_names_may_not_be_read(host, monkeypatch):
    def refuse(path, *dummy):
        raise PermissionError(13, 'Permission denied')
    monkeypatch.setattr(_take, 'open', refuse, raising=False)
    monkeypatch.setattr(_take.os, 'geteuid', lambda: 7)
    messages = [error['message'] for error in host.take()['errors']]
    assert messages[0] == 'iptables: not root'


def test_settings_of_interfaces(host):
    host.write('sys/net/ipv4/conf/all/rp_filter', '2\n')
    host.write('sys/net/ipv4/conf/eth0.1/rp_filter', '1\n')
    host.write('sys/net/ipv4/conf/eth0.1/route_localnet', '1\n')
    host.write('sys/net/ipv6/conf/all/forwarding', '0\n')
    net = host.take()['net']
    assert net['rp_filter'] == {'eth0.1': 2}
    assert net['route_localnet'] == ['eth0.1']
    assert net['forwarding'] == {'ipv4': True, 'ipv6': False}


def test_settings_that_cannot_be_read(host):
    (host.root / 'proc/sys/net/ipv4/conf/eth0.1/rp_filter').unlink()
    taken = host.take()
    assert taken['net'] is None
    assert [error['aspect'] for error in taken['errors']] == ['net']


@pytest.mark.parametrize('tables, objects, save, tools, expected', [
    ([('inet', 'firewalld')], [], '', {}, ('running', 'absent')),
    ([], [], '*filter\n:INPUT_ZONES - [0:0]\n', {}, ('running', 'absent')),
    ([], [], '', {'firewall-cmd': '', 'ufw': ''}, ('not running', 'inactive')),
    ([], [], '*filter\n:ufw-user-input - [0:0]\n', {'ufw': ''}, ('absent', 'active')),
    ([('ip6', 'filter')], [{'chain': {'name': 'ufw6-user-input'}}], '', {}, ('absent', 'active')),
])
def test_managers(host, tables, objects, save, tools, expected):
    host.tables, host.tools = tables, dict(tools, nft=nft(*objects))
    if save:
        host.write('net/ip_tables_names', 'filter\n')
        host.tools['iptables-legacy-save'] = save
    managers = host.take()['tools']
    assert (managers['firewalld'], managers['ufw']) == expected


@pytest.mark.parametrize(
    'rule, translates',
    [
        ('-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80', True),
        ('-A INPUT -p tcp --dport 80 -j ACCEPT', False),
    ],
)
def test_what_is_behind_translated_ports(host, rule, translates):
    host.write('net/ip_tables_names', 'nat\n')
    host.write(
        '7/net/fib_trie',
        '  +-- 172.17.0.0/16 2 0 2\n     |-- 172.17.0.0\n        /16 link UNICAST\n'
        '     |-- 172.17.0.2\n        /32 host LOCAL\n',
    )
    host.write('7/net/if_inet6', 'fd000000000000000000000000000002 02 40 00 80     eth0\n')
    host.tools = {'iptables-legacy-save': '*nat\n%s\n' % rule}
    records = [
        {'namespace': None, 'owners': [{'pid': 9}]},
        {'namespace': 'net:[2]', 'owners': []},
        {'namespace': 'net:[3]', 'owners': [{'pid': 8}]},
        {'namespace': 'net:[1]', 'owners': [{'pid': 7}, {'pid': 9}]},
    ]
    taken = host.take(records=records, names=lambda: {(80, 'tcp'): 'http'})
    assert taken['elsewhere'] == ({'net:[1]': ['172.17.0.2', 'fd00::2'], 'net:[3]': []} if translates else {})
    assert taken['port_names'] == ({'tcp/80': 'http'} if translates else {})


def test_text_is_unicode(host):
    host.write('net/ip_tables_names', 'filter\n')
    host.tools = {'iptables-legacy-save': '-A INPUT -m comment --comment "\udcff" -j DROP\n'}
    assert '\ufffd' in host.take()['saves']['ip/legacy']
