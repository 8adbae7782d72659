# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Windows host hands on: portproxy, and mappings of NAT."""

import json

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check as facts_check
from ansible_collections.listening.ports.plugins.plugin_utils._windows import check, facts, forwards
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts as hosts


def listed(host, **changed):
    """What a host hands on; ``host`` is a builder."""
    raw = check.check(json.loads(json.dumps(dict(host.firewall([]).build(), **changed))))
    records = facts.facts(raw)['listeners']
    made = forwards.forwards(raw, records)
    facts_check.judged({
        'forwarded': [dict(forward, exposure=samples.exposure()) for forward in made], 'openings': [],
        'firewall': {'backends': [], 'default': 'drop', 'rules': 0}})
    return made


def unseen(host, **changed):
    """Why there may be more."""
    return forwards.unseen(check.check(json.loads(json.dumps(dict(host.firewall([]).build(), **changed)))))


def proxied(listen='0.0.0.0/8088', connect='10.0.9.9/80', kind='v4tov4', pid=1120):
    """A server that hands on a port, for which a process listens."""
    host = hosts.Builder().base()
    host.socket('tcp', 8088, pid, 'iphlpsvc', v6=None)
    host.raw['portproxy'].append([kind, listen, connect])
    return host


def test_portproxy():
    (forward,) = listed(proxied())
    assert forward['id'] == 'tcp/0.0.0.0:8088'
    assert (forward['to'], forward['ports'], forward['proxy']) == ('10.0.9.9:80', '8088', 'tcp/0.0.0.0:8088')
    assert forward['decided_by'] == 'portproxy v4tov4'
    assert (forward['held_by'], forward['scope']) == ('unknown', 'any')


@pytest.mark.parametrize('listen, connect, key, to', [
    ('*/8088', 'web.example/80', 'tcp/0.0.0.0:8088', 'web.example:80'),
    ('10.0.3.8/8088', '10.0.9.9/80', 'tcp/10.0.3.8:8088', '10.0.9.9:80'),
    ('0.0.0.0/8088', '2001:db8::1/80', 'tcp/0.0.0.0:8088', '[2001:db8::1]:80'),
])
def test_notations(listen, connect, key, to):
    """A proxy on one address has a listener on all of them, or on its own."""
    (forward,) = listed(proxied(listen, connect))
    assert (forward['id'], forward['to'], forward['proxy']) == (key, to, 'tcp/0.0.0.0:8088')


def test_ipv6():
    host = hosts.Builder().base()
    host.socket('tcp', 8088, 1120, 'iphlpsvc', v4=None)
    host.raw['portproxy'].append(['v6tov4', '::/8088', '10.0.9.9/80'])
    (forward,) = listed(host)
    assert (forward['id'], forward['family'], forward['accepts_ipv4']) == ('tcp/[::]:8088', 'ipv6', False)
    assert forward['proxy'] == 'tcp/[::]:8088'


def test_what_nobody_listens_for_is_not_handed_on():
    host = proxied()
    host.raw['portproxy'].append(['v4tov4', '0.0.0.0/8089', '10.0.9.9/80'])
    assert [forward['port'] for forward in listed(host)] == [8088]


def test_what_somebody_else_listens_on_is_not_handed_on():
    """The service could not get the port."""
    assert listed(proxied(pid=1056)) == []


@pytest.mark.parametrize('changed', [
    {'tcp4': None}, {'errors': [['tcp4', 5, '']]}, {'tcp4': [], 'errors': [['sockets', 10, 'max_sockets']]}])
def test_it_may_be_handed_on_where_listeners_are_not_known(changed):
    (forward,) = listed(proxied(), **changed)
    assert forward['proxy'] == (None if 'tcp4' in changed else 'tcp/0.0.0.0:8088')


@pytest.mark.parametrize('changed', [{'services': None}, {'processes': None}, {'gather': ['firewall']}])
def test_whoever_is_not_known_may_be_the_proxy(changed):
    (forward,) = listed(proxied(pid=1056), **changed)
    assert forward['proxy'] == 'tcp/0.0.0.0:8088'


