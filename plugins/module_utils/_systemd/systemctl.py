# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd says of units by one call of C{systemctl show}, for where its private socket cannot be used.

Private to this collection, may change.
"""

from .socket_units import SocketUnits

_PATIENCE = '10'                # seconds


class SystemdError(Exception):
    """systemctl did not answer; the message tells why."""


def parse(text):
    """The output of C{systemctl show}: a dict, service to the pid of its main process, and SocketUnits."""
    main_processes, sockets = {}, SocketUnits()
    for block in text.split('\n\n'):
        unit = triggers = main = None
        listens = []
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
            elif key.startswith('Listen'):      # before systemd 235: ListenStream=...
                listens.append((key[len('Listen'):], value))
        if unit and main is not None:
            main_processes[unit] = main
        sockets.update((listen, (unit, triggers)) for listen in listens)
    return main_processes, sockets


def ask(units, run):
    """Ask C{systemctl}, once, for the main processes of services and for the addresses of all socket units.

    :param units: iterable of str, system units.
    :param run: callable, ``AnsibleModule.run_command`` or what takes its place; None where there is none.
    :returns: tuple, see L{parse}.
    :raises SystemdError: systemctl is missing, failed, or did not answer in time.
    """
    return parse(_show('MainPID,Triggers,Listen,ListenStream,ListenDatagram', sorted(units) + ['*.socket'], run))


def values(units, name, run):
    """dict: unit to the value of a property (str); parameters and errors as those of L{ask}."""
    blocks = [dict(line.partition('=')[::2] for line in block.splitlines()) for block in _show(name, units, run).split('\n\n')]
    return {block['Id']: block.get(name) for block in blocks if 'Id' in block}


def _show(properties, units, run):
    """str: what systemctl shows."""
    if not run:
        raise SystemdError('there is no way to run it')
    try:
        # a manager that hangs would keep systemctl waiting for minutes
        code, output, dummy = run(
            ['timeout', _PATIENCE, 'systemctl', 'show', '--no-pager', '--property=Id,' + properties, '--'] + units,
            environ_update={'LC_ALL': 'C', 'SYSTEMD_PAGER': '', 'SYSTEMD_COLORS': '0'},
            expand_user_and_vars=False, handle_exceptions=False)
    except (OSError, ValueError) as exc:
        raise SystemdError(str(exc)) from exc
    if code:
        raise SystemdError('it took longer than %s seconds' % _PATIENCE if code == 124 else 'it ended with %d' % code)
    return output.encode('utf-8', 'surrogateescape').decode('utf-8', 'backslashreplace')


def instead(units, gaps, run):
    """Like L{ask}, and note where it fails."""
    try:
        return ask(units, run)
    except SystemdError as exc:
        gaps.add('units', 'systemctl', 'systemctl did not answer (%s): which process is the main one of its unit, and '
                 'which socket unit activates it, is not known' % exc)
        return {}, None
