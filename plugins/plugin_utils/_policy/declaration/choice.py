# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries that a task is about."""

import dataclasses
import fnmatch
from collections.abc import Iterable
from typing import Any, TypeVar

from ..language.refusal import Refusals, Refused, meant, shown
from .policy import Policy

_MOST_UNITS = 1000      # of which the module describes those that hold nothing
_Result = TypeVar('_Result')


class Choice:
    """The entries that a task is about: all of a policy, or some of them.

    :param patterns: names or globs of names; None for all.
    :ivar entries: the entries that apply to the host.
    :ivar whole: whether these are all.
    :raises Refusals: a pattern fits no entry.
    """

    def __init__(self, policy: Policy, patterns: Iterable[str] | None) -> None:
        self.whole = patterns is None
        self.entries = policy.entries
        if patterns is None:
            return
        patterns = list(patterns)
        labels = [entry.label for entry in policy.all_entries]
        unknown = [pattern for pattern in patterns if not any(_fits(label, pattern) for label in labels)]
        if unknown:
            raise Refusals([Refused('no entry of this host has the name %s%s' % (
                shown(pattern), meant(pattern, labels)), None, 'entries') for pattern in unknown])
        self.entries = [entry for entry in policy.entries if any(_fits(entry.label, pattern) for pattern in patterns)]

    @property
    def services(self) -> list[str]:
        """The units to ask about where they are missing: those that required entries name, without globs."""
        units = {unit for entry in self.entries if entry.state == 'required' for unit in entry.services}
        return sorted(units)[:_MOST_UNITS]

    def narrowed(self, result: _Result) -> _Result:
        """Keep what the result of a judgement says of these entries.

        The judgement is always that of the whole policy: an entry that is not asked about may be the one that lets a
        listener be.

        :param result: a ``judgement.judge.Result``.
        """
        if self.whole:
            return result
        labels = {entry.label for entry in self.entries}
        places = {(entry.variable, entry.label) for entry in self.entries}

        def is_about(finding: Any) -> bool:
            return (finding.declared_in, finding.entry) in places or not labels.isdisjoint(finding.about)

        judged: Any = result
        narrowed: _Result = dataclasses.replace(
            judged, findings=[finding for finding in judged.findings if is_about(finding)], second_look=False,
            waived=[(finding, waiver) for finding, waiver in judged.waived if is_about(finding)])
        return narrowed


def _fits(label: str, pattern: str) -> bool:
    return label == pattern or fnmatch.fnmatchcase(label, pattern)
