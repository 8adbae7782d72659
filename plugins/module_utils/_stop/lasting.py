# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes it last that units are stopped, and looks whether it does.

Source: systemctl(1).
"""

from .._systemd.systemctl import SystemdError

CLOSED, LEFT = 'closed', 'left'
SURVIVED, RESPAWNED = STILL = ('survived', 'respawned')
_INIT = 1


def disable(host, units, warnings):
    """Have no boot start units any more, but for those that run again.

    :param host: Host.
    :param warnings: list of str, to which is added what somebody should know.
    :returns: list of str, what went wrong.
    """
    wrong = []
    try:
        again = host.running(units)
        if again:
            warnings.append('%s started again by something else, and left enabled as before' % are(again))
        rest = [unit for unit in units if unit not in again]
        for dummy in range(2):                  # a unit may be enabled until the next boot as well
            for unit, kind in sorted(host.enabled(rest).items()):
                host.disable(unit, kind)
        still = sorted(host.enabled(rest))
        if still:
            wrong.append('%s enabled even after "systemctl disable"' % are(still))
    except SystemdError as exc:
        wrong.append('not all could be disabled, so a boot may start them (%s)' % exc)
    return wrong


def mask(host, units, warnings):
    """Have nothing start units any more, as far as systemd lets us; parameters as those of ``disable``."""
    for unit in units:
        reason = path = ''
        try:
            host.mask(unit)
        except SystemdError as exc:
            reason = str(exc)
        try:
            if unit in host.masked([unit]):
                continue
            path = host.file_of(unit)
        except SystemdError as exc:
            reason = reason or str(exc)
        folder = path.rpartition('/')[0]
        if folder == '/etc/systemd/system':     # where the link would have to be
            reason = 'its file is in %s' % folder
        warnings.append('%s cannot be masked: %s' % (unit, reason or 'systemd does not say why'))


def looked_at(host, rows):
    """Find what listens in spite of all: list of dict, the rows, corrected. Raises CollectorError."""
    listeners = host.listeners()
    return [_outcome(host, row, listeners.get(row['listener'])) if row['status'] == CLOSED else row for row in rows]


def _outcome(host, row, record):
    """dict: a row that was to be closed, by what facts say of the listener now, or None."""
    if not record:
        return row
    before = {process['pid'] for process in row['processes']} - {_INIT}
    owners = record['owners']
    processes = [{'pid': owner['pid'], 'process': owner['process'], 'exe': owner['exe']} for owner in owners]
    if not owners or before.intersection(owner['pid'] for owner in owners):
        return dict(row, status=SURVIVED, processes=processes)
    by = record['activated_by'] or owners[0]['unit'] or host.parent(owners[0]['pid'])
    return dict(row, status=RESPAWNED, processes=processes, about={'by': by} if by else {})


def listed(names):
    """str: names, sorted."""
    return ', '.join(sorted(names))


def are(names):
    """str: names, and the verb for so many."""
    return '%s %s' % (listed(names), 'is' if len(names) == 1 else 'are')
