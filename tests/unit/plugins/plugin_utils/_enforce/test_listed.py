# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The own table as it is listed without an nft, against what nft lists; ``tests/oracle`` tries more of them."""

import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import rules, table
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.listed import listed
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._filter import situations

PUBLISHED = 'published'         # the case in which the host translates


def bare(document):
    """What a list of nft has, but for the numbers by which the kernel knows each part."""
    parts = [(kind, about) for part in json.loads(document)['nftables'] for kind, about in part.items()]
    return [(kind, {key: value for key, value in about.items() if key != 'handle'})
            for kind, about in parts if kind != 'metainfo']


def text(case):
    options, others = situations.CASES[case]
    return table.table(rules.parse(options), others, case == PUBLISHED)


@pytest.mark.parametrize('case', sorted(situations.CASES))
def test_what_nft_lists(case):
    assert bare(listed(text(case))) == bare(situations.planned(case, 'trixie'))


@pytest.mark.parametrize('release', situations.RELEASES)
@pytest.mark.parametrize('case', sorted(situations.CASES))
def test_it_means_what_a_list_of_any_nft_means(monkeypatch, case, release):
    host = situations.view(situations.live(), [situations.ssh(), situations.record(port=5432)])
    by_nft = situations.judged(host, case, protected_sources=('192.0.2.9/32',), release=release)
    monkeypatch.setattr(situations, 'planned', lambda name, dummy: listed(text(name)))
    assert situations.judged(host, case, protected_sources=('192.0.2.9/32',)) == by_nft


def test_comments_and_numbers():
    [rule] = [part['rule'] for part in json.loads(listed(table.table(rules.parse(
        [{'ports': [22], 'comment': 'an accept comment, or two'}]), 'accept', False)))['nftables']
        if part.get('rule', {}).get('comment')]
    assert rule['comment'] == 'an accept comment, or two' and rule['handle'] > 2


@pytest.mark.parametrize('old, new', [
    ('accept', 'drop'), ('iif "lo" accept', 'iif "eth0" accept'), ('tcp dport', 'tcp flags'), ('dport 22', 'dport @x'),
    ('table inet listening_ports', 'table inet others'), ('policy accept', 'policy drop'), ('\t}', '\t};')])
def test_other_words_are_refused(old, new):
    """Whoever changes the table has to say here, too, what it means."""
    known = text('ssh')
    assert old in known
    with pytest.raises(ValueError):
        listed(known.replace(old, new, 1))
