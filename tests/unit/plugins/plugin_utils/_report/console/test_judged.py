# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the hosts is as declared, in words: findings, refusals, waivers, and how many hosts are what."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report.console import (
    judged as _judged, lines as _lines
)
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import VERDICTS, Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, text_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.judgements import (
    SUMMARY, finding, judged, judgement, refused
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, facts, gap, listener, record
)

DEAD = Host(
    'dead', 'unreachable', 'no route to host', record=record('dead', status='unreachable', message='x', declared=True)
)
BROKEN = Host('broken', 'failed', 'no Python', record=record('broken', status='failed', message='x'))
ABSENT = Host('absent', 'missing', 'there is no record of it')
LATER = Host('later', 'pending', 'its batch is still to come')
BARE = Host('bare', 'ok', record=record('bare', facts(listener())))
RECORDED = Host('recorded', 'ok', record=record('recorded', facts(listener()), declared=True))
UNKNOWN = finding('2 entries cannot be judged', 'unknown')
LOW = finding('2 listeners on loopback', severity='low', fails=False)
WAIVER = {
    'variable': 'listener_waivers',
    'label': 'old',
    'expires': '2027-01-31',
    'reason': 'PORT-112',
    'owner': 'platform',
    'findings': 1,
}
BLIND = gap('sockets', 'unreadable', None, 'tcp6: refused', None)
UNSEEN = Host('unseen', 'partial', record=record('unseen', facts(listener(), gaps=[BLIND])))


def lines(hosts, **options):
    report = Report(RUN, hosts, **options)
    return [line for line, dummy in [*_judged.lines(report), *_judged.verdict(report)]]


def last(*hosts):
    return lines(list(hosts))[-1]


def test_all_of_it():
    hosts = [
        judged(
            'web-1',
            finding('tcp 0.0.0.0:23 telnetd pid 9 listens, but entry no telnet forbids it', 'forbidden', 'critical'),
            LOW,
        ),
        judged('web-2', finding('rpcbind listens', remedy='stop rpcbind.service'), waived=1, waivers=[WAIVER]),
        judged(
            'web-3',
            finding('rpcbind listens', remedy='stop rpcbind.service'),
            waived=2,
            waivers=[dict(WAIVER, findings=2)],
        ),
        judged('web-4', UNKNOWN),
        judged('web-5'),
        refused('web-6'),
        DEAD,
        BARE,
    ]
    assert (
        lines(hosts)
        == '''\
Not judged:
  web-6: The declaration is refused: expected_listeners, entry web, option prt: there is no such option.
Findings:
  critical  web-1: tcp 0.0.0.0:23 telnetd pid 9 listens, but entry no telnet forbids it
            To do: stop it
  high      2 hosts (web-2, web-3): rpcbind listens
            To do: stop rpcbind.service
  high      web-4: 2 entries cannot be judged
            To do: stop it
Warnings:
  low       web-1: 2 listeners on loopback
Waived: 3 findings
  3 findings on 2 hosts (web-2, web-3), waived by old of listener_waivers (until 2027-01-31, by platform): PORT-112
Worst hosts: web-1 (1 critical), web-2 (1 high), web-3 (1 high), web-4 (1 high)
Next: the same command with --limit web-1 shows that host alone.
policy: 1 variable, 2 entries, sha256 0123456789ab
8 hosts: 1 as declared, 3 violate, 1 unknown, 1 with an invalid declaration, 1 unreachable, \
1 only listed (no declaration).\
'''.split('\n')
    )


def test_of_one_host_its_name_is_not_repeated():
    assert lines([judged('web', finding('rpcbind listens'))]) == [
        'Findings:', '  high      rpcbind listens', '            To do: stop it', SUMMARY, 'web is not as declared.']


@pytest.mark.parametrize('host, wanted', [
    (judged('web'), 'web is as declared.'),
    (judged('web', LOW), 'web is as declared, with 1 warning.'),
    (judged('web', LOW, finding('x', fails=False)), 'web is as declared, with 2 warnings.'),
    (judged('web', finding('x'), UNKNOWN), 'web is not as declared.'),
    (judged('web', UNKNOWN), 'It is unknown whether web is as declared.'),
    (judged('web', dict(UNKNOWN, fails=False)), 'It is unknown whether web is as declared.'),
    (judged('web', gaps=[BLIND]), 'It is unknown whether web is as declared.'),
    (judged('web', failing=True), 'It is unknown whether web is as declared.'),
    (refused('web'), 'The declaration of web is invalid.'),
    (judged('we\x1bb'), 'we\\x1bb is as declared.'),
])
def test_the_last_line_of_one_host(host, wanted):
    assert last(host) == wanted


