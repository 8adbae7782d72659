# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Openings in firewalld, as rich rules: they say whose they are for, and two that overlap never become one.

``firewall-cmd`` ends with success though it refused some of what it was told, so that what is there is read again.
``--reload`` is never called: it drops what others have added at run time.

Sources: firewall-cmd(1), firewalld.richlanguage(5), firewalld.zones(5).
"""

from collections import namedtuple

from .._firewall.snapshot.commands import Tools, Unseen
from . import backend
from .command import FIREWALLD, rich_rule
from .pieces import Piece, meet, texts

RUNTIME, PERMANENT = PLACES = ('runtime', 'permanent')
_PROGRAM = 'firewall-cmd'
_CLOSED = ('DROP', '%%REJECT%%')        # targets of zones in which somebody has put whom he does not want
_OPEN = 'ACCEPT'

Zone = namedtuple('Zone', 'target interfaces sources rules')


def zones(text):
    """Read what ``--list-all-zones`` prints.

    :returns: dict, name to Zone: its target, and the sets of its interfaces, its networks and its rich rules.
    """
    result, name, zone, key = {}, None, None, None
    for line in text.splitlines():
        if line[:1] == '\t' and zone and key == 'rich rules':
            zone.rules.add(line.strip())
        elif line[:2] == '  ' and zone:
            key, dummy, value = line.strip().partition(':')
            if key == 'target':
                result[name] = zone = zone._replace(target=value.strip())
            elif key == 'interfaces':
                zone.interfaces.update(value.split())
            elif key == 'sources':
                zone.sources.update(word for word in value.split() if _is_network(word))
        elif line[:1] not in ('', ' ', '\t'):
            name = line.split()[0]              # what follows may be (default, active)
            result[name] = zone = Zone('', set(), set(), set())
    return result


def _is_network(word):
    """bool: a source is neither an ipset nor a hardware address."""
    return not word.startswith('ipset:') and not (word.count(':') == 5 and '::' not in word and '/' not in word)


class Firewalld:
    """firewalld as it runs.

    :param run: as in ``commands.Tools``.
    """

    name, places = FIREWALLD, PLACES

    def __init__(self, run):
        self._run = run
        self._zones, self._default = {}, None

    def look(self, places=PLACES):
        """Read what there is. Raises Missing."""
        tools = Tools(self._run)
        self._program = backend.find(tools, _PROGRAM, FIREWALLD)
        for place in places:
            options = ('--permanent',) * (place == PERMANENT) + ('--list-all-zones',)
            self._zones[place] = zones(self._output(tools, *options))

    def _output(self, tools, *options):
        try:
            return tools.output(self._program, *options)
        except Unseen as exc:
            if 'not running' in str(exc):
                raise backend.Missing('firewalld_not_running', 'firewalld does not run') from exc
            raise backend.Missing('firewalld_fails', 'firewalld does not answer (%s)' % exc) from exc

    def pieces(self, rule, interface):
        """Find the rules that let somebody in.

        :param rule: of ``_filter.rules``.
        :param interface: str, by which they come; None if any.
        :returns: list of Piece, and list of (source, reason, message) of those who are left. Raises Missing.
        """
        result, left = [], []
        zone = self._zone_of(interface)
        for source in (None,) if rule.sources is None else rule.sources:
            whole = False
            for name, network in self._bound(source):
                common, = meet(source, network)
                whole = whole or common == source
                if self._zones[RUNTIME][name].target in _CLOSED:
                    left.append((common, 'source_zone', '%s is in zone %s of firewalld, which is for those who are '
                                 'kept out' % (common, name)))
                elif self._zones[RUNTIME][name].target != _OPEN:
                    result += self.split(Piece(FIREWALLD, name, rule.protocol, rule.ports, common))
            if not whole:
                result += self.split(Piece(FIREWALLD, zone, rule.protocol, rule.ports, source))
        return result, left

    def _zone_of(self, interface):
        """str: the zone of an interface; the default zone where it has none."""
        known = {name: zone for zone, content in self._zones[RUNTIME].items() for name in content.interfaces}
        if interface in known:
            return known[interface]
        # a name in a zone may be the beginning of many
        many = next((zone for name, zone in sorted(known.items()) if interface and name[-1:] == '+'
                     and interface.startswith(name[:-1])), None)
        if not many and not self._default:
            self._default = self._output(Tools(self._run), '--get-default-zone').strip()
        return many or self._default

    def _bound(self, source):
        """List (zone, network) of the networks that have a zone of their own, and that a source is or has a part of."""
        if source is None:      # everybody is not meant for whom somebody has put elsewhere
            return []
        return sorted((name, network) for name, zone in self._zones[RUNTIME].items() for network in zone.sources
                      if meet(source, network))

    @staticmethod
    def split(piece):
        """List the pieces that firewalld has rules for, of one with any ports."""
        return [piece._replace(ports=(span,)) for span in piece.ports]

    def has(self, piece, place):
        """bool: a rule is there."""
        zone = self._zones[place].get(piece.zone)
        return bool(zone) and _text(piece) in zone.rules

    def add(self, pieces, place):
        """Add rules, without looking whether they were added. Returns str, why this failed, or None."""
        return self._change('--add-rich-rule', pieces, place)

    def remove(self, pieces, place):
        """Remove rules, the same way."""
        return self._change('--remove-rich-rule', pieces, place)

    def _change(self, option, pieces, place):
        of_zones = {}
        for piece in pieces:
            of_zones.setdefault(piece.zone, []).append('%s=%s' % (option, _text(piece)))
        begin = [self._program] + ['--permanent'] * (place == PERMANENT)
        return backend.run_each(self._run, [begin + ['--zone=%s' % zone] + words
                                            for zone, words in sorted(of_zones.items())])


def _text(piece):
    return rich_rule(piece.protocol, texts(piece.ports)[0], piece.source)
