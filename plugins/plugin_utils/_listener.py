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

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict, Union, cast

from . import _shape
from ._harmless.terminal import cut_short, name, visible
from ._shape import Complete, Endpoint, Exposure, Facts, Owner, Served
from ._windows import listeners as _windows
from ._words import MOST, Several, several, some_of


class _PublishedListener(_shape.Listener, total=False):
    behind: Served


class _PublishedForward(_shape.Forwarded, total=False):
    behind: Served


# A listener as the facts have it, or what a host forwards, which has the same form; ``endpoints`` adds what is behind
# it where it only stands for something in a container, and that it is of a Windows host.
Listener = Union[_shape.Listener, _shape.Forwarded, _PublishedListener, _PublishedForward]

# Why there is nothing to stop, see Stop.
KERNEL, HIDDEN, SPARED, NO_UNIT = 'kernel', 'hidden', 'spared', 'no unit'
PUBLISHED, FORWARDED = 'published', 'forwarded'
REASONS = (KERNEL, HIDDEN, SPARED, NO_UNIT, PUBLISHED, FORWARDED)

# Who reaches a listener, the widest first: what is not known may be anyone.
WIDEST_FIRST = ('anyone', 'unknown', 'listed', 'private', 'link', 'local', 'none')
SAME_EVERYWHERE = ('any', 'loopback')      # scopes of which an address means the same on all hosts
_LEVEL_OF_SCOPE = {'any': 'anyone', 'global': 'anyone', 'private': 'private', 'link': 'link', 'loopback': 'local'}

_SYSTEMD = 1                                        # its pid
_ROOT = 0                                           # the uid of container engines that write rules
_OF_OWNERS = _shape.keys(Owner)
_OF_SOME = ('container', 'exe_inside')
OWNER_FIELDS = _OF_OWNERS.union(('owners', 'owners_total', 'held_by'))     # not observed where owners are hidden
_OF_WHO = _shape.keys(Served)
# They hold a port of the host for a container, and serve nothing themselves.
_STAND_INS = frozenset(('docker-proxy', 'conmon'))
_NOBODY_KNOWN: Served = {
    'service': None, 'activated_by': None, 'held_by': 'unknown', 'socket_uid': None, 'owners': [], 'owners_total': 0}
_WAYS_IN = frozenset(('sshd', 'dropbear'))          # what has the connection of Ansible, most often
_EXPOSURE = ('verdict', 'allowed', 'level')         # who gets in, as far as that is decided
_TARGET = re.compile(r'[0-9a-f.:?\[\]]+(?:, [0-9a-f.:?\[\]]+)*')         # addresses and endpoints
_WITHOUT_QUEUE = ('udp', 'udplite')                 # of connections to be accepted


def endpoints(facts: Facts) -> list[Listener]:
    """List all that can be reached on a host: its listeners, and what it forwards, which has the same form.

    A program that holds the port of a container, the rule that leads packets past it, and the container are one
    endpoint, whichever of them are known: it has the owners of that program, and ``behind`` it those of the container.
    The program itself is left out where what is forwarded is all that it stands for.

    :param facts: the facts of a host, checked.
    """
    found = united(facts)
    return _windows.marked(found) if _windows.is_windows(facts) else found


def united(facts: Facts) -> list[Listener]:
    """List the same, for whoever does not ask on which platform it is: what stands for nothing else is not copied."""
    is_trusted = _windows.is_of_system if _windows.is_windows(facts) else _is_of_root
    by_id = {listener['id']: listener for listener in facts['listeners']}
    forwarded: list[Listener] = []
    behind: dict[str, Served] = {}
    led_past: dict[str, set[str]] = {}              # by the id of the program: families
    for forward in facts.get('forwarded') or ():
        proxy = by_id.get(forward['proxy'] or '')
        # only root leads packets elsewhere: whoever else calls himself a proxy holds the port for himself
        if proxy is None or not is_trusted(proxy):
            forwarded.append(forward)
            continue
        forwarded.append(_published(forward, proxy))
        behind.setdefault(proxy['id'], _behind(forward))
        if _is_where(forward, proxy):
            led_past.setdefault(proxy['id'], set()).add(forward['family'])
    listeners = [
        _standing_in(listener, behind.get(listener['id']))
        for listener in facts['listeners']
        if listener['id'] not in led_past or not _families(listener) <= led_past[listener['id']]
    ]
    return [*listeners, *forwarded]


def _is_of_root(listener: Endpoint) -> bool:
    owners = listener['owners']
    return len(owners) == listener['owners_total'] and bool(owners) and all(owner['uid'] == _ROOT for owner in owners)


