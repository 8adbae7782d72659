# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows host with some services, for tests of what would be stopped on it."""

from ansible_collections.listening.ports.plugins.plugin_utils._windows.raw import (
    Ancestor,
    Portproxy,
    Process,
    Service,
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples

OWN, SHARED = 0x10, 0x20
RUNNING = 4
SVCHOST = 'C:\\Windows\\System32\\svchost.exe'
STARTED = 134 * 10 ** 15
WINRM = [Ancestor(30, 'powershell.exe', STARTED), Ancestor(31, 'wsmprovhost.exe', STARTED),
         Ancestor(8, 'svchost.exe', 1)]
SSH = [Ancestor(40, 'powershell.exe', STARTED), Ancestor(41, 'sshd-session.exe', STARTED),
       Ancestor(22, 'sshd.exe', 1)]
ADAPTER = {'id': '{11111111-2222-3333-4444-555555555555}', 'name': 'Ethernet', 'addresses': ['10.0.0.5/24']}

# pid: services, path
PROGRAMS = {
    4: ([], None),
    8: (['DcomLaunch', 'PlugPlay', 'Power'], SVCHOST),
    9: (['RpcSs', 'RpcEptMapper'], SVCHOST),
    22: (['sshd'], 'C:\\Windows\\System32\\OpenSSH\\sshd.exe'),
    50: (['W3SVC', 'WAS'], SVCHOST),
    60: (['Tomcat9'], 'C:\\Tomcat\\bin\\Tomcat9.exe'),
    61: (['Agent'], 'C:\\Agent\\agent.exe'),
    62: (['iphlpsvc'], SVCHOST),
    70: ([], 'C:\\Users\\eve\\nc.exe'),
    80: (['Alpha', 'Beta'], SVCHOST),
    81: (['TermService'], SVCHOST),
}


def service(name, pid, kind=None, state=RUNNING):
    if kind is None:
        kind = SHARED if PROGRAMS[pid][1] == SVCHOST else OWN
    return Service(name, pid, kind, state, 2, 1, 0, 0)


def raw(kinds=(), **other):
    """What the host sends, with ``kinds`` of services that are others than usual."""
    kinds = dict(kinds)
    services = [service(name, pid, kinds.get(name)) for pid, (listed, dummy) in PROGRAMS.items() for name in listed]
    services += [Service('mpssvc', 90, SHARED, RUNNING, 2, 1, 0, 0), Service('BFE', 90, SHARED, RUNNING, 2, 1, 0, 0),
                 Service('Spooler', 0, OWN, 1, 2, 1, 0, 0)]
    made = {
        'services': services,
        'processes': [Process(pid, 1, (path or 'System').rpartition('\\')[2], path, None if pid == 4 else STARTED + pid,
                              'S-1-5-18', '', 0, None, None) for pid, (dummy, path) in PROGRAMS.items()],
        'dependents': {each.name: [] for each in services if each.pid}, 'ancestors': list(WINRM), 'portproxy': [],
        'interfaces': [ADAPTER],
        'firewall': {'profiles': {'local': {}, 'gpo': {}, 'mdm': {}}, 'products': [],
                     'effective': {'current': 4, 'modify': 0, 'profiles': {}}},
        'errors': [],
    }
    made.update(other)
    return made


def listener(port, pid, address='0.0.0.0', protocol='tcp', **other):
    """A listener of a process, with its service where that has one."""
    services, path = PROGRAMS[pid]
    name = 'System' if pid == 4 else (path or '').rpartition('\\')[2]
    own = services[0] if len(services) == 1 else None
    owners = [samples.owner(pid, name, 'NT AUTHORITY\\SYSTEM', exe=path, uid=None, unit=own)]
    return samples.listener(address, port, protocol, other.pop('owners', owners), **{'service': own, **other})


TOMCAT = listener(8080, 60)
ADMIN = listener(8005, 60, '127.0.0.1')
AGENT = listener(10050, 61)
HTTP = listener(80, 4, activated_by='http.sys', service='W3SVC')
WSMAN = listener(5985, 4, activated_by='http.sys', service='WinRM')
SMB, SMB6 = listener(445, 4), listener(445, 4, '::')
NETBIOS = listener(139, 4, '10.0.0.5', scope='private')
ODD = listener(1723, 4)
RPC = listener(135, 9)
SSHD = listener(22, 22)
STRAY = listener(4444, 70)
PROXY = listener(8443, 62)
ONE_OF_TWO = listener(5000, 80, service='Alpha')
SOME_OF_TWO = listener(5001, 80)
RDP = listener(3389, 81)
ALL = (TOMCAT, ADMIN, AGENT, HTTP, WSMAN, SMB, SMB6, NETBIOS, ODD, RPC, SSHD, STRAY, PROXY, ONE_OF_TWO, SOME_OF_TWO,
       RDP)
PROXIES = [Portproxy('v4tov4', '*/8443', '10.0.0.9/443')]


def facts(*listeners, **other):
    made = samples.facts(*(listeners or ALL), collector='windows', **other)
    made['system'].update(platform='windows', excluded_ports=[])
    return made
