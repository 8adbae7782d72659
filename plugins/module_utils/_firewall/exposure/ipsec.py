# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policies of IPsec do to packets that the firewall lets in, and to the answers (RFC 4301, ip-xfrm(8))."""

from ..._addresses import intervals as iv
from ..ruleset.fields import PROTOCOLS


def guarded(ways, policies, directions, protocol, port, own, crowds):
    """List the same ways, less what policies block or may block.

    :param policies: list of dict, see ``snapshot.ipsec.policies``.
    :param directions: tuple of str, those of the packets of clients and of the answers.
    :param own: dict, family to the set of addresses that packets are for.
    :param crowds: dict, family to Crowds.
    """
    result = []
    for way in ways:
        blocked, blocker, unsure = _stopped(
            way.family, policies, directions, PROTOCOLS[protocol], port, own.get(way.family, iv.EMPTY))
        if blocked or unsure:
            told, touched = crowds[way.family].told(blocked), crowds[way.family].touched
            unsure = [(touched(spans), reason) for spans, reason in unsure] + [
                (iv.minus(touched(blocked), told), blocker)]
            result.append(way.guarded(told, blocker, unsure))
        else:
            result.append(way)
    return result


def _stopped(family, policies, directions, protocol, port, own):
    """Find whom policies stop: the set of those that surely are, by what, and a list of (set, reason)."""
    blocked, blocker, unsure = iv.EMPTY, None, []
    for direction in directions:
        rest, passed = iv.full(family), iv.EMPTY           # passed: who may be asked no further
        for policy in policies:
            if policy['direction'] != direction or policy['family'] != family:
                continue
            spans, is_exact = _concerned(policy, rest, protocol, port, own)
            if not spans:
                continue
            if policy['action'] == 'block' and is_exact:
                surely = iv.minus(spans, passed)
                if surely:
                    blocked, blocker = iv.union(blocked, surely), blocker or _worded(policy)
                unsure.append((iv.isect(spans, passed), _worded(policy)))
            elif policy['action'] == 'pass':
                passed = passed if is_exact else iv.union(passed, spans)
            else:
                unsure.append((spans, _worded(policy)))
            if is_exact:
                rest = iv.minus(rest, spans)
    return blocked, blocker, unsure


def _concerned(policy, clients, protocol, port, own):
    """Return the set of the clients that a policy is for, and whether it surely is for all that they send here."""
    ends = [('source', 'source_port'), ('target', 'target_port')]
    (theirs, their_port), (here, here_port) = ends if policy['direction'] != 'out' else ends[::-1]
    number, mask = policy[here_port]
    if policy['protocol'] not in (0, protocol) or (port ^ number) & mask:
        return iv.EMPTY, False
    others = iv.minus(own, iv.parse(policy[here])[1])
    if others == own and own:
        return iv.EMPTY, False
    is_exact = bool(own) and not others and not policy['interface'] and not policy[their_port][1]
    return iv.isect(clients, iv.parse(policy[theirs])[1]), is_exact


def _worded(policy):
    names = {number: name for name, number in PROTOCOLS.items()}
    words = ['src', policy['source'], 'dst', policy['target']]
    if policy['protocol']:
        words += ['proto', names.get(policy['protocol'], '%d' % policy['protocol'])]
    for word, key in (('sport', 'source_port'), ('dport', 'target_port')):
        if policy[key][1]:
            words += [word, '%d' % policy[key][0]]
    words += ['dir', policy['direction']] + (['action', 'block'] if policy['action'] == 'block' else [])
    return 'IPsec policy %s%s' % (
        ' '.join(words), ' requires protection' if policy['action'] == 'protect' else '')
