# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of real hosts: all of them are understood.

``WINDOWS_HIVES`` names a folder with files of the registry hive SYSTEM, compressed by xz or not; without it a few rules
in the same form are tried.
"""

import collections
import os
import pathlib

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.plugin_utils._windows import decide, model, rules

from windows.hive import Hive

_POLICY = '\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\'
_KEYS = {
    'local': 'FirewallRules', 'mdm': 'Mdm\\FirewallRules', 'static': 'RestrictedServices\\Static\\System',
    'configurable': 'RestrictedServices\\Configurable\\System', 'appiso': 'RestrictedServices\\AppIso\\FirewallRules'}
_HEAD = 'v2.31|Action=Allow|Active=TRUE|Dir=In|'
SAMPLES = {
    'local': [
        ('http-in', _HEAD + 'Protocol=6|LPort=5985|App=System|Profile=Domain|Profile=Private|Name=@a.dll,-1|'),
        ('mdns-in', 'V2.28|ACTION=Allow|ACTIVE=TRUE|DIR=in|app=%windir%\\system32\\svchost.exe|LPort2_24=mDNS|'
                    'Protocol=17|svc=dnscache|RA4=LocalSubnet|RA6=LocalSubnet|'),
        ('rpc-in', _HEAD + (
            'Protocol=6|LPort=RPC|App=%SystemRoot%\\system32\\spoolsv.exe|Svc=Spooler|Edge=TRUE|Defer=App|')),
        ('out', 'v2.31|Action=Allow|Active=TRUE|Dir=Out|App=System|'), ('icmp', _HEAD + 'Protocol=1|ICMP4=8:*|'),
        ('near', _HEAD + 'Profile=Public|RA42=Ply2Renders|RA62=Ply2Renders|TTK2_22=WFDPrint|LUOwn=S-1-1-0|')],
    'static': [
        ('block', 'V2.0|Action=Block|Dir=In|App=%SystemRoot%\\System32\\svchost.exe|Svc=irmon|Name=Block|'),
        ('list', 'V2.0|Action=Block|Dir=In|LPort=1-553,555-65535|Protocol=6|App=C:\\media\\player.exe|')],
    'appiso': [
        ('app', 'v2.31|Action=Block|Active=TRUE|Dir=In|LUOwn=S-1-1-0|AppPkgId=S-1-15-2-1-2-3-4-5-6-7|')],
}
MACHINE = model.Machine((10, 0, 17763), {'systemroot': 'C:\\Windows', 'windir': 'C:\\Windows'}, frozenset((49664,)),
                        (49152, 65535), frozenset(), frozenset())


def _stores(path):
    """The stores of a hive."""
    hive = Hive(path)
    control = 'ControlSet%03d' % hive.number('Select', 'Current')
    return {store: hive.texts(control + _POLICY + key) for store, key in _KEYS.items()}


FOLDER = os.environ.get('WINDOWS_HIVES')
HIVES = [path for path in sorted(pathlib.Path(FOLDER).iterdir()) if path.is_file()] if FOLDER else [None]


@pytest.fixture(params=HIVES, ids=[path.name if path else 'samples' for path in HIVES])
def stores(request):
    """Stores of one host."""
    return _stores(request.param) if request.param else SAMPLES


def test_all_is_understood(stores):
    parsed = rules.of_stores(stores)
    print('%s; %d of them are active, and for TCP or UDP that come in: %s' % (
        ', '.join('%s %d' % (store, len(texts or ())) for store, texts in stores.items()), len(parsed),
        dict(collections.Counter(rule.store for rule in parsed))))
    assert stores['local'] and parsed
    assert {reason: rule.text for rule in parsed for reason in rule.unclear} == {}
    assert all(rule.action for rule in parsed)


def test_none_is_left_out_that_comes_in(stores):
    """Looked at in another way: by whole parts of the texts."""
    parsed = {(rule.store, rule.id) for rule in rules.of_stores(stores)}
    for store, texts in stores.items():
        for name, text in texts or ():
            parts = text.lower().split('|')
            is_active = 'active=true' in parts or (
                store in model.HARDENING and not any(part.startswith('active=') for part in parts))
            numbers = [part for part in parts if part.startswith('protocol=')] or ['protocol=6']
            is_meant = 'dir=in' in parts and is_active and numbers[0] in ('protocol=6', 'protocol=17')
            assert ((store, name) in parsed) == is_meant, text


def test_a_plain_program_is_decided(stores):
    """No rule leaves open whether somebody reaches a program that no rule names."""
    firewall = decide.Firewall(rules.of_stores(stores), MACHINE)
    settings = model.Settings(False, False, False, frozenset(('local', 'gpo')))
    nets = {family: (iv.prefix(*net, family),) for family, net in ((4, ('192.0.2.0', 24)), (6, ('fe80::', 64)))}
    for profile in model.PROFILES:
        for family, net in nets.items():
            arrival = model.Arrival(family, 'Ethernet', '{}', 'lan', net[0][0] + 1, ((profile, settings),), '', False,
                                    net, net, {}, False)
            for protocol in ('tcp', 'udp'):
                said = firewall.answer(decide.stranger(protocol, 8080), arrival)
                assert not said.undecided and not said.allowed, (profile, family, protocol, said)
