# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What psutil says of the same sockets and their holders."""

import socket

import psutil

_PROTOCOLS = {socket.SOCK_STREAM: 'tcp', socket.SOCK_DGRAM: 'udp'}


def rows():
    """Sockets that wait for peers: list of [protocol, address, port, pid or None]."""
    result = []
    for entry in psutil.net_connections('inet'):
        waits = entry.status == psutil.CONN_LISTEN if entry.type == socket.SOCK_STREAM else not entry.raddr
        if waits and entry.laddr:
            result.append([_PROTOCOLS[entry.type], entry.laddr.ip, entry.laddr.port, entry.pid])
    return result


def process(pid):
    """The same of one process as facts give, in their terms; exe is None where there is none any more."""
    handle = psutil.Process(pid)
    with handle.oneshot():
        try:
            exe = _text(handle.exe())
        except psutil.ZombieProcess:
            exe = None
        return {'process': _text(handle.name()), 'exe': exe, 'user': handle.username(), 'uid': handle.uids().effective,
                'started': int(handle.create_time())}


def resources(pid):
    """The resources of one process, in the terms of facts."""
    handle = psutil.Process(pid)
    return {'cpu_seconds': sum(handle.cpu_times()[:2]), 'rss_bytes': handle.memory_info().rss,
            'threads': handle.num_threads(), 'open_files': handle.num_fds()}


def _text(name):
    return name.encode('utf-8', 'surrogateescape').decode('utf-8', 'backslashreplace')


def differences(listeners, shown_rows, processes, seconds):
    """How listeners differ from what psutil shows, both ways round.

    psutil knows no devices and names one holder of a shared socket at the most.

    :param listeners: list of dict, TCP and UDP only.
    :param shown_rows: from ``rows``.
    :param processes: dict, pid to ``process``.
    :param seconds: callable, from ``started`` to Unix time.
    :returns: list of str.
    """
    lines = []
    known = {}
    for record in listeners:
        key = record['protocol'], record['address'], record['port']
        known.setdefault(key, []).append(record)
    shown = {tuple(row[:3]) for row in shown_rows}
    lines.extend('psutil does not show %s' % (key,) for key in known.keys() - shown)
    for protocol, address, port, pid in shown_rows:
        records = known.get((protocol, address, port))
        if records is None:
            lines.append('psutil shows %s %s:%s of pid %s, facts do not' % (protocol, address, port, pid))
        elif pid is not None and not any(
                owner['pid'] == pid or record['owners_total'] > 64 for record in records for owner in record['owners']):
            lines.append('%s: psutil names the holder %s' % (records[0]['id'], pid))
    for owner in {owner['pid']: owner for record in listeners for owner in record['owners']}.values():
        lines.extend(_process(owner, processes.get(owner['pid']), seconds))
    return lines


def _process(owner, other, seconds):
    if other is None:
        return
    # psutil completes a name of 15 characters from the command line
    if owner['process'] != other['process'] and not (
            len(owner['process']) >= 15 and other['process'].startswith(owner['process'])):
        yield 'pid %d: process is %r, psutil says %r' % (owner['pid'], owner['process'], other['process'])
    for key in ('user', 'uid'):
        if owner[key] != other[key]:
            yield 'pid %d: %s is %r, psutil says %r' % (owner['pid'], key, owner[key], other[key])
    exe = owner.get('exe_inside', owner['exe'])         # psutil does not tell whose path it is
    if not owner['exe_deleted'] and other['exe'] is not None and exe != other['exe']:
        yield 'pid %d: exe is %r, psutil says %r' % (owner['pid'], exe, other['exe'])
    if seconds(owner['started']) != other['started']:
        yield 'pid %d: started %s, psutil says %s' % (owner['pid'], owner['started'], other['started'])
