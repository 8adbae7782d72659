# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells whether somebody else on the controller could change what is in a file or a directory, or put another there.

As OpenSSH has it for keys (``StrictModes`` in sshd_config(5)): what root or this user owns, and nobody else may write
to, is in good hands. A group in which there is nobody else is this user; so is, for root, whoever called sudo(8).
"""

from __future__ import annotations

import grp
import os
import pwd
import stat

_ACL = 'system.posix_acl_access'        # acl(5); with one, the mode of a file says less than all


def fault(place: int | str, status: os.stat_result) -> str | None:
    """Return who else could change something, in words; None if nobody could.

    :param place: its path, or a descriptor of it.
    :param status: that of it.
    """
    trusted = _trusted()
    if status.st_uid not in trusted:
        return 'it belongs to %s' % _user(status.st_uid)
    if stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX:
        return None         # others can only add to it, and what they add belongs to them
    if status.st_mode & stat.S_IWOTH:
        return 'everybody may write to it'
    if status.st_mode & stat.S_IWGRP and not (_is_alone(status.st_gid, trusted) and not _has_acl(place)):
        return 'its group, %s, may write to it' % _group(status.st_gid)
    return None


def fault_above(path: str) -> str | None:
    """Return who else could put another directory in the place of this one, in words; None if nobody could."""
    above = os.path.dirname(os.path.realpath(path))
    while True:
        try:
            reason = fault(above, os.stat(above))
        except OSError:         # not there yet: whoever makes it owns it
            reason = None
        if reason:
            return '%s: %s' % (above, reason)
        if above == os.path.dirname(above):
            return None
        above = os.path.dirname(above)


def _trusted() -> set[int]:
    user = os.geteuid()
    caller = os.environ.get('SUDO_UID', '') if user == 0 else ''
    return {0, user, *([int(caller)] if caller.isascii() and caller.isdigit() else [])}


def _is_alone(gid: int, trusted: set[int]) -> bool:
    """Whether a group has no member beside these users."""
    try:
        members = grp.getgrgid(gid).gr_mem
        uids = {pwd.getpwnam(name).pw_uid for name in members}
    except KeyError:
        return False
    return uids <= trusted and all(user.pw_uid in trusted for user in pwd.getpwall() if user.pw_gid == gid)


def _has_acl(place: int | str) -> bool:
    try:
        os.getxattr(place, _ACL)
    except (AttributeError, OSError):       # there is none, or no such thing on this system
        return False
    return True


def _user(uid: int) -> str:
    try:
        return '%s (uid %d)' % (pwd.getpwuid(uid).pw_name, uid)
    except KeyError:
        return 'uid %d' % uid


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return 'gid %d' % gid
