# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that come and go while facts are collected; runs inside a habitat."""

import os
import random
import time

from zoo import compare, linux, network
from zoo.den import DEN, NOBODY
from zoo.network import datagram, stream
from zoo.truth import IPV4, VXLAN, listener, waiting

from ansible_collections.listening.ports.plugins.module_utils._facts import collect

PASSING = range(7000, 8000)     # ports that the passing ones use
_COUNTED = '/run/zoo/ended'


def _setup():
    if not os.path.isdir(network.RUN):
        network.build()


def _pass_by(dice):
    """A short life: listen, maybe have a child that inherits, maybe become somebody, end."""
    made = []
    for make in (stream, datagram):
        try:
            made.append(make('127.0.0.1', dice.choice(PASSING)))
        except OSError:
            pass
    if dice.random() < 0.5:
        linux.set_name(b'passing %d' % dice.randrange(1000))
    if dice.random() < 0.3:
        linux.become(NOBODY, dice.random() < 0.5)
    if dice.random() < 0.3 and not os.fork():
        time.sleep(dice.random() / 1000)
        os._exit(0)
    time.sleep(dice.random() / 1000)


def _come_and_go(seed):
    """An animal that forks such lives until it is killed; what has ended is counted by the size of a file."""
    def setup(kit):
        # the animal itself must be able to answer: a child does it
        if os.fork():
            return
        dice = random.Random(seed)
        counted = os.open(_COUNTED, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        parent = os.getppid()
        while os.getppid() == parent:
            pid = os.fork()
            if not pid:
                try:
                    _pass_by(random.Random(dice.random()))
                finally:
                    os._exit(0)
            os.waitpid(pid, 0)
            os.write(counted, b'.')
            time.sleep(dice.random() / 500)
        os._exit(0)
    return DEN.spawn(setup, name=b'churn')


def collect_meanwhile(times, **options):
    """Collect many times while processes start and end.

    :returns: dict of ``lines``, what was wrong about the listeners that stayed; ``passing``, how many records of
        others were seen; ``ended``, how many processes have ended meanwhile.
    """
    _setup()
    lines, passing = [], 0
    try:
        shared = DEN.share([stream('127.0.0.1', 6001)], 5)
        staying = [DEN.spawn(lambda kit, port=port: kit.keep(stream('127.0.0.1', port)) and None)
                   for port in range(6010, 6020)]
        expected = [VXLAN, listener('tcp', '127.0.0.1', 6001, shared, IPV4, 'loopback', backlog=waiting(16))]
        expected += [listener('tcp', '127.0.0.1', port, [animal], IPV4, 'loopback', backlog=waiting(16))
                     for port, animal in zip(range(6010, 6020), staying)]
        if options.get('collector') == 'procfs':
            for record in expected[1:]:
                record['backlog'] = waiting(None)
        for seed in range(3):
            _come_and_go(seed)
        ended = os.path.getsize(_COUNTED) if os.path.exists(_COUNTED) else 0
        more = ['connections', 'clients'] if 'connections' in options.get('gather', ()) else []
        for dummy in range(times):
            facts = collect(**options)
            staying_listeners = [record for record in facts['listeners'] if record['port'] not in PASSING]
            passing += len(facts['listeners']) - len(staying_listeners)
            staying_listeners = [record for record in staying_listeners if record['protocol'] != 'raw']
            lines += compare.records(expected, staying_listeners, more) + compare.invariants(facts)
            if facts['complete']['sockets'] is not True:
                lines.append('the sockets are not complete: %s' % facts['gaps'])
        return {'lines': lines, 'passing': passing, 'ended': os.path.getsize(_COUNTED) - ended}
    finally:
        DEN.clear()


def names_over_time(names):
    """The names that facts show of a process, after it has taken each."""
    _setup()

    def setup(kit):
        kit.keep(stream('127.0.0.1', 6002))
        kit.on('rename', lambda name: linux.set_name(name.encode()))
    animal = DEN.spawn(setup)
    try:
        seen = []
        for name in names:
            animal.ask('rename', name)
            seen += [owner['process'] for record in collect()['listeners'] for owner in record['owners']
                     if owner['pid'] == animal.pid]
        return seen
    finally:
        DEN.clear()
