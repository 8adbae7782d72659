# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What firewalls let in with nothing behind it, the same of many hosts in one line. Private to this collection."""

from ..._harmless.terminal import name, sentence
from .lines import HEAD, PLAIN, counted

_MOST = 20                      # lines
_MOST_SOURCES = 3
_EVERYBODY = ('0.0.0.0/0', '::/0')


def lines(report):
    """list of tuple (line, kind)."""
    groups = {}
    for host in report.seen:
        for text in dict.fromkeys(_text(opening) for opening in host.facts.get('openings') or ()):
            groups.setdefault(text, []).append(host.name)
    if not groups:
        return []
    found = [('Open in the firewall, with nothing behind it:', HEAD)]
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    found += [('  %s: %s' % (counted(hosts), text), PLAIN) for text, hosts in ordered[:_MOST]]
    return found + [('  … and %d more' % (len(ordered) - _MOST), PLAIN)] * (len(ordered) > _MOST)


def _text(opening):
    """Of one opening; those of both families that say the same have one text."""
    sources = opening['sources']
    if set(sources) & set(_EVERYBODY):
        who = 'anyone'
    else:
        more = len(sources) - _MOST_SOURCES
        who = ', '.join(name(source) for source in sources[:_MOST_SOURCES]) + (' and %d more' % more if more > 0 else '')
    rule = ' (%s)' % sentence(opening['decided_by'], 200) if opening['decided_by'] else ''
    return '%s/%s from %s%s' % (opening['protocol'], name(opening['ports']), who or 'some', rule)
