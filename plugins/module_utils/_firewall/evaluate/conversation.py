# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packets of a conversation between a server and all its clients, through all hooks. Private, may change.

Sources: nf_conntrack_core.c, nf_conntrack_proto_tcp.c (the table of states: what is picked up in the middle).
"""

from ..._addresses import intervals as iv
from ..ruleset.model import BIG_AT, NOWHERE, UNKNOWN, Bits
from . import hooks, packet
from .reasons import most, said
from .walk import PORTS, Result

ORDER = 'which of the chains of equal priority in different tables runs first is not known'
DEVICE = 'this version of nft does not tell which device a chain of the hook ingress is for'
_NONE = Bits(0, 0)
_LATER = Bits(packet.ACK, packet.PSH | packet.ECN)
# the packets: (name, whether it goes to the client, flags of TCP)
_TALK = [('first', False, Bits(packet.SYN, packet.ECN)), ('reply', True, Bits(packet.SYN | packet.ACK, packet.ECN)),
         ('established', False, _LATER), ('reply', True, _LATER)]
_EXCHANGE = [('first', False, _NONE), ('reply', True, _NONE)]
USUAL = ((32768, 65535),)       # ports that programs get when they do not ask for one (Linux, BSD, Windows)
CONNECTED = ('tcp', 'sctp', 'dccp')


class Conversation:
    """One decision.

    :param host: Host.
    :param walker: Walker.
    """

    def __init__(self, host, walker, family, protocol, interface):
        self._host, self._walker, self._family, self._protocol, self._interface = host, walker, family, protocol, interface
        self._notes, self._late = Result(), []
        self._dropped, self._accepted, self._translated = [], [], []
        self._passed, self._ends = iv.EMPTY, []
        self._leg = self._reply = self._flags = None

    def run(self, address, port, kind=None):
        """Takes all clients through all packets; of ICMPv6, through the one of this type."""
        if self._interface != 'lo' and self._host.bridged(self._interface):
            self._unclear(self._walker.universe, 'tables of the family bridge are not judged')
        packets = _TALK if self._protocol in CONNECTED else _EXCHANGE
        branches = [(packet.State(address, port, address, port, 0, 0, 'none', 'none', False, False, False, PORTS), self._walker.universe)]
        for leg, reply, flags in packets if kind is None else [('first', False, kind)]:
            self._leg, self._reply, self._flags = leg, reply, flags
            branches = [(state if state.mark == 0 and state.track == 'none' else state._replace(mark=0, track='none'), spans) for state, spans in branches]
            branches = self._answer(branches) if reply else self._arrive(branches)
            branches = self._remember(branches)
        self._ends = branches
        self._passed = iv.united([spans for dummy, spans in branches])

    # what happens to branches

    def _drop(self, spans, by, client=PORTS):
        self._dropped.append((self._leg, spans, by, client))

    def _unclear(self, spans, reason):
        """These may be stopped here, or go on."""
        self._notes.note(self._notes.doubts, spans, (None, reason))
        self._drop(spans, None)

    @staticmethod
    def _joined(branches):
        if len(branches) < 2:
            return branches
        states = {}
        for state, spans in branches:
            states.setdefault(state, []).append(spans)
        return [(state, iv.united(some)) for state, some in states.items()]

    # the ways of packets

    def _arrive(self, branches):
        """From a client: to a program of the host, or through the host."""
        came = self._interface, NOWHERE
        if self._interface == 'lo':             # what the host sends itself leaves it first
            branches = self._hook('output', (NOWHERE, 'lo'), branches)
            branches = self._hook('postrouting', (UNKNOWN, 'lo'), branches)
        for hook in ('ingress', 'prerouting'):
            branches = self._hook(hook, came, branches)
        result, through = [], {}
        for state, spans in branches:
            if self._leg == 'first' or state.track == 'established' or not (state.dnat or state.snat):
                where = self._ways(state.address, spans)
            else:
                self._unclear(spans, 'a packet of a translated connection that is not tracked')
                where = self._ways(state.address, spans)
            for way in where:
                if way == 'local':
                    result.append((state, spans))
                else:
                    through.setdefault(way, []).append((state, spans))
        result = self._hook('input', came, result)
        for way, found in through.items():
            onward = self._hook('forward', (self._interface, way), found)
            result += self._hook('postrouting', (UNKNOWN, way), onward)
        return self._joined(result)

    def _ways(self, address, spans):
        """list: ``local``, or names of interfaces (UNKNOWN for one that is not known); empty: packets end here."""
        net = self._host.net
        if address is None:
            self._unclear(spans, 'where it is translated to is not known')
            return ['local']
        if self._interface != 'lo':
            if self._family == 4 and address >> 24 == 127 and self._interface not in self._host.localnet:
                self._drop(spans, 'no packets to 127.0.0.0/8 from %s (net.ipv4.conf.%s.route_localnet)' % ((self._interface,) * 2))
                return []
            if self._family == 6 and address == 1:
                self._unclear(spans, 'packets to ::1 from another device')
                return ['local']
        if net.is_local(self._family, address) or net.kind(self._family, address) != 'unicast':
            return ['local']
        forwarding = self._host.forwarding.get('ipv%d' % self._family)
        if forwarding is False:
            self._drop(spans, 'forwarding is off')
            return []
        if forwarding is None:
            self._unclear(spans, 'whether forwarding is on is not known')
        ways = net.outward(self._family, address)
        if not ways:
            self._drop(spans, 'no route to %s' % iv.address(address, self._family))
        return [UNKNOWN if way is None else way for way in ways]

    def _answer(self, branches):
        """To the client: from a program of the host, or through the host."""
        back = self._host.answers(self._family, self._interface)
        result = []
        for state, spans in branches:
            net = self._host.net
            address = state.address
            if address is None or net.is_local(self._family, address) or net.kind(self._family, address) != 'unicast':
                found = self._hook('output', (NOWHERE, back), [(state, spans)])
                found = self._hook('postrouting', (UNKNOWN, back), found)
                if self._interface == 'lo':
                    found = self._hook('input', ('lo', NOWHERE), self._hook('prerouting', ('lo', NOWHERE), found))
                result += found
                continue
            for name in net.outward(self._family, address):
                way = UNKNOWN if name is None else name
                found = [(state, spans)]
                for hook in ('ingress', 'prerouting'):
                    found = self._hook(hook, (way, NOWHERE), found)
                found = self._hook('forward', (way, back), found)
                result += self._hook('postrouting', (UNKNOWN, back), found)
        return self._joined(result)

    # hooks

    def _hook(self, hook, way, branches):
        if not branches:
            return branches
        for group in self._host.plan(self._family, hook, way[0]):
            if len(group) == 1:         # nothing interferes
                branches = self._order(group[0], hook, way, branches)
                continue
            orders = [order for order in group if order is not None]
            if None in group:
                for dummy, spans in branches:
                    self._unclear(spans, ORDER)
            results = []
            for order in orders:
                results += self._order(order, hook, way, branches)
            if len(orders) > 1:
                self._late += [(spans, (None, DEVICE if hook == 'ingress' else ORDER)) for dummy, spans in branches]
            branches = self._joined(results)
        return branches

    def _order(self, steps, hook, way, branches):
        translated = False
        for step in steps:
            branches = self._step(step, hook, way, branches, translated)
            translated = translated or step.kind == 'nat'
        return branches

    def _step(self, step, hook, way, branches, translated):
        if step.kind == 'conntrack':
            return [(after, spans) for state, spans in branches for after in self._track(state, spans)]
        if step.kind == 'nat' and self._interface == 'lo' and hook == 'prerouting':
            return branches                     # it was decided on the way out
        after = step.priority > hooks.NAT_AT.get(hook, 0) or translated and step.priority == hooks.NAT_AT.get(hook, 0)
        early = hook == 'ingress' or hook in ('prerouting', 'output') and not after
        late = hook in ('input', 'postrouting') and after
        view = self._host.view(self._family, self._protocol, hook, self._reply, way, early, late, self._flags)
        if step.kind == 'chain':
            return self._chain(step.chains[0], view, branches)
        result = [branch for branch in branches if branch[0].track != 'new']
        new = [branch for branch in branches if branch[0].track == 'new']
        orders = self._host.nat_orders(step)
        if None in orders:
            orders = orders[:-1]
            for dummy, spans in new:
                self._unclear(spans, ORDER)
        for chains in orders:
            found = new
            for chain in chains:
                done = [branch for branch in found if branch[0].done]
                found = done + self._chain(chain, view, [branch for branch in found if not branch[0].done])
            result += [(state._replace(done=False) if state.done else state, spans) for state, spans in found]
        if len(orders) > 1:
            self._late += [(spans, (None, ORDER)) for dummy, spans in new]
        return self._joined(result)

    def _chain(self, chain, view, branches):
        result = {}
        for state, spans in branches:
            found = self._walker.walk(view, chain, state)
            self._walker.steps -= len(found.ends)
            self._notes.include(found, spans)
            for (kind, after, rule), ending in found.ends.items():
                there = iv.isect(ending, spans)
                if not there:
                    continue
                verdict, by = (chain.policy, chain) if kind == 'return' else (kind, rule)
                if verdict != 'accept':
                    self._drop(there, by, after.client)
                    continue
                result.setdefault(after, []).append(there)
                if self._leg == 'first' and view.hook in ('input', 'forward'):
                    self._accepted.append((there, by))
                if after.done and view.hook == 'prerouting':
                    self._translated.append((there, by, (after.address, after.port)))
        return [(after, iv.united(some)) for after, some in result.items()]

    # connection tracking

    def _track(self, state, spans):
        """list of State: what it can be after connection tracking has seen the packet."""
        if state.track != 'none':
            return [state]
        if self._protocol == 'icmpv6':           # neighbour discovery has no connections
            return [state._replace(track='untracked')]
        before, leg = state.connection, self._leg
        if leg == 'first':
            track = 'new'
        elif before == 'new':
            track = 'established'
        elif before == 'untracked' and self._reply:
            # the answer is the first packet seen: fine for UDP, not for an answer of TCP or SCTP
            if self._flags is _LATER or self._protocol == 'dccp':
                # picked up in the middle, unless net.netfilter.nf_conntrack_tcp_loose is off
                return [state._replace(track='new', ctmark=0), state._replace(track='invalid')]
            track = 'invalid' if self._protocol in CONNECTED else 'new'
        elif before == 'half':
            # the kernel has seen no answer to the first packet: a further one of TCP is out of place
            if self._reply:
                return [state._replace(track='established'), state._replace(track='invalid')]
            track = 'invalid'
        else:
            track = 'new'
            self._unclear(spans, 'a connection that is tracked from the middle on')
        return [state._replace(track=track, ctmark=0 if track == 'new' else state.ctmark)]

    def _remember(self, branches):
        result = []
        for state, spans in branches:
            connection = state.connection
            if self._leg == 'first':
                connection = 'new' if state.track == 'new' else 'untracked'
            elif (state.dnat or state.snat) and self._reply and state.track != 'established':
                # it comes from an address that the client never asked, or goes to one that is not the client's
                self._drop(spans, 'an answer that is not tracked is not translated back', state.client)
                continue
            elif state.connection == 'new' and state.track == 'untracked':
                connection = 'half'
            result.append((state if connection == state.connection else state._replace(connection=connection), spans))
        return result

    # the outcome

    def conclude(self, outcome, everyone):
        """Writes what became of the clients into an ``_evaluate.Outcome``."""
        stopped = iv.united([spans for dummy, spans, dummy2, client in self._dropped if client is PORTS or iv.isect(client, USUAL)])
        passed = iv.united([spans for state, spans in self._ends if state.client is PORTS or iv.isect(state.client, USUAL)])
        outcome.blocked = iv.minus(everyone, self._passed)
        if passed == self._passed and iv.isect(stopped, everyone) == outcome.blocked:       # the usual case: nobody does both
            outcome.allowed, open_ = iv.isect(passed, everyone), iv.EMPTY
        else:
            outcome.allowed = iv.isect(iv.minus(passed, stopped), everyone)
            open_ = iv.minus(iv.minus(everyone, outcome.allowed), outcome.blocked)
        for spans, reason in self._notes.doubts + self._late:
            there = iv.isect(spans, open_)
            if there:
                outcome.undecided.append((there, said(reason)))
                open_ = iv.minus(open_, there)
        if open_:
            outcome.undecided.append((open_, 'depends on the port that a client uses'))
        outcome.destinations = [(iv.isect(spans, everyone), state.address, state.port) for state, spans in self._ends]
        self._caveats(outcome, everyone, stopped)
        self._decided(outcome, everyone)

    def _caveats(self, outcome, everyone, stopped):
        for there, reason in self._notes.caveats:
            if iv.isect(there, everyone):
                outcome.caveats.append(said(reason))
        for index, name in enumerate(self._walker.big):
            member = BIG_AT + 2 * index
            passes, stops = iv.contains(self._passed, member), iv.contains(stopped, member)
            word = 'undecided' if passes and stops else 'allowed' if passes else 'blocked'
            if {'allowed': outcome.allowed, 'blocked': outcome.blocked}.get(word) != everyone:
                outcome.caveats.append('all but %s: its addresses are %s' % (name, word))

    def _decided(self, outcome, everyone):
        outcome.dropped = [(spans, (leg, by)) for leg, spans, by, dummy in self._dropped if by is not None]
        outcome.accepted = self._accepted
        spans, about = most([(spans, (by, target)) for spans, by, target in self._translated], everyone) if self._translated else (iv.EMPTY, None)
        by, (address, port) = about or (None, (None, None))
        if spans:
            outcome.translated_by = said(by, spans)
            outcome.delivered = None if address is None else (iv.address(address, self._family), port)
