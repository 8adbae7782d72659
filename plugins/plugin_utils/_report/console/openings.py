# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists what firewalls let in with nothing behind it, the same of many hosts in one line."""

from __future__ import annotations

from ... import _long_sets
from ..._harmless.terminal import name, sentence, visible
from ..._shape import Facts, Opening
from ..model import Host
from ..naming import Naming
from .lines import HEAD, PLAIN, Line

_MOST = 20                      # lines
_MOST_SOURCES = 3
_EVERYBODY = ('0.0.0.0/0', '::/0')


class Openings:
    """Collects them while hosts are read."""

    def __init__(self) -> None:
        self._hosts: dict[str, list[str]] = {}

    def add(self, host: Host, facts: Facts | None) -> None:
        """Take what is open on a host."""
        openings = facts.get('openings') if facts else None
        for text in dict.fromkeys(_text(opening) for opening in openings or ()):
            self._hosts.setdefault(text, []).append(host.name)

    def lines(self, naming: Naming) -> list[Line]:
        """Return the lines; there are none where nothing is open."""
        if not self._hosts:
            return []
        ordered = sorted(self._hosts.items(), key=lambda item: (-len(item[1]), item[0]))
        shown = [('Open in the firewall, but nothing listens:', HEAD)]
        shown += [('  %s: %s' % (naming.counted(hosts), text), PLAIN) for text, hosts in ordered[:_MOST]]
        if len(ordered) > _MOST:
            shown.append(('  … and %d more' % (len(ordered) - _MOST), PLAIN))
        return shown


def _text(opening: Opening) -> str:
    """Describe one opening; those of both families that say the same have one text."""
    sources = opening['sources']
    if set(sources) & set(_EVERYBODY):
        who = 'anyone'
    else:
        sets = [visible(words, 100) for words in _long_sets.in_words(opening.get('source_sets') or ())]
        more = len(sets) + len(sources) - _MOST_SOURCES
        who = ', '.join([*sets, *map(name, sources[:_MOST_SOURCES])][:_MOST_SOURCES])
        who += ' and %d more' % more if more > 0 else ''
    rule = ' (%s)' % sentence(opening['decided_by'], 200) if opening['decided_by'] else ''
    return '%s/%s from %s%s' % (opening['protocol'], name(opening['ports']), who or 'some', rule)
