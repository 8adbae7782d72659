# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of numbers (addresses, ports) as sorted tuples of (low, high).

Spans of a set neither overlap nor touch. A set of few spans meets one of many by bisection, not by a walk of both.
"""

import bisect
import itertools
import operator
import socket
import struct

EMPTY = ()
LAST = {4: 2 ** 32 - 1, 6: 2 ** 128 - 1}    # the last address of each family
_MANY = 256                                 # spans, of which it pays to prepare for as many


def full(family):
    """The set of all addresses of a family, 4 or 6."""
    return ((0, LAST[family]),)


def merged(spans):
    """A set from (low, high) in any order, overlapping or not."""
    spans, result = sorted(spans), []
    if len(spans) > _MANY:
        lows, highs = zip(*spans)
        if min(map(operator.sub, lows[1:], highs)) > 1:     # they are a set as they are, which many are
            return tuple(spans)
    last = -2
    for low, high in spans:
        if low > last + 1:
            result.append((low, high))
            last = high
        elif high > last:
            result[-1] = (result[-1][0], high)
            last = high
    return tuple(result)


def union(mine, other):
    if not mine or mine == other:
        return other
    return merged(mine + other) if other else mine


def united(sets):
    """The union of a list of sets."""
    if len(sets) < 2:
        return sets[0] if sets else EMPTY
    return merged([span for spans in sets for span in spans])


def isect(mine, other):
    if mine is other:
        return mine
    if len(mine) > len(other):
        mine, other = other, mine
    if not mine:
        return EMPTY
    if len(mine) == 1:
        return _within(mine, other, *mine[0])
    if len(mine) * 4 > len(other) > 8:
        return _isect_by_walk(mine, other)
    result = []
    for low, high in mine:
        result += _within(EMPTY, other, low, high)
    return tuple(result)


def _within(span, spans, low, high):
    """What of a set is from low to high.

    :param span: the set of these two, which is the result where it can be: then nothing new is made.
    """
    if low <= spans[0][0] and spans[-1][1] <= high:
        return spans
    first = bisect.bisect_left(spans, (low,))
    if first and spans[first - 1][1] >= low:
        first -= 1
        if spans[first][1] >= high:
            return span or ((low, high),)
    end = bisect.bisect_right(spans, (high + 1,), first)
    if end == first:
        return EMPTY
    start, last = spans[first], spans[end - 1]
    if start[0] >= low and last[1] <= high:
        return spans[first:end]
    if end == first + 1:
        return ((low if low > start[0] else start[0], high if high < last[1] else last[1]),)
    return (
        ((low if low > start[0] else start[0], start[1]),)
        + spans[first + 1:end - 1]
        + ((last[0], high if high < last[1] else last[1]),)
    )


def _isect_by_walk(mine, other):
    result = []
    others, end = iter(other), (2 ** 300,) * 2
    first, last = next(others)
    for low, high in mine:
        while last < low:
            first, last = next(others, end)
        while first <= high:
            result.append((low if low > first else first, high if high < last else last))
            if last > high:
                break
            first, last = next(others, end)
    return tuple(result)


def minus(mine, other):
    if not other or not mine:
        return mine
    if mine is other:
        return EMPTY
    low, high = mine[0][0], mine[-1][1]
    near = _within(EMPTY, other, low, high)
    if len(near) > 4:
        rest = complement(near, low, high)
        return rest if len(mine) == 1 else isect(mine, rest)
    for first, last in near:    # few: what is before and after each of them stays as it is
        mine = _without(mine, first, last)
    return mine


def _without(spans, low, high):
    """A set without the numbers from low to high."""
    first = bisect.bisect_left(spans, (low,))
    if first and spans[first - 1][1] >= low:
        first -= 1
    end = bisect.bisect_right(spans, (high + 1,), first)
    if end == first:
        return spans
    start, last = spans[first][0], spans[end - 1][1]
    left = ((start, low - 1),) if start < low else EMPTY
    right = ((high + 1, last),) if last > high else EMPTY
    return spans[:first] + left + right + spans[end:]


def complement(spans, low=0, high=2 ** 256):
    """All numbers from low to high that are not in the set."""
    if len(spans) > _MANY and low < spans[0][0] and spans[-1][1] < high:
        lows, highs = zip(*spans)
        between = zip(map((1).__add__, highs), map((-1).__add__, lows[1:]))
        return ((low, lows[0] - 1),) + tuple(between) + ((highs[-1] + 1, high),)
    result = []
    for first, last in spans:
        if first > low:
            result.append((low, first - 1))
        low = last + 1
    if low <= high:
        result.append((low, high))
    return tuple(result)


def contains(spans, number):
    position = bisect.bisect_right(spans, (number, number))
    return (position < len(spans) and spans[position][0] == number) or (
        position > 0 and spans[position - 1][1] >= number
    )


def size(spans):
    return len(spans) - sum(itertools.starmap(operator.sub, spans))


def number(text):
    """int: the address in a text, of either family; ValueError where it is none."""
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET6 if ':' in text else socket.AF_INET, text), 'big')
    except (OSError, TypeError, UnicodeError):
        raise ValueError('not an address: %r' % (text,)) from None


def numbers(texts, family):
    """list of int: the addresses in texts of one family; ValueError where one of them is none."""
    kind = socket.AF_INET if family == 4 else socket.AF_INET6
    try:
        packed = b''.join([socket.inet_pton(kind, text) for text in texts])
    except (OSError, TypeError, UnicodeError):
        raise ValueError('not an address of the family: %d' % family) from None
    if family == 4:
        return list(struct.unpack('>%dI' % len(texts), packed))
    halves = iter(struct.unpack('>%dQ' % (2 * len(texts)), packed))
    return [high << 64 | low for high, low in zip(halves, halves)]


def address(value, family):
    """str: the address with this number."""
    if family == 4:
        return socket.inet_ntop(socket.AF_INET, value.to_bytes(4, 'big'))
    return socket.inet_ntop(socket.AF_INET6, value.to_bytes(16, 'big'))


def prefix(text, length, family):
    """(low, high) of a network; ValueError where the length is none of the family."""
    length, bits = int(length), 32 if family == 4 else 128
    if not 0 <= length <= bits:
        raise ValueError('not the length of a network: %d' % length)
    low = number(text) >> (bits - length) << (bits - length)
    return low, low + (1 << (bits - length)) - 1


def text(spans, family):
    """str: a set of one family, as ``of_text`` reads it: addresses and ranges, with a space between two."""
    return ' '.join([
        address(low, family) if low == high else '%s-%s' % (address(low, family), address(high, family))
        for low, high in spans])


def of_text(value, family):
    """The set in a text that ``text`` made; ValueError for any other."""
    parts = [part.partition('-') for part in value.split(' ')] if value else []
    lows = numbers([low for low, dummy, dummy2 in parts], family)
    highs = numbers([high or low for low, dummy, high in parts], family)
    if any(map(operator.gt, lows, highs)):
        raise ValueError('not a range of addresses')
    return merged(zip(lows, highs))


def parse(text):
    """(family, set) of ``10.0.0.1``, ``10.0.0.0/8`` or ``10.0.0.1-10.0.0.9``; ValueError where it is none of these."""
    family = 6 if ':' in text else 4
    first, dash, last = text.partition('-')
    if dash:
        span = number(first), number(last)
        if (':' in first) != (':' in last) or span[0] > span[1]:
            raise ValueError('not a range of addresses: %r' % (text,))
        return family, (span,)
    base, dummy, length = text.partition('/')
    return family, (prefix(base, length or (32 if family == 4 else 128), family),)


def networks(spans, family):
    """list of str, the fewest networks that make up the set: ``10.0.0.0/8``, a single address with its full length."""
    result = []
    bits = 32 if family == 4 else 128
    for first, high in spans:
        low = first
        if low == high:
            result.append('%s/%d' % (address(low, family), bits))
            continue
        while low <= high:
            free = (low & -low).bit_length() - 1 if low else bits
            free = min(free, (high - low + 1).bit_length() - 1)
            result.append('%s/%d' % (address(low, family), bits - free))
            low += 1 << free
    return result
