# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``nft -j list ruleset`` prints, as rules to be evaluated (libnftables-json(5)).

Versions differ in the order of objects and in how they print flags; nothing here depends on either.
"""

import re

from ..._addresses import intervals as iv
from . import fields, wording
from .fields import Unclear
from .model import AnyBit, Chain, Masked, Names, Numbers, Rule, Table, TooManyError
from .operations import (
    ANY_PORT,
    ANYWHERE,
    CONTINUE,
    DROP,
    NOTRACK,
    PASSIVE,
    SNAT,
    VERDICTS,
    Choose,
    Dnat,
    DnatMap,
    Doubt,
    Goto,
    Jump,
    Match,
    Needs,
    Quiet,
    Recall,
    Redirect,
    Remember,
    SetConnectionMark,
    SetMark,
    SetZone,
    Tproxy,
    Undecided,
    VerdictMap,
)

LONG_ENOUGH = 10        # seconds that an element stays in a set, for all packets of a conversation to meet it
LITTLE = 4096           # bytes that a client that sends little may send
FEW = 3                 # packets that it may send at once
QUIET = 'judged for a client that sends little'
HARMLESS = frozenset(
    (
        'counter',
        'log',
        'comment',
        'dup',
        'ct helper',
        'ct timeout',
        'ct expectation',
        'secmark',
        'last',
        'continue',
        'tunnel',
        'reset',
    )
)
# what only chooses packets: where it is not understood, the rest of the rule still says what becomes of them
CONDITIONS = frozenset(('match', 'limit', 'quota', 'ct count', 'meter', 'set', 'map', 'flow') + tuple(HARMLESS))
_TRANSLATE = ('dnat', 'redirect')
_FAMILIES = {'ip': 4, 'ip6': 6}
# what a packet has to be for an answer, or a translation, of a kind: names of fields that it has
_WAYS = frozenset('fib %s%s oif' % (address, iif) for address in ('saddr', 'daddr') for iif in ('', ' iif'))
_REJECT = {'icmp': ('other ip',), 'icmpv6': ('other ip6',), 'tcp reset': ('other tcp',)}
_NAT = {'ip': ('other ip',), 'ip6': ('other ip6',)}
# every packet has them, or the kernel goes on without them
_SURE = frozenset(('iifname', 'oifname', 'mark', 'pkttype', 'nfproto', 'l4proto', 'ethertype', 'ctstate'))
# fields of headers that rules may set without an effect on who gets in
_REWRITES = frozenset(('dscp', 'ecn', 'flowlabel', 'id'))
_METAS = frozenset(('mark', 'priority', 'nftrace', 'secmark'))
_ONLY_HOOK = {'netdev': 'ingress'}
# include/uapi/linux/netfilter/nf_tables.h
TABLE_FLAGS = {'dormant': 1, 'owner': 2, 'persist': 4}
CHAIN_FLAGS = ('offload',)
_LIMITS = ('limit', 'quota', 'ct count')
_COMPARES = ('<', '>', '<=', '>=')
SET_FLAGS = ('constant', 'interval', 'timeout', 'dynamic')
# expressions that load something from the packet, or of what the kernel knows about it
_LOADS = frozenset(('payload', 'exthdr', 'tcp option', 'ip option', 'sctp chunk', 'dccp option', 'meta', 'ct', 'fib',
                    'rt', 'socket', 'osf', 'ipsec', 'tunnel', 'xfrm'))
# a statement that nft -j has no words for, as nft itself prints it
_BY_TEXT = re.compile(r'(?:add|update|delete) @([^ ]+) \{')
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

    :param flags: list of (family, name, number), the flags of tables as the kernel tells them; None: not known.
    :ivar chains: {(family, table, name): Chain}.
    :ivar opaque: list of (Rule, index in its chain, Chain) that have parts which nft does not show (``xt``).
    """

    def __init__(self, document, ruleset, flags=None):
        self.chains, self.opaque, self.lengths, self._ruleset = {}, [], {}, ruleset
        self._sets, self._tests, self._limits, self._written, self._read = {}, {}, {}, {}, set()
        self._unlimited = set()             # names of sets none of whose elements has a limit
        self._ways = {}         # of sets that rules write to: whether they only take from it; None: they do both
        objects = [next(iter(part.items())) for part in document['nftables']]
        told = None if flags is None else {(family, name): number for family, name, number in flags}
        dormant = {(value['family'], value['name']) for kind, value in objects
                   if kind == 'table' and self._is_dormant(value, told)}
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

    def _is_dormant(self, value, told):
        """bool: the kernel runs no chain of a table. What nft 1.0.6 prints as flags of a table is not what they are."""
        words = _words(value.get('flags'))
        if told is None:
            unknown = [word for word in words if word not in TABLE_FLAGS]
            number = sum(TABLE_FLAGS.get(word, 0) for word in set(words))
        else:
            number = told.get((value['family'], value['name']), 0)
            unknown = ['0x%x' % number] if number & ~sum(TABLE_FLAGS.values()) else []
        if unknown:
            self._ruleset.doubts.append('the flag %s of table %s %s is not understood' % (
                unknown[0], value['family'], value['name']))
        return bool(number & TABLE_FLAGS['dormant'])

    def _chain(self, value):
        key = value['family'], value['table'], value['name']
        devices = value.get('dev', ())
        chain = self.chains[key] = Chain(
            *key, hook=value.get('hook'), kind=value.get('type'), priority=value.get('prio', 0),
            policy=value.get('policy', 'accept'), devices=[devices] if isinstance(devices, str) else list(devices))
        for word in _words(value.get('flags')):
            if word not in CHAIN_FLAGS:
                self._ruleset.doubts.append('the flag %s of %s is not understood' % (word, chain.text))
        if chain.hook:
            self._ruleset.bases.append(chain)

    def _find_written(self, rule):
        """Note sets that rules read, and those that they write to: these may change until a packet comes."""
        limited = False
        for expression in rule.get('expr') or ():
            kind, value = _item(expression)
            name = None
            if kind == 'match' and isinstance(value, dict) and str(value.get('right')).startswith('@'):
                self._read.add((rule['family'], rule['table'], value['right'][1:]))
            if kind in ('set', 'map') and isinstance(value, dict) and 'op' in value:
                guarded = value['op'] != 'delete' and (
                    limited or any(_over(_item(part)) for part in value.get('stmt') or ()))
                name = str(value.get(kind, '')).lstrip('@')
            elif isinstance(expression, str) and _BY_TEXT.match(expression):
                guarded, name = False, _BY_TEXT.match(expression).group(1)
            if name:
                key = rule['family'], rule['table'], name
                self._written[key] = self._written.get(key, True) and guarded
                takes = isinstance(value, dict) and value['op'] == 'delete'
                if self._ways.setdefault(key, takes) != takes:
                    self._ways[key] = None
            limited = limited or _over((kind, value))

    def _rule(self, value):
        key = value['family'], value['table'], value['chain']
        chain = self.chains[key]
        expressions = value.get('expr') or []
        rule = Rule('nftables %s handle %s' % (' '.join(key), value.get('handle')), expressions, [])
        rule.ops = effective(self.ops(expressions, key))
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
                result.extend(self._statement(item, chain_key))
            except Unclear as error:
                result.extend(self._instead(item, chain_key, '%s is not understood' % error))
            except (KeyError, TypeError, ValueError, AttributeError, IndexError):
                result.extend(self._instead(item, chain_key, '%s is not understood' % _shown(expression)))
        return result

    def _instead(self, item, chain_key, reason):
        """list of operations of a statement that is not understood: whatever it does is among what they do."""
        kind, value = item
        try:
            result = _needs(item, ())           # which is known whatever it compares with, or does
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            result = []
        if kind in CONDITIONS or isinstance(kind, str) and _BY_TEXT.match(kind):
            return result + [Doubt(reason)]
        if kind in _TRANSLATE:
            family = value.get('family') if isinstance(value, dict) else None
            family = _FAMILIES.get(family) or _FAMILIES.get(chain_key[0])
            return result + [Doubt(reason), Dnat(family, ANYWHERE, ANY_PORT)]
        if kind == 'tproxy':
            return result + [Tproxy(UNCLEAR[kind], None, None, None)]
        return result + [Undecided(UNCLEAR.get(kind) or reason)]

    def _statement(self, item, chain_key):
        """list of operations of a statement, after that for what it needs to find in a packet."""
        made = self._operations(item, chain_key)
        asked = made[0].tests() if made else ()
        return _needs(item, asked[0][0] if asked else ()) + made

    def _operations(self, item, chain_key):
        kind, value = item
        if kind == 'match':
            return self._match(value, chain_key)
        if kind in VERDICTS:
            return [VERDICTS[kind]]
        if kind in ('jump', 'goto'):
            return [self._jump(kind, value, chain_key)]
        if kind == 'reject':
            return [DROP]
        if kind == 'vmap':
            return self._looked_up(VerdictMap, value['key'], value['data'], chain_key, self._verdict)
        if kind in _LIMITS or kind == 'meter':
            return self._traffic(kind, value, chain_key)
        if kind in ('set', 'map'):
            return self._dynamic(kind, value, chain_key)
        if kind == 'mangle':
            return self._mangle(value, chain_key)
        if kind == 'flow':
            # net/netfilter/nft_flow_offload.c: the rule ends for all but one packet of an established connection
            return [Match(('ctstate',), False, AnyBit(fields.STATES['established'])),
                    Doubt('flow add goes on with one packet of each connection')]
        if kind == 'notrack':
            return [NOTRACK]
        if kind == 'tproxy':
            return [_proxy(value)]
        if kind in _TRANSLATE:
            return self._translation(kind, value or {}, chain_key)
        if kind in ('snat', 'masquerade'):
            return self._lookups(value, chain_key) + [SNAT]
        if kind in HARMLESS:
            return self._lookups(value, chain_key)
        if kind == 'xt':
            name, target = (value or {}).get('name'), (value or {}).get('type') != 'match'
            if name in XT_HARMLESS:
                return []
            reason = 'nft does not show the content of %s of iptables' % (name or 'a part')
            return [Undecided(reason) if target else Doubt(reason)]
        raise Unclear(UNCLEAR.get(kind) or _shown({kind: value} if kind else value))

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
        if isinstance(value, dict) and 'map' in value:
            return self._lookups(value, chain_key, lambda name, key: tuple(self._traffic(kind, name, key)))
        if isinstance(value, str):
            value = self._limits[chain_key[0], chain_key[1], value.lstrip('@')]
        over = bool(value.get('inv'))
        if kind == 'limit' and value.get('rate_unit', 'packets') != 'packets':
            most = _bytes(value['rate'], value['rate_unit']) + _bytes(value.get('burst', 0), value.get('burst_unit'))
        else:
            most = _bytes(value.get('val', value.get('bytes')), value.get('val_unit')) if kind == 'quota' else LITTLE
        if most < LITTLE or kind == 'limit' and is_slow(value.get('burst', FEW), value['per']):
            return [Doubt('%s is about as much as any client sends' % _shown({kind: value}))]
        word = {'limit': 'rate limit', 'quota': 'quota', 'ct count': 'limit of connections'}[kind]
        if kind == 'quota' and value.get('used', 0):
            return [Doubt('the used part of a quota changes')]
        if kind == 'ct count' and value['val'] == 0:
            return [] if over else [Match(('l4proto',), False, Numbers(iv.EMPTY))]      # the first one is over it
        return [Quiet(not over, '%s, %s' % (word, QUIET))]

    def _dynamic(self, kind, value, chain_key):
        """Operations of a statement that writes to a set (net/netfilter/nft_dynset.c)."""
        key = chain_key[0], chain_key[1], value[kind].lstrip('@')
        about = self._sets[key]
        statements = value.get('stmt') or about.get('stmt') or ()
        if value['op'] == 'delete':
            return self._remembered(key, value['elem'], False)
        result, elements = [], about.get('elem') or ()
        if about.get('size') and len(elements) >= about['size']:        # full: only for what is in it the rule goes on
            names, kinds = self._keys(_value(value['elem']))
            rows = [(_element(_value(part[0] if kind == 'map' else part), kinds), ()) for part in elements]
            until = 'timeout' in about or 'timeout' in _words(about.get('flags'))
            result.append(Choose(names, Table(rows, (Doubt('%s is full' % value[kind]),) if until else None)))
        if not any(_item(part)[0] in _LIMITS for part in statements):
            result += self._remembered(key, value['elem'], True)
        return result + [op for part in statements for op in self._operations(_item(part), chain_key)]

    def _remembered(self, key, element, holds):
        """list of one operation or none, for an element that a rule puts into a set that rules read, or takes out."""
        if key not in self._read or self._ways[key] is None:
            return []           # nobody asks, or what one conversation does another one undoes
        until = element['elem'].get('timeout') if isinstance(element, dict) and 'elem' in element else None
        until = self._sets[key].get('timeout') if until is None else until
        names = self._keys(_value(element))[0]
        return [Remember(key, names, holds if until is None or until >= LONG_ENOUGH or not holds else None)]

    def _mangle(self, value, chain_key):
        kind, key = _item(value['key'])
        to = value['value']
        if kind in ('meta', 'ct') and key.get('key') == 'mark':
            setter = SetMark if kind == 'meta' else SetConnectionMark
            try:
                if _item(to)[0] == 'map':
                    return self._lookups(to, chain_key, lambda mark, dummy: (setter(_expression(mark)),))
                return self._lookups(to, chain_key) + [setter(_expression(to))]
            except Unclear as error:
                return [Doubt('%s is not understood' % error), setter(None)]
        if kind == 'ct' and key.get('key') == 'zone':
            zone, way = to if isinstance(to, int) else None, key.get('dir')
            return self._lookups(to, chain_key) + [
                SetZone(0 if way == 'reply' else zone, 0 if way == 'original' else zone)]
        if not self._is_harmless(kind, key, to):
            if (kind, key.get('key'), to) == ('meta', 'pkttype', 'other') and \
                    'ingress' in (self.chains[chain_key].hook, _ONLY_HOOK.get(chain_key[0])):
                return [DROP]           # net/ipv4/ip_input.c, net/ipv6/ip6_input.c: not for this host
            changed = Undecided('rewrites the packet')
            if kind == 'payload' and (key.get('protocol'), key.get('field'), to) == ('udp', 'checksum', 0):
                # a checksum that IPv4 does without (RFC 768) and IPv6 does not (RFC 8200)
                return [Choose(('nfproto',), Table([(((4, 4),), ())], (changed,)))]
            return [changed]
        return self._lookups(to, chain_key)

    @staticmethod
    def _is_harmless(kind, key, value):
        """bool: a change that has no effect on who gets in."""
        if kind == 'meta':
            return key.get('key') in _METAS or key.get('key') == 'pkttype' and value in ('host', 'unicast')
        if kind == 'payload' and key.get('field') in ('ttl', 'hoplimit'):
            return isinstance(value, int) and value > 1         # else routers on the way give it up
        return kind in ('ct', 'tcp option') or kind == 'payload' and key.get('field') in _REWRITES

    def _translation(self, kind, value, chain_key):
        base = Redirect(None)
        address, before = value.get('addr'), []
        keeps = 'netmap' in _words(value.get('flags')) or 'prefix' in _words(value.get('type_flags'))
        if kind == 'dnat':
            family = _FAMILIES.get(value.get('family')) or _FAMILIES.get(chain_key[0])
            if _item(address)[0] == 'map':
                mapped = address['map']
                before = self._looked_up(DnatMap, mapped['key'], mapped['data'], chain_key,
                                         lambda to, dummy: _destination(to, keeps))
                base = before.pop()
            else:
                base = Dnat(family, None, None) if address is None else Dnat(*_addresses(address, keeps))
        port = value.get('port')
        if _item(port)[0] == 'map':
            mapped = port['map']
            before += self._looked_up(DnatMap, mapped['key'], mapped['data'], chain_key,
                                      lambda to, dummy: base.with_ports(fields.element(_value(to), 'number')))
            return before
        return before + [base if port is None else base.with_ports(fields.element(port, 'number'))]

    def _looked_up(self, operation, key, data, chain_key, convert):
        """list of operations of a table: an operation of this class, after that for elements with a limit."""
        names, kinds = self._keys(key)
        table = self._table(data, kinds, chain_key, convert)
        more = (None,) if operation is DnatMap else ()
        return self._limited(names, kinds, data, chain_key) + [operation(names, table, *more)]

    def _lookups(self, value, chain_key, convert=None):
        """list of Choose, for the maps in the values of a statement: without the key, the rule ends.

        :param convert: makes operations of the data of an element, (data, key of the chain) to a tuple; None: it has
            no effect on the packet.
        """
        return [op for key, data in _maps(value)
                for op in self._looked_up(Choose, key, data, chain_key, convert or _nothing)]

    def _limited(self, names, kinds, elements, chain_key):
        """list of operations for elements with a limit or quota of their own: they match while it does.

        :param elements: name of a set, or of a map, or what nft prints of one that has no name.
        """
        key = None
        if isinstance(elements, str):
            key = chain_key[0], chain_key[1], elements.lstrip('@')
            if key in self._unlimited:          # many rules can ask for one set
                return []
            elements = self._sets[key].get('elem') or ()
        elif isinstance(elements, dict):
            elements = elements['set']
        rows = []
        for part in [part for part in elements if not isinstance(part, (str, int))]:
            element = part[0] if isinstance(part, list) else part
            while isinstance(element, dict) and 'elem' in element:
                element = element['elem']
                ops = tuple(op for kind in _LIMITS if kind in element
                            for op in self._traffic(kind, element[kind], chain_key))
                if ops:
                    rows.append((_element(_value(element['val']), kinds), ops))
                element = element['val']
        if key and not rows:
            self._unlimited.add(key)
        return [Choose(names, Table(rows, ()))] if rows else []

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
            if how == 'any':
                return [Match((name,), negate, _Changing(None))]
            return [Match((name,), negate, Masked(fields.bits(inner[1], how), _compared(operator, right, how)))]
        names, kinds = self._keys(left)
        if names[0] in _WAYS and len(names) == 1 and any(isinstance(part, str) for part in _several(right)):
            names, kinds = (names[0] + 'name',), ('name',)
        if operator in _COMPARES:
            if len(kinds) > 1 or kinds[0] in fields.WORDS:
                return [Match(names, False, _Changing(None))]
            return [Match(names, False, Numbers(_compared(operator, right, kinds[0])))]
        if operator not in ('==', '!=', 'in', '!'):
            raise Unclear('the operator %s' % (str(operator)[:20],))
        if isinstance(right, str) and right.startswith('@'):
            elements, test = right, self._set(right[1:], kinds, chain_key)
            key = chain_key[0], chain_key[1], right[1:]
            if self._ways.get(key) is not None:
                return self._limited(names, kinds, elements, chain_key) + [Recall(key, names, negate, test)]
        elif (
            kinds[0] in ('state', 'status', 'flags')
            and len(kinds) == 1
            and (operator in ('in', '!') or isinstance(right, list))
        ):
            return [Match(names, negate, AnyBit(fields.bits(right, kinds[0])))]
        else:
            elements = _several(right)
            test = self._test(elements, kinds, 'a set')
        return self._limited(names, kinds, elements, chain_key) + [Match(names, negate, test)]

    def _set(self, name, kinds, chain_key):
        key = chain_key[0], chain_key[1], name
        if (key, kinds) not in self._tests:
            self._tests[key, kinds] = self._make(key, kinds)
        return self._tests[key, kinds]

    def _make(self, key, kinds):
        value = self._sets[key]
        if key in self._written and not self._written[key]:
            return _Changing('@%s is filled by rules' % key[2])
        for word in _words(value.get('flags')):
            if word not in SET_FLAGS:
                raise Unclear('the flag %s of @%s' % (word, key[2]))
        elements = value.get('elem') or ()
        test = self._test(elements, kinds, '@%s' % key[2])
        if isinstance(test, Numbers) and kinds[0] in ('ip4', 'ip6'):
            self._ruleset.name(int(kinds[0][2]), 'set %s' % key[2], test.spans, len(elements))
        return test

    def _test(self, elements, kinds, name):
        """See ``_test``; of too many elements, none that can be told."""
        try:
            self._ruleset.take(elements, name)
        except TooManyError as error:
            return _Changing('%s is not understood' % error)
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
        try:
            self._ruleset.take(pairs, data if isinstance(data, str) else 'a map')
        except TooManyError as error:
            raise Unclear(error) from None
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
    """Test of a set whose elements come and go with the traffic, or of what is never known.

    :ivar reason: str; None: that of the field.
    """

    def __init__(self, reason):
        self.reason = reason

    def scalar(self, dummy):
        return None


