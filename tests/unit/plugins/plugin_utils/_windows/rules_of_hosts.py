# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the Windows firewall in the grammar of [MS-GPFAS] 2.2.2, as the registry has them, for tests.

Written by hand after those that every Windows Server has. What hosts leave out is left out: rules that are off or are
about what goes out, and what only describes a rule.
"""

_SVCHOST = '%SystemRoot%\\system32\\svchost.exe'
_LSASS = '%systemroot%\\System32\\lsass.exe'
_DOMAIN, _PRIVATE, _PUBLIC = 'Profile=Domain', 'Profile=Private', 'Profile=Public'
_NEAR = 'RA4=LocalSubnet|RA6=LocalSubnet'


def rule(*parts, action='Allow', version='v2.30', active='|Active=TRUE', name='@FirewallAPI.dll,-25000'):
    """One rule that lets something in, or not."""
    return '|'.join((version, 'Action=%s%s' % (action, active), 'Dir=In', *parts, 'Name=' + name, ''))


def _tcp(port, *parts):
    return rule('Protocol=6', *parts[:-1], 'LPort=%s' % port, parts[-1])


def _udp(port, *parts):
    return rule('Protocol=17', *parts[:-1], 'LPort=%s' % port, parts[-1])


def _svc(name):
    return 'App=%s|Svc=%s' % (_SVCHOST, name)


_ALWAYS = {
    'CoreNet-ICMP6-DU-In': rule('Protocol=58', 'ICMP6=1:*', 'App=System', name='@FirewallAPI.dll,-25110'),
    'CoreNet-ICMP6-PTB-In': rule('Protocol=58', 'ICMP6=2:*', 'App=System', name='@FirewallAPI.dll,-25001'),
    'CoreNet-ICMP4-DUFRAG-In': rule('Protocol=1', 'ICMP4=3:4', 'App=System', name='@FirewallAPI.dll,-25251'),
    'CoreNet-IGMP-In': rule('Protocol=2', 'App=System', name='@FirewallAPI.dll,-25376'),
    'CoreNet-DHCP-In': rule('Protocol=17', 'LPort=68', 'RPort=67', _svc('dhcp'), name='@FirewallAPI.dll,-25301'),
    'CoreNet-DHCPV6-In': rule('Protocol=17', 'LPort=546', 'RPort=547', _svc('dhcp'), name='@FirewallAPI.dll,-25304'),
    'CoreNet-Teredo-In': _udp('Teredo', _svc('iphlpsvc')),
    'CoreNet-IPHTTPS-In': rule('Protocol=6', 'LPort2_10=IPTLSIn', 'LPort2_10=IPHTTPSIn', 'App=System'),
    'CoreNet-IPv6-In': rule('Protocol=41', 'App=System', name='@FirewallAPI.dll,-25351'),
    'MDNS-In-UDP': _udp(5353, _svc('dnscache')),
    'WINRM-HTTP-In-TCP-NoScope': _tcp(5985, _DOMAIN, _PRIVATE, 'App=System'),
    'WINRM-HTTP-In-TCP': _tcp(5985, _PUBLIC, _NEAR + '|App=System'),
    'RemoteDesktop-UserMode-In-TCP': _tcp(3389, _svc('termservice')),
    'RemoteDesktop-UserMode-In-UDP': _udp(3389, _svc('termservice')),
    'RemoteDesktop-Shadow-In-TCP': rule(
        'Protocol=6', 'App=%SystemRoot%\\system32\\RdpSa.exe', 'Edge=TRUE', 'Defer=App', version='v2.29'),
    'FPS-SMB-In-TCP': _tcp(445, _DOMAIN, 'App=System'),
    'FPS-NB_Session-In-TCP': _tcp(139, _DOMAIN, 'App=System'),
    'FPS-NB_Name-In-UDP': _udp(137, _DOMAIN, 'App=System'),
    'FPS-NB_Datagram-In-UDP': _udp(138, _DOMAIN, 'App=System'),
    'FPS-LLMNR-In-UDP': _udp(5355, _DOMAIN, _PRIVATE, _PUBLIC, _NEAR + '|' + _svc('dnscache')),
    'FPS-SpoolSvc-In-TCP': rule('Protocol=6', _DOMAIN, 'LPort=RPC', 'App=%SystemRoot%\\system32\\spoolsv.exe',
                                'Svc=Spooler', name='@FirewallAPI.dll,-28535'),
    'FPS-RPCSS-In-TCP': rule('Protocol=6', _DOMAIN, 'LPort=RPC-EPMap', 'Svc=Rpcss', name='@FirewallAPI.dll,-28539'),
    'RemoteEventLogSvc-In-TCP': _tcp('RPC', _DOMAIN, _svc('Eventlog')),
    'RemoteTask-In-TCP': _tcp('RPC', _DOMAIN, _svc('schedule')),
    'RemoteSvcAdmin-In-TCP': rule('Protocol=6', _DOMAIN, 'LPort=RPC', 'App=%SystemRoot%\\system32\\services.exe'),
    'WMI-WINMGMT-In-TCP': rule('Protocol=6', _DOMAIN, _svc('winmgmt'), name='@FirewallAPI.dll,-34254'),
    'NETDIS-UPnPHost-In-TCP': _tcp(2869, _PRIVATE, 'App=System'),
    'Block-Telnet': rule('Protocol=6', 'LPort=23', action='Block', name='Telnet'),
    '{0A6F3C52-2B7E-4E0B-9C1D-6A5B8E7F1D20}': rule(
        'Protocol=6', _DOMAIN, _PRIVATE, 'LPort=8081', 'RA4=10.0.0.0/255.0.0.0',
        'App=C:\\nginx\\nginx.exe', name='nginx'),
    '{3B1D7A44-9E55-4C7C-8A5B-1D0F6E2C9B31}': rule(
        'Protocol=6', 'LPort=10050', 'RA4=10.0.3.40', 'RA4=10.0.3.50-10.0.3.59', name='Monitoring'),
    '{5E9C2D10-77AA-4F0E-B2C6-0D4E8A1F3B57}': rule(
        'Protocol=6', 'LPort2_10=8088-8090', 'LPort=8443', 'IFType=Lan', name='Handed on', version='v2.26'),
}
_EXTRA = {
    'iis': {
        'IIS-WebServerRole-HTTP-In-TCP': rule(
            'Protocol=6', 'LPort=80', 'App=System', name='@%windir%\\system32\\inetsrv\\iisres.dll,-30500'),
        'IIS-WebServerRole-HTTPS-In-TCP': rule(
            'Protocol=6', 'LPort=443', 'App=System', name='@%windir%\\system32\\inetsrv\\iisres.dll,-30502'),
        'IIS-WebServerRole-HTTPS-In-UDP': rule(
            'Protocol=17', 'LPort=443', 'App=System', name='@%windir%\\system32\\inetsrv\\iisres.dll,-30508'),
    },
    'ssh': {
        'OpenSSH-Server-In-TCP': rule(
            'Protocol=6', _PRIVATE, 'LPort=22', 'App=%SystemRoot%\\system32\\OpenSSH\\sshd.exe',
            name='OpenSSH SSH Server (sshd)'),
    },
    'sql': {
        '{7C0B8F16-5D3A-4E6B-93F7-2B9E1C4D6A08}': rule(
            'Protocol=6', 'LPort=1433', 'RA4=10.0.4.0/255.255.255.0',
            'App=C:\\Program Files\\Microsoft SQL Server\\MSSQL16.MSSQLSERVER\\MSSQL\\Binn\\sqlservr.exe',
            name='SQL Server'),
    },
    'dc': {
        'ADDS-Kerberos-In-TCP': _tcp(88, 'App=' + _LSASS),
        'ADDS-Kerberos-In-UDP': _udp(88, 'App=' + _LSASS),
        'ADDS-LDAP-In-TCP': _tcp(389, 'App=' + _LSASS),
        'ADDS-LDAP-In-UDP': _udp(389, 'App=' + _LSASS),
        'ADDS-LDAPSEC-In-TCP': _tcp(636, 'App=' + _LSASS),
        'ADDS-GC-In-TCP': _tcp(3268, 'App=' + _LSASS),
        'ADDS-GCSEC-In-TCP': _tcp(3269, 'App=' + _LSASS),
        'ADDS-Kerberos-Password-In-TCP': _tcp(464, 'App=' + _LSASS),
        'ADDS-Kerberos-Password-In-UDP': _udp(464, 'App=' + _LSASS),
        'ADDS-RPC-In-TCP': _tcp('RPC', 'App=' + _LSASS),
        'ADDS-RPC-EPMAP-In-TCP': _tcp('RPC-EPMap', _svc('rpcss')),
        'ADWS-In-TCP': _tcp(9389, 'App=%systemroot%\\ADWS\\Microsoft.ActiveDirectory.WebServices.exe|Svc=adws'),
        'DNSSrv-TCP-In': _tcp(53, 'App=%systemroot%\\System32\\dns.exe|Svc=dns'),
        'DNSSrv-UDP-In': _udp(53, 'App=%systemroot%\\System32\\dns.exe|Svc=dns'),
    },
}


def local(extra=(), fill=0):
    """The local store: rows of name and text.

    :param extra: roles of the server: ``iis``, ``ssh``, ``sql`` and ``dc``.
    :param fill: how many rules there are at least; those that are added are about programs of their own.
    """
    rules = dict(_ALWAYS)
    for role in extra:
        rules.update(_EXTRA[role])
    for number in range(max(fill - len(rules), 0)):
        program = 'app%d' % (9000 + 4 * (number % 25))
        guid = '{%08X-%04X-4D00-9000-%012X}' % (number * 2654435761 % 2 ** 32, number, number * 7919)
        rules['App%d-In' % number if number % 4 else guid] = rule(
            'Protocol=%d' % (6 if number % 3 else 17), *((_DOMAIN, _PRIVATE) if number % 2 else (_DOMAIN,)),
            *(('LPort=%d' % (2000 + number * 7 % 60000),) if number % 4 else ()),
            *(('RA4=10.%d.0.0/255.255.0.0' % (number % 20),) if number % 5 else (_NEAR,)),
            'App=C:\\Apps\\%s\\%s.exe' % (program, program), name='App %d' % number)
    return [[name, text] for name, text in rules.items()]


def policy():
    """What a domain says: rows of name and text."""
    return [
        ['{A1E0B2C4-0001-4D00-9000-000000000001}', rule(
            'Protocol=6', _DOMAIN, 'LPort=5985', 'RA4=10.0.1.0/255.255.255.0', 'App=System', name='Management')],
        ['{A1E0B2C4-0001-4D00-9000-000000000002}', rule(
            'Protocol=6', _DOMAIN, 'LPort=3389', 'RA4=10.0.1.0/255.255.255.0', _svc('TermService'), name='Jump hosts')],
        ['{A1E0B2C4-0001-4D00-9000-000000000003}', rule(
            'Protocol=6', _DOMAIN, 'LPort=10050', 'RA4=10.0.1.44', name='Monitoring')],
        ['{A1E0B2C4-0001-4D00-9000-000000000004}', rule(
            'Protocol=6', 'LPort=445', action='Block', name='No SMB to servers')],
    ]


def static():
    """Rules of service hardening, which are on without saying so."""
    made = []
    for service in ('dhcp', 'dnscache', 'eventlog', 'mpssvc', 'nlasvc', 'policyagent', 'rpcss', 'w32time', 'winmgmt'):
        made.append(['%s-Block-In' % service, rule(
            'App=%SystemRoot%\\System32\\svchost.exe', 'Svc=' + service, action='Block', version='v2.0', active='',
            name='Block any traffic to ' + service)])
    for service, parts in (
            ('dhcp', ('Protocol=17', 'LPort=68', 'RPort=67')), ('dnscache', ('Protocol=17', 'LPort2_24=mDNS')),
            ('dnscache', ('Protocol=17', 'LPort=5355')), ('eventlog', ('Protocol=6', 'LPort=RPC')),
            ('rpcss', ('Protocol=6', 'LPort=RPC-EPMap')), ('w32time', ('Protocol=17', 'LPort=123'))):
        made.append(['%s-%d' % (service, len(made)), rule(
            *parts, 'App=%SystemRoot%\\System32\\svchost.exe', 'Svc=' + service, version='v2.0', active='',
            name='Allow')])
    return made


def configurable():
    """Rules of service hardening that programs have added."""
    return [['{C0FFEE00-0001-4D00-9000-000000000001}', rule(
        'Protocol=6', 'LPort=9100', 'Svc=Spooler', version='v2.10', name='Printing')]]


def appiso(package):
    """Rules about an AppContainer."""
    return [
        ['{D0D00000-0001-4D00-9000-000000000001}', rule(
            'AppPkgId=' + package, 'LUOwn=S-1-5-21-1-2-3-1001', _PRIVATE, version='v2.30', name='Kiosk')],
        ['{D0D00000-0001-4D00-9000-000000000002}', rule(
            'AppPkgId=' + package, action='Block', name='Kiosk')]]
