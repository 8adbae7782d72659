# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import errno
import os
import stat

import pytest

from ansible_collections.listening.ports.plugins.module_utils._notes import Busy, Notes


@pytest.fixture
def notes(tmp_path):
    return Notes(str(tmp_path))


def test_only_one_run_has_the_lock(notes, tmp_path):
    with notes.locked():
        with pytest.raises(Busy):
            with Notes(str(tmp_path)).locked():
                pytest.fail('two have it')
    with notes.locked():
        pass


def test_another_run_is_waited_for_as_long_as_one_likes(notes, tmp_path):
    waited = []
    other = Notes(str(tmp_path)).locked()
    other.__enter__()

    def sleep(seconds):
        waited.append(seconds)
        if len(waited) == 3:
            other.__exit__(None, None, None)
    with notes.locked(60, sleep):
        assert len(waited) == 3


def test_what_was_noted_is_read_again_whatever_bytes_a_path_has(notes, tmp_path):
    about = {'exe': os.fsdecode(b'/opt/\xff\n'), 'inodes': [1, 2], 'ticks': None}
    notes.note('stopping', about)
    assert notes.noted('stopping') == about and notes.noted('other') is None
    assert stat.S_IMODE((tmp_path / 'run/listening-ports/stopping.json').stat().st_mode) == 0o600
    notes.forget('stopping')
    notes.forget('stopping')
    assert notes.noted('stopping') is None


@pytest.mark.parametrize('text', ['', '{', '[]', '"x"', 'null'])
def test_what_is_no_note_is_none(notes, tmp_path, text):
    notes.note('stopping', {})
    (tmp_path / 'run/listening-ports/stopping.json').write_text(text)
    assert notes.noted('stopping') is None


def test_a_note_that_cannot_be_written_leaves_the_one_of_before(tmp_path):
    notes = Notes(str(tmp_path))
    notes.note('stopping', {'phase': 'armed'})

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(OSError):
        Notes(str(tmp_path), full).note('stopping', {'phase': 'proved'})
    assert notes.noted('stopping') == {'phase': 'armed'}
    assert os.listdir(str(tmp_path / 'run/listening-ports')) == ['stopping.json']