@pytest.mark.parametrize(
    'hosts, wanted, kind',
    [
        ([judged('a'), judged('b')], 'All 2 hosts are as declared.', _lines.GOOD),
        ([judged('a'), judged('b', LOW)], 'All 2 hosts are as declared, 1 of them with warnings.', _lines.GOOD),
        (
            [judged('a', LOW), BARE],
            '2 hosts: 1 as declared (1 with warnings), 1 only listed (no declaration).',
            _lines.PLAIN,
        ),
        ([judged('a'), RECORDED], '2 hosts: 1 as declared, 1 only listed (not judged).', _lines.PLAIN),
        ([judged('a'), UNSEEN], '2 hosts: 1 as declared, 1 unknown.', _lines.BAD),
        ([judged('a'), LATER], '2 hosts: 1 as declared, 1 still to come.', _lines.PLAIN),
        ([judged('a'), DEAD], '2 hosts: 1 as declared, 1 unreachable.', _lines.BAD),
        ([judged('a'), BROKEN, ABSENT], '3 hosts: 1 as declared, 1 failed, 1 not recorded.', _lines.BAD),
        (
            [judged('a'), refused('b'), BROKEN],
            '3 hosts: 1 as declared, 1 with an invalid declaration, 1 failed.',
            _lines.BAD,
        ),
        ([judged('a', finding('x')), judged('b', finding('x'))], '2 hosts: 2 violate.', _lines.BAD),
        ([judged('a', finding('x')), judged('b')], '2 hosts: 1 as declared, 1 violates.', _lines.BAD),
        ([judged('a', dict(UNKNOWN, fails=False)), judged('b', gaps=[BLIND])], '2 hosts: 2 unknown.', _lines.BAD),
    ],
)
def test_the_last_line_of_several_hosts(hosts, wanted, kind):
    report = Report(RUN, hosts)
    assert _judged.verdict(report) == [(wanted, kind)]


@pytest.mark.parametrize('hosts', [
    [judged('a'), judged('b', LOW), judged('c', finding('x')), judged('d', UNKNOWN), judged('e', gaps=[BLIND])],
    [refused('a'), refused('b'), DEAD, BROKEN, ABSENT, LATER, BARE, RECORDED, judged('c')],
])
def test_each_host_is_counted_once(hosts):
    """Whatever is the matter with it: none drops out."""
    counted = [int(part.split(' ')[0]) for part in last(*hosts).split(': ')[1].replace('(1 with', '(').split(', ')]
    assert sum(counted) == len(hosts)
    verdicts = Report(RUN, hosts).verdicts
    assert sum(verdicts.values()) == len(hosts) and tuple(verdicts) == VERDICTS


def test_who_was_not_seen_is_unknown():
    assert Report(RUN, [DEAD, BROKEN, ABSENT]).verdicts == dict.fromkeys(VERDICTS, 0) | {'unknown': 3}


def test_many_hosts_are_counted_and_the_first_are_named():
    hosts = [judged('web-%d' % number, finding('rpcbind listens')) for number in range(1, 38)]
    assert '  high      37 hosts (web-1, web-2, web-3, web-4, web-5, …): rpcbind listens' in lines(hosts)


def test_refusals_of_several_reasons_and_hosts():
    reason = 'The declaration is refused for 2 reasons.\n1. one.\n2. t\x1bwo.'
    assert lines([refused('a', reason), refused('b'), refused('c', reason)]) == [
        'Not judged:', '  2 hosts (a, c): The declaration is refused for 2 reasons.', '    1. one.', '    2. t\\x1bwo.',
        '  b: The declaration is refused: expected_listeners, entry web, option prt: there is no such option.',
        '3 hosts: 3 with an invalid declaration.']


def test_long_lists_are_cut_and_say_so():
    many = [finding('finding %d' % number) for number in range(103)] + [
        dict(LOW, message='w%d' % number, fingerprint='%016d' % number, listener='tcp/127.0.0.1:%d' % number)
        for number in range(12)
    ]
    shown = lines([judged('a', *many), judged('b')])
    assert sum(line.startswith('  high ') for line in shown) == 100 and '  … and 3 more findings' in shown
    assert sum(line.startswith('  low ') for line in shown) == 10 and '  … and 2 more findings' in shown


def test_findings_that_no_record_has_are_counted():
    assert '  … and 500 more findings' in lines([judged('a', finding('x'), findings_total=501), judged('b')])


def test_waivers():
    other = dict(WAIVER, label='#2', expires=None, reason=None, owner=None)
    shown = lines([judged('a', waived=2, waivers=[WAIVER, other]), judged('b', waived=1, waivers=[WAIVER])])
    assert shown[:3] == [
        'Waived: 3 findings',
        '  2 findings on 2 hosts (a, b), waived by old of listener_waivers (until 2027-01-31, by platform): PORT-112',
        '  1 finding on a, waived by #2 of listener_waivers (with no expiry)']
    many = [dict(WAIVER, label='w%d' % number) for number in range(12)]
    assert '  … and 2 more waivers' in lines([judged('a', waived=12, waivers=many)])


