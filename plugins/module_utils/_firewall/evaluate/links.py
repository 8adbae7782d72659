# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices that a packet passes below an interface, one after the other.

Sources: net/core/dev.c (__netif_receive_skb_core: the hook ingress of a device, then whatever is above it takes the
packet; __dev_queue_xmit: the hook egress), net/bridge/br_input.c and br_forward.c, net/8021q, and macvlan.c, bonding
and vrf.c in drivers/net.
"""

from collections import namedtuple

from .hooks import NEAR, is_for

MASTERS = ('bridge', 'bond', 'team', 'openvswitch')     # whose packets come by any of their ports
_PLAIN = ('bridge', 'bond', 'team', 'macvlan', 'macvtap', 'ipvlan', 'ipvtap')   # which leave packets as they are
WAYS = 64           # of one interface, that differ in what rules can tell
_DEEP = 8           # devices above each other; the kernel allows as many

# A stop below the interface, or the interface itself.
#   kind    device; bridge: what comes in by the port of a bridge; deep: there are more devices than are followed
#   device  name of the device or port; upper: what the packet is for: ``own``, ``plain`` (of a device above),
#           ``vlan`` (the same, with a tag), or ``strange`` (in a form that is not known)
Stage = namedtuple('Stage', 'kind device upper')


class Links:
    """Which devices are above and below others.

    :param net: dict, ``net`` of a snapshot.
    :param chains: list of Chain, base chains.
    """

    def __init__(self, net, chains):
        self.known = net.get('links') is not None
        self._links = net.get('links') or {}
        self._ports = {}                    # master to its ports
        for name, link in self._links.items():
            self._ports.setdefault(link['master'], []).append(name)
        self._bridged = any(chain.family == 'bridge' for chain in chains)
        self._near = [chain for chain in chains if chain.hook in NEAR]
        self._ways = {}

    def _kind(self, name):
        return (self._links.get(name) or {}).get('kind')

    def vrf(self, name):
        """str or None: the VRF that an interface is in."""
        master = (self._links.get(name) or {}).get('master')
        return master if self._kind(master) == 'vrf' else None

    def slaves(self, vrf):
        """List the interfaces of a VRF."""
        return [name for name in self._ports.get(vrf, ()) if self._kind(vrf) == 'vrf']

    def has_arp(self, name):
        """bool: neighbours look for addresses of the interface."""
        return (self._links.get(name) or {'arp': True})['arp']

    def is_bridged(self, name):
        """bool: packets of this interface may come over a bridge."""
        return any(stage.kind in ('bridge', 'deep') or self._kind(stage.device) == 'openvswitch'
                   for way in self._below(name, _DEEP) for stage in way)

    def ways(self, name):
        """List the ways by which packets get from outside to an interface; on its own ways, they leave it.

        :returns: list of tuple of Stage, the last of which is the interface itself; at most WAYS, and None if there
            are more. A device that no chain is for is not in it.
        """
        if name not in self._ways:
            ways = list(dict.fromkeys(tuple(map(self._told, way)) for way in self._below(name, _DEEP)))
            ways = list(dict.fromkeys(tuple(filter(None, way)) for way in ways))
            self._ways[name] = ways[:WAYS] + [None] if len(ways) > WAYS else ways
        return self._ways[name]

    def _told(self, stage):
        """The same stage, None if no rule is asked there."""
        if stage.kind == 'deep':
            return stage if self._bridged or self._near else None
        if stage.kind == 'bridge':
            return stage if self._bridged else None
        return stage if stage.upper == 'own' or any(is_for(chain, stage.device) for chain in self._near) else None

    def _below(self, name, depth):
        """List all ways, each a tuple of Stage."""
        link, kind = self._links.get(name) or {'lower': None, 'kind': None}, self._kind(name)
        lowers = self._ports.get(name, []) if kind in MASTERS else [link['lower']] if link['lower'] else []
        if kind == 'openvswitch':           # any of its devices leads to any other
            lowers = [port for master, ports in self._ports.items() if self._kind(master) == kind for port in ports]
        own = Stage('device', name, 'own')
        if not depth:
            return [(Stage('deep', name, 'strange'), own)]
        return [
            tuple(stage._replace(upper=_upper(stage.upper, kind)) for stage in way)
            + ((Stage('bridge', lower, 'plain'),) if kind == 'bridge' else ())
            + (own,)
            for lower in lowers for way in self._below(lower, depth - 1)
        ] or [(own,)]


def _upper(before, kind):
    """What a packet is for at a stage, if that is below a device of this kind."""
    if kind in _PLAIN:
        return 'plain' if before == 'own' else before
    return 'vlan' if kind == 'vlan' and before in ('own', 'plain') else 'strange'
