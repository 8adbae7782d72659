# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach listeners: checks of what hosts say, and the judgement of rules that they sent. Private to this collection.

Rules are judged here, and not on the host, as it takes longer to send and to compile what judges than to judge.
"""

import functools
import gc
import ipaddress
import re

from ...module_utils._facts import Gaps
from ...module_utils._firewall.exposure import survey
from ...module_utils._firewall.ruleset import merge, nftables, wording as _wording
from .. import _schema
from .._schema import Fault

# What is imported late on hosts is loaded here once, in the process that all workers are made of, not in each of them.
_LOADED = (merge, nftables, _wording)
_MOST_TEXT = 64 * 1024 * 1024       # characters that a tool printed
_MOST_ROUTES = 100000

_FAMILIES = ('ipv4', 'ipv6')
_text = _schema.text(20000)
_maybe_text = _schema.nullable(_text)
_name = _schema.text(256)
_names = _schema.items(_name, 100000)


@functools.lru_cache(maxsize=4096)
def _is(kind, value):
    try:
        return bool(kind(value))
    except ValueError:
        return False


def _network(value):
    if not isinstance(value, str) or len(value) > 64 or '/' not in value or not _is(ipaddress.ip_network, value):
        raise Fault('has to be a network such as 192.0.2.0/24')
    return value


def _address(value):
    if not isinstance(value, str) or len(value) > 64 or '%' in value or not _is(ipaddress.ip_address, value):
        raise Fault('has to be an address such as 192.0.2.1')
    return value


def _interface_address(value):
    if not isinstance(value, str) or len(value) > 64 or '/' not in value or '%' in value or not _is(ipaddress.ip_interface, value):
        raise Fault('has to be an address with its network, such as 192.0.2.1/24')
    return value


_networks = _schema.items(_network, 2000)
_verdict = {
    'verdict': _schema.choice('allowed', 'partly', 'blocked', 'unknown'),
    'allowed': _networks,
    'undecided': _schema.items(_schema.mapping({'sources': _networks, 'reason': _text}), 100),
}
_why = {'decided_by': _maybe_text, 'blocked_by': _maybe_text, 'caveats': _schema.items(_text, 100)}
ports = _schema.matching(re.compile(r'[0-9]{1,5}(?:-[0-9]{1,5})?', re.ASCII), 'a port, or a range of them')
exposure = _schema.mapping(_verdict, {
    **_why, 'level': _schema.choice('none', 'local', 'link', 'private', 'listed', 'anyone', 'unknown'),
    'paths': _schema.items(_schema.mapping(
        {'verdict': _verdict['verdict'], 'interfaces': _names}, {**_verdict, **_why, 'family': _schema.choice(*_FAMILIES)}), 20000),
})
_exposures = _schema.items(_schema.nullable(exposure), 1000 * 1000)
opening = _schema.mapping({
    'protocol': _schema.choice('tcp', 'udp', 'udplite', 'sctp', 'dccp'), 'family': _schema.choice(*_FAMILIES), 'ports': ports, 'interfaces': _names,
    'sources': _networks, 'decided_by': _maybe_text})
firewall = _schema.mapping({
    'backends': _schema.items(_schema.choice('nftables', 'iptables-nft', 'iptables-legacy', 'firewalld', 'ufw'), 5),
    'default': _schema.choice('accept', 'drop', 'mixed', 'unknown'), 'rules': _schema.integer(),
}, {'sources': _schema.nullable(_schema.mapping(dict.fromkeys(_FAMILIES, _networks)))})


def _source(value):
    if not isinstance(value, list) or len(value) != 2:
        raise Fault('has to be a network, and whether a router is between')
    _network(value[0])
    _schema.boolean(value[1])
    return value


_output = _schema.text(_MOST_TEXT)
_flags = _schema.items(_name, 10000)
_net = _schema.mapping({
    'addresses': _schema.table(_name, _schema.items(_interface_address, 10000), 10000),
    'primary': _schema.table(_name, _address, 10000),
    'routes': _schema.nullable(_schema.items(_schema.mapping({
        'family': _schema.integer(4, 6), 'to': _network, 'interface': _schema.nullable(_name), 'via': _schema.nullable(_address),
        'type': _schema.text(32)}), _MOST_ROUTES)),
    'sources': _schema.nullable(_schema.table(_name, _schema.items(_source, _MOST_ROUTES), 10000)),
    'rules': _schema.boolean,
    'route_localnet': _flags,
    'rp_filter': _schema.table(_name, _schema.integer(), 10000),
    'forwarding': _schema.mapping(dict.fromkeys(_FAMILIES, _schema.nullable(_schema.boolean))),
})
_snapshot = _schema.mapping({
    'nft': _schema.nullable(_output),
    'saves': _schema.table(_schema.choice('ip/nft', 'ip6/nft', 'ip/legacy', 'ip6/legacy'), _output, 4),
    'ipset': _schema.nullable(_output),
    'tables': _schema.nullable(_schema.items(_schema.items(_schema.nullable(_name), 2, 2), 100000)),
    'tools': _schema.mapping({'firewalld': _schema.text(32), 'ufw': _schema.text(32)}),
    'net': _schema.nullable(_net),
    'elsewhere': _schema.table(_text, _schema.items(_address, 10000), 10000),
    'port_names': _schema.table(_schema.text(64), _schema.text(1024), 100000),
    'errors': _schema.items(_schema.mapping({'aspect': _schema.choice('nft', 'iptables', 'ipset', 'net'), 'message': _text}), 100),
})


def judge(facts, snapshot):
    """Give each listener its ``exposure``.

    :param facts: dict, which is checked. :param snapshot: as ``_snapshot.take`` has it, not checked.
    :returns: dict with ``forwarded``, ``openings`` and ``firewall``, which is not checked: it is made of what the host wrote.
    :raises Fault: it is no snapshot.
    """
    try:
        _snapshot(snapshot)
    except Fault as fault:          # names that the host chose are in its path
        raise Fault(fault.reason, 'snapshot') from None
    if snapshot['net'] is None and not snapshot['errors']:
        raise Fault('has neither addresses nor a reason', 'snapshot')
    gaps = Gaps()
    gaps.found = facts['gaps']
    gc.disable()
    try:
        more = survey.attach(facts['listeners'], snapshot, gaps)
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as exc:
        raise Fault('is not understood (%s)' % type(exc).__name__, 'snapshot') from exc
    finally:
        gc.freeze()         # a worker ends with its task: to look for garbage among all this costs it more than to judge
        gc.enable()
    _exposures([listener['exposure'] for listener in facts['listeners']])
    facts['complete']['firewall'] = not any(gap['aspect'] == 'firewall' for gap in facts['gaps'])
    return more
