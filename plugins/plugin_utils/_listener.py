# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A listener: who serves it, what has to be stopped to end it, what of it was not observed, and what it is called.

A listener is the dict of the facts, as ``plugins/modules/listener_facts.py`` documents it. Everything on the
controller that has to know more of it than its fields say asks here.

Two of its fields are decisions of the host, where systemd can be asked. ``module_utils/_owners/attach.py`` decides on
``service`` and ``activated_by``: the one service that the owners are in, or that has its main process among them.
``module_utils/_systemd/kill_mode.py`` takes ``service`` back where stopping it would leave the owners running, as it
would the children of ``cron.service``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict, Union

from . import _shape
from ._harmless.terminal import cut_short, visible
from ._shape import Complete, Exposure, Facts, Owner
from ._words import MOST, Several, several, some_of

# A listener as the facts have it, or what a host forwards, which has the same form.
Listener = Union[_shape.Listener, _shape.Forwarded]

# Why there is nothing to stop, see Stop.
KERNEL, HIDDEN, SPARED, NO_UNIT = 'kernel', 'hidden', 'spared', 'no unit'

_SYSTEMD = 1                                        # its pid
_OF_OWNERS = _shape.keys(Owner)
_OF_SOME = ('container', 'exe_inside')
_WAYS_IN = frozenset(('sshd', 'dropbear'))          # what has the connection of Ansible, most often
_EXPOSURE = ('verdict', 'allowed', 'level')         # who gets in, as far as that is decided
_WITHOUT_QUEUE = ('udp', 'udplite')                 # of connections to be accepted


def endpoints(facts: Facts) -> list[Listener]:
    """List all that can be reached on a host: its listeners, and what it forwards, which has the same form.

    A program that only holds the port of a container is left out: what is forwarded past it is listed, as the
    container's.

    :param facts: the facts of a host, checked.
    """
    forwarded = facts.get('forwarded') or ()
    proxies = {listener.get('proxy') for listener in forwarded}
    return [*(listener for listener in facts['listeners'] if listener['id'] not in proxies), *forwarded]


def forwarded_to(listener: Listener) -> str | None:
    """Where a host forwards it to; None for what listens on the host itself."""
    to = listener.get('to')
    return to if isinstance(to, str) else None


def accepts(listener: Listener, family: str) -> bool | None:
    """Whether it takes a family, ``ipv4`` or ``ipv6``; None where that is not known."""
    return listener['accepts_ipv4'] if family == 'ipv4' else listener['accepts_ipv6']


# Who serves it

def serving(listener: Listener) -> Sequence[Owner]:
    """List the owners that serve it: not systemd, where it owns the socket to start somebody else."""
    owners, unit = listener['owners'], listener['activated_by']
    if not unit:
        return owners
    scope = manager(unit)
    if scope:
        return [owner for owner in owners if owner['unit'] != scope]
    return [owner for owner in owners if owner['pid'] != _SYSTEMD]


def manager(unit: str) -> str | None:
    """Find the unit of the systemd that manages a unit of a user; None for a unit of the system."""
    user, slash, dummy = unit.partition('/')
    return '%s/init.scope' % user if slash else None


def to_show(listener: Listener) -> Sequence[Owner]:
    """List the owners to show: those that serve it, or systemd as long as nobody does."""
    return serving(listener) or listener['owners']


def only_systemd(listener: Listener) -> bool:
    """Whether nobody but systemd owns it, for a unit that it will start."""
    return bool(listener['activated_by']) and not serving(listener)


def unlisted(listener: Listener) -> int:
    """Count the owners that are known to be there and are not listed."""
    return listener['owners_total'] - len(listener['owners'])


def is_hidden(listener: Listener) -> bool:
    """Whether owners of it are hidden, all of them or some."""
    return listener['held_by'] == 'unknown' or unlisted(listener) > 0


def is_way_in(listener: Listener) -> bool:
    """Whether Ansible itself may have come through it: whoever stops it may cut himself off."""
    return any(owner['process'] in _WAYS_IN for owner in listener['owners'])


# What has to be stopped

