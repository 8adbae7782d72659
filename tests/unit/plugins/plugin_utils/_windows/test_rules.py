# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grammar of rules: what is read of a text, what is left out, and what becomes a doubt."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import model, rules
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.hosts import rule, text

HEAD = 'v2.30|Action=Allow|Active=TRUE|Dir=In|'


def parsed(value, store='local'):
    """A rule of the local store with this text."""
    return rules.parse('r', value, store)


def test_a_usual_rule():
    made = parsed('v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|Profile=Private|LPort=5985|'
                  'App=System|Name=@FirewallAPI.dll,-30253|Desc=x|EmbedCtxt=@FirewallAPI.dll,-30267|')
    assert (made.action, made.protocols, made.profiles) == ('allow', ('tcp',), {'domain', 'private'})
    assert (made.ports.spans, made.ports.keywords, made.remote, made.local) == (((5985, 5985),), (), None, None)
    assert (made.unclear, made.secured, made.local_only, made.ignored, made.source_ports) == ((), *4 * (False,))


def test_keys_have_any_case_and_any_order():
    made = parsed('V2.0|LPORT=68|dir=in|app=%windir%\\x.exe|PROTOCOL=17|ACTION=block|rport=67|active=True|')
    assert (made.action, made.protocols, made.ports.spans) == ('block', ('udp',), ((68, 68),))
    assert made.values['app'] == ['%windir%\\x.exe'] and made.source_ports and not made.unclear


def test_repeated_keys_are_alternatives():
    made = rule('Protocol=6', 'LPort=80', 'LPort=443', 'LPort2_10=8000-8010', 'RA4=10.0.0.1', 'RA4=10.0.0.3')
    assert made.ports.spans == ((80, 80), (443, 443), (8000, 8010))
    assert len(made.remote.four) == 2 and not made.unclear


@pytest.mark.parametrize('key', ['LPort2_20', 'LPort2_24', 'LPort2_25', 'lport2_29'])
def test_keywords_for_ports_come_with_any_version_of_the_key(key):
    made = rule('Protocol=17', key + '=mDNS')
    assert made.ports.keywords == ('mdns',) and not made.unclear


@pytest.mark.parametrize('value', [
    HEAD.replace('Dir=In', 'Dir=Out'), HEAD.replace('Dir=In', 'dir=OUT'), HEAD.replace('TRUE', 'FALSE'),
    HEAD.replace('TRUE', 'false'), HEAD.replace('Active=TRUE|', ''), HEAD + 'Protocol=1|ICMP4=8:*|',
    HEAD + 'Protocol=58|', HEAD + 'Protocol=47|'])
def test_rules_for_others_are_left_out(value):
    assert parsed(value) is None


@pytest.mark.parametrize('store', model.HARDENING)
def test_rules_of_hardening_need_no_active(store):
    assert not parsed('V2.0|Action=Block|Dir=In|Svc=irmon|', store).unclear
    assert parsed('V2.0|Action=Block|Dir=In|Svc=irmon|Active=FALSE|', store) is None


@pytest.mark.parametrize('store', ['local', 'gpo', 'mdm'])
def test_all_other_rules_do(store):
    assert parsed('v2.0|Action=Block|Dir=In|Svc=irmon|', store) is None


