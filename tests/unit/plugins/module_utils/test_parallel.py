# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two threads for a long walk."""

import threading
import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _parallel


@pytest.mark.parametrize('count', [0, 1, 2, 7, 1000])
def test_every_item_once(count):
    seen = []
    _parallel.halves(seen.extend, list(range(count)))
    assert sorted(seen) == list(range(count))


def test_the_slower_half_is_waited_for():
    seen = []

    def work(items):
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.1)
        seen.extend(items)

    _parallel.halves(work, [0, 1])
    assert sorted(seen) == [0, 1]


def test_two_threads_at_once():
    meeting = threading.Barrier(2, timeout=10)
    _parallel.halves(lambda items: meeting.wait(), [1, 2])
    assert not meeting.broken


@pytest.mark.parametrize('bad', [0, 1])
@pytest.mark.parametrize('exception', [OSError(5, 'input/output error'), ValueError('garbage'), KeyboardInterrupt()])
def test_an_error_of_either_half_is_not_lost(bad, exception):
    seen = []

    def work(items):
        if bad in items:
            raise exception
        seen.extend(items)

    with pytest.raises(type(exception)):
        _parallel.halves(work, [0, 1])
    assert seen == [1 - bad]                    # and the other has ended


def test_a_host_that_allows_no_thread(monkeypatch):
    def refuse(dummy):
        raise RuntimeError("can't start new thread")
    monkeypatch.setattr(threading.Thread, 'start', refuse)
    seen = []
    _parallel.halves(seen.extend, [1, 2, 3])
    assert sorted(seen) == [1, 2, 3]
