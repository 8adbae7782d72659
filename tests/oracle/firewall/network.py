# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three network namespaces: clients, a host with a firewall, and a container behind it.

They are held by open files of this process only: whatever becomes of it, the kernel removes them with it.
"""

import contextlib
import ctypes
import os
import subprocess

_LIBC = ctypes.CDLL(None, use_errno=True)
_NEWNET = 0x40000000
PATH = '/usr/sbin:/usr/bin:/sbin:/bin'

# devices of clients, hosts and container are c0-h0, c1-h1 and d0-k0
CLIENTS = {
    'h0': {
        4: ['10.77.0.2', '10.77.0.3', '10.77.0.130', '172.16.9.9'],
        6: ['fd77::2', 'fd77::3', 'fd77::8000', 'fd16:9::9'],
    },
    'h1': {4: ['10.78.0.2', '10.78.0.200'], 6: ['fd78::2', 'fd78::c8']},
}
HOST = {
    'h0': ['10.77.0.1/24', '10.77.0.10/24', 'fd77::1/64'],
    'h1': ['10.78.0.1/24', 'fd78::1/64'],
    'd0': ['10.99.0.1/24', 'fd99::1/64'],
    'lo': ['127.0.0.1/8', '192.0.2.1/32', '::1/128', 'fdc0::1/128'],
}
CONTAINER = {4: '10.99.0.2', 6: 'fd99::2'}
TARGETS = {4: ['10.77.0.1', '10.77.0.10', '192.0.2.1', '10.78.0.1', '10.99.0.1', '10.99.0.2'],
           6: ['fd77::1', 'fdc0::1', 'fd78::1', 'fd99::1', 'fd99::2']}
MACS = {name: '02:00:00:00:0%d:0%d' % pair for name, pair in {
    'c0': (1, 1), 'h0': (1, 2), 'c1': (2, 1), 'h1': (2, 2), 'd0': (3, 1), 'k0': (3, 2)}.items()}


def _check(result):
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def run(*command, text=None, check=True):
    """Run a command in the namespace that this process is in; returns its output."""
    done = subprocess.run(
        command, check=False, input=text, capture_output=True, text=True, env={'PATH': PATH, 'LC_ALL': 'C'}
    )
    if check and done.returncode:
        raise RuntimeError('%s: %s\n%s' % (' '.join(command), done.stderr, text or ''))
    return done.stdout


class Network:
    """The namespaces ``client``, ``host``, ``container``."""

    def __init__(self):
        self._files = {}
        self._home = os.open('/proc/self/ns/net', os.O_RDONLY | os.O_CLOEXEC)
        for name in ('client', 'host', 'container'):
            _check(_LIBC.unshare(_NEWNET))
            self._files[name] = os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)
        _check(_LIBC.setns(self._home, _NEWNET))
        self._set_up()

    @contextlib.contextmanager
    def inside(self, name):
        """This thread is in a namespace; sockets made there stay there."""
        _check(_LIBC.setns(self._files[name], _NEWNET))
        try:
            yield
        finally:
            _check(_LIBC.setns(self._home, _NEWNET))

    def close(self):
        for handle in [*self._files.values(), self._home]:
            os.close(handle)

    def _set_up(self):
        place = {name: '/proc/%d/fd/%d' % (os.getpid(), handle) for name, handle in self._files.items()}
        with self.inside('host'):
            self._settings(forwarding=True)
            lines = ['link set lo up']
            for near, far, where in (('h0', 'c0', 'client'), ('h1', 'c1', 'client'), ('d0', 'k0', 'container')):
                lines += ['link add %s address %s type veth peer name %s address %s netns %s'
                          % (near, MACS[near], far, MACS[far], place[where]), 'link set %s up' % near]
            lines += ['address add %s dev %s%s' % (address, device, ' nodad' if ':' in address else '')
                      for device, addresses in HOST.items() for address in addresses
                      if not address.startswith(('127.', '::1'))]
            lines += [
                'neigh replace %s lladdr %s nud permanent dev %s' % (address, MACS['c' + device[1]], device)
                for device, families in CLIENTS.items()
                for addresses in families.values()
                for address in addresses
            ]
            lines += [
                'neigh replace %s lladdr %s nud permanent dev d0' % (address, MACS['k0'])
                for address in CONTAINER.values()
            ]
            _batch(lines)
        with self.inside('client'):
            self._settings()
            lines = ['link set lo up', 'link set c0 up', 'link set c1 up']
            for device, families in CLIENTS.items():
                for family, addresses in families.items():
                    length = 24 if family == 4 else 64
                    lines += [
                        'address add %s/%d dev c%s%s'
                        % (
                            address,
                            length if address.startswith(('10.', 'fd7')) else length * 4 // 3 if family == 4 else 128,
                            device[1],
                            ' nodad' if family == 6 else '',
                        )
                        for address in addresses
                    ]
            for family, targets in TARGETS.items():
                for target in targets:
                    for device in '01':
                        lines.append(
                            'neigh replace %s lladdr %s nud permanent dev c%s' % (target, MACS['h' + device], device)
                        )
                        lines.append('route append %s/%d dev c%s metric %d' % (
                            target, 32 if family == 4 else 128, device, 50 + int(device)))
            _batch(lines)
        with self.inside('container'):
            self._settings()
            _batch(
                [
                    'link set lo up',
                    'link set k0 up',
                    'address add 10.99.0.2/24 dev k0',
                    'address add fd99::2/64 dev k0 nodad',
                    'neigh replace 10.99.0.1 lladdr %s nud permanent dev k0' % MACS['d0'],
                    'neigh replace fd99::1 lladdr %s nud permanent dev k0' % MACS['d0'],
                    'route add default via 10.99.0.1',
                    'route add default via fd99::1',
                ]
            )
        with self.inside('host'):
            _batch(['route add default via 10.77.0.2 dev h0', 'route add default via fd77::2 dev h0'])

    @staticmethod
    def _settings(forwarding=False):
        base = '/proc/sys/net/'
        values = {'ipv4/conf/all/rp_filter': 0, 'ipv4/conf/default/rp_filter': 0, 'ipv6/conf/default/accept_ra': 0,
                  'ipv6/conf/default/accept_dad': 0, 'ipv4/ip_local_port_range': '32768 60999'}
        if forwarding:
            values.update({'ipv4/ip_forward': 1, 'ipv6/conf/all/forwarding': 1})
        # /proc/sys shows the namespace of who opens it
        for name, value in values.items():
            with open(base + name, 'w', encoding='ascii') as stream:
                stream.write(str(value))


def _batch(lines):
    run('ip', '-batch', '-', text='\n'.join(lines) + '\n')


def net():
    """``net`` of the snapshot of the host."""
    routes = [
        {'family': 4, 'to': '10.7%d.0.0/24' % (7 + n), 'interface': 'h%d' % n, 'via': None, 'type': 'unicast'}
        for n in (0, 1)
    ]
    routes += [
        {'family': 6, 'to': 'fd7%d::/64' % (7 + n), 'interface': 'h%d' % n, 'via': None, 'type': 'unicast'}
        for n in (0, 1)
    ]
    routes += [{'family': 4, 'to': '10.99.0.0/24', 'interface': 'd0', 'via': None, 'type': 'unicast'},
               {'family': 6, 'to': 'fd99::/64', 'interface': 'd0', 'via': None, 'type': 'unicast'},
               {'family': 4, 'to': '0.0.0.0/0', 'interface': 'h0', 'via': '10.77.0.2', 'type': 'unicast'},
               {'family': 6, 'to': '::/0', 'interface': 'h0', 'via': 'fd77::2', 'type': 'unicast'}]
    return {'addresses': {device: list(addresses) for device, addresses in HOST.items()},
            'primary': {'h0': '10.77.0.1', 'h1': '10.78.0.1', 'd0': '10.99.0.1', 'lo': '127.0.0.1'}, 'routes': routes,
            'route_localnet': [], 'rp_filter': {}, 'forwarding': {'ipv4': True, 'ipv6': True}, 'rules': False,
            'links': {}}
