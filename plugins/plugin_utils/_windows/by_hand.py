# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PowerShell by which a person does what is not done here. Whatever a host named is quoted, or there is no command.

A person copies it to a console of an administrator. Sources: about_Quoting_Rules, Stop-Service, Set-Service,
Stop-Process, New-NetFirewallRule, Set-SmbServerConfiguration, learn.microsoft.com; ``netsh interface portproxy``;
NetbiosOptions, [MS-WMI] Win32_NetworkAdapterConfiguration.TcpipNetbiosOptions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .._harmless.terminal import visible
from .model import SYSTEM

LONGEST = 1000                  # characters of a command, which are those that a plan keeps
_LONGEST_NAME = 300
_QUOTES = re.compile('[\'\u2018\u2019\u201a\u201b]')        # PowerShell takes each of them for a single quote
_WILD = re.compile(r'[*?\[\]`]')
_GUID = re.compile(r'\{[0-9A-Fa-f-]{36}\}', re.ASCII)
_ENDPOINT = re.compile(r'(\*|[0-9A-Fa-f.:]{2,45})/([0-9]{1,5})', re.ASCII)
_KIND = re.compile(r'v[46]tov[46]', re.ASCII)
_NETBIOS = r'HKLM:\SYSTEM\CurrentControlSet\Services\NetBT\Parameters\Interfaces\Tcpip_%s'
SHOW_URLS = 'netsh http show servicestate view=requestq'
END_SMB = 'Set-SmbServerConfiguration -EnableSMB1Protocol $false -EnableSMB2Protocol $false -Force'


def quoted(text: str) -> str | None:
    """Write a text between single quotes, in which PowerShell expands nothing.

    :returns: None where the text is empty, too long, or has something that is not shown as it is.
    """
    if not text or visible(text, _LONGEST_NAME) != text:
        return None
    return "'%s'" % _QUOTES.sub(lambda match: match.group() * 2, text)


def stop(service: str, dependents: bool = False) -> str | None:
    """Disable and stop a service; None where its name is a pattern for PowerShell, or cannot be shown.

    :param dependents: whether others have to stop with it, which PowerShell asks to be forced.
    """
    name = None if _WILD.search(service) else quoted(service)
    return name and 'Set-Service -Name %s -StartupType Disabled; Stop-Service -Name %s%s' % (
        name, name, ' -Force' if dependents else '')


def start(service: str, start_type: str) -> str | None:
    """Give a service its start type again, and start it.

    :param start_type: ``automatic`` or ``manual``; of others Set-Service knows nothing.
    """
    name = None if _WILD.search(service) else quoted(service)
    if not name or start_type not in ('automatic', 'manual'):
        return None
    return 'Set-Service -Name %s -StartupType %s; Start-Service -Name %s' % (name, start_type.capitalize(), name)


def end(pid: int) -> str:
    """End a process."""
    return 'Stop-Process -Id %d' % pid


def end_netbios(adapter: str) -> str | None:
    """Switch NetBIOS over TCP/IP off on an adapter, by its GUID in braces; None where it is no GUID."""
    if not _GUID.fullmatch(adapter):
        return None
    return "Set-ItemProperty -LiteralPath '%s' -Name NetbiosOptions -Value 2" % (_NETBIOS % adapter)


def end_portproxy(kind: str, listen: str) -> str | None:
    """Remove a port proxy, by its kind and the name of its value in the registry: ``0.0.0.0/8080``."""
    match = _ENDPOINT.fullmatch(listen)
    if not match or not _KIND.fullmatch(kind):
        return None
    return 'netsh interface portproxy delete %s listenport=%s listenaddress=%s' % (kind, match.group(2), match.group(1))


def rule(action: str, protocol: str, ports: str, sources: Sequence[str] | None, program: str | None,
         about: str | None = None) -> str | None:
    """Make a rule of the firewall, for all profiles.

    :param action: ``Block`` or ``Allow``.
    :param ports: a port, or a range.
    :param sources: networks; None for everybody.
    :param program: the path of what listens, or SYSTEM for the kernel; None for whatever listens.
    :param about: what it is for, which becomes a part of its name.
    :returns: None where the path cannot be shown, nobody is meant, or all of it is too long to be copied.
    """
    named = None if program is None else 'System' if program == SYSTEM else quoted(program)
    if program is not None and named is None or sources is not None and not sources:
        return None
    name = quoted('listening.ports: %s %s%s' % (protocol, ports, ', %s' % about if about else ''))
    texts = ["New-NetFirewallRule -DisplayName %s -Group 'listening.ports' -Direction Inbound -Action %s -Profile Any"
             % (name or quoted('listening.ports: %s %s' % (protocol, ports)), action),
             '-Protocol %s -LocalPort %s' % (protocol.upper(), ports)]
    if sources is not None:
        texts.append('-RemoteAddress %s' % ','.join(sources))
    if named is not None:
        texts.append('-Program %s' % named)
    text = ' '.join(texts)
    return text if len(text) <= LONGEST and visible(text, LONGEST) == text else None


def together(commands: Iterable[str | None]) -> str | None:
    """Join commands; None where one of them is missing, or there is none."""
    texts = list(commands)
    known = [text for text in texts if text]
    text = '; '.join(dict.fromkeys(known))
    return text if known and len(known) == len(texts) and len(text) <= LONGEST else None
