# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows hosts as what they send, before anything has looked at it: for tests of whatever reads that.

None of it was recorded. It is written after what Windows Server shows of itself: names, groups and ports of its
services, its rules in the grammar of [MS-GPFAS] 2.2.2, the texts of netsh. ``KINDS`` has a host of each kind; each call
makes a new one, which may be changed.
"""

import base64
import gzip
import json

from . import rules_of_hosts
from .netsh_texts import LANGUAGES

ALL = ('owners', 'firewall')
SYSTEM, LOCAL_SERVICE, NETWORK_SERVICE = 'S-1-5-18', 'S-1-5-19', 'S-1-5-20'
DOMAIN = 'S-1-5-21-3623811015-3361044348-30300820'
SERVICE_USER = DOMAIN + '-1104'
POOL = 'S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415'
SQL = 'S-1-5-80-3880718306-3832830129-1677859214-2598158968-1052248003'
PACKAGE = 'S-1-15-2-1430448594-2639229838-973813799-439329657-1197984847-4069167804-1277922394'
BOOT = 134080920000000000           # 2025-11-20T06:00:00Z as a FILETIME
SECOND = 10000000
NOW = BOOT + 9 * 24 * 3600 * SECOND
ETHERNET = '{5B7A0C3E-8D1F-4E52-9A60-1C2D3E4F5A6B}'
LOOPBACK = '{9E1F2A30-4B5C-11EE-8C99-806E6F6E6963}'
SVCHOST = 'C:\\Windows\\System32\\svchost.exe'
OWN, SHARED = 0x10, 0x20            # dwServiceType

# pid, the services of a svchost that Windows Server keeps together, and its account
GROUPS = (
    (820, 'DcomLaunch', ('BrokerInfrastructure', 'DcomLaunch', 'LSM', 'PlugPlay', 'Power', 'SystemEventsBroker'),
     SYSTEM),
    (904, 'RPCSS', ('RpcEptMapper', 'RpcSs'), NETWORK_SERVICE),
    (1056, 'termsvcs', ('TermService',), NETWORK_SERVICE),
    (1120, 'netsvcs', ('gpsvc', 'IKEEXT', 'iphlpsvc', 'LanmanServer', 'ProfSvc', 'Schedule', 'SENS', 'SessionEnv',
                       'ShellHWDetection', 'Themes', 'UserManager', 'Winmgmt'), SYSTEM),
    (1236, 'LocalServiceNetworkRestricted', ('Dhcp', 'EventLog', 'lmhosts', 'Wcmsvc'), LOCAL_SERVICE),
    (1348, 'LocalService', ('EventSystem', 'FontCache', 'netprofm', 'nsi', 'W32Time', 'WinHttpAutoProxySvc'),
     LOCAL_SERVICE),
    (1468, 'NetworkService', ('CryptSvc', 'Dnscache', 'LanmanWorkstation', 'NlaSvc', 'WinRM'), NETWORK_SERVICE),
    (1584, 'LocalServiceNoNetwork', ('BFE', 'CoreMessagingRegistrar', 'DPS', 'mpssvc'), LOCAL_SERVICE),
)
WITHOUT_SID = frozenset(('LSM', 'lmhosts', 'Themes', 'SENS', 'UserManager', 'ShellHWDetection'))
STOPPED = ('RemoteRegistry', 'SNMPTRAP', 'WSearch', 'RemoteAccess', 'hns')


def _hex4(address):
    return ''.join('%02x' % int(part) for part in address.split('.'))


class Builder:
    """A host in the making.

    :ivar raw: what it sends.
    """

    def __init__(self, version='10.0.20348', kind=3, address='10.0.3.8', language='en', gather=ALL, elevated=True):
        self.address, self._language = address, LANGUAGES[language]
        self._processes, self._services, self._queues = {}, [], []
        self._bound = BOOT + 30 * SECOND
        self._tables = {'tcp4': [], 'tcp6': [], 'udp4': [], 'udp6': []}
        self._excluded = {table: [] for table in self._tables}
        self.raw = {
            'schema': 1, 'gather': list(gather),
            'os': {'version': version, 'kind': kind, 'process_bits': 64, 'system_bits': 64, 'elevated': elevated,
                   'language': 'FullLanguage', 'user': DOMAIN + '-500', 'now': NOW},
            'accounts': dict(self._language.accounts), 'rpc': [], 'portproxy': [], 'nat': {'mappings': []},
            'interfaces': [], 'models': [], 'routes': [], 'networks': {}, 'errors': [],
        }
        self.interface(ETHERNET, 'Ethernet', 6, 5, [address + '/24', 'fe80::5c1d:9a2e:77b1:3f08%5/64'],
                       gateways=['10.0.3.1'], dns=['10.0.3.2', '10.0.3.3'])
        self.interface(LOOPBACK, 'Loopback Pseudo-Interface 1', 24, 1, ['127.0.0.1/8', '::1/128'])
        self.raw['routes'] = [
            [2, '00000000', 0, 5, '0a000301'], [2, '0a000300', 24, 5, '00000000'], [2, '7f000000', 8, 1, '00000000'],
            [23, '0' * 32, 0, 5, 'fe80' + '0' * 27 + '1'], [23, 'fe80' + '0' * 28, 64, 5, '0' * 32]]
        self.raw['networks'] = {ETHERNET: 2 if kind == 2 else 1}
        self.process(4, 'System', None, SYSTEM)

    # What there is

    def interface(self, guid, name, kind, index, addresses, gateways=(), dns=(), up=True, weak=False):
        """Add an adapter, and how it receives."""
        self.raw['interfaces'].append({
            'id': guid, 'name': name, 'kind': kind, 'up': up, 'index4': index, 'index6': index,
            'addresses': list(addresses), 'gateways': list(gateways), 'dns': list(dns), 'dhcp': [], 'wins': []})
        self.raw['models'] += [[index, 2, weak, False], [index, 23, weak, False]]

    def process(self, pid, name, path, user, started=None, package='', code=0, parent=672):
        """Add a process; it is older than whatever is bound afterwards."""
        started = BOOT + pid * 1000 if started is None else started
        self._processes[pid] = [pid, parent, name, path, started, user, package, code, None, None]

    def service(self, name, pid, kind=OWN, sid_type=1, state=4):
        """Add a service; one without a pid is stopped."""
        self._services.append([name, pid, kind, state if pid else 1, 2, sid_type if pid else None, 0, 0])

    def svchosts(self):
        """Add the services that every server has, several of them in one process."""
        for pid, _group, names, user in GROUPS:
            self.process(pid, 'svchost.exe', SVCHOST, user)
            for name in names:
                self.service(name, pid, SHARED if len(names) > 1 else OWN, 0 if name in WITHOUT_SID else 1)
        for pid, name, services in ((540, 'wininit.exe', ()), (672, 'services.exe', ()),
                                    (684, 'lsass.exe', ('KeyIso', 'SamSs')), (2200, 'spoolsv.exe', ('Spooler',))):
            self.process(pid, name, 'C:\\Windows\\System32\\' + name, SYSTEM)
            for service in services:
                self.service(service, pid, SHARED)
        for name in STOPPED:
            self.service(name, 0)

    def socket(self, protocol, port, pid, module=None, v4='00000000', v6='0' * 32, scope=0, bound=None):
        """Add a socket; with both addresses it is one of both families, which has a row in each table."""
        self._bound += SECOND
        for family, address in (('4', v4), ('6', v6)):
            if address is not None:
                kernel = pid == 4
                self._tables[protocol + family].append([
                    address, port, scope if family == '6' else 0, pid, self._bound if bound is None else bound,
                    module or ('System' if kernel else None), None, 1168 if kernel else 0])

    def queue(self, pids, urls, name=None, controller=None):
        """Add a queue of http.sys; its ports are bound by the kernel."""
        self._queues.append((name, pids, urls, controller))

    def exclude(self, protocol, low, high, administered=False):
        """Set ports aside."""
        for family in '46':
            self._excluded[protocol + family].append((low, high, administered))

    def base(self):
        """Add the sockets that every server has."""
        both = {'v4': _hex4(self.address), 'v6': None}
        self.svchosts()
        self.socket('tcp', 135, 904, 'RpcEptMapper')
        self.socket('tcp', 139, 4, **both)
        self.socket('tcp', 445, 4)
        self.socket('tcp', 3389, 1056, 'TermService')
        self.socket('udp', 3389, 1056, 'TermService')
        self.queue([1468], ['HTTP://+:5985/WSMAN/', 'HTTP://+:47001/WSMAN/'])
        self.socket('tcp', 5985, 4)
        self.socket('tcp', 47001, 4)
        for port, pid, module in ((49664, 684, None), (49665, 540, None), (49666, 1236, 'EventLog'),
                                  (49667, 1120, 'Schedule'), (49668, 2200, 'Spooler'), (49669, 672, None)):
            self.socket('tcp', port, pid, module)
            self.raw['rpc'].append(port)
        self.socket('udp', 123, 1348, 'W32Time')
        self.socket('udp', 137, 4, **both)
        self.socket('udp', 138, 4, **both)
        self.socket('udp', 500, 1120, 'IKEEXT')
        self.socket('udp', 4500, 1120, 'IKEEXT')
        self.socket('udp', 5353, 1468, 'Dnscache')
        self.socket('udp', 5355, 1468, 'Dnscache')
        self.socket('udp', 546, 1236, 'Dhcp', v4=None, v6='fe800000000000005c1d9a2e77b13f08', scope=5)
        self.exclude('tcp', 5985, 5985)
        self.exclude('tcp', 47001, 47001)
        self.exclude('tcp', 50000, 50059, True)
        return self

    def firewall(self, rules, gpo=None, profiles=None, gpo_profiles=None, current=None, off=(), allow=(), modify=0):
        """Set the firewall up; the view of its service agrees with the registry."""
        profiles = profiles or {name: {'EnableFirewall': 1, 'DisableNotifications': 1} for name in (
            'DomainProfile', 'StandardProfile', 'PublicProfile')}
        self.raw['firewall'] = {
            'stores': {'local': rules, 'gpo': gpo or [], 'mdm': [], 'static': rules_of_hosts.static(),
                       'configurable': rules_of_hosts.configurable()},
            'counts': {'local': len(rules) + 180, 'gpo': len(gpo or ()), 'mdm': 0, 'static': 96, 'configurable': 2},
            'profiles': {'local': profiles, 'gpo': gpo_profiles or {}, 'mdm': {}},
            'effective': {
                'current': current or {0: 4, 1: 2, 2: 1}[self.raw['networks'][ETHERNET]], 'modify': modify,
                'profiles': {str(bit): [bit not in off, False, int(bit in allow), []] for bit in (1, 2, 4)}},
            'products': [],
            'providers': ['Microsoft Corporation', 'Windows Defender Firewall'],
            'consec': {'local': 0, 'gpo': 0, 'mdm': 0},
            'environment': {
                'systemroot': 'C:\\Windows', 'windir': 'C:\\Windows', 'systemdrive': 'C:',
                'programfiles': 'C:\\Program Files', 'programfiles(x86)': 'C:\\Program Files (x86)',
                'programdata': 'C:\\ProgramData'},
        }
        return self

    def build(self):
        """Return what the host sends."""
        raw = self.raw
        raw.update({name: sorted(rows, key=lambda row: (row[1], row[0])) for name, rows in self._tables.items()})
        raw['processes'] = [self._processes[pid] for pid in sorted(self._processes)]
        raw['services'] = sorted(self._services)
        images = {pid: row[3] for pid, row in self._processes.items()}
        hosted = {}
        for row in self._services:
            hosted.setdefault(row[1], []).append(row[0])
        raw['http'] = self._language.queues(self._queues, images, hosted, raw['os']['version'] <= '10.0.14393')
        raw['excluded'] = {table: self._language.excluded(table[:3], spans) for table, spans in self._excluded.items()}
        raw['dynamic'] = {table: self._language.dynamic(table[:3], 49152, 16384) for table in self._tables}
        return raw


# The kinds

def _server(version, **more):
    return Builder(version, **more).base()


def _iis(host):
    """IIS, with a program that serves one of its two sites, and one that will when somebody comes."""
    host.process(2840, 'svchost.exe', SVCHOST, SYSTEM)
    host.service('W3SVC', 2840, SHARED)
    host.service('WAS', 2840, SHARED)
    host.process(5520, 'w3wp.exe', 'C:\\Windows\\System32\\inetsrv\\w3wp.exe', POOL, parent=2840)
    host.raw['accounts'][POOL] = 'IIS APPPOOL\\DefaultAppPool'
    host.queue([5520], ['HTTP://*:80/', 'HTTPS://*:443/'], 'DefaultAppPool', 2840)
    host.queue([], ['HTTP://*:8080/'], 'Intranet', 2840)
    for port in (80, 443, 8080):
        host.socket('tcp', port, 4)
    host.socket('udp', 443, 4)
    return host


def _sql(host):
    host.process(3012, 'sqlservr.exe', 'C:\\Program Files\\Microsoft SQL Server\\MSSQL16.MSSQLSERVER\\MSSQL\\Binn\\'
                 'sqlservr.exe', SQL)
    host.service('MSSQLSERVER', 3012)
    host.socket('tcp', 1433, 3012, 'MSSQLSERVER')
    host.socket('tcp', 1434, 3012, 'MSSQLSERVER', v4='7f000001', v6='0' * 31 + '1')
    return host


def server_2016():
    """A server with programs of its own, and a port that it hands on."""
    host = _server('10.0.14393', address='10.0.3.16')
    host.process(3300, 'nginx.exe', 'C:\\nginx\\nginx.exe', SERVICE_USER)
    host.raw['accounts'][SERVICE_USER] = 'CORP\\svc-web'
    host.socket('tcp', 8081, 3300, v6=None)
    host.socket('tcp', 8088, 1120, 'iphlpsvc', v6=None)
    host.raw['portproxy'].append(['v4tov4', '0.0.0.0/8088', '10.0.9.9/80'])
    return host.firewall(rules_of_hosts.local()).build()


def server_2019():
    """A server with SQL Server."""
    return _sql(_server('10.0.17763', address='10.0.3.19')).firewall(rules_of_hosts.local(('sql',))).build()


def server_2022():
    """A server with OpenSSH, and a program in an AppContainer."""
    host = _server('10.0.20348', address='10.0.3.22')
    host.process(2916, 'sshd.exe', 'C:\\Windows\\System32\\OpenSSH\\sshd.exe', SYSTEM)
    host.service('sshd', 2916)
    host.socket('tcp', 22, 2916)
    host.process(6120, 'Kiosk.exe', 'C:\\Program Files\\WindowsApps\\Kiosk_1.0.0.0_x64__8wekyb3d8bbwe\\Kiosk.exe',
                 SERVICE_USER, package=PACKAGE)
    host.raw['accounts'][SERVICE_USER] = 'KIOSK\\kiosk'
    host.socket('tcp', 7070, 6120, v6=None)
    host = host.firewall(rules_of_hosts.local(('ssh',)))
    host.raw['firewall']['stores']['appiso'] = rules_of_hosts.appiso(PACKAGE)
    host.raw['firewall']['counts']['appiso'] = len(rules_of_hosts.appiso(PACKAGE))
    return host.build()


def server_2025():
    """A server of the last version, on which containers are published."""
    host = _server('10.0.26100', address='10.0.3.25')
    host.process(3704, 'svchost.exe', SVCHOST, SYSTEM)
    host.service('winnat', 0)
    host._services[:] = [row for row in host._services if row[0] != 'hns']
    host.service('hns', 3704)
    host.interface('{C08CB7B8-9B3C-408E-8E30-5E16A3AEB444}', 'vEthernet (nat)', 6, 23,
                   ['172.20.0.1/20', 'fe80::1c2f:3e4d%23/64'])
    host.raw['nat']['mappings'].append(['TCP', '0.0.0.0/8443', '172.20.5.7/443'])
    host.exclude('tcp', 50160, 50259)
    return host.firewall(rules_of_hosts.local()).build()


def member():
    """A member of a domain, whose policy has rules and keeps local ones out."""
    host = _sql(_server('10.0.20348', address='10.0.4.10'))
    host.service('Netlogon', 684, SHARED)
    host.raw['networks'] = {ETHERNET: 2}
    host.raw['accounts'][DOMAIN + '-1105'] = 'CORP\\svc-agent'
    host.process(3460, 'agent.exe', 'C:\\Program Files\\Agent\\agent.exe', DOMAIN + '-1105')
    host.service('Monitoring.Agent', 3460)
    host.socket('tcp', 10050, 3460, 'Monitoring.Agent')
    return host.firewall(rules_of_hosts.local(('sql',)), rules_of_hosts.policy(), gpo_profiles={
        'DomainProfile': {'EnableFirewall': 1, 'DefaultInboundAction': 1, 'AllowLocalPolicyMerge': 0},
        'PrivateProfile': {'EnableFirewall': 1}, 'PublicProfile': {'EnableFirewall': 1}}, modify=1).build()


def domain_controller():
    """A domain controller, with DNS."""
    host = _server('10.0.20348', kind=2, address='10.0.3.2')
    for name in ('NTDS', 'Netlogon', 'Kdc'):
        host.service(name, 684, SHARED)
    host.process(2708, 'dns.exe', 'C:\\Windows\\System32\\dns.exe', SYSTEM)
    host.service('DNS', 2708)
    host.process(2744, 'Microsoft.ActiveDirectory.WebServices.exe',
                 'C:\\Windows\\ADWS\\Microsoft.ActiveDirectory.WebServices.exe', SYSTEM)
    host.service('ADWS', 2744)
    for port in (88, 389, 464, 636, 3268, 3269):
        host.socket('tcp', port, 684, 'Kdc' if port in (88, 464) else 'NTDS')
    for port in (88, 389, 464):
        host.socket('udp', port, 684, 'Kdc' if port != 389 else 'NTDS')
    host.socket('tcp', 53, 2708, 'DNS', v4=_hex4(host.address), v6=None)
    host.socket('udp', 53, 2708, 'DNS', v4=_hex4(host.address), v6=None)
    host.socket('tcp', 9389, 2744, 'ADWS')
    return host.firewall(rules_of_hosts.local(('dc',))).build()


def workgroup():
    """A server without a domain, on a network that nobody has called private."""
    host = _server('10.0.17763', address='192.168.178.20')
    host.raw['networks'] = {ETHERNET: 0}
    return host.firewall(rules_of_hosts.local()).build()


def no_admin():
    """A server on which an ordinary user looks: processes and queues of others are hidden."""
    raw = _iis(_server('10.0.20348', elevated=False, address='10.0.3.30')).firewall(rules_of_hosts.local()).build()
    for row in raw['processes']:
        row[3:] = [None, None, None, None, 5, None, None]
    raw['accounts'] = {}
    raw['http'] = None
    raw['firewall']['effective'] = None
    raw['errors'] += [['http', 5, 'netsh'], ['firewall.effective', 0x80070005 % 2 ** 16, 'UnauthorizedAccessException']]
    return raw


def broken_wmi():
    """A server whose WMI is broken: what is asked by it fails, and nothing else."""
    raw = _sql(_server('10.0.17763', address='10.0.3.31')).firewall(rules_of_hosts.local(('sql',))).build()
    raw['nat'] = None
    raw['networks'] = None
    raw['errors'] += [['nat', 0x80041010, 'CimException'], ['networks', 0x80040154, 'COMException']]
    return raw


def german():
    """A server that speaks German, with IIS."""
    return _iis(_server('10.0.20348', language='de', address='10.0.3.49')).firewall(
        rules_of_hosts.local(('iis',))).build()


def turkish():
    """A server that speaks Turkish, in which I is no capital i, with IIS and names that have these letters."""
    host = _iis(_server('10.0.20348', language='tr', address='10.0.3.90'))
    host.process(4100, 'FİYATLİSTESİ.EXE', 'C:\\Fiyat Listesi\\FİYATLİSTESİ.EXE', SERVICE_USER)
    host.raw['accounts'][SERVICE_USER] = 'ŞİRKET\\ışık'
    host.service('FIYATLISTESI', 4100)
    host.socket('tcp', 9090, 4100, 'fiyatlistesi', v6=None)
    return host.firewall(rules_of_hosts.local(('iis',))).build()


def many_rules():
    """A server with 10,000 rules."""
    host = _server('10.0.20348', address='10.0.3.50')
    return host.firewall(rules_of_hosts.local(fill=10000)).build()


def iis():
    """A web server behind http.sys, beside a program of its own."""
    host = _iis(_server('10.0.20348', address='10.0.3.80'))
    host.process(4820, 'Tomcat9.exe', 'C:\\Program Files\\Apache Software Foundation\\Tomcat 9.0\\bin\\Tomcat9.exe',
                 LOCAL_SERVICE)
    host.service('Tomcat9', 4820)
    host.socket('tcp', 8009, 4820, 'Tomcat9')
    host.queue([4820], ['HTTP://LOCALHOST:8005/SHUTDOWN/'])
    host.socket('tcp', 8005, 4, v4='7f000001', v6='0' * 31 + '1')
    return host.firewall(rules_of_hosts.local(('iis',))).build()


def terminal_server():
    """A terminal server: many sessions with a browser each, which listens on a port that others listen on too."""
    host = _server('10.0.20348', address='10.0.3.60')
    host.process(3180, 'svchost.exe', SVCHOST, NETWORK_SERVICE)
    host.service('TScPubRPC', 3180, SHARED)
    host.service('RDMS', 3180, SHARED)
    host.socket('tcp', 5504, 3180, None)
    host.socket('tcp', 5505, 3180, None, bound=BOOT)    # the one that opened it has ended
    for number in range(70):
        pid, user = 7000 + 4 * number, '%s-%d' % (DOMAIN, 2000 + number)
        host.process(pid, 'msedge.exe', 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe', user)
        host.raw['accounts'][user] = 'CORP\\user%02d' % number
        host.socket('udp', 5353, pid, v6=None)
        host.socket('udp', 52000 + number, pid, v4='7f000001', v6=None)
    return host.firewall(rules_of_hosts.local()).build()


def truncated():
    """A server whose answer is cut in many places: tables at their budget, texts in the middle."""
    raw = _iis(_server('10.0.20348', address='10.0.3.70')).firewall(rules_of_hosts.local()).build()
    raw['tcp6'], raw['udp4'] = None, raw['udp4'][:3]
    raw['http'] = raw['http'][:400]
    raw['excluded']['tcp4'] = raw['excluded']['tcp4'][:40]
    raw['dynamic']['tcp4'] = None
    raw['services'] = None
    raw['firewall']['stores']['gpo'] = None
    raw['firewall']['stores']['local'] = [[name, text[:50]] for name, text in raw['firewall']['stores']['local']]
    raw['errors'] += [
        ['http', 1460, 'netsh'], ['tcp6', 122, 'GetExtendedTcpTable'], ['sockets', 40, 'max_sockets'],
        ['services', 5, ''], ['dynamic.tcp4', 2, 'Win32Exception'],
        ['firewall.stores.gpo', 5, 'SecurityException']]
    return raw


def hostile():
    """A server whose users choose names that are meant to do something where they are printed or compared."""
    host = _server('10.0.20348', address='10.0.3.66')
    evil = '\x1b[31m::set-output name=x::{{ lookup("pipe","id") }}<script>\u202e\ud800'
    host.process(6660, evil, 'C:\\Users\\' + evil + '\\x.exe', SERVICE_USER)
    host.raw['accounts'][SERVICE_USER] = 'CORP\\' + evil
    host.socket('tcp', 6666, 6660, 'W3SVC', v6=None)
    host.process(6664, 'svch\u043est.exe', SVCHOST.replace('host', 'h\u043est'), SERVICE_USER)
    host.socket('tcp', 6667, 6664, 'WinRM')
    host.queue([6664], ['HTTP://+:6668/'], '1468, x: y')
    host.socket('tcp', 6668, 4)
    return host.firewall([*rules_of_hosts.local(), [evil, 'v2.30|' + evil + '|Active=TRUE|Dir=In|']]).build()


KINDS = {kind.__name__: kind for kind in (
    server_2016, server_2019, server_2022, server_2025, member, domain_controller, workgroup, no_admin, broken_wmi,
    german, turkish, many_rules, iis, terminal_server, truncated, hostile)}


def listeners(count=200, rules=600):
    """A host with a number of listeners, and of rules: for what takes time."""
    host = _server('10.0.20348', address='10.0.3.99')
    number = sum(map(len, host._tables.values()))
    port = 20000
    while number < count:
        pid = 9000 + 4 * (port % 25)
        if pid not in host._processes:
            host.process(pid, 'app%d.exe' % pid, 'C:\\Apps\\app%d\\app%d.exe' % (pid, pid), SERVICE_USER)
            host.service('App%d' % pid, pid)
        host.socket('tcp', port, pid, 'App%d' % pid, v6='0' * 32 if count - number > 1 else None)
        number += 2 if count - number > 1 else 1
        port += 1
    host.raw['accounts'][SERVICE_USER] = 'CORP\\svc-app'
    return host.firewall(rules_of_hosts.local(fill=rules)).build()


def packed(raw):
    """Pack what a host sends, as the module does."""
    text = json.dumps(raw, separators=(',', ':')).encode('ascii')
    return 'w:' + base64.b64encode(gzip.compress(text, mtime=0)).decode('ascii')
