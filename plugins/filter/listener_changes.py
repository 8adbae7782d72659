# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what has changed between two sets of facts. The documentation is in listener_changes.yml."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.listening.ports.plugins.plugin_utils._drift import changes, snapshot, to_json
from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault


def listener_changes(old: Any, new: Any) -> list[dict[str, Any]]:
    """List what has changed. Raises AnsibleFilterError.

    :param old: facts of listener_facts; ``new`` those of a later time, of the same host.
    """
    return [to_json.of_filter(change) for change in changes.compare(
        _read(old, 'the earlier facts'), _read(new, 'the later facts')).changes]


def _read(facts: Any, what: str) -> snapshot.Snapshot:
    """Check facts as if a host had sent them. Raises AnsibleFilterError."""
    try:
        return snapshot.of_facts('', check.check(json.loads(json.dumps(facts))))
    except Fault as fault:
        raise AnsibleFilterError('%s are not from listening.ports.listener_facts: %s' % (what, fault)) from fault
    except (TypeError, ValueError, RecursionError) as exc:
        raise AnsibleFilterError('%s are not from listening.ports.listener_facts' % what) from exc


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {'listener_changes': listener_changes}
