# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach what before rules are exchanged and after, and what differs.

All sets of addresses are as in ``intervals``, and exact: facts list the largest networks of a set, which would do to
show it, and not to compare it.
"""

import bisect
import heapq

from .._addresses import intervals as iv, networks
from .._firewall.exposure import attach
from .._firewall.exposure.describe import Describer
from .._firewall.exposure.listeners import families
from .._gaps import Gaps
from .names import PROTOCOLS

MOST_NETWORKS = 200             # of a family, in one list of an effect
MOST_EFFECTS = 1000
_OPEN = ('established', 'close_wait')       # states of connections over which somebody may still talk
_NEVER = networks.sets(networks.IMPOSSIBLE)


class _Exact(Describer):
    """Describes sets as facts do, and keeps them."""

    def exposure(self, ways, local=False):
        """dict: the same, with ``exact``, see ``Reach.sets``."""
        allowed, unsure = {}, {}
        for way in ways:
            for part in way.parts or (way,):
                allowed.setdefault(part.family, []).append(part.allowed)
                unsure.setdefault(part.family, []).extend(spans for spans, dummy in part.undecided)
        exact = {}
        for family, sets in allowed.items():
            real = self._crowds[family].real
            surely = iv.united([real(spans) for spans in sets])
            exact[family] = surely, iv.minus(iv.united([real(spans) for spans in unsure[family]]), surely)
        return dict(Describer.exposure(self, ways, local), exact=exact)


class Reach:
    """Who can reach one listener, or one published port.

    :ivar record: dict, the listener or forwarded endpoint; published: bool, it is the latter.
    :ivar low, high: int, its ports.
    :ivar sets: dict, family to (set of those who surely can, set of those of whom it is not known).
    """

    def __init__(self, record, published, low, high, sets=None):
        self.record, self.published, self.low, self.high = record, published, low, high
        self.sets = sets or record['exposure'].get('exact')
        if self.sets is None:
            self.sets = {family: (iv.EMPTY, iv.full(family)) for family, dummy, dummy2 in families(record)}

    def of(self, family):
        """(set of those who surely can, set of those of whom it is not known)."""
        return self.sets.get(family, (iv.EMPTY, iv.EMPTY))

    @property
    def key(self):
        """What it has in common with the same listener or endpoint under other rules."""
        record = self.record
        return (self.published, record['protocol'], record['family'], record['address'], record['interface'])


class Reached:
    """Who can reach everything on a host with one set of rules.

    :param listeners: list of dict, the records of listeners.
    :param snapshot: dict, with these rules; None: nobody can tell.
    :ivar all: list of Reach; reasons: list of str, why of some it is not known.
    """

    def __init__(self, listeners, snapshot):
        gaps = Gaps(True)
        # of other protocols, the own table decides nothing
        records = [dict(record) for record in listeners if record['namespace'] is None
                   and record['protocol'] in PROTOCOLS]
        # those of other namespaces are what translations lead to
        others = [dict(record) for record in listeners if record['namespace'] is not None]
        more = attach.attach(records + others, snapshot, gaps, describer=_Exact)
        self.all = [Reach(record, False, record['port'], record['port']) for record in records]
        self.all += [Reach(record, True, *_span(record['ports'])) for record in more['forwarded']
                     if record['protocol'] in PROTOCOLS]
        self.reasons = [gap['message'] for gap in gaps.found if gap['code'] not in ('openings', 'undecided')]


def _span(ports):
    low, dummy, high = ports.partition('-')
    return int(low), int(high or low)


def pairs(before, after):
    """Yield (Reach before, Reach after) of the same ports.

    Facts have a published range in the parts that rules tell apart, and more than once where it depends on the
    interface who gets there.

    :param before, after: Reached.
    """
    known = {}
    for side, reached in enumerate((before, after)):
        for reach in reached.all:
            known.setdefault(reach.key, ([], []))[side].append(reach)
    for sides in known.values():
        edges = sorted({edge for some in sides for reach in some for edge in (reach.low, reach.high + 1)})
        for low, end in zip(edges, edges[1:]):
            old, new = (_united([reach for reach in some if reach.low <= low <= reach.high], low, end - 1)
                        for some in sides)
            if old and new:
                yield old, new


def _united(some, low, high):
    """One Reach for some ports, None of none."""
    if not some:
        return None
    sets = {}
    for family in {family for reach in some for family in reach.sets}:
        surely, maybe = (iv.united([reach.of(family)[which] for reach in some]) for which in (0, 1))
        sets[family] = surely, iv.minus(maybe, surely)
    return Reach(some[0].record, some[0].published, low, high, sets)


class Words:
    """Writes sets of addresses as the networks that a reader expects.

    :param net: dict, ``net`` of a snapshot, or None.
    """

    def __init__(self, net):
        own = {4: [], 6: []}
        for texts in (net or {}).get('addresses', {}).values():
            for text in texts:
                family, spans = iv.parse(text.partition('/')[0])
                own[family].extend(spans)
        self._never = {family: iv.union(iv.merged(spans), _NEVER[family]) for family, spans in own.items()}

    def is_anybody(self, spans, family):
        """Return whether packets can come from any address of a set."""
        return bool(iv.minus(spans, self._never[family]))

    def networks(self, spans, family, others=iv.EMPTY):
        """List the networks of a set.

        Addresses that no packet comes from count as what is around them. If there are too many networks all the same,
        so do those of whom nothing is said.

        :param others: set of those of whom nothing is said.
        :returns: tuple of list of str, and how many were left out.
        """
        texts, left = _listed(_filled(spans, self._never[family]), family)
        if left and others:
            texts, left = _listed(_filled(spans, iv.union(others, self._never[family])), family)
        return texts, left


def _filled(spans, free):
    """A set with those gaps in it that are wholly in another set."""
    if not spans or not free:
        return spans
    gaps = iv.complement(spans, spans[0][0], spans[-1][1])
    wholly = [gap for gap in gaps if _has_all(free, gap)]
    return iv.union(spans, iv.merged(wholly)) if wholly else spans


def _has_all(spans, span):
    position = bisect.bisect_right(spans, (span[0], iv.LAST[6])) - 1
    return position >= 0 and spans[position][0] <= span[0] and span[1] <= spans[position][1]


def _listed(spans, family):
    """The largest networks of a set, and how many more there are."""
    largest = heapq.nlargest(MOST_NETWORKS, spans, key=_length)
    texts = iv.networks(sorted(largest), family)
    more = len(spans) - len(largest)
    if len(texts) > MOST_NETWORKS:
        more += len(texts) - MOST_NETWORKS
        kept = set(sorted(texts, key=_bits)[:MOST_NETWORKS])
        texts = [text for text in texts if text in kept]
    return texts, more


def _length(span):
    return span[1] - span[0]


def _bits(text):
    return int(text.rpartition('/')[2])


def differences(before, after, net):
    """List what an exchange of rules changes, each a dict.

    ``loses`` and ``gains`` are those of whom it is sure; ``unsure`` may lose or gain. ``left_out`` says of which lists
    how many networks are not in them.

    :param before, after: Reached.
    :param net: dict, ``net`` of the snapshot.
    :returns: tuple of the list, and how many are left out of it.
    """
    words, result = Words(net), []
    for old, new in pairs(before, after):
        effect = _difference(old, new, words)
        if effect:
            result.append(effect)
    published = {_about(effect) for effect in result if effect['published']}
    # what holds a published port on the host loses what the port does
    result = [effect for effect in result if effect['published'] or _about(effect) not in published]
    result.sort(key=lambda effect: (effect['protocol'], effect['port'], effect['listener'], effect['published']))
    return result[:MOST_EFFECTS], max(len(result) - MOST_EFFECTS, 0)


def _about(effect):
    return tuple(str(effect[name]) for name in ('listener', 'ports', 'loses', 'gains', 'unsure'))


def _difference(old, new, words):
    """dict, or None: nothing changes."""
    lists = {name: [] for name in ('loses', 'gains', 'unsure', 'before', 'after')}
    left_out, is_other = {}, False
    for family in sorted(set(old.sets) | set(new.sets)):
        (had, maybe_had), (has, maybe_has) = old.of(family), new.of(family)
        kept = iv.isect(had, has)
        changes = {
            'loses': iv.minus(iv.minus(had, has), maybe_has),
            'gains': iv.minus(iv.minus(has, had), maybe_had),
            'unsure': iv.minus(iv.union(maybe_had, maybe_has), iv.isect(maybe_had, maybe_has)),
        }
        is_other = is_other or any(words.is_anybody(spans, family) for spans in changes.values())
        nobody = iv.minus(iv.full(family), iv.united([kept] + list(changes.values())))
        for name, spans in dict(changes, before=had, after=has).items():
            texts, left = words.networks(spans, family, nobody if name in changes else iv.EMPTY)
            lists[name] += texts
            if left:
                left_out[name] = left_out.get(name, 0) + left
    if not is_other:
        return None
    record = new.record
    effect = dict(
        lists, listener=record['id'], protocol=record['protocol'], port=new.low, published=new.published,
        ports='%d' % new.low if new.low == new.high else '%d-%d' % (new.low, new.high),
        to=record['to'] if new.published else None, connections=_connections(record))
    if left_out:
        effect['left_out'] = left_out
    return effect


def _connections(record):
    """int: how many connections are open through a listener; None where they are not counted."""
    states = record.get('connections')
    return None if states is None else sum(states.get(name, 0) for name in _OPEN)
