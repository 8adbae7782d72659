# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What firewalld and ufw have in common."""

from .._firewall.snapshot.commands import Tools, Unseen

_SECONDS = 60       # for all commands of one change


class Missing(Exception):
    """A firewall that cannot be asked, or that does not filter.

    :ivar code: str, which of these it is. The message is a sentence.
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def find(tools, name, backend):
    """str: the path of a program. Raises Missing."""
    path = tools.find(name)
    if not path:
        raise Missing('no_%s' % backend, '%s is not installed' % name)
    return path


def run_each(run, commands):
    """Run commands that change something, until one fails.

    That none fails does not mean that all was done: whoever wants to know looks again.

    :param commands: list of list of str.
    :returns: str, why it ended early; None if it did not.
    """
    tools = Tools(run, _SECONDS)
    try:
        for words in commands:
            tools.output(*words)
    except Unseen as exc:
        return str(exc)
    return None
