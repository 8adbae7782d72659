# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses a host had, by its record."""

import calendar
import json
import time

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import own_addresses, records
from ansible_collections.listening.ports.plugins.plugin_utils._facts.records import RecordError
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples

STAMP = '2026-11-20T09:00:00Z'
NOW = calendar.timegm(time.strptime(STAMP, '%Y-%m-%dT%H:%M:%SZ')) + 3600
ADDRESSES = ['10.0.0.5/24', 'fe80::1%eth0/64']


def write(folder, **more):
    """Write the record of a host."""
    facts = samples.facts()
    facts['system']['local_addresses'] = ADDRESSES
    status = more.pop('status', 'ok')
    for key in ('complete', 'system'):
        facts[key].update(more.pop(key, {}))
    entry = records.record('web-1', 'run', '2.21', status, facts=facts if status == 'ok' else None, recorded_at=STAMP)
    entry.update(more)
    records.write(str(folder), entry)


def read(folder, host='web-1', max_age=86400, now=NOW):
    with records.unchecked(str(folder)) as opened:
        return own_addresses.of_record(opened, host, max_age, now)


def test_addresses(tmp_path):
    write(tmp_path)
    assert read(tmp_path) == ADDRESSES
    assert read(tmp_path, max_age=0, now=NOW + 10 ** 8) == ADDRESSES


@pytest.mark.parametrize('more, words', [
    ({'status': 'failed', 'message': 'no'}, 'could not be observed'),
    ({'complete': {'sockets': False}}, 'or not completely'),
    ({'system': {'local_addresses': None}}, 'has no addresses'),
    ({'system': {'local_addresses': '10.0.0.5'}}, 'its record is not valid'),
    ({'system': {'local_addresses': ['10.0.0.5/24'] * 1001}}, 'its record is not valid'),
    ({'facts': []}, 'its record is not valid'), ({'schema': 9}, 'its record is not valid'),
    ({'recorded_at': '2026-11-18T09:00:00Z'}, 'its record is too old: it was made at 2026-11-18T09:00:00Z, 2 d 1 h'),
    ({'recorded_at': '2027-11-18T09:00:00Z'}, 'from the future'),
])
def test_what_is_not_believed(tmp_path, more, words):
    write(tmp_path, **more)
    with pytest.raises(RecordError, match=words):
        read(tmp_path)


def test_no_record_and_that_of_another_host(tmp_path):
    write(tmp_path)
    with pytest.raises(RecordError, match='it was not recorded'):
        read(tmp_path, 'web-2')
    entry = json.loads((tmp_path / 'hosts/web-1.json').read_text(encoding='utf-8'))
    (tmp_path / 'hosts/web-2.json').write_text(json.dumps(entry), encoding='utf-8')
    (tmp_path / 'hosts/web-2.json').chmod(0o600)
    with pytest.raises(RecordError, match='belongs to another host'):
        read(tmp_path, 'web-2')
