# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host would stop, in words."""

from ansible_collections.listening.ports.plugins.plugin_utils._enforce import stopping
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

LISTENERS = [building.listener(line) for line in (
    'tcp 0.0.0.0:80 web[7] web.service established=2', 'tcp [::]:80 web[7] web.service established=1',
    'tcp 0.0.0.0:81 other[8] other.service', 'tcp 0.0.0.0:82 bare[9] established=1')]


def row(port, status='closed', address='0.0.0.0', **more):
    return {'listener': 'tcp/%s:%d' % (address, port), 'status': status, 'reason': None, 'about': {}, 'units': [],
            'bystanders': [], 'again': [], 'processes': [], 'command': None, **more}


def test_what_ends_together_is_told_together():
    units = {'units': ['web.socket', 'web.service']}
    lines = list(stopping.in_words([
        row(80, **units), row(81, units=['other.service'], bystanders=['front.service'],
                              again=[{'by': 'triggered', 'units': ['other.timer']}]),
        row(80, address='[::]', **units)], LISTENERS))
    assert lines == [
        'tcp 0.0.0.0:80 web pid 7 (web.service), tcp [::]:80 web pid 7 (web.service): web.socket and web.service would '
        'be stopped and disabled; 3 open connections end',
        'tcp 0.0.0.0:81 other pid 8 (other.service): other.service would be stopped and disabled; with it would stop '
        'front.service, which cannot do without; other.timer may start it again']


def test_a_process_is_ended():
    processes = [{'pid': 9, 'process': 'bare', 'exe': '/usr/bin/bare'}]
    [line] = stopping.in_words([row(82, processes=processes)], LISTENERS)
    assert line == 'tcp 0.0.0.0:82 bare pid 9: bare (9) would be ended; 1 open connection ends'


def test_what_is_left_is_not_stopped_and_what_is_gone_is_nothing():
    rows = [row(80, 'left', reason='gone'), row(82, 'left', reason='container', about={'container': 'docker:0123'},
                                                command='docker stop 0123')]
    assert list(stopping.in_words(rows, LISTENERS)) == []
    [left] = stopping.left_of(rows, LISTENERS)
    message = left.pop('message')
    assert left == {'action': 'close', 'listener': 'tcp/0.0.0.0:82', 'reason': 'container',
                    'command': 'docker stop 0123'}
    assert message.startswith('tcp 0.0.0.0:82 bare pid 9: ') and 'docker:0123' in message
