# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listens on a port of loopback that is free now, some seconds from now and for some: files/late.py DELAY LIFETIME;
prints the port.
"""

import os
import socket
import sys
import time

delay, lifetime = map(float, sys.argv[1:])
with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    port = free.getsockname()[1]
print(port, flush=True)
if not os.fork():
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    time.sleep(delay)
    with socket.socket() as late:
        late.bind(('127.0.0.1', port))
        late.listen(1)
        time.sleep(lifetime)
