# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is opened, what is taken back and what is left, on a host with a firewalld and a ufw that remember."""

import collections
import os

import pytest

from ansible_collections.listening.ports.plugins.module_utils._openings import arguments, book, steps
from ansible_collections.listening.ports.plugins.module_utils._openings.firewalld import Firewalld
from ansible_collections.listening.ports.plugins.module_utils._openings.ufw import Ufw
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._openings.fake_firewalls import Firewalls

Connection = collections.namedtuple('Connection', 'port started')
NEAR = '172.16.0.0/12'
RICH = 'rule port port="%s" protocol="tcp" accept'
BEGAN = 1000


class World:
    """A host, and what is asked of it.

    :ivar connection: the one in use. :ivar is_remote, is_root: see ``steps.Host``.
    """

    def __init__(self, folder):
        self.firewalls = Firewalls(str(folder))
        self.path = str(folder / 'etc' / 'openings.json')
        self._settings = folder / 'default'
        self._settings.write_text('IPV6=yes\n', encoding='utf-8')
        self.connection, self.is_remote, self.is_root = Connection(22, BEGAN - 1), True, True

    def host(self):
        def new_ufw(run):
            return Ufw(run, str(self._settings))
        new_ufw.name = 'ufw'
        return steps.Host(self.firewalls.run, self.is_root, self.is_remote, lambda: self.connection, lambda: BEGAN,
                          self.path, (Firewalld, new_ufw))

    def begin(self, openings=(), keep=None, check=False, **more):
        return steps.begin(asked(openings, keep, **more), self.host(), check)

    def keep(self, openings=(), keep=None, **more):
        return steps.keep(asked(openings, keep, **more), self.host(), BEGAN)

    @property
    def book(self):
        return {str(piece): places for piece, places in book.read(self.path).items()}

    def state(self):
        """All that there is."""
        return repr((self.firewalls.rules, self.firewalls.ufw, self.book))


def asked(openings=(), keep=None, is_absent=False, protected=(), confirm=60):
    openings = [dict({'protocol': 'tcp', 'backend': 'firewalld'}, **opening) for opening in openings]
    return arguments.asked({'openings': openings, 'keep': keep, 'state': 'absent' if is_absent else 'present',
                            'protected_sources': protected, 'confirm': confirm})


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))
    return World(tmp_path)


BOTH = [{'ports': [8080], 'sources': [NEAR]}, {'ports': [53], 'protocol': 'udp', 'backend': 'ufw'}]
OPENED = {'tcp/8080 for 172.16.0.0/12 in zone public of firewalld': ('runtime', 'permanent'),
          'udp/53 for everybody in ufw': ('rules',)}


def test_it_opens_writes_down_and_is_done(world):
    result = world.begin(BOTH)
    assert (result['status'], result['changed']) == ('kept', True)
    assert result['msg'] == 'opened: %s; %s' % tuple(OPENED)
    assert result['diff'] == {'before': '', 'after': '%s\n%s\n' % tuple(OPENED)}
    assert result['opened'] == [
        {'backend': 'firewalld', 'zone': 'public', 'protocol': 'tcp', 'ports': ['8080'], 'sources': [NEAR]},
        {'backend': 'ufw', 'zone': None, 'protocol': 'udp', 'ports': ['53'], 'sources': None}]
    assert result['closed'] == result['left'] == []
    assert world.book == OPENED
    assert len(world.firewalls.told) == 3

    before = world.state()
    del world.firewalls.told[:]
    result = world.begin(BOTH, keep=[])
    assert (result['status'], result['changed'], result['msg']) == (
        'unchanged', False, 'nothing has to be opened or taken back')
    assert world.state() == before and not world.firewalls.told


def test_nothing_to_do_asks_nobody(world):
    assert world.begin()['status'] == 'unchanged'
    assert world.begin(keep=[])['status'] == 'unchanged'
    assert world.begin(is_absent=True)['status'] == 'unchanged'
    assert not world.firewalls.asked
    world.begin(BOTH)
    del world.firewalls.asked[:]
    keep = [{name: opening.get(name) for name in ('protocol', 'ports', 'sources')} for opening in BOTH]
    assert world.begin(keep=keep)['status'] == world.begin()['status'] == 'unchanged'
    assert not world.firewalls.asked


def test_check_mode_says_the_same_and_does_nothing(world):
    world.begin(BOTH)
    before = world.state()
    result = world.begin([{'ports': [9090]}], keep=[], check=True)
    assert (result['status'], result['changed']) == ('planned', True)
    assert result['msg'] == (
        'would be opened: tcp/9090 for everybody in zone public of firewalld; would be taken back: %s; %s' % tuple(
            OPENED))
    assert result['diff'] == {'before': '%s\n%s\n' % tuple(OPENED),
                              'after': 'tcp/9090 for everybody in zone public of firewalld\n'}
    assert world.state() == before


