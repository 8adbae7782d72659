# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces for a zoo, seen from outside."""

import json
import os
import select
import subprocess
import sys

_UNSHARE = ['setpriv', '--pdeathsig', 'KILL',
            'unshare', '--net', '--pid', '--mount', '--fork', '--mount-proc', '--kill-child', '--']


class HabitatError(Exception):
    """A function failed in there; the message is its traceback."""


class Habitat:
    """A network, PID and mount namespace, with ``zoo.keeper`` as its process 1.

    It dies with this process, however that ends: the kernel kills ``unshare`` when its parent has gone,
    ``--kill-child`` its process 1, and with that every process of the PID namespace. No mount, device or address
    reaches the machine around it.
    """

    def __init__(self, paths):
        """:param paths: list of str, where Python in there finds the zoo and the collection."""
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(paths), PYTHONDONTWRITEBYTECODE='1')
        self._process = subprocess.Popen(
            _UNSHARE + [sys.executable, '-m', 'zoo.keeper'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment)

    def call(self, function, timeout=60, **arguments):
        """Run ``module:function`` as process 1; returns its result.

        :raises HabitatError: it failed, or took longer than timeout (then the habitat is gone).
        """
        return self._ask(function, False, timeout, arguments)

    def apart(self, function, timeout=60, **arguments):
        """The same, in a process of its own."""
        return self._ask(function, True, timeout, arguments)

    def _ask(self, function, isolated, timeout, arguments):
        request = {'function': function, 'isolated': isolated, 'arguments': arguments}
        try:
            self._process.stdin.write(json.dumps(request).encode('ascii') + b'\n')
            self._process.stdin.flush()
        except BrokenPipeError:
            raise HabitatError('the habitat has ended') from None
        message = json.loads(self._line(function, timeout))
        if 'error' in message:
            raise HabitatError(message['error'])
        return message['result']

    def _line(self, function, timeout):
        parts = []
        pipe = self._process.stdout.fileno()
        while True:
            if not select.select([pipe], [], [], timeout)[0]:
                self.close()
                raise HabitatError('%s took longer than %d s' % (function, timeout))
            part = os.read(pipe, 1 << 20)
            if not part:
                raise HabitatError('the habitat ended in %s' % function)
            parts.append(part)
            if part.endswith(b'\n'):                    # one answer to one request: nothing can follow it
                return b''.join(parts)

    def close(self):
        """End everything in there."""
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
