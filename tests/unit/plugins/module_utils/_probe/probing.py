# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts to probe: network namespaces that are made for a test, with firewalls."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import traceback

CLONE_NEWNET = 0x40000000       # sched.h
POSSIBLE = (sys.platform.startswith('linux') and os.geteuid() == 0
            and all(shutil.which(tool) for tool in ('ip', 'nft', 'nsenter', 'unshare')))


def apart(function, network=True):
    """Run a function in a process of its own, with a network of its own in which there is the loopback.

    :returns: what it returns, as JSON has it.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            if network:
                if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), 'unshare')
                run('ip link set lo up')
            with os.fdopen(writing, 'w') as stream:
                json.dump(function(), stream)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        text = stream.read()
    assert os.waitpid(child, 0)[1] == 0, 'see the traceback'
    return json.loads(text)


def run(command):
    """Run a command of words."""
    subprocess.check_call(command.split())


def rules(*lines, **options):
    """Set the firewall: rules for the chains ``input`` and ``output``.

    :param options: ``pid``, of a process in whose network to do so.
    """
    text = 'flush ruleset\ntable inet probed {\n'
    for hook in ('input', 'output'):
        text += ' chain %s {\n  type filter hook %s priority 0\n' % (hook, hook)
        text += ''.join('  %s\n' % line.split(None, 1)[1] for line in lines if line.split(None, 1)[0] == hook) + ' }\n'
    inside = ['nsenter', '-t', str(options['pid']), '-n'] if 'pid' in options else []
    process = subprocess.Popen(inside + ['nft', '-f', '-'], stdin=subprocess.PIPE)
    process.communicate((text + '}\n').encode('ascii'))
    assert process.returncode == 0


class Neighbour:
    """Another host on a link of this one: 10.9.0.2 and fd09::2, and this one is 10.9.0.1 and fd09::1."""

    def __enter__(self):
        self._process = subprocess.Popen(['unshare', '-n', 'sh', '-c', 'echo; exec sleep 100'], stdout=subprocess.PIPE)
        self._process.stdout.readline()
        self.pid = self._process.pid
        run('ip link add here type veth peer name there netns %d' % self.pid)
        for inside, device, number in (('', 'here', 1), ('nsenter -t %d -n ' % self.pid, 'there', 2)):
            run(inside + 'ip link set lo up')
            run(inside + 'ip link set %s up' % device)
            run(inside + 'ip addr add 10.9.0.%d/24 dev %s' % (number, device))
            run(inside + 'ip addr add fd09::%d/64 dev %s nodad' % (number, device))
        return self

    def __exit__(self, *dummy):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()
