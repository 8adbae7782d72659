# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``nft -j list ruleset`` prints, as rules to be evaluated (libnftables-json(5)).

Versions differ in the order of objects and in how they print flags; nothing here depends on either.
"""

from ..._addresses import intervals as iv
from . import fields
from .fields import Unclear
from .model import BIG, AnyBit, Big, Chain, Masked, Names, Numbers, Rule, Table
from .operations import (
    CONTINUE,
    DROP,
    NOTRACK,
    SNAT,
    VERDICTS,
    Dnat,
    DnatMap,
    Doubt,
    Goto,
    Jump,
    Match,
    Quiet,
    Redirect,
    SetConnectionMark,
    SetMark,
    SetZone,
    Undecided,
    VerdictMap,
)

QUIET = 'judged for a client that sends little'
HARMLESS = frozenset(
    (
        'counter',
        'log',
        'comment',
        'dup',
        'flow',
        'ct helper',
        'ct timeout',
        'ct expectation',
        'secmark',
        'last',
        'continue',
        'tunnel',
    )
)
# what only chooses packets: where it is not understood, the rest of the rule still says what becomes of them
CONDITIONS = frozenset(('match', 'limit', 'quota', 'ct count', 'meter', 'set', 'map'))
# packets that these take or rewrite in ways that the ruleset does not tell
UNCLEAR = {
    'queue': 'a program decides (queue)',
    'tproxy': 'redirected to a proxy (tproxy)',
    'synproxy': 'answered by synproxy',
    'fwd': 'forwarded to another device',
}
# targets of xtables that let every packet go on unchanged
XT_HARMLESS = frozenset(
    (
        'LOG',
        'NFLOG',
        'ULOG',
        'AUDIT',
        'TRACE',
        'TCPMSS',
        'CHECKSUM',
        'CLASSIFY',
        'comment',
        'DSCP',
        'TOS',
        'TTL',
        'HL',
        'TCPOPTSTRIP',
        'SECMARK',
        'CONNSECMARK',
        'IDLETIMER',
        'RATEEST',
        'TEE',
        'LED',
    )
)


class Loader:
    """Reads one ruleset.

    :ivar chains: {(family, table, name): Chain}.
    :ivar opaque: list of (Rule, index in its chain, Chain) that have parts which nft does not show (``xt``).
    """

    def __init__(self, document, ruleset):
        self.chains, self.opaque, self.lengths, self._ruleset = {}, [], {}, ruleset
        self._sets, self._tests, self._limits, self._written = {}, {}, {}, {}
        objects = [next(iter(part.items())) for part in document['nftables']]
        dormant = set()
        for kind, value in objects:
            if kind == 'table' and 'dormant' in value.get('flags', ()):
                dormant.add((value['family'], value['name']))
        for kind, value in objects:
            if kind in ('set', 'map', 'limit', 'quota') and (value['family'], value['table']) not in dormant:
                store = self._sets if kind in ('set', 'map') else self._limits
                store[value['family'], value['table'], value['name']] = value
            elif kind == 'chain' and (value['family'], value['table']) not in dormant:
                self._chain(value)
        rules = [
            value for kind, value in objects if kind == 'rule' and (value['family'], value['table']) not in dormant
        ]
        for rule in rules:
            self._find_written(rule)
        for rule in rules:
            self._rule(rule)

    def _chain(self, value):
        key = value['family'], value['table'], value['name']
        devices = value.get('dev', ())
        chain = self.chains[key] = Chain(
            *key, hook=value.get('hook'), kind=value.get('type'), priority=value.get('prio', 0),
            policy=value.get('policy', 'accept'), devices=[devices] if isinstance(devices, str) else list(devices))
        if chain.hook:
            self._ruleset.bases.append(chain)

    def _find_written(self, rule):
        """Notes sets that rules add to: what is in them may not be what is in them when a packet comes."""
        limited = False
        for expression in rule.get('expr') or ():
            kind, value = _item(expression)
            if kind in ('set', 'map') and isinstance(value, dict) and value.get('op') in ('add', 'update'):
                guarded = limited or any(_over(_item(part)) for part in value.get('stmt') or ())
                key = rule['family'], rule['table'], str(value.get(kind, '')).lstrip('@')
                self._written[key] = self._written.get(key, True) and guarded
            limited = limited or _over((kind, value))

    def _rule(self, value):
        key = value['family'], value['table'], value['chain']
        chain = self.chains[key]
        expressions = value.get('expr') or []
        rule = Rule('nftables %s handle %s' % (' '.join(key), value.get('handle')), expressions, [])
        rule.ops = self.ops(expressions, key)
        if any(isinstance(part, dict) and 'xt' in part for part in expressions):
            self.opaque.append((rule, len(chain.rules), chain))
        chain.rules.append(rule)
        self._ruleset.count += 1

    def ops(self, expressions, chain_key):
        """Make operations of the expressions of a rule.

        :param chain_key: tuple of family, table and name, of the chain.
        """
        result = []
        for expression in expressions:
            item = _item(expression)
            try:
                result.extend(self._operations(item, chain_key))
            except Unclear as error:
                result.append((Doubt if item[0] in CONDITIONS else Undecided)('%s is not understood' % error))
            except (KeyError, TypeError, ValueError, AttributeError, IndexError):
                result.append(Undecided('%s is not understood' % (str(expression)[:80],)))
        return result

    def _operations(self, item, chain_key):
        kind, value = item
        if kind == 'match':
            return [self._match(value, chain_key)]
        if kind in VERDICTS:
            return [VERDICTS[kind]]
        if kind in HARMLESS:
            return []
        if kind in ('jump', 'goto'):
            return [self._jump(kind, value, chain_key)]
        if kind == 'reject':
            how = (value or {}).get('type')
            needs = {'icmp': ('nfproto', 4), 'icmpv6': ('nfproto', 6), 'tcp reset': ('l4proto', 6)}.get(how)
            return ([Match(needs[:1], False, Numbers((needs[1:] * 2,)))] if needs else []) + [DROP]
        if kind == 'vmap':
            names, kinds = self._keys(value['key'])
            return [VerdictMap(names, self._table(value['data'], kinds, chain_key, self._verdict))]
        if kind in ('limit', 'quota', 'ct count', 'meter'):
            return self._traffic(kind, value, chain_key)
        if kind in ('set', 'map'):
            return [op for part in value.get('stmt') or () for op in self._operations(_item(part), chain_key)]
        if kind == 'mangle':
            return self._mangle(value)
        if kind == 'notrack':
            return [NOTRACK]
        if kind in ('dnat', 'redirect'):
            return [self._nat(kind, value or {}, chain_key)]
        if kind in ('snat', 'masquerade'):
            family = {'ip': 4, 'ip6': 6}.get((value or {}).get('family'))
            return ([Match(('nfproto',), False, Numbers(((family,) * 2,)))] if family else []) + [SNAT]
        if kind == 'xt':
            name, target = (value or {}).get('name'), (value or {}).get('type') != 'match'
            if name in XT_HARMLESS:
                return []
            reason = 'nft does not show the content of %s of iptables' % (name or 'a part')
            return [Undecided(reason) if target else Doubt(reason)]
        return [Undecided(UNCLEAR.get(kind, '%s is not understood' % (str(kind)[:80],)))]

    def _verdict(self, value, chain_key):
        kind, target = _item(value)
        if kind in ('jump', 'goto'):
            return self._jump(kind, target, chain_key)
        if kind == 'continue':
            return CONTINUE
        return VERDICTS.get(kind) or Undecided(UNCLEAR.get(kind, 'an unknown verdict'))

    def _jump(self, kind, value, chain_key):
        chain = self.chains[chain_key[0], chain_key[1], value['target']]
        return Jump(chain) if kind == 'jump' else Goto(chain)

    def _traffic(self, kind, value, chain_key):
        if kind == 'meter':
            return self._operations(_item(value['stmt']), chain_key)
        if isinstance(value, str):
            value = self._limits[chain_key[0], chain_key[1], value.lstrip('@')]
        over = bool(value.get('inv'))
        word = {'limit': 'rate limit', 'quota': 'quota', 'ct count': 'limit of connections'}[kind]
        if kind == 'quota' and value.get('used', 0):
            return [Doubt('the used part of a quota changes')]
        return [Quiet(not over, '%s, %s' % (word, QUIET))]

    def _mangle(self, value):
        key = _item(value['key'])
        if key[0] in ('meta', 'ct') and key[1].get('key') == 'mark':
            return [(SetMark if key[0] == 'meta' else SetConnectionMark)(_expression(value['value']))]
        if key[0] == 'ct' and key[1].get('key') == 'zone':
            zone = value['value'] if isinstance(value['value'], int) else None
            way = key[1].get('dir')
            return [SetZone(0 if way == 'reply' else zone, 0 if way == 'original' else zone)]
        if (
            key[0] in ('meta', 'ct', 'tcp option')
            or key[0] == 'payload'
            and key[1].get('field') in ('dscp', 'ttl', 'hoplimit', 'ecn')
        ):
            return []
        return [Undecided('rewrites the packet')]

    def _nat(self, kind, value, chain_key):
        port = value.get('port')
        if port is not None:
            port = fields.element(port, 'number')
        if kind == 'redirect':
            return Redirect(port)
        family = {'ip': 4, 'ip6': 6}.get(value.get('family'))
        addresses = value.get('addr')
        if isinstance(addresses, dict) and 'map' in addresses:
            names, kinds = self._keys(addresses['map']['key'])
            return DnatMap(names, self._table(addresses['map']['data'], kinds, chain_key, _destination), port)
        if addresses is None:
            return Dnat(family, None, port)
        family, addresses = _addresses(addresses)
        return Dnat(family, addresses, port)

    def _keys(self, left):
        kind, value = _item(left)
        if kind == 'concat':
            named = [field(part) for part in value]
        else:
            named = [field(left)]
        return tuple(name for name, dummy in named), tuple(kind for dummy, kind in named)

    def _match(self, value, chain_key):
        operator, left, right = value['op'], value['left'], value['right']
        negate = operator in ('!=', '!')
        kind, inner = _item(left)
        if kind == '&':
            name, how = field(inner[0])
            mask = fields.bits(inner[1], how)
            return Match((name,), negate, Masked(mask, _spans([right], how)))
        names, kinds = self._keys(left)
        if isinstance(right, str) and right.startswith('@'):
            return Match(names, negate, self._set(right[1:], kinds, chain_key))
        if (
            kinds[0] in ('state', 'status', 'flags')
            and len(kinds) == 1
            and (operator in ('in', '!') or isinstance(right, list))
        ):
            return Match(names, negate, AnyBit(fields.bits(right, kinds[0])))
        if operator in ('<', '>', '<=', '>='):
            if len(kinds) > 1 or kinds[0] in fields.WORDS:
                return Match(names, False, _Changing('%s is unknown' % names[0]))
            limit = fields.plain(right, kinds[0])
            span = {'<': (0, limit - 1), '<=': (0, limit), '>': (limit + 1, 2**128), '>=': (limit, 2**128)}[operator]
            return Match(names, False, Numbers((span,) if span[0] <= span[1] else iv.EMPTY))
        if operator not in ('==', '!=', 'in', '!'):
            raise Unclear('the operator %s' % (str(operator)[:20],))
        kind, inner = _item(right)
        values = inner if kind == 'set' else [right]
        return Match(names, negate, _test(values, kinds))

    def _set(self, name, kinds, chain_key):
        key = chain_key[0], chain_key[1], name
        if (key, kinds) not in self._tests:
            self._tests[key, kinds] = self._make(key, kinds)
        return self._tests[key, kinds]

    def _make(self, key, kinds):
        value = self._sets[key]
        if key in self._written and not self._written[key]:
            return _Changing('@%s is filled by rules' % key[2])
        elements = value.get('elem') or ()
        if len(elements) > BIG and kinds[0] in ('ip4', 'ip6') and len(kinds) == 1:
            self._ruleset.big.append('@%s' % key[2])
            return Big(len(self._ruleset.big) - 1)
        return _test(elements, kinds)

    def _table(self, data, kinds, chain_key, convert):
        key = None
        if isinstance(data, str):
            key = chain_key[0], chain_key[1], data.lstrip('@')
            if self._written.get(key) is False:
                raise Unclear('%s, which is filled by rules,' % data)
            if (key, kinds, convert) in self._tests:
                return self._tests[key, kinds, convert]
            pairs = self._sets[key].get('elem') or ()
        else:
            pairs = _item(data)[1]
        table = Table([])
        for key_value, right in pairs:
            left = _value(key_value)
            verdict = convert(right, chain_key)
            if left == '*':
                table.default = verdict
            else:
                table.elements.append((_element(left, kinds), verdict))
        if key:
            self._tests[key, kinds, convert] = table
        return table


class _Changing:
    """Test of a set whose elements come and go with the traffic."""

    def __init__(self, reason):
        self.reason = reason

    def scalar(self, dummy):
        return None


def _item(value):
    """(key, value) of an object with one key; else (None, the value itself)."""
    if isinstance(value, dict) and len(value) == 1:
        return next(iter(value.items()))
    return (value, None) if isinstance(value, str) else (None, value)


def _over(item):
    """bool: a limit that only a busy client passes."""
    kind, value = item
    return kind in ('limit', 'ct count') and isinstance(value, dict) and bool(value.get('inv'))


def _value(value):
    """The value of an element, which may come with a comment, a time or a counter."""
    while isinstance(value, dict) and 'elem' in value:
        value = value['elem']['val']
    return value


def _element(value, kinds):
    """Tuple of tests for ``Table``."""
    values = value['concat'] if isinstance(value, dict) and 'concat' in value else [value]
    if len(values) != len(kinds):
        raise Unclear('the element %s' % (str(value)[:80],))
    return tuple(fields.element(part, kind) for part, kind in zip(values, kinds))


def _spans(values, kind):
    return iv.merged(fields.element(part, kind) for part in values)


def _test(values, kinds):
    values = [_value(part) for part in values]
    if '*' in values and kinds != ('name',):
        return Numbers(((0, 2 ** 200),)) if len(kinds) == 1 else _Changing('an element for everything')
    if len(kinds) > 1:
        return Table([(_element(part, kinds), None) for part in values])
    if kinds[0] in fields.WORDS:
        return Names([fields.element(part, kinds[0]) for part in values])
    return Numbers(_spans(values, kinds[0]))


def _expression(value):
    """See ``model.mark``; None for what is not understood."""
    if isinstance(value, int):
        return value
    kind, inner = _item(value)
    if kind in ('|', '&', '^') and len(inner) == 2:
        return kind, _expression(inner[0]), _expression(inner[1])
    if kind in ('meta', 'ct') and inner.get('key') == 'mark':
        return 'mark' if kind == 'meta' else 'ctmark'
    return None


def _addresses(value):
    """(family, (first, last)) of a destination; (None, None) without one."""
    if isinstance(value, dict) and 'range' in value:
        low, high = value['range']
    elif isinstance(value, dict) and 'prefix' in value:
        raise Unclear('a translation to a network')
    else:
        low = high = value
    return 6 if ':' in low else 4, (iv.number(low), iv.number(high))


def _destination(value, dummy):
    """Dnat of a map's data."""
    value = _value(value)
    port = None
    if isinstance(value, dict) and 'concat' in value:
        value, port = value['concat']
        port = fields.element(port, 'number')
    return Dnat(*_addresses(value), ports=port)


