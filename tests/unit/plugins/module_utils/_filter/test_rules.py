# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as they are written, and the one form of rules that they have."""

import itertools
import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import rules
from ansible_collections.listening.ports.plugins.module_utils._filter.rules import Rule

EVERY = [
    {'protocol': 'tcp', 'ports': [22, '8000-8010'], 'sources': ['10.0.0.0/8', 'fd00::/8'], 'comment': 'ssh'},
    {'ports': ['80', 443]},
    {'protocol': 'udp', 'ports': [53], 'sources': None, 'comment': None},
    {'protocol': 'sctp', 'ports': ['1-65535'], 'sources': []},
    {'protocol': 'dccp', 'ports': [5], 'sources': ['10.0.0.1']},
]


def test_what_rules_are():
    assert rules.parse(EVERY) == (
        Rule('tcp', ((22, 22), (8000, 8010)), ('10.0.0.0/8', 'fd00::/8'), 'ssh'),
        Rule('tcp', ((80, 80), (443, 443)), None, None),
        Rule('udp', ((53, 53),), None, None),
        Rule('sctp', ((1, 65535),), (), None),
        Rule('dccp', ((5, 5),), ('10.0.0.1/32',), None),
    )
    assert rules.parse([]) == ()


@pytest.mark.parametrize('options', list(itertools.permutations(EVERY)))
def test_order_does_not_matter(options):
    assert rules.parse(options) == rules.parse(EVERY)


def test_there_is_a_way_back():
    parsed = rules.parse(EVERY)
    assert rules.parse(json.loads(json.dumps(rules.options(parsed)))) == parsed
    assert rules.options(parsed)[0] == EVERY[0]
    assert rules.options(parsed)[1] == {'protocol': 'tcp', 'ports': [80, 443]}      # and no sources, which is everybody


@pytest.mark.parametrize('options, expected', [
    # ports that overlap or touch
    ([{'ports': [5, '3-4', 6, 5, '9-20', '11-12']}], ('tcp', ((3, 6), (9, 20)), None, None)),
    # sources in whichever form
    ([{'ports': [1], 'sources': ['FD00::1/8', '10.0.0.9/8', '10.1.0.0/16', '192.0.2.128/25', '192.0.2.0-192.0.2.127']}],
     ('tcp', ((1, 1),), ('10.0.0.0/8', '192.0.2.0/24', 'fd00::/8'), None)),
    ([{'ports': [1], 'sources': ['::/0', '0.0.0.0/1', '128.0.0.0/1']}], ('tcp', ((1, 1),), None, None)),
    ([{'ports': [1], 'sources': ['0.0.0.0/0']}], ('tcp', ((1, 1),), ('0.0.0.0/0',), None)),
    # the same protocol and the same sources
    ([{'ports': [22], 'sources': ['10.0.0.1'], 'comment': 'b'}, {'ports': [23], 'sources': ['10.0.0.1/32']},
      {'ports': [24], 'sources': ['10.0.0.1'], 'comment': 'a'}], ('tcp', ((22, 24),), ('10.0.0.1/32',), 'a, b')),
])
def test_there_is_one_form(options, expected):
    assert rules.parse(options) == (Rule(*expected),)


def test_comments_that_are_united_have_an_end():
    parsed = rules.parse([{'ports': [port], 'comment': '%03d ü' % port} for port in range(1, 100)])
    assert len(parsed[0].comment.encode()) <= rules.LONGEST and parsed[0].comment.startswith('001 ü, 002 ü, ')
    assert rules.parse(rules.options(parsed)) == parsed


