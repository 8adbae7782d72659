# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be reached on a host: what listens, and what it forwards. Private to this collection."""


def endpoints(facts):
    """All of them.

    A program that only holds the port of a container is not one of its own: what is forwarded past it is told, as the container's.

    :param facts: dict, as ``_packed.check`` returns them.
    :returns: list of dict, listeners, and what has the form of them.
    """
    forwarded = facts.get('forwarded') or ()
    proxies = {one.get('proxy') for one in forwarded}
    return [one for one in facts['listeners'] if one['id'] not in proxies] + list(forwarded)
