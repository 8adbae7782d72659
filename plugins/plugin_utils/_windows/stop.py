# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which listeners of a Windows host end by stopping a service, and why the others are left, from what the host sends.

Only a service is stopped that is alone in its process and on which nothing depends that stays. The host checks all of
that once more. Sources: QUERY_SERVICE_CONFIG, EnumDependentServicesW, learn.microsoft.com; what is never stopped here
is that of which a mistake could not be undone over the network.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._listener import Listener
from .._shape import Facts
from .._words import number
from . import by_hand, diagnose, protected
from .names import SYSTEM_PID, fold
from .raw import Raw, Service

_INTERACTIVE, _OF_USER = 0x100, 0x40        # bits of dwServiceType
OWN_PROCESS = (0x10, 0x50, 0xD0)            # dwServiceType without SERVICE_INTERACTIVE_PROCESS
_NETBIOS = {('tcp', 139), ('udp', 137), ('udp', 138)}
_SMB = ('tcp', 445)
_PORTPROXY = 'iphlpsvc'
# What carries a connection of Ansible, by its executable: the service is an ancestor of it, or it is WinRM
_OF_WINRM = ('wsmprovhost.exe', 'winrshost.exe')
WINRM = 'winrm'
_OF_SSH = ('sshd.exe', 'sshd-session.exe')

Row = dict[str, Any]


class Target(NamedTuple):
    """A service to be stopped, for the host to check.

    :ivar started: FILETIME of the start of its process.
    :ivar endpoints: what it listens on: ``tcp4/00000000/80``, a table of sockets, hexadecimal digits, and a port.
    """

    service: str
    pid: int
    started: int
    endpoints: tuple[str, ...]


class WayIn(NamedTuple):
    """By what the connection in use came.

    :ivar services: folded names; None where it was not found, though there is one.
    """

    services: frozenset[str] | None


def way_in(raw: Raw, remote: bool) -> WayIn:
    """Find the services that the connection in use depends on, by the ancestors of the process that looked.

    :param remote: whether there is a connection at all.
    """
    ancestors = raw.get('ancestors')
    if not ancestors:
        return WayIn(None if remote else frozenset())
    pids = {ancestor.pid for ancestor in ancestors}
    called = {fold(ancestor.name or '') for ancestor in ancestors}
    found = {fold(service.name) for service in raw.get('services') or () if service.pid in pids and service.pid}
    if called & set(_OF_WINRM):
        found.add(WINRM)
    elif remote and not found and not called & set(_OF_SSH):
        return WayIn(None)
    return WayIn(frozenset(found))


def decide(raw: Raw, facts: Facts, ids: Iterable[str], patterns: Collection[str] = (),
           remote: bool = True) -> tuple[list[Row], list[Target]]:
    """Decide of each listener whether it ends, as ``stop_listener`` says it: ``closed`` means that it would.

    :param raw: with ``services``, ``processes``, ``dependents`` and ``ancestors``.
    :param facts: those made of it.
    :param ids: of the listeners that are to end.
    :param patterns: globs that protect more.
    :param remote: whether the host was reached by a connection that may depend on a service.
    :returns: rows as in ``module_utils/_stop/arguments.py``, in the order of the ids, and the services to be stopped.
    """
    host = _Host(raw, facts, set(ids), patterns, remote)
    rows, targets = [], {}
    for listener_id in dict.fromkeys(ids):
        row, service = host.row(listener_id)
        rows.append(row)
        if service:
            targets[service.pid] = service
    return rows, [host.target(service) for service in targets.values()]


