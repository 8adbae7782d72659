# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest

from ansible_collections.listening.ports.plugins.module_utils._systemd import control
from ansible_collections.listening.ports.plugins.module_utils._systemd.systemctl import SystemdError


def call(answer=(0, '', ''), words=('stop', '--', 'web.service'), find=lambda name: '/usr/bin/' + name, **more):
    ran = []

    def run(words, **options):
        ran.append(words)
        assert not options['expand_user_and_vars'] and options['environ_update']['LC_ALL'] == 'C'
        return answer
    control.control(run, find, list(words), **more)
    return ran


def test_no_call_waits_for_ever():
    assert call() == [['timeout', '-s', 'KILL', '30', '/usr/bin/systemctl', 'stop', '--', 'web.service']]
    assert call(patience=5.9, program='systemd-run')[0][3:5] == ['5', '/usr/bin/systemd-run']
    assert call(patience=-2)[0][3] == '1'


@pytest.mark.parametrize('answer, kind, words', [
    ((1, '', 'Unit  web.service\nnot loaded.\n'), SystemdError, 'systemctl stop -- web.service: Unit web.service not'),
    ((4, '', ''), SystemdError, 'systemctl stop -- web.service: it does not say why'),
    ((137, '', ''), control.TookTooLong, 'systemctl stop -- web.service did not end within 30 s, and was ended'),
    ((-9, '', ''), control.TookTooLong, 'did not end within 30 s'),
])
def test_what_went_wrong_is_told(answer, kind, words):
    with pytest.raises(SystemdError) as caught:
        call(answer)
    assert caught.type is kind and words in str(caught.value)


@pytest.mark.parametrize('words, called', [(['stop', '--'] + ['a' * 90 + '.service'] * 9, 'systemctl stop'),
                                           (['--unit=x', '--', '/bin/sh', '-c', 'x' * 200], 'systemctl')])
def test_of_a_long_call_only_the_beginning_is_told(words, called):
    with pytest.raises(SystemdError) as caught:
        call((1, '', 'x' * 999), words)
    assert str(caught.value) == '%s: %s' % (called, 'x' * 300)


def test_a_program_that_is_not_there_is_told():
    with pytest.raises(SystemdError) as caught:
        call(find=lambda name: None, program='systemd-run')
    assert str(caught.value) == 'systemd-run is not there, although systemd has booted this host'
