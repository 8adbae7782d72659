# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The system calls that the standard library of Python 3.10 lacks: namespaces, mounts, prctl, seccomp."""

import ctypes
import os
import platform
import struct

CLONE_FILES, CLONE_NEWNS, CLONE_NEWUSER = 0x400, 0x20000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
_MNT_DETACH = 2
_PR_SET_DUMPABLE, _PR_SET_NAME = 4, 15
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_AF_NETLINK = 16
_EXIT_CALL = {'x86_64': 60, 'aarch64': 93}              # exit(2), not exit_group(2)
# machine: (AUDIT_ARCH_*, number of socket(2))
_SOCKET_CALL = {'x86_64': (0xC000003E, 41), 'aarch64': (0xC00000B7, 198)}

_LIBC = ctypes.CDLL(None, use_errno=True)


def _call(name, *arguments):
    if getattr(_LIBC, name)(*arguments) < 0:
        code = ctypes.get_errno()
        raise OSError(code, '%s: %s' % (name, os.strerror(code)))


def unshare(flags):
    """Leave the namespaces named by flags, see unshare(2)."""
    _call('unshare', flags)


def enter_network(path):
    """Join the network namespace that a path such as ``/run/netns/blue`` stands for."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call('setns', handle, CLONE_NEWNET)
    finally:
        os.close(handle)


def mount(source, target, kind=None, flags=0, data=None):
    """mount(2); all arguments but flags are str or None."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    _call('mount', encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3])


def unmount(target):
    """Detach what is mounted there."""
    _call('umount2', os.fsencode(target), _MNT_DETACH)


def private_mounts():
    """A mount namespace of one's own, from which nothing spreads."""
    unshare(CLONE_NEWNS)
    mount(None, '/', flags=MS_REC | MS_PRIVATE)


def pivot(root):
    """Make a mount the root of this mount namespace, and detach the old one (pivot_root(2))."""
    os.chdir(root)
    number = {'x86_64': 155, 'aarch64': 41}[platform.machine()]
    _call('syscall', ctypes.c_long(number), b'.', b'.')
    _call('umount2', b'.', _MNT_DETACH)
    os.chdir('/')


def root_of_its_own(flags=0):
    """Become root in a user namespace of one's own, which any user may, and leave other namespaces named by flags."""
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER | flags)
    for name, text in (('setgroups', 'deny'), ('uid_map', '0 %d 1' % uid), ('gid_map', '0 %d 1' % gid)):
        with open('/proc/self/' + name, 'w', encoding='ascii') as stream:
            stream.write(text)


def _prctl(option, value):
    _call('prctl', option, value if isinstance(value, bytes) else ctypes.c_ulong(value), 0, 0, 0)


def set_name(name):
    """The kernel's name (comm) of this thread: bytes, of which the kernel keeps 15."""
    _prctl(_PR_SET_NAME, name)


def become(uid, dumpable=True):
    """Turn into an unprivileged user for good.

    After a change of user a process is not dumpable until its next exec: its own user may not look into it
    (proc(5)). That is how daemons look that drop root; ``dumpable`` makes it one that the user has started.
    """
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _prctl(_PR_SET_DUMPABLE, int(dumpable))


def leave_thread():
    """End this thread, be it the first of its process; the process lives on with the others."""
    ctypes.PyDLL(None).syscall(ctypes.c_long(_EXIT_CALL[platform.machine()]), ctypes.c_long(0))


def can_refuse_netlink():
    """bool: ``refuse_netlink`` knows this machine."""
    return platform.machine() in _SOCKET_CALL


def refuse_netlink(error):
    """Have the kernel answer socket(AF_NETLINK) with an errno from now on, as container runtimes' filters do."""
    arch, number = _SOCKET_CALL[platform.machine()]
    load, equal, give = 0x20, 0x15, 0x06                # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
    allow, refuse = 0x7fff0000, 0x00050000 | error      # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
    program = b''.join(struct.pack('=HBBI', *instruction) for instruction in (
        (load, 0, 0, 4),                                # seccomp_data.arch
        (equal, 0, 5, arch),
        (load, 0, 0, 0),                                # seccomp_data.nr
        (equal, 0, 3, number),
        (load, 0, 0, 16),                               # seccomp_data.args[0], low half on little endian
        (equal, 0, 1, _AF_NETLINK),
        (give, 0, 0, refuse),
        (give, 0, 0, allow),
    ))
    code = ctypes.create_string_buffer(program, len(program))
    described = struct.pack('HxxxxxxP', len(program) // 8, ctypes.addressof(code))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _call('prctl', _PR_SET_SECCOMP, 2, described, 0, 0)
