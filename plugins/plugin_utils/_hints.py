# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody can do about what could not be observed, in words."""

from __future__ import annotations

from ..module_utils._gaps import BECOME, PTRACE
from ._harmless.terminal import visible

_KNOWN = {BECOME: 'run with become (-b)', PTRACE: 'root lacks CAP_SYS_PTRACE there'}


def behind(hint: str | None) -> str:
    """Return what follows the text of a gap: ``; run with become (-b)``, or nothing where there is no hint.

    :param hint: of the gap. One that a later version knows is shown as it is.
    """
    return '; %s' % (_KNOWN.get(hint) or visible(hint, 100)) if hint else ''
