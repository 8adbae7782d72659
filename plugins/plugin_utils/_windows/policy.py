# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings of the Windows firewall hold for each profile, by the stores that set them.

Each option has a law by which the values of several stores make one ([MS-FASP] 2.2.38). Where the stores leave it open,
a profile has several possible settings. Names and values are those of [MS-GPFAS] 2.2.3.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .model import HARDENING, PROFILES, Settings
from .raw import Firewall

# profile to the keys that a store may have for it: the standard profile of the local store is the private one
_LOCAL = {'domain': ('domainprofile',), 'private': ('standardprofile',), 'public': ('publicprofile',)}
# of device management it is not documented which of the two names the private profile has
_MDM = {'domain': ('domainprofile',), 'private': ('privateprofile', 'standardprofile'), 'public': ('publicprofile',)}
_GPO = {profile: (profile + 'profile',) for profile in PROFILES}
_OLD = 'standardprofile'        # of policies for Windows before Vista
_PROGRAMS, _PORTS = 'authorizedapplications', 'globallyopenports'
_GUID = re.compile(r'\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}')
_BETWEEN = re.compile(r'[\s,;]*')
_EITHER = frozenset((False, True))


class Profile(NamedTuple):
    """What may hold for one profile.

    :ivar settings: those that are possible, one where the stores agree.
    :ivar why: why there are several, or ''.
    :ivar disabled: possible sets of interfaces that the firewall is off for, each of folded GUIDs in braces; None is
        a set of which that is not known.
    """

    settings: tuple[Settings, ...]
    why: str
    disabled: tuple[frozenset[str] | None, ...]


def profiles(firewall: Firewall) -> dict[str, Profile]:
    """Find what may hold for each of PROFILES, by the registry.

    A store whose settings could not be read counts as one without any: see ``doubts.unknown``.
    """
    stores = {store: _folded(firewall.get('profiles', {}).get(store) or {}) for store in ('local', 'gpo', 'mdm')}
    return {profile: _profile(stores, profile) for profile in PROFILES}


_Stores = Mapping[str, Mapping[str, Mapping[str, 'list[int | str]']]]


def _folded(keys: Mapping[str, Mapping[str, int | str]]) -> dict[str, dict[str, list[int | str]]]:
    """The same keys and names in lower case, each name with all of its values: the registry folds them."""
    result: dict[str, dict[str, list[int | str]]] = {}
    for key, values in keys.items():
        known = result.setdefault(key.lower(), {})
        for name, value in values.items():
            known.setdefault(name.lower(), []).append(value)
    return result


def _keys(stores: _Stores, store: str, profile: str) -> tuple[str, ...]:
    """The keys that a store has for a profile.

    The standard profile of group policy is for what has neither a private nor a public one ([MS-GPFAS] 2.2.3).
    """
    if store == 'local':
        return _LOCAL[profile]
    if store == 'mdm':
        return _MDM[profile]
    new = _GPO['private'] + _GPO['public']
    if profile == 'domain' or any(key.partition('\\')[0] in new for key in stores['gpo']):
        return _GPO[profile]
    return (_OLD,)


class _Option:
    """What the stores say of one option of one profile.

    :ivar found: store to its values, of those that have any.
    """

    def __init__(self, stores: _Stores, profile: str, name: str, below: str = ''):
        self.name = name
        self.found: dict[str, list[int | str]] = {}
        for store in stores:
            for key in _keys(stores, store, profile):
                values = stores[store].get(key + ('\\' + below if below else ''), {}).get(name.lower())
                if values:
                    self.found.setdefault(store, []).extend(values)

    def switches(self, store: str) -> frozenset[bool]:
        """The values that a switch may have in a store, empty where it has none; other numbers may be either."""
        return frozenset().union(*(
            {bool(value)} if value in (0, 1) and isinstance(value, int) else _EITHER
            for value in self.found.get(store, ())))

    def winning(self) -> list[str]:
        """The stores of which one decides: policy, else the local one. Nobody says whose policy precedes."""
        return [store for store in self.found if store != 'local'] or list(self.found)

    def switch(self, usual: bool) -> frozenset[bool]:
        """The values that may hold of a switch that policy decides, and else the local store."""
        return frozenset().union(*(self.switches(store) for store in self.winning())) or frozenset((usual,))

    def anywhere(self) -> frozenset[bool]:
        """The values that may hold of a switch that is on where any store turns it on."""
        every = [self.switches(store) for store in self.found]
        if any(values == {True} for values in every):
            return frozenset((True,))
        return _EITHER if any(True in values for values in every) else frozenset((False,))

    def why(self, profile: str) -> str:
        """Why several values may hold."""
        if any(self.switches(store) == _EITHER for store in self.found):
            return self.odd(profile)
        return 'group policy and device management set %s of the %s profile differently' % (self.name, profile)

    def odd(self, profile: str) -> str:
        """Say that a value is none that the option has."""
        return '%s of the %s profile has a value that is not understood' % (self.name, profile)