def test_what_somebody_else_has_opened_is_not_ours(world):
    for place in ('runtime', 'permanent'):
        world.firewalls.rules[place]['public'].append(RICH % 8080)
    world.firewalls.ufw.append('allow 8080/tcp')
    openings = [{'ports': [8080]}, {'ports': [8080], 'backend': 'ufw'}]
    assert world.begin(openings)['status'] == 'unchanged'
    assert world.book == {}
    assert world.begin(is_absent=True)['status'] == 'unchanged'
    assert world.firewalls.ufw == ['allow 22/tcp', 'allow 8080/tcp']


def test_what_somebody_has_opened_for_good_is_opened_now_and_stays_his(world):
    world.firewalls.rules['permanent']['public'].append(RICH % 8080)
    assert world.begin([{'ports': [8080]}])['status'] == 'kept'
    assert world.firewalls.rules['runtime']['public'] == [RICH % 8080] and world.book == {}


def test_what_somebody_has_opened_for_now_stays_for_now(world):
    world.firewalls.rules['runtime']['public'].append(RICH % 8080)
    assert world.begin([{'ports': [8080]}])['status'] == 'kept'
    assert world.book == {'tcp/8080 for everybody in zone public of firewalld': ('permanent',)}
    result = world.begin(is_absent=True)
    assert (result['status'], [entry['reason'] for entry in result['left']]) == ('kept', ['runtime'])
    assert world.firewalls.rules['runtime']['public'] == [RICH % 8080]
    assert world.firewalls.rules['permanent']['public'] == [] and world.book == {}


def test_it_is_taken_back_by_two_steps(world):
    world.begin(BOTH)
    del world.firewalls.told[:]
    result = world.begin(is_absent=True)
    assert (result['status'], result['began']) == ('trial', BEGAN)
    assert len(result['closed']) == 2 and result['msg'] == 'taken back: %s; %s' % tuple(OPENED)
    assert len(world.firewalls.told) == 1 and '--permanent' not in world.firewalls.told[0]
    assert world.book == OPENED

    before = world.state()
    with pytest.raises(steps.Refused) as info:      # by the old connection
        world.keep(is_absent=True)
    assert info.value.code == 'not_fresh' and world.state() == before
    world.connection = None
    with pytest.raises(steps.Refused):
        world.keep(is_absent=True)
    world.connection = Connection(22, BEGAN + 1)
    for dummy in range(2):                          # the first answer was lost
        assert world.keep(is_absent=True)['status'] == 'kept'
        assert world.book == {} and not os.path.exists(world.path)
        assert not any(rules for place in world.firewalls.rules.values() for rules in place.values())
        assert world.firewalls.ufw == ['allow 22/tcp']


def test_it_is_put_back_where_nobody_gets_in(world):
    world.begin(BOTH)
    before = world.state()
    assert world.begin(is_absent=True)['status'] == 'trial'
    assert world.state() != before
    for dummy in range(2):
        result = steps.restore(world.host())
        assert (result['status'], result['changed']) == ('reverted', False)
        assert world.state() == before


@pytest.mark.parametrize('is_remote, connection', [(False, None), (False, Connection(22, 1))])
def test_who_does_not_come_through_it_takes_it_back_at_once(world, is_remote, connection):
    world.begin(BOTH)
    world.is_remote, world.connection = is_remote, connection
    assert world.begin(is_absent=True)['status'] == 'kept'
    assert world.book == {}


def test_without_a_new_login_it_is_taken_back_at_once(world):
    world.begin(BOTH)
    assert world.begin(is_absent=True, confirm=0)['status'] == 'kept'
    assert world.book == {}


def test_ufw_takes_one_step(world):
    world.begin(BOTH[1:])
    assert world.begin(is_absent=True)['status'] == 'kept'
    assert world.firewalls.ufw == ['allow 22/tcp']


@pytest.mark.parametrize('port, protected, words', [
    (8080, (), 'the connection in use came to port 8080'),
    (22, ('172.17.2.3/32',), '172.17.2.3/32 is protected, and may come by it'),
])
def test_what_is_in_use_stays(world, port, protected, words):
    world.begin(BOTH[:1])
    world.connection = Connection(port, BEGAN - 1)
    before = world.state()
    result = world.begin(is_absent=True, protected=protected)
    assert (result['status'], result['changed']) == ('unchanged', False)
    entry, = result['left']
    assert entry == {'listener': None, 'backend': 'firewalld', 'zone': 'public', 'protocol': 'tcp', 'ports': ['8080'],
                     'sources': [NEAR], 'reason': 'in_use', 'message': '%s stays: %s' % (
                         next(iter(OPENED)), words)}
    assert result['msg'] == entry['message'] and world.state() == before


