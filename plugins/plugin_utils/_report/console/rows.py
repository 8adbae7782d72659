# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners to the rows of a table. Private to this collection, may change."""

from dataclasses import dataclass

from ..._harmless.terminal import name
from ..._listener import endpoints, to_show, unlisted
from ..._shape import PROTOCOLS, SCOPES

_SCOPE_ORDER = {scope: number for number, scope in enumerate(SCOPES)}
_PROTOCOL_ORDER = {protocol: number for number, protocol in enumerate(PROTOCOLS)}
# Who reaches it, the widest first: what is not known may be anyone.
LEVELS = ('anyone', 'unknown', 'listed', 'private', 'link', 'local', 'none')
_LEVEL_ORDER = {level: number for number, level in enumerate(LEVELS)}
_LEVEL_OF_SCOPE = {'any': 'anyone', 'global': 'anyone', 'private': 'private', 'link': 'link', 'loopback': 'local'}
_WIDE_LEVELS = ('anyone', 'unknown', 'listed')
_MAX_NAMES = 3                  # in one cell


@dataclass
class Row:
    """One line of the table; all text is harmless to print.

    :ivar hosts: list of str, the hosts that it is about, as they are called in the inventory.
    :ivar order: tuple, sorts the widest scope first.
    :ivar wide: bool, whether peers beyond the private networks may be let in, by the address and, where it was looked at, by the firewall.
    :ivar level: str, who reaches it; empty where the firewall was not looked at.
    """

    hosts: list
    order: tuple
    wide: bool
    protocol: str
    endpoint: str
    service: str
    holders: str
    unit: str
    scope: str
    level: str


def each(report):
    """A row for each listener of each host.

    :returns: list of Row, sorted.
    """
    rows = []
    for host in report.seen:
        asked = host.facts['complete']['owners'] is not None
        for listener in endpoints(host.facts):
            rows.append(_row([host.name], listener, _endpoint(listener), _holders([listener], asked), asked))
    return sorted(rows, key=lambda row: (row.order[0], row.hosts[0]) + row.order[1:])


def grouped(report):
    """A row for all hosts on which the same thing listens the same way, whatever their own addresses are.

    :returns: list of Row, sorted.
    """
    groups = {}
    for host in report.seen:
        asked = host.facts['complete']['owners'] is not None
        for listener in endpoints(host.facts):
            own = listener['scope'] not in ('any', 'loopback')
            where = None if own else (listener['address'], listener['interface'])
            key = (listener['protocol'], listener['port'], listener['scope'], listener['family'], where,
                   listener['accepts_ipv4'], _name_of(listener), _namespace(listener),
                   _holders([listener], asked, count=False), _unit(listener, asked), _level(listener), listener.get('to'))
            groups.setdefault(key, []).append((host.name, listener, asked))
    rows = []
    for found in groups.values():
        listeners = [listener for dummy, listener, dummy in found]
        first, asked = found[0][1:]
        bound = {_endpoint(listener) for listener in listeners}
        endpoint = bound.pop() if len(bound) == 1 else '(%d addresses):%d' % (len(bound), first['port'])
        hosts = list(dict.fromkeys(host for host, dummy, dummy in found))
        rows.append(_row(hosts, first, endpoint, _holders(listeners, asked), asked))
    return sorted(rows, key=lambda row: row.order + (-len(row.hosts), row.holders, row.unit))


def _level(listener):
    """Who reaches it; of a list, the first networks."""
    exposure = listener.get('exposure')
    if not exposure:
        return ''
    if exposure['level'] != 'listed':
        return exposure['level']
    return _distinct(exposure['allowed']) or 'listed'


def _row(hosts, listener, endpoint, holders, asked):
    scope = listener['scope']
    namespace = listener['namespace']
    level = listener['exposure']['level'] if listener.get('exposure') else _LEVEL_OF_SCOPE[scope]
    order = ((namespace is not None, _LEVEL_ORDER[level], _SCOPE_ORDER[scope]), _PROTOCOL_ORDER[listener['protocol']], listener['port'],
             listener['family'], listener['address'], listener['interface'] or '', namespace or '')
    return Row(hosts, order, namespace is None and level in _WIDE_LEVELS, listener['protocol'], endpoint, _name_of(listener), holders,
               _unit(listener, asked), scope + _namespace(listener), _level(listener))


