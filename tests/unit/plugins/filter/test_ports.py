# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ports: what a list of ports means."""

import pytest

from ansible.errors import AnsibleFilterError
from ansible_collections.listening.ports.plugins.filter.ports import FilterModule

ports = FilterModule().filters()['ports']


def told(value, *more):
    return ['%(protocol)s/%(port)d' % each for each in ports(value, *more)]


@pytest.mark.parametrize('value, expected', [
    (443, ['tcp/443']), ('443', ['tcp/443']), ('80,443, 8000-8002/udp',
                                               ['tcp/80', 'tcp/443', 'udp/8000', 'udp/8001', 'udp/8002']),
    (['53/udp', 53, '53'], ['udp/53', 'tcp/53']), (['22, 23', 'https'], ['tcp/22', 'tcp/23', 'tcp/443']),
    ((1, 2), ['tcp/1', 'tcp/2']), ('8000-8000', ['tcp/8000']), (['5/sctp', '5/sctp'], ['sctp/5'])])
def test_ports(value, expected):
    assert told(value) == expected


def test_another_protocol():
    assert told('53, 54/tcp', 'udp') == ['udp/53', 'tcp/54'] and len(ports('any')) == 65535


@pytest.mark.parametrize('value, message', [
    (0, '0 is not a port'), (70000, '70000 is not a port'), ('9-8', 'is empty'), ('', 'is not a port'),
    (None, 'is not a port'),
    ('80,,81', 'is not a port'), (True, 'is not a port'), ({'port': 80}, 'is not a port'),
    ('nobody-knows', 'neither a port nor'),
    ('80/icmp', 'is not a protocol'), ([], 'the list is empty'), (['any', 'any/udp'], 'more than 65536 ports'),
    (1.5, 'is not a port')])
def test_what_is_no_port_is_refused(value, message):
    with pytest.raises(AnsibleFilterError, match=message):
        ports(value)


@pytest.mark.parametrize('protocol', ['icmp', '', None, ['tcp']])
def test_what_is_no_protocol_is_refused(protocol):
    with pytest.raises(AnsibleFilterError, match='is not a protocol'):
        ports(80, protocol)
