# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations of a mixed fleet: what is declared, what hosts show, and what is said of them, word by word."""

import copy

import pytest
import yaml

from ansible_collections.listening.ports.plugins.plugin_utils import _task_result
from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.choice import Choice
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.situations import judging, page, reading

SITUATIONS = reading.situations()
CASES = [
    pytest.param(situation, look, name, id='%s-%d-%s' % (stem, index, name))
    for stem, situation in SITUATIONS.items()
    for index, look in enumerate(situation['looks'])
    for name in reading.hosts(look)
]
KEYS = {'caption', 'day', 'hosts', 'found', 'refused', 'waived', 'summary'}
ABOUT = ('found', 'refused', 'waived', 'summary')
FINDING = {'kind', 'severity', 'fails', 'entry', 'listener', 'message', 'remedy'}
HOST = {'groups', 'variables', 'listens', 'earlier', 'gaps', 'complete', 'system', 'collector'}


def test_there_are_29():
    """Those that the page promises; a folder that is read wrongly would pass everything else."""
    assert len(SITUATIONS) == 29
    assert len(CASES) > 550


@pytest.mark.parametrize('situation', SITUATIONS.values(), ids=SITUATIONS)
def test_nothing_in_a_file_is_ignored(situation):
    """A key that nobody reads, or a group that no host is in, would look as if it were tested."""
    assert set(situation) <= {'title', 'tricky', 'short', 'declaration', 'programs', 'looks'}
    places = {'all'}
    for look in situation['looks']:
        hosts = reading.hosts(look)
        assert set(look) <= KEYS
        assert all(set(host) <= HOST for host in hosts.values())
        assert all(set(look.get(key, ())) <= set(look['hosts']) for key in ABOUT)
        assert all(set(finding) <= FINDING for some in look.get('found', {}).values() for finding in some)
        places.update(hosts, *(host.get('groups', ()) for host in hosts.values()))
    assert {path.split('/')[1] for path in situation['declaration']} <= places
    shown = ' '.join(
        line
        for look in situation['looks']
        for host in look['hosts'].values()
        for line in reading.lines(host['listens'])
    )
    assert all('%s[' % program in shown for program in situation.get('programs', ()))


@pytest.mark.parametrize('situation, look, name', CASES)
def test_what_is_found(situation, look, name):
    """Every finding, every word; and nothing else."""
    if name in look.get('refused', {}):
        with pytest.raises(Refusals) as refused:
            judging.judged(situation, look, name)
        assert str(refused.value) == look['refused'][name]
        return
    dummy, result = judging.judged(situation, look, name)
    findings = [{key: each.as_dict()[key] for key in FINDING} for each in result.findings]
    assert findings == [
        dict({'fails': True, 'entry': None, 'listener': None}, **expected)
        for expected in look.get('found', {}).get(name, [])
    ]
    assert [[each.listener, waiver.label] for each, waiver in result.waived] == look.get('waived', {}).get(name, [])


@pytest.mark.parametrize(
    'situation, look, name', [case for case in CASES if case.values[2] in case.values[1].get('summary', ())]
)
def test_which_declaration_it_was(situation, look, name):
    policy, dummy = judging.judged(situation, look, name)
    assert policy.summary == look['summary'][name]


@pytest.mark.parametrize('situation, look, name', CASES)
def test_the_facts_are_facts(situation, look, name):
    """The controller believes them, and drops nothing of them."""
    host = reading.hosts(look)[name]
    for key in ('listens', 'earlier'):
        if key in host:
            facts = reading.facts(situation, host, key)
            assert check.check(copy.deepcopy(facts)) == facts


def declared(text):
    """The variables with entries or waivers in the text of a file: set of str."""
    return {name for name in yaml.safe_load(text) if merge.kind(name)}


@pytest.mark.parametrize('situation', SITUATIONS.values(), ids=SITUATIONS)
def test_a_few_lines_say_the_same_of_what_they_name(situation):
    """The lines of the table at the top of the page, alone: of each host the findings and waivers of these entries."""
    short = yaml.safe_load(situation['short'])
    assert len(situation['short'].splitlines()) <= 3
    (variable,) = declared(situation['short'])
    for name in set(short) - {variable}:
        assert short[name] in [yaml.safe_load(text).get(name) for text in situation['declaration'].values()]
    named = {entry['name'] for entry in short[variable]}
    files = {path: situation['short'] if variable in declared(text) else text
             for path, text in situation['declaration'].items()}
    alone = dict(situation, declaration={path: text for path, text in files.items() if declared(text) <= {variable}})
    labels = (set(), set())
    for look in situation['looks']:
        for name in [reading.names(name)[0] for name in look['hosts'] if name not in look.get('refused', ())]:
            if variable not in reading.variables(alone, look, name):
                continue
            told, together = [], set()
            for written, seen in zip((situation, alone), labels):
                policy, result = judging.judged(written, look, name)
                # what hides several entries for one reason is one finding of no entry
                together.update(each.kind for each in result.findings if each.kind == 'unknown' and not each.entry)
                told.append((
                    [(each.kind, each.listener, each.entry) for each in result.findings
                     if each.entry in named and each.kind not in together],
                    [(each.listener, waiver.label) for each, waiver in result.waived if waiver.label in named]))
                seen.update(each.label for each in (*policy.entries, *policy.waivers) if each.label in named)
            assert told[0] == told[1]
    assert labels == (named, named)