@dataclass(frozen=True)
class Stop:
    """What has to be stopped so that a listener ends.

    :ivar unit: the systemd unit, or the container; None where there is neither.
    :ivar reason: why there is none. ``KERNEL``: no process owns it; ``HIDDEN``: its owners are not known; ``SPARED``:
        they are in a service that would let them live; ``NO_UNIT``: they are in none, in several, or in a session.
    :ivar around: the unit that all of the owners are in, where it is none to stop.
    """

    unit: str | None
    reason: str | None = None
    around: str | None = None


def stop(listener: Listener) -> Stop:
    """Find what has to be stopped so that a listener ends.

    That is the socket unit that systemd listens for, else the service, else the container.
    """
    container = next((owner['container'] for owner in listener['owners'] if owner['container']), None)
    unit = listener['activated_by'] if only_systemd(listener) else listener['service'] or container
    if unit:
        return Stop(unit)
    if listener['held_by'] != 'processes':
        return Stop(None, KERNEL if listener['held_by'] == 'kernel' else HIDDEN)
    units = {owner['unit'] for owner in listener['owners']}
    around = units.pop() if len(units) == 1 else None
    return Stop(None, SPARED if around and around.endswith('.service') else NO_UNIT, around)


# What was not observed

def unobserved(listener: Listener, complete: Complete) -> set[str]:
    """Collect the fields of a listener, and of its owners, that were not observed.

    :param complete: the aspects of the facts.
    """
    missing = {field for field in ('accepts_ipv4', 'accepts_ipv6') if listener.get(field) is None}
    if listener.get('connections') is None:
        missing.add('connections')
    missing |= _undecided(listener.get('exposure'))
    if listener['interface'] is None and complete.get('binding') is not True:
        missing.add('interface')
    owners = listener['owners']
    if is_hidden(listener):
        missing.update(('owners', 'owners_total', 'held_by'), _OF_OWNERS)
    for field in _OF_OWNERS:
        # an owner without these has none, all else every owner has
        if field not in _OF_SOME and any(owner.get(field) is None for owner in owners):
            missing.add(field)
    if listener['service'] is None and (complete.get('units') is not True or 'owners' in missing):
        missing.update(('service', 'activated_by'))
    if listener['service'] is not None or complete.get('units') is True:
        missing -= {'unit', 'main'} if 'owners' not in missing else set()
    backlog = listener['backlog']
    if backlog is None and listener['protocol'] not in _WITHOUT_QUEUE:
        missing.update(('backlog', 'pending', 'limit'))
    elif backlog and backlog.get('limit') is None:
        missing.add('limit')
    for owner in owners:
        missing.update(field for field, value in (owner.get('resources') or {}).items() if value is None)
    return missing


def _undecided(exposure: Exposure | None) -> set[str]:
    """Collect the fields of an exposure that mean nothing: the firewall was not inspected, or not all is decided."""
    if not exposure or exposure.get('verdict') == 'unknown' or exposure.get('allowed') is None:
        return {'exposure', *_EXPOSURE}
    return set(_EXPOSURE) if exposure.get('undecided') else set()


# What it is called; all of this is harmless to print

def identity(listener: Listener) -> str:
    """Show its id: ``tcp/0.0.0.0:111``."""
    return visible(listener['id'], 300)


def endpoint(listener: Listener) -> str:
    """Show where it listens: ``tcp 0.0.0.0:111``."""
    return visible(listener['id'].replace('/', ' ', 1), 300)


class Owners(TypedDict):
    """The owners of one name: a process, and its pids."""

    process: str | None
    pids: Several


class _Merged(TypedDict, total=False):
    """By how many addresses and ports listeners differ, where an excerpt stands for those of several hosts."""

    addresses: int
    ports: int


class Excerpt(_Merged):
    """As much of a listener as a sentence about it needs, and as JSON can keep; its text is what the host wrote.

    :ivar owners: the first owners; ``processes`` counts their names, ``unlisted`` those that the facts do not list.
    :ivar users: those of the owners.
    :ivar unit: what has to be stopped so that it ends.
    :ivar around: the unit that its owners are in, where there is none to stop; ``spared`` if that is a service that
        would let them live.
    :ivar way_in: whether Ansible itself may have come through it.
    """

    id: str
    protocol: str
    family: str
    address: str
    interface: str | None
    port: int
    namespace: str | None
    scope: str
    ephemeral: bool
    held_by: str
    socket_uid: int | None
    owners: list[Owners]
    processes: int
    unlisted: int
    users: Several
    unit: str | None
    around: str | None
    spared: bool
    way_in: bool


