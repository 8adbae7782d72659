# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of groups: whatever the text, of allowed characters alone."""

import re

import pytest
from hypothesis import given, strategies as st

from ansible.inventory.group import to_safe_group_name
from ansible_collections.listening.ports.plugins.plugin_utils._inventory import names
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile


@pytest.mark.parametrize('kind, text, expected', [
    ('service', 'nginx', 'service_nginx'),
    ('service', 'Redis-Server@6379', 'service_redis_server_6379'),
    ('process', '{{ lookup("pipe", "id") }}', 'process____lookup__pipe____id_____'),
    ('process', '../../etc', 'process_______etc'),
    ('process', 'a\nb', 'process_a_b'),
    ('process', 'wéb', 'process_w_b'),
    ('process', 'x' * 100, 'process_' + 'x' * 52),
    ('listens', 'tcp_22', 'listens_tcp_22'),
    ('process', '', ''),
])
def test_of_one_value(kind, text, expected):
    assert names.of(kind, text) == expected


@pytest.mark.parametrize('text, expected', [
    ('7z', '_7z'), ('7' * 100, '_' + '7' * 59), ('web', 'web'), ('Web-1', 'web_1'), ('', ''), ('\u0130', 'i_'),
    ('\u0130' * 100, 'i_' * 30), ('\u212a', 'k'),     # letters that become others, in lower case
])
def test_of_any_text(text, expected):
    assert names.safe(text) == expected


@given(st.one_of(st.text(), st.sampled_from(hostile.NAMES), st.text(st.characters(codec=None), min_size=70)))
def test_every_name_is_safe(text):
    name = names.safe(text)
    assert re.fullmatch(r'(?![0-9])[a-z0-9_]{0,60}', name, re.ASCII)
    assert name.__class__ is str and bool(name) == bool(text)
    # and as Ansible itself would have it
    assert to_safe_group_name(name, force=True, silent=True) == name


class Marked(str):
    """Text with a mark that has to be lost: tags and AnsibleUnsafeText are such."""

    def lower(self):
        return Marked(super().lower())

    def __getitem__(self, index):
        return Marked(super().__getitem__(index))


@pytest.mark.parametrize('text', ['web', 'w', 'W!'])
def test_names_are_plain_text(text):
    assert names.safe(Marked(text)).__class__ is str
    assert names.of('process', Marked(text)).__class__ is str


@pytest.mark.parametrize('name, kinds, expected', [
    ('listens_tcp_22', ('listens',), True), ('listens_sctp_1', ('listens',), True), ('listens_tcp_22', (), False),
    ('listens_icmp_1', ('listens',), False), ('listens_tcp_22_x', ('listens',), False),
    ('exposed_anyone', ('exposed',), True), ('exposed_everyone', ('exposed',), False),
    ('verdict_violates', ('verdict',), True), ('verdict_pending', ('verdict',), False),
    ('service_nginx', ('service',), False),         # one of a human just as well
    ('listening_ports', (), True), ('web', names.KINDS, False),
])
def test_names_that_hosts_can_make(name, kinds, expected):
    assert names.is_possible(name, kinds) is expected
