# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host's own firewall lets its programs connect to, by the port of the server.

Routes say by which interface each server is reached. What has no route is reached by nobody, and in no list.
"""

from ..._addresses import intervals as iv, networks
from ..evaluate.routes import Net
from ..ruleset.model import UNKNOWN
from .alike import LOOPBACK, Timeout
from .way_in import LINK, Way, disjoint, shortened

MOST_KINDS = 300        # of ports that rules tell apart, of a protocol
PROTOCOLS = ('tcp', 'udp')
ROUTES = 'by which interface it is reached is not known'
IPSEC = 'policies of IPsec are not followed for what the host sends'
SOURCE = 'it depends on the address from which the host sends'
# a neighbour by such an address is reached by whichever interface a program names
_BY_DEVICE = {4: iv.EMPTY, 6: LINK[6]}
_KEYS = ('verdict', 'allowed', 'allowed_sets', 'except_sets', 'undecided', 'decided_by', 'blocked_by', 'caveats')


def outgoing(net, asker, joiner, crowds, gaps):
    """List what programs of the host can connect to.

    :param net: dict, ``net`` of a snapshot.
    :param asker: Asker; joiner: Joiner; crowds: dict, family to Crowds.
    :param gaps: Gaps, for what was not asked.
    :returns: list of dict: ``protocol``, ``ports`` (list of [first, last]), and of what is there the same as an
        exposure has, of servers in the place of clients. Ports of which the same is true are one of these.
    """
    leaving = _Leaving(net, asker, joiner, crowds)
    result = []
    for protocol in PROTOCOLS:
        kinds = asker.port_kinds(protocol)
        if kinds is None or len(kinds) > MOST_KINDS:
            gaps.add('outgoing', 'ports', 'rules tell too many ports apart to ask for what is sent to each')
            continue
        found = {}
        for spans in kinds:
            try:
                exposure = joiner.describer.exposure(leaving.ways(protocol, spans[0][0]))
            except Timeout:
                gaps.add('outgoing', 'budget', 'there was no time left to ask for what is sent to all ports')
                return result
            entry = {key: exposure[key] for key in _KEYS if key in exposure}
            found.setdefault(repr(entry), (entry, []))[1].extend(spans)
        for entry, spans in found.values():
            ports = [list(span) for span in iv.merged(spans)]
            result.append(dict(entry, protocol=protocol, ports=ports))
    return result


class _Leaving:
    """Finds the ways out of the host."""

    def __init__(self, net, asker, joiner, crowds):
        self._asker, self._crowds, self._never = asker, crowds, joiner.describer.never
        self._is_guarded = bool(joiner.policies)
        self._own, self._leading = {}, {}
        routes = Net(net)
        for (family, address), names in routes.own.items():
            if not iv.contains(LOOPBACK[family], address) and not iv.contains(_BY_DEVICE[family], address):
                for name in names:
                    self._own.setdefault((family, name), []).append(address)
        for family in networks.FAMILIES:
            leading = routes.answers(family, None)
            self._leading[family] = leading if leading is UNKNOWN else leading.parts

    def ways(self, protocol, port):
        """List a ``Way`` for each interface that leads to servers. Raises Timeout."""
        result = []
        for family in networks.FAMILIES:
            own = [address for (known, dummy), some in self._own.items() if known == family for address in some]
            if not own:
                continue                # no packet of the family leaves
            everyone = self._sent(family, iv.full(family))
            if self._leading[family] is UNKNOWN:
                result.append(Way((), family, everyone, (), ((everyone, ROUTES),), _Nobody()))
                continue
            rest = everyone
            for spans, name in self._leading[family]:
                servers = self._sent(family, spans)
                rest = iv.minus(rest, servers)
                if servers and name not in (None, 'lo'):
                    result.append(self._way(family, protocol, port, name, servers,
                                            self._own.get((family, name)) or own))
            if rest:                    # routes with several ways
                result.append(Way((), family, rest, (), ((rest, ROUTES),), _Nobody()))
        return result

    def _sent(self, family, spans):
        """The told set of those of these whom packets are sent to at all."""
        return iv.minus(self._crowds[family].touched(iv.minus(spans, _BY_DEVICE[family])), self._never[family])

    def _way(self, family, protocol, port, name, servers, own):
        """The ``Way`` by an interface, from whichever of the host's addresses."""
        outcomes = list({id(outcome): outcome for outcome in [
            self._asker.ask_outward(family, protocol, name, address, port) for address in own]}.values())
        allowed, maybe, undecided, caveats = servers, iv.EMPTY, [], []
        for outcome in outcomes:
            reached = iv.isect(outcome.allowed, servers)
            allowed, maybe = iv.isect(allowed, reached), iv.union(maybe, reached)
            undecided += [(iv.isect(spans, servers), shortened(reason)) for spans, reason in outcome.undecided]
            caveats += [shortened(text) for text in outcome.caveats]
        for spans, dummy in undecided:
            allowed = iv.minus(allowed, spans)
        undecided.append((maybe, SOURCE))
        if self._is_guarded:
            undecided, allowed = [(iv.union(maybe, iv.united([spans for spans, dummy in undecided])), IPSEC)], iv.EMPTY
        return Way((name,), family, servers, allowed, tuple(disjoint(undecided, allowed)), outcomes[0],
                   tuple(sorted(set(caveats))))


class _Nobody:
    """Who decides about what was not asked."""

    allowed_by = blocked_by = None
