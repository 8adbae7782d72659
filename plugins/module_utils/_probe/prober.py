# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries many endpoints at once, with bounded sockets and in bounded time. Private to this collection, may change.

A verdict is about the other side: what fails on this one, before anything was sent, is C{unknown}. By TCP a connection is made, nothing is
sent on it, and it is closed. By UDP one datagram is sent, and once more after half of the time, for either may get lost.
"""

import collections
import errno
import os
import selectors
import socket
import time

from . import endpoints
from .outcomes import (
    CLOSED, FILTERED, OPEN, SILENT, UNKNOWN, UNRESOLVABLE, VERDICTS, icmp, listen_to_icmp, local, of_answer, of_icmp
)

MOST_PARALLEL = 10000
_SPARE_FILES = 16               # descriptors that are left for others
_BATCH = 50                     # of probes that start before answers are looked at, so that times are right
_RESOLVING = 10.0               # seconds for names, at the most
_NO_TIME = 'no time left'
_BIND_NO_PORT = 24              # linux/in.h, IP_BIND_ADDRESS_NO_PORT
_NO_SOCKET = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PENDING = (errno.EINPROGRESS, errno.EWOULDBLOCK)
_KINDS = {'tcp': socket.SOCK_STREAM, 'udp': socket.SOCK_DGRAM}


class NoSocket(Exception):
    """There is no socket to be had now; the first argument is the errno."""


class _Target:
    """One address of an endpoint. ``number`` is the place of the endpoint in the list, ``order`` that among its addresses."""

    __slots__ = ('number', 'endpoint', 'family', 'address', 'scope', 'order')

    def __init__(self, number, endpoint, family, address, scope, order=0):
        self.number, self.endpoint, self.family, self.address, self.scope, self.order = number, endpoint, family, address, scope, order

    @property
    def where(self):
        """What ``connect`` takes."""
        return (self.address, self.endpoint.port) if self.family == socket.AF_INET else (self.address, self.endpoint.port, 0, self.scope)


class _Try:
    """A probe under way."""

    __slots__ = ('target', 'sock', 'began', 'done')

    def __init__(self, target, sock, began):
        self.target, self.sock, self.began, self.done = target, sock, began, False


class Prober:
    """Probes endpoints.

    :param timeout: float, seconds that one may take. :param total: float, seconds for all, names included.
    :param parallel: int, sockets at a time. :param source: str or None, the local address.
    :param family: of C{socket}, that of names that do not say theirs, or None.
    :param lookup: as C{socket.getaddrinfo}, for tests.
    """

    def __init__(self, timeout=3.0, total=60.0, parallel=500, source=None, family=None, lookup=None):
        self._timeout, self._total, self._family, self._lookup = timeout, total, family, lookup
        self._source = endpoints.source(source) if source else None
        self._room = max(1, min(parallel, _files()))
        self._selector = selectors.DefaultSelector()
        self._running = 0
        self._order = collections.deque()       # of tries, in the order in which their time is over
        self._again = collections.deque()       # of those by UDP, in the order in which they are repeated
        self._results = []
        self._end = 0

    def probe(self, wanted):
        """Try them.

        :param wanted: list of Endpoint.
        :returns: list of dict, sorted by the place of the endpoint in the list.
        """
        began = time.monotonic()
        self._end = began + self._total
        waiting = collections.deque(self._targets(wanted))
        with self._selector:
            while (waiting or self._running) and time.monotonic() < self._end:
                self._fill(waiting)
                self._look(not self._running or bool(waiting) and self._running < self._room)
            for one in self._order:
                if not one.done:
                    self._finish(one, UNKNOWN, _NO_TIME)
        for target in waiting:
            self._note(target, UNKNOWN, _NO_TIME)
        self._results.sort(key=lambda result: result[:2])
        return [result for dummy, dummy, result in self._results]

    def _targets(self, wanted):
        names = {(one.host, one.family or self._family) for one in wanted if one.is_name}
        known = {}
        if names:
            from . import resolve      # threads, which most runs do not need
            patience = min(_RESOLVING, self._total / 2)
            known = resolve.resolve(names, patience, *[self._lookup] * bool(self._lookup))
        for number, one in enumerate(wanted):
            if one.is_name:
                found = known[one.host, one.family or self._family]
                if not found.addresses or found.reason:
                    self._note(_Target(number, one, None, None, 0, len(found.addresses)), UNRESOLVABLE if found.absent else UNKNOWN, found.reason)
                for order, (family, address, scope) in enumerate(found.addresses):
                    yield _Target(number, one, family, address, scope, order)
                continue
            try:
                scope = socket.if_nametoindex(one.device) if one.device else 0
            except OSError:
                self._note(_Target(number, one, one.family, one.host, 0), UNKNOWN, 'this host has no interface %s' % one.device)
                continue
            yield _Target(number, one, one.family, one.host, scope)

    def _fill(self, waiting):
        """Start some, as far as there is room."""
        for dummy in range(_BATCH):
            if not waiting or self._running >= self._room:
                return
            try:
                self._start(waiting[0])
            except NoSocket as exc:
                if self._running:               # others will be free soon
                    self._room = self._running
                    return
                self._note(waiting[0], UNKNOWN, local(exc.args[0]))
            waiting.popleft()

    def _start(self, target):
        """Send the first packet. Raises NoSocket."""
        protocol = target.endpoint.protocol
        try:
            sock = socket.socket(target.family, _KINDS[protocol])
        except OSError as exc:
            if exc.errno in _NO_SOCKET:
                raise NoSocket(exc.errno) from exc
            self._note(target, UNKNOWN, local(exc.errno))
            return
        one = _Try(target, sock, time.monotonic())
        try:
            sock.setblocking(False)
            listen_to_icmp(sock)
            self._bind(sock)
            one.began = time.monotonic()
            number = sock.connect_ex(target.where)
            if protocol == 'udp' and not number:
                if _is_itself(sock):            # the kernel chose the very port that is asked for: nobody else has it
                    return self._settle(one, CLOSED, 'no socket is bound to it', one.began)
                sock.send(endpoints.payload(target.endpoint))
                number = errno.EINPROGRESS
            if number and number not in _PENDING:
                if number == errno.ECONNREFUSED:
                    return self._settle(one, *of_answer(number, protocol), now=time.monotonic())
                return self._settle(one, UNKNOWN, local(number))
            self._selector.register(sock, selectors.EVENT_WRITE if protocol == 'tcp' else selectors.EVENT_READ, one)
        except _Unfit as exc:
            return self._settle(one, UNKNOWN, str(exc))
        except OSError as exc:
            # by UDP, what the packet before had for an answer comes with the next one
            return self._settle(one, UNKNOWN, local(exc.errno))
        self._running += 1
        self._order.append(one)
        if protocol == 'udp':
            self._again.append(one)

    def _bind(self, sock):
        family, address, device = self._source or (None, None, None)
        if not family:
            return
        if sock.family != family:
            raise _Unfit('the source %s is of another family' % address)
        try:
            sock.setsockopt(socket.IPPROTO_IP, _BIND_NO_PORT, 1)
        except OSError:         # another kernel: there may be fewer ports
            pass
        try:
            scope = socket.if_nametoindex(device) if device else 0
        except OSError:
            raise _Unfit('this host has no interface %s' % device) from None
        sock.bind((address, 0) if family == socket.AF_INET else (address, 0, 0, scope))

    def _look(self, busy):
        """Wait for answers, not at all where others can be started, and do what is due."""
        now = time.monotonic()
        while self._order and self._order[0].done:
            self._order.popleft()
        while self._again and self._again[0].done:
            self._again.popleft()
        due = [self._end] + [one.began + self._timeout for one in list(self._order)[:1]] + [one.began + self._timeout / 2 for one in list(self._again)[:1]]
        for key, dummy in self._selector.select(0 if busy else max(min(due) - now, 0)):
            now = time.monotonic()
            one = key.data
            if one.target.endpoint.protocol == 'tcp':
                self._connected(one, now)
            else:
                self._answered(one, now)
        now = time.monotonic()
        while self._again and (self._again[0].done or self._again[0].began + self._timeout / 2 <= now):
            self._repeat(self._again.popleft())
        while self._order and (self._order[0].done or self._order[0].began + self._timeout <= now):
            one = self._order.popleft()
            if not one.done:
                verdict = FILTERED if one.target.endpoint.protocol == 'tcp' else SILENT
                self._finish(one, verdict, 'no answer')

    def _connected(self, one, now):
        """A connection is there, or has failed."""
        sock = one.sock
        message = icmp(sock)
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if message:
            return self._finish(one, *self._by_icmp(one, message), now=now)
        if number:
            return self._finish(one, *of_answer(number, 'tcp'), now=now)
        try:
            if _is_itself(sock):        # two openings that met (RFC 9293 3.5): nobody listens
                return self._finish(one, CLOSED, 'no socket is bound to it', now)
        except OSError as exc:
            if exc.errno == errno.ENOTCONN:
                return None             # not yet
            raise
        return self._finish(one, OPEN, 'connected', now)

    def _answered(self, one, now):
        """A datagram is there, or an error."""
        number = None
        for dummy in range(2):          # an error hides an answer behind it
            try:
                size = len(one.sock.recv(65536))
                return self._finish(one, OPEN, 'answered with %d bytes' % size, now)
            except OSError as exc:
                number = number if exc.errno in _PENDING else exc.errno
        message = icmp(one.sock)
        if message:
            return self._finish(one, *self._by_icmp(one, message), now=now)
        return self._finish(one, *of_answer(number, 'udp'), now=now) if number else None

    def _by_icmp(self, one, message):
        return of_icmp(message, one.target.endpoint.protocol, one.target.address, one.sock.getsockname()[0].partition('%')[0])

    def _repeat(self, one):
        if not one.done:
            try:
                one.sock.send(endpoints.payload(one.target.endpoint))
            except OSError as exc:
                # what the first packet had for an answer, where the kernel keeps none; else that of this host says nothing of it
                if exc.errno == errno.ECONNREFUSED:
                    message = icmp(one.sock)
                    self._finish(one, *(self._by_icmp(one, message) if message else of_answer(exc.errno, 'udp')))

    def _settle(self, one, verdict, reason, now=None):
        """Finish what never ran."""
        self._running += 1
        self._finish(one, verdict, reason, now)

    def _finish(self, one, verdict, reason, now=None):
        one.done = True
        self._running -= 1
        try:
            self._selector.unregister(one.sock)
        except (KeyError, ValueError):
            pass
        try:
            own = one.sock.getsockname()
        except OSError:
            own = ('',)
        one.sock.close()
        known = own[0].partition('%')[0] if own[0] and (len(own) < 2 or own[1]) else None
        self._note(one.target, verdict, reason, known, None if now is None else round((now - one.began) * 1000, 3))
        one.sock = None

    def _note(self, target, verdict, reason, own=None, milliseconds=None):
        one = target.endpoint
        address = target.address
        if address and (one.device or target.scope):
            address = '%s%%%s' % (address, one.device or _device(target.scope))
        host = address or one.host
        self._results.append((target.number, target.order, {
            'index': target.number, 'endpoint': '%s/%s:%d' % (one.protocol, '[%s]' % host if ':' in host else host, one.port),
            'name': one.host if one.is_name else None, 'protocol': one.protocol, 'address': address, 'port': one.port, 'verdict': verdict,
            'reason': reason, 'local_address': own, 'rtt_ms': milliseconds,
        }))


class _Unfit(Exception):
    """The source does not fit; the message says why."""


def _is_itself(sock):
    return sock.getsockname()[:2] == sock.getpeername()[:2]


def _device(scope):
    try:
        return socket.if_indextoname(scope)
    except OSError:
        return str(scope)


def _files():
    """int: how many more files this process may open."""
    import resource
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return MOST_PARALLEL
    try:
        used = len(os.listdir('/proc/self/fd'))
    except OSError:
        used = 32
    return limit - used - _SPARE_FILES


def counts(results):
    """dict: how many have each verdict."""
    found = dict.fromkeys(VERDICTS, 0)
    for result in results:
        found[result['verdict']] += 1
    return found
