# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that somebody has seen and confirmed: no more is done than it has, whatever the host is like by then."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...module_utils._addresses import intervals
from ...module_utils._filter import rules as _rules
from ...module_utils._filter.names import OTHERS, PROTOCOLS
from .. import _schema
from .._harmless.terminal import sentence, visible
from .._policy.conditions import sources as _sources
from .._schema import Fault
from .lefts import ACTIONS, CLOSE, LONGEST, Left
from .ports import NOBODY, Ports, Who, within

_MOST = 100 * 1000
_Rule = Any                      # _rules.Rule, whose fields no type names
_text = _schema.text(4 * LONGEST)
_rule = _schema.mapping({}, {
    'protocol': _schema.choice(*PROTOCOLS),
    'ports': _schema.items(lambda value: value, _MOST),
    'sources': _schema.nullable(_schema.items(_text, _MOST)),
    'comment': _schema.nullable(_text),
})
_opening = {
    'protocol': _schema.choice(*PROTOCOLS),
    'ports': _schema.items(_text, 100),
    'sources': _schema.nullable(_schema.items(_text, _MOST)),
    'backend': _text,
    'interface': _schema.nullable(_text),
}
_form = _schema.mapping({
    'filter': _schema.nullable(_schema.mapping({
        'rules': _schema.items(_rule, _MOST),
        'others': _schema.choice(*OTHERS),
        'published': _schema.boolean,
    })),
    'left': _schema.items(_schema.mapping({
        'action': _schema.choice(*ACTIONS),
        **dict.fromkeys(('reason', 'message'), _text),
        **dict.fromkeys(('listener', 'command'), _schema.nullable(_text)),
    }), _MOST),
    'open': _schema.items(_schema.mapping(_opening), _MOST),
    'keep': _schema.nullable(_schema.items(_rule, _MOST)),
    'close': _schema.items(_text, _MOST),
})


class Confirmed:
    """The plan of an earlier result.

    :param plan: as ``Plan.as_dict`` has made it; text in it may be of the host.
    :ivar close: the ids of listeners that it stops.
    :raises Fault: it is none.
    """

    def __init__(self, plan: Mapping[str, Any]) -> None:
        checked = _form(copy.deepcopy(dict(plan)))
        self.close = frozenset(checked['close'])
        self._left, self._open = checked['left'], checked['open']
        self._filter = checked['filter']
        self._rules, self._keep = self._parsed(checked)

    @staticmethod
    def _parsed(checked: Mapping[str, Any]) -> tuple[tuple[_Rule, ...], list[dict[str, Any]] | None]:
        try:
            kept = checked['keep']
            _rules.parse(kept or ())
            return _rules.parse(checked['filter']['rules'] if checked['filter'] else ()), kept
        except ValueError as error:
            raise Fault(str(error)) from None

    @property
    def others(self) -> str | None:
        """What it does with ports that no rule of it names; None where it filters nothing."""
        return self._filter['others'] if self._filter else None

    def left(self, listener: str) -> Iterator[Left]:
        """Yield what it says of a listener that it does not stop."""
        for left in self._left:
            if left['listener'] == listener and left['action'] == CLOSE:
                yield {**left, **{key: sentence(left[key], LONGEST) for key in ('reason', 'message')},
                       'command': left['command'] and visible(left['command'], LONGEST)}

    def keeps_out(self, ports: Ports, wanted: Who, is_published: bool) -> bool:
        """Whether nobody but these reach ports by it, where those that no rule names stay as they are."""
        rules = [rule for rule in self._rules if _overlap(rule, ports)]
        named = intervals.merged([span for rule in rules for span in rule.ports])
        return (not intervals.minus(((ports.low, ports.high),), named)
                and all(within(_rules.spans(rule.sources), wanted) for rule in rules)
                and bool(self._filter['published'] or not is_published))

    def lets_in_more(self, ports: Ports, rules: Sequence[Mapping[str, Any]]) -> Who:
        """Find who reaches ports by it, where the rest is refused, and would not by other rules.

        :param rules: options of ``port_filter``.
        """
        was = _let_in(rule for rule in self._rules if _overlap(rule, ports))
        now = _let_in(rule for rule in _rules.parse(rules)
                      if rule.protocol == ports.protocol
                      and not intervals.minus(((ports.low, ports.high),), rule.ports))
        return {family: _sources.minus(spans, now[family]) for family, spans in was.items()}

    def opens(self, opening: Mapping[str, Any]) -> bool:
        """Whether it has an opening."""
        return {key: opening[key] for key in _opening} in [{key: mine[key] for key in _opening} for mine in self._open]

    def kept(self, clients: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """List what may stay open: what may now, and what it leaves open; None where it takes nothing back."""
        return None if self._keep is None else [*clients, *self._keep]


def _overlap(rule: _Rule, ports: Ports) -> bool:
    return any(Ports(rule.protocol, low, high).overlaps(ports) for low, high in rule.ports)


def _let_in(rules: Iterator[_Rule]) -> Who:
    """Find whom any of some rules lets in."""
    who = NOBODY
    for rule in rules:
        spans = _rules.spans(rule.sources)
        who = {family: _sources.union(mine, spans[family]) for family, mine in who.items()}
    return who
