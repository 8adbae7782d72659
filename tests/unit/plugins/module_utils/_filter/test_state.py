# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is of the filter, and whether it is what a boot loads."""

import os

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import files as _files
from ansible_collections.listening.ports.plugins.module_utils._filter import state

LISTING = 'table inet listening_ports {\n}\n'
BODY = 'table inet listening_ports { chain decide { } }\n'
OTHERS, OURS = [['ip', 'filter']], [['ip', 'filter'], ['inet', 'listening_ports']]


class Machine:
    """A host whose disk is a folder, and whose nft lists this.

    :ivar ran: list of str, what was run.
    """

    def __init__(self, root, listing=LISTING, code=0):
        self.root, self.ran, self.answer = str(root), [], (code, listing, 'nft is broken' if code else '')
        self.files = _files.Files(self.root, lambda handle: None)

    def keep(self, listing=LISTING):
        self.files.stage(_files.Stored('00000001', _files.digest(listing), BODY))
        self.files.commit()

    def boot(self):
        os.makedirs(self.root + '/run/systemd/system')

    def look(self, tables, programs=('nft',)):
        return state.look(tables, self.files, self.run, {name: '/sbin/' + name for name in programs}.get)

    def run(self, words, **dummy):
        self.ran.append(' '.join(words[4:]))
        return self.answer


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.mark.parametrize('tables', [OTHERS, []])
def test_a_host_that_never_had_one_is_not_asked_for_it(machine, tables):
    seen = machine.look(tables, programs=())
    assert (seen['table'], seen['kept'], seen['holds'], seen['warnings']) == (False, None, False, [])
    assert machine.ran == []


def test_what_a_boot_loads_is_in_the_kernel(machine):
    machine.keep()
    seen = machine.look(OURS)
    assert (seen['table'], seen['kept'], seen['holds']) == (True, _files.digest(BODY), True)
    assert len(machine.ran) == 1


def test_a_table_that_somebody_changed(machine):
    machine.keep('another listing')
    assert machine.look(OURS)['holds'] is False


def test_a_table_that_no_boot_loads(machine):
    seen = machine.look(OURS)
    assert (seen['table'], seen['kept'], seen['holds']) == (True, None, False) and machine.ran == []


def test_a_table_that_somebody_flushed(machine):
    machine.keep()
    seen = machine.look(OTHERS)
    assert (seen['table'], seen['kept'], seen['holds']) == (False, _files.digest(BODY), False) and machine.ran == []


def test_systemd_lacks_what_loads_it(machine):
    machine.keep()
    machine.boot()
    assert machine.look(OURS)['holds'] is False
    machine.files.write_units('/sbin/nft')
    wants = machine.root + '/etc/systemd/system/sysinit.target.wants'
    os.makedirs(wants)
    os.symlink('../listening-ports.service', wants + '/listening-ports.service')
    assert machine.look(OURS)['holds'] is True


@pytest.mark.parametrize('programs, code', [((), 0), (('nft',), 1)])
def test_an_nft_that_cannot_tell(tmp_path, programs, code):
    machine = Machine(tmp_path, code=code)
    machine.keep()
    assert machine.look(OURS, programs) is None


def test_tables_that_were_not_seen(machine):
    assert machine.look(None) is None


def test_a_file_of_somebody_else(machine):
    machine.keep()
    with open(machine.root + _files.FILE, 'w') as stream:
        stream.write('table inet x {}\n')
    assert machine.look(OTHERS) is None


def test_a_copy_of_the_table_is_warned_of(machine):
    os.makedirs(machine.root + '/etc')
    with open(machine.root + '/etc/nftables.conf', 'w') as stream:
        stream.write(LISTING)
    [warning] = machine.look(OTHERS)['warnings']
    assert warning.startswith('/etc/nftables.conf has a copy of the table inet listening_ports.')
