# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From real control groups to units and containers."""

import os

import pytest

from ansible_collections.listening.ports.plugins.module_utils._owners import walk
from ansible_collections.listening.ports.plugins.module_utils._systemd import cgroups

ID = 'd4a5' * 16
SHORT = ID[:12]
POD = 'kubepods-burstable-pod0b5d9a5e_7a3c_4f0e_9d8e_3f1b2c4d5e6f.slice'

PATHS = [
    # cgroup v2 alone
    ('0::/\n', '/'),
    ('0::/system.slice/ssh.service\n', '/system.slice/ssh.service'),
    # v1 with systemd; the order of the lines is that of the kernel's hierarchies
    ('12:cpuset:/\n5:memory:/system.slice/ssh.service\n1:name=systemd:/system.slice/ssh.service\n',
     '/system.slice/ssh.service'),
    ('1:name=systemd:/user.slice/user-0.slice/session-1.scope\n4:memory:/user.slice\n',
     '/user.slice/user-0.slice/session-1.scope'),
    # hybrid, both orders
    ('11:pids:/system.slice/a.service\n1:name=systemd:/system.slice/a.service\n0::/system.slice/a.service\n',
     '/system.slice/a.service'),
    ('0::/system.slice/a.service\n1:name=systemd:/system.slice/a.service\n', '/system.slice/a.service'),
    ('1:name=systemd:/system.slice/a.service\n0::/\n', '/system.slice/a.service'),
    # v1 without systemd
    ('3:memory:/docker/%s\n2:cpu,cpuacct:/\n' % ID, '/docker/%s' % ID),
    ('3:memory:/\n2:cpu,cpuacct:/\n', '/'),
    ('', '/'),
    ('garbage\n', '/'),
    # a colon belongs to the path
    ('0::/system.slice:cri-containerd:%s\n' % ID, '/system.slice:cri-containerd:%s' % ID),
]


@pytest.mark.parametrize('text, group', PATHS)
def test_the_group_that_counts(text, group):
    assert cgroups.describe(text) == cgroups.unit_and_container(group)


