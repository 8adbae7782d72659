# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much code a host compiles to look at its firewall: what an ordinary one has no use for is not loaded."""

import io
import json
import os
import pathlib
import struct
import subprocess
import sys
import tokenize

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall import snapshot
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    Link, attribute, done, ip, message
)

# Characters of code, without comments, docstrings and spaces: 15,571 and 2,390 in November 2026
MOST, MOST_OF_IPTABLES = 15900, 2450
# Looks, with answers of a kernel and of programs, and prints which files it took
SCRIPT = '''
import json, sys
from ansible_collections.listening.ports.plugins.module_utils import _netlink
given = json.loads(sys.argv[1])


class Link:
    def __init__(self, protocol):
        self.protocol = protocol

    def send(self, question):
        self.kind = question[4] + 256 * question[5]

    def recvmsg(self, size):
        return bytes.fromhex(given['answers']['%d %d' % (self.protocol, self.kind)]), [], 0, None

    def close(self):
        pass


_netlink.connect = Link
before = set(sys.modules)
from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import kernel, take
kernel.is_absent = lambda module='nf_tables': False
programs = given['programs']
taken = take.take(lambda words, **named: (0, programs[' '.join(words).rpartition('/')[2]], ''), proc=given['proc'])
assert not taken['errors'], taken['errors']
assert taken['net']['routes'] and taken['nft'] == programs.get('nft -j list ruleset'), taken
print(json.dumps([sys.modules[name].__file__ for name in set(sys.modules) - before if '.ports.' in name]))
'''
XFRM, NETFILTER, ROUTES = 6, 12, 0
FIRST = struct.pack('=I', 1)                            # the number of the only question on a connection


def address(text, index, prefix):
    raw = ip(text)
    return message(20, struct.pack('=BBBBI', 10 if len(raw) == 16 else 2, prefix, 0, 0, index)
                   + attribute(1, raw) + (attribute(2, raw) if len(raw) == 4 else b''))


def route(to, prefix, index, table=254, kind=1, via=None):
    raw = ip(to)
    return message(24, struct.pack('=BBBBBBBBI', 10 if len(raw) == 16 else 2, prefix, 0, 0, table, 0, 0, kind, 0)
                   + attribute(1, raw) + attribute(4, struct.pack('=I', index))
                   + (attribute(5, ip(via)) if via else b''))


def rule(priority, table, family=2, more=b''):
    return message(32, struct.pack('=BBBBBBBBI', family, 0, 0, 0, table, 0, 0, 1, 0)
                   + attribute(15, struct.pack('=I', table)) + attribute(6, struct.pack('=I', priority)) + more)


def link(index, name):
    return message(16, struct.pack('=BxHiII', 0, 1, index, 1, 0) + attribute(3, name + b'\0'))


RULES = [rule(0, 255), rule(32766, 254), rule(32767, 253), rule(0, 255, 10), rule(32766, 254, 10)]
NETWORK = {
    18: [link(1, b'lo'), link(2, b'eth0')],
    22: [address('127.0.0.1', 1, 8), address('::1', 1, 128), address('192.0.2.1', 2, 24), address('fe80::1', 2, 64)],
    26: [route('127.0.0.0', 8, 1, 255, 2), route('127.0.0.1', 32, 1, 255, 2), route('192.0.2.1', 32, 2, 255, 2),
         route('192.0.2.255', 32, 2, 255, 3), route('192.0.2.0', 24, 2), route('0.0.0.0', 0, 2, via='192.0.2.254'),
         route('::1', 128, 1, 255, 2), route('fe80::1', 128, 2, 255, 2), route('fe80::', 64, 2)],
    34: RULES,
}
PLAIN = {'rule': {'family': 'inet', 'table': 'filter', 'chain': 'input', 'expr': [{'accept': None}]}}
XT = {'rule': {'family': 'ip', 'table': 'filter', 'chain': 'INPUT', 'expr': [{'xt': {}}, {'accept': None}]}}
RESET = {'rule': {'family': 'inet', 'table': 'filter', 'chain': 'input', 'expr': [{'reject': {'type': 'tcp reset'}}]}}
POLICY = message(0x13, bytes(40) + struct.pack('=HBBBxxxiI', 2, 0, 0, 0, 0, 0) + bytes(96)
                 + struct.pack('=IIBBBBxxxx', 0, 1, 0, 1, 0, 0))


