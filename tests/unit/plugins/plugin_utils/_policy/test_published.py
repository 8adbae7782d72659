# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A port that a host publishes for a container: one endpoint with one verdict, whatever of it was gathered.

Docker binds it once for each family, and translates IPv4 past its proxy. Three looks at the same host see the proxies,
then the translation too, and then the container behind it.
"""

import pytest

from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

_PROXIES = ['tcp 0.0.0.0:8080 docker-proxy[96]/root docker.service service=-',
            'tcp [::]:8080 docker-proxy[97]/root docker.service service=-']
_OF_OWNERS = {'host': _PROXIES, 'complete': {'firewall': None, 'namespaces': None}}
_OPEN = ' from=anyone to=172.17.0.2:80 proxy=tcp/0.0.0.0:8080'
_OF_RULES = {'host': [proxy + ' from=anyone' for proxy in _PROXIES], 'complete': {'firewall': True, 'namespaces': None},
             'forwarded': ['tcp 0.0.0.0:8080 hidden' + _OPEN]}
_OF_ALL = dict(_OF_RULES, complete={'firewall': True, 'namespaces': True},
               forwarded=['tcp 0.0.0.0:8080 python3[300]/nobody docker:c0ffee' + _OPEN])
# What the rules alone publish, as with userland-proxy: false; in full it leads to a container, or to another host.
_BARE = dict(_OF_RULES, host=[], forwarded=['tcp 0.0.0.0:8080 hidden from=anyone to=10.88.0.4:80'])
_BARE_ALL = dict(_BARE, complete={'firewall': True, 'namespaces': True})
_BARE_CONTAINER = dict(_BARE_ALL, forwarded=['tcp 0.0.0.0:8080 python3[300]/nobody docker:c0ffee from=anyone'])

# What an entry adds to its name and port, and what is found by owners, by rules too, by containers too. Whatever is
# observed, what once passes or fails does so with more of it; what was not known may become known.
TABLE = [
    ({}, '', '', ''),
    ({'process': 'docker-proxy'}, '', '', ''),
    ({'user': 'root'}, '', '', ''),
    ({'bind': 'any'}, '', '', ''),
    ({'clients': 'anyone'}, 'unknown', '', ''),
    ({'process': 'docker-proxy', 'clients': 'anyone'}, 'unknown', '', ''),
    ({'bind': 'loopback'}, 'wrong_bind', 'wrong_bind', 'wrong_bind'),
    ({'state': 'forbidden'}, 'forbidden', 'forbidden', 'forbidden'),
    ({'state': 'forbidden', 'process': 'docker-proxy'}, 'forbidden', 'forbidden', 'forbidden'),
    ({'state': 'forbidden', 'user': 'root'}, 'forbidden', 'forbidden', 'forbidden'),
    ({'state': 'ignored', 'ports': 'any', 'process': 'docker-proxy'}, '', '', ''),
    ({'service': 'nginx'}, 'wrong_owner', 'wrong_owner', 'wrong_owner'),
    # who is in the container, which a proxy does not show; past that of IPv6 there is no translation to show it
    ({'process': 'python3'}, 'unknown', 'unknown', 'unknown'),
    ({'process': 'python3', 'family': 'ipv4'}, 'unknown', 'unknown', ''),
    ({'user': 'nobody', 'family': 'ipv4'}, 'unknown', 'unknown', ''),
    ({'container': 'docker:c0ffee', 'family': 'ipv4'}, 'unknown', 'unknown', ''),
    ({'container': 'docker:c0ffee', 'process': 'docker-proxy', 'family': 'ipv4'}, 'unknown', 'unknown', ''),
    ({'container': 'docker:beef', 'family': 'ipv4'}, 'unknown', 'unknown', 'wrong_owner'),
    ({'process': 'nginx', 'family': 'ipv4'}, 'unknown', 'unknown', 'wrong_owner'),
    ({'state': 'forbidden', 'user': 'nobody', 'family': 'ipv4'}, 'unknown', 'unknown', 'forbidden'),
]


def found(case, entry):
    """The kinds of what is found about an entry, and the findings; whatever else listens is accepted."""
    entry = dict({'name': 'shop', 'port': 8080}, **entry)
    if 'ports' in entry:
        del entry['port']
    rest = {'name': 'rest', 'ports': ['1-65535/tcp'], 'state': 'ignored'}
    findings = [finding for finding in building.judged(dict(case, declare=[entry, rest]))[1].findings
                if 'shop' in finding.about]
    return ' '.join(sorted({finding.kind for finding in findings})), findings


@pytest.mark.parametrize('entry, by_owners, by_rules, by_containers', TABLE)
def test_one_endpoint_has_one_verdict(entry, by_owners, by_rules, by_containers):
    kinds = [found(case, entry)[0] for case in (_OF_OWNERS, _OF_RULES, _OF_ALL)]
    assert kinds == [by_owners, by_rules, by_containers]


@pytest.mark.parametrize('entry, by_rules, by_containers, elsewhere', [
    ({}, '', '', ''),
    ({'clients': 'anyone', 'family': 'ipv4'}, '', '', ''),
    ({'process': 'python3'}, 'unknown', '', 'unknown'),
    ({'container': 'docker:*'}, 'unknown', '', 'unknown'),
    ({'process': '[kernel]'}, 'unknown', 'wrong_owner', 'unknown'),
    ({'state': 'forbidden'}, 'forbidden', 'forbidden', 'forbidden'),
])
def test_what_only_rules_publish(entry, by_rules, by_containers, elsewhere):
    kinds = [found(case, entry)[0] for case in (_BARE, _BARE_CONTAINER, _BARE_ALL)]
    assert kinds == [by_rules, by_containers, elsewhere]


@pytest.mark.parametrize('case, entry, remedy', [
    (_OF_OWNERS, {'process': 'python3'}, 'gather the firewall and namespaces (option gather), or name the proxy that '
                                         'owns the port, or no owner'),
    (_BARE, {'process': 'python3'}, 'gather the firewall and namespaces (option gather), or name the proxy that owns '
                                    'the port, or no owner'),
    (_BARE_ALL, {'process': 'python3'}, 'name the proxy that owns the port in the entry, or no owner'),
    (_BARE_ALL, {'where': 'owners[0].uid == `0`'}, 'name the proxy that owns the port in the entry, or no owner'),
    (_BARE_ALL, {'ensure': 'owners[0].uid == `0`'}, 'name the proxy that owns the port in the entry, or no owner'),
    (_OF_OWNERS, {'state': 'forbidden'}, 'stop the container that it is published for'),
    (_OF_ALL, {'state': 'forbidden', 'family': 'ipv4'}, 'stop docker:c0ffee'),
    (_BARE, {'state': 'forbidden'}, 'remove the rule that forwards it'),
])
def test_what_is_to_be_done_helps_root_too(case, entry, remedy):
    findings = found(case, entry)[1]
    assert {finding.remedy for finding in findings} == {remedy}
    assert 'become' not in remedy


def test_what_is_led_elsewhere_is_told_as_that():
    [finding] = building.judged(dict(_BARE_ALL, declare=[]))[1].findings
    assert (finding.kind, finding.message, finding.remedy) == (
        'unexpected',
        'tcp 0.0.0.0:8080 forwarded to 10.88.0.4:80 (no container is known behind it) is open, but nothing declares it',
        'declare it in expected_listeners, or remove the rule that forwards it')


def test_nobody_but_root_hides_behind_a_translation():
    rogue = 'tcp 0.0.0.0:8080 docker-proxy[96]/mallory session-3.scope from=anyone'
    case = dict(_OF_RULES, host=[rogue])
    kinds, findings = found(case, {'user': 'root'})
    assert kinds == 'unknown wrong_owner'
    assert any('(user mallory)' in finding.message for finding in findings)


@pytest.mark.parametrize('entry, is_told', [
    ({}, True), ({'container': 'docker:*'}, True), ({'process': 'nginx'}, False), ({'service': 'nginx'}, False),
    ({'bind': 'loopback'}, False), ({'namespace': 'blue'}, False)])
@pytest.mark.parametrize('firewall', [None, False, True])
def test_what_is_missing_may_be_forwarded_where_nobody_looked(entry, is_told, firewall):
    case = {'host': [], 'complete': {'firewall': firewall, 'namespaces': True}, 'gaps': []}
    if firewall is False:
        case['gaps'] = ['firewall']
    [finding] = building.judged(dict(case, declare=[dict({'name': 'shop', 'port': 8080}, **entry)]))[1].findings
    assert finding.kind == 'missing'
    words = 'if the host forwards the port, gather the firewall with become'
    assert (words in finding.remedy) == (is_told and firewall is not True)
