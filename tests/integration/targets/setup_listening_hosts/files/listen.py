# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listens on a port of the kernel's choice under a name that is made to do harm; prints pid and port; ends by itself.
"""

import ctypes
import os
import signal
import socket

NAME = b'{{ 7*7 }}\x1b[1m\n'
LIFETIME = 900                  # seconds
PR_SET_NAME = 15                # prctl(2)

sock = socket.socket()
sock.bind(('0.0.0.0', 0))
sock.listen(1)
child = os.fork()
if child:
    print('%d %d' % (child, sock.getsockname()[1]))
else:
    ctypes.CDLL(None).prctl(PR_SET_NAME, NAME, 0, 0, 0)
    signal.alarm(LIFETIME)
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    while True:
        signal.pause()
