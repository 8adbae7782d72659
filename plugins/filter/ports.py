# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists ports that are written as in a declaration. The documentation is in ports.yml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions import ports as _ports
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.options import PROTOCOLS
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refused, shown

_MOST = 65536


def ports(value: Any, protocol: Any = 'tcp') -> list[dict[str, Any]]:
    """List each port once, in the order in which they are written. Raises AnsibleFilterError.

    :param value: a number, a text with commas, or a list of these.
    :param protocol: of ports without one.
    """
    if protocol not in PROTOCOLS:
        raise AnsibleFilterError('%s is not a protocol; use one of %s' % (shown(protocol), ', '.join(PROTOCOLS)))
    elements: list[Any] = []
    for element in value if isinstance(value, (list, tuple)) else [value]:
        elements += [part.strip() for part in element.split(',')] if isinstance(element, str) else [element]
    try:
        items = _ports.items(elements, 'ports', (protocol,))
    except Refused as exc:
        raise AnsibleFilterError(str(exc)) from exc
    found: dict[tuple[str, int], None] = {}
    for item in items:
        found.update(dict.fromkeys((item.protocol, port) for port in range(item.low, item.high + 1)))
        if len(found) > _MOST:
            raise AnsibleFilterError('these are more than %d ports' % _MOST)
    return [{'port': port, 'protocol': name} for name, port in found]


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {'ports': ports}
