# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names to addresses, many at once and in bounded time."""

import queue
import socket
import threading
import time

MOST_ADDRESSES = 64             # of one name
_THREADS = 16
# getaddrinfo(3): the name, or an address of the family, does not exist; all else means that it could not find out
_ABSENT = frozenset(
    getattr(socket, name) for name in ('EAI_NONAME', 'EAI_NODATA', 'EAI_ADDRFAMILY') if hasattr(socket, name))


class Resolved:
    """The addresses of a name.

    :ivar addresses: list of (family, text, scope id).
    :ivar absent: bool, surely there are none.
    :ivar reason: str, why, or that there are more.
    """

    __slots__ = ('addresses', 'absent', 'reason')

    def __init__(self, addresses=(), absent=False, reason=None):
        self.addresses, self.absent, self.reason = list(addresses), absent, reason


def resolve(wanted, seconds, lookup=socket.getaddrinfo):
    """Resolve names.

    :param wanted: iterable of (name, family or None).
    :param seconds: float, for all of them.
    :param lookup: callable as ``socket.getaddrinfo``. It cannot be interrupted: threads that are in it are left behind.
    :returns: dict, (name, family) to Resolved.
    """
    wanted = sorted(set(wanted), key=str)
    questions, answers = queue.Queue(), queue.Queue()
    for question in wanted:
        questions.put(question)
    end = time.monotonic() + seconds

    def work():
        while time.monotonic() < end:
            try:
                question = questions.get_nowait()
            except queue.Empty:
                return
            answers.put((question, _resolved(lookup, *question)))

    for dummy in range(min(_THREADS, len(wanted))):
        threading.Thread(target=work, daemon=True).start()
    result = {}
    try:
        while len(result) < len(wanted):
            question, answer = answers.get(timeout=max(end - time.monotonic(), 0.001))
            result[question] = answer
    except queue.Empty:
        for question in wanted:
            result.setdefault(question, Resolved(reason='the name was not resolved within %.3g s' % seconds))
    return result


def _resolved(lookup, name, family):
    try:
        answer = lookup(name, None, family or socket.AF_UNSPEC, socket.SOCK_STREAM)
    except socket.gaierror as exc:
        absent = exc.errno in _ABSENT
        words = {socket.AF_INET: 'no IPv4 address of this name is known',
                 socket.AF_INET6: 'no IPv6 address of this name is known'}
        return Resolved(absent=absent, reason=words.get(family, 'no address of this name is known') if absent else
                        'the name could not be resolved: %s' % exc.strerror)
    except (OSError, UnicodeError) as exc:
        return Resolved(reason='the name could not be resolved: %s' % exc)
    addresses = []
    for kind, dummy, dummy, dummy, where in answer:
        address = (kind, where[0].partition('%')[0], where[3] if kind == socket.AF_INET6 else 0)
        if kind in (socket.AF_INET, socket.AF_INET6) and address not in addresses:
            addresses.append(address)
    if not addresses:
        return Resolved(absent=True, reason='no address of this name is known')
    more = len(addresses) - MOST_ADDRESSES
    reason = '%d more addresses of this name were left out' % more if more > 0 else None
    return Resolved(addresses[:MOST_ADDRESSES], reason=reason)
