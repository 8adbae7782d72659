# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exposures, probes and listeners for the tests of what is probed."""

from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples

HOSTILE = '\x1b[2J::error::{{ 7*7 }}\u202e'


def exposure(
    allowed=(), undecided=(), verdict='partly', decided_by='policy drop of chain inet filter input', paths=None
):
    """An exposure; unless its paths are given, it has one in each family."""
    undecided = [{'sources': list(undecided), 'reason': 'a rule of a module'}] if undecided else []
    if paths is None:
        paths = [
            {
                'family': family,
                'verdict': verdict,
                'undecided': undecided,
                'decided_by': decided_by,
                'allowed': [net for net in allowed if (':' in net) == (family == 'ipv6')],
            }
            for family in ('ipv4', 'ipv6')
        ]
    return samples.exposure(verdict, allowed, undecided, paths, decided_by=decided_by, level='private')


def path(interface, allowed=(), undecided=(), **other):
    """One of its paths."""
    undecided = [{'sources': list(undecided), 'reason': 'x'}] if undecided else []
    return dict(
        {'interfaces': [interface], 'verdict': 'partly', 'allowed': list(allowed), 'undecided': undecided}, **other
    )


def probe(index=0, verdict='open', endpoint='tcp/10.0.0.5:80', own='10.0.0.7', **other):
    """What came of one probe."""
    protocol, dummy, where = endpoint.partition('/')
    address, dummy, port = where.rpartition(':')
    result = {
        'index': index,
        'endpoint': endpoint,
        'protocol': protocol,
        'address': address.strip('[]'),
        'port': int(port),
        'verdict': verdict,
        'reason': 'connected',
        'local_address': own,
        'rtt_ms': 0.4,
    }
    result.update(other)
    return result


def specific(address, port=80, scope='private', **other):
    """A listener that is bound to one address."""
    return samples.listener(address, port, scope=scope, **other)


ALLOWED, BLOCKED, MAYBE = exposure(['10.0.0.0/8']), exposure(verdict='blocked'), exposure(undecided=['10.0.0.0/8'])
