# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a planned table had better not be loaded, in sentences for whoever wanted it.

A packet gets in if the own table and those of others let it in, and what the own one decides changes nothing for the
others. So the table alone, without theirs, tells what an exchange can cost, also where theirs cannot be read.
"""

import json
import re

from .._addresses import intervals as iv
from .._firewall.evaluate.evaluator import Evaluator
from .._firewall.evaluate.links import Links
from .._firewall.ruleset import load
from .._firewall.ruleset.model import Names, Numbers
from .._firewall.ruleset.operations import led_to, rules_led_to
from . import effects, table, tunnels

_MOST_NAMED = 3                 # addresses or ports in a message
_SHARE = 4                      # sockets that are open may fill one in so many places of the table of connections
_WITHOUT_STATE = ((1, 1), (6, 6), (58, 58))     # ICMP, TCP, ICMPv6: of these, the own table asks for no state
_NAT = re.compile(r'^\*nat$.*?^COMMIT$', re.MULTILINE | re.DOTALL)


class Case:
    """A planned table on a host.

    :param view: dict, see ``what_if.judge``; ``snapshot`` is that of the live rules.
    :param planned: dict, the snapshot with the planned table.
    :param rules: tuple of Rule; others: str; confirm: int.
    :param connection: dict, the connection in use, or None.
    :param before, after: Reached, of both snapshots.
    """

    def __init__(self, view, planned, rules, others, connection, confirm, before, after):
        self._view, self._planned, self._rules, self._others = view, planned, rules, others
        self._connection, self._confirm = connection, confirm
        self._before, self._after = before, after
        self._net = view['snapshot']['net'] or {}
        self._tracking = view['tracking']

    def refusals(self, protected):
        """List (code, message), the most serious first.

        :param protected: tuple of str, networks that must not lose anything.
        """
        own = self._own_connection() if self._connection else None
        steps = [own if own and own[0] == 'own_connection' else None, self._protected(protected)]
        steps.append(self._connection and self._tunnel())
        if self._others == 'reject':
            steps += [self._kubelet(), self._notrack()]
        steps += [self._full(), own if own and own[0] == 'undecided' and not self._confirm else None]
        return [step for step in steps if step]

    def notes(self):
        """List what is to be known and stops nothing, as sentences."""
        if self._begins_to_track() and self._tracking['forwards']:
            return ['the new rules make the kernel track connections, also those that this host passes on for others, '
                    'which it did not do before; see net.netfilter.nf_conntrack_max']
        return []

    # the connection in use

    def _own_connection(self):
        """(code, message), or None: a new connection like the one in use gets in."""
        ends = self._view['original']
        if ends is None:
            return 'undecided', _undecided('whether the packets of your connection are translated cannot be seen')
        peer, dummy, address, port = ends
        verdict, reason = self._asked(self._planned, peer, address, port)
        if verdict == 'allowed':
            return None
        alone = self._asked(_alone(self._planned), peer, address, port)[0]
        if 'blocked' not in (verdict, alone):
            return 'undecided', _undecided(reason)
        start = 'your own connection (%s to port %d) could not be made again: ' % (peer, port)
        if alone != 'blocked':
            return 'own_connection', start + (
                'it is stopped by %s, with the rules that hold now as well. Open the port there first' % reason)
        return 'own_connection', start + self._remedy(peer, port)

    def _remedy(self, peer, port):
        named = [rule for rule in self._rules if rule.protocol == 'tcp' and iv.contains(rule.ports, port)]
        if not named:
            return 'no entry lets it in. Add e.g. {name: ssh, port: %d, only_from: [%s]}' % (port, peer)
        lists = [', '.join(rule.sources[:_MOST_NAMED]) + ', ...' * (len(rule.sources) > _MOST_NAMED)
                 for rule in named if rule.sources]
        return 'tcp/%d is for %s only. Add %s to its only_from' % (port, ' and '.join(lists) or 'nobody', peer)

    def _asked(self, snapshot, client, address, port):
        """Ask about a client by each interface that it may come in by.

        :returns: tuple of ``allowed``, ``blocked`` or ``undecided``, and a reason or None.
        """
        side = _Side(snapshot)
        answers = [side.ask(name, client, address, port) for name in self._entrances(client)]
        verdicts = {verdict for verdict, dummy in answers}
        if len(verdicts) == 1:
            return answers[0]
        unsure = [reason for verdict, reason in answers if verdict == 'undecided']
        return 'undecided', unsure[0] if unsure else 'it is not known by which interface it comes in'

    def _entrances(self, client):
        """List the interfaces by which packets of a client may come in."""
        name, links = self._connection['interface'], self._net.get('links') or {}
        addresses = self._net.get('addresses') or {}
        own = [text.partition('/')[0] for texts in addresses.values() for text in texts]
        if name == 'lo' or name is None and (client in own or client.startswith('127.') or client == '::1'):
            return ['lo']
        if name is None:
            return sorted(set(addresses) - {'lo'})
        slaves = Links(self._net, ()).slaves(name)
        for dummy in links:                             # rules see the bridge, not its port
            master = (links.get(name) or {}).get('master')
            if (links.get(master) or {}).get('kind') not in ('bridge', 'bond', 'team'):
                break
            name = master
        return slaves or [name]

    # who else

    def _protected(self, sources):
        """(code, message), or None: none of these networks loses what it may reach now."""
        wanted = {4: [], 6: []}
        for text in sources:
            family, spans = iv.parse(text)
            wanted[family].extend(spans)
        wanted = {family: iv.merged(spans) for family, spans in wanted.items() if spans}
        lost, unsure, alone = {}, {}, None
        for old, new in effects.pairs(self._before, self._after) if wanted else ():
            for family, protected in wanted.items():
                (had, maybe_had), (has, maybe_has) = old.of(family), new.of(family)
                risk = iv.minus(iv.isect(protected, iv.union(had, maybe_had)), has)
                port = '%s/%d' % (new.record['protocol'], new.low)
                if iv.minus(risk, maybe_has):
                    lost.setdefault(_first(iv.minus(risk, maybe_has), family), []).append(port)
                doubtful = iv.isect(risk, maybe_has)
                if doubtful:
                    alone = alone or self._alone_reach()
                    doubtful = iv.minus(doubtful, alone.get(new.record['id'], {}).get(family, iv.EMPTY))
                if doubtful:
                    unsure.setdefault(_first(doubtful, family), []).append(port)
        if lost:
            return 'protected_source', '%s (protected) would lose %s' % _worst(lost)
        if unsure:
            return 'protected_source', 'whether %s (protected) would lose %s cannot be told: %s' % (
                _worst(unsure) + (self._why(),))
        unseen = list(self._view['unseen']) + self._before.reasons + self._after.reasons
        if wanted and unseen:
            return 'protected_source', 'whether protected sources would lose something cannot be told: %s' % unseen[0]
        return None

    def _alone_reach(self):
        """dict: of each listener, family to the set of those whom the planned table alone surely lets in."""
        reached = effects.Reached(self._view['listeners'], _alone(self._planned))
        return {reach.record['id']: {family: sets[0] for family, sets in reach.sets.items()}
                for reach in reached.all if not reach.published}

    def _why(self):
        """str: why something of the planned rules is not known."""
        reasons = self._after.reasons or [
            part['reason'] for reach in self._after.all for part in reach.record['exposure']['undecided']]
        return reasons[0] if reasons else 'rules depend on more than the address'

    def _tunnel(self):
        """(code, message), or None: what the connection comes through can be made anew."""
        devices, names = self._view['devices'], self._entrances(self._connection['peer'])
        if devices is None:
            return 'tunnel', 'whether your connection comes through a tunnel, whose own port these rules may close, ' \
                             'cannot be told: the devices of this host cannot be read'
        if self._connection['interface'] is not None:
            names = [self._connection['interface']]     # which may be a port, too
        closed = tunnels.closed(names, devices, self._view['listeners'], self._rules, self._net.get('ipsec') or (),
                                self._others)
        if not closed:
            return None
        name, kind, ports = closed[0]
        if ports is None:
            remedy = 'Declare the port of the tunnel itself, which cannot be seen from here'
        else:
            remedy = 'No entry lets %s in: add one' % _listed(['%s/%d' % pair for pair in ports])
        return 'tunnel', 'your connection (%s to port %d) %s through %s (%s), which works until its peer has to ' \
            'begin anew. %s' % (self._connection['peer'], self._connection['port'],
                                'comes' if self._connection['interface'] == name else 'may come', name, kind, remedy)

    def _kubelet(self):
        name = self._view['kubelet']
        return name and (
            'kubelet', '%s runs here: Kubernetes opens ports for its own parts and for services (10250, 30000-32767 '
            'and others), which no entry names, and everything that is not declared would be refused' % name)

    # connection tracking

    def _notrack(self):
        """(code, message), or None: no rule keeps from tracking what the own table asks for its state."""
        if not self._tracks():
            return None
        bases = _Side(self._view['snapshot']).ruleset.bases
        rule = next((rule for rule in rules_led_to(bases) if _is_exempting(rule)), None)
        if rule is None:
            return None
        from .._firewall.ruleset import wording
        return 'notrack', 'a rule keeps traffic out of connection tracking (%s): answers to what this host sends ' \
            'without being tracked would be refused as new' % wording.of(rule)

    def _full(self):
        """(code, message), or None: the table of connections has room for what is open."""
        tracking = self._tracking
        if not self._begins_to_track():
            return None
        start = 'the new rules make the kernel track connections, which nothing on this host uses yet: '
        end = '. When the table of connections is full, packets of everybody are dropped, long after this run. ' \
              'Raise net.netfilter.nf_conntrack_max first'
        if tracking['sockets'] is None or tracking['most'] is None:
            return 'tracking', start + 'how many sockets are open, or how many connections there is room for, cannot ' \
                                       'be read' + end
        if tracking['sockets'] * _SHARE < tracking['most']:
            return None
        return 'tracking', start + '{:,} sockets are open, and there is room to track {:,}'.format(
            tracking['sockets'], tracking['most']) + end

    def _begins_to_track(self):
        """Return whether the planned table makes the kernel track connections, which it does not do now.

        It does if a connection is in its table: it takes the one in use, if there is one, even in its middle. It will
        soon if a rule asks for the state of connections, or translates, as such rules switch it on when they are made.
        """
        if self._tracking['tracked'] or not self._tracks():
            return False
        return not _asks_for_connections(_Side(self._view['snapshot']).ruleset)

    def _tracks(self):
        """Return whether the planned table makes the kernel track connections."""
        return _asks_for_connections(_Side(_alone(self._planned, nat=False)).ruleset)


class _Side:
    """Rules that can be asked about a client.

    :param snapshot: dict.
    """

    def __init__(self, snapshot):
        parsed = load.parsed(snapshot)
        self.ruleset = load.load(parsed)
        if parsed['net'] is None and not self.ruleset.doubts:
            self.ruleset.doubts.append('the addresses and routes of this host could not be read')
        self._evaluator = Evaluator(self.ruleset, parsed['net'])

    def ask(self, interface, client, address, port):
        """Ask whether a client gets in by TCP: tuple of ``allowed``, ``blocked`` or ``undecided``, and a reason."""
        family, number = 6 if ':' in client else 4, iv.number(client)
        outcome = self._evaluator.decide(family, 'tcp', interface, address, port)
        if iv.contains(outcome.allowed, number):
            return 'allowed', outcome.allowed_by
        if iv.contains(outcome.blocked, number):
            return 'blocked', outcome.blocked_by
        return 'undecided', next(
            (reason for spans, reason in outcome.undecided if iv.contains(spans, number)), 'it is not known why')


def _alone(snapshot, nat=True):
    """dict: a snapshot with the own table, and of the tables of others only those that translate.

    :param nat: bool, False: without these too.
    """
    translating, parts = set(), []
    try:
        parts = json.loads(snapshot['nft'])['nftables']
        for part in parts if nat else ():
            chain = part.get('chain') or {}
            if chain.get('type') == 'nat':
                translating.add((chain.get('family'), chain.get('table')))
    except (ValueError, KeyError, TypeError, AttributeError):
        return snapshot                         # unreadable as it was
    translating.add((table.FAMILY, table.NAME))
    kept = []
    for part in parts:
        for kind, about in part.items():
            if (about.get('family'), about.get('name') if kind == 'table' else about.get('table')) in translating:
                kept.append(part)
    saves = {name: '\n'.join(_NAT.findall(text)) for name, text in snapshot['saves'].items() if nat}
    return dict(snapshot, nft=json.dumps({'nftables': kept}),
                saves={name: text + '\n' for name, text in saves.items() if text})


def _is_exempting(rule):
    """Return whether a rule keeps packets out of tracking that the own table may ask for their state."""
    if not any(op.kind == 'notrack' for op in rule.ops):
        return False
    for op in rule.ops:
        if op.kind == 'match' and not op.negate and len(op.fields) == 1:
            name, test = op.fields[0], op.test
            if name in ('iifname', 'oifname') and isinstance(test, Names) and test.exact == {'lo'} and not test.starts:
                return False
            if name.startswith('tcp'):
                return False
            if name.startswith('l4proto') and isinstance(test, Numbers) and not iv.minus(test.spans, _WITHOUT_STATE):
                return False
    return True


def _asks_for_connections(ruleset):
    """Return whether rules make the kernel track connections: they ask for something of these, or translate."""
    return any(chain.kind == 'nat' for chain in ruleset.bases) or any(
        name.startswith('ct') for op in led_to(ruleset.bases) for name in op.reads())


def _undecided(reason):
    return 'whether you get in again cannot be told (%s); with a trial it may be tried: leave out confirm: 0' % reason


def _first(spans, family):
    return iv.address(spans[0][0], family)


def _worst(lost):
    """(address, ports in words) of the address that loses most.

    :param lost: dict, address to list of ports.
    """
    address = max(lost, key=lambda address: len(lost[address]))
    return address, _listed(list(dict.fromkeys(lost[address])))


def _listed(texts):
    return ', '.join(texts[:_MOST_NAMED]) + (' and %d more' % (len(texts) - _MOST_NAMED)) * (len(texts) > _MOST_NAMED)