def _is_where(forward: Endpoint, listener: Endpoint) -> bool:
    """Whether both are for the same addresses."""
    both = (forward, listener)
    return listener['interface'] is None and (
        all(endpoint['scope'] == 'any' for endpoint in both) or forward['address'] == listener['address'])


def _families(listener: Endpoint) -> set[str]:
    """List the families that a listener may take: one that is not known is among them."""
    names = {'ipv4': listener['accepts_ipv4'], 'ipv6': listener['accepts_ipv6']}
    return {family for family, accepted in names.items() if accepted is not False}


def _behind(forward: _shape.Forwarded) -> Served:
    return cast(Served, {name: value for name, value in forward.items() if name in _OF_WHO})


def _published(forward: _shape.Forwarded, proxy: _shape.Listener) -> _PublishedForward:
    """Unite what is forwarded with the program that holds the port: its owners are in that container, for entries."""
    who: dict[str, object] = {name: value for name, value in proxy.items() if name in _OF_WHO}
    container = forward['container']
    if container:
        who['owners'] = [{**owner, 'container': owner['container'] or container} for owner in proxy['owners']]
    return cast(_PublishedForward, {**forward, **who, 'behind': _behind(forward)})


def _standing_in(listener: _shape.Listener, behind: Served | None) -> Listener:
    """Add who is behind a program that only holds the port of a container: nobody is known until rules were read."""
    if behind is None:
        names = {owner['process'] for owner in listener['owners']}
        if not names or not names <= _STAND_INS or listener['namespace'] is not None or not _is_of_root(listener):
            return listener
        if any(owner['container'] for owner in listener['owners']):
            return listener             # it is in one, and stands for nobody else
        behind = _NOBODY_KNOWN
    return cast(_PublishedListener, {**listener, 'behind': behind})


def faces(listener: Listener) -> list[Listener]:
    """List in whose place a listener can be judged: itself, and behind it the container that it is published for.

    It has one owner or the other, and an entry may name either.
    """
    behind = listener.get('behind')
    if behind is None:
        return [listener]
    return [listener, cast(Listener, {**listener, **cast(Served, behind), 'behind': None})]


def is_led_elsewhere(listener: Listener) -> bool:
    """Whether it is forwarded, and nobody is known who serves it."""
    return forwarded_to(listener) is not None and listener['held_by'] == 'unknown'


def is_unknown_behind(listener: Listener) -> bool:
    """Whether it is published for a container, or led elsewhere, and not known who serves it there.

    No privileges show more of it.
    """
    behind = listener.get('behind')
    return is_led_elsewhere(listener) or behind is not None and cast(Served, behind)['held_by'] == 'unknown'


def forwarded_to(listener: Listener) -> str | None:
    """Where a host forwards it to; None for what listens on the host itself."""
    to = listener.get('to')
    return to if isinstance(to, str) else None


def roves(listener: Endpoint) -> bool:
    """Whether its port is another one after each start, and says nothing."""
    return listener['ephemeral'] and listener['protocol'] == 'udp'


def accepts(listener: Listener, family: str) -> bool | None:
    """Whether it takes a family, ``ipv4`` or ``ipv6``; None where that is not known."""
    return listener['accepts_ipv4'] if family == 'ipv4' else listener['accepts_ipv6']


# Who serves it

def serving(listener: Listener) -> Sequence[Owner]:
    """List the owners that serve it: not systemd, where it owns the socket to start somebody else; nor the kernel of
    Windows, where http.sys listens for others."""
    owners, unit = listener['owners'], listener['activated_by']
    if not unit:
        return owners
    if unit == _windows.HTTP_SYS:
        return [owner for owner in owners if not _windows.is_driver(owner)]
    scope = manager(unit)
    if scope:
        return [owner for owner in owners if owner['unit'] != scope]
    return [owner for owner in owners if owner['pid'] != _SYSTEMD]


def manager(unit: str) -> str | None:
    """Find the unit of the systemd that manages a unit of a user; None for a unit of the system."""
    user, slash, dummy = unit.partition('/')
    return '%s/init.scope' % user if slash else None


def owned_by(listener: Listener, owners: list[Owner]) -> Listener:
    """Make a listener of these of its owners alone."""
    return cast(Listener, {**listener, 'owners': owners, 'owners_total': len(owners)})


def to_show(listener: Listener) -> Sequence[Owner]:
    """List the owners to show: those that serve it, or who activates it as long as nobody does."""
    return serving(listener) or listener['owners']


def only_systemd(listener: Listener) -> bool:
    """Whether nobody owns it but systemd, for a unit that it will start; or http.sys, for processes that will come."""
    return bool(listener['activated_by']) and not serving(listener)


def unlisted(listener: Listener) -> int:
    """Count the owners that are known to be there and are not listed."""
    return listener['owners_total'] - len(listener['owners'])


