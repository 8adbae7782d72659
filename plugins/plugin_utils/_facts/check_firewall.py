# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the form of what hosts send about firewalls: verdicts on them, and snapshots of their rules."""

import functools
import ipaddress
import re
from collections.abc import Callable
from typing import Any

from .. import _schema, _shape
from .._schema import Fault

_MOST_TEXT = 64 * 1024 * 1024       # characters that a tool printed
_MOST_ROUTES = 100000
_MOST_OF_SET = 8 * 1024 * 1024      # characters of the addresses of a set

_text = _schema.text(20000)
_maybe_text = _schema.nullable(_text)
_name = _schema.text(256)
_names = _schema.items(_name, 100000)


@functools.lru_cache(maxsize=4096)
def _is(kind: Callable[[str], object], value: str) -> bool:
    try:
        return bool(kind(value))
    except ValueError:
        return False


def network(value: object) -> str:
    """Check for a network with its length."""
    if not isinstance(value, str) or len(value) > 64 or '/' not in value or not _is(ipaddress.ip_network, value):
        raise Fault('has to be a network such as 192.0.2.0/24')
    return value


def address(value: object) -> str:
    """Check for an address without a zone."""
    if not isinstance(value, str) or len(value) > 64 or '%' in value or not _is(ipaddress.ip_address, value):
        raise Fault('has to be an address such as 192.0.2.1')
    return value


def _interface_address(value: object) -> str:
    if (not isinstance(value, str) or len(value) > 64 or '/' not in value or '%' in value
            or not _is(ipaddress.ip_interface, value)):
        raise Fault('has to be an address with its network, such as 192.0.2.1/24')
    return value


def _row(*checks: _schema.Check) -> _schema.Check:
    """Return the check for a list of which each element has a check of its own."""
    return _schema.row('has to be a list of %d' % len(checks), *checks)


networks = _schema.items(network, 2000)
_family = _schema.choice(*_shape.FAMILIES)
_judged = {
    'verdict': _schema.choice(*_shape.EXPOSURE_VERDICTS),
    'allowed': networks,
    'undecided': _schema.items(_schema.mapping({'sources': networks, 'reason': _text}), 100),
    'decided_by': _maybe_text,
    'blocked_by': _maybe_text,
    'caveats': _schema.items(_text, 100),
}
_long_sets = _schema.items(_schema.mapping({
    'set': _schema.nullable(_text), 'family': _family, 'elements': _schema.integer(), 'key': _schema.text(64)}), 200)
_of_sets = {'allowed_sets': _long_sets, 'except_sets': _long_sets}
ports = _schema.matching(re.compile(r'[0-9]{1,5}(?:-[0-9]{1,5})?', re.ASCII), 'a port, or a range of them')
exposure = _schema.mapping({
    **_judged,
    'level': _schema.choice(*_shape.LEVELS),
    'paths': _schema.items(_schema.mapping(
        {**_judged, 'interfaces': _names, 'family': _family},
        {'addresses': _schema.nullable(_schema.items(address, 1000)), **_of_sets},
    ), 20000),
}, _of_sets)
outgoing = _schema.mapping({
    **_judged,
    'protocol': _schema.choice('tcp', 'udp'),
    'ports': _schema.items(_schema.items(_schema.integer(1, 65535), 2, 2), 65536),
}, _of_sets)
exposures = _schema.items(_schema.nullable(exposure), 1000 * 1000)
opening = _schema.mapping({
    'protocol': _schema.choice(*(protocol for protocol in _shape.PROTOCOLS if protocol != 'raw')),
    'family': _family,
    'ports': ports,
    'interfaces': _names,
    'sources': networks,
    'decided_by': _maybe_text,
}, {'source_sets': _long_sets})
firewall = _schema.mapping({
    'backends': _schema.items(_schema.choice(*_shape.BACKENDS), len(_shape.BACKENDS)),
    'default': _schema.choice(*_shape.DEFAULTS),
    'rules': _schema.integer(),
}, {
    'sources': _schema.nullable(_schema.mapping(dict.fromkeys(_shape.FAMILIES, networks))),
    # what is in them is read where it is needed: what cannot be read says of nobody whether they are let in
    'sets': _schema.table(_schema.text(64), _schema.text(_MOST_OF_SET), 1000),
})

