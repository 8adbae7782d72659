# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ss(8) says of the same sockets. Parsing is a matter of text; ``run`` alone runs it."""

import re
import subprocess

# comm may hold anything, newlines too: a row starts where protocol, state and two queues stand
_ROW = re.compile(r'^(?P<protocol>tcp|udp|mptcp|raw)\s+(?P<state>[A-Z][A-Z0-9-]+)\s+'
                  r'(?P<receive>\d+)\s+(?P<send>\d+)\s+(?P<local>\S+):(?P<port>\d+|\*)\s+'
                  r'(?P<peer>\S+):(?P<peer_port>\d+|\*)',
                  re.MULTILINE)
_HOLDER = re.compile(r'",pid=(\d+),fd=\d+\)')
_UID = re.compile(r'\buid:(\d+) ')
_V6ONLY = re.compile(r'\bv6only:([01])\b')
# of several protocols, so that ss shows each row's own
_COMMAND = ['ss', '--no-header', '--oneline', '--numeric', '--processes', '--extended', '--tcp', '--udp', '--mptcp',
            '--raw']


def run(option):
    """The output of ss with ``--listening`` or ``--all``, as str with all that is not UTF-8 kept as surrogates.

    :raises subprocess.CalledProcessError, FileNotFoundError: it failed, or is not installed.
    """
    output = subprocess.run(_COMMAND + [option], stdout=subprocess.PIPE, check=True).stdout
    return output.decode('utf-8', 'surrogateescape')


def parse(text):
    """Rows of ss -HOnpe.

    :returns: list of dict: protocol, state, address, interface, port, pids, uid, v6only (None for IPv4 and where ss
        does not say), queue as [receive, send], peer.
    """
    rows = []
    starts = list(_ROW.finditer(text))
    for match, following in zip(starts, starts[1:] + [None]):
        rest = text[match.end():following.start() if following else len(text)]
        address, interface = _address(match['local'])
        v6only = _V6ONLY.findall(rest)
        uid = _UID.findall(rest)
        # "*" is the wildcard of a socket that takes both families
        dual = address == '*'
        rows.append({
            'protocol': match['protocol'], 'state': match['state'], 'address': '::' if dual else address,
            'interface': interface, 'port': match['port'] if match['port'] == '*' else int(match['port']),
            'pids': sorted(set(map(int, _HOLDER.findall(rest)))), 'uid': int(uid[-1]) if uid else 0,
            'v6only': False if dual else v6only[-1] == '1' if v6only else None,
            'queue': [int(match['receive']), int(match['send'])],
            'peer': [_address(match['peer'])[0], match['peer_port']],
        })
    return rows


def _address(text):
    """('fe80::1', 'eth0') of ``[fe80::1]%eth0``."""
    address, dummy, interface = text.partition('%')
    return address.strip('[]'), interface or None


def differences(listeners, rows):
    """How listeners differ from the rows of ss, both ways round.

    :param listeners: list of dict, of the protocols that were asked for.
    :param rows: list of dict from ``parse``.
    :returns: list of str.
    """
    lines = []
    by_key = {}
    for row in rows:
        key = (row['protocol'], row['address'], row['interface'], row['port'])
        by_key.setdefault(key, []).append(row)
    known = {}
    for record in listeners:
        known[record['protocol'], record['address'], record['interface'], record['port']] = record
    for key in by_key.keys() - known.keys():
        lines.append('ss shows %s, facts do not: %r' % (key, by_key[key]))
    for key, record in known.items():
        if key not in by_key:
            lines.append('%s is in the facts, ss does not show it' % record['id'])
        else:
            lines.extend('%s: %s' % (record['id'], line) for line in _row(record, by_key[key]))
    return lines


def _row(record, rows):
    pids = sorted({pid for row in rows for pid in row['pids']})
    if pids[:64] != [owner['pid'] for owner in record['owners']] or len(pids) != record['owners_total']:
        yield 'ss names the holders %s, facts %s' % (pids, [owner['pid'] for owner in record['owners']])
    if record['socket_uid'] not in [row['uid'] for row in rows]:
        yield 'ss says uid %s, facts %s' % ([row['uid'] for row in rows], record['socket_uid'])
    if record['backlog'] and record['backlog'] not in [
            {'pending': row['queue'][0], 'limit': row['queue'][1]} for row in rows]:
        yield 'ss shows the queues %s, facts %s' % ([row['queue'] for row in rows], record['backlog'])
    v6only = {row['v6only'] for row in rows} - {None}
    if record['address'] == '::' and v6only:
        if record['accepts_ipv4'] != (False in v6only):
            yield 'ss says v6only %s, facts accepts_ipv4 %s' % (v6only, record['accepts_ipv4'])
