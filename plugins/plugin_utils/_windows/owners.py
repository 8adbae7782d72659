# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who owns the sockets of a Windows host: processes, services, and programs behind http.sys.

A socket has the pid of the process that bound it. That process may have ended since, and another one may have its pid:
an owner is taken for granted only where it is older than its socket. Of a service that shares its process with others
Windows knows which one bound the socket, the owner module. It may be any text, so it counts where it is the name of a
service of that process.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .._shape import Owner
from . import netsh
from .listeners import HTTP_SYS
from .names import SYSTEM_PID, SYSTEM_SID, Accounts, base, fold
from .raw import Process, Raw, Service, Socket
from .sources import why_not

_IIS = 'w3svc'                  # the service that stands for programs that IIS starts
_SYSTEM_NAME = 'System'
_MOST_TEXT = 20000              # characters of a path that facts may have
_MOST_COMMAND = 4096            # characters of a command line
_EPOCH = 11644473600            # seconds from 1601 to 1970
_NO_PROCESS = 87                # ERROR_INVALID_PARAMETER of OpenProcess: there is none with this pid


@functools.lru_cache(maxsize=4096)
def iso(filetime: int) -> str:
    """Write a FILETIME as ISO 8601 has it, in whole seconds."""
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(filetime // 10000000 - _EPOCH))


class Held(NamedTuple):
    """Who holds one socket, or takes what comes in by it.

    :ivar owners: processes, each with the name of its service.
    :ivar doubts: why somebody else may own it, codes of gaps of ``owners``, and ``http_sys``; empty where nobody may.
    :ivar shared: whether the service is one of several of its process, and it is not known which one.
    """

    owners: Sequence[tuple[int, str | None]]
    doubts: Sequence[str]
    shared: bool
    activated_by: str | None = None


class Owners:
    """The processes and services of a host.

    :ivar http_unread: why the queues of http.sys are not known; None where they are.
    """

    def __init__(self, raw: Raw) -> None:
        processes, services = raw.get('processes'), raw.get('services')
        self._processes: Mapping[int, Process] | None = None if processes is None else {
            process.pid: process for process in processes}
        self._services_known = services is not None
        self._services: dict[int, list[Service]] = {}
        for service in services or ():
            if service.pid:
                self._services.setdefault(service.pid, []).append(service)
        self._accounts = Accounts(raw.get('accounts'), [service.name for service in services or ()])
        self._details = frozenset(raw['gather']) & {'resources', 'command'}
        self._made: dict[int, Owner] = {}
        text = raw.get('http')
        queues = None if text is None else netsh.queues(text)
        self.http_unread = why_not(raw, 'http') or (None if queues is not None else 'what netsh printed is not clear')
        self._queues = netsh.by_port(queues or ())

    def process(self, pid: int) -> Process | None:
        """Return what is known of a process; None for nothing."""
        return None if self._processes is None else self._processes.get(pid)

    def error(self, pid: int) -> int:
        """Return the error that kept something of a process from being read; 0 for none."""
        process = self.process(pid)
        return process.code if process is not None else 0

    def services(self, pid: int) -> list[Service] | None:
        """Return the services of a process, of which each has all rights; None where they are not known."""
        return self._services.get(pid, []) if self._services_known else None

    def doubt(self, socket: Socket) -> str | None:
        """Return why the process with the pid of a socket may not be its owner, a code of a gap; None where it is."""
        if socket.pid == SYSTEM_PID:
            return None
        if self._processes is None:
            return 'unreadable'
        process = self._processes.get(socket.pid) if socket.pid else None
        if process is None or (process.code == _NO_PROCESS and not process.started):
            return 'vanished'
        if not socket.bound:
            return None                 # Windows does not say when, so that no process can be too young
        if not process.started:
            return 'owners_hidden'
        return 'stale' if process.started > socket.bound else None

    def held(self, socket: Socket, protocol: str) -> Held:
        """Find who holds a socket."""
        if socket.pid == SYSTEM_PID:
            return self._of_system(socket, protocol)
        doubt = self.doubt(socket)
        if doubt == 'vanished':
            return Held((), (doubt,), False)
        if doubt in ('unreadable', 'stale'):
            return Held(((socket.pid, None),), (doubt,), False)
        service, shared = self._service(socket.pid, (socket.module,))
        return Held(((socket.pid, service),), (doubt,) if doubt else (), shared)

    def _service(self, pid: int, hints: Iterable[str | None]) -> tuple[str | None, bool]:
        """Find the service of a process that does something.

        :param hints: names that it may have; those that are not of the process say nothing.
        :returns: None where it is in none, or one of several; and whether it is one of several.
        """
        services = self._services.get(pid, ())
        if len(services) == 1:
            return services[0].name, False
        by_name = {fold(service.name): service.name for service in services}
        for hint in hints:
            if hint and fold(hint) in by_name:
                return by_name[fold(hint)], False
        return None, bool(services)

    def _of_system(self, socket: Socket, protocol: str) -> Held:
        """Find who is behind a socket of the kernel: http.sys has it for programs that take requests from queues."""
        system = (SYSTEM_PID, None)
        queues = self._queues.get((protocol, socket.port), ())
        if not queues:
            return Held((system,), ('http_sys',) if self.http_unread else (), False)
        owners: dict[int, str | None] = {SYSTEM_PID: None}
        doubts = [] if not self.http_unread else ['http_sys']
        shared = False
        for queue in queues:
            manager = None if queue.controller is None else self._controller(queue.controller)
            if not queue.known:
                doubts.append('http_sys')
            for attached in queue.processes:
                if self.process(attached.pid) is None:
                    doubts.append('unreadable' if self._processes is None else 'vanished')
                    continue
                service, is_one_of_several = self._service(attached.pid, reversed(attached.words))
                shared = shared or is_one_of_several
                owners[attached.pid] = service or manager
        return Held(tuple(owners.items()), tuple(dict.fromkeys(doubts)), shared, HTTP_SYS)

    def _controller(self, pid: int) -> str | None:
        """Return the service that starts programs for a queue."""
        return None if self.process(pid) is None else self._service(pid, (_IIS,))[0]

    def http_service(self, socket: Socket, protocol: str) -> set[str | None]:
        """Return the services behind a socket of http.sys: also that which will start a program, where none runs."""
        found: set[str | None] = set()
        for queue in self._queues.get((protocol, socket.port), ()):
            if not queue.processes and queue.controller is not None:
                found.add(self._controller(queue.controller))
        return found

    def owner(self, pid: int, service: str | None) -> Owner:
        """Return a process as facts have it.

        :param service: that which it does this for; it is its main process where it runs in it itself.
        """
        known = self._made.get(pid)
        if known is None:
            known = self._made[pid] = self._owner(pid)
        main = None
        if service is not None:
            main = any(one.name == service for one in self._services.get(pid, ()))
        made: Owner = {**known, 'unit': service, 'main': main}
        return made

    def _owner(self, pid: int) -> Owner:
        process = self.process(pid)
        made: Owner = {
            'pid': pid, 'process': _SYSTEM_NAME if pid == SYSTEM_PID else None, 'exe': None, 'exe_deleted': None,
            'user': self._accounts.name(SYSTEM_SID) if pid == SYSTEM_PID else None, 'uid': None, 'started': None,
            'unit': None, 'main': None, 'container': None,
        }
        if process is not None:
            if process.path and len(process.path) <= _MOST_TEXT and pid != SYSTEM_PID:
                made['exe'] = process.path
            made['process'] = made['process'] or process.name or (base(process.path) if process.path else None) or None
            made['user'] = made['user'] or (self._accounts.name(process.user) if process.user else None)
            made['started'] = iso(process.started) if process.started else None
        if 'resources' in self._details:
            figures = process.resources if process is not None else None
            size, threads, handles, ticks = figures or (None, None, None, None)
            made['resources'] = {
                'cpu_seconds': None if ticks is None else round(ticks / 10000000, 2),
                'rss_bytes': size, 'threads': threads, 'open_files': handles}
        if 'command' in self._details:
            command = process.command if process is not None else None
            made['command'] = None if command is None else words(command[:_MOST_COMMAND])
        return made


def words(command: str) -> list[str]:
    """Split a command line as programs of Windows do, see CommandLineToArgvW.

    A quotation mark after an even number of backslashes begins or ends a part in which blanks count, after an odd one
    it is itself; of these backslashes half are left. The name of the program, which is first, has no such backslashes.
    """
    found, rest = [], command.lstrip(' \t')
    if rest:
        end = '"' if rest[0] == '"' else None
        name, _end, rest = rest[1:].partition('"') if end else _first_blank(rest)
        found.append(name)
    word, quoted, backslashes = None, False, 0
    for char in rest:
        if char == '\\':
            backslashes += 1
            word = word or ''
            continue
        if char == '"':
            word = (word or '') + '\\' * (backslashes // 2)
            if backslashes % 2:
                word += char
            else:
                quoted = not quoted
        else:
            if backslashes:
                word = (word or '') + '\\' * backslashes
            if char in ' \t' and not quoted:
                if word is not None:
                    found.append(word)
                word = None
            else:
                word = (word or '') + char
        backslashes = 0
    if backslashes:
        word = (word or '') + '\\' * backslashes
    return found if word is None else [*found, word]


def _first_blank(text: str) -> tuple[str, str, str]:
    """Split text at its first blank."""
    place = min((place for place in (text.find(' '), text.find('\t')) if place >= 0), default=len(text))
    return text[:place], text[place:place + 1], text[place + 1:]
