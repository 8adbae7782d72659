# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes hosts that only pretend: their Python is a program that answers as the modules would, and writes down what it
was asked. On each of them something listens that nobody declared, until it is stopped.

Writes an inventory of them. Run with the folder to write to.
"""

import json
import pathlib
import sys

FOLDER = pathlib.Path(sys.argv[1]).resolve()
EVIL = '{{ lookup("pipe", "touch %s/executed") }}' % FOLDER + (
    '\x1b[31m\x1b]0;pwned\x07\u202e\x9b2J\u2066 ::error::x ##vso[x]')
PRETENDS = r'''#!{python}
"""The Python of a host that pretends. Its first argument is the file of a module."""
import json, os, pathlib, re, sys

folder, spec = pathlib.Path({folder!r}), json.loads({spec!r})
if len(sys.argv) < 2 or not os.path.isfile(sys.argv[1]):
    sys.exit('this Python knows no ' + ' '.join(sys.argv[1:]))
text = pathlib.Path(sys.argv[1]).read_text(encoding='utf-8', errors='replace')
module = re.search(r'(collect_\w+|apply_\w+?)(?:\.|\Z)', os.path.basename(sys.argv[1])).group(1)
is_check = bool(re.search(r'_ansible_check_mode[\\"]*: *[Tt]rue', text))
with open(str(folder / 'asked'), 'a', encoding='utf-8') as asked:
    asked.write('%s %s\n' % (module, 'check' if is_check else 'act'))
facts = spec['facts']
if (folder / 'stopped').exists():
    facts['listeners'] = facts['listeners'][1:]
if module.startswith('collect_'):
    answer = {{'changed': False, 'packed': json.dumps(facts)}}
else:
    rows = spec['planned'] if is_check else spec['stopped']
    answer = {{'changed': not is_check, 'status': 'planned' if is_check else spec['status'], 'connection': None,
              'msg': spec['msg'], 'units': [], 'listeners': rows}}
    if not is_check and spec['status'] == 'kept':
        (folder / 'stopped').touch()
print(json.dumps(answer))
'''
SYSTEM = {'local_addresses': ['192.0.2.1'], 'ephemeral_ports': [32768, 60999], 'reserved_ports': [],
          'unprivileged_port_start': 1024}


def listener(port, name):
    owner = {'pid': 100, 'process': name, 'exe': '/usr/bin/x', 'exe_deleted': False, 'user': 'root', 'uid': 0,
             'started': '2026-01-01T00:00:00Z', 'unit': 'x.service', 'main': True, 'container': None}
    return {
        'id': 'tcp/0.0.0.0:%d' % port, 'protocol': 'tcp', 'family': 'ipv4', 'address': '0.0.0.0', 'port': port,
        'interface': None, 'accepts_ipv4': True, 'accepts_ipv6': False, 'scope': 'any', 'port_name': None,
        'ephemeral': False, 'backlog': None, 'namespace': None, 'service': 'x.service', 'activated_by': None,
        'held_by': 'processes', 'socket_uid': 0, 'owners': [owner], 'owners_total': 1,
    }


def row(status, unit, **more):
    return {'listener': 'tcp/0.0.0.0:4444', 'status': status, 'reason': None, 'about': {}, 'units': [unit],
            'bystanders': [], 'again': [], 'processes': [], 'command': None, **more}


def host(folder, name='stray', stopped=None, status='kept', msg='', sockets=True, owners=True):
    """The variables of a host that pretends.

    :param stopped: what it says of its listener when it was to be stopped. :param sockets, owners: what it has seen.
    """
    unit = '%s.service' % name
    complete = {'sockets': sockets, 'binding': True, 'owners': owners, 'units': True, 'namespaces': True,
                'connections': True, 'resources': None, 'firewall': None}
    gaps = [{'aspect': aspect, 'code': 'x', 'count': 1, 'message': 'it did not look', 'hint': None}
            for aspect in ('sockets', 'owners') if not complete[aspect]]
    facts = {'schema': 1, 'gathered_at': '2026-01-01T00:00:00Z', 'collector': 'netlink', 'complete': complete,
             'gaps': gaps, 'system': SYSTEM, 'listeners': [listener(4444, name), listener(22, 'sshd')]}
    planned = row('closed', unit, bystanders=[unit])
    spec = {'facts': facts, 'planned': [planned], 'stopped': [stopped or planned], 'status': status, 'msg': msg}
    home = FOLDER / folder
    home.mkdir()
    path = home / 'python'
    path.write_text(PRETENDS.format(python=sys.executable, folder=str(home), spec=json.dumps(spec)), encoding='utf-8')
    path.chmod(0o755)
    return {'ansible_python_interpreter': str(path), 'ansible_connection': 'local', 'folder': str(home)}


DECLARED = [{'name': 'ssh', 'port': 22}]
groups = {
    'willing': {'web-1': host('web-1'), 'web-2': host('web-2'), 'web-3': host('web-3')},
    'stubborn': {'stuck': host('stuck', stopped=row('survived', 'stray.service', processes=[
        {'pid': 100, 'process': 'stray', 'exe': None}]), status='failed', msg='it still listens')},
    'hostile': {'evil:all,!web-1 \x1b[31m::error:: x': host('evil', EVIL, msg=EVIL)},
    'unseen': {'no-sockets': host('no-sockets', sockets=False), 'no-owners': host('no-owners', owners=False),
               'empty': dict(host('empty'), expected_listeners=[]),
               'gone': {'ansible_connection': 'ssh', 'ansible_host': '127.0.0.1', 'ansible_port': 1,
                        'ansible_ssh_common_args': '-o ControlPath=none'}},
}
variables = {'expected_listeners': DECLARED, 'enforce_actions': ['close'], 'audit_gather': ['owners']}
inventory = {name: {'hosts': list(hosts)} for name, hosts in groups.items()}
inventory['_meta'] = {'hostvars': {name: {**variables, **own} for hosts in groups.values()
                                   for name, own in hosts.items()}}
# an inventory that is a program may have names that a file cannot have
program = FOLDER / 'inventory'
program.write_text("#!/bin/sh\ncat '%s/hosts.json'\n" % FOLDER, encoding='utf-8')
program.chmod(0o755)
(FOLDER / 'hosts.json').write_text(json.dumps(inventory), encoding='utf-8')
