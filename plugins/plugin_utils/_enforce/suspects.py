# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is told beforehand of what may have to be closed, so that it can say at once what could be stopped.

Ports alone tell too little to be exact: what is to be closed is decided by the facts, see ``close``. Where that is not
what the host took it for, it is asked once more.
"""

from __future__ import annotations

from collections.abc import Collection

from ...module_utils._planning import UNDECLARED
from .._policy.declaration.policy import Policy
from .._policy.judgement import defaults
from .._policy.language.options import FAIL


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
