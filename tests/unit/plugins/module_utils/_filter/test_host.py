# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a host and done to it: which programs run, in which order, and what is left when one fails."""

import os
import types

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import files as _files
from ansible_collections.listening.ports.plugins.module_utils._filter import host as _host
from ansible_collections.listening.ports.plugins.module_utils._filter.nft import Failure
from ansible_collections.listening.ports.plugins.module_utils._filter.refusal import Refusal

PROGRAMS = {'nft': '/usr/sbin/nft', 'unshare': '/usr/bin/unshare', 'systemctl': '/usr/bin/systemctl'}
STORED = _files.Stored('00000001', 'a' * 64, 'table inet listening_ports {}\n')


class Machine:
    """A host whose disk is a folder, and whose programs answer as they are told.

    :ivar answers: dict, how a command begins, without timeout(1), to what run_command returns. All else succeeds.
    :ivar ran: list of str, the commands, without timeout(1).
    """

    def __init__(self, root, booted=True):
        self.answers, self.ran, self.programs = {}, [], dict(PROGRAMS)
        self.files = _files.Files(str(root), lambda handle: None)
        if booted:
            os.makedirs(str(root / 'run/systemd/system'))
        self.host = _host.Host(self.run, self.programs.get, self.files)

    def run(self, words, **dummy):
        assert words[:3] == ['timeout', '-s', 'KILL'] and words[3].isdigit()
        command = ' '.join(words[4:])
        self.ran.append(command)
        return next((answer for start, answer in self.answers.items() if command.startswith(start)), (0, '', ''))


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def enabled(machine, tmp_path):
    """The same, with all that a boot needs."""
    machine.host.enable()
    link = tmp_path / 'etc/systemd/system/sysinit.target.wants/listening-ports.service'
    link.parent.mkdir(parents=True)
    link.symlink_to('/etc/systemd/system/listening-ports.service')
    del machine.ran[:]
    return machine


def test_without_nft_nothing_is_asked_of_it(machine):
    del machine.programs['nft']
    with pytest.raises(Refusal) as caught:
        assert machine.host.nft
    assert caught.value.code == 'no_nft' and machine.ran == []


# the guard

def version(machine, text='nftables v1.1.3 (Commodore Bullmoose #4)'):
    machine.answers['/usr/sbin/nft --version'] = (0, text + '\n', '')


def test_the_guard_is_tested_once_for_each_nft(machine):
    version(machine)
    assert machine.host.test_guard() is None
    assert [command.split()[0] for command in machine.ran] == ['/usr/sbin/nft', '/usr/bin/unshare']
    assert machine.host.test_guard() is None
    assert len(machine.ran) == 3 and machine.ran[2].endswith('--version')
    version(machine, 'nftables v1.1.4')
    assert machine.host.test_guard() is None
    assert len(machine.ran) == 5


def test_a_guard_that_failed_is_tested_again(machine):
    version(machine)
    machine.answers['/usr/bin/unshare'] = (1, '', 'a new  rule\noutlives its set')
    for dummy in range(2):
        assert machine.host.test_guard() == 'a new rule outlives its set'
    assert len(machine.ran) == 4 and machine.files.tested() is None


def test_an_nft_that_does_not_say_which_it_is_is_tested_each_time(machine):
    version(machine, '')
    for dummy in range(2):
        assert machine.host.test_guard() is None
    assert len([command for command in machine.ran if 'unshare' in command]) == 2


# systemd

def test_what_a_boot_needs_is_written_before_systemd_is_told(machine):
    written = []
    run = machine.run

    def look(words, **more):
        written.append(machine.files.has_units())
        return run(words, **more)
    _host.Host(look, machine.programs.get, machine.files).enable()
    assert written == [True, True]
    assert machine.ran == ['/usr/bin/systemctl daemon-reload',
                           '/usr/bin/systemctl enable --quiet listening-ports.service']


def test_what_is_in_place_is_left_alone(enabled):
    enabled.host.enable()
    assert enabled.ran == []


def test_another_nft_has_the_units_written_anew(enabled):
    enabled.programs['nft'] = '/opt/nft'
    host = _host.Host(enabled.run, enabled.programs.get, enabled.files)
    host.enable()
    assert len(enabled.ran) == 2 and enabled.files.lacks('/opt/nft') == []


def test_systemd_is_not_waited_for_when_the_table_is_loaded(machine):
    machine.host.activate()
    assert machine.ran == ['/usr/bin/systemctl start --no-block listening-ports.service']


@pytest.mark.parametrize('answer, words', [
    ((1, '', 'Unit is  masked.\n'), 'systemctl enable --quiet listening-ports.service: Unit is masked.'),
    ((1, '', ''), 'systemctl enable --quiet listening-ports.service: it does not say why'),
    ((-9, '', ''), 'systemctl enable --quiet listening-ports.service did not end within 30 s, and was ended'),
    ((137, '', ''), 'systemctl enable --quiet listening-ports.service did not end within 30 s, and was ended')])
def test_a_systemctl_that_fails_is_told(machine, answer, words):
    machine.answers['/usr/bin/systemctl enable'] = answer
    with pytest.raises(Failure) as caught:
        machine.host.enable()
    assert str(caught.value) == words


def test_a_systemctl_that_is_not_there_is_told(machine):
    del machine.programs['systemctl']
    with pytest.raises(Failure) as caught:
        machine.host.activate()
    assert str(caught.value) == 'systemctl is not there, although systemd has booted this host'


# taking away

def test_a_filter_that_is_taken_away_is_taken_from_systemd_first(enabled):
    enabled.host.withdraw()
    assert enabled.ran == ['/usr/bin/systemctl disable --quiet --now listening-ports.service',
                           '/usr/bin/systemctl daemon-reload']
    assert not enabled.files.has_units()
    enabled.host.withdraw()
    assert len(enabled.ran) == 2


def test_a_systemctl_that_fails_leaves_no_units_all_the_same(enabled):
    enabled.answers['/usr/bin/systemctl disable'] = (1, '', 'no')
    with pytest.raises(Failure):
        enabled.host.withdraw()
    assert not enabled.files.has_units()


def test_without_systemd_only_files_are_removed(enabled, tmp_path):
    os.rmdir(str(tmp_path / 'run/systemd/system'))
    enabled.host.withdraw()
    assert enabled.ran == [] and not enabled.files.has_units()


@pytest.mark.parametrize('kept, table, left', [(False, False, False), (True, False, True), (False, True, True)])
def test_what_was_prepared_goes_unless_rules_were_kept_or_are_loaded(enabled, kept, table, left):
    if kept:
        enabled.files.stage(STORED)
        enabled.files.commit()
    enabled.files.stage(STORED)
    enabled.host.has_table = lambda: table
    enabled.host.tidy()
    assert enabled.files.staged() is None
    assert (enabled.files.has_units(), enabled.files.has_kept()) == (left, kept)
    assert bool(enabled.ran) is not left


# the kernel

@pytest.mark.parametrize('release, reassembles', [
    ('4.19.0-27-amd64', True), ('5.9.16', True), ('5.10.0-33-amd64', False), ('6.18.44-fc', False), ('10.0', False),
    ('5', True), ('unknown', True), ('', True)])
def test_old_kernels_have_fragments_put_together(monkeypatch, release, reassembles):
    monkeypatch.setattr(os, 'uname', lambda: types.SimpleNamespace(release=release))
    assert _host.Host.must_reassemble() is reassembles
