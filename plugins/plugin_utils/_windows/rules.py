# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the Windows firewall, as text of the registry has them: ``v2.30|Action=Allow|Active=TRUE|Dir=In|LPort=80|``.

[MS-GPFAS] 2.2.2 is the grammar. Windows writes keys in any case and any order. What is not understood makes a rule a
doubtful one: it is neither dropped nor trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from . import addresses, ports
from .model import HARDENING, PROFILES, STORES

# The newest version of rules that is understood here. A lower major version understands nothing of a higher one, and
# all but new values of a higher minor one ([MS-FASP] 2.2.37, wSchemaVersion)
NEWEST = (2, 33)
NEWER = 'its version is newer than those known here'
ACTIONS = ('allow', 'block', 'bypass')
TRANSPORTS = {6: 'tcp', 17: 'udp'}
ANY_PROTOCOL = 256

_HEAD = re.compile(r'[vV]([0-9]{1,3})\.([0-9]{1,3})')
_NUMBER = re.compile(r'[0-9]{1,3}')
_PORTS = re.compile(r'(lport|rport)(?:2_[0-9]{1,2})?')
_TRUST = re.compile(r'ttk(?:2_[0-9]{1,2})?')
# What only describes a rule, or has no effect on TCP and UDP that come in ([MS-FASP] 2.2.35)
DESCRIPTIVE = ('name', 'desc', 'embedctxt')
_WITHOUT_EFFECT = frozenset((*DESCRIPTIVE, 'icmp4', 'icmp6', 'lsm', 'pcross', 'authbypassout'))
_SECURED = ('security', 'security2', 'security2_9', 'rmauth', 'ruauth')
_REMOTE, _LOCAL = ('ra4', 'ra6', 'ra42', 'ra62'), ('la4', 'la6')
# Keys of which one value holds; all other keys may be repeated, and each of their values is enough
_ONCE = ('action', 'active', 'dir', 'protocol', 'app', 'svc', 'edge', 'defer', 'lom', 'luauth', 'luown', 'apppkgid',
         'pfn', 'skipver')
_CONDITIONS = frozenset((*_ONCE, *_SECURED, *_REMOTE, *_LOCAL, 'profile', 'if', 'iftype', 'platform', 'platform2'))
# Conditions of which it is never known whether they hold
_NEVER_KNOWN = {
    'luauth2_24': 'it is for some users only', 'nnm': 'it is for some networks only',
    'securityrealmid': 'it is for a security realm', 'skipver': 'some versions of Windows skip it'}


class Rule(NamedTuple):
    """A rule for packets that come in.

    :ivar store: one of ``model.STORES``. :ivar text: as the host has it.
    :ivar action: one of ACTIONS, or '' where it is not understood.
    :ivar protocols: ``tcp`` and ``udp``, or one of them.
    :ivar profiles: to which it is limited. :ivar ports: of the host; None where it names none.
    :ivar remote: addresses of clients; None where it names none. :ivar local: those of the host, the same.
    :ivar source_ports: whether it is limited to some ports of clients.
    :ivar secured: whether it is for clients that IPsec has authenticated.
    :ivar local_only: LOM, for which conditions of clients do not count.
    :ivar ignored: whether Windows does not understand it at all, as its major version is higher.
    :ivar merged: what decides besides AllowLocalPolicyMerge whether it counts: ``program``, ``port`` or ''.
    :ivar values: the values of all keys, by folded key, in their order.
    :ivar unclear: why it may have another meaning, or none.
    """

    id: str
    store: str
    text: str
    action: str
    protocols: tuple[str, ...]
    profiles: frozenset[str]
    ports: ports.Ports | None
    remote: addresses.Addresses | None
    local: addresses.Addresses | None
    source_ports: bool
    secured: bool
    local_only: bool
    ignored: bool
    merged: str
    values: Mapping[str, Sequence[str]]
    unclear: tuple[str, ...]


def of_stores(stores: Mapping[str, Iterable[Sequence[str]] | None]) -> list[Rule]:
    """Parse the rules of all stores that could be read.

    :param stores: ``raw.Firewall.stores``.
    """
    return [rule for store in STORES for name, text in stores.get(store) or () if (rule := parse(name, text, store))]


