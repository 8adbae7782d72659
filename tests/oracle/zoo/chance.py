# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zoos by chance: a plan from a seed, its building, and all that can be compared about it."""

import array
import random
import socket

from zoo.den import NOBODY
from zoo.truth import BOTH, IPV4, IPV6, VXLAN, listener, one_of, waiting

# address: what it accepts unless a socket option says otherwise, its scope, the device of a scope id
ADDRESSES = {
    '0.0.0.0': (IPV4, 'any', None), '127.0.0.1': (IPV4, 'loopback', None), '127.1.2.3': (IPV4, 'loopback', None),
    '10.1.2.3': (IPV4, 'private', None), '192.0.2.7': (IPV4, 'global', None), '::': (None, 'any', None),
    '::1': (IPV6, 'loopback', None), 'fe80::7%veth0': (IPV6, 'link', 'veth0'), 'fd00::7': (IPV6, 'private', None),
    '2001:db8::7': (IPV6, 'global', None), '::ffff:127.0.0.1': (IPV4, 'loopback', None),
    'fe80::7%veth1': (IPV6, 'link', 'veth1'),
}
PROTOCOLS = ('tcp', 'tcp', 'tcp', 'udp', 'udp', 'udplite', 'mptcp')
PORTS = (22, 53, 80, 443, 1000, 4000, 39999, 40000, 45000, 50000, 50001, 65535)
NAMES = (b'nginx', b'a b', b'a) R 1 (', b'x\ny', b'\xff\xfe', b'{{ x }}', b'"', b'0123456789abcde', b'', b'\x1b[0m')
FATES = ('held',) * 12 + ('in flight', 'connected', 'idle')


def plan(seed):
    """What a zoo is to hold: list of groups of sockets that share their holders; plain data, small enough to read."""
    dice = random.Random(seed)
    return [{
        'sockets': [_socket(dice) for dummy in range(dice.randint(1, 4))],
        # (user, does that user see into it, name) of each holder
        'holders': [[dice.choice((0, 0, 0, NOBODY, 54321)), dice.random() < 0.8, dice.randrange(len(NAMES))]
                    for dummy in range(dice.choice((1, 1, 1, 2, 3, 5)))],
    } for dummy in range(dice.randint(1, 5))]


def _socket(dice):
    address = dice.choice(list(ADDRESSES))
    protocol = dice.choice(PROTOCOLS)
    return {
        'protocol': protocol, 'address': address, 'port': dice.choice(PORTS),
        'v6only': dice.choice((True, False)) if address == '::' else None,
        'device': dice.choice((None, None, None, 'veth0', 'lo')) if '%' not in address else None,
        'reuse': dice.random() < 0.6, 'backlog': dice.randint(0, 6), 'clients': dice.choice((0, 0, 1, 3)),
        'uid': dice.choice((0, 0, NOBODY)),
        'fate': dice.choice(FATES if protocol != 'mptcp' else ('held', 'in flight')),
    }


def _expected(wish, animals):
    """The listener that one socket makes by itself."""
    accepts, scope, device = ADDRESSES[wish['address']]
    if accepts is None:
        accepts = IPV6 if wish['v6only'] else BOTH
    device = device or wish['device']
    if device == 'lo' and scope == 'any':
        scope = 'loopback'
    protocol = 'tcp' if wish['protocol'] == 'mptcp' else wish['protocol']
    return listener(
        protocol, wish['address'].partition('%')[0], wish['port'], animals, accepts, scope, interface=device,
        ephemeral=protocol != 'tcp' and 40000 <= wish['port'] <= 50000, socket_uid=wish['uid'],
        backlog=waiting(wish['backlog'], wish['pending']) if protocol == 'tcp' else None)


def _join(records):
    """Records of single sockets as listeners, one for each id."""
    listeners = {}
    for record in records:
        known = listeners.setdefault(record['id'], record)
        if known is not record:
            _add(known, record)
    for record in listeners.values():
        for field in ('backlog', 'socket_uid'):
            if isinstance(record[field], list):
                record[field] = one_of(*record[field])
    return list(listeners.values())