def field(left):
    """(name, kind) of what a rule looks at; what is not known has a name of its own, hence the value UNKNOWN."""
    kind, value = _item(left)
    if kind == 'payload' and 'protocol' in value:
        protocol = value['protocol']
        return fields.PAYLOAD.get((protocol, value['field'])) or ('other ' + protocol, 'number')
    if kind == 'meta':
        return fields.META.get(value['key']) or ('meta ' + value['key'], 'word')
    if kind == 'ct':
        return fields.CT.get((value['key'], value.get('dir'))) or ('ct ' + value['key'], 'word')
    if kind == 'fib':
        flags = value['flags']
        flags = frozenset([flags] if isinstance(flags, str) else flags) - {'mark'}
        if value['result'] == 'type' and flags - {'iif'} in ({'saddr'}, {'daddr'}):
            return (
                'fib %s%s type' % ('saddr' if 'saddr' in flags else 'daddr', ' iif' if 'iif' in flags else ''),
                'word',
            )
        if value['result'] in ('oif', 'oifname') and flags - {'iif'} == {'saddr'}:
            return ('fib saddr%s oif' % (' iif' if 'iif' in flags else ''), 'exists')
    if kind == 'exthdr' and 'field' not in value and value.get('name') in ('frag', 'rt', 'hbh', 'dst', 'mh'):
        return ('exthdr', 'number')
    if kind in ('exthdr', 'tcp option') and 'field' in value:
        return ('exthdr field', 'number')
    if kind in ('numgen',) and isinstance(value.get('mod'), int) and value['mod'] <= 64:
        return ('numgen %d %d' % (value['mod'], value.get('offset', 0)), 'number')
    return ('other %s' % (str(kind)[:40],), 'word')
