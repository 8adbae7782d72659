# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides who can reach a port through the host's firewall.

How it thinks
=============

**Sets of clients are carried, not packets.** A decision is about one destination (family, protocol, interface, address
and port), and all clients at once: their source addresses are a set of spans (``_addresses.intervals``). Whatever else
a packet is, is a ``packet.State``. A *branch* is a state and the set of the clients whose packet is in that state; a
rule that looks at the source address parts a branch in two. Of very long sets a few numbers are carried (``crowds``).

**May and must.** What a rule asks is answered by two sets: those that *may* pass, and those that *surely* do. Between
them lies what cannot be known from a snapshot: the client's port, a choice at random, what depends on the traffic, the
device of a route that has several. Clients that may pass, but not surely, go *both* ways, as two branches. So the way
that the kernel takes is always among the branches, and a client whose branches all end alike is decided.

**Legs of a conversation.** A port is reached if data flows. The first packet of each client goes through ingress,
prerouting, and input or forward; then the answer through output, or back through the host; of protocols with
connections (TCP, SCTP, DCCP) a further packet and answer follow, since a ruleset may let in the first packet alone.
What connection tracking knows of the packets before is in the state (``tracking``).

**Sure or not.** At the end, those of whom some branch came through all legs have *passed*; those of whom some branch
ended at a drop were *stopped*. Passed and never stopped: allowed. Never passed: blocked. Both: undecided. The three
sets part all addresses of the family (``outcome.conclude``).

**Reasons.** Every time that branches part without knowledge, a doubt is noted: the clients, the rule and a reason. An
undecided client has the first doubt that was noted of it. What cannot make a difference is never a doubt of the
outcome: a client whose branches all end alike is decided, however much was doubted on the way. A *caveat* is what
was assumed instead: a client that sends little.

**Nothing is guessed.** An operation that is not understood is ``operations.Undecided``: accepted, dropped and passed
over. A ruleset that could not be read in full decides nothing at all (``Ruleset.doubts``), nor does a decision that
takes more steps than its budget, or that meets what no tool prints (``DEFECT``).

**Orders.** The kernel runs the chains of a hook by priority, and those of equal priority by the order in which they
were made, which no tool shows. Chains that interfere, as one changes what the other reads, are walked in all orders
(``hooks``).

**Each chain once.** A chain is walked for all clients, whoever gets to it, once per state and view, and remembered;
each jump to it takes its own clients' part of the result (``walk``). Rules that cannot concern a port are not visited
(``index``).

