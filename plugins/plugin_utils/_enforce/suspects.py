# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is told beforehand of what may have to be closed or filtered, so that it says at once what a plan needs.

Ports alone tell too little to be exact: what is to be done is decided by the facts, see ``close`` and ``plan``. Where
that is not what the host took it for, it is asked once more.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ...module_utils._planning import UNDECLARED
from .._policy.declaration.policy import Policy
from .._policy.judgement import defaults
from .._policy.language.options import FAIL
from .ports import EVERYBODY, within


def hints(policy: Policy, kinds: Collection[str]) -> dict[str, list[str]]:
    """Return the options of ``collect_for_plan`` that say what may have to be closed.

    :param kinds: of ``close.KINDS``, those that are closed.
    """
    declared = {'%s/%d' % pair for pair in defaults.DHCP}
    forbidden: set[str] = set()
    for entry in policy.entries:
        if not entry.namespace:
            (forbidden if entry.state == 'forbidden' else declared).update(
                '%s/%d-%d' % item[:3] for item in entry.items)
    for waiver in policy.waivers:
        if 'unexpected' in waiver.kinds and not waiver.namespace:
            declared.update('%s/%d-%d' % item[:3] for item in waiver.items)
    if 'forbidden' not in kinds:
        declared |= forbidden           # it is not for want of a declaration that it may not listen
    return {
        'declared': sorted(declared),
        'forbidden': sorted(forbidden) if 'forbidden' in kinds else [],
        'undeclared': [group for group in UNDECLARED if defaults.worth(group, policy.switches) == FAIL]
        if 'unexpected' in kinds else [],
    }


def of_filter(policy: Policy, others: str) -> dict[str, Any]:
    """Return the options of ``collect_for_plan`` that say what rules may have to be about.

    :param others: what becomes of ports that no rule names.
    """
    spans: dict[bool, set[str]] = {False: {'%s/%d' % pair for pair in defaults.DHCP}, True: set()}
    for entry in policy.entries:
        if not entry.namespace:
            is_limited = entry.state == 'forbidden' or entry.sources is not None and not within(
                EVERYBODY, entry.sources.spans)
            spans[is_limited].update('%s/%d-%d' % item[:3] for item in entry.items)
    return {'others': others, 'unlimited': sorted(spans[False]), 'limited': sorted(spans[True])}
