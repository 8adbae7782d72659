# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host says of itself before it is asked, and the tables that it is tried with."""

import itertools
import re

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import ahead, names, rules, sample, table
from ansible_collections.listening.ports.plugins.module_utils._filter.refusal import Refusal
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._filter.machine import FIRST

# one address, two, a network, a range, and the last two together
NAMED = [['192.0.2.1', '2001:db8::1'], ['192.0.2.1', '192.0.2.3', '2001:db8::1', '2001:db8::3'],
         ['192.0.2.0/24', '2001:db8::/48'], ['192.0.2.1-192.0.2.9', '2001:db8::1-2001:db8::9'],
         ['192.0.2.1-192.0.2.9', '198.51.100.0/24', '2001:db8::1-2001:db8::9', '2001:db8:1::/48']]
SOURCES = [None, [], ['0.0.0.0/0'], ['::/0'], *NAMED]
VALUES = re.compile(r'(dport|proto-dst|saddr) (\{ .*? \}|\S+)')
STATEMENT = re.compile(
    r'SYN|comment|accept|iif "lo"|return|counter|reject with .*|jump \w+|goto \w+|chain \w+|type .*;'
    r'|meta \w+ \w+|ct state [a-z,]+|ct status & dnat .= dnat|ct original proto-dst \S+|\w+ [ds]port \S+'
    r'|\w+ saddr \S+')
PORTS = ([1], ['3-4'], [1, 3], [1, '3-4'])


def words(text):
    """What is said in a table: each statement, with the kinds of values that it has in place of these."""
    said = set()
    for line in text.splitlines():
        plain = re.sub(r'comment ".*"', 'comment', line.strip())
        plain = re.sub(r'tcp flags & \(.*?\) == syn', 'SYN', plain)
        said.update(STATEMENT.findall(VALUES.sub(lambda match: '%s %s' % (
            match.group(1), kinds(match.group(2))), plain)))
    return said


def kinds(value):
    """Which values a set has, or what a single one is."""
    parts = value.strip('{ }').split(', ')
    found = {'range' if '-' in part else 'network' if not part.endswith(('/32', '/128')) and '/' in part else 'one'
             for part in parts}
    # a set of single values is one kind to the kernel, and each that has a range or a network is another
    return ('set-of-ones' if found == {'one'} else 'set-of-spans') if '{' in value else found.pop()


def everything(others, published, reassemble, protocols):
    """All that rules about these protocols can say."""
    options = [{'protocol': protocol, 'ports': ports, 'sources': sources, 'comment': comment}
               for protocol in protocols for ports in PORTS for sources in SOURCES
               for comment in ('a comment', None)[sources is not None:]]
    return {word for option in options for word in words(
        table.table(rules.parse([option]), others, published, reassemble))}


def test_words_are_seen():
    """Else the test below would hold of nothing."""
    assert {'udp dport set-of-spans', 'ip saddr network', 'ip6 saddr range', 'meta nfproto ipv4', 'ct state new',
            'meta l4proto 132', 'ct original proto-dst range', 'comment', 'chain published', 'iif "lo"'} <= everything(
                'reject', True, True, names.PROTOCOLS)


def of_values(said):
    """What is said, but for whose ports they are: those of each protocol are compared alike."""
    return {re.sub('(?:sctp|dccp|udp|tcp) dport', 'dport', word) for word in said}


@pytest.mark.parametrize('others, published, reassemble', list(itertools.product(
    names.OTHERS, (False, True), (False, True))))
def test_what_rules_can_say_is_tried(others, published, reassemble):
    said = everything(others, published, reassemble, names.PROTOCOLS)
    assert of_values(said) <= of_values(words(sample.ALL))
    assert {word.split()[0] for word in said if 'dport' in word} <= {
        word.split()[0] for word in words(sample.ALL) if 'dport' in word}


def test_what_rules_about_tcp_can_say_is_tried():
    assert everything('accept', False, False, ['tcp']) <= words(sample.PLAIN)
    assert ' ct ' not in sample.PLAIN and words(sample.PLAIN) < words(sample.ALL)


class Tool:
    """What runs nft and unshare on a host.

    :ivar tried: the table that was tried last.
    """

    def __init__(self, code=0, programs=('nft', 'unshare')):
        self.code, self.programs, self.tried = code, programs, None

    def find(self, name):
        return name if name in self.programs else None

    def run(self, words, data=None, **dummy):
        assert words[4:] == ['unshare', '-n', 'nft', '-f', '-']         # never where somebody meets it
        self.tried = data
        return self.code, '', 'Error: so it is' if self.code else ''


@pytest.fixture
def beside(monkeypatch):
    """What is beside the rules of the host that is looked at."""
    from ansible_collections.listening.ports.plugins.module_utils._filter import surroundings
    found = {'kubelet': None, 'tracking': {'tracked': None}, 'original': None, 'devices': {}}
    monkeypatch.setattr(surroundings, 'look', lambda about: dict(found, original=about))
    return found


@pytest.mark.parametrize('tracks, tracked, expected', [
    (False, None, 'plain'), (False, 0, 'all'), (True, None, 'all'), (True, 7, 'all')])
def test_what_the_host_takes(beside, tracks, tracked, expected):
    """Nothing is tried that would have the kernel load what nobody uses, and no rule would."""
    tool = Tool()
    beside['tracking'] = {'tracked': tracked}
    said = ahead.look(tool.run, tool.find, FIRST, tracks)
    assert said['takes'] == expected and tool.tried == {'plain': sample.PLAIN, 'all': sample.ALL}[expected]
    assert said['connection'] == said['original'] == FIRST.about and said['devices'] == {}


def test_a_host_without_a_connection(beside):
    tool = Tool()
    assert ahead.look(tool.run, tool.find, None, False)['connection'] is None


@pytest.mark.parametrize('tool', [Tool(code=1), Tool(programs=('nft',))])
def test_a_host_that_does_not_take_it(beside, tool):
    assert ahead.look(tool.run, tool.find, FIRST, False) is None


def test_a_host_without_nft(beside):
    tool = Tool(programs=())
    with pytest.raises(Refusal):
        ahead.look(tool.run, tool.find, FIRST, False)
