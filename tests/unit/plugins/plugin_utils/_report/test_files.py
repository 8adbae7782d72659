# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of reports: written whole or not at all, each for itself; and what is said while records are read."""

import json
import os
import stat

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report import files, progress
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.plugins.plugin_utils._report.pool import Pool
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN, record


def write(folder, mode=0o600, ends=True):
    """Write the JSON of one host, and return its fault."""
    host = Host('web', 'ok', record=record('web'))
    report = Report(RUN)
    with files.begun(['table', 'json'], str(folder), report, mode) as made:
        for file in made.values():
            file.add(host, host.facts)
        report.hosts.append(host)
        if ends:
            for file in made.values():
                file.finish(report)
    assert list(made) == ['json']
    return made['json'].fault


class Broken:
    """A format that fails in one of its steps."""

    def __init__(self, out):
        out.write(b'half')

    def start(self, report):
        """Nothing fails yet."""

    def add(self, host, facts):
        raise KeyError('owners')

    def finish(self, report):
        raise AssertionError('it has failed before')


@pytest.mark.parametrize('mode', [0o600, 0o640, 0o644])
def test_a_file_has_the_mode_that_is_asked_for_and_replaces_a_link(tmp_path, mode):
    (tmp_path / 'elsewhere').write_text('mine')
    (tmp_path / 'report.json').symlink_to('elsewhere')
    assert write(tmp_path, mode) is None
    info = os.lstat(tmp_path / 'report.json')
    assert stat.S_ISREG(info.st_mode) and stat.S_IMODE(info.st_mode) == mode
    assert (tmp_path / 'elsewhere').read_text() == 'mine'
    assert [host['host'] for host in json.loads((tmp_path / 'report.json').read_text())['hosts']] == ['web']


def test_a_format_that_fails_leaves_the_old_file_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, 'load', lambda name: registry.Format('report.json', Broken))
    assert write(tmp_path) == "%s/report.json cannot be written: KeyError: 'owners'" % tmp_path
    assert os.listdir(tmp_path) == []
    (tmp_path / 'report.json').write_text('of yesterday')
    assert write(tmp_path).endswith("KeyError: 'owners'. It still has what was written earlier")
    assert (tmp_path / 'report.json').read_text() == 'of yesterday'
    assert os.listdir(tmp_path) == ['report.json']


def test_what_is_not_finished_leaves_no_trace(tmp_path):
    assert write(tmp_path, ends=False) is None
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_none_is_a_fault_and_no_exception(tmp_path):
    (tmp_path / 'file').write_text('')
    assert 'cannot be written: ' in write(tmp_path / 'file' / 'below')


def test_it_says_now_and_then_how_many_records_were_read():
    times = iter(range(0, 1000, 2))
    shown = []
    assert list(progress.told(range(12), 12, shown.append, lambda: next(times))) == list(range(12))
    assert shown == ['read 3 of 12 records', 'read 8 of 12 records']
    assert list(progress.told(range(12), 12, shown.append, lambda: 0)) == list(range(12)) and len(shown) == 2


def test_equal_parts_are_kept_once_and_what_only_looks_equal_is_not():
    pool = Pool()
    one, other = pool.keep({'a': [1, 'x'], 'b': True}), pool.keep({'a': [1, 'x'], 'b': True})
    assert one is other
    assert other == {'a': [1, 'x'], 'b': True}
    assert pool.keep({'a': [1, 'x'], 'b': 1})['b'] is not True
    assert pool.keep([1]) is not pool.keep([1.0]) and pool.keep(None) is None and pool.keep([[]]) == [[]]
