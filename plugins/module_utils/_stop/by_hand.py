# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands by which a person closes what is left alone here. Whatever a host named is quoted for the shell.

Sources: docker-stop(1), podman-stop(1), crictl(1), lxc-stop(1), machinectl(1), update-inetd(8), xinetd.conf(5),
docker-ps(1), podman-ps(1), ip-link(8), rpc.nfsd(8), runuser(1).
"""

import re
import shlex

_STAND_INS = frozenset(('docker-proxy', 'conmon', 'rootlessport', 'slirp4netns', 'pasta', 'pasta.avx2'))
_STOPS = {
    'docker': 'docker stop %s', 'podman': 'podman stop %s', 'lxc': 'lxc-stop --name %s',
    'nspawn': 'machinectl poweroff %s', 'cri-o': 'crictl stop %s', 'containerd': 'crictl stop %s',
    'kubernetes': 'crictl stop %s',
}
_CONMON = re.compile(r'libpod-conmon-([0-9a-f]{12})[0-9a-f]{52}\.scope\Z')
_USER = re.compile(r'user@([0-9]+)\.service/(.+)\Z', re.DOTALL)


def is_stand_in(owners):
    """bool: the owners hold a port for a container, and serve nothing themselves."""
    return bool(owners) and all(owner['process'] in _STAND_INS and owner['uid'] == 0 for owner in owners)


def of_container(container):
    """str: what stops a container, as ``docker:0123456789ab``; None where that is not known."""
    runtime, dummy, name = container.partition(':')
    pattern = _STOPS.get(runtime)
    return pattern % shlex.quote(name) if pattern else None


def published_for(owners):
    """str: the container that its stand-ins hold a port for, as in ``of_container``; None where that is not known."""
    matches = [_CONMON.match(owner['unit'] or '') for owner in owners]
    return 'podman:' + matches[0].group(1) if matches and matches[0] else None


def of_published(port, owners):
    """str: what shows the container that a port is published for; None where that is not known."""
    if owners[0]['process'] == 'docker-proxy':
        return 'docker ps --filter publish=%d' % port
    return 'podman ps' if owners[0]['process'] == 'conmon' else None


def of_kernel(maker):
    """str: what ends a listener of the kernel, by what made it; None where that is not known."""
    if maker == 'nfsd':
        return 'rpc.nfsd 0'
    device = maker.partition(' ')[2]
    return 'ip link set %s down' % shlex.quote(device) if device else None


def of_inetd(server, record):
    """str: what takes a listener from a super-server."""
    service = record['port_name'] or str(record['port'])
    if server == 'xinetd':
        return 'grep -lw %s /etc/xinetd.d/*' % shlex.quote(service)
    return 'update-inetd --disable %s' % shlex.quote(service)


def of_user_unit(unit, user):
    """str: what stops a unit of the systemd of a user; None where there is none to stop."""
    match = _USER.match(unit)
    if not match or match.group(2) == 'init.scope' or not user:
        return None
    return 'runuser -u %s -- env XDG_RUNTIME_DIR=/run/user/%s systemctl --user stop -- %s' % (
        shlex.quote(user), match.group(1), shlex.quote(match.group(2)))
