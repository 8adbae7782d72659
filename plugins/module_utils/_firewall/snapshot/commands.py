# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that end, whatever they do, and the time that they may take."""

import os
import threading
import time

_MOST = 40 * 1024 * 1024        # characters that all commands may print together; a controller takes facts of 64 MiB
_PATIENCE = 20                  # seconds for all commands together, of a look
_BINARIES = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin'


class Unseen(Exception):
    """What could not be looked at; the message tells why."""


class Tools:
    """Runs commands, all of which together have so much time, and print so much.

    :param seconds: int, how much time; None for that of a look.
    """

    def __init__(self, run, seconds=None):
        self._run, self._until, self._room = run, time.monotonic() + (seconds or _PATIENCE), _MOST
        self._path = os.environ.get('PATH', '').split(os.pathsep) + _BINARIES.split(os.pathsep)

    def find(self, name):
        """str: the path of a command, or None."""
        return next((path for path in ('%s/%s' % (folder, name) for folder in self._path if folder.startswith('/'))
                     if os.access(path, os.X_OK) and os.path.isfile(path)), None)

    def output(self, *words):
        """str: what a command prints. Raises Unseen."""
        left = self._until - time.monotonic()
        name = os.path.basename(words[0])
        if left < 1:
            raise Unseen('%s: not run, the time limit was reached' % name)
        if not self._run:
            raise Unseen('%s: it cannot be run' % name)
        watch = _Watch(left)
        try:
            # not by timeout(1): to start one more program takes half as long as what is asked for
            code, output, errors = self._run(
                list(words), expand_user_and_vars=False, handle_exceptions=False, environ_update={'LC_ALL': 'C'},
                before_communicate_callback=watch.start)
        except (OSError, ValueError) as exc:
            raise Unseen('%s: %s' % (name, exc)) from exc
        finally:
            watch.stop()
        if watch.ended:
            raise Unseen('%s took longer than %d second%s' % (name, left, 's' * (left >= 2)))
        self._room -= len(output)
        if self._room < 0:
            raise Unseen('the output of %s exceeds %d MiB' % (name, _MOST >> 20))
        if code:
            complaints = [line.strip() for line in errors.splitlines() if line.strip()]
            raise Unseen('%s: %s' % (name, clean(complaints[0])[:200] if complaints else 'it failed'))
        return clean(output)


class _Watch:
    """Ends a process that takes too long.

    :ivar ended: bool, whether it did.
    """

    def __init__(self, seconds):
        self._seconds, self._timer, self.ended = seconds, None, False

    def start(self, process):
        """Watch a ``subprocess.Popen`` from now on."""
        self._timer = threading.Timer(self._seconds, self._end, (process,))
        self._timer.daemon = True
        self._timer.start()

    def _end(self, process):
        self.ended = True
        process.kill()

    def stop(self):
        """Watch no longer."""
        if self._timer:
            self._timer.cancel()


def clean(text):
    """Text that is Unicode, whatever bytes are in it."""
    return text.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')
