# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What connection tracking makes of the packets of a conversation.

Sources: nf_conntrack_core.c, nf_conntrack_proto_tcp.c (the table of states: what is picked up in the middle).
"""

from collections import namedtuple

from ..ruleset.model import Bits
from .packet import ACK, ECN, PSH, SYN

CONNECTED = ('tcp', 'sctp', 'dccp')
# leg: which packet of a conversation it is; reply: whether it goes to the client; flags: of TCP, or a type of ICMPv6
Packet = namedtuple('Packet', 'leg reply flags')

UNSEEN = ('none', 'template')           # of ``State.track``: before connection tracking

_NONE = Bits(0, 0)
_LATER = Bits(ACK, PSH | ECN)
_CONVERSATION = [Packet('first', False, Bits(SYN, ECN)), Packet('reply', True, Bits(SYN | ACK, ECN)),
                 Packet('established', False, _LATER), Packet('reply', True, _LATER)]
_EXCHANGE = [Packet('first', False, _NONE), Packet('reply', True, _NONE)]


def packets(protocol, kind=None):
    """List the packets that have to come through, each a Packet.

    :param kind: int or None, the type of ICMPv6 of a single packet.
    """
    if kind is not None:
        return [Packet('first', False, kind)]
    return _CONVERSATION if protocol in CONNECTED else _EXCHANGE


def track(state, packet, protocol):
    """Find what a packet can be after connection tracking has seen it.

    :returns: list of State. Several of them: it is one of these.
    """
    if state.track not in UNSEEN:
        return [state]
    if protocol == 'icmpv6':            # neighbour discovery has no connections
        return [state._replace(track='untracked')]
    if packet.leg == 'first':
        return [state._replace(track='new', ctmark=0, home=state.zone)]
    home = _is_at_home(state, packet)
    result = _tracked(state, packet, protocol, state.connection) if home is not False else []
    return result if home else result + _tracked(state, packet, protocol, 'untracked')


def _is_at_home(state, packet):
    """Return whether a packet is looked up in the zone where its connection is; None if that is not known.

    net/netfilter/nf_conntrack_core.c, nf_ct_key_equal: each direction of a connection has a zone of its own.
    """
    mine, wanted = state.zone[packet.reply], state.home[packet.reply]
    if state.connection not in ('new', 'half'):
        return True
    return None if None in (mine, wanted) else mine == wanted


def _tracked(state, packet, protocol, before):
    """The same as ``track``, for a packet that is not the first one.

    :param before: str, what is known of the packets before, see ``packet.State.connection``.
    """
    if before == 'new':
        word = 'established'
    elif before == 'untracked' and packet.reply:
        # the answer is the first packet seen: fine for UDP, not for an answer of TCP or SCTP
        if packet.flags is _LATER or protocol == 'dccp':
            # picked up in the middle, unless net.netfilter.nf_conntrack_tcp_loose is off
            return [state._replace(track='new', ctmark=0), state._replace(track='invalid')]
        word = 'invalid' if protocol in CONNECTED else 'new'
    elif before == 'half':
        # the kernel has seen no answer to the first packet: a further one of TCP is out of place
        if packet.reply:
            return [state._replace(track='established'), state._replace(track='invalid')]
        word = 'invalid'
    else:
        word = 'new'
    return [state._replace(track=word, ctmark=0 if word == 'new' else state.ctmark)]


def is_sure(state, packet, protocol):
    """Return whether ``track`` knows what it says: not of a connection that is tracked from the middle on."""
    if state.track not in UNSEEN or protocol == 'icmpv6' or packet.leg == 'first':
        return True
    home = _is_at_home(state, packet)
    if home and state.connection in ('new', 'half'):
        return True
    return home is not None and (not home or state.connection == 'untracked') and packet.reply


def remembered(state, packet):
    """State: the same, with what the kernel knows of the connection after the packet."""
    connection = state.connection
    if packet.leg == 'first':
        connection = 'new' if state.track == 'new' else 'untracked'
    elif connection == 'new' and state.track != 'established':
        connection = 'half'
        if state.track != 'untracked':          # it was looked up in another zone, with a connection of its own or none
            state = state._replace(ctmark=None)
    return state if connection == state.connection else state._replace(connection=connection)


def is_lost(state, packet):
    """Return whether an answer gets lost: it comes from an address that the client never asked, or goes to another."""
    return (state.dnat or state.snat) and packet.reply and state.track != 'established'


def collides(state, packet):
    """Return whether an answer is dropped, as it began a connection whose packets would be those of the first one.

    nf_conntrack_core.c, __nf_conntrack_confirm: no two connections have the same addresses and ports in a zone.

    :returns: bool, or None if it cannot be known.
    """
    if not packet.reply or state.track != 'new' or state.connection not in ('new', 'half'):
        return False
    if None in state.zone + state.home or state.home[1] == state.zone[0]:
        return None                     # of the other direction, it depends on the protocol and the kernel
    return state.home[0] == state.zone[1]
