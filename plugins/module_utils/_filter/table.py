# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The own table of nftables as text: the rules, a trial of them that ends by itself, and the way back (nft(8)).

Every word is one that nft 0.9.8 knows, and protocols are numbers, because a host may have no /etc/protocols.

The base chains have one rule each, ``jump decide`` and ``jump published``. In a trial they have one more before it::

    meta l4proto @trial_8f3c1a2b goto new_decide_8f3c1a2b

The elements of that set time out. From then on the old rules hold again: nothing has to be done for that, and they
were never gone.

New connections of TCP are told by their SYN alone (RFC 9293, 3.10.7.2), because connection tracking takes those for
new that were open before it began. Other protocols have nothing like it: they are asked for by ``ct state new``.
"""

import collections
import re

from .._addresses import intervals as iv
from . import rules as _rules
from .names import FAMILY, NAME, PROTOCOLS

PRIORITY = -10                          # before the tables of others, whose own refusals stand all the same
_TABLE = '%s %s' % (FAMILY, NAME)
_NUMBERS = {'tcp': 6, 'udp': 17, 'sctp': 132, 'dccp': 33}       # IANA, protocol numbers
_SYN = 'tcp flags & (fin | syn | rst | ack) == syn'
_NEW = 'ct state new'
_TRANSLATED = 'ct status & dnat'
# As a port on which nothing listens. The kernel limits the rate of ICMP errors: clients of TCP would wait.
_RESET, _UNREACHABLE = 'counter reject with tcp reset', 'counter reject with icmpx type port-unreachable'
_BASES = (('input', 'decide'), ('forward', 'published'))        # each hook, and the chain that decides there
_TOKEN = re.compile(r'[0-9a-f]{8}\Z')
_LISTED = re.compile(r'\t(chain|set) ([^\s{}]+) \{\Z')
_OF_TRIALS = {'chain': ('new_decide_', 'new_published_'), 'set': ('trial_',)}

Live = collections.namedtuple('Live', 'exists chains sets decides running')
Live.__doc__ = """What is known of the table in the kernel.

