# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pieces of openings: each is one rule of firewalld or ufw, the least that is added or taken back."""

from collections import namedtuple

from .._addresses import intervals as iv
from .command import FIREWALLD


class Piece(namedtuple('Piece', 'backend zone protocol ports source')):
    """One rule.

    :ivar zone: str, of firewalld; None for ufw, which has none.
    :ivar ports: tuple of (low, high), a set as in ``intervals``.
    :ivar source: str, a network; None for everybody.
    """

    __slots__ = ()

    def __str__(self):
        return '%s/%s for %s in %s' % (self.protocol, ','.join(texts(self.ports)), self.source or 'everybody',
                                       'zone %s of firewalld' % self.zone if self.backend == FIREWALLD else 'ufw')

    def to_dict(self):
        """dict: the piece as JSON has it."""
        return dict(self._asdict(), ports=texts(self.ports))


def texts(spans):
    """List ports and ranges as text."""
    return ['%d' % low if low == high else '%d-%d' % (low, high) for low, high in spans]


def spans(ports):
    """Turn text of ports and ranges into a set. Raises ValueError."""
    pairs = []
    for text in ports:
        low, dash, high = text.partition('-')
        pairs.append((int(low), int(high if dash else low)))
        if not 0 < pairs[-1][0] <= pairs[-1][1] < 65536:
            raise ValueError(text)
    return iv.merged(pairs)


def meet(mine, other):
    """Find who is in both of two sources: tuple with a network, or with None for everybody; empty if nobody is."""
    if mine is None or other is None:
        return (other if mine is None else mine,)
    family, narrow = iv.parse(mine)
    other_family, wide = iv.parse(other)
    if family != other_family:
        return ()
    both = iv.isect(narrow, wide)
    return (mine if both == narrow else other,) if both else ()     # networks lie in each other, or apart


def needed(piece, wanted):
    """Tell what of a piece somebody still wants.

    :param wanted: list of (protocol, ports as a set, sources as tuple or None for everybody).
    :returns: list of Piece: the piece itself, parts of it, or none.
    """
    parts = []
    for protocol, ports, sources in wanted:
        both = iv.isect(piece.ports, ports) if protocol == piece.protocol else ()
        for source in (None,) if sources is None else sources:
            for common in meet(piece.source, source) if both else ():
                parts.append(piece._replace(ports=both, source=common))
    if piece in parts:
        return [piece]
    return sorted({part for part in parts if not any(_is_in(part, other) for other in parts)}, key=str)


def _is_in(piece, other):
    """bool: all that a piece opens, another one opens with more."""
    return piece != other and meet(piece.source, other.source) == (piece.source,) and (
        iv.isect(piece.ports, other.ports) == piece.ports)
