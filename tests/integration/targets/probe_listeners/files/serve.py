# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes connections on a port of the kernel's choice, under a name that is made to do harm; prints the port; ends with
its standard input.
"""

import ctypes
import select
import socket
import sys

NAME = b'{{ 7*7 }}\x1b[1m\n'
PR_SET_NAME = 15                # prctl(2)

server = socket.socket()
server.bind(('0.0.0.0', 0))
server.listen(64)
ctypes.CDLL(None).prctl(PR_SET_NAME, NAME, 0, 0, 0)
print(server.getsockname()[1], flush=True)
while True:
    ready = select.select([server, sys.stdin], [], [])[0]
    if server in ready:
        server.accept()[0].close()
    if sys.stdin in ready:
        break
