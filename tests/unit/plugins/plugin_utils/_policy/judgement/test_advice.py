# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice on declarations that are allowed and cannot work, or mean something else than they seem to.

And those that need none.
"""

import datetime

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import advice, judge
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

NOW = datetime.datetime(2026, 11, 20, 9)
WIDE = {'name': 'pool', 'ports': '8000-8010', 'state': 'optional', 'only_from': ['private']}
APP = {'name': 'app', 'port': 8005}
NGINX = {'name': 'web', 'port': 80, 'user': 'www-data'}


def advised(declaration, host=(), **system):
    """list: the advice for a declaration and a host that shows these lines."""
    policy, facts = building.policy(declaration), building.facts(host, system=system)
    return advice.advice(policy.entries, facts, judge.judge(facts, policy, NOW))


def test_a_port_in_the_range_of_another_entry():
    assert advised([WIDE, APP], ['tcp 127.0.0.1:8005 app']) == [
        'tcp/8005 of entry app of expected_listeners is inside the range of entry pool of expected_listeners; '
        'for that port the specific entry wins']


@pytest.mark.parametrize(
    'wide, narrow',
    [
        (WIDE, dict(APP, port=8000)),
        (WIDE, dict(APP, port=8010)),
        (WIDE, dict(APP, state='optional')),
        (dict(WIDE, state='required'), APP),
        (dict(WIDE, ports=['22', '8000-8010']), {'name': 'app', 'ports': [22, 8005]}),
        (WIDE, dict(APP, port='8005-8005')),
        (dict(WIDE, ports='8000-8010/udp'), dict(APP, port='8005/udp')),
        (dict(WIDE, ports='1-65534'), APP),
        (dict(WIDE, namespace='blue'), dict(APP, namespace='b*')),
        (WIDE, dict(APP, family='ipv6')),
        (dict(WIDE, family='ipv6'), dict(APP, family='ipv6')),
    ],
)
def test_a_port_in_a_range_is_told_wherever_and_in_whatever_order_it_is_written(wide, narrow):
    for declaration in (
        [wide, narrow],
        [narrow, wide],
        {'expected_listeners': [wide], 'expected_listeners_app': [narrow]},
    ):
        text, = advised(declaration)
        assert 'of entry app ' in text and 'inside the range of entry pool ' in text


@pytest.mark.parametrize(
    'wide, narrow',
    [
        (WIDE, dict(APP, port=7999)),
        (WIDE, dict(APP, port=8011)),
        (WIDE, dict(APP, port='8005/udp')),
        (WIDE, dict(APP, port='8004-8006')),
        (dict(WIDE, ports='any'), APP),
        (dict(WIDE, ports=[8005]), APP),
        (dict(WIDE, when=False), APP),
        (WIDE, dict(APP, when=False)),
        (WIDE, dict(APP, state='forbidden', process='evil')),
        (WIDE, dict(APP, state='ignored')),
        (dict(WIDE, state='forbidden', process='evil'), APP),
        (dict(WIDE, state='ignored'), APP),
        (WIDE, dict(APP, namespace='blue')),
        (dict(WIDE, namespace='blue'), APP),
        (dict(WIDE, family='ipv4'), dict(APP, family='ipv6')),
    ],
)
def test_nothing_is_told_where_no_entry_takes_a_port_from_a_range(wide, narrow):
    assert advised([wide, narrow]) == []


def test_an_entry_may_name_a_port_of_its_own_range():
    assert advised([dict(WIDE, ports=['8000-8010', 8005])]) == []


def test_a_required_port_that_a_client_may_have():
    assert advised([{'name': 'app', 'ports': [40000, 22, '50000/udp']}], ephemeral_ports=[32768, 60999]) == [
        'tcp/40000, udp/50000 of entry app of expected_listeners is in the range of client ports, '
        '32768 to 60999: a client may be using it when the service '
        'starts; add it to net.ipv4.ip_local_reserved_ports'
    ]


@pytest.mark.parametrize('port, reserved, wanted', [
    (32768, [], True), (60999, [], True), (32767, [], False), (61000, [], False),
    (40000, [[40000, 40000]], False), (40000, [[22, 30], [39990, 40000]], False), (40000, [[40000, 40010]], False),
    (40000, [[39990, 39999], [40001, 40010]], True), (40000, None, True)])
def test_the_range_of_clients_is_without_what_is_reserved(port, reserved, wanted):
    lines = advised(
        [{'name': 'app', 'port': port}],
        ['tcp 0.0.0.0:%d app' % port],
        ephemeral_ports=[32768, 60999],
        reserved_ports=reserved,
    )
    assert bool(lines) == wanted


@pytest.mark.parametrize(
    'changes',
    [
        {'state': 'optional'},
        {'state': 'forbidden'},
        {'state': 'ignored'},
        {'when': False},
        {'port': '40000-40010'},
        {'port': 'any'},
        {'port': '40000-40010', 'need': 'any'},
        {'namespace': 'blue'},
    ],
)
def test_the_range_of_clients_matters_to_what_has_to_get_its_port_alone(changes):
    assert advised([dict({'name': 'app', 'port': 40000}, **changes)], ephemeral_ports=[32768, 60999]) == []


def test_the_range_of_clients_is_not_known():
    assert advised([{'name': 'app', 'port': 40000}], ephemeral_ports=None) == []


def test_a_port_that_the_user_may_not_bind():
    assert advised([NGINX], unprivileged_port_start=1024) == [
        'tcp/80 of entry web of expected_listeners is below 1024; '
        'user www-data cannot bind to it without CAP_NET_BIND_SERVICE'
    ]


def test_those_of_the_ports_that_the_user_may_not_bind():
    (text,) = advised(
        [{'name': 'web', 'ports': [80, 81, 8080], 'user': 'www-data'}],
        ['tcp 0.0.0.0:81 nginx/www-data'],
        unprivileged_port_start=1024,
    )
    assert text.startswith('tcp/80 of entry web ')


@pytest.mark.parametrize(
    'changes, host, start',
    [
        ({'port': 1024}, [], 1024),
        ({'port': 80}, [], 80),
        ({}, [], 0),
        ({}, [], None),
        ({'user': 'root'}, [], 1024),
        ({'user': '0'}, [], 1024),
        ({'user': ['www-data', 'root']}, [], 1024),
        ({'user': '*'}, [], 1024),
        ({'user': None}, [], 1024),
        ({'state': 'optional'}, [], 1024),
        ({'state': 'forbidden'}, [], 1024),
        ({'when': False}, [], 1024),
        ({'port': '80-90'}, [], 1024),
        ({}, ['tcp 0.0.0.0:80 nginx/www-data'], 1024),
        ({}, ['tcp 0.0.0.0:80 apache/root'], 1024),
    ],
)
def test_nothing_is_told_of_a_user_who_may_bind_it_who_has_done_so_or_who_is_not_the_reason(changes, host, start):
    entry = {
        option: value
        for option, value in dict({'name': 'web', 'port': 80, 'user': 'www-data'}, **changes).items()
        if value is not None
    }
    assert advised([entry], host, unprivileged_port_start=start) == []


def test_other_namespaces_have_a_limit_of_their_own():
    policy = building.policy([{'name': 'web', 'port': 80, 'user': 'www-data', 'namespace': 'blue'}])
    facts = building.facts([], complete={'namespaces': True}, system={'unprivileged_port_start': 1024})
    result = judge.judge(facts, policy, NOW)
    assert [finding.kind for finding in result.findings] == ['missing']
    assert advice.advice(policy.entries, facts, result) == []


def test_what_is_told_is_harmless_to_print():
    name = 'x\x1b[31m\n::error::'
    lines = advised([dict(WIDE, name=name), dict(APP, name='a' + name), {'name': 'b' + name, 'ports': [40000]},
                     {'name': 'c' + name, 'port': 80, 'user': 'w' + name}],
                    ephemeral_ports=[32768, 60999], unprivileged_port_start=1024)
    assert len(lines) == 3
    for text in lines:
        assert visible(text, len(text)) == text
