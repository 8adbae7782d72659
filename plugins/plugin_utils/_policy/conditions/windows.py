# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who owns a listener of a Windows host, against the owner that a declaration expects.

Names are equal in any case there, and a name says all: a service has no type behind a dot, a process has the name of
its executable, and a user has no number besides.
"""

from collections.abc import Callable

from ..._listener import Listener, serving
from ..._shape import Complete, Owner
from ..._windows.listeners import programs, without_extension
from ..._windows.names import fold, fold_path
from .patterns import Globs
from .three_valued import both


def _process(globs: Globs, owner: Owner) -> bool | None:
    """Whether its program fits, with or without ``.exe``."""
    known = programs(owner)
    if not known:
        return None
    return any(globs.folded.fit(name) or globs.folded.fit(without_extension(name)) for name in known)


def _exe(globs: Globs, owner: Owner) -> bool | None:
    exe = owner['exe']
    return None if exe is None else globs.folded_paths.fit(fold_path(exe))


def _user(globs: Globs, owner: Owner) -> bool | None:
    user = owner['user']
    return None if user is None else globs.fit_name(user, True)


def _container(globs: Globs, owner: Owner) -> bool | None:
    return owner['container'] is not None and globs.fit_name(owner['container'], True)


# option: whether an owner is as it says
OF_OWNER: dict[str, Callable[[Globs, Owner], bool | None]] = {
    'process': _process,
    'exe': _exe,
    'user': _user,
    'container': _container,
}


def will_meet(option: str, globs: Globs, listener: Listener) -> bool | None:
    """Whether those for whom http.sys listens meet a condition, where none of them has a process now."""
    service = listener['service']
    return True if option == 'process' and service and globs.fit_name(service, True) else None


def serviced(globs: Globs, listener: Listener, complete: Complete) -> bool | None:
    """Whether its service fits, of a listener that processes own. No dot is cut off: services may have one."""
    service = listener['service']
    if not service:
        return None if complete.get('units') is False else False
    if not globs.fit_name(service, True):
        return False
    owners = serving(listener)
    if not any(owner['unit'] for owner in owners):
        owners = ()         # facts that have the service of a listener, and no services of processes
    return both([_is_in(owner, service, globs, complete) for owner in owners])


def _is_in(owner: Owner, service: str, globs: Globs, complete: Complete) -> bool | None:
    """Whether an owner belongs to a service, or to another one that fits."""
    unit = owner['unit']
    if unit:
        return fold(unit) == fold(service) or globs.fit_name(unit, True)
    return None if False in (complete.get('owners'), complete.get('units')) else False
