# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exposure in the words of facts: sets of addresses as networks, ways as verdicts."""

import heapq

from ..._addresses import intervals as iv, networks
from .way_in import IMPOSSIBLE, disjoint, level, shortened

MOST_NETWORKS = 200             # of a family, in one list of a result
MOST_REASONS = 30               # and caveats, the same
MOST_PARTS, MOST_ADDRESSES = 100, 100       # paths for some addresses of the host, and addresses of such a path
EVERYONE = dict(zip(networks.FAMILIES, networks.ANYONE))


def unknown(families, reason):
    """dict: the exposure of what could not be judged.

    :param families: list of 4 and 6.
    """
    return {'verdict': 'unknown', 'level': 'unknown', 'allowed': [], 'decided_by': None, 'blocked_by': None,
            'caveats': [], 'paths': [],
            'undecided': [{'sources': [EVERYONE[family] for family in families], 'reason': reason}]}


class Describer:
    """Describes sets and ways of one host.

    :param own: dict, family to the set of the host's addresses.
    :ivar never: dict, family to the set of addresses that no packet comes from.
    """

    def __init__(self, own):
        self._own = own
        self.never = {family: iv.union(IMPOSSIBLE[family], mine) for family, mine in own.items()}
        self._texts, self._described = {}, {}

    def is_whole(self, family, allowed, possible):
        """Return whether everybody who can send is let in."""
        rest = iv.minus(possible, allowed)
        return not rest or not iv.minus(rest, self.never[family])

    def networks(self, spans, family):
        """List the networks in a set, the largest if they are many.

        :returns: tuple of list of str, and a set with all that is left out.
        """
        key = family, spans
        if key not in self._texts:
            self._texts[key] = self._networks(self._filled(spans, family), family)
        return self._texts[key]

    @staticmethod
    def _networks(spans, family):
        chosen, rest = spans, iv.EMPTY
        if len(spans) > MOST_NETWORKS:
            chosen = heapq.nlargest(MOST_NETWORKS, spans, key=lambda span: span[1] - span[0])
        texts = iv.networks(chosen, family)
        if len(texts) > MOST_NETWORKS or chosen is not spans:
            texts = sorted(texts, key=lambda text: int(text.rpartition('/')[2]))[:MOST_NETWORKS]
            rest, bits = iv.minus(spans, iv.merged(iv.parse(text)[1][0] for text in texts)), 0
            while len(rest) > MOST_NETWORKS // 8 or len(iv.networks(rest, family)) > MOST_NETWORKS:
                bits += 4
                rest = iv.merged((low >> bits << bits, (high >> bits << bits) + (1 << bits) - 1) for low, high in rest)
        return texts, rest

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
            result = {'verdict': paths[0]['verdict'], 'allowed': list(paths[0]['allowed']),
                      'undecided': list(paths[0]['undecided'])}
        else:
            result = self._lists(allowed, undecided, possible)
        deciding = [way for way in ways if way.allowed] or ways
        deciding = [way for way in deciding if way.decided_by]
        result.update(
            level=_level(allowed, undecided, local),
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
        texts, reasons = [], {}
        for family, spans in allowed.items():
            listed, rest = self.networks(spans, family)
            texts += listed
            if rest:
                reason = 'there are too many networks to list them all'
                reasons.setdefault(reason, []).extend(self.networks(rest, family)[0])
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
        return {'verdict': verdict, 'allowed': texts,
                'undecided': [{'sources': sources, 'reason': reason} for reason, sources in reasons.items()]}


def _level(allowed, undecided, local):
    lowest = highest = level(allowed)
    if any(undecided.values()):
        highest = level({family: iv.union(allowed[family], iv.united([spans for spans, dummy in pairs]))
                         for family, pairs in undecided.items()})
    if lowest != highest:
        return 'unknown'
    return 'local' if local and lowest == 'none' else lowest
