# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains, rules and sets, as all kinds of rulesets are read into them, and how a value of a packet meets a set.

What a rule does is in ``operations``. A value of a packet is a number or str, or one of ABSENT, UNKNOWN, NOWHERE,
SOURCE, CLIENT, Some, By, Bits below.
"""

from ..._addresses import intervals as iv

ABSENT = type('Absent', (), {})()       # the packet has no such header: no rule about it matches, negated or not
CLIENT = type('Client', (), {})()       # the port of the client, which State.client holds
UNKNOWN = type('Unknown', (), {})()     # can be anything
MAYBE = type('Maybe', (), {})()         # can be anything, or ABSENT
NOWHERE = type('Nowhere', (), {})()     # no such device here: equal to none; whether unequal depends on the kernel
SOURCE = type('Source', (), {})()       # the address of the client: the set of them is what is evaluated
MOST_ELEMENTS = 500000                  # of all sets and maps of a ruleset
NAMED = 64                              # sets of more addresses than these are told by their name


class Some:
    """One of these values."""

    def __init__(self, values):
        self.values = tuple(values)


class By:
    """A value that depends on the client: list of (set of clients, value); others have UNKNOWN."""

    def __init__(self, parts):
        self.parts = parts


class Usual:
    """A number that the client chooses: of clients that do nothing odd, one of these.

    :ivar spans: the set; caveat: str, what is assumed.
    """

    def __init__(self, spans, caveat):
        self.spans, self.caveat = spans, caveat

    def passes(self, test):
        """Return whether an usual number passes a test of numbers: bool, or None if some do, or if no odd one differs.

        :param test: Numbers.
        """
        inside = iv.isect(self.spans, test.spans)
        return None if inside and inside != self.spans else bool(inside)


class Bits:
    """A number of which some bits are not known."""

    def __init__(self, value, unknown):
        self.value, self.unknown = value, unknown


class Chain:
    """A chain; a base chain has a hook.

    :ivar backend: str, ``nft`` or ``legacy``; of base chains with equal priority the later of one table runs first.
    :ivar family: str, ``ip``, ``ip6``, ``inet``, ``netdev``, ``bridge``.
    :ivar devices: list of str, of the ingress hook of netdev tables.
    """

    def __init__(
            self, family, table, name, backend='nft', hook=None, kind=None, priority=0, policy='accept', devices=()):
        self.family, self.table, self.name, self.backend = family, table, name, backend
        self.hook, self.kind, self.priority, self.policy, self.devices = hook, kind, priority, policy, devices
        self.rules = []
        self.indexes = {}

    @property
    def text(self):
        if self.backend == 'legacy':
            return 'chain %s %s %s' % ({'ip': 'iptables', 'ip6': 'ip6tables'}[self.family], self.table, self.name)
        return 'chain %s %s %s' % (self.family, self.table, self.name)


class Rule:
    """A rule: its operations, and what ``wording.of`` makes its text of.

    :ivar where: str, ``nftables inet filter input handle 12`` or ``iptables filter INPUT 3``.
    :ivar source: list (expressions as nft prints them) or str (line of iptables-save).
    :ivar ops: list of Operation.
    :ivar text: str or None, what ``wording.of`` has made of them.
    """

    __slots__ = ('where', 'source', 'ops', 'text')

    def __init__(self, where, source, ops):
        self.where, self.source, self.ops, self.text = where, source, ops, None


class TooManyError(Exception):
    """There are more elements than a ruleset may have; the message says where."""


class Ruleset:
    """All base chains, and what is to be known about the rest.

    :ivar bases: list of Chain.
    :ivar named: list of (family, name, set of its addresses, how many elements), of the sets that have very many.
    :ivar doubts: list of str, why nothing can be decided (a backend could not be read).
    """

    def __init__(self):
        self.bases, self.named, self.doubts, self.count = [], [], [], 0
        self._taken, self._elements = {}, 0

    def take(self, elements, what):
        """Take the elements of one more set or map.

        :param elements: list; what: str, what has them.
        :raises TooManyError: with those before, they are more than a ruleset may have.
        """
        if id(elements) in self._taken:
            return
        if self._elements + len(elements) > MOST_ELEMENTS:
            raise TooManyError('%s: of more than %d elements of sets, the rest' % (what, MOST_ELEMENTS))
        self._taken[id(elements)] = elements        # which keeps its id taken
        self._elements += len(elements)

    def name(self, family, name, spans, count):
        """Note the addresses of a set, if they are so many that they are better told by its name."""
        if len(spans) > NAMED:
            self.named.append((family, name, spans, count))


class Numbers:
    """Test: the number is in a set.

    :ivar spans: the set, see ``intervals``.
    """

    def __init__(self, spans):
        self.spans = spans

    def scalar(self, value):
        if isinstance(value, int):
            return iv.contains(self.spans, value)
        return Masked(2 ** 32 - 1, self.spans).scalar(value) if isinstance(value, Bits) else None

    def source(self, universe):
        crowds = universe.crowds
        must = iv.isect(crowds.told(self.spans), universe)
        return (iv.isect(crowds.touched(self.spans), universe) if crowds else must), must


class Names:
    """Test: the name is one of these, or begins with one of these."""

    def __init__(self, patterns):
        self.exact = frozenset(p for p in patterns if not p.endswith('*'))
        self.starts = tuple(p[:-1] for p in patterns if p.endswith('*'))

    def scalar(self, value):
        return value in self.exact or value.startswith(self.starts) if isinstance(value, str) else None


class Masked:
    """Test: what is left under a mask is in a set."""

    def __init__(self, mask, spans):
        self.mask, self.spans = mask, spans

    def scalar(self, value):
        if isinstance(value, int):
            return iv.contains(self.spans, value & self.mask)
        if isinstance(value, Bits):
            if not value.unknown & self.mask:
                return iv.contains(self.spans, value.value & self.mask)
            known = self.mask & ~value.unknown
            if all(low == high and (low ^ value.value) & known for low, high in self.spans):
                return False
        return None


class AnyBit:
    """Test: at least one of these bits is set."""

    def __init__(self, mask):
        self.mask = mask

    def scalar(self, value):
        if isinstance(value, int):
            return bool(value & self.mask)
        if isinstance(value, Bits):
            return True if value.value & self.mask & ~value.unknown else None if value.unknown & self.mask else False
        return None


class Table:
    """Test of one or several fields: elements with data (None in sets).

    An element has for each field a span of numbers or a pattern of names (str); what is exact is found by its key.
    """

    def __init__(self, elements, default=None):
        self.elements = elements
        self.default = default          # data of all that is not in the table (``*``), or None
        self._exact = self._ranges = None
        self._groups = {}

    def values(self):
        """Return a list of the data of all elements, and of all other packets."""
        data = [data for dummy, data in self.elements]
        return data if self.default is None else data + [self.default]

    def _split(self):
        self._exact, self._ranges = {}, []
        for tests, data in self.elements:
            key = tuple(_single(test) for test in tests)
            if None in key:
                self._ranges.append((tests, data))
            else:
                self._exact.setdefault(key, data)

    def sets(self, at):
        """Yield the sets of numbers that are told apart by field number ``at``."""
        groups, others = self._by_rest(at)
        for by_data in groups.values():
            yield from by_data.values()
        for tests, dummy in others:
            if not isinstance(tests[at], str):
                yield (tests[at],)

    def _by_rest(self, at):
        """Group exact elements by all their fields but number ``at``.

        :returns: tuple of {other values: {data: spans at ``at``}}, and a list of the elements that are not exact.
        """
        if at not in self._groups:
            groups, others = {}, []
            for tests, data in self.elements:
                rest = tuple(_single(test) for position, test in enumerate(tests) if position != at)
                if None in rest or isinstance(tests[at], str):
                    others.append((tests, data))
                else:
                    groups.setdefault(rest, {}).setdefault(data, []).append(tests[at])
            for by_data in groups.values():
                for data in by_data:
                    by_data[data] = iv.merged(by_data[data])
            self._groups[at] = groups, others
        return self._groups[at]

    def matching(self, values, universe):
        """Yield (may, must, data) for elements that these values can meet."""
        if self._exact is None:
            self._split()
        at = [position for position, value in enumerate(values) if not isinstance(value, (int, str))]
        if not at:
            if values in self._exact:
                yield universe, universe, self._exact[values]
                return
            elements = self._ranges
        elif len(at) == 1 and values[at[0]] is SOURCE:
            groups, elements = self._by_rest(at[0])
            rest = tuple(value for value in values if value is not SOURCE)
            for data, spans in groups.get(rest, {}).items():
                yield Numbers(spans).source(universe) + (data,)
        else:
            elements = self.elements
        for tests, data in elements:
            may = must = universe
            for test, value in zip(tests, values):
                upper, lower = judge(_test(test), value, universe)
                may, must = iv.isect(may, upper), iv.isect(must, lower)
                if not may:
                    break
            else:
                yield may, must, data


def _single(test):
    if isinstance(test, str):
        return None if test.endswith('*') else test
    return test[0] if test[0] == test[1] else None


def _test(test):
    return Names([test]) if isinstance(test, str) else Numbers((test,))


def judge(test, value, universe):
    """Find who passes a test of one field: (may, must), the clients that can, and those that surely do."""
    if value is SOURCE:
        return test.source(universe) if hasattr(test, 'source') else (universe, iv.EMPTY)
    if isinstance(value, By):
        may = must = iv.EMPTY
        rest = universe
        crowds = universe.crowds
        for spans, part in value.parts:
            upper, lower = judge(test, part, universe)
            surely = crowds.told(spans)
            may = iv.union(may, iv.isect(crowds.touched(spans), upper))
            must = iv.union(must, iv.isect(surely, lower))
            rest = iv.minus(rest, surely)
        return iv.union(may, rest), must
    answer = scalar(test, value)
    return (universe if answer is not False else iv.EMPTY), (universe if answer else iv.EMPTY)


def scalar(test, value):
    """Return whether a value that does not depend on the client passes a test: bool, or None if it cannot be known."""
    if isinstance(value, Some):
        answers = {test.scalar(single) for single in value.values}
        return answers.pop() if len(answers) == 1 else None
    return test.scalar(value)
