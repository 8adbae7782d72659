# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches what a Windows host hands on, and the listeners of its own to which it does.

A port proxy is a listener like others. What it leads to sees a connection from the host itself, which never passes the
firewall: whoever gets to the proxy gets there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...module_utils._addresses import intervals as iv
from ...module_utils._firewall.exposure.describe import unknown
from ...module_utils._firewall.exposure.listeners import Unclear, families
from .._shape import Exposure, Listener
from .forwards import Forward

_BY_PROXY = 'portproxy '        # how ``decided_by`` of these begins
_OF_NAT = 'whether the firewall filters what NAT passes on is not known'
_NO_LISTENER = 'which listener stands for it is not known'
_MOST = 100                     # port proxies that lead to one listener, one after another or beside each other


def forwarded(found: Sequence[Forward], exposures: Mapping[str, Exposure | None]) -> list[dict[str, Any]]:
    """Give what is handed on the exposure of the listener that stands for it.

    :param exposures: of listeners, by their ids.
    """
    return [dict(forward, exposure=_exposure(forward, exposures)) for forward in found]


def _exposure(forward: Forward, exposures: Mapping[str, Exposure | None]) -> Any:
    known = exposures.get(forward['proxy'] or '')
    if known is not None and _is_by_proxy(forward):
        return known
    return unknown([6 if forward['family'] == 'ipv6' else 4], _NO_LISTENER if _is_by_proxy(forward) else _OF_NAT)


def _is_by_proxy(forward: Forward) -> bool:
    """Return whether port proxies hand it on, and nothing else."""
    return all(part.startswith(_BY_PROXY) for part in (forward['decided_by'] or '').split(', '))


class Leading:
    """Finds what hands clients on to listeners of the host itself.

    :param records: the listeners, of which some stand for port proxies.
    """

    def __init__(self, found: Sequence[Forward], records: Iterable[Listener]):
        # protocol and port to targets: a family and an address, None for a name
        self._by_port: dict[tuple[str, int], list[tuple[tuple[int, int] | None, Forward]]] = {}
        self._anywhere: list[Forward] = []
        self._records = {record['id']: record for record in records} if found else {}
        for forward in found:
            for part in forward['to'].split(', '):
                host, dummy, port = part.rpartition(':')
                if port.isdigit():
                    self._by_port.setdefault((forward['protocol'], int(port)), []).append((_address(host), forward))
                else:                           # there are more of them than are told
                    self._anywhere.append(forward)

    def to(self, record: Listener, joiner: Any) -> list[tuple[Forward, bool]]:
        """List what leads to a listener, each with whether it surely does.

        :param joiner: Joiner, which knows the addresses of the host.
        """
        some = self._by_port.get((record['protocol'], record['port']), []) + [
            (None, forward) for forward in self._anywhere if forward['protocol'] == record['protocol']]
        if not some:
            return []
        hears = [(family, address) for family, address, dummy in families(record)]
        return [(forward, target is not None) for target, forward in some if target is None or target in hears or (
            (target[0], 0) in hears and (joiner.has(*target) or joiner.is_loopback(*target)))]

    def ways(self, record: Listener, joiners: Mapping[str, Any], other: Any) -> tuple[list[Any], list[str]]:
        """List the ways by which clients of port proxies get to a listener, and caveats.

        :param joiners: the Joiner to ask for each listener, by its id; of those that are not there it is ``other``.
        :raises Unclear: it is not known who gets to what hands on. :raises Timeout: there is no time left.
        """
        ways: list[Any] = []
        caveats, seen, waiting = [], {record['id']}, [(record, True)]
        while waiting:
            current, is_sure = waiting.pop()
            for forward, leads in self.to(current, other):
                proxy = self._records.get(forward['proxy'] or '')
                if proxy is None or len(seen) > _MOST:
                    raise Unclear('who comes to it by %s is not known' % forward['decided_by'])
                if proxy['id'] in seen:
                    continue
                seen.add(proxy['id'])
                waiting.append((proxy, is_sure and leads))
                some = joiners.get(proxy['id'], other).reaching(proxy)[0]
                ways += some if is_sure and leads else [
                    way.doubted('%s may lead to it' % forward['decided_by']) for way in some]
                caveats.append('%s leads clients of %s to it' % (forward['decided_by'], forward['id']))
        return ways, caveats


def _address(host: str) -> tuple[int, int] | None:
    """The family and the number of the address that a target has; None for a name."""
    host = host.strip('[]')
    try:
        return 6 if ':' in host else 4, iv.number(host)
    except ValueError:
        return None
