# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach the listeners of a Windows host, from what it sent to the words of facts."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows.raw import Error, Model, Portproxy
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.firewalls import (
    OPEN, WAN, exposures, firewall, host, interface, judged, process, route, rule, service, serving, settings
)

ANYONE, LOCAL = ['0.0.0.0/0'], ['10.1.0.0/24']
WEB = ('tcp', '0.0.0.0', 80)
ALLOW = rule('Protocol=6', 'LPort=80')
BLOCKED, ALLOWED = ('blocked', 'none'), ('allowed', 'anyone')
OTHERS = 'whether the interface takes packets for addresses of other interfaces is not known'
NO_PROFILE = 'which profile holds for the interface is not known'


def paths(exposure):
    """{interface: what is allowed there, or why that is not known}, of IPv4."""
    return {name: path['allowed'] or [part['reason'] for part in path['undecided']]
            for path in exposure['paths'] if path['family'] == 'ipv4' for name in path['interfaces']}


def of(raw, key='tcp/0.0.0.0:80', **options):
    return exposures(raw, **options)[key]


def brief(exposure):
    return exposure['verdict'], exposure['level']


def reasons(exposure):
    return [part['reason'] for part in exposure['undecided']]


# Model: ways in, and what each host has in common with others

def test_each_interface_lets_in_who_is_behind_it():
    exposure = of(serving(WEB, local=[ALLOW]))
    assert brief(exposure) == ALLOWED and exposure['allowed'] == ANYONE
    assert paths(exposure) == {'lan': LOCAL, 'wan': ANYONE}
    assert exposure['decided_by'] == 'allow rule "local-1" of the local store: LPort=80 Protocol=6'


def test_without_a_rule_the_default_decides():
    exposure = of(serving(WEB))
    assert brief(exposure) == BLOCKED and paths(exposure) == {'lan': [], 'wan': []}
    assert exposure['decided_by'] == 'default inbound action block of the domain profile'


def test_one_host_has_another_profile_on_each_adapter():
    """Both paths are told, each with what decided it."""
    exposure = of(serving(WEB, local=[rule('Protocol=6', 'LPort=80', 'Profile=Domain')]))
    assert brief(exposure) == ('partly', 'private') and exposure['allowed'] == LOCAL
    assert paths(exposure) == {'lan': LOCAL, 'wan': []}
    by = {name: path['decided_by'] for path in exposure['paths'] for name in path['interfaces']}
    assert by['lan'].startswith('allow rule "local-1"') and by['wan'].startswith('default inbound action block')
    assert by['wan'].endswith('of the public profile')


@pytest.mark.parametrize('models, expected', [
    ([Model(index, 2, False, False) for index in (10, 11)], {'lan': LOCAL}),
    ([Model(10, 2, False, False), Model(11, 2, True, False)], {'lan': LOCAL, 'wan': ANYONE}),
    ([Model(10, 2, False, False), Model(11, 2, False, True)], {'lan': LOCAL, 'wan': ANYONE}),
    ([Model(10, 2, True, True), Model(11, 2, False, False)], {'lan': LOCAL}),
    (None, {'lan': LOCAL, 'wan': [OTHERS]}),
])
def test_an_address_of_one_adapter(models, expected):
    raw = serving(('tcp', '10.1.0.1', 80), raw=host(models=models), local=[ALLOW])
    assert paths(of(raw, 'tcp/10.1.0.1:80')) == expected
    assert ('unreadable' in [gap['code'] for gap in judged(raw)['gaps']]) == (models is None)


@pytest.mark.parametrize('address, key', [('127.0.0.1', 'tcp/127.0.0.1:80'), ('::1', 'tcp/[::1]:80')])
def test_loopback_never_passes_the_firewall(address, key):
    for unread in ({}, {'effective': None}):
        raw = serving(('tcp', address, 80), raw=firewall(**unread), local=[ALLOW])
        exposure = of(raw, key)
        assert brief(exposure) == ('blocked', 'local') and exposure['decided_by'] == 'bound to loopback'
        assert exposure['paths'] == [] and reasons(exposure) == []


def test_an_address_of_the_loopback_adapter_itself():
    raw = serving(('tcp', 'fe80::1', 80, 1000, 1), local=[ALLOW])
    raw['interfaces'][0]['addresses'].append('fe80::1%1/64')
    assert of(raw, 'tcp/[fe80::1%Loopback Pseudo-Interface 1]:80')['level'] == 'local'