def parse(name: str, text: str, store: str) -> Rule | None:
    """Parse a rule. Never raises.

    :param name: of the value in the registry, which is the id of the rule.
    :returns: None where it surely has nothing to do with TCP and UDP that come in: it is for packets that go out, for
        another protocol, or not active.
    """
    head, dummy, rest = text.partition('|')
    values: dict[str, list[str]] = {}
    strange = ''
    for part in rest.split('|'):
        key, equals, value = part.partition('=')
        if equals:
            values.setdefault(key.lower() if key.isascii() else key, []).append(value)
        elif part:
            strange = 'a part of it is not understood'
    if _is_for_others(values, store):
        return None
    protocols, doubt = _protocols(values.get('protocol', ()))
    if not protocols:
        return None
    strange = strange or _strange(values)
    unclear = [strange]
    version = _HEAD.fullmatch(head)
    ignored = version is not None and int(version[1]) > NEWEST[0]
    if version is None:
        unclear.append('its version is not understood')
    elif not ignored and (int(version[1]), int(version[2])) > NEWEST:
        unclear.append(NEWER)
    action = values.get('action', [''])[0].lower()
    if len(values.get('action', ())) != 1 or action not in ACTIONS:
        action = ''
        unclear.append('its action is not understood')
    profiles, of_profiles = _profiles(values.get('profile', ()))
    # what is strange may widen what a rule takes, as LOM does
    local_ports, source_ports, of_ports = _ports(values, protocols, store, strange)
    remote = addresses.parse([(int(key[2]), value) for key in _REMOTE for value in values.get(key, ())], strange)
    local = addresses.parse([(int(key[2]), value) for key in _LOCAL for value in values.get(key, ())], strange, False)
    unclear += doubt, of_profiles, of_ports, *_oddities(values, store)
    unclear += [each.unclear for each in (local_ports, remote, local) if each]
    doubts = tuple(sorted({reason for reason in unclear if reason}))
    # whether an option is about a rule is not known of one that is not understood
    merged = _merged(values, protocols, local_ports) if store == 'local' and not doubts else ''
    return Rule(
        name, store, text, action, protocols, profiles, local_ports, remote, local, source_ports,
        secured=any(key in values for key in _SECURED),
        local_only=any(value.lower() != 'false' for value in values.get('lom', ())),
        ignored=ignored, merged=merged, values=values, unclear=doubts)


def _is_for_others(values: Mapping[str, Sequence[str]], store: str) -> bool:
    """Return whether a rule is surely for packets that go out, or surely not active.

    Active that is missing is FALSE, but rules of service hardening have none and hold.
    """
    if {value.lower() for value in values.get('dir', ())} == {'out'}:
        return True
    active = {value.lower() for value in values.get('active', ())}
    return active == {'false'} or not active and store not in HARDENING


def _protocols(values: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Return the transports that a rule is for, none for other protocols, and a reason to doubt it."""
    numbers = {int(value) for value in values if _NUMBER.fullmatch(value)} or {ANY_PROTOCOL}
    doubt = '' if all(map(_NUMBER.fullmatch, values)) and max(numbers) <= ANY_PROTOCOL else \
        'its protocol is not understood'
    if doubt or ANY_PROTOCOL in numbers:
        return tuple(TRANSPORTS.values()), doubt
    return tuple(name for number, name in TRANSPORTS.items() if number in numbers), ''


def _profiles(values: Sequence[str]) -> tuple[frozenset[str], str]:
    known = frozenset(value.lower() for value in values) & frozenset(PROFILES)
    if all(value.lower() in PROFILES for value in values):
        return known or frozenset(PROFILES), ''
    return frozenset(PROFILES), 'a profile of it is not understood'


def _ports(values: Mapping[str, Sequence[str]], protocols: Sequence[str], store: str, strange: str) -> tuple[
        ports.Ports | None, bool, str]:
    """Return the ports of the host, whether there are some of clients, and a reason to doubt them."""
    local: list[str] = []
    remote: list[str] = []
    for key, some in values.items():
        match = _PORTS.fullmatch(key)
        if match:
            (local if match[1] == 'lport' else remote).extend(some)
    doubt = ''
    if (local or remote) and len(protocols) > 1:        # not valid, so Windows may leave the whole rule out
        doubt = 'it names ports without a protocol that has some'
    named = ports.parse(local, strange, store in HARDENING) if local else None
    return named, any(not ports.is_every(value) for value in remote), doubt


def _oddities(values: Mapping[str, Sequence[str]], store: str) -> Iterable[str]:
    """Yield reasons for which a rule is doubtful whoever asks."""
    directions = [value.lower() for value in values.get('dir', ())]
    if directions != ['in']:
        yield 'its direction is not understood'
    active = [value.lower() for value in values.get('active', ())]
    if active != ['true'] and not (store in HARDENING and not active):
        yield 'whether it is active is not understood'
    if not {value.lower() for value in values.get('lom', ())} <= {'true', 'false'}:
        yield 'a switch of it is not understood'
    for key in _ONCE:
        if len(values.get(key, ())) > 1:
            yield 'it says something twice that it may say once'
    for key, reason in _NEVER_KNOWN.items():
        if key in values:
            yield reason


def _strange(values: Mapping[str, Sequence[str]]) -> str:
    """Return the reason to doubt a rule with keys that are not known, or ''."""
    for key in values:
        if not (key in _CONDITIONS or key in _WITHOUT_EFFECT or key in _NEVER_KNOWN or _PORTS.fullmatch(key)
                or _TRUST.fullmatch(key)):
            return 'it has a condition that is not known here'
    return ''


def trusted(rule: Rule) -> list[str]:
    """List the keywords of devices nearby, folded, to which a rule is limited ([MS-FASP] 2.2.97)."""
    return [value.lower() for key, values in rule.values.items() if _TRUST.fullmatch(key) for value in values]


def _merged(values: Mapping[str, Sequence[str]], protocols: Sequence[str], local_ports: ports.Ports | None) -> str:
    """Return which option lets a rule of the local store count ([MS-FASP] 2.2.38).

    A rule for a program alone is an authorized application, one for a port alone a globally open port.
    """
    if 'svc' in values or len(protocols) > 1:
        return ''
    if 'app' in values:
        return 'program' if local_ports is None else ''
    return 'port' if local_ports and local_ports.is_single() else ''
