# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets that no socket of this machine sends: first ones of protocols that it may not have, and a SYN in fragments.

Sources: RFC 9260 (SCTP), RFC 4340 (DCCP), RFC 8200 (fragments), ip(7) and ipv6(7) about their error queues.
"""

import contextlib
import select
import socket
import struct
import time

from firewall import network

NUMBERS = {'sctp': 132, 'dccp': 33}
PATIENCE = 0.5                  # seconds until nothing comes any more
_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_RECVERR = {4: (socket.SOL_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}
# (type, code) of ICMP errors: nothing here speaks the protocol, hence the packet got in; nothing listens at the port
_ANSWERS = {4: {(3, 2): 'let in', (3, 3): 'refused'}, 6: {(4, 1): 'let in', (1, 4): 'refused'}}
_ERRQUEUE = 0x2000


def without_limits():
    """Have the namespace that this thread is in send all ICMP errors."""
    # no type is limited, but one that there is not (ip-sysctl)
    for name, value in (('ipv4/icmp_ratemask', '0'), ('ipv6/icmp/ratemask', '0')):
        with open('/proc/sys/net/' + name, 'w', encoding='ascii') as stream:
            stream.write(value)


def ask(protocol, family, source, address, port, sport):
    """Send the first packet of a connection from the namespace of clients; returns how it was answered, or None."""
    level, option = _RECVERR[family]
    with socket.socket(_FAMILY[family], socket.SOCK_RAW, NUMBERS[protocol]) as made:
        made.setsockopt(level, option, 1)
        made.bind((source, 0))
        made.connect((address, 0))
        made.send(_sctp(sport, port) if protocol == 'sctp' else _dccp(family, source, address, sport, port))
        poll, end = select.poll(), time.monotonic() + PATIENCE
        poll.register(made, 0)          # errors are always told
        while poll.poll(max(0, end - time.monotonic()) * 1000):
            for kind, number, data in made.recvmsg(1000, 1000, _ERRQUEUE)[1]:
                if (kind, number) == (level, option):
                    return _ANSWERS[family].get(struct.unpack_from('=4xxBB', data))
    return None


def _sctp(sport, port):
    """An INIT."""
    chunk = struct.pack('>BBHIIHHI', 1, 0, 20, 77, 65535, 1, 1, 1)
    head = struct.pack('>HHI', sport, port, 0)
    return head + struct.pack('<I', _crc32c(head + bytes(4) + chunk)) + chunk


def _crc32c(data):
    value = 0xffffffff
    for byte in data:
        value ^= byte
        for dummy in range(8):
            value = value >> 1 ^ 0x82f63b78 * (value & 1)
    return value ^ 0xffffffff


def _dccp(family, source, address, sport, port):
    """A request."""
    head = struct.pack('>HHBBH', sport, port, 5, 0, 0)
    rest = struct.pack('>BBHII', 1, 0, 0, 1, 7)           # REQUEST, with a long sequence number; the code of a service
    total = checksum(family, source, address, NUMBERS['dccp'], head + rest)
    return head[:6] + struct.pack('>H', total) + rest


def checksum(family, source, address, number, data):
    """The Internet checksum of a segment (RFC 1071), with what it has of the addresses."""
    pseudo = b''.join(socket.inet_pton(_FAMILY[family], text) for text in (source, address))
    pseudo += struct.pack('>II', len(data), number)
    padded = pseudo + data + b'\0' * (len(data) % 2)
    total = sum(struct.unpack('>%dH' % (len(padded) // 2), padded))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def fragmented_syn(source, address, port, sport, cut):
    """Send a SYN by IPv6 from the first device of clients, cut after so many bytes of its header; 0: as a whole.

    :returns: str: ``SYN-ACK``, ``RST``, ``ICMP`` or ``nothing``, what comes back.
    """
    segment = struct.pack('>HHIIBBHHH', sport, port, 1, 0, 8 << 4, 2, 1024, 0, 0) + b'\1' * 12       # options: none
    total = checksum(6, source, address, 6, segment)
    segment = segment[:16] + struct.pack('>H', total) + segment[18:]
    if cut:
        bodies = [(44, struct.pack('>BBHI', 6, 0, offset | more, sport) + part) for offset, more, part in (
            (0, 1, segment[:cut]), (cut, 0, segment[cut:]))]
    else:
        bodies = [(6, segment)]
    addresses = b''.join(socket.inet_pton(socket.AF_INET6, text) for text in (source, address))
    ethernet = bytes.fromhex((network.MACS['h0'] + network.MACS['c0']).replace(':', '')) + b'\x86\xdd'
    with contextlib.closing(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86dd))) as made:
        made.bind(('c0', 0x86dd))
        for following, body in bodies:
            made.send(ethernet + struct.pack('>IHBB', 6 << 28, len(body), following, 64) + addresses + body)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            made.settimeout(max(0.001, end - time.monotonic()))
            try:
                data, place = made.recvfrom(2000)
            except socket.timeout:
                break
            if place[2] == 4:                                       # PACKET_OUTGOING
                continue
            if data[20] == 6 and data[54:58] == struct.pack('>HH', port, sport):
                return 'SYN-ACK' if data[67] & 0x12 == 0x12 else 'RST'
            if data[20] == 58 and data[54] in (1, 4):
                return 'ICMP'
    return 'nothing'
