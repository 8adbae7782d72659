# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be opened in firewalld or ufw, where they keep out who is to be let in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ...module_utils._filter.names import PROTOCOLS
from ...module_utils._openings import command
from .._listener import Listener, identity
from .._policy.judgement.finding import Finding
from .._shape import Facts
from .ports import let_in, ports_of, rule

# What the rule that is in the way of somebody is called. ufw has the policy of a chain refuse what no rule of its own
# lets in, which iptables-nft and iptables-legacy call differently.
_RULES_OF = {command.FIREWALLD: re.compile('firewalld'),
             command.UFW: re.compile('ufw|^policy drop of chain (ip6?|ip6?tables) filter INPUT$')}


def openings(facts: Facts, finding: Finding, listener: Listener) -> Iterator[dict[str, Any]]:
    """Yield openings by which the clients of an entry get through firewalld or ufw, where that is in their way."""
    exposure, entry = listener.get('exposure'), finding.entries[0]
    firewall = facts.get('firewall')
    if not exposure or not firewall or entry.sources is None or listener['protocol'] not in PROTOCOLS:
        return
    for backend in command.BACKENDS:
        paths = [path for path in exposure['paths']
                 if path['verdict'] != 'allowed' and _RULES_OF[backend].search(path['blocked_by'] or '')]
        if backend not in firewall['backends'] or not paths:
            continue
        interfaces: Iterable[str | None] = [None]
        if backend == command.FIREWALLD:
            interfaces = sorted({name for path in paths for name in path['interfaces'] if name != 'lo'})
        who = rule(ports_of(listener), let_in(entry), None)
        for interface in interfaces:
            yield {'protocol': who['protocol'], 'ports': [str(port) for port in who['ports']],
                   'sources': who.get('sources'), 'backend': backend, 'interface': interface,
                   'listener': identity(listener)}
