# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Very long sets of addresses, of which the evaluator carries a few numbers.

A set of a country's networks, or a list of who is kept out, has many thousands of spans, and each of thousands of
rules would part it again. So all addresses of such sets are told apart by which sets of rules and routes they are in:
those that are in the same ones are a *crowd*. Nothing that is decided differs within a crowd.

A crowd is a span of numbers above all addresses, as long as it has addresses. A *told* set has the numbers of the
crowds in it, and addresses as if nobody were of a crowd: what it says of the address of a member counts for nothing.
``real`` turns it into the set that is meant. Sets are told exactly or not at all: ``told`` has those crowds that are
wholly in a set, ``touched`` also those of which a part is, and both are the same of every set that the crowds know.
"""

import bisect
import random

from ..._addresses import intervals as iv
from ..ruleset.model import Numbers, Table
from ..ruleset.operations import led_to

LONG = 64                   # a set of more spans than these is one of crowds
MOST_ROUTES = 10000         # that crowds know
_FIRST = 2 ** 140           # number, above all addresses


class Crowd:
    """Addresses of long sets that no rule and no route tells from each other.

    :ivar number: (low, high), what stands for it in told sets.
    :ivar members: set of addresses.
    :ivar names: list of str, the sets of rules that it is in; it may be in some that have no name.
    :ivar count: int, how many elements it has, of those that the rules list where it is all of a set; 0 where it is but
        a part of one.
    """

    def __init__(self, low, members):
        self.number = (low, low + iv.size(members) - 1)
        self.members = members
        self.names, self.count = [], len(members)


class Told(tuple):
    """A told set that knows the crowds: that of all clients.

    :ivar crowds: Crowds.
    """


class Crowds:
    """The crowds of one family.

    :param family: 4 or 6.
    :param known: list of sets, all that rules and routes tell from the rest.
    :param named: see ``Ruleset.named``.
    :ivar everyone: Told, the set of all clients.
    """

    def __init__(self, family, known, named):
        long = {id(spans): spans for spans in known if len(spans) > LONG}
        self._family = family
        self._members, self._crowds, self._told, self._real = iv.EMPTY, [], {}, {}
        self._others, self._size = iv.EMPTY, 0
        if long:
            self._members = iv.united(list(long.values()))
            self._others, self._size = iv.complement(self._members), iv.size(self._members)
            self._find({spans if len(spans) <= LONG else id(spans): spans for spans in known}.values())
            self._name([(name, spans, count) for of_family, name, spans, count in named if of_family == family])
        self._firsts = sorted((crowd.members[0][0], position) for position, crowd in enumerate(self._crowds))
        self._starts = [crowd.number[0] for crowd in self._crowds]
        self._known = {_key(spans): spans for spans in known}
        self.everyone = Told(iv.full(family) + iv.merged(crowd.number for crowd in self._crowds))
        self.everyone.crowds = self

    def __bool__(self):
        return bool(self._crowds)

    def _find(self, known):
        """Part the members by the sets that they are in."""
        edges = {}
        for spans in known:
            mine = random.getrandbits(64)
            for low, high in iv.isect(spans, self._members) if len(spans) <= LONG else spans:
                edges[low] = edges.get(low, 0) ^ mine
                edges[high + 1] = edges.get(high + 1, 0) ^ mine
        alike, total, last = {}, 0, 0
        for start in sorted(edges):
            if total:
                alike.setdefault(total, []).append((last, start - 1))
            total ^= edges[start]
            last = start
        low = _FIRST
        for members in alike.values():
            self._crowds.append(Crowd(low, iv.merged(members)))
            low = self._crowds[-1].number[1] + 1

    def _name(self, named):
        """Give the crowds the names of the sets that they are in; each element of a set is in the crowd of its first.

        :param named: list of (name, set, how many elements the rules list).
        """
        starts = sorted((low, position) for position, crowd in enumerate(self._crowds) for low, dummy in crowd.members)
        lows = [low for low, dummy in starts]
        for name, spans, count in named:
            counts = {}
            for low, dummy in spans:
                position = starts[bisect.bisect(lows, low) - 1][1]
                counts[position] = counts.get(position, 0) + 1
            for position, crowd in enumerate(self._crowds):
                if iv.contains(spans, crowd.members[0][0]) and name not in crowd.names:
                    if not crowd.names:
                        crowd.count = count if len(counts) == 1 else counts.get(position, 0)
                    crowd.names.append(name)

    def told(self, spans):
        """The told set of a set of addresses: with the crowds that are wholly in it."""
        return self._tell(spans)[0] if self._crowds else spans

    def touched(self, spans):
        """The same, with the crowds of which any part is in it."""
        return self._tell(spans)[1] if self._crowds else spans

    def _tell(self, spans):
        key = _key(spans)
        if key not in self._told:
            inside, touching = [], []
            if key in self._known:
                if len(spans) > len(self._crowds):
                    inside = [crowd.number for crowd in self._crowds if iv.contains(spans, crowd.members[0][0])]
                for low, high in spans if len(spans) <= len(self._crowds) else ():
                    first, end = bisect.bisect(self._firsts, (low, -1)), bisect.bisect(self._firsts, (high + 1, -1))
                    inside += [self._crowds[position].number for dummy, position in self._firsts[first:end]]
                touching = inside
            else:
                near = iv.isect(spans, self._members)
                for crowd in self._crowds if near else ():
                    common = iv.isect(crowd.members, near)
                    if common:
                        touching.append(crowd.number)
                        if common == crowd.members:
                            inside.append(crowd.number)
            alone = spans if len(spans) <= LONG else iv.isect(spans, self._others)
            told = iv.union(alone, iv.merged(inside))
            touched = told if touching == inside else iv.union(alone, iv.merged(touching))
            self._told[key] = told, touched, spans      # which keeps its id taken
        return self._told[key][:2]

    def within(self, told):
        """List the crowds of a told set, each a Crowd."""
        result = []
        for low, high in told[bisect.bisect(told, (_FIRST,)):]:
            first = bisect.bisect(self._starts, low) - 1
            result += self._crowds[first:bisect.bisect(self._starts, high)]
        return result

    def outside(self, told):
        """List the crowds of whose members a told set has addresses, and that are not in it."""
        if not self._crowds:
            return []
        within, spans = set(map(id, self.within(told))), plain(told)
        return [crowd for crowd in self._crowds if id(crowd) not in within and _meet(crowd.members, spans)]

    def real(self, told):
        """The set of addresses that a told set means."""
        if not self._crowds or not told:
            return told
        key = _key(told)
        if key not in self._real:
            members = [crowd.members for crowd in self.within(told)]
            self._real[key] = iv.united([iv.isect(plain(told), self._others), *members]), told
        return self._real[key][0]

    def trimmed(self, told):
        """The same set, without addresses that are all of members: it is empty if nobody is meant."""
        if not self._crowds or not told or len(told) > LONG:
            return told
        return tuple([span for span in told if span[0] >= _FIRST or not _covers(self._members, span)])

    def beyond(self, told, spans):
        """Return whether a told set means anybody outside of a set of addresses."""
        return bool(self.trimmed(iv.minus(told, self.told(spans))))

    def is_most(self, told, spans):
        """Return whether a told set means more than half of the addresses of a set."""
        half, common = iv.size(spans) / 2, iv.size(iv.isect(plain(told), spans))
        more = sum([crowd.number[1] - crowd.number[0] + 1 for crowd in self.within(told)])
        if common - self._size > half or common + more <= half:
            return common - self._size > half       # it makes no difference where the members are
        return iv.size(iv.isect(self.real(told), spans)) > half


def plain(told):
    """What a told set has beside crowds."""
    return told if not told or told[-1][0] < _FIRST else tuple(told[:bisect.bisect(told, (_FIRST,))])


NONE = {family: Crowds(family, (), ()) for family in (4, 6)}     # where no set is long


def _meet(members, spans):
    """Return whether two sets, of which the second has few spans, have an address in common."""
    for low, high in spans:
        position = bisect.bisect(members, (high, iv.LAST[6])) - 1
        if position >= 0 and members[position][1] >= low:
            return True
    return False


def _covers(members, span):
    position = bisect.bisect(members, (span[0], iv.LAST[6])) - 1
    return position >= 0 and members[position][1] >= span[1]


def of(ruleset, net):
    """dict, family to the ``Crowds`` of a ruleset, which know all that its rules and the routes of a host tell apart.

    :param net: dict, ``net`` of the snapshot.
    """
    known = _of_rules(ruleset.bases)
    return {family: Crowds(family, some + _of_host(net, family), ruleset.named)
            if any(len(spans) > LONG for spans in some) else NONE[family] for family, some in known.items()}


def _of_rules(bases):
    """dict, family to the sets of addresses that rules ask about."""
    result = {4: [], 6: []}
    for op in led_to(bases):
        for fields, asked, dummy in op.tests():
            for position, name in enumerate(fields):
                if name[-5:] in ('addr4', 'addr6'):
                    test = getattr(asked, 'inner', asked)       # of a set that rules change
                    if isinstance(test, Numbers):
                        result[int(name[-1])].append(test.spans)
                    elif isinstance(test, Table):
                        result[int(name[-1])].extend(test.sets(position))
    return result


def _of_host(net, family):
    """List the networks of a host's addresses and routes, and those that are known to everybody."""
    from ..._addresses import networks
    texts = [text for some in (net.get('addresses') or {}).values() for text in some]
    texts += [text.partition('/')[0] for text in texts]
    routes = [route['to'] for route in net.get('routes') or () if '/' in route['to']]
    routes += [to for to, dummy, dummy2 in net.get('local') or ()]
    routes += [to for some in (net.get('sources') or {}).values() for to, dummy in some]
    routes += [policy[end] for policy in net.get('ipsec') or () for end in ('source', 'target')]
    if len(routes) <= MOST_ROUTES:      # else what they tell apart may part a crowd, of which nothing is sure then
        texts += routes
    result = {iv.parse(text)[1] for text in texts if (':' in text) == (family == 6)}
    # the first and the last of a network are special
    result |= {((number,) * 2,) for ((low, high),) in result for number in (low, high)}
    every = (networks.ANYONE, networks.LOOPBACK, networks.LINK, networks.PRIVATE, networks.IMPOSSIBLE,
             networks.MULTICAST, networks.GLOBAL6)
    return [*result, *(networks.sets(kind)[family] for kind in every)]


def _key(spans):
    """What a set has in common with those that are the same: of a long one, that it is this very object."""
    return spans if len(spans) <= LONG else id(spans)
