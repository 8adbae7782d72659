# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exposure in the words of facts: sets of addresses as networks, ways as verdicts.

All sets are told ones, see ``crowds`` of the evaluator: what is in very long sets is told by the name of the set.
"""

import heapq
from copy import copy
from collections import namedtuple

from ..._addresses import intervals as iv, networks
from ..evaluate.crowds import NONE, plain
from .way_in import IMPOSSIBLE, disjoint, level, shortened

MOST_NETWORKS = 200             # of a family, in one list of a result
MOST_REASONS = 30               # and caveats, the same
MOST_PARTS, MOST_ADDRESSES = 100, 100       # paths for some addresses of the host, and addresses of such a path
MOST_SETS = 20                  # parts of long sets, in one list of a result
MOST_KEPT = 4000000             # characters of the addresses of long sets, all together
SETS = ('allowed_sets', 'except_sets')      # in results that have parts of long sets
TOO_MANY = 'there are too many networks to list them all'
EVERYONE = dict(zip(networks.FAMILIES, networks.ANYONE))


def unknown(families, reason):
    """dict: the exposure of what could not be judged.

    :param families: list of 4 and 6.
    """
    return {'verdict': 'unknown', 'level': 'unknown', 'allowed': [], 'decided_by': None, 'blocked_by': None,
            'caveats': [], 'paths': [],
            'undecided': [{'sources': [EVERYONE[family] for family in families], 'reason': reason}]}


class Listed(namedtuple('Listed', 'networks sets exceptions rest')):
    """A set in the words of facts: networks and parts of long sets, without the parts that are exceptions.

    :ivar networks: list of str; sets, exceptions: list of dict, see ``Kept.part``.
    :ivar rest: set, what of it is left out.
    """


class Kept:
    """The addresses of the parts of long sets that are told by name, each once.

    :ivar texts: dict, key to the text of a set, see ``intervals.text``.
    """

    def __init__(self):
        self.texts = {}
        self._keys, self._size = {}, 0

    def part(self, family, crowd):
        """dict: a Crowd, with the key of its addresses; None if there is no room for them."""
        if id(crowd) not in self._keys:
            text = iv.text(crowd.members, family) if len(crowd.members) < MOST_KEPT // 8 else None
            key = None
            if text and self._size + len(text) <= MOST_KEPT:
                key = '%s-%d' % (networks.FAMILIES[family], len(self.texts) + 1)
                self.texts[key] = text
                self._size += len(text)
            self._keys[id(crowd)] = key, crowd
        key = self._keys[id(crowd)][0]
        return key and {'set': shortened(' and '.join(crowd.names)) or None, 'family': networks.FAMILIES[family],
                        'elements': crowd.count, 'key': key}


class Describer:
    """Describes sets and ways of one host.

    :param own: dict, family to the set of the host's addresses.
    :param crowds: dict, family to Crowds.
    :ivar never: dict, family to the set of addresses that no packet comes from.
    :ivar kept: Kept.
    """

    def __init__(self, own, crowds=NONE):
        self._own, self._crowds, self.kept = own, crowds, Kept()
        self.never = {family: crowds[family].told(iv.union(IMPOSSIBLE[family], mine)) for family, mine in own.items()}
        self._listed, self._described = {}, {}

    def is_whole(self, family, allowed, possible):
        """Return whether everybody who can send is let in."""
        rest = iv.minus(possible, allowed)
        return not rest or not self._crowds[family].trimmed(iv.minus(rest, self.never[family]))

    def networks(self, told, family):
        """List the networks in a set, the largest if they are many.

        :returns: tuple of list of str, and a set with all that is left out; of parts of long sets, that is all.
        """
        key = family, told
        if key not in self._listed:
            spans, rest = plain(told), iv.EMPTY
            texts, is_all = _largest(self._filled(spans, family), family)
            if not is_all:
                rest = iv.minus(spans, iv.merged(iv.parse(text)[1][0] for text in texts))
            members = [crowd.members for crowd in self._crowds[family].within(told)]
            self._listed[key] = texts, _widened(iv.united([rest, *members]), family)
        return self._listed[key]

    def listed(self, told, family):
        """``Listed``: networks, and parts of long sets where these are kept, else the networks in them."""
        crowds = self._crowds[family]
        inside, outside = crowds.within(told), crowds.outside(told)
        if len(inside) <= MOST_SETS and len(outside) <= MOST_SETS:
            parts = [[self.kept.part(family, crowd) for crowd in some] for some in (inside, outside)]
            if all(parts[0] + parts[1]):
                texts, rest = self.networks(plain(told), family)
                return Listed(texts, parts[0], parts[1], rest)
        texts, rest = self.networks(crowds.real(told), family)
        return Listed(texts, [], [], rest)

    def _filled(self, spans, family):
        """The set, with addresses of the host if all around them is in it.

        No packet comes from them, and a network without them is many.
        """
        holes = [(low, high) for low, high in self._own[family]
                 if iv.contains(spans, low - 1) and iv.contains(spans, high + 1)]
        return iv.union(spans, iv.merged(holes)) if holes else spans

    def exposure(self, ways, local=False):
        """dict: the exposure that these ways make up.

        :param ways: list of Way.
        :param local: bool, the host itself reaches it in any case.
        """
        key = tuple(id(way) for way in ways), local
        if key not in self._described:
            self._described[key] = self._exposure(ways, local), ways      # which keeps the ids of these taken
        return dict(self._described[key][0])

    def _exposure(self, ways, local):
        merged, blockers, more = {}, [], set()
        is_split = sum(len(way.parts) for way in ways) <= MOST_PARTS
        if not is_split:
            more.add('some addresses of the host are reached by others than the rest, too many to list their paths')
        for way in ways:
            blockers.append(self._blocker(way))
            for part in is_split and way.parts or (way,):
                blocked_by = blockers[-1][1] if part is way else self._blocker(part)[1]
                key = (part.family, part.allowed, part.undecided, part.possible, part.decided_by, blocked_by,
                       part.caveats, part.addresses)
                merged.setdefault(key, []).extend(part.interfaces)
                if len(part.addresses or ()) > MOST_ADDRESSES:
                    more.add('of paths with many addresses of the host, %d of these are listed' % MOST_ADDRESSES)
        paths, allowed, possible, undecided = [], {}, {}, {}
        for (family, some, unsure, sources, decided_by, blocked_by, caveats, addresses), names in merged.items():
            paths.append(dict(
                self._lists({family: some}, {family: unsure}, {family: sources}), interfaces=sorted(names),
                addresses=addresses if addresses is None else list(addresses[:MOST_ADDRESSES]),
                family=networks.FAMILIES[family], decided_by=decided_by, blocked_by=blocked_by,
                caveats=list(caveats[:MOST_REASONS])))
            allowed[family] = iv.union(allowed.get(family, ()), some)
            possible[family] = iv.union(possible.get(family, ()), sources)
            undecided.setdefault(family, []).extend(unsure)
        undecided = {family: tuple(disjoint(pairs, allowed[family])) for family, pairs in undecided.items()}
        if len(paths) == 1:
            names = ('verdict', 'allowed', 'undecided') + SETS
            result = {name: copy(paths[0][name]) for name in names if name in paths[0]}
        else:
            result = self._lists(allowed, undecided, possible)
        deciding = [way for way in ways if way.allowed] or ways
        deciding = [way for way in deciding if way.decided_by]
        result.update(
            level=self._level(allowed, undecided, local),
            decided_by=max(deciding, key=lambda way: iv.size(way.allowed)).decided_by if deciding else None,
            blocked_by=max((blocker for blocker in blockers if blocker[1]), default=(0, None))[1],
            caveats=sorted(more.union(text for way in ways for text in way.caveats))[:MOST_REASONS], paths=paths)
        return result

    def _blocker(self, way):
        """Find how large a part of all addresses is kept out, and the text of the rule that does it, or None."""
        blocked = way.blocked(self.never[way.family])
        return iv.size(blocked) / iv.LAST[way.family], shortened(way.outcome.blocked_by) if blocked else None

    def _lists(self, allowed, undecided, possible):
        """dict: verdict, and sets as text."""
        result, reasons = {'allowed': [], 'allowed_sets': [], 'except_sets': []}, {}
        for family, spans in allowed.items():
            listed = self.listed(spans, family)
            result['allowed'] += listed.networks
            result['allowed_sets'] += listed.sets
            result['except_sets'] += listed.exceptions
            if listed.rest:
                reasons.setdefault(TOO_MANY, []).extend(self.networks(listed.rest, family)[0])
        for family, pairs in undecided.items():
            for spans, reason in pairs:
                listed, rest = self.networks(spans, family)
                too_many = len(reasons) >= MOST_REASONS
                known = reasons.setdefault('there are too many reasons to list them all' if too_many else reason, [])
                known.extend(listed + self.networks(rest, family)[0] if rest else listed)
        for reason, sources in reasons.items():
            if len(sources) > 4 * MOST_NETWORKS:
                reasons[reason] = [EVERYONE[family] for family in undecided]
        if not any(allowed.values()):
            verdict = 'unknown' if any(undecided.values()) else 'blocked'
        else:
            whole = all(self.is_whole(family, spans, possible[family]) for family, spans in allowed.items())
            verdict = 'allowed' if whole else 'partly'
        for name in SETS:
            if not result[name]:
                del result[name]
        return dict(result, verdict=verdict, undecided=[
            {'sources': sources, 'reason': reason} for reason, sources in reasons.items()])

    def _level(self, allowed, undecided, local):
        lowest = highest = level(allowed, self._crowds)
        if any(undecided.values()):
            highest = level({family: iv.union(allowed[family], iv.united([spans for spans, dummy in pairs]))
                             for family, pairs in undecided.items()}, self._crowds)
        if lowest != highest:
            return 'unknown'
        return 'local' if local and lowest == 'none' else lowest


def _largest(spans, family):
    """List the largest networks of a set: tuple of list of str, and whether these are all."""
    is_long = len(spans) > MOST_NETWORKS
    if is_long:
        spans = heapq.nlargest(MOST_NETWORKS, spans, key=lambda span: span[1] - span[0])
    texts = iv.networks(spans, family)
    if len(texts) <= MOST_NETWORKS and not is_long:
        return texts, True
    return sorted(texts, key=lambda text: int(text.rpartition('/')[2]))[:MOST_NETWORKS], False


def _widened(spans, family):
    """A set of few networks with all that is in another one."""
    bits = 0
    while len(spans) > MOST_NETWORKS // 8 or len(iv.networks(spans, family)) > MOST_NETWORKS:
        bits += 4
        rest = (1 << bits) - 1
        spans = iv.merged({(low & ~rest, high | rest) for low, high in spans})
    return spans
