# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each step does, answers and leaves behind, also where something is in the way or ends it in the middle."""

import errno

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import steps
from ansible_collections.listening.ports.plugins.module_utils._notes import Busy
from ansible_collections.listening.ports.plugins.module_utils._filter.nft import Failure
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._filter.machine import (
    FIRST, SECOND, Killed, Machine
)

OLD, NEW, OTHER = '00000001', '8f3c1a2b', '99999999'
FILE, STAGED = '/etc/listening-ports/filter.nft', '/etc/listening-ports/filter.nft.new'
UNIT = '/etc/systemd/system/listening-ports.service'
DROP_IN = '/etc/systemd/system/nftables.service.d/50-listening-ports.conf'
LINK = '/etc/systemd/system/sysinit.target.wants/listening-ports.service'


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def step(machine, name='begin', port=80, token=NEW, check=False, **options):
    """Do a step: the answer."""
    given = {'step': name, 'token': token, 'remote': True, 'ssh_connection': None, 'state': 'present',
             'rules': [{'ports': [port], 'sources': ['10.0.0.0/8']}], 'others': 'accept', 'published': None,
             'confirm': 60, 'protected_sources': [], 'despite': []}
    given.update(options)
    answer = steps.run(machine, given, check)
    assert answer.get('failed', False) is (answer['status'] in ('busy', 'refused', 'reverted', 'failed'))
    assert answer['msg'] and not answer['msg'].endswith('..')
    return answer


def kept(machine, port=80, token=NEW, **options):
    """Begin, log in again, keep."""
    machine.in_use = FIRST
    began = step(machine, port=port, token=token, **options)
    assert began['status'] == 'trial', began
    machine.later(2)
    machine.in_use = SECOND._replace(started=machine.clock.now + 1)
    answer = step(machine, 'keep', port=port, token=token, **options)
    machine.in_use = FIRST
    return answer


def decides(machine, port):
    """Whether rules about a port, and no others, decide right now."""
    rules = machine.kernel.deciding()
    return bool(rules) and all('dport %d ' % port in rule for rule in rules[1:]) and len(rules) > 1


def untouched(machine, before):
    """Nothing is in the kernel or on the disk that was not there before."""
    return (machine.kernel.listing(), machine.tree()) == before


# the whole way


def test_a_trial_that_a_new_login_keeps(machine):
    answer = step(machine)
    assert (answer['status'], answer['changed'], answer['persistent']) == ('trial', True, True), answer
    assert answer['seconds'] == 60
    assert answer['diff']['before'] == '' and 'dport 80' in answer['diff']['after']
    assert answer['connection'] == FIRST.about and 'trial' not in answer['diff']['after']
    assert decides(machine, 80)
    assert FILE not in machine.tree() and machine.text(STAGED).startswith('# listening.ports 8f3c1a2b\n# ')
    machine.in_use = SECOND
    answer = step(machine, 'keep')
    assert (answer['status'], answer['changed']) == ('kept', True) and 'systemctl stop' in answer['msg']
    assert sorted(machine.tree()) == sorted([FILE, UNIT, DROP_IN, LINK])
    assert 'trial' not in machine.kernel.listing() and decides(machine, 80)
    machine.later(3600)
    assert decides(machine, 80)
    machine.boot()
    assert decides(machine, 80)


def test_a_trial_that_nobody_keeps_ends_by_itself(machine):
    kept(machine, 80, OLD)
    before = machine.kernel.listing(), machine.tree()
    assert step(machine, port=443)['status'] == 'trial'
    assert decides(machine, 443)
    machine.later(60)
    assert decides(machine, 80)
    answer = step(machine, 'sweep')
    assert (answer['status'], answer['changed']) == ('reverted', False) and 'as it was' in answer['msg']
    assert untouched(machine, before)
    assert step(machine, port=80)['status'] == 'unchanged'


def test_a_first_trial_that_nobody_keeps_leaves_nothing(machine):
    before = machine.kernel.listing(), machine.tree()
    step(machine)
    machine.later(60)
    assert machine.kernel.deciding() == []
    assert step(machine, 'sweep')['status'] == 'reverted'
    assert untouched(machine, before) and machine.kernel.listing() is None


