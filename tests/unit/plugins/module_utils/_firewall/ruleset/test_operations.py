# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of operation, in everything that analyses rules: one that somebody forgets has to be an error."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate import crowds, evaluator, hooks, index
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate.host import Host
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate.packet import State
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate.walk import PORTS, Walker
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure.alike import Asker
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import operations
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset.model import (
    NOWHERE, SOURCE, Bits, Chain, Numbers, Rule, Ruleset, Table
)
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset.operations import ACCEPT, DROP
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import NET

HERE, THERE = iv.number('10.0.0.1'), iv.number('172.17.0.2')
QUESTIONS = ('tests', 'writes', 'targets', 'destinations', 'reads', 'ports')


def chain(*ops, **base):
    made = Chain('ip', 'filter', 'made', **base)
    made.rules.append(Rule('made 1', 'made', list(ops)))
    return made


DROPS = chain(DROP)
TO_THERE = operations.Dnat(4, (THERE, THERE), (80, 80))
# an operation of each kind that can meet packets to port 22
SAMPLES = [
    operations.Match(('tcpdport',), False, Numbers(((22, 22),))),
    operations.Needs(('tcpdport', 'ctmark')),
    operations.Choose(('tcpdport',), Table([(((22, 22),), (operations.SetMark(5),))])),
    operations.Either(('thsport', 'thdport'), False, Numbers(((22, 22),))),
    operations.Doubt('a reason'),
    operations.Quiet(True, 'a caveat'),
    operations.Remember(('set', 'seen'), ('saddr4',), True),
    operations.Recall(('set', 'seen'), ('saddr4',), False, Numbers(iv.full(4))),
    operations.Recent(('recent', 'seen'), 'saddr4', False, 'remove', 1, 'a caveat'),
    operations.SetZone(5, 5),
    operations.SetMark(5),
    operations.SetConnectionMark(5),
    operations.NOTRACK,
    TO_THERE,
    operations.DnatMap(('tcpdport',), Table([(((22, 22),), TO_THERE)]), None),
    operations.Redirect((80, 80)),
    operations.SNAT,
    ACCEPT,
    DROP,
    operations.RETURN,
    operations.CONTINUE,
    operations.Jump(DROPS),
    operations.Goto(DROPS),
    operations.Undecided('a reason'),
    operations.VerdictMap(('tcpdport',), Table([(((22, 22),), DROP)])),
]


def kinds(cls=operations.Operation):
    """The classes that have a kind of their own."""
    return [kind for sub in cls.__subclasses__() for kind in [sub] + kinds(sub) if 'kind' in kind.__dict__]


KINDS = kinds()


def each(expected):
    """Parametrize a test by all kinds, with what is expected of each; which has to name them all."""
    assert set(expected) == {cls.kind for cls in KINDS}
    return pytest.mark.parametrize(
        'op, expected', [(op, expected[op.kind]) for op in SAMPLES], ids=[op.kind for op in SAMPLES]
    )


def test_there_is_a_sample_of_each_kind():
    assert sorted(cls.__name__ for cls in KINDS) == sorted(type(op).__name__ for op in SAMPLES)
    assert len({cls.kind for cls in KINDS}) == len(KINDS)


@pytest.mark.parametrize('op', SAMPLES, ids=[op.kind for op in SAMPLES])
def test_every_kind_answers_every_question(op):
    assert isinstance(op.passes, bool)
    assert not hasattr(op, '__dict__'), 'it has slots'
    assert set(op.writes()) <= {'mark', 'ct', 'address', 'lists'}
    assert all(isinstance(target, Chain) for target in op.targets())
    assert all(isinstance(name, str) for name in op.reads())
    assert all(len(span) == 2 for span in op.ports())
    for fields, dummy, negate in op.tests():
        assert set(fields) <= set(op.reads()) and isinstance(negate, bool)
    for dummy, dummy2, ports in op.destinations():
        assert ports is None or ports in op.ports()


@pytest.mark.parametrize('question', QUESTIONS)
def test_a_kind_that_does_not_answer_is_an_error(question):
    with pytest.raises(NotImplementedError):
        getattr(operations.Operation(), question)()


# the order of chains

NOTHING = frozenset()


@each(
    {
        'match': ('', 'address'),
        'either': ('', 'address'),
        'vmap': ('', 'address'),
        'dnatmap': ('address', 'address'),
        'needs': ('', 'ct'),
        'choose': ('mark', 'address mark ct'),
        'doubt': ('', ''),
        'quiet': ('', ''),
        'remember': ('lists', ''),
        'recall': ('', 'lists'),
        'recent': ('lists', 'lists'),
        'zone': ('ct', ''),
        'mark': ('mark', 'mark ct'),
        'ctmark': ('ct', 'mark ct'),
        'notrack': ('ct', ''),
        'dnat': ('address', ''),
        'redirect': ('address', ''),
        'snat': ('address', ''),
        'accept': ('', ''),
        'drop': ('', ''),
        'return': ('', ''),
        'continue': ('', ''),
        'jump': ('', ''),
        'goto': ('', ''),
        'unclear': ('', ''),
    }
)
def test_what_it_changes_and_depends_on(op, expected):
    step = hooks.Step('chain', 0, [chain(op)])
    assert step.effects == tuple(frozenset(words.split()) for words in expected)


