# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners that nobody seems to own: a second look, evidence of the kernel, and gaps."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._owners import second_look, walk as _walk
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import gaps_of, listener, new_gaps


def walk_of(**state):
    walk = _walk.Walk()
    for name, value in state.items():
        setattr(walk, name, value)
    return walk


class Host:
    """What the kernel says that it listens on, and the outcome of the second walk."""

    def __init__(self, *evidence, **state):
        self._evidence, self._outcome = set(evidence), walk_of(**state)
        self.asked, self.walks, self.looks = [], [], []
        self.registered, self.of_mptcp = ({}, False), set()

    def kernel(self, namespaces):
        self.asked.append(namespaces)
        return self._evidence

    def walk(self, inodes, budget, tables=None):
        self.walks.append((inodes, budget, tables is not None))
        return self._outcome

    def paths(self):
        return self.of_mptcp

    def rings(self, inodes, budget):
        self.looks.append((inodes, budget))
        return self.registered


@pytest.mark.parametrize('given, evidence, held_by', [
    (listener('udp', port=4789), (None, 'udp', 'ipv4', 4789), 'kernel'),
    (listener('udp', port=4789), (None, 'tcp', 'ipv4', 4789), 'unknown'),
    (listener('udp', port=4789), (None, 'udp', 'ipv6', 4789), 'unknown'),
    (listener('udp', port=4789), (None, 'udp', 'ipv4', 4790), 'unknown'),
    (listener('udp', port=4789, namespace='x'), (None, 'udp', 'ipv4', 4789), 'unknown'),
    (listener('udp', port=4789, address='127.0.0.1'), (None, 'udp', 'ipv4', 4789), 'unknown'),
])
def test_kernel_on_evidence_only(given, evidence, held_by):
    host = Host(evidence)
    left = second_look.look_again([given], walk_of(), 10, lambda rest: rest, host)
    assert given['record']['held_by'] == held_by
    assert left == ([] if held_by == 'kernel' else [given])
    assert host.asked == [{given['record']['namespace']}]


@pytest.mark.parametrize('given, held_by', [
    (listener(address='192.0.2.1', port=12345), 'kernel'),
    (listener(address='192.0.2.1', port=12346), 'unknown'),
    (listener(address='192.0.2.2', port=12345), 'unknown'),
    (listener('udp', address='192.0.2.1', port=12345), 'unknown'),
    (listener(address='192.0.2.1', port=12345, namespace='x'), 'unknown'),
])
def test_paths_of_mptcp(given, held_by):
    host = Host()
    host.of_mptcp = {('192.0.2.1', 12345)}
    second_look.look_again([given], walk_of(), 10, lambda rest: rest, host)
    assert given['record']['held_by'] == held_by


def test_a_process_beats_the_evidence():
    host = Host((None, 'udp', 'ipv4', 4789))
    given = listener('udp', port=4789, inodes=(1, 2))
    given['record'].update(owners=[{'pid': 5}], held_by='processes')
    assert second_look.look_again([given], walk_of(), 10, lambda rest: rest, host) == [given]
    assert given['record']['held_by'] == 'processes'


def test_second_look():
    host = Host(owners={1: [7, 3], 2: [4]})
    walk = walk_of(owners={1: [5]})
    filled = []
    left = second_look.look_again([listener(inodes=(1, 2))], walk, 10,
                                  lambda rest: filled.append(rest) or [], host)
    assert host.walks == [({1, 2}, 10, True)]
    assert walk.owners == {1: [3, 5, 7], 2: [4]}
    assert len(filled) == 1 and left == []
    assert not host.looks


@pytest.mark.parametrize('is_exhausted', [False, True])
def test_rings_are_looked_into_last(is_exhausted):
    host, walk, given = Host(owners={1: [7]}), walk_of(), listener(inodes=(1, 2))
    host.registered = {1: [8], 2: [9]}, is_exhausted
    left = second_look.look_again(
        [given], walk, 10, lambda rest: [] if 2 in walk.owners else rest, host)
    assert host.looks == [({1, 2}, 10)]
    assert (walk.owners, left, walk.whole) == ({1: [7], 2: [9]}, [], not is_exhausted)