def test_the_second_run_costs_one_call_of_nft_and_changes_nothing(machine):
    kept(machine)
    before, machine.called = machine.tree(), []
    answer = step(machine, token=OTHER)
    assert (answer['status'], answer['changed'], answer['warnings']) == ('unchanged', False, [])
    assert machine.called == ['nft -s list table inet listening_ports']
    assert machine.tree() == before and 'failed' not in answer
    assert step(machine, token=OTHER, check=True)['status'] == 'unchanged'


@pytest.mark.parametrize('rules', [
    [{'ports': ['80'], 'protocol': 'tcp', 'sources': ['10.0.0.0/9', '10.128.0.0/9']}],
    [{'ports': [80], 'sources': ['10.3.0.0/16', '10.0.0.0/8']}, {'ports': [80, 80], 'sources': ['10.0.0.0/8']}],
])
def test_the_same_rules_in_another_form_change_nothing(machine, rules):
    kept(machine)
    assert step(machine, rules=rules)['status'] == 'unchanged'


def test_a_trial_of_another_table_is_against_the_one_that_holds(machine):
    kept(machine, 80, OLD)
    answer = step(machine, port=443)
    assert 'dport 80' in answer['diff']['before'] and 'dport 443' in answer['diff']['after']
    machine.in_use = SECOND
    assert step(machine, 'keep')['status'] == 'kept'
    assert decides(machine, 443)


def test_whether_addresses_are_translated_is_found_out_unless_it_is_told(machine):
    machine.nat = True
    assert 'chain published' in step(machine, check=True)['diff']['after']
    assert 'chain published' not in step(machine, check=True, published=False)['diff']['after']
    machine.nat = False
    assert 'chain published' not in step(machine, check=True)['diff']['after']
    assert 'chain published' in step(machine, check=True, published=True)['diff']['after']


# without a trial


@pytest.mark.parametrize('in_use, options', [(None, {'remote': False}), (FIRST, {'confirm': 0}),
                                             (FIRST, {'confirm': 0, 'remote': False})])
def test_what_nobody_waits_for_is_kept_at_once(machine, in_use, options):
    machine.in_use = in_use
    answer = step(machine, **options)
    assert (answer['status'], answer['changed']) == ('kept', True)
    assert ('no connection' in answer['msg']) is (in_use is None)
    assert decides(machine, 80) and FILE in machine.tree() and 'unshare -n /' not in machine.called
    machine.boot()
    assert decides(machine, 80)


def test_rules_that_are_not_loaded_at_once_leave_nothing(machine):
    machine.faults['nft -f'] = 1, '', 'Error: Could not process rule: Cannot allocate memory\n'
    before = machine.kernel.listing(), machine.tree()
    answer = step(machine, confirm=0)
    assert (answer['status'], answer['changed']) == ('failed', False)
    assert 'Cannot allocate memory. The filter of this host is as it was' in answer['msg']
    assert untouched(machine, before)


def test_a_local_run_that_has_a_connection_wants_a_trial_too(machine):
    assert step(machine, remote=False)['status'] == 'trial'


# check mode


def test_check_mode_shows_what_would_be_and_writes_nothing(machine, tmp_path):
    machine.judged['effects'] = [{'listener': 'x'}]
    before = machine.kernel.listing(), machine.tree()
    answer = step(machine, check=True)
    assert (answer['status'], answer['changed'], answer['effects']) == ('planned', True, [{'listener': 'x'}])
    assert answer['connection'] == FIRST.about
    assert untouched(machine, before) and not (tmp_path / 'run/listening-ports').exists()
    assert machine.calls('nft -f') == machine.calls('systemctl') == 0
    kept(machine, 80, OLD)
    step(machine, port=443)
    machine.later(61)
    before = machine.kernel.listing(), machine.tree()
    answer = step(machine, port=80, token=OTHER, check=True)      # what a trial left behind is no difference
    assert (answer['status'], answer['changed']) == ('unchanged', False)
    assert untouched(machine, before)


@pytest.mark.parametrize('name', ['keep', 'sweep'])
def test_check_mode_has_no_trial(machine, name):
    assert 'check mode' in step(machine, name, check=True)['msg']


# a new login


