# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on the disk at which moment, whatever stops the host in between."""

import os
import stat

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import files as _files

OLD = _files.Stored('00000001', 'a' * 64, 'table inet listening_ports {}\n')
NEW = _files.Stored('00000002', 'b' * 64, 'table inet listening_ports { chain decide { } }\n')


class Disk:
    """Notes what was brought down to the disk, and what had which name then."""

    def __init__(self, root):
        self.root, self.synced = str(root), []

    def __call__(self, handle):
        path = os.readlink('/proc/self/fd/%d' % handle)[len(self.root):]
        folder = self.root + _files.FOLDER
        self.synced.append((path, sorted(os.listdir(folder)) if os.path.isdir(folder) else []))


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path.resolve())


@pytest.fixture
def files(disk):
    return _files.Files(disk.root, disk)


def keep(files, stored):
    files.stage(stored)
    files.commit()


def test_what_is_staged_is_on_the_disk_before_it_has_its_name(files, disk):
    files.stage(NEW)
    assert disk.synced == [(_files.STAGED + '.tmp', ['filter.nft.new.tmp']), (_files.FOLDER, ['filter.nft.new'])]
    assert files.staged() == NEW and files.kept() is None and not files.has_kept()


def test_a_commit_is_one_name_and_is_on_the_disk_when_it_returns(files, disk):
    keep(files, OLD)
    files.stage(NEW)
    assert files.kept() == OLD and files.staged() == NEW
    del disk.synced[:]
    files.commit()
    assert disk.synced == [(_files.FOLDER, ['filter.nft'])]
    assert files.kept() == NEW and files.staged() is None


def test_nobody_else_reads_the_rules(files, disk):
    keep(files, NEW)
    assert stat.S_IMODE(os.stat(disk.root + _files.FILE).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(disk.root + _files.FOLDER).st_mode) == 0o700


def test_a_disk_that_fails_leaves_what_was_there(files, disk):
    keep(files, OLD)

    def fails(dummy):
        raise OSError(5, 'Input/output error')
    broken = _files.Files(disk.root, fails)
    with pytest.raises(OSError):
        broken.stage(NEW)
    assert files.kept() == OLD and files.staged() is None
    assert os.listdir(disk.root + _files.FOLDER) == ['filter.nft']


@pytest.mark.parametrize('text', ['', 'table inet x {}\n', '# listening.ports 1\n# 2\n', OLD.body])
def test_a_file_of_somebody_else_is_not_what_was_kept(files, disk, text):
    keep(files, OLD)
    with open(disk.root + _files.FILE, 'w') as stream:
        stream.write(text)
    assert files.kept() is None and files.has_kept()


def test_a_pipe_in_the_place_of_a_file_does_not_hang(files, disk):
    os.makedirs(disk.root + _files.FOLDER)
    os.mkfifo(disk.root + _files.FILE)
    assert files.kept() is None and files.has_kept()


def test_units_are_written_once_and_taken_away_whole(files, disk):
    nft = '/usr/sbin/nft'
    assert files.lacks(nft) and not files.has_units()
    files.write_units(nft)
    written = len(disk.synced)
    assert files.lacks(nft) == [path for path in files.lacks(nft) if path.endswith('.wants/listening-ports.service')]
    files.write_units(nft)
    assert len(disk.synced) == written and files.has_units()
    assert set(files.lacks('/sbin/nft')) > set(files.lacks(nft))        # nft has moved
    files.remove_units()
    assert not files.has_units() and not os.path.exists(disk.root + os.path.dirname(_files.DROP_IN))


@pytest.mark.parametrize('text, expected', [
    ('flush ruleset\ntable inet listening_ports {\n}\n', ['/etc/nftables.conf']),
    ('# table inet listening_ports {\n', []),
    ('table inet filter {\n}\n', []),
])
def test_copies_of_the_table_in_files_of_others(files, disk, text, expected):
    os.makedirs(disk.root + '/etc')
    with open(disk.root + '/etc/nftables.conf', 'w') as stream:
        stream.write(text)
    assert files.copies() == expected