def _add(known, record):
    owners = {owner['pid']: owner for owner in known['owners'] + record['owners']}
    known['owners'] = [owners[pid] for pid in sorted(owners)]
    known['owners_total'] = len(owners)
    known['held_by'] = 'processes' if owners else 'unknown'
    known['accepts_ipv4'] = known['accepts_ipv4'] or record['accepts_ipv4']
    known['_sockets'] += record['_sockets']
    if not isinstance(known['socket_uid'], list):
        known['socket_uid'] = [known['socket_uid']]
    known['socket_uid'].append(record['socket_uid'])
    if record['backlog']:
        # the fullest queue is to be shown; of those that are as full, any
        queues = known['backlog'] if isinstance(known['backlog'], list) else [known['backlog']]
        queues.append(record['backlog'])
        fullest = max(_fullness(queue) for queue in queues)
        known['backlog'] = [queue for queue in queues if _fullness(queue) == fullest]


def _fullness(queue):
    return queue['pending'] / max(queue['limit'], 1)


def send_away(made):
    """Put a socket into the queue of a Unix socket, where no process holds it; returns the two ends of that."""
    ends = socket.socketpair()
    ends[0].sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [made.fileno()]))])
    made.close()
    return ends


class Zoo:
    """Builds a plan.

    :ivar records: list of dict, the expected listeners.
    :ivar single: list of dict, the same before sockets of one id are joined.
    """

    def __init__(self, groups, den, network):
        self._network = network
        self._den = den
        self._busy = set()
        self.single = [dict(VXLAN)]
        for group in groups:
            self._group(group)
        self.records = _join([dict(record, _sockets=list(record['_sockets'])) for record in self.single])

    def _group(self, group):
        made = []
        for wish in group['sockets']:
            try:
                made.append((wish, self._open(wish)))
            except OSError:                             # another one is in its way
                pass
        shared = [sock for wish, sock in made if wish['fate'] != 'in flight']
        ends = [end for wish, sock in made if wish['fate'] == 'in flight' for end in send_away(sock)]
        animals = []
        for user, dumpable, name in group['holders'] if made else []:
            animals.append(self._den.spawn(
                lambda kit: kit.keep(*shared + ends) and None, name=NAMES[name],
                shown=NAMES[name].decode('utf-8', 'backslashreplace'), drop_to=user or None, dumpable=dumpable))
        for sock in shared + ends:
            sock.close()
        for wish, dummy in made:
            if wish['fate'] in ('held', 'in flight'):
                self.single.append(_expected(wish, animals if wish['fate'] == 'held' else []))

    def _open(self, wish):
        network = self._network
        options = {'v6only': wish['v6only'], 'device': wish['device'], 'reuse': wish['reuse'],
                   'uid': wish['uid']}
        wish['pending'] = 0
        if wish['protocol'] in ('udp', 'udplite'):
            protocol = network.UDPLITE if wish['protocol'] == 'udplite' else 0
            made = network.datagram(wish['address'], wish['port'], protocol=protocol, **options)
            if wish['fate'] == 'connected':
                self._connect(made, wish)
            elif wish['fate'] == 'idle':
                wish['fate'] = 'held'
        else:
            protocol = network.MPTCP if wish['protocol'] == 'mptcp' else 0
            if wish['fate'] == 'idle':
                made = network.bound(wish['address'], wish['port'], protocol=protocol, **options)
            else:
                made = network.stream(wish['address'], wish['port'], wish['backlog'], protocol=protocol, **options)
                if wish['fate'] == 'connected':
                    wish['fate'] = 'held'
                self._crowd(made, wish)
        return made

    def _connect(self, made, wish):
        """To itself: any peer will do."""
        plain, dummy, scope = wish['address'].partition('%')
        target = {'0.0.0.0': '127.0.0.1', '::': '::1'}.get(plain, plain)
        try:
            made.connect((target, 9, 0, socket.if_nametoindex(scope)) if scope else (target, 9))
        except OSError:                                 # there is no way to it from this device
            made.close()
            raise

    def _crowd(self, made, wish):
        """Clients, where it is certain which socket they come to."""
        port = wish['port']
        first = port not in self._busy
        self._busy.add(port)
        address = {'0.0.0.0': '127.0.0.1', '::': '::1'}.get(wish['address'], wish['address'])
        if first and not wish['device'] and '%' not in address and wish['protocol'] == 'tcp':
            wish['pending'] = min(wish['clients'], wish['backlog'] + 1)
            for dummy in range(wish['pending']):
                self._network.connect(address.replace('::ffff:', ''), port).close()
            self._network.until_pending(made, wish['pending'])
