# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors planted in the evaluator: the comparison with the simulation finds each."""

import dataclasses
import functools
import re

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.plugin_utils._windows import (
    addresses, conditions, decide, index, model, ports, rules, sddl, tiers)

from windows import chance, judge

HOSTS, WORLDS = 8000, 6
REMEMBERED = {'all ports are alike', 'all holders are alike', 'all arrivals are alike'}


def changed(name, change, module=rules):
    """Plant a function that calls the one that was there, and changes its result."""
    def plant(monkeypatch):
        right = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given, **named: change(right(*given, **named), *given))
    return plant


def parsed(change):
    """Plant a change of rules that were parsed."""
    return changed('parse', lambda rule, *dummy: rule and change(rule))


def without(*reasons):
    """Plant that some reasons to doubt a rule are none."""
    return parsed(lambda rule: rule._replace(unclear=tuple(
        reason for reason in rule.unclear if not reason.startswith(reasons))))


def matched(change):
    """Plant a change of what rules match: a function of a match to another one, or None."""
    def plant(monkeypatch):
        right = decide.judge
        monkeypatch.setattr(decide, 'judge', lambda matches, *rest: right(
            [match for match in map(change, matches) if match], *rest))
    return plant


def ruled(is_meant, **given):
    """Plant that some rules are others: by a test of a rule, and what is different."""
    return matched(lambda match: match._replace(rule=match.rule._replace(**given)) if is_meant(match.rule) else match)


def settled(change):
    """Plant a change of the settings of a profile."""
    def plant(monkeypatch):
        right = decide.judge
        monkeypatch.setattr(decide, 'judge', lambda matches, arrival, profile, settings: right(
            matches, arrival, profile, change(settings)))
    return plant


def arriving(**given):
    """Plant that where packets come in is something else."""
    def plant(monkeypatch):
        right = decide.Firewall.answer
        monkeypatch.setattr(decide.Firewall, 'answer', lambda self, holder, arrival: right(
            self, holder, arrival._replace(**given)))
    return plant


def first_profile(monkeypatch):
    """Plant that only one profile can hold."""
    right = decide.Firewall.answer
    monkeypatch.setattr(decide.Firewall, 'answer', lambda self, holder, arrival: right(
        self, holder, arrival._replace(cases=arrival.cases[:1])))


def asked(key, instead):
    """Plant that a condition of who listens is always the same."""
    return lambda monkeypatch: monkeypatch.setitem(conditions._WHO, key, lambda *dummy: instead)


def known(key, instead):
    """Plant that a condition of who listens is decided where it is not known."""
    def plant(monkeypatch):
        right = conditions._WHO[key]
        monkeypatch.setitem(conditions._WHO, key, lambda *given: _decided(right(*given), instead))
    return plant


def _decided(result, instead):
    return instead if isinstance(result, str) else result


def placed(name, instead):
    """Plant that a condition of where packets come in is decided where it is not known."""
    return changed(name, lambda result, *dummy: _decided(result, instead), conditions)


def holding(**given):
    """Plant that the index has something else of a holder."""
    def plant(monkeypatch):
        right = index.Index.candidates
        monkeypatch.setattr(index.Index, 'candidates', lambda self, holder: right(self, holder._replace(**given)))
    return plant


def method(owner, name, instead):
    """Plant a method."""
    return lambda monkeypatch: monkeypatch.setattr(owner, name, instead)


def _is_secured_allow(rule):
    return rule.secured and rule.action == 'allow'


def _widening(right):
    return lambda named, arrival: right(None if named and named.four == named.six else named, arrival)


def _spans(result, dummy, dummy2=None):
    return result._replace(maybe=result.sure, reason='')


