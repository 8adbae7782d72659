# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking the firewall of a Windows host: what is asked once, and what is told apart."""

import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure.alike import Timeout
from ansible_collections.listening.ports.plugins.plugin_utils._windows.asker import (
    Asker, Questions, strangers, together
)
from ansible_collections.listening.ports.plugins.plugin_utils._windows.model import Outcome
from ansible_collections.listening.ports.plugins.plugin_utils._windows.network import network
from ansible_collections.listening.ports.plugins.plugin_utils._windows.policy import profiles
from ansible_collections.listening.ports.plugins.plugin_utils._windows.ways import Ways
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import firewalls, hosts

A, B, C = (iv.parse(text)[1] for text in ('10.0.0.0/8', '192.0.2.0/24', '198.51.100.0/24'))


def questions(*rules, seconds=10, **machine):
    raw = firewalls.host()
    return Questions(hosts.firewall(*rules, **machine), Ways(network(raw), profiles(raw['firewall'])), seconds)


def asker(*rules, who=None, **options):
    return Asker(questions(*rules, **options), lambda protocol, port: (who or hosts.holder(port, protocol),))


def test_one_question_is_put_once():
    one = asker(hosts.rule('Protocol=6', 'LPort=80'))
    answer, address, port = one.ask(4, 'tcp', 'lan', 5, 80)
    assert (address, port) == (5, 80) and answer.allowed == iv.full(4) and answer.translated_by is None
    assert one.ask(4, 'tcp', 'lan', 6, 80) == (answer, 5, 80)       # no rule tells these addresses apart
    assert one.ask(4, 'tcp', 'lan', 5, 81)[0] is not answer
    assert one.ask(4, 'tcp', 'lan', 5, 81) == one.ask(4, 'tcp', 'lan', 5, 65000)
    assert one.ask(4, 'udp', 'lan', 5, 80)[0].allowed == ()


def test_addresses_are_told_apart_by_rules_that_name_them():
    one = asker(hosts.rule('LA4=10.1.0.0/24'), hosts.rule('LA4=10.1.0.1'))
    classes = [one.address_class(4, iv.number(text)) for text in ('10.1.0.1', '10.1.0.2', '10.1.0.3', '10.2.0.1')]
    assert classes[1] == classes[2] and len(set(classes)) == 3
    assert asker().address_class(4, 1) == asker().address_class(4, 2)
    assert asker(hosts.rule('LA6=::1')).address_class(4, 1) == asker(hosts.rule('LA6=::1')).address_class(4, 2)


def test_interfaces_are_told_apart():
    one = asker(hosts.rule('Profile=Domain'))
    assert one.interface_class('lan') != one.interface_class('wan')
    assert one.ask(4, 'tcp', 'lan', 5, 80)[0].allowed and not one.ask(4, 'tcp', 'wan', 5, 80)[0].allowed


def test_there_is_no_time_left():
    one = asker(seconds=-1)
    with pytest.raises(Timeout):
        one.ask(4, 'tcp', 'lan', 5, 80)
    assert asker(seconds=60).ask(4, 'tcp', 'lan', 5, 80)


def test_ports_that_rules_open():
    one = strangers(questions(
        hosts.rule('Protocol=6', 'LPort=80-90', 'LPort=0-3'), hosts.rule('Protocol=6', 'LPort=85', action='Block'),
        hosts.rule('Protocol=6', 'LPort=7000', 'App=C:\\x.exe'), hosts.rule('Protocol=17', 'LPort=53')))
    assert list(one.pieces('filter', 4, 'tcp')) == [(1, 3), (80, 84), (85, 85), (86, 90)]
    assert list(one.pieces('filter', 6, 'udp')) == [(53, 53)]
    assert list(one.pieces('translate', 4, 'tcp')) == list(one.pieces('filter', 4, 'sctp')) == []
    assert one.unnamed('tcp') not in (*range(80, 91), 7000, 0) and one.unnamed('sctp') is None
    assert not one.ask(4, 'tcp', 'lan', 5, one.unnamed('tcp'))[0].allowed


@pytest.mark.parametrize('rules', [(), (hosts.rule('Protocol=6', 'LPort=1-60000'),),
                                   (hosts.rule('Protocol=6', 'LPort=0-65535'),)])
def test_a_port_like_most_others(rules):
    port = strangers(questions(*rules)).unnamed('tcp')
    assert 0 < port < 65536 and port == strangers(questions(*rules)).unnamed('tcp')


# Several holders of one port

def outcome(allowed, undecided=(), by='a', caveats=()):
    return Outcome(allowed, undecided, by, 'b', caveats)


def test_one_holder_is_answered_as_it_is():
    one = outcome(A)
    assert together([one]) is one and together([one, one]) is one


def test_who_gets_to_one_of_several_holders_may_get_there():
    joined = together([outcome(iv.union(A, B), caveats=('x',)), outcome(iv.union(A, C), [(B, 'why')], caveats=('y',))])
    assert joined.allowed == A and {reason: spans for spans, reason in joined.undecided} == {
        'why': B, 'it depends on which of the processes with this port gets the packet': C}
    assert (joined.allowed_by, joined.blocked_by, joined.caveats) == ('a', 'b', ('x', 'y'))
    assert together([outcome(A), outcome(B)]).allowed_by is None


def test_what_is_surely_let_in_to_all_is_allowed_whatever_else_is_not_known():
    joined = together([outcome(A), outcome((), [(iv.full(4), 'why')])])
    assert joined.allowed == () and joined.undecided[0] == (iv.full(4), 'why')


def test_many_addresses_are_limited_by_time():
    rules = [hosts.rule('Protocol=6', 'LPort=80', 'LA4=10.%d.0.0/16' % number) for number in range(200)]
    one = asker(*rules, seconds=.2)
    began = time.monotonic()
    with pytest.raises(Timeout):
        for address in range(10 << 24, 11 << 24, 4096):
            one.ask(4, 'tcp', 'lan', address, 80)
            time.sleep(.001)
    assert .1 < time.monotonic() - began < 20