@pytest.mark.parametrize('value, expected', [
    (HEAD + 'Zzz=1|', 'it has a condition that is not known here'),
    (HEAD + 'ttk\u212a=1|', 'it has a condition that is not known here'),       # the Kelvin sign is no K
    (HEAD + 'odd|', 'a part of it is not understood'),
    (HEAD.replace('Dir=In|', ''), 'its direction is not understood'),
    (HEAD.replace('Dir=In', 'Dir=Both'), 'its direction is not understood'),
    (HEAD + 'Dir=Out|', 'its direction is not understood'),
    (HEAD.replace('TRUE', 'YES'), 'whether it is active is not understood'),
    (HEAD + 'Active=FALSE|', 'whether it is active is not understood'),
    (HEAD.replace('Allow', 'Later'), 'its action is not understood'),
    (HEAD + 'Action=Block|', 'its action is not understood'),
    (HEAD + 'Protocol=tcp|', 'its protocol is not understood'),
    (HEAD + 'Protocol=257|', 'its protocol is not understood'),
    (HEAD + 'Profile=All|', 'a profile of it is not understood'),
    (HEAD + 'LPort=80|', 'it names ports without a protocol that has some'),
    (HEAD + 'Protocol=6|LPort=|', 'a port of it is not understood'),
    (HEAD + 'Protocol=6|LPort=80,443|', 'a port of it is not understood'),
    (HEAD + 'Protocol=6|LPort=65536|', 'a port of it is not understood'),
    (HEAD + 'Protocol=6|LPort=90-80|', 'a port of it is not understood'),
    (HEAD + 'Protocol=6|LPort=\u0668\u0660|', 'a port of it is not understood'),
    (HEAD + 'RA4=10.0.0.0/255.0.255.0|', 'an address of it is not understood'),
    (HEAD + 'RA4=fd00::1|', 'an address of it is not understood'),
    (HEAD + 'RA4=10.0.0.9-10.0.0.1|', 'an address of it is not understood'),
    (HEAD + 'RA4=10.0.0.0/33|', 'an address of it is not understood'),
    (HEAD + 'RA4=|', 'an address of it is not understood'),
    (HEAD + 'LA4=LocalSubnet|', 'an address of it is not understood'),
    (HEAD + 'App=a.exe|App=b.exe|', 'it says something twice that it may say once'),
    (HEAD + 'LOM=perhaps|', 'a switch of it is not understood'),
    (HEAD + 'SkipVer=2.0|', 'some versions of Windows skip it'),
    (HEAD + 'NNm=abc|', 'it is for some networks only'),
    (HEAD + 'SecurityRealmId=x|', 'it is for a security realm'),
    (HEAD + 'LUAuth2_24=TzpMUw==|', 'it is for some users only'),
    (HEAD.replace('v2.30', 'v2.99'), 'its version is newer than those known here'),
    (HEAD.replace('v2.30', 'x'), 'its version is not understood'),
    (HEAD.replace('v2.30', ''), 'its version is not understood'),
])
def test_what_is_not_understood_is_a_doubt(value, expected):
    """The rule is neither left out nor trusted."""
    assert expected in parsed(value).unclear


@pytest.mark.parametrize('part', [
    'Name=a=b', 'Name=', 'LSM=TRUE', 'PCross=TRUE', 'AuthByPassOut=TRUE', 'Edge=TRUE', 'Defer=App', 'IF={x}',
    'Platform=2:6:2|Platform2=GTEQ', 'TTK2_22=WFDPrint', 'TTK=Proximity', 'LUOwn=S-1-1-0', 'Protocol=6|RPort=67',
    'LOM=FALSE'])
def test_what_is_understood_is_none(part):
    assert rule(part).unclear == ()


def test_a_higher_major_version_is_not_read():
    made = parsed('V4.0|Action=Allow|Active=TRUE|Dir=In|')
    assert made.ignored and made.unclear == ()


def test_lists_of_ports_are_read_where_windows_has_them():
    """Rules of hardening that Windows comes with have some, against the grammar."""
    made = parsed('V2.0|Action=Block|Dir=In|LPort=1-553,555-8553|Protocol=6|', 'static')
    assert made.ports.spans == ((1, 553), (555, 8553)) and not made.unclear


def test_strange_parts_may_widen_a_rule():
    made = rule('Protocol=6', 'LPort=80', 'RA4=10.0.0.1', 'LA4=10.0.0.9', 'RA43=Later')
    assert made.ports.unclear and made.remote.unclear and made.local.unclear


@pytest.mark.parametrize('parts, expected', [
    (['Protocol=6', 'App=a.exe'], 'program'), (['Protocol=6', 'LPort=80'], 'port'),
    (['App=a.exe'], ''), (['Protocol=6', 'App=a.exe', 'LPort=80'], ''), (['Protocol=6', 'App=a.exe', 'Svc=s'], ''),
    (['Protocol=6', 'LPort=80-90'], ''), (['Protocol=6', 'LPort=80', 'LPort=81'], ''),
    (['Protocol=6', 'LPort=RPC'], ''),
    (['Protocol=6', 'LPort=80', 'Zzz=1'], ''), (['Protocol=6', 'LPort=80', 'LPort=?'], ''),
])
def test_what_else_decides_whether_a_rule_counts(parts, expected):
    assert rule(*parts).merged == expected
    assert rule(*parts, store='gpo').merged == ''


def test_stores_that_could_not_be_read_have_no_rules():
    """That they could not is for others to say."""
    found = rules.of_stores({'local': [['a', text()], ['b', text('Zzz=1')], ['c', 'v2.0|Dir=Out|']], 'gpo': None})
    assert [(each.id, each.store) for each in found] == [('a', 'local'), ('b', 'local')]
    assert rules.of_stores({}) == []


@pytest.mark.parametrize('value', [
    '', '|', '=', '|=|=', 'v2.30', 'v2.30|', '\0|\ud800=\udfff|', 'v' * 100000, '|' * 5000])
@pytest.mark.parametrize('store', model.STORES)
def test_nothing_is_raised(value, store):
    made = rules.parse(value, value, store)
    assert made is None or made.unclear
