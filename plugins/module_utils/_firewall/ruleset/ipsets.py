# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sets of ipset, as tests (ipset(8), net/netfilter/ipset of the kernel, xt_set.c).

A set that rules fill is not known from what ``ipset save`` printed: what was in it stays in it at best, and what was
not may have been added since.
"""

import re

from ..._addresses import intervals as iv
from . import fields, saved
from .fields import Unclear
from .model import Numbers, Table, TooManyError
from .operations import Remember

NEVER = ('l4proto',), Numbers(iv.EMPTY)
_WRITES = re.compile(r' -j SET ')
_WITH_PORTS = frozenset(('tcp', 'udp', 'sctp', 'udplite'))
_MOST = 65536           # elements of a set of type hash that says nothing else


def written(saves):
    """{name of a set: set of ``add``, ``del``}: what rules do to the sets.

    :param saves: iterable of str, what iptables-save printed of all families and back ends.
    """
    result = {}
    for text in saves:
        for line in text.split('\n') if text and _WRITES.search(text) else ():
            if _WRITES.search(line):
                tokens = saved.words(line)
                for option, name in zip(tokens, tokens[1:]):
                    if option in ('--add-set', '--del-set'):
                        result.setdefault(name, set()).add(option[2:5])
    return result


class AtLeast:
    """Test of a set that rules add to.

    :ivar inner: Numbers, of what is surely in it; None where nothing is.
    """

    def __init__(self, test, reason):
        self.inner, self.reason = test, reason

    def scalar(self, value):
        return True if self.inner is not None and self.inner.scalar(value) else None

    def source(self, universe):
        if not hasattr(self.inner, 'source'):
            return universe, iv.EMPTY
        return universe, self.inner.source(universe)[1]


class AtMost:
    """Test of a set that rules take elements out of, see ``AtLeast``."""

    def __init__(self, test, reason):
        self.inner, self.reason = test, reason

    def scalar(self, value):
        return False if self.inner.scalar(value) is False else None

    def source(self, universe):
        if not hasattr(self.inner, 'source'):
            return universe, iv.EMPTY
        return self.inner.source(universe)[0], iv.EMPTY


class Sets:
    """Makes tests of sets.

    :param known: {name: IpSet}, see ``saved.ipsets``; None where they could not be read.
    :param changed: see ``written``.
    """

    def __init__(self, known, changed, ruleset):
        self._known, self._changed, self._ruleset = known, changed, ruleset
        self._tests = {}

    def match(self, name, family, directions, nomatch=False):
        """Make a test of a set.

        :param directions: list of str, ``src`` or ``dst``.
        :param nomatch: bool, look for elements with that flag instead of others (``--return-nomatch``).
        :returns: (fields, test, snapshot, key): the key names the set for what a conversation does to it, where rules
            change it, and the snapshot is what was in it; otherwise, both are None.
        :raises Unclear: it is not understood.
        """
        key = name, family, tuple(directions), nomatch
        if key not in self._tests:
            self._tests[key] = self._match(*key)
        return self._tests[key]

    def _match(self, name, family, directions, nomatch):
        ipset = self._get(name)
        names, test = self._test(name, ipset, family, directions, nomatch)
        changes = self._changes(name, ipset)
        if not changes or names == NEVER[0]:
            return names, test, None, None
        reason = 'rules change the set %s' % name[:40]
        snapshot = test if ipset.kind != 'list:set' else None       # what was done to its sets is not known of it
        if isinstance(test, Table):
            test = AtLeast(None, reason)        # of several fields, too little would be known
        elif 'del' not in changes and not {'timeout', 'forceadd'}.intersection(ipset.options):
            test = AtLeast(test, reason)
        else:
            test = AtMost(test, reason) if 'add' not in changes else AtLeast(None, reason)
        return names, test, snapshot, (('set', name) if not nomatch else ('nomatch of the set', name))

    def changes(self, name, family, directions, adds):
        """List the operations by which a packet's address is added to a set, or taken out."""
        forget = [Remember(('set', name), (), None)]
        try:
            ipset = self._get(name)
            if ipset.kind == 'list:set':            # one of its sets is changed, and which one is not known
                return [Remember(('set', member), (), None) for member, dummy in ipset.elements]
            if ipset.family not in (family, None) or len(directions) < len(ipset.dims()):
                return []
            names = self._test(name, ipset, family, directions, False)[0]
            return [Remember(('set', name), names, adds)] if self._obeys(ipset, adds) else forget
        except Unclear:
            return forget

    @staticmethod
    def _obeys(ipset, adds):
        """Return whether an element surely is in a set after it was added, or not after it was taken out."""
        if not ipset.kind.startswith('hash:') or any('nomatch' in flags for dummy, flags in ipset.elements):
            return False
        if not adds:
            return 'net' not in ipset.dims()    # a larger network may be in it still
        most = ipset.option('maxelem') or _MOST
        return len(ipset.elements) < int(most) or 'forceadd' in ipset.options

    def _get(self, name):
        if self._known is None or name not in self._known:
            raise Unclear('the set %s' % name[:40])
        return self._known[name]

    def _changes(self, name, ipset):
        result = set(self._changed.get(name, ()))
        if ipset.kind == 'list:set':
            for member, dummy in ipset.elements:
                # what rules add to a list goes to one of its sets
                result |= self._changes(member, self._get(member)) if member != name else set()
        else:
            for other, actions in self._changed.items():
                known = self._known.get(other)
                if known and known.kind == 'list:set' and any(member == name for member, dummy in known.elements):
                    result |= actions
        return result

    def _test(self, name, ipset, family, directions, nomatch):
        if ipset.kind == 'list:set':
            return self._list(ipset, family, directions, nomatch)
        dims = ipset.dims()
        if len(directions) < len(dims) or ipset.family not in (family, None):
            return NEVER                        # ip_set_core.c, ip_set_test: such a set has none of these packets
        if set(dims) - {'ip', 'net', 'port', 'iface', 'mark'} or 'markmask' in ipset.options:
            raise Unclear('the set %s of type %s' % (name[:40], ipset.kind))
        length = self._netmask(name, ipset, dims)
        try:
            self._ruleset.take(ipset.elements, 'the set %s' % name[:40])
        except TooManyError as error:
            raise Unclear(error) from None
        names = []
        for dim, direction in zip(dims, directions):
            names += _fields(dim, direction[0], family)
        if ipset.kind == 'bitmap:port':
            names = ['l4proto'] + names[-1:]
            ports = [_dash(text) for text, dummy in ipset.elements]
            rows = [((number, number), port) for number in (6, 17) for port in iv.merged(ports)]
            return tuple(names), Table([(row, None) for row in rows])
        rows = []
        for text, flags in ipset.elements:
            try:
                parts = text.split(',')
                if len(parts) != len(dims):
                    raise Unclear('the element %s' % text[:40])
                rows.append((tuple(span for dim, part in zip(dims, parts)
                                   for span in _element(dim, part, family, length, flags)), 'nomatch' in flags))
            except ValueError:
                raise Unclear('the element %s of the set %s' % (text[:40], name[:40])) from None
        if nomatch or dims == ['net', 'iface'] or any(flag for dummy, flag in rows):
            rows = _specific(rows, nomatch, name, dims)
        if len(names) == 1:
            spans = iv.merged(tests[0] for tests, dummy in rows)
            if dims[0] in ('ip', 'net'):
                self._ruleset.name(family, 'ipset %s' % name, spans, len(rows))
            return tuple(names), Numbers(spans)
        return tuple(names), Table([(tests, None) for tests, dummy in rows])

    @staticmethod
    def _netmask(name, ipset, dims):
        """int or None: the length of the network for which an address stands."""
        length, mask = ipset.option('netmask'), ipset.option('bitmask')
        if mask:
            bits = iv.number(mask)
            width = 128 if ':' in mask else 32
            length = bin(bits).count('1')
            if bits != (1 << width) - (1 << width - length):
                raise Unclear('the bitmask of the set %s' % name[:40])
        if length and (dims.count('ip') + dims.count('net') > 1 or 'net' in dims):
            raise Unclear('the mask of the set %s of type %s' % (name[:40], ipset.kind))
        return int(length) if length else None

    def _list(self, ipset, family, directions, nomatch):
        """A set of sets has what is in one of them, as far as each can be asked with these directions."""
        asked = []
        for member, dummy in ipset.elements:
            inner = self._get(member)
            if inner.kind == 'list:set':        # the kernel allows none
                raise Unclear('the set %s' % member[:40])
            names, test = self._test(member, inner, family, directions, nomatch)
            if (names, test) != NEVER:
                asked.append((names, test))
        if not asked:
            return NEVER
        if len(asked) == 1:
            return asked[0]
        if len({names for names, dummy in asked}) > 1:
            raise Unclear('a list of sets of different types')
        tests = [test for dummy, test in asked]
        if all(isinstance(test, Numbers) for test in tests):
            return asked[0][0], Numbers(iv.united([test.spans for test in tests]))
        if all(isinstance(test, Table) for test in tests):
            return asked[0][0], Table([row for test in tests for row in test.elements])
        raise Unclear('a list of sets of different types')


