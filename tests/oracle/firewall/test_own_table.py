# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The own table and its trials against packets: the kernel, the evaluator and the rules agree, and nobody is cut off
who should not be.

``OWN_TABLES=50`` tries that many rules, ``REPLACEMENTS=2000`` replaces a table under load that often.
"""

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import names, rules, table
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate import evaluator as _evaluator
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import load as _load
from firewall import chance_rules, judge, network, probes, raw

pytestmark = [pytest.mark.root, pytest.mark.skipif(
    not all(map(shutil.which, ('ip', 'nft'))), reason='needs ip and nft')]
FRESH = int(os.environ.get('ORACLE_SEED') or random.SystemRandom().randrange(100000, 10 ** 9))
SEEDS = [*range(int(os.environ.get('OWN_TABLES') or 4)), FRESH]
REPLACEMENTS = int(os.environ.get('REPLACEMENTS') or 200)
FLOWS = 120
PATIENCE = (1, 3, 8)            # a busy machine may lose a race, not three
OWN = (table.FAMILY, table.NAME)
HOST = {4: '10.77.0.1', 6: 'fd77::1'}
NOBODY = table.replacement(table.table((), 'reject', False))
UNTRACKED = table.replacement(table.table(rules.parse([{'ports': ['1-65535'], 'sources': []}]), 'accept', False))


@pytest.fixture
def net():
    """Namespaces in which nothing is tracked yet."""
    made = network.Network()
    yield made
    made.close()


def nft(net, *words, text=None):
    """Run nft on the host."""
    with net.inside('host'):
        return network.run('nft', *words, text=text, check='list' not in words)


def live(net):
    """What is known of the table of the host."""
    return table.live(nft(net, '-s', 'list', 'table', *OWN) or None)


def arguments(chance):
    """The arguments of ``table`` and ``trial``, for a host that translates."""
    return rules.parse(chance.options), chance.others, True


def wrong(net, prober, chance, flows):
    """list of str: where packets, the evaluator and the rules do not say the same; and how many flows get in."""
    with net.inside('host'):
        taken = judge.snapshot({})
    expected = {flow: flow.address in network.CONTAINER.values() or chance.reaches(flow) for flow in flows}
    answers, late = {}, flows
    for patience in PATIENCE:
        answers.update(prober.probe(late, patience))
        late = [flow for flow in late if expected[flow] and answers[flow] is None]
        if not late:
            break
    evaluator = _evaluator.Evaluator(_load.load(taken), taken['net'])
    verdicts = {flow: judge.verdict(evaluator, flow)[0] for flow in flows}
    return ['%s: %s by the rules, %s says the evaluator, answered by %s' % (
        tuple(flow), expected[flow], verdicts[flow], answers[flow])
        for flow in flows if (verdicts[flow], answers[flow] is not None) != (
            'allowed' if expected[flow] else 'blocked', expected[flow])], sum(expected.values())


@pytest.fixture(scope='module')
def lab():
    """A network that all rules are tried in, what tries them, and how many flows got in."""
    made = network.Network()
    with made.inside('host'):
        raw.without_limits()
    prober = probes.Prober(made)
    yield made, prober, []
    prober.close()
    made.close()


@pytest.mark.parametrize('seed', SEEDS, ids=['rules-%d' % seed for seed in SEEDS])
def test_kernel_evaluator_and_rules_agree(lab, seed):
    """Of a table, of a trial of other rules, and of the table again once its time is over."""
    net, prober, totals = lab
    before, after = (chance_rules.Chance(1000 + 2 * seed + number) for number in (0, 1))
    flows = probes.all_flows(random.Random(seed), FLOWS)
    nft(net, '-f', '-', text='flush ruleset\n' + chance_rules.TRANSLATES)
    nft(net, '-f', '-', text=table.replacement(table.table(*arguments(before))))
    listing = nft(net, '-s', 'list', 'table', *OWN)
    differ, count = wrong(net, prober, before, flows)
    assert not differ, differ[:5]
    totals.append(count)
    for seconds in (1, 5, 20):
        nft(net, '-f', '-', text=table.trial(*arguments(after), '%08x' % seconds, seconds, live(net)))
        end = time.monotonic() + seconds
        differ, count = wrong(net, prober, after, flows)
        if time.monotonic() < end:          # else this machine was too slow: it may have ended in between
            break
        time.sleep(0.1)
    assert not differ, differ[:5]
    totals.append(count)
    time.sleep(max(0, end + 0.1 - time.monotonic()))
    differ, count = wrong(net, prober, before, flows)
    assert not differ, differ[:5]
    assert live(net).running == ()
    nft(net, '-f', '-', text=table.sweep(live(net)))
    assert nft(net, '-s', 'list', 'table', *OWN) == listing


def test_some_get_in_and_some_do_not(lab):
    print('seed of the new one: %d; flows that get in: %s of %d each' % (FRESH, lab[2], FLOWS))
    if len(lab[2]) == 2 * len(SEEDS):
        assert 0.1 * FLOWS < sum(lab[2]) / len(lab[2]) < 0.9 * FLOWS


@pytest.mark.parametrize('others', names.OTHERS)
@pytest.mark.parametrize('protocol', sorted(raw.NUMBERS))
def test_protocols_that_this_kernel_may_not_have(net, protocol, others):
    """A packet gets in if the host says that it does not speak the protocol. Refused ones of DCCP get no answer."""
    named = rules.parse([{'protocol': protocol, 'ports': [9], 'sources': ['10.77.0.2', 'fd77::2']},
                         {'protocol': protocol, 'ports': ['20-30'], 'sources': []}])
    with net.inside('host'):
        raw.without_limits()
    nft(net, '-f', '-', text=table.replacement(table.table(named, others, False)))
    other = others == 'accept'
    with net.inside('client'):
        for family, (good, bad) in {4: ('10.77.0.2', '10.77.0.3'), 6: ('fd77::2', 'fd77::3')}.items():
            asked = [(good, 9), (bad, 9), (good, 19), (good, 20), (bad, 25), (bad, 31)]
            answers = [raw.ask(protocol, family, source, HOST[family], port, 5000 + number)
                       for number, (source, port) in enumerate(asked)]
            assert [answer == 'let in' for answer in answers] == [True, False, other, False, False, other], answers
            assert protocol != 'sctp' or None not in answers


def connected(net, family, near, far, port):
    """(socket of a server, socket of its client), over the network."""
    kind = socket.AF_INET if family == 4 else socket.AF_INET6
    server, client = (HOST[family], network.CLIENTS['h0'][family][0])[::1 if near == 'host' else -1]
    with net.inside(near):
        listener = socket.create_server((server, port), family=kind)
    with net.inside(far), listener:
        opened = socket.create_connection((server, port), 5, source_address=(client, 0))
        accepted = listener.accept()[0]
        accepted.settimeout(5)
        return accepted, opened


def talk(pairs):
    """Send a byte in both directions of each connection."""
    for pair in pairs:
        for sender, receiver in (pair, pair[::-1]):
            sender.sendall(b'x')
            assert receiver.recv(1) == b'x'


def tracked(net):
    """int: connections that the kernel of the host tracks."""
    with net.inside('host'), open('/proc/sys/net/netfilter/nf_conntrack_count', encoding='ascii') as stream:
        return int(stream.read())


@pytest.mark.parametrize('first', [
    NOBODY, table.replacement(table.table((), 'reject', True)), UNTRACKED,
    table.trial((), 'reject', True, '00000001', 30, table.ABSENT)], ids=['deny', 'published', 'block list', 'trial'])
def test_connections_survive_the_first_load(net, first):
    """In both directions, on a host that has tracked nothing until then; and nobody gets in any more."""
    with contextlib.ExitStack() as stack:
        pairs = [connected(net, family, *ends, 7000) for family in (4, 6)
                 for ends in (('host', 'client'), ('client', 'host'))]
        for pair in pairs:
            for end in pair:
                stack.enter_context(end)
        talk(pairs)
        assert tracked(net) == 0
        nft(net, '-f', '-', text=first)
        began = time.monotonic()
        for dummy in range(20):
            talk(pairs)
        assert time.monotonic() - began < 4, 'a connection stalled'
        assert (tracked(net) == 0) is (first == UNTRACKED)
        with net.inside('host'):
            stack.enter_context(socket.create_server((HOST[4], 7001)))
        with net.inside('client'), pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST[4], 7001), 5)


TRACKED = 'table inet t { chain c { type filter hook input priority 0; ct state new accept; }; }'
FRAGMENTED = {
    'block list': table.table(rules.parse([{'ports': [80], 'sources': []}]), 'accept', False),
    'block list, put together': table.table(rules.parse([{'ports': [80], 'sources': []}]), 'accept', False, True),
    'deny': table.table((), 'reject', False),
    'deny, published': table.table((), 'reject', True),
}


def test_a_syn_in_fragments_does_not_get_past(net):
    """Neither with its ports nor with its flags in the first fragment."""
    client, ports = network.CLIENTS['h0'][6][0], iter(range(40000, 50000))

    def answers():
        with net.inside('client'):
            return [raw.fragmented_syn(client, HOST[6], 80, next(ports), cut) for cut in (0, 8, 16, 24)]
    with net.inside('host'):
        raw.without_limits()
        server = socket.create_server((HOST[6], 80), family=socket.AF_INET6)
    with server:
        # what is sent would open a connection, be it tracked or not; a cut header does not since Linux 5.10
        assert answers()[::3] == ['SYN-ACK', 'SYN-ACK']
        nft(net, '-f', '-', text=TRACKED)
        assert answers()[::3] == ['SYN-ACK', 'SYN-ACK']
        for name, text in FRAGMENTED.items():
            nft(net, '-f', '-', text='flush ruleset\n' + text)
            seen = answers()
            assert seen[0] == 'RST' and 'SYN-ACK' not in seen, (name, seen)


ALLOWED = rules.parse([
    {'ports': [8001, 8080], 'sources': ['10.77.0.0/24', 'fd77::/64']}, {'protocol': 'udp', 'ports': [53]}])
MORE = ALLOWED + rules.parse([{'ports': [port], 'sources': ['10.%d.0.0/16' % (port % 100)]}
                              for port in range(7000, 7050)])
TRANSLATED = '''
table ip nat { chain pre { type nat hook prerouting priority -100; tcp dport { 8080, 8081 } dnat to 10.99.0.2:80; }; }
table ip6 nat { chain pre { type nat hook prerouting priority -100; tcp dport { 8080, 8081 } dnat to [fd99::2]:80; }; }
'''


class Load:
    """Processes that serve and knock."""

    def __init__(self, net, paths):
        self._net, self._paths = net, paths

    @contextlib.contextmanager
    def running(self, place, *words):
        """One of them; yields a callable that ends it, and returns what it saw."""
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(self._paths), PYTHONDONTWRITEBYTECODE='1')
        with self._net.inside(place):
            process = subprocess.Popen([sys.executable, '-m', 'firewall.load', *words], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, env=environment, text=True)
        try:
            assert process.stdout.readline() == 'ready\n'
            yield lambda: json.loads(process.communicate(timeout=60)[0])
        finally:
            process.kill()
            process.communicate()


def endpoints(*wanted, client=0):
    """Words for ``knock``: these protocols and ports, by both families."""
    return ['%s,%s,%s,%d' % (protocol, network.CLIENTS['h0'][family][client], HOST[family], port)
            for protocol, port in wanted for family in (4, 6)]


def test_replacement_under_load(net, paths):
    """While clients connect, tables are replaced and tried: none that may get in fails, and no other gets in."""
    load = Load(net, paths)
    good, bad = (('tcp', 8001), ('tcp', 8080), ('udp', 53)), (('tcp', 9001), ('tcp', 8081), ('udp', 54))
    with net.inside('host'):
        raw.without_limits()
    nft(net, '-f', '-', text=TRANSLATED)
    texts = [table.replacement(table.table(some, 'reject', True)) for some in (ALLOWED, MORE)]
    with load.running('host', 'serve', 'tcp/8001', 'tcp/9001', 'udp/53', 'udp/54'), \
            load.running('container', 'serve', 'tcp/80'):
        # without a table, all of them get in; by another client, whose flows of UDP the kernel goes on to know
        with load.running('client', 'knock', *endpoints(*good, *bad, client=1)) as seen:
            time.sleep(0.3)
            assert all(got_in and not others for got_in, others, dummy in seen().values())
        nft(net, '-f', '-', text=texts[0])
        with load.running('client', 'knock', *endpoints(*good)) as those_that_may, \
                load.running('client', 'knock', *endpoints(*bad)) as the_others:
            ended = replace_often(net, texts)
            allowed, forbidden = those_that_may(), the_others()
    print('%d replacements; %d allowed, %d forbidden' % (
        REPLACEMENTS, *(sum(row[0] + row[1] for row in counts.values()) for counts in (allowed, forbidden))))
    assert ended >= REPLACEMENTS // 60
    assert all(got_in >= REPLACEMENTS and not failed for got_in, failed, dummy in allowed.values()), allowed
    assert all(not got_in and failed >= REPLACEMENTS for got_in, failed, dummy in forbidden.values()), forbidden


def replace_often(net, texts):
    """Replace the table, mostly by another; returns how many trials ended by themselves."""
    ended = 0
    for number in range(REPLACEMENTS):
        if number % 5 == 4:
            token = '%08x' % number
            began = time.monotonic()
            nft(net, '-f', '-', text=table.trial(MORE, 'reject', True, token, 1, live(net)))
            running = live(net).running
            # on a machine with much to do it may be over before it is looked at
            assert running == (token,) or not running and time.monotonic() - began > 1
            if number % 50 == 49:
                time.sleep(1.05)
                assert live(net).running == ()
                nft(net, '-f', '-', text=table.sweep(live(net)))
                ended += 1
        nft(net, '-f', '-', text=texts[number % 2])
    return ended
