# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Animals with resources and command lines to tell."""

import os
import shutil
import threading
import time

from zoo.den import DEN
from zoo.network import stream
from zoo.truth import IPV4, listener, waiting

COMMAND = [b'-\xffodd \x1b[1m', b'--password={{ secret }}', b'', b'two\nlines']
LONG = [b'sh'] + [b'x' * 1000] * 10


def _tcp(port, animal):
    return [listener('tcp', '127.0.0.1', port, [animal], IPV4, 'loopback', backlog=waiting(16))]


def busy():
    """CPU time, memory, threads and open files in amounts that are unlike those of any other process."""
    def setup(kit):
        kit.keep(stream('127.0.0.1', 6001), bytearray(os.urandom(1 << 20) * 40))
        for dummy in range(5):
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        for dummy in range(50):
            os.open('/dev/null', os.O_RDONLY)
        until = time.process_time() + 0.3
        while time.process_time() < until:
            pass
    return _tcp(6001, DEN.spawn(setup))


def _shell(port, words):
    """A process with any command line: a shell waits for input that does not come, whatever its arguments say."""
    def setup(kit):
        kit.keep(stream('127.0.0.1', port)).set_inheritable(True)
        reader, writer = os.pipe()
        os.dup2(reader, 0)
        os.set_inheritable(writer, True)
    program = os.path.realpath(shutil.which('sh'))
    return _tcp(port, DEN.spawn(setup, program=program, arguments=[words[0], b'-s', b'--'] + words[1:]))


def hostile_command():
    return _shell(6002, COMMAND)


def long_command():
    return _shell(6003, LONG)