def test_a_connection_that_is_not_new_keeps_nothing(machine):
    step(machine)
    for in_use, words in (
        (FIRST, 'was there before'),
        (FIRST._replace(pid=800, started=5000), 'was there before'),                # by whichever process
        (SECOND._replace(started=900), 'process 800, which is older'),              # multiplexed
        (SECOND._replace(started=machine.clock.now), 'older'),                      # in the same tick
        (None, 'cannot be found'),
    ):
        machine.in_use = in_use
        answer = step(machine, 'keep')
        assert (answer['status'], answer['code'], answer['changed']) == ('refused', 'not_fresh', False)
        assert words in answer['msg'] and FILE not in machine.tree()
    machine.in_use = SECOND._replace(started=machine.clock.now + 1)
    assert step(machine, 'keep')['status'] == 'kept'


def test_a_login_that_is_too_late_keeps_nothing(machine):
    kept(machine, 80, OLD)
    step(machine, port=443)
    machine.later(60)
    machine.in_use = SECOND
    answer = step(machine, 'keep')
    assert (answer['status'], answer['changed']) == ('reverted', False) and 'too late' in answer['msg']
    assert decides(machine, 80)


def test_a_trial_that_was_flushed_by_others_is_over(machine):
    kept(machine, 80, OLD)
    step(machine, port=443)
    machine.kernel.load('delete table inet listening_ports')
    machine.in_use = SECOND
    assert step(machine, 'keep')['status'] == 'reverted'
    assert machine.kernel.listing() is None


def test_a_reboot_ends_a_trial(machine):
    kept(machine, 80, OLD)
    step(machine, port=443)
    machine.boot()
    assert decides(machine, 80)
    machine.in_use = SECOND
    assert step(machine, 'keep', port=443)['status'] == 'reverted'
    assert step(machine, 'sweep', port=443)['status'] == 'reverted'
    assert step(machine, port=80, token=OTHER)['status'] == 'unchanged'


def test_to_keep_again_is_to_find_out_that_it_was_kept(machine):
    """The answer was lost, perhaps with a reboot."""
    kept(machine)
    machine.in_use = SECOND
    assert step(machine, 'keep')['status'] == 'kept'
    machine.boot()
    machine.in_use = None
    for name in ('keep', 'sweep'):
        answer = step(machine, name)
        assert (answer['status'], answer['changed']) == ('kept', True)
    machine.kernel.load('delete table inet listening_ports')
    assert step(machine, 'keep')['status'] == 'kept' and decides(machine, 80)


def test_a_trial_of_another_run_is_left_alone(machine):
    step(machine, token=OLD)
    machine.later(10)
    for name, port in (('begin', 443), ('begin', 80), ('keep', 80), ('sweep', 80)):
        answer = step(machine, name, port=port)
        assert (answer['status'], answer['code'], answer['seconds']) == ('busy', 'busy', 51), name
    assert step(machine, port=443, check=True)['status'] == 'busy'
    assert step(machine, state='absent')['status'] == 'busy'
    machine.later(51)
    assert step(machine, port=443)['status'] == 'trial' and 'trial_' + OLD not in machine.kernel.listing()
    machine.in_use = SECOND
    assert step(machine, 'keep', token=OLD)['status'] == 'busy'
    assert step(machine, 'keep', port=443)['status'] == 'kept'
    assert step(machine, 'keep', token=OLD)['status'] == 'reverted'
    assert decides(machine, 443)


def test_two_runs_at_the_same_moment(machine):
    with machine.files.locked():
        for name in ('begin',):
            answer = step(machine, name)
            assert (answer['status'], answer['code']) == ('busy', 'busy') and 'at this moment' in answer['msg']
        with pytest.raises(Busy):
            with machine.files.locked(0.1):
                pass
    assert step(machine)['status'] == 'trial'


# what ends a run in the middle


def points(machine, port=443):
    """The commands of a whole change."""
    machine.called = []
    assert kept(machine, port, NEW)['status'] == 'kept'
    return len(machine.called)


