# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries and waivers of a declaration, ready to be checked against listeners."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from ..._listener import Listener, accepts, faces
from ..._shape import Complete
from ..conditions import owners, ports, reach
from ..conditions.bind import Bind
from ..conditions.expressions import Expression
from ..conditions.patterns import KERNEL, Globs, is_glob
from ..conditions.sources import Named, Sources
from ..conditions.three_valued import both, either
from ..language import options, values
from ..language.refusal import Refused

WHO = ('process', 'exe', 'user', 'service', 'container')
_Part = TypeVar('_Part')


class Condition:
    """What entries and waivers have in common: which listeners they match.

    :ivar name: the name, or None; ``label`` is the name, or ``#3`` for the third of its variable.
    :ivar variable: the variable that declares it; ``index`` its place in that, from 0.
    :ivar items: its ports; empty where a waiver matches any port.
    :ivar conditions: what it says of owners: pairs of an option and its patterns.
    :ivar who: what it says of owners, as it is written, by option; ``bound``, where it says they are bound.
    :ivar narrow: whether it matches only some of the listeners of the host itself, whoever owns them.
    """

    def __init__(self, given: Mapping[str, Any], variable: str, label: str, protocols: Sequence[str],
                 faults: list[Refused]) -> None:
        """Make the parts of an entry of its options.

        :param given: the options, as ``values.read`` returns them.
        :param protocols: those of ports that do not name theirs.
        :param faults: all that is wrong is added to it, and an entry with faults is not to be used: see ``Entry.read``
            and ``Waiver.read``.
        """
        self.name: str | None = given.get('name')
        self.variable, self.label, self.index = variable, self.name or label, 0
        self.reason: str | None = given['reason']
        self.owner: str | None = given['owner']
        self.when: bool = given['when']
        self.override: bool = given['override']
        self.family: str | None = given['family']
        self.items = _made(faults, _ports, given, tuple(given['protocol'] or protocols)) or []
        self.namespace = Globs([given['namespace']]) if given['namespace'] else None
        self.conditions = [(option, Globs(given[option])) for option in owners.OF_OWNER if given[option]]
        self.service = Globs(given['service']) if given['service'] else None
        self.bind = _made(faults, Bind, given['bind'], 'bind') if given['bind'] else None
        self.where = _made(faults, Expression, given['where'], 'where') if given['where'] is not None else None
        self.who: dict[str, str] = {option: ' or '.join(given[option]) for option in WHO if given[option]}
        self.bound: list[str] | None = given['bind']
        self.narrow = bool(self.family or self.namespace or self.where)
        others = sorted(set(self.who) - {'process'})
        if others and self.who.get('process') == KERNEL:
            faults.append(Refused('a listener of the kernel has no %s' % ', '.join(others), 'process'))

    def speaks_of(self, listener: Listener, item_fits: bool, unobserved: Collection[str]) -> bool | None:
        """Whether it matches a listener, whoever owns it; None where that is not known.

        :param item_fits: whether one of its ports is that of the listener.
        """
        if not item_fits:
            return False
        namespace = listener['namespace']
        if self.namespace.fit(namespace) is not True if self.namespace else namespace is not None:
            return False
        if self.family and accepts(listener, self.family) is not True:
            return None if accepts(listener, self.family) is None else False
        return True if self.where is None else self.where.of(listener, unobserved)

    def held(self, listener: Listener, complete: Complete) -> bool | None:
        """Whether every owner is one that it names: of what is published for a container, those in it or its proxy."""
        if listener.get('behind') is None:
            return self._held(listener, complete)
        of_host, behind = faces(listener)
        return either((self._held(of_host, complete), self._held_behind(behind, complete)))

    def _held(self, listener: Listener, complete: Complete) -> bool | None:
        known = owners.owned(self.conditions, listener, complete) if self.conditions else True
        if self.service and known is not False:
            return both((known, owners.serviced(self.service, listener, complete)))
        return known

    def _held_behind(self, listener: Listener, complete: Complete) -> bool | None:
        """Whether those in a container are the owners. A container is no service of the host until one is seen."""
        return False if self.service and listener['held_by'] == 'unknown' else self._held(listener, complete)

    def bound_well(self, listener: Listener, complete: Complete) -> bool | None:
        """Whether it is bound where it says."""
        return True if self.bind is None else self.bind.holds(listener, complete)

    def item_of(self, listener: Listener) -> ports.Item | None:
        """Find the first of its items that is the port of a listener."""
        for item in self.items:
            if item.low <= listener['port'] <= item.high and item.protocol == listener['protocol']:
                return item
        return None

    @property
    def expressions(self) -> list[Expression]:
        """Its expressions."""
        return [self.where] if self.where else []


