# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that say where they were reached, and clients that try all flows at once."""

import collections
import selectors
import socket
import time

from firewall import network

PORTS = (22, 53, 80, 443, 1000, 2222, 3000, 8080, 8081, 9000)
Flow = collections.namedtuple('Flow', 'family protocol interface source address port')
_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_PKTINFO = {4: (socket.IPPROTO_IP, 8), 6: (socket.IPPROTO_IPV6, 50)}
_IDLE, _LONGEST = 0.12, 0.6         # seconds without an answer, and at all, after which the rest counts as blocked


class Servers:
    """Every port of these places, TCP and UDP; a server answers with its name, address and port.

    :param places: list of (name of a namespace, device to which its servers are bound or None).
    """

    def __init__(self, net, selector, places=(('host', None), ('container', None))):
        self._selector = selector
        for place, self._device in places:
            with net.inside(place):
                for family in (4, 6):
                    for port in PORTS:
                        self._listen(place, family, port)
                        self._bind(place, family, port)

    def _socket(self, family, kind, port):
        made = socket.socket(_FAMILY[family], kind | socket.SOCK_NONBLOCK)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == 6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if self._device:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._device.encode())
        made.bind(('', port))
        return made

    def _listen(self, place, family, port):
        made = self._socket(family, socket.SOCK_STREAM, port)
        made.listen(256)

        def accept():
            try:
                peer, dummy = made.accept()
            except OSError:
                return
            peer.setblocking(False)

            def answer():
                try:
                    data = peer.recv(100)
                    if data:
                        peer.send(('%s %s %d' % (place, *peer.getsockname()[:2])).encode())
                        return
                except OSError:
                    pass
                self._selector.unregister(peer)
                peer.close()
            self._selector.register(peer, selectors.EVENT_READ, answer)
        self._selector.register(made, selectors.EVENT_READ, accept)

    def _bind(self, place, family, port):
        made = self._socket(family, socket.SOCK_DGRAM, port)
        level, kind = _PKTINFO[family]
        made.setsockopt(level, 49 if family == 6 else kind, 1)

        def answer():
            try:
                dummy, extra, dummy2, peer = made.recvmsg(100, 200)
                info = extra[0][2]
                raw = info[8:12] if family == 4 else info[:16]
                if family == 4:
                    info = b'\0\0\0\0' + raw + b'\0\0\0\0'
                else:
                    info = raw + b'\0\0\0\0'
                text = '%s %s %d' % (place, socket.inet_ntop(_FAMILY[family], raw), port)
                made.sendmsg([text.encode()], [(level, kind, info)], 0, peer)
            except OSError:
                pass        # a firewall may refuse the answer
        self._selector.register(made, selectors.EVENT_READ, answer)


class Prober:
    """Tries flows between the namespaces of a network, from clients to a host and what is behind it."""

    def __init__(self, net):
        self._net, self._selector = net, selectors.EpollSelector()
        self._serve()

    def _serve(self):
        Servers(self._net, self._selector)

    _from = 'client'

    @staticmethod
    def _device(flow):
        return 'c' + flow.interface[1:]

    def probe(self, flows, patience=1):
        """{flow: str, who answered, or None}."""
        answers = dict.fromkeys(flows)
        waiting = {}
        with self._net.inside(self._from):
            for flow in flows:
                made = self._start(flow)
                if made is not None:
                    waiting[made] = flow
        started = last = time.monotonic()
        while waiting and time.monotonic() < min(last + _IDLE * patience, started + _LONGEST * patience):
            for key, mask in self._selector.select(0.02):
                if key.data is not None:
                    key.data()
                    continue
                last = time.monotonic()
                finished, text = self._advance(key.fileobj, waiting[key.fileobj], mask)
                if finished:
                    answers[waiting.pop(key.fileobj)] = text
                    self._selector.unregister(key.fileobj)
                    key.fileobj.close()
        for made in waiting:
            self._selector.unregister(made)
            made.close()
        return answers

    def close(self):
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()

    def _start(self, flow):
        kind = socket.SOCK_STREAM if flow.protocol == 'tcp' else socket.SOCK_DGRAM
        made = socket.socket(_FAMILY[flow.family], kind | socket.SOCK_NONBLOCK)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._device(flow).encode())
        if kind == socket.SOCK_STREAM:      # do not linger
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        made.bind((flow.source, 0))
        try:
            made.connect((flow.address, flow.port))
            if kind == socket.SOCK_DGRAM:
                made.send(b'?')
        except BlockingIOError:
            pass
        except OSError:
            made.close()
            return None
        self._selector.register(
            made, selectors.EVENT_WRITE if kind == socket.SOCK_STREAM else selectors.EVENT_READ, None
        )
        return made

    def _advance(self, made, flow, mask):
        try:
            if mask & selectors.EVENT_WRITE:
                made.send(b'?')
                self._selector.modify(made, selectors.EVENT_READ, None)
                return False, None
            return True, made.recv(100).decode() or None
        except OSError:
            return True, None


class OutwardProber(Prober):
    """Tries flows the other way, from the host to servers where the clients are."""

    _from = 'host'

    def _serve(self):
        Servers(self._net, self._selector, [('client', 'c0'), ('client', 'c1')])

    @staticmethod
    def _device(flow):
        return flow.interface


def outward_flows(chance, count):
    """``count`` flows by chance, from the host to servers on the other side of its interfaces."""
    flows = set()
    while len(flows) < count:
        family, interface = chance.choice((4, 6)), chance.choice(('h0', 'h0', 'h1'))
        own = [address.partition('/')[0] for address in network.HOST[interface]]
        flows.add(Flow(
            family, chance.choice(('tcp', 'udp')), interface,
            chance.choice([address for address in own if (':' in address) == (family == 6)]),
            chance.choice(network.CLIENTS[interface][family]), chance.choice(PORTS)))
    return sorted(flows)


def all_flows(chance, count):
    """``count`` flows by chance, of all families, protocols, clients, targets and ports."""
    flows = set()
    while len(flows) < count:
        family = chance.choice((4, 6))
        interface = chance.choice(('h0', 'h0', 'h1'))
        flows.add(
            Flow(
                family,
                chance.choice(('tcp', 'udp')),
                interface,
                chance.choice(network.CLIENTS[interface][family]),
                chance.choice(network.TARGETS[family]),
                chance.choice(PORTS),
            )
        )
    return sorted(flows)
