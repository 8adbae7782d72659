# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of a Windows host, and ports that are set aside."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import check
from ansible_collections.listening.ports.plugins.plugin_utils._windows.system import local_addresses, system
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts as hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.netsh_texts import LANGUAGES


def made(host=None, **changed):
    """What the facts have as system."""
    return system(check.check(dict((host or hosts.Builder()).build(), **changed)))


def test_all_of_it():
    host = hosts.Builder()
    host.exclude('tcp', 50000, 50059, True)
    host.exclude('tcp', 50040, 50080, True)
    host.exclude('udp', 5985, 5985)
    host.exclude('tcp', 5985, 5985)
    host.exclude('tcp', 5986, 6000)
    assert made(host) == {
        'local_addresses': ['10.0.3.8/24', 'fe80::5c1d:9a2e:77b1:3f08%Ethernet/64', '127.0.0.1/8', '::1/128'],
        'ephemeral_ports': [49152, 65535], 'reserved_ports': [[50000, 50080]], 'unprivileged_port_start': 0,
        'platform': 'windows', 'excluded_ports': [[5985, 5985], [5986, 6000]]}


def test_what_could_not_be_read_is_null():
    observed = made(dynamic={}, excluded={}, interfaces=None)
    assert (observed['ephemeral_ports'], observed['reserved_ports'], observed['excluded_ports']) == (None, None, None)
    assert observed['local_addresses'] is None
    observed = made(dynamic=dict.fromkeys(check.TABLES), excluded=dict.fromkeys(check.TABLES))
    assert observed['ephemeral_ports'] is observed['excluded_ports'] is None


@pytest.mark.parametrize('text', [None, '', LANGUAGES['de'].refused])
def test_ports_of_one_table_that_are_not_known_may_be_excluded(text):
    raw = hosts.Builder().build()
    raw['excluded']['udp6'] = text
    assert made(excluded=raw['excluded'])['excluded_ports'] is None
    del raw['excluded']['udp6']
    assert made(excluded=raw['excluded'])['reserved_ports'] is None


def test_dynamic_ports_that_differ():
    english = LANGUAGES['en']
    assert made(dynamic={
        'tcp4': english.dynamic('tcp', 1024, 64511), 'tcp6': english.dynamic('tcp', 49152, 16384), 'udp4': None,
        'udp6': english.dynamic('udp', 2000, 3000)})['ephemeral_ports'] == [1024, 65535]
    assert made(dynamic={
        'tcp4': english.dynamic('tcp', 1024, 100), 'tcp6': english.dynamic('tcp', 49152, 16384)})[
            'ephemeral_ports'] == [1024, 65535]


@pytest.mark.parametrize('text, wanted', [
    ('10.0.0.1/24', ['10.0.0.1/24']), ('fe80::1%5/64', ['fe80::1%Ethernet/64']), ('fe80::1%99/64', ['fe80::1%99/64']),
    ('fe80::1%x/64', ['fe80::1%x/64']), ('10.0.0.1', ['10.0.0.1/32']), ('x', []), ('10.0.0.1/99', []), ('', []),
    ('fe80::1%²/64', ['fe80::1%²/64'])])
def test_addresses(text, wanted):
    raw = hosts.Builder().build()
    raw['interfaces'][0]['addresses'] = [text]
    raw['interfaces'][1]['up'] = False
    assert local_addresses(check.check(raw)) == wanted
