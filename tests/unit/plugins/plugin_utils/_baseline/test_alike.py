# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners that are alike on many hosts: what was worked out for one host is the same as if it were the only one."""

import copy
import json
import random

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._baseline import packing, pieces, proof, things
from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._baseline import composing
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

LINES = (
    'tcp 0.0.0.0:22 sshd[{pid}]/root ssh.service from=10.0.0.0/8', 'tcp [::]:22 sshd[{pid}]/root ssh.service dual',
    'tcp 10.0.0.{host}:22 dropbear[{pid}]/root',
    'tcp 10.0.0.{host}:5432 postgres[{pid}]/postgres db.service from=nobody',
    'tcp 127.0.0.1:25 master/root postfix.service', 'tcp 0.0.0.0:4444 nc/nobody exe=/tmp/.x/nc',
    'tcp 0.0.0.0:{port} app[{pid}]/app exe=/opt/app', 'udp 0.0.0.0:{port} avahi[{pid}]/avahi avahi-daemon.service',
    'udp 0.0.0.0:68 networkd[{pid}]/networkd systemd-networkd.service', 'tcp 0.0.0.0:80 hidden',
    'tcp 0.0.0.0:81 app/root docker:0123456789ab', 'tcp 0.0.0.0:9000 docker-proxy/root from=anyone',
    'tcp 0.0.0.0:111 systemd[{pid}]/root init.scope by=rpcbind.socket',
    'udp 0.0.0.0%lan0:67 dnsmasq/root dnsmasq.service',
)


def read(facts):
    """Facts as they are read of a record, and what their listeners have in common with others."""
    text = json.dumps({'facts': facts, 'judgement': None}, separators=(',', ':')).encode('ascii')
    made = check.check(check.decoded(text)['facts'])
    return made, check.likenesses(made) or ()


def host(chance, number):
    """The facts of a host that has some of the lines: other pids, ports and ranges than others."""
    lines = [line.format(pid=chance.choice((1, 7, 700 + number)), host=5 + number % 3,
                         port=chance.randrange(40000, 40009)) for line in chance.sample(LINES, 9)]
    facts = building.facts(lines, complete={'units': chance.choice((True, True, None))}, system={
        'ephemeral_ports': chance.choice(([32768, 60999], [50000, 60999]))})
    for listener in facts['listeners']:
        for owner in listener['owners']:
            owner['started'] = chance.choice((None, '2026-11-19T08:00:00Z', '2026-11-19T08:00:%02dZ' % number))
    return facts


@pytest.mark.parametrize('wanted', [
    pieces.Wanted(), pieces.Wanted(loopback=False, exposure=False), pieces.Wanted(doubtful=True)])
def test_the_same_is_made_of_a_host_whether_or_not_others_are_like_it(wanted):
    chance = random.Random('alike')
    known = 0
    for number in range(60):
        facts, alike = read(host(chance, number))
        known += sum(likeness is not None for likeness in alike)
        made, alone = (proof.Host.of('a', each, composing.declared({}), composing.NOW, wanted, None, likenesses)
                       for each, likenesses in ((facts, alike), (copy.deepcopy(facts), ())))
        assert made.seen == alone.seen
        assert json.dumps(made.unpacked) == json.dumps(alone.unpacked) == json.dumps(facts)
    assert known > 300


def test_of_listeners_that_are_alike_little_is_kept():
    chance = random.Random('room')
    lines = ['tcp 0.0.0.0:%d app/root app%d.service from=10.0.0.0/8' % (port, port) for port in range(8000, 8060)]
    sizes = []
    for dummy in range(4):
        facts, alike = read(building.facts(chance.sample(lines, len(lines))))
        sizes.append(len(packing.packed(facts, alike)))
    assert sizes[3] < 0.6 * sizes[0]


def test_of_listeners_that_have_no_others_no_more_is_kept(monkeypatch):
    """Ten thousand hosts may have a hundred thousand of them."""
    monkeypatch.setattr(packing._Kept, 'models', [])
    monkeypatch.setattr(packing._Kept, 'numbers', {})
    for number in range(20):
        facts, alike = read(building.facts(['tcp 127.0.0.1:%d lonely/root' % (5000 + number), LINES[4]]))
        assert packing.unpacked(packing.packed(facts, alike)) == facts
    assert [model['port'] for model in packing._Kept.models] == [25]


def test_where_there_is_no_room_for_more_facts_are_kept_whole(monkeypatch):
    monkeypatch.setattr(packing, '_MOST', 1)
    monkeypatch.setattr(packing._Kept, 'models', [])
    monkeypatch.setattr(packing._Kept, 'numbers', {})
    for dummy in range(4):
        facts, alike = read(building.facts([LINES[4], 'tcp 0.0.0.0:993 imap/root imap.service']))
        assert packing.unpacked(packing.packed(facts, alike)) == facts
    assert len(packing._Kept.models) == 1


def test_a_long_set_of_one_host_says_nothing_of_that_of_another_one():
    """The listeners are alike to the letter, and the addresses of the set are elsewhere in the facts."""
    found = []
    part = {'set': 'set geo', 'family': 'ipv4', 'elements': 6001, 'key': 'ipv4-1'}
    for addresses in ('10.1.0.0-10.1.0.9', '10.1.0.0-10.1.0.9', '192.0.2.0-192.0.2.9'):
        facts = building.facts(['tcp 0.0.0.0:22 sshd/root ssh.service from=10.0.0.0/8'])
        facts['listeners'][0]['exposure']['allowed_sets'] = [part]
        facts['firewall'] = {'backends': ['nftables'], 'default': 'drop', 'rules': 1, 'sources': None,
                             'sets': {'ipv4-1': addresses}}
        facts, alike = read(facts)
        seen = things.seen(facts, proof.Policy.of(composing.declared({})), composing.NOW, composing.ALL, alike)
        found.append(seen.pieces[0].sources)
    assert found == [('10.0.0.0/8',), ('10.0.0.0/8',), None]