def _profile(stores: _Stores, profile: str) -> Profile:
    enabled, shielded, blocks = (
        _Option(stores, profile, name) for name in ('EnableFirewall', 'DoNotAllowExceptions', 'DefaultInboundAction'))
    programs, ports = (_Option(stores, profile, 'AllowUserPrefMerge', below) for below in (_PROGRAMS, _PORTS))
    held = [(enabled, enabled.switch(True)), (shielded, shielded.anywhere()), (blocks, blocks.switch(True)),
            (programs, programs.switch(True)), (ports, ports.switch(True))]
    counting, doubted = _counting(stores, profile)
    settings = tuple(
        Settings(off=not is_on, shielded=is_shielded, default_allow=not is_blocking, stores=counting, doubted=doubted,
                 local_programs=with_programs, local_ports=with_ports)
        for is_on, is_shielded, is_blocking, with_programs, with_ports in itertools.product(
            *(sorted(values) for option, values in held)))
    why = [option.why(profile) for option, values in held if len(values) > 1]
    disabled = _Option(stores, profile, 'DisabledInterfaces')
    sets = tuple(dict.fromkeys(
        _interfaces(value) for store in disabled.winning() for value in disabled.found[store])) or (frozenset(),)
    if None in sets:
        why.append(disabled.odd(profile))
    elif len(sets) > 1:
        why.append('DisabledInterfaces of the %s profile is set twice, and differently' % profile)
    return Profile(settings, '; '.join(dict.fromkeys(why)), sets)


def _counting(stores: _Stores, profile: str) -> tuple[frozenset[str], tuple[tuple[str, str], ...]]:
    """The stores whose rules count in a profile, and those of which that is not known, with why.

    AllowLocalPolicyMerge of policy alone says whether local rules do: a local value means nothing.
    """
    option = _Option(stores, profile, 'AllowLocalPolicyMerge')
    said = {store: option.switches(store) for store in ('gpo', 'mdm')}
    every = said['gpo'] | said['mdm']
    counting = {'gpo', 'mdm', *HARDENING}
    if False not in every:
        return frozenset(counting | {'local'}), ()
    doubted = []
    if len(every) > 1:
        doubted.append(('local', option.why(profile)))
    elif said['gpo'] and _keys(stores, 'gpo', profile) == (_OLD,):      # where it must not be, [MS-GPFAS] 2.2.3.13
        doubted.append(('local', 'AllowLocalPolicyMerge is off in the standard profile, which has no such option'))
    if False in said['gpo']:
        counting.discard('mdm')
        doubted.append((
            'mdm', 'whether rules of device management count where AllowLocalPolicyMerge is off is not documented'))
    return frozenset(counting), tuple(doubted)


def _interfaces(value: int | str) -> frozenset[str] | None:
    """The folded GUIDs that DisabledInterfaces lists; None where it is not understood."""
    text = value.lower() if isinstance(value, str) else None
    if text is None or not _BETWEEN.fullmatch(_GUID.sub('', text)):
        return None
    return frozenset(_GUID.findall(text))


def without_local(found: Mapping[str, Profile], names: Iterable[str]) -> list[str]:
    """List the profiles, of these, in which local rules surely do not count."""
    return [name for name in names if all(
        'local' not in settings.stores and 'local' not in dict(settings.doubted) for settings in found[name].settings)]
