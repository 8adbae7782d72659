# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many properties of units, in the words of ``systemctl show``, which is run where the private socket cannot be used.

Sources: D-Bus Specification on the wire format, org.freedesktop.systemd1(5).
"""

import os
import struct

from . import systemctl
from .bus import FAULTS, Bus, take

# What not all units have, and the interface that it is of, by what follows the last dot of a name
_OF_KIND = {
    'service': ('Service', ('MainPID', 'KillMode', 'BusName', 'ControlGroup')),
    'socket': ('Socket', ('Accept', 'KillMode', 'ControlGroup')),
    'mount': ('Mount', ('KillMode', 'ControlGroup')),
    'swap': ('Swap', ('KillMode', 'ControlGroup')),
    'scope': ('Scope', ('KillMode', 'ControlGroup')),
    'slice': ('Slice', ('ControlGroup',)),
}
_AT_ONCE = 20                   # units: PID 1 keeps the answers until they are read
_SIZES = {'y': 1, 'n': 2, 'q': 2, 'i': 4, 'u': 4, 'b': 4, 'x': 8, 't': 8, 'd': 8}


class Manager:
    """The manager of the system, which is connected to when it is asked for the first time.

    :param run: callable that runs a command, as ``AnsibleModule.run_command``, or None.
    :param booted: str, the directory of sd_booted(3), which the private socket is beside.
    """

    def __init__(self, run, booted):
        self._run, self._bus = run, None
        self._socket = os.path.join(os.path.dirname(booted), 'private')

    def ask(self, units, names):
        """Ask for properties of units.

        :param units: list of str.
        :param names: iterable of str, properties.
        :returns: list of dict, name of a property to its text, in the order of the units.
        :raises SystemdError: systemctl did not answer either.
        """
        wanted = frozenset(names).union(('Id',))
        try:
            self._bus = self._bus or Bus(self._socket)
            return [values for at in range(0, len(units), _AT_ONCE)
                    for values in _of_units(self._bus, units[at:at + _AT_ONCE], wanted)]
        except FAULTS:
            if self._bus:
                self._bus.close()
                self._bus = None
            return systemctl.blocks(systemctl.show(','.join(names), units, self._run))


def _of_units(bus, units, wanted):
    """list of dict, one for each unit. Raises FAULTS."""
    known = [_of_all(body, wanted) for body in bus.get_all(units, 'Unit')]
    for kind, (interface, names) in _OF_KIND.items():
        of_kind = [(unit, values) for unit, values in zip(units, known) if unit.endswith('.' + kind)]
        for name in wanted.intersection(names) if of_kind else ():
            bodies = bus.get([unit for unit, dummy in of_kind], interface, name)
            for (dummy, values), body in zip(of_kind, bodies):
                if body:                        # else it is of a later systemd
                    values[name] = _value(*_signature(body, 0), body=body)[0]
    return known


def _of_all(body, wanted):
    """dict: those that are wanted of an array ``a{sv}``. Raises FAULTS."""
    values, at, end = {}, 8, 8 + struct.unpack_from('=I', body)[0]
    if end != len(body):
        raise ValueError('an answer of an unexpected form')
    while at < end:
        name, at = take(body, (at + 7) & ~7)
        kind, at = _signature(body, at)
        if name in wanted:
            values[name], at = _value(kind, at, body)
        else:
            at = _after(kind, at, body)
    return values


def _signature(body, at):
    """The type of a variant, and the offset of its value."""
    end = at + 1 + body[at]
    return body[at + 1:end].decode('ascii'), end + 1


def _value(kind, at, body):
    """The text of a value, and the offset of what follows."""
    if kind == 's':
        return take(body, at)
    if kind in ('b', 'u'):
        at = (at + 3) & ~3
        number = struct.unpack_from('=I', body, at)[0]
        return str(number) if kind == 'u' else 'yes' if number else 'no', at + 4
    if kind != 'as':
        raise ValueError('a value of an unexpected type')
    texts, end = [], _after(kind, at, body)
    at = ((at + 3) & ~3) + 4
    while at < end:
        value, at = take(body, at)
        texts.append(value)
    return ' '.join(texts), end


def _after(kind, at, body):
    """The offset of what follows a value."""
    code = kind[0]
    if code in _SIZES:
        size = _SIZES[code]
        return ((at + size - 1) & -size) + size
    if code in ('s', 'o'):
        return take(body, at)[1]
    if code == 'a':
        at = (at + 3) & ~3
        size = struct.unpack_from('=I', body, at)[0]
        aligned = _SIZES.get(kind[1], 8 if kind[1] in '({' else 4)
        return ((at + 4 + aligned - 1) & -aligned) + size
    if code != '(' or '(' in kind[1:] or 'a' in kind:
        raise ValueError('a value of an unexpected type')
    at = (at + 7) & ~7
    for member in kind[1:-1]:
        at = _after(member, at, body)
    return at
