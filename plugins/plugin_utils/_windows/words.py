# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules and settings in words, as they are shown: what the host wrote is cut, and made harmless."""

from __future__ import annotations

from .._harmless.terminal import visible
from .model import Settings
from .rules import DESCRIPTIVE, Rule

LONGEST_NAME, LONGEST_TEXT = 100, 200           # characters of what the host wrote
_STORES = {'local': 'the local store', 'gpo': 'Group Policy', 'mdm': 'device management', 'static': 'service hardening',
           'configurable': 'service hardening', 'appiso': 'app isolation'}
_SAID = frozenset((*DESCRIPTIVE, 'action', 'active', 'dir'))       # keys that are said otherwise, or say nothing


def title(rule: Rule) -> str:
    """Return which rule it is: ``allow rule "WinRM-HTTP-In-TCP" of the local store``."""
    return '%s rule %s of %s' % (rule.action or 'a', name(rule), _STORES[rule.store])


def name(rule: Rule) -> str:
    """Return the id of a rule in quotes."""
    return '"%s"' % visible(rule.id, LONGEST_NAME).replace('"', '\\x22')


def full(rule: Rule) -> str:
    """Return which rule it is, and what it says: its conditions, sorted, as the order of keys means nothing."""
    parts = ['%s=%s' % (_key(key), value) for key, values in sorted(rule.values.items()) if key not in _SAID
             for value in sorted(set(values))]
    return '%s: %s' % (title(rule), visible(' '.join(parts) or 'without conditions', LONGEST_TEXT))


def _key(key: str) -> str:
    return _WRITTEN.get(key, key)


_WRITTEN = {word.lower(): word for word in (
    'App', 'AppPkgId', 'Defer', 'Edge', 'IF', 'IFType', 'LA4', 'LA6', 'LOM', 'LPort', 'LPort2_10', 'LPort2_20',
    'LUAuth', 'LUOwn', 'PFN', 'Platform', 'Platform2', 'Profile', 'Protocol', 'RA4', 'RA42', 'RA6', 'RA62', 'RMAuth',
    'RPort', 'RPort2_10', 'RUAuth', 'Security', 'Svc')}


def default(profile: str, settings: Settings) -> str:
    """Return what decides where no rule does."""
    if settings.off:
        return 'the firewall is off in the %s profile' % profile
    if settings.shielded:
        return 'the %s profile blocks all that comes in (DoNotAllowExceptions)' % profile
    return 'default inbound action %s of the %s profile' % ('allow' if settings.default_allow else 'block', profile)
