# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not stopped unless somebody insists: without it a host, the way to it, or what manages it may be lost.

Programs count by the file that they run, where the system has such files. Anybody can call his process ``sshd``.
"""

import fnmatch
import posixpath
from collections import namedtuple

# Why, in words that complete "it ...": each reason, and the one of whoever names more
WHY = {
    'init': 'is a part of the system that all of it depends on',
    'log': 'keeps the log of the host',
    'login': 'has a part in logins',
    'directory': 'tells the host who its users are',
    'network': 'manages the network of the host',
    'firewall': 'is a firewall, or writes its rules',
    'engine': 'runs containers or virtual machines',
    'kubernetes': 'is a part of Kubernetes',
    'cloud': 'is an agent of the cloud or of the hypervisor',
    'management': 'is an agent that manages the host',
    'vpn': 'is a VPN, and may be the way to the host',
    'storage': 'brings the host its disks',
    'nfs': 'is needed while NFS is mounted',
    'asked': 'is protected by the option "protected"',
}
_RULES = (
    ('init', 'init.scope systemd-udevd* systemd-tmpfiles* systemd-sysctl* systemd-user-sessions.service udev*',
     'systemd init systemd-udevd runit openrc-init'),
    ('log', 'systemd-journald*', 'systemd-journald'),
    ('login', 'systemd-logind* dbus.service dbus.socket dbus-broker.service ssh.service ssh.socket ssh@* sshd.service '
              'sshd.socket sshd@* sshd-* dropbear.service dropbear.socket dropbear@* polkit.service user@* getty@* '
              'serial-getty@* elogind.service systemd-homed* systemd-userdbd*',
     'sshd sshd-session sshd-auth dropbear dbus-daemon dbus-broker dbus-broker-launch systemd-logind polkitd elogind '
     'systemd-homed systemd-userdbd'),
    ('directory', 'sssd.service sssd-* winbind.service winbindd.service nslcd.service nscd.service unscd.service '
                  'oddjobd.service ypbind.service aad*.service himmelblaud*',
     'sssd sssd_be sssd_nss sssd_pam winbindd nslcd nscd oddjobd ypbind'),
    ('network', 'systemd-networkd* systemd-resolved* NetworkManager* networking.service network.service ifup@* '
                'netplan-* wpa_supplicant* iwd.service connman* wicked* dhcpcd* dhclient* ModemManager.service '
                'frr.service bird*.service keepalived.service',
     'systemd-networkd systemd-resolved NetworkManager wpa_supplicant iwd connmand wickedd dhcpcd dhclient udhcpc '
     'bgpd zebra ospfd bird bird6 keepalived'),
    ('firewall', 'nftables.service firewalld.service ufw.service iptables.service ip6tables.service ipset.service '
                 'netfilter-persistent.service shorewall* ferm.service fail2ban.service crowdsec* sshguard.service '
                 'listening-ports*',
     'firewalld fail2ban-server crowdsec sshguard'),
    ('engine', 'docker.service docker.socket containerd.service podman.service podman.socket crio.service lxc*.service '
               'lxd* incus* snap.lxd.* snap.docker.* libvirtd* virtqemud* virtlxcd* virtnetworkd* virtlogd* '
               'systemd-machined*',
     'dockerd containerd crio lxd incusd libvirtd virtqemud virtnetworkd'),
    ('kubernetes', 'kubelet.service k3s* k0s* rke2* snap.microk8s.* kube-*',
     'kubelet kubelite k3s k3s-server k3s-agent k0s rke2 kube-apiserver kube-proxy kube-scheduler '
     'kube-controller-manager'),
    ('cloud', 'cloud-* google-guest-agent* google-osconfig-agent* google-startup-* amazon-ssm-agent* '
              'snap.amazon-ssm-agent.* walinuxagent* waagent* qemu-guest-agent* open-vm-tools* vmtoolsd* hv-* '
              'oracle-cloud-agent* snap.oracle-cloud-agent.* xe-* xen-guest-agent*',
     'google_guest_agent google_osconfig_agent amazon-ssm-agent ssm-agent-worker qemu-ga vmtoolsd hypervkvpd'),
    ('management', 'salt-minion* puppet.service chef-client* mcollective* choria* cf-* cfengine3* rudder-agent* '
                   'teleport* ansible-*',
     'salt-minion puppet chef-client cf-execd cf-serverd teleport'),
    ('vpn', 'openvpn* wg-quick@* strongswan* ipsec* tailscaled* zerotier-one* nebula* tinc* openconnect* xl2tpd* '
            'netbird* cloudflared* ocserv*',
     'openvpn charon charon-systemd starter pluto tailscaled zerotier-one nebula tincd openconnect xl2tpd netbird '
     'cloudflared ocserv-main'),
    ('storage', 'iscsid* open-iscsi* iscsi* multipathd* nvmf-* drbd* rbdmap* lvm2-* dm-event* nfs-client.target '
                'autofs.service',
     'iscsid multipathd dmeventd automount'),
)
_WITH_NFS = ('nfs', 'rpcbind* rpc-statd* rpc-gssd* nfs-idmapd* nfs-common*', 'rpcbind rpc.statd rpc.gssd rpc.idmapd')
_DIRECTORIES = ('/usr/', '/bin/', '/sbin/', '/lib/', '/lib64/', '/opt/', '/snap/')


class Protection(namedtuple('Protection', 'why name')):
    """Why something is protected, of WHY, and what it is called."""

    __slots__ = ()


def of_unit(names, patterns=(), nfs=False):
    """Find out whether a unit is protected.

    :param names: iterable of str, all that it is called. Those of a user, as ``user@1000.service/web.service``, are
        called as the user likes: of them none is protected but what was asked for, by that name or its own.
    :param patterns: iterable of str, globs that protect more.
    :param nfs: bool, NFS is mounted.
    :returns: Protection, or None.
    """
    own = [name.partition('/')[2] for name in names if '/' in name]
    for name in names:
        for why, units, dummy in _rules(nfs) if '/' not in name else ():
            if any(_is_called(name, pattern) for pattern in units.split()):
                return Protection(why, name)
    return as_asked(list(names) + own, patterns)


def _is_called(name, pattern):
    """bool: a name is that of one of our own patterns, which have one asterisk at most.

    ``fnmatch`` would compile a regular expression for each of them, which takes longer than all else that is decided.
    """
    start, star, end = pattern.partition('*')
    if not star:
        return name == pattern
    return len(name) >= len(start) + len(end) and name.startswith(start) and name.endswith(end)


def of_process(process, exe, patterns=(), nfs=False):
    """Find out whether a process is protected.

    :param process: str, its name.
    :param exe: str, the file that it runs; None where that is none of the host, or not known.
    """
    if exe and exe.startswith(_DIRECTORIES):
        base = posixpath.basename(exe)
        for why, dummy, programs in _rules(nfs):
            if base in programs.split():
                return Protection(why, base)
    return as_asked((process, exe), patterns)


def _rules(nfs):
    return _RULES + (_WITH_NFS,) if nfs else _RULES


def as_asked(names, patterns):
    """Find out whether one of some names is protected by a glob; parameters and result as those of ``of_unit``."""
    for name in filter(None, names):
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            return Protection('asked', name)
    return None
