# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the hosts by what they have and what is about to be written, before it is written."""

from __future__ import annotations

import datetime
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from .._policy.declaration import merge
from .._policy.declaration.policy import Policy
from .._policy.judgement import judge
from .._policy.judgement.finding import Finding
from .._policy.language.refusal import Refusals
from .._shape import Facts
from . import clients, packing, pieces, things
from .things import Seen

# what is found of an entry that is limited to who came, until a firewall keeps the others out
_BEFORE_A_FIREWALL = ('overexposed', 'unknown')
_LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


@dataclass
class Host:
    """A host that was observed completely.

    :ivar facts: as ``packing`` keeps them.
    :ivar declared: what is declared for it already, and ``policy`` the same, ready to judge.
    :ivar seen: what of it is not declared yet.
    :ivar came: who came to its listeners, where that matters.
    """

    name: str
    facts: bytes
    declared: merge.Declared
    policy: Policy
    seen: Seen
    came: Mapping[str, clients.Seen] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, facts: Facts, declared: merge.Declared, now: datetime.datetime,
           wanted: pieces.Wanted, came: Mapping[str, clients.Seen] | None = None,
           alike: Sequence[Hashable | None] = ()) -> Host:
        """Look at a host. Raises Refusals where its declaration is refused.

        :param alike: see ``packing.packed``.
        """
        policy = Policy.of(declared)
        return cls(name, packing.packed(facts, alike), declared, policy,
                   things.seen(facts, policy, now, wanted, alike), came or {})

    @property
    def unpacked(self) -> Facts:
        """Its facts, which are not to be changed."""
        return packing.unpacked(self.facts)


@dataclass
class Proof:
    """Judges hosts by files.

    :ivar files: the text of each, by whatever names it.
    """

    files: Mapping[Any, str]
    now: datetime.datetime
    _read: dict[Any, Mapping[str, Any]] = field(default_factory=dict)
    _policies: dict[frozenset[Any], Policy] = field(default_factory=dict)

    def faults(self, host: Host, files: Sequence[Any], limited: Container[str] = ()) -> list[str]:
        """List what would be found on a host although it should not, harmless to print.

        :param files: those that it reads.
        :param limited: the ids of listeners that more may reach today than came.
        """
        try:
            policy = self._policy(host, files)
        except Refusals as exc:
            return [str(fault) for fault in exc.items]
        judged = judge.judge(host.unpacked, policy, self.now)
        return [finding.message for finding in _new(host.seen, judged)
                if not (finding.kind in _BEFORE_A_FIREWALL and all(key in limited for key in _ids(finding)))]

    def _policy(self, host: Host, files: Sequence[Any]) -> Policy:
        """Return what a host is judged by; that of all hosts for which nothing else is declared is the same object."""
        key = frozenset(files)
        if not host.declared and not host.declared.switches and key in self._policies:
            return self._policies[key]
        variables = {name: value for file in files for name, value in self._variables(file).items()}
        new, old = merge.collect(variables, lambda value: value, ()), host.declared
        policy = Policy.of(merge.Declared(
            [*old.entries, *new.entries], [*old.waivers, *new.waivers], [*old.variables, *new.variables],
            old.switches, [], [*old.refusals, *new.refusals], old.named))
        if not old and not old.switches:
            self._policies[key] = policy
        return policy

    def _variables(self, file: Any) -> Mapping[str, Any]:
        if file not in self._read:
            self._read[file] = yaml.load(self.files[file], Loader=_LOADER) or {}
        return self._read[file]


def _new(seen: Seen, judged: judge.Result) -> Iterator[Finding]:
    """Yield what was not found before, and is about nothing that was left open."""
    known = {piece.id for piece in seen.doubtful} | seen.left
    for finding in judged.each:
        if finding.listener not in known and (finding.kind, finding.fingerprint) not in seen.before:
            yield finding
    known |= seen.unknown
    for finding in judged.findings:
        if finding.kind == 'unknown' and not known.issuperset(_ids(finding)):
            yield finding


def _ids(finding: Finding) -> Iterable[str]:
    return finding.ids or [finding.listener or '']
