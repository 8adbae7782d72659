# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could be stopped is said of what was seen before, and the host is not looked at again."""

import os
import socket

from ansible_collections.listening.ports.plugins.module_utils import _facts
from ansible_collections.listening.ports.plugins.module_utils._notes import Notes
from ansible_collections.listening.ports.plugins.module_utils._stop import planned
from ansible_collections.listening.ports.plugins.module_utils._stop.keeping import Keeping

OPTIONS = {'processes': True, 'mask': False, 'confirm': 60, 'protected': [], 'despite': [], 'token': '8f3c1a2b',
           'remote': False}


def refused(words, **dummy):
    return 1, '', 'nothing runs here'


def observed(tmp_path, facts, inodes):
    host = planned.Observed(refused, lambda name: None, facts, inodes, Notes(str(tmp_path)))
    host.is_root = lambda: True
    host.connection = lambda told: None
    return host


def test_of_what_was_seen(tmp_path):
    keeper = Keeping()
    with socket.socket() as opened:
        opened.bind(('127.0.0.1', 0))
        opened.listen(1)
        name = 'tcp/127.0.0.1:%d' % opened.getsockname()[1]
        facts = _facts.collect(run=refused, host=keeper)
    # closed by now: whoever looked again would say that it is gone
    facts['gaps'] = []
    said = planned.answer(observed(tmp_path, facts, keeper.inodes), dict(OPTIONS, listeners=[name]))
    [row] = said['listeners']
    assert (row['listener'], row['status'], row['reason']) == (name, 'left', 'in_use')
    assert row['about']['pid'] == os.getpid()
    assert (said['status'], said['changed']) == ('unchanged', False)
    assert os.listdir(str(tmp_path)) == []


def test_what_means_nothing_is_said_as_ever(tmp_path):
    said = planned.answer(observed(tmp_path, {'listeners': [], 'gaps': []}, {}), dict(OPTIONS, listeners=['http']))
    assert said['status'] == 'failed' and "'http' is not the id of a listener" in said['msg']


def test_whoever_is_not_root_is_refused(tmp_path):
    host = observed(tmp_path, {'listeners': [], 'gaps': []}, {})
    host.is_root = lambda: False
    said = planned.answer(host, dict(OPTIONS, listeners=[]))
    assert (said['status'], said['code']) == ('refused', 'no_root')