def test_a_host_that_is_found_twice_is_known_again():
    """Without the temporary address of the day, and without the pid."""
    situation = SITUATIONS['17_temporary_addresses']
    findings = [judging.judged(situation, look, 'desk-1')[1].findings for look in situation['looks']]
    assert [len(some) for some in findings] == [1, 1]
    assert findings[0][0].fingerprint == findings[1][0].fingerprint
    assert findings[0][0].message != findings[1][0].message


def test_a_line_is_what_a_host_shows():
    """What ``listener_facts`` said of a host with nginx and of one with ssh, in its own words."""
    line = 'tcp [::]:22 dual systemd[1]/root sshd[150]*/root ssh.service by=ssh.socket'
    assert reading.listener(line, {'systemd': '/usr/lib/systemd/systemd'}) == {
        'id': 'tcp/[::]:22',
        'protocol': 'tcp',
        'family': 'ipv6',
        'address': '::',
        'port': 22,
        'interface': None,
        'accepts_ipv4': True,
        'accepts_ipv6': True,
        'scope': 'any',
        'port_name': None,
        'ephemeral': False,
        'backlog': {'pending': 0, 'limit': 4096},
        'namespace': None,
        'service': 'ssh.service',
        'activated_by': 'ssh.socket',
        'held_by': 'processes',
        'socket_uid': 0,
        'owners': [
            {
                'pid': 1,
                'process': 'systemd',
                'exe': '/usr/lib/systemd/systemd',
                'exe_deleted': False,
                'user': 'root',
                'uid': 0,
                'started': '2026-11-19T08:00:00Z',
                'unit': 'init.scope',
                'main': None,
                'container': None,
            },
            {
                'pid': 150,
                'process': 'sshd',
                'exe': '/usr/sbin/sshd',
                'exe_deleted': False,
                'user': 'root',
                'uid': 0,
                'started': '2026-11-19T08:00:00Z',
                'unit': 'ssh.service',
                'main': True,
                'container': None,
            },
        ],
        'owners_total': 2,
    }
    listener = reading.listener('udp [fe80::1%lan0]:53 hidden uid=99', {})
    assert (
        listener['id'],
        listener['scope'],
        listener['accepts_ipv4'],
        listener['held_by'],
        listener['socket_uid'],
        listener['backlog'],
    ) == ('udp/[fe80::1%lan0]:53', 'link', False, 'unknown', 99, None)


@pytest.mark.parametrize(
    'line',
    ['tcp 0.0.0.0 sshd[1]/root', 'tcp 0.0.0.0:22', 'tcp 0.0.0.0:22 sshd[1]/root hidden', 'tcp 0.0.0.0:22 kernel a b'],
)
def test_a_line_that_says_nothing_is_refused(line):
    with pytest.raises(reading.Unreadable):
        reading.listener(line, {})


@pytest.mark.parametrize(
    'situation, look, name',
    [
        pytest.param(situation, look, name, id='%s-%d-%s' % (stem, index, name))
        for stem, situation in SITUATIONS.items()
        for index, look in enumerate(situation['looks'])
        for name in look['hosts']
    ],
)
def test_the_page_says_what_a_task_says(situation, look, name):
    first = reading.names(name)[0]
    shown = page.about(look, name, look['hosts'][name])
    try:
        policy, result = judging.judged(situation, look, first)
    except Refusals as exc:
        assert shown == ['%s: %s' % (name, _task_result.refusal(exc.items))]
        return
    seen = len(reading.lines(look['hosts'][name]['listens']))
    *lines, summary = _task_result.message(first, result, Choice(policy, None), policy, 50, seen=seen).splitlines()
    extra = [summary] * (name in look.get('summary', {})) + ['And so on, except for those that follow.'] * (
        first != name
    )
    assert shown == lines + extra


def test_the_page_is_up_to_date():
    """If it is not: python tests/unit/plugins/plugin_utils/situations/page.py"""
    assert page.PAGE.read_text(encoding='utf-8') == page.page()
