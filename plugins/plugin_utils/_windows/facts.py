# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the fact record of a Windows host out of what it sent: the same as that of other hosts.

What Windows does not tell is null in it: queues of connections, who created a socket, the names of ports. What it tells
and could not be read here is a gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...module_utils._addresses import scopes
from ...module_utils._gaps import Gaps
from .._shape import Facts, Listener, Owner
from .._words import number
from . import connections, gaps as codes, system as surroundings
from .check import TABLES
from .forwards import unseen
from .listeners import HTTP_SYS
from .names import SYSTEM_PID
from .owners import Owners, iso
from .raw import Error, Raw
from .sockets import Listening, listening
from .sources import errors, in_words, why_not

_MOST_OWNERS = 64
_MOST_TEXT = 1000               # characters of a reason
_MOST_ERRORS = 3                # of one kind
_NAMES = {'tcp4': 'TCP over IPv4', 'tcp6': 'TCP over IPv6', 'udp4': 'UDP over IPv4', 'udp6': 'UDP over IPv6'}
_UNSUPPORTED = {
    'namespaces': 'network compartments are not observed on Windows',
    'outgoing': 'what programs can connect to is not observed on Windows',
}
# What is not known of listeners, by aspect and code; that processes could not be read is said once for all
_UNKNOWN = {
    ('owners', 'vanished'): 'of %s the process had ended, or is not named by Windows',
    ('owners', 'stale'): 'of %s the process is younger than its socket, so that another one had opened it',
    ('owners', 'owners_hidden'): 'of %s the process could not be inspected',
    ('owners', 'process_unreadable'): 'of %s the executable or the user of an owner could not be read',
    ('units', 'shared_svchost'): 'of %s it is not known which service of its process listens',
}


def facts(raw: Raw) -> Facts:
    """Make the facts of a host.

    :param raw: checked.
    :returns: facts that ``_facts.check.check`` accepts, without exposure.
    """
    gather = set(raw['gather'])
    if gather & {'resources', 'command'}:
        gather.add('owners')
    if 'outgoing' in gather:
        gather.add('firewall')
    gaps = codes.collector(raw['os']['elevated'])
    found = listening(raw)
    records = _records(raw, found, gaps)
    if 'connections' in gather:
        connections.count(raw, found, records, gaps)
    if 'owners' in gather:
        _attach(raw, found, records, gather, gaps)
    for aspect, reason in _UNSUPPORTED.items():
        if aspect in gather:
            gaps.add(aspect, 'unsupported', reason)
    if 'raw' in gather:
        gaps.add('sockets', 'unsupported', 'raw sockets are not listed by Windows')
    if 'firewall' in gather:
        for reason in unseen(raw):
            _add(gaps, 'firewall', 'forwarded', reason)
    return {
        'schema': 1,
        'gathered_at': iso(raw['os']['now']),
        'collector': 'windows',
        'complete': gaps.complete(gather),
        'gaps': gaps.found,
        'system': surroundings.system(raw),
        'listeners': records,
    }


def _add(gaps: Gaps, aspect: str, code: str, message: str, count: int | None = None, hint: str | None = None) -> None:
    gaps.add(aspect, code, message[:_MOST_TEXT], count, hint)


def _records(raw: Raw, found: Sequence[Listening], gaps: Gaps) -> list[Listener]:
    """Make the records of listeners, without their owners."""
    for table in TABLES:
        reason = why_not(raw, table)
        if reason:
            _add(gaps, 'sockets', 'unreadable', '%s could not be read: %s' % (_NAMES[table], reason))
    for error in errors(raw, 'sockets'):
        there = number(max(error.number, 0), 'socket')
        _add(gaps, 'sockets', 'socket_budget', 'only the first of %s were listed' % there)
    dynamic = surroundings.dynamic(raw)
    both = _of_both_families(raw, found)
    made: list[Listener] = []
    unnamed = 0
    for one in found:
        address = one.address
        low, high = dynamic.get(one.table, (0, -1))
        ipv6 = one.family == 6
        mapped = scopes.is_mapped(address.number)
        made.append({
            'id': one.id, 'protocol': one.protocol, 'family': 'ipv6' if ipv6 else 'ipv4',
            'address': address.text, 'port': one.port, 'interface': one.interface,
            'accepts_ipv4': both.get(one.id, False) if ipv6 and not mapped else True,
            'accepts_ipv6': ipv6 and not mapped,
            'scope': address.scope, 'port_name': None, 'ephemeral': one.protocol == 'udp' and low <= one.port <= high,
            'backlog': None, 'namespace': None, 'service': None, 'activated_by': None, 'held_by': 'unknown',
            'socket_uid': None, 'owners': [], 'owners_total': 0,
        })
        unnamed += one.interface is not None and one.interface.isdigit()
    if unnamed:
        _add(gaps, 'binding', 'unreadable', 'the interface of %s has no known name: %s' % (
            number(unnamed, 'listener'), why_not(raw, 'interfaces') or 'it is not listed'), unnamed)
    return made


