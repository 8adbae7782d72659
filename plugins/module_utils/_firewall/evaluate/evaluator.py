# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach a port through the host's firewall. Private to this collection, may change.

The first packet of every client at once is taken through ingress, prerouting, and input or forward; then the answer,
and for protocols with connections a further packet and answer: data flows only where all of them come through.
What netfilter lets through is judged, nothing else: not reverse path filters, missing routes back, or what an
application does.
"""

import bisect

from ..._addresses import intervals as iv, networks
from ..ruleset.model import BIG_AT
from .conversation import Conversation
from .host import Host
from .reasons import most, most_accepted, said
from .walk import BudgetError, Walker

BUDGET = 400000         # steps of one decision
REMEMBERED = 20000      # results of chains kept between decisions
DEFECT = 'the rules are not understood: '
_SOLICITED = iv.number('ff02::1:ff00:1')
_NEAR = networks.sets(networks.LINK)[6]         # where neighbours ask from


class Outcome:
    """What becomes of the clients of one port. The three sets part all addresses of the family.

    :ivar allowed: spans of the sources that are surely let in and answered; blocked: that surely are not.
    :ivar undecided: list of (spans, reason).
    :ivar allowed_by: str or None, the rule or policy that lets in most of those that are allowed.
    :ivar blocked_by: str or None, the rule or policy that stops most of those that are blocked.
    :ivar decided_by: that of these two which is about more addresses.
    :ivar caveats: list of str.
    :ivar delivered: (address, port) after translation, or None.
    :ivar destinations: list of (spans, address as a number, port) of the sources that are let in; None: not known.
    :ivar translated_by: str or None, the rule that translates.
    :ivar leg: None, or which packet of a conversation is stopped: ``first``, ``established`` or ``reply``.
    """

    def __init__(self):
        self.allowed = self.blocked = iv.EMPTY
        self.undecided, self.caveats, self.destinations = [], [], []
        self.delivered = self.translated_by = None
        self.accepted, self.dropped = [], []    # (spans, rule) and (spans, (leg, rule)): of whom, and why; sorted out when asked for
        self._known = {}

    def _most(self, name):
        if name not in self._known:
            self._known[name] = most_accepted(self.accepted, self.allowed) if name == 'accepted' else most(self.dropped, self.blocked)
        return self._known[name]

    @property
    def allowed_by(self):
        spans, by = self._most('accepted')
        return said(by, spans) if spans else None

    @property
    def blocked_by(self):
        spans, about = self._most('dropped')
        return said(about[1], spans) if spans else None

    @property
    def leg(self):
        spans, about = self._most('dropped')
        return about[0] if spans else None

    @property
    def decided_by(self):
        return self.blocked_by if iv.size(self.blocked) > iv.size(self.allowed) else self.allowed_by


class Evaluator:
    """Decides about ports, one after the other; what they have in common is worked out once.

    :param ruleset: Ruleset, see ``load.load``.
    :param net: dict, ``net`` of the snapshot.
    :param budget: int, steps for each decision; a step is about one rule looked at.
    """

    def __init__(self, ruleset, net, budget=BUDGET):
        self._ruleset, self._budget = ruleset, budget
        self._host = Host(ruleset.bases, net or {})
        self._outcomes, self._neighbours = {}, {}
        self._ports = sorted({0} | self._host.ports)

    def decide(self, family, protocol, interface, address, port):
        """Outcome for packets to an address and port that come in at an interface.

        :param family: int, 4 or 6.
        :param protocol: str, ``tcp``, ``udp``, ``sctp``, ``dccp`` or ``udplite``.
        :param address: str.
        """
        # ports that no rule tells from each other have the same outcome
        place = bisect.bisect_right(self._ports, port)
        alike = self._ports[place - 1] if place else 0
        key = family, protocol, interface, address, alike
        if key not in self._outcomes:
            self._host.forget(REMEMBERED)
            self._outcomes[key] = self._decide(family, protocol, interface, iv.number(address), alike)
        found = self._outcomes[key]
        if alike != port and any(there == alike for dummy, dummy2, there in found.destinations):
            other = Outcome()
            target, there = found.delivered or (None, None)
            other.__dict__.update(found.__dict__, delivered=found.delivered and (target, port if there == alike else there), destinations=[
                (spans, target, port if there == alike else there) for spans, target, there in found.destinations])
            return other
        return found

    def _decide(self, family, protocol, interface, address, port):
        everyone = iv.full(family)
        outcome = self._judged(family, protocol, interface, address, port)
        if family == 6 and interface != 'lo' and iv.minus(everyone, outcome.blocked):
            stopped = self.neighbours(interface)
            if stopped:
                outcome.caveats.append('neighbours on %s cannot find the host: %s' % (interface, stopped))
        return outcome

    def neighbours(self, interface):
        """str or None: the rule that stops neighbour discovery, without which IPv6 dies (RFC 4861: types 135 and 136)."""
        if interface not in self._neighbours:
            self._neighbours[interface] = None
            for kind in (135, 136):
                outcome = self._judged(6, 'icmpv6', interface, _SOLICITED, 0, kind)
                if outcome.blocked and iv.isect(outcome.blocked, _NEAR) == _NEAR:
                    self._neighbours[interface] = outcome.decided_by or 'the firewall'
        return self._neighbours[interface]

    def _judged(self, family, protocol, interface, address, port, kind=None):
        outcome = Outcome()
        everyone = iv.full(family)
        if self._ruleset.doubts:
            outcome.undecided = [(everyone, self._ruleset.doubts[0])]
            return outcome
        universe = everyone + tuple((BIG_AT + 2 * index,) * 2 for index in range(len(self._ruleset.big)))
        talk = Conversation(self._host, Walker(universe, self._budget, self._ruleset.big), family, protocol, interface)
        try:
            talk.run(address, port, kind)
            talk.conclude(outcome, everyone)
            return outcome
        except BudgetError as error:
            reason = str(error)
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            reason = '%s%s: %s' % (DEFECT, type(error).__name__, str(error)[:100])      # not what nft or iptables print
        outcome = Outcome()
        outcome.undecided = [(everyone, reason)]
        return outcome