def test_rings_are_no_matter_where_the_second_look_is_not_whole():
    host = Host(refused={10})
    second_look.look_again([listener()], walk_of(), 10, lambda rest: rest, host)
    assert not host.looks


@pytest.mark.parametrize('state', [{'refused': {10}}, {'exhausted': True}])
def test_second_look_that_is_not_whole_is_not_forgotten(state):
    walk = walk_of()
    second_look.look_again([listener()], walk, 10, lambda rest: rest, Host(**state))
    assert not walk.whole


@pytest.mark.parametrize('state', [{'refused': {10}}, {'exhausted': True}, {'hidden': True}, {'error': 'none'}])
def test_no_second_look_where_it_could_prove_nothing(state):
    host, given = Host(), listener()
    assert second_look.look_again([given], walk_of(**state), 10, lambda rest: [], host) == [given]
    assert host.walks == []


def note(unowned, unreadable=0, root=True, **state):
    gaps = new_gaps(root)
    second_look.note(unowned, walk_of(**state), unreadable, gaps)
    return gaps


TWO = [listener(), listener(port=81)]


@pytest.mark.parametrize('unowned, state, expected', [
    ([], {}, {}),
    (TWO, {}, {'owners_not_found': 2}),
    (TWO[:1], {}, {'owners_not_found': 1}),
    (TWO, {'refused': {10, 11, 12}}, {'owners_hidden': 2}),
    ([], {'refused': {10, 11, 12}}, {'owners_hidden': 0}),
    (TWO, {'hidden': True}, {'owners_hidden': 2}),
    ([], {'hidden': True}, {'owners_hidden': 0}),
    (TWO, {'hidden': True, 'refused': {10}}, {'owners_hidden': 2}),
    (TWO, {'exhausted': True}, {'fd_budget': 2}),
    ([], {'exhausted': True}, {'fd_budget': 0}),
    (TWO, {'exhausted': True, 'refused': {10}}, {'fd_budget': 2, 'owners_hidden': 2}),
    (TWO, {'exhausted': True, 'hidden': True}, {'fd_budget': 2, 'owners_hidden': 2}),
    (TWO, {'error': 'not mounted'}, {'proc_unreadable': 2}),
    (TWO, {'error': 'not mounted', 'refused': {10}, 'hidden': True}, {'proc_unreadable': 2}),
    ([], {'unreadable': 4}, {'process_unreadable': 4}),
    (TWO, {'unreadable': 4, 'refused': {10}}, {'owners_hidden': 2, 'process_unreadable': 4}),
])
def test_note(unowned, state, expected):
    gaps = note(unowned, **state)
    assert gaps_of(gaps) == {('owners', code): count for code, count in expected.items()}


@pytest.mark.parametrize('root, hint', [(True, 'CAP_SYS_PTRACE'), (False, 'become')])
@pytest.mark.parametrize('state', [{'refused': {10}}, {'hidden': True}, {'unreadable': 1}])
def test_note_hints_at_the_way_out(root, hint, state):
    assert [gap['hint'] for gap in note([], root=root, **state).found] == [hint]


@pytest.mark.parametrize('unowned, state, text', [
    (TWO[:1], {'refused': {10}}, '1 process could not be inspected; 1 listener has no visible owner'),
    (TWO, {'refused': {10, 11}}, '2 processes could not be inspected; 2 listeners have no visible owner'),
    ([], {'refused': {10, 11}}, 'there may be further owners'),
    (TWO, {'error': 'it is not mounted'}, 'it is not mounted'),
    (TWO, {'exhausted': True}, 'not every file descriptor was inspected'),
    (TWO, {}, 'a kernel service'),
    ([], {'unreadable': 4}, '4 owners'),
])
def test_note_in_words(unowned, state, text):
    assert text in note(unowned, **state).found[0]['message']
