# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why rules that somebody adds to a Windows firewall would do nothing, or nobody can say what they do.

Sources: INetFwPolicy2::LocalPolicyModifyState, learn.microsoft.com; [MS-FASP] 2.2.38, AllowLocalPolicyMerge.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .._listener import Listener
from .._shape import Facts
from .._words import some
from .diagnose import RUNNING
from .names import fold
from .raw import Raw
from .stop import WayIn

_SERVICES = ('mpssvc', 'bfe')
# NET_FW_MODIFY_STATE
_STATES = {1: 'Group Policy overrides what is set locally', 2: 'all that comes in is blocked, whatever rules say'}
_MERGE = 'allowlocalpolicymerge'


class Obstacle(NamedTuple):
    """Why no rules are to be added. :ivar code: of the reasons of a plan."""

    code: str
    message: str


def obstacles(raw: Raw, facts: Facts, way_in: WayIn) -> Iterator[Obstacle]:
    """Find why no rules are to be added to the firewall of a host, be it by hand."""
    firewall = raw.get('firewall') or {}
    for profile, values in ((firewall.get('profiles') or {}).get('gpo') or {}).items():
        if any(fold(name) == _MERGE and value == 0 for name, value in values.items()):
            yield Obstacle('policy', 'Group Policy lets no local rule count in %s (AllowLocalPolicyMerge is 0)' % (
                profile))
    effective = firewall.get('effective')
    state = effective['modify'] if effective else None
    if state is None:
        yield Obstacle('policy', 'whether local rules count could not be read (LocalPolicyModifyState)')
    elif state:
        yield Obstacle('policy', '%s (LocalPolicyModifyState is %d)' % (
            _STATES.get(state, 'local rules do not count'), state))
    running = {fold(service.name) for service in raw.get('services') or () if service.state == RUNNING}
    for service in _SERVICES:
        if service not in running:
            yield Obstacle('service', '%s does not run, and without it there is no firewall' % service)
    if firewall.get('products') is None:
        yield Obstacle('other_product', 'whether another product is the firewall could not be read')
    elif firewall['products']:
        yield Obstacle('other_product', 'another product is the firewall: %s' % some(firewall['products']))
    yield from _of_connection(facts, way_in)


def of_way_in(facts: Facts, way_in: WayIn) -> list[Listener]:
    """List the listeners by which the connection in use may have come."""
    return [listener for listener in facts['listeners'] for name in (listener['service'],)
            if name and fold(name) in (way_in.services or ())]


def _of_connection(facts: Facts, way_in: WayIn) -> Iterator[Obstacle]:
    if way_in.services is None:
        yield Obstacle('in_use', 'by what the connection in use came was not found, and rules could cut it')
        return
    listeners = of_way_in(facts, way_in)
    if way_in.services and not listeners:
        yield Obstacle('in_use', 'the listener that the connection in use came by was not found, and rules could cut '
                                 'it')
    for listener in listeners:
        exposure = listener.get('exposure')
        if exposure is None or exposure['verdict'] == 'unknown' or exposure['undecided']:
            yield Obstacle('in_use', 'who reaches %s, by which the connection in use came, is not decided, and rules '
                                     'could cut it' % listener['id'])
            return
