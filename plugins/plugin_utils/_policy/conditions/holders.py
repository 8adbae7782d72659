# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a listener, and where it is bound, against patterns of a declaration. Private to this collection.

Patterns come from the declaration; names come from whoever runs the process, and are only ever compared.
"""

import difflib
import fnmatch
import functools
import ipaddress
import posixpath
import re

from ..._listener import serving, unlisted
from ..language.options import SCOPES
from ..language.refusal import Refused, meant, shown
from . import sources
from .three_valued import both, either

KERNEL = '[kernel]'
_SPECIAL = re.compile(r'[*?[]')
_INTERFACE = re.compile(r'[^\s/:]{1,15}')       # dev_valid_name() of the kernel


class Globs:
    """Patterns, one of which has to fit. ``[kernel]`` is no pattern."""

    def __init__(self, values):
        self.values = tuple(map(str, values))
        self.kernel = KERNEL in self.values
        special = [value for value in self.values if _SPECIAL.search(value)]
        self._texts = self.values if not special else [value for value in self.values if value not in special]
        self._fits = [re.compile(fnmatch.translate(value)).match for value in special if value != KERNEL]

    def __str__(self):
        return ' or '.join(self.values)

    def fit(self, text):
        """Whether one fits; None for a text that is not known."""
        if text is None:
            return None
        if text in self._texts:
            return True
        for fits in self._fits:     # nothing is called as often as this: a generator for any() would take half of its time
            if fits(text):
                return True
        return False


def _process(globs, owner):
    exe = owner['exe']
    return globs.fit(owner['process']) or either((globs.fit(owner['process']), globs.fit(posixpath.basename(exe) if exe is not None else None)))


def _user(globs, owner):
    return globs.fit(owner['user']) or either((globs.fit(owner['user']), globs.fit(None if owner['uid'] is None else str(owner['uid']))))


def _container(globs, owner):
    return owner['container'] is not None and globs.fit(owner['container'])     # no glob fits none


HOLDER = {
    'process': _process,
    'exe': lambda globs, owner: globs.fit(owner['exe']),
    'user': _user,
    'container': _container,
}


def stem(unit):
    """The name of a unit without its type."""
    return unit.rpartition('.')[0] or unit


def holders(conditions, listener, complete):
    """Whether every holder meets all conditions.

    :param conditions: list of tuple (option, Globs), of HOLDER.
    :param complete: dict, the aspects of the facts.
    """
    held_by = listener['held_by']
    if held_by == 'kernel':
        return all(option == 'process' and globs.kernel for option, globs in conditions)
    if held_by != 'processes':
        return None
    owners = serving(listener)
    if owners:
        known = both([_holds(conditions, owner, complete) for owner in owners])
    else:
        known = both([_activated(option, globs, listener) for option, globs in conditions])
    return both((known, None)) if unlisted(listener) else known


def _holds(conditions, owner, complete):
    found = both([HOLDER[option](globs, owner) for option, globs in conditions])
    # where systemd could not be asked, it may hold it for somebody else
    return None if found is False and owner['pid'] == 1 and complete.get('units') is False else found


def _activated(option, globs, listener):
    """Of what systemd will start, its unit is known, and not yet its process."""
    if option == 'process' and (globs.fit('systemd') or globs.fit(stem(listener['service'] or listener['activated_by']))):
        return True
    return None


def service(globs, listener, complete):
    """Whether the unit fits; with or without its type, and so the unit that activates it."""
    if listener['held_by'] == 'kernel':
        return False
    if listener['held_by'] == 'unknown' or complete.get('owners') is None:
        return None
    names = [name for name in (listener['service'], listener['activated_by']) if name]
    if not names:
        return None if complete.get('units') is False else False
    if not any(_names(globs, name) for name in names):
        return False
    # somebody else may hold it beside who is to be stopped for it
    known = both([_is_in(owner, names, globs, complete) for owner in serving(listener)])
    return both((known, None)) if unlisted(listener) else known


def _names(globs, unit):
    return globs.fit(unit) or globs.fit(stem(unit))


def _is_in(owner, names, globs, complete):
    if owner['unit'] in (None, *names) or _names(globs, owner['unit']):
        return True
    return None if owner['pid'] == 1 and complete.get('units') is False else False


@functools.lru_cache(maxsize=65536)
def _address(text):
    """As ipaddress has it; IPv4 for one that is mapped to IPv6."""
    address = ipaddress.ip_address(text)
    return getattr(address, 'ipv4_mapped', None) or address


class Bind:
    """Where a listener may be bound: scopes, addresses, networks, interfaces."""

    def __init__(self, values, option):
        """:raises Refused: a value can be none of these."""
        self.values = tuple(str(value) for value in values)
        self._scopes, self._networks, self._interfaces = set(), [], set()
        for value in self.values:
            if value in SCOPES:
                self._scopes.add(value)
                continue
            network = sources.network(value, option)
            if network:
                mapped = getattr(network[0], 'ipv4_mapped', None) if network.prefixlen == 128 else None
                self._networks.append(ipaddress.ip_network(mapped) if mapped else network)
            elif _is_interface(value):
                self._interfaces.add(value)
            else:
                raise Refused('%s is no scope (%s), address, network or interface%s' % (
                    shown(value), ', '.join(SCOPES), meant(value, SCOPES)), option)

    def __str__(self):
        return ' or '.join(self.values)

    def holds(self, listener, complete):
        """Whether the address that a listener is bound to lies within."""
        if listener['scope'] in self._scopes:
            return True
        address = _address(listener['address'])
        if address.is_unspecified:
            within = self._is_wildcard(address, listener)
        else:
            within = any(address.version == network.version and address in network for network in self._networks)
        return either((within, self._on_interface(listener, complete, address) if self._interfaces else False))

    def _is_wildcard(self, address, listener):
        """A wildcard is every address: nothing smaller holds it, but the wildcard itself by its address."""
        whole = {(network.version, network.prefixlen) for network in self._networks
                 if network.prefixlen == 0 or network.prefixlen == network.max_prefixlen and network[0].is_unspecified}
        of_ipv4 = (4, 0) in whole or (4, 32) in whole
        if address.version == 4:
            return of_ipv4
        if (6, 128) in whole:
            return True
        if (6, 0) not in whole or of_ipv4:
            return (6, 0) in whole
        return None if listener['accepts_ipv4'] is None else not listener['accepts_ipv4']      # it may take IPv4 too

    def _on_interface(self, listener, complete, address):
        device = listener['interface']
        if device is not None:
            return device in self._interfaces
        if complete.get('binding') is not True:
            return None
        if address.is_unspecified:
            return False
        # which interface has an address the facts do not say, but for those of loopback
        return 'lo' in self._interfaces if address.is_loopback else None


def _is_interface(text):
    """Whether it can be the name of an interface, and looks neither as a host's, as half an address, nor as a scope that was mistyped."""
    if not _INTERFACE.fullmatch(text) or '.' in (text[0], text[-1]) or not any(char.isalpha() for char in text):
        return False
    if '.' in text and text.rpartition('.')[2].isalpha():
        return False
    return not (text.isalpha() and difflib.get_close_matches(text.lower(), SCOPES, n=1, cutoff=0.8))
