# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot of a firewall without the own table, or with another one in its place. Nothing is judged here."""

import json

from . import table

_OWN = [table.FAMILY, table.NAME]


def without(snapshot):
    """Take the own table out of a snapshot, as ``_firewall.snapshot.take`` has it.

    :returns: dict, the snapshot as if the table were not there; the same one where it is not. Of a text that is not
        what nft prints, nothing is taken out.
    """
    document = _parsed(snapshot.get('nft'))
    others = document and [part for part in document if not _is_own(part)]
    if document is None or len(others) == len(document) and _OWN not in _pairs(snapshot):
        return snapshot
    return _with(snapshot, others, ())


def with_table(snapshot, listing):
    """Put a table into a snapshot, in the place of the own one that may be in it.

    :param listing: str, what ``nft -j`` prints of the table. Raises ValueError where it is not that.
    """
    added = _parsed(listing)
    if added is None or not any(_is_own(part) and 'table' in part for part in added):
        raise ValueError('this is no listing of the table %s %s' % tuple(_OWN))
    document = [] if snapshot.get('nft') is None else _parsed(snapshot['nft'])
    if document is None:
        return snapshot                 # unreadable as it was, which whoever judges it says
    return _with(snapshot, [part for part in document if not _is_own(part)] + [
        part for part in added if _is_own(part)], [_OWN])


def _with(snapshot, document, own):
    result = dict(snapshot, nft=json.dumps({'nftables': document}))
    if snapshot.get('tables') is not None:
        result['tables'] = [pair for pair in _pairs(snapshot) if pair != _OWN] + [list(pair) for pair in own]
    if snapshot.get('table_flags') is not None:
        result['table_flags'] = [flags for flags in snapshot['table_flags'] if list(flags[:2]) != _OWN]
    return result


def _pairs(snapshot):
    return [list(pair) for pair in snapshot.get('tables') or ()]


def _parsed(text):
    """list of dict: the objects that nft printed; None where it is anything else."""
    try:
        document = json.loads(text)['nftables']
        if all(len(part) == 1 and all(isinstance(value, dict) for value in part.values()) for part in document):
            return list(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return None


def _is_own(part):
    (kind, value), = part.items()
    return [value.get('family'), value.get('name' if kind == 'table' else 'table')] == _OWN