def test_link_local_addresses_are_heard_by_their_adapter():
    exposure = of(serving(('tcp', 'fe80::a', 80, 1000, 10), local=[ALLOW]), 'tcp/[fe80::a%lan]:80')
    assert (exposure['level'], exposure['allowed']) == ('link', ['fe80::/64'])
    assert [path['interfaces'] for path in exposure['paths']] == [['lan']]


def test_the_interface_of_a_link_local_address_is_not_known():
    exposure = of(serving(('tcp', 'fe80::a', 80, 1000, 77), local=[ALLOW]), 'tcp/[fe80::a%77]:80')
    assert exposure['level'] == 'unknown' and 'whose addresses and routes are unknown' in reasons(exposure)[0]


def test_an_adapter_that_is_not_connected_is_no_way_in():
    raw = serving(WEB, ('tcp', '192.0.2.1', 80), ('tcp', 'fe80::d', 80, 1000, 12), local=[ALLOW])
    raw['interfaces'].append(interface('off', WAN.replace('b', 'c'), 12, ['192.0.2.1/24', 'fe80::d%12/64'], up=False))
    raw['routes'].append(route('c0000200', 24, 12))
    found = exposures(raw)
    assert paths(found['tcp/0.0.0.0:80']) == {'lan': LOCAL, 'wan': ANYONE}
    for key, caveat in (('tcp/192.0.2.1:80', 'the host does not have the address 192.0.2.1'),
                        ('tcp/[fe80::d%off]:80', 'off is not connected')):
        assert brief(found[key]) == BLOCKED and found[key]['caveats'] == [caveat] and found[key]['paths'] == []


def test_both_families():
    found = exposures(serving(WEB, ('tcp', '::', 80), local=[rule('Protocol=6', 'LPort=80', 'RA4=10.0.0.0/8')]))
    assert found['tcp/0.0.0.0:80']['allowed'] == ['10.0.0.0/8']
    assert brief(found['tcp/[::]:80']) == BLOCKED       # a rule for one family is none for the other


def test_rules_ask_who_listens():
    raw = serving(('tcp', '0.0.0.0', 80), ('tcp', '0.0.0.0', 81, 1001), local=[rule('App=C:\\APP\\server.exe')],
                  processes=(process(), process(1001, 'C:\\app\\other.exe')))
    found = exposures(raw)
    assert brief(found['tcp/0.0.0.0:80']) == ALLOWED and brief(found['tcp/0.0.0.0:81']) == BLOCKED


def test_rules_ask_for_the_address_of_the_host():
    raw = serving(WEB, local=[rule('Protocol=6', 'LPort=80', 'LA4=10.1.0.1')])
    assert paths(of(raw)) == {'lan': LOCAL, 'wan': []}
    raw['models'] = [Model(11, 2, True, False), Model(10, 2, False, False)]
    exposure = of(raw)
    assert [(path['interfaces'], path['addresses'], path['allowed']) for path in exposure['paths']] == [
        (['lan'], None, LOCAL), (['wan'], ['10.1.0.1'], ANYONE), (['wan'], ['198.51.100.1'], [])]


def test_several_processes_have_one_port():
    local = [rule('App=C:\\app\\server.exe', 'RA4=10.0.0.0/8'), rule('App=C:\\app\\other.exe')]
    raw = serving(WEB, ('tcp', '0.0.0.0', 80, 1001), local=local,
                  processes=(process(), process(1001, 'C:\\app\\other.exe')))
    exposure = of(raw)
    assert exposure['allowed'] == ['10.0.0.0/8'] and exposure['level'] == 'unknown'
    assert reasons(exposure) == ['it depends on which of the processes with this port gets the packet']


def test_udp_hears_broadcasts_and_groups():
    key = 'udp/0.0.0.0:53'
    raw = serving(('udp', '0.0.0.0', 53), local=[rule('Protocol=17', 'LPort=53')])
    assert of(raw, key)['caveats'] == [] and brief(of(raw, key)) == ALLOWED
    raw = serving(('udp', '0.0.0.0', 53), local=[rule('Protocol=17', 'LPort=53', 'LA4=10.1.0.255')])
    exposure = of(raw, key)
    assert [(path['addresses'], path['allowed']) for path in exposure['paths'] if path['interfaces'] == ['lan']] == [
        (['10.1.0.1'], []), (['10.1.0.255'], LOCAL)]
    assert 'multicast groups' in exposure['caveats'][0]
    assert of(serving(WEB, local=[rule('Protocol=17', 'LPort=53', 'LA4=10.1.0.255')]))['caveats'] == []


