# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows changes in words, all of them harmless to print."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _identity
from .._harmless.terminal import name
from .._identity import Holder
from .._words import some
from . import changes
from .changes import Change, Part
from .snapshot import Line

_WORDS = {changes.BOUND: 'bound', changes.HOLDER: 'held by', changes.USERS: 'user', changes.EXECUTABLE: 'executable',
          changes.REACH: 'reached by', changes.TARGET: 'forwarded to', changes.PORT: 'port'}
_LONGEST = 100          # characters of a name
_FAMILIES = {'ipv4': ' (IPv4)', 'ipv6': ' (IPv6)', '?': ' (family not known)'}
_NOT_KNOWN = 'not known'
_LEVELS = {'unknown': _NOT_KNOWN, 'none': 'nobody', 'local': 'the host itself', 'link': 'neighbours',
           'private': 'private networks'}


def port(line: Line) -> str:
    """Show where it listens: ``tcp/22``, ``udp/ephemeral``, ``tcp/80 in /run/netns/blue``."""
    where = '%s/%s' % (line.protocol, 'ephemeral' if line.port is None else line.port)
    return '%s in %s' % (where, name(line.namespace, _LONGEST)) if line.namespace else where


def holder(one: Holder) -> str:
    """Show who holds it: ``ssh.service``, ``a container of docker``, ``[kernel]``, ``not known``."""
    if one.kind == _identity.KERNEL:
        return '[kernel]'
    if one.kind == _identity.CONTAINER:
        return 'a container of %s' % some([name(engine.removesuffix(':'), _LONGEST) for engine in one.names])
    return some([name(word, _LONGEST) for word in one.names]) or _NOT_KNOWN


def description(line: Line) -> str:
    """Show how it is: ``any, user root, reached by anyone``."""
    parts = [_place(line.bound)]
    if line.users:
        parts.append('user %s' % _words(line.users))
    if line.deleted:
        parts.append('executable deleted')
    if line.to:
        parts.append('forwarded to %s' % _words(line.to))
    if line.reached_by:
        parts.append('reached by %s' % _reach(line.reached_by))
    return ', '.join(parts)


def part(one: Part) -> str:
    """Show what is different: ``bound: loopback → any``."""
    return '%s: %s → %s' % (_WORDS[one.what], _value(one.what, one.before), _value(one.what, one.after))


def what(change: Change) -> str:
    """Show what has changed: how it is, or what is different about it, or why that is not known."""
    if change.parts:
        return '; '.join(map(part, change.parts))
    told = description(change.line)
    return '%s: %s' % (change.reason, told) if change.reason else told


def sentence(change: Change) -> str:
    """Show a change in one line: ``tcp/7777 extra.service: any, user root``."""
    return '%s %s: %s' % (port(change.line), holder(change.line.holder), what(change))


def _value(kind: str, words: Sequence[str]) -> str:
    if kind == changes.HOLDER:
        return holder(Holder(words[0], tuple(words[1:])))
    if kind == changes.BOUND:
        return _place(words)
    if kind == changes.REACH:
        return _reach(words)
    return _words(words)


def _words(words: Sequence[str]) -> str:
    return some([name(word, _LONGEST) for word in words]) or '–'


def _reach(words: Sequence[str]) -> str:
    return _LEVELS.get(words[0], _words(words)) if len(words) == 1 else _words(words)


def _place(words: Sequence[str]) -> str:
    """Show how far something is bound: ``any``, ``any%eth0``, ``private (IPv4)``."""
    shown = []
    for word in words:
        place, dummy, family = word.rpartition(' ')
        known = _FAMILIES.get(family, '') if place else ''
        scope, percent, device = (place if known else word).partition('%')
        shown.append(name(scope, _LONGEST) + (percent and percent + name(device, _LONGEST)) + known)
    return some(shown) or _NOT_KNOWN