def excerpt(listener: Listener) -> Excerpt:
    """Take out of a listener what a sentence about it needs."""
    pids_of: dict[str | None, list[int]] = {}
    for owner in listener['owners']:
        pids_of.setdefault(owner['process'] or None, []).append(owner['pid'])
    known = [owner['user'] or str(owner['uid'])
             for owner in listener['owners'] if owner['user'] or owner['uid'] is not None]
    users = {visible(user, 100): cut_short(user, 100) for user in known}
    to_stop = stop(listener)
    return {
        'id': cut_short(listener['id'], 300),
        'protocol': listener['protocol'],
        'family': listener['family'],
        'address': listener['address'],
        'interface': listener['interface'],
        'port': listener['port'],
        'namespace': listener['namespace'],
        'scope': listener['scope'],
        'ephemeral': listener['ephemeral'],
        'held_by': listener['held_by'],
        'socket_uid': listener['socket_uid'],
        'owners': [{'process': process and cut_short(process, 100), 'pids': several(sorted(pids))}
                   for process, pids in list(pids_of.items())[:MOST]],
        'processes': len(pids_of),
        'unlisted': unlisted(listener),
        'users': several(users[user] for user in sorted(users)),
        'unit': to_stop.unit and cut_short(to_stop.unit, 200),
        'around': to_stop.around and cut_short(to_stop.around, 200),
        'spared': to_stop.reason == SPARED,
        'way_in': is_way_in(listener),
    }


def endpoint_in_words(listener: Excerpt) -> str:
    """Show where it listens: ``tcp 0.0.0.0:111``; of several hosts ``tcp (3 addresses):111``."""
    addresses, ports = listener.get('addresses', 1), listener.get('ports', 1)
    if addresses == ports == 1:
        return visible(listener['id'].replace('/', ' ', 1), 300)
    address = '%s%%%s' % (listener['address'], listener['interface']) if listener['interface'] else listener['address']
    if listener['family'] == 'ipv6':
        address = '[%s]' % address
    return visible('%s %s:%s%s' % (
        listener['protocol'],
        '(%d addresses)' % addresses if addresses > 1 else address,
        '(%d ports)' % ports if ports > 1 else listener['port'],
        '@%s' % listener['namespace'] if listener['namespace'] else ''), 300)


def owners_in_words(listener: Excerpt) -> str:
    """Show its owners: ``rpcbind pid 512 (rpcbind.socket)``, as much of it as is known."""
    if listener['held_by'] == 'kernel':
        return 'the kernel'
    if listener['held_by'] != 'processes':
        uid = listener['socket_uid']
        return 'a hidden process' if uid is None else 'a hidden process (of uid %d)' % uid
    parts = [_process_in_words(owners) for owners in listener['owners']]
    if listener['processes'] > len(parts):
        parts.append('and %d more' % (listener['processes'] - len(parts)))
    if listener['unlisted'] > 0:
        parts.append('and %d not listed' % listener['unlisted'])
    text = ', '.join(parts)
    if listener['unit']:
        return '%s (%s)' % (text, visible(listener['unit'], 200))
    return '%s (in %s)' % (text, visible(listener['around'], 200)) if listener['around'] else text


def _process_in_words(owners: Owners) -> str:
    """Show a process and its pids; of several hosts it has none."""
    process = visible(owners['process'] or 'an unnamed process', 100)
    return '%s pid %s' % (process, some_of(owners['pids'])) if owners['pids']['total'] else process


def users_in_words(listener: Excerpt) -> str | None:
    """Show the users of its owners; None where none is known."""
    return some_of(listener['users'], lambda user: visible(user, 100)) or None


def in_words(listener: Excerpt) -> str:
    """Show a listener and its owners: ``tcp 0.0.0.0:111 rpcbind pid 512 (rpcbind.socket)``."""
    return '%s %s' % (endpoint_in_words(listener), owners_in_words(listener))
