# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of a host for a whole report, which is little: there may be ten thousand of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .._policy.judgement import verdict as _verdict
from .._shape import Complete, Gap, Record, System
from .pool import Pool

STATES = ('ok', 'partial', 'unreachable', 'failed', 'missing', 'pending')
VERDICTS = (*_verdict.VERDICTS, 'pending')


@dataclass
class Host:
    """One host, as far as it is kept. Equal parts of hosts are the same object: they are not to be changed.

    :ivar state: ``ok``, ``partial`` (observed, with gaps), ``unreachable``, ``failed``, ``missing`` (no record of the
        run), or ``pending`` (a later batch of the play).
    :ivar reason: why there are no facts; harmless to print.
    :ivar last_seen: when an older run recorded it.
    :ivar recorded_at: when this one did; like all that follows, None where no record of it belongs to the report.
    :ivar collection: the version that recorded it; ``ansible_core`` that of Ansible.
    :ivar declared: whether something is declared for it.
    :ivar judgement: what ``fleet`` made of it; None where it was not judged.
    :ivar complete: whether all of each aspect was observed; None where nothing was, as are the gaps and the system.
    :ivar listeners: how many it has.
    """

    name: str
    state: str
    reason: str | None = None
    last_seen: str | None = None
    recorded_at: str | None = None
    run_id: str | None = None
    collection: str | None = None
    ansible_core: str | None = None
    declared: bool = False
    judgement: dict[str, Any] | None = None
    complete: Complete | None = None
    gaps: Sequence[Gap] = ()
    listeners: int = 0
    system: System | None = None

    @property
    def is_seen(self) -> bool:
        """Whether it was observed."""
        return self.complete is not None

    @property
    def verdict(self) -> str:
        """What becomes of it, one of ``VERDICTS``."""
        if self.state == 'pending':
            return 'pending'
        facts = {'complete': self.complete} if self.complete else None
        return _verdict.of_judgement(facts, self.judgement)

    @property
    def is_unjudged(self) -> bool:
        """Whether it was observed, and there is no judgement."""
        return self.is_seen and not self.judgement

    @property
    def is_declared(self) -> bool:
        """Whether something is declared for it."""
        return self.declared

    @property
    def has_all_sockets(self) -> bool:
        """Whether what was not found on it is not there."""
        return bool(self.complete and self.complete['sockets'])


def kept(record: Record, state: str, reason: str | None = None, pool: Pool | None = None) -> Host:
    """Return what is kept of a record that belongs to the report.

    :param pool: where equal parts are kept once.
    """
    pool = pool or Pool()
    facts = record['facts']
    keep = pool.keep
    return Host(
        record['host'], state, reason, None, keep(record['recorded_at']), keep(record['run_id']),
        keep(record['collection']), keep(record['ansible_core']), record['declared'], keep(record.get('judgement')),
        complete=keep(facts['complete']) if facts else None, gaps=keep(facts['gaps']) if facts else (),
        listeners=len(facts['listeners']) if facts else 0, system=keep(facts['system']) if facts else None)
