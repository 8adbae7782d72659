# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The own table as several releases of nft load and list it: the evaluator finds in it the rules that it was made of.

``OWN_TABLES=50`` tries that many for each release.
"""

import os
import pathlib
import random
import shutil
import sys
import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._filter import exchange, names, rules, sample, table
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate import evaluator as _evaluator
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import load
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.listed import listed
from firewall import chance_rules, network

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / 'hosts'))     # behind, as it has a conftest.py

from rig import images, obstacles  # noqa: E402

pytestmark = [pytest.mark.root, pytest.mark.skipif(
    not all(map(shutil.which, ('ip', 'nft'))), reason='needs ip and nft')]
HERE = 'this machine'
SEEDS = range(int(os.environ.get('OWN_TABLES') or 6))
SECONDS = 4         # that a trial lasts
PORTS = 6           # of each protocol, that the evaluator is asked about
# nft that is in the folder of an image, with what it reads its input from
INSIDE = 'mount --rbind /dev "$0/dev" && mount --rbind /proc "$0/proc" && exec chroot "$0" nft "$@"'
OWN = (table.FAMILY, table.NAME)
TARGETS = {4: '10.77.0.1', 6: 'fd77::1'}
BY_THE_CLIENTS_PORT = (68, 546)         # which nobody can tell: answers to DHCP come to them


class Host:
    """A network namespace, in which this nft loads and lists tables; half of them translate addresses."""

    def __init__(self, seed):
        self.net, self.published, self.run = network.Network(), bool(seed % 2), None
        # the second set of rules is the one that is tried
        self.rules = [chance_rules.Chance(2 * seed + number) for number in (0, 1)]

    def start(self, command):
        """Forget everything, and use another nft."""
        def run(*words, text=None, check=True):
            with self.net.inside('host'):
                return network.run(*command, *words, text=text, check=check)
        self.run = run
        run('flush', 'ruleset')
        if self.published:
            run('-f', '-', text=chance_rules.TRANSLATES)

    def load(self, text):
        """Load what a text says."""
        self.run('-f', '-', text=text)

    def listing(self):
        """What nft prints of the own table, None where there is none."""
        return self.run('-s', 'list', 'table', *OWN, check=False) or None

    def snapshot(self):
        """The rules of the host."""
        return {'nft': self.run('-j', 'list', 'ruleset'), 'net': network.net(), 'saves': {}, 'errors': [],
                'tables': [['ip', 'nat'], list(OWN)], 'table_flags': []}

    def text(self, number, published=None):
        """The table of the first or second rules."""
        chance = self.rules[number]
        return table.table(rules.parse(chance.options), chance.others,
                           self.published if published is None else published)

    def trial(self, number, token='8f3c1a2b'):
        """A trial of these rules."""
        chance = self.rules[number]
        return table.trial(rules.parse(chance.options), chance.others, self.published, token, SECONDS,
                           table.live(self.listing()))


def ports(chance, protocol):
    """Ports of a protocol at which rules begin and end, some of them, and those that are translated."""
    bounds = {bound + more for rule in rules.parse(chance.options) if rule.protocol == protocol
              for low, high in rule.ports for bound, more in ((low, 0), (low, -1), (high, 0), (high, 1))}
    some = random.Random(str(bounds)).sample(sorted(bounds), min(PORTS, len(bounds)))
    return [port for port in some + [2222, 8080, 8081, 9000, 40000]
            if 0 < port < 65536 and port not in BY_THE_CLIENTS_PORT]


def differences(taken, chance):
    """list of str: where the evaluator finds anything but these rules."""
    taken = load.parsed(taken)
    ruleset = load.load(taken)
    evaluator, wrong = _evaluator.Evaluator(ruleset, taken['net']), list(ruleset.doubts)
    for protocol in names.PROTOCOLS:
        for port in ports(chance, protocol):
            for family, address in TARGETS.items():
                outcome = evaluator.decide(family, protocol, 'h0', address, port)
                expected = chance.spans(protocol, port, family)
                if outcome.allowed != expected or outcome.undecided or outcome.caveats:
                    wrong.append('%s/%d, IPv%d: %s, expected %s, undecided %s, %s' % (
                        protocol, port, family, iv.text(outcome.allowed, family), iv.text(expected, family),
                        outcome.undecided, outcome.caveats))
    return wrong


class Everybody(chance_rules.Chance):
    """No rules: everybody reaches everything."""

    def __init__(self):
        super().__init__(0)
        self.options, self.others = [], 'accept'


@pytest.fixture(scope='module')
def hosts():
    """One for each seed."""
    made = [Host(seed) for seed in SEEDS]
    yield made
    for host in made:
        host.net.close()


@pytest.fixture(scope='module', params=[HERE, *images.RELEASES])
def command(request):
    """The words that start an nft in the network namespace of whoever does."""
    if request.param == HERE:
        yield ['nft']
        return
    reasons = obstacles.obstacles()
    if reasons:
        pytest.skip('no images of hosts here: %s' % '; '.join(reasons))
    image = images.Image(request.param)
    try:
        yield ['unshare', '-m', 'sh', '-c', INSIDE, str(image.acquire())]
    except images.NoImage as exc:
        pytest.skip(str(exc))
    finally:
        image.let_go()


@pytest.fixture
def ready(command, hosts):
    """The hosts, with nothing in them."""
    for host in hosts:
        host.start(command)
    return hosts


def test_the_rules_are_in_the_table(ready):
    """And a listing of it is one that loads, and is the same then."""
    for host in ready:
        host.load(table.replacement(host.text(0)))
        listing = host.listing()
        assert not differences(host.snapshot(), host.rules[0]), host.text(0)
        host.load(table.removal())
        assert host.listing() is None
        host.load(listing)
        assert host.listing() == listing
        host.load(table.replacement(host.text(0)))
        assert host.listing() == listing


def test_a_trial_and_its_end(ready):
    """The new rules hold, then the old ones, and nothing is left of it when it has been swept."""
    before = {}
    for number, host in enumerate(ready):
        if number % 3:          # else it is the first table of a host; a hook is only in the old or only in the new one
            host.load(table.replacement(host.text(0, published=number % 3 == 1)))
        before[host] = host.listing()
    tried = {}
    for host in ready:
        host.load(host.trial(1))
        tried[host] = host.snapshot()
        assert table.live(host.listing()).running == ('8f3c1a2b',), 'this machine is too busy'
    end = time.monotonic() + SECONDS + 0.2
    for host in ready:
        assert not differences(tried[host], host.rules[1]), host.text(1)
    time.sleep(max(0, end - time.monotonic()))
    for number, host in enumerate(ready):
        taken, live = host.snapshot(), table.live(host.listing())
        assert live.exists and live.running == ()
        if number % 3 != 2 or not host.published:
            assert not differences(taken, host.rules[0] if number % 3 else Everybody()), host.text(0)
        host.load(table.sweep(live))
        assert host.listing() == before[host]


def test_a_trial_after_another_is_kept(ready):
    """What is left of one that nobody swept goes with the next, and a replacement is all that there is."""
    for host in ready:
        host.load(table.replacement(host.text(0)))
        host.load(host.trial(1))
        host.run('flush', 'set', *OWN, table.set_name('8f3c1a2b'))              # as when its time is over
        host.load(host.trial(1, '0badcafe'))
        live = table.live(host.listing())
        assert live.running == ('0badcafe',) and live.sets == (table.set_name('0badcafe'),)
        assert not [name for name in live.chains if '8f3c1a2b' in name]
        host.load(table.replacement(host.text(1)))
        kept = host.listing()
        assert table.live(kept)[2:] == table.live(kept)._replace(sets=(), running=())[2:] and 'trial' not in kept
        host.load(table.removal())
        host.load(host.text(1))
        assert host.listing() == kept


def test_the_table_in_a_snapshot_is_exchanged(ready):
    """What a table that is not loaded would mean, and what it would be like without one."""
    for host in ready:
        host.load(table.replacement(host.text(1)))
        planned = host.run('-j', 'list', 'table', *OWN)
        host.load(table.replacement(host.text(0)))
        taken = host.snapshot()
        assert not differences(exchange.with_table(taken, planned), host.rules[1])
        assert not differences(exchange.without(taken), Everybody())
        assert not differences(exchange.with_table(exchange.without(taken), planned), host.rules[1])
        assert not differences(exchange.with_table(taken, listed(host.text(1))), host.rules[1])


def test_what_rules_can_say_is_taken(ready):
    """Else hosts with this nft would be asked more often than has to be."""
    for text in (sample.PLAIN, sample.ALL):
        ready[0].load(table.replacement(text))
        assert table.live(ready[0].listing()).exists
