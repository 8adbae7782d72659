# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries many endpoints at once, with bounded sockets and in bounded time.

A verdict is about the other side: what fails on this one, before anything was sent, is ``unknown``. Over TCP a
connection is made, nothing is sent on it, and it is closed. Over UDP one datagram is sent, and once more after half of
the time, because either may get lost.
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
_BATCH = 50                     # of probes that start before answers are read, so that times are right
_RESOLVING = 10.0               # seconds for names, at most
_NO_TIME = 'no time left'
_BIND_NO_PORT = 24              # linux/in.h, IP_BIND_ADDRESS_NO_PORT
_NO_SOCKET = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PENDING = (errno.EINPROGRESS, errno.EWOULDBLOCK)
_KINDS = {'tcp': socket.SOCK_STREAM, 'udp': socket.SOCK_DGRAM}


class NoSocket(Exception):
    """No socket is available now; the first argument is the errno."""


class _Target:
    """One address of an endpoint.

    :ivar number: int, the place of the endpoint in the list.
    :ivar order: int, the place of the address among those of the endpoint.
    """

    __slots__ = ('number', 'endpoint', 'family', 'address', 'scope', 'order')

    def __init__(self, number, endpoint, family, address, scope, order=0):
        self.number, self.endpoint, self.order = number, endpoint, order
        self.family, self.address, self.scope = family, address, scope

    @property
    def where(self):
        """What ``connect`` takes."""
        where = (self.address, self.endpoint.port)
        return where if self.family == socket.AF_INET else where + (0, self.scope)


class _Attempt:
    """A probe under way."""

    __slots__ = ('target', 'sock', 'began', 'done')

    def __init__(self, target, sock, began):
        self.target, self.sock, self.began, self.done = target, sock, began, False


