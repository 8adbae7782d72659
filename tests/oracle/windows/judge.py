# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what the evaluator says of a host with what happens in worlds that fit what was observed of it."""

import dataclasses
import random

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.plugin_utils._windows import decide, rules

from windows import chance
from windows.simulation import World


@dataclasses.dataclass
class Verdict:
    """What came out for one host.

    :ivar worlds: how many were tried. :ivar wrong: what did not fit, in words. :ivar clients: how many are decided.
    :ivar undecided: how many are not. :ivar both: of these, those that got in in one world and not in another.
    """

    worlds: int = 0
    wrong: list = dataclasses.field(default_factory=list)
    allowed: int = 0
    blocked: int = 0
    undecided: int = 0
    both: int = 0


def outcome(host):
    """What the code under test says, after it was asked other questions whose answers it remembers."""
    parsed = [each for each in (rules.parse(*text) for text in host.texts) if each]
    firewall = decide.Firewall(parsed, host.machine)
    for question in host.others:
        firewall.answer(*question)
    return firewall.answer(host.holder, host.arrival)


def judge(seed, worlds):
    """Compare the host of a seed in so many worlds."""
    return compare(seed, chance.host(seed), worlds)


def compare(seed, host, worlds):
    """Compare a host in so many worlds, which the seed chooses."""
    verdict = Verdict()
    said = outcome(host)
    unsure = iv.united([spans for spans, dummy in said.undecided])
    if iv.isect(said.allowed, unsure) or not all(reason for dummy, reason in said.undecided):
        verdict.wrong.append('seed %d: what is undecided is allowed too, or has no reason' % seed)
    clients = chance.CLIENTS[host.arrival.family]
    allowed = {client for client in clients if iv.contains(said.allowed, client)}
    maybe = allowed | {client for client in clients if iv.contains(unsure, client)}
    seen = []
    for number in range(worlds):
        real = World(host, random.Random('%d %d' % (seed, number))).passing()
        seen.append(real)
        if allowed - real or real - maybe:
            verdict.wrong.append('seed %d, world %d: allowed %s, blocked %s; of these are wrong %s\n%s\n%s' % (
                seed, number, sorted(allowed), sorted(set(clients) - maybe), sorted((allowed - real) | (real - maybe)),
                '\n'.join(map(str, host.texts)), (host.holder, host.arrival, host.machine)))
    verdict.worlds, verdict.allowed, verdict.undecided = worlds, len(allowed), len(maybe - allowed)
    verdict.blocked = len(clients) - len(maybe)
    verdict.both = sum(1 for client in maybe - allowed if len({client in real for real in seen}) > 1)
    return verdict
