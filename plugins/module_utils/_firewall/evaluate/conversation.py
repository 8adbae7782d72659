# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes all clients through all hooks, packet by packet. See ``evaluator`` for what is carried, and why."""

from ..._addresses import intervals as iv
from ..ruleset.model import NOWHERE, UNKNOWN, By
from . import hooks, tracking
from .outcome import Traces
from .packet import ZONE, State
from .walk import PORTS

PORT = 'it depends on the device below %s by which packets come and go'
VRF = 'whether answers in a VRF are tracked depends on the kernel'
STRANGE = 'packets pass %s in a form that is not known'
ORDER = 'the order of chains with equal priority in different tables is unknown'
MIDDLE = 'a connection that is tracked only from the middle'
AGAIN = 'who sends again after being stopped gets in, because a rule has noted the first attempt'
DEVICE = 'this version of nft does not show which device an ingress chain is for'
_REQUEST, _REPLY = 1, 2             # operations of ARP (RFC 826)
_EARLY = ('ingress', 'bridge prerouting', 'bridge input')
_LATE = ('egress', 'bridge output', 'bridge postrouting')


class Conversation:
    """One decision.

    A branch is (State, spans): clients to whom the same has happened so far.

    :param host: Host.
    :param walker: Walker.
    :param family: 4 or 6.
    :param protocol: str; interface: str, where the packets of those at the other end come in.
    :param sends: bool, the host is the client, and those at the other end are servers.
    :ivar traces: Traces.
    """

    def __init__(self, host, walker, family, protocol, interface, sends=False):
        self._host, self._walker = host, walker
        self._family, self._protocol, self._interface = family, protocol, interface
        self._packet, self._sends = None, sends
        self._noted, self._again = frozenset(), None
        self._vrf = host.links.vrf(interface)
        self.traces = Traces()

    def run(self, address, port, kind=None):
        """Take all clients through all packets.

        :param address: int.
        :param kind: int or None, the type of ICMPv6 of the only packet.
        """
        if self._interface != 'lo' and self._host.bridged(self._interface):
            self._doubt(self._walker.universe, 'tables of the family bridge are not judged')
        state = State(address, port, address, port, 0, 0, 'none', 'none', False, False, False, PORTS)
        branches = [(state, self._walker.universe)]
        for packet in tracking.packets(self._protocol, kind):
            self._packet = packet
            branches = [(_fresh(state), spans) for state, spans in branches]
            self._noted, self._again = frozenset(self._note(state) for state, dummy in branches), []
            sent = self._take(branches)
            if self._again:
                sent = _joined(sent + self._resend(branches))
            branches = self._remember(sent)
        self.traces.ends = branches

    def _take(self, branches):
        """Take the packet from where it is sent to where it is for."""
        if self._sends:
            return self._enter(branches) if self._packet.reply else self._depart(branches)
        return self._answer(branches) if self._packet.reply else self._arrive(branches)

    def _note(self, state):
        """What rules have noted that a packet which is sent again will meet.

        The mark of a connection is no such thing while it is not confirmed: net/netfilter/nf_conntrack_core.c.
        """
        return state.memory, 0 if self._packet.leg == 'first' else state.ctmark

    def _resend(self, before):
        """Take packets that were stopped once more, as the client or the program sends them again.

        :param before: list of branches, what was before the packet.
        :returns: list of branches, those who come through now; that they were stopped is in the traces.
        """
        stopped, self._again = self._again, None
        branches = []
        for after, ending in stopped:
            memory, ctmark = self._note(after)
            for state, spans in before:
                common = iv.isect(spans, ending)
                if common:
                    branches.append((state._replace(memory=memory, ctmark=ctmark), common))
        branches = _joined(branches)
        branches = self._take(branches)
        self.traces.late_doubts += [(spans, (None, AGAIN)) for dummy, spans in branches]
        return branches

    def find(self):
        """Take packets of ARP between the interface and its neighbours: each asks the other, and answers.

        Of these no chain of a family of IP sees any.
        """
        state = State(None, None, None, None, 0, 0, 'none', 'none', False, False, False, PORTS)
        branches = [(state, self._walker.universe)]
        for ways in ((self._come, self._leave), (self._leave, self._come)):
            for way, operation in zip(ways, (_REQUEST, _REPLY)):
                self._packet = tracking.Packet('first', False, operation)
                if way == self._come:
                    branches = self._hook('arp input', (self._interface, NOWHERE), way(self._interface, branches))
                else:
                    branches = way(self._interface, self._hook('arp output', (NOWHERE, self._interface), branches))
        self.traces.ends = branches

    def _drop(self, spans, decider, client=PORTS, busy=False):
        self.traces.dropped.append((self._packet.leg if self._packet else None, spans, decider, client, busy))

    def _doubt(self, spans, reason, busy=False):
        """Note that these may be stopped, or go on."""
        self.traces.notes.note(self.traces.notes.doubts, spans, (None, reason))
        self._drop(spans, None, busy=busy)

    # the ways of packets

    def _arrive(self, branches):
        """Take a packet of clients to a program of the host, or through the host."""
        came = self._interface, NOWHERE
        if self._interface == 'lo':             # what the host sends itself leaves it first
            branches = self._hook('output', (NOWHERE, 'lo'), branches)
            branches = self._hook('postrouting', (UNKNOWN, 'lo'), branches)
        branches = self._hook('prerouting', came, self._come(self._interface, branches))
        if self._vrf:
            # drivers/net/vrf.c: it becomes a packet of the VRF, goes through the hook again and is that to all others
            came = self._vrf, NOWHERE
            branches = self._hook('prerouting', came, branches, again=True)
        local, forwarded = [], {}
        for state, spans in branches:
            if self._packet.leg != 'first' and state.track != 'established' and (state.dnat or state.snat):
                self._doubt(spans, 'an untracked packet of a translated connection', state.busy)
            for way in self._ways(state.address, spans, state.busy):
                if way == 'local':
                    local.append((state, spans))
                else:
                    forwarded.setdefault(way, []).append((state, spans))
        result = self._hook('input', came, local)
        for way, leading in forwarded.items():
            sent = self._hook('forward', (came[0], way), leading)
            result += self._leave(way, self._hook('postrouting', (UNKNOWN, way), sent))
        return _joined(result)

    def _ways(self, address, spans, busy):
        """Find where packets go: list of ``local``, or names of interfaces, UNKNOWN for one that is not known.

        An empty list: they end here.
        """
        net = self._host.net
        if address is None:
            self._doubt(spans, 'its translated destination is unknown', busy)
            return ['local'] if self._host.forwarding.get('ipv%d' % self._family) is False else ['local', UNKNOWN]
        if self._interface != 'lo':
            if self._family == 4 and address >> 24 == 127 and self._interface not in self._host.localnet:
                self._drop(spans, 'no packets to 127.0.0.0/8 from %s (net.ipv4.conf.%s.route_localnet)' % (
                    self._interface, self._interface), busy=busy)
                return []
            if self._family == 6 and address == 1:
                self._doubt(spans, 'packets to ::1 from another device', busy)
                return ['local']
        if self._is_for_host(address):
            return ['local']
        forwarding = self._host.forwarding.get('ipv%d' % self._family)
        if forwarding is False:
            self._drop(spans, 'forwarding is off', busy=busy)
            return []
        if forwarding is None:
            self._doubt(spans, 'whether forwarding is enabled is unknown', busy)
        ways = net.outward(self._family, address) if self._vrf is None else [None]
        if not ways:
            self._drop(spans, 'no route to %s' % iv.address(address, self._family), busy=busy)
        return [UNKNOWN if way is None else way for way in ways]

    def _is_for_host(self, address):
        net = self._host.net
        return net.is_local(self._family, address) or net.kind(self._family, address) != 'unicast'

    def _answer(self, branches):
        """Take an answer to the clients, from a program of the host, or through the host."""
        back = self._host.answers(self._family, self._interface)
        result = []
        for branch in branches:
            address = branch[0].address
            if address is None or self._is_for_host(address):
                sent = self._leave_vrf([branch]) if self._vrf else [branch]
                sent = self._hook('output', (NOWHERE, back), sent)
                sent = self._leave(back, self._hook('postrouting', (UNKNOWN, back), sent))
                if self._interface == 'lo':
                    sent = self._hook('input', ('lo', NOWHERE), self._hook('prerouting', ('lo', NOWHERE), sent))
                result += sent
                if address is not None:
                    continue
            for name in [None] if address is None else self._host.net.outward(self._family, address):
                way = UNKNOWN if name is None else name
                sent = self._hook('prerouting', (way, NOWHERE), self._come(way, [branch]))
                sent = self._hook('forward', (way, back), sent)
                result += self._leave(back, self._hook('postrouting', (UNKNOWN, back), sent))
        return _joined(result)

    def _depart(self, branches):
        """Take a packet of a program of the host to servers."""
        way = NOWHERE, self._interface
        sent = self._hook('output', way, self._leave_vrf(branches) if self._vrf else branches)
        return _joined(self._leave(self._interface, self._hook('postrouting', (UNKNOWN, self._interface), sent)))

    def _enter(self, branches):
        """Take an answer of servers to the program."""
        came = self._interface, NOWHERE
        branches = self._hook('prerouting', came, self._come(self._interface, branches))
        if self._vrf:
            came = self._vrf, NOWHERE
            branches = self._hook('prerouting', came, branches, again=True)
        return _joined(self._hook('input', came, branches))

    def _leave_vrf(self, branches):
        """Take an answer out of a VRF: before all else it goes through two hooks as a packet of the VRF itself.

        There it is untracked; before Linux 5.16 it was not.
        """
        result = []
        for state, spans in branches:
            for track in ('untracked', 'established'):
                sent = [(state._replace(track=track), spans)]
                for hook in ('output', 'postrouting'):
                    sent = self._hook(hook, (NOWHERE, self._vrf), sent, again=True)
                result += [(after._replace(track=state.track), some) for after, some in sent]
            self.traces.late_doubts.append((spans, (None, VRF)))
        return _joined(result)

    # devices

    def _come(self, name, branches):
        """Take packets from outside to an interface, UNKNOWN for one that is not known."""
        if name is UNKNOWN:
            return self._hook('ingress', (name, NOWHERE), branches)
        if not self._host.has('ingress', 'bridge prerouting', 'bridge input'):
            return branches
        return self._any_way(name, branches, lambda stage, sent: self._come_by(name, stage, sent))

    def _come_by(self, name, stage, branches):
        way = stage.device, NOWHERE
        if stage.kind == 'bridge':
            return self._hook('bridge input', way, self._hook('bridge prerouting', way, branches, stage), stage)
        return self._hook('ingress', way, branches, stage)

    def _leave(self, back, branches):
        """Take packets through an interface out of the host.

        :param back: str, UNKNOWN or By.
        """
        if not self._host.has('egress', 'bridge output', 'bridge postrouting'):
            return branches
        if isinstance(back, str):
            return self._leave_by(back, branches)
        result, rest = [], branches
        for some, name in back.parts if isinstance(back, By) else ():
            result += self._leave_by(name, _only(rest, some))
            rest = [(state, iv.minus(spans, some)) for state, spans in rest]
        for state, spans in rest:
            if spans:
                self._doubt(spans, 'the outgoing interface is unknown', state.busy)
        return _joined(result + [branch for branch in rest if branch[1]])

    def _leave_by(self, name, branches):
        def leave(stage, sent):
            way = NOWHERE, stage.device
            if stage.kind == 'bridge':
                return self._hook('bridge postrouting', way, self._hook('bridge output', way, sent, stage), stage)
            return self._hook('egress', way, sent, stage)
        return self._any_way(name, branches, leave, True)

    def _any_way(self, name, branches, step, backwards=False):
        """Take packets by whichever way there is below an interface."""
        ways = self._host.links.ways(name)
        if None in ways:
            for state, spans in branches:
                self._doubt(spans, PORT % name, state.busy)
        results = []
        for way in filter(None, ways):
            sent = branches
            for stage in way[::-1] if backwards else way:
                if stage.upper == 'strange':
                    for state, spans in sent:
                        self._doubt(spans, STRANGE % stage.device, state.busy)
                else:
                    sent = step(stage, sent)
            results += sent
        if len(ways) > 1:
            self.traces.late_doubts += [(spans, (None, PORT % name)) for dummy, spans in branches]
        return _joined(results)

    # hooks

    def _hook(self, hook, way, branches, stage=None, again=False):
        """Take branches through a hook, by whichever order of its chains.

        :param stage: Stage, of the hooks of a device or bridge.
        :param again: bool, the packet was there before, and nothing is tracked or translated twice.
        """
        if not branches:
            return branches
        upper = (stage.upper if stage else 'own', again)
        for group in self._host.plan(self._family, hook, stage.device if stage else way[0]):
            if len(group) == 1:         # nothing interferes
                branches = self._order(group[0], hook, way, branches, upper)
                continue
            orders = [order for order in group if order is not None]
            if None in group:
                for state, spans in branches:
                    self._doubt(spans, ORDER, state.busy)
            results = []
            for order in orders:
                results += self._order(order, hook, way, branches, upper)
            if len(orders) > 1:
                reason = DEVICE if hook in hooks.NEAR else ORDER
                self.traces.late_doubts += [(spans, (None, reason)) for dummy, spans in branches]
            branches = _joined(results)
        return branches

    def _order(self, steps, hook, way, branches, about):
        translated = False
        for step in steps:
            branches = self._step(step, hook, way, branches, translated, *about)
            translated = translated or step.kind == 'nat'
        return branches

    def _step(self, step, hook, way, branches, translated, upper, again):
        if again and step.kind != 'chain':
            return branches
        if step.kind == 'conntrack':
            return self._track(branches)
        if step.kind == 'nat' and self._interface == 'lo' and hook == 'prerouting':
            return branches                     # it was decided on the way out
        nat_at = hooks.NAT_AT.get(hook, 0)
        after = step.priority > nat_at or translated and step.priority == nat_at
        early = hook in _EARLY or hook in ('prerouting', 'output') and not after and not again
        late = hook in _LATE or hook in ('input', 'postrouting') and after
        view = self._host.view(
            self._family, self._protocol, hook, self._packet.reply, way, early, late, self._packet.flags, upper,
            self._sends)
        if step.kind == 'chain':
            return self._chain(step.chains[0], view, branches)
        return self._nat(step, view, branches)

    def _nat(self, step, view, branches):
        """Take the first packet of each connection through the NAT chains of a hook, until one has translated it."""
        result = [branch for branch in branches if branch[0].track != 'new']
        new = [branch for branch in branches if branch[0].track == 'new']
        orders = self._host.nat_orders(step)
        if None in orders:
            orders = orders[:-1]
            for state, spans in new:
                self._doubt(spans, ORDER, state.busy)
        for chains in orders:
            branches = new
            for chain in chains:
                done = [branch for branch in branches if branch[0].done]
                branches = done + self._chain(chain, view, [branch for branch in branches if not branch[0].done])
            result += [(state._replace(done=False) if state.done else state, spans) for state, spans in branches]
        if len(orders) > 1:
            self.traces.late_doubts += [(spans, (None, ORDER)) for dummy, spans in new]
        return _joined(result)

    def _chain(self, chain, view, branches):
        result = {}
        for state, spans in branches:
            walked = self._walker.walk(view, chain, state)
            self._walker.steps -= len(walked.ends)
            self.traces.notes.include(walked, spans)
            for (kind, after, rule), everyone in walked.ends.items():
                ending = iv.isect(everyone, spans)
                if not ending:
                    continue
                verdict, decider = (chain.policy, chain) if kind == 'return' else (kind, rule)
                if verdict != 'accept':
                    self._drop(ending, decider, after.client, after.busy)
                    if self._again is not None and not after.busy and self._note(after) not in self._noted:
                        self._again.append((after, ending))
                    continue
                result.setdefault(after, []).append(ending)
                if after.busy:
                    continue                    # what decides is told of clients that send little
                if self._packet.leg == 'first' and view.hook in (('output',) if self._sends else ('input', 'forward')):
                    self.traces.accepted.append((ending, decider))
                if after.done and view.hook == 'prerouting':
                    self.traces.translated.append((ending, decider, (after.address, after.port)))
        return [(after, iv.united(sets)) for after, sets in result.items()]

    # connections

    def _track(self, branches):
        result = []
        for state, spans in branches:
            if not tracking.is_sure(state, self._packet, self._protocol):
                self._doubt(spans, MIDDLE, state.busy)
            tracked = tracking.track(state, self._packet, self._protocol)
            if len(tracked) > 1:
                self.traces.late_doubts.append((spans, (None, MIDDLE)))
            result += [(after, spans) for after in tracked]
        return result

    def _remember(self, branches):
        result = []
        for state, spans in branches:
            if tracking.is_lost(state, self._packet):
                self._drop(spans, 'an untracked answer is not translated back', state.client, state.busy)
                continue
            collides = tracking.collides(state, self._packet)
            if collides:
                self._drop(spans, 'an answer in another zone collides with its connection', state.client, state.busy)
                continue
            if collides is None:
                self._doubt(spans, 'an answer in another zone may collide with its connection', state.busy)
            result.append((tracking.remembered(state, self._packet), spans))
        return result


def _only(branches, spans):
    """The branches of some clients."""
    some = [(state, iv.isect(mine, spans)) for state, mine in branches]
    return [branch for branch in some if branch[1]]


def _fresh(state):
    """State: the same, of the next packet."""
    if state.mark == 0 and state.track == 'none':
        return state
    return state._replace(mark=0, track='none', zone=ZONE)


def _joined(branches):
    """One branch for all of the same state."""
    if len(branches) < 2:
        return branches
    states = {}
    for state, spans in branches:
        states.setdefault(state, []).append(spans)
    return [(state, iv.united(sets)) for state, sets in states.items()]
