# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds something out once for all processes of a run: Ansible has one for each task of each host.

It is kept in the temporary directory of the run, which nobody else may write to, and which goes with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

from .. import _draft

_FOLDER = 'listening_ports'
_known: dict[str, Any] = {}     # by the path of the file


def once(folder: str, key: str, find: Callable[[], Any]) -> Any:
    """Return what was found out before, or find it out now.

    :param folder: the temporary directory of the run.
    :param key: another one for whatever has another answer.
    :param find: returns what JSON knows.
    """
    name = hashlib.sha256(key.encode('utf-8', 'backslashreplace')).hexdigest()
    path = os.path.join(folder, _FOLDER, '%s.json' % name)
    if path not in _known:
        _known[path] = _read_or_find(path, find)
    return _known[path]


def _read_or_find(path: str, find: Callable[[], Any]) -> Any:
    with contextlib.ExitStack() as stack:
        try:
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            stack.enter_context(_locked('%s.lock' % path))
            with open(path, encoding='ascii') as stream:
                return json.load(stream)
        except FileNotFoundError:       # we are the first
            return _kept(path, find())
        except (OSError, ValueError):   # then each process finds it out for itself
            return find()


def _kept(path: str, found: Any) -> Any:
    """Keep what was found out, if that can be."""
    with contextlib.suppress(OSError), _draft.opened(os.path.dirname(path)) as handle:
        _draft.write(handle, os.path.basename(path), json.dumps(found).encode('ascii'))
    return found


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    """Wait until no other process holds this file. Raises OSError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
