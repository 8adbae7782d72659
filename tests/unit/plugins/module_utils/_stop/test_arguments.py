# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest

from ansible_collections.listening.ports.plugins.module_utils._stop import arguments


def fault(**options):
    return arguments.fault(dict({'listeners': ['tcp/0.0.0.0:80'], 'protected': [], 'confirm': 60}, **options))


@pytest.mark.parametrize('listener', [
    'tcp/0.0.0.0:80', 'udp/[::]:53', 'tcp/[fe80::1%eth0]:22', 'tcp/[fe80::1%Ethernet 2]:22', 'udp/10.0.0.1%br-0:67',
    'raw/[::]:58',
    'tcp/[::1]:8080@net:[4026532281]', 'tcp/0.0.0.0:80@blue and green',
])
def test_ids_as_the_facts_have_them(listener):
    assert fault(listeners=[listener]) is None


@pytest.mark.parametrize('listener', [
    '', '80', 'tcp/80', 'tcp/0.0.0.0', 'tcp/0.0.0.0:http', 'tcp/0.0.0.0:80 ', 'tcp/0.0.0.0:80\n', 'nginx.service',
    'tcp/0.0.0.0:800000', 'tcp/:::22', 'tcp/0.0.0.0:80@' + 400 * 'x',
])
def test_what_is_no_id(listener):
    assert 'is not the id of a listener, such as tcp/0.0.0.0:80' in fault(listeners=['tcp/0.0.0.0:22', listener])


def test_nothing_to_stop_is_no_fault():
    assert fault(listeners=[]) is None


@pytest.mark.parametrize('pattern, faulty', [('vpn-*.service', False), ('/opt/*', False), ('', True), (' ', True),
                                             (401 * '*', True)])
def test_patterns_of_what_is_protected(pattern, faulty):
    assert bool(fault(protected=['x', pattern])) is faulty


def test_what_port_filter_refuses_too():
    assert 'confirm has to be 0, or 10' in fault(confirm=9)
    assert 'eight hexadecimal digits' in fault(token='../../..')
    assert fault(token='8f3c1a2b', confirm=0) is None
