# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd says of units, by one call of C{systemctl show}. Private to this collection, may change."""

_PATIENCE = '10'                # seconds


class SystemdError(Exception):
    """systemctl did not answer; the message tells why."""


class Systemd:
    """What the system manager says of units.

    :ivar main: dict, unit to the pid (int) of its main process; 0 where systemd knows none.
    :ivar sockets: dict, (kind, address) as systemd shows it to (socket unit, triggered service or None);
        kind is ``Stream`` or ``Datagram``.
    """

    def __init__(self, text=''):
        self.main = {}
        self.sockets = {}
        for block in text.split('\n\n'):
            self._take(block)

    def _take(self, block):
        unit = triggers = None
        listens = []
        main = None
        for line in block.splitlines():
            key, dummy, value = line.partition('=')
            if key == 'Id':
                unit = value
            elif key == 'MainPID' and value.isdigit():
                main = int(value)
            elif key == 'Triggers':
                triggers = value.split(' ')[0] or None
            elif key == 'Listen':
                address, dummy, kind = value.rpartition(' ')
                listens.append((kind.strip('()'), address))
            elif key.startswith('Listen'):          # before systemd 235: ListenStream=...
                listens.append((key[len('Listen'):], value))
        if unit and main is not None:
            self.main[unit] = main
        for listen in listens:
            self.sockets[listen] = (unit, triggers)

    def socket_unit(self, record):
        """The socket unit that holds a listener, and the service that it triggers: a tuple of str or None."""
        kind = 'Datagram' if record['protocol'] in ('udp', 'udplite') else 'Stream'
        address = '[%s]' % record['address'] if record['family'] == 'ipv6' else record['address']
        name = '%s:%d' % (address, record['port'])
        # the scope of a link-local address stands behind the port; a unit with BindToDevice= shows no device
        return self.sockets.get((kind, '%s%%%s' % (name, record['interface']))) or self.sockets.get(
            (kind, name), (None, None))


def ask(units, run):
    """Ask C{systemctl}, once, for the main processes of services and for the addresses of all socket units.

    :param units: iterable of str, system units.
    :param run: callable, ``AnsibleModule.run_command`` or what takes its place; None where there is none.
    :returns: L{Systemd}.
    :raises SystemdError: systemctl is missing, failed, or did not answer in time.
    """
    if not run:
        raise SystemdError('there is no way to run it')
    properties = '--property=Id,MainPID,Triggers,Listen,ListenStream,ListenDatagram'
    try:
        # a manager that hangs would keep systemctl waiting for minutes
        code, output, dummy = run(
            ['timeout', _PATIENCE, 'systemctl', 'show', '--no-pager', properties, '--'] + sorted(units) + ['*.socket'],
            environ_update={'LC_ALL': 'C', 'SYSTEMD_PAGER': '', 'SYSTEMD_COLORS': '0'},
            expand_user_and_vars=False, handle_exceptions=False)
    except (OSError, ValueError) as exc:
        raise SystemdError(str(exc)) from exc
    if code:
        raise SystemdError('it took longer than %s seconds' % _PATIENCE if code == 124 else 'it ended with %d' % code)
    return Systemd(output.encode('utf-8', 'surrogateescape').decode('utf-8', 'backslashreplace'))
