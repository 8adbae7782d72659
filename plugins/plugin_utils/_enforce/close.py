# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which listeners of a host are to be closed, as far as its declaration says. Whether they can be, the host decides.

That is what an audit would fail for. Firewalls have no say in it: what nobody declared is closed whether or not
somebody reaches it, so that the same is closed whatever is filtered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple, cast

from ...module_utils._gaps import NOT_FOUND
from .._listener import Listener, identity
from .._policy.declaration.policy import Policy
from .._policy.judgement import defaults
from .._policy.judgement.finding import Finding
from .._policy.judgement.judge import Result
from .._policy.language.options import FAIL, SEVERITIES
from .._shape import Facts
from .confirmed import Confirmed
from .lefts import CLOSE, Left, left, unseen

KINDS = ('unexpected', 'forbidden')
# The owners of what stays have to be known, too: a unit is only stopped if it serves none of that. What no process
# owns, although all were looked at, is of the kernel.
_NEEDED = {'sockets': (), 'owners': (NOT_FOUND,)}
_OF_FIREWALL = ('exposure', 'clients')       # causes of what is not known, that closing does not depend on


class Wanted(NamedTuple):
    """What is to be closed.

    :ivar listeners: in the order of their ports. :ivar left: what is not, and why.
    """

    listeners: list[Listener]
    left: list[Left]

    @property
    def ids(self) -> list[str]:
        """The ids of the listeners."""
        return [listener['id'] for listener in self.listeners]


def without_firewall(facts: Facts) -> Facts:
    """Return facts as if nobody had looked at the firewall."""
    listeners = [{**listener, 'exposure': None} for listener in facts['listeners']]
    bare = {**facts, 'listeners': listeners, 'complete': {**facts['complete'], 'firewall': None},
            'gaps': [gap for gap in facts['gaps'] if gap['aspect'] != 'firewall']}
    return cast(Facts, {key: value for key, value in bare.items()
                        if key not in ('forwarded', 'openings', 'firewall')})


def without(facts: Facts, ids: Collection[str]) -> Facts:
    """Return facts as if these listeners were closed."""
    return {**facts, 'listeners': [listener for listener in facts['listeners'] if listener['id'] not in ids]}


def missing(facts: Facts) -> list[Left]:
    """List what of a host was not seen and has to be, before anything is stopped."""
    return list(unseen(CLOSE, facts, _NEEDED, 'nothing is stopped'))


def wanted(facts: Facts, policy: Policy, result: Result, kinds: Iterable[str]) -> Wanted:
    """Find which listeners are to be closed.

    :param facts: those of ``without_firewall``, of a host of which nothing is ``missing``.
    :param result: the judgement of these facts by the policy.
    :param kinds: of KINDS.
    """
    kinds = set(kinds)
    waived = {id(finding.record) for finding, dummy in result.waived if finding.record}
    close: dict[str, Listener] = {}
    lefts: list[Left] = []
    for finding in result.each:
        listener = finding.record
        if listener is None or finding.kind not in kinds or id(listener) in waived:
            continue
        obstacle = _obstacle(finding, listener, policy)
        if obstacle:
            lefts.append(left(CLOSE, listener, *obstacle))
        elif _fails(finding, policy):
            close[listener['id']] = listener
    lefts += [left(CLOSE, None, 'unknown', finding.message, finding.remedy) for finding in result.findings
              if finding.kind == 'unknown' and finding.parts.get('cause') not in _OF_FIREWALL]
    listeners = sorted(close.values(), key=lambda listener: (listener['protocol'], listener['port'], listener['id']))
    return Wanted(listeners, lefts)


def within(wanted: Wanted, confirmed: Confirmed) -> Wanted:
    """Return what of this a plan has that was confirmed; the rest is left, as it was then if that was said."""
    lefts = list(wanted.left)
    for listener in wanted.listeners:
        if listener['id'] not in confirmed.close:
            lefts += list(confirmed.left(listener['id'])) or [
                left(CLOSE, listener, 'appeared', 'it was not there when the plan was confirmed: plan anew')]
    return Wanted([listener for listener in wanted.listeners if listener['id'] in confirmed.close], lefts)


def _fails(finding: Finding, policy: Policy) -> bool:
    """Whether an audit would fail for a finding."""
    if finding.kind == 'unexpected' and defaults.worth(finding.group or 'unexpected', policy.switches) != FAIL:
        return False
    severity = SEVERITIES.index(finding.worst or finding.severity)
    return severity <= SEVERITIES.index(policy.switches['listener_fail_severity'])


def _obstacle(finding: Finding, listener: Listener, policy: Policy) -> tuple[str, str] | None:
    """Find why a listener is not even tried to be closed: a reason and a message."""
    if finding.group == 'ephemeral' and not _fails(finding, policy):
        # whatever the switch says of clients, an audit names it
        return ('ephemeral', 'its port is of those on which programs wait for answers, and may be another one the next '
                'time: find out what it is') if defaults.dubious(listener) else None
    if not _fails(finding, policy):
        return None
    if listener['held_by'] == 'unknown':
        return 'unknown_owner', 'its owner is not known, so nobody can say what would be stopped'
    if identity(listener) != listener['id']:
        return 'name', 'the name of its interface or of its network namespace has characters that no command is given'
    return None
