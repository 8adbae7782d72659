# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is of the filter on a host, in so few words that a controller can tell whether it is as planned.

Whoever only plans is spared the question what else the rules would do then. Reads only.
"""

import os

from .files import digest
from .names import FAMILY, NAME

_REASSEMBLES = 5, 10            # the kernel from which on it refuses fragments of IPv6 that hide a header


def must_reassemble():
    """bool: fragments of IPv6 have to be put together for our rules, by connection tracking."""
    try:
        return tuple(int(word) for word in os.uname().release.split('-')[0].split('.')[:2]) < _REASSEMBLES
    except ValueError:
        return True


def look(tables, files, run, find):
    """Look at the filter of this host.

    :param tables: list of [family, name], those in the kernel; None if that is not known.
    :param files: ``files.Files``.
    :param run, find: as those of ``nft.Nft``.
    :returns: dict: ``table``, bool, our table is in the kernel; ``kept``, str, digest of what a boot loads, or None;
        ``holds``, bool, that is what the kernel has, and nothing lacks that a boot needs of it; ``reassemble``, see
        ``must_reassemble``; ``warnings``, list of str. None where it cannot be told.
    """
    if tables is None:
        return None
    has_table = [FAMILY, NAME] in tables
    kept = files.kept()
    if kept is None and files.has_kept():
        return None                             # somebody else wrote it
    holds = False
    if has_table and kept:
        from .nft import Failure, Nft
        from .refusal import Refusal
        try:
            nft = Nft(run, find)
            listing = nft.listing()
        except (Failure, Refusal):
            return None
        holds = (listing is not None and digest(listing) == kept.digest
                 and not (files.is_booted() and files.lacks(nft.path)))
    return {'table': has_table, 'kept': digest(kept.body) if kept else None, 'holds': holds,
            'reassemble': must_reassemble(), 'warnings': files.warnings()}