def test_a_listener_on_a_group():
    exposure = of(serving(('udp', '239.1.1.1', 53)), 'udp/239.1.1.1:53')
    assert reasons(exposure) == ['which multicast groups the host has joined is not known']


# Profiles and stores

@pytest.mark.parametrize('effective, stores, expected', [
    ({'1': OPEN}, {'local': {'DomainProfile': {'EnableFirewall': 0}}}, {'lan': LOCAL, 'wan': []}),
    ({'4': OPEN}, {'gpo': {'PublicProfile': {'EnableFirewall': 0}}}, {'lan': [], 'wan': ANYONE}),
    ({'1': [True, False, 1, []]}, {'gpo': {'DomainProfile': {'DefaultInboundAction': 0}}}, {'lan': LOCAL, 'wan': []}),
    ({'4': [True, False, 0, ['wan']]}, {'local': {'PublicProfile': {'DisabledInterfaces': WAN}}},
     {'lan': [], 'wan': ANYONE}),
])
def test_what_is_open_without_a_rule(effective, stores, expected):
    assert paths(of(serving(WEB, raw=settings(effective, **stores)))) == expected


def test_exceptions_are_not_allowed():
    raw = settings({'4': [True, True, 0, []]}, local={'PublicProfile': {'DoNotAllowExceptions': 1}})
    assert paths(of(serving(WEB, raw=raw, local=[ALLOW]))) == {'lan': LOCAL, 'wan': []}


def test_local_rules_do_not_count():
    """Where they are not merged, that is said once, with the rule that it is about."""
    raw = settings(modify=1, gpo={'DomainProfile': {'AllowLocalPolicyMerge': 0}})
    exposure = of(serving(WEB, raw=raw, local=[ALLOW], gpo=[rule('Protocol=6', 'LPort=443')]))
    assert paths(exposure) == {'lan': [], 'wan': ANYONE}
    [caveat] = [text for text in exposure['caveats'] if 'AllowLocalPolicyMerge' in text]
    assert '"local-1"' in caveat and 'domain' in caveat
    assert paths(of(serving(WEB, raw=raw, local=[], gpo=[ALLOW]))) == {'lan': LOCAL, 'wan': ANYONE}


@pytest.mark.parametrize('below, text', [
    ('GloballyOpenPorts', ALLOW), ('AuthorizedApplications', rule('Protocol=6', 'App=C:\\app\\server.exe'))])
def test_local_rules_for_a_port_or_a_program_alone_do_not_count(below, text):
    raw = settings(gpo={'DomainProfile\\' + below: {'AllowUserPrefMerge': 0}})
    assert paths(of(serving(WEB, raw=raw, local=[text]))) == {'lan': [], 'wan': ANYONE}


def test_policies_differ():
    raw = settings(gpo={'DomainProfile': {'EnableFirewall': 0}}, mdm={'DomainProfile': {'EnableFirewall': 1}})
    assert paths(of(serving(WEB, raw=raw))) == {
        'lan': ['group policy and device management set EnableFirewall of the domain profile differently'], 'wan': []}


def test_the_profile_of_an_adapter_is_not_known():
    """What all profiles let in is allowed, what one of them does is not known."""
    raw = serving(WEB, raw=host(networks={WAN: 0}), local=[
        rule('Protocol=6', 'LPort=80', 'RA4=10.1.0.7'), rule('Protocol=6', 'LPort=80', 'Profile=Private')])
    exposure = of(raw)
    assert exposure['allowed'] == ['10.1.0.7/32'] and reasons(exposure) == [NO_PROFILE]
    raw['networks'] = None
    assert 'unreadable' in [gap['code'] for gap in judged(raw)['gaps']]


# When all is unknown

UNKNOWN = [
    (host(os=dict(host()['os'], elevated=False)), 'not_admin'),
    (firewall(effective=None), 'unread'),
    (firewall(stores=dict(host()['firewall']['stores'], gpo=None)), 'unread'),
    (host(services=[service('bfe')]), 'service'),
    (settings({'1': OPEN}), 'stale'),
    (firewall(products=['Other']), 'other_product'),
    (host(interfaces=None), 'unreadable'), (host(routes=None), 'unreadable'),
    (host(errors=[Error('interfaces', 5, 'x')]), 'unreadable'),
]


