# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager of a user, who may do as he likes with it, and with the way to it."""

import contextlib
import socket
import threading
import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._systemd import bus, of_user
from ansible_collections.listening.ports.tests.unit.plugins.module_utils import dbus


def listen(path):
    """A socket that nobody answers at."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen(1)
    return listening


GREETING = b'OK 0123456789abcdef\r\n'


@pytest.mark.parametrize('greeting, more, pause', [
    (b'', b'', 0.05),
    # each byte comes in time, and all of them together never would
    (b'', b'O', 0.05),
    (GREETING, b'l', 0.05),
    # messages that answer nothing, as fast as they can be read
    (GREETING, dbus.message(dbus.SIGNAL, b'changed!') * 100, 0),
], ids=['silence', 'a byte at a time', 'bytes of an answer', 'a flood'])
def test_a_manager_that_does_not_come_to_an_end(tmp_path, greeting, more, pause):
    listening = listen(tmp_path / 'private')
    stop = threading.Event()

    def send():
        link = listening.accept()[0]
        with contextlib.closing(link), contextlib.suppress(OSError):
            link.sendall(greeting)
            while not stop.wait(pause):
                link.sendall(more)
    thread = threading.Thread(target=send)
    thread.start()
    begun = time.monotonic()
    try:
        with pytest.raises(bus.FAULTS):
            with contextlib.closing(of_user.UserBus(str(tmp_path / 'private'), 0.5)) as asked:
                asked.main_processes(['app.service'])
    finally:
        stop.set()
        thread.join()
        listening.close()
    assert time.monotonic() - begun < 5


LOCAL = [(b'/', b'8:1', b'/', b'ext4')]


@pytest.fixture
def runtime(tmp_path):
    """The directory with those of all users: short, as the path of a socket has to be."""
    (tmp_path / '1000' / 'systemd').mkdir(parents=True)
    return tmp_path


def test_the_manager_of_a_user(runtime):
    asked = dbus.Manager(runtime / '1000' / 'systemd' / 'private', [dbus.message(dbus.RETURN, dbus.number(9))])
    with contextlib.closing(of_user.connect(1000, str(runtime), LOCAL)) as asked_bus:
        assert asked_bus.main_processes(['app.service']) == {'app.service': 9}
    asked.socket.close()


def test_the_manager_of_a_user_behind_a_link(runtime, tmp_path):
    """A user may lead whoever looks for his manager anywhere: also to that of the system."""
    listening = listen(tmp_path / 'private')
    (runtime / '1000' / 'systemd' / 'private').symlink_to(tmp_path / 'private')
    (runtime / '1001').mkdir()
    (runtime / '1001' / 'systemd').symlink_to(tmp_path)
    for uid in (1000, 1001):
        with pytest.raises(bus.FAULTS):
            of_user.connect(uid, str(runtime), LOCAL)
    listening.close()


@pytest.mark.parametrize('kind', [b'fuse', b'nfs'])
def test_the_manager_of_a_user_on_a_file_system_that_may_hang(runtime, kind):
    listening = listen(runtime / '1000' / 'systemd' / 'private')
    mounts = LOCAL + [(b'%s/1000/systemd' % str(runtime).encode(), b'0:50', b'/', kind)]
    with pytest.raises(OSError):
        of_user.connect(1000, str(runtime), mounts)
    listening.close()


def test_no_manager_of_a_user(runtime):
    for content in (None, 'a file'):
        if content:
            (runtime / '1000' / 'systemd' / 'private').write_text(content)
        with pytest.raises(bus.FAULTS):
            of_user.connect(1000, str(runtime), LOCAL)
