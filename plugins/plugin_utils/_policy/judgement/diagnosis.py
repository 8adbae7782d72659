# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a unit does not listen that should: what of its state, and which line of its log, goes into the finding."""

import re
from collections.abc import Iterable, Sequence

from ... import _shape
from ..._harmless.terminal import cut_short
from ..._listener import Listener, excerpt
from ..._windows.listeners import is_here
from ..._windows.names import fold
from ..._words import several
from .parts import Diagnosis, Elsewhere, Own, line

_MOST = 300         # characters of a line
# What a log says of why a port cannot be had, and of other failures. The last line of those that say most is shown.
_TELLING = (
    re.compile(r'address (?:already )?in use|permission denied|cannot assign requested address|no such file'
               r'|eaddrinuse|eacces\b|eaddrnotavail', re.I),
    # what is wrong, before that something is
    re.compile(r'\[(?:emerg|alert|crit)\]|fatal|panic|syntax error|unexpected|unrecognized|not recognized'
               r'|(?:invalid|unknown|bad|duplicate) \S|[a-z]error: |[a-z]exception: ', re.I),
    re.compile(r"error|fail|fatal|emerg|panic|exception|denied|refus|invalid|no such|can(?:no|')t|could not"
               r'|unable|timed out|unmet', re.I),
)


def diagnosis(known: _shape.Diagnosis, own: Own) -> Diagnosis:
    """Take out of what a host knows of a unit what a finding says of it.

    :param known: one of the ``diagnoses`` of the facts.
    :param own: the addresses of the host.
    """
    telling_line, is_telling = _line(known['lines'])
    if telling_line and known['id'] and telling_line.startswith(known['id'] + ': '):
        telling_line = telling_line[len(known['id']) + 2:]      # as systemd begins what it says of a unit
    return {
        'unit': cut_short(known['unit'], 256),
        'id': known['id'] and cut_short(known['id'], 256),
        'load': _state(known['load']),
        'active': _state(known['active']),
        'sub': _state(known['sub']),
        'enabled': _state(known['enabled']),
        'result': _state(known['result']),
        'exit': known['exit'],
        'holds': known['holds'],
        'line': None if telling_line is None else own.text(line(telling_line, _MOST), _MOST),
        'telling': is_telling,
        'unseen': [line(reason, _MOST) for reason in known['unseen']],
    }


def elsewhere(units: Iterable[str], listeners: Iterable[Listener]) -> Elsewhere | None:
    """Find what units that miss a listener listen on instead; None where they listen on nothing.

    :param listeners: all that the host has.
    """
    listeners = list(listeners)
    for unit in units:
        served = [excerpt(listener) for listener in listeners if _serves(unit, listener)]
        if served:
            return {'unit': cut_short(unit, 256), 'listeners': several(served)}
    return None


def _serves(unit: str, listener: Listener) -> bool:
    if is_here(listener):
        return fold(unit) == fold(listener['service'] or '')
    return unit in (listener['service'], listener['activated_by'])


def _state(word: str | None) -> str | None:
    return None if word is None else cut_short(word, 100)


def _line(lines: Sequence[str]) -> tuple[str | None, bool]:
    """Find the line that says most, and whether it tells of a failure."""
    for pattern in _TELLING:
        telling = [text for text in lines if pattern.search(text)]
        if telling:
            return telling[-1], True
    return (lines[-1] if lines else None), False