class _Host:
    """The listeners and services of a host."""

    def __init__(self, raw: Raw, facts: Facts, ids: set[str], patterns: Collection[str], remote: bool) -> None:
        self._raw, self._ids, self._patterns = raw, ids, patterns
        self._unseen = list(_unseen(facts))
        self._listeners: dict[str, Listener] = {listener['id']: listener for listener in facts['listeners']}
        self._processes = {process.pid: process for process in raw.get('processes') or ()}
        self._services: dict[int, list[Service]] = {}
        for service in raw.get('services') or ():
            if service.pid:
                self._services.setdefault(service.pid, []).append(service)
        self._dependents = {fold(name): listed for name, listed in (raw.get('dependents') or {}).items()}
        self._way_in = way_in(raw, remote)
        self._of_pid: dict[int, list[str]] = {}
        for listener in facts['listeners']:
            for owner in listener['owners']:
                self._of_pid.setdefault(owner['pid'], []).append(listener['id'])

    def row(self, listener_id: str) -> tuple[Row, Service | None]:
        """Decide of a listener; returns also the service that is stopped for it."""
        listener = self._listeners.get(listener_id)
        if self._unseen:
            return {**_row(listener_id, 'hidden'), 'about': {'why': self._unseen}}, None
        if listener is None:
            return _row(listener_id, 'gone'), None
        owners = [{'pid': owner['pid'], 'process': owner['process'], 'exe': owner['exe']}
                  for owner in listener['owners']]
        reason, about, command = self._obstacle(listener)
        if reason:
            return {**_row(listener_id, reason), 'about': about, 'processes': owners, 'command': command}, None
        [service] = self._services[listener['owners'][0]['pid']]
        again = [{'by': 'login', 'units': [service.name]}] if service.kind & _OF_USER else []
        return {**_row(listener_id, None), 'units': [service.name], 'again': again, 'processes': owners,
                'command': by_hand.stop(service.name)}, service

    def target(self, service: Service) -> Target:
        """Name what the host has to check of a service before it is stopped."""
        endpoints = sorted({endpoint_of(self._listeners[listener_id]) for listener_id in self._of_pid[service.pid]})
        started = self._processes[service.pid].started or 0
        return Target(service.name, service.pid, started, tuple(endpoints))

    def _obstacle(self, listener: Listener) -> tuple[str | None, dict[str, Any], str | None]:
        """Find why a listener is left: a reason, what a sentence on it needs, and what to do; None for no reason."""
        pids = sorted({owner['pid'] for owner in listener['owners']})
        if SYSTEM_PID in pids:
            return self._of_kernel(listener)
        hidden = list(self._hidden(listener, pids))
        if hidden:
            return 'hidden', {'why': hidden}, None
        if len(pids) > 1:
            return 'several', {'others': ['%d' % pid for pid in pids]}, None
        pid = pids[0]
        services = sorted(self._services.get(pid, []), key=lambda service: fold(service.name))
        process = listener['owners'][0]['process'] or 'a process'
        if not services:
            return 'plain_process', {'process': process, 'pid': pid}, by_hand.end(pid)
        named = [service.name for service in services]
        proxies = [row for row in self._raw.get('portproxy') or () if self._is_proxy(listener, named, row.listen)]
        if proxies:
            return 'portproxy', {'others': ['%s %s' % (row.kind, row.connect) for row in proxies]}, by_hand.together(
                by_hand.end_portproxy(row.kind, row.listen) for row in proxies)
        reason, about = self._forbidden(services, pid)
        if reason:
            return reason, about, None
        if len(services) > 1 or services[0].kind & ~_INTERACTIVE not in OWN_PROCESS:
            own = listener['service']
            return 'shared_process', {
                'process': process, 'pid': pid, 'unit': own or '',
                'others': [name for name in named if own is None or fold(name) != fold(own)],
            }, own and by_hand.stop(own)
        return self._of_one(services[0])

    def _of_one(self, service: Service) -> tuple[str | None, dict[str, Any], str | None]:
        """Find why a listener of a service that is alone in its process is left."""
        dependents = self._dependents.get(fold(service.name))
        if dependents is None:
            return 'hidden', {'why': ['what depends on %s could not be read: %s' % (
                service.name, diagnose.unread(self._raw, 'dependents'))]}, None
        if dependents:
            return 'dependents', {'unit': service.name, 'others': sorted(dependents)}, by_hand.stop(
                service.name, dependents=True)
        stay = sorted(other for other in self._of_pid.get(service.pid, ()) if other not in self._ids)
        if stay:
            return 'serves_others', {'unit': service.name, 'others': stay}, None
        if service.state != diagnose.RUNNING:
            return 'changes', {'unit': service.name}, None
        return None, {}, None

    def _hidden(self, listener: Listener, pids: Sequence[int]) -> Iterator[str]:
        """Say what is not known of a listener, and has to be."""
        if not pids or len(listener['owners']) < listener['owners_total']:
            yield 'not all of its owners are known'
        if self._raw.get('services') is None:
            yield 'the services could not be read: %s' % diagnose.unread(self._raw, 'services')
        for pid in pids:
            process = self._processes.get(pid)
            if process is None or not process.started:
                yield 'when process %d was started is not known' % pid

    def _forbidden(self, services: Sequence[Service], pid: int) -> tuple[str | None, dict[str, Any]]:
        """Find which service of a process may not be stopped, and why."""
        way = self._way_in.services
        path = self._processes[pid].path
        for service in services:
            if way is not None and fold(service.name) in way:
                return 'in_use', {'by': 'unit', 'unit': service.name}
        for service in services:
            protection = protected.of_service(service.name, path, self._patterns)
            if protection:
                return 'protected', {'why': protection.why, 'name': protection.name}
        if way is None:
            return 'in_use', {'by': 'nobody knows'}
        return None, {}

    def _of_kernel(self, listener: Listener) -> tuple[str, dict[str, Any], str | None]:
        """Say for whom the kernel listens."""
        protocol, port = listener['protocol'], listener['port']
        if listener['activated_by']:
            service = listener['service']
            is_free = service and not protected.of_service(service, None, self._patterns) and fold(
                service) not in (self._way_in.services or ())
            return 'http_sys', {'unit': service or ''}, by_hand.stop(
                service) if service and is_free else by_hand.SHOW_URLS
        if (protocol, port) == _SMB:
            return 'smb', {}, by_hand.END_SMB
        if (protocol, port) in _NETBIOS:
            adapters = [interface for interface in self._raw.get('interfaces') or ()
                        if any(_same(listener['address'], address) for address in interface['addresses'])]
            return 'netbios', {'device': adapters[0]['name'] if adapters else ''}, by_hand.together(
                by_hand.end_netbios(interface['id']) for interface in adapters)
        return 'kernel', {}, None

    @staticmethod
    def _is_proxy(listener: Listener, services: Iterable[str], listen: str) -> bool:
        """Whether a listener of the IP helper is there for a port proxy."""
        address, dummy, port = listen.partition('/')
        return (_PORTPROXY in map(fold, services) and listener['protocol'] == 'tcp' and port == str(listener['port'])
                and (address == '*' or _same(address, listener['address'])))


