# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One ruleset: loaded into a host, judged, and tried."""

import random
import time

from firewall import chance_nft, network, probes

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate import evaluator as _evaluator
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import load
from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import raw_rules

FLOWS = 160         # per ruleset
OUTWARD = 60        # the same, of those that leave the host
ASKED = 10          # flows of a ruleset that are asked again alone, if they all are right then
KINDS = ('nft', 'nft', 'nft', 'iptables-nft', 'legacy', 'mixed', 'nft')


class Ruleset:
    """A ruleset by chance.

    :ivar lines: list of (str, bool) of nft; saves: {(program, table): list of (str, bool)} for iptables-restore.
    :ivar ipset: str, what ``ipset restore`` reads.
    """

    def __init__(self, seed):
        chance = random.Random(seed)
        self.seed, self.kind = seed, KINDS[seed % len(KINDS)]
        self.flows = probes.all_flows(chance, FLOWS)
        self.lines, self.saves, self.ipset = [], {}, ''
        if self.kind in ('nft', 'mixed'):
            self.lines = chance_nft.make(chance)
        if self.kind != 'nft':
            from firewall import chance_iptables
            self.ipset = chance_iptables.sets(chance)
            for backend in ['nft'] if self.kind == 'iptables-nft' else ['legacy'] if self.kind == 'legacy' else \
                    chance.choice((['nft'], ['legacy'], ['nft', 'legacy'])):
                self.saves.update(chance_iptables.make(chance, backend))

    def rules(self):
        """list of keys of what can be left out."""
        return [('nft', position) for position, (dummy, rule) in enumerate(self.lines) if rule] + [
            (program, position)
            for program, lines in self.saves.items()
            for position, (dummy, rule) in enumerate(lines)
            if rule
        ]

    def texts(self, without=()):
        """(text for nft, {program: text}) without some rules."""
        def kept(name, lines):
            return ''.join(
                line + '\n' for position, (line, dummy) in enumerate(lines) if (name, position) not in without
            )

        return kept('nft', self.lines), {program: kept(program, lines) for program, lines in self.saves.items()}


class Judge:
    """Namespaces, and what is to be compared in them."""

    def __init__(self):
        self._net = self._prober = None

    _prober_of = probes.Prober

    @staticmethod
    def flows(ruleset):
        """The flows to try of a ruleset."""
        return ruleset.flows

    @staticmethod
    def verdict(evaluator, flow):
        """See ``verdict``."""
        return verdict(evaluator, flow)

    @staticmethod
    def places(outcome, flow):
        """See ``destinations``."""
        return destinations(outcome, flow)

    def renew(self):
        """New namespaces: legacy tables and connections of the ones before are gone."""
        if self._net:
            self._prober.close()
            self._net.close()
        self._net = network.Network()
        self._prober = self._prober_of(self._net)

    def load(self, ruleset, without=()):
        """Load a ruleset into new namespaces; returns its snapshot."""
        self.renew()
        nft, saves = ruleset.texts(without)
        with self._net.inside('host'):
            if ruleset.ipset:
                network.run('ipset', 'restore', text=ruleset.ipset)
            for program, text in saves.items():
                network.run(program + '-restore', '-n', text=text)
            if nft:
                network.run('nft', '-f', '-', text=nft)
            return snapshot(saves, ruleset.ipset)

    def compare(self, ruleset, without=(), flows=None):
        """Compare verdicts with what the kernel does.

        A verdict with a caveat is about a client that sends little and was not seen before: where the kernel says
        otherwise, it is asked again, in new namespaces, for that flow alone.

        :returns: dict: ``wrong`` (list of str), ``undecided`` ({reason: count}), ``flows``, ``allowed`` (by the
            kernel), ``seconds`` spent on verdicts.
        """
        taken = self.load(ruleset, without)
        flows, leads_away = flows or self.flows(ruleset), getattr(ruleset, 'leads_away', False)
        started = time.perf_counter()
        evaluator = _evaluator.Evaluator(load.load(taken), taken['net'])
        verdicts = {flow: self.verdict(evaluator, flow) for flow in flows}
        seconds = time.perf_counter() - started
        answers = self._prober.probe(flows)
        for patience in (3, 8):         # a busy machine may lose a race, not three
            late = [flow for flow in flows if verdicts[flow][0] == 'allowed' and answers[flow] is None]
            if late:
                answers.update(self._prober.probe(late, patience))
        wrong, undecided = [], {}
        for flow in flows:
            word, reason, outcome = verdicts[flow]
            if word == 'undecided':
                assert not reason.startswith(_evaluator.DEFECT), reason
                undecided[reason] = undecided.get(reason, 0) + 1
            elif word == 'allowed' and answers[flow] is None and leads_away and not is_served(outcome, flow):
                continue
            elif (word == 'allowed') != (answers[flow] is not None):
                wrong.append(
                    (
                        flow,
                        '%s: %s by %s, in truth %s'
                        % (tuple(flow), word, outcome.decided_by, answers[flow] or 'blocked'),
                    )
                )
            elif word == 'allowed':
                places = self.places(outcome, flow)
                if answers[flow].split()[1:] not in places:
                    wrong.append((flow, '%s: delivered to %s, in truth %s' % (tuple(flow), places, answers[flow])))
        allowed = sum(answer is not None for answer in answers.values())
        if len(flows) > 1:
            wrong = self._confirmed(ruleset, without, wrong, verdicts)
        return {'wrong': wrong, 'undecided': undecided, 'flows': len(flows), 'seconds': seconds, 'allowed': allowed}

    def _confirmed(self, ruleset, without, wrong, verdicts):
        """What of a list of (flow, text) is wrong of a client that sends nothing else, too."""
        result, asked, artefacts = [], 0, 0
        for flow, text in wrong:
            if verdicts[flow][2].caveats and artefacts < ASKED:
                asked += 1
                if not self.compare(ruleset, without, [flow])['wrong']:
                    artefacts += 1
                    continue
            elif verdicts[flow][2].caveats and asked == artefacts:
                continue                    # so many others of the kind were right
            result.append((flow, text))
        return result

    def smallest(self, ruleset, flow):
        """A ruleset of as few rules as still are judged wrongly for a flow: (text for nft, {program: text})."""
        without = set()
        for key in ruleset.rules()[::-1]:
            try:
                if self.compare(ruleset, without | {key}, [flow])['wrong']:
                    without.add(key)
            except RuntimeError:
                pass                    # it does not load without that rule
        return ruleset.texts(without)


