# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Animals are processes that hold sockets: starts them, names them, and knows the truth about each."""

import json
import os
import signal
import socket
import sys
import time
import traceback

from zoo import linux
from zoo.truth import Absent

PYTHON = os.path.realpath(sys.executable)
NOBODY = 65534
_KEPT = []                      # sockets of an animal: held until it dies


class Kit:
    """What the code that runs inside an animal is given."""

    def __init__(self):
        self._commands = {}

    def keep(self, *things):
        """Hold sockets for as long as the animal lives; returns the first."""
        _KEPT.extend(things)
        return things[0]

    def on(self, name, function):
        """Have the animal run a function when ``Animal.ask`` names it."""
        self._commands[name] = function

    def answer(self, message):
        """Run one command; returns its result."""
        return self._commands[message['do']](*message['with'])


class Animal:
    """A live process.

    :ivar pid: int.
    :ivar truth: dict, what a listener's ``owners`` must say of it; ``started`` is [earliest, latest] in seconds.
    :ivar result: what its setup returned.
    """

    def __init__(self, pid, truth, control, result):
        self.pid = pid
        self.truth = truth
        self.result = result
        self._control = control

    def ask(self, name, *arguments):
        """Have the animal do what its setup has set up with ``Kit.on``; returns the result."""
        _send(self._control, {'do': name, 'with': arguments})
        return _receive(self._control)

    def leave(self, name):
        """Have it do something after which it cannot answer, and wait until that shows in its state."""
        _send(self._control, {'do': name, 'with': []})
        _until(self.pid, 'Z')

    def close(self):
        """Forget the way to talk to it."""
        self._control.close()


class Den:
    """All animals of a zoo."""

    def __init__(self):
        self.animals = {}

    def spawn(self, setup, name=b'animal', shown=None, uid=0, drop_to=None, dumpable=True, program=None,
              arguments=None):
        """Start an animal.

        :param setup: callable, gets a ``Kit`` inside the new process; its result must fit JSON.
        :param name: bytes, the kernel's name of the process.
        :param shown: str, the same as facts must show it; the name itself by default.
        :param uid: int, the user from before the setup on.
        :param drop_to: int or None, the user from after the setup on.
        :param dumpable: bool, see ``linux.become``.
        :param program: str or None, path of a program to execute after the setup, as ``sleep`` does; sockets that
            are to live on must be inheritable.
        :param arguments: list of str or bytes, the program's command line if that is not the usual one.
        :returns: ``Animal``, after its setup is done and its program runs.
        :raises Absent, OSError, RuntimeError: the setup failed.
        """
        own, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        earliest = time.time()
        pid = os.fork()
        if not pid:
            try:
                own.close()
                self._forget()
                _live(setup, other, name, uid, drop_to, dumpable, program, arguments)
            finally:
                os._exit(1)
        other.close()
        try:
            result = _receive(own)
            if program and own.recv(1):                 # closed by a successful exec
                raise RuntimeError('%s was not executed' % program)
            if program:
                _until(pid, 'S')                        # loaded, and waiting
        except BaseException:
            own.close()
            _end([pid])
            raise
        if program:
            name = os.fsencode(os.path.basename(program))[:15]
        user = uid if drop_to is None else drop_to
        truth = {
            'pid': pid, 'process': name.decode('ascii') if shown is None else shown, 'exe': program or PYTHON,
            'exe_deleted': False, 'user': _user(user), 'uid': user, 'started': [earliest, time.time()], 'unit': None,
            'main': None, 'container': None, '_dumpable': dumpable,
        }
        animal = self.animals[pid] = Animal(pid, truth, own, result)
        return animal

    def share(self, things, count, **options):
        """Start animals that all hold the same sockets, which this process gives up; returns list of ``Animal``."""
        try:
            return [self.spawn(lambda kit: kit.keep(*things) and None, **options) for dummy in range(count)]
        finally:
            for thing in things:
                thing.close()

    def end(self, *animals):
        """Kill some animals and wait for their end."""
        for animal in animals:
            animal.close()
            del self.animals[animal.pid]
        _end([animal.pid for animal in animals])

    def clear(self):
        """Kill all animals, and what they have started."""
        self.end(*list(self.animals.values()))
        while _reap():
            pass

    def _forget(self):
        for animal in self.animals.values():
            animal.close()


DEN = Den()


def _end(pids):
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        os.waitpid(pid, 0)


def _state(pid):
    with open('/proc/%d/stat' % pid, 'rb') as stream:
        return stream.read().rpartition(b')')[2].split()[0].decode('ascii')


def _until(pid, state):
    deadline = time.monotonic() + 60
    while _state(pid) != state:
        if time.monotonic() > deadline:
            raise RuntimeError('pid %d is in state %s, not %s' % (pid, _state(pid), state))
        time.sleep(0.002)


def _reap():
    """bool: there was an orphan to bury."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _user(uid):
    with open('/etc/passwd', encoding='utf-8', errors='replace') as stream:
        for line in stream:
            fields = line.split(':')
            if len(fields) > 2 and fields[2] == str(uid):
                return fields[0]
    return str(uid)


def _live(setup, control, name, uid, drop_to, dumpable, program, arguments):
    kit = Kit()
    try:
        linux.set_name(name)
        if uid:
            linux.become(uid, dumpable)
        result = setup(kit)
        if drop_to is not None:
            linux.become(drop_to, dumpable)
        _send(control, {'result': result})
        if program:
            os.execv(program, arguments or [program, 'infinity'])
        while True:
            message = json.loads(control.recv(65536) or b'null')
            if message is None:                         # the keeper has let go; it will kill
                signal.pause()
            _send(control, {'result': kit.answer(message)})
    except Absent as exc:
        _send(control, {'absent': str(exc)})
    except OSError as exc:
        _send(control, {'errno': exc.errno, 'error': traceback.format_exc()})
    except BaseException:
        _send(control, {'errno': None, 'error': traceback.format_exc()})


def _send(control, message):
    control.send(json.dumps(message).encode())


def _receive(control):
    data = control.recv(1 << 20)
    message = json.loads(data) if data else {'errno': None, 'error': 'the animal has died'}
    if 'absent' in message:
        raise Absent(message['absent'])
    if 'error' in message:
        if message['errno']:
            raise OSError(message['errno'], message['error'])
        raise RuntimeError(message['error'])
    return message['result']
