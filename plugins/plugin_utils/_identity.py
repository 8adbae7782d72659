# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a listener stays the same when its host is looked at again: who holds it, without pids and passing names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ._listener import Listener, faces, serving
from ._shape import Owner, System
from ._windows.listeners import HTTP_SYS, is_here, without_extension
from ._windows.names import base, fold

# What holds a listener, the most telling first.
KERNEL, CONTAINER, SERVICE, EXECUTABLE, PROCESS, UNKNOWN = HOLDERS = (
    'kernel', 'container', 'service', 'executable', 'process', 'unknown')
# They are started again, and listen again.
LASTING = (KERNEL, CONTAINER, SERVICE)

# The executable of these says nothing of what they run.
_INTERPRETERS = re.compile(
    r'python[\d.]*|pypy[\d.]*|java|node|nodejs|perl[\d.]*|ruby[\d.]*|php[\d.]*|(?:ba|da|z|k)?sh|dotnet|mono|lua[\d.]*'
    r'|beam\.smp|uwsgi|gunicorn|busybox|env', re.ASCII)
# The same of Windows, without .exe and in lower case; services share svchost
_INTERPRETERS_ON_WINDOWS = re.compile(
    r'pythonw?[\d.]*|pyw?|javaw?|cmd|powershell(?:_ise)?|pwsh|[cw]script|rundll32|dllhost|svchost|w3wp', re.ASCII)
_EPHEMERAL = (32768, 60999)             # as in ip-sysctl of the kernel
_DYNAMIC = (49152, 65535)               # of Windows since Vista
# Network namespaces that nothing names are called by their inodes.
_NUMBERED = re.compile(r'net:\[\d+\]', re.ASCII)
# Units that systemd-run makes have another name each time, see systemd-run(1).
_TRANSIENT = re.compile(r'(?:.*/)?run-(?:r[0-9a-f]+|u?\d+|p\d+-i\d+)\.(?:service|socket|scope)', re.ASCII)


class Holder(NamedTuple):
    """Who holds a listener. All text is what the host wrote.

    :ivar kind: one of HOLDERS.
    :ivar names: of containers what comes before their ids, ``docker:``; of services their units; of executables their
        paths; of processes their names.
    :ivar users: those of the processes, where all of them are known, and neither unit nor container says more.
    """

    kind: str
    names: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


NOBODY = Holder(UNKNOWN)


def holders(listener: Listener) -> Iterator[Holder]:
    """Name who holds a listener, in all ways that there are, the most telling one first, and ``NOBODY`` last."""
    if listener['held_by'] == 'kernel':
        yield Holder(KERNEL)
    for face in reversed(faces(listener)):          # what a program stands for says more than the program
        containers = [owner['container'] for owner in face['owners']]
        if containers and all(containers):
            yield Holder(CONTAINER, tuple(sorted({_without_id(name) for name in containers if name})))
    unit = listener['service'] or (listener['activated_by'] if listener['activated_by'] != HTTP_SYS else None)
    if unit and not _TRANSIENT.fullmatch(unit):
        yield Holder(SERVICE, (unit,))
    yield from _processes(listener)
    yield NOBODY


def holder(listener: Listener) -> Holder:
    """Name who holds a listener, in the most telling way."""
    return next(holders(listener))


def _without_id(container: str) -> str:
    """Take off a container what is another one each time that it is made."""
    engine, colon, dummy = container.rpartition(':')
    return engine + colon if colon else container


def _processes(listener: Listener) -> Iterator[Holder]:
    owners = serving(listener)
    if not owners:
        return
    of_all = users(owners) or ()
    paths = {owner['exe'] for owner in owners}
    is_on_windows = is_here(listener)
    if all(path and not _is_interpreter(path, is_on_windows) for path in paths):
        yield Holder(EXECUTABLE, tuple(sorted(path for path in paths if path)), of_all)
    names = {owner['process'] for owner in owners}
    if all(names):
        yield Holder(PROCESS, tuple(sorted(name for name in names if name)), of_all)


def _is_interpreter(path: str, is_on_windows: bool) -> bool:
    """Whether a path says nothing of what is run."""
    if not is_on_windows:
        return bool(_INTERPRETERS.fullmatch(posixpath.basename(path)))
    program = without_extension(fold(base(path)))
    return bool(_INTERPRETERS.fullmatch(program) or _INTERPRETERS_ON_WINDOWS.fullmatch(program))


def users(owners: Sequence[Owner]) -> tuple[str, ...] | None:
    """List the users of processes, by their numbers where these have no name; None where some are not known."""
    known = [owner['user'] or (None if owner['uid'] is None else str(owner['uid'])) for owner in owners]
    return tuple(sorted({user for user in known if user})) if all(known) else None


def space(namespace: str | None) -> str:
    """Name a network namespace without what is another one each time that it is made; empty for that of the host."""
    if namespace is None:
        return ''
    if _NUMBERED.fullmatch(namespace):
        return 'net'
    return namespace if namespace.startswith('/') else _without_id(namespace)


def span(listener: Listener, system: System) -> tuple[int, int] | None:
    """Return the range of passing ports that the port of a listener is in; None where it is in none."""
    low, high = system.get('ephemeral_ports') or (_DYNAMIC if is_here(listener) else _EPHEMERAL)
    reserved = any(first <= listener['port'] <= last for first, last in system.get('reserved_ports') or ())
    return (low, high) if max(low, 1) <= listener['port'] <= high and not reserved else None
