# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Very long sets of addresses, such as those of a country: the facts keep each once, and exposures have its key.

What cannot be read says of nobody whether they are let in: then all that an exposure says of its family is unknown.
"""

import functools
from collections.abc import Iterable, Mapping
from typing import Any, cast

from ..module_utils._addresses import intervals
from ._listener import Listener
from ._shape import Facts
from ._words import number

Spans = tuple[tuple[int, int], ...]

NAMES = _ALLOWED, _EXCEPT = 'allowed_sets', 'except_sets'       # of an exposure, and of each of its paths
_NUMBERS = {'ipv4': 4, 'ipv6': 6}


def resolved(listener: Listener, facts: Facts) -> Listener:
    """Give the parts of long sets in the exposure of a listener the addresses that the facts keep elsewhere.

    :returns: the listener, or one that is like it but for that.
    """
    exposure = listener.get('exposure')
    if not exposure or not has(exposure):
        return listener
    firewall = facts.get('firewall')
    texts = firewall.get('sets', {}) if firewall else {}
    whole: Any = {
        **listener,
        'exposure': {
            **_with_addresses(exposure, texts),
            'paths': [_with_addresses(path, texts) for path in exposure['paths']],
        },
    }
    return cast(Listener, whole)


def has(judged: Mapping[str, Any]) -> bool:
    """Whether there are parts of long sets in an exposure, or in a path of it."""
    return bool(judged.get(_ALLOWED) or judged.get(_EXCEPT))      # asked of every listener: any() takes twice as long


def whole(judged: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """Give the parts of long sets, in what has such, their addresses; see ``resolved``."""
    firewall = facts.get('firewall')
    return _with_addresses(judged, firewall.get('sets', {}) if firewall else {})


def _with_addresses(judged: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    parts = {
        name: [{**part, 'addresses': texts.get(part['key'])} for part in judged[name]]
        for name in NAMES
        if name in judged
    }
    return {**judged, **parts}


def members(judged: Mapping[str, Any], name: str, family: int) -> list[Spans] | None:
    """List the addresses of parts of long sets; None where nobody knows those of some.

    :param judged: an exposure of a listener that is ``resolved``, or a path of it.
    :param name: one of ``NAMES``.
    :param family: 4 or 6.
    """
    result = [of(part) for part in judged.get(name) or () if _NUMBERS[part['family']] == family]
    known = [spans for spans in result if spans is not None]
    return known if len(known) == len(result) else None


def of(part: Mapping[str, Any]) -> Spans | None:
    """Return the addresses of a part of a long set; None where they are not known."""
    text = part.get('addresses')
    return _parsed(text, _NUMBERS[part['family']]) if isinstance(text, str) else None


@functools.lru_cache(maxsize=64)
def _parsed(text: str, family: int) -> Spans | None:
    try:
        spans: Spans = intervals.of_text(text, family)
    except ValueError:
        return None
    return spans


def in_words(parts: Iterable[Mapping[str, Any]]) -> list[str]:
    """Show parts of long sets that have a name, those of one set together: ``6001 networks of set geo``."""
    counts: dict[str, int] = {}
    for part in parts:
        name = part['set'] or 'a set without a name'
        counts[name] = counts.get(name, 0) + part['elements']
    return ['%s of %s' % (number(max(count, 1), 'network'), name) for name, count in counts.items()]
