# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report is about in a play that goes through its hosts in batches: ``serial``, see the documentation of plays.

To report each time on all hosts so far would read each record as often as there are batches: with ten thousand hosts in
batches of a hundred fifty times.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import takewhile
from typing import NamedTuple

from .._facts import records


class Play(NamedTuple):
    """The hosts of a play, as Ansible names them in each batch.

    :ivar hosts: all of them, in its order.
    :ivar alive: those that have not failed; ``batch`` those of them whose turn it is.
    :ivar limited: whether ``--limit`` has left some out.
    """

    hosts: list[str]
    alive: set[str]
    batch: set[str]
    limited: bool


class Turn(NamedTuple):
    """What is done in a batch.

    :ivar read: the hosts whose records are read, and those still to come.
    :ivar shown: the hosts to show.
    :ivar pending: the hosts that are still to come.
    :ivar fleet: whether these are all hosts that matter.
    :ivar writes: whether files are written.
    :ivar earlier: how many hosts of earlier batches are not read again.
    """

    read: list[str]
    shown: set[str]
    pending: set[str]
    fleet: bool
    writes: bool
    earlier: int = 0


def turn(path: str, run_id: str, play: Play, shared: bool = False) -> Turn:
    """Decide what is done: all, unless other batches follow; else all whenever the hosts so far have doubled.

    :param path: the directory with the records.
    :param run_id: the run to report on, or ``any``.
    :param shared: whether records may be by somebody else than this user and root.
    """
    hosts, others = play.hosts, play.alive - play.batch
    pending = records.to_come(path, others, run_id, shared)
    batch = play.batch | _failed_of_batch(hosts, others, pending)
    fleet = not play.limited
    if not pending:
        return Turn(hosts, set(hosts), pending, fleet, True)
    if is_doubled(len(hosts) - len(pending), len(batch), len(hosts)):
        return Turn(hosts, batch, pending, fleet, True)
    read = [host for host in hosts if host in batch or host in pending]
    return Turn(read, batch, pending, False, False, len(hosts) - len(read))


def is_doubled(so_far: int, batch: int, total: int) -> bool:
    """Whether the hosts have become as many as a half of all with this batch, or a quarter, an eighth, and so on.

    It is so of the first batch. What was written last is then of at least half of the hosts so far; and all reports
    before the last one are together of hardly more hosts than that one.

    :param so_far: how many hosts had their turn, those of this batch among them.
    :param batch: how many are in this batch.
    :param total: how many there are.
    """
    part = total
    while part > so_far > 0:
        part = (part + 1) // 2
    return so_far - batch < part


def _failed_of_batch(hosts: Sequence[str], others: Collection[str], pending: Collection[str]) -> set[str]:
    """Find the hosts of the batch that have failed, which Ansible does not name any more.

    Batches are slices of the hosts of a play. Failed hosts that lie between an earlier batch and this one may be of
    either; they are shown once more, rather than not at all.

    :param hosts: all of the play, in its order.
    :param others: those of other batches that have not failed; ``pending`` those of them whose turn is to come.
    """
    had_their_turn = [host for host in hosts if host not in pending]
    return set(takewhile(lambda host: host not in others, reversed(had_their_turn)))