class Prober:
    """Probes endpoints.

    :param timeout: float, seconds that one may take.
    :param total: float, seconds for all, names included.
    :param parallel: int, sockets at a time.
    :param source: str or None, the local address.
    :param family: of ``socket``, that of names that do not say theirs, or None.
    :param lookup: callable as ``socket.getaddrinfo``.
    :param create: callable as ``socket.socket``.
    """

    def __init__(self, timeout=3.0, total=60.0, parallel=500, source=None, family=None, lookup=None,
                 create=socket.socket):
        self._timeout, self._total, self._family, self._lookup, self._create = timeout, total, family, lookup, create
        self._source = endpoints.source(source) if source else None
        self._room = max(1, min(parallel, _files()))
        self._selector = selectors.DefaultSelector()
        self._running = 0
        self._order = collections.deque()       # of attempts, in the order in which their time is over
        self._again = collections.deque()       # of those over UDP, in the order in which they are repeated
        self._results = []
        self._end = 0

    def probe(self, wanted):
        """Try all endpoints.

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
            for attempt in self._order:
                if not attempt.done:
                    self._finish(attempt, UNKNOWN, _NO_TIME)
        for target in waiting:
            self._note(target, UNKNOWN, _NO_TIME)
        self._results.sort(key=lambda result: result[:2])
        return [result for dummy, dummy, result in self._results]

    def _targets(self, wanted):
        names = {(endpoint.host, endpoint.family or self._family) for endpoint in wanted if endpoint.is_name}
        known = {}
        if names:
            from . import resolve      # threads, which most runs do not need
            patience = min(_RESOLVING, self._total / 2)
            known = resolve.resolve(names, patience, *[self._lookup] * bool(self._lookup))
        for number, endpoint in enumerate(wanted):
            if endpoint.is_name:
                resolved = known[endpoint.host, endpoint.family or self._family]
                if not resolved.addresses or resolved.reason:
                    target = _Target(number, endpoint, None, None, 0, len(resolved.addresses))
                    self._note(target, UNRESOLVABLE if resolved.absent else UNKNOWN, resolved.reason)
                for order, (family, address, scope) in enumerate(resolved.addresses):
                    yield _Target(number, endpoint, family, address, scope, order)
                continue
            try:
                scope = socket.if_nametoindex(endpoint.device) if endpoint.device else 0
            except OSError:
                self._note(_Target(number, endpoint, endpoint.family, endpoint.host, 0), UNKNOWN,
                           'this host has no interface %s' % endpoint.device)
                continue
            yield _Target(number, endpoint, endpoint.family, endpoint.host, scope)

    def _fill(self, waiting):
        """Start some attempts, as far as there is room."""
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
            sock = self._create(target.family, _KINDS[protocol])
        except OSError as exc:
            if exc.errno in _NO_SOCKET:
                raise NoSocket(exc.errno) from exc
            self._note(target, UNKNOWN, local(exc.errno))
            return
        attempt = _Attempt(target, sock, time.monotonic())
        try:
            sock.setblocking(False)
            listen_to_icmp(sock)
            self._bind(sock)
            attempt.began = time.monotonic()
            number = sock.connect_ex(target.where)
            if protocol == 'udp' and not number:
                if _is_itself(sock):            # the kernel chose the very port that is probed: nobody else has it
                    return self._settle(attempt, CLOSED, 'no socket is bound to it', attempt.began)
                sock.send(endpoints.payload(target.endpoint))
                number = errno.EINPROGRESS
            if number and number not in _PENDING:
                if number == errno.ECONNREFUSED:
                    return self._settle(attempt, *of_answer(number, protocol), now=time.monotonic())
                return self._settle(attempt, UNKNOWN, local(number))
            event = selectors.EVENT_WRITE if protocol == 'tcp' else selectors.EVENT_READ
            self._selector.register(sock, event, attempt)
        except _Unfit as exc:
            return self._settle(attempt, UNKNOWN, str(exc))
        except OSError as exc:
            # over UDP, the answer to the packet before comes with the next one
            return self._settle(attempt, UNKNOWN, local(exc.errno))
        self._running += 1
        self._order.append(attempt)
        if protocol == 'udp':
            self._again.append(attempt)

    def _bind(self, sock):
        family, address, device = self._source or (None, None, None)
        if not family:
            return
        if sock.family != family:
            raise _Unfit('the source %s has another address family' % address)
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
        due = [self._end]
        due += [attempt.began + self._timeout for attempt in list(self._order)[:1]]
        due += [attempt.began + self._timeout / 2 for attempt in list(self._again)[:1]]
        for key, dummy in self._selector.select(0 if busy else max(min(due) - now, 0)):
            now = time.monotonic()
            attempt = key.data
            if attempt.target.endpoint.protocol == 'tcp':
                self._connected(attempt, now)
            else:
                self._answered(attempt, now)
        now = time.monotonic()
        while self._again and (self._again[0].done or self._again[0].began + self._timeout / 2 <= now):
            self._repeat(self._again.popleft())
        while self._order and (self._order[0].done or self._order[0].began + self._timeout <= now):
            attempt = self._order.popleft()
            if not attempt.done:
                verdict = FILTERED if attempt.target.endpoint.protocol == 'tcp' else SILENT
                self._finish(attempt, verdict, 'no answer')

    def _connected(self, attempt, now):
        """Finish an attempt whose connection was made or has failed."""
        sock = attempt.sock
        message = icmp(sock)
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if message:
            return self._finish(attempt, *self._by_icmp(attempt, message), now=now)
        if number:
            return self._finish(attempt, *of_answer(number, 'tcp'), now=now)
        try:
            if _is_itself(sock):        # two openings that met (RFC 9293 3.5): nobody listens
                return self._finish(attempt, CLOSED, 'no socket is bound to it', now)
        except OSError as exc:
            if exc.errno == errno.ENOTCONN:
                return None             # not yet
            raise
        return self._finish(attempt, OPEN, 'connected', now)

    def _answered(self, attempt, now):
        """Finish an attempt that has an answer or an error."""
        number = None
        for dummy in range(2):          # an error hides an answer behind it
            try:
                size = len(attempt.sock.recv(65536))
                return self._finish(attempt, OPEN, 'answered with %d bytes' % size, now)
            except OSError as exc:
                number = number if exc.errno in _PENDING else exc.errno
        message = icmp(attempt.sock)
        if message:
            return self._finish(attempt, *self._by_icmp(attempt, message), now=now)
        return self._finish(attempt, *of_answer(number, 'udp'), now=now) if number else None

    def _by_icmp(self, attempt, message):
        own = attempt.sock.getsockname()[0].partition('%')[0]
        return of_icmp(message, attempt.target.endpoint.protocol, attempt.target.address, own)

    def _repeat(self, attempt):
        if not attempt.done:
            try:
                attempt.sock.send(endpoints.payload(attempt.target.endpoint))
            except OSError as exc:
                # the answer to the first packet, where the kernel keeps no message; other errors are those of this host
                if exc.errno == errno.ECONNREFUSED:
                    message = icmp(attempt.sock)
                    outcome = self._by_icmp(attempt, message) if message else of_answer(exc.errno, 'udp')
                    self._finish(attempt, *outcome)

    def _settle(self, attempt, verdict, reason, now=None):
        """Finish an attempt that never ran."""
        self._running += 1
        self._finish(attempt, verdict, reason, now)

    def _finish(self, attempt, verdict, reason, now=None):
        attempt.done = True
        self._running -= 1
        try:
            self._selector.unregister(attempt.sock)
        except (KeyError, ValueError):
            pass
        try:
            own = attempt.sock.getsockname()
        except OSError:
            own = ('',)
        attempt.sock.close()
        known = own[0].partition('%')[0] if own[0] and (len(own) < 2 or own[1]) else None
        milliseconds = None if now is None else round((now - attempt.began) * 1000, 3)
        self._note(attempt.target, verdict, reason, known, milliseconds)
        attempt.sock = None

    def _note(self, target, verdict, reason, own=None, milliseconds=None):
        endpoint = target.endpoint
        address = target.address
        if address and (endpoint.device or target.scope):
            address = '%s%%%s' % (address, endpoint.device or _device(target.scope))
        host = address or endpoint.host
        self._results.append((target.number, target.order, {
            'index': target.number,
            'endpoint': '%s/%s:%d' % (endpoint.protocol, '[%s]' % host if ':' in host else host, endpoint.port),
            'name': endpoint.host if endpoint.is_name else None, 'protocol': endpoint.protocol, 'address': address,
            'port': endpoint.port, 'verdict': verdict, 'reason': reason, 'local_address': own, 'rtt_ms': milliseconds,
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
    """Count the results by verdict: dict."""
    numbers = dict.fromkeys(VERDICTS, 0)
    for result in results:
        numbers[result['verdict']] += 1
    return numbers
