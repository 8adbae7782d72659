# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an auditor asks of a comparison: when, by what, and where what was seen is kept."""

from __future__ import annotations

from typing import NamedTuple


class Evidence(NamedTuple):
    """Where a comparison is from.

    :ivar run_id: the run whose records were compared, or ``any``.
    :ivar generated_at: the time in UTC.
    :ivar collection: the version; ``ansible_core`` that of Ansible.
    :ivar snapshot: the directory of the new snapshot; None where none was written.
    """

    run_id: str
    generated_at: str
    collection: str
    ansible_core: str
    snapshot: str | None = None
