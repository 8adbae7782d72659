# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the fact record together.

What a default run on Linux does not need is imported where it is needed: this code is compiled on the target each time.
"""

import os
import re
import sys
import time

from ._addresses import scopes
from ._gaps import Gaps


class Host:
    """What the facts are made of. Each part is loaded when it is asked for the first time."""

    open = staticmethod(open)

    @staticmethod
    def linux(gather, collector, max_sockets, gaps):
        from ._sockets import linux
        return linux.collect(gather, collector, max_sockets, gaps)

    @staticmethod
    def psutil(gather, max_sockets, gaps):
        from ._sockets import by_psutil
        return by_psutil.collect(gather, max_sockets, gaps)

    @staticmethod
    def local_addresses():
        from . import _netlink
        return _netlink.local_addresses()

    @staticmethod
    def connections(listeners, used, max_sockets, gaps, local):
        from ._sockets import connections
        if local is None and used == 'psutil':
            from ._sockets import by_psutil
            local = by_psutil.local_addresses()
        connections.count(listeners, used, max_sockets, gaps, local)

    @staticmethod
    def led_elsewhere(local, max_sockets, gaps):
        from ._sockets import tracked
        return tracked.collect(local, max_sockets, gaps)

    @staticmethod
    def owners(listeners, gather, used, max_fds, gaps, run):
        from ._owners import attach
        attach.attach(listeners, gather, used, max_fds, gaps, run)

    @staticmethod
    def firewall(run, records, names):
        from ._firewall.snapshot import take
        return take.take(run, records=records, names=names)

    @staticmethod
    def diagnoses(units, serving, complete, run):
        from ._systemd import diagnose
        return diagnose.look(units, serving, complete, run)


def collect(gather=('owners',), collector='auto', max_sockets=100000, max_fds=2000000, run=None, diagnose=(),
            judge=None, host=Host):
    """Observe what listens on this host.

    :param gather, collector, max_sockets, max_fds, diagnose: as the options of the module.
    :param run: callable that runs a command, as ``AnsibleModule.run_command``: systemd is asked through it.
    :param judge: callable as ``survey.attach``; None to put into the facts, as ``snapshot``, what judging needs.
    :param host: Host, or what stands in for it.
    :returns: dict, the value of ``ansible_facts.ansible_listening_ports``.
    :raises CollectorError: the collector that was asked for by name is not available here.
    """
    gaps = Gaps(os.geteuid() == 0)
    gather = set(gather)
    if gather & {'resources', 'command'}:
        gather.add('owners')
    if 'outgoing' in gather:
        gather.add('firewall')
    if collector == 'psutil' or (collector == 'auto' and not sys.platform.startswith('linux')):
        used, sockets = 'psutil', host.psutil(gather, max_sockets, gaps)
    else:
        used, sockets = host.linux(gather, collector, max_sockets, gaps)
    names, system = _services(host), _system(host)
    listeners = _listeners(sockets, system, names)
    if 'connections' in gather:
        host.connections(listeners, used, max_sockets, gaps, system['local_addresses'])
    if 'owners' in gather:
        host.owners(listeners, gather, used, max_fds, gaps, run)
    records, more, led_elsewhere = [listener['record'] for listener in listeners], {}, {}
    if {'connections', 'firewall'} <= gather and sys.platform.startswith('linux'):
        led_elsewhere['led_elsewhere'] = host.led_elsewhere(system['local_addresses'], max_sockets, gaps)
    if 'firewall' in gather:
        snapshot = host.firewall(run, records, lambda: names)
        asked = {'outward': True} if 'outgoing' in gather else {}
        more = judge(records, snapshot, gaps, **asked) if judge else {'snapshot': snapshot}
    facts = {
        'schema': 1,
        'gathered_at': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
        'collector': used,
        'complete': gaps.complete(gather),
        'gaps': gaps.found,
        'system': system,
        'listeners': records,
    }
    facts.update(more, **led_elsewhere)
    if diagnose:
        serving = {unit for record in records for unit in (
            record['service'], record['activated_by'], *(owner['unit'] for owner in record['owners']))}
        if set(diagnose) - serving:
            facts['diagnoses'] = host.diagnoses(diagnose, serving, facts['complete'], run)
    return facts


def _sysctl(host, name):
    """list of [first, last], or of [number], in a sysctl of IPv4 (ip(7)); None where it cannot be read."""
    try:
        with host.open('/proc/sys/net/ipv4/' + name) as stream:
            return [[int(number) for number in word.split('-')] for word in stream.read().replace(',', ' ').split()]
    except (OSError, ValueError):
        return None


def _system(host):
    addresses = host.local_addresses() if sys.platform.startswith('linux') else None
    ephemeral, reserved, lowest = [_sysctl(host, name) for name in (
        'ip_local_port_range', 'ip_local_reserved_ports', 'ip_unprivileged_port_start')]
    return {
        'local_addresses': addresses,
        'ephemeral_ports': sum(ephemeral, []) if ephemeral else None,
        'reserved_ports': None if reserved is None else [[span[0], span[-1]] for span in reserved],
        'unprivileged_port_start': lowest[0][0] if lowest else None,
    }


def _services(host):
    """Read the names of ports from services(5), without NSS, which may ask a server for each.

    :returns: dict, (port, protocol) to str.
    """
    names = {}
    try:
        with host.open('/etc/services', 'rb') as stream:
            text = stream.read().decode('utf-8', 'backslashreplace')
        for name, number, protocol in re.findall(r'^([^#\s]\S*)[ \t]+(\d+)/(\w+)', text, re.MULTILINE):
            names.setdefault((int(number), protocol), name)
    except OSError:
        pass
    return names


def _listeners(sockets, system, names):
    """Make one listener of all sockets with the same id.

    :returns: list of dict with ``record`` and the ``sockets`` behind it.
    """
    low, high = system['ephemeral_ports'] or (0, -1)
    by_id = {}
    for sock in sockets:
        if not sock.port and sock.protocol != 'raw':
            continue                            # caught in the middle of bind(2): it does not listen yet
        address = scopes.text(sock.address)
        bound = address + '%' + sock.interface if sock.interface else address
        ipv6 = len(sock.address) == 16
        key = '%s/%s:%d' % (sock.protocol, '[%s]' % bound if ipv6 else bound, sock.port)
        key += '@' + sock.namespace if sock.namespace else ''
        if key not in by_id:
            record = {
                'id': key, 'protocol': sock.protocol, 'family': 'ipv6' if ipv6 else 'ipv4', 'address': address,
                'port': sock.port, 'interface': sock.interface, 'accepts_ipv4': None,
                'accepts_ipv6': ipv6 and not scopes.is_mapped(sock.address),
                'scope': scopes.scope(sock.address, sock.interface),
                'port_name': names.get((sock.port, 'udp' if sock.protocol == 'udplite' else sock.protocol)),
                'ephemeral': sock.protocol in ('udp', 'udplite') and low <= sock.port <= high,
                'backlog': None, 'namespace': sock.namespace, 'service': None, 'activated_by': None,
                'held_by': 'unknown', 'socket_uid': sock.uid, 'owners': [], 'owners_total': 0,
            }
            by_id[key] = {'record': record, 'sockets': []}
        by_id[key]['sockets'].append(sock)
        _unite(by_id[key]['record'], sock)
    order = ('namespace', 'protocol', 'port', 'family', 'address', 'interface')
    return sorted(by_id.values(), key=lambda listener: [
        '' if listener['record'][name] is None else listener['record'][name] for name in order])


def _unite(record, sock):
    """Add what one socket shows to the record of its id."""
    if len(sock.address) == 4 or scopes.is_mapped(sock.address):
        accepts = True
    elif any(sock.address) or sock.protocol == 'raw':
        accepts = False
    else:
        accepts = None if sock.v6only is None else not sock.v6only
    if accepts or record['accepts_ipv4'] is None:
        record['accepts_ipv4'] = accepts
    if sock.backlog:
        pending, limit = sock.backlog
        known = record['backlog']
        # of a group, the queue that is nearest to dropping connections
        if not known or pending * (known['limit'] or 1) > known['pending'] * (limit or 1):
            record['backlog'] = {'pending': pending, 'limit': limit}
