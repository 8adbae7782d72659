# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users that a rule is for: the SDDL of LUAuth, against what is known of the token of a process ([MS-DTYP] 2.5.1).

Only what is sure of a token is used: its user, groups that all tokens have, the SIDs of its services, and that it is
not in an AppContainer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .model import Holder
from .names import service_sid

_TEXT = re.compile(r'(?:O:(?:[A-Z]{2}|S-[0-9-]+))?(?:G:(?:[A-Z]{2}|S-[0-9-]+))?D:[A-Z]*((?:\([^()]*\))+)')
_ACE = re.compile(r'\(([^()]*)\)')
_NAMES = {'SY': 'S-1-5-18', 'LS': 'S-1-5-19', 'NS': 'S-1-5-20', 'WD': 'S-1-1-0', 'AU': 'S-1-5-11', 'AN': 'S-1-5-7'}
_ACCOUNTS = ('S-1-5-18', 'S-1-5-19', 'S-1-5-20')        # which are users, and never groups of others
_EVERYBODY, _AUTHENTICATED, _ANONYMOUS = 'S-1-1-0', 'S-1-5-11', 'S-1-5-7'
_SERVICES, _PACKAGES, _CAPABILITIES = 'S-1-5-80-', 'S-1-15-2-', 'S-1-15-3-'


def grants(text: str, holder: Holder) -> bool | None:
    """Return whether a security descriptor lets the user of a process in; None where that is not known.

    The first ACE that is about the user decides; nobody is let in without one.
    """
    match = _TEXT.fullmatch(text)
    if match is None or holder.package != '':
        return None
    outcomes: set[bool] = set()
    for allows, applies in _aces(match[1], holder):
        if applies is not False:
            outcomes.add(allows)
        if applies:
            break
    else:
        outcomes.add(False)
    return outcomes.pop() if len(outcomes) == 1 else None


def _aces(text: str, holder: Holder) -> Iterator[tuple[bool, bool | None]]:
    """Yield of each ACE whether it allows, and whether it is about the user; None where that is not known."""
    for inner in _ACE.findall(text):
        fields = inner.split(';')
        if len(fields) != 6 or fields[0] not in ('A', 'D') or fields[1] or fields[3] or fields[4] or fields[2] != 'CC':
            yield from ((True, None), (False, None))
            continue
        yield fields[0] == 'A', _is_of(_NAMES.get(fields[5], fields[5]), holder)


def _is_of(sid: str, holder: Holder) -> bool | None:
    """Return whether a token, in no AppContainer, has a SID."""
    if sid == _EVERYBODY:
        return True
    if sid.startswith((_PACKAGES, _CAPABILITIES)):
        return False
    if sid.startswith(_SERVICES):
        return _is_service(sid, holder)
    if holder.user is None:
        return None
    if sid in (_AUTHENTICATED, _ANONYMOUS):
        return sid == _AUTHENTICATED
    if sid == holder.user.upper():
        return True
    return False if sid in _ACCOUNTS else None


def _is_service(sid: str, holder: Holder) -> bool | None:
    if holder.services is None:
        return None
    for name, has_sid in holder.services:
        if service_sid(name) == sid:
            return has_sid
    return None if sid == _SERVICES + '0' else False      # which are all services
