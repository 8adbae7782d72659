# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for tests: notes of its own, and a systemd that knows as much of units as stopping them takes."""

import os
import shutil

from ansible_collections.listening.ports.plugins.module_utils._connection import Connection
from ansible_collections.listening.ports.plugins.module_utils._notes import Notes
from ansible_collections.listening.ports.plugins.module_utils._stop import undo
from ansible_collections.listening.ports.plugins.module_utils._stop.decide import Decision, Ended
from ansible_collections.listening.ports.plugins.module_utils._stop.host import Host

FIRST = Connection('10.0.0.7', 22, '192.0.2.9', 51000, 600, 900, 'eth0', 'ancestor')
WEB, SOCKET, FRONT = 'web.service', 'web.socket', 'front.service'
ID, OTHER_ID = 'tcp/0.0.0.0:80', 'tcp/0.0.0.0:81'
HANGS = 137, '', ''


class Killed(BaseException):
    """The module is gone, in the middle of what it does."""


class Unit:
    """A unit. state: as UnitFileState, also after a boot; job: the number of the one that it waits for, or nothing."""

    job = ''

    def __init__(self, name, runs=True, state='enabled', file=None, source='', pid=0):
        self.name, self.runs, self.state, self.source, self.pid = name, runs, state, source, pid
        self.file = '/lib/systemd/system/' + name if file is None else file


def row(listener=ID, units=(SOCKET, WEB), pid=700, status='closed', bystanders=()):
    return {'listener': listener, 'status': status, 'reason': None if status == 'closed' else 'protected', 'about': {},
            'units': list(units), 'bystanders': list(bystanders), 'again': [], 'command': None,
            'processes': [{'pid': pid, 'process': 'web', 'exe': '/usr/bin/web'}]}


