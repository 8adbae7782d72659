# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket units of systemd, and the listeners that they own."""

import struct

from .bus import NAME, take, text


class SocketUnits(dict):
    """Maps (kind, address), as systemd shows it, to (socket unit, the service that it triggers, ``triggered``).

    The kind is ``Stream`` or ``Datagram``.
    """

    def find(self, record):
        """Find the socket unit that owns a listener, and the service that it triggers: a tuple of str or None."""
        kind = 'Datagram' if record['protocol'] in ('udp', 'udplite') else 'Stream'
        address = '[%s]' % record['address'] if record['family'] == 'ipv6' else record['address']
        name = '%s:%d' % (address, record['port'])
        # the scope of a link-local address stands behind the port; a unit with BindToDevice= shows no device
        return self.get((kind, '%s%%%s' % (name, record['interface']))) or self.get((kind, name), (None, None))


def triggered(unit, accepts, service):
    """Name the service that a socket unit starts: with ``Accept=yes`` the template of those that it starts one by one.

    What it triggers then are the instances of the moment, which own connections and come and go with them.

    :param unit: str, the socket unit.
    :param accepts: bool, it has ``Accept=yes``.
    :param service: str or None, the first that it triggers.
    """
    return unit.rpartition('.')[0].partition('@')[0] + '@.service' if accepts else service


def ask(bus):
    """Ask for all socket units.

    :param bus: ``bus.Bus``.
    :returns: SocketUnits.
    :raises FAULTS: those of the bus.
    """
    pattern = text('*.socket')
    [body] = bus.call([('/org/freedesktop/systemd1', NAME + '.Manager', 'ListUnitsByPatterns', 'asas',
                        struct.pack('=II', 0, len(pattern)) + pattern)])
    if not body:
        raise ValueError('it cannot list units by a pattern')           # before systemd 230
    names = list(_names(body))
    units = SocketUnits()
    properties = [bus.get(names, *prop) for prop in (('Socket', 'Listen'), ('Unit', 'Triggers'), ('Socket', 'Accept'))]
    for name, listen, triggers, accept in zip(names, *properties):
        service = triggered(name, accept[4:] == struct.pack('=I', 1),     # a variant with a boolean
                            take(triggers, 8)[0] if len(triggers) > 8 else None)
        at = 16
        while at < len(listen):                 # a variant a(ss)
            kind, at = take(listen, (at + 7) & ~7)
            address, at = take(listen, at)
            units[kind, address] = (name, service)
    return units


def _names(body):
    """Yield the first string of each structure in an array of ``(ssssssouso)``."""
    at = 8
    while at < len(body):
        name, at = take(body, (at + 7) & ~7)
        for _field in range(6):                 # five strings and an object path
            _value, at = take(body, at)
        at = ((at + 3) & ~3) + 4                # a number
        for _field in range(2):
            _value, at = take(body, at)
        yield name
