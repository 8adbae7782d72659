# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What facts must say of a socket whose making we have seen."""

import copy
import socket

MAX_OWNERS = 64
LISTENER_KEYS = {
    'id', 'protocol', 'family', 'address', 'port', 'interface', 'accepts_ipv4', 'accepts_ipv6', 'scope', 'port_name',
    'ephemeral', 'backlog', 'namespace', 'service', 'activated_by', 'held_by', 'socket_uid', 'owners', 'owners_total',
}
FACT_KEYS = {'schema', 'gathered_at', 'collector', 'complete', 'gaps', 'system', 'listeners'}
IPV4, IPV6, BOTH = (True, False), (False, True), (True, True)      # accepts_ipv4, accepts_ipv6


class Absent(Exception):
    """This kernel or machine has no such animal; the message says why."""


def one_of(*values):
    """Any of these is the truth: where several sockets of one id differ."""
    return {'one of': list(values)}


def listener(protocol, address, port, animals, accepts, scope, sockets=None, **known):
    """The record that is expected of one listener.

    :param animals: list of ``zoo.den.Animal``, all that hold it.
    :param accepts: pair of bool, see ``IPV4``.
    :param sockets: list of lists of animals, the holders of each socket, where there are several sockets.
    :param known: the other fields, by their names, where they are not the usual ones.
    :returns: dict with every field of a listener, and ``_sockets``, the pids that hold each socket.
    """
    interface = known.get('interface')
    bound = '%s%%%s' % (address, interface) if interface else address
    namespace = known.get('namespace')
    expected = {
        'id': '%s/%s:%d%s' % (protocol, '[%s]' % bound if ':' in address else bound, port,
                              '@' + namespace if namespace else ''),
        'protocol': protocol, 'family': 'ipv6' if ':' in address else 'ipv4', 'address': address, 'port': port,
        'interface': None, 'accepts_ipv4': accepts[0], 'accepts_ipv6': accepts[1], 'scope': scope,
        'port_name': _port_name(port, protocol), 'ephemeral': False, 'backlog': None, 'namespace': None,
        'service': None, 'activated_by': None, 'held_by': 'processes' if animals else 'unknown', 'socket_uid': 0,
        'owners': sorted((animal.truth for animal in animals), key=lambda truth: truth['pid'])[:MAX_OWNERS],
        'owners_total': len(animals),
        '_sockets': [[animal.pid for animal in holders] for holders in sockets or [animals]],
    }
    strange = set(known) - set(expected) - {'connections'}
    if strange:
        raise TypeError('no such field: %s' % strange)
    expected.update(known)
    return expected


def waiting(limit, pending=0):
    """An accept queue."""
    return {'pending': pending, 'limit': limit}


def _port_name(port, protocol):
    if protocol == 'raw':
        return None
    try:
        return socket.getservbyport(port, {'udplite': 'udp'}.get(protocol, protocol))
    except OSError:
        return None


def by_procfs(records):
    """The same records as /proc/net can tell them.

    It knows no bound devices, not whether an IPv6 wildcard accepts IPv4, and no limit of the accept queue. Listeners
    that differ by device only become one.
    """
    merged = {}
    for record in copy.deepcopy(list(records)):
        wildcard = record['address'] in ('0.0.0.0', '::')
        if record['interface']:
            record['id'] = record['id'].replace('%' + record['interface'], '', 1)
            record['interface'] = None
            if wildcard:
                record['scope'] = 'any'
        if record['address'] == '::':
            # of raw sockets it is known without asking
            record['accepts_ipv4'] = one_of(None, False) if record['protocol'] == 'raw' else None
        if record['backlog']:
            record['backlog'] = {'pending': record['backlog']['pending'], 'limit': None}
        known = merged.setdefault(record['id'], record)
        if known is not record:
            _merge(known, record)
    return list(merged.values())


def _merge(known, record):
    everyone = {owner['pid']: owner for owner in known['owners'] + record['owners']}
    total = len(everyone) if len(everyone) < MAX_OWNERS else known['owners_total'] + record['owners_total']
    known['owners'] = [everyone[pid] for pid in sorted(everyone)][:MAX_OWNERS]
    known['owners_total'] = total
    if known['backlog']:
        known['backlog']['pending'] = max(known['backlog']['pending'], record['backlog']['pending'])
    if 'processes' in (known['held_by'], record['held_by']):
        known['held_by'] = 'processes'
    known['_sockets'] = known['_sockets'] + record['_sockets']
    uids = [uid for side in (known, record) for uid in _values(side['socket_uid'])]
    known['socket_uid'] = one_of(*uids) if len(set(uids)) > 1 else uids[0]


def _values(value):
    return value['one of'] if isinstance(value, dict) else [value]


def seen_by(records, uid):
    """set of int: the pids of those owners that a user without privileges may look into."""
    return {owner['pid'] for record in records for owner in record['owners']
            if owner['uid'] == uid and owner['_dumpable']}


def seen_only(records, pids):
    """The same records with only those holders; what the kernel holds can be seen by all."""
    result = []
    for record in records:
        owners = [owner for owner in record['owners'] if owner['pid'] in pids]
        held_by = 'processes' if owners else 'kernel' if record['held_by'] == 'kernel' else 'unknown'
        # units and containers are told by the holders
        service = record['service'] if any(owner['unit'] == record['service'] for owner in owners) else None
        result.append(dict(record, owners=owners, owners_total=len(owners), held_by=held_by, service=service,
                           _sockets=[[pid for pid in pids_ if pid in pids] for pids_ in record['_sockets']]))
    return result


def unexplained(records):
    """int: listeners with a socket that no known process, and not the kernel, holds."""
    return sum(record['held_by'] != 'kernel' and not all(record['_sockets']) for record in records)


# the socket of the device vx0, which is in every zoo
VXLAN = listener('udp', '0.0.0.0', 4789, [], IPV4, 'any', held_by='kernel')
