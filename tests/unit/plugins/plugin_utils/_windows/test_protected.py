# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of Windows that are never stopped."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._stop import protected as of_linux
from ansible_collections.listening.ports.plugins.plugin_utils._windows import protected

# Without them somebody is locked out, or the firewall is gone
LEAST = ('WinRM sshd RpcSs RpcEptMapper DcomLaunch LSM BFE mpssvc Dhcp Dnscache NlaSvc netprofm Netlogon NTDS kdc '
         'TermService W32Time EventLog gpsvc ProfSvc Schedule hns vmms WinDefend').split()


@pytest.mark.parametrize('name', LEAST)
def test_the_least(name):
    for called in (name, name.lower(), name.upper()):
        assert protected.of_service(called).name == called


def test_reasons_are_those_that_have_words():
    for name in protected.names():
        assert protected.of_service(name.replace('*', 'x')).why in of_linux.WHY, name
    assert len(set(protected.names())) == len(protected.names())


@pytest.mark.parametrize('name, is_protected', [
    ('OpenVPNServiceInteractive', True), ('WireGuardTunnel$office', True), ('vmicheartbeat', True), ('Dhcp2', False),
    ('Tomcat9', False), ('', False), ('WinRM ', False), ('W\u0131nRM', False)])
def test_names(name, is_protected):
    assert bool(protected.of_service(name)) is is_protected


def test_patterns():
    path = 'C:\\Backup\\Agent.exe'
    for pattern in ('back*', 'AGENT.EXE', 'c:\\backup\\*'):
        assert protected.of_service('Backup', path, [pattern]).why == 'asked'
    assert protected.of_service('Backup', path, ['x', 'agent', '']) is None
    assert protected.of_service('Backup', None, ['agent*']) is None
    assert protected.of_service('sshd', None, ['ssh*']).why == 'login'
