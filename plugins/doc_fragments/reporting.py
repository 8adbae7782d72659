# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions share that report what was recorded."""


class ModuleDocFragment:
    """The options of C(_report/_screen.py)."""

    DOCUMENTATION = r"""
options:
  path:
    description: The directory with the records, relative to where Ansible was started.
    type: path
    default: listening-ports-audit
  run_id:
    description:
      - The run whose records count. The default is this run.
      - V(any) takes the newest record of each host, from whichever run it is.
    type: str
  color:
    description: Whether the table has colours. V(auto) means where Ansible's own output has.
    type: str
    choices: [auto, always, never]
    default: auto
  width:
    description:
      - How many columns the table may take. The default is the width of the terminal, or no limit without one.
      - Protocols, addresses, ports and verdicts are never cut, so that it may become wider.
    type: int
"""
