# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings of many hosts, each of them once.

Those are the same that have the same key, ``same`` in a record, in which nothing is that differs from host to host:
pids, addresses of the host, ports that change with each start. Records of earlier versions have no key, and no parts:
of theirs those are the same that have the same message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._harmless.terminal import visible
from .._listener import WIDEST_FIRST, reach
from .._policy.judgement import alike, message
from .._policy.language.options import SEVERITIES
from . import declared_in
from .host import Host
from .declared_in import Place

_MOST = 8000                    # characters of a message

# A finding, as a record has it.
Finding = Mapping[str, Any]


@dataclass
class Group:
    """One finding, of all hosts that have it; its text is harmless to print.

    :ivar hosts: the hosts as they are called in the inventory.
    :ivar others: whether it sums up other listeners or entries on some of these hosts.
    :ivar fingerprint: that of the findings.
    :ivar entry: the entry that it is about, harmless to print; ``declared_in`` the variable that declares it.
    :ivar place: where that is written; None where it is not known.
    :ivar widest: who reaches what it is about, as a place in ``WIDEST_FIRST``; of all hosts the widest.
    """

    kind: str
    severity: str
    fails: bool
    text: str
    remedy: str | None
    hosts: list[str]
    others: bool = False
    fingerprint: str = ''
    entry: str | None = None
    declared_in: str | None = None
    place: Place | None = None
    widest: int = len(WIDEST_FIRST)

    @property
    def rank(self) -> tuple[bool, int, int, int, str, str]:
        """What groups are sorted by: those that fail their hosts, the most severe, the most widely reachable, what most
        hosts have."""
        return (not self.fails, SEVERITIES.index(self.severity), self.widest, -len(self.hosts), self.kind, self.text)


def groups(hosts: Iterable[Host], unused: Iterable[Finding]) -> list[Group]:
    """List all findings, the worst first.

    :param unused: those over the fleet.
    """
    same: dict[tuple[Any, ...], list[tuple[str, Finding, Place | None]]] = {}
    judged = [(host.name, host.judgement) for host in hosts if host.judgement]
    for name, judgement in judged:
        for finding in judgement['findings']:
            same.setdefault(_key(finding), []).append((name, finding, declared_in.of(finding, judgement)))
    result = [group for found in same.values() for group in _grouped(found)]
    unused = list(unused)
    known = declared_in.of_all(judgement for dummy, judgement in judged) if unused else {}
    result += [_group([finding], visible(finding['message'], _MOST), [],
                      known.get((finding['declared_in'], declared_in.label(finding)))) for finding in unused]
    return sorted(result, key=lambda group: group.rank)


def _key(finding: Finding) -> tuple[Any, ...]:
    what = (finding['kind'], finding['severity'], finding['fails'], finding['fingerprint'], finding['same'])
    return what if finding['same'] else (*what, finding['entry'], finding['declared_in'], finding['message'])


def _grouped(found: Sequence[tuple[str, Finding, Place | None]]) -> Iterator[Group]:
    """Make one Group of findings that are the same, or one each where they are of one host.

    :param found: names of hosts, findings, and where their entries are.
    """
    names = list(dict.fromkeys(name for name, dummy, dummy_place in found))
    findings = [finding for dummy, finding, dummy_place in found]
    messages = list(dict.fromkeys(finding['message'] for finding in findings))
    place = declared_in.most(place for dummy, dummy_finding, place in found)
    first = findings[0]
    if len(messages) == 1:
        yield _group(findings, visible(messages[0], _MOST), names, place)
    elif len(names) == 1:
        for finding in findings:
            yield _group([finding], visible(finding['message'], _MOST), names, place)
    elif alike.is_summed_up(first['kind'], first['parts']):
        texts = [message.of(finding['kind'], alike.without_pids(finding['parts'])) for finding in findings]
        yield _group(findings, visible(texts[0], _MOST), names, place, others=len(set(texts)) > 1)
    else:
        parts = alike.merged([finding['parts'] for finding in findings])
        yield _group(findings, visible(message.of(first['kind'], parts), _MOST), names, place)


def _group(findings: Sequence[Finding], text: str, names: list[str], place: Place | None,
           others: bool = False) -> Group:
    first = findings[0]
    remedy = visible(first['remedy'], 1000) if first['remedy'] else None
    return Group(first['kind'], first['severity'], first['fails'], text, remedy, names, others,
                 first['fingerprint'], first['entry'], first['declared_in'], place, min(map(_widest, findings)))


def _widest(finding: Finding) -> int:
    """Return who reaches what a finding is about, as a place in ``WIDEST_FIRST``."""
    parts = finding['parts'] or {}
    several = parts['listeners']['first'] if 'listeners' in parts else []
    about = [parts['listener']] if parts.get('listener') else several
    return min((WIDEST_FIRST.index(reach(listener['scope'], listener.get('reached_by'))) for listener in about),
               default=len(WIDEST_FIRST))
