# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers which hosts can reach what listens on others, by what the firewalls of both say.

A host reaches a listener where its own firewall lets its programs connect to it, and that of the other host lets its
address in. Both are what hosts say of themselves. Networks and firewalls between them are seen by nobody here: a yes
means that no host is in the way.
"""

import functools
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from .. import _long_sets
from .._harmless.terminal import sentence, visible
from .._probes.compare import Stance, is_among, lets_in, stance
from .._probes.plan import Address, Item, Plan, literal
from .._shape import Facts

Word = Literal['yes', 'no', 'unknown', 'itself']

MOST_QUESTIONS = 1000 * 1000
_Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
_LONGEST = 300                  # characters of a rule in a reason


@dataclass(frozen=True)
class Source:
    """A host that may reach others.

    :ivar reason: why there are no facts, harmless to print.
    """

    host: str
    facts: Facts | None = field(default=None, hash=False, compare=False)
    reason: str | None = None


@dataclass(frozen=True)
class Answer:
    """Whether a host reaches something. ``because`` is harmless to print, and empty for a yes."""

    word: Word
    because: str = ''


@dataclass
class Row:
    """One listener, and who reaches it.

    :ivar items: what listens, once for each of its addresses.
    :ivar ways: for each of these, an answer for each source. :ivar answers: those for all of its addresses.
    """

    items: list[Item]
    ways: list[list[Answer]]
    answers: list[Answer]


def ask(plan: Plan, sources: Sequence[Source]) -> list[Row]:
    """Answer for each listener and each source.

    :param plan: of the targets, with their addresses; an endpoint that is a name has no answer.
    :raises ValueError: these are too many questions.
    """
    if len(plan.items) * len(sources) > MOST_QUESTIONS:
        raise ValueError('%d endpoints and %d hosts are too many questions for one report, which takes %d' % (
            len(plan.items), len(sources), MOST_QUESTIONS))
    rows: dict[tuple[str, str], list[Item]] = {}
    for item in plan.items:
        rows.setdefault((item.host, item.listener['id']), []).append(item)
    # from where each source sends depends on the address alone, whatever listens there
    sent_from: dict[Address | None, list[list[str] | None]] = {None: [None] * len(sources)}
    result = []
    for items in rows.values():
        ways = []
        for item in items:
            address = plan.endpoints[item.index].get('address')
            to = literal(address) if address else None
            if to is not None and to not in sent_from:
                sent_from[to] = [sending(source.facts, to) if source.facts else None for source in sources]
            ways.append([_way(item, to, *pair) for pair in zip(sources, sent_from[to])])
        result.append(Row(items, ways, [_best([way[number] for way in ways]) for number in range(len(sources))]))
    return result


def _best(ways: Sequence[Answer]) -> Answer:
    """Return the answer for a listener with several addresses: one that is reached is enough."""
    order: tuple[Word, ...] = ('itself', 'yes', 'unknown', 'no')
    return min(ways, key=lambda way: order.index(way.word))


def _way(item: Item, to: Address | None, source: Source, senders: Sequence[str] | None) -> Answer:
    if source.host == item.host:
        return Answer('itself')
    if source.facts is None:
        return Answer('unknown', source.reason or 'nothing is known of it')
    if to is None:
        return Answer('unknown', 'the address of %s is not known' % visible(item.host, 100))
    if senders is None:
        return Answer('unknown', 'its addresses are not known')
    if not senders:
        return Answer('no', 'it has no address of IPv%d' % to.version)
    listener = item.listener
    let_in = {stance(listener, sender, str(to)) for sender in senders}
    words = {word for word, dummy in let_in}
    if words == {'blocked'}:
        rules = {rule for dummy, rule in let_in}
        return Answer('no', 'blocked by %s%s' % (
            visible(item.host, 100), _rule(rules.pop() if len(rules) == 1 else None)))
    let_out, why = outward(source.facts, listener['protocol'], to, listener['port'])
    if let_out == 'blocked':
        return Answer('no', 'it does not send there%s' % _rule(why))
    if words != {'allowed'}:
        return Answer('unknown', _why_unsure(item, len(let_in) > 1))
    return Answer('yes') if let_out else Answer('unknown', why or '')


def _why_unsure(item: Item, is_by_address: bool) -> str:
    exposure = item.listener.get('exposure')
    host = visible(item.host, 100)
    if is_by_address:
        return 'it depends on the address from which it comes whether %s lets it in' % host
    if not exposure:
        return 'what %s lets in was not gathered' % host
    reasons = [part['reason'] for part in exposure['undecided']]
    return 'whether %s lets it in is not decided%s' % (host, _rule(reasons[0] if reasons else None))


def _rule(text: str | None) -> str:
    return ' (%s)' % sentence(text, _LONGEST) if text else ''


def sending(facts: Facts, to: Address) -> list[str] | None:
    """List the addresses from which a host may send to another one; None where none of its own are known.

    In a network of its own it sends from its address there, else from any that others than neighbours can answer.
    """
    mine = _own(facts, to)
    if mine is None:
        return None
    return [str(own.ip) for own in mine if to in own.network] or [
        str(own.ip) for own in mine if not own.ip.is_link_local]


def is_near(facts: Facts, to: Address) -> bool:
    """Return whether a host has a network with an address in it: no router is between, so that none can filter."""
    return any(to in own.network for own in _own(facts, to) or ())


def _own(facts: Facts, to: Address) -> list[_Interface] | None:
    """List the addresses of a host, with their networks, that are of the family of another one."""
    known = facts['system']['local_addresses']
    return None if known is None else [
        own for own in map(_interface, known) if own is not None and own.version == to.version and not (
            own.ip.is_loopback or own.ip.is_multicast or own.ip.is_unspecified)]


@functools.lru_cache(maxsize=16384)
def _interface(text: str) -> _Interface | None:
    base, dummy, length = text.partition('/')
    try:
        return ipaddress.ip_interface('/'.join([base.partition('%')[0], length]) if length else base.partition('%')[0])
    except ValueError:
        return None


def outward(facts: Facts, protocol: str, to: Address, port: int) -> tuple[Stance | None, str | None]:
    """Find whether the firewall of a host lets its programs connect to a port of an address.

    :returns: the verdict, None where it is not known; and the rule that stops it, or why it is not known.
    """
    if 'outgoing' not in facts:
        return None, 'what it lets out was not gathered'
    for entry in facts['outgoing']:
        if entry['protocol'] != protocol or not any(first <= port <= last for first, last in entry['ports']):
            continue
        for undecided in entry['undecided']:
            if is_among(undecided['sources'], to):
                return None, 'whether it sends there is not decided%s' % _rule(undecided['reason'])
        sent = lets_in(_long_sets.whole(entry, facts), to)
        if sent is None:
            return None, 'the addresses of a set of its firewall are not known'
        return ('allowed', None) if sent else ('blocked', entry['blocked_by'] or 'no route leads there')
    return None, 'what it lets out is not known'