class Services(Host):
    """A host whose programs are played here.

    :ivar faults: dict, how a command begins, such as ``systemctl stop``, to what it does instead: a tuple of code,
        output and errors, or an exception; or a callable, whose result is that if it is not None.
    :ivar called: list of str, the commands that were run, without those that only look. :ivar killed_after: int, how
        many of these the module lives to see done.
    :ivar serving: dict, listener to the unit that has it, or to the pid of a process.
    """

    def __init__(self, root, units=None, booted=True):
        self.root_folder, self.time = str(root), 1000.0
        if booted:
            os.makedirs(self.root_folder + '/run/systemd/system')
        self.units = {unit.name: unit for unit in units or (Unit(SOCKET), Unit(WEB, state='static', pid=700))}
        self.serving = {ID: WEB}
        self.decision = Decision((SOCKET, WEB), (SOCKET, WEB), [row()], ())
        self.timer, self.called, self.faults, self.killed_after = None, [], {}, None
        self.programs = {'systemctl', 'systemd-run', 'sh'}
        self.in_use, self.is_root_here, self.ended, self.seen, self.unit_files = FIRST, True, [], [], {}
        Host.__init__(self, self._play, self._where, Notes(self.root_folder, lambda handle: None))

    ticks = 100

    # what tests see and do

    def later(self, seconds):
        """Time passes, and a timer does what it is there for."""
        self.time += seconds
        if self.timer and self.time >= self.timer[0]:
            units = self.timer[1]
            self.timer = None
            self.notes.note('undone', {})
            self._systemctl(['start', '--'] + units)

    def boot(self):
        """It loses its power and comes up again."""
        shutil.rmtree(self.root_folder + '/run/listening-ports', ignore_errors=True)
        self.timer = None
        for unit in self.units.values():
            unit.runs = unit.state == 'enabled'
        self.units[WEB].runs = self.units[WEB].runs or (SOCKET in self.units and self.units[SOCKET].runs)

    def logged_in_again(self):
        """A connection that was made by now."""
        self.in_use = FIRST._replace(peer_port=FIRST.peer_port + len(self.called) + 1, pid=800, started=self.now() + 1)

    def states(self):
        """What runs, and what is enabled: two lists of str."""
        return ([name for name in sorted(self.units) if self.units[name].runs],
                [name for name in sorted(self.units) if self.units[name].state == 'enabled'])

    # what it answers

    def is_root(self):
        return self.is_root_here

    def connection(self, told):
        return self.in_use

    def clock(self):
        return self.time

    def sleep(self, seconds):
        self.later(seconds)

    def now(self):
        return int(self.time * self.ticks)

    def decide(self, connection, options):
        self.seen.append((connection, options))
        return _told(self.decision)

    def listening(self):
        return set(self.listeners())

    def listeners(self):
        records = {}
        for listener, owner in self.serving.items():
            unit = self.units.get(owner)
            if unit is None or unit.runs:
                pid = unit.pid if unit else owner
                records[listener] = {'activated_by': None, 'owners': [
                    {'pid': pid, 'process': 'web', 'exe': '/usr/bin/web', 'unit': unit and unit.name}] if pid else []}
        return records

    def parent(self, pid):
        return 'sh'

    def end(self, processes):
        self.ended += [process['pid'] for process in processes]
        for process in processes:
            self.serving = {name: owner for name, owner in self.serving.items() if owner != process['pid']}

    def _where(self, name):
        return name if name in self.programs else None

    def _play(self, words, **options):
        limit = words[:4] if words[1] == '-s' else words[:2]
        assert limit[0] == 'timeout' and int(limit[-1]) > 0                 # nothing may wait for ever
        words = words[len(limit):]
        looks = words[1] in ('show', 'is-enabled')
        call = ' '.join(words)
        if not looks:
            self.called.append(call)
        for beginning, fault in list(self.faults.items()):
            if call.startswith(beginning):
                if isinstance(fault, BaseException):
                    raise fault
                result = fault if isinstance(fault, tuple) else fault(words)
                if result:
                    return result
        result = self._systemctl(words[1:]) if words[0] == 'systemctl' else self._systemd_run(words[1:])
        if not looks and len(self.called) == self.killed_after:
            raise Killed()
        return result

    def _systemd_run(self, words):
        options, command = words[:words.index('--')], words[words.index('--') + 1:]
        assert '--unit=listening-ports-undo' in options and '--collect' in options
        assert '--property=ExecStartPre=-sh -c "echo {} > /run/listening-ports/undone.json"' in options
        # systemd 252 does not read again what it has written of these, see module_utils/_stop/undo.py
        assert not set('$;\'`').intersection(' '.join(words))
        if self.timer:
            return 1, '', 'Failed to start transient timer unit: Unit %s already exists.\n' % undo.TIMER
        assert command[:3] == ['systemctl', 'start', '--']
        seconds = int(next(word for word in options if word.startswith('--on-active=')).partition('=')[2])
        self.timer = self.time + seconds, command[3:]
        return 0, '', ''

    def _systemctl(self, words):
        verb, names = words[0], words[words.index('--') + 1:]
        assert names
        if verb == 'show':
            properties = next(word for word in words if word.startswith('--property=')).partition('=')[2].split(',')
            return 0, '\n'.join(''.join('%s=%s\n' % (name, self._property(unit, name)) for name in properties)
                                for unit in names), ''
        if verb == 'stop' and undo.TIMER in names:
            if not self.timer:
                return 5, '', 'Failed to stop %s: Unit %s not loaded.\n' % (undo.TIMER, undo.TIMER)
            self.timer = None
            return 0, '', ''
        for unit in [self.units[name] for name in names]:
            if verb == 'is-enabled':
                return (0 if unit.state == 'generated' else 1), '', ''
            if verb in ('start', 'stop'):
                unit.runs = verb == 'start'
            elif verb == 'disable':
                unit.state = 'removed' if unit.state == 'generated' else 'disabled'
            elif unit.file.startswith('/etc/systemd/system/'):
                return 1, '', 'Failed to mask unit: File %s already exists.\n' % unit.file
            else:
                unit.state = 'masked'
        return 0, '', ''

    def _property(self, name, key):
        if key == 'Id':
            return name
        if name in (undo.TIMER, undo.SERVICE):
            return 'active' if self.timer and name == undo.TIMER else 'inactive'
        unit = self.units.get(name)
        if unit is None:
            return 'not-found' if key == 'LoadState' else ''
        return {'LoadState': 'loaded', 'Job': unit.job, 'ActiveState': 'active' if unit.runs else 'inactive',
                'UnitFileState': unit.state, 'SourcePath': unit.source, 'FragmentPath': unit.file}[key]


def ended(pid=900):
    return Ended(pid, 5, '/usr/bin/web', (12,), (OTHER_ID,))


def _told(answer):
    """What was put down as an answer, or raised if it is an exception."""
    if isinstance(answer, Exception):
        raise answer
    return answer
