# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a listener is bound, against the scopes, addresses, networks and interfaces of a declaration."""

import difflib
import functools
import ipaddress
import re
from collections.abc import Iterable

from ..._listener import Listener
from ..._shape import Complete
from ..._windows import listeners as windows
from ..._windows.names import fold
from ..language.options import SCOPES
from ..language.refusal import Refused, meant, shown
from .sources import Address, Network, network
from .three_valued import either

# What people call these scopes. An interface that really has such a name can be given by its address.
_MEANT = {
    **dict.fromkeys(('localhost', 'local', 'localhost4', 'localhost6', 'ip6-localhost', 'self', 'host'), 'loopback'),
    **dict.fromkeys(('link-local', 'linklocal'), 'link'),
    **dict.fromkeys(('lan', 'internal', 'intranet'), 'private'),
    **dict.fromkeys(('wan', 'public', 'external', 'internet', 'world'), 'global'),
    **dict.fromkeys(
        (
            *('*', '0', 'all', 'any4', 'any6', 'anyone', 'anything', 'anywhere'),
            *('every', 'everyone', 'everything', 'everywhere', 'unspecified', 'wildcard'),
        ),
        'any',
    ),
}
_INTERFACE = re.compile(r'[^\s/:]{1,15}')       # dev_valid_name() of the kernel
# Of Windows longer ones, with spaces, such as vEthernet (nat): 256 characters, IF_MAX_STRING_SIZE
_LONG_INTERFACE = re.compile(r'(?=.{1,256}$)[^\s/:"<>|\\{}]+(?: [^\s/:"<>|\\{}]+)*')
_PROSE = re.compile(r'[a-z -]*')    # words of a sentence: no adapter is called so unless somebody has renamed it
_FILLING = frozenset((
    'a', 'address', 'addresses', 'an', 'and', 'every', 'interface', 'interfaces', 'ip', 'ips', 'ipv4', 'ipv6',
    'network', 'networks', 'no', 'not', 'only', 'or', 'the', 'to'))


class Bind:
    """Where a listener may be bound: scopes, addresses, networks, interfaces.

    :param option: the option that has these values.
    :raises Refused: a value can be none of these.
    """

    def __init__(self, values: Iterable[object], option: str) -> None:
        self.values = tuple(str(value) for value in values)
        self._scopes: set[str] = set()
        self._networks: list[Network] = []
        self._interfaces: set[str] = set()
        for value in self.values:
            if value in SCOPES:
                self._scopes.add(value)
                continue
            scope = _MEANT.get(value.strip().lower())
            if scope:
                raise Refused('%s is not a scope (%s); did you mean %s?' % (
                    shown(value), ', '.join(SCOPES), scope), option)
            net = network(value, option)
            if net:
                mapped = getattr(net[0], 'ipv4_mapped', None) if net.prefixlen == 128 else None
                self._networks.append(ipaddress.ip_network(mapped) if mapped else net)
            elif _is_interface(value):
                self._interfaces.add(value)
            else:
                raise Refused('%s is not a scope (%s), an address, a network or an interface%s' % (
                    shown(value), ', '.join(SCOPES), meant(value, SCOPES)), option)

    def __str__(self) -> str:
        return ' or '.join(self.values)

    @property
    def is_loopback(self) -> bool:
        """Whether it says that nobody but the host itself can reach it."""
        return self._scopes <= {'loopback'} and self._interfaces <= {'lo'} and all(
            net.is_loopback for net in self._networks)

    def holds(self, listener: Listener, complete: Complete) -> bool | None:
        """Whether the address that a listener is bound to lies within; None where that is not known."""
        if listener['scope'] in self._scopes:
            return True
        address = _address(listener['address'])
        within: bool | None
        if address.is_unspecified:
            within = self._is_wildcard(address, listener)
        else:
            within = any(address.version == net.version and address in net for net in self._networks)
        return either((within, self._on_interface(listener, complete, address) if self._interfaces else False))

    def _is_wildcard(self, address: Address, listener: Listener) -> bool | None:
        """Whether the wildcard lies within.

        It is every address: nothing smaller holds it, except for the wildcard itself by its address.
        """
        whole = {(net.version, net.prefixlen) for net in self._networks
                 if net.prefixlen == 0 or net.prefixlen == net.max_prefixlen and net[0].is_unspecified}
        of_ipv4 = (4, 0) in whole or (4, 32) in whole
        if address.version == 4:
            return of_ipv4
        if (6, 128) in whole:
            return True
        if (6, 0) not in whole or of_ipv4:
            return (6, 0) in whole
        return None if listener['accepts_ipv4'] is None else not listener['accepts_ipv4']      # it may take IPv4 too

    def _on_interface(self, listener: Listener, complete: Complete, address: Address) -> bool | None:
        device, is_windows = listener['interface'], windows.is_here(listener)
        if device is not None:
            return fold(device) in self._folded if is_windows else device in self._interfaces
        if complete.get('binding') is not True:
            return None
        if address.is_unspecified:
            return False
        # the facts do not show which interface has an address, except for those of loopback
        if not address.is_loopback:
            return None
        return any(map(windows.is_loopback, self._interfaces)) if is_windows else 'lo' in self._interfaces

    @functools.cached_property
    def _folded(self) -> frozenset[str]:
        return frozenset(map(fold, self._interfaces))


@functools.lru_cache(maxsize=65536)
def _address(text: str) -> Address:
    """Parse an address; one that is mapped to IPv6 becomes that of IPv4."""
    address = ipaddress.ip_address(text)
    return getattr(address, 'ipv4_mapped', None) or address


def _is_interface(text: str) -> bool:
    """Whether it can be the name of an interface.

    What looks like a host name, like half an address, or like a scope that was mistyped is not taken for one.
    """
    words = text.split(' ')
    if not all(words) or not any(char.isalpha() for char in text) or any(map(_is_of_address, words)):
        return False
    if _INTERFACE.fullmatch(text):
        return not (text.isalpha() and _is_like_scope(text))
    return bool(_LONG_INTERFACE.fullmatch(text)) and not _PROSE.fullmatch(text) and not all(map(_is_of_scope, words))


def _is_of_address(word: str) -> bool:
    """Whether a word is a host name, half an address, or one of several that a comma parts."""
    if word[0] in '.,;' or word[-1] in '.,;':
        return True
    return '.' in word and (word.rpartition('.')[2].isalpha() or not any(char.isalpha() for char in word))


def _is_of_scope(word: str) -> bool:
    """Whether a word says what scopes say: those who write them in a sentence mean no interface."""
    plain = word.strip('(),;').lower()
    return plain in _FILLING or plain in SCOPES or plain in _MEANT or _is_like_scope(plain)


def _is_like_scope(word: str) -> bool:
    return bool(difflib.get_close_matches(word.lower(), SCOPES, n=1, cutoff=0.8))