@pytest.mark.parametrize('raw, code', UNKNOWN, ids=[code for dummy, code in UNKNOWN])
def test_nothing_is_known(raw, code):
    facts = judged(serving(WEB, ('tcp', '127.0.0.1', 81), raw=raw))
    found = {record['id']: record['exposure'] for record in facts['listeners']}
    assert brief(found['tcp/0.0.0.0:80']) == ('unknown', 'unknown')
    assert reasons(found['tcp/0.0.0.0:80'])[0] in [
        gap['message'] for gap in facts['gaps'] if (gap['aspect'], gap['code']) == ('firewall', code)]
    assert found['tcp/127.0.0.1:81']['level'] == 'local'
    assert facts['complete']['firewall'] is False and facts['openings'] == []
    assert facts['firewall']['default'] == 'unknown' and facts['firewall']['backends'] == ['windows']


def test_all_is_known():
    facts = judged(serving(WEB))
    assert facts['complete']['firewall'] is True and facts['gaps'] == []
    assert facts['firewall'] == {'backends': ['windows'], 'default': 'drop', 'rules': 7,
                                 'sources': {'ipv4': ['0.0.0.0/0'], 'ipv6': ['::/0']}}


def test_caveats_are_told_of_what_comes_by_the_network():
    raw = firewall(providers=['Other Ltd.'], consec={'gpo': 1})
    found = exposures(serving(WEB, ('tcp', '127.0.0.1', 81), raw=raw))
    assert found['tcp/0.0.0.0:80']['caveats'] == [
        'other products may filter packets: Other Ltd.',
        'rules of connection security may demand IPsec, which is not judged']
    assert found['tcp/127.0.0.1:81']['caveats'] == []


@pytest.mark.parametrize('package, appiso, expected', [
    ('', None, ALLOWED), (None, [], ALLOWED), (None, None, ('unknown', 'unknown')),
    ('S-1-15-2-1', None, ('unknown', 'unknown'))])
def test_rules_for_packages_were_not_read(package, appiso, expected):
    raw = serving(WEB, ('tcp', '0.0.0.0', 81), local=[ALLOW], processes=(process(package=package),))
    raw['firewall']['stores']['appiso'] = appiso
    assert brief(of(raw)) == expected
    # they can only keep clients out
    assert brief(of(raw, 'tcp/0.0.0.0:81')) == (BLOCKED if package != 'S-1-15-2-1' else ('unknown', 'unknown'))
    if package is None and appiso is None:
        assert reasons(of(raw)) == ['whether a packaged app listens is not known']


def test_who_listens_is_not_known():
    raw = serving(WEB, ('tcp', '0.0.0.0', 81), local=[rule('App=C:\\app\\server.exe')], processes=())
    exposure = of(raw)
    assert brief(exposure) == ('unknown', 'unknown') and exposure['allowed'] == []
    gap = next(gap for gap in judged(raw)['gaps'] if gap['code'] == 'undecided')
    assert gap['count'] == 2 and 'tcp/0.0.0.0:80' in gap['message']


def test_time_is_limited():
    facts = judged(serving(WEB, ('tcp', '127.0.0.1', 81), local=[ALLOW]), patience=-1)
    found = {record['id']: record['exposure'] for record in facts['listeners']}
    assert reasons(found['tcp/0.0.0.0:80']) == ['there was no time left to judge it']
    assert found['tcp/127.0.0.1:81']['level'] == 'local'
    assert {gap['code'] for gap in facts['gaps']} == {'budget', 'undecided'}


def test_outgoing_is_not_judged():
    facts = judged(serving(WEB), outward=True)
    assert facts['outgoing'] == [] and facts['complete']['outgoing'] is False
    assert [gap['code'] for gap in facts['gaps'] if gap['aspect'] == 'outgoing'] == ['unsupported']
    assert 'outgoing' not in judged(serving(WEB))


# What is handed on

def proxied(listen, connect, *bound, **stores):
    """A host whose service iphlpsvc listens for a port proxy, and on which a program listens."""
    raw = serving(('tcp', listen.rpartition('/')[0], int(listen.rpartition('/')[2]), 500), *bound,
                  processes=(process(), process(500, 'C:\\Windows\\System32\\svchost.exe')), **stores)
    raw['services'] = [*raw['services'], service('iphlpsvc')._replace(pid=500)]
    raw['portproxy'] = [Portproxy('v4tov4', listen, connect)]
    return raw


