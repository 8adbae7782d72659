# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of Windows that are never stopped: without them a host, the way to it, or what manages it may be lost.

What is stopped on Windows is not stopped on trial, so nobody can insist here.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import NamedTuple

from .names import base, fold

# Reason, of WHY in module_utils/_stop/protected.py, to names of services; an asterisk stands for the rest of a name
_SERVICES = {
    'init': 'RpcSs RpcEptMapper DcomLaunch LSM SamSs gpsvc ProfSvc Schedule W32Time Power PlugPlay CryptSvc Winmgmt '
            'BrokerInfrastructure SystemEventsBroker TrustedInstaller UserManager StateRepository KeyIso VaultSvc',
    'log': 'EventLog',
    'login': 'WinRM sshd TermService SessionEnv UmRdpService seclogon Netlogon kdc kdcproxy ssh-agent BvSshServer '
             'FreeSSHDService CopSSH*',
    'directory': 'NTDS ADWS DFSR DNS IsmServ NtFrs ADAM_*',
    'network': 'Dhcp DHCPServer Dnscache NlaSvc netprofm nsi iphlpsvc Wcmsvc WlanSvc dot3svc RasMan RemoteAccess '
               'Netman',
    'firewall': 'BFE mpssvc IKEEXT PolicyAgent WinDefend WdNisSvc Sense SepMasterService CSFalconService SentinelAgent '
                'ekrn',
    'engine': 'hns vmms vmcompute HvHost nvagent docker containerd com.docker.service cexecsvc LxssManager WSLService',
    'kubernetes': 'kubelet kube-proxy rke2 wins rancher-wins',
    'cloud': 'AmazonSSMAgent Ec2Config WindowsAzureGuestAgent RdAgent GCEAgent google_osconfig_agent VMTools QEMU-GA '
             'xenagent vmic* himds',
    'management': 'salt-minion puppet chef-client CcmExec Intune* HealthService octopus* Tentacle* teleport*',
    'vpn': 'OpenVPN* WireGuardTunnel$* WireGuardManager Tailscale ZeroTierOneService nebula netbird cloudflared '
           'agent_ovpnconnect* vpnagent PanGPS strongswan',
    'storage': 'MSiSCSI ClusSvc',
}
_RULES = tuple((why, fold(name)) for why, listed in _SERVICES.items() for name in listed.split())


class Protection(NamedTuple):
    """Why something is protected, of WHY in ``module_utils/_stop/protected.py``, and its name."""

    why: str
    name: str


def of_service(service: str, path: str | None = None, patterns: Iterable[str] = ()) -> Protection | None:
    """Find out whether a service is protected.

    :param path: of the executable of its process; None where it is not known.
    :param patterns: globs that protect more: of names of services, names of executables and paths, in any case.
    """
    folded = fold(service)
    for why, name in _RULES:
        if folded.startswith(name[:-1]) if name.endswith('*') else folded == name:
            return Protection(why, service)
    wanted = [fold(pattern) for pattern in patterns]
    for called in filter(None, (service, path and base(path), path)):
        if any(fnmatch.fnmatchcase(fold(called), pattern) for pattern in wanted):
            return Protection('asked', called)
    return None


def names() -> list[str]:
    """List the folded names of protected services; one with an asterisk stands for all that begin so."""
    return [name for dummy, name in _RULES]