class Entry(Condition):
    """An entry.

    :ivar sources: the sources of ``clients`` or ``only_from``, or None; ``clients`` is whether they are those of
        ``clients``.
    :ivar need: how many of its ports have to be there; None for all that are listed, and one of a range.
    """

    def __init__(self, given: Mapping[str, Any], variable: str, label: str, faults: list[Refused],
                 named: Named | None = None) -> None:
        """Make the parts of an entry, see ``Condition``.

        :param named: the clients that the inventory has names for.
        """
        self.state: str = given['state']
        super().__init__(given, variable, label, options.PROTOCOLS if self.state == 'forbidden' else ('tcp',), faults)
        self.need: int | None = given['need']
        self.severity: str | None = given['severity']
        self.clients = given['clients'] is not None
        limits = given['clients'] or given['only_from']
        option = 'clients' if self.clients else 'only_from'
        self.sources = _made(faults, Sources, limits, option, named) if limits else None
        self.ensure = _made(faults, Expression, given['ensure'], 'ensure') if given['ensure'] is not None else None
        self.via = Globs(given['via']) if given['via'] else None
        self.limited = bool(self.ensure or self.sources or self.via)

    @classmethod
    def read(cls, raw: object, variable: str, label: str, named: Named | None = None,
             ) -> tuple[Entry | None, list[Refused]]:
        """Read an entry as a declaration has it.

        :param raw: what it has, templated.
        :param label: what it is called where it has no name.
        :param named: the clients that the inventory has names for.
        :returns: the entry, or None where anything is wrong with it, and all that is.
        """
        given, faults = values.read(raw, options.ENTRY)
        if not given:
            return None, faults
        readable = not faults
        entry = cls(given, variable, label, faults, named)
        if readable:
            faults += entry._contradictions(given)
        return None if faults else entry, faults

    def _contradictions(self, given: Mapping[str, Any]) -> Iterator[Refused]:
        if given['port'] is None and given['ports'] is None:
            yield Refused('is missing: give port or ports (any for every port)', 'port')
        if given['clients'] and given['only_from']:
            yield Refused('clients and only_from are both given: clients already excludes everybody else',
                          'only_from')
        if self.need and self.state in ('forbidden', 'ignored'):
            yield Refused('cannot be combined with state %s' % self.state, 'need')
        most = sum(item.high - item.low + 1 for item in self.items)
        if self.need and self.items and self.need > most:
            yield Refused('need is %d, but there %s' % (
                self.need, 'is only 1 port' if most == 1 else 'are only %d ports' % most), 'need')
        if self.override and not self.name:
            yield Refused('override needs a name: that of the entry to replace', 'override')

    @property
    def may_be_forwarded(self) -> bool:
        """Whether what a host forwards, for which nothing listens on it, can be all that it expects."""
        return not (self.bind or self.where or self.family or self.namespace or set(self.who) - {'container'})

    @property
    def conditional(self) -> bool:
        """Whether it matches only some of the listeners on its ports."""
        return any((self.who, self.bind, self.where, self.family, self.namespace, self.sources, self.ensure, self.via))

    @property
    def services(self) -> list[str]:
        """The names of units, without globs, that it names."""
        return [unit if '.' in unit else unit + '.service' for unit in self.named_services]

    @property
    def named_services(self) -> list[str]:
        """The names of services, without globs, as they are written: those of Windows have no type."""
        return [unit for unit in self.service.values if not is_glob(unit)] if self.service else []

    @property
    def expressions(self) -> list[Expression]:
        """Its expressions."""
        return [*super().expressions, *([self.ensure] if self.ensure else [])]

    def limits(self, listener: Listener, unobserved: Collection[str]) -> Iterator[tuple[str, bool | None]]:
        """Check its limits; yields pairs of the limit's option and True, False or None."""
        if self.ensure:
            yield 'ensure', self.ensure.of(listener, unobserved)
        if self.sources:
            yield 'clients' if self.clients else 'only_from', reach.upper(self.sources, listener)
        if self.via:
            yield 'via', reach.via(self.via, listener)


class Waiver(Condition):
    """A waiver.

    :ivar entry: the entries that it is about, or None.
    :ivar kinds: the kinds of findings that it waives.
    :ivar expires: the last day on which it holds, or None for never.
    """

    def __init__(self, given: Mapping[str, Any], variable: str, label: str, faults: list[Refused]) -> None:
        """Make the parts of a waiver, see ``Condition``."""
        super().__init__(given, variable, label, options.PROTOCOLS, faults)
        self.entry = Globs(given['entry']) if given['entry'] else None
        self.kinds = tuple(given['kinds'] or options.VIOLATIONS)
        self.expires = None if given['expires'] == values.NEVER else given['expires']

    @classmethod
    def read(cls, raw: object, variable: str, label: str) -> tuple[Waiver | None, list[Refused]]:
        """Read a waiver as a declaration has it, see ``Entry.read``."""
        given, faults = values.read(raw, options.WAIVER)
        if not given:
            return None, faults
        readable = not faults
        waiver = cls(given, variable, label, faults)
        if readable and not waiver._is_about_something():
            faults.append(Refused('does not say what it waives: give entry, port, or an owner', 'entry'))
        if waiver.override and not waiver.name:
            faults.append(Refused('override needs a name: that of the waiver to replace', 'override'))
        return None if faults else waiver, faults

    def _is_about_something(self) -> bool:
        return any((self.entry, self.items, self.conditions, self.service, self.bind, self.where, self.namespace))


def _made(faults: list[Refused], make: Callable[..., _Part], *arguments: object) -> _Part | None:
    """Make a part of an entry; None, and a fault more, where that is refused."""
    try:
        return make(*arguments)
    except Refused as exc:
        faults.append(exc)
        return None


def _ports(given: Mapping[str, Any], protocols: Sequence[str]) -> list[ports.Item]:
    if given['port'] is not None and given['ports'] is not None:
        raise Refused('port and ports are both given: use one of them', 'ports')
    option = 'ports' if given['ports'] is not None else 'port'
    return [] if given[option] is None else ports.items(given[option], option, protocols)
