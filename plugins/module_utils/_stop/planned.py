# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could be stopped on a host that is being looked at anyway: as ``steps`` answers in check mode, without another
look.
"""

from . import steps
from .arguments import BEGIN
from .host import Host


class Observed(Host):
    """A host of which the facts were gathered this moment.

    :param facts: dict, of ``_facts.collect``, with owners.
    :param inodes: dict, of ``keeping.Keeping``.
    """

    def __init__(self, run, find, facts, inodes, notes=None):
        super().__init__(run, find, notes)
        self._observed, self._inodes = facts, inodes

    def decide(self, connection, options):
        from .decide import decide
        from .view import of
        return decide(of(self._observed, self._inodes, self._manager, connection,
                         wanted=frozenset(options['listeners']), booted=self.notes.booted), options)


def answer(host, options):
    """Say what would be stopped; nothing is.

    :param host: Observed.
    :param options: dict, those of ``arguments.ARGUMENTS``, ``token`` and ``remote``.
    :returns: dict, the answer to ``begin`` in check mode.
    """
    return steps.run(host, dict(options, step=BEGIN, ssh_connection=None), check=True)
