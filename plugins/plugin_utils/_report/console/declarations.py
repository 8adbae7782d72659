# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what is declared for hosts makes sense, the same faults of many hosts in one line. Private to this collection."""

from dataclasses import dataclass, field

from ..._harmless.terminal import sentence, visible
from ..._words import number
from .lines import BAD, GOOD, HEAD, PLAIN, WIDE, counted

_MOST = 100                     # faults that are shown, and warnings


@dataclass
class Checked:
    """The declaration of one host.

    :ivar declared: bool, whether there is any.
    :ivar faults: list of str, why it is refused; empty where it is in order.
    :ivar warnings: list of str, what is allowed and probably not meant.
    """

    host: str
    declared: bool = False
    faults: list = field(default_factory=list)
    warnings: list = field(default_factory=list)

    @property
    def state(self):
        """str: ``refused``, ``undeclared`` or ``in_order``."""
        return 'refused' if self.faults else 'in_order' if self.declared else 'undeclared'


def counts(checked):
    """dict: state to the number of hosts."""
    found = {'in_order': 0, 'refused': 0, 'undeclared': 0}
    for one in checked:
        found[one.state] += 1
    return found


def grouped(checked, attribute):
    """Faults or warnings: list of tuple (text that is harmless to print, names of the hosts that have it), of most hosts first."""
    groups = {}
    for one in checked:
        for text in dict.fromkeys(getattr(one, attribute)):
            groups.setdefault(sentence(text, 2000), []).append(one.host)
    return sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))


def lines(checked):
    """All of it, and what counts last.

    :param checked: list of Checked.
    :returns: list of tuple (line, kind).
    """
    found = _block('Refused:', grouped(checked, 'faults'), BAD) + _block('Warnings:', grouped(checked, 'warnings'), WIDE)
    undeclared = [one.host for one in checked if one.state == 'undeclared']
    if undeclared and len(checked) > 1:
        found.append(('Nothing is declared for %s.' % counted(undeclared), PLAIN))
    return found + [_verdict(checked)]


def _block(title, groups, kind):
    if not groups:
        return []
    found = [(title, HEAD)] + [('  %s: %s' % (counted(names), text), kind) for text, names in groups[:_MOST]]
    return found + [('  … and %d more' % (len(groups) - _MOST), kind)] * (len(groups) > _MOST)


def _verdict(checked):
    of = counts(checked)
    if len(checked) == 1:
        host = visible(checked[0].host)
        return {'in_order': ('The declaration of %s is in order.' % host, GOOD), 'refused': ('The declaration of %s is refused.' % host, BAD),
                'undeclared': ('Nothing is declared for %s.' % host, BAD)}[checked[0].state]
    if checked and of['in_order'] == len(checked):
        return 'The declarations of all %d hosts are in order.' % len(checked), GOOD
    words = (('in_order', 'in order'), ('refused', 'refused'), ('undeclared', 'without a declaration'))
    parts = ['%d %s' % (of[state], text) for state, text in words if of[state]]
    return '%s: %s.' % (number(len(checked), 'host'), ', '.join(parts) or 'none was to be checked'), BAD if of['refused'] or not of['in_order'] else PLAIN
