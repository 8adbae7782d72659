# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the rules that can be about a listener, and tells which listeners are alike for all rules.

A host has some hundred rules, most of them for one program or service. A rule is filed under the first of these that it
names: a package, a service, a program, a few ports.
"""

from __future__ import annotations

import bisect
import random
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

from ...module_utils._addresses import intervals as iv
from . import conditions, ports
from .model import HARDENING, SYSTEM, Holder, Machine
from .names import base
from .rules import TRANSPORTS, Rule

_Key = TypeVar('_Key', bound=Hashable)
_FEW_PORTS = 64
_OTHER, _ODD = '(other)', '(odd)'       # a program that no rule names, and a path that may be several


class Index:
    """Files rules.

    :param rules: in the order in which they are to be found.
    :ivar wanted: what each of them wants of who listens, in this order.
    """

    def __init__(self, rules: Sequence[Rule], machine: Machine):
        self._machine = machine
        self._packages: dict[str, list[int]] = {}
        self._services: dict[str, list[int]] = {}
        self._programs: dict[str, list[int]] = {}
        self._ports: dict[tuple[str, int], list[int]] = {}
        self._general: list[int] = []
        self._resolved: dict[tuple[ports.Ports | None, str], ports.Resolved] = {}
        self.wanted: list[conditions.Wanted] = []
        self._named_programs: set[str] = set()
        self._named_services: set[str] = set()
        self._asks_users = self._asks_all_services = self._asks_service_sids = False
        for rule in rules:
            self._file(conditions.wanted(rule, machine, {
                protocol: self._resolve(rule, protocol) for protocol in rule.protocols}))
        self._edges = {protocol: self._sums(protocol) for protocol in TRANSPORTS.values()}

    def _resolve(self, rule: Rule, protocol: str) -> ports.Resolved:
        """Find out which ports of a protocol a rule is for."""
        key = rule.ports, protocol
        if key not in self._resolved:
            self._resolved[key] = ports.resolve(rule.ports, protocol, self._machine)
        return self._resolved[key]

    def _file(self, asked: conditions.Wanted) -> None:
        number, rule = len(self.wanted), asked.rule
        self.wanted.append(asked)
        self._named_programs.update(base(program) for program in asked.programs if program)
        self._named_services.update(asked.services)
        self._asks_all_services = self._asks_all_services or '*' in asked.services
        users = rule.values.get('luauth', ())
        self._asks_users = self._asks_users or bool(users) or 'luown' in rule.values
        self._asks_service_sids = self._asks_service_sids or any('S-1-5-80-' in text for text in users)
        packages = asked.packages or asked.families
        if packages:
            _add(self._packages, packages, number)
        elif asked.services and not {'*', ''} & set(asked.services):
            _add(self._services, asked.services, number)
        elif asked.programs and None not in asked.programs:
            _add(self._programs, [base(program) for program in asked.programs if program], number)
        elif sum(iv.size(resolved.maybe) for resolved in asked.ports.values()) <= _FEW_PORTS:
            _add(self._ports, [(protocol, port) for protocol, resolved in asked.ports.items()
                               for first, last in resolved.maybe for port in range(first, last + 1)], number)
        else:
            self._general.append(number)

    def candidates(self, holder: Holder) -> list[int]:
        """List the numbers of the rules that may match, in their order. All others surely do not."""
        found = {*self._general, *self._ports.get((holder.protocol, holder.port), ())}
        if holder.package is None:
            found.update(*self._packages.values())
        elif holder.package:
            found.update(self._packages.get(holder.package.upper(), ()))
        if holder.services is None:
            found.update(*self._services.values())
        else:
            found.update(*[self._services.get(name, ()) for name, dummy in holder.services])
        program = self._program(holder)
        if program in (None, _ODD):
            found.update(*self._programs.values())
        else:
            found.update(self._programs.get(base(program or ''), ()))
        return sorted(found)

    def _program(self, holder: Holder) -> str | None:
        """Return what rules can tell of the program of a holder."""
        if holder.program is None or holder.program == SYSTEM:
            return holder.program
        if not conditions.PLAIN.fullmatch(holder.program):
            return _ODD
        return holder.program if base(holder.program) in self._named_programs else _OTHER

    def holder_class(self, holder: Holder) -> Hashable:
        """Return what two holders have in common if no rule tells them apart."""
        services: Hashable = holder.services
        if holder.services is not None and not self._asks_service_sids:
            services = (frozenset(pair for pair in holder.services if pair[0] in self._named_services),
                        frozenset(flag for dummy, flag in holder.services) if self._asks_all_services else None)
        package = holder.package
        if package and package.upper() not in self._packages:
            package = _OTHER
        return (holder.protocol, self.port_class(holder.protocol, holder.port), self._program(holder), services,
                package, holder.user if self._asks_users else None)

    def port_class(self, protocol: str, port: int) -> int:
        """Return what two ports of ``tcp`` or ``udp`` have in common if no rule tells them apart."""
        starts, sums = self._edges[protocol]
        return sums[bisect.bisect_right(starts, port) - 1]

    def alike(self, protocol: str) -> tuple[Sequence[int], Sequence[int]]:
        """Return the ports at which another kind begins, and the class of the ports from each of them on."""
        return self._edges[protocol]

    def _sums(self, protocol: str) -> tuple[list[int], list[int]]:
        """Return from each start on the XOR of a random number of 64 bits for each set of ports that covers it.

        Equal numbers mean the same sets, but for a collision of 2^-64.
        """
        edges = {0: 0}
        for (dummy, kind), resolved in self._resolved.items():
            for spans in (resolved.sure, resolved.maybe) if kind == protocol else ():
                mine = random.getrandbits(64)
                for low, high in spans:
                    edges[low] = edges.get(low, 0) ^ mine
                    edges[high + 1] = edges.get(high + 1, 0) ^ mine
        starts, sums, total = sorted(edges), [], 0
        for start in starts:
            total ^= edges[start]
            sums.append(total)
        return starts, sums

    def openings(self) -> Iterable[tuple[Rule, str, ports.Resolved]]:
        """Yield the rules that let clients in to ports, whichever program has them: (rule, protocol, ports)."""
        for number in sorted({*self._general, *(each for some in self._ports.values() for each in some)}):
            asked = self.wanted[number]
            rule = asked.rule
            is_policy = rule.action == 'allow' and not rule.ignored and rule.store not in HARDENING
            if is_policy and rule.ports and not asked.programs + asked.services:
                for protocol, resolved in asked.ports.items():
                    if resolved.maybe:
                        yield rule, protocol, resolved


def _add(files: dict[_Key, list[int]], keys: Sequence[_Key], number: int) -> None:
    for key in dict.fromkeys(keys):
        files.setdefault(key, []).append(number)
