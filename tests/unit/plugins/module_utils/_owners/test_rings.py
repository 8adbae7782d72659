# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets that are registered with an io_uring, and nowhere else."""

import contextlib
import ctypes
import os
import socket

import pytest

from ansible_collections.listening.ports.plugins.module_utils._owners import rings

FDINFO = '''pos:\t0
flags:\t02000002
SqThread:\t-1
UserFiles:\t%d
%sUserBufs:\t0
PollList:
'''
SETUP, REGISTER, FILES = 425, 427, 2            # io_uring_setup(2), io_uring_register(2), IORING_REGISTER_FILES


@pytest.fixture
def proc(tmp_path):
    def process(pid, *tables):
        for name in ('fd', 'fdinfo'):
            (tmp_path / str(pid) / name).mkdir(parents=True)
        for number, files in enumerate(tables):
            target = 'anon_inode:[io_uring]' if files is not None else 'socket:[5]'
            os.symlink(target, str(tmp_path / str(pid) / 'fd' / str(number)))
            lines = ''.join('%5d: %s\n' % pair for pair in enumerate(files or ()))
            (tmp_path / str(pid) / 'fdinfo' / str(number)).write_text(FDINFO % (len(files or ()), lines))
    (tmp_path / 'self').mkdir()
    process.root = str(tmp_path)
    return process


def test_rings_of_all_processes(proc):
    proc(30, None, ['/dev/null', 'socket:[77]'])
    proc(4, ['socket:[77]'], ['socket:[78]', 'socket:[999]'])
    proc(5, None)
    assert rings.find({77, 78, 5}, 100, proc.root) == ({77: [4, 30], 78: [4]}, False)


@pytest.mark.parametrize('text', [
    'a socket:[77]', '  socket:[77]', '/tmp/0: socket:[77] ', 'socket:[77]x'])
def test_what_looks_like_a_socket(proc, text):
    proc(4, [text])
    assert rings.find({77}, 100, proc.root) == ({}, False)


def test_budget(proc):
    proc(4, ['socket:[77]'])
    proc(5, ['socket:[77]'], None)
    assert rings.find({77}, 2, proc.root) == ({77: [4]}, True)
    assert rings.find({77}, 3, proc.root) == ({77: [4, 5]}, False)


def test_processes_that_end_meanwhile(proc):
    proc(4, ['socket:[77]'])
    proc(5, ['socket:[77]'])
    os.unlink(proc.root + '/4/fdinfo/0')
    os.rmdir(proc.root + '/4/fdinfo')
    os.makedirs(proc.root + '/6')
    assert rings.find({77}, 100, proc.root) == ({77: [5]}, False)


def test_the_kernel_itself():
    libc = ctypes.CDLL(None, use_errno=True)
    ring = libc.syscall(SETUP, 8, ctypes.create_string_buffer(120))
    if ring < 0:
        pytest.skip('no io_uring can be made: %s' % os.strerror(ctypes.get_errno()))
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, ring)
        listening = stack.enter_context(socket.socket())
        listening.bind(('127.0.0.1', 0))
        listening.listen(1)
        inode = os.fstat(listening.fileno()).st_ino
        assert libc.syscall(REGISTER, ring, FILES, ctypes.byref(ctypes.c_int(listening.fileno())), 1) == 0
        with open('/proc/self/fdinfo/%d' % ring) as stream:
            if 'socket:[' not in stream.read():
                pytest.skip('this kernel does not name what is registered')
        assert rings.find({inode}, 10 ** 6) == ({inode: [os.getpid()]}, False)
