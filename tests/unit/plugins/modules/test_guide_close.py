# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide on closing says of each code what to do, as does the documentation of the module."""

import re
from pathlib import Path

import pytest

from ansible_collections.listening.ports.plugins.module_utils._stop import decide, protected
from ansible_collections.listening.ports.plugins.module_utils._stop.arguments import DESPITE
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import lefts, plan, results, stops

yaml = pytest.importorskip('yaml')

ROOT = Path(__file__).resolve().parents[4]
GUIDE = (ROOT / 'docs/docsite/rst/guide_close.rst').read_text(encoding='utf-8')


def returned():
    """What the documentation of the module says that it returns."""
    text = (ROOT / 'plugins/modules/stop_listener.py').read_text(encoding='utf-8')
    return yaml.safe_load(re.search(r'^RETURN = r"""\n(.*?)^"""', text, re.MULTILINE | re.DOTALL).group(1))


def values(field):
    """The values that a description names."""
    return set(re.findall(r'V\((\w+)\)', ' '.join(field['description'])))


def tables(title):
    """The codes in the first column of each table of a section of the guide, which have a text in each other column."""
    section = re.search(r'^%s\n-+\n(.*?)(?=^[^\n]+\n-+\n|\Z)' % title, GUIDE, re.MULTILINE | re.DOTALL).group(1)
    found = []
    for table in re.findall(r'^\.\. list-table::\n(.*?)(?=^\S|\Z)', section, re.MULTILINE | re.DOTALL):
        rows = [re.split(r'^     - ', row, flags=re.MULTILINE) for row in re.split(r'^   \* - ', table,
                                                                                   flags=re.MULTILINE)[2:]]
        assert rows and all(len(row) == 3 and all(cell.strip() for cell in row) for row in rows)
        codes = [code for row in rows for code in re.findall(r'``(\w+)``', row[0])]
        assert len(set(codes)) == len(codes)
        found.append(set(codes))
    return found


def test_each_reason_is_in_the_guide():
    left, planned, still = tables('What is left, and what to do')
    assert left == {*decide.REASONS, stops.GONE, stops.REVERTED, stops.UNKNOWN}
    [of_windows] = tables('Windows hosts')
    assert of_windows == stops.OF_WINDOWS
    assert left | of_windows == values(returned()['listeners']['contains']['reason'])
    assert still == set(stops.STILL)
    source = (ROOT / 'plugins/plugin_utils/_enforce/close.py').read_text(encoding='utf-8')
    assert planned == {lefts.INCOMPLETE, *(code for code in plan.LEFT if "'%s', " % code in source)} - left


def test_what_may_be_overridden_is_said():
    listed = re.search(r'``close_despite`` is a list of reasons that (.*?) can be on it', GUIDE, re.DOTALL).group(1)
    assert set(re.findall(r'``(\w+)``', listed)) == set(DESPITE)


def test_each_reason_to_protect_is_in_the_guide():
    assert tables('What is protected') == [set(protected.WHY)]


def test_what_may_bring_a_listener_back_is_in_the_guide():
    contains = returned()['listeners']['contains']['again']['contains']
    assert tables('What brings a listener back') == [values(contains['by'])]


def test_each_status_is_in_the_guide():
    assert tables('What the task says') == [set(results.STATUSES)]
    assert values(returned()['status']) >= set(results.STATUSES)
    for code in values(returned()['code']) - set(results.STATUSES):
        assert '``%s``' % code in GUIDE
