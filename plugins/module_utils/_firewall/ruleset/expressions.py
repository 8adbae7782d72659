# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions as ``nft -j`` prints them: what they look at, what they compare with, and what they need in a packet."""

from ..._addresses import intervals as iv
from . import fields, wording
from .fields import Unclear
from .operations import Needs

_FAMILIES = ('ip', 'ip6')
COMPARES = ('<', '>', '<=', '>=')
# what a packet has to be for an answer, or a translation, of a kind: names of fields that it has
_REJECT = {'icmp': ('other ip',), 'icmpv6': ('other ip6',), 'tcp reset': ('other tcp',)}
_NAT = {'ip': ('other ip',), 'ip6': ('other ip6',)}
# every packet has them, or the kernel goes on without them
_SURE = frozenset(('iifname', 'oifname', 'mark', 'pkttype', 'nfproto', 'l4proto', 'ethertype', 'ctstate'))
_PLAIN = frozenset(('accept', 'drop', 'return', 'continue', 'jump', 'goto', 'counter'))    # they read nothing
# expressions that load something from the packet, or of what the kernel knows about it
_LOADS = frozenset(('payload', 'exthdr', 'tcp option', 'ip option', 'sctp chunk', 'dccp option', 'meta', 'ct', 'fib',
                    'rt', 'socket', 'osf', 'ipsec', 'tunnel', 'xfrm'))


def item(value):
    """(key, value) of an object with one key; else (None, the value itself)."""
    if isinstance(value, dict) and len(value) == 1:
        return next(iter(value.items()))
    return (value, None) if isinstance(value, str) else (None, value)


def several(right):
    """list: what a match compares with, one value or those of a set without a name."""
    kind, inner = item(right)
    return inner if kind == 'set' else [right]


def value_of(value):
    """The value of an element, which may come with a comment, a time or a counter."""
    while isinstance(value, dict) and 'elem' in value:
        value = value['elem']['val']
    return value


def words(flags):
    """list of str: flags, which nft prints as a list or, of one, as a word."""
    return [flags] if isinstance(flags, str) else list(flags or ())


def compared(operator, right, kind):
    """Set of the numbers that are equal to a value, or to one of several, or below or above it."""
    if operator not in COMPARES:
        return spans(several(right), kind)
    limit = fields.plain(right, kind)
    span = {'<': (0, limit - 1), '<=': (0, limit), '>': (limit + 1, 2**128), '>=': (limit, 2**128)}[operator]
    return (span,) if span[0] <= span[1] else iv.EMPTY


def spans(values, kind):
    """Set of the numbers that some values are."""
    return iv.merged(fields.elements(values, kind))


def element(value, kinds):
    """Tuple of tests for ``Table``."""
    values = value['concat'] if isinstance(value, dict) and 'concat' in value else [value]
    if len(values) != len(kinds):
        raise Unclear('the element %s' % wording.value(value)[:80])
    return tuple(fields.element(part, kind) for part, kind in zip(values, kinds))


def mark(value):
    """See ``model.mark``; None for what is not understood."""
    if isinstance(value, int):
        return value
    kind, inner = item(value)
    if kind in ('|', '&', '^') and len(inner) == 2:
        return kind, mark(inner[0]), mark(inner[1])
    if kind in ('meta', 'ct') and inner.get('key') == 'mark':
        return 'mark' if kind == 'meta' else 'ctmark'
    return None


def maps(value):
    """Yield (key, data) of all maps in a value."""
    if isinstance(value, list):
        for part in value:
            yield from maps(part)
    elif isinstance(value, dict):
        for kind, inner in value.items():
            if kind == 'map' and isinstance(inner, dict) and 'key' in inner:
                yield inner['key'], inner['data']
            yield from maps(inner)


def needed(statement, asked):
    """list of one operation or none, for what a statement needs besides fields that are asked for anyway.

    :param statement: as ``item`` has it.
    """
    if statement[0] in _PLAIN or len(asked) == 1 and _asks_one(*statement):
        return []
    names = set(needs(statement)) - _SURE - set(asked)
    return [Needs(tuple(sorted(names)))] if names else []


def _asks_one(kind, value):
    """bool: a match of one field, which it asks for itself, with constants. Most conditions are."""
    if kind != 'match':
        return False
    left, right = value['left'], value['right']
    if not (isinstance(left, dict) and len(left) == 1 and isinstance(right, (str, int, list, dict))):
        return False
    if isinstance(right, dict) and set(right) != {'set'}:
        return False
    if isinstance(right, list) and not all(isinstance(word, str) for word in right):
        return False
    if 'payload' in left:
        return left['payload'].get('protocol') not in (None, 'ether', 'vlan')       # which only some devices have
    return ('meta' in left or 'ct' in left) and field(left)[0] in _SURE


