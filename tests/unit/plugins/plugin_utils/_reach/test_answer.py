# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host reaches a listener, by what both firewalls say."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._probes.plan import Target, literal, plan
from ansible_collections.listening.ports.plugins.plugin_utils._reach import answer
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._reach.reaching import (
    EVERYBODY, asked, host, listens, planned, sent
)

WEB = host(addresses=['10.0.0.7/24'])


@pytest.mark.parametrize('source, listener, word, because', [
    (WEB, listens(EVERYBODY), 'yes', ''),
    (WEB, listens('10.0.0.7/32'), 'yes', ''),
    (WEB, listens('10.0.0.8/32'), 'no', 'blocked by db'),
    (WEB, listens(), 'no', 'blocked by db (policy drop)'),
    (WEB, listens(undecided=[{'sources': [EVERYBODY], 'reason': 'the mark of the packet is unknown'}]), 'unknown',
     'whether db lets it in is not decided (the mark of the packet is unknown)'),
    # what the source lets out
    (host(addresses=['10.0.0.7/24'], outgoing=[sent(allowed=(), blocked_by='policy drop')]), listens(EVERYBODY), 'no',
     'it does not send there (policy drop)'),
    (host(addresses=['10.0.0.7/24'], outgoing=[sent(allowed=['192.0.2.0/24'])]), listens(EVERYBODY), 'no',
     'it does not send there (no route leads there)'),
    (host(addresses=['10.0.0.7/24'], outgoing=[sent([[1, 5431], [5433, 65535]], allowed=()), sent([[5432, 5432]])]),
     listens(EVERYBODY), 'yes', ''),
    (host(addresses=['10.0.0.7/24'], outgoing=[sent(undecided=[{'sources': ['10.0.0.0/8'], 'reason': 'a set'}])]),
     listens(EVERYBODY), 'unknown', 'whether it sends there is not decided (a set)'),
    (host(addresses=['10.0.0.7/24'], outgoing=None), listens(EVERYBODY), 'unknown',
     'what it lets out was not gathered'),
    (host(addresses=['10.0.0.7/24'], outgoing=[]), listens(EVERYBODY), 'unknown', 'what it lets out is not known'),
    # a no of one of them is enough
    (host(addresses=['10.0.0.7/24'], outgoing=None), listens(), 'no', 'blocked by db (policy drop)'),
    (host(addresses=['10.0.0.7/24'], outgoing=[sent(allowed=())]),
     listens(undecided=[{'sources': [EVERYBODY], 'reason': 'x'}]), 'no',
     'it does not send there (no route leads there)'),
    # from which address it comes
    (host(addresses=['10.0.0.7/24', '192.0.2.7/24']), listens('10.0.0.7/32'), 'yes', ''),
    (host(addresses=['172.16.0.7/24', '192.0.2.7/24']), listens('172.16.0.7/32'), 'unknown',
     'it depends on the address from which it comes whether db lets it in'),
    (host(addresses=['172.16.0.7/24', '192.0.2.7/24']), listens('198.51.100.0/24'), 'no', 'blocked by db'),
    (host(addresses=['fd00::7/64']), listens(EVERYBODY), 'no', 'it has no address of IPv4'),
    (host(addresses=['169.254.3.3/16']), listens(EVERYBODY), 'no', 'it has no address of IPv4'),
    (None, listens(EVERYBODY), 'unknown', 'no route to it'),
])
def test_answers(source, listener, word, because):
    assert asked(source, listener) == [(word, because)]


def test_addresses_that_are_not_known():
    source = host()
    source['system']['local_addresses'] = None
    assert asked(source, listens(EVERYBODY)) == [('unknown', 'its addresses are not known')]
    rows = answer.ask(plan([Target('db', host(listens(EVERYBODY)), None, ['db.example.org'])]),
                      [answer.Source('web', WEB)])
    assert [row.answers[0].because for row in rows] == ['the address of db is not known']


def test_the_host_itself_is_no_source():
    assert asked(host(), listens(), name='db') == [('itself', '')]


def test_one_address_that_is_reached_is_enough():
    target = host(listens('10.0.0.0/24'), addresses=['10.0.0.5/24', '192.0.2.5/24'])
    [row] = answer.ask(planned(db=target), [answer.Source('web', WEB)])
    assert [way[0].word for way in row.ways] == ['yes', 'yes'] and len(row.items) == 2
    source = host(addresses=['10.0.0.7/24'], outgoing=[sent(allowed=['10.0.0.0/24'])])
    [row] = answer.ask(planned(db=target), [answer.Source('web', source)])
    assert [way[0].word for way in row.ways] == ['yes', 'no'] and row.answers[0].word == 'yes'


def test_a_long_set_of_which_nobody_knows_the_addresses():
    part = {'set': 'de', 'family': 'ipv4', 'elements': 9000, 'key': 'ipv4-1'}
    source = host(addresses=['10.0.0.7/24'], outgoing=[sent(allowed=(), allowed_sets=[part])])
    assert asked(source, listens(EVERYBODY)) == [('unknown', 'the addresses of a set of its firewall are not known')]
    source['firewall'] = {'backends': [], 'default': 'drop', 'rules': 1, 'sets': {'ipv4-1': '10.0.0.0-10.0.0.9'}}
    assert asked(source, listens(EVERYBODY)) == [('yes', '')]


def test_text_of_hosts_is_harmless():
    source = host(addresses=['10.0.0.7/24'], outgoing=[sent(allowed=(), blocked_by='a\x1b[31m\nrule')])
    [(dummy, because)] = asked(source, listens(EVERYBODY))
    assert because == 'it does not send there (a\\x1b[31m rule)'


def test_too_many_questions(monkeypatch):
    monkeypatch.setattr(answer, 'MOST_QUESTIONS', 1)
    with pytest.raises(ValueError, match='1 endpoints and 2 hosts are too many questions for one report'):
        answer.ask(planned(db=host(listens(EVERYBODY))), [answer.Source('web', WEB), answer.Source('app', WEB)])


@pytest.mark.parametrize('addresses, to, wanted', [
    (['10.0.0.7/24', '192.0.2.7/24'], '10.0.0.5', ['10.0.0.7']),
    (['10.0.0.7/24', '192.0.2.7/24'], '198.51.100.1', ['10.0.0.7', '192.0.2.7']),
    (['10.0.0.7/32', '192.0.2.7/24'], '10.0.0.8', ['10.0.0.7', '192.0.2.7']),
    (['fe80::7%eth0/64', 'fd00::7/64'], 'fd00::1', ['fd00::7']),
    (['fe80::7%eth0/64'], 'fe80::1', ['fe80::7']),
    (['nonsense', '10.0.0.7'], '10.0.0.5', ['10.0.0.7']),
])
def test_the_addresses_from_which_a_host_sends(addresses, to, wanted):
    assert answer.sending(host(addresses=addresses), literal(to)) == wanted