def test_who_is_not_known_changes_nothing(world):
    world.begin(BOTH)
    world.connection = None
    before = world.state()
    with pytest.raises(steps.Refused) as info:
        world.begin([{'ports': [9090]}], keep=[])
    assert info.value.code == 'connection_hidden' and world.state() == before
    assert world.begin([{'ports': [9090]}])['status'] == 'kept'     # that cuts nobody


def test_others_in_the_protected_network_do_not_matter(world):
    world.begin(BOTH[:1])
    assert world.begin(is_absent=True, protected=('192.0.2.0/24', 'fd00::/8'))['status'] == 'trial'


def test_what_is_still_wanted_of_one_stays_open_all_the_time(world):
    world.begin([{'ports': ['8000-8010'], 'sources': [NEAR]}])
    keep = [{'ports': [8001], 'sources': ['172.17.0.0/16', '172.18.0.0/16']}, {'ports': [1], 'protocol': 'udp'}]
    result = world.begin(keep=keep)
    assert result['status'] == 'trial'
    narrow = ['tcp/8001 for 172.%d.0.0/16 in zone public of firewalld' % number for number in (17, 18)]
    assert result['diff'] == {'before': 'tcp/8000-8010 for 172.16.0.0/12 in zone public of firewalld\n',
                              'after': ''.join(line + '\n' for line in narrow)}
    assert ['--add-' in command for command in world.firewalls.told[-3:]] == [True, True, False]
    world.connection = Connection(22, BEGAN + 1)
    assert world.keep(keep=keep)['status'] == 'kept'
    assert sorted(world.book) == narrow
    assert world.begin(keep=keep)['status'] == 'unchanged'


def test_what_is_opened_now_is_not_taken_back_by_the_next_step(world):
    world.begin(BOTH[:1])
    openings = [{'ports': [9090]}]
    assert world.begin(openings, keep=[])['status'] == 'trial'
    world.connection = Connection(22, BEGAN + 1)
    assert world.keep(openings, keep=[])['status'] == 'kept'
    assert sorted(world.book) == ['tcp/9090 for everybody in zone public of firewalld']


def test_one_that_lets_in_more_is_enough(world):
    world.begin([{'ports': ['8000-8010'], 'backend': 'ufw'}])
    assert world.begin([{'ports': [8001, 8005], 'backend': 'ufw'}])['status'] == 'unchanged'
    world.firewalls.ufw.remove('allow 8000:8010/tcp')      # somebody has closed it
    assert world.begin([{'ports': [8001, 8005], 'backend': 'ufw'}])['status'] == 'kept'


def test_what_is_not_opened_is_not_ours(world):
    world.firewalls.refuses.add('permanent --add-rich-rule=rule port port="9090"')
    result = world.begin([{'ports': [8080, 9090]}, {'ports': [80], 'backend': 'ufw'}], keep=[])
    assert (result['status'], result['failed'], result['changed']) == ('failed', True, True)
    assert result['msg'] == (
        'tcp/9090 for everybody in zone public of firewalld was not opened; opened: tcp/80 for everybody in ufw; '
        'tcp/8080 for everybody in zone public of firewalld')
    assert world.firewalls.rules['runtime']['public'] == world.firewalls.rules['permanent']['public'] == [RICH % 8080]
    assert sorted(world.book) == ['tcp/80 for everybody in ufw', 'tcp/8080 for everybody in zone public of firewalld']


def test_what_ufw_says_is_passed_on(world):
    world.firewalls.refuses.add('port 80')
    result = world.begin([{'ports': [80], 'backend': 'ufw'}])
    assert (result['status'], result['changed']) == ('failed', False)
    assert result['msg'] == 'tcp/80 for everybody in ufw was not opened (ufw: ERROR: it will not)'
    assert world.book == {}


def test_where_opening_fails_nothing_is_taken_back(world):
    world.begin(BOTH[:1])
    world.firewalls.refuses.add('9090')
    result = world.begin([{'ports': [9090]}], keep=[])
    assert (result['status'], result['closed']) == ('failed', [])
    assert sorted(world.book) == sorted(OPENED)[:1]


