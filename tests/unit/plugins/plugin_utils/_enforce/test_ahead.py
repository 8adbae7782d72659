# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worked out of what a host has said of itself, against what the host would say, and what is not believed."""

import copy

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import refusal, rules, table, what_if
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import ahead, listed
from ansible_collections.listening.ports.plugins.plugin_utils._facts import check_firewall
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._facts.test_firewall import snapshot

CONNECTION = {'address': '192.0.2.10', 'port': 22, 'peer': '198.51.100.7', 'peer_port': 50000, 'interface': 'eth0',
              'how': 'ancestor'}
DEVICE = {'kind': 'vxlan', 'master': None, 'lower': 'eth0', 'port': 4789, 'wrapped': False, 'pids': [1]}
SAID = {'takes': 'all', 'connection': CONNECTION, 'kubelet': None,
        'original': ['198.51.100.7', 50000, '192.0.2.10', 22],
        'tracking': {'tracked': 0, 'most': 262144, 'sockets': 40, 'forwards': False}, 'devices': {'vxlan0': DEVICE}}
BLOCK = {'rules': [{'protocol': 'tcp', 'ports': [5432], 'sources': []}], 'others': 'accept', 'published': False,
         'confirm': 60, 'protected_sources': [], 'despite': []}
UDP = dict(BLOCK, rules=[{'protocol': 'udp', 'ports': [53], 'sources': []}])
DENY = dict(BLOCK, rules=[{'ports': [5432]}], others='reject')


def facts(*gaps):
    return samples.facts(*(dict(samples.listener('0.0.0.0', port), connections={'established': 2, 'close_wait': 0})
                           for port in (22, 5432)), gaps=list(gaps))


def answer(wanted=None, known=None, said=None, reassemble=False, **more):
    return ahead.answer(ahead.formed(copy.deepcopy(said or SAID)), known or facts(),
                        check_firewall.snapshot(snapshot('open')), reassemble, wanted or BLOCK, **more)


def by_the_host(wanted, known, said=None, reassemble=False):
    """What the half of ``port_filter`` on the host judges: the same code, handed what it sees itself."""
    said, parsed = said or SAID, rules.parse(wanted['rules'])
    text = table.table(parsed, wanted['others'], wanted['published'], reassemble)
    view = {**said, 'snapshot': snapshot('open'), 'listeners': known['listeners'], 'unseen': [
        gap['message'] for gap in known['gaps']]}
    return what_if.judge(view, listed.listed(text), parsed, wanted['others'], said['connection'], wanted['confirm'])


@pytest.mark.parametrize('wanted', [BLOCK, UDP, DENY])
@pytest.mark.parametrize('reassemble', [False, True])
def test_it_is_what_the_host_would_say(wanted, reassemble):
    judged, told = by_the_host(wanted, facts(), reassemble=reassemble), answer(wanted, reassemble=reassemble)
    assert (told['effects'], told['warnings'], told['connection']) == (
        judged['effects'], judged['warnings'], CONNECTION)
    if judged['refusal']:
        code, message = judged['refusal']
        assert (told['status'], told['code']) == ('refused', code) and told['msg'].startswith(message + '. ')
    else:
        assert told['status'] == 'planned' and 'code' not in told
    assert bool(judged['refusal']) == (wanted is DENY)


def test_an_effect():
    [effect] = answer()['effects']
    assert (effect['port'], effect['loses'], effect['after'], effect['connections']) == (
        5432, ['0.0.0.0/0'], [], 2)


def test_a_refusal_is_that_of_the_host():
    told = answer(DENY)
    assert told['code'] == 'own_connection' and told['msg'].endswith('. %s' % refusal.AS_IT_WAS)


def test_what_is_done_despite_a_refusal_is_a_warning():
    said = dict(SAID, kubelet='kubelet')
    deny = dict(DENY, rules=[{'ports': [22, 5432]}])
    assert answer(deny, said=said)['code'] == 'kubelet'
    told = answer(dict(deny, despite=['kubelet']), said=said)
    assert told['status'] == 'planned' and any('done despite kubelet' in text for text in told['warnings'])


def test_protected_sources_are_asked_about():
    assert answer(dict(BLOCK, protected_sources=['198.51.100.7']))['code'] == 'protected_source'


def test_what_hides_listeners_is_told():
    hidden = facts(samples.gap('sockets', 'stub', message='something is not seen'))
    assert any('something is not seen' in text for text in answer(known=hidden)['warnings'])


@pytest.mark.parametrize('wanted, reassemble, is_told', [
    (BLOCK, False, True), (BLOCK, True, False), (UDP, False, False), (DENY, False, False),
    (dict(BLOCK, published=True), False, False)])
def test_a_host_that_was_tried_with_rules_about_tcp_alone_is_asked_about_others(wanted, reassemble, is_told):
    assert (answer(wanted, said=dict(SAID, takes='plain'), reassemble=reassemble) is not None) is is_told


@pytest.mark.parametrize('exc', [TimeoutError(1), ValueError(), KeyError('x'), AttributeError(), RecursionError(),
                                 TypeError(), OverflowError()])
def test_what_cannot_be_worked_out_is_asked(exc):
    def judge(*dummy):
        raise exc

    assert answer(judge=judge) is None


def test_options_that_are_none_are_for_the_host_to_refuse():
    assert answer(dict(BLOCK, protected_sources=['nonsense'])) is None


def test_nothing_is_told():
    assert ahead.formed(None) is None


@pytest.mark.parametrize('more', [
    {'takes': 'some'}, {'takes': None}, {'connection': 'x'}, {'connection': dict(CONNECTION, peer='%s' * 10)},
    {'kubelet': 7}, {'kubelet': 'x' * 65}, {'tracking': {}}, {'tracking': dict(SAID['tracking'], most='many')},
    {'tracking': dict(SAID['tracking'], sockets=-1)}, {'original': ['198.51.100.7', 50000, '192.0.2.10']},
    {'original': ['198.51.100.7', 50000, '192.0.2.10', 70000]}, {'devices': [DEVICE]}, {'devices': {'x': {}}},
    {'devices': {'x': dict(DEVICE, kind=None)}}, {'devices': {'x': dict(DEVICE, port='22')}},
    {'devices': {'x': dict(DEVICE, pids=['1'])}}])
def test_what_has_another_form_is_not_believed(more):
    with pytest.raises(Fault):
        ahead.formed({**copy.deepcopy(SAID), **more})
    lacking = {key: value for key, value in copy.deepcopy(SAID).items() if key not in more}
    with pytest.raises(Fault):
        ahead.formed(lacking)
