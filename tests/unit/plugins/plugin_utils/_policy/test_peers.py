# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other programs that inspect listeners were seen to get wrong, and what is found here.

Each docstring says what was seen.
"""

import pytest

from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building


def outcome(declare, *host, **more):
    """Pairs of kind and listener, or entry where there is none, of what is found; and whether the host fails."""
    result = building.judged(dict(more, declare=declare, host=host))[1]
    return [(finding.kind, finding.listener or finding.entry) for finding in result.findings], result.failing


NEGATIVE = [
    [],
    [{'name': 'no telnet', 'port': 23, 'state': 'forbidden'}],
    [
        {'name': 'no telnet', 'ports': [23, '2323/tcp'], 'state': 'forbidden', 'process': '*'},
        {'name': 'web', 'port': 80, 'state': 'optional'},
    ],
    [{'name': 'anything of app', 'ports': 'any', 'process': 'app', 'state': 'optional'}],
    [{'name': 'let be', 'ports': 'any', 'state': 'ignored'}],
]


@pytest.mark.parametrize('declare', NEGATIVE)
def test_a_failed_observation_passes_no_negative_check(declare):
    """A collector fails, its list is empty, and "must not listen" and "nothing else listens" pass.

    Seen in a facts module (its command exits with 1), in two languages of tests (both tools fail; the program is not
    installed), in a daemon that validates hosts (errors of four files are dropped), in a compliance scanner (its script
    passes where the tool is missing) and in a module for Windows (errors are silenced).
    """
    kinds, failing = outcome(declare, gaps=['sockets'])
    assert [kind for kind, dummy in kinds] == ['unknown'] and failing


def test_a_failed_observation_is_no_proof_that_something_is_missing():
    """The same, from the other side: what must listen is "down" though nobody could look."""
    kinds, failing = outcome([{'name': 'web', 'port': 80}], gaps=['sockets'])
    assert [kind for kind, dummy in kinds] == ['unknown'] and failing


def test_what_was_seen_in_spite_of_a_failure_still_counts():
    """Where one of several tables cannot be read, the others are dropped, or the failure is."""
    kinds, failing = outcome([{'name': 'no telnet', 'port': 23, 'state': 'forbidden'}, {'name': 'web', 'port': 80}],
                             'tcp 0.0.0.0:23 telnetd', 'tcp 0.0.0.0:80 nginx', gaps=['sockets'])
    assert (
        kinds[0] == ('forbidden', 'tcp/0.0.0.0:23')
        and [kind for kind, dummy in kinds] == ['forbidden', 'unknown']
        and failing
    )


def test_a_socket_of_both_families_is_one_listener_whatever_a_tool_calls_it():
    """The same socket is ``*`` with one tool and ``::`` with another, so that a check depends on what is installed."""
    assert outcome([{'name': 'ssh', 'port': 22, 'bind': 'any'}], 'tcp [::]:22 sshd dual') == ([], False)


@pytest.mark.parametrize('entry', [{'family': 'ipv4'}, {'family': 'ipv6'}, {}])
def test_a_socket_of_both_families_satisfies_a_check_of_either(entry):
    """Only IPv4 sockets are listed (``ss -4``), or a check of tcp fails on a host that has IPv6.

    Users have turned IPv6 off to cope.
    """
    assert outcome([dict(entry, name='ssh', port=22)], 'tcp [::]:22 sshd dual') == ([], False)


def test_a_socket_of_both_families_is_not_hidden_from_a_check_of_ipv4():
    """Only IPv4 sockets are listed, and one that takes IPv4 through a wildcard of IPv6 is approved unseen."""
    assert outcome(
        [{'name': 'no telnet', 'port': 23, 'family': 'ipv4', 'state': 'forbidden'}], 'tcp [::]:23 telnetd dual'
    )[0] == [('forbidden', 'tcp/[::]:23')]


def test_a_listener_of_ipv6_alone_does_not_pass_unseen():
    """A pattern for addresses is empty for IPv6, fits everything, and listeners of IPv6 alone pass."""
    assert outcome([{'name': 'web', 'port': 80}], 'tcp 0.0.0.0:80 nginx', 'tcp [::]:9999 nc') == (
        [('unexpected', 'tcp/[::]:9999')],
        True,
    )


def test_a_listener_of_ipv6_alone_is_none_of_ipv4():
    """The family is guessed from a word of the output, so that ``[fe80::1]:9200`` is taken for IPv4."""
    kinds, dummy = outcome(
        [{'name': 'search', 'port': 9200, 'family': 'ipv4', 'state': 'required'}], 'tcp [fe80::1%eth0]:9200 java'
    )
    assert kinds == [('missing', 'search'), ('unexpected', 'tcp/[fe80::1%eth0]:9200')]


@pytest.mark.parametrize(
    'line', ['udp 127.0.0.53%lo:53 systemd-resolve', 'udp 127.0.0.2:53 dnsmasq', 'udp [::1]:53 dnsmasq']
)
def test_loopback_is_loopback_with_a_device_and_beside_the_first_address(line):
    """``127.0.0.53%lo`` comes out as the address, and 127.0.0.2 counts as exposed."""
    assert outcome([{'name': 'dns', 'port': '53/udp', 'bind': 'loopback', 'clients': 'local'}], line) == ([], False)
    assert not outcome([], line)[1]


def test_a_scoped_address_keeps_its_interface():
    """``fe80::1]%eth0`` comes out as the address."""
    assert outcome([{'name': 'dhcp', 'port': '546/udp', 'bind': 'link'}], 'udp [fe80::1%eth0]:546 dhclient') == (
        [],
        False,
    )
    assert outcome([{'name': 'dhcp', 'port': '546/udp', 'bind': 'eth0'}], 'udp [fe80::1%eth0]:546 dhclient') == (
        [],
        False,
    )


def test_a_list_of_what_is_allowed_shows_what_is_not():
    """The documented example for violations of a list selects the ports that are on it."""
    assert outcome(
        [{'name': 'allowed', 'ports': [22, 80]}], 'tcp 0.0.0.0:22 sshd', 'tcp 0.0.0.0:80 nginx', 'tcp 0.0.0.0:25 exim4'
    ) == ([('unexpected', 'tcp/0.0.0.0:25')], True)


def test_a_wildcard_is_not_one_address_and_answers_on_each():
    """A listener on ``0.0.0.0:22`` is not found under 127.0.0.1.

    One on ``[::]:22`` is found under an address that the host does not have.
    """
    assert outcome([{'name': 'ssh', 'port': 22, 'bind': '10.9.9.9'}], 'tcp [::]:22 sshd dual')[0] == [
        ('wrong_bind', 'tcp/[::]:22')
    ]
    assert outcome([{'name': 'ssh', 'port': 22, 'bind': '127.0.0.1'}], 'tcp 0.0.0.0:22 sshd')[0] == [
        ('wrong_bind', 'tcp/0.0.0.0:22')
    ]
    assert outcome([{'name': 'ssh', 'port': 22}], 'tcp 0.0.0.0:22 sshd') == ([], False)


def test_a_permission_for_one_protocol_is_none_for_another():
    """A rule for 80/udp satisfies tcp/80."""
    kinds, failing = outcome([{'name': 'http3', 'port': '80/udp', 'state': 'optional'}], 'tcp 0.0.0.0:80 nginx')
    assert kinds == [('unexpected', 'tcp/0.0.0.0:80')] and failing


def test_a_permission_for_one_port_is_none_for_another_that_begins_alike():
    """A rule for port 8080 satisfies port 80."""
    kinds, failing = outcome(
        [{'name': 'app', 'port': 8080, 'state': 'optional'}], 'tcp 0.0.0.0:80 nginx', 'tcp 0.0.0.0:808 nginx'
    )
    assert kinds == [('unexpected', 'tcp/0.0.0.0:80'), ('unexpected', 'tcp/0.0.0.0:808')] and failing


def test_all_holders_of_a_socket_are_compared():
    """Of several processes that share a socket the last one is kept, or a single one."""
    for holders in ('nginx[5] nc[6]', 'nc[5] nginx[6]'):
        assert outcome([{'name': 'web', 'port': 80, 'process': 'nginx'}], 'tcp 0.0.0.0:80 ' + holders)[0] == [
            ('wrong_owner', 'tcp/0.0.0.0:80')
        ]


@pytest.mark.parametrize('held', ['hidden', 'kernel'])
def test_a_listener_without_a_process_stays_in_the_list(held):
    """Listeners without a visible pid are lost, be it of the kernel or for lack of privileges; or each is an error."""
    gaps = ['owners'] if held == 'hidden' else []
    assert outcome([], 'tcp 0.0.0.0:2049 ' + held, gaps=gaps) == ([('unexpected', 'tcp/0.0.0.0:2049')], True)
    assert outcome([{'name': 'nfs', 'port': 2049}], 'tcp 0.0.0.0:2049 ' + held, gaps=gaps) == ([], False)


def test_an_unprivileged_look_says_so_in_place_of_nothing():
    """Without root the list of processes is empty, and a check of who owns a port is "none" instead of "not known"."""
    web = {'name': 'web', 'port': 80, 'process': 'nginx'}
    kinds, failing = outcome([web], 'tcp 0.0.0.0:80 hidden', gaps=['owners'])
    assert kinds == [('unknown', 'tcp/0.0.0.0:80')] and failing


def test_client_sockets_of_udp_are_no_listeners():
    """Every socket of UDP, connected or ephemeral, is "listening"; or all of the ephemeral range are left out."""
    clients = ['udp 0.0.0.0:40001 named', 'udp 0.0.0.0:40002 chronyd']
    assert outcome([], *clients, earlier=['udp 0.0.0.0:40003 named']) == ([], False)
    assert not outcome([], *clients, earlier=clients)[1]
    assert outcome([], 'udp 0.0.0.0:40001 x exe=/tmp/x', earlier=['udp 0.0.0.0:40001 x exe=/tmp/x'])[1]
    assert outcome([{'name': 'wireguard', 'port': '51820/udp'}], 'udp 0.0.0.0:51820 kernel') == ([], False)


def test_a_service_that_runs_is_not_one_that_listens():
    """Whether services are approved to listen is checked by the list of units, and no socket is looked at."""
    assert outcome(
        [{'name': 'web', 'port': 80, 'service': 'nginx'}],
        diagnoses={'nginx.service': {'active': 'active', 'sub': 'running'}},
    )[0] == [('missing', 'web')]


def test_connections_are_no_listeners():
    """Connections are counted with the listeners."""
    result = building.judged(
        {'declare': [{'name': 'web', 'port': 80}], 'host': ['tcp 0.0.0.0:80 nginx established=5000']}
    )[1]
    assert (result.judged, result.passed) == (1, 1)


def test_systemd_is_not_blamed_for_what_it_activates():
    """The holder of an activated socket is "systemd"."""
    result = building.judged(
        {'declare': [], 'host': ['tcp 0.0.0.0:631 systemd[1]/root init.scope by=cups.socket service=cups.service']}
    )[1]
    assert '(cups.socket)' in result.findings[0].message
    assert result.findings[0].remedy.endswith('stop cups.socket and cups.service')


def test_a_holder_that_comes_and_goes_does_not_change_what_is_found():
    """An alert is raised for a pid that changed, or lines that did."""
    lines = ['tcp 0.0.0.0:4444 nc[%d]', 'tcp 0.0.0.0:4445 nc[%d]']
    first, second = (
        [(finding.kind, finding.fingerprint) for finding in building.judged({'declare': [], 'host': host})[1].findings]
        for host in ([line % 5 for line in lines], [line % 6 for line in reversed(lines)])
    )
    assert sorted(first) == sorted(second)


def test_a_waiver_holds_through_its_last_day_in_utc():
    """The last day of a waiver, and its time zone, are written nowhere; other forms of a date become 1 January."""
    waiver = {'expected_listeners': [], 'listener_waivers': [{'port': 23, 'expires': building.TODAY}]}
    assert not outcome(waiver, 'tcp 0.0.0.0:23 telnetd')[1]
    assert outcome(waiver, 'tcp 0.0.0.0:23 telnetd', day=building.TODAY.replace(day=21))[1]


def test_a_published_port_without_a_socket_is_judged():
    """A container's port that address translation publishes is in no table of sockets, and in no result."""
    kinds, failing = outcome([], forwarded=['tcp 0.0.0.0:8080 app docker:0123'])
    assert kinds == [('unexpected', 'tcp/0.0.0.0:8080')] and failing


def test_what_listens_in_a_container_is_not_exposed_by_the_host():
    """Ports inside of containers are listed as if the host had them."""
    assert outcome([], 'tcp 0.0.0.0:9000@docker:0123 php-fpm', complete={'namespaces': True}) == ([], False)