_output = _schema.text(_MOST_TEXT)
_flags = _schema.items(_name, 10000)
_routes = _schema.items(_schema.mapping({
    'family': _schema.integer(4, 6),
    'to': network,
    'interface': _schema.nullable(_name),
    'via': _schema.nullable(address),
    'type': _schema.text(32),
}), _MOST_ROUTES)
_net = _schema.mapping({
    'addresses': _schema.table(_name, _schema.items(_interface_address, 10000), 10000),
    'primary': _schema.table(_name, address, 10000),
    'routes': _schema.nullable(_routes),
    'tables': _schema.nullable(_schema.table(_schema.text(16), _routes, 10000)),
    'policy': _schema.items(_schema.mapping({
        'family': _schema.integer(4, 6),
        'priority': _schema.integer(),
        'kind': _schema.choice('table', 'stop', 'vrf', 'odd'),
        'table': _schema.integer(),
        'to': _schema.nullable(network),
        'mark': _schema.nullable(_row(_schema.integer(), _schema.integer())),
        'inverted': _schema.boolean,
        'suppressed': _schema.integer(-1),
    }), _MOST_ROUTES),
    'sources': _schema.nullable(
        _schema.table(_name, _schema.items(_row(network, _schema.boolean), _MOST_ROUTES), 10000)),
    'rules': _schema.boolean,
    'route_localnet': _flags,
    'rp_filter': _schema.table(_name, _schema.integer(), 10000),
    'forwarding': _schema.mapping(dict.fromkeys(_shape.FAMILIES, _schema.nullable(_schema.boolean))),
    'l3mdev_accept': _schema.mapping(dict.fromkeys(('tcp', 'udp'), _schema.nullable(_schema.boolean))),
    'links': _schema.table(_name, _schema.mapping({
        'kind': _schema.nullable(_name),
        'master': _schema.nullable(_name),
        'lower': _schema.nullable(_name),
        'arp': _schema.boolean,
    }), 10000),
}, {
    'ipsec': _schema.items(_schema.mapping({
        'direction': _schema.choice('in', 'out', 'fwd'),
        'action': _schema.choice('block', 'protect', 'pass'),
        'family': _schema.integer(4, 6),
        'protocol': _schema.integer(0, 255),
        'source': network,
        'target': network,
        'source_port': _row(_schema.integer(0, 65535), _schema.integer(0, 65535)),
        'target_port': _row(_schema.integer(0, 65535), _schema.integer(0, 65535)),
        'interface': _schema.boolean,
    }), _MOST_ROUTES),
    'sk_lookup': _schema.nullable(_schema.boolean),
    'local': _schema.items(_row(network, _schema.nullable(_name), _schema.boolean), 10000),
    'broadcast': _schema.items(_row(address, _schema.nullable(_name)), _MOST_ROUTES),
    'groups': _schema.table(_name, _schema.items(address, 10000), 10000),
})


def _table_flags(value: object) -> list[Any]:
    """Check [family, name, flags] of a table."""
    if not isinstance(value, list) or len(value) != 3:
        raise Fault('is not [family, name, flags]')
    return [_name(value[0]), _name(value[1]), _schema.integer()(value[2])]


_snapshot = _schema.mapping({
    'nft': _schema.nullable(_output),
    'saves': _schema.table(_schema.choice('ip/nft', 'ip6/nft', 'ip/legacy', 'ip6/legacy'), _output, 4),
    'ipset': _schema.nullable(_output),
    'tables': _schema.nullable(_schema.items(_schema.items(_schema.nullable(_name), 2, 2), 100000)),
    'devices': _schema.items(_row(_name, _name, _name, _names), 10000),
    'unshown': _schema.items(_row(_name, _name, _name, _schema.integer(), _schema.choice(*_shape.FAMILIES)), 100000),
    'tools': _schema.mapping({'firewalld': _schema.text(32), 'ufw': _schema.text(32)}),
    'net': _schema.nullable(_net),
    'elsewhere': _schema.table(_text, _schema.items(address, 10000), 10000),
    'port_names': _schema.table(_schema.text(64), _schema.text(1024), 100000),
    'errors': _schema.items(_schema.mapping({
        'aspect': _schema.choice('nft', 'iptables', 'ipset', 'net'),
        'message': _text,
    }), 100),
}, {'table_flags': _schema.nullable(_schema.items(_table_flags, 100000))})


def snapshot(value: object) -> dict[str, Any]:
    """Check what a host observed of its firewall.

    :param value: anything that comes from JSON; keys that are not known here are removed from it.
    :returns: the same value.
    :raises Fault: it is not a snapshot; the path ends above the names that the host chose.
    """
    try:
        checked: dict[str, Any] = _snapshot(value)
    except Fault as fault:
        raise Fault(fault.reason, 'snapshot') from None
    if checked['net'] is None and not checked['errors']:
        raise Fault('has neither addresses nor a reason', 'snapshot')
    return checked