@pytest.mark.parametrize('option, expected', [
    ({}, 'ports has to be a list of ports, with at least one'),
    ({'ports': []}, 'ports has to be a list of ports, with at least one'),
    ({'ports': 22}, 'ports has to be a list of ports, with at least one'),
    ({'ports': [0]}, '0 is not a port; they are 1 to 65535, the lower one first'),
    ({'ports': ['65536']}, "'65536' is not a port; they are 1 to 65535, the lower one first"),
    ({'ports': ['20-10']}, "'20-10' is not a port; they are 1 to 65535, the lower one first"),
    ({'ports': ['ssh']}, "'ssh' is not a port; write 22 or 8000-8010"),
    ({'ports': [True]}, 'True is not a port; write 22 or 8000-8010'),
    ({'ports': [None]}, 'None is not a port; write 22 or 8000-8010'),
    ({'ports': ['22\n']}, "'22\\n' is not a port; write 22 or 8000-8010"),
    ({'ports': [' 22']}, "' 22' is not a port; write 22 or 8000-8010"),
    ({'ports': ['1_0']}, "'1_0' is not a port; write 22 or 8000-8010"),
    ({'ports': ['٢٢']}, "'\\u0662\\u0662' is not a port; write 22 or 8000-8010"),
    ({'ports': ['22 accept; flush ruleset; add table inet x; add chain inet x y']},
     "'22 accept; flush ruleset; add table inet x; add chain inet ... is not a port; write 22 or 8000-8010"),
    ({'ports': [1], 'protocol': 'icmp'}, "'icmp' is not a protocol with ports; there are tcp, udp, sctp, dccp"),
    ({'ports': [1], 'protocol': ['tcp']}, "['tcp'] is not a protocol with ports; there are tcp, udp, sctp, dccp"),
    ({'ports': [1], 'source': []}, "'source' is not known; there are protocol, ports, sources, comment"),
    ({'ports': [1], 3: []}, "'3' is not known; there are protocol, ports, sources, comment"),
    ({'ports': [1], 'sources': '10.0.0.0/8'}, 'sources has to be a list of networks; without it, everybody is meant'),
    ({'ports': [1], 'sources': ['localhost']}, "'localhost' is not an address, a network or a range of addresses"),
    ({'ports': [1], 'sources': ['10.0.0.0/33']}, "'10.0.0.0/33' is not an address, a network or a range of addresses"),
    ({'ports': [1], 'sources': ['10.0.0.9-10.0.0.1']},
     "'10.0.0.9-10.0.0.1' is not an address, a network or a range of addresses"),
    ({'ports': [1], 'sources': [None]}, 'None is not an address, a network or a range of addresses'),
    ({'ports': [1], 'sources': ['fe80::1%eth0']},
     "'fe80::1%eth0' is not an address, a network or a range of addresses"),
    ('22', "'22' is not a dictionary"),
])
def test_what_is_wrong_is_named(option, expected):
    with pytest.raises(ValueError) as caught:
        rules.parse([{'ports': [1]}, option])
    assert str(caught.value) == 'rule 2: ' + expected


GOOD = ['a', 'it\'s {ssh}; $x #1 *', 'Büro', 'x' * rules.LONGEST, '*', '日本']
BAD = ['', ' a', 'a ', 'a"', 'a\\', 'a\nb', 'a\0', 'a\x1b[31m', 'x' * (rules.LONGEST + 1), '日' * 41, '\u202ea',
       '\udcff', '\u2028', '\xa0a']


@pytest.mark.parametrize('text', GOOD)
def test_comments(text):
    assert rules.is_comment(text) and rules.as_comment(text) == text
    assert rules.parse([{'ports': [1], 'comment': text}])[0].comment == text


@pytest.mark.parametrize('text', BAD)
def test_what_is_no_comment(text):
    assert not rules.is_comment(text)
    with pytest.raises(ValueError, match='rule 1: the comment .* has a quotation mark'):
        rules.parse([{'ports': [1], 'comment': text}])
    made = rules.as_comment(text)
    assert made is None or rules.is_comment(made)


@pytest.mark.parametrize('value', [5, ['a'], {'a': 1}, True])
def test_a_comment_is_text(value):
    with pytest.raises(ValueError, match='rule 1: the comment'):
        rules.parse([{'ports': [1], 'comment': value}])


def test_text_as_a_comment():
    assert rules.as_comment('a"; flush\nruleset \\') == 'a ; flush ruleset'
    assert rules.as_comment(' \n') is None
    assert len(rules.as_comment('日' * 100).encode()) == rules.LONGEST


def test_addresses_of_sources():
    everybody = {4: ((0, 2 ** 32 - 1),), 6: ((0, 2 ** 128 - 1),)}
    assert rules.spans(None) == everybody
    assert rules.spans(()) == {4: (), 6: ()}
    assert rules.spans(('0.0.0.10/31', '::10/127')) == {4: ((10, 11),), 6: ((16, 17),)}
