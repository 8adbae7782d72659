# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which groups a host is, and that nothing else comes of facts of strangers."""

import copy
import re

import pytest
from hypothesis import given, settings, strategies as st

from ansible_collections.listening.ports.plugins.plugin_utils._inventory import membership, names
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.membership import Grouping
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions import ports
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    exposure, facts, listener, owner
)

ANYONE = exposure('allowed', ['0.0.0.0/0'])
NOBODY = exposure('blocked', level='none')


def forward(**other):
    """Something that a firewall leads elsewhere."""
    return listener(**{'port': 8080, 'owners': [], 'to': '172.17.0.2:80', 'ports': '8080', 'decided_by': None,
                       'container': 'shop', 'proxy': None, 'exposure': ANYONE, **other})


def groups(*listeners, kinds=names.KINDS, given=None, loopback=False, forwarded=()):
    items = None if given is None else ports.items(given, 'ports', ('tcp',))
    return Grouping(kinds, items, loopback).of(facts(*listeners, forwarded=list(forwarded)))


@pytest.mark.parametrize('listeners, expected', [
    ([listener(port=22), listener(port=22, address='::')], {'listens_tcp_22'}),
    ([listener(port=53, protocol='udp'), listener(port=53)], {'listens_udp_53', 'listens_tcp_53'}),
    ([listener('127.0.0.1')], set()),
    ([listener(namespace='pod')], set()),
    ([listener(protocol='raw', port=1)], set()),
    ([listener(protocol='udp', port=40000, ephemeral=True)], set()),
    ([listener(protocol='udplite', port=7)], {'listens_udplite_7'}),
    ([], set()),
])
def test_what_listens(listeners, expected):
    assert groups(*listeners, kinds=['listens']) == expected


@pytest.mark.parametrize('given, expected', [
    (22, {'listens_tcp_22'}), ([22, 443], {'listens_tcp_22', 'listens_tcp_443'}), ('53/udp', {'listens_udp_53'}),
    ('any/udp', {'listens_udp_53', 'listens_udp_40000'}), ('400-500', {'listens_tcp_443'}), (1, set()),
])
def test_ports_that_matter(given, expected):
    listeners = [listener(port=22), listener(port=443), listener(port=53, protocol='udp'),
                 listener(port=40000, protocol='udp', ephemeral=True)]
    assert groups(*listeners, kinds=['listens'], given=given) == expected
    # and nothing else of those that do not
    assert bool(groups(*listeners, kinds=['exposed', 'process'], given=given)) == bool(expected)


@pytest.mark.parametrize('found, expected', [
    (listener(exposure=ANYONE), {'exposed_anyone'}),
    (listener(exposure=NOBODY), {'exposed_none'}),
    (listener(), {'exposed_unknown'}),
    (listener(exposure=None), {'exposed_unknown'}),
    (listener('127.0.0.1', exposure=ANYONE), set()),
    (listener(protocol='udp', port=40000, ephemeral=True, exposure=ANYONE), {'exposed_anyone'}),
    (listener(namespace='pod', exposure=None), set()),
])
def test_who_reaches_it(found, expected):
    assert groups(found, kinds=['exposed']) == expected


def test_loopback_counts_where_it_is_wanted():
    found = listener('127.0.0.1', port=5432)
    assert groups(found, kinds=['listens', 'exposed'], loopback=True) == {'listens_tcp_5432', 'exposed_local'}


def test_who_serves_it():
    found = [
        listener(service='nginx.service', owners=[owner(process='nginx'), owner(process='NGINX worker')]),
        listener(port=81, owners=[]), listener(port=82, owners=[owner(process=None)]),
        listener(port=83, namespace='pod', owners=[owner(process='app', container='Shop/1')]),
        listener(port=84, protocol='udp', ephemeral=True, owners=[owner(process='avahi')]),
    ]
    assert groups(*found, kinds=['service']) == {'service_nginx'}
    assert groups(*found, kinds=['process']) == {'process_nginx', 'process_nginx_worker', 'process_app'}
    assert groups(*found, kinds=['container']) == {'container_shop_1'}


