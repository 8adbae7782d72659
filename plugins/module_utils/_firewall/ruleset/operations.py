# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule does, operation by operation.

A rule is a list of operations, run in order. Whatever analyses rules asks each operation the same questions, so that
a kind that nobody thought of is an error, and not a wrong verdict: ``Operation`` answers none of them itself.
"""

from .model import Numbers, Table

LOOPBACKS = {4: range(127 << 24, 128 << 24), 6: range(1, 2)}

ANYWHERE = 0, 2 ** 128 - 1      # addresses of a translation that is not understood
ANY_PORT = 0, 65535


class Operation:
    """One operation of a rule.

    :cvar kind: str, which one it is.
    :cvar passes: bool, packets surely stay as they are and are not stopped by it, unless a chain that it leads to does.
    :cvar apart: bool, it treats each address that packets are sent to in a way of its own.
    """

    __slots__ = ()
    kind = passes = None
    apart = False

    def tests(self):
        """Return a tuple of (fields, test, negated): what it asks of a packet."""
        raise NotImplementedError(type(self).__name__)

    def writes(self):
        """Return a tuple of what it changes: ``mark``, ``ct`` (the connection), ``address`` (or port), ``lists``."""
        raise NotImplementedError(type(self).__name__)

    def targets(self):
        """Return a list of Chain, those that it can lead to."""
        raise NotImplementedError(type(self).__name__)

    def destinations(self):
        """Return a list of (family, addresses, ports): where it can translate to, None for what it leaves."""
        raise NotImplementedError(type(self).__name__)

    def reads(self):
        """Return the names of the fields of a packet that it depends on."""
        return [name for fields, dummy, dummy2 in self.tests() for name in fields]

    def ports(self):
        """Return a list of (low, high): ports that it tells from others, in a test or as a destination."""
        spans = []
        for fields, test, dummy in self.tests():
            for position, name in enumerate(fields):
                if name.endswith('port') and ' ' not in name:
                    if isinstance(test, Numbers):
                        spans.extend(test.spans)
                    elif isinstance(test, Table):
                        spans.extend(tests[position] for tests, dummy2 in test.elements)
                    else:
                        spans.extend((port, port) for port in range(65536))     # masks: each port by itself
        spans.extend(ports for dummy, dummy2, ports in self.destinations() if ports)
        return spans

    def _content(self):
        """What makes two verdicts of a table the same."""
        return id(self)

    def __eq__(self, other):
        return self is other or type(self) is type(other) and self._content() == other._content()

    def __hash__(self):
        return hash(self._content())


class _Plain(Operation):
    """An operation that asks nothing, changes nothing and leads nowhere."""

    __slots__ = ()

    def tests(self):
        return ()

    def writes(self):
        return ()

    def targets(self):
        return ()

    def destinations(self):
        return ()


# conditions


class Match(_Plain):
    """The rule goes on with the packets whose fields are in the test, or with all others if negated."""

    __slots__ = ('fields', 'negate', 'test')
    kind, passes = 'match', True

    def __init__(self, fields, negate, test):
        self.fields, self.negate, self.test = fields, negate, test

    def tests(self):
        return ((self.fields, self.test, self.negate),)

    def reads(self):
        return self.fields

    def ports(self):
        return super().ports() if any('port' in name for name in self.fields) else []


class Needs(_Plain):
    """The rule goes on with the packets that have all of these fields, whatever is in them.

    What a statement reads of a packet has to be there; nft prints no condition for that.
    """

    __slots__ = ('fields',)
    kind, passes = 'needs', True

    def __init__(self, fields):
        self.fields = fields

    def reads(self):
        """Only a connection can come to be on the way; all else is there, or it is not."""
        return [name for name in self.fields if name.startswith('ct')]


class Choose(_Plain):
    """The rule goes on with what the table has for the packet's fields; without an element for it, the rule ends.

    :ivar table: Table, whose data are tuples of Operation, which are run before those that follow.
    """

    __slots__ = ('fields', 'table')
    kind = 'choose'

    def __init__(self, fields, table):
        self.fields, self.table = fields, table

    @property
    def passes(self):
        return all(op.passes for op in self._chosen())

    def _chosen(self):
        return [op for ops in self.table.values() for op in ops]

    def tests(self):
        return ((self.fields, self.table, False),) + tuple(test for op in self._chosen() for test in op.tests())

    def reads(self):
        return list(self.fields) + [name for op in self._chosen() for name in op.reads()]

    def writes(self):
        return tuple(sorted({what for op in self._chosen() for what in op.writes()}))


class Either(Match):
    """A match of which one of two ports, that of the server or that of the client, has to be in the test."""

    __slots__ = ()
    kind, passes = 'either', True


class Doubt(_Plain):
    """Whether the packet matches cannot be known."""

    __slots__ = ('reason',)
    kind, passes = 'doubt', True

    def __init__(self, reason):
        self.reason = reason


class Quiet(_Plain):
    """Depends on the traffic: judged for a client that sends little, with a caveat.

    Another client may be answered the other way, and gets in where that lets it in.

    :ivar matches: bool, whether a client that sends little matches.
    """

    __slots__ = ('matches', 'caveat')
    kind, passes = 'quiet', True

    def __init__(self, matches, caveat):
        self.matches, self.caveat = matches, caveat

    def _content(self):
        return self.matches, self.caveat


# lists that rules change, which later rules and packets meet

class Remember(_Plain):
    """Puts what fields of the packet hold into a list of the kernel, or takes it out.

    :ivar name: tuple that says which list it is.
    :ivar holds: bool, whether it is in the list afterwards; None where that is not known.
    """

    __slots__ = ('name', 'fields', 'holds')
    kind, passes = 'remember', True

    def __init__(self, name, fields, holds):
        self.name, self.fields, self.holds = name, fields, holds

    def reads(self):
        return self.fields

    def writes(self):
        return ('lists',)


class Recall(Match):
    """A match whose set is changed by rules: what the conversation itself has done to it is known.

    :ivar test: what is known of the set otherwise.
    :ivar snapshot: None, or what was in the set: still true of a client that was not seen before, with a caveat.
    """

    __slots__ = ('name', 'snapshot', 'caveat')
    kind, passes = 'recall', True

    def __init__(self, name, fields, negate, test, snapshot=None, caveat=None):
        Match.__init__(self, fields, negate, test)
        self.name, self.caveat = name, caveat
        self.snapshot = snapshot and Match(fields, negate, snapshot)

    def reads(self):
        return self.fields + ('lists',)


class Recent(_Plain):
    """Looks an address up in a list of those that were seen recently (net/netfilter/xt_recent.c).

    :ivar field: str, which address.
    :ivar change: None, ``update`` (counts once more what is found) or ``remove``.
    :ivar hits: int, how often it must have been seen.
    """

    __slots__ = ('name', 'field', 'negate', 'change', 'hits', 'caveat')
    kind, passes = 'recent', True

    def __init__(self, name, field, negate, change, hits, caveat):
        self.name, self.field, self.negate, self.change, self.hits = name, field, negate, change, hits
        self.caveat = caveat

    def reads(self):
        return (self.field, 'lists')

    def writes(self):
        return ('lists',) if self.change else ()


# changes


class SetMark(_Plain):
    """Sets the mark of the packet.

    :ivar expression: int, ``mark``, ``ctmark``, None (not known), or (``|``, ``&`` or ``^``, left, right).
    :ivar goes_on: bool, the rule goes on where there is no connection to take a mark from.
    """

    __slots__ = ('expression', 'goes_on')
    kind, passes = 'mark', False

    def __init__(self, expression, goes_on=False):
        self.expression, self.goes_on = expression, goes_on

    def reads(self):
        return ('mark', 'ctmark')

    def writes(self):
        return ('mark',)

    def needs_connection(self):
        """bool: the new mark depends on that of the connection."""
        return _uses(self.expression, 'ctmark')

    def value(self, mark, ctmark):
        """int or None (not known): what the mark is set to, by the present marks of packet and connection."""
        return _result(self.expression, {'mark': mark, 'ctmark': ctmark})


class SetConnectionMark(SetMark):
    """Sets the mark of the connection."""

    __slots__ = ()
    kind, passes = 'ctmark', False

    def writes(self):
        return ('ct',)


class Notrack(_Plain):
    """Leaves the packet out of connection tracking."""

    __slots__ = ()
    kind, passes = 'notrack', False

    def writes(self):
        return ('ct',)


class SetZone(_Plain):
    """Sets the zone in which connection tracking looks the packet up, and puts its connection.

    :ivar original: int, the zone for packets to the server; ``mark``: that of the packet's mark; None: not known.
    :ivar reply: the same for answers.
    """

    __slots__ = ('original', 'reply')
    kind, passes = 'zone', False

    def __init__(self, original=0, reply=0):
        self.original, self.reply = original, reply

    def reads(self):
        return ('mark',) if 'mark' in (self.original, self.reply) else ()

    def writes(self):
        return ('ct',)

    def zones(self, mark):
        """(int or None, int or None): the zones for a packet of this mark."""
        return tuple(
            zone if zone != 'mark' else None if mark is None else mark & 0xffff for zone in (self.original, self.reply)
        )


# translations, each of which ends the chain for the packets that it takes


class _Translation(_Plain):
    """Changes addresses or ports."""

    __slots__ = ()
    passes = False

    def writes(self):
        return ('address',)


class Dnat(_Translation):
    """Translates the destination.

    :ivar family: 4, 6, or None (of every packet).
    :ivar addresses: (first, last) as numbers, or None (left as they are), or ANYWHERE; ports: the same.
    :ivar network: bool, the addresses are a network, and the rest of the address stays what it was.
    """

    __slots__ = ('family', 'addresses', 'port_span', 'network')
    kind = 'dnat'

    def __init__(self, family, addresses, ports, network=False):
        self.family, self.addresses, self.port_span, self.network = family, addresses, ports, network

    @property
    def apart(self):
        return self.network

    def destinations(self):
        known = None if self.addresses == ANYWHERE else self.addresses
        return ((self.family, known, None if self.port_span == ANY_PORT else self.port_span),)

    def with_ports(self, ports):
        """The same, to these ports where it has none of its own."""
        return self if self.port_span or not ports else Dnat(self.family, self.addresses, ports, self.network)

    def _content(self):
        return self.family, self.addresses, self.port_span, self.network


class DnatMap(_Translation):
    """Translates to what a table has for the packet's fields.

    :ivar table: Table, whose data are translations of destinations.
    :ivar port_span: (first, last) or None, where an element has no ports of its own.
    """

    __slots__ = ('fields', 'table', 'port_span')
    kind = 'dnatmap'

    def __init__(self, fields, table, ports):
        self.fields, self.table, self.port_span = fields, table, ports

    @property
    def apart(self):
        return any(part.apart for part in self.table.values())

    def tests(self):
        inner = {test for part in self.table.values() for test in part.tests()}
        return ((self.fields, self.table, False),) + tuple(inner)

    def destinations(self):
        return [destination for dnat in self.table.values()
                for destination in dnat.with_ports(self.port_span).destinations()]

    def with_ports(self, ports):
        """The same, to these ports where neither it nor an element has ports of its own."""
        return self if self.port_span or not ports else DnatMap(self.fields, self.table, ports)

    def _content(self):
        return self.fields, id(self.table), self.port_span


class Redirect(_Translation):
    """Translates to an address of the host itself.

    :ivar port_span: (first, last) or None.
    """

    __slots__ = ('port_span',)
    kind = 'redirect'

    def __init__(self, ports):
        self.port_span = ports

    def destinations(self):
        return ((None, None, None if self.port_span == ANY_PORT else self.port_span),)

    def with_ports(self, ports):
        """The same, to these ports where it has none of its own."""
        return self if self.port_span or not ports else Redirect(ports)

    def _content(self):
        return self.port_span


class Snat(_Translation):
    """Translates the source."""

    __slots__ = ()
    kind = 'snat'


# verdicts


class Accept(_Plain):
    __slots__ = ()
    kind, passes = 'accept', True


class Drop(_Plain):
    __slots__ = ()
    kind, passes = 'drop', False


class Return(_Plain):
    __slots__ = ()
    kind, passes = 'return', True


class Continue(_Plain):
    """Leaves the rule, in a table of verdicts."""

    __slots__ = ()
    kind, passes = 'continue', True


class Jump(_Plain):
    __slots__ = ('chain',)
    kind, passes = 'jump', True

    def __init__(self, chain):
        self.chain = chain

    def targets(self):
        return (self.chain,)

    def _content(self):
        return self.chain


class Goto(Jump):
    __slots__ = ()
    kind, passes = 'goto', True


class Undecided(_Plain):
    """What becomes of the packet cannot be known."""

    __slots__ = ('reason',)
    kind, passes = 'unclear', False

    def __init__(self, reason):
        self.reason = reason

    def _content(self):
        return self.reason


class Tproxy(Undecided):
    """Hands packets to a socket, whatever they are addressed to; whether that takes them, and gets them, is not known.

    :ivar family: 4, 6 or None (of every packet).
    :ivar address: int, that of the socket; 0 for one of the interface, None for one that is not known.
    :ivar port: int; None for the one that packets were sent to, or one that is not known.
    """

    __slots__ = ('family', 'address', 'port')

    def __init__(self, reason, family, address, port):
        super().__init__(reason)
        self.family, self.address, self.port = family, address, port

    def _content(self):
        return self.reason, self.family, self.address, self.port

    def leads_to(self, family, address, port):
        """Return whether the socket can be one that is bound to an address (0: all) and port."""
        if self.family not in (None, family) or self.port not in (None, port):
            return False
        return not address or self.address in (None, address) or self.address == 0 and address not in LOOPBACKS[family]


class VerdictMap(_Plain):
    """Each element's data is a verdict; other packets leave the rule.

    :ivar table: Table, whose data are verdicts.
    """

    __slots__ = ('fields', 'table')
    kind, passes = 'vmap', False

    def __init__(self, fields, table):
        self.fields, self.table = fields, table

    def tests(self):
        return ((self.fields, self.table, False),)

    def targets(self):
        return [chain for verdict in self.table.values() for chain in verdict.targets()]


ACCEPT, DROP, RETURN, CONTINUE = Accept(), Drop(), Return(), Continue()
SNAT, NOTRACK = Snat(), Notrack()
VERDICTS = {'accept': ACCEPT, 'drop': DROP, 'return': RETURN}
PASSIVE = frozenset(('match', 'either', 'recall', 'needs', 'doubt', 'quiet'))        # kinds that only choose packets


def favours_odd(matches, following):
    """Return whether an odd client, such as one that sends much, may get further than an usual one by a condition.

    Only who is let in where usual clients match, or stopped where they do not, surely gains nothing.

    :param matches: bool, whether usual clients match the condition; odd ones do the opposite.
    :param following: sequence of Operation, the rest of the rule.
    """
    worst = 'accept' if matches else 'drop'
    return following[-1].kind != worst or not all(op.kind in PASSIVE for op in following[:-1])


def rules_led_to(chains):
    """Yield the rules of chains, and of all chains that they lead to, each once."""
    waiting, seen = list(chains), set()
    while waiting:
        chain = waiting.pop()
        if id(chain) in seen:
            continue
        seen.add(id(chain))
        for rule in chain.rules:
            for op in rule.ops:
                waiting.extend(op.targets())
            yield rule


def led_to(chains):
    """Yield the operations of these rules."""
    for rule in rules_led_to(chains):
        yield from rule.ops


def _uses(expression, name):
    if isinstance(expression, tuple):
        return any(_uses(part, name) for part in expression[1:])
    return expression == name


def _result(expression, values):
    if not isinstance(expression, tuple):
        return values[expression] if isinstance(expression, str) else expression
    operator = expression[0]
    left, right = _result(expression[1], values), _result(expression[2], values)
    if operator == '&' and 0 in (left, right):
        return 0
    if left is None or right is None:
        return None
    return left | right if operator == '|' else left & right if operator == '&' else left ^ right
