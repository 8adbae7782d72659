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
from . import policy
from .model import PROFILES
from .names import fold
from .raw import Raw
from .stop import WayIn

# NET_FW_MODIFY_STATE
_STATES = {1: 'Group Policy overrides what is set locally', 2: 'all that comes in is blocked, whatever rules say'}


class Obstacle(NamedTuple):
    """Why no rules are to be added.

    :ivar code: of the reasons of a plan.
    """

    code: str
    message: str


def obstacles(raw: Raw, facts: Facts, way_in: WayIn) -> Iterator[Obstacle]:
    """Find why no rules are to be added to the firewall of a host, be it by hand.

    That it does not run, or is that of another product, is not among it: then the firewall was not observed.

    :param raw: with all of ``firewall``, from which these facts are complete in the aspect ``firewall``.
    """
    firewall = raw['firewall']
    found = policy.profiles(firewall)
    for profile in policy.without_local(found, PROFILES):
        yield Obstacle('policy', 'Group Policy lets no local rule count in the %s profile (AllowLocalPolicyMerge)' % (
            profile))
    for profile in PROFILES:
        doubts = {why for settings in found[profile].settings for store, why in settings.doubted if store == 'local'}
        for why in sorted(doubts):
            yield Obstacle('policy', 'whether local rules count in the %s profile is not known: %s' % (profile, why))
    effective = firewall.get('effective')
    state = effective['modify'] if effective else None
    if state is None:
        yield Obstacle('policy', 'whether local rules count could not be read (LocalPolicyModifyState)')
    elif state:
        yield Obstacle('policy', '%s (LocalPolicyModifyState is %d)' % (
            _STATES.get(state, 'local rules do not count'), state))
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
