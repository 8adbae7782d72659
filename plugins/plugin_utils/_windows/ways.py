# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where packets come in to a Windows host, and which settings of the firewall may hold there.

Each adapter has the profile of its network. One host may be in a domain by one adapter, and in public by another.
"""

from __future__ import annotations

from collections.abc import Mapping

from .._shape import Default
from .model import PROFILES, Arrival, Settings
from .network import Adapter, Network
from .policy import Profile

_UNKNOWN = 'which profile holds for the interface is not known'


class Ways:
    """The arrivals of one host.

    :param found: what ``policy.profiles`` found.
    """

    def __init__(self, network: Network, found: Mapping[str, Profile]):
        self._network, self._found = network, found
        self._cases = {name: self._of(adapter) for name, adapter in network.adapters.items()}
        self._known: dict[tuple[str, int, int], Arrival] = {}

    def arrival(self, name: str, family: int, address: int) -> Arrival:
        """Return what is known of packets that come in by an adapter, to an address of the host."""
        key = name, family, address
        if key not in self._known:
            adapter = self._network.adapters[name]
            cases, why, disabled = self._cases[name]
            self._known[key] = Arrival(
                family, name, adapter.guid, adapter.kind, address, cases, why, disabled, adapter.subnets[family],
                self._network.on_link[family], self._network.servers[family], adapter.teredo)
        return self._known[key]

    def default(self) -> Default:
        """Find what becomes of packets to a port that no rule is for."""
        verdicts: set[Default] = set()
        for cases, dummy, disabled in self._cases.values():
            here: set[Default] = {
                'accept' if settings.off or disabled or settings.default_allow and not settings.shielded else 'drop'
                for dummy2, settings in cases}
            verdicts |= here if len(here) == 1 else {'unknown'}
        if not verdicts or 'unknown' in verdicts:
            return 'unknown'
        return verdicts.pop() if len(verdicts) == 1 else 'mixed'

    def _of(self, adapter: Adapter) -> tuple[tuple[tuple[str, Settings], ...], str, bool]:
        """Find the cases that may hold for an adapter, why there are several, and whether all turn it off there."""
        found: dict[tuple[str, Settings, bool], None] = {}
        why = [_UNKNOWN] if adapter.profile is None else []
        for name in PROFILES if adapter.profile is None else (adapter.profile,):
            profile = self._found[name]
            why += [profile.why] if profile.why else []
            for guids in profile.disabled:
                for is_off in (False, True) if guids is None else (adapter.guid in guids,):
                    found.update(dict.fromkeys((name, settings, is_off) for settings in profile.settings))
        disabled = all(is_off for dummy, dummy2, is_off in found)
        cases = dict.fromkeys(
            (name, settings._replace(off=settings.off or is_off and not disabled)) for name, settings, is_off in found)
        return tuple(cases), '; '.join(why) if len(cases) > 1 else '', disabled
