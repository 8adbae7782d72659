# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the filter that a host has is the one that is planned."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import files, steps
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import installed
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault

RULE = {'protocol': 'tcp', 'ports': [5432], 'sources': [], 'comment': 'unexpected'}
BLOCKS = {'rules': [RULE], 'others': 'accept', 'published': False}
EMPTY = dict(BLOCKS, rules=[])
NONE = {'table': False, 'kept': None, 'holds': False, 'reassemble': False, 'warnings': []}


class Host:
    """A host for which a table is made as ``port_filter`` makes it."""

    def __init__(self, reassembles=False):
        self.reassembles = reassembles

    def must_reassemble(self):
        return self.reassembles


def has(wanted, reassembles=False):
    """A host that has this filter, by the text that the host itself writes."""
    planned = steps._Planned(dict(wanted, protected_sources=[]))
    planned.complete(Host(reassembles))
    return {'table': True, 'kept': files.digest(planned.body), 'holds': True, 'reassemble': reassembles,
            'warnings': []}


@pytest.mark.parametrize('reassembles', [False, True])
@pytest.mark.parametrize('wanted', [BLOCKS, EMPTY, dict(BLOCKS, others='reject', published=True)])
def test_the_planned_filter(wanted, reassembles):
    assert installed.is_as_planned(has(wanted, reassembles), wanted)
    assert not installed.is_other_after_boot(has(wanted, reassembles), wanted)


@pytest.mark.parametrize('other', [EMPTY, dict(BLOCKS, published=True), dict(BLOCKS, others='reject'),
                                   dict(BLOCKS, rules=[dict(RULE, sources=['10.0.0.0/8'])])])
def test_another_filter(other):
    assert not installed.is_as_planned(has(other), BLOCKS)
    assert installed.is_other_after_boot(has(other), BLOCKS)


def test_a_filter_that_does_not_hold():
    assert not installed.is_as_planned(dict(has(BLOCKS), holds=False), BLOCKS)
    assert not installed.is_as_planned(dict(has(BLOCKS), table=False, holds=False), BLOCKS)


def test_another_kernel_has_it_written_anew():
    assert not installed.is_as_planned(dict(has(BLOCKS), reassemble=True), dict(BLOCKS, others='reject'))


@pytest.mark.parametrize('wanted, is_done', [
    (EMPTY, True), (BLOCKS, False), (dict(EMPTY, others='reject'), False)])
def test_a_host_without_a_filter(wanted, is_done):
    assert installed.is_as_planned(NONE, wanted) is is_done


def test_an_old_filter_that_a_boot_would_bring_back():
    old = dict(has(BLOCKS), table=False, holds=False)
    assert not installed.is_as_planned(old, EMPTY) and installed.is_other_after_boot(old, EMPTY)


@pytest.mark.parametrize('said', [NONE, None, dict(NONE, kept='a' * 64, warnings=['x'])])
def test_what_a_host_may_say(said):
    assert installed.formed(said) == said


@pytest.mark.parametrize('said', [
    {}, [], 'x', dict(NONE, table=1), dict(NONE, kept='a' * 65), dict(NONE, warnings=['x'] * 21)])
def test_what_it_may_not(said):
    with pytest.raises(Fault):
        installed.formed(said)


def test_no_filter_is_neither_in_the_kernel_nor_kept():
    assert installed.is_none(dict(has(BLOCKS), table=False, kept=None))
    assert not installed.is_none(dict(has(BLOCKS), table=False))
    assert not installed.is_none(dict(has(BLOCKS), kept=None))