def test_policies():
    def of(name, number):
        return judged(name, policy={'summary': 'policy: %d' % number, 'hash': '', 'variables': []})
    assert lines([of('a', 1), of('b', 1)])[0] == 'policy: 1'
    assert lines([of('a', 1), of('b', 2), of('c', 1)])[:2] == ['policy: 1 on 2 hosts (a, c)', 'policy: 2 on b']
    policies, *dummy = lines([of(name, number) for number, name in enumerate('abcd')])
    assert policies == 'policy: 4 different declarations on 4 hosts'


def test_what_is_unused_is_said_of_the_whole_fleet_alone():
    idle = {'entries': [['expected_listeners', 'ntp']], 'waivers': []}
    hosts = [judged('a', idle=idle), judged('b', idle=idle)]
    wanted = '  info      The entry ntp of expected_listeners matched nothing '
    wanted += 'on any of the 2 hosts that were judged by it'
    assert wanted in lines(hosts)
    assert wanted not in lines(hosts, fleet=False)
    assert not any('ntp' in line for line in lines([*hosts, LATER]))
    assert not Report(RUN, hosts).only({'a'}).unused
    assert wanted in lines([*hosts, DEAD, refused('c')]), 'it speaks of the hosts that were judged'
    assert not any('ntp' in line for line in lines([*hosts, judged('c', idle=idle, gaps=[BLIND])])), (
        'there it may have been'
    )
    assert wanted in lines([*hosts, judged('c', gaps=[BLIND])])
    met = {'entries': [['expected_listeners', 'ntp']], 'waivers': []}
    assert not any('ntp' in line for line in lines([*hosts, judged('c', met=met)]))


def test_a_batch_shows_its_findings_and_counts_all():
    whole = Report(RUN, [judged('a', finding('x')), judged('b', finding('y')), LATER])
    shown = [line for line, dummy in [*_judged.lines(whole.only({'b'})), *_judged.verdict(whole)]]
    assert shown == [
        'Findings:',
        '  high      y',
        '            To do: stop it',
        SUMMARY,
        '3 hosts: 2 violate, 1 still to come.',
    ]


def test_the_whole_text():
    hosts = [judged('web', finding('rpcbind listens'), gaps=[gap()]), refused('bad'), DEAD]
    assert '\n'.join(line for line, dummy in text_of(Report(RUN, hosts), example=True)) == '''\
1 listener on 1 of 3 hosts, 2026-11-20 10:00:01 UTC; findings: 1 high
HOSTS  PROTO  ADDRESS:PORT  SERVICE  PROCESS (USER)    UNIT/CONTAINER  SCOPE  WHICH
    1  tcp    0.0.0.0:80    -        nginx (www-data)  -               any    web

Incomplete:
  owners on web: 1 listener without a visible owner; run with become (-b)
Not observed:
  dead: unreachable: no route to host

Not judged:
  bad: The declaration is refused: expected_listeners, entry web, option prt: there is no such option.
Findings:
  high      web: rpcbind listens
            To do: stop it
policy: 1 variable, 2 entries, sha256 0123456789ab
3 hosts: 1 violates, 1 with an invalid declaration, 1 unreachable.'''


def test_a_batch_without_a_judgement_in_a_play_that_has_some():
    whole = Report(RUN, [judged('a'), BARE])
    shown = [line for line, dummy in text_of(whole.only({'bare'}), so_far=whole, example=True)]
    assert shown[-2:] == ['', '2 hosts: 1 as declared, 1 only listed (no declaration).']


def test_hosts_that_declare_and_were_not_seen_need_no_example():
    report = Report(RUN, [DEAD, BARE])
    shown = [line for line, dummy in text_of(report, example=True)]
    assert shown[-1] == '2 hosts: 1 observed completely, 1 unreachable.'


def test_whatever_a_record_says_stays_in_its_line():
    evil = '\n::error::x\r\x1b[2J\u202e##[error]\x9b'
    hostile = dict(finding(evil, remedy=evil), entry=evil)
    waiver = {'variable': evil, 'label': evil, 'expires': evil, 'reason': evil, 'owner': evil, 'findings': 1}
    hosts = [
        judged(
            'a' + evil,
            hostile,
            waived=1,
            waivers=[waiver],
            idle={'entries': [[evil, evil]], 'waivers': [[evil, evil]]},
            policy={'summary': evil, 'hash': '', 'variables': []},
        ),
        judged('b' + evil, dict(hostile, message=evil + ' pid 5')),
        refused('c' + evil, evil + '\n' + evil),
    ]
    for line, dummy in _judged.lines(Report(RUN, hosts)):
        assert line.isprintable() and '##' not in line and not line.strip().startswith('::')


@pytest.mark.parametrize('kept', [judgement(), judgement(finding('x')), None])
def test_a_host_without_facts_is_never_as_declared(kept):
    assert (
        Host('a', 'failed', 'x', record=record('a', status='failed', message='x', judgement=kept)).verdict == 'unknown'
    )


def test_a_long_finding_is_cut_short():
    shown = lines([judged('web', finding('x' * 7000))])
    assert any(line.endswith('x…') for line in shown) and max(map(len, shown)) < 2100
