# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is declared, the answer is a policy, or refusals that name the place; soon, and never another exception."""

import copy
import datetime
import json
import time

import hypothesis

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language import options
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals, shown
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building, strategies

SECONDS = 2.0       # for one declaration: thousands of times what it takes, so that a busy machine does not fail
NOW = datetime.datetime(2026, 11, 20, 9)
OPTIONS = tuple(dict.fromkeys([*options.ENTRY, *options.WAIVER]))
HOST = building.facts(
    [
        'tcp 0.0.0.0:80 nginx[5]/www-data nginx.service',
        'tcp [::]:22 systemd[1]/root init.scope sshd/root ssh.service by=ssh.socket dual',
        'udp 0.0.0.0:40000 hidden',
        'tcp 127.0.0.1:81 evil[9]/? from=anyone',
        'tcp 10.0.0.5%eth0:443 kernel',
        'tcp 0.0.0.0:80@blue nginx',
    ],
    gaps=['owners'],
)

NAMES = (
    'expected_listeners',
    'expected_listeners_a',
    'role_expected_listeners',
    'listener_waivers',
    'listener_waivers_b',
    'expected_listener',
    'listener_unexpected',
    'listener_waiver_warn_days',
    'listener_fail_severity',
    'other',
)
WORDS = (
    'any',
    'ssh',
    '80/tcp',
    '80-81',
    '10.0.0.0/8',
    '::1',
    'never',
    '2027-01-31',
    '{{ x }}',
    '[',
    '*' * 50,
    '[a-',
    '\ud800',
    '\0',
    'required',
    'fail',
)

NASTY = (
    None,
    True,
    False,
    0,
    1,
    -1,
    65536,
    10**5000,
    1.5,
    float('nan'),
    float('inf'),
    '',
    ' ',
    'any',
    'x' * 20000,
    '{{ x }}',
    '{%',
    '\x1b[31m\n::error::',
    '\u202e',
    '\ud800',
    '\0',
    [],
    {},
    [[]],
    [None],
    [{}],
    {'a': {'b': []}},
    ['a'] * 20000,
    b'bytes',
    datetime.date(2027, 1, 31),
    datetime.datetime(2027, 1, 31),
    (),
    {1, 2},
    object(),
    '1-',
    '-1',
    '1-2-3',
    '80/',
    '/tcp',
    '80/tcp/udp',
    '٨٠',
    '443//tcp',
    '0x50',
    '1e3',
    '10.0.0.0/8/8',
    '::ffff:0:0/96',
    '10.0.0.0/-1',
    'fe80::1%eth0',
    '2027-1-1',
    '0000-00-00',
    'NEVER',
    '[',
    '[!',
    '**' * 400,
    '(((',
    '@',
    '&a',
    'a' + '.a' * 400,
    'a' + '|a' * 450,
    '(' * 300,
    '`' + '[' * 900,
    "'",
    '"\\ud800"',
    'length()',
    'map(&a, b)',
    'sort_by(owners, &pid)',
    'owners[*].*',
    '*',
    'owners[::0]',
    'port.x',
    'max(`[1, "a"]`)',
    '`1e999`',
    'ceil(`1e999`)',
)


def verify(variables):
    """Collect and compile, and judge by what comes out."""
    began = time.process_time()
    declared = merge.collect(variables, lambda value: value, ())
    try:
        policy = Policy.of(declared)
    except Refusals as exc:
        assert exc.items
        for fault in exc.items:
            text = str(fault)
            assert fault.variable in variables and text.startswith(fault.variable) and fault.reason
            if fault.variable not in options.SWITCHES and fault.option:
                assert (
                    fault.entry
                    and 'entry %s' % visible(fault.entry, 200) in text
                    and 'option %s' % visible(fault.option, 100) in text
                )
            assert visible(text, len(text)) == text and text in str(exc) and len(text) < 3000
    else:
        assert len(policy.hash) == 64 and policy.summary.startswith('policy: ')
        result = judge.judge(HOST, policy, NOW)
        for finding in result.findings:
            assert visible(finding.message, len(finding.message)) == finding.message
            json.dumps(finding.as_dict())
    for text in declared.warnings:
        assert visible(text, len(text)) == text
    assert time.process_time() - began < SECONDS


