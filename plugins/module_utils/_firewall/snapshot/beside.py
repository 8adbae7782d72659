# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What decides about packets beside netfilter and routes: policies of IPsec, and programs that choose sockets.

Sources: ip-xfrm(8); bpf(2), include/uapi/linux/bpf.h, Documentation/bpf/prog_sk_lookup.rst.
"""

import contextlib
import os
import platform
import struct
import sys

from ... import _netlink
from . import kernel

_XFRM, _GETPOLICY = 6, 0x15                     # NETLINK_XFRM, XFRM_MSG_GETPOLICY
# __NR_bpf
_BPF = {'x86_64': 321, 'aarch64': 280, 'riscv64': 280, 'loongarch64': 280, 'ppc64le': 361, 's390x': 351}
_NEXT_ID, _FD_BY_ID, _INFO_BY_FD = 31, 30, 15   # BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID, BPF_OBJ_GET_INFO_BY_FD
_OF_NETNS, _SK_LOOKUP = 5, 36                   # BPF_LINK_TYPE_NETNS, BPF_SK_LOOKUP
_MOST_LINKS = 10000


def take():
    """Return ``policies`` and ``chooses_sockets``. Raises OSError."""
    rules = []
    if not kernel.is_absent('xfrm_user'):
        with contextlib.suppress(_netlink.NetlinkError):        # a kernel without them
            rules = policies()
    return rules, chooses_sockets()


def policies(connect=_netlink.connect):
    """List the policies of IPsec, see ``ipsec.policies``. Raises OSError."""
    answers = list(kernel.dump(_XFRM, _GETPOLICY, bytes(64), connect))
    if not answers:
        return []
    from . import ipsec
    return ipsec.policies(answers)


def chooses_sockets(call=None, namespace='/proc/self/ns/net'):
    """Return whether a program of the type sk_lookup is attached here; None where that cannot be seen.

    :param call: callable as ``_bpf``, from a command and a bytearray, which it may change, to int. Raises OSError.
    """
    call = call or _bpf()
    if not call:
        return None
    try:
        own, last = os.stat(namespace).st_ino, 0
        for dummy in range(_MOST_LINKS):
            question = bytearray(struct.pack('=III', last, 0, 0))
            try:
                call(_NEXT_ID, question)
            except FileNotFoundError:           # that was the last one
                return False
            last = struct.unpack_from('=I', question, 4)[0]
            if _is_lookup(call, last, own):
                return True
    except OSError:                             # not root, or a kernel without links, hence without such programs
        pass
    return None


def _is_lookup(call, number, own):
    """bool: a link is that of a program which chooses sockets in this namespace."""
    import ctypes
    try:
        handle = call(_FD_BY_ID, bytearray(struct.pack('=III', number, 0, 0)))
    except FileNotFoundError:                   # it has gone since
        return False
    try:
        info = ctypes.create_string_buffer(256)         # struct bpf_link_info
        call(_INFO_BY_FD, bytearray(struct.pack('=IIQ', handle, len(info), ctypes.addressof(info))))
        kind, dummy, dummy2, namespace, attached = struct.unpack_from('=IIIxxxxII', info.raw)
        return (kind, namespace, attached) == (_OF_NETNS, own, _SK_LOOKUP)
    finally:
        os.close(handle)


def _bpf():
    """Return a callable that makes the system call bpf(2); None where its number is not known."""
    number = _BPF.get(platform.machine()) if sys.maxsize > 2 ** 32 else None
    if number is None:
        return None
    import ctypes
    library = ctypes.CDLL(None, use_errno=True)

    def call(command, attributes):
        buffer = (ctypes.c_char * len(attributes)).from_buffer(attributes)
        result = library.syscall(number, command, buffer, len(attributes))
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result
    return call
