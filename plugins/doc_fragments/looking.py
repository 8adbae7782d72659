# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What actions that gather facts themselves have in common."""


class ModuleDocFragment:
    """The options that are passed to the module."""

    DOCUMENTATION = r"""
options:
  collector:
    description: See O(listening.ports.listener_facts#module:collector).
    type: str
    choices: [auto, netlink, procfs, psutil]
    default: auto
  max_sockets:
    description: See O(listening.ports.listener_facts#module:max_sockets).
    type: int
    default: 100000
  max_fds:
    description: See O(listening.ports.listener_facts#module:max_fds).
    type: int
    default: 2000000
"""

    # for actions that wait for the module
    LIMIT = r"""
options:
  look_timeout:
    description:
      - How many seconds to wait for the host, at most. A host that has not answered by then is unreachable, with that
        as the reason. V(0) waits for as long as it takes.
    type: float
    default: 120
"""
