# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of groups that are made of what hosts say of themselves.

Ansible takes any name, templates and paths among them. Whoever runs a process on a host may choose its name, so that
what a group may be called is decided here, by the characters that are allowed.
"""

from __future__ import annotations

import functools
import re
import string

from .._policy.judgement.verdict import VERDICTS
from .._policy.language.options import PROTOCOLS
from .._shape import LEVELS

PARENT = 'listening_ports'      # all groups that are made of facts are below it
LISTENS, EXPOSED, VERDICT, SERVICE, PROCESS, CONTAINER = KINDS = (
    'listens', 'exposed', 'verdict', 'service', 'process', 'container')
LONGEST = 60

_ALLOWED = frozenset(string.ascii_lowercase + string.digits + '_')
# Names of kinds that have few, whether or not there is such a group today
_KNOWN = {
    LISTENS: re.compile(r'listens_(?:%s)_[0-9]{1,5}' % '|'.join(PROTOCOLS)),
    EXPOSED: re.compile(r'exposed_(?:%s)' % '|'.join(LEVELS)),
    VERDICT: re.compile(r'verdict_(?:%s)' % '|'.join(VERDICTS)),
}


def safe(text: str) -> str:
    """Return the name of a group for any text: ``a-z``, ``0-9`` and ``_``, at most 60 characters, no digit first.

    :returns: an empty text for an empty one.
    """
    name = ''.join([char if char in _ALLOWED else '_' for char in text[:LONGEST].lower()])[:LONGEST]
    return ('_' + name)[:LONGEST] if name[:1].isdigit() else name


@functools.lru_cache(65536)
def of(kind: str, text: str) -> str:
    """Return the name of the group for one value of a kind, such as ``service_nginx``; empty for an empty value."""
    return safe('%s_%s' % (kind, text)) if text else ''


def is_possible(name: str, kinds: tuple[str, ...]) -> bool:
    """Whether hosts that change can make a group of this name, of one of these kinds that have few names."""
    return name == PARENT or any(kind in _KNOWN and _KNOWN[kind].fullmatch(name) for kind in kinds)
