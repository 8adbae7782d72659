# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets of a Linux host: netlink first, /proc/net where that is refused."""

import os

from .. import _netlink
from . import inet_diag
from .base import BudgetError, CollectorError


def _foreign(gaps):
    if not at_home():
        from . import foreign
        foreign.note(gaps)


def _namespaces(reader, gaps):
    from . import namespaces
    return namespaces.collect(reader, gaps)


def collect(gather, collector, budget, gaps, connect=_netlink.connect, foreign=_foreign, namespaces=_namespaces):
    """Read all sockets that wait for peers, in this and, on request, in other network namespaces.

    :param gather: set of str, the subsets.
    :param collector: str, ``auto``, ``netlink`` or ``procfs``.
    :param budget: int, sockets to read from the tables of one namespace at most.
    :param gaps: ``_gaps.Gaps``.
    :param connect: callable as ``_netlink.connect``.
    :param foreign: callable, from gaps: notes where this process does not see the host itself.
    :param namespaces: callable as ``namespaces.collect``.
    :returns: tuple of the collector that was used (str) and a list of Socket.
    :raises CollectorError: netlink was asked for by name and is refused.
    """
    link = None
    refused = 'the procfs collector was requested'
    if collector != 'procfs':
        refused = 'another network namespace could not be entered'
        try:
            link = connect()
        except _netlink.NetlinkError as exc:
            if collector == 'netlink':
                raise CollectorError(str(exc)) from exc
            refused = str(exc)
    protocols = [protocol for protocol in inet_diag.PROTOCOLS if protocol != 'raw' or 'raw' in gather]
    reader = Reader(protocols, collector, budget, gaps, refused)
    try:
        sockets = reader.read(link)
    finally:
        if link:
            link.close()
    foreign(gaps)
    if 'namespaces' in gather:
        sockets += namespaces(reader, gaps)
    return 'netlink' if reader.by_netlink or collector == 'netlink' else 'procfs', sockets


def at_home(proc='/proc'):
    """bool: this process surely has the file system and the network namespace of process 1."""
    try:
        return all(os.path.samestat(os.stat(proc + first), os.stat(own))
                   for first, own in (('/1/root', '/'), ('/1/ns/net', proc + '/self/ns/net')))
    except OSError:
        return False


class Reader:
    """Reads the socket tables of a network namespace, each protocol in the best way that works.

    :ivar by_netlink: bool, netlink has answered at least once.
    """

    def __init__(self, protocols, collector, budget, gaps, refused):
        self.collector = collector
        self.by_netlink = False
        self._protocols = protocols
        self._budget = budget
        self._gaps = gaps
        self._refused = refused

    def read(self, link, names=None, tables='/proc/self/net', aspect='sockets'):
        """Read the sockets of one network namespace, and note what is missing from them.

        :param link: netlink socket made in that namespace, or None.
        :param tables: str, the directory with the tables of that namespace, or of any where there is a link.
        :param aspect: str, what is incomplete if something cannot be read.
        :returns: list of Socket.
        """
        names = names or _netlink.Names()
        present = loaded(tables)
        if present is None and not link:
            from . import stubs
            present = stubs.present(self._protocols, tables, aspect, self._gaps)
        sockets = []
        failed = []
        for protocol in self._protocols:
            if present is not None and protocol not in present:
                continue
            try:
                sockets += self._read(protocol, link, names, tables, self._budget - len(sockets), present is None)
            except CollectorError as exc:
                failed.append(str(exc))
            except BudgetError as exc:
                self._gaps.add(aspect, 'socket_budget',
                               'only the first %d sockets of a network namespace were read' % self._budget)
                sockets += exc.args[0]
                break
        if failed:
            self._gaps.add(aspect, 'unreadable', '; '.join(failed), len(failed))
        return sockets

    def _read(self, protocol, link, names, tables, budget, unsure):
        reason = self._refused
        if link:
            try:
                sockets = inet_diag.collect(link, protocol, budget, names)
                self.by_netlink = True
                return sockets
            except CollectorError as exc:
                if unsure and self.by_netlink and protocol in ('udplite', 'sctp', 'dccp'):
                    return []       # TCP answered, this did not: without a list, it may just not be loaded
                if self.collector == 'netlink':
                    raise
                reason = str(exc)
        from . import procfs
        return procfs.instead(protocol, tables, budget, reason, self._gaps)


def loaded(tables):
    """Read which protocols the kernel has loaded.

    To ask for one that is not loaded could make an old kernel load a module: looking must not change the host.

    :returns: set of str; None where that cannot be read.
    """
    try:
        with open(tables + '/protocols') as stream:
            names = {line.split(None, 1)[0] for line in stream}
    except (OSError, ValueError, IndexError):
        return None
    present = {protocol for protocol, about in inet_diag.PROTOCOLS.items() if about[3] in names}
    return present if {'tcp', 'udp'} <= present else None       # not believable: everything is asked for
