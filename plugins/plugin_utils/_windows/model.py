# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens, where packets come in, and what holds there: all that rules of the Windows firewall ask of.

Sets of addresses are as in ``module_utils/_addresses/intervals``. Text that is compared is folded, as Windows does not
tell upper case from lower in any of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Span = tuple[int, int]
Spans = tuple[Span, ...]

SYSTEM = 'system'               # the program that rules call the kernel, and with it http.sys
PROFILES = ('domain', 'private', 'public')
# Stores of rules; the last three are of service hardening
STORES = ('local', 'gpo', 'mdm', 'static', 'configurable', 'appiso')
HARDENING = ('static', 'configurable', 'appiso')


class Holder(NamedTuple):
    """Who listens: of two that are equal the firewall lets the same clients in.

    :ivar protocol: ``tcp`` or ``udp``. :ivar program: the folded path of the executable, or SYSTEM; None if not known.
    :ivar services: folded names of all services of the process, each with whether it has a SID of its own, None where
        that is not known; None where the services of the process are not known; empty for a plain program.
    :ivar package: the SID of the AppContainer, ``''`` for none; None where that is not known.
    :ivar user: the SID of the user; None where it is not known.
    """

    protocol: str
    port: int
    program: str | None
    services: tuple[tuple[str, bool | None], ...] | None
    package: str | None
    user: str | None


class Settings(NamedTuple):
    """What holds for one profile.

    :ivar off: EnableFirewall is 0. :ivar shielded: DoNotAllowExceptions. :ivar default_allow: DefaultInboundAction.
    :ivar stores: those whose rules count; of service hardening they always do.
    :ivar doubted: those of which it is not known whether they count, with why.
    :ivar local_programs: whether local rules for a program alone count (AuthorizedApplications\\AllowUserPrefMerge).
    :ivar local_ports: whether local rules for one port alone count (GloballyOpenPorts\\AllowUserPrefMerge).
    """

    off: bool
    shielded: bool
    default_allow: bool
    stores: frozenset[str]
    doubted: tuple[tuple[str, str], ...] = ()
    local_programs: bool = True
    local_ports: bool = True


class Arrival(NamedTuple):
    """Where packets come in: one interface, one family, one address of the host.

    :ivar family: 4 or 6. :ivar interface: its alias. :ivar guid: folded, in braces.
    :ivar kind: ``lan``, ``wireless``, ``remoteaccess`` or ``mobilebband``; None where it is none of these, or unknown.
    :ivar cases: (profile, Settings) that may hold: one where the category of the network is known.
    :ivar why: why there are several cases, or ''.
    :ivar disabled: whether the firewall is off for this interface (DisabledInterfaces).
    :ivar subnets: networks that are on-link behind it; ``all_subnets`` those behind any interface.
    :ivar servers: ``dns``, ``dhcp``, ``wins`` or ``defaultgateway`` to the addresses that the adapters name.
    :ivar teredo: whether it is a Teredo interface.
    """

    family: int
    interface: str
    guid: str
    kind: str | None
    address: int
    cases: tuple[tuple[str, Settings], ...]
    why: str
    disabled: bool
    subnets: Spans
    all_subnets: Spans
    servers: Mapping[str, Spans]
    teredo: bool


class Machine(NamedTuple):
    """What rules ask of a host.

    :ivar version: of Windows. :ivar environment: folded name without % to its value.
    :ivar rpc: TCP ports of the endpoint map; None if it could not be read. :ivar dynamic: the dynamic TCP ports.
    :ivar https: TCP ports of URLs of http.sys that end in ``/IPHTTPS``; None where the queues could not be read.
    :ivar teredo: UDP ports of Teredo; empty where no such interface is up.
    """

    version: tuple[int, ...] | None
    environment: Mapping[str, str]
    rpc: frozenset[int] | None
    dynamic: Span | None
    https: frozenset[int] | None
    teredo: frozenset[int]


class Outcome(NamedTuple):
    """Who is let in to a holder by one arrival. The sets are disjoint; all others are blocked.

    :ivar undecided: (set, reason). :ivar allowed_by: the rule or default that lets most of them in, in words.
    :ivar blocked_by: what keeps most of the others out. :ivar caveats: what to know besides.
    """

    allowed: Spans
    undecided: Sequence[tuple[Spans, str]]
    allowed_by: str | None
    blocked_by: str | None
    caveats: Sequence[str] = ()
