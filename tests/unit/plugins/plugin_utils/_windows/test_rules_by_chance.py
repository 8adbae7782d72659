# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds of all rules, tried with random ones: nothing is raised, order means nothing, and not to know never helps.

How many, and with which seed, is said in strategies.py of _policy.
"""

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.plugin_utils._windows import conditions, decide, model, rules
from ansible_collections.listening.ports.plugins.plugin_utils._windows.index import Index
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import strategies
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import hosts

PARTS = (
    'Protocol=6', 'Protocol=6', 'Protocol=17', 'Protocol=tcp', 'LPort=80', 'LPort=443', 'LPort2_10=79-90', 'LPort=RPC',
    'LPort2_24=mDNS', 'LPort=odd!', 'LPort2_20=Ply2Disc', 'RPort=67', 'RA4=10.0.0.0/8', 'RA4=LocalSubnet', 'RA4=DNS',
    'RA42=IntErnet', 'RA6=fd00::/8', 'RA4=1.2.3', 'LA4=192.0.2.10', 'LA6=fd00::1', 'App=C:\\app\\server.exe',
    'App=System', 'App=%SystemRoot%\\System32\\svchost.exe', 'App=C:\\PROGRA~1\\x.exe', 'Svc=dhcp', 'Svc=*',
    'AppPkgId=' + hosts.PACKAGE, 'PFN=App_1', 'LUOwn=S-1-5-18', 'LUAuth=D:(A;;CC;;;SY)', 'LUAuth=D:(A;;CC;;;BA)',
    'Profile=Domain', 'Profile=Public', 'Profile=All', 'IF=' + hosts.GUID, 'IFType=Lan', 'IFType=Wireless',
    'Platform=2:10:0', 'TTK2_22=WFDPrint', 'TTK=Proximity', 'Edge=TRUE', 'Defer=App', 'LOM=TRUE',
    'Security=Authenticate', 'SkipVer=2.0', 'Active=FALSE', 'Dir=Out', 'Name=x', 'Zzz=1', 'odd')
UNKNOWN = ('Zzz=1', 'odd', 'LPort9=x', 'RA43=Later', 'App2=C:\\x.exe', '=', 'Action', 'lom', '\u212a=1')
HEADS = ('v2.30', 'v2.30', 'v2.30', 'V2.0', 'v2.99', 'V4.0', 'x')


def a_text(choose):
    """The parts of a rule."""
    active = choose.of((['Active=TRUE'], ['Active=TRUE'], []))
    action = choose.of(('Allow', 'Allow', 'Allow', 'Block', 'Block', 'ByPass', 'Later'))
    return [choose.of(HEADS), 'Action=' + action, *active, 'Dir=In', *choose.some(PARTS, 0, 5)]


def some_rules(choose):
    """Up to four rules: a list of (parts, store)."""
    return [(a_text(choose), choose.of(('local', 'local', 'gpo', 'mdm', 'static', 'appiso')))
            for dummy in range(1 + choose.below(4))]


def a_holder(choose):
    """What listens, all of which was observed."""
    program = choose.of((hosts.SERVER, hosts.SVCHOST, model.SYSTEM, 'c:\\x.exe'))
    services = choose.of(((), (('dhcp', True),), (('dhcp', False), ('x', True)))) if program == hosts.SVCHOST else ()
    return model.Holder(choose.of(('tcp', 'tcp', 'udp')), choose.of((80, 443, 5353, 49664, 50000)), program, services,
                        choose.of(('', '', '', hosts.PACKAGE, 'S-1-15-2-9')), choose.of(('S-1-5-18', 'S-1-5-20')))


def an_arrival(choose):
    """Where packets come in."""
    family = choose.of((4, 4, 6))
    given = {'off': choose.one_in(12), 'shielded': choose.one_in(12), 'default_allow': choose.one_in(5),
             'stores': choose.of((frozenset(('local', 'gpo', 'mdm')), frozenset(('gpo',)))),
             'doubted': choose.of(((), (('mdm', 'doubted'),))), 'local_programs': not choose.one_in(6),
             'local_ports': not choose.one_in(6)}
    profiles = choose.of((('domain',), ('public',), ('domain', 'public')))
    return hosts.arrival(
        family=family, address=iv.number('192.0.2.10' if family == 4 else 'fd00::10'),
        kind=choose.of(('lan', 'wireless')),
        cases=tuple((profile, hosts.settings(**given)) for profile in profiles), why='which',
        subnets=hosts.NET if family == 4 else hosts.spans('fe80::/64'), all_subnets=(), teredo=choose.one_in(9),
        disabled=choose.one_in(20))


def outcome(written, who, where, **of_machine):
    """What is said by rules as they are written: a list of (name, text, store)."""
    parsed = [each for each in (rules.parse(*rule) for rule in written) if each]
    return decide.Firewall(parsed, hosts.machine(**of_machine)).answer(who, where)


def text_of(some):
    """Write rules: (name, text, store)."""
    return [('r%d' % number, '|'.join([*parts, '']), store) for number, (parts, store) in enumerate(some)]


def let_in(said):
    """(those that surely are, those that may be)."""
    return said.allowed, iv.united([said.allowed, *(spans for spans, dummy in said.undecided)])


def knows_less(said, before):
    """Whether of nobody more is said than before."""
    (allowed, maybe), (allowed_before, maybe_before) = let_in(said), let_in(before)
    return not iv.minus(allowed, allowed_before) and not iv.minus(maybe_before, maybe)


@pytest.fixture(scope='module', autouse=True)
def seed(request):
    """Which seed this run has: it is not in a log of tests that pass."""
    with request.config.pluginmanager.getplugin('capturemanager').global_and_fixture_disabled():
        print('\n%d examples of each property, seed %d' % (strategies.EXAMPLES, strategies.SEED))


def test_no_text_raises_anything():
    @hypothesis.given(st.text(), st.text(), st.sampled_from(model.STORES))
    def check(name, text, store):
        rules.parse(name, text, store)
        rules.parse(name, 'v2.30|Dir=In|Active=TRUE|' + text, store)
    strategies.run(check)


def test_no_value_raises_anything():
    keys = sorted({part.partition('=')[0] for part in PARTS if '=' in part}) + ['LUAuth', 'Platform2', 'RA4', 'LA6']

    @hypothesis.given(st.lists(st.tuples(st.sampled_from(keys), st.text(max_size=30)), max_size=6), strategies.CHOICES)
    def check(pairs, choose):
        text = '|'.join(['v2.30', 'Action=Allow', 'Active=TRUE', 'Dir=In', *('%s=%s' % pair for pair in pairs), ''])
        said = outcome([('r', text, choose.of(model.STORES))], a_holder(choose), an_arrival(choose))
        assert all(reason for dummy, reason in said.undecided)
    strategies.run(check)


def test_what_is_not_known_never_makes_anybody_sure():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        some, who, where = some_rules(choose), a_holder(choose), an_arrival(choose)
        before = outcome(text_of(some), who, where)
        parts = choose.of(some)[0]
        parts.insert(1 + choose.below(len(parts)), choose.of(UNKNOWN))
        assert knows_less(outcome(text_of(some), who, where), before)
    strategies.run(check)


def test_order_means_nothing():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        some, who, where = some_rules(choose), a_holder(choose), an_arrival(choose)
        before = outcome(text_of(some), who, where)
        shuffled = text_of([([parts[0], *choose.shuffled(parts[1:])], store) for parts, store in some])
        assert outcome(choose.shuffled(shuffled), who, where) == before
    strategies.run(check)


def test_case_means_nothing():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        some, who, where = some_rules(choose), a_holder(choose), an_arrival(choose)
        before = outcome(text_of(some), who, where)
        other = [([getattr(part.partition('=')[0], change)() + ''.join(part.partition('=')[1:])
                   for part in parts], store) for parts, store in some for change in [choose.of(('upper', 'lower'))]]
        assert let_in(outcome(text_of(other), who, where)) == let_in(before)
    strategies.run(check)


def test_hidden_data_never_gives_a_pass():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        some, who, where = some_rules(choose), a_holder(choose), an_arrival(choose)
        before = outcome(text_of(some), who, where)
        hidden = dict.fromkeys(choose.some(('program', 'services', 'package', 'user'), 1, 4))
        if who.services and choose.one_in(3):
            hidden['services'] = tuple((name, None) for name, dummy in who.services)
        assert knows_less(outcome(text_of(some), who._replace(**hidden), where), before)
        machine = dict.fromkeys(choose.some(('version', 'rpc', 'dynamic', 'https'), 1, 4))
        assert knows_less(outcome(text_of(some), who, where, **machine), before)
        assert knows_less(outcome(text_of(some), who, where._replace(kind=None)), before)
        unread = tuple((store, 'unread') for store in model.STORES)
        less = tuple((profile, given._replace(doubted=unread)) for profile, given in where.cases)
        assert knows_less(outcome(text_of(some), who, where._replace(cases=less)), before)
        more = where.cases + ((choose.of(model.PROFILES), hosts.settings()),)
        assert knows_less(outcome(text_of(some), who, where._replace(cases=more)), before)
    strategies.run(check)


def test_the_index_leaves_out_no_rule_that_may_match():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        parsed = [each for each in (rules.parse(*rule) for rule in text_of(some_rules(choose))) if each]
        index, who = Index(parsed, hosts.machine()), a_holder(choose)
        who = who._replace(**dict.fromkeys(choose.some(('program', 'services', 'package'), 0, 2)))
        matching = {number for number, asked in enumerate(index.wanted) if conditions.who(asked, who) is not None}
        assert matching <= set(index.candidates(who))
    strategies.run(check)


def test_what_is_allowed_and_what_is_not_known_are_apart():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        said = outcome(text_of(some_rules(choose)), a_holder(choose), an_arrival(choose))
        sets = [said.allowed, *(spans for spans, dummy in said.undecided)]
        assert sum(map(iv.size, sets)) == iv.size(iv.united(sets))
        assert all(spans and reason for spans, reason in said.undecided)
        assert bool(said.allowed) == (said.allowed_by is not None)
    strategies.run(check)
