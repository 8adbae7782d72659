# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be observed of a Windows host, and the table of all codes for that.

The codes of other hosts are in ``module_utils/_gaps.py``, which those compile. A new code needs a row in CODES, and a
row in the table of the guide.
"""

from __future__ import annotations

from typing import Any

from ...module_utils._gaps import Gaps

ADMINISTRATOR = 'run as an administrator'
_SOCKETS = 'raise max_sockets'
# a pair is for other users, and for administrators
_PRIVILEGES = (ADMINISTRATOR, None)

# aspect, code: the hint unless a gap has its own  # the meaning, for the guide
CODES: dict[str, dict[str, Any]] = {
    'sockets': {
        'socket_budget': _SOCKETS,           # ``max_sockets`` was reached.
        'unreadable': None,                  # A table of sockets could not be read.
        'unsupported': None,                 # Windows lists no raw sockets.
    },
    'binding': {
        'unreadable': None,                  # The interface of a link-local address has no known name.
    },
    'owners': {
        'owners_hidden': _PRIVILEGES,        # Some processes could not be inspected.
        'process_unreadable': _PRIVILEGES,   # The executable or the user of an owner could not be read.
        'stale': None,                       # A process is younger than its socket, so that another one opened it.
        'unreadable': None,                  # Processes could not be read at all.
        'vanished': None,                    # A process had ended before it could be inspected.
    },
    'units': {
        'http_sys': None,                    # The queues of ``http.sys`` could not be read, nor which service has them.
        'shared_svchost': None,              # Windows does not say which service of a process listens.
        'unreadable': None,                  # Services could not be read.
    },
    'firewall': {
        'budget': None,                      # There are too many rules.
        'forwarded': None,                   # The host forwards more ports than are listed.
        'not_admin': _PRIVILEGES,            # Rules or settings are hidden from other users.
        'openings': None,                    # The rules name more ports than are compared with the listeners.
        'other_product': None,               # Another product is registered as the firewall.
        'service': None,                     # The service of the firewall, or the one below it, is not running.
        'stale': None,                       # The registry and the running firewall do not agree.
        'undecided': None,                   # Rules leave it open who can reach some listeners.
        'unread': None,                      # A store of rules, or the settings in force, could not be read.
        'unreadable': None,                  # Addresses, routes or the categories of networks could not be read.
    },
    'outgoing': {
        'budget': None,                      # There was no time left to judge the rules.
        'unsupported': None,                 # What programs of a Windows host can connect to is not observed.
    },
    'namespaces': {
        'unsupported': None,                 # Other network compartments are not observed.
    },
    'connections': {
        'unreadable': None,                  # The connections could not be read.
    },
    'resources': {
        'unreadable': None,                  # Some figure of some owner could not be read.
    },
}


def collector(elevated: bool | None) -> Gaps:
    """Make what collects the gaps of a Windows host.

    :param elevated: whether an administrator observed; None where that is not known.
    """
    return Gaps(bool(elevated), CODES)