GROUPS = [
    ('/', None, None),
    ('', None, None),
    # systemd
    ('/init.scope', 'init.scope', None),
    ('/system.slice/ssh.service', 'ssh.service', None),
    ('/system.slice/system-getty.slice/getty@tty1.service', 'getty@tty1.service', None),
    ('/system.slice/system-postgresql.slice/postgresql@15-main.service', 'postgresql@15-main.service', None),
    ('/system.slice/dev-hugepages.mount', 'dev-hugepages.mount', None),
    ('/system.slice/ssh.socket', 'ssh.socket', None),
    ('/system.slice/swapfile.swap', 'swapfile.swap', None),
    ('/user.slice/user-1000.slice/session-3.scope', 'session-3.scope', None),
    ('/system.slice/foo.service/bar.scope', 'foo.service', None),
    ('/system.slice/foo.service/supervisor/worker', 'foo.service', None),
    ('/machine.slice', None, None),
    ('/.service', None, None),
    ('/system.slice/notaservice', None, None),
    ('/system.slice/foo.service.d', None, None),
    (r'/system.slice/dev-disk-by\x2did.mount', r'dev-disk-by\x2did.mount', None),
    # what would collide with a file of the kernel is escaped
    ('/system.slice/_cpu.service', 'cpu.service', None),
    ('/system.slice/__foo.service', '_foo.service', None),
    # units of a user's own manager
    ('/user.slice/user-1000.slice/user@1000.service', 'user@1000.service', None),
    ('/user.slice/user-1000.slice/user@1000.service/init.scope', 'user@1000.service/init.scope', None),
    ('/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service', 'user@1000.service/foo.service', None),
    ('/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-firefox-1234.scope',
     'user@1000.service/app-gnome-firefox-1234.scope', None),
    ('/user.slice/user-1000.slice/user@1000.service/app.slice/_ssh.service/x.scope', 'user@1000.service/ssh.service',
     None),
    # docker
    ('/docker/%s' % ID, None, 'docker:%s' % SHORT),
    ('/system.slice/docker-%s.scope' % ID, 'docker-%s.scope' % ID, 'docker:%s' % SHORT),
    ('/system.slice/docker-%s.scope/system.slice/nginx.service' % ID, 'docker-%s.scope' % ID, 'docker:%s' % SHORT),
    ('/user.slice/user-1000.slice/user@1000.service/user.slice/docker-%s.scope' % ID,
     'user@1000.service/docker-%s.scope' % ID, 'user@1000.service/docker:%s' % SHORT),
    ('/docker/%s/docker/%s' % (ID, 'f' * 64), None, 'docker:%s' % SHORT),       # docker in docker: the outer one
    ('/system.slice/docker.service', 'docker.service', None),
    ('/docker/buildx', None, None),
    # podman
    ('/machine.slice/libpod-%s.scope' % ID, 'libpod-%s.scope' % ID, 'podman:%s' % SHORT),
    ('/machine.slice/libpod-%s.scope/container' % ID, 'libpod-%s.scope' % ID, 'podman:%s' % SHORT),
    ('/machine.slice/libpod-conmon-%s.scope' % ID, 'libpod-conmon-%s.scope' % ID, None),
    ('/libpod_parent/libpod-%s' % ID, None, 'podman:%s' % SHORT),
    ('/system.slice/web.service/libpod-payload-%s' % ID, 'web.service', 'podman:%s' % SHORT),
    ('/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-%s.scope' % ID,
     'user@1000.service/libpod-%s.scope' % ID, 'user@1000.service/podman:%s' % SHORT),
    # whatever a user calls his control groups
    ('/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope/cri-containerd-%s.scope' % ID,
     'user@1000.service/run-1.scope', 'user@1000.service/containerd:%s' % SHORT),
    ('/user.slice/user-1000.slice/user@1000.service/lxc.payload.web', 'user@1000.service', 'user@1000.service/lxc:web'),
    ('/user.slice/user-1000.slice/user@1000.service/machine-web.scope', 'user@1000.service/machine-web.scope',
     'user@1000.service/nspawn:web'),
    ('/user.slice/user-1000.slice/user@1000.service/user@0.service/ssh.service', 'user@1000.service/user@0.service',
     None),
    ('/user.slice/user-1000.slice/session-3.scope/docker-%s.scope' % ID, 'session-3.scope',
     'user-1000.slice/docker:%s' % SHORT),
    ('/user/alice/0/docker/%s' % ID, None, 'alice/docker:%s' % SHORT),
    # kubernetes
    ('/kubepods.slice/kubepods-burstable.slice/%s/cri-containerd-%s.scope' % (POD, ID),
     'cri-containerd-%s.scope' % ID, 'containerd:%s' % SHORT),
    ('/kubepods.slice/kubepods-burstable.slice/%s/crio-%s.scope' % (POD, ID), 'crio-%s.scope' % ID, 'cri-o:%s' % SHORT),
    ('/kubepods.slice/kubepods-burstable.slice/%s/crio-%s.scope/container' % (POD, ID), 'crio-%s.scope' % ID,
     'cri-o:%s' % SHORT),
    ('/kubepods.slice/kubepods-burstable.slice/%s/crio-conmon-%s.scope' % (POD, ID), 'crio-conmon-%s.scope' % ID, None),
    ('/kubepods.slice/kubepods-besteffort.slice/%s/docker-%s.scope' % (POD, ID), 'docker-%s.scope' % ID,
     'docker:%s' % SHORT),
    ('/kubepods/besteffort/pod0b5d9a5e-7a3c-4f0e-9d8e-3f1b2c4d5e6f/%s' % ID, None, 'kubernetes:%s' % SHORT),
    ('/kubepods/pod0b5d9a5e-7a3c-4f0e-9d8e-3f1b2c4d5e6f/crio-%s' % ID, None, 'cri-o:%s' % SHORT),
    ('/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:%s' % ID, 'containerd.service',
     'containerd:%s' % SHORT),
    # containerd
    ('/default/%s' % ID, None, 'containerd:%s' % SHORT),
    ('/system.slice/nerdctl-%s.scope' % ID, 'nerdctl-%s.scope' % ID, 'containerd:%s' % SHORT),
    # lxc
    ('/lxc/web', None, 'lxc:web'),
    ('/lxc.payload.web-1', None, 'lxc:web-1'),
    ('/lxc.monitor.web-1', None, None),
    # nspawn
    ('/machine.slice/systemd-nspawn@web.service/payload', 'systemd-nspawn@web.service', 'nspawn:web'),
    ('/machine.slice/systemd-nspawn@web.service/payload/system.slice/nginx.service', 'systemd-nspawn@web.service',
     'nspawn:web'),
    (r'/machine.slice/machine-my\x2dweb.scope/payload', r'machine-my\x2dweb.scope', 'nspawn:my-web'),
    (r'/machine.slice/systemd-nspawn@my\x2dweb.service', r'systemd-nspawn@my\x2dweb.service', 'nspawn:my-web'),
    # machines of libvirt: virtual ones are no containers
    (r'/machine.slice/machine-qemu\x2d1\x2dweb01.scope', r'machine-qemu\x2d1\x2dweb01.scope', None),
    (r'/machine.slice/machine-qemu\x2d12\x2dmy\x2dweb.scope/libvirt/emulator',
     r'machine-qemu\x2d12\x2dmy\x2dweb.scope', None),
    (r'/machine.slice/machine-qemu\x2dembed\x2d1f2e\x2d1\x2dweb.scope',
     r'machine-qemu\x2dembed\x2d1f2e\x2d1\x2dweb.scope', None),
    (r'/machine.slice/machine-ch\x2d3\x2dweb.scope', r'machine-ch\x2d3\x2dweb.scope', None),
    (r'/machine.slice/machine-lxc\x2d4711\x2dweb.scope', r'machine-lxc\x2d4711\x2dweb.scope', 'lxc:web'),
    (r'/machine.slice/machine-lxc\x2d47\x2dweb\x2d2\x2db.scope', r'machine-lxc\x2d47\x2dweb\x2d2\x2db.scope',
     'lxc:web-2-b'),
    (r'/machine.slice/machine-qemu.scope', 'machine-qemu.scope', 'nspawn:qemu'),
    (r'/machine.slice/machine-qemu\x2dbuilder.scope', r'machine-qemu\x2dbuilder.scope', 'nspawn:qemu-builder'),
    # an unknown runtime, and what only looks like one
    ('/weird/%s' % ID, None, 'container:%s' % SHORT),
    ('/%s' % ID, None, None),
    ('/weird/%s' % ID[:-1], None, None),
    ('/weird/%s' % ID.upper(), None, None),
    ('/docker-%s.scope.d' % ID, None, None),
]


