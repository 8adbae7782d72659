# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The book of the openings that are ours: what was added because it was not there. Nothing else is ever taken back."""

import json
import os

from .._addresses import intervals as iv
from .._filter.names import PROTOCOLS
from .command import BACKENDS
from .pieces import Piece, spans

PATH = '/etc/listening-ports/openings.json'
_VERSION = 1
_MOST = 4 * 1024 * 1024         # bytes


class BookError(Exception):
    """The book cannot be read, or not be written; the message is a sentence."""


def read(path=PATH):
    """Read which pieces are ours, and where they were added.

    :returns: dict, Piece to a tuple of places. Empty without a book.
    :raises BookError: there is one that cannot be read. To guess what is in it could close what is not ours.
    """
    try:
        with open(path, 'rb') as stream:
            text = stream.read(_MOST + 1)
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise BookError('%s cannot be read: %s' % (path, exc.strerror)) from exc
    try:
        book = json.loads(text.decode('utf-8'))
        if len(text) > _MOST or book['version'] != _VERSION:
            raise ValueError('version')
        return dict(_entry(entry) for entry in book['openings'])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise BookError('%s is not as this collection writes it, so that nobody knows which openings are its own. Look '
                        'at it, and move it away: what is open stays open then, and is no longer taken back' %
                        path) from exc


def _entry(entry):
    backend, zone, protocol, source = (entry[name] for name in ('backend', 'zone', 'protocol', 'source'))
    if backend not in BACKENDS or protocol not in PROTOCOLS or not (zone is None or isinstance(zone, str)):
        raise ValueError(entry)
    if source is not None:
        iv.parse(source)
    places = tuple(entry['places'])
    if not places or not all(isinstance(place, str) for place in places):
        raise ValueError(places)
    return Piece(backend, zone, protocol, spans(entry['ports']), source), places


def write(book, path=PATH):
    """Put a book in the place of the one that there is, or remove it if nothing is in it. Raises BookError."""
    try:
        if not book:
            if os.path.exists(path):
                os.unlink(path)
            return
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        entries = [dict(piece.to_dict(), places=list(places)) for piece, places in sorted(
            book.items(), key=lambda pair: str(pair[0]))]
        text = json.dumps({'version': _VERSION, 'openings': entries}, indent=1, sort_keys=True) + '\n'
        with open(os.open(path + '.new', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(path + '.new', path)
    except OSError as exc:
        raise BookError('%s cannot be written: %s' % (path, exc.strerror)) from exc