def is_hidden(listener: Listener) -> bool:
    """Whether owners of it are hidden, all of them or some."""
    return listener['held_by'] == 'unknown' or unlisted(listener) > 0


def is_way_in(listener: Listener) -> bool:
    """Whether Ansible itself may have come through it: whoever stops it may cut himself off."""
    if _windows.is_here(listener):
        return _windows.is_way_in(listener)
    return any(owner['process'] in _WAYS_IN for owner in listener['owners'])


# What has to be stopped

@dataclass(frozen=True)
class Stop:
    """What has to be stopped so that a listener ends.

    :ivar units: the systemd units, or the container; nothing where there is neither. A socket unit comes before its
        service: as long as it is active, the port stays open whatever becomes of the service, see systemd.socket(5).
    :ivar reason: why there is none. ``KERNEL``: no process owns it; ``HIDDEN``: its owners are not known; ``SPARED``:
        they are in a service that would let them live; ``NO_UNIT``: they are in none, in several, or in a session;
        ``PUBLISHED``: it is held for a container that is not known; ``FORWARDED``: a rule leads it elsewhere.
    :ivar around: the unit that all of the owners are in, where it is none to stop.
    """

    units: tuple[str, ...] = ()
    reason: str | None = None
    around: str | None = None


def stop(listener: Listener) -> Stop:
    """Find what has to be stopped so that a listener ends.

    That is the socket unit that systemd listens for and the service, else the container. The driver http.sys is not to
    be stopped for one of those for which it listens.
    """
    container = next((owner['container'] for owner in listener['owners'] if owner['container']), None)
    activated_by = listener['activated_by'] if listener['activated_by'] != _windows.HTTP_SYS else None
    units = tuple(unit for unit in (activated_by, listener['service']) if unit)
    if units or container:
        return Stop(units or (str(container),))
    if is_led_elsewhere(listener):
        return Stop((), FORWARDED)
    if listener['held_by'] != 'processes':
        return Stop((), KERNEL if listener['held_by'] == 'kernel' else HIDDEN)
    if listener['activated_by']:
        return Stop((), NO_UNIT, listener['activated_by'])
    owned = {owner['unit'] for owner in listener['owners']}
    around = owned.pop() if len(owned) == 1 else None
    if listener.get('behind') is not None:
        return Stop((), PUBLISHED, around)
    return Stop((), SPARED if around and around.endswith('.service') else NO_UNIT, around)


# What was not observed

def unobserved(listener: Listener, complete: Complete) -> set[str]:
    """Collect the fields of a listener, and of its owners, that were not observed.

    :param complete: the aspects of the facts.
    """
    missing = {field for field in ('accepts_ipv4', 'accepts_ipv6') if listener.get(field) is None}
    missing |= {field for field in ('connections', 'clients') if listener.get(field) is None}
    missing |= _undecided(listener.get('exposure'))
    if _windows.is_here(listener):
        missing.update(_windows.NEVER_TOLD)
    if listener['interface'] is None and complete.get('binding') is not True:
        missing.add('interface')
    owners = listener['owners']
    if is_hidden(listener):
        missing.update(OWNER_FIELDS)
    elif is_unknown_behind(listener):
        missing.add('container')
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
    if exposure.get('undecided'):
        return set(_EXPOSURE)
    # who is let in is more than these networks, or less
    return {'allowed'} if exposure.get('allowed_sets') or exposure.get('except_sets') else set()


# What it is called; all of this is harmless to print, and no name in it can be taken for words of ours

def identity(listener: Listener) -> str:
    """Show its id: ``tcp/0.0.0.0:111``."""
    return visible(listener['id'], 300)


def endpoint(listener: Listener) -> str:
    """Show where it listens: ``tcp 0.0.0.0:111``."""
    return endpoint_in_words(excerpt(listener))


class Owners(TypedDict):
    """The owners of one name: a process, and its pids."""

    process: str | None
    pids: Several


class _Sometimes(TypedDict, total=False):
    """What not every excerpt has.

    :ivar addresses: how many there are, as ``ports`` and ``targets``, where it stands for listeners of several hosts.
    :ivar to: where it is forwarded to.
    :ivar stop: what has to be stopped so that it ends, and ``reason``, one of REASONS, why there is nothing. Records
        of earlier versions lack both.
    :ivar reached_by: who reaches it, one of LEVELS in ``_shape``, where the firewall was observed.
    :ivar platform: of its host, where that is Windows.
    """

    addresses: int
    ports: int
    targets: int
    to: str | None
    stop: list[str]
    reason: str | None
    reached_by: str
    platform: str


