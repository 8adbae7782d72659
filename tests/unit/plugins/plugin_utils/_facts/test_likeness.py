# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners that are alike: what was checked once is no reason to believe anything else."""

import json
import random

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check, likeness, texts
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._facts import alike
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._facts.alike import (
    EXPOSURE, HOST, changes, sent, text_of
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener, owner


def outcome(data):
    """What becomes of a record: what is left of its facts, or why they are refused."""
    try:
        return 'accepted', json.dumps(check.check(check.decoded(data)['facts']))
    except (Fault, KeyError, TypeError) as fault:       # of a record that is none, too
        return 'refused', repr(str(fault))


def without_likeness(data, monkeypatch):
    """The same, where each record is decoded and checked as a whole."""
    with monkeypatch.context() as patched:
        patched.setattr(check._likenesses, 'decoded', lambda data: None)
        return outcome(data)


@pytest.fixture
def known(monkeypatch):
    """What knows no listener."""
    made = likeness.Likenesses(check._listener, check._contradiction, check._pid, check._started, check._port)
    monkeypatch.setattr(check, '_likenesses', made)
    return made


def read(given):
    """The likenesses of the listeners of a host, once its record is read."""
    facts_of_host = check.decoded(text_of(given))['facts']
    assert check.check(facts_of_host) == sent(given)
    return check.likenesses(facts_of_host)


def test_the_same_becomes_of_whatever_is_sent_by_a_host_that_is_like_another_one(known, monkeypatch):
    kinds = set()
    for dummy in range(2):
        read(HOST)
    for path, given in changes():
        data = text_of(given)
        wanted = without_likeness(data, monkeypatch)
        # once before it was met, and once after
        assert outcome(data) == wanted, path
        assert outcome(data) == wanted, path
        kinds.add(wanted[0])
        known._credit = texts.Credit()
    assert kinds == {'accepted', 'refused'}
    assert None not in read(HOST)


def test_so_it_is_with_a_text_that_was_written_in_another_way(known, monkeypatch):
    chance = random.Random(4)
    known_well = 0
    for dummy in range(1500):
        data = alike.spoiled(chance)
        read(HOST)
        known_well += None not in check._likenesses._read.likenesses
        assert outcome(data) == without_likeness(data, monkeypatch), data
        known._credit = texts.Credit()
    assert known_well > 1450


def test_what_differs_from_host_to_host_makes_no_other_listener(known):
    other = sent(HOST)
    first, second, third, *dummy = other['listeners']
    first['owners'][0].update(pid=4711, started='2026-11-21T00:00:00Z')
    second.update(address='192.0.2.9', id='tcp/192.0.2.9:80')
    second['owners'][1].update(pid=8)
    third.update(port=50000, id='udp/0.0.0.0:50000')
    assert read(HOST) == [None] * 5         # they are met
    one = read(HOST)
    assert len(set(one)) == 5 and None not in one
    assert read(other) == one


@pytest.mark.parametrize('change', [
    {'port': 2222, 'id': 'tcp/0.0.0.0:2222'}, {'service': 'x'}, {'owners': [owner(pid=1)]}, {'backlog': None},
    {'accepts_ipv4': None}, {'owners_total': 9}, {'exposure': dict(EXPOSURE, decided_by='another')},
], ids=str)
def test_whatever_else_differs_does(known, change):
    one, other = facts(listener(exposure=EXPOSURE)), facts(dict(listener(exposure=EXPOSURE), **change))
    likenesses = [read(given) for given in (one, other) * 2]
    assert likenesses[2] != likenesses[3] and [None] not in likenesses[2:]


def test_likenesses_are_those_of_the_record_that_was_read_last(known):
    before, after = (check.decoded(text_of(HOST))['facts'] for dummy in range(2))
    check.check(after)
    assert check.likenesses(after)
    check.check(before)
    assert check.likenesses(before) is None
    assert check.decoded(b'{}') == {}
    assert check.likenesses(after) is None


def test_two_that_are_called_the_same_are_refused_though_each_is_known(known):
    for dummy in range(2):
        read(HOST)
    twice = check.decoded(text_of(dict(HOST, listeners=[*HOST['listeners'], HOST['listeners'][0]])))['facts']
    with pytest.raises(Fault, match=r'listeners\[5\]\.id: occurs twice'):
        check.check(twice)


def test_no_more_is_kept_than_there_is_room_for(known, monkeypatch):
    monkeypatch.setattr(likeness, '_MOST', 10)
    for port in range(1, 100):
        for service in ('x', 'x%d' % port):
            read(facts(listener(port=port, service=service)))
            assert len(known._forms) <= 10 and known._kept <= 11


def test_where_hosts_have_nothing_in_common_that_is_looked_for_now_and_then(known, monkeypatch):
    monkeypatch.setattr(texts, '_CREDIT', 10)
    known._credit = texts.Credit()
    tried = 0
    for host in range(100):
        record = facts(*(listener(port=port, service='x%d' % host) for port in range(1, 31)))
        tried += read(record) is not None
    assert 20 < tried < 60
    tried = sum(read(facts(*(listener(port=port) for port in range(1, 31)))) is not None for dummy in range(100))
    assert tried > 90


def test_an_empty_host_and_one_without_facts_are_read_as_any_other(known):
    assert read(facts()) is None
    assert check.decoded(b'{"facts":null}') == {'facts': None}
