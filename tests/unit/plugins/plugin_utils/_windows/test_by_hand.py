# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PowerShell that a person copies: exact, and harmless whatever a host named."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import by_hand
from ansible_collections.listening.ports.plugins.plugin_utils._windows.model import SYSTEM

RULE = ("New-NetFirewallRule -DisplayName 'listening.ports: tcp 8080' -Group 'listening.ports' -Direction Inbound "
        '-Action Block -Profile Any -Protocol TCP -LocalPort 8080')


@pytest.mark.parametrize('text, quoted', [
    ('Spooler', "'Spooler'"), ("O'Neil", "'O''Neil'"), ('\u2018\u2019\u201a\u201b', "'\u2018\u2018\u2019\u2019"
                                                        "\u201a\u201a\u201b\u201b'"),
    ('$x; `n "', "'$x; `n \"'"), ('Größe', "'Größe'"), ('', None), ('a\tb', None), ('a\u200bb', None),
    ('x' * 301, None), ('x' * 300, "'%s'" % ('x' * 300)), (' ::error::x', None)])
def test_quoted(text, quoted):
    assert by_hand.quoted(text) == quoted


def test_services():
    assert by_hand.stop('Web') == "Set-Service -Name 'Web' -StartupType Disabled; Stop-Service -Name 'Web'"
    assert by_hand.stop('Web', dependents=True).endswith("Stop-Service -Name 'Web' -Force")
    assert by_hand.start('Web', 'manual') == "Set-Service -Name 'Web' -StartupType Manual; Start-Service -Name 'Web'"
    for name, start_type in (('Web', 'boot'), ('Web', 'disabled'), ('W*', 'manual'), ('W\n', 'manual')):
        assert by_hand.start(name, start_type) is None
    for name in ('*', 'a?', '[ab]', 'a`', '', 'a\n'):
        assert by_hand.stop(name) is None


def test_the_kernel():
    assert by_hand.end_netbios('{x}') is None and by_hand.end_netbios("{'; calc; '}") is None
    for kind, listen in (('v4tov4', '*/80'), ('v6tov4', 'fe80::1/80'), ('v4tov4', '0.0.0.0/80')):
        assert by_hand.end_portproxy(kind, listen) == (
            'netsh interface portproxy delete %s listenport=80 listenaddress=%s' % (kind, listen[:-3]))
    for kind, listen in (('v4tov5', '*/80'), ('v4tov4', '*/x'), ('v4tov4', '* /80'), ('v4tov4', 'calc.exe/80'),
                         ('v4tov4', '*/80\n'), ('v4tov4', '80'), ('v4tov4', '&/80')):
        assert by_hand.end_portproxy(kind, listen) is None


@pytest.mark.parametrize('sources, program, more', [
    (None, None, ''),
    (None, SYSTEM, ' -Program System'),
    (None, "C:\\O'Neil\\x.exe", " -Program 'C:\\O''Neil\\x.exe'"),
    (['10.0.0.0/8', '::/1'], None, ' -RemoteAddress 10.0.0.0/8,::/1'),
])
def test_rules(sources, program, more):
    assert by_hand.rule('Block', 'tcp', '8080', sources, program) == RULE + more


def test_rules_that_there_are_not():
    assert by_hand.rule('Block', 'tcp', '8080', [], None) is None                       # nobody
    assert by_hand.rule('Block', 'tcp', '8080', None, 'C:\\x\n.exe') is None
    assert by_hand.rule('Block', 'tcp', '8080', ['10.0.0.%d/32' % host for host in range(100)], None) is None
    # an entry of whatever name does not cost the rule
    assert "-DisplayName 'listening.ports: tcp 8080, it''s'" in by_hand.rule('Allow', 'tcp', '8080', None, None, "it's")
    assert "-DisplayName 'listening.ports: tcp 8080'" in by_hand.rule('Allow', 'tcp', '8080', None, None, 'a\nb')


def test_together():
    assert by_hand.together(['a', 'b', 'a']) == 'a; b'
    for texts in ([], [None], ['a', None], ['x' * 600, 'y' * 600]):
        assert by_hand.together(texts) is None