class Excerpt(_Sometimes):
    """As much of a listener as a sentence about it needs, and as JSON can keep; its text is what the host wrote.

    :ivar owners: the first owners; ``processes`` counts their names, ``unlisted`` those that the facts do not list.
    :ivar users: those of the owners.
    :ivar unit: the unit or the container that its owners are in, if it ends with it.
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


def reach(scope: str, level: str | None) -> str:
    """Return who reaches a listener, one of ``WIDEST_FIRST``.

    :param scope: that of the bound address.
    :param level: what the firewall leaves of it; None where that was not observed.
    """
    return level or _LEVEL_OF_SCOPE[scope]


def excerpt(listener: Listener) -> Excerpt:
    """Take out of a listener what a sentence about it needs."""
    pids_of: dict[str | None, list[int]] = {}
    for owner in listener['owners']:
        pids_of.setdefault(owner['process'] or None, []).append(owner['pid'])
    known = [owner['user'] or str(owner['uid'])
             for owner in listener['owners'] if owner['user'] or owner['uid'] is not None]
    users = {visible(user, 100): cut_short(user, 100) for user in known}
    to_stop = stop(listener)
    units = to_stop.units
    made: Excerpt = {
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
        'unit': cut_short(units[0 if only_systemd(listener) else -1], 200) if units else None,
        'around': to_stop.around and cut_short(to_stop.around, 200),
        'spared': to_stop.reason == SPARED,
        'way_in': is_way_in(listener),
        'stop': [cut_short(unit, 300) for unit in units],
        'reason': to_stop.reason,
    }
    target = forwarded_to(listener)
    if target is not None:
        made['to'] = cut_short(target, 100)
    exposure = listener.get('exposure')
    if exposure:
        made['reached_by'] = exposure['level']
    if _windows.is_here(listener):
        made['platform'] = 'windows'
    return made


def endpoint_in_words(listener: Excerpt) -> str:
    """Show where it listens: ``tcp 0.0.0.0:111``; of several hosts ``tcp (3 addresses):111``."""
    addresses, ports = listener.get('addresses', 1), listener.get('ports', 1)
    address = _address_in_words(listener['address'])
    if listener['interface']:
        address += '%' + name(listener['interface'], 100)
    if listener['family'] == 'ipv6':
        address = '[%s]' % address
    return '%s %s:%s%s' % (
        listener['protocol'],
        '(%d addresses)' % addresses if addresses > 1 else address,
        '(%d ports)' % ports if ports > 1 else listener['port'],
        '@%s' % name(listener['namespace'], 100) if listener['namespace'] else '')


def owners_in_words(listener: Excerpt) -> str:
    """Show its owners: ``rpcbind pid 512 (rpcbind.socket)``, as much of it as is known."""
    if listener['held_by'] == 'kernel':
        return 'the kernel'
    if listener['held_by'] != 'processes':
        if listener.get('to') is not None:
            return 'forwarded to %s (no container is known behind it)' % _target_in_words(listener)
        uid = listener['socket_uid']
        return 'a hidden process' if uid is None else 'a hidden process (of uid %d)' % uid
    parts = [_process_in_words(owners) for owners in listener['owners']]
    if listener['processes'] > len(parts):
        parts.append('and %d more' % (listener['processes'] - len(parts)))
    if listener['unlisted'] > 0:
        parts.append('and %d not listed' % listener['unlisted'])
    text = ', '.join(parts)
    if listener['unit']:
        return '%s (%s)' % (text, name(listener['unit'], 200))
    return '%s (in %s)' % (text, name(listener['around'], 200)) if listener['around'] else text


def _target_in_words(listener: Excerpt) -> str:
    """Show where it is forwarded to: ``172.17.0.2:80``; of several hosts ``(3 addresses)``."""
    targets, target = listener.get('targets', 1), listener.get('to') or ''
    if targets > 1:
        return '(%d addresses)' % targets
    return _address_in_words(target)


def _address_in_words(text: str) -> str:
    """Show an address, or several. A first ``::`` is no command of a CI system here, as other words are before it."""
    return visible('.' + text, 101)[1:] if _TARGET.fullmatch(text) else name(text, 100)


def _process_in_words(owners: Owners) -> str:
    """Show a process and its pids; of several hosts it has none."""
    process = name(owners['process'], 100) if owners['process'] else 'an unnamed process'
    return '%s pid %s' % (process, some_of(owners['pids'])) if owners['pids']['total'] else process


def users_in_words(listener: Excerpt) -> str | None:
    """Show the users of its owners; None where none is known."""
    return some_of(listener['users'], lambda user: name(user, 100)) or None


def in_words(listener: Excerpt) -> str:
    """Show a listener and its owners: ``tcp 0.0.0.0:111 rpcbind pid 512 (rpcbind.socket)``."""
    return '%s %s' % (endpoint_in_words(listener), owners_in_words(listener))
