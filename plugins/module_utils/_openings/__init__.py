# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Openings that are added to firewalld and ufw, and the book of those that are ours.

An opening is a dict::

    {'listener': 'tcp/0.0.0.0:8080',            # whose clients do not get through; None where it is not known
     'protocol': 'tcp',                         # tcp, udp, sctp or dccp
     'ports': [8080, '8000-8010'],
     'sources': ['10.0.0.0/8', 'fd00::/8'],     # None: everybody
     'backend': 'firewalld',                    # or ufw: whose rule keeps them out
     'interface': 'eth0'}                       # by which they come, for the zone of firewalld; None: its default zone

Sources: firewall-cmd(1), firewalld.richlanguage(5), ufw(8).
"""
