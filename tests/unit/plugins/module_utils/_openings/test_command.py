# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person would type to make an opening."""

import shlex

import pytest

from ansible_collections.listening.ports.plugins.module_utils._openings.command import command, handfuls


def opening(**more):
    return dict({'listener': 'tcp/0.0.0.0:8080', 'protocol': 'tcp', 'ports': [8080], 'sources': None,
                 'backend': 'firewalld', 'interface': None}, **more)


@pytest.mark.parametrize('given, expected', [
    ({}, 'firewall-cmd --add-port=8080/tcp && firewall-cmd --permanent --add-port=8080/tcp'),
    ({'ports': [80, '8000-8010'], 'protocol': 'udp'},
     'firewall-cmd --add-port=80/udp --add-port=8000-8010/udp && '
     'firewall-cmd --permanent --add-port=80/udp --add-port=8000-8010/udp'),
    ({'interface': 'eth0'},
     'firewall-cmd --zone="$(firewall-cmd --get-zone-of-interface=eth0)" --add-port=8080/tcp && '
     'firewall-cmd --permanent --zone="$(firewall-cmd --get-zone-of-interface=eth0)" --add-port=8080/tcp'),
    ({'backend': 'ufw'}, 'ufw allow proto tcp to any port 8080'),
    ({'backend': 'ufw', 'ports': [80, '8000-8010'], 'sources': ['10.0.0.0/8', 'fd00::/8'], 'interface': 'eth0'},
     'ufw allow proto tcp from 10.0.0.0/8 to any port 80,8000:8010 && '
     'ufw allow proto tcp from fd00::/8 to any port 80,8000:8010'),
    ({'backend': 'ufw', 'protocol': 'sctp'}, None),
])
def test_commands(given, expected):
    assert command(opening(**given)) == expected


def test_rich_rules_of_both_families():
    text = command(opening(sources=['10.0.0.0/8', 'fd00::/8']))
    words = shlex.split(text.split(' && ')[1])
    assert words == [
        'firewall-cmd', '--permanent',
        '--add-rich-rule=rule family="ipv4" source address="10.0.0.0/8" port port="8080" protocol="tcp" accept',
        '--add-rich-rule=rule family="ipv6" source address="fd00::/8" port port="8080" protocol="tcp" accept']


def test_a_name_of_the_host_is_no_command_of_the_shell():
    text = command(opening(interface='a;reboot'))
    assert "--get-zone-of-interface='a;reboot')" in text


def test_ports_are_split_where_ufw_takes_no_more():
    assert handfuls([]) == []
    assert handfuls(range(1, 17)) == [','.join(map(str, range(1, 16))), '16']
    assert handfuls([*range(1, 15), '20-30']) == [','.join(map(str, range(1, 15))), '20:30']
