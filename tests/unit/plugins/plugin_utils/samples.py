# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and records for the tests of the controller's code."""

import copy

RUN = 'run1'


def owner(pid=100, process='nginx', user='www-data', **other):
    """One entry of ``owners``."""
    made = {'pid': pid, 'process': process, 'exe': '/usr/sbin/%s' % process, 'exe_deleted': False, 'user': user,
            'uid': 33, 'started': '2026-11-19T08:00:00Z', 'unit': None, 'main': None, 'container': None}
    made.update(other)
    return made


def listener(address='0.0.0.0', port=80, protocol='tcp', owners=None, **other):
    """One listener; its id, family and counts follow from the rest unless they are given."""
    interface, namespace = other.get('interface'), other.get('namespace')
    owners = [owner()] if owners is None else owners
    ipv6 = ':' in address
    bound = '%s%%%s' % (address, interface) if interface else address
    made = {
        'id': '%s/%s:%d%s' % (protocol, '[%s]' % bound if ipv6 else bound, port, '@' + namespace if namespace else ''),
        'protocol': protocol, 'family': 'ipv6' if ipv6 else 'ipv4', 'address': address, 'port': port, 'interface': None,
        'accepts_ipv4': not ipv6, 'accepts_ipv6': ipv6, 'scope': 'any' if address in ('0.0.0.0', '::') else 'loopback',
        'port_name': None, 'ephemeral': False, 'backlog': {'pending': 0, 'limit': 128}, 'namespace': None,
        'service': None, 'activated_by': None, 'held_by': 'processes' if owners else 'unknown', 'socket_uid': 33,
        'owners': owners, 'owners_total': len(owners),
    }
    made.update(other)
    return made


def exposure(verdict='blocked', allowed=(), undecided=(), paths=(), **other):
    """The ``exposure`` of a listener; its level follows from the rest unless it is given.

    :param paths: dicts of what is to be in them, beside what follows from their verdict.
    """
    level = 'unknown' if verdict == 'unknown' or undecided else 'none' if not allowed else 'listed'
    if set(allowed) & {'0.0.0.0/0', '::/0'}:
        level = 'anyone'
    rules = {'decided_by': None, 'blocked_by': None, 'caveats': []}
    made = {
        'verdict': verdict,
        'allowed': list(allowed),
        'undecided': list(undecided),
        'level': level,
        **rules,
        'paths': [
            {
                'family': 'ipv4',
                'interfaces': ['eth0'],
                'addresses': None,
                'allowed': [] if path.get('verdict') == 'blocked' else list(allowed),
                'undecided': [],
                **rules,
                **path,
            }
            for path in paths
        ],
    }
    made.update(other)
    return made


def gap(aspect='owners', code='owners_hidden', count=1, message='1 listener has no visible owner', hint='become'):
    """One entry of ``gaps``."""
    return {'aspect': aspect, 'code': code, 'count': count, 'message': message, 'hint': hint}


def facts(*listeners, gaps=(), **other):
    """A fact record; ``complete`` follows from the gaps."""
    missing = {entry['aspect'] for entry in gaps}
    made = {
        'schema': 1, 'gathered_at': '2026-11-20T10:00:00Z', 'collector': 'netlink',
        'complete': {aspect: aspect not in missing for aspect in ('sockets', 'binding', 'owners', 'units')},
        'gaps': list(gaps),
        'system': {'local_addresses': ['127.0.0.1/8', 'fe80::1%eth0/64'], 'ephemeral_ports': [32768, 60999],
                   'reserved_ports': [[8080, 8081]], 'unprivileged_port_start': 1024},
        'listeners': list(listeners),
    }
    made['complete'].update(namespaces=None, connections=None, resources=None)
    made.update(other)
    return copy.deepcopy(made)


def record(host, observed=None, status='ok', message=None, **other):
    """A record of a host, with facts where its status is ok."""
    entry = {'schema': 2, 'host': host, 'run_id': RUN, 'recorded_at': '2026-11-20T10:00:01Z', 'status': status,
             'message': message, 'collection': '0.1.0', 'ansible_core': '2.21.0', 'declared': False,
             'facts': (facts(listener()) if observed is None else observed) if status == 'ok' else None,
             'judgement': None}
    entry.update(other)
    return entry
