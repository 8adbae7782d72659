# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said to become of a host with other rules in the own table, against what becomes of it.

Rules by chance are in force, of others and our own, and others are planned. All clients try all ports before and after
these are loaded. ``WHAT_IFS=300`` tries that many.
"""

import os
import random
import shutil
import subprocess

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._filter import rules as _rules, table, what_if
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.listed import listed
from firewall import network, probes

pytestmark = [pytest.mark.root, pytest.mark.skipif(
    not all(map(shutil.which, ('ip', 'nft', 'unshare'))), reason='needs ip, nft and unshare')]
SEEDS = range(int(os.environ.get('WHAT_IFS') or 12))
PATIENCE = (1, 3, 8)            # a busy machine may lose a race, not three
PORTS = (22, 53, 80, 2222, 8080)
PUBLISHED = {4: 'dnat ip to 10.99.0.2:8081', 6: 'dnat ip6 to [fd99::2]:8081'}
SOURCES = ('10.77.0.0/24', '10.77.0.2/32', '10.77.0.128/25', '10.78.0.0/24', '172.16.0.0/12', 'fd77::/64',
           'fd77::2/128', 'fd78::/64', '0.0.0.0/0', '::/0')


def run_command(words, environ_update, before_communicate_callback=None, data=None, **_):
    """As ``AnsibleModule.run_command``, with the tools that the other parts of this test use."""
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={'PATH': network.PATH, **environ_update})
    if before_communicate_callback:
        before_communicate_callback(process)
    output, errors = process.communicate(data)
    return process.returncode, output, errors


def own_rules(chance):
    """Rules for the own table, and what becomes of other ports."""
    options = [{'protocol': chance.choice(('tcp', 'tcp', 'udp')), 'ports': chance.sample(PORTS, chance.randint(1, 3)),
                'sources': chance.choice((None, [], chance.sample(SOURCES, chance.randint(1, 3))))}
               for _number in range(chance.randint(0, 5))]
    return _rules.parse(options), chance.choice(('accept', 'reject'))


def rules_of_others(chance):
    """Text of a table that filters by addresses and ports, and of one that translates, or neither."""
    lines = ['table inet others {', 'chain input { type filter hook input priority 0; policy accept;']
    for _number in range(chance.choice((0, 0, 2, 5))):
        source = chance.choice(SOURCES)
        lines.append('%s saddr %s %s dport %d %s;' % (
            'ip6' if ':' in source else 'ip', source, chance.choice(('tcp', 'udp')), chance.choice(PORTS),
            chance.choice(('accept', 'drop', 'reject'))))
    lines += ['}', '}']
    if chance.random() < 0.5:
        lines += ['table inet published {', 'chain prerouting { type nat hook prerouting priority -100; policy accept;']
        lines += ['%s tcp dport 8080 %s;' % (word, PUBLISHED[family]) for word, family in (
            ('ip daddr { 10.77.0.1, 10.77.0.10, 10.78.0.1 }', 4), ('ip6 daddr { fd77::1, fd78::1 }', 6))]
        lines += ['tcp dport 2222 redirect to :22;', '}', '}']
    return '\n'.join(lines) + '\n'


def planned_document(text):
    """What nft -j prints of a table that is loaded where nobody else is."""
    return network.run('unshare', '-n', 'sh', '-c', 'nft -f - && nft -j list table inet listening_ports', text=text)


def all_flows():
    """A flow for each client, protocol, port, and address of the host that packets of the client may be for."""
    return sorted(
        probes.Flow(family, protocol, device, source, address, port)
        for device, families in network.CLIENTS.items() for family, sources in families.items() for source in sources
        for protocol in ('tcp', 'udp') for port in PORTS
        for address in ([text for text in network.TARGETS[family] if text not in network.CONTAINER.values()]))


class Truth:
    """Who got an answer."""

    def __init__(self, prober, flows, expected=()):
        self.answers, late = {}, flows
        for patience in PATIENCE:
            self.answers.update(prober.probe(late, patience))
            late = [flow for flow in flows if self.answers[flow] is None and flow in expected]

    def reached(self, published, protocol, family, port):
        """The clients that got an answer on a port: by the host there, or from where it is published."""
        return {flow.source for flow, answer in self.answers.items()
                if (flow.protocol, flow.family, flow.port) == (protocol, family, port)
                and answer is not None and (answer.split()[::2] != ['host', str(port)]) == published}


@pytest.fixture
def host():
    """Namespaces, and a way to try flows between them."""
    net = network.Network()
    prober = probes.Prober(net)
    yield net, prober
    prober.close()
    net.close()


def connection_of(flow):
    """The connection in use, as the host's half of the filter tells it."""
    return {'address': flow.address, 'port': flow.port, 'peer': flow.source, 'peer_port': 40000,
            'interface': flow.interface, 'how': 'ancestor'}