@pytest.mark.parametrize(
    'jump',
    [
        operations.Jump,
        operations.Goto,
        lambda target: operations.VerdictMap(('mark',), Table([], operations.Jump(target))),
        lambda target: operations.VerdictMap(('mark',), Table([(((1, 1),), operations.Goto(target))])),
    ],
)
def test_what_it_leads_to_counts(jump):
    target = chain(operations.NOTRACK)
    assert hooks.Step('chain', 0, [chain(jump(target))]).effects[0] == {'ct'}
    assert list(operations.led_to([chain(jump(target))]))[-1] is operations.NOTRACK


def test_chains_that_lead_to_each_other_are_visited_once():
    first = chain()
    first.rules[0].ops.append(operations.Jump(first))
    assert len(list(operations.led_to([first, first]))) == 1


# the host

@each(
    dict(
        dict.fromkeys((cls.kind for cls in KINDS), []),
        match=[22, 23],
        either=[22, 23],
        vmap=[22, 23],
        choose=[22, 23],
        dnat=[80, 81],
        redirect=[80, 81],
        dnatmap=[22, 23, 80, 81],
    )
)
def test_ports_where_a_host_changes_its_mind(op, expected):
    assert sorted(Host([chain(op)], {}).ports) == expected


@each(dict(dict.fromkeys((cls.kind for cls in KINDS), True), match=False, needs=False, doubt=False, quiet=False,
           accept=False, either=False, remember=False, recall=False, recent=False,
           **{'return': False, 'continue': False}))
def test_what_may_stop_packets_on_a_bridge(op, expected):
    bridge = chain(op, hook='forward')
    bridge.family = 'bridge'
    assert Host([bridge], {}).bridged('br0') is expected


# questions that are alike

@each(
    dict(
        dict.fromkeys((cls.kind for cls in KINDS), []),
        match=[22],
        either=[22],
        vmap=[22],
        choose=[22],
        dnatmap=[22, 80],
        dnat=[80],
        redirect=[80],
    )
)
def test_ports_that_are_not_asked_for_together(op, expected):
    ruleset = Ruleset()
    ruleset.bases.append(chain(op, hook='prerouting', kind='nat'))
    asker = Asker(ruleset, None, 1, {})
    usual = asker.port_class('tcp', 1)
    assert [port for port in range(65536) if asker.port_class('tcp', port) != usual] == expected
    assert (asker.interface_class('eth0') == ('eth0',)) is (op.kind == 'redirect')
    distinct = asker.address_class(4, THERE) != asker.address_class(4, HERE)
    assert distinct is (op.kind in ('dnat', 'dnatmap'))


# the walk

def view(base):
    return Host([base], NET).view(4, 'tcp', 'prerouting', False, ('eth0', NOWHERE), False, False, Bits(2, 0))


def walk(op, track='new'):
    ops = (op, operations.RETURN) if op.kind == 'quiet' else (op,)        # a limit without effect is none
    state = State(HERE, 22, HERE, 22, 0, 0, track, 'none', False, False, False, PORTS)
    base = chain(*ops)
    return state, Walker(crowds.NONE[4].everyone, 100).walk(view(base), base, state)


@each(dict({cls.kind: 'return' for cls in KINDS}, accept='accept', drop='drop', jump='drop', goto='drop', vmap='drop',
           unclear='accept drop return', quiet='return return', recent='return return',
           dnat='accept', dnatmap='accept', redirect='accept', snat='accept'))
def test_where_packets_end(op, expected):
    dummy, result = walk(op)
    assert sorted(end for end, dummy, dummy2 in result.ends) == expected.split()
    assert all(spans == iv.full(4) for spans in result.ends.values())


@each(
    dict(
        dict.fromkeys((cls.kind for cls in KINDS), {}),
        mark={'mark': 5},
        choose={'mark': 5},
        ctmark={'ctmark': 5},
        notrack={'track': 'untracked'},
        dnat={'address': THERE, 'port': 80, 'dnat': True, 'done': True},
        redirect={'port': 80, 'dnat': True, 'done': True},
        dnatmap={'address': THERE, 'port': 80, 'dnat': True, 'done': True},
        snat={'snat': True, 'done': True},
        remember={'memory': frozenset({((('set', 'seen'), (SOURCE,)), (1, False))})},
        zone={'track': 'template', 'zone': (5, 5)},
    )
)
def test_what_packets_become(op, expected):
    state, result = walk(op, track='none' if op.kind in ('notrack', 'zone') else 'new')
    quiet = {after for dummy, after, dummy2 in result.ends if not after.busy}
    assert quiet == {state._replace(**expected)}
    busy = {after for dummy, after, dummy2 in result.ends if after.busy}
    gone = frozenset({((('recent', 'seen'), (SOURCE,)), (0, False))})
    assert busy == {'quiet': {state._replace(busy=True)},
                    'recent': {state._replace(busy=True, memory=gone)}}.get(op.kind, set())


