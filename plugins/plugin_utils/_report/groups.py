# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings of many hosts, the same ones in one. Private to this collection, may change.

The same are those that say the same but for what each host has of its own: pids, its addresses, ports that are others after each start.
"""

import re
from dataclasses import dataclass

from .._harmless.terminal import visible
from .._policy.language.options import SEVERITIES

_MOST = 8000                    # characters of a message
_PIDS = re.compile(r' pid \d+(?:(?:, \d+){3} and \d+ more|(?:, \d+){0,3})')
# An address, and its port where it has one; not the networks of a declaration.
_ADDRESS = re.compile(r'(\[[0-9a-fA-F:.]+(?:%[^\]\s]*)?\]|(?<![\w.:/-])\d{1,3}(?:\.\d{1,3}){3}(?:%[^\s:]+)?)(?![\w./])(?::(\d+))?')
_EVERYWHERE = re.compile(r'0\.0\.0\.0|\[::\]|127\..*|\[::1\]')
_MASK = '\0'


@dataclass
class Group:
    """One finding, of all hosts that have it; its text is harmless to print.

    :ivar hosts: list of str, the hosts as they are called in the inventory.
    :ivar others: bool, whether it is told of some of these hosts in other words.
    """

    kind: str
    severity: str
    fails: bool
    text: str
    remedy: str | None
    hosts: list
    others: bool = False

    @property
    def rank(self):
        """What groups are sorted by: those that fail their hosts, the most severe, what most hosts have."""
        return (not self.fails, SEVERITIES.index(self.severity), -len(self.hosts), self.kind, self.text)


def groups(report):
    """All findings of a report, those over the fleet among them: list of Group, sorted."""
    alike = {}
    for host in report.judged:
        for found in host.judgement['findings']:
            alike.setdefault(_key(found), []).append((host.name, found))
    made = [group for some in alike.values() for group in _made(some)]
    made += [_group(one, visible(one['message'], _MOST), []) for one in report.unused]
    return sorted(made, key=lambda group: group.rank)


def _summed_up(found):
    """Whether it tells of several listeners or entries in one line, which are others on the next host."""
    return found['kind'] == 'unknown' or found['kind'] == 'unexpected' and not found['listener']


def _key(found):
    key = (found['kind'], found['severity'], found['fails'], found['fingerprint'])
    return key if _summed_up(found) else key + (found['entry'], found['declared_in'], _masked(found))


def _masked(found):
    """The message without what a host has of its own."""
    mine = (found['listener'] or '').partition('/')[2]

    def mask(match):
        address, port = match.groups()
        if port and match.group() == mine:      # which the fingerprint has, where it matters
            port = _MASK
        return ':'.join(filter(None, (address if _EVERYWHERE.fullmatch(address) else _MASK, port)))
    return _ADDRESS.sub(mask, _PIDS.sub('', found['message']))


def _made(some):
    """One Group of findings that are alike, or one each where they are of one host."""
    names = list(dict.fromkeys(name for name, dummy in some))
    texts = list(dict.fromkeys(found['message'] for dummy, found in some))
    first = some[0][1]
    if len(texts) == 1:
        return [_group(first, visible(texts[0], _MOST), names)]
    if len(names) == 1:
        return [_group(found, visible(found['message'], _MOST), names) for dummy, found in some]
    if _summed_up(first):
        short = {_PIDS.sub('', text) for text in texts}
        return [_group(first, visible(_PIDS.sub('', texts[0]), _MOST), names, others=len(short) > 1)]
    return [_group(first, visible(_merged([_PIDS.sub('', text) for text in texts]), _MOST), names)]


def _merged(texts):
    """The first text, with numbers in place of the addresses and ports in which the others differ from it."""
    columns = iter(list(zip(*([match.groups() for match in _ADDRESS.finditer(text)] for text in texts))))

    def merge(match):
        addresses, ports = ({one[part] for one in column} for column in [next(columns)] for part in (0, 1))
        address = match.group(1) if len(addresses) == 1 else '(%d addresses)' % len(addresses)
        return ':'.join(filter(None, (address, match.group(2) if len(ports) == 1 else '(%d ports)' % len(ports))))
    return _ADDRESS.sub(merge, texts[0])


def _group(found, text, names, others=False):
    remedy = visible(found['remedy'], 1000) if found['remedy'] else None
    return Group(found['kind'], found['severity'], found['fails'], text, remedy, names, others)
