# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges who can reach listeners, by the rules that their host sent.

Rules are judged here, and not on the host, since it takes longer to send and compile the judging code than to run it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...module_utils._filter import exchange
from ...module_utils._firewall.exposure import attach as exposure, listeners
from ...module_utils._firewall.ruleset import merge, nftables, wording
from ...module_utils._gaps import Gaps
from .. import _deadline
from .._schema import Fault
from .._shape import Facts, Listener
from . import check, check_firewall
from .unpack import FactError, Unpacked

if TYPE_CHECKING:
    from .._windows.raw import Raw

PATIENCE = 30                   # seconds
# What is imported late on hosts is loaded here once, in the process that all workers are made of, not in each of them.
_LOADED = (merge, nftables, wording)


def judge(unpacked: Unpacked, attach: Callable[..., Any] | None = None, seconds: float = PATIENCE,
          without_own: bool = False) -> Facts:
    """Give each listener its ``exposure``, and the facts ``forwarded``, ``openings`` and ``firewall``.

    Where it was asked for, ``outgoing`` is added, what the host lets its programs connect to.

    It takes a limited time; what there is no time for is unknown, and a gap. The verdicts are checked like all else of
    facts, since text of the host is in them.

    :param unpacked: facts, changed in place, and a snapshot that is not checked; of a Windows host what it sent. Where
        the firewall was not asked for, there is nothing to judge.
    :param attach: what judges in place of ``exposure.attach``, or that of Windows hosts.
    :param seconds: for all of it: rules that take longer to read, or to judge in a way that nobody has thought of, are
        not judged.
    :param without_own: whether to judge as if the table of ``port_filter`` were not there.
    :returns: the facts.
    :raises FactError: what the host sent is not a snapshot.
    """
    facts, snapshot, raw = unpacked
    try:
        if raw is not None:
            return facts if {'firewall', 'outgoing'}.isdisjoint(raw['gather']) else _of_windows(
                facts, raw, attach, seconds)
        if snapshot is None:
            return facts
        checked = check_firewall.snapshot(snapshot)
        return _judge(facts, exchange.without(checked) if without_own else checked, attach or exposure.attach, seconds,
                      Gaps())
    except Fault as fault:
        raise FactError.invalid(fault) from None


def _of_windows(facts: Facts, raw: Raw, attach: Callable[..., Any] | None, seconds: float) -> Facts:
    # not on the way of runs without a Windows host
    from .._windows import exposure as of_windows, gaps

    return _judge(facts, raw, attach or of_windows.attach, seconds, gaps.collector(raw['os']['elevated']))


def _unjudged(records: list[Listener], gaps: Gaps, seconds: float, outward: bool) -> dict[str, Any]:
    """Make the judgement of rules for which there was no time: whatever has been found by then, all is unknown."""
    reason = 'the rules could not be judged within %g seconds' % seconds
    gaps.add('firewall', 'budget', reason)
    for record in records:
        record['exposure'] = listeners.unknown_of(record, reason) if record['namespace'] is None else None
    firewall = {'backends': [], 'default': 'unknown', 'rules': 0, 'sources': None}
    if outward and not any(gap['aspect'] == 'outgoing' for gap in gaps.found):
        gaps.add('outgoing', 'budget', reason)
    return {'forwarded': [], 'openings': [], 'firewall': firewall, **({'outgoing': []} if outward else {})}


def _judge(facts: Facts, snapshot: Mapping[str, Any], attach: Callable[..., Any], seconds: float,
           gaps: Gaps) -> Facts:
    gaps.found = facts['gaps']
    outward = {} if facts['complete'].get('outgoing') is None else {'outward': True}
    gc.disable()
    try:
        more = _deadline.within(seconds, lambda: attach(facts['listeners'], snapshot, gaps, **outward))
    except TimeoutError:
        more = _unjudged(facts['listeners'], gaps, seconds, bool(outward))
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as exc:
        raise Fault('is not understood (%s)' % type(exc).__name__, 'snapshot') from exc
    finally:
        # a worker ends with its task: to look for garbage among all this costs it more than to judge
        gc.freeze()
        gc.enable()
    check_firewall.exposures([listener['exposure'] for listener in facts['listeners']])
    judged = check.judged(more)
    facts['forwarded'] = judged['forwarded']
    facts['openings'] = judged['openings']
    facts['firewall'] = judged['firewall']
    missing = {gap['aspect'] for gap in facts['gaps']}
    facts['complete']['firewall'] = 'firewall' not in missing
    if outward:
        facts['outgoing'] = judged['outgoing']
        facts['complete']['outgoing'] = 'outgoing' not in missing
    return facts
