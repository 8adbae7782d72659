# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes of packets on one way in, and how far away those are who can take it. Private to this collection, may change."""

from ..._addresses import intervals as iv, networks

MOST_TEXT = 500                 # characters of a rule; one can have a set of thousands of elements in it
LINK = networks.sets(networks.LINK)
IMPOSSIBLE = networks.sets(networks.IMPOSSIBLE)
_PRIVATE = networks.sets(networks.LOOPBACK, networks.LINK, networks.PRIVATE)
_PUBLIC = {4: iv.minus(iv.full(4), iv.union(_PRIVATE[4], IMPOSSIBLE[4])), 6: networks.sets(networks.GLOBAL6)[6]}


def level(allowed):
    """str: how far clients can be away, by the widest of them.

    :param allowed: dict, family to a set. ``anyone`` is more than half of all public addresses, as a list of those that are
        locked out, however long, is no list of those that are let in.
    """
    if not any(allowed.values()):
        return 'none'
    for name, known in (('link', LINK), ('private', _PRIVATE)):
        if not any(iv.minus(spans, known[family]) for family, spans in allowed.items()):
            return name
    for family, spans in allowed.items():
        if 2 * iv.size(iv.isect(spans, _PUBLIC[family])) > iv.size(_PUBLIC[family]):
            return 'anyone'
    return 'listed'


class Way:
    """What comes of asking for one port on some interfaces that are alike.

    :ivar undecided: tuple of (set, reason), none of which overlaps ``allowed``. :ivar possible: set, who can send at all.
    :ivar lost: tuple of (set, (address, port), rule): clients that a translation can take to somewhere else.
    :ivar moved: set: those that are taken there in any case.
    :ivar outcome: ``_evaluate.Outcome``, or ``Told``: what lets in, and what keeps out.
    """

    __slots__ = ('interfaces', 'family', 'possible', 'allowed', 'undecided', 'outcome', 'caveats', 'lost', 'moved')

    def __init__(self, interfaces, family, possible, allowed=(), undecided=(), outcome=None, caveats=(), lost=(), moved=()):
        self.interfaces, self.family, self.possible, self.allowed, self.undecided = interfaces, family, possible, allowed, undecided
        self.outcome, self.caveats, self.lost, self.moved = outcome, caveats, lost, moved

    @property
    def decided_by(self):
        """str or None: the rule that lets most of them in; where nobody is, the one that keeps them out."""
        return short(self.outcome.allowed_by if self.allowed else self.outcome.blocked_by)

    def blocked(self, never):
        """The set of those who can send, and surely are kept out.

        :param never: set, whom no packet comes from.
        """
        return _rest(_rest(self.possible, [self.allowed, never]), [spans for spans, dummy in self.undecided])

    def here(self):
        """The same way for who listens on the port itself: translated packets do not get to it."""
        if not self.lost:
            return self
        maybe = iv.united([spans for spans, dummy, dummy in self.lost])
        undecided = [(iv.minus(spans, self.moved), reason) for spans, reason in self.undecided]
        undecided = list(apart(undecided + [(iv.minus(iv.isect(maybe, self.allowed), self.moved), 'packets may be translated')], ()))
        where = sorted({endpoint(*where) for dummy, where, dummy in self.lost})
        allowed = iv.minus(self.allowed, maybe)
        caveat = 'a translation takes the port to %s' % ', '.join(where[:3] + ['...'] * (len(where) > 3))
        out = iv.minus(self.possible, iv.union(self.allowed, maybe))
        by = self.outcome.blocked_by if iv.size(out) > iv.size(maybe) and self.outcome.blocked_by else self.lost[0][2]
        return Way(self.interfaces, self.family, self.possible, allowed, tuple(undecided),
                   Told(self.outcome.allowed_by if allowed else None, by if allowed else self.lost[0][2]), self.caveats + (caveat,))

    def only(self, spans):
        """The same way for some clients only."""
        undecided = [(iv.isect(some, spans), reason) for some, reason in self.undecided]
        return Way(self.interfaces, self.family, self.possible, iv.isect(self.allowed, spans), tuple(one for one in undecided if one[0]),
                   self.outcome, self.caveats, self.lost, self.moved)

    def doubted(self, reason):
        """The same way, on which it is not sure that anybody gets to the port."""
        maybe = iv.union(self.allowed, iv.united([spans for spans, dummy in self.undecided]))
        return Way(self.interfaces, self.family, self.possible, (), ((maybe, reason),) if maybe else (),
                   Told(None, self.outcome.blocked_by), self.caveats)


class Told:
    """What lets in, and what keeps out, as text or None."""

    def __init__(self, allowed_by, blocked_by):
        self.allowed_by, self.blocked_by = allowed_by, blocked_by


def _rest(spans, others):
    for other in others:
        spans = iv.minus(spans, other)
    return spans


def endpoint(address, port):
    """str: ``192.0.2.1:80`` or ``[2001:db8::1]:80``; ``?`` for what is not known."""
    return '%s:%s' % ('[%s]' % address if ':' in (address or '') else address or '?', port or '?')


def apart(some, taken):
    """Yield (set, reason) without what is in another set, or came before."""
    for spans, reason in some:
        rest = iv.minus(spans, taken)
        if rest:
            yield rest, reason
            taken = iv.union(taken, rest)


def united(ways):
    """One ``Way`` for several to different addresses of the same interfaces."""
    first = max(ways, key=lambda way: iv.size(way.allowed)) if len(ways) > 1 else ways[0]
    if len(ways) == 1:
        return first
    allowed = possible = iv.EMPTY
    for way in ways:
        allowed, possible = iv.union(allowed, way.allowed), iv.union(possible, way.possible)
    undecided = tuple(apart([one for way in ways for one in way.undecided], allowed))
    caveats = tuple(sorted({text for way in ways for text in way.caveats}))
    return Way(first.interfaces, first.family, possible, allowed, undecided, first.outcome, caveats)


def short(text):
    return text if text is None or len(text) <= MOST_TEXT else text[:MOST_TEXT] + ' ...'
