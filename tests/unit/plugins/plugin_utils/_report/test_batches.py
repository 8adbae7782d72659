# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays that go through their hosts in batches: what each batch reads, shows and writes."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._report import batches
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN, record


@pytest.fixture
def turns(tmp_path):
    """Plays all batches, of one host each if nothing else is said; a host leaves its record in its turn."""
    def play(hosts, size=1, failed=(), limited=False):
        made = []
        for start in range(0, len(hosts), size):
            batch = hosts[start:start + size]
            for name in batch:
                records.write(str(tmp_path), record(name, status='failed', message='x'))
            now_failed = {name for name in failed if name in hosts[:start + size]}
            alive = {name for name in hosts if name not in now_failed}
            made.append(batches.turn(str(tmp_path), RUN, batches.Play(hosts, alive, alive & set(batch), limited)))
        return made
    return play


def names(count):
    return ['h%03d' % number for number in range(count)]


def test_the_first_batch_writes_then_each_that_has_doubled_the_hosts_and_the_last(turns):
    assert [number for number, turn in enumerate(turns(names(21)), 1) if turn.writes] == [1, 2, 3, 6, 11, 21]
    assert [number for number, turn in enumerate(turns(names(50), 10), 1) if turn.writes] == [1, 2, 3, 5]


def test_a_batch_of_which_all_have_failed_writes_if_nothing_was_written():
    """A file of an earlier run is not left as it is."""
    assert batches.is_doubled(0, 0, 5) and not batches.is_doubled(3, 0, 6)


def test_a_batch_that_writes_reads_all_and_others_what_has_changed(turns):
    hosts = names(5)
    for number, turn in enumerate(turns(hosts), 1):
        assert turn.pending == set(hosts[number:])
        assert turn.read == (hosts if turn.writes else hosts[number - 1:])
        assert len(turn.read) + turn.earlier == 5
        assert turn.shown == (set(hosts) if number == 5 else {hosts[number - 1]})
        assert turn.fleet is turn.writes


def test_a_part_of_the_fleet_is_told_as_one(turns):
    assert [turn.fleet for turn in turns(names(4), limited=True)] == [False] * 4


def test_hosts_that_have_failed_are_shown_with_their_batch(turns):
    hosts = names(6)
    first, second, third = turns(hosts, 2, failed=[hosts[2], hosts[3]])
    assert first.shown == set(hosts[:2]) and second.shown == set(hosts[2:4]) and third.shown == set(hosts)


@pytest.mark.parametrize('size', [1, 7, 100])
@pytest.mark.parametrize('count', [100, 6400, 6401, 10000, 12799])
def test_all_reports_of_a_play_read_no_more_than_a_few_times_what_one_would(size, count):
    """Those that do not write read themselves: all of them together what one report does, as do those that write."""
    read, written = 0, size
    for so_far in range(size, count + 1, size):
        writes = so_far + size > count or batches.is_doubled(so_far, size, count)
        read += so_far if writes else size
        assert writes or so_far < 2 * written           # a file is never of fewer than half of the hosts so far
        written = so_far if writes else written
    assert read <= 3 * count + 2 * size * count.bit_length()
