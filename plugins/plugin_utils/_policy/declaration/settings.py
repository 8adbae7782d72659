# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the addresses of clients are found that the inventory has names for, as a host's variables say it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

from ..conditions.sources import Sources
from ..language import values
from ..language.options import DAYS, PATH, SETTINGS
from ..language.refusal import Refused, shown

MOST_DAYS = 3650
_LONGEST = 4096


class Settings(NamedTuple):
    """How addresses are found.

    :ivar records: the directory whose records are believed; None for what is declared alone.
    :ivar days: how old a record may be; 0 for any age.
    :ivar within: the networks in which a record is believed.
    """

    records: str | None
    days: int
    within: Sources


def read(given: Mapping[str, object]) -> tuple[Settings, list[Refused]]:
    """Check what is set.

    :param given: variables, some of SETTINGS among them.
    :returns: the settings, with the default for what is not given or wrong, and all faults.
    """
    found: dict[str, object] = {}
    faults: list[Refused] = []
    for name, (default, kind) in SETTINGS.items():
        found[name] = default
        try:
            if name in given:
                found[name] = _checked(given[name], kind)
        except Refused as exc:
            faults.append(Refused(exc.reason, None, name))
    records, networks = found['listener_client_records'], found['listener_client_networks']
    within = networks if isinstance(networks, Sources) else _anywhere_private()
    return Settings(str(records) if records else None, days(found['listener_client_record_days']) or 0, within), faults


@functools.cache
def _anywhere_private() -> Sources:
    """Return the networks in which a record is believed unless others are named: most hosts name none."""
    return Sources(['private'], 'listener_client_networks')


def _checked(value: object, kind: str) -> object:
    """Check one value. Raises Refused."""
    if kind == PATH:
        if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST or '\0' in value:
            raise Refused('has to be the path of a directory, not %s' % shown(value))
        return str(value)
    if kind == DAYS:
        number = days(value)
        if number is None:
            raise Refused('has to be a number of days from 0 to %d, not %s' % (MOST_DAYS, shown(value)))
        return number
    given = value if isinstance(value, list) else [value]
    if not given:
        raise Refused('the list is empty, and no record would be believed; leave listener_client_records out')
    return Sources(given, '')


def days(value: object) -> int | None:
    """Take a number of days; None for anything else."""
    number = values.number(value)
    return number if number is not None and 0 <= number <= MOST_DAYS else None