@each(dict(dict.fromkeys((cls.kind for cls in KINDS), ([], [])), doubt=(['a reason'], []), unclear=(['a reason'], []),
           quiet=([], ['a caveat']), recent=([], ['a caveat'])))
def test_what_is_noted(op, expected):
    dummy, result = walk(op)
    assert tuple([text for dummy, (dummy2, text) in notes] for notes in (result.doubts, result.caveats)) == expected


@pytest.mark.parametrize('op', SAMPLES, ids=[op.kind for op in SAMPLES])
def test_the_index_keeps_every_rule_that_can_concern_a_port(op):
    base = chain(op, DROP)
    rules = index.of(base, view(base), crowds.NONE[4]).rules
    assert rules(22) == base.rules
    limited = op.kind in ('match', 'vmap')
    assert rules(23) == ([] if limited else base.rules)


# a kind that nobody knows

def strange(parent):
    return type('Strange', (parent,), {'kind': 'strange', '__slots__': (), 'passes': True})()


def test_analysers_refuse_what_answers_nothing():
    base = chain(strange(operations.Operation))
    ruleset = Ruleset()
    ruleset.bases.append(base)
    for analyse in (
        lambda: hooks.Step('chain', 0, [base]).effects,
        lambda: Host([base], {}),
        lambda: Asker(ruleset, None, 1, {}),
    ):
        with pytest.raises(NotImplementedError):
            analyse()


@pytest.mark.parametrize('wrap', [
    lambda op: op, lambda op: operations.VerdictMap(('tcpdport',), Table([(((22, 22),), op)]))])
def test_a_kind_that_the_walk_does_not_know_is_never_a_verdict(wrap):
    ruleset = Ruleset()
    ruleset.bases.append(chain(wrap(strange(operations.Accept)), hook='input', kind='filter'))
    outcome = evaluator.Evaluator(ruleset, NET).decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    (spans, reason), = outcome.undecided
    assert (spans, reason) == (iv.full(4), evaluator.DEFECT)


# data of tables

def test_equal_verdicts_are_one():
    assert operations.Jump(DROPS) == operations.Jump(DROPS) != operations.Goto(DROPS)
    assert operations.Dnat(4, None, (1, 2)) == operations.Dnat(4, None, (1, 2)) != operations.Dnat(6, None, (1, 2))
    assert operations.Undecided('one') == operations.Undecided('one') != operations.Undecided('other')
    assert len({ACCEPT, DROP, operations.Accept(), operations.Jump(DROPS), operations.Jump(DROPS)}) == 4


@pytest.mark.parametrize('expression, values, wanted', [
    (7, (1, 2), 7), ('mark', (1, 2), 1), ('ctmark', (1, 2), 2), (None, (1, 2), None), (('|', 'mark', 6), (1, 2), 7),
    (('&', 'ctmark', 3), (1, 6), 2), (('^', 'mark', 'ctmark'), (1, 3), 2), (('|', 'mark', 1), (None, 2), None),
    (('&', 'mark', 0), (None, 2), 0), (('&', 0, ('^', 'mark', None)), (1, 2), 0)])
def test_marks(expression, values, wanted):
    assert operations.SetMark(expression).value(*values) == wanted
    assert operations.SetMark(expression).needs_connection() is ('ctmark' in str(expression))


@pytest.mark.parametrize('proxy, address, port, is_led', [
    ((4, HERE, 80), HERE, 80, True), ((4, HERE, 80), 0, 80, True), ((4, HERE, 80), THERE, 80, False),
    ((4, HERE, 80), HERE, 81, False), ((6, 1, 80), HERE, 80, False), ((None, None, None), HERE, 81, True),
    ((4, HERE, None), HERE, 81, True), ((4, 0, 80), HERE, 80, True), ((None, 0, 80), 127 << 24 | 1, 80, False)])
def test_whom_packets_can_be_handed_to(proxy, address, port, is_led):
    op = operations.Tproxy('a reason', *proxy)
    assert op.leads_to(4, address, port) is is_led
    assert op == operations.Tproxy('a reason', *proxy) != operations.Tproxy('a reason', 4, HERE, 9)
    assert op.kind == 'unclear' and not op.passes
