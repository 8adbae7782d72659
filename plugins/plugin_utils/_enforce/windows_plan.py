# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for a Windows host, as ``plan_listeners`` does for others: one look, and all is decided on the controller."""

from __future__ import annotations

import datetime

from .. import _action
from .._policy.declaration.policy import Policy
from .._policy.judgement import judge
from . import close, effects, plan, stopping, stops, windows, windows_case
from .confirmed import Confirmed
from .lefts import CLOSE, FIREWALL
from .steps import NoAnswer

_GATHER = {CLOSE: ['owners', 'connections'], FIREWALL: ['owners', 'firewall', 'connections']}


def run(action: _action.Action, name: str, policy: Policy, confirmed: Confirmed | None, options: _action.Options,
        task_vars: _action.Variables, result: _action.Result) -> None:
    """Look at a host, and put a plan for it into the result.

    :param name: of the host, harmless to print.
    :param confirmed: the plan within which it is planned.
    :param options: those of ``plan_listeners``.
    """
    filters, closes = (does in options['actions'] for does in (FIREWALL, CLOSE))
    try:
        host = windows_case.Host(action, options, task_vars, result, _GATHER[FIREWALL if filters else CLOSE])
    except NoAnswer as exc:
        result['unreachable' if exc.unreachable else 'failed'] = True
        result.update(status='unreachable' if exc.unreachable else 'failed',
                      msg='%s could not be observed: %s' % (name, exc))
        return
    facts, now = host.facts, datetime.datetime.now(datetime.timezone.utc)
    planned, lines = plan.Plan(None), None
    rows: list[stops.Row] = []
    result.update(effects=[], stops=[], refusal=None, connection=None)
    planned.leave(close.missing(facts) if closes else ())
    planned.leave(plan.missing(facts) if filters else ())
    if planned.left:
        result.update(failed=True, status='incomplete', plan=planned.as_dict())
        result['msg'] = '%s: %s' % (name, effects.message(planned, [], [], False, policy.switches, lines))
        return
    if closes:
        bare = close.without_firewall(facts)
        wanted = close.wanted(bare, policy, judge.judge(bare, policy, now), options['close_kinds'])
        wanted = close.within(wanted, confirmed) if confirmed else wanted
        rows, dummy = host.decide(wanted.ids, options['close_protected'], options['close_windows'])
        planned.close = [row['listener'] for row in rows if row['status'] == stops.CLOSED]
        planned.leave(wanted.left)
        planned.leave(stopping.left_of(rows, wanted.listeners))
        lines = list(stopping.in_words(rows, wanted.listeners))
    if filters:
        stays = close.without(facts, planned.close)
        planned.leave(windows.unfiltered(stays, host.raw, policy, judge.judge(stays, policy, now), options['mode'],
                                         host.remote))
    result.update(plan=planned.as_dict(), stops=rows, status='planned' if planned.close else 'unchanged')
    result['msg'] = '%s: %s' % (name, effects.message(planned, [], [], True, policy.switches, lines))