PROXY = rule('Protocol=6', 'LPort=8088', 'RA4=10.0.0.0/8')


def test_a_port_proxy_is_reached_by_who_reaches_its_listener():
    facts = judged(proxied('0.0.0.0/8088', '192.0.2.9/80', WEB, local=[PROXY]))
    [endpoint] = facts['forwarded']
    assert endpoint['id'] == endpoint['proxy'] == 'tcp/0.0.0.0:8088' and endpoint['to'] == '192.0.2.9:80'
    assert endpoint['exposure']['allowed'] == ['10.0.0.0/8']
    assert facts['listeners'][0]['exposure']['level'] == 'none'


@pytest.mark.parametrize('connect, bound, key, level', [
    ('127.0.0.1/81', ('tcp', '127.0.0.1', 81), 'tcp/127.0.0.1:81', 'private'),
    ('127.0.0.1/81', ('tcp', '0.0.0.0', 81), 'tcp/0.0.0.0:81', 'private'),
    ('10.1.0.1/81', ('tcp', '0.0.0.0', 81), 'tcp/0.0.0.0:81', 'private'),
    ('10.1.0.1/81', ('tcp', '10.1.0.1', 81), 'tcp/10.1.0.1:81', 'private'),
    ('127.0.0.1/81', ('tcp', '10.1.0.1', 81), 'tcp/10.1.0.1:81', 'none'),
    ('127.0.0.1/82', ('tcp', '127.0.0.1', 81), 'tcp/127.0.0.1:81', 'local'),
    ('192.0.2.9/81', ('tcp', '0.0.0.0', 81), 'tcp/0.0.0.0:81', 'none'),
    ('::1/81', ('tcp', '::1', 81), 'tcp/[::1]:81', 'private'),
    ('localhost/81', ('tcp', '127.0.0.1', 81), 'tcp/127.0.0.1:81', 'unknown'),
    ('elsewhere/81', ('tcp', '0.0.0.0', 81), 'tcp/0.0.0.0:81', 'unknown'),
])
def test_a_port_proxy_leads_to_a_listener_of_the_host(connect, bound, key, level):
    exposure = of(proxied('0.0.0.0/8088', connect, bound, local=[PROXY]), key)
    assert exposure['level'] == level
    if level == 'private':
        assert exposure['allowed'] == ['10.0.0.0/8']
        assert exposure['caveats'] == ['portproxy v4tov4 leads clients of tcp/0.0.0.0:8088 to it']
    elif level == 'unknown':
        assert reasons(exposure) == ['portproxy v4tov4 may lead to it']


def test_port_proxies_lead_to_each_other():
    raw = proxied('0.0.0.0/8088', '127.0.0.1/8089', ('tcp', '127.0.0.1', 8089, 500), ('tcp', '127.0.0.1', 81),
                  local=[PROXY])
    raw['portproxy'] += [Portproxy('v4tov4', '127.0.0.1/8089', '127.0.0.1/81'),
                         Portproxy('v4tov4', '127.0.0.1/81', '127.0.0.1/8089')]
    found = exposures(raw)
    assert found['tcp/127.0.0.1:81']['level'] == found['tcp/127.0.0.1:8089']['level'] == 'private'
    assert found['tcp/127.0.0.1:81']['allowed'] == ['10.0.0.0/8']


def test_nothing_is_known_and_a_port_proxy_leads_to_loopback():
    raw = proxied('0.0.0.0/8088', '127.0.0.1/81', ('tcp', '127.0.0.1', 81), ('tcp', '127.0.0.1', 82))
    raw['firewall']['effective'] = None
    facts = judged(raw)
    found = {record['id']: record['exposure']['level'] for record in facts['listeners']}
    assert (found['tcp/127.0.0.1:81'], found['tcp/127.0.0.1:82']) == ('unknown', 'local')
    assert [endpoint['exposure']['level'] for endpoint in facts['forwarded']] == ['unknown']


def test_port_proxies_could_not_be_read():
    """Each may lead to whatever listens by TCP, be it on loopback."""
    raw = serving(WEB, ('tcp', '127.0.0.1', 81), ('udp', '127.0.0.1', 81), raw=host(portproxy=None))
    facts = judged(raw)
    found = {record['id']: record['exposure']['level'] for record in facts['listeners']}
    assert found == {'tcp/0.0.0.0:80': 'unknown', 'tcp/127.0.0.1:81': 'unknown', 'udp/127.0.0.1:81': 'local'}
    assert 'forwarded' in [gap['code'] for gap in facts['gaps']]


