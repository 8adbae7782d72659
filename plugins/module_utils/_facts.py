# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the fact record together. Private to this collection, may change.

What a default run on Linux does not need is imported where it is needed: this code is compiled on the target each time.
"""

import re
import sys
import time

from ._addresses import scopes

SUBSETS = ('owners', 'firewall', 'connections', 'namespaces', 'resources', 'command', 'raw')


class Gaps:
    """What could not be observed. An aspect with a gap is not complete."""

    def __init__(self):
        self.found = []

    def add(self, aspect, code, message, count=None, hint=None):
        """Note a gap; those with the same aspect and code become one."""
        for gap in self.found:
            if gap['aspect'] == aspect and gap['code'] == code:
                if message not in gap['message'] and len(gap['message']) < 1000:
                    gap['message'] += '; ' + message
                gap['count'] = count if gap['count'] is None else gap['count'] + (count or 0)
                return
        self.found.append({'aspect': aspect, 'code': code, 'count': count, 'message': message, 'hint': hint})

    def complete(self, gather):
        """dict: aspect to True, False, or None where it was not asked for."""
        asked = {'sockets', 'binding', *gather, *(['units'] if 'owners' in gather else [])}
        missing = {gap['aspect'] for gap in self.found}
        return {aspect: aspect not in missing if aspect in asked else None
                for aspect in ('sockets', 'binding', 'owners', 'units', 'firewall', 'namespaces', 'connections', 'resources')}


def collect(gather=('owners',), collector='auto', max_sockets=100000, max_fds=2000000, run=None, diagnose=(), judge=None):
    """Observe what listens on this host.

    :param gather, collector, max_sockets, max_fds, diagnose: as the options of the module.
    :param run: callable that runs a command, as ``AnsibleModule.run_command``: systemd is asked through it.
    :param judge: callable as ``_exposure.attach``, or None: then the facts have, as ``snapshot``, what it takes to judge elsewhere.
    :returns: dict, the value of ``ansible_facts.ansible_listening_ports``.
    :raises CollectorError: the collector that was asked for by name is not to be had here.
    """
    gaps = Gaps()
    gather = set(gather)
    if gather & {'resources', 'command'}:
        gather.add('owners')
    if collector == 'psutil' or (collector == 'auto' and not sys.platform.startswith('linux')):
        from ._sockets import by_psutil
        used, sockets = 'psutil', by_psutil.collect(gather, max_sockets, gaps)
    else:
        from ._sockets import linux
        used, sockets = linux.collect(gather, collector, max_sockets, gaps)
    system = _system()
    listeners = _listeners(sockets, system)
    if 'connections' in gather:
        from ._sockets import connections
        connections.count(listeners, used, max_sockets, gaps)
    if 'owners' in gather:
        from ._owners import attach
        attach.attach(listeners, gather, used, max_fds, gaps, run)
    records, more = [listener['record'] for listener in listeners], {}
    if 'firewall' in gather:
        from ._firewall.snapshot import take
        snapshot = take.take(run, records=records, names=_services)
        more = judge(records, snapshot, gaps) if judge else {'snapshot': snapshot}
    facts = {
        'schema': 1,
        'gathered_at': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
        'collector': used,
        'complete': gaps.complete(gather),
        'gaps': gaps.found,
        'system': system,
        'listeners': records,
    }
    facts.update(more)
    held = {unit for one in (facts['listeners'] if diagnose else ())
            for unit in (one['service'], one['activated_by'], *(owner['unit'] for owner in one['owners']))}
    if set(diagnose) - held:
        from ._systemd import diagnose as _diagnose
        facts['diagnoses'] = _diagnose.look(diagnose, held, facts['complete'], run)
    return facts


def pack(facts):
    """The facts as one string: an Ansible controller pays for each node of a result, hardly for its bytes.

    :returns: str, JSON; where that is long, ``z:`` and the base64 of its zlib compression.
    """
    import json
    packed = json.dumps(facts, separators=(',', ':'))
    if len(packed) < 4096:
        return packed
    import base64
    import zlib
    return 'z:' + base64.b64encode(zlib.compress(packed.encode('ascii'), 1)).decode('ascii')


def _sysctl(name):
    """list of [first, last], or of [number], in a sysctl of IPv4 (ip(7)); None where it cannot be read."""
    try:
        with open('/proc/sys/net/ipv4/' + name) as stream:
            return [[int(number) for number in word.split('-')] for word in stream.read().replace(',', ' ').split()]
    except (OSError, ValueError):
        return None


def _system():
    addresses = None
    if sys.platform.startswith('linux'):
        from ._sockets import inet_diag
        addresses = inet_diag.local_addresses()
    ephemeral, reserved, lowest = [
        _sysctl(name) for name in ('ip_local_port_range', 'ip_local_reserved_ports', 'ip_unprivileged_port_start')]
    return {
        'local_addresses': addresses,
        'ephemeral_ports': sum(ephemeral, []) if ephemeral else None,
        'reserved_ports': None if reserved is None else [[one[0], one[-1]] for one in reserved],
        'unprivileged_port_start': lowest[0][0] if lowest else None,
    }


def _services():
    """Names of ports, (port, protocol) to str, by services(5): without NSS, which may ask a server for each."""
    found = {}
    try:
        with open('/etc/services', 'rb') as stream:
            text = stream.read().decode('utf-8', 'backslashreplace')
        for name, number, protocol in re.findall(r'^([^#\s]\S*)[ \t]+(\d+)/(\w+)', text, re.MULTILINE):
            found.setdefault((int(number), protocol), name)
    except OSError:
        pass
    return found


def _listeners(sockets, system):
    """One listener for all sockets of one id: list of dict with ``record`` and the ``sockets`` behind it."""
    names = _services()
    low, high = system['ephemeral_ports'] or (0, -1)
    by_id = {}
    for one in sockets:
        if not one.port and one.protocol != 'raw':
            continue                            # caught in the middle of bind(2): it is not there yet
        address = scopes.text(one.address)
        bound = address + '%' + one.interface if one.interface else address
        ipv6 = len(one.address) == 16
        key = '%s/%s:%d' % (one.protocol, '[%s]' % bound if ipv6 else bound, one.port)
        key += '@' + one.namespace if one.namespace else ''
        if key not in by_id:
            record = {
                'id': key, 'protocol': one.protocol, 'family': 'ipv6' if ipv6 else 'ipv4', 'address': address,
                'port': one.port, 'interface': one.interface, 'accepts_ipv4': None,
                'accepts_ipv6': ipv6 and not scopes.is_mapped(one.address),
                'scope': scopes.scope(one.address, one.interface),
                'port_name': names.get((one.port, 'udp' if one.protocol == 'udplite' else one.protocol)),
                'ephemeral': one.protocol in ('udp', 'udplite') and low <= one.port <= high,
                'backlog': None, 'namespace': one.namespace, 'service': None, 'activated_by': None,
                'held_by': 'unknown', 'socket_uid': one.uid, 'owners': [], 'owners_total': 0,
            }
            by_id[key] = {'record': record, 'sockets': []}
        by_id[key]['sockets'].append(one)
        _unite(by_id[key]['record'], one)
    order = ('namespace', 'protocol', 'port', 'family', 'address', 'interface')
    return sorted(by_id.values(), key=lambda listener: [
        '' if listener['record'][name] is None else listener['record'][name] for name in order])


def _unite(record, one):
    """Add what one socket says to the record of its id."""
    if len(one.address) == 4 or scopes.is_mapped(one.address):
        accepts = True
    elif any(one.address) or one.protocol == 'raw':
        accepts = False
    else:
        accepts = None if one.v6only is None else not one.v6only
    if accepts or record['accepts_ipv4'] is None:
        record['accepts_ipv4'] = accepts
    if one.backlog:
        pending, limit = one.backlog
        known = record['backlog']
        # of a group, the queue that is nearest to dropping connections
        if not known or pending * (known['limit'] or 1) > known['pending'] * (limit or 1):
            record['backlog'] = {'pending': pending, 'limit': limit}
