# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the control group of a process to its systemd unit and its container. Private to this collection, may change."""

import re

_UNIT = re.compile(r'[^/]\.(?:service|scope|socket|mount|swap)$')
# The runtime's name for its scope or directory, with the id (64 hex digits) or the name of the container.
_CONTAINERS = (
    (re.compile(r'^docker-([0-9a-f]{12,64})\.scope$'), 'docker'),
    (re.compile(r'^libpod-(?:payload-)?([0-9a-f]{12,64})(?:\.scope)?$'), 'podman'),
    (re.compile(r'^crio-([0-9a-f]{12,64})(?:\.scope)?$'), 'cri-o'),
    (re.compile(r'^(?:.*:)?cri-containerd[-:]([0-9a-f]{12,64})(?:\.scope)?$'), 'containerd'),
    (re.compile(r'^nerdctl-([0-9a-f]{12,64})\.scope$'), 'containerd'),
    (re.compile(r'^lxc\.payload\.(.+)$'), 'lxc'),
    (re.compile(r'^systemd-nspawn@(.+)\.service$'), 'nspawn'),
    (re.compile(r'^machine-(.+)\.scope$'), 'nspawn'),
)
# Without the systemd driver the parent directory tells the runtime.
_PARENTS = {'docker': 'docker', 'lxc': 'lxc', 'default': 'containerd', 'libpod_parent': 'podman'}
_ID = re.compile(r'^(?:libpod-)?([0-9a-f]{64})$')
_ESCAPED = re.compile(r'\\x([0-9a-fA-F]{2})')


def path(text):
    """The path that systemd uses, out of ``/proc/<pid>/cgroup`` (cgroups(7)).

    :param text: str, with cgroup v1, v2 or both (a host may carry v1 lines before the one that counts).
    :returns: str, the path of the unified hierarchy unless that is just its root, else systemd's own v1 path.
    """
    unified = named = other = ''
    for line in text.splitlines():
        number, dummy, rest = line.partition(':')
        controllers, dummy, group = rest.partition(':')
        if number == '0' and not controllers:
            unified = group
        elif controllers == 'name=systemd':
            named = group
        elif len(group) > len(other):
            other = group
    return next((one for one in (unified, named, other) if one.strip('/')), '/')


def unit_and_container(group):
    """Who is responsible for the processes in a control group.

    :param group: str, see L{path}.
    :returns: tuple of the systemd unit (str or None) and the container (str as ``docker:0123456789ab``, or None).
        A unit of a user's own manager is ``user@1000.service/foo.service``: its name alone could be mistaken for
        that of a system unit.
    """
    parts = [part[1:] if part.startswith('_') else part for part in group.split('/') if part]
    units = [part for part in parts if _UNIT.search(part)]
    unit = units[0] if units else None
    if unit and unit.startswith('user@') and len(units) > 1:
        unit = '%s/%s' % (unit, units[1])
    return unit, _container(parts)


def _container(parts):
    for index, part in enumerate(parts):
        for pattern, runtime in _CONTAINERS:
            match = pattern.match(part)
            if match:
                name = match.group(1)
                if runtime in ('lxc', 'nspawn'):
                    name = _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), name)
                else:
                    name = name[:12]
                return '%s:%s' % (runtime, name)
        if index:
            parent = parts[index - 1]
            match = _ID.match(part)
            if match:
                runtime = _PARENTS.get(parent) or ('kubernetes' if 'pod' in parent else 'container')
                return '%s:%s' % (runtime, match.group(1)[:12])
            if parent == 'lxc':
                return 'lxc:' + part
    return None