What netfilter lets through is judged, nothing else: not reverse path filters, missing routes back, or what an
application does. Random rulesets are compared with what the kernel does, see ``tests/oracle/firewall``.
"""

import bisect

from ..._addresses import intervals as iv, networks
from . import crowds
from .conversation import Conversation
from .host import Host
from .outcome import Outcome, conclude
from .result import BudgetError
from .walk import Walker

BUDGET = 400000         # steps of one decision
REMEMBERED = 20000      # results of chains kept between decisions
DEFECT = 'the rules could not be parsed: they are not as nft and iptables print them'
_SOLICITED = iv.number('ff02::1:ff00:1')
_NEAR = networks.sets(networks.LINK)[6]         # where neighbours ask from


class Evaluator:
    """Decides about ports, one after the other; what they have in common is worked out once.

    :param ruleset: Ruleset, see ``load.load``.
    :param net: dict, ``net`` of the snapshot.
    :param budget: int, steps for each decision; a step is about one rule that is visited.
    :ivar crowds: dict, family to Crowds.
    """

    def __init__(self, ruleset, net, budget=BUDGET):
        self._ruleset, self._budget = ruleset, budget
        self._host = Host(ruleset.bases, net or {})
        self._outcomes, self._neighbours, self._unfounds = {}, {}, {}
        self.crowds = crowds.of(ruleset, net or {})
        self._ports = sorted({0} | self._host.ports)

    def decide(self, family, protocol, interface, address, port):
        """Decide about packets to an address and port that come in at an interface.

        :param family: int, 4 or 6.
        :param protocol: str, ``tcp``, ``udp``, ``sctp``, ``dccp`` or ``udplite``.
        :param address: str.
        :returns: Outcome.
        """
        return self.ask(family, protocol, interface, address, port).real(self.crowds[family])

    def ask(self, family, protocol, interface, address, port):
        """Decide the same; the sets of the Outcome are told ones, see ``crowds``."""
        # ports that no rule tells from each other have the same outcome
        position = bisect.bisect_right(self._ports, port)
        alike = self._ports[position - 1] if position else 0
        key = family, protocol, interface, address, alike
        if key not in self._outcomes:
            self._host.forget(REMEMBERED)
            self._outcomes[key] = self._decide(family, protocol, interface, iv.number(address), alike)
        outcome = self._outcomes[key]
        return outcome if alike == port else outcome.at_port(alike, port)

    def ask_outward(self, family, protocol, interface, address, port):
        """Decide about packets that a program of this host sends to a port of servers, and about what these answer.

        The sets of the Outcome, told ones, are of the servers.

        :param interface: str, by which packets leave, and answers come back.
        :param address: str, that of the host from which it sends.
        """
        return self._decide(family, protocol, interface, iv.number(address), port, True)

    def _decide(self, family, protocol, interface, address, port, sends=False):
        everyone = self.crowds[family].everyone
        outcome = self._judged(family, protocol, interface, address, port, sends=sends)
        if family == 6 and interface != 'lo' and iv.minus(everyone, outcome.blocked):
            rule = self.neighbours(interface)
            if rule:
                outcome.caveats.append('neighbours on %s cannot find the host: %s' % (interface, rule))
        if family == 4 and outcome.allowed and self._host.stops_arp and interface != 'lo':
            reason = self._unfound(interface)
            if reason:
                outcome.undecided.append((outcome.allowed, reason))
                outcome.allowed = iv.EMPTY
        return outcome

    def _unfound(self, interface):
        """Find why neighbours may not find the host by ARP (RFC 826), without which IPv4 dies.

        Entries that somebody has made by hand are not seen from here: with these, it goes on.

        :returns: str or None.
        """
        if interface not in self._unfounds:
            outcome = self._concluded(0, 'arp', interface, Conversation.find) if self._host.links.has_arp(interface) \
                else None
            if outcome is None or outcome.allowed:
                reason = None
            elif outcome.blocked:
                reason = 'neighbours find the host only by ARP entries made by hand: %s' % (
                    outcome.blocked_by or 'the firewall')
            else:
                reason = 'neighbours may not find the host by ARP: %s' % outcome.undecided[0][1]
            self._unfounds[interface] = reason
        return self._unfounds[interface]

    def neighbours(self, interface):
        """Find the rule that stops neighbour discovery, without which IPv6 dies (RFC 4861: types 135 and 136).

        :returns: str or None.
        """
        if interface not in self._neighbours:
            self._neighbours[interface] = None
            near = self.crowds[6].told(_NEAR)
            for kind in (135, 136):
                outcome = self._judged(6, 'icmpv6', interface, _SOLICITED, 0, kind)
                if outcome.blocked and iv.isect(outcome.blocked, near) == near:
                    self._neighbours[interface] = outcome.decided_by or 'the firewall'
        return self._neighbours[interface]

    def _judged(self, family, protocol, interface, address, port, kind=None, sends=False):
        return self._concluded(
            family, protocol, interface, lambda conversation: conversation.run(address, port, kind), sends)

    def _concluded(self, family, protocol, interface, converse, sends=False):
        """Make an Outcome of a conversation.

        :param family: 4, 6, or 0 for ARP.
        :param converse: callable that has one, with a Conversation.
        :param sends: bool, the host is the client.
        """
        everyone, ruleset = self.crowds[family or 4].everyone, self._ruleset
        if ruleset.doubts:
            return _undecided(everyone, ruleset.doubts[0])
        conversation = Conversation(self._host, Walker(everyone, self._budget), family, protocol, interface, sends)
        try:
            converse(conversation)
            return conclude(conversation.traces, everyone, family)
        except BudgetError as error:
            return _undecided(everyone, str(error))
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
            # not what nft or iptables print
            return _undecided(everyone, DEFECT)


def _undecided(everyone, reason):
    outcome = Outcome()
    outcome.undecided = [(everyone, reason)]
    return outcome