def needs(statement):
    """list of names of fields: what a statement reads, or writes to, has to be in the packet, or the rule ends.

    Nothing else says so: nft leaves such conditions out of what it prints (``meta nfproto ipv4`` before ``ip saddr``),
    and the kernel has further ones (``ct mark`` without a connection).
    """
    kind, value = statement
    if kind == 'reject':
        return _REJECT.get((value or {}).get('type'), ())
    if kind == 'synproxy':          # net/netfilter/nft_synproxy.c
        return ['other tcp']
    if kind == 'tproxy':            # net/netfilter/nft_tproxy.c
        return _NAT.get((value or {}).get('family'), ())
    if kind in ('snat', 'masquerade'):
        return list(_NAT.get((value or {}).get('family'), ())) + list(_reads(value))
    if kind in ('mangle', 'reset'):
        key = value['key'] if kind == 'mangle' else value
        kinds = set(key)
        written = ['other tcp'] if 'tcp option' in kinds else [] if kinds & {'meta', 'ct'} else list(_reads(key))
        return written + (list(_reads(value['value'])) if kind == 'mangle' else [])
    return list(_reads(value))


def _reads(value):
    """Yield the names of the fields that expressions load from the packet."""
    if isinstance(value, list):
        for part in value:
            yield from _reads(part)
    elif isinstance(value, dict):
        for kind, inner in value.items():
            if kind == 'set' and isinstance(inner, list):
                continue                # elements are constants, and can be many
            if kind in _LOADS and isinstance(inner, dict):
                yield field({kind: inner})[0]
                if kind == 'payload' and inner.get('protocol') in ('ether', 'vlan'):
                    yield 'other ether'
            else:
                yield from _reads(inner)


def field(left):
    """(name, kind) of what a rule looks at; what is never known is of kind ``any``, and has a name that says what.

    The name of a part of a header is ``other``, the protocol, and what nft calls it: where the packet has no such
    header, it is ABSENT.
    """
    kind, value = item(left)
    if kind == 'payload' and 'tunnel' not in value:
        if 'protocol' not in value:
            return 'other @%s %s,%s' % (value['base'], value['offset'], value['len']), 'any'
        key = value['protocol'], value['field']
        return fields.PAYLOAD.get(key) or ('other %s %s' % key, 'any')
    if kind == 'meta':
        return fields.META.get(value['key']) or ('meta ' + value['key'], 'any')
    if kind == 'ct':
        return fields.CT.get((value['key'], value.get('dir'))) or ('ct ' + value['key'], 'any')
    if kind == 'fib':
        return _routed(value)
    if kind == 'exthdr':
        if 'field' not in value and value.get('name') in ('frag', 'rt', 'hbh', 'dst', 'mh'):
            return 'exthdr', 'number'
        return 'exthdr field', 'any'
    if kind in ('tcp option', 'ip option', 'sctp chunk', 'dccp option'):
        return _option(kind, value, wording.value(left)[:60])
    if kind == 'rt' and value.get('family') in _FAMILIES:
        return 'other %s rt %s' % (value['family'], value['key']), 'any'
    if kind == 'osf':
        return 'other tcp osf', 'any'
    if kind in ('numgen', 'jhash', 'symhash'):
        if isinstance(value.get('mod'), int) and 0 < value['mod'] <= 64:
            return '%s %d %d' % ('numgen' if kind == 'numgen' else 'hash', value['mod'], value.get('offset') or 0), \
                'number'
        return 'chance', 'any'
    return shown(left), 'any'


def _option(kind, value, text):
    """The same of an option of a header. Whether there is one can be asked of other packets too (nft_exthdr.c)."""
    if (kind, value.get('name'), value.get('field')) == ('tcp option', 'maxseg', 'size'):
        return 'tcpmss', 'number'
    if kind == 'ip option' or 'field' in value:
        return 'other ' + text, 'any'
    if 'name' in value:
        return 'has ' + text, 'exists'
    # of an option by its number, nft does not show whether it asks for it, or for what is in it
    return text if value.get('offset') == 0 else 'other ' + text, 'any'


def _routed(value):
    """The same of ``fib``."""
    flags = value['flags']
    flags = frozenset([flags] if isinstance(flags, str) else flags) - {'mark'}
    iif = ' iif' if 'iif' in flags else ''
    if value['result'] == 'type' and flags - {'iif'} in ({'saddr'}, {'daddr'}):
        return 'fib %s%s type' % ('saddr' if 'saddr' in flags else 'daddr', iif), 'word'
    if value['result'] in ('oif', 'oifname', 'check') and flags - {'iif'} in ({'saddr'}, {'daddr'}):
        return 'fib %s%s oif' % ('saddr' if 'saddr' in flags else 'daddr', iif), 'exists'
    return 'fib ' + ' '.join(sorted(flags) + [str(value['result'])]), 'any'


def shown(expression):
    """str: a part of a rule as nft prints it."""
    try:
        return ' '.join(wording.statement(expression).split())[:80] or 'a part of the rule'
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return 'a part of the rule'