class OutwardJudge(Judge):
    """The same, for what the host sends to servers."""

    _prober_of = probes.OutwardProber

    @staticmethod
    def flows(ruleset):
        return probes.outward_flows(random.Random('outward %s' % ruleset.seed), OUTWARD)

    @staticmethod
    def verdict(evaluator, flow):
        outcome = evaluator.ask_outward(flow.family, flow.protocol, flow.interface, flow.source, flow.port)
        return _word(outcome.real(evaluator.crowds[flow.family]), flow.address)

    @staticmethod
    def places(outcome, flow):
        return [[flow.address, str(flow.port)]]


def snapshot(saves, ipset=''):
    """Snapshot of the host, in whose namespace this runs."""
    taken = {
        'nft': network.run('nft', '-j', 'list', 'ruleset'),
        'saves': {},
        'ipset': network.run('ipset', 'save') if ipset else None,
        'net': network.net(),
        'devices': raw_rules.devices(),
        'unshown': raw_rules.unshown(),
        'errors': [],
    }
    for program in saves:
        family = 'ip6' if program.startswith('ip6') else 'ip'
        taken['saves']['%s/%s' % (family, program.rpartition('-')[2])] = network.run(program + '-save')
    return load.parsed(taken)


def destinations(outcome, flow):
    """list of [address, port]: where the flow can be delivered."""
    source = iv.number(flow.source)
    return [
        [iv.address(address, flow.family), str(port)]
        for spans, address, port in outcome.destinations
        if iv.contains(spans, source)
    ]


def is_served(outcome, flow):
    """Return whether a server of the test network is wherever the flow can be delivered."""
    places = {address.partition('/')[0] for addresses in network.HOST.values() for address in addresses}
    places |= set(network.CONTAINER.values())
    ports = set(map(str, probes.PORTS))
    return all(address in places and port in ports for address, port in destinations(outcome, flow))


def verdict(evaluator, flow):
    """(word, reason, outcome) of a flow."""
    outcome = evaluator.decide(flow.family, flow.protocol, flow.interface, flow.address, flow.port)
    return _word(outcome, flow.source)


def _word(outcome, address):
    """(word, reason, outcome) of who has this address."""
    number = iv.number(address)
    if iv.contains(outcome.allowed, number):
        return 'allowed', None, outcome
    if iv.contains(outcome.blocked, number):
        return 'blocked', None, outcome
    for spans, reason in outcome.undecided:
        if iv.contains(spans, number):
            return 'undecided', reason, outcome
    raise AssertionError('%s is in none of the sets of an outcome' % address)
