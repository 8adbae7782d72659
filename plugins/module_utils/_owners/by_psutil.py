# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The owners of listeners from psutil, where the sockets are from psutil too."""

import os
import sys
import time

from .._sockets.by_psutil import load
from .details import MAX_COMMAND

_FAULTS = (OSError, RuntimeError)       # psutil raises these where /proc/stat is none, or not the kernel's


def _executable():
    """On Linux, what describes executables by itself: psutil looks up files, which may hang, and asks no namespaces."""
    if not sys.platform.startswith('linux'):
        return None
    from .walk import Processes
    return Processes().executable


def attach(listeners, gather, gaps, executable=_executable):
    """Fill in the one owner that psutil names of each socket.

    :param listeners: list of dict with ``record`` and ``sockets``.
    :param gather: set of str, the subsets.
    :param executable: callable that returns ``walk.Processes.executable``, or None for psutil to tell executables.
    """
    psutil, executable = load(), executable()
    known = {}
    hidden = 0
    for listener in listeners:
        record = listener['record']
        for pid in sorted({sock.pid for sock in listener['sockets'] if sock.pid is not None}):
            if pid not in known:
                known[pid] = _owner(psutil, pid, gather, gaps, executable)
            if known[pid]:
                record['owners'].append(dict(known[pid]))
        record['owners_total'] = len(record['owners'])
        record['held_by'] = 'processes' if record['owners'] else 'unknown'
        hidden += not record['owners']
    gaps.add('units', 'psutil', 'psutil knows no units')
    gaps.add('owners', 'psutil',
             'psutil names one owner per socket, there may be more; %d listeners have none' % hidden, hidden)


def _owner(psutil, pid, gather, gaps, executable):
    """dict: an entry of ``owners``; None where the process has ended."""
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
        _try(psutil, lambda: owner.update(
            executable('/proc/%d' % pid) if executable else {'exe': _clean(process.exe()) or None}))
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
    except _FAULTS:                             # it is there, and even its start cannot be read
        pass
    return owner


def _bounded(words):
    """list of str: the command line, cut where that from /proc would be."""
    raw = b'\0'.join(os.fsencode(word) for word in words)[:MAX_COMMAND]
    return [word.decode('utf-8', 'backslashreplace') for word in raw.split(b'\0')] if raw else []


def _time(seconds):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(int(seconds)))


def _try(psutil, step):
    try:
        step()
    except (psutil.AccessDenied, psutil.ZombieProcess, *_FAULTS):
        pass


def _clean(text):
    return os.fsencode(text).decode('utf-8', 'backslashreplace')
