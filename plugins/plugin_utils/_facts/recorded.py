# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads facts that were gathered before: those that Ansible keeps, and those in files.

Their age counts by the clock of a controller. Records have its stamp. The facts of a host have the time of the host,
which may be any: nothing is concluded from it. What a run keeps in memory is not older than the run. A fact cache knows
when something of a host was written to it last, and not when its listeners were: what comes from there has no age, as
has a file with facts alone.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from .._harmless.terminal import sentence, visible
from .._settings import setting
from . import records
from .age import ANY_AGE, duration, too_old
from .live import Looked
from .unpack import FactError, unpack


def seconds_of_run() -> float | None:
    """Return for how long the process runs that has started the one of the task; None where that is not known."""
    try:
        with open('/proc/%d/stat' % os.getppid(), encoding='utf-8', errors='replace') as stream:
            started = int(stream.read().rpartition(')')[2].split()[19])         # starttime, proc_pid_stat(5)
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf('SC_CLK_TCK'))
    except (AttributeError, OSError, ValueError, IndexError):
        return None


def from_cache(task_vars: Mapping[str, Any], max_age: int,
               age_of_run: Callable[[], float | None] = seconds_of_run) -> Looked:
    """Return the facts that Ansible keeps for a host.

    :param task_vars: the variables of the host.
    :param max_age: seconds; 0 for any age.
    :param age_of_run: as ``seconds_of_run``.
    """
    kept = (task_vars.get('ansible_facts') or {}).get('listening_ports')
    if kept is None:
        return _failed('there are no facts about its listeners: gather them with listening.ports.listener_facts')
    stale = _kept_too_long(max_age, age_of_run) if max_age else None
    if stale:
        return _failed(stale)
    try:
        return Looked('ok', None, unpack(json.dumps(kept)).facts)
    except FactError as exc:
        return _failed(str(exc))
    except (TypeError, ValueError, RecursionError):
        return _failed('the cached facts are not valid: they are not from listening.ports.listener_facts')


def _kept_too_long(max_age: int, age_of_run: Callable[[], float | None]) -> str | None:
    """Return why facts that Ansible keeps may be too old."""
    plugin: str = setting('CACHE_PLUGIN')
    if plugin.rpartition('.')[2] != 'memory':
        return ('the age of the cached facts is unknown: the fact cache %s does not record when they were gathered, '
                'and the clock of the host cannot be relied on; %s' % (visible(plugin, 100), ANY_AGE))
    age = age_of_run()
    if age is None:
        return ('the age of the cached facts is unknown, because this system does not report when ansible-playbook was '
                'started; %s' % ANY_AGE)
    if age > max_age:
        return 'the cached facts may be as old as this run, %s, and max_age is %s; %s' % (
            duration(age), duration(max_age), ANY_AGE)
    return None


def from_path(path: str, host: str, max_age: int, clock: Callable[[], float] = time.time,
              shared: bool = False) -> Looked:
    """Return the facts in a file, or in the folder where ``record_listeners`` writes its records.

    :param host: the host whose facts they have to be.
    :param max_age: seconds; 0 for any age.
    :param clock: as ``time.time``.
    :param shared: whether they may be by somebody else than this user and root.
    :returns: its status is that of the record.
    """
    path = os.path.abspath(path)
    try:
        if os.path.isdir(path):
            entry = records.read(path, host, shared)
            if entry is None:
                return _failed('there is no record of it in %s' % visible(path, 500))
            facts = entry['facts']
        else:
            entry, facts = records.read_file(path, host, shared)
    except records.RecordError as exc:
        return _failed(str(exc))
    if entry is None:
        if max_age:
            return _failed('the age of the facts in %s is unknown: they are not a record, which would have the time of '
                           'the controller; %s' % (visible(path, 500), ANY_AGE))
        return Looked('ok', None, facts)
    stamp = entry['recorded_at']
    stale = too_old(stamp, max_age, clock()) if max_age else None
    if stale:
        return _failed(stale)
    if facts is None:
        reason = sentence(entry['message'] or 'no reason was given')
        return Looked(entry['status'], 'when it was recorded, at %s: %s' % (stamp, reason), None, stamp)
    return Looked('ok', None, facts, stamp)


def _failed(message: str) -> Looked:
    return Looked('failed', message, None)
