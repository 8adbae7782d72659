# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the clients of one port, and which rule decided it."""

from ..._addresses import intervals as iv
from .reasons import most, most_accepted, worded
from .result import Result
from .walk import PORTS

USUAL = ((32768, 65535),)       # ports that programs get when they do not ask for one (Linux, BSD, Windows)


class Outcome:
    """What becomes of the clients of one port. The three sets part all addresses of the family.

    They are told sets, or addresses (``real``).

    :ivar allowed: spans of the sources that are surely let in and answered; blocked: that surely are not.
    :ivar undecided: list of (spans, reason).
    :ivar caveats: list of str.
    :ivar delivered: (address, port) after translation, or None.
    :ivar destinations: list of (spans, address as a number, port) of the sources that are let in; None: not known.
    :ivar translated_by: str or None, the rule that translates.
    :ivar accepted: list of (spans, Rule or Chain): who is let in, and why.
    :ivar dropped: list of (spans, (leg, Rule, Chain or str)): who is stopped, and why.
    """

    def __init__(self):
        self.allowed = self.blocked = iv.EMPTY
        self.undecided, self.caveats, self.destinations = [], [], []
        self.delivered = self.translated_by = None
        self.accepted, self.dropped = [], []    # sorted out when asked for
        self._known, self._told = {}, self

    @property
    def allowed_by(self):
        """str or None: the rule or policy that lets in most of those that are allowed."""
        spans, decider = self._most('accepted')
        return worded(decider, spans) if spans else None

    @property
    def blocked_by(self):
        """str or None: the rule or policy that stops most of those that are blocked."""
        spans, stop = self._most('dropped')
        return worded(stop[1], spans) if spans else None

    @property
    def leg(self):
        """None, or which packet of a conversation is stopped: ``first``, ``established`` or ``reply``."""
        spans, stop = self._most('dropped')
        return stop[0] if spans else None

    @property
    def decided_by(self):
        """str or None: that of ``blocked_by`` and ``allowed_by`` which is about more addresses."""
        return self.blocked_by if iv.size(self.blocked) > iv.size(self.allowed) else self.allowed_by

    def real(self, crowds):
        """The same outcome, with all sets of addresses as they are meant.

        :param crowds: Crowds.
        """
        if not crowds:
            return self
        other = Outcome()
        other.__dict__.update(
            self.__dict__, allowed=crowds.real(self.allowed), blocked=crowds.real(self.blocked),
            undecided=[(spans, reason) for spans, reason in [
                (crowds.real(told), reason) for told, reason in self.undecided] if spans],
            destinations=[(crowds.real(told), address, port) for told, address, port in self.destinations])
        return other

    def _most(self, name):
        if self._told is not self:
            return self._told._most(name)
        if name not in self._known:
            self._known[name] = most_accepted(self.accepted, self.allowed) if name == 'accepted' else \
                most(self.dropped, self.blocked)
        return self._known[name]

    def at_port(self, port, instead):
        """The same outcome of another port that no rule tells from the one that was asked for."""
        if all(number != port for dummy, dummy2, number in self.destinations):
            return self
        other = Outcome()
        other.__dict__.update(self.__dict__, destinations=[
            (spans, address, instead if number == port else number) for spans, address, number in self.destinations])
        if self.delivered:
            address, number = self.delivered
            other.delivered = address, instead if number == port else number
        return other


class Traces:
    """What happened to the clients on their way through all hooks.

    :ivar notes: Result, the doubts and caveats of chains.
    :ivar late_doubts: list of (spans, reason), those that explain less than all of ``notes``.
    :ivar dropped: list of (leg, spans, Rule, Chain, str or None, ports of these clients, whether they send much).
    :ivar accepted: list of (spans, Rule or Chain); translated: list of (spans, Rule, (address, port)).
    :ivar ends: list of (State, spans), of those who came through.
    """

    def __init__(self):
        self.notes, self.late_doubts = Result(), []
        self.dropped, self.accepted, self.translated, self.ends = [], [], [], []


def conclude(traces, everyone, family):
    """Make an Outcome of what happened to the clients.

    Those who came through and were never stopped are allowed, those who never came through are blocked. Of all others
    it is not known; the first reason that was noted about them says why. What stops only clients that send much is a
    caveat of those who are allowed; what lets in only such clients leaves nobody blocked.

    :param traces: Traces, of a conversation.
    :param everyone: set of all addresses.
    """
    outcome = Outcome()
    stopped = iv.united([
        spans for dummy, spans, dummy2, ports, busy in traces.dropped if not busy and _is_usual(ports)])
    usual = iv.united([spans for state, spans in traces.ends if not state.busy and _is_usual(state.client)])
    passed = iv.united([spans for dummy, spans in traces.ends])
    outcome.blocked = iv.minus(everyone, passed)
    if usual == passed and iv.isect(stopped, everyone) == outcome.blocked:      # the usual case: nobody does both
        outcome.allowed, unsure = iv.isect(usual, everyone), iv.EMPTY
    else:
        outcome.allowed = iv.isect(iv.minus(usual, stopped), everyone)
        unsure = iv.minus(iv.minus(everyone, outcome.allowed), outcome.blocked)
    traffic = [(spans, (rule, 'depends on the traffic (%s)' % caveat.partition(',')[0]))
               for spans, (rule, caveat) in traces.notes.caveats]
    for spans, reason in traces.notes.doubts + traces.late_doubts + traffic:
        doubted = iv.isect(spans, unsure)
        if doubted:
            outcome.undecided.append((doubted, worded(reason)))
            unsure = iv.minus(unsure, doubted)
    if unsure:
        outcome.undecided.append((unsure, 'depends on the port that a client uses'))
    outcome.destinations = [(iv.isect(spans, everyone), state.address, state.port) for state, spans in traces.ends]
    outcome.caveats = [worded(reason) for spans, reason in traces.notes.caveats if iv.isect(spans, everyone)]
    outcome.dropped = [(spans, (leg, decider)) for leg, spans, decider, dummy, dummy2 in traces.dropped
                       if decider is not None]
    outcome.accepted = traces.accepted
    _note_translation(outcome, traces.translated, everyone, family)
    return outcome


def _is_usual(ports):
    return ports is PORTS or bool(iv.isect(ports, USUAL))


def _note_translation(outcome, translated, everyone, family):
    """Note the translation of most clients."""
    if not translated:
        return
    spans, most_of = most([(spans, (rule, target)) for spans, rule, target in translated], everyone)
    if spans:
        rule, (address, port) = most_of
        outcome.translated_by = worded(rule, spans)
        outcome.delivered = None if address is None else (iv.address(address, family), port)
