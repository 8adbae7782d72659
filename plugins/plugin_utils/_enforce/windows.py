# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is planned for a Windows host: services to stop, and for all else what a person does by hand.

Nothing of the firewall is ever written there. What rules would be for is left, with the PowerShell that makes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ...module_utils._addresses import intervals
from .._listener import Listener, is_led_elsewhere
from .._policy.conditions import sources as _sources
from .._policy.declaration.policy import Policy
from .._policy.judgement.judge import Result
from .._shape import Exposure, Facts
from .._windows import by_hand, names, stop, writable
from .._windows.model import SYSTEM
from .._windows.raw import Raw
from . import plan, stops
from .lefts import BY_HAND, FIREWALL, Left, left
from .ports import NOBODY, Who, let_in, ports_of

# Of a host that something is left to do on, besides what it is
NEVER_STOPPED = 'on Windows hosts nothing is stopped unless close_windows is experimental'
NEVER_FILTERED = 'on Windows hosts nothing of the firewall is ever written'
LET_IN = 'let_in'
OFF = 'off'
# What decides, as ``_windows/words.py`` calls it: without a rule; and where none counts
_BY_DEFAULT, _IS_OFF = 'default inbound action', 'the firewall is off'


def unasked(rows: Iterable[stops.Row]) -> list[stops.Row]:
    """Return what is said of listeners where nobody asked to stop services: what would be closed is left."""
    return [{**row, 'status': stops.LEFT, 'reason': BY_HAND} if row['status'] == stops.CLOSED else row
            for row in rows]


def unfiltered(facts: Facts, raw: Raw, policy: Policy, result: Result, mode: str, remote: bool) -> list[Left]:
    """List what a firewall would have to do, and how a person makes it.

    :param facts: with the exposure of each listener; nothing of the host is missing.
    :param raw: what these facts were made of.
    :param result: the judgement of these facts by the policy.
    :param mode: of ``plan.MODES``.
    """
    way_in = stop.way_in(raw, remote)
    obstacles = list(writable.obstacles(raw, facts, way_in))
    lefts = [left(FIREWALL, None, obstacle.code, 'rules that somebody adds would do nothing, or harm: %s'
                  % obstacle.message) for obstacle in obstacles]
    used = {listener['id'] for listener in writable.of_way_in(facts, way_in)}
    planned = plan.plan(facts, policy, result, plan.BLOCK)
    for listener, wanted in planned.filtered:
        if _is_blocked(listener):
            continue
        lefts.append(_of_filtered(listener, wanted, mode, bool(obstacles), listener['id'] in used))
    lefts += [each for each in planned.left if each['reason'] != 'unreachable']
    lefts += _unreachable(result, bool(obstacles))
    return lefts


def _is_blocked(listener: Listener) -> bool:
    """Whether nobody reaches it anyway: a person has nothing to do then."""
    exposure = listener.get('exposure')
    return bool(exposure and exposure['verdict'] == 'blocked' and not exposure['undecided'])


def _of_filtered(listener: Listener, wanted: Who, mode: str, has_obstacles: bool, is_used: bool) -> Left:
    """Say what keeps others from a listener."""
    exposure = listener.get('exposure')
    rule = exposure['decided_by'] if exposure else None
    if is_used:
        return left(FIREWALL, listener, 'in_use', 'the connection in use came by it')
    off = next((by for by in _deciding(exposure) if by.startswith(_IS_OFF)), None)
    if off:
        return left(FIREWALL, listener, OFF, 'no rule keeps others from it: %s' % off)
    if mode == plan.ALLOW:
        return left(FIREWALL, listener, LET_IN, 'others are let in%s; %s' % (
            ' by %s' % rule if rule else '', NEVER_FILTERED))
    command = None if has_obstacles else by_hand.together(_blocks(listener, wanted))
    return left(FIREWALL, listener, BY_HAND, 'a rule that blocks comes before all that let others in%s; %s' % (
        ' (%s)' % rule if rule else '', NEVER_FILTERED), command)


def _deciding(exposure: Exposure | None) -> Iterator[str]:
    """Yield what lets somebody in to a listener, on any way."""
    for part in (exposure, *exposure['paths']) if exposure else ():
        if part['decided_by']:
            yield part['decided_by']


def _blocks(listener: Listener, wanted: Who) -> Iterator[str | None]:
    """Yield what blocks all but these from a listener."""
    sources = None if not any(wanted.values()) else _networks(
        {family: _sources.minus(_sources.everybody(family), spans) for family, spans in wanted.items()})
    ports = ports_of(listener)
    for program in _programs(listener):
        yield by_hand.rule('Block', ports.protocol, _span(ports.low, ports.high), sources, program)


def _unreachable(result: Result, has_obstacles: bool) -> Iterator[Left]:
    """Say of what its clients do not reach how a rule lets them in, where no other rule or setting blocks them."""
    for finding in result.each:
        listener = finding.record
        if finding.kind != 'unreachable' or listener is None:
            continue
        exposure, entry = listener.get('exposure'), finding.entries[0]
        blocked = (exposure['blocked_by'] if exposure else None) or ''
        who = let_in(entry) if entry.sources else NOBODY
        command = None
        if not has_obstacles and blocked.startswith(_BY_DEFAULT) and listener['scope'] != 'loopback':
            ports, sources = ports_of(listener), None if _is_everybody(who) else _networks(who)
            command = by_hand.together(
                by_hand.rule('Allow', ports.protocol, _span(ports.low, ports.high), sources, program, entry.name)
                for program in _programs(listener))
        yield left(FIREWALL, listener, 'unreachable', '%s; %s' % (finding.message, NEVER_FILTERED), command)


def _programs(listener: Listener) -> Sequence[str | None]:
    """List the programs that listen, as rules name them; None, whatever listens there, where not all are known."""
    owners = listener['owners']
    if is_led_elsewhere(listener) or not owners or len(owners) < listener['owners_total']:
        return [None]
    programs = [SYSTEM if owner['pid'] == names.SYSTEM_PID else owner['exe'] for owner in owners]
    if SYSTEM in programs:
        return [SYSTEM]           # what is behind http.sys does not listen itself
    return sorted({program for program in programs if program}) if all(programs) else [None]


def _is_everybody(who: Who) -> bool:
    return all(spans == _sources.everybody(family) for family, spans in who.items())


def _networks(who: Who) -> list[str]:
    """List addresses as rules of Windows take them, in which no network is that of all addresses."""
    texts = [text for family, spans in who.items() for text in intervals.networks(spans, family)]
    halves = {'0.0.0.0/0': ['0.0.0.0/1', '128.0.0.0/1'], '::/0': ['::/1', '8000::/1']}
    return [half for text in texts for half in halves.get(text, [text])]


def _span(low: int, high: int) -> str:
    return '%d' % low if low == high else '%d-%d' % (low, high)