def is_about(effect, published, protocol, family, port):
    return (effect['published'], effect['protocol'], '[' in effect['listener'], effect['port']) == (
        published, protocol, family == 6, port)


def inside(networks, number):
    return any(iv.contains(iv.parse(text)[1], number) for text in networks)


@pytest.mark.parametrize('seed', SEEDS)
def test_what_becomes_of_everybody(host, seed):
    chance, (net, prober) = random.Random(seed), host
    flows = all_flows()
    others_rules = rules_of_others(chance)
    published = 'table inet published' in others_rules
    (old, old_others), (new, new_others) = own_rules(chance), own_rules(chance)
    planned = table.replacement(table.table(new, new_others, published))
    tried = chance.choice([flow for flow in flows if flow.protocol == 'tcp' and flow.port in (22, 80, 53)])
    protected = chance.choice([flow.source for flow in flows])
    with net.inside('host'):
        network.run('nft', '-f', '-', text=others_rules)
        if chance.random() < 0.7:
            network.run('nft', '-f', '-', text=table.table(old, old_others, published))
        view = what_if.look(run_command, connection_of(tried))
        arguments = (view, planned_document(planned), new, new_others, connection_of(tried), 60)
        judged = what_if.judge(*arguments)
        shielded = what_if.judge(*arguments, protected_sources=(protected,), despite=())
    # the same without an nft that loads the table somewhere
    assert judged == what_if.judge(view, listed(table.table(new, new_others, published)), *arguments[2:])
    before = Truth(prober, flows)
    with net.inside('host'):
        network.run('nft', '-f', '-', text=planned)
    after = Truth(prober, flows)
    story = '%s\n%s' % (others_rules, planned)
    assert not judged['warnings'] or all('passes on' in text for text in judged['warnings']), judged['warnings']

    wrong, has_lost = [], False
    for target in sorted({(flow.protocol, flow.family, flow.port) for flow in flows}):
        sources = {flow.source for flow in flows if flow.family == target[1]}
        for published in (False, True):
            had, has = before.reached(published, *target), after.reached(published, *target)
            for source in sources:
                about = [effect for effect in judged['effects'] if is_about(effect, published, *target)]
                said = {name for effect in about for name in ('loses', 'gains', 'unsure')
                        if inside(effect[name], iv.number(source))}
                truth = {'loses'} if source in had - has else {'gains'} if source in has - had else set()
                has_lost = has_lost or source == protected and truth == {'loses'}
                # a list that is too long may have those in it who reach it neither before nor after, or lack some
                is_told = truth or source in had | has
                if said != truth and is_told and not any(truth & set(effect.get('left_out', ())) for effect in about):
                    wrong.append('%s %s from %s: %s, in truth %s' % (published, target, source, said, truth))
    assert not wrong, '\n'.join(wrong[:10] + [story])
    code = judged['refusal'] and judged['refusal'][0]
    assert (code == 'own_connection') == (after.answers[tried] is None), (tried, judged['refusal'], story)
    if code != 'own_connection':
        assert ((shielded['refusal'] or [None])[0] == 'protected_source') == has_lost, (protected, shielded, story)