HARDENING = set(model.HARDENING)
ERRORS = {
    'blocks that may match are left out': matched(
        lambda match: None if match.rule.action == 'block' and match.reasons else match),
    'what allows a part is before what blocks all': matched(
        lambda match: None if match.rule.action == 'block' and not match.rule.remote else match),
    'bypass is sure': ruled(lambda rule: rule.action == 'bypass', action='allow', secured=False),
    'bypass does not pass blocks': ruled(lambda rule: rule.action == 'bypass', action='allow', secured=True),
    'rules with IPsec let in everybody': ruled(_is_secured_allow, secured=False),
    'rules with IPsec block nobody': ruled(_is_secured_allow, action='bypass'),
    'rules with IPsec let in nobody': matched(lambda match: None if _is_secured_allow(match.rule) else match),
    'rules of an unknown action are left out': matched(lambda match: match if match.rule.action else None),
    'hardening is left out': matched(lambda match: None if match.rule.store in HARDENING else match),
    'hardening does not hold while the firewall is off': lambda monkeypatch: monkeypatch.setattr(
        decide, 'judge', lambda matches, arrival, profile, settings: tiers.judge(
            [match for match in matches if not (settings.off and match.rule.store in HARDENING)],
            arrival, profile, settings)),
    'what hardening allows spares nobody': matched(
        lambda match: None if match.rule.store in HARDENING and match.rule.action == 'allow' else match),
    'hardening is like all rules': ruled(lambda rule: rule.store in HARDENING, store='gpo'),
    'stores that are doubted count': settled(lambda settings: settings._replace(
        doubted=(), stores=settings.stores | {store for store, dummy in settings.doubted})),
    'stores that are doubted do not count': settled(lambda settings: settings._replace(doubted=())),
    'all stores count': settled(lambda settings: settings._replace(stores=frozenset(model.STORES))),
    'local rules for a program count': settled(lambda settings: settings._replace(local_programs=True)),
    'local rules for a port count': settled(lambda settings: settings._replace(local_ports=True)),
    'the firewall is never off': settled(lambda settings: settings._replace(off=False)),
    'shields are never up': settled(lambda settings: settings._replace(shielded=False)),
    'the default is to block': settled(lambda settings: settings._replace(default_allow=False)),
    'the firewall is on for all interfaces': arriving(disabled=False),
    'all profiles are meant': parsed(lambda rule: rule._replace(profiles=frozenset(model.PROFILES))),
    'the first profile holds': first_profile,
    'LOM means nothing': parsed(lambda rule: rule._replace(local_only=False)),
    'LOM widens blocks': lambda monkeypatch: monkeypatch.setattr(
        decide.addresses, 'resolve', _widening(addresses.resolve)),
    'unknown conditions are trusted': without('it has a condition', 'a part of it'),
    'rules with unknown conditions are left out': parsed(
        lambda rule: None if any('condition' in reason for reason in rule.unclear) else rule),
    'unknown conditions only narrow': parsed(lambda rule: rule._replace(
        remote=rule.remote and rule.remote._replace(unclear=''), ports=rule.ports and rule.ports._replace(unclear=''))),
    'newer versions are trusted': without('its version is newer'),
    'odd versions are trusted': without('its version is not'),
    'all versions are read': parsed(lambda rule: rule._replace(ignored=False)),
    'rules without Active hold': lambda monkeypatch: monkeypatch.setattr(rules, 'HARDENING', model.STORES),
    'rules of hardening need Active': changed('_is_for_others', lambda result, values, dummy: result or not values.get(
        'active')),
    'rules that go out come in': lambda monkeypatch: monkeypatch.setattr(
        rules, 'parse', lambda name, text, store, right=rules.parse: right(
            name, re.sub('dir=out', 'Dir=In', text, flags=re.IGNORECASE), store)),
    'an odd Active is on': without('whether it is active'),
    'an odd direction is in': without('its direction'),
    'an odd protocol is trusted': without('its protocol'),
    'ports need no protocol': without('it names ports'),
    'any program is meant': asked('app', True),
    'an unknown program is the one': known('app', True),
    'an unknown program is another': known('app', False),
    'any service is meant': asked('svc', True),
    'an unknown service is the one': known('svc', True),
    'an unknown service is another': known('svc', False),
    'services have SIDs': lambda monkeypatch: monkeypatch.setattr(
        conditions, '_is_one_service', lambda name, holder: holder.services is not None and any(
            name in ('*', service) for service, dummy in holder.services)),
    'any package is meant': asked('apppkgid', True),
    'any package family is meant': asked('pfn', True),
    'an unknown package is none': known('apppkgid', False),
    'all users are meant': asked('luauth', True),
    'unknown users are meant': known('luauth', True),
    'unknown users are not meant': known('luauth', False),
    'an app is one in a package': lambda monkeypatch: monkeypatch.setattr(
        sddl, 'grants', lambda text, holder, right=sddl.grants: right(text, holder._replace(package=''))),
    'rules are for all users': known('luown', True),
    'rules are of their users alone': known('luown', False),
    'an address is that of any host': changed('holds', lambda *dummy: True, addresses),
    'both families are meant': changed('resolve', lambda result, named, arrival: addresses.Sources(
        *2 * (iv.full(arrival.family),), '') if named and not named.of(arrival.family) and not named.keywords
        else result, addresses),
    'keywords for addresses are nobody': changed('resolve', _spans, addresses),
    'LocalSubnet is all networks': arriving(subnets=((0, 2 ** 128 - 1),)),
    'odd addresses are nobody': parsed(lambda rule: rule._replace(
        remote=rule.remote and rule.remote._replace(unclear=''))),
    'odd addresses are trusted': without('an address'),
    'odd ports are none': parsed(lambda rule: rule._replace(ports=rule.ports and rule.ports._replace(unclear=''))),
    'odd ports are trusted': without('a port'),
    'ports that are not known are none': changed('resolve', lambda result, *dummy: result._replace(
        maybe=result.sure), ports),
    'ports that may be meant are': changed('resolve', lambda result, *dummy: result._replace(
        sure=result.maybe), ports),
    'RPC has no other ports': changed('_rpc', _spans, ports),
    'any interface is meant': changed('_is_interface', lambda *dummy: True, conditions),
    'an unknown type of interface is the one': placed('_is_kind', True),
    'an unknown type of interface is another': placed('_is_kind', False),
    'any version of Windows is meant': changed('_is_platform', lambda *dummy: True, conditions),
    'unknown versions of Windows are not meant': placed('_is_platform', False),
    'devices nearby are everybody': placed('_is_nearby', True),
    'no devices are nearby': changed('_is_nearby', lambda *dummy: False, conditions),
    'Teredo is like all interfaces': arriving(teredo=False),
    'Teredo is left to nobody': placed('_is_for_edge', True),
    'source ports are all': parsed(lambda rule: rule._replace(source_ports=False)),
    'no rule of a package is found': holding(package=''),
    'no rule of a service is found': holding(services=()),
    'no rule of a program is found': holding(program='c:\\none.exe'),
    'no rule of a port is found': holding(port=1),
    'all ports are alike': method(index.Index, 'port_class', lambda *dummy: 0),
    'all holders are alike': method(index.Index, 'holder_class', lambda *dummy: 0),
    'all arrivals are alike': method(decide.Firewall, 'arrival_class', lambda *dummy: 0),
}


@functools.lru_cache(maxsize=HOSTS)
def host(seed):
    """A host of which one question is asked, as most errors need no more to be found."""
    return dataclasses.replace(chance.host(seed), others=[])


@pytest.mark.parametrize('name', ERRORS)
def test_a_planted_error_is_found(monkeypatch, name):
    ERRORS[name](monkeypatch)
    made = chance.host if name in REMEMBERED else host
    assert any(judge.compare(seed, made(seed), WORLDS).wrong for seed in range(HOSTS))


def test_nothing_is_found_where_nothing_is_planted():
    assert not any(judge.judge(seed, WORLDS).wrong for seed in range(300))
