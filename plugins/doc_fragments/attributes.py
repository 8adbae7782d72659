# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions of the collection do and do not support."""


class ModuleDocFragment:
    """The attributes that they have in common."""

    DOCUMENTATION = r"""
attributes:
  action:
    support: full
  action_group:
    membership: [listening.ports.ports]
  async:
    support: none
  bypass_host_loop:
    support: none
  check_mode:
    support: full
  platform:
    platforms: posix, windows
"""

    # for actions that contact no host
    CONTROLLER = r"""
attributes:
  become:
    support: none
  connection:
    support: none
  delegation:
    support: none
  diff_mode:
    support: N/A
  platform:
    details: It runs on the controller.
"""