def text(choose):
    """A few characters, of which half are of ASCII, and others from anywhere: surrogates, too."""
    return ''.join(
        chr(choose.below(128))
        if choose.one_in(2)
        else chr(min(choose.below(256) * 4352 + choose.below(256) * 17, 0x10FFFF))
        for dummy in range(choose.below(8))
    )


def number(choose):
    """A number, small, large or huge, of either sign."""
    value = choose.below(256) ** choose.of((1, 1, 2, 3, 8, 200))
    return choose.of((value, value, -value, value / 3 if value < 10 ** 300 else float('inf')))


def scalar(choose):
    """Something that is neither a list nor a mapping."""
    return choose.of(
        (
            lambda: choose.of(NASTY),
            lambda: choose.of(WORDS),
            lambda: choose.of(strategies.EXPRESSIONS),
            lambda: text(choose),
            lambda: number(choose),
            lambda: choose.of((None, True, False)),
            lambda: datetime.date(2026, 1 + choose.below(12), 1 + choose.below(28)),
        )
    )()


def key(choose):
    """Most often the name of an option."""
    return text(choose) if choose.one_in(6) else number(choose) if choose.one_in(30) else choose.of(OPTIONS)


def anything(choose, depth=0):
    """A value of any shape, which nests a few times."""
    shape = choose.below(6)
    if shape < 4 or depth > 3:
        return scalar(choose)
    some = [anything(choose, depth + 1) for dummy in range(choose.below(4))]
    return some if shape == 4 else {key(choose): value for value in some}


def wild_entry(choose):
    """A mapping of options to anything."""
    return {key(choose): anything(choose) for dummy in range(choose.below(7))}


def test_anything_is_declared():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        verify(
            {
                choose.of(NAMES): anything(choose)
                if choose.one_in(4)
                else [anything(choose) if choose.one_in(4) else wild_entry(choose) for dummy in range(choose.below(5))]
                for dummy in range(1 + choose.below(3))
            }
        )

    strategies.run(check)


def test_good_declarations_are_spoilt():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        variables = strategies.declaration(choose, most_waivers=2)
        for dummy in range(1 + choose.below(3)):
            spoil(choose, variables)
        verify(variables)
    strategies.run(check)


def spoil(choose, variables):
    """Change one thing."""
    name = choose.of(sorted(variables))
    some = variables[name]
    if not isinstance(some, list) or not some or choose.one_in(8):
        variables[name] = choose.of(NASTY)
        return
    at = choose.below(len(some))
    if not isinstance(some[at], dict) or choose.one_in(8):
        some[at] = choose.of(NASTY)
        return
    entry = some[at] = copy.copy(some[at])
    option = choose.of(sorted(map(str, entry))) if entry else 'port'
    how = choose.below(7)
    if how == 0:
        entry[option] = choose.of(NASTY)
    elif how == 1:
        entry[choose.of(OPTIONS)] = choose.of(NASTY)
    elif how == 2:
        entry.pop(option, None)
    elif how == 3:
        entry[choose.of(('', 'ports ', 'Ports', 'prots', 5, None, '\x1b', 'x' * 300))] = entry.get(option)
    elif how == 4:
        entry[choose.of(OPTIONS)] = entry.get(option)
    elif how == 5:
        some.append(entry)
    else:
        value = entry.get(option)
        first = value[0] if isinstance(value, list) and value else value
        text = first[:50] if isinstance(first, str) else shown(first)
        place = choose.below(len(text) + 1)
        text = (
            text[:place]
            + choose.of(('', '\0', '{{', '*', '-', '/', ' ', '[', '.', '0', '\u202e', '"'))
            + text[place + choose.below(2) :]
        )
        entry[option] = [text] if choose.one_in(2) else text
