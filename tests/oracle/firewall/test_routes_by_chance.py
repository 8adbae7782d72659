# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of routing by chance: where the evaluator sends a packet, ``ip route get`` has to send it too."""

import random
import re
import shutil

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate.routes import Net
from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import network as _network
from firewall import network

pytestmark = [pytest.mark.root, pytest.mark.skipif(not shutil.which('ip'), reason='needs ip')]
NETWORKS = ['default', '10.0.0.0/8', '10.77.0.0/16', '10.77.0.128/25', '172.16.0.0/12', '192.0.2.0/24', '100.64.0.9/32']
ADDRESSES = ['10.77.0.2', '10.77.0.200', '10.78.0.2', '10.99.0.7', '172.16.9.9', '192.0.2.77', '100.64.0.9', '8.8.8.8']


def rules(chance):
    """Yield lines of ``ip -batch``: routes of two tables, and rules that lead to them."""
    for table in (52, 51820):
        for to in chance.sample(NETWORKS, chance.randint(1, 4)):
            if chance.random() < 0.2:
                yield 'route add %s %s table %d' % (chance.choice(('throw', 'unreachable', 'blackhole')), to, table)
            else:
                yield 'route add %s dev %s table %d' % (to, chance.choice(('h0', 'h1', 'd0')), table)
    for priority in chance.sample(range(100, 200), chance.randint(1, 4)):
        mark = chance.choice(('', '', 'fwmark 0x80000/0xff0000', 'fwmark 0xca6c', 'not fwmark 0xca6c', 'fwmark 0/0xff'))
        to = '' if mark.startswith('not') else chance.choice(('', '', 'to 10.77.0.0/16', 'to 192.0.2.0/24'))
        if chance.random() < 0.15:
            yield 'rule add %s %s unreachable priority %d' % (mark, to, priority)
            continue
        suppress = chance.choice(('', '', '', 'suppress_prefixlength 0', 'suppress_prefixlength 16'))
        yield 'rule add %s %s lookup %s priority %d %s' % (
            mark, to, chance.choice(('52', '51820', 'main')), priority, suppress)


def truth(address):
    """The device that a packet leaves through, or None."""
    text = network.run('ip', 'route', 'get', address, check=False)
    device = re.search(r'\bdev (\S+)', text)
    return device.group(1) if device and not text.startswith(('unreachable', 'blackhole')) else None


@pytest.mark.parametrize('seed', range(25))
def test_kernel_routes_alike(seed):
    chance = random.Random(seed)
    net = network.Network()
    try:
        with net.inside('host'):
            lines = list(rules(chance))
            network.run('ip', '-batch', '-', text='\n'.join(lines) + '\n')
            taken = _network.network()
            expected = {address: truth(address) for address in ADDRESSES}
    finally:
        net.close()
    judge = Net(taken)
    assert taken['rules'] and not judge.is_unclear(4)
    ways = {address: judge.outward(4, iv.number(address)) for address in ADDRESSES}
    assert {address: names[0] if names else None for address, names in ways.items()} == expected, lines