@pytest.mark.parametrize('group, unit, container', GROUPS)
def test_unit_and_container(group, unit, container):
    assert cgroups.unit_and_container(group) == (unit, container)


@pytest.mark.parametrize('group, container', [
    ('/lxc.payload.web/system.slice/nginx.service', 'lxc:web'),
    ('/lxc/web/system.slice/nginx.service', 'lxc:web'),
    ('/docker/%s/system.slice/nginx.service' % ID, 'docker:%s' % SHORT),
    ('/kubepods/besteffort/pod1/%s/system.slice/nginx.service' % ID, 'kubernetes:%s' % SHORT),
])
def test_a_unit_inside_a_container_is_none_of_the_host(group, container):
    # whoever stopped it would stop the host's nginx.service
    assert cgroups.unit_and_container(group) == (None, container)


def test_a_container_of_a_hybrid_host_whose_runtime_knows_v1_only():
    # docker with its own cgroup driver, as on Ubuntu 20.04 and Debian 10
    text = '4:memory:/docker/%s\n1:name=systemd:/docker/%s\n0::/system.slice/containerd.service\n' % (ID, ID)
    assert walk._unit(text)[1] == 'docker:%s' % SHORT


@pytest.mark.parametrize('group, unit, container', GROUPS)
def test_the_short_way_for_the_usual_case_says_the_same(group, unit, container):
    assert walk._unit('0::%s\n' % (group or '/')) == (unit, container)


@pytest.mark.parametrize('text', [
    *[text for text, dummy in PATHS], *['0::%s\n' % group for group, dummy, dummy in GROUPS],
    *['4:memory:%s\n0::/\n' % group for group, dummy, dummy in GROUPS]])
def test_the_short_way_leads_to_the_same(text):
    assert walk._unit(text) == cgroups.describe(text)


@pytest.fixture
def owned(tmp_path, monkeypatch):
    """Directories of control groups: owned(uid, path, ...), where no other belongs to that user, but to root."""
    uids = {}
    original = os.stat

    def stat(path, *arguments, **options):
        status = original(path, *arguments, **options)
        if str(path).startswith(str(tmp_path)):
            uid = uids.get(str(path)[len(str(tmp_path)):], 0)
            return os.stat_result([*status[:4], uid, *status[5:]])
        return status
    monkeypatch.setattr(os, 'stat', stat)

    def make(uid, *paths):
        for path in paths:
            os.makedirs(str(tmp_path) + path, exist_ok=True)
            uids[path] = uid
        return str(tmp_path)
    return make


SCOPE = 'cri-containerd-%s.scope' % ID
RUNNER = '/system.slice/runner.service'


@pytest.mark.parametrize('text, directory', [
    ('0::%s/%s\n' % (RUNNER, SCOPE), RUNNER),
    ('0::%s/x/y/%s\n' % (RUNNER, SCOPE), RUNNER),
    ('1:name=systemd:/\n0::%s/%s\n' % (RUNNER, SCOPE), '/unified' + RUNNER),
    ('1:name=systemd:%s/%s\n' % (RUNNER, SCOPE), '/systemd' + RUNNER),
    ('4:memory,x:%s/%s\n0::/\n' % (RUNNER, SCOPE), '/memory,x' + RUNNER),
    ('0::%s/\xff/%s\n' % (RUNNER, SCOPE), RUNNER),
])
def test_what_a_user_may_name_is_no_container_of_the_system(owned, text, directory):
    """As below a service with Delegate= and User=."""
    root = owned(1000, directory)
    for group in (RUNNER + '/x/y', RUNNER + '/x'):
        os.makedirs(root + directory[:-len(RUNNER)] + group, exist_ok=True)
    assert cgroups.describe(text, root)[1] == 'runner.service/containerd:%s' % SHORT
    root = owned(0, directory)
    assert cgroups.describe(text, root)[1] == 'containerd:%s' % SHORT


def test_a_group_that_a_user_has_without_a_unit(owned):
    root = owned(1000, '/weird')
    assert cgroups.describe('0::/weird/%s\n' % SCOPE, root) == (SCOPE, 'weird/containerd:%s' % SHORT)


def test_a_container_that_belongs_to_a_user_and_was_made_by_root(owned):
    """Its root may have been given the group itself: others it can name are inside of the container."""
    root = owned(100000, '/machine.slice/libpod-%s.scope' % ID)
    assert cgroups.describe('0::/machine.slice/libpod-%s.scope/container\n' % ID, root)[1] == 'podman:%s' % SHORT
