# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome for one group of interfaces, and the level (``anyone`` ... ``none``) of a set of sources."""

from ..._addresses import intervals as iv, networks
from ..evaluate.crowds import NONE

MOST_TEXT = 500                 # characters of a rule; one can have a set of thousands of elements in it
LINK = networks.sets(networks.LINK)
# destinations that no router passes on: limited broadcast (RFC 919), groups of the link (RFC 5771, RFC 4291)
NEAR = networks.sets(networks.LINK, ('255.255.255.255/32', '224.0.0.0/24', 'ff02::/16'))
IMPOSSIBLE = networks.sets(networks.IMPOSSIBLE)
_PRIVATE = networks.sets(networks.LOOPBACK, networks.LINK, networks.PRIVATE)
_PUBLIC = {4: iv.minus(iv.full(4), iv.union(_PRIVATE[4], IMPOSSIBLE[4])), 6: networks.sets(networks.GLOBAL6)[6]}


def level(allowed, crowds=NONE):
    """Classify how far clients can be away, by the widest of them.

    ``anyone`` is more than half of all public addresses, as a list of those that are locked out, however long, is no
    list of those that are let in.

    :param allowed: dict, family to a told set; crowds: dict, family to Crowds.
    :returns: str.
    """
    if not any(allowed.values()):
        return 'none'
    for name, known in (('link', LINK), ('private', _PRIVATE)):
        if not any(crowds[family].beyond(spans, known[family]) for family, spans in allowed.items()):
            return name
    for family, spans in allowed.items():
        if crowds[family].is_most(spans, _PUBLIC[family]):
            return 'anyone'
    return 'listed'


