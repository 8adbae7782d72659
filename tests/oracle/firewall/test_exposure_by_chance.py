# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is said to reach a listener, against who does: all clients try all addresses of a host with a bridge.

All that a host sends is read as on a host: the rules, and which device is above which. ``EXPOSURES=300`` tries that
many.
"""

import os
import random
import shutil
import subprocess

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import attach
from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import take
from ansible_collections.listening.ports.plugins.module_utils._gaps import Gaps
from firewall import chance_devices, network, probes

pytestmark = [pytest.mark.root, pytest.mark.skipif(
    not all(map(shutil.which, ('ip', 'nft'))), reason='needs ip and nft')]
SEEDS = range(int(os.environ.get('EXPOSURES') or 20))
PATIENCE = (1, 3, 8)            # a busy machine may lose a race, not three
UNDECIDED = 0.05


def run_command(words, environ_update, before_communicate_callback, **_):
    """As ``AnsibleModule.run_command``, with the tools that the other parts of this test use."""
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={'PATH': network.PATH, **environ_update})
    before_communicate_callback(process)
    output, errors = process.communicate()
    return process.returncode, output, errors


def listener(protocol, port, address):
    """A listener as it is in facts, as far as its exposure depends on it."""
    is_new = ':' in address
    return {
        'id': '%s/%s:%d' % (protocol, address, port), 'protocol': protocol, 'family': 'ipv%d' % (6 if is_new else 4),
        'address': address, 'port': port, 'interface': None, 'accepts_ipv4': not is_new, 'accepts_ipv6': is_new,
        'scope': 'any', 'namespace': None, 'owners': [], 'owners_total': 0, 'service': None, 'activated_by': None,
        'held_by': 'unknown', 'socket_uid': None}


def words(exposure, family, interface):
    """{(source, address): allowed, blocked or undecided} of the clients that come by an interface."""
    result = {}
    for path in exposure['paths']:
        if path['family'] != 'ipv%d' % family or interface not in path['interfaces']:
            continue
        allowed, undecided = (
            iv.merged(span for text in texts for span in iv.parse(text)[1])
            for texts in (path['allowed'], [text for part in path['undecided'] for text in part['sources']]))
        for source in chance_devices.CLIENTS[interface][family]:
            number = iv.number(source)
            word = 'allowed' if iv.contains(allowed, number) else \
                'undecided' if iv.contains(undecided, number) else 'blocked'
            for address in chance_devices.OWN[family]:
                if path['addresses'] is None or address in path['addresses']:
                    result[source, address] = word
    return result


def said(exposures):
    """{Flow: (word, record)} for every client and address."""
    result = {}
    for record in exposures:
        family = 4 if record['accepts_ipv4'] else 6
        for interface, far in chance_devices.FAR.items():
            for (source, address), word in words(record['exposure'], family, interface).items():
                flow = probes.Flow(family, record['protocol'], far, source, address, record['port'])
                result[flow] = word
    return result


def judged(net):
    """What is said of all listeners of the host."""
    exposures = [listener(protocol, port, address) for protocol in ('tcp', 'udp') for port in chance_devices.WATCHED
                 for address in ('0.0.0.0', '::')]
    with net.inside('host'):
        taken = take.take(run_command, records=exposures)
    assert not taken['errors'], taken['errors']
    attach.attach(exposures, taken, Gaps())
    return said(exposures)


def is_reached(answer, flow):
    """bool: the program on this port of the host has answered, wherever the packet was led to."""
    return answer is not None and answer.split()[0] == 'host' and answer.split()[2] == str(flow.port)


@pytest.fixture(scope='module')
def totals():
    """Flows, undecided ones and reached ones of all seeds."""
    return {'flows': 0, 'undecided': 0, 'reached': 0}


@pytest.mark.parametrize('seed', SEEDS)
def test_who_reaches_which_address(seed, totals):
    rules = chance_devices.ruleset(random.Random(seed))
    net = chance_devices.Bridged()
    prober = probes.Prober(net)
    try:
        with net.inside('host'):
            network.run('nft', '-f', '-', text=rules)
        verdicts = judged(net)
        answers, late = {}, sorted(verdicts)
        for patience in PATIENCE:
            answers.update(prober.probe(late, patience))
            late = [flow for flow in late if verdicts[flow] == 'allowed' and not is_reached(answers[flow], flow)]
    finally:
        prober.close()
        net.close()
    wrong = ['%s: %s, in truth %s' % (tuple(flow), word, answers[flow]) for flow, word in verdicts.items()
             if word != 'undecided' and (word == 'allowed') != is_reached(answers[flow], flow)]
    assert len(verdicts) >= 200 and not wrong, '%d wrong\n%s\n%s' % (len(wrong), '\n'.join(wrong[:8]), rules)
    totals['flows'] += len(verdicts)
    totals['undecided'] += list(verdicts.values()).count('undecided')
    totals['reached'] += sum(is_reached(answers[flow], flow) for flow in verdicts)


def test_it_was_worth_looking(totals):
    print('%(flows)d flows, %(undecided)d undecided, %(reached)d reached' % totals)
    if totals['flows'] >= 5000:
        assert totals['undecided'] <= UNDECIDED * totals['flows'], totals
        assert 0.1 * totals['flows'] < totals['reached'] < 0.9 * totals['flows'], totals
