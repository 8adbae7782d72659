# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds answers against probes: what hosts say of their firewalls, and what happened."""

from collections.abc import Sequence
from typing import Literal, TypedDict

from .. import _listener
from .._harmless.terminal import sentence, visible
from .._probes.compare import Table
from .._probes.plan import Plan, literal
from .answer import Row, Source, is_near

Kind = Literal['reached', 'not_reached', 'lost_between']

KINDS: tuple[Kind, ...] = ('reached', 'not_reached', 'lost_between')          # the most severe first

_WHAT: dict[Kind, str] = {
    'reached': '%s reaches %s of %s, although by the firewalls it cannot, %s: %s',
    'not_reached': '%s does not reach %s of %s, although the firewalls of both let it: %s is %s',
    'lost_between': '%s does not reach %s of %s, which the firewalls of both let it, beyond a router: %s is %s',
}


class Contradiction(TypedDict):
    """A probe that does not fit an answer.

    :ivar kind: ``reached`` is more than the firewalls say, ``not_reached`` less; ``lost_between`` is that too, of hosts
        without a network in common: the firewalls may be right, and a router has no way or filters.
    :ivar verdict: of the probe.
    """

    kind: Kind
    source: str
    target: str
    listener: str
    endpoint: str
    verdict: str
    message: str


def contradictions(plan: Plan, rows: Sequence[Row], sources: Sequence[Source], table: Table) -> list[Contradiction]:
    """Find the probes that do not fit the answers, those that reached more than they should first.

    Over UDP, silence says nothing, and neither does a probe that did not leave its host.

    :param table: from ``_probes.compare.cells``, of the same plan with the sources as vantage hosts.
    """
    cells = {id(item): line for item, line in zip(plan.items, table)}
    found = []
    for row in rows:
        for item, ways in zip(row.items, row.ways):
            for source, way, cell in zip(sources, ways, cells[id(item)]):
                for probe in () if cell.local else cell.probes:
                    kind: Kind | None = None
                    if way.word == 'no' and probe['verdict'] == 'open':
                        kind = 'reached'
                    elif way.word == 'yes' and probe['verdict'] in ('closed', 'filtered'):
                        kind = 'not_reached' if _is_near(source, probe['address']) else 'lost_between'
                    if kind:
                        listener = _listener.in_words(_listener.excerpt(item.listener))
                        reason = sentence(probe['reason'], 200)
                        endpoint = visible(probe['endpoint'], 400)
                        names = visible(source.host, 100), listener, visible(item.host, 100)
                        because = (way.because or 'blocked', '%s (%s)' % (endpoint, reason)) if kind == 'reached' else \
                            (endpoint, '%s (%s)' % (probe['verdict'], reason))
                        found.append(Contradiction(
                            kind=kind, source=source.host, target=item.host,
                            listener=_listener.identity(item.listener), endpoint=endpoint, verdict=probe['verdict'],
                            message=_WHAT[kind] % (*names, *because)))
    return sorted(found, key=lambda one: KINDS.index(one['kind']))


def _is_near(source: Source, address: str | None) -> bool:
    to = literal(address or '')
    return source.facts is not None and to is not None and is_near(source.facts, to)