def _unseen(facts: Facts) -> Iterator[str]:
    """Say what of a host was not seen, whatever is to end: a service may serve that too, and it may be what is missed.

    A socket without a known owner may have been inherited by anybody.
    """
    if facts['complete']['sockets'] is not True:
        yield from [gap['message'] for gap in facts['gaps'] if gap['aspect'] == 'sockets'] or [
            'nobody looked at all sockets']
    unknown = sum(listener['held_by'] == 'unknown' for listener in facts['listeners'])
    if unknown:
        yield '%s without a known owner' % number(unknown, 'listener')


def endpoint_of(listener: Mapping[str, Any]) -> str:
    """Return where a listener is in the tables of sockets of its host: ``tcp4/00000000/80``."""
    address = ipaddress.ip_address(listener['address'])
    return '%s%d/%s/%d' % (listener['protocol'], address.version, address.packed.hex(), listener['port'])


def _same(one: str, other: str) -> bool:
    """Whether two texts are the same address; a prefix and a scope do not count."""
    try:
        first, second = (ipaddress.ip_address(text.partition('/')[0].partition('%')[0]) for text in (one, other))
    except ValueError:
        return False
    return first == second


def _row(listener_id: str, reason: str | None) -> Row:
    return {'listener': listener_id, 'status': 'left' if reason else 'closed', 'reason': reason, 'about': {},
            'units': [], 'bystanders': [], 'again': [], 'processes': [], 'command': None}