def _item(value):
    """(key, value) of an object with one key; else (None, the value itself)."""
    if isinstance(value, dict) and len(value) == 1:
        return next(iter(value.items()))
    return (value, None) if isinstance(value, str) else (None, value)


def _several(right):
    """list: what a match compares with, one value or those of a set without a name."""
    kind, inner = _item(right)
    return inner if kind == 'set' else [right]


def _compared(operator, right, kind):
    """Set of the numbers that are equal to a value, or to one of several, or below or above it."""
    if operator not in _COMPARES:
        return _spans(_several(right), kind)
    limit = fields.plain(right, kind)
    span = {'<': (0, limit - 1), '<=': (0, limit), '>': (limit + 1, 2**128), '>=': (limit, 2**128)}[operator]
    return (span,) if span[0] <= span[1] else iv.EMPTY


def _bytes(number, unit):
    """int: so many bytes, of a unit such as ``kbytes``."""
    return number << {'k': 10, 'm': 20, 'g': 30}.get((unit or 'bytes')[0], 0)


def is_slow(burst, unit):
    """bool: a limit of packets stops a client that sends little; ``unit`` is the time of its rate, such as ``min``."""
    return burst < FEW and unit[:1] in ('m', 'h', 'd', 'w')


def _words(flags):
    """list of str: flags, which nft prints as a list or, of one, as a word."""
    return [flags] if isinstance(flags, str) else list(flags or ())


