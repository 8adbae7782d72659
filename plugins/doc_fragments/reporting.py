# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What actions that report records have in common."""


class ModuleDocFragment:
    """The options of all reports."""

    DOCUMENTATION = r"""
options:
  path:
    description: The directory with the records, relative to where Ansible was started.
    type: path
    default: listening-ports-audit
  run_id:
    description:
      - The run whose records are used. The default is this run.
      - V(any) uses the newest record of each host, from any run.
    type: str
  color:
    description: Whether the table has colours. V(auto) means if Ansible's own output has.
    type: str
    choices: [auto, always, never]
    default: auto
  width:
    description:
      - Maximum width of the table in columns. The default is the width of the terminal, or no limit without one.
      - Protocols, addresses, ports and verdicts are never cut, so it may become wider.
    type: int
"""

    # for all that reads or writes records
    SHARED = r"""
options:
  shared:
    description:
      - Whether others than the user who runs Ansible, and root, may own or write to the directory with the records, and
        the records. Whoever may can forge what is judged and reported.
      - With V(false), such a directory, or record, is refused. A directory above it gets a warning.
    type: bool
    default: false
"""
