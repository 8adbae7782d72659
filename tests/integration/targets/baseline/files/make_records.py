# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes records of hosts that do not exist: make_records.py DIRECTORY [A SERVICE THAT web-1 HAS IN ADDITION]

With --observed in its place, these are two hosts to which clients came.
"""

import json
import os
import sys
import time

SYSTEM = {'local_addresses': ['10.0.0.5/24', '127.0.0.1/8'], 'ephemeral_ports': [32768, 60999], 'reserved_ports': [],
          'unprivileged_port_start': 1024}
# a template that would leave a file, globs, what ends a string of YAML or begins a comment, what no terminal should see
HOSTILE = ['{{ lookup("pipe", "touch hostile") }}', '{% raw %}', '{# x #}', '*', '[a-z]?', '"\\', "'", '# x', ': y',
           'a\nb', '\x1b[31mred', '\x7f\x85\u2028', '\u202eevil', '\U0001f600', 'null', '[kernel]', '##[error]x',
           '::error::x', '!unsafe "x"']


def listener(port, process, unit=None, user='root', address='0.0.0.0', exe=None):
    """A listener as facts have it."""
    owner = {'pid': 100 + port, 'process': process, 'exe': exe or '/usr/sbin/daemon', 'exe_deleted': False,
             'user': user, 'uid': 7, 'started': '2026-11-19T08:00:00Z', 'unit': unit, 'main': bool(unit),
             'container': None}
    return {
        'id': 'tcp/%s:%d' % (address, port), 'protocol': 'tcp', 'family': 'ipv4', 'address': address, 'port': port,
        'interface': None, 'accepts_ipv4': True, 'accepts_ipv6': False,
        'scope': 'any' if address == '0.0.0.0' else 'loopback', 'port_name': None, 'ephemeral': False,
        'backlog': {'pending': 0, 'limit': 128}, 'namespace': None, 'service': unit, 'activated_by': None,
        'held_by': 'processes', 'socket_uid': 0, 'owners': [owner], 'owners_total': 1}


def facts(*listeners, hidden=False):
    """Facts of a host."""
    complete = dict.fromkeys(('sockets', 'binding', 'owners', 'units'), True)
    gaps = [{'aspect': 'owners', 'code': 'owners_hidden', 'count': 1, 'message': '1 listener has no visible owner',
             'hint': 'become'}] if hidden else []
    return {'schema': 1, 'gathered_at': '2026-11-20T10:00:00Z', 'collector': 'netlink',
            'complete': {**complete, 'owners': not hidden, 'namespaces': None, 'connections': None, 'resources': None},
            'gaps': gaps, 'system': SYSTEM, 'listeners': list(listeners)}


def write(directory, host, known, status='ok', message=None):
    """Write the record of a host."""
    os.makedirs(os.path.join(directory, 'hosts'), 0o700, exist_ok=True)
    with open(os.path.join(directory, 'hosts', host + '.json'), 'w', encoding='ascii') as stream:
        json.dump({
            'schema': 2, 'host': host, 'run_id': 'made', 'status': status, 'message': message, 'declared': False,
            'recorded_at': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()), 'collection': '0.1.0',
            'ansible_core': '2.21.0', 'facts': known, 'judgement': None}, stream)


ANYONE = {'verdict': 'allowed', 'level': 'anyone', 'allowed': ['0.0.0.0/0'], 'undecided': [], 'caveats': [],
          'decided_by': None, 'blocked_by': None, 'paths': []}


def observed(directory):
    """Write records of two hosts, and who came to them."""
    seen = {'first': '2026-11-01T10:00:00Z', 'last': '2026-11-20T10:00:00Z', 'runs': 20, 'days': 20, 'itself': True}
    os.makedirs(os.path.join(directory, 'clients'), 0o700, exist_ok=True)
    for host, address in (('web-1', '10.20.0.5/32'), ('web-2', '10.20.0.6/32')):
        write(directory, host, facts(*(
            dict(listener(port, name, name + '.service'), exposure=ANYONE)
            for port, name in ((22, 'ssh'), (80, 'nginx'), (873, 'rsync')))))
        came = {'first': seen['first'], 'last': seen['last'], 'runs': 3, 'most': 2}
        with open(os.path.join(directory, 'clients', host + '.json'), 'w', encoding='ascii') as stream:
            json.dump({'schema': 1, 'host': host, 'run_id': 'made', 'began': seen['last'], 'listeners': {
                'tcp/0.0.0.0:22': dict(seen, ipv4={address: came}, ipv6={}),
                'tcp/0.0.0.0:80': dict(seen, ipv4={'0.0.0.0/0': came}, ipv6={}),
                'tcp/0.0.0.0:873': dict(seen, ipv4={}, ipv6={})}}, stream)


def main(directory, more=None):
    """Write a record for each host."""
    if more == '--observed':
        observed(directory)
        return
    ssh, http = listener(22, 'sshd', 'ssh.service'), listener(80, 'nginx', 'nginx.service')
    rsync, miner = listener(873, 'rsync', 'rsync.service'), listener(4444, 'nc', user='nobody', exe='/tmp/.x/nc')
    hosts = {
        'web-1': facts(ssh, http, *([listener(8080, more, more + '.service')] if more else [])),
        'web-2': facts(ssh, http), 'db-1': facts(ssh, rsync, miner), 'db-2': facts(ssh, rsync),
        'hidden': facts(ssh, hidden=True),
        'hostile': facts(ssh, *(listener(5000 + 2 * number, name, None, name, exe='/opt/%s' % name)
                                for number, name in enumerate(HOSTILE)),
                         *(listener(5001 + 2 * number, 'x', name + '.service') for number, name in enumerate(HOSTILE))),
    }
    for host, known in hosts.items():
        write(directory, host, known)
    write(directory, 'gone', None, 'unreachable', 'No route to %s' % HOSTILE[0])


if __name__ == '__main__':
    main(*sys.argv[1:])
