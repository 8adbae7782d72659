# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person types to make an opening, as text for a shell. Nothing here runs it."""

from shlex import quote

FIREWALLD, UFW = 'firewalld', 'ufw'
BACKENDS = (FIREWALLD, UFW)
UFW_PROTOCOLS = ('tcp', 'udp')
_MOST_PORTS = 15        # of one rule of ufw, of which a range is two: those of iptables' multiport


def command(opening):
    """str: the commands that make an opening; None where its backend has none for the protocol.

    :param opening: dict, see the package.
    """
    if opening['backend'] == FIREWALLD:
        return _firewalld(opening)
    return _ufw(opening) if opening['protocol'] in UFW_PROTOCOLS else None


def rich_rule(protocol, port, source):
    """str: the rule of firewalld that opens a port or a range, as firewalld lists it.

    :param port: str, such as ``80`` or ``80-90``.
    :param source: str, a network; None for everybody.
    """
    origin = 'family="%s" source address="%s" ' % ('ipv6' if ':' in source else 'ipv4', source) if source else ''
    return 'rule %sport port="%s" protocol="%s" accept' % (origin, port, protocol)


def _firewalld(opening):
    interface, protocol, sources = opening['interface'], opening['protocol'], opening['sources']
    if sources is None:
        words = ['--add-port=%s/%s' % (port, protocol) for port in opening['ports']]
    else:
        words = ['--add-rich-rule=%s' % rich_rule(protocol, port, source)
                 for port in opening['ports'] for source in sources]
    added = ' '.join(map(quote, words))
    zone = ' --zone="$(firewall-cmd --get-zone-of-interface=%s)"' % quote(interface) if interface else ''
    return ' && '.join('firewall-cmd%s%s %s' % (when, zone, added) for when in ('', ' --permanent'))


def _ufw(opening):
    """One rule for each source and each handful of ports."""
    lines = []
    for source in [None] if opening['sources'] is None else opening['sources']:
        origin = ' from %s' % quote(source) if source else ''
        lines += ['ufw allow proto %s%s to any port %s' % (opening['protocol'], origin, quote(ports))
                  for ports in handfuls(opening['ports'])]
    return ' && '.join(lines)


def handfuls(ports):
    """List ports as ufw takes them, ``80,8000:8010``, at most as many together as it takes."""
    parts, room = [[]], _MOST_PORTS
    for port in map(str, ports):
        size = 2 if '-' in port else 1
        if size > room:
            parts.append([])
            room = _MOST_PORTS
        parts[-1].append(port.replace('-', ':'))
        room -= size
    return [','.join(part) for part in parts if part]