def test_several_of_one_port_are_one():
    """By rules for both families of targets: two records with one id would be refused."""
    host = proxied()
    host.raw['portproxy'].append(['v4tov6', '0.0.0.0/8088', '2001:db8::9/80'])
    host.raw['nat']['mappings'].append(['TCP', '0.0.0.0/8088', '172.20.0.9/80'])
    (forward,) = listed(host)
    assert forward['to'] == '10.0.9.9:80, [2001:db8::9]:80, 172.20.0.9:80'
    assert forward['decided_by'] == 'portproxy v4tov4, portproxy v4tov6, a static mapping of NAT'


def test_very_many_targets_are_cut():
    host = hosts.Builder().base()
    host.raw['nat']['mappings'] = [['TCP', '0.0.0.0/80', '10.0.0.%d/80' % number] for number in range(1, 60)]
    (forward,) = listed(host)
    assert forward['to'].count(',') == 20
    assert forward['to'].endswith(', ...')


@pytest.mark.parametrize('connect', ['127.0.0.1/8081', '10.0.3.8/8081'])
def test_a_port_that_leads_to_a_listener_of_the_host_is_served_by_it(connect):
    host = proxied(connect=connect)
    host.process(3300, 'nginx.exe', 'C:\\nginx\\nginx.exe', hosts.SYSTEM)
    host.service('nginx', 3300)
    host.socket('tcp', 8081, 3300, v6=None)
    (forward,) = listed(host)
    assert (forward['service'], forward['held_by'], forward['owners'][0]['pid']) == ('nginx', 'processes', 3300)


@pytest.mark.parametrize('protocol, known', [
    ('TCP', 'tcp'), ('udp', 'udp'), ('6', 'tcp'), ('17', 'udp'), ('1', None), ('', None)])
def test_mappings_of_nat(protocol, known):
    host = hosts.Builder().base()
    host.raw['nat']['mappings'].append([protocol, '0.0.0.0/8443', '172.20.5.7/443'])
    found = listed(host)
    assert [(one['id'], one['to'], one['decided_by']) for one in found] == (
        [('%s/0.0.0.0:8443' % known, '172.20.5.7:443', 'a static mapping of NAT')] if known else [])
    assert unseen(host) == ([] if known else ['1 entry of portproxy and NAT could not be understood'])


@pytest.mark.parametrize('entry', [
    ['v4tov4', '0.0.0.0', '10.0.9.9/80'], ['v4tov4', '0.0.0.0/0', '10.0.9.9/80'], ['v4tov4', '::/80', '10.0.9.9/80'],
    ['v4tov4', 'server/80', '10.0.9.9/80'], ['v4tov4', '0.0.0.0/80', ''], ['v4tov4', '0.0.0.0/99999', '10.0.9.9/80'],
    ['v4tov4', '0.0.0.0/²', '10.0.9.9/80'], ['x', '0.0.0.0/80', '10.0.9.9/80'], ['v4tov4', '/80', '10.0.9.9/80'],
    ['v4tov4', '0.0.0.0\0/80', '10.0.9.9/80'],
])
def test_what_is_not_understood_is_told(entry):
    host = hosts.Builder().base()
    host.raw['portproxy'] += [entry, entry]
    assert listed(host) == []
    assert unseen(host) == ['2 entries of portproxy and NAT could not be understood']


def test_what_could_not_be_read_is_told():
    assert unseen(hosts.Builder().base()) == []
    (reason,) = unseen(hosts.Builder().base(), nat=None, errors=[['nat', 0x80041010, 'CimException']])
    assert reason == 'nat could not be read: error 0x80041010 (CimException)'
    (reason,) = unseen(hosts.Builder().base(), portproxy=None)
    assert reason == 'portproxy could not be read: the host sent nothing'
    (reason,) = unseen(hosts.Builder().base(), services=None)
    assert reason.startswith('published ports of containers may not be listed')


def test_ports_of_containers():
    assert unseen(hosts.Builder().base()) == []         # the service is there, and does not run
    host = hosts.Builder().base()
    host.service('HNS', 3704)
    assert unseen(host) == ['published ports of containers are not listed: the service hns runs']