@pytest.mark.parametrize('span, given, expected, wide', [
    ('8080', None, {8080}, 0), ('8080-8082', None, {8080, 8081, 8082}, 0), ('8000-9000', None, set(), 1),
    ('8000-9000', [8443, '9000-9100', '70/udp'], {8443, 9000}, 0), ('8000-9000', '22', None, 0),
    ('8000-8255', None, set(range(8000, 8256)), 0), ('8000-8256', None, set(), 1),
])
def test_what_is_forwarded(span, given, expected, wide):
    grouping = Grouping(['listens', 'exposed', 'container'],
                        None if given is None else ports.items(given, 'ports', ('tcp',)))
    made = grouping.of(facts(forwarded=[forward(ports=span, port=int(span.split('-')[0]))]))
    wanted = set() if expected is None else {'exposed_anyone', 'container_shop'}
    assert made == wanted | {'listens_tcp_%d' % port for port in expected or ()}
    assert grouping.wide is bool(wide)


def test_verdicts():
    assert Grouping(['verdict']).of_verdict('violates') == {'verdict_violates'}
    assert Grouping(['listens']).of_verdict('violates') == set()


@pytest.mark.parametrize('key, value', [
    ('protocol', 'icmp'), ('protocol', []), ('protocol', None), ('port', '22'), ('port', True), ('port', -1),
    ('port', 65536), ('port', 10 ** 30), ('port', 22.0), ('scope', {}), ('scope', 'everywhere'), ('ephemeral', 1),
    ('exposure', []), ('exposure', {'level': None}), ('exposure', {}), ('namespace', 7), ('namespace', []),
    ('exposure', {'level': 'x'}), ('exposure', {'level': ['anyone']}), ('exposure', 'anyone'),
    ('service', 7), ('service', 'x' * 20001), ('owners', None), ('owners', [7]), ('owners', [{}] * 65),
    ('owners', [{'process': 7}]), ('owners', [{'container': []}]), ('container', 7), ('ports', '9-8'), ('ports', 7),
    ('ports', '1-99999'), ('ports', 'x'),
])
def test_what_is_not_as_facts_are_is_a_fault(key, value):
    observed = facts(listener(), listener(port=81))
    observed['listeners'][1][key] = value
    with pytest.raises(Fault, match=r'listeners\[1\]\.'):
        Grouping(names.KINDS).of(observed)


@pytest.mark.parametrize('key, value', [('port', True), ('port', 1.0), ('ephemeral', 0)])
def test_what_python_takes_for_the_same_is_not(key, value):
    """Also after the like of it was accepted."""
    grouping = Grouping(names.KINDS)
    grouping.of(facts(listener(port=1)))
    with pytest.raises(Fault, match=key):
        grouping.of({'listeners': [listener(**{'port': 1, key: value})]})


def test_few_kinds_are_remembered(monkeypatch):
    monkeypatch.setattr(membership, '_MOST_KNOWN', 5)
    grouping = Grouping(['listens'])
    for port in (*range(1, 30), 1):
        assert grouping.of(facts(listener(port=port))) == {'listens_tcp_%d' % port}
    assert len(grouping._known) <= 6


@pytest.mark.parametrize('value', [None, {}, 'x', 7])
@pytest.mark.parametrize('key', ['listeners', 'forwarded'])
def test_lists_are_lists(key, value):
    with pytest.raises(Fault):
        Grouping(names.KINDS).of({'listeners': [], key: value})
    with pytest.raises(Fault, match=r'%s\[0\]' % key):
        Grouping(names.KINDS).of({'listeners': [], key: [7]})


JSON = st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(),
                              st.sampled_from(hostile.NAMES)),
                    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
                    max_leaves=8)
KEYS = sorted({*listener(), 'exposure', 'ports', 'container'})


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KEYS), JSON), max_size=3), st.sampled_from(hostile.NAMES), st.booleans())
def test_hostile_facts_are_names_or_a_fault(changes, name, loopback):
    found = listener(service=name, owners=[owner(process=name, container=name)])
    found.update(copy.deepcopy(changes))
    try:
        made = Grouping(names.KINDS, loopback=loopback).of(
            {'listeners': [found], 'forwarded': [forward(container=name)]})
    except Fault as fault:
        assert str(fault).isprintable() and str(fault).isascii()
        return
    assert all(re.fullmatch(r'[a-z][a-z0-9_]{0,59}', each, re.ASCII) and each.__class__ is str for each in made)
    assert 'listens_tcp_8080' in made
