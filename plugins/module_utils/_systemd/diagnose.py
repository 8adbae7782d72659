# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that should own a listener and do not: what systemd says of them, and the end of their log.

Sources: org.freedesktop.systemd1(5), systemd.unit(5).
"""

import contextlib
import os
import re
import struct
import time

from . import journal
from .bus import FAULTS, Bus

MOST_UNITS = 20
_SECONDS = 10                   # for all commands together
_TYPES = ('service', 'socket', 'timer', 'path', 'mount', 'automount', 'swap', 'target', 'slice', 'scope', 'device')
_NAME = re.compile(r'(?!@)[A-Za-z0-9:_.\\@-]{1,240}\Z')      # without the type
_OF_USER = re.compile(r'user@[0-9]+\.service/')
RUNNING = '/run/systemd/system'
_STATE = {'id': 'Id', 'load': 'LoadState', 'active': 'ActiveState', 'sub': 'SubState', 'enabled': 'UnitFileState'}
OF_UNIT = tuple(_STATE.values()) + ('InvocationID', 'TriggeredBy')
OF_TYPE = ('Result', 'ExecMainCode', 'ExecMainStatus', 'ExecStartPre', 'ExecStart')
# how a process may end, according to wait(2), as systemctl calls it
_ENDS = {'exited': 1, 'killed': 2, 'dumped': 3}
_ENDED = {'success': 1, 'exit-code': 1, 'signal': 2, 'core-dump': 3}


def look(units, serving, complete, run, connect=Bus, running=RUNNING, journals=journal.JOURNALS):
    """Diagnose units that own no listener.

    :param units: list of str, what should listen; with or without the type of the unit.
    :param serving: set of str, the units that own a listener: they need no diagnosis.
    :param complete: dict, aspect of the facts to whether it is complete.
    :param run: callable that runs a command, as ``AnsibleModule.run_command``; None where there is none.
    :param connect: callable as ``bus.Bus``.
    :param running: str, a directory that is there while systemd runs.
    :param journals: as those of ``journal.lines``.
    :returns: dict, name as it was given to a dict with ``unit``, the same name; ``id``, what systemd calls it;
        ``load``, ``active``, ``sub``, ``enabled`` and ``result``, str or None; ``exit``, the exit code or signal, int
        or None; ``holds``, False where it owns no listener, None where that is not known, and True where it does under
        another name; ``lines``, list of str, the end of its log; ``unseen``, list of str, what could not be inspected,
        and why.
    """
    # listeners whose owners are hidden may be those of any unit
    holds = False if complete['owners'] and complete['units'] else None
    diagnoses, names = {}, {}
    for unit in units:
        name = unit if unit.rpartition('.')[2] in _TYPES else unit + '.service'
        if name in serving or unit in diagnoses:
            continue
        diagnosis = diagnoses[unit] = {
            'unit': unit, 'id': None, 'load': None, 'active': None, 'sub': None, 'enabled': None, 'result': None,
            'exit': None, 'holds': holds, 'lines': [], 'unseen': []}
        stem = name.rpartition('.')[0]
        if _OF_USER.match(name):
            diagnosis['unseen'].append('units of users are not looked at')
        elif not _NAME.match(stem):
            diagnosis['load'] = 'invalid'       # systemctl would show no unit for it
        elif stem.endswith('@'):
            diagnosis['load'] = 'template'
        elif len(names) == MOST_UNITS:
            diagnosis['unseen'].append('%d other units were inspected, which is the limit' % MOST_UNITS)
        else:
            names[unit] = name
    if names:
        commands = journal.Commands(run, time.monotonic() + _SECONDS)
        try:
            if not os.path.isdir(running):
                raise journal.Unseen('it is not running')
            states = _states(list(names.values()), connect, commands)
            _look_at_sockets(states, connect, commands)
        except journal.Unseen as exc:
            for unit in names:
                diagnoses[unit]['unseen'].append('systemd could not be asked: %s' % exc)
            return diagnoses
        for (unit, name), state in zip(names.items(), states):
            _fill(diagnoses[unit], name, state, serving, commands, journals)
    return diagnoses


def _fill(diagnosis, name, state, serving, commands, journals):
    """Fill in what systemd says of a unit, and the end of its log."""
    diagnosis.update((key, state.get(prop) or None) for key, prop in _STATE.items())
    diagnosis['result'] = state.get('Result') or None
    diagnosis['exit'] = _exit(diagnosis['result'], state['exits'])
    if diagnosis['load'] is None:
        diagnosis['unseen'].append('systemd reports nothing about it')
    elif diagnosis['id'] in serving:
        diagnosis['holds'] = True               # under its other name
    elif diagnosis['active'] == 'active' and diagnosis['holds'] is None:
        diagnosis['unseen'].append(
            'what it listens on is unknown, because some listeners have hidden owners%s' % journal.remedy())
    elif diagnosis['load'] not in ('not-found', 'masked'):
        try:
            diagnosis['lines'] = journal.lines(diagnosis['id'] or name, state.get('InvocationID'), commands, journals)
        except journal.Unseen as exc:
            diagnosis['unseen'].append('its log could not be read: %s' % exc)


def _exit(result, exits):
    """Find the exit code or signal behind a result: int or None.

    :param exits: list of tuple (how, number), of the main process and then of what was run to start the unit.
    """
    fine = result == 'success'
    numbers = [number for how, number in (exits[:1] if fine else exits) if how == _ENDED.get(result)]
    return next((number for number in numbers if number or fine), None)


def _look_at_sockets(states, connect, commands):
    """Put the state of a socket unit in the place of that of a service that waits for it to be connected to.

    It says why nothing listens: that its port has been changed and it was not restarted, for example.
    """
    for index, state in enumerate(states):
        sockets = [name for name in state.get('TriggeredBy', '').split() if name.endswith('.socket')]
        if state.get('ActiveState') == 'inactive' and sockets:
            active = [other for other in _states(sockets, connect, commands) if other.get('ActiveState') == 'active']
            states[index:index + 1] = active[:1] or [state]


def _states(units, connect, commands):
    """list of dict, property to value, one for each unit; raises Unseen."""
    return _by_bus(units, connect) or _by_systemctl(units, commands)


def _by_bus(units, connect):
    """list of dict, property to value; None where systemd does not answer."""
    try:
        with contextlib.closing(connect()) as bus:
            return [_state_by_bus(bus, unit) for unit in units]
    except FAULTS:
        return None


def _state_by_bus(bus, unit):
    state = {}
    for interface, names in (('Unit', OF_UNIT), (unit.rpartition('.')[2].capitalize(), OF_TYPE)):
        for name in names:
            [body] = bus.get([unit], interface, name)
            if body:
                state[name] = _value(body)
    main = state.get('ExecMainCode'), state.get('ExecMainStatus')
    state['exits'] = [main] + state.get('ExecStartPre', []) + state.get('ExecStart', [])
    return state


def _value(body):
    """Read a variant: text, a number, hexadecimal digits, or how commands ended."""
    signature = body[1:1 + body[0]]
    if signature == b's':
        return body[8:-1].decode('utf-8', 'backslashreplace')
    if signature == b'i':
        return struct.unpack_from('=i', body, 4)[0]
    if signature == b'as':
        names, at = [], 8
        while at < len(body):
            at = (at + 3) & ~3
            end = at + 4 + struct.unpack_from('=I', body, at)[0]
            names.append(body[at + 4:end].decode('utf-8', 'backslashreplace'))
            at = end + 1
        return ' '.join(names)
    if signature == b'ay':
        return body[8:].hex()
    if signature != b'a(sasbttttuii)':
        raise ValueError('a property of an unexpected form')
    ends, at = [], 24
    while at < len(body):
        for zero in (1, 0):                     # the path, a string with a zero; and the arguments, an array
            at = (at + 3) & ~3
            at += 4 + struct.unpack_from('=I', body, at)[0] + zero
        at = ((((at + 3) & ~3) + 4 + 7) & ~7) + 32 + 4      # a boolean; four times; the process
        ends.append(struct.unpack_from('=ii', body, at))
        at = (at + 8 + 7) & ~7
    return ends


def _by_systemctl(units, commands):
    """Read the same from systemctl; raises Unseen."""
    output = commands.output(
        ['systemctl', 'show', '--no-pager', '--property=' + ','.join(OF_UNIT + OF_TYPE), '--'] + units)
    blocks = output.strip('\n').split('\n\n')
    if len(blocks) != len(units):
        raise journal.Unseen('systemctl does not report every unit')
    return [_state_by_text(block) for block in blocks]


def _state_by_text(block):
    state, ends = {}, {'ExecStartPre': [], 'ExecStart': []}
    for line in block.split('\n'):
        name, dummy, value = line.partition('=')
        if name in ends:
            ended = re.findall(r' ; code=(\w+) ; status=(\d+)', value)      # the last one: arguments come first
            ends[name] += [(_ENDS.get(how), int(number)) for how, number in ended[-1:]]
        else:
            state[name] = value
    main = [int(state[name]) if state.get(name, '').isdigit() else None
            for name in ('ExecMainCode', 'ExecMainStatus')]
    state['exits'] = [tuple(main)] + ends['ExecStartPre'] + ends['ExecStart']
    return state