:ivar exists: bool.
:ivar chains: tuple of str, all chains, in the order of the listing; sets: tuple of str.
:ivar decides: frozenset of str, the chains that have a rule.
:ivar running: tuple of str, the tokens of trials whose time is not over.
"""
ABSENT = Live(False, (), (), frozenset(), ())


def table(rules, others, published, reassemble=False):
    """str: the table, as it is written to disk and loaded.

    :param rules: tuple of Rule.
    :param others: str, ``accept`` or ``reject``: what becomes of ports that no rule names.
    :param published: bool, the host translates addresses: rules hold for the ports that clients address.
    :param reassemble: bool, the kernel shows fragments of IPv6 to rules unless it tracks connections (before 5.10):
        a SYN that is cut in two would not be known.
    """
    chains = [('input', _base('input', 'decide')), ('decide', _decide(rules, others, published, reassemble))]
    if published:
        chains += [('forward', _base('forward', 'published')), ('published', _published(rules, others))]
    lines = ['table %s {' % _TABLE]
    for name, content in chains:
        lines += ['\tchain %s {' % name] + ['\t\t' + line for line in content] + ['\t}']
    return '\n'.join(lines + ['}', ''])


def replacement(text):
    """str: what puts this table in the place of the one that is there, if any, in one transaction."""
    return removal() + text


def removal():
    """str: what removes the table, whether it is there or not."""
    return 'table %s {}\ndelete table %s\n' % (_TABLE, _TABLE)


def tracks(rules, others, published, reassemble=False):
    """bool: the table makes the kernel track connections."""
    return others == 'reject' or published or reassemble or any(rule.protocol != 'tcp' for rule in rules)


def trial(rules, others, published, token, seconds, live, reassemble=False):
    """str: what makes these rules hold for so many seconds, and then again the ones that hold now.

    It deletes nothing but what is left of earlier trials, and changes none of the chains that decide now.

    :param token: str of 8 hexadecimal digits, which no other trial had.
    :param seconds: int.
    :param live: Live, with no trial running.
    """
    if not _TOKEN.match(token):
        raise ValueError('not the token of a trial: %s' % _rules.shown(token))
    if live.running:
        raise ValueError('a trial is running: %s' % live.running[0])
    # a hook that only the old or only the new rules know is switched all the same, or old rules would be mixed with new
    bases = [base for base in _BASES if base[0] == 'input' or published or base[0] in live.chains]
    lines = ['add table %s' % _TABLE]
    for hook, chain in bases:
        lines += ['add chain %s %s' % (_TABLE, chain), 'add chain %s %s { %s }' % (_TABLE, hook, _hook(hook)),
                  'flush chain %s %s' % (_TABLE, hook)]
    lines += _without_trials(live)
    timed = ', '.join('%d timeout %ds' % (number, seconds) for number in sorted(_NUMBERS.values()))
    lines += ['add set %s %s { type inet_proto; flags timeout; }' % (_TABLE, set_name(token)),
              'add element %s %s { %s }' % (_TABLE, set_name(token), timed)]
    for hook, chain in reversed(bases):
        new = 'new_%s_%s' % (chain, token)
        if chain == 'published':
            content = _published(rules, others) if published else ()
        else:
            content = _decide(rules, others, published, reassemble, 'new_published_' + token)
        lines.append('add chain %s %s' % (_TABLE, new))
        lines += ['add rule %s %s %s' % (_TABLE, new, line) for line in content]
        lines += ['add rule %s %s meta l4proto @%s goto %s' % (_TABLE, hook, set_name(token), new),
                  'add rule %s %s jump %s' % (_TABLE, hook, chain)]
    return '\n'.join(lines + [''])


def sweep(live):
    """str: what removes all traces of trials, and leaves the rules that held before; '' where there are none."""
    traces = [name for kind, names in (('chain', live.chains), ('set', live.sets)) for name in names
              if name.startswith(_OF_TRIALS[kind])]
    if not live.exists or not traces:
        return ''
    if not live.decides & {chain for dummy, chain in _BASES}:       # the trial brought the table
        return removal()
    lines, hooks = [], [base for base in _BASES if base[0] in live.chains]
    for hook, dummy in hooks:
        lines.append('flush chain %s %s' % (_TABLE, hook))
    lines += _without_trials(live)
    for hook, chain in hooks:
        if chain in live.decides:
            lines.append('add rule %s %s jump %s' % (_TABLE, hook, chain))
        else:                                                       # the trial brought the hook
            lines += ['delete chain %s %s' % (_TABLE, name) for name in (hook, chain)]
    return '\n'.join(lines + [''])


def set_name(token):
    """str: the set whose elements are there as long as a trial lasts."""
    return 'trial_' + token


def live(listing):
    """Live: what ``nft -s list table`` says of the table.

    :param listing: str, or None where there is no table.
    """
    if listing is None:
        return ABSENT
    names, decides, running, kind, name = {'chain': [], 'set': []}, set(), [], None, None
    for line in listing.splitlines():
        begin = _LISTED.match(line)
        if begin:
            kind, name = begin.groups()
            names[kind].append(name)
        elif line.startswith('\t\t') and kind == 'chain' and not line.startswith('\t\ttype '):
            decides.add(name)
        elif line.startswith('\t\telements = ') and kind == 'set' and name.startswith(_OF_TRIALS['set']):
            running.append(name.partition('_')[2])
    return Live(True, tuple(names['chain']), tuple(names['set']), frozenset(decides), tuple(running))


def _without_trials(live):
    """list of str: what removes the chains and sets of earlier trials, to which no base chain leads any more."""
    chains = [name for name in live.chains if name.startswith(_OF_TRIALS['chain'])]
    sets = [name for name in live.sets if name.startswith(_OF_TRIALS['set'])]
    # emptied first, because one may lead to another
    return ['%s %s %s' % (verb, _TABLE, name) for verb in ('flush chain', 'delete chain') for name in chains] + [
        'delete set %s %s' % (_TABLE, name) for name in sets]


def _hook(hook):
    return 'type filter hook %s priority %d; policy accept;' % (hook, PRIORITY)


def _base(hook, chain):
    return [_hook(hook), 'jump ' + chain]


def _decide(rules, others, published, reassemble, translated='published'):
    """list of str: the rules about what comes in to the host itself.

    :param translated: str, the chain about what was translated.
    """
    lines = ['iif "lo" accept']
    if published:
        lines.append('%s == dnat goto %s' % (_TRANSLATED, translated))
    if others == 'reject' or reassemble:
        lines.append('ct state established,related accept')
    if others == 'reject':              # answers to the host's own DHCP come from addresses that it did not ask
        lines += ['udp sport 67 udp dport 68 accept', 'ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept']
    for protocol in _protocols(rules, others):
        if protocol == 'tcp':
            match, refused = _SYN + ' tcp dport %s', _RESET
            every = _SYN
        else:
            match, refused = protocol + ' dport %s ' + _NEW, _UNREACHABLE
            every = 'meta l4proto %d %s' % (_NUMBERS[protocol], _NEW)
        own = [rule for rule in rules if rule.protocol == protocol]
        for rule in own:
            lines += _accepts(match % _ports(rule.ports), rule)
        if others == 'reject':
            lines.append('%s %s' % (every, refused))
        else:
            lines.append('%s %s' % (match % _ports(iv.merged([span for rule in own for span in rule.ports])), refused))
    return lines


def _published(rules, others):
    """list of str: the rules about what was translated, by the port that the client addressed.

    Each range of ports has a rule of its own: nft 1.0.6 prints sets of them in a form that cannot be read.
    """
    lines = [_TRANSLATED + ' != dnat return']
    for protocol in _protocols(rules, others):
        head = 'meta l4proto %d' % _NUMBERS[protocol]
        refused = _RESET if protocol == 'tcp' else _UNREACHABLE
        own = [rule for rule in rules if rule.protocol == protocol]
        for rule in own:
            for span in rule.ports:
                lines += _accepts('%s ct original proto-dst %s %s' % (head, _ports([span]), _NEW), rule)
        if others == 'reject':
            lines.append('%s %s %s' % (head, _NEW, refused))
        else:
            lines += ['%s ct original proto-dst %s %s %s' % (head, _ports([span]), _NEW, refused)
                      for span in iv.merged([span for rule in own for span in rule.ports])]
    return lines


def _protocols(rules, others):
    return [protocol for protocol in PROTOCOLS
            if others == 'reject' or any(rule.protocol == protocol for rule in rules)]


def _accepts(match, rule):
    """list of str: a rule for each family of its sources."""
    if rule.comment is not None and not _rules.is_comment(rule.comment):
        raise ValueError('not a comment: %s' % _rules.shown(rule.comment))
    end = 'accept' if rule.comment is None else 'accept comment "%s"' % rule.comment
    if rule.sources is None:
        return ['%s %s' % (match, end)]
    result = []
    for family, spans in sorted(_rules.spans(rule.sources).items()):
        if spans == iv.full(family):
            result.append('meta nfproto ipv%d %s %s' % (family, match, end))
        elif spans:
            result.append('%s %s saddr %s %s' % (match, 'ip' if family == 4 else 'ip6', _addresses(spans, family), end))
    return result


def _addresses(spans, family):
    """str: addresses as networks where one is enough, else as ranges: two that touch would be one to some nft."""
    texts = []
    for span in spans:
        networks = iv.networks((span,), family)
        texts.append(networks[0] if len(networks) == 1 else '-'.join(iv.address(end, family) for end in span))
    return _set(texts)


def _ports(spans):
    return _set(['%d' % low if low == high else '%d-%d' % (low, high) for low, high in spans])


def _set(texts):
    return texts[0] if len(texts) == 1 else '{ %s }' % ', '.join(texts)
