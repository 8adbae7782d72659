# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page keeps of a host: above all the ports that its findings are about."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report.page.content import Content
from ansible_collections.listening.ports.plugins.plugin_utils._report.page.kinds import LEVELS
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.judgements import finding, judgement
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener, record

LISTENERS = [listener('127.0.0.1', 5432), listener('127.0.0.1', 6379), listener(port=80),
             listener(port=90, namespace='a\x1bb')]


def marked(*findings):
    """The ports that the findings of a host with LISTENERS mark, as they are shown."""
    host = Host('web', 'ok', record=record('web', facts(*LISTENERS), judgement=judgement(*findings)))
    content = Content()
    content.add(host, host.facts)
    [seen] = content.hosts
    return [[content.kinds.ports[number].number for number in numbers] for dummy, numbers in seen.places]


@pytest.mark.parametrize('about, wanted', [
    ({'listener': 'tcp/0.0.0.0:80'}, [[80]]),
    ({'listener': None, 'listeners': ['tcp/127.0.0.1:5432', 'tcp/127.0.0.1:6379']}, [[5432, 6379]]),
    ({'listener': 'tcp/127.0.0.1:5432', 'listeners': ['tcp/127.0.0.1:5432', 'tcp/127.0.0.1:6379']}, [[5432, 6379]]),
    ({'listener': None}, []),
    ({'listener': 'tcp/0.0.0.0:81'}, []),
    ({'listener': 'tcp/0.0.0.0:81', 'listeners': ['tcp/0.0.0.0:80']}, [[80]]),
    ({'listener': 'tcp/0.0.0.0:90@a\\x1bb'}, [[-2]]),        # as the name of its namespace is shown
])
def test_a_finding_marks_the_ports_of_all_listeners_that_it_is_about(about, wanted):
    assert marked(dict(finding('x'), **about)) == wanted


def test_a_finding_about_missing_ports_marks_these():
    assert marked(dict(finding('x', kind='missing'), ports=['tcp/443', 'tcp/8443'])) == [[443, 8443]]


def test_the_same_owner_on_other_addresses_is_another_way_to_listen():
    """But for addresses of the host itself, which are other ones on each host, and ports that rove."""
    def kinds(*listeners):
        content = Content()
        for number, each in enumerate(listeners):
            host = Host('h%d' % number, 'ok', record=record('h%d' % number, facts(each)))
            content.add(host, host.facts)
        return [(kind.bound, LEVELS[kind.level]) for kind in content.kinds.kinds]
    assert kinds(listener('127.0.0.1', 323), listener('::1', 323, scope='loopback'), listener('127.0.0.53', 323)) == [
        ('127.0.0.1', 'local'), ('::1', 'local'), ('127.0.0.53', 'local')]
    assert kinds(*(listener('10.0.0.%d' % number, scope='private') for number in range(3))) == [
        ('own address', 'private')]
    assert kinds(listener('::', accepts_ipv4=True), listener('::', accepts_ipv4=False), listener(interface='eth0')) == [
        (':: and IPv4', 'anyone'), ('::', 'anyone'), ('0.0.0.0%eth0', 'anyone')]
    assert kinds(*(listener(port=port, protocol='udp', ephemeral=True) for port in (40000, 50000))) == [
        ('0.0.0.0', 'anyone')]
