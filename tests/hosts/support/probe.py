# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a port can be reached: run as a program in the network that it is to be reached from.

    probe.py ADDRESS PORT tcp|udp SECONDS [SOURCE-ADDRESS]

Prints open, closed, filtered or, where nothing was heard over UDP, open|filtered: the words of nmap(1).
"""

import errno
import socket
import sys

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
# ICMP says so: host or net unreachable or prohibited, administratively prohibited (icmp(7); EACCES for IPv6)
PROHIBITED = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES)


def probe(address: str, port: int, protocol: str, seconds: float, source: str | None = None) -> str:
    """The verdict. Raises OSError where this side cannot send at all: that says nothing of the other."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as trial:
        trial.connect((address, port))  # sends nothing, and fails without a route
    with socket.socket(family, KINDS[protocol]) as connection:
        connection.settimeout(seconds)
        if source:
            connection.bind((source, 0))
        try:
            connection.connect((address, port))
            if protocol == "udp":
                connection.send(b"\n")
                connection.recv(1)
            return "open"
        except ConnectionRefusedError:
            return "closed"
        except TimeoutError:
            return "open|filtered" if protocol == "udp" else "filtered"
        except OSError as exc:
            if exc.errno in PROHIBITED:
                return "filtered"
            raise


if __name__ == "__main__":
    print(probe(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4]), *sys.argv[5:]))