def _fields(dim, letter, family):
    if dim == 'port':
        return ['l4proto', 'th%sport' % letter]
    if dim == 'iface':
        return ['iifname' if letter == 's' else 'oifname']
    return ['mark'] if dim == 'mark' else ['%saddr%d' % (letter, family)]


def _dash(text):
    first, dummy, last = text.partition('-')
    return int(first), int(last or first)


def _element(dim, text, family, length, flags):
    """List of tests, one for each field of a part of an element."""
    if dim == 'port':
        protocol, colon, port = text.partition(':')
        if colon and protocol not in _WITH_PORTS:       # of others there are no ports: no packet that is asked about
            return [(-1, -1), (0, 0)]
        return [fields.element(protocol if colon else 'tcp', 'protocol'), _dash(port if colon else text)]
    if dim == 'iface':
        if text.startswith('physdev:'):
            raise Unclear('the element %s' % text[:40])
        return [text + '*' if 'wildcard' in flags else text]
    if dim == 'mark':
        return [(int(text, 0),) * 2]
    if dim == 'ip' and length is not None:
        return [iv.prefix(text, length, family)]
    return [iv.parse(text)[1][0]]


def _specific(rows, nomatch, name, dims):
    """Let the most specific network that holds an address decide, as in ip_set_hash_gen.h.

    With interfaces, it decides of whichever interface it is: a larger network of the right one is not looked up then.

    :param rows: list of (tests, whether the element has the flag ``nomatch``).
    :param nomatch: bool, which of the elements are wanted.
    """
    if dims[0] != 'net' or 'net' in dims[1:]:
        raise Unclear('nomatch in the set %s' % name[:40])
    groups = {}
    for tests, flag in rows:
        groups.setdefault(None if dims[1:] == ['iface'] else tests[1:], []).append((tests[0], tests[1:], flag))
    result = []
    for members in groups.values():
        sizes, covered = {}, iv.EMPTY
        for span, rest, flag in members:
            sizes.setdefault(span[1] - span[0], {}).setdefault((rest, flag), []).append(span)
        for size in sorted(sizes):
            for (rest, flag), spans in sizes[size].items():
                if flag == nomatch:
                    result += [((span,) + rest, flag) for span in iv.minus(iv.merged(spans), covered)]
            covered = iv.united([covered] + [iv.merged(spans) for spans in sizes[size].values()])
    return result
