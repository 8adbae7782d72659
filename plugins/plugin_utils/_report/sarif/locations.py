# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where results are: each has exactly one place in a file, without which GitHub rejects all of a report."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from ..._policy.declaration import merge
from ..evidence import Source
from ..model import Host
from ..declared_in import Place

ROOT = 'SRCROOT'
_OUTSIDE, _NO_FILE = 'outside', 'inventory'


class Locations:
    """The locations of a report."""

    def __init__(self, hosts: Iterable[Host], source: Source) -> None:
        """Learn which host declares something in which file.

        :param hosts: those of the report.
        """
        self._source = source
        self._of_host: dict[str, list[tuple[str, Place]]] = {}
        self._declaring: dict[tuple[str, str], set[str]] = {}
        for host in hosts:
            for variable, place in (host.judgement or {}).get('places', {}).items():
                if variable != 'waivers' and merge.kind(variable) != merge.WAIVERS:
                    self._of_host.setdefault(host.name, []).append((variable, Place(place['path'], place['line'])))
                    self._declaring.setdefault((variable, place['path']), set()).add(host.name)

    def at(self, place: Place | None) -> dict[str, Any]:
        """Return a location; the inventory where nothing better is known."""
        place = place or Place(self._source.inventory or '/' + _NO_FILE, 1)
        return {'physicalLocation': {'artifactLocation': {'uri': self._uri(place.path), 'uriBaseId': ROOT},
                                     'region': {'startLine': place.line}}}

    def declaration_of(self, hosts: Sequence[str]) -> Place | None:
        """Return where something of these hosts is to be declared: in the file that all of them have and few others.

        :returns: None where they have no file in common.
        """
        names = set(hosts)
        known = [(len(self._declaring[variable, place.path]), variable, place)
                 for variable, place in (self._of_host.get(hosts[0], ()) if hosts else ())
                 if names <= self._declaring[variable, place.path]]
        return min(known)[2] if known else None

    def _uri(self, path: str) -> str:
        """Return a path below the root of the sources; what is not below it has only a name."""
        source = self._source
        if source.root and not os.path.isabs(path) and source.top:
            path = os.path.join(source.top, path)
        if os.path.isabs(path):
            root = source.root or source.top
            inside = root and root != os.sep and os.path.commonpath((root, path)) == root and path != root
            path = os.path.relpath(path, root) if root and inside else '%s/%s' % (_OUTSIDE, os.path.basename(path))
        return quote(path, safe='/', errors='backslashreplace')
