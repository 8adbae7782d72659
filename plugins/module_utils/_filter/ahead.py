# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host says, before it is asked, of whatever decides on a table that may be planned for it.

With it, and with the rules and listeners of the host, a controller works out what the table would do, and need not ask.
What only nft and the kernel can tell is whether they take it: that is tried with a table that has whatever rules can
say, where nobody meets it.
"""

from .nft import Nft

# What is taken: tables of rules about TCP that ask for nothing of connections, or all
PLAIN, ALL = TAKEN = ('plain', 'all')


def look(run, find, connection, tracks):
    """Say what decides on a table, but for rules and listeners.

    :param run, find: as those of ``nft.Nft``.
    :param connection: Connection in use, or None.
    :param tracks: bool, the table may make the kernel track connections. If it does not, nothing is tried that would
        have the kernel load what tracks them.
    :returns: dict: ``takes``, of TAKEN; ``connection``, dict or None; and what ``surroundings.look`` returns. None
        where the host does not take what is tried: it has to be asked about the very table, and says why then. Raises
        Failure, Refusal and OSError.
    """
    from . import sample, surroundings
    nft, about = Nft(run, find), connection and connection.about
    beside = surroundings.look(about)
    tracks = tracks or beside['tracking']['tracked'] is not None
    if not nft.takes(sample.ALL if tracks else sample.PLAIN):
        return None
    return dict(beside, connection=about, takes=ALL if tracks else PLAIN)