def _endpoint(listener):
    address = listener['address']
    if listener['interface']:
        address = '%s%%%s' % (address, name(listener['interface']))
    to = ' → %s' % name(listener['to']) if listener.get('to') else ''
    if listener['family'] == 'ipv4':
        return '%s:%d%s' % (address, listener['port'], to)
    both = {True: ' (v4+6)', None: ' (v4?+6)', False: ''}[listener['accepts_ipv4']]
    return '[%s]:%d%s%s' % (address, listener['port'], both, to)


def _name_of(listener):
    if listener['protocol'] == 'raw':
        return 'IP proto %d' % listener['port']
    if listener['port_name']:
        return name(listener['port_name'])
    return '(ephemeral)' if listener['ephemeral'] else '-'


def _namespace(listener):
    return ' in %s' % name(listener['namespace']) if listener['namespace'] else ''


def _process(owner):
    """The name of a process; where the kernel has cut it at 15 characters, the whole one if the executable has it."""
    process, exe = owner['process'], owner['exe']
    base = exe.rpartition('/')[2] if exe else None
    if process and base and len(process) == 15 and base.startswith(process):
        process = base
    shown = name(process) if process else '?'
    return shown + ' [exe deleted]' if owner['exe_deleted'] else shown


def _user(owner):
    if owner['user']:
        return name(owner['user'])
    return '?' if owner['uid'] is None else 'uid %d' % owner['uid']


def _holders(listeners, asked, count=True):
    """Who holds listeners that differ in the number of their processes at the most."""
    first = listeners[0]
    if first['held_by'] == 'kernel':
        return '[kernel]'
    if not first['owners']:
        if not asked:
            return '-'
        uids = {listener['socket_uid'] for listener in listeners}
        return '? (uid %d)' % uids.pop() if len(uids) == 1 and None not in uids else '?'
    numbers = [_numbers(listener) for listener in listeners]
    parts = []
    for process, (dummy, users) in list(numbers[0].items())[:_MAX_NAMES]:
        found = {one[process][0] for one in numbers if process in one}
        low, high = min(found), max(found)
        times = '' if high == 1 or not count else ' ×%d' % low if low == high else ' ×%d–%d' % (low, high)
        parts.append('%s%s (%s)' % (process, times, ', '.join(users)))
    if len(numbers[0]) > _MAX_NAMES:
        parts.append('+%d more' % (len(numbers[0]) - _MAX_NAMES))
    hidden = max(map(unlisted, listeners))
    if hidden and count:
        parts.append('+%d processes' % hidden)
    return ', '.join(parts)


def _numbers(listener):
    """dict: name of a process to [how many, the users it runs as], of the most frequent first."""
    found = {}
    for owner in to_show(listener):
        entry = found.setdefault(_process(owner), [0, []])
        entry[0] += 1
        user = _user(owner)
        if user not in entry[1]:
            entry[1].append(user)
    return dict(sorted(found.items(), key=lambda item: (-item[1][0], item[0])))


def _unit(listener, asked):
    """The container, else the unit to stop and what activates it, else the units that the holders are in."""
    containers = _distinct(owner['container'] for owner in to_show(listener))
    if containers:
        return containers
    if listener['service'] or listener['activated_by']:
        parts = [name(part) for part in (listener['service'], listener['activated_by']) if part]
        return ' ← '.join(parts)
    units = _distinct(owner['unit'] for owner in listener['owners'])
    if units:
        return units
    return '?' if asked and listener['held_by'] == 'unknown' else '-'


def _distinct(values):
    found = list(dict.fromkeys(name(value) for value in values if value))
    more = len(found) - _MAX_NAMES
    return ', '.join(found[:_MAX_NAMES] + (['+%d more' % more] if more > 0 else []))
