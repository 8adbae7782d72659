# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Openings in ufw, as rules of several ports each: ufw puts one by one into what runs, and into its files.

Profiles of applications would take one rule for any number of ports, but ``ufw app update`` empties the chains of all
rules and fills them again, which nobody waits for who comes in between, and which it refuses to do under SSH.

Sources: ufw(8), and ``UFWCommandRule.get_command`` of ufw's parser for how it lists a rule.
"""

import re

from .._firewall.snapshot.commands import Tools, Unseen
from . import backend
from .command import UFW, UFW_PROTOCOLS, handfuls
from .pieces import Piece, spans, texts

PLACES = ('rules',)
_COMMENT = 'opened by listening.ports'
_SETTINGS = '/etc/default/ufw'
_IPV6 = re.compile(r'^\s*IPV6\s*=\s*["\']?(\w+)', re.MULTILINE)
# ufw lists a rule for everybody of one family as it lists one for both
_HALVES = {'0.0.0.0/0': ('0.0.0.0/1', '128.0.0.0/1'), '::/0': ('::/1', '8000::/1')}


class Ufw:
    """ufw as it runs.

    :param run: as in ``commands.Tools``.
    :param settings: str, the file that says whether it filters IPv6.
    """

    name, places = UFW, PLACES

    def __init__(self, run, settings=_SETTINGS):
        self._run, self._settings = run, settings
        self._rules, self._ipv6 = set(), False

    def look(self, places=PLACES):
        """Read what there is. Raises Missing."""
        tools = Tools(self._run)
        self._program = backend.find(tools, UFW, UFW)
        try:
            status = tools.output(self._program, 'status').splitlines()[:1]
            listed = tools.output(self._program, 'show', 'added')
        except Unseen as exc:
            raise backend.Missing('ufw_fails', 'ufw does not answer (%s)' % exc) from exc
        if status != ['Status: active']:
            raise backend.Missing('ufw_inactive', 'ufw is not active')
        self._rules = rules(listed)
        try:
            with open(self._settings) as stream:
                values = _IPV6.findall(stream.read())
        except (OSError, UnicodeDecodeError) as exc:
            raise backend.Missing('ufw_fails', '%s cannot be read, which says whether ufw filters IPv6' %
                                  self._settings) from exc
        self._ipv6 = values[-1:] == ['yes']

    def pieces(self, rule, interface):
        """Find the rules that let somebody in.

        :param rule: of ``_filter.rules``.
        :param interface: not used: rules are for all interfaces.
        :returns: list of Piece, and list of (source, reason, message) of those who are left.
        """
        if rule.protocol not in UFW_PROTOCOLS:
            return [], [(None, 'protocol', 'ufw has no rules for ports of %s' % rule.protocol)]
        result, left = [], []
        for source in (None,) if rule.sources is None else rule.sources:
            if source and ':' in source and not self._ipv6:
                left.append((source, 'ipv6_off', '%s is IPv6, which ufw lets nobody in by while %s has IPV6=no' % (
                    source, self._settings)))
                continue
            result += self.split(Piece(UFW, None, rule.protocol, rule.ports, source))
        return result, left

    @staticmethod
    def split(piece):
        """List the pieces that ufw has rules for, of one with any ports."""
        return [piece._replace(ports=spans(ports.replace(':', '-').split(',')), source=half)
                for ports in handfuls(texts(piece.ports)) for half in _HALVES.get(piece.source, (piece.source,))]

    def has(self, piece, place):
        """bool: a rule is there."""
        return _listed(piece) in self._rules

    def add(self, pieces, place):
        """Add rules, without looking whether they were added. Returns str, why this failed, or None."""
        return backend.run_each(self._run, [
            [self._program, 'allow'] + _words(piece) + ['comment', _COMMENT] for piece in pieces])

    def remove(self, pieces, place):
        """Remove rules, the same way."""
        return backend.run_each(self._run, [[self._program, 'delete', 'allow'] + _words(piece) for piece in pieces])


def rules(text):
    """Read what ``ufw show added`` prints: set of str, without comments."""
    return {line[len('ufw '):].partition(" comment '")[0] for line in text.splitlines() if line.startswith('ufw ')}


def _ports(piece):
    return ','.join(texts(piece.ports)).replace('-', ':')


def _source(piece):
    """str: the source as ufw lists it, single addresses without a length; None for everybody."""
    address, dummy, length = (piece.source or '').partition('/')
    return address if length == ('128' if ':' in address else '32') else piece.source


def _words(piece):
    source = _source(piece)
    return ['proto', piece.protocol] + (['from', source] if source else []) + ['to', 'any', 'port', _ports(piece)]


def _listed(piece):
    if not piece.source:
        return 'allow %s/%s' % (_ports(piece), piece.protocol)
    return 'allow from %s to any port %s proto %s' % (_source(piece), _ports(piece), piece.protocol)
