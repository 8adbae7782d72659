# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two threads for a long walk. Private to this collection, may change."""

import threading


class _Half(threading.Thread):
    def __init__(self, work, items):
        threading.Thread.__init__(self)
        self._work = work
        self._items = items
        self.error = None

    def run(self):
        try:
            self._work(self._items)
        except BaseException as exc:            # else it would be printed, and half of the walk missing
            self.error = exc


def halves(work, items):
    """Do work on two halves of a list at once: system calls run outside of the interpreter's lock.

    :param work: callable, takes a list; what it shares is safe for threads.
    :raises: what work raises in either half.
    """
    half = _Half(work, items[::2])
    try:
        half.start()
    except RuntimeError:                        # no more threads for this user
        work(items)
        return
    try:
        work(items[1::2])
    finally:
        half.join()
    if half.error:
        raise half.error
