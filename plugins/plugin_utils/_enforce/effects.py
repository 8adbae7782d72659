# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in words what a plan does to a host: what is stopped, who loses what, who gains what, and what is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...module_utils._addresses.networks import ANYONE
from .._harmless.terminal import sentence, visible
from .._policy.language.options import FAIL, if_blocked
from .._words import number, some
from .lefts import BY_HAND, CLOSE
from .plan import BLOCK, Plan

_MOST_NETWORKS = 4              # of a line
_MOST_LINES = 40                # of each kind
_NOBODY = 'nobody'


def in_words(effect: Mapping[str, Any]) -> Iterator[str]:
    """Say what an effect of ``port_filter`` does, in a line for those who lose access and one for those who gain it."""
    ports = '%s%s/%s' % ('published ' if effect['published'] else '', effect['protocol'],
                         visible(str(effect.get('ports') or effect['port']), 20))
    if effect['loses']:
        yield 'closes %s to %s%s' % (ports, who(effect['loses']), _connections(effect['connections']))
    if effect['gains']:
        yield 'opens %s to %s' % (ports, who(effect['gains']))
    if effect.get('unsure'):
        yield 'may close or open %s to %s: the rules leave that open' % (ports, who(effect['unsure']))


def who(networks: Sequence[str] | None) -> str:
    """Say whom networks are: ``everybody``, ``nobody``, or some of them."""
    if networks is None or set(ANYONE) <= set(networks):
        return 'everybody'
    return some([visible('.' + text, 100)[1:] for text in networks], _MOST_NETWORKS) or _NOBODY


def _connections(count: int | None) -> str:
    if not count:
        return ''
    return ' (1 connection is open, and stays open until its end)' if count == 1 else (
        ' (%d connections are open, and stay open until their ends)' % count)


def message(plan: Plan, effects: Sequence[Mapping[str, Any]], refusals: Sequence[Mapping[str, str]], is_done: bool,
            switches: Mapping[str, Any], stops: Iterable[str] | None = None) -> str:
    """Say what a plan does, in lines: the first goes behind the name of the host.

    :param refusals: why the host would not do it: ``code`` and ``message`` of each.
    :param is_done: whether the rules of the host are as planned already.
    :param switches: those of the policy.
    :param stops: lines that say what is stopped; None where nothing is to be closed.
    """
    if plan.is_incomplete:
        return '\n'.join(['nothing is planned.', *_lefts(plan, stops is not None)])
    does, filters = [], plan.mode is not None
    if stops is not None:
        does.append('%s to close' % number(len(plan.close), 'listener') if plan.close else 'nothing to close')
    rules = number(len(plan.rules or ()), 'rule')
    if plan.close or filters and not is_done or plan.open:
        lines = ['%s.' % '; '.join(does + ['%s, %s' % (plan.mode, rules)] * filters)]
    else:
        by_hand = sum(left['reason'] == BY_HAND for left in plan.left)
        does = ['close'] * (stops is not None) + ['%s: %s' % (plan.mode, rules)] * filters
        lines = ['nothing is done by itself; %s left to do by hand.' % number(by_hand, 'thing') if by_hand
                 else 'nothing has to be done%s.' % (' (%s)' % '; '.join(does) if does else '')]
    lines += _indented('Stops:', stops or ())
    lines += _indented('Changes:', [text for effect in effects for text in in_words(effect)])
    if filters and not effects and not is_done:
        lines += _indented('Rules that change nobody\'s access now:', map(rule_in_words, plan.rules or ()))
    lines += _indented('Opens in firewalld or ufw:', (
        '%s/%s to %s in %s' % (opening['protocol'], ', '.join(opening['ports']), who(opening['sources']),
                               opening['backend']) for opening in plan.open))
    lines += _lefts(plan, stops is not None)
    lines += ['The host would refuse it (%s): %s' % (visible(refusal['code'], 40), sentence(refusal['message']))
              for refusal in refusals]
    if plan.mode == BLOCK and plan.rules and if_blocked(switches) == FAIL:
        lines.append('What is only filtered is still not declared, and an audit fails for it unless '
                     'listener_unexpected_blocked is warn or ignore.')
    return '\n'.join(lines)


def rule_in_words(rule: Mapping[str, Any]) -> str:
    """Say who may reach which ports by an option of ``port_filter``."""
    return '%s/%s for %s%s' % (
        rule['protocol'], some([str(port) for port in rule['ports']], 8), who(rule.get('sources')),
        ' (%s)' % visible(rule['comment'], 200) if rule.get('comment') else '')


def _lefts(plan: Plan, closes: bool) -> list[str]:
    """List what is left. Of a host that is to be filtered as well, it says what goes on, be it filtered or not."""
    stays = [left for left in plan.left if left['action'] == CLOSE]
    others = [left for left in plan.left if left['action'] != CLOSE]
    if plan.mode is None or not closes:
        return _indented('Left as it is:', map(_left_in_words, plan.left))
    return [*_indented('Not stopped:', map(_left_in_words, stays)),
            *_indented('Left as it is:', map(_left_in_words, others))]


def _left_in_words(left: Mapping[str, Any]) -> str:
    return '%s: %s%s' % (
        left['reason'], left['message'], '. To do: %s' % left['command'] if left['command'] else '')


def _indented(title: str, texts: Iterable[str]) -> list[str]:
    """List lines below a title; nothing where there are none."""
    lines = ['  %s.' % text.rstrip('.') for text in texts]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], '  And %d more.' % (len(lines) - _MOST_LINES)]
    return [title, *lines] if lines else []