def _shown(expression):
    """str: a part of a rule as nft prints it."""
    try:
        return ' '.join(wording.statement(expression).split())[:80] or 'a part of the rule'
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return 'a part of the rule'


def _needs(item, asked):
    """list of one operation or none, for what a statement needs besides fields that are asked for anyway."""
    needed = set(needs(item)) - _SURE - set(asked)
    return [Needs(tuple(sorted(needed)))] if needed else []


def effective(ops):
    """list of Operation: those of a rule up to the last one that does something to packets."""
    while ops and ops[-1].kind in PASSIVE:
        ops.pop()
    return ops


def needs(item):
    """list of names of fields: what a statement reads, or writes to, has to be in the packet, or the rule ends.

    Nothing else says so: nft leaves such conditions out of what it prints (``meta nfproto ipv4`` before ``ip saddr``),
    and the kernel has further ones (``ct mark`` without a connection).
    """
    kind, value = item
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


def _maps(value):
    """Yield (key, data) of all maps in a value."""
    if isinstance(value, list):
        for part in value:
            yield from _maps(part)
    elif isinstance(value, dict):
        for kind, inner in value.items():
            if kind == 'map' and isinstance(inner, dict) and 'key' in inner:
                yield inner['key'], inner['data']
            yield from _maps(inner)