def _of_both_families(raw: Raw, found: Sequence[Listening]) -> dict[str, bool | None]:
    """Say of listeners on all IPv6 addresses whether they accept IPv4 too, by their ids.

    A socket of both families has a row in each table, with the same process, so that none of them accepts the other
    family: what it hears by IPv4 is the listener of the other row. Wine has no second row, and does not say when a
    socket was bound, which Windows always does. So without that time it is not known.
    """
    both: dict[str, bool | None] = {}
    unread = {protocol: bool(why_not(raw, protocol + '4') or errors(raw, 'sockets')) for protocol in ('tcp', 'udp')}
    by_port: dict[str, dict[int, set[int]]] = {'tcp': {}, 'udp': {}}
    for one in found:
        if one.family == 4 and not any(one.address.number):
            by_port[one.protocol].setdefault(one.port, set()).update(socket.pid for socket in one.sockets)
    for one in found:
        if one.family == 6 and not any(one.address.number):
            pids = by_port[one.protocol].get(one.port, set())
            for socket in one.sockets:
                if (not socket.pid or socket.pid not in pids) and (unread[one.protocol] or not socket.bound):
                    both[one.id] = None
    return both


def _attach(raw: Raw, found: Sequence[Listening], records: Sequence[Listener], gather: set[str], gaps: Gaps) -> None:
    """Give each listener its owners, its service, and what activates that."""
    owners = Owners(raw)
    unknown: dict[str, list[int]] = {}          # by the code of a gap: a number of an error for each listener
    for one, record in zip(found, records, strict=True):
        by_pid: dict[int, str | None] = {}
        doubts: set[str] = set()
        shared: int | None = None
        activated = False
        for socket in one.sockets:
            held = owners.held(socket, one.protocol)
            for pid, service in held.owners:
                by_pid[pid] = service if by_pid.get(pid, service) == service else None
            doubts.update(held.doubts)
            activated = activated or held.activated_by is not None
            if held.shared:
                shared = socket.code
        pids = sorted(by_pid)
        listed = [owners.owner(pid, by_pid[pid]) for pid in pids[:_MOST_OWNERS]]
        if activated:
            record['activated_by'] = HTTP_SYS
            services = {by_pid[pid] for pid in pids if pid != SYSTEM_PID}
            services |= owners.http_service(one.sockets[0], one.protocol)
        else:
            services = set(by_pid.values())
        record['service'] = services.pop() if len(services) == 1 and not doubts else None
        record['owners'] = listed
        record['owners_total'] = len(pids) + bool(doubts) if pids else 0
        record['held_by'] = 'processes' if pids else 'unknown'
        if shared is not None:
            unknown.setdefault('shared_svchost', []).append(shared)
        partly = None if doubts & {'owners_hidden', 'unreadable'} else _partly_known(listed)
        if partly is not None:
            unknown.setdefault('process_unreadable', []).append(owners.error(partly))
        for doubt in doubts:
            refused = next(filter(None, map(owners.error, pids)), 0) if doubt == 'owners_hidden' else 0
            unknown.setdefault(doubt, []).append(refused)
    _note(raw, owners, unknown, gaps)
    if 'resources' in gather:
        unread = sum(any(None in (owner.get('resources') or {'': None}).values() for owner in record['owners'])
                     for record in records)
        if unread:
            _add(gaps, 'resources', 'unreadable', 'a figure of an owner of %s could not be read' % number(
                unread, 'listener'), unread)


def _partly_known(listed: Sequence[Owner]) -> int | None:
    """Return the pid of an owner of which not all is known; of the kernel there is no more to know."""
    for owner in listed:
        if (owner['process'] is None or owner['exe'] is None or owner['user'] is None) and owner['pid'] != SYSTEM_PID:
            return owner['pid']
    return None


def _note(raw: Raw, owners: Owners, unknown: Mapping[str, Sequence[int]], gaps: Gaps) -> None:
    """Note what is not known of owners and services."""
    for source, aspect in (('processes', 'owners'), ('services', 'units')):
        reason = why_not(raw, source)
        if reason:
            _add(gaps, aspect, 'unreadable', '%s could not be read%s: %s' % (
                source, ' completely' if raw.get(source) is not None else '', reason))
    for (aspect, code), text in _UNKNOWN.items():
        found = unknown.get(code, ())
        if found:
            reasons = [in_words(Error('', error, '')) for error in sorted(set(found) - {0})[:_MOST_ERRORS]]
            accounts = why_not(raw, 'accounts') if code == 'process_unreadable' else None
            if accounts:
                reasons.append('accounts could not be read: %s' % accounts)
            message = ': '.join(filter(None, (text % number(len(found), 'listener'), '; '.join(reasons))))
            _add(gaps, aspect, code, message, len(found))
    behind = len(unknown.get('http_sys', ()))
    if behind:
        # netsh shows them to administrators only
        hint = None if raw['os']['elevated'] else codes.ADMINISTRATOR
        _add(gaps, 'owners', 'unreadable', 'the programs behind http.sys are not known', hint=hint)
        _add(gaps, 'units', 'http_sys', 'the queues of http.sys, which may be behind %s of the kernel, could not be '
             'read: %s' % (number(behind, 'listener'), owners.http_unread or 'they are not clear'), behind, hint)
    if unknown.keys() & {'unreadable', 'vanished', 'stale', 'owners_hidden'}:
        _add(gaps, 'units', 'unreadable', 'the services of processes that are not known are not known either')