def test_a_run_that_is_killed_anywhere_leaves_the_old_or_the_new_rules(tmp_path):
    """Before and after each command. What is left is finished, or found to be as it was, by the next run."""
    first = Machine(tmp_path / 'whole')
    kept(first, 80, OLD)
    total, ends = points(first), set()
    assert total >= 7
    for number in range(2 * total):
        machine = Machine(tmp_path / str(number))
        kept(machine, 80, OLD)
        machine.called = []
        if number % 2:
            machine.killed_after = number // 2 + 1
        else:
            machine.faults[''] = dies_before(machine, number // 2 + 1)
        try:
            kept(machine, 443, NEW)
            raise AssertionError('it was not killed at %d' % number)
        except Killed:
            machine.faults.clear()
            machine.killed_after = None
        machine.later(61)
        rules = [port for port in (80, 443) if decides(machine, port)]
        assert len(rules) == 1, number
        again = step(machine, 'keep', port=443)['status']
        stored = [port for port in (80, 443) if 'dport %d' % port in machine.text(FILE)]
        # in between is one instruction: the kernel has what a login has kept, and a boot what held before
        assert stored == rules or (again, rules, stored) == ('refused', [443], [80])
        machine.in_use = SECOND._replace(started=9999)
        assert step(machine, 'keep', port=443)['status'] == ('kept' if rules == [443] else 'reverted')
        machine.boot()
        assert decides(machine, rules[0])
        machine.in_use = FIRST
        assert step(machine, port=rules[0], token=OTHER)['status'] == 'unchanged'
        ends.add(rules[0])
    assert ends == {80, 443}


def dies_before(machine, number):
    """Have the module killed when it would run its nth command."""
    def die(call):
        if len(machine.called) == number:
            raise Killed()
    return die


@pytest.mark.parametrize('program, fault, words', [
    ('nft -s', (-9, '', ''), 'nft -s list table did not end within 20 s'),
    ('unshare', (-9, '', ''), 'did not end within 20 s'),
    ('nft -f', (-9, '', ''), 'nft -f - did not end within 20 s'),
    ('nft -f', (137, '', ''), 'nft -f - did not end within 20 s'),
    ('nft -f', (127, '', 'timeout: failed to run command'), 'nft cannot be run'),
    ('nft -f', OSError(errno.ENOMEM, 'Cannot allocate memory'), 'nft cannot be run'),
    ('systemctl daemon-reload', (1, '', 'Failed to reload daemon: Connection timed out\n'), 'Connection timed out'),
    ('systemctl enable', (-9, '', ''), 'systemctl enable'),
    ('nft --version', (1, '', ''), None),
])
def test_programs_that_fail_or_hang_leave_the_host_as_it_was(machine, program, fault, words):
    before = machine.kernel.listing(), machine.tree()
    machine.faults[program] = fault
    answer = step(machine)
    if words is None:           # which nft it is only saves time
        assert answer['status'] == 'trial'
        return
    assert (answer['status'], answer['changed']) == ('failed', False)
    assert words in answer['msg'] and answer['msg'].endswith('The filter of this host is as it was')
    assert untouched(machine, before)
    machine.faults.clear()
    assert kept(machine)['status'] == 'kept'


def test_an_nft_that_hangs_when_a_trial_is_to_be_kept_leaves_the_old_rules(machine):
    kept(machine, 80, OLD)
    step(machine, port=443)
    machine.faults['nft -f'] = -9, '', ''
    machine.in_use = SECOND
    answer = step(machine, 'keep', port=443)
    assert answer['status'] == 'failed' and 'by themselves' in answer['msg']
    assert 'dport 80' in machine.text(FILE)
    machine.faults.clear()
    assert step(machine, 'keep', port=443)['status'] == 'kept'      # in time


def test_notes_that_cannot_be_written_make_a_trial_that_ends(machine):
    def full(call):
        machine.files.note = fail
    machine.faults['nft -f'] = full
    answer = step(machine)
    assert answer['status'] == 'failed' and answer['msg'] == (
        '/run/x: No space left on device. So the new rules cannot be kept: they go away by themselves when their 60 s '
        'are over')
    machine.in_use = SECOND
    assert step(machine, 'keep')['status'] == 'failed'
    machine.later(60)
    assert step(machine, 'sweep')['status'] == 'reverted' and machine.kernel.listing() is None


def fail(*dummy):
    raise OSError(errno.ENOSPC, 'No space left on device', '/run/x')


@pytest.mark.parametrize('method', ['stage', 'write_units'])
def test_a_full_or_read_only_disk_is_noticed_before_anything_is_tried(machine, method):
    before = machine.kernel.listing(), machine.tree()
    setattr(machine.files, method, fail)
    answer = step(machine)
    assert answer['status'] == 'failed'
    assert answer['msg'] == '/run/x: No space left on device. The filter of this host is as it was'
    assert untouched(machine, before) and machine.calls('nft -f') == 0


def test_a_boot_that_cannot_be_told_after_all(machine):
    step(machine)
    machine.files.commit = fail
    machine.in_use = SECOND
    answer = step(machine, 'keep')
    assert (answer['status'], answer['changed']) == ('failed', True) and 'run this again' in answer['msg']
    assert decides(machine, 80)
    del machine.files.commit
    assert step(machine, 'keep')['status'] == 'kept' and FILE in machine.tree()


def test_systemd_that_does_not_hear_of_rules_that_are_kept_is_a_warning(machine):
    machine.faults['systemctl start'] = 1, '', 'Failed to connect to bus\n'
    answer = kept(machine)
    assert answer['status'] == 'kept' and 'Failed to connect to bus' in answer['warnings'][0]


# what is refused


@pytest.mark.parametrize('change, code, words', [
    ({'root': False}, 'no_root', 'use become'),
    ({'programs': {'unshare', 'sh'}}, 'no_nft', 'install the package nftables'),
    ({'programs': {'nft', 'sh'}}, 'no_namespace', 'util-linux'),
    ({'in_use': None}, 'connection_hidden', 'cannot be found'),
    ({'faults': {'nft -s': (1, '', 'netlink: Error: cache initialization failed: Operation not permitted\n')}},
     'not_permitted', 'NET_ADMIN'),
    ({'faults': {'nft -s': (1, '', 'internal:0:0-0: Error: Could not receive tables: Permission denied\n')}},
     'not_permitted', 'Permission denied'),
    ({'faults': {'nft -s': (1, '', 'Unable to initialize Netlink socket: Protocol not supported\n')}},
     'no_nf_tables', 'Protocol not supported'),
    ({'faults': {'unshare': (1, '', 'unshare: unshare failed: Operation not permitted\n')}}, 'no_namespace',
     'SYS_ADMIN'),
    ({'faults': {'unshare -n /': (1, '', 'a trial of 1 second does not end within 5 s\n')}}, 'guard_fails',
     'does not end within 5 s'),
    ({'judged': {'refusal': ('own_connection', 'it would be blocked')}}, 'own_connection', 'it would be blocked'),
])
def test_a_refusal_is_a_sentence_and_an_untouched_host(machine, change, code, words):
    before = machine.kernel.listing(), machine.tree()
    for name, value in change.items():
        setattr(machine, name, value)
    answer = step(machine)
    assert (answer['status'], answer['code'], answer['changed']) == ('refused', code, False)
    assert words in answer['msg'] and answer['msg'].endswith('. The filter of this host is as it was')
    assert untouched(machine, before)


def test_what_is_known_goes_with_a_refusal_in_check_mode_too(machine):
    machine.judged = {'refusal': ('kubelet', 'it runs'), 'effects': [{'listener': 'x'}], 'warnings': ['w'],
                      'overridden': [('notrack', 'rules do')]}
    answer = step(machine, check=True, despite=['notrack'], protected_sources=['192.0.2.9', '0.0.0.0/0'])
    assert (answer['status'], answer['code'], answer['effects']) == ('refused', 'kubelet', [{'listener': 'x'}])
    assert answer['warnings'] == ['w', 'done despite notrack: rules do'] and answer['diff']['after']
    connection, document, rules, others, confirm, protected, despite = machine.judgements[0]
    assert connection == FIRST.about and document.startswith('{"nftables"') and rules[0].ports == ((80, 80),)
    assert (others, confirm, protected, despite) == ('accept', 60, ('0.0.0.0/0',), ('notrack',))


@pytest.mark.parametrize('options, words', [
    ({'rules': [{'ports': [0]}]}, 'rule 1: 0 is not a port'),
    ({'protected_sources': ['nonsense']}, "'nonsense' is not an address"),
    ({'confirm': 5}, 'confirm has to be 0, or 10 to 3600 seconds'),
    ({'token': '../../etc'}, 'eight hexadecimal digits'),
])
def test_options_that_make_no_sense(machine, options, words):
    before = machine.kernel.listing(), machine.tree()
    answer = step(machine, **options)
    assert answer['status'] == 'failed' and words in answer['msg']
    assert untouched(machine, before) and not machine.called


def test_the_guard_is_tried_once_for_each_boot_and_nft(machine):
    kept(machine, 80, OLD)
    kept(machine, 443, NEW)
    tests = [call for call in machine.called if call.startswith('unshare -n /')]
    assert len(tests) == 1
    machine.faults['nft --version'] = 0, 'nftables v1.1.3\n', ''
    step(machine, port=80, token=OTHER)
    assert len([call for call in machine.called if call.startswith('unshare -n /')]) == 2


# what is put right


@pytest.mark.parametrize('path', [UNIT, DROP_IN, LINK])
def test_what_a_boot_needs_is_put_in_place_again(machine, path):
    kept(machine)
    before = machine.tree()
    (machine.files._remove)(path)
    machine.called = []
    answer = step(machine, token=OTHER, check=True)
    assert (answer['status'], answer['changed']) == ('planned', True) and path in answer['msg']
    assert path not in machine.tree()
    answer = step(machine, token=OTHER)
    assert (answer['status'], answer['changed']) == ('kept', True) and path in answer['msg']
    assert machine.tree() == before and machine.calls('nft -f') == 0


def test_another_nft_that_lists_the_table_in_another_form(machine):
    kept(machine)
    text = machine.text(FILE)
    with open(machine.path(FILE), 'w') as stream:
        stream.write(text.replace(text.split('\n')[1], '# ' + 64 * '0'))
    machine.called = []
    assert step(machine, token=OTHER)['status'] == 'unchanged'
    assert machine.calls('nft') == 1 and machine.calls('unshare') == 1 and machine.text(FILE) == text
    machine.called = []
    assert step(machine, token=OTHER)['status'] == 'unchanged' and len(machine.called) == 1


@pytest.mark.parametrize('lose', [lambda machine: machine.kernel.load('delete table inet listening_ports'),
                                  lambda machine: machine.files._remove(FILE)])
def test_a_table_or_a_file_that_is_lost_comes_back_by_a_trial(machine, lose):
    kept(machine, 80, OLD)
    lose(machine)
    assert kept(machine)['status'] == 'kept'
    assert decides(machine, 80) and 'dport 80' in machine.text(FILE)


def test_a_file_that_others_have_changed_does_not_count(machine):
    kept(machine, 80, OLD)
    with open(machine.path(FILE), 'w') as stream:
        stream.write('flush ruleset\n')
    assert step(machine)['status'] == 'trial'


@pytest.mark.parametrize('name, text, is_copy', [
    ('/etc/nftables.conf', 'flush ruleset\ntable inet listening_ports {\n}\n', True),
    ('/etc/nftables/rules.nft', 'table inet listening_ports {', True),
    ('/etc/nftables.conf', '# table inet listening_ports {\ntable inet filter {\n', False),
    ('/etc/nftables.conf', 'include "/etc/listening-ports/filter.nft"\n', False),
])
def test_a_copy_of_the_table_in_a_file_of_others_is_a_warning(machine, name, text, is_copy, tmp_path):
    (tmp_path / 'etc/nftables').mkdir()
    with open(machine.path(name), 'w') as stream:
        stream.write(text)
    kept(machine)
    for check in (False, True):
        warnings = step(machine, token=OTHER, check=check)['warnings']
        assert bool(warnings) is is_copy
        assert not is_copy or warnings[0].startswith('%s has a copy of the table inet listening_ports' % name)


def test_without_systemd_the_filter_is_kept_until_a_reboot_and_says_so(tmp_path):
    machine = Machine(tmp_path, systemd=False)
    answer = kept(machine)
    assert (answer['status'], answer['persistent']) == ('kept', False) and 'after a reboot' in answer['msg']
    assert list(machine.tree()) == [FILE] and machine.calls('systemctl') == 0
    answer = step(machine, token=OTHER)
    assert (answer['status'], answer['persistent']) == ('unchanged', False)
    assert step(machine, state='absent')['status'] == 'kept' and machine.tree() == {}


# absent


def test_absent_takes_everything_away(machine):
    before = machine.kernel.listing(), machine.tree()
    kept(machine, 80, OLD)
    there = machine.kernel.listing(), machine.tree()
    answer = step(machine, state='absent', rules=None, check=True)
    assert (answer['status'], answer['changed']) == ('planned', True) and untouched(machine, there)
    assert answer['diff']['after'] == '' and 'dport 80' in answer['diff']['before']
    answer = step(machine, state='absent', rules=None)
    assert (answer['status'], answer['changed']) == ('kept', True)
    assert untouched(machine, before) and machine.kernel.listing() is None
    assert machine.judgements[-1][1:4] == (None, (), 'accept')
    for check in (True, False):
        answer = step(machine, state='absent', rules=None, check=check)
        assert (answer['status'], answer['changed']) == ('unchanged', False)


def test_absent_needs_no_connection(machine):
    kept(machine)
    machine.in_use = None
    assert step(machine, state='absent', rules=None)['status'] == 'kept'


def test_absent_does_not_need_to_know_who_gains(machine):
    kept(machine)
    machine.judge = lambda *planned: fail_to_judge()
    answer = step(machine, state='absent', rules=None)
    assert answer['status'] == 'kept' and 'nothing is seen' in answer['warnings'][0]


def fail_to_judge():
    raise Failure('nothing is seen')


@pytest.mark.parametrize('lose', [lambda machine: machine.kernel.load('delete table inet listening_ports'),
                                  lambda machine: machine.files._remove(FILE),
                                  lambda machine: machine.files._remove(UNIT)])
def test_absent_of_what_is_there_in_part(machine, lose):
    kept(machine)
    lose(machine)
    assert step(machine, state='absent', rules=None)['status'] == 'kept'
    assert machine.tree() == {} and machine.kernel.listing() is None


def test_absent_takes_away_what_a_trial_has_left(machine):
    step(machine)
    machine.later(61)
    answer = step(machine, state='absent', rules=None, token=OTHER)
    assert answer['status'] == 'kept' and machine.tree() == {} and machine.kernel.listing() is None


def test_absent_without_nft(machine):
    machine.programs, machine._program = set(), None
    assert step(machine, state='absent', rules=None)['status'] == 'unchanged'
    machine.programs = {'nft', 'unshare', 'sh', 'systemctl'}
    kept(machine)
    machine.programs, machine._program = set(), None
    before = machine.kernel.listing(), machine.tree()
    answer = step(machine, state='absent', rules=None)
    assert (answer['status'], answer['code']) == ('refused', 'no_nft') and untouched(machine, before)


@pytest.mark.parametrize('program', ['nft -f', 'systemctl disable', 'systemctl daemon-reload'])
def test_absent_may_be_repeated(machine, program):
    kept(machine)
    machine.faults[program] = -9, '', ''
    assert step(machine, state='absent', rules=None)['status'] == 'failed'
    machine.faults.clear()
    step(machine, state='absent', rules=None)
    assert machine.tree() == {} and machine.kernel.listing() is None


@pytest.mark.parametrize('options', [{}, {'confirm': 0}])
def test_what_fails_takes_no_table_away_whose_file_is_gone(machine, options):
    """Somebody removed the file; the table holds, and systemd would take it away with the unit."""
    kept(machine)
    machine.files._remove(FILE)
    before = machine.kernel.listing()
    machine.faults['nft -f'] = 1, '', 'Error: no'
    answer = step(machine, port=443, token=OTHER, **options)
    assert (answer['status'], answer['changed']) == ('failed', False)
    assert machine.kernel.listing() == before and decides(machine, 80)


def test_a_trial_that_ends_takes_no_table_away_whose_file_is_gone(machine):
    kept(machine)
    machine.files._remove(FILE)
    assert step(machine, port=443, token=OTHER)['status'] == 'trial'
    machine.later(61)
    assert step(machine, 'sweep', token=OTHER)['status'] == 'reverted'
    assert decides(machine, 80)
