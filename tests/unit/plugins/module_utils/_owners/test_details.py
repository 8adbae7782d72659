# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a process on request only."""

import os

import pytest

from ansible_collections.listening.ports.plugins.module_utils._owners import details, walk
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import Proc, gaps_of, new_gaps


def load(proc, gather):
    gaps = new_gaps()
    return walk.Processes(proc.path, details.Reader(gather, gaps)).get(7), gaps


def test_resources(tmp_path):
    proc = Proc(tmp_path)
    proc.add(7, files=3, sockets=[9])
    owner, gaps = load(proc, {'resources'})
    assert owner['resources'] == {
        'cpu_seconds': 3.5, 'rss_bytes': 100 * os.sysconf('SC_PAGE_SIZE'), 'threads': 7, 'open_files': 4}
    assert 'command' not in owner and gaps.found == []


def test_resources_with_open_files_out_of_reach(tmp_path, monkeypatch):
    proc = Proc(tmp_path)
    proc.add(7)
    original = os.listdir

    def listdir(path='.'):
        if str(path).endswith('/7/fd'):
            raise PermissionError(13, 'denied')
        return original(path)

    monkeypatch.setattr(os, 'listdir', listdir)
    owner, gaps = load(proc, {'resources'})
    assert owner['resources']['open_files'] is None and owner['resources']['threads'] == 7
    assert list(gaps_of(gaps)) == [('resources', 'open_files')]


@pytest.mark.parametrize('raw, expected', [
    (b'nginx\0-g\0daemon off;\0', ['nginx', '-g', 'daemon off;']),
    (b'one', ['one']),
    (b'nginx: worker process\0\0\0\0\0', ['nginx: worker process']),          # the title was set
    (b'a\0\0b\0', ['a', '', 'b']),
    (b'a\xff\0{{ 7*7 }}\0\xc3\xa4\n\0', ['a\\xff', '{{ 7*7 }}', u'\xe4\n']),
    (None, None),
])
def test_command(tmp_path, raw, expected):
    proc = Proc(tmp_path)
    proc.add(7, command=raw)
    owner, dummy = load(proc, {'command'})
    assert owner['command'] == expected
    assert 'resources' not in owner


def test_command_of_none_has_no_words(tmp_path):
    proc = Proc(tmp_path)
    proc.add(7, command=b'')
    assert load(proc, {'command'})[0]['command'] == []


def test_command_is_bounded(tmp_path):
    proc = Proc(tmp_path)
    proc.add(7, command=b'x\0' * 100000)
    assert sum(len(word) + 1 for word in load(proc, {'command'})[0]['command']) <= details.MAX_COMMAND + 1


def test_neither_is_read_unless_asked_for(tmp_path):
    proc = Proc(tmp_path)
    proc.add(7, command=b'--password=secret\0')
    owner, dummy = load(proc, set())
    assert 'command' not in owner and 'resources' not in owner
