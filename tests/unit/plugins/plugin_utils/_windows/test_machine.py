# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules of the firewall ask of a host."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import check
from ansible_collections.listening.ports.plugins.plugin_utils._windows.machine import machine
from ansible_collections.listening.ports.plugins.plugin_utils._windows.raw import Error
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.firewalls import (
    firewall, host, listening, service
)


def server(*urls):
    """A generated server, of whose queues of http.sys one has these URLs."""
    builder = raw_hosts.Builder().base()
    builder.queue([1120], list(urls))
    return check.check(builder.firewall([]).build())


def test_a_host_of_which_all_is_known():
    found = machine(server('HTTPS://+:443/IPHTTPS/', 'HTTPS://+:8443/IPHTTPS/x', 'HTTP://+:80/IPHTTPS/'), False)
    assert found.version == (10, 0, 20348) and found.dynamic == (49152, 65535)
    assert found.https == {443} and {49664, 49669} < found.rpc and found.teredo == frozenset()
    assert found.environment['systemroot'] == 'C:\\Windows'


def test_names_of_variables_have_no_case():
    assert machine(firewall(environment={'%SystemRoot%': 'D:\\W'}), False).environment == {'systemroot': 'D:\\W'}


@pytest.mark.parametrize('version, expected', [
    ('10.0.17763', (10, 0, 17763)), ('6.1.7601.0', (6, 1, 7601, 0)), ('', None), ('10', None), ('10.x', None),
    ('10.0.1\n', None), ('1.2.3.4.5', None)])
def test_versions(version, expected):
    assert machine(host(os=dict(host()['os'], version=version)), False).version == expected


@pytest.mark.parametrize('more, key', [
    ({'rpc': None}, 'rpc'), ({'errors': [Error('rpc', 1702, 'x')]}, 'rpc'),
    ({'http': None}, 'https'), ({'errors': [Error('http', 5, 'x')]}, 'https'), ({'http': 'no such text'}, 'https'),
    ({'dynamic': {}}, 'dynamic'), ({'dynamic': {'tcp4': None}}, 'dynamic'), ({'dynamic': {'tcp4': 'x'}}, 'dynamic'),
])
def test_what_could_not_be_read_is_not_known(more, key):
    assert getattr(machine(dict(server(), **more), False), key) is None


def test_ports_of_teredo_are_those_of_its_service():
    raw = host(services=[service('IpHlpSvc')._replace(pid=500), service('other')],
               udp4=[listening('udp', '0.0.0.0', 50001, 500), listening('udp', '0.0.0.0', 50002, 900)],
               udp6=[listening('udp', '::', 50003, 500)], tcp4=[listening('tcp', '0.0.0.0', 50004, 500)])
    assert machine(raw, True).teredo == {50001, 50003} and machine(raw, False).teredo == frozenset()
