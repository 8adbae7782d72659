# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be gathered, and by which collectors: for modules, actions, and the checks on the controller."""

SUBSETS = (
    'owners', 'firewall', 'outgoing', 'connections', 'namespaces', 'resources', 'command', 'raw')
COLLECTORS = ('auto', 'netlink', 'procfs', 'psutil')
# what is complete or not, to the subset that it comes with; None always
ASPECTS = {'sockets': None, 'binding': None, 'owners': 'owners', 'units': 'owners', 'firewall': 'firewall',
           'outgoing': 'outgoing', 'namespaces': 'namespaces', 'connections': 'connections', 'resources': 'resources'}
