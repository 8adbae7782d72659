# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may reach which ports: options as somebody writes them, and rules that have one form only."""

import collections
import re

from .._addresses import intervals as iv, networks
from .names import PROTOCOLS

LONGEST = 120                           # bytes of a comment; include/udata.h of libnftnl has room for 128
_KEYS = ('protocol', 'ports', 'sources', 'comment')
_PORTS = re.compile(r'([0-9]{1,5})(?:-([0-9]{1,5}))?\Z')
_LAST_PORT = 65535
_LENGTH_SHOWN = 60

Rule = collections.namedtuple('Rule', _KEYS)
Rule.__doc__ = """Who may reach some ports.

:ivar protocol: str, of ``PROTOCOLS``.
:ivar ports: tuple of (low, high), sorted; they neither overlap nor touch.
:ivar sources: tuple of str, networks, the fewest that make up the set, those of IPv4 first; () for nobody, None for
    everybody.
:ivar comment: str, which ``is_comment``; or None.
"""


def parse(options):
    """Make rules of options.

    The same rules have one result, in whichever order and form they are written: those of the same protocol with the
    same sources are united. Raises ValueError with a sentence that names the rule.

    :param options: list of dict with ``ports`` (int or str such as 22, ``8000-8010``), and ``protocol``, ``sources``
        and ``comment``, which may be missing or None.
    :returns: tuple of Rule, sorted.
    """
    united = {}
    for number, option in enumerate(options, 1):
        try:
            rule = _rule(option)
        except ValueError as error:
            raise ValueError('rule %d: %s' % (number, error)) from None
        spans, comments = united.setdefault((rule.protocol, rule.sources), ([], set()))
        spans.extend(rule.ports)
        comments.add(rule.comment)
    result = [Rule(protocol, iv.merged(spans), sources, _joined(comments - {None}))
              for (protocol, sources), (spans, comments) in united.items()]
    return tuple(sorted(result, key=_order))


def options(rules):
    """list of dict, from which ``parse`` makes these rules; only JSON in it."""
    result = []
    for rule in rules:
        option = {'protocol': rule.protocol,
                  'ports': [low if low == high else '%d-%d' % (low, high) for low, high in rule.ports]}
        if rule.sources is not None:
            option['sources'] = list(rule.sources)
        if rule.comment is not None:
            option['comment'] = rule.comment
        result.append(option)
    return result


def collapsed(texts):
    """tuple of str: the fewest networks that make up those in texts, None where they are all there are.

    :param texts: list of str, addresses, networks and ranges. Raises ValueError where one is none of these.
    """
    spans = {4: [], 6: []}
    for text in texts:
        try:
            family, parsed = iv.parse(text)
        except (ValueError, TypeError):
            raise ValueError('%s is not an address, a network or a range of addresses' % shown(text)) from None
        spans[family].extend(parsed)
    sets = {family: iv.merged(some) for family, some in spans.items()}
    if all(some == iv.full(family) for family, some in sets.items()):
        return None
    return tuple(network for family in (4, 6) for network in iv.networks(sets[family], family))


def protected(sources):
    """tuple of str: the networks that must not lose anything by ``protected_sources``. Raises ValueError."""
    return (collapsed(sources) or networks.ANYONE) if sources else ()


def spans(sources):
    """dict, 4 and 6 to a set as in ``intervals``: the addresses of the sources of a rule."""
    result = {4: [], 6: []}
    for text in networks.ANYONE if sources is None else sources:
        family, parsed = iv.parse(text)
        result[family].extend(parsed)
    return {family: iv.merged(some) for family, some in result.items()}


def is_comment(text):
    """bool: a text can be a comment: nothing in it ends a string of nft, or does something to a terminal."""
    return bool(isinstance(text, str) and text.strip() == text and text.isprintable()
                and not set(text) & set('"\\') and 0 < len(text.encode('utf-8')) <= LONGEST)


def as_comment(text):
    """str: a text as a comment, without what comments cannot have; None where nothing is left."""
    kept = ''.join(letter if letter.isprintable() and letter not in '"\\' else ' ' for letter in text)
    return _cut(' '.join(kept.split())) or None


def shown(value):
    """str: how a message names a value that somebody gave."""
    text = ascii(value)
    return text if len(text) <= _LENGTH_SHOWN else text[:_LENGTH_SHOWN] + '...'


def _rule(option):
    if not isinstance(option, dict):
        raise ValueError('%s is not a dictionary' % shown(option))
    strange = sorted(str(key) for key in option if key not in _KEYS)
    if strange:
        raise ValueError('%s is not known; there are %s' % (shown(strange[0]), ', '.join(_KEYS)))
    protocol, sources, comment = (option.get(key) for key in ('protocol', 'sources', 'comment'))
    protocol = PROTOCOLS[0] if protocol is None else protocol
    if protocol not in PROTOCOLS:
        raise ValueError('%s is not a protocol with ports; there are %s' % (shown(protocol), ', '.join(PROTOCOLS)))
    ports = option.get('ports')
    if not isinstance(ports, (list, tuple)) or not ports:
        raise ValueError('ports has to be a list of ports, with at least one')
    if sources is not None and not isinstance(sources, (list, tuple)):
        raise ValueError('sources has to be a list of networks; without it, everybody is meant')
    if comment is not None and not is_comment(comment):
        raise ValueError(
            'the comment %s has a quotation mark, a backslash, a space at an end, something that is not printed, '
            'or more than %d bytes' % (shown(comment), LONGEST))
    return Rule(protocol, iv.merged([_span(port) for port in ports]), None if sources is None else collapsed(sources),
                comment)


def _span(port):
    """(low, high) of a port or a range."""
    match = _PORTS.match(str(port)) if isinstance(port, (int, str)) and not isinstance(port, bool) else None
    if not match:
        raise ValueError('%s is not a port; write 22 or 8000-8010' % shown(port))
    low, high = int(match.group(1)), int(match.group(2) or match.group(1))
    if not 1 <= low <= high <= _LAST_PORT:
        raise ValueError('%s is not a port; they are 1 to %d, the lower one first' % (shown(port), _LAST_PORT))
    return low, high


def _joined(comments):
    return _cut(', '.join(sorted(comments))) or None


def _cut(text):
    """str: a text of at most so many bytes as a comment has."""
    raw = text.encode('utf-8')
    if len(raw) <= LONGEST:
        return text
    return raw[:LONGEST - 3].decode('utf-8', 'ignore').rstrip() + '...'


def _order(rule):
    return PROTOCOLS.index(rule.protocol), rule.ports, rule.sources is not None, rule.sources or ()
