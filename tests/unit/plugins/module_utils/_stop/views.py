# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as ``decide`` is given them, written down in a few words."""

import json
import os

from ansible_collections.listening.ports.plugins.module_utils._stop import again, decide, graph, view
from ansible_collections.listening.ports.plugins.module_utils._systemd import systemctl

SSHD, SESSION, SHELL = 700, 900, 901            # the connection in use, and what it runs
CONNECTION = {'address': '10.0.0.1', 'port': 22, 'peer': '10.0.0.7', 'peer_port': 40000, 'interface': 'eth0',
              'how': 'ancestor'}


def shown(**properties):
    """What ``systemctl show`` prints of a unit: lists as words, the rest as Debian 12 has it."""
    name = properties['Id']
    known = dict.fromkeys(graph.PROPERTIES, '')
    known.update(Names=name, LoadState='loaded', ActiveState='active', UnitFileState='enabled',
                 KillMode='control-group', FragmentPath='/usr/lib/systemd/system/' + name,
                 ControlGroup='/system.slice/' + name, Transient='no', RefuseManualStop='no', StopWhenUnneeded='no',
                 MainPID='0')
    if not name.endswith('.service'):
        known = {prop: text for prop, text in known.items() if prop not in ('MainPID', 'BusName')}
    known.update(properties)
    return ''.join('%s=%s\n' % item for item in sorted(known.items()))


RELEASES = ('bullseye', 'bookworm', 'trixie')
OPTIONS = {'listeners': [], 'processes': False, 'mask': False, 'protected': [], 'despite': []}


def recording(release):
    """What ``captures/record.py`` has recorded on a host."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'captures', release + '.json')
    with open(path, encoding='utf-8') as stream:
        return json.load(stream)


def parsed(text):
    """list of graph.Unit: those that ``systemctl show`` has printed."""
    return [graph.made(known) for known in systemctl.blocks(text)]


def recorded(release):
    """view.View of a host with ``captures/record.py``, without a connection in use."""
    known = recording(release)
    units = graph.Graph(unit for text in known['texts'] for unit in parsed(text))
    processes = {fields[0]: view.Process(*[tuple(field) if isinstance(field, list) else field for field in fields])
                 for fields in known['processes']}
    links = frozenset(tuple(link) for link in known['links'])
    return view.View(
        known['listeners'], {record['id']: (record['port'],) for record in known['listeners']}, processes, units,
        frozenset(), None, (), {}, False, again.Ways((), (), links, frozenset()))


class Scene:
    """A host, of which a few things are known.

    :ivar parts: dict, arguments of ``view.View``, to be changed.
    """

    def __init__(self, systemd=True):
        self.units = {}
        self.parts = {
            'listeners': [], 'inodes': {}, 'processes': {}, 'units': None, 'unseen': (), 'makers': {}, 'nfs': False,
            'lineage': frozenset([SSHD, SESSION, SHELL]), 'connection': CONNECTION, 'again': again.NONE}
        self.systemd = systemd
        self.process(1, 'systemd', unit='init.scope', group='/init.scope', exe='/usr/lib/systemd/systemd')
        self.unit('ssh.service', MainPID='700')
        self.process(SSHD, 'sshd', unit='ssh.service', exe='/usr/sbin/sshd')
        self.process(SESSION, 'sshd', parent=SSHD, unit='session-3.scope', exe='/usr/sbin/sshd',
                     group='/user.slice/user-0.slice/session-3.scope')
        self.process(SHELL, 'sh', parent=SESSION, unit='session-3.scope', exe='/bin/sh',
                     group='/user.slice/user-0.slice/session-3.scope')
        self.unit('session-3.scope', Transient='yes', UnitFileState='transient',
                  ControlGroup='/user.slice/user-0.slice/session-3.scope')
        self.listen('tcp/0.0.0.0:22', [SSHD])

    def unit(self, name, **properties):
        """Add a unit, with properties as ``systemctl show`` has them; the other ends of its ties are added as well."""
        self.units[name] = dict(Id=name, **properties)
        return self

    def process(self, pid, name='daemon', unit=None, parent=1, session=None, exe='/usr/sbin/daemon', group=None,
                user='root'):
        """Add a process; without a session it leads one."""
        groups = (group or '/system.slice/%s' % unit,) if unit else ('/',)
        self.parts['processes'][pid] = view.Process(
            pid, parent, session or pid, 1000 + pid, name, exe, exe, unit, groups, ())
        return self

    def service(self, name, pid, listeners=(), **properties):
        """Add a service with a main process, and what it listens on."""
        self.unit(name, MainPID=str(pid), **properties)
        self.process(pid, name.partition('.')[0][:15], unit=name, exe='/usr/sbin/' + name.partition('.')[0])
        for listener in listeners:
            self.listen(listener, [pid])
        return self

    def listen(self, name, pids, activated_by=None, service=None, **fields):
        """Add a listener that processes own."""
        protocol, dummy, rest = name.partition('/')
        owners = []
        for pid in pids:
            process = self.parts['processes'][pid]
            owners.append({'pid': pid, 'process': process.name, 'exe': process.exe, 'exe_deleted': False,
                           'user': 'root', 'uid': 0, 'started': '2026-01-01T00:00:00Z', 'unit': process.unit,
                           'main': None, 'container': fields.get('container')})
        fields.pop('container', None)
        record = {'id': name, 'protocol': protocol, 'family': 'ipv6' if '[' in rest else 'ipv4',
                  'port': int(rest.rpartition(':')[2]), 'namespace': None, 'port_name': None, 'owners': owners,
                  'owners_total': len(owners), 'held_by': 'processes' if owners else 'unknown',
                  'activated_by': activated_by, 'service': service}
        record.update(fields)
        self.parts['listeners'].append(record)
        self.parts['inodes'][name] = (record['port'],)
        return self

    def view(self):
        """view.View"""
        units = None
        if self.systemd:
            texts = [shown(**properties) for properties in self.units.values()]
            units = graph.Graph(parsed('\n'.join(texts)))
        return view.View(**dict(self.parts, units=units))

    def decide(self, *listeners, **options):
        """decide.Decision on these listeners."""
        return decide.decide(self.view(), dict(OPTIONS, listeners=list(listeners), **options))
