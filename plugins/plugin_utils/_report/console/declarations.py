# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows whether declarations of hosts make sense, the same faults of many hosts in one line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..._harmless.terminal import sentence, visible
from ..._words import number
from .lines import BAD, GOOD, HEAD, PLAIN, WIDE, Line, counted

_MOST = 100                     # faults that are shown, and warnings

# A text that is harmless to print, and the names of the hosts that have it.
Group = tuple[str, list[str]]


@dataclass
class Checked:
    """The declaration of one host.

    :ivar declared: whether there is any.
    :ivar faults: why it is refused; empty where it is in order.
    :ivar warnings: what is allowed and probably not meant.
    """

    host: str
    declared: bool = False
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """One of ``refused``, ``undeclared`` and ``in_order``."""
        return 'refused' if self.faults else 'in_order' if self.declared else 'undeclared'


def counts(declarations: Iterable[Checked]) -> dict[str, int]:
    """Count the hosts of each state."""
    states = [checked.state for checked in declarations]
    return {state: states.count(state) for state in ('in_order', 'refused', 'undeclared')}


def faults(declarations: Iterable[Checked]) -> list[Group]:
    """Return the faults, those of most hosts first."""
    return _grouped((checked.host, checked.faults) for checked in declarations)


def warnings(declarations: Iterable[Checked]) -> list[Group]:
    """Return the warnings, those of most hosts first."""
    return _grouped((checked.host, checked.warnings) for checked in declarations)


def _grouped(texts_of: Iterable[tuple[str, list[str]]]) -> list[Group]:
    groups: dict[str, list[str]] = {}
    for host, texts in texts_of:
        for text in dict.fromkeys(texts):
            groups.setdefault(sentence(text, 2000), []).append(host)
    return sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))


def lines(declarations: Sequence[Checked]) -> list[Line]:
    """Return all of it, and what counts last."""
    shown = _block('Refused:', faults(declarations), BAD) + _block('Warnings:', warnings(declarations), WIDE)
    undeclared = [checked.host for checked in declarations if checked.state == 'undeclared']
    if undeclared and len(declarations) > 1:
        shown.append(('Nothing is declared for %s.' % counted(undeclared), PLAIN))
    return [*shown, _verdict(declarations)]


def _block(title: str, groups: Sequence[Group], kind: str) -> list[Line]:
    if not groups:
        return []
    shown = [(title, HEAD), *(('  %s: %s' % (counted(names), text), kind) for text, names in groups[:_MOST])]
    if len(groups) > _MOST:
        shown.append(('  … and %d more' % (len(groups) - _MOST), kind))
    return shown


def _verdict(declarations: Sequence[Checked]) -> Line:
    number_of = counts(declarations)
    if len(declarations) == 1:
        text, kind = {
            'in_order': ('The declaration of %s is in order.', GOOD),
            'refused': ('The declaration of %s is invalid.', BAD),
            'undeclared': ('Nothing is declared for %s.', BAD),
        }[declarations[0].state]
        return text % visible(declarations[0].host), kind
    if declarations and number_of['in_order'] == len(declarations):
        return 'The declarations of all %d hosts are in order.' % len(declarations), GOOD
    words = (('in_order', 'in order'), ('refused', 'refused'), ('undeclared', 'without a declaration'))
    parts = ['%d %s' % (number_of[state], text) for state, text in words if number_of[state]]
    text = '%s: %s.' % (number(len(declarations), 'host'), ', '.join(parts) or 'there was nothing to check')
    return text, BAD if number_of['refused'] or not number_of['in_order'] else PLAIN