def test_the_listener_of_a_port_proxy_is_not_known():
    raw = host(portproxy=[Portproxy('v6tov4', '*/8088', '127.0.0.1/81')], tcp6=None)
    raw = serving(('tcp', '127.0.0.1', 81), raw=raw)
    facts = judged(raw)
    assert [endpoint['exposure']['level'] for endpoint in facts['forwarded']] == ['unknown']
    assert facts['listeners'][0]['exposure']['level'] == 'unknown'


def test_what_nat_hands_on_is_not_judged():
    raw = serving(WEB, raw=host(nat={'mappings': [['TCP', '0.0.0.0/8443', '172.20.5.7/443']]}))
    [endpoint] = judged(raw)['forwarded']
    assert endpoint['to'] == '172.20.5.7:443'
    assert reasons(endpoint['exposure']) == ['whether the firewall filters what NAT passes on is not known']
    raw['nat']['mappings'] = [['TCP', '0.0.0.0/8443', '10.1.0.1/80']]
    assert of(raw)['level'] == 'unknown'


# Openings

def openings(raw):
    return [(opening['protocol'], opening['family'], opening['ports'], opening['interfaces'], opening['sources'])
            for opening in judged(raw)['openings']]


def test_ports_that_rules_open_to_any_program():
    found = openings(serving(WEB, local=[
        rule('Protocol=6', 'LPort=79-81', 'LPort=9000', 'RA4=10.1.0.0/24'),
        rule('Protocol=17', 'LPort=53', 'RA6=LocalSubnet')]))
    assert found == [
        *(('tcp', 'ipv4', port, ['lan', 'wan'], LOCAL) for port in ('79', '81', '9000')),
        ('udp', 'ipv6', '53', ['lan'], ['fe80::/64']), ('udp', 'ipv6', '53', ['wan'], ['2001:db8::/64', 'fe80::/64'])]


@pytest.mark.parametrize('text', [
    rule('Protocol=6', 'LPort=9000', 'App=C:\\app\\server.exe'), rule('Protocol=6', 'LPort=9000', 'Svc=w3svc'),
    rule('Protocol=6', 'LPort=9000', 'AppPkgId=S-1-15-2-1'), rule('Protocol=6', 'LPort=9000', action='Block'),
    rule('Protocol=6', 'LPort=9000', 'Security=Authenticate'), rule('Protocol=6', 'LPort=9000', 'Zzz=1'),
    rule('Protocol=6', 'LPort=9000').replace('TRUE', 'FALSE'), rule('Protocol=6', 'LPort=RPC'), rule('Protocol=1'),
    rule('Protocol=6', 'LPort=80'),                     # where something listens
    rule('App=C:\\app\\server.exe'),
])
def test_what_is_no_opening(text):
    raw = serving(('tcp', '0.0.0.0', 80), ('tcp', '::', 80), local=[text])
    raw['rpc'] = []
    assert openings(raw) == []


def test_a_rule_without_ports_opens_all():
    assert openings(serving(local=[rule('Protocol=6', 'RA4=10.1.0.9')])) == [
        ('tcp', 'ipv4', '1-65535', ['lan', 'wan'], ['10.1.0.9/32'])]


def test_openings_are_those_that_the_default_does_not_make():
    off = dict.fromkeys(('DomainProfile', 'PublicProfile'), {'EnableFirewall': 0})
    raw = settings({'1': OPEN, '4': OPEN}, local=off)
    assert openings(serving(raw=raw, local=[rule('Protocol=6', 'LPort=9000')])) == []


def test_too_many_ports_are_counted():
    """Those beyond are a gap."""
    raw = serving(local=[rule('Protocol=6', *('LPort=%d' % port for port in range(1, 60000, 2)))])
    facts = judged(raw)
    assert len(facts['openings']) <= 1000
    assert next(gap['count'] for gap in facts['gaps'] if gap['code'] == 'openings') > 20000


@pytest.mark.parametrize('raw, expected', [
    (host(), 'drop'), (settings({'1': OPEN}, local={'DomainProfile': {'EnableFirewall': 0}}), 'mixed')])
def test_the_default_and_the_number_of_rules(raw, expected):
    raw['firewall']['counts'] = {'local': 500, 'static': 12}
    found = judged(raw)['firewall']
    assert (found['default'], found['rules']) == (expected, 512)
