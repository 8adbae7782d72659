# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding something out once for all processes of a run."""

import multiprocessing
import os
import pathlib
import stat

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._variables import once


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """What this process has found out before does not count."""
    monkeypatch.setattr(once, '_known', {})


def test_it_is_found_out_once(tmp_path, monkeypatch):
    found = []

    def find():
        found.append(1)
        return {'web': [2 ** 127, None]}
    assert once.once(str(tmp_path), 'a', find) == {'web': [2 ** 127, None]}
    assert once.once(str(tmp_path), 'a', find) == {'web': [2 ** 127, None]}
    monkeypatch.setattr(once, '_known', {})         # as in another process
    assert once.once(str(tmp_path), 'a', find) == {'web': [2 ** 127, None]}
    assert len(found) == 1
    once.once(str(tmp_path), 'b\udcff', find)
    assert len(found) == 2
    folder = tmp_path / 'listening_ports'
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def _process(folder, log):
    def find():
        with open(log, 'a', encoding='ascii') as stream:
            stream.write('x')
        return [1]
    assert once.once(folder, 'a', find) == [1]


def test_processes_wait_for_the_one_that_finds_it_out(tmp_path):
    log = tmp_path / 'log'
    context = multiprocessing.get_context('fork')
    several = [context.Process(target=_process, args=(str(tmp_path), str(log))) for dummy in range(8)]
    for process in several:
        process.start()
    for process in several:
        process.join(60)
    assert [process.exitcode for process in several] == [0] * 8
    assert log.read_text(encoding='ascii') == 'x'


@pytest.mark.parametrize('spoil', [
    lambda folder: (folder / 'listening_ports').write_text('x'),
    lambda folder: [path.write_text('{') for path in (folder / 'listening_ports').glob('*.json')],
])
def test_what_cannot_be_kept_is_found_out_each_time(tmp_path, monkeypatch, spoil):
    if 'glob' in spoil.__code__.co_names:
        once.once(str(tmp_path), 'a', lambda: 1)
        monkeypatch.setattr(once, '_known', {})
    spoil(pathlib.Path(tmp_path))
    assert once.once(str(tmp_path), 'a', lambda: 2) == 2
    assert os.path.exists(tmp_path)


def test_what_fails_is_not_kept(tmp_path):
    def fail():
        raise KeyError('x')
    with pytest.raises(KeyError):
        once.once(str(tmp_path), 'a', fail)
    assert once.once(str(tmp_path), 'a', lambda: 3) == 3