class Way:
    """The outcome of asking for one port on some interfaces that are alike.

    :ivar possible: set, who can send at all; allowed: set, who is let in.
    :ivar undecided: tuple of (set, reason), none of which overlaps ``allowed``.
    :ivar outcome: Outcome or Deciders, what lets in and what keeps out.
    :ivar translations: tuple of (set, (address, port), rule): clients that can be led to somewhere else.
    :ivar translated: set of those that are led there in any case.
    :ivar addresses: tuple of str or None, the addresses of the host that it leads to, where it is not to all of them.
    :ivar parts: tuple of Way, one for all addresses to which the same clients get; empty where all are alike.
    """

    __slots__ = ('interfaces', 'family', 'possible', 'allowed', 'undecided', 'outcome', 'caveats', 'translations',
                 'translated', 'addresses', 'parts')

    def __init__(self, interfaces, family, possible, allowed=(), undecided=(), outcome=None, caveats=(),
                 translations=(), translated=()):
        self.interfaces, self.family, self.possible = interfaces, family, possible
        self.allowed, self.undecided, self.outcome, self.caveats = allowed, undecided, outcome, caveats
        self.translations, self.translated = translations, translated
        self.addresses, self.parts = None, ()

    def to(self, addresses):
        """Return this way, of which it is now known to which addresses it leads."""
        self.addresses = addresses
        return self

    def is_like(self, other):
        """Return whether nobody who can send both ways gets in by one of them only."""
        if self.possible is other.possible:
            return self.allowed == other.allowed and self.undecided == other.undecided
        both = iv.isect(self.possible, other.possible)
        mine, theirs = self.only(both), other.only(both)
        return mine.allowed == theirs.allowed and mine.undecided == theirs.undecided

    @property
    def decided_by(self):
        """str or None: the rule that lets most of them in; if nobody is, the one that keeps them out."""
        return shortened(self.outcome.allowed_by if self.allowed else self.outcome.blocked_by)

    def blocked(self, never):
        """Return the set of those who can send, and surely are kept out.

        :param never: set, whom no packet comes from.
        """
        spans = self.possible
        for others in [self.allowed, never] + [undecided for undecided, dummy in self.undecided]:
            spans = iv.minus(spans, others)
        return spans

    def to_port_itself(self):
        """The same way to a listener on the port itself: translated packets do not get to it."""
        if not self.translations:
            return self
        maybe = iv.united([spans for spans, dummy, dummy2 in self.translations])
        undecided = [(iv.minus(spans, self.translated), reason) for spans, reason in self.undecided]
        undecided.append((iv.minus(iv.isect(maybe, self.allowed), self.translated), 'packets may be translated'))
        targets = sorted({endpoint(*target) for dummy, target, dummy2 in self.translations})
        allowed = iv.minus(self.allowed, maybe)
        caveat = 'address translation redirects the port to %s' % ', '.join(targets[:3] + ['...'] * (len(targets) > 3))
        kept_out = iv.minus(self.possible, iv.union(self.allowed, maybe))
        rule = self.translations[0][2]
        blocked_by = rule
        if allowed and iv.size(kept_out) > iv.size(maybe) and self.outcome.blocked_by:
            blocked_by = self.outcome.blocked_by
        deciders = Deciders(self.outcome.allowed_by if allowed else None, blocked_by)
        return Way(self.interfaces, self.family, self.possible, allowed, tuple(disjoint(undecided, ())), deciders,
                   self.caveats + (caveat,))

    def only(self, spans):
        """The same way for some clients only."""
        undecided = [(iv.isect(some, spans), reason) for some, reason in self.undecided]
        return Way(self.interfaces, self.family, self.possible, iv.isect(self.allowed, spans),
                   tuple(pair for pair in undecided if pair[0]), self.outcome, self.caveats, self.translations,
                   self.translated)

    def guarded(self, blocked, blocker, unsure):
        """The same way, on which something else than the firewall stops some clients.

        :param blocked: set of those that surely are; blocker: str, what stops them.
        :param unsure: list of (set, reason) of those that may be.
        """
        undecided = [(iv.minus(spans, blocked), reason) for spans, reason in self.undecided]
        passing = iv.minus(self.allowed, blocked)
        undecided += [(iv.isect(spans, passing), reason) for spans, reason in unsure]
        allowed = iv.minus(passing, iv.united([spans for spans, dummy in unsure]))
        if not iv.isect(self.allowed, blocked):
            blocker = self.outcome.blocked_by
        way = Way(self.interfaces, self.family, self.possible, allowed, tuple(disjoint(undecided, ())),
                  Deciders(self.outcome.allowed_by if allowed else None, blocker), self.caveats, self.translations,
                  self.translated).to(self.addresses)
        way.parts = tuple(part.guarded(blocked, blocker, unsure) for part in self.parts)
        return way

    def doubted(self, reason):
        """The same way, on which it is not sure that anybody gets to the port."""
        maybe = iv.union(self.allowed, iv.united([spans for spans, dummy in self.undecided]))
        way = Way(self.interfaces, self.family, self.possible, (), ((maybe, reason),) if maybe else (),
                  Deciders(None, self.outcome.blocked_by), self.caveats).to(self.addresses)
        way.parts = tuple(part.doubted(reason) for part in self.parts)
        return way


class Deciders:
    """What lets in, and what keeps out, as text or None."""

    def __init__(self, allowed_by, blocked_by):
        self.allowed_by, self.blocked_by = allowed_by, blocked_by


def endpoint(address, port):
    """str: ``192.0.2.1:80`` or ``[2001:db8::1]:80``; ``?`` for what is not known."""
    return '%s:%s' % ('[%s]' % address if ':' in (address or '') else address or '?', port or '?')


def disjoint(undecided, taken):
    """Yield (set, reason) without what is in another set, or came before."""
    for spans, reason in undecided:
        rest = iv.minus(spans, taken)
        if rest:
            yield rest, reason
            taken = iv.union(taken, rest)


def joined(ways, parts=()):
    """One ``Way`` for several to different addresses of the same interfaces.

    :param parts: tuple of Way, see there.
    """
    if len(ways) == 1:
        return ways[0]
    widest = max(ways, key=lambda way: iv.size(way.allowed))
    allowed = possible = iv.EMPTY
    for way in ways:
        allowed, possible = iv.union(allowed, way.allowed), iv.union(possible, way.possible)
    undecided = tuple(disjoint([pair for way in ways for pair in way.undecided], allowed))
    caveats = tuple(sorted({text for way in ways for text in way.caveats}))
    way = Way(widest.interfaces, widest.family, possible, allowed, undecided, widest.outcome, caveats)
    way.parts = parts
    return way


def shortened(text):
    """The text of a rule, or None, of a length that fits in facts."""
    return text if text is None or len(text) <= MOST_TEXT else text[:MOST_TEXT] + ' ...'
