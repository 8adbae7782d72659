# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import copy

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._enforce import results
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault

EFFECT = {'listener': 'tcp/0.0.0.0:8001', 'protocol': 'tcp', 'port': 8001, 'published': False,
          'loses': ['10.0.0.0/8'], 'gains': ['::/0'], 'before': ['10.0.0.0/8'], 'after': ['::/0'], 'connections': None,
          'unsure': ['192.0.2.0/24'], 'ports': '8001', 'to': None, 'left_out': {'loses': 7}}
CONNECTION = {'address': '10.0.0.7', 'port': 22, 'peer': '2001:db8::1', 'peer_port': 40000, 'interface': 'eth0',
              'how': 'ancestor'}
ANSWER = {'status': 'trial', 'changed': True, 'msg': 'ok', 'code': None, 'persistent': True, 'seconds': 60,
          'diff': {'before': '', 'after': 'table inet x {\n\tchain y {\n'}, 'effects': [EFFECT],
          'connection': CONNECTION}


def changed(path, value):
    """The answer with something else at a place."""
    answer = copy.deepcopy(ANSWER)
    *way, last = path
    place = answer
    for key in way:
        place = place[key]
    place[last] = value
    return answer


def test_what_is_known_is_kept_and_nothing_else():
    answer = copy.deepcopy(ANSWER)
    answer['odd'] = answer['effects'][0]['odd'] = answer['connection']['odd'] = 1
    checked = results.formed(answer)
    assert checked == dict(ANSWER, diff={'before': '', 'after': 'table inet x {\n    chain y {\n'})
    assert results.formed({'status': 'kept', 'diff': None}) == {'status': 'kept'}
    assert results.formed({'status': 'refused', 'connection': None})['connection'] is None


def test_text_of_the_host_is_harmless():
    answer = changed(['diff', 'after'], 'a\x1b[2J\n::error::b\n\u202ec\n')
    answer['effects'][0].update(listener='tcp\n\x1b', ports='8\x1b', to='10.0.0.1:80\n')
    answer['connection'].update(interface='e\x07', how='\x1b]0;x')
    answer['code'] = '\x1b'
    checked = results.formed(answer)
    assert checked['diff']['after'] == 'a\\x1b[2J\n:\\x3aerror::b\n\\u202ec\n'
    effect = checked['effects'][0]
    assert (effect['listener'], effect['ports'], effect['to']) == ('tcp\\n\\x1b', '8\\x1b', '10.0.0.1:80\\n')
    assert (checked['connection']['interface'], checked['connection']['how']) == ('e\\x07', '\\x1b]0;x')
    assert checked['code'] == '\\x1b'


@pytest.mark.parametrize('path, value', [
    (['status'], 'well'), (['status'], None), (['changed'], 'yes'), (['msg'], None), (['msg'], {}), (['code'], 7),
    (['persistent'], None), (['seconds'], 'soon'), (['seconds'], -1), (['diff'], ''), (['diff', 'after'], 7),
    (['effects'], {}), (['effects', 0], 'x'), (['effects', 0, 'loses'], ['10.0.0.1']), (['effects', 0, 'port'], 70000),
    (['effects', 0, 'after'], ['10.0.0.0/8; reboot']), (['effects', 0, 'connections'], '1'),
    (['effects', 0, 'unsure'], 'all'), (['effects', 0, 'left_out'], {'loses': -1}), (['effects', 0, 'ports'], 8001),
    (['effects', 0, 'protocol'], 'icmp'), (['connection', 'address'], 'web-1'), (['connection', 'port'], '22'),
    (['connection', 'peer'], 'fe80::1%eth0'), (['connection'], {}), (['connection', 'how'], None),
])
def test_what_has_another_form_is_refused(path, value):
    with pytest.raises(Fault):
        results.formed(changed(path, value))


@pytest.mark.parametrize('missing', ['seconds', 'connection', 'status'])
def test_a_trial_without_its_end_is_none(missing):
    with pytest.raises(Fault, match=missing):
        results.formed({key: value for key, value in ANSWER.items() if key != missing})


def test_each_key_that_is_asked_for_has_a_form():
    answer = dict.fromkeys(results.KEYS, object())
    for key in results.KEYS:
        with pytest.raises(Fault, match='^%s: ' % key):
            results.formed(dict(ANSWER, **{key: answer[key]}))
