# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the control group of a process to its systemd unit and its container.

Whoever may make control groups below one names them as he likes. Those of a user's own systemd, those that pam_cgfs
gives to each user in version 1, and those of a service with ``Delegate=`` and ``User=`` are not root's: what looks like
a container there is shown behind a slash, ``user@1000.service/podman:0123456789ab``, as no name of the system is.
"""

import os
import re

_UNITS = ('.service', '.scope', '.socket', '.mount', '.swap')
# how a runtime names the scope or the directory of a container, before its id
_BY_ID = (('docker-', 'docker'), ('libpod-payload-', 'podman'), ('libpod-', 'podman'), ('crio-', 'cri-o'),
          ('cri-containerd-', 'containerd'), ('cri-containerd:', 'containerd'), ('nerdctl-', 'containerd'))
_BY_NAME = (('lxc.payload.', '', 'lxc'), ('systemd-nspawn@', '.service', 'nspawn'), ('machine-', '.scope', 'nspawn'))
# what libvirt calls machines: driver, perhaps a user, number, name (src/hypervisor/domain_driver.c there). Of these
# drivers only lxc has containers
_OF_LIBVIRT = re.compile(r'(qemu|ch|xen|libxl|bhyve|lxc)-(?:.+?-)??[0-9]+-(.*)', re.DOTALL)
_USER = re.compile(r'user@[0-9]+\.service\Z')
# without the systemd driver the directory above names the runtime
_PARENTS = {'docker': 'docker', 'lxc': 'lxc', 'default': 'containerd', 'libpod_parent': 'podman'}


def describe(text, root='/sys/fs/cgroup'):
    """Find who is responsible for a process, according to its ``/proc/<pid>/cgroup`` (cgroups(7)).

    :param root: str, where the control groups are mounted.
    :param text: str, with cgroup v1, v2 or both (a host may carry v1 lines before the one that counts).
    :returns: tuple, see ``unit_and_container``. The unit is that of the unified hierarchy, or of systemd's own in v1
        where that is just a root; a container may be known to any of them.
    """
    unified = named = other = controller = ''
    for line in text.splitlines():
        number, dummy, rest = line.partition(':')
        controllers, dummy, group = rest.partition(':')
        if number == '0' and not controllers:
            unified = group
        elif controllers == 'name=systemd':
            named = group
        elif len(group) > len(other):
            other, controller = group, controllers
    groups = ((unified, ('', '/unified')), (named, ('/systemd',)), (other, ('/' + controller,)))
    owners = [unit_and_container(group, [root + folder for folder in folders])
              for group, folders in groups if group.strip('/')] or [(None, None)]
    return owners[0][0], next((container for dummy, container in owners if container), None)


def unit_and_container(group, roots=()):
    """Find who is responsible for the processes in a control group.

    :param group: str, such as ``/system.slice/ssh.service``.
    :param roots: list of str, directories that may have the groups of its hierarchy.
    :returns: tuple of the systemd unit (str or None) and the container (str as ``docker:0123456789ab``, or None).
        A unit of a user's own manager is ``user@1000.service/foo.service``: its name alone could be mistaken for
        that of a system unit, and so could that of a container. Units of the system inside a container are none of this
        host.
    """
    names = [part for part in group.split('/') if part]
    parts = [part[1:] if part.startswith('_') else part for part in names]
    user = next(filter(_USER.match, parts), None)
    if not user and len(parts) > 1 and parts[0] in ('user', 'user.slice'):
        user = parts[1]
    container = None
    for index, part in enumerate(parts):
        container = _container(parts[index - 1] if index else '', part)
        if container:
            if user not in parts[:index]:
                user = parts[0] if any(_is_given_away(root, names[:index]) for root in roots) else None
                user = next((part for part in parts[:index] if part.endswith(_UNITS)), user) if user else None
            container = '%s/%s' % (user, container) if user else container
            del parts[index + 1:]
            break
    units = [part for part in parts if part.endswith(_UNITS) and not part.startswith('.')]
    unit = units[0] if units else None
    if unit and unit.startswith('user@') and len(units) > 1:
        unit = '%s/%s' % (unit, units[1])
    return unit, container


def _is_given_away(root, names):
    """bool: one of these groups, each below the one before, belongs to a user, who may name others in it."""
    try:
        return any(os.stat('/'.join([root, *names[:end]])).st_uid for end in range(1, len(names) + 1))
    except OSError:             # not the directory of this hierarchy, or none of this host
        return False


def _container(parent, part):
    bare = part[:-6] if part.endswith('.scope') else part
    for prefix, runtime in _BY_ID:
        at = bare.rfind(prefix) if prefix.endswith(':') else 0          # CRI puts slice and runtime before a colon
        if at >= 0 and bare.startswith(prefix, at) and _is_id(bare[at + len(prefix):], 12):
            return '%s:%s' % (runtime, bare[at + len(prefix):][:12])
    for prefix, suffix, runtime in _BY_NAME:
        if part.startswith(prefix) and part.endswith(suffix) and len(part) > len(prefix) + len(suffix):
            name = _unescape(part[len(prefix):len(part) - len(suffix)])
            machine = _OF_LIBVIRT.match(name) if prefix == 'machine-' else None
            if not machine:
                return '%s:%s' % (runtime, name)
            return 'lxc:' + machine.group(2) if machine.group(1) == 'lxc' else None
    if _is_id(part, 64) and parent:
        return '%s:%s' % (_PARENTS.get(parent) or ('kubernetes' if 'pod' in parent else 'container'), part[:12])
    return 'lxc:' + part if parent == 'lxc' else None


def _is_id(text, least):
    return least <= len(text) <= 64 and not text.strip('0123456789abcdef')


def _unescape(text):
    """Undo what systemd-escape(1) did to a name."""
    first, *rest = text.split('\\x')
    return first + ''.join(
        chr(int(part[:2], 16)) + part[2:] if len(part) > 1 and not part[:2].strip('0123456789abcdefABCDEF')
        else '\\x' + part for part in rest)