def test_what_is_not_taken_back_stays_ours(world):
    world.begin(BOTH)
    world.firewalls.refuses.update(['permanent --remove', 'delete'])
    world.is_remote = False
    result = world.begin(is_absent=True)
    assert (result['status'], result['closed'], result['changed']) == ('failed', [], False)
    assert 'was not taken back' in result['msg'] and world.book == OPENED


@pytest.mark.parametrize('opening, code, message', [
    (BOTH[0], 'firewalld_not_running', 'firewalld does not run, so that nothing can be opened in it'),
    (BOTH[1], 'ufw_inactive', 'ufw is not active, so that nothing can be opened in it'),
])
def test_without_the_firewall_nothing_is_done(world, opening, code, message):
    world.firewalls.runs = world.firewalls.is_active = False
    for openings in ([opening], BOTH[::-1]):
        before = world.state()
        with pytest.raises(steps.Refused) as info:
            world.begin(openings)
        assert not world.firewalls.told and world.state() == before
        if len(openings) == 1:
            assert (info.value.code, str(info.value)) == (code, message)


def test_what_is_in_a_firewall_that_does_not_run_stays_ours(world):
    world.begin(BOTH)
    world.firewalls.runs = False
    result = world.begin(is_absent=True)
    assert [(entry['reason'], entry['message']) for entry in result['left']] == [
        ('not_running', next(iter(OPENED)) + ' stays: firewalld does not run')]
    assert result['status'] == 'kept' and list(world.book) == list(OPENED)[:1]


def test_what_a_firewall_cannot_open_is_left(world):
    result = world.begin([
        {'ports': [77], 'protocol': 'sctp', 'sources': [NEAR], 'backend': 'ufw', 'listener': 'sctp/0.0.0.0:77'},
        {'ports': [80], 'sources': ['10.6.0.0/24', NEAR], 'listener': 'tcp/0.0.0.0:80'}])
    assert result['status'] == 'kept' and len(result['opened']) == 1
    assert [(entry['listener'], entry['sources'], entry['reason']) for entry in result['left']] == [
        ('sctp/0.0.0.0:77', [NEAR], 'protocol'), ('tcp/0.0.0.0:80', ['10.6.0.0/24'], 'source_zone')]


def test_only_root(world):
    world.is_root = False
    with pytest.raises(steps.Refused) as info:
        world.begin(BOTH)
    assert (info.value.code, str(info.value)) == ('no_root', 'only root can change firewalld and ufw: use become')
    assert not world.firewalls.asked


def test_nothing_is_opened_that_cannot_be_written_down(world):
    os.makedirs(world.path + '.new')
    with pytest.raises(book.BookError):
        world.begin(BOTH)
    assert not world.firewalls.told


def test_what_somebody_else_has_closed_is_forgotten_when_all_is_taken_back(world):
    world.begin(BOTH)
    world.firewalls.ufw.remove('allow 53/udp')
    for place in world.firewalls.rules.values():
        place['public'].clear()
    del world.firewalls.told[:]
    before = world.state()
    assert world.begin(is_absent=True, check=True)['status'] == 'unchanged' and world.state() == before
    assert world.begin(is_absent=True)['status'] == 'unchanged'
    assert not world.firewalls.told and world.book == {}


def options(**more):
    return dict({'openings': [], 'keep': None, 'state': 'present', 'protected_sources': [], 'confirm': 60,
                 'step': 'begin', 'began': None}, **more)


def test_steps_by_their_names(world):
    openings = [dict(BOTH[0], protocol='tcp', backend='firewalld')]
    assert steps.run(world.host(), options(openings=openings), check=True)['status'] == 'planned'
    assert steps.run(world.host(), options(openings=openings))['status'] == 'kept'
    assert steps.run(world.host(), options(state='absent'))['status'] == 'trial'
    assert steps.run(world.host(), options(state='absent', step='restore'))['status'] == 'reverted'
    assert steps.run(world.host(), options(state='absent'))['status'] == 'trial'
    refused = steps.run(world.host(), options(state='absent', step='keep', began=BEGAN))
    assert (refused['status'], refused['code'], refused['failed'], refused['changed']) == (
        'refused', 'not_fresh', True, False)
    world.connection = Connection(22, BEGAN + 1)
    assert steps.run(world.host(), options(state='absent', step='keep', began=BEGAN))['status'] == 'kept'


def test_a_book_that_nobody_can_read_ends_it(world):
    os.makedirs(world.path)
    result = steps.run(world.host(), options(state='absent'))
    assert (result['status'], result['failed'], result['msg']) == (
        'failed', True, '%s cannot be read: Is a directory' % world.path)
