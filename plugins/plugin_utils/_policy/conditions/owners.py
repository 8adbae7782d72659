# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who owns a listener, against the owner that a declaration expects."""

import posixpath
from collections.abc import Callable, Sequence

from ..._listener import Listener, manager, serving, unlisted
from ..._shape import Complete, Owner
from ..._windows.listeners import is_here
from . import windows
from .patterns import Globs
from .three_valued import both, either


def _process(globs: Globs, owner: Owner) -> bool | None:
    exe = owner['exe'] or owner.get('exe_inside')       # it is no more than a name, wherever the file is
    fits = globs.fit(owner['process'])
    return fits or either((fits, globs.fit(posixpath.basename(exe) if exe is not None else None)))


def _user(globs: Globs, owner: Owner) -> bool | None:
    fits = globs.fit(owner['user'])
    return fits or either((fits, globs.fit(None if owner['uid'] is None else str(owner['uid']))))


def _exe(globs: Globs, owner: Owner) -> bool | None:
    return globs.fit(owner['exe'])


def _container(globs: Globs, owner: Owner) -> bool | None:
    return owner['container'] is not None and _fits_name(globs, owner['container'])     # no glob fits none


# option: whether an owner is as it says
OF_OWNER: dict[str, Callable[[Globs, Owner], bool | None]] = {
    'process': _process,
    'exe': _exe,
    'user': _user,
    'container': _container,
}


def owned(conditions: Sequence[tuple[str, Globs]], listener: Listener, complete: Complete) -> bool | None:
    """Whether every owner meets all conditions.

    :param conditions: pairs of an option of OF_OWNER and its patterns.
    :param complete: the aspects of the facts.
    """
    held_by = listener['held_by']
    if held_by == 'kernel':
        return all(option == 'process' and globs.kernel for option, globs in conditions)
    if held_by != 'processes':
        return None
    owners = serving(listener)
    if owners and is_here(listener):
        known = both([windows.OF_OWNER[option](globs, owner) for owner in owners for option, globs in conditions])
    elif owners:
        known = both([_meets(conditions, owner, complete) for owner in owners])
    else:
        known = both([_will_meet(option, globs, listener) for option, globs in conditions])
    return both((known, None)) if unlisted(listener) else known


def _meets(conditions: Sequence[tuple[str, Globs]], owner: Owner, complete: Complete) -> bool | None:
    fits = both([OF_OWNER[option](globs, owner) for option, globs in conditions])
    # where systemd could not be asked, it may own it for somebody else
    return None if fits is False and owner['pid'] == 1 and complete.get('units') is False else fits


def _will_meet(option: str, globs: Globs, listener: Listener) -> bool | None:
    """Whether what systemd will start meets a condition: its unit is known, and not yet its process."""
    if is_here(listener):
        return windows.will_meet(option, globs, listener)
    units = [stem(unit) for unit in (listener['service'], listener['activated_by']) if unit]
    return True if option == 'process' and any(map(globs.fit, ('systemd', *units))) else None


def serviced(globs: Globs, listener: Listener, complete: Complete) -> bool | None:
    """Whether its unit fits, with or without its type, or the unit that activates it."""
    if listener['held_by'] == 'kernel':
        return False
    if listener['held_by'] == 'unknown' or complete.get('owners') is None:
        return None
    if is_here(listener):
        known = windows.serviced(globs, listener, complete)
        return both((known, None)) if unlisted(listener) else known
    units = [unit for unit in (listener['service'], listener['activated_by']) if unit]
    if not units:
        return None if complete.get('units') is False else False
    if not any(_fits_unit(globs, unit) for unit in units):
        return False
    owners = serving(listener)
    if listener['service'] and not listener['activated_by'] and not any(owner['unit'] for owner in owners):
        owners = ()         # a collector that knows the service of a listener, and no units of processes
    # somebody else may own it beside what is to be stopped for it
    known = both([_is_in(owner, units, globs, complete) for owner in owners])
    return both((known, None)) if unlisted(listener) else known


def stem(unit: str) -> str:
    """Take the type off the name of a unit."""
    return unit.rpartition('.')[0] or unit


def _fits_unit(globs: Globs, unit: str) -> bool:
    return _fits_name(globs, unit) or _fits_name(globs, stem(unit))


def _fits_name(globs: Globs, name: str) -> bool:
    """Whether the name of a unit or of a container fits.

    A user may give his own ones any name: only patterns that speak of a user, with a slash, are about them.
    """
    return bool((globs.of_users if '/' in name else globs).fit(name))


def _is_in(owner: Owner, units: Sequence[str], globs: Globs, complete: Complete) -> bool | None:
    """Whether an owner belongs to one of the units, or to another one that fits."""
    unit = owner['unit']
    if unit and (unit in units or _fits_unit(globs, unit) or unit in map(manager, units)):
        return True
    if owner['pid'] == 1 and complete.get('units') is False:
        return None
    # without a unit, it is in none, unless that could not be observed
    return None if unit is None and False in (complete.get('owners'), complete.get('units')) else False
