# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why nothing is known of a firewall although its rules were read, and what to know besides.

What the registry says holds only while the service of the firewall runs and has read it, and nobody else is the
firewall. The service's own view (HNetCfg.FwPolicy2) has to agree with the registry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .model import PROFILES
from .policy import Profile, without_local
from .raw import Effective, Raw, Service
from .sources import why_not

MOST_RULES = 20000
_SERVICES = ('mpssvc', 'bfe')   # the firewall, and the Base Filtering Engine below it
_RUNNING = 4                    # SERVICE_RUNNING
_BITS = dict(zip(PROFILES, (1, 2, 4)))          # NET_FW_PROFILE_TYPE2
_STORES = ('local', 'gpo', 'mdm', 'static', 'configurable')
_OF_WINDOWS = ('microsoft', 'windows')          # how names of providers begin that Windows comes with
_MOST_NAMED, _MOST_NAME = 3, 100
_ALLOW = 1                      # NET_FW_ACTION_ALLOW


class Doubt(NamedTuple):
    """Why it is not known who gets past the firewall. :ivar code: of the aspect ``firewall``."""

    code: str
    message: str


def unknown(raw: Raw, found: Mapping[str, Profile]) -> list[Doubt]:
    """List why nothing is known of who gets past the firewall; empty where its rules can be judged.

    :param found: what ``policy.profiles`` found.
    """
    doubts = []
    elevated = raw['os']['elevated'] if raw.get('os') else None
    if not elevated:
        doubts.append(Doubt('not_admin', 'the firewall was not read by an administrator' if elevated is False else
                            'whether an administrator read the firewall is not known'))
    missing = _unread(raw)
    if missing:
        doubts.append(Doubt('unread', '%s could not be read' % ', '.join(missing)))
    doubts += _stopped(raw.get('services'))
    firewall = raw.get('firewall') or {}
    products = firewall.get('products')         # of third parties alone ([MS-FASP] 2.2.48)
    if products:
        doubts.append(Doubt('other_product', 'another product is registered as the firewall: %s' % _named(products)))
    sent = sum(len(rules) for rules in firewall.get('stores', {}).values() if rules)
    if sent > MOST_RULES:
        doubts.append(Doubt('budget', 'the firewall has more than %d rules' % MOST_RULES))
    effective = firewall.get('effective')
    stale = [] if missing or effective is None else _stale(raw, effective, found)
    if stale:
        doubts.append(Doubt('stale', 'the registry and the running firewall differ in %s' % ', '.join(stale)))
    return doubts


def _unread(raw: Raw) -> list[str]:
    """What could not be read of the firewall, or not all of it, in words."""
    if 'firewall' not in raw or not {'stores', 'profiles'} <= set(raw['firewall']):
        return ['the firewall']
    packaged = any(process.package for process in raw.get('processes') or ())
    needed = [('stores.' + store, 'the %s store of rules' % store) for store in _STORES + ('appiso',) * packaged]
    needed += [('profiles.' + store, 'the settings of the %s store' % store) for store in ('local', 'gpo', 'mdm')]
    needed += [('effective', "the firewall's own view of its settings"), ('products', 'the list of other firewalls')]
    return [words for source, words in needed if why_not(raw, 'firewall.' + source)]


def _stopped(services: Iterable[Service] | None) -> list[Doubt]:
    """Say that the firewall does not run, or that this is not known: what holds then is not documented."""
    if services is None:
        return [Doubt('service', 'whether the service of the firewall is running is not known')]
    running = {service.name.lower() for service in services if service.state == _RUNNING}
    stopped = [name for name in _SERVICES if name not in running]
    return [Doubt('service', 'the service %s is not running' % ' and '.join(stopped))] if stopped else []


def _stale(raw: Raw, effective: Effective, found: Mapping[str, Profile]) -> list[str]:
    """List the settings that the service has otherwise than the registry: it reads some of them when it starts only."""
    names = {interface['id'].lower(): interface['name'].lower() for interface in raw.get('interfaces') or ()}
    differing = []
    for profile, bit in _BITS.items():
        held = found[profile]
        row = effective['profiles'].get(str(bit))
        if row is None or len(row) < 4:
            differing.append('the %s profile' % profile)
            continue
        enabled, shielded, action, excluded = row[:4]
        for name, value, possible in (
                ('EnableFirewall', bool(enabled), {not settings.off for settings in held.settings}),
                ('DoNotAllowExceptions', bool(shielded), {settings.shielded for settings in held.settings}),
                ('DefaultInboundAction', action == _ALLOW, {settings.default_allow for settings in held.settings})):
            if value not in possible:
                differing.append('%s of the %s profile' % (name, profile))
        told = {name.lower() for name in excluded} if isinstance(excluded, list) else set()
        if not any(listed is None or told == {names[guid] for guid in listed if guid in names}
                   for listed in held.disabled):
            differing.append('DisabledInterfaces of the %s profile' % profile)
    current = [profile for profile, bit in _BITS.items() if effective['current'] & bit]
    # NET_FW_MODIFY_STATE_OK: local rules count in one of the current profiles at least
    if current and effective['modify'] == 0 and without_local(found, current) == current:
        differing.append('AllowLocalPolicyMerge')
    return differing


def caveats(raw: Raw) -> list[str]:
    """List what to know of every verdict on what comes in by the network."""
    firewall, result = raw['firewall'], []
    providers = firewall.get('providers')
    if providers is None:
        result.append('whether other products filter packets could not be read')
    foreign = [name for name in providers or () if not name.lower().startswith(_OF_WINDOWS)]
    if foreign:
        result.append('other products may filter packets: %s' % _named(foreign))
    consec = firewall.get('consec')
    if consec is None:
        result.append('whether there are rules of connection security could not be read')
    elif any(consec.values()):
        result.append('rules of connection security may demand IPsec, which is not judged')
    if any(service.name.lower() == 'vmms' and service.state == _RUNNING for service in raw.get('services') or ()):
        result.append('Hyper-V is running, whose switches and virtual machines have rules of their own')
    return result


def _named(names: list[str]) -> str:
    """Some of these names, shortened: they are text of the host."""
    return ', '.join([name[:_MOST_NAME] for name in names[:_MOST_NAMED]] + ['...'] * (len(names) > _MOST_NAMED))
