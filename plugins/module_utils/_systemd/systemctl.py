# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd says of units in one call of ``systemctl show``, where its private socket cannot be used."""

PATIENCE = 10                   # seconds


class SystemdError(Exception):
    """systemctl did not answer; the message says why."""


def parse(text):
    """Parse the output of ``systemctl show``: a dict, service to the pid of its main process, and SocketUnits."""
    from .socket_units import SocketUnits, triggered
    main_processes, sockets = {}, SocketUnits()
    for block in text.split('\n\n'):
        unit = triggers = main = None
        listens, accepts = [], False
        for line in block.splitlines():
            key, dummy, value = line.partition('=')
            if key == 'Id':
                unit = value
            elif key == 'MainPID' and value.isdigit():
                main = int(value)
            elif key == 'Triggers':
                triggers = value.split(' ')[0] or None
            elif key == 'Accept':
                accepts = value == 'yes'
            elif key == 'Listen':
                address, dummy, kind = value.rpartition(' ')
                listens.append((kind.strip('()'), address))
            elif key.startswith('Listen'):      # before systemd 235: ListenStream=...
                listens.append((key[len('Listen'):], value))
        if unit and main is not None:
            main_processes[unit] = main
        sockets.update((listen, (unit, triggered(unit, accepts, triggers))) for listen in listens)
    return main_processes, sockets


def ask(units, run, patience=PATIENCE):
    """Ask ``systemctl``, once, for the main processes of services and for the addresses of all socket units.

    :param units: iterable of str, system units.
    :param run: callable, ``AnsibleModule.run_command`` or what takes its place; None where there is none.
    :param patience: number of seconds.
    :returns: tuple, see ``parse``.
    :raises SystemdError: systemctl is missing, failed, or did not answer in time.
    """
    properties = 'MainPID,Triggers,Accept,Listen,ListenStream,ListenDatagram'
    return parse(show(properties, sorted(units) + ['*.socket'], run, patience))


def values(units, name, run):
    """Ask for a property of units: dict, unit to str; parameters and errors as those of ``ask``."""
    known = blocks(show(name, units, run))
    return {block['Id']: block.get(name) for block in known if 'Id' in block}


def blocks(text):
    """Tell the properties of units apart: list of dict, name to str, in the order of the output of ``show``."""
    return [dict(line.partition('=')[::2] for line in block.split('\n') if '=' in line)
            for block in text.strip('\n').split('\n\n')]


def show(properties, units, run, patience=PATIENCE):
    """Run ``systemctl show``; parameters and errors as those of ``ask``.

    :param properties: str, separated by commas; ``Id`` is always among them.
    :param units: list of str.
    :returns: str, what it prints.
    """
    if not run:
        raise SystemdError('it cannot be run')
    try:
        # a manager that hangs would keep systemctl waiting for minutes
        code, output, dummy = run(
            ['timeout', str(patience), 'systemctl', 'show', '--no-pager', '--property=Id,' + properties, '--'] + units,
            environ_update={'LC_ALL': 'C', 'SYSTEMD_PAGER': '', 'SYSTEMD_COLORS': '0'},
            expand_user_and_vars=False, handle_exceptions=False)
    except (OSError, ValueError) as exc:
        raise SystemdError(str(exc)) from exc
    if code:
        raise SystemdError('it took longer than %s seconds' % patience if code == 124 else 'it ended with %d' % code)
    return output.encode('utf-8', 'surrogateescape').decode('utf-8', 'backslashreplace')


def instead(units, gaps, run):
    """Like ``ask``, and note where it fails."""
    try:
        return ask(units, run)
    except SystemdError as exc:
        gaps.add('units', 'systemctl',
                 'systemctl did not answer (%s): main processes and socket units are unknown' % exc)
        return {}, None
