# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening sockets by psutil, for every Unix but Linux, and on request. Private to this collection, may change.

psutil tells one holder of a socket, no device, no queue, and not whether an IPv6 wildcard accepts IPv4 too.
"""

import os
import socket
import time

from .._owners.details import MAX_COMMAND
from .base import CollectorError, Socket

_STATES = {'ESTABLISHED': 1, 'SYN_SENT': 2, 'SYN_RECV': 3, 'FIN_WAIT1': 4, 'FIN_WAIT2': 5, 'TIME_WAIT': 6, 'CLOSE': 7,
           'CLOSE_WAIT': 8, 'LAST_ACK': 9, 'CLOSING': 11}


def _psutil():
    try:
        import psutil
    except ImportError:
        raise CollectorError('the Python library psutil is not installed for %s' % _python()) from None
    return psutil


def _python():
    import sys
    return sys.executable


def _rows():
    """The system's Internet sockets, as psutil has them.

    :raises CollectorError: psutil is not there, or the system refuses.
    """
    psutil = _psutil()
    try:
        return psutil.net_connections(kind='inet')
    except (psutil.Error, OSError) as exc:
        raise CollectorError('psutil could not read the sockets: %s' % (str(exc) or type(exc).__name__)) from exc


def _unseen():
    """list of str: protocols with sockets on this Linux host that psutil knows nothing of."""
    try:
        with open('/proc/net/protocols') as stream:
            rows = [line.split() for line in stream]
    except OSError:                             # another system
        return []
    wanted = ('UDP-Lite', 'UDPLITEv6', 'SCTP', 'SCTPv6', 'DCCP', 'DCCPv6')
    return [row[0] for row in rows if row and row[0] in wanted and row[2] != '0']


def _raw(row):
    address = row.laddr[0].partition('%')[0]
    return socket.inet_pton(row.family, address)


def collect(gather, budget, gaps):
    """The sockets that wait for peers.

    :returns: list of Socket, with ``pid``.
    :raises CollectorError: psutil is not installed.
    """
    _psutil()
    gaps.add('binding', 'psutil', 'psutil does not tell the bound device, nor whether an IPv6 wildcard accepts IPv4 '
             'too, nor the accept queue')
    unseen = _unseen() + (['raw'] if 'raw' in gather else [])
    if unseen:
        gaps.add('sockets', 'psutil', 'psutil sees TCP and UDP only, not %s' % ', '.join(unseen))
    if 'namespaces' in gather:
        gaps.add('namespaces', 'psutil', 'psutil sees no other network namespaces')
    try:
        rows = _rows()
    except CollectorError as exc:
        gaps.add('sockets', 'unreadable', str(exc), hint=None if os.geteuid() == 0 else 'become')
        return []
    found = []
    for row in rows:
        protocol = 'tcp' if row.type == socket.SOCK_STREAM else 'udp'
        if not row.laddr or (row.status != 'LISTEN' if protocol == 'tcp' else row.raddr):
            continue
        if len(found) >= budget:
            gaps.add('sockets', 'socket_budget', 'only the first %d sockets were read' % budget, hint='raise max_sockets')
            break
        zone = row.laddr[0].partition('%')[2] or None
        found.append(Socket(protocol, _raw(row), row.laddr[1], zone, pid=row.pid))
    return found


def connections():
    """Yield (state, address, port, None) of each TCP connection.

    :raises CollectorError: the system refuses.
    """
    for row in _rows():
        if row.type == socket.SOCK_STREAM and row.status in _STATES and row.laddr:
            yield _STATES[row.status], _raw(row), row.laddr[1], None


def attach(listeners, gather, gaps):
    """Fill in the one holder that psutil names of each socket."""
    psutil = _psutil()
    known = {}
    hidden = 0
    for listener in listeners:
        record = listener['record']
        for pid in sorted({one.pid for one in listener['sockets'] if one.pid is not None}):
            if pid not in known:
                known[pid] = _owner(psutil, pid, gather, gaps)
            if known[pid]:
                record['owners'].append(dict(known[pid]))
        record['owners_total'] = len(record['owners'])
        record['held_by'] = 'processes' if record['owners'] else 'unknown'
        hidden += not record['owners']
    gaps.add('units', 'psutil', 'psutil knows no units')
    gaps.add('owners', 'psutil', 'psutil names one holder of a socket, there may be more; %d listeners have none' % hidden,
             hidden, None if os.geteuid() == 0 else 'become')


def _owner(psutil, pid, gather, gaps):
    """dict: one entry of ``owners``; None where the process has ended."""
    owner = dict.fromkeys(('process', 'exe', 'exe_deleted', 'user', 'uid', 'started', 'unit', 'main', 'container'))
    owner['pid'] = pid
    resources = dict.fromkeys(('cpu_seconds', 'rss_bytes', 'threads', 'open_files'))
    try:
        process = psutil.Process(pid)
        # each by itself: what one of them is refused does not hide the others
        try:
            owner['process'] = _clean(process.name())
        except psutil.AccessDenied:
            pass
        _try(psutil, lambda: owner.update(started=_time(process.create_time())))
        _try(psutil, lambda: owner.update(exe=_clean(process.exe()) or None))
        _try(psutil, lambda: owner.update(uid=process.uids().effective))
        _try(psutil, lambda: owner.update(user=_clean(process.username())))
        if 'resources' in gather:
            owner['resources'] = resources
            _try(psutil, lambda: resources.update(cpu_seconds=round(sum(process.cpu_times()[:2]), 2)))
            _try(psutil, lambda: resources.update(rss_bytes=process.memory_info().rss))
            _try(psutil, lambda: resources.update(threads=process.num_threads()))
            _try(psutil, lambda: resources.update(open_files=process.num_fds()))
            if None in resources.values():
                gaps.add('resources', 'psutil', 'the resources of some processes could not be read')
        if 'command' in gather:
            owner['command'] = None
            _try(psutil, lambda: owner.update(command=_bounded(process.cmdline())))
    except psutil.NoSuchProcess:
        return None
    return owner


def _bounded(words):
    """The command line, as far as /proc would be read of it."""
    raw = b'\0'.join(os.fsencode(word) for word in words)[:MAX_COMMAND]
    return [word.decode('utf-8', 'backslashreplace') for word in raw.split(b'\0')] if raw else []


def _time(seconds):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(int(seconds)))


def _try(psutil, step):
    try:
        step()
    except (psutil.AccessDenied, psutil.ZombieProcess, OSError):
        pass


def _clean(text):
    return os.fsencode(text).decode('utf-8', 'backslashreplace')