def _nothing(dummy, dummy2):
    return ()


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
        raise Unclear('the element %s' % wording.value(value)[:80])
    return tuple(fields.element(part, kind) for part, kind in zip(values, kinds))


def _spans(values, kind):
    return iv.merged(fields.elements(values, kind))


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


def _addresses(value, keeps):
    """(family, (first, last), None for the ports, whether the rest of an address stays) of a destination.

    A prefix without the flag netmap is a range, from which the kernel chooses: nf_nat_core.c, find_best_ips_proto.
    """
    if isinstance(value, dict) and 'prefix' in value:
        base = value['prefix']['addr']
        low, high = fields.element(value, 'ip6' if ':' in base else 'ip4')
        return 6 if ':' in base else 4, (low, high), None, keeps
    low, high = value['range'] if isinstance(value, dict) and 'range' in value else (value, value)
    if not isinstance(low, str):
        raise Unclear('the destination %s' % wording.value(value)[:80])
    return 6 if ':' in low else 4, (iv.number(low), iv.number(high)), None, False


def _proxy(value):
    """Tproxy, to what is a plain address and port, or to any."""
    address, port = value.get('addr'), value.get('port')
    return Tproxy(
        UNCLEAR['tproxy'], _FAMILIES.get(value.get('family')),
        0 if address is None else iv.number(address) if isinstance(address, str) else None,
        port if isinstance(port, int) else None)


def _destination(value, keeps):
    """Dnat of a map's data; ``keeps``: the rest of an address stays."""
    value = _value(value)
    port = None
    if isinstance(value, dict) and 'concat' in value:
        value, port = value['concat']
        port = fields.element(port, 'number')
    return Dnat(*_addresses(value, keeps)).with_ports(port)


def field(left):
    """(name, kind) of what a rule looks at; what is never known is of kind ``any``, and has a name that says what.

    The name of a part of a header is ``other``, the protocol, and what nft calls it: where the packet has no such
    header, it is ABSENT.
    """
    kind, value = _item(left)
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
    return _shown(left), 'any'


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
