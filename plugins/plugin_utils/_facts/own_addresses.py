# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads from the record of a host which addresses it had, and nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _schema
from .._schema import Fault
from .._shape import STATUSES
from . import records
from .age import too_old
from .records import RecordError

_MOST = 1000            # addresses of a host


def _anything(value: object) -> object:
    return value


_record = _schema.mapping({
    'schema': _schema.integer(1, records.SCHEMA),
    'host': _schema.text(4096),
    'recorded_at': _schema.time,
    'status': _schema.choice(*STATUSES),
    'facts': _schema.nullable(_anything),
})
_facts = _schema.mapping({
    'complete': _schema.mapping({'sockets': _schema.boolean}),
    'system': _schema.mapping({'local_addresses': _schema.nullable(_schema.items(_schema.text(512), _MOST))}),
})


def of_record(folder: records.Unchecked, host: str, max_age: int, now: float) -> list[str]:
    """Return the addresses that a host had by its record, such as ``10.0.0.5/24``.

    :param max_age: seconds; 0 for any age.
    :param now: the time here, in seconds.
    :raises RecordError: there is no record, it is too old, or not of a complete look. The message is harmless to print.
    """
    data = folder.decoded(records.file_name(host))
    if data is None:
        raise RecordError('it was not recorded')
    try:
        entry: Mapping[str, Any] = _record(data)
        facts = None if entry['facts'] is None else _facts(entry['facts'])
    except Fault as fault:
        raise RecordError('its record is not valid: %s' % fault) from None
    if entry['host'] != host:
        raise RecordError('its record belongs to another host')
    stale = too_old(entry['recorded_at'], max_age, now, 'its record') if max_age else None
    if stale:
        raise RecordError(stale.partition(';')[0])
    if entry['status'] != 'ok' or facts is None or not facts['complete']['sockets']:
        raise RecordError('it could not be observed, or not completely, when it was recorded')
    addresses: list[str] | None = facts['system']['local_addresses']
    if addresses is None:
        raise RecordError('its record has no addresses')
    return addresses
