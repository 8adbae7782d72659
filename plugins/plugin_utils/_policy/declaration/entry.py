# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry of a declaration, ready to be held against listeners. Private to this collection."""

from ..conditions import holders, ports, reach
from ..conditions.expressions import Expression
from ..conditions.sources import Sources
from ..conditions.three_valued import both
from ..language import options, values
from ..language.refusal import Refused

WHO = ('process', 'exe', 'user', 'service', 'container')


class Condition:
    """What entries and waivers have in common: of which listeners they speak.

    :ivar name: str or None; ``label`` is the name, or ``#3`` for the third of its variable.
    :ivar variable: str, where it was declared.
    :ivar items: list of Item, empty where a waiver speaks of any port.
    """

    def __init__(self, found, variable, label, protocols):
        """:raises Refusals: as attribute ``faults``, list of Refused, for all that is wrong."""
        self.faults = []
        self.name, self.variable, self.label = found.get('name'), variable, found.get('name') or label
        self.reason, self.owner, self.when, self.override = found['reason'], found['owner'], found['when'], found['override']
        self.family = found['family']
        self.items = self._made(self._ports, found, tuple(found['protocol'] or protocols)) or []
        self.namespace = holders.Globs([found['namespace']]) if found['namespace'] else None
        self.conditions = [(option, holders.Globs(found[option])) for option in holders.HOLDER if found[option]]
        self.service = holders.Globs(found['service']) if found['service'] else None
        self.bind = self._made(holders.Bind, found['bind'], 'bind') if found['bind'] else None
        self.where = self._made(Expression, found['where'], 'where') if found['where'] is not None else None
        self.who = {option: ' or '.join(found[option]) for option in WHO if found[option]}
        self.bound = found['bind']
        self.narrow = bool(self.family or self.namespace or self.where)
        if any(globs.kernel and len(globs.values) == 1 for option, globs in self.conditions if option == 'process') and len(self.who) > 1:
            self.faults.append(Refused('a listener of the kernel has no %s' % ', '.join(sorted(set(self.who) - {'process'})), 'process'))

    def _made(self, make, *arguments):
        try:
            return make(*arguments)
        except Refused as exc:
            self.faults.append(exc)
            return None

    @staticmethod
    def _ports(found, protocols):
        if found['port'] is not None and found['ports'] is not None:
            raise Refused('port and ports are given: one of them is enough', 'ports')
        option = 'ports' if found['ports'] is not None else 'port'
        return [] if found[option] is None else ports.items(found[option], option, protocols)

    def speaks_of(self, listener, item_fits, unobserved):
        """Whether it speaks of a listener, whoever holds it.

        :param item_fits: bool, whether one of its ports is that of the listener.
        """
        if not item_fits:
            return False
        namespace = listener['namespace']
        if self.namespace.fit(namespace) is not True if self.namespace else namespace is not None:
            return False
        if self.family and listener['accepts_' + self.family] is not True:
            return None if listener['accepts_' + self.family] is None else False
        return True if self.where is None else self.where.of(listener, unobserved)

    def held(self, listener, complete):
        """Whether every holder is one that it names."""
        found = holders.holders(self.conditions, listener, complete) if self.conditions else True
        if self.service and found is not False:
            return both((found, holders.service(self.service, listener, complete)))
        return found

    def bound_well(self, listener, complete):
        """Whether it is bound where it says."""
        return True if self.bind is None else self.bind.holds(listener, complete)

    def item_of(self, listener):
        """The first of its items that is the port of a listener, or None."""
        for item in self.items:
            if item.low <= listener['port'] <= item.high and item.protocol == listener['protocol']:
                return item
        return None


class Entry(Condition):
    """An entry.

    :ivar sources: Sources of ``clients`` or ``only_from``, or None; ``clients`` tells which.
    """

    def __init__(self, raw, variable, label):
        found, faults = values.read(raw, options.ENTRY)
        if not found:
            self.faults, self.name = faults, None
            return
        self.state = found['state']
        super().__init__(found, variable, label, options.PROTOCOLS if self.state == 'forbidden' else ('tcp',))
        self.faults = faults + self.faults
        self.need, self.severity = found['need'], found['severity']
        self.clients = found['clients'] is not None
        limits = found['clients'] or found['only_from']
        self.sources = self._made(Sources, limits, 'clients' if self.clients else 'only_from') if limits else None
        self.ensure = self._made(Expression, found['ensure'], 'ensure') if found['ensure'] is not None else None
        self.via = holders.Globs(found['via']) if found['via'] else None
        self.limited = bool(self.ensure or self.sources or self.via)
        if not faults:
            self.faults += self._contradictions(found)

    def _contradictions(self, found):
        if found['port'] is None and found['ports'] is None:
            yield Refused('is missing: port or ports say what the entry speaks of (any: every port)', 'port')
        if found['clients'] and found['only_from']:
            yield Refused('clients and only_from are given: clients says already that nobody else may reach it', 'only_from')
        if self.need and self.state in ('forbidden', 'ignored'):
            yield Refused('does not go with state %s' % self.state, 'need')
        most = sum(item.high - item.low + 1 for item in self.items)
        if self.need and self.items and self.need > most:
            yield Refused('%d are needed, and there are %d' % (self.need, most), 'need')
        if self.override and not self.name:
            yield Refused('an entry without a name takes the place of none', 'override')

    @property
    def conditional(self):
        """Whether it speaks of some of the listeners on its ports alone."""
        return any((self.who, self.bind, self.where, self.family, self.namespace, self.sources, self.ensure, self.via))

    def limits(self, listener, unobserved):
        """Whether all of its limits hold; yields pairs of the limit's name and True, False or None."""
        if self.ensure:
            yield 'ensure', self.ensure.of(listener, unobserved)
        if self.sources:
            yield 'clients' if self.clients else 'only_from', reach.upper(self.sources, listener)
        if self.via:
            yield 'via', reach.via(self.via, listener)


class Waiver(Condition):
    """A waiver.

    :ivar expires: datetime.date, or None for never.
    """

    def __init__(self, raw, variable, label):
        found, faults = values.read(raw, options.WAIVER)
        if not found:
            self.faults, self.name = faults, None
            return
        super().__init__(found, variable, label, options.PROTOCOLS)
        self.faults = faults + self.faults
        self.entry = holders.Globs(found['entry']) if found['entry'] else None
        self.kinds = tuple(found['kinds'] or options.VIOLATIONS)
        self.expires = None if found['expires'] == values.NEVER else found['expires']
        if not faults and not any((self.entry, self.items, self.conditions, self.service, self.bind, self.where, self.namespace)):
            self.faults.append(Refused('says of nothing what it waives: give entry, port or who holds it', 'entry'))
        if self.override and not self.name:
            self.faults.append(Refused('a waiver without a name takes the place of none', 'override'))
