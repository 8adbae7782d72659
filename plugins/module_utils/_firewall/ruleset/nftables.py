# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``nft -j list ruleset`` prints, as rules to be evaluated (libnftables-json(5)).

Versions differ in the order of objects and in how they print flags; nothing here depends on either.
"""

import re

from ..._addresses import intervals as iv
from . import expressions, fields, wording
from .fields import Unclear
from .limits import FEW, LITTLE, QUIET, is_slow
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
_WAYS = frozenset('fib %s%s oif' % (address, iif) for address in ('saddr', 'daddr') for iif in ('', ' iif'))
# fields of headers that rules may set without an effect on who gets in
_REWRITES = frozenset(('dscp', 'ecn', 'flowlabel', 'id'))
_METAS = frozenset(('mark', 'priority', 'nftrace', 'secmark'))
_ONLY_HOOK = {'netdev': 'ingress'}
# include/uapi/linux/netfilter/nf_tables.h
TABLE_FLAGS = {'dormant': 1, 'owner': 2, 'persist': 4}
CHAIN_FLAGS = ('offload',)
_LIMITS = ('limit', 'quota', 'ct count')
SET_FLAGS = ('constant', 'interval', 'timeout', 'dynamic')
# a statement that nft -j has no words for, as nft itself prints it
_BY_TEXT = re.compile(r'(?:add|update|delete) @([^ ]+) \{')
# packets that these take or rewrite in ways that the ruleset does not tell
UNCLEAR = {
    'queue': 'a program decides (queue)',
    'tproxy': 'redirected to a proxy (tproxy)',
    'synproxy': 'answered by synproxy',
    'fwd': 'forwarded to another device',
}


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
        words = expressions.words(value.get('flags'))
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
        for word in expressions.words(value.get('flags')):
            if word not in CHAIN_FLAGS:
                self._ruleset.doubts.append('the flag %s of %s is not understood' % (word, chain.text))
        if chain.hook:
            self._ruleset.bases.append(chain)

    def _find_written(self, rule):
        """Note sets that rules read, and those that they write to: these may change until a packet comes."""
        limited = False
        for expression in rule.get('expr') or ():
            kind, value = expressions.item(expression)
            name = None
            if kind == 'match':
                right = value.get('right') if isinstance(value, dict) else None
                if isinstance(right, str) and right.startswith('@'):
                    self._read.add((rule['family'], rule['table'], right[1:]))
                continue
            if kind in ('set', 'map') and isinstance(value, dict) and 'op' in value:
                guarded = value['op'] != 'delete' and (
                    limited or any(_over(expressions.item(part)) for part in value.get('stmt') or ()))
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
        parts = value.get('expr') or []
        rule = Rule('nftables %s handle %s' % (' '.join(key), value.get('handle')), parts, [])
        rule.ops = effective(self.ops(parts, key))
        if any(isinstance(part, dict) and 'xt' in part for part in parts):
            self.opaque.append((rule, len(chain.rules), chain))
        chain.rules.append(rule)
        self._ruleset.count += 1

    def ops(self, parts, chain_key):
        """Make operations of the parts of a rule.

        :param chain_key: tuple of family, table and name, of the chain.
        """
        result = []
        for expression in parts:
            item = expressions.item(expression)
            try:
                result.extend(self._statement(item, chain_key))
            except Unclear as error:
                result.extend(self._instead(item, chain_key, '%s is not understood' % error))
            except (KeyError, TypeError, ValueError, AttributeError, IndexError):
                result.extend(self._instead(item, chain_key, '%s is not understood' % expressions.shown(expression)))
        return result

    def _instead(self, item, chain_key, reason):
        """list of operations of a statement that is not understood: whatever it does is among what they do."""
        kind, value = item
        try:
            result = expressions.needed(item, ())           # which is known whatever it compares with, or does
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
        return expressions.needed(item, asked[0][0] if asked else ()) + made

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
            from .iptables import XT_HARMLESS
            if name in XT_HARMLESS:
                return []
            reason = 'nft does not show the content of %s of iptables' % (name or 'a part')
            return [Undecided(reason) if target else Doubt(reason)]
        raise Unclear(UNCLEAR.get(kind) or expressions.shown({kind: value} if kind else value))

    def _verdict(self, value, chain_key):
        kind, target = expressions.item(value)
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
            return self._operations(expressions.item(value['stmt']), chain_key)
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
            return [Doubt('%s is about as much as any client sends' % expressions.shown({kind: value}))]
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
            names, kinds = self._keys(expressions.value_of(value['elem']))
            present = [expressions.value_of(part[0] if kind == 'map' else part) for part in elements]
            rows = [(expressions.element(part, kinds), ()) for part in present]
            until = 'timeout' in about or 'timeout' in expressions.words(about.get('flags'))
            result.append(Choose(names, Table(rows, (Doubt('%s is full' % value[kind]),) if until else None)))
        if not any(expressions.item(part)[0] in _LIMITS for part in statements):
            result += self._remembered(key, value['elem'], True)
        return result + [op for part in statements for op in self._operations(expressions.item(part), chain_key)]

    def _remembered(self, key, element, holds):
        """list of one operation or none, for an element that a rule puts into a set that rules read, or takes out."""
        if key not in self._read or self._ways[key] is None:
            return []           # nobody asks, or what one conversation does another one undoes
        until = element['elem'].get('timeout') if isinstance(element, dict) and 'elem' in element else None
        until = self._sets[key].get('timeout') if until is None else until
        names = self._keys(expressions.value_of(element))[0]
        return [Remember(key, names, holds if until is None or until >= LONG_ENOUGH or not holds else None)]

    def _mangle(self, value, chain_key):
        kind, key = expressions.item(value['key'])
        to = value['value']
        if kind in ('meta', 'ct') and key.get('key') == 'mark':
            setter = SetMark if kind == 'meta' else SetConnectionMark
            try:
                if expressions.item(to)[0] == 'map':
                    return self._lookups(to, chain_key, lambda mark, dummy: (setter(expressions.mark(mark)),))
                return self._lookups(to, chain_key) + [setter(expressions.mark(to))]
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
        flags = expressions.words(value.get('flags')) + expressions.words(value.get('type_flags'))
        keeps = 'netmap' in flags or 'prefix' in flags
        if kind == 'dnat':
            family = _FAMILIES.get(value.get('family')) or _FAMILIES.get(chain_key[0])
            if expressions.item(address)[0] == 'map':
                mapped = address['map']
                before = self._looked_up(DnatMap, mapped['key'], mapped['data'], chain_key,
                                         lambda to, dummy: _destination(to, keeps))
                base = before.pop()
            else:
                base = Dnat(family, None, None) if address is None else Dnat(*_addresses(address, keeps))
        port = value.get('port')
        if expressions.item(port)[0] == 'map':
            mapped = port['map']
            before += self._looked_up(
                DnatMap, mapped['key'], mapped['data'], chain_key,
                lambda to, dummy: base.with_ports(fields.element(expressions.value_of(to), 'number')))
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
        return [op for key, data in expressions.maps(value)
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
                    rows.append((expressions.element(expressions.value_of(element['val']), kinds), ops))
                element = element['val']
        if key and not rows:
            self._unlimited.add(key)
        return [Choose(names, Table(rows, ()))] if rows else []

    def _keys(self, left):
        kind, value = expressions.item(left)
        if kind == 'concat':
            named = [expressions.field(part) for part in value]
        else:
            named = [expressions.field(left)]
        return tuple(name for name, dummy in named), tuple(kind for dummy, kind in named)

    def _match(self, value, chain_key):
        operator, left, right = value['op'], value['left'], value['right']
        negate = operator in ('!=', '!')
        kind, inner = expressions.item(left)
        if kind == '&':
            name, how = expressions.field(inner[0])
            if how == 'any':
                return [Match((name,), negate, _Changing(None))]
            left_over = Masked(fields.bits(inner[1], how), expressions.compared(operator, right, how))
            return [Match((name,), negate, left_over)]
        names, kinds = self._keys(left)
        if names[0] in _WAYS and len(names) == 1 and any(isinstance(part, str) for part in expressions.several(right)):
            names, kinds = (names[0] + 'name',), ('name',)
        if operator in expressions.COMPARES:
            if len(kinds) > 1 or kinds[0] in fields.WORDS:
                return [Match(names, False, _Changing(None))]
            return [Match(names, False, Numbers(expressions.compared(operator, right, kinds[0])))]
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
            elements = expressions.several(right)
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
        for word in expressions.words(value.get('flags')):
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
            pairs = expressions.item(data)[1]
        try:
            self._ruleset.take(pairs, data if isinstance(data, str) else 'a map')
        except TooManyError as error:
            raise Unclear(error) from None
        table = Table([])
        for key_value, right in pairs:
            left = expressions.value_of(key_value)
            verdict = convert(right, chain_key)
            if left == '*':
                table.default = verdict
            else:
                table.elements.append((expressions.element(left, kinds), verdict))
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


def _bytes(number, unit):
    """int: so many bytes, of a unit such as ``kbytes``."""
    return number << {'k': 10, 'm': 20, 'g': 30}.get((unit or 'bytes')[0], 0)


def effective(ops):
    """list of Operation: those of a rule up to the last one that does something to packets."""
    while ops and ops[-1].kind in PASSIVE:
        ops.pop()
    return ops


def _nothing(dummy, dummy2):
    return ()


def _over(item):
    """bool: a limit that only a busy client passes."""
    kind, value = item
    return kind in ('limit', 'ct count') and isinstance(value, dict) and bool(value.get('inv'))


def _test(values, kinds):
    values = [expressions.value_of(part) for part in values]
    if '*' in values and kinds != ('name',):
        return Numbers(((0, 2 ** 200),)) if len(kinds) == 1 else _Changing('an element for everything')
    if len(kinds) > 1:
        return Table([(expressions.element(part, kinds), None) for part in values])
    if kinds[0] in fields.WORDS:
        return Names([fields.element(part, kinds[0]) for part in values])
    return Numbers(expressions.spans(values, kinds[0]))


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
    value = expressions.value_of(value)
    port = None
    if isinstance(value, dict) and 'concat' in value:
        value, port = value['concat']
        port = fields.element(port, 'number')
    return Dnat(*_addresses(value, keeps)).with_ports(port)
