# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of twelve hosts, of which each is something else, for the tests of all formats."""

from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import judgements
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, exposure, facts, gap, listener, owner, record
)

VARIABLE = 'expected_listeners'
ANYONE = exposure('allowed', ['0.0.0.0/0', '::/0'])
STRAY = judgements.finding(
    'tcp 0.0.0.0:7777 (extra) listens, and nothing declares it', severity='critical', listener='tcp/0.0.0.0:7777')
MISSING = judgements.finding(
    'nothing listens on 443, which web declares', kind='missing', entry='web', declared_in=VARIABLE, expected='443/tcp',
    remedy='start it')
WARNING = judgements.finding('tcp 0.0.0.0:80 is of another user', kind='wrong_owner', severity='low', fails=False,
                             entry='web', declared_in=VARIABLE, listener='tcp/0.0.0.0:80')
UNKNOWN = judgements.finding('1 listener cannot be judged', kind='unknown')
WAIVER = {'variable': 'listener_waivers', 'label': 'old', 'expires': '2027-01-01', 'reason': 'until it is moved',
          'owner': 'ops', 'findings': 1}


# where all of them declare what they do
PLACES = {VARIABLE: {'path': 'group_vars/web.yml', 'line': 2, 'entries': {'web': 4}}}
PLACE = 'group_vars/web.yml:4'


def web(**other):
    """The listener that is declared."""
    return listener(port=80, service='nginx.service', exposure=ANYONE, **other)


def stray():
    """The one that is not."""
    return listener(port=7777, owners=[owner(pid=200, process='extra', user='nobody')], exposure=ANYONE)


def host(name, *findings, listeners=None, gaps=(), **other):
    """A host that was judged."""
    state = 'partial' if gaps else 'ok'
    made = judgements.judgement(*findings, **{'places': PLACES, **other})
    observed = facts(*([web()] if listeners is None else listeners), gaps=gaps)
    return Host(name, state, record=record(name, observed, declared=True, judgement=made))


def hosts():
    """The hosts of the fleet: six findings fail four of them."""
    return [
        host('web-1'),
        host('web-2', listeners=[web(), listener('::1', 631, owners=[])]),
        host('stray-1', STRAY, listeners=[web(), stray()]),
        host('stray-2', STRAY, MISSING, listeners=[web(), stray()]),
        host('missing', MISSING, listeners=[]),
        host('unsure', UNKNOWN, STRAY, listeners=[web(), stray()],
             gaps=[gap('sockets', 'sockets_failed', None, 'netlink failed', None)]),
        host('warned', WARNING),
        host('waived', listeners=[web(), stray()], waived=1, waivers=[WAIVER]),
        judgements.refused('refused'),
        Host('dead', 'unreachable', 'no route to host', record=record(
            'dead', status='unreachable', message='no route to host')),
        Host('broken', 'failed', 'python is missing', record=record(
            'broken', status='failed', message='python is missing')),
        Host('later', 'pending', 'its batch is still to come'),
    ]


def report(*others):
    """A report of these hosts, and of others behind them."""
    return Report(RUN, [*hosts(), *others], ansible_core='2.21.0')
