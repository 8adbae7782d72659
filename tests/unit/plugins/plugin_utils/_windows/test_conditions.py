# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each condition of a rule: where it holds, where it does not, and where that is not known.

One allow rule with that condition is the only rule: all clients are let in, none are, or it is undecided.
"""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.plugin_utils._windows import conditions, model, names
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.hosts import (
    EVERYONE, GUID, NET, OTHER_NET, PACKAGE, SVCHOST, arrival, holder, rule, spans)

YES, NO = 'allowed', 'blocked'
KERNEL = {'program': model.SYSTEM, 'user': 'S-1-5-18'}
HOSTED = {'program': SVCHOST, 'services': (('dhcp', True), ('eventlog', True))}
WITHOUT_SID = {'program': SVCHOST, 'services': (('dhcp', False),)}
BOB, ALICE = 'S-1-5-21-1-2-3-1001', 'S-1-5-21-1-2-3-1002'


def verdict(parts, who=None, where=None, **of_machine):
    """``allowed`` or ``blocked``, or why it is undecided."""
    made = rule(*parts) if not isinstance(parts, str) else rule(parts)
    outcome = hosts.answer([made], holder(**who or {}), arrival(**where or {}), **of_machine)
    everyone = iv.full((where or {}).get('family', 4))
    if outcome.undecided:
        (some, reason), = outcome.undecided
        assert some == everyone and not outcome.allowed
        assert reason.endswith(': allow rule "r" of the local store')
        return reason.rpartition(': ')[0]
    assert outcome.allowed in (everyone, ())
    return YES if outcome.allowed else NO


@pytest.mark.parametrize('part, who, expected', [
    ('App=C:\\app\\server.exe', {}, YES),
    ('App=c:\\APP\\Server.EXE', {}, YES),
    ('App=C:/app/server.exe', {}, YES),
    ('App=%SystemRoot%\\System32\\svchost.exe', {'program': SVCHOST}, YES),
    ('App=%systemroot%\\system32\\svchost.exe', {}, NO),
    ('App=C:\\app\\other.exe', {}, NO),
    ('App=C:\\other\\server.exe', {}, NO),
    ('App=System', KERNEL, YES),
    ('App=SYSTEM', KERNEL, YES),
    ('App=System', {}, NO),
    ('App=C:\\app\\server.exe', KERNEL, NO),
    ('App=C:\\app\\server.exe', {'program': None}, 'which program listens is not known'),
    ('App=C:\\app\\server.exe', {'program': '\\\\files\\share\\server.exe'}, 'which program listens is not known'),
    ('App=C:\\app\\server.exe', {'program': 'c:\\app\\server~1.exe'}, 'which program listens is not known'),
    ('App=C:\\PROGRA~1\\server.exe', {}, 'which program it is for is not understood'),
    ('App=\\\\files\\share\\server.exe', {}, 'which program it is for is not understood'),
    ('App=%NoSuch%\\server.exe', {}, 'which program it is for is not understood'),
    ('App=server.exe', {}, 'which program it is for is not understood'),
    ('App=D:\\app\\server.exe', {}, 'whether it is for the same drive is not known'),
])
def test_programs(part, who, expected):
    assert verdict(part, who) == expected


def test_what_the_environment_says_is_folded_too():
    machine = hosts.machine(environment={'foo': 'C:\\Über'})
    assert conditions.program('%FOO%/X.exe', machine) == names.fold('c:\\über\\x.exe')


@pytest.mark.parametrize('part, who, expected', [
    ('Svc=DHCP', HOSTED, YES),
    ('Svc=eventlog', HOSTED, YES),         # all services of a process have its token, whichever listens
    ('Svc=dnscache', HOSTED, NO),
    ('Svc=dhcp', {}, NO),
    ('Svc=dhcp', KERNEL, NO),
    ('Svc=dhcp', WITHOUT_SID, NO),
    ('Svc=dhcp', {**HOSTED, 'services': None}, 'which services listen is not known'),
    ('Svc=dhcp', {**HOSTED, 'services': (('dhcp', None),)}, 'whether the service has a SID of its own is not known'),
    ('Svc=*', HOSTED, YES),
    ('Svc=*', {}, NO),
    ('Svc=*', {**HOSTED, 'services': None}, 'which services listen is not known'),
    ('Svc=*', WITHOUT_SID, 'the services that listen have no SID of their own'),
    ('Svc=*', {**HOSTED, 'services': (('a', None), ('b', False))},
     'whether the service has a SID of its own is not known'),
    ('Svc=', HOSTED, 'a condition of it is not understood'),
])
def test_services(part, who, expected):
    assert verdict(part, who) == expected


def test_a_rule_for_services_only_is_named_where_a_program_relies_on_it():
    """People write ``Svc=*`` and mean any program."""
    outcome = hosts.answer([rule('Protocol=6', 'LPort=80', 'Svc=*', name='Web')])
    assert outcome.caveats == [
        'for services only (Svc=*), and this is a plain program: allow rule "Web" of the local store']
    assert not hosts.answer([rule('Protocol=6', 'LPort=81', 'Svc=*')]).caveats


@pytest.mark.parametrize('part, who, expected', [
    ('AppPkgId=' + PACKAGE, {'package': PACKAGE}, YES),
    ('AppPkgId=' + PACKAGE.lower(), {'package': PACKAGE}, YES),
    ('AppPkgId=S-1-15-2-9', {'package': PACKAGE}, NO),
    ('AppPkgId=' + PACKAGE, {}, NO),
    ('AppPkgId=' + PACKAGE, {'package': None}, 'whether an app in a package listens is not known'),
    ('PFN=App_8wekyb3d8bbwe', {'package': names.package_sid('app_8wekyb3d8bbwe')}, YES),
    ('PFN=App_8wekyb3d8bbwe', {'package': PACKAGE}, NO),
    ('PFN=App_8wekyb3d8bbwe', {}, NO),
    ('PFN=App_8wekyb3d8bbwe', {'package': None}, 'whether an app in a package listens is not known'),
])
def test_packages(part, who, expected):
    assert verdict(part, who) == expected


@pytest.mark.parametrize('parts, who, expected', [
    (['LUOwn=' + BOB], {'user': BOB}, 'it is of one user'),
    (['LUOwn=' + BOB], {'user': ALICE}, 'it is of one user'),
    (['LUOwn=' + BOB, 'AppPkgId=' + PACKAGE], {'user': ALICE, 'package': PACKAGE}, NO),
    (['LUOwn=' + BOB, 'AppPkgId=' + PACKAGE], {'user': BOB, 'package': PACKAGE}, 'it is of one user'),
    (['LUOwn=S-1-1-0', 'AppPkgId=' + PACKAGE], {'user': BOB, 'package': PACKAGE}, 'it is of one user'),
    (['LUOwn=' + BOB, 'AppPkgId=' + PACKAGE], {'user': None, 'package': PACKAGE}, 'it is of one user'),
])
def test_owners(parts, who, expected):
    assert verdict(parts, who) == expected


@pytest.mark.parametrize('sddl, who, expected', [
    ('O:LSD:(A;;CC;;;WD)', {}, YES),
    ('O:LSD:(A;;CC;;;AU)', {}, YES),
    ('D:(A;;CC;;;SY)', KERNEL, YES),
    ('D:(A;;CC;;;LS)', KERNEL, NO),
    ('D:(A;;CC;;;%s)' % BOB, {'user': BOB}, YES),
    ('D:(D;;CC;;;%s)(A;;CC;;;WD)' % BOB, {'user': BOB}, NO),
    ('D:(A;;CC;;;WD)(D;;CC;;;%s)' % BOB, {'user': BOB}, YES),       # the first that is about the user decides
    ('D:(A;;CC;;;%s)' % ALICE, {'user': BOB}, 'it is for some users only'),     # it may be a group
    ('D:(A;;CC;;;%s)(A;;CC;;;WD)' % ALICE, {'user': BOB}, YES),
    ('D:(D;;CC;;;%s)(A;;CC;;;WD)' % ALICE, {'user': BOB}, 'it is for some users only'),
    ('D:(A;;CC;;;AN)', {}, NO),
    ('D:(A;;CC;;;%s)' % names.service_sid('dhcp'), HOSTED, YES),
    ('D:(A;;CC;;;%s)' % names.service_sid('dhcp'), WITHOUT_SID, NO),
    ('D:(A;;CC;;;%s)' % names.service_sid('dhcp'), {}, NO),
    ('D:(A;;CC;;;%s)' % names.service_sid('dhcp'), {'services': None}, 'it is for some users only'),
    ('D:(A;;CC;;;S-1-5-80-0)', HOSTED, 'it is for some users only'),
    ('O:LSD:(A;;CC;;;S-1-15-3-3)(A;;CC;;;WD)(A;;CC;;;AN)', {}, YES),
    ('O:LSD:(A;;CC;;;S-1-15-3-3)(A;;CC;;;WD)(A;;CC;;;AN)', {'package': PACKAGE}, 'it is for some users only'),
    ('O:LSD:(A;;CC;;;S-1-15-3-3)', {}, NO),
    ('O:LSD:(A;;CC;;;S-1-5-84-0-0-0-0-0)', {}, 'it is for some users only'),    # drivers in processes
    ('D:(A;;CC;;;SY)', {'user': None}, 'it is for some users only'),
    ('D:(A;;CC;;;WD)', {'user': None}, YES),
    ('D:(XA;;CC;;;WD;(@User.x==1))', {}, 'it is for some users only'),
    ('D:(A;IO;CC;;;WD)', {}, 'it is for some users only'),
    ('D:', {}, 'it is for some users only'),
    ('', {}, 'it is for some users only'),
    ('D:(A;;GA;;;WD)', {}, 'it is for some users only'),
])
def test_users(sddl, who, expected):
    assert verdict('LUAuth=' + sddl, who) == expected


@pytest.mark.parametrize('port, who, of_machine, expected', [
    ('80', {}, {}, YES), ('81', {}, {}, NO), ('79-90', {}, {}, YES), ('0-65535', {}, {}, YES),
    ('RPC', {'port': 49664}, {}, YES),
    ('RPC', {'port': 50000}, {}, 'whether a port of RPC is meant could not be observed'),
    ('RPC', {}, {}, NO),
    ('RPC', {'port': 80}, {'rpc': None}, 'which ports RPC has could not be observed'),
    ('RPC', {}, {'dynamic': None}, 'whether a port of RPC is meant could not be observed'),
    ('RPC-EPMap', {'port': 135}, {}, YES), ('RPC-EPMap', {}, {}, NO),
    ('IPHTTPSIn', {}, {'https': frozenset((80,))}, YES), ('IPTLSIn', {}, {'https': frozenset((80,))}, YES),
    ('IPHTTPSIn', {}, {}, NO),
    ('IPTLSIn', {}, {'https': None}, 'which ports IP-HTTPS has could not be observed'),
    ('TcpCDPSvc', {}, {}, 'which ports devices nearby may use changes'),
    ('Ply2Disc', {}, {}, NO),
    ('Later', {}, {}, 'it has a keyword for ports that is not known here'),
])
def test_tcp_ports(port, who, of_machine, expected):
    assert verdict(['Protocol=6', 'LPort=' + port], who, **of_machine) == expected


@pytest.mark.parametrize('port, number, of_machine, expected', [
    ('mDNS', 5353, {}, YES), ('mDNS', 80, {}, NO), ('DHCP', 68, {}, YES), ('DHCP', 546, {}, YES), ('DHCP', 67, {}, NO),
    ('Teredo', 3544, {'teredo': frozenset((3544,))}, YES), ('Teredo', 3544, {}, NO),
    ('Ply2Disc', 1900, {}, 'which ports devices nearby may use changes'),
    ('RPC', 49664, {}, NO), ('RPC', 49664, {'rpc': None}, NO), ('RPC-EPMap', 135, {}, NO), ('TcpCDPSvc', 5040, {}, NO),
    ('IPHTTPSIn', 443, {'https': None}, NO), ('Later', 80, {}, 'it has a keyword for ports that is not known here'),
])
def test_udp_ports(port, number, of_machine, expected):
    who = {'port': number, 'protocol': 'udp'}
    assert verdict(['Protocol=17', 'LPort=' + port], who, **of_machine) == expected


@pytest.mark.parametrize('parts, protocol, expected', [
    (['Protocol=6'], 'tcp', YES), (['Protocol=6'], 'udp', NO), (['Protocol=17'], 'udp', YES), ([], 'udp', YES),
    (['Protocol=256'], 'tcp', YES), (['ICMP4=8:*'], 'tcp', YES)])
def test_protocols(parts, protocol, expected):
    assert verdict(parts, {'protocol': protocol}) == expected


@pytest.mark.parametrize('value, expected', [
    ('1024-65535', 'it takes some ports of clients only'), ('67', 'it takes some ports of clients only'),
    ('0-65535', YES), ('1-65535', YES), ('IPHTTPSOut', 'it takes some ports of clients only')])
def test_ports_of_clients(value, expected):
    """A client chooses its port."""
    assert verdict(['Protocol=6', 'RPort=' + value]) == expected


@pytest.mark.parametrize('parts, teredo, expected', [
    ([], True, NO), (['Edge=TRUE'], True, YES), (['Edge=FALSE'], True, NO),
    (['Edge=TRUE', 'Defer=App'], True, 'whether it is for Teredo is left to programs or users'),
    (['Edge=perhaps'], True, 'a condition of it is not understood'),
    ([], False, YES), (['Edge=FALSE', 'Defer=User'], False, YES)])
def test_edge(parts, teredo, expected):
    assert verdict(parts, where={'teredo': teredo}) == expected


def test_a_block_holds_on_teredo_too():
    outcome = hosts.answer([rule('Edge=TRUE'), rule(action='Block', name='b')], where=arrival(teredo=True))
    assert outcome.blocked_by.startswith('block rule "b"')


@pytest.mark.parametrize('part, kind, expected', [
    ('IFType=Lan', 'lan', YES), ('IFType=Wireless', 'wireless', YES), ('IFType=RemoteAccess', 'remoteaccess', YES),
    ('IFType=MobileBBand', 'mobilebband', YES), ('IFType=Wireless', 'lan', NO),
    ('IFType=Wireless', None, 'of which type the interface is is not known'),
    ('IFType=Later', 'lan', 'an interface of it is not understood'),
    ('IF=' + GUID, 'lan', YES), ('IF=' + GUID.upper(), 'lan', YES), ('IF=' + GUID.strip('{}'), 'lan', YES),
    ('IF={6e3bf3f4-8a7b-4f0d-9c3e-000000000000}', 'lan', NO),
    ('IF=Ethernet', 'lan', 'an interface of it is not understood'),
    ('TTK2_22=WFDPrint', 'lan', NO), ('TTK2_27=WFDKmDriver', 'remoteaccess', NO),
    ('TTK2_28=WFDCDPSvc', 'wireless', 'it is for devices nearby'),
    ('TTK2_22=WFDPrint', None, 'it is for devices nearby'),
    ('TTK2_27=UPnP', 'lan', 'it is for devices nearby'), ('TTK=Proximity', 'lan', 'it is for devices nearby'),
    ('TTK=ProxSharing', 'wireless', 'it is for devices nearby')])
def test_interfaces(part, kind, expected):
    assert verdict(part, where={'kind': kind}) == expected


@pytest.mark.parametrize('part, family, expected', [
    ('LA4=192.0.2.10', 4, YES), ('LA4=192.0.2.0/24', 4, YES), ('LA4=192.0.2.11', 4, NO), ('LA4=192.0.2.10', 6, NO),
    ('LA6=fd00::/8', 4, NO), ('LA6=fd00::/8', 6, YES), ('LA6=fe80::/64', 6, NO),
    ('LA4=odd', 4, 'an address of it is not understood'), ('LA4=odd', 6, 'an address of it is not understood')])
def test_addresses_of_the_host(part, family, expected):
    address = iv.number('192.0.2.10' if family == 4 else 'fd00::10')
    assert verdict(part, where={'family': family, 'address': address}) == expected


@pytest.mark.parametrize('parts, version, expected', [
    (['Platform=2:10:0'], (10, 0, 17763), YES), (['Platform=2:6:2'], (10, 0, 17763), NO),
    (['Platform=2:6:2', 'Platform2=GTEQ'], (10, 0, 17763), YES), (['Platform=2:6:2', 'Platform2=GTEQ'], (6, 1), NO),
    # the operator is that of the last one
    (['Platform=2:6:1', 'Platform=2:11:0', 'Platform2=GTEQ'], (10, 0), NO),
    (['Platform=2:6:1', 'Platform=2:6:3', 'Platform2=GTEQ'], (6, 1), YES),
    (['Platform=2:6:1', 'Platform=2:6:3', 'Platform2=GTEQ'], (6, 2), NO),
    (['Platform=x'], (10, 0), 'a condition of it is not understood'),
    (['Platform=1:4:0'], (10, 0), 'a condition of it is not understood'),
    (['Platform2=GTEQ'], (10, 0), 'for which versions of Windows it is is not understood'),
    (['Platform=2:6:2', 'Platform2=LT'], (10, 0), 'for which versions of Windows it is is not understood'),
    (['Platform=2:6:2'], None, 'for which versions of Windows it is is not understood')])
def test_versions_of_windows(parts, version, expected):
    assert verdict(parts, version=version) == expected


@pytest.mark.parametrize('key', ['Security=Authenticate', 'Security=AuthenticateEncrypt', 'Security2_9=An-NoEncap',
                                 'Security2=AnE-Nego', 'RMAuth=O:x', 'RUAuth=O:x'])
def test_rules_with_ipsec(key):
    """They may let in, and they may block what another rule lets in."""
    assert verdict(key) == 'only for clients that IPsec has authenticated'
    outcome = hosts.answer([rule(name='all'), rule(key)])
    assert outcome.undecided == [
        (EVERYONE, 'only for clients that IPsec has authenticated: allow rule "r" of the local store')]
    assert outcome.caveats == ['only for clients that IPsec has authenticated: allow rule "r" of the local store']


# who sends

SOME = spans('10.0.0.0/8')


def sources(*parts, family=4, **where):
    """(allowed, undecided, reason) of one allow rule."""
    outcome = hosts.answer([rule(*parts)], where=arrival(family=family, **where))
    unsure = outcome.undecided[0] if outcome.undecided else ((), None)
    assert len(outcome.undecided) < 2
    return outcome.allowed, unsure[0], unsure[1] and unsure[1].rpartition(': ')[0]


@pytest.mark.parametrize('value, expected', [
    ('10.0.0.0/8', SOME), ('10.0.0.0/255.0.0.0', SOME), ('10.1.2.3/8', SOME), ('10.0.0.0-10.255.255.255', SOME),
    ('10.0.0.1', spans('10.0.0.1')), ('10.0.0.1/32', spans('10.0.0.1')),
    ('10.0.0.1/255.255.255.255', spans('10.0.0.1')),
    ('0.0.0.0/0', EVERYONE), ('0.0.0.0/0.0.0.0', EVERYONE)])
def test_addresses(value, expected):
    """Other notations are the same set."""
    assert sources('RA4=' + value) == (expected, (), None)


def test_addresses_of_one_family_are_never_of_the_other():
    assert sources('RA4=10.0.0.0/8', family=6) == ((), (), None)
    assert sources('RA6=::/0') == ((), (), None)
    assert sources('RA6=::/0', family=6) == (iv.full(6), (), None)
    assert sources(family=6) == (iv.full(6), (), None)


def test_local_subnet_is_that_of_the_interface_and_perhaps_of_the_others():
    assert sources('RA4=LocalSubnet') == (NET, (), None)
    both = iv.union(NET, OTHER_NET)
    assert sources('RA4=LOCALSUBNET', all_subnets=both) == (
        NET, OTHER_NET, 'LocalSubnet may be the networks of other interfaces too')
    assert sources('RA6=LocalSubnet') == ((), (), None)


@pytest.mark.parametrize('word', ['DNS', 'DHCP', 'WINS', 'DefaultGateway'])
def test_servers_are_those_that_adapters_name_perhaps(word):
    servers = {word.lower(): spans('192.0.2.1')}
    assert sources('RA4=' + word, servers=servers) == ((), spans('192.0.2.1'), 'which servers are meant changes')
    assert sources('RA4=' + word) == ((), (), None)


@pytest.mark.parametrize('word', ['IntrAnet', 'RmtIntrAnet', 'IntErnet', 'Ply2Renders', 'CaptivePortal', 'Later'])
def test_other_keywords_are_perhaps_everybody(word):
    reason = 'which addresses a keyword of it means is not known'
    assert sources('RA42=' + word) == ((), EVERYONE, reason)
    assert sources('RA42=' + word, 'RA4=10.0.0.0/8') == (SOME, iv.minus(EVERYONE, SOME), reason)


def test_an_odd_address_is_perhaps_anybody_of_both_families():
    for family in (4, 6):
        assert sources('RA4=10.0.0.0/8', 'RA4=1.2.3', family=family) == (
            (), iv.full(family), 'an address of it is not understood')


def test_lom_widens_an_allow_rule():
    assert sources('RA4=10.0.0.0/8', 'Protocol=6', 'RPort=67', 'LOM=TRUE') == (EVERYONE, (), None)
    assert sources('RA4=10.0.0.0/8', 'LOM=FALSE') == (SOME, (), None)
    assert sources('RA4=10.0.0.0/8', 'LOM=odd') == ((), EVERYONE, 'a switch of it is not understood')


def test_lom_means_nothing_to_a_block_rule():
    outcome = hosts.answer([rule(), rule('RA4=10.0.0.0/8', 'LOM=TRUE', action='Block')])
    assert outcome.allowed == iv.minus(EVERYONE, SOME) and not outcome.undecided
