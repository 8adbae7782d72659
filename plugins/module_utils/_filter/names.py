# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the own table is called, and what it may be about, for whoever need not know what is in it."""

FAMILY, NAME = 'inet', 'listening_ports'
PROTOCOLS = ('tcp', 'udp', 'sctp', 'dccp')
OTHERS = ('accept', 'reject')           # what becomes of ports that no rule names
