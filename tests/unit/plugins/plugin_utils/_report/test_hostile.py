# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hostile names of the tests: records of them are believed, or their tests would test nothing."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile


@pytest.mark.parametrize('entry', hostile.records(), ids=lambda entry: ascii(entry['host']))
def test_records_of_hostile_names_are_believed(tmp_path, entry):
    records.write(str(tmp_path), entry)
    assert records.read(str(tmp_path), entry['host'])['facts'] == entry['facts']