@pytest.fixture
def load(tmp_path):
    """A callable that looks at a host, from its rules and what else its kernel says; it returns characters by file."""
    proc = tmp_path / 'proc'
    for word in ('route_localnet', 'rp_filter'):
        for name in ('all', 'eth0'):
            path = proc / 'sys/net/ipv4/conf' / name / word
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('0\n')
    programs = tmp_path / 'bin'
    programs.mkdir()
    for name in ('nft', 'iptables-nft-save'):
        (programs / name).write_text('')
        (programs / name).chmod(0o755)

    def load(*rules, **more):
        network = dict(NETWORK)
        network.update(more.get('network', {}))
        answers = {'%d %d' % (ROUTES, kind): messages for kind, messages in network.items()}
        answers['%d %d' % (XFRM, 0x15)] = more.get('policies', [])
        for kind in (4, 7):
            answers['%d %d' % (NETFILTER, 10 << 8 | kind)] = []
        family = {'inet': 1, 'ip': 2}[rules[0]['rule']['family']] if rules else None
        answers['%d %d' % (NETFILTER, 10 << 8 | 1)] = [
            message(10 << 8, bytes([family, 0, 0, 0]) + attribute(1, b'filter\0'))] if rules else []
        given = {
            'answers': {question: Link.numbered(b''.join([*messages, done()]), FIRST).hex()
                        for question, messages in answers.items()},
            'programs': {'iptables-nft-save': '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n'}, 'proc': str(proc)}
        if rules:
            given['programs']['nft -j list ruleset'] = json.dumps({'nftables': list(rules)})
        looked = subprocess.run(
            [sys.executable, '-c', SCRIPT, json.dumps(given)], stdout=subprocess.PIPE, check=True, timeout=60,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path), PATH=str(programs)))
        files = [pathlib.Path(name) for name in json.loads(looked.stdout.decode())]
        return {file.name: size for file in files for size in [characters(file.read_text(encoding='utf-8'))] if size}
    return load


def characters(text):
    """int: how many characters of a text Python compiles to something: no comments, docstrings or spaces."""
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    total, last = 0, tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_docstring = token.type == tokenize.STRING and last in skipped
        if token.type not in skipped and not is_docstring:
            total += len(token.string)
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            last = token.type
    return total


def test_characters():
    assert characters('"""Doc."""\n\nx = 1  # no\n\n\ndef f():\n    """Doc."""\n    return "a b"\n') == 3 + 7 + 11


@pytest.mark.parametrize('rules', [(), (PLAIN,) * 20], ids=['no rules', 'some rules'])
def test_an_ordinary_host(load, rules):
    loaded = load(*rules)
    assert set(loaded) == {'take.py', 'commands.py', 'kernel.py', 'network.py', 'groups.py', 'beside.py'}
    assert sum(loaded.values()) <= MOST, sorted(loaded.items())


def test_a_host_with_rules_of_iptables(load):
    usual = load()
    more = {name: size for name, size in load(XT).items() if name not in usual}
    assert set(more) == {'iptables.py', 'raw_rules.py'}
    assert more['iptables.py'] <= MOST_OF_IPTABLES


@pytest.mark.parametrize('rules, more, files', [
    ((RESET,), {}, {'raw_rules.py'}),
    ((), {'policies': [POLICY]}, {'ipsec.py'}),
    ((), {'network': {34: [*RULES, rule(100, 7)]}}, {'routing_rules.py'}),
    ((), {'network': {26: [*NETWORK[26], route('203.0.113.0', 24, 1, 255, 2)]}},
     {'local.py', 'routing_rules.py', 'intervals.py', 'networks.py'})])
def test_a_host_loads_more_where_there_is_something_that_needs_it(load, rules, more, files):
    assert set(load(*rules, **more)) - set(load()) == files


def test_all_files_are_known(load):
    """What is new in this room is loaded by all hosts, or by those that are tried here."""
    known = {'iptables.py', 'raw_rules.py', 'ipsec.py', 'routing_rules.py', 'local.py', 'translation.py', '__init__.py'}
    of_room = {path.name for path in pathlib.Path(snapshot.__file__).parent.glob('*.py')}
    assert of_room == known | set(load())
