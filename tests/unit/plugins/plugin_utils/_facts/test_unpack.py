# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one string that a host sent: what comes out of it, and what is refused and why."""

import base64
import gzip
import json
import subprocess
import sys
import tracemalloc
import zlib

import pytest

from ansible_collections.listening.ports.plugins.module_utils._wire import pack
from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
from ansible_collections.listening.ports.plugins.plugin_utils._facts.unpack import FactError, unpack
from ansible_collections.listening.ports.plugins.plugin_utils._windows import check as check_raw, facts as of_windows
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener


def squeeze(data):
    return 'z:' + base64.b64encode(zlib.compress(data)).decode()


def zipped(data):
    """What a Windows host packs, of which this is the JSON."""
    return 'w:' + base64.b64encode(gzip.compress(data)).decode()


@pytest.mark.parametrize(
    'sent', [facts(), facts(*[listener(port=port + 1) for port in range(20)])], ids=['short', 'long']
)
def test_facts_come_back_unchanged(sent):
    packed = pack(sent)
    assert packed.startswith('z:') == bool(sent['listeners'])
    assert unpack(packed) == unpack(squeeze(json.dumps(sent).encode())) == (sent, None, None)


def test_a_snapshot_is_beside_the_facts_and_not_judged():
    sent = facts(listener())
    assert unpack(pack(dict(sent, snapshot='x'))) == (sent, 'x', None)


@pytest.mark.parametrize('kind', raw_hosts.KINDS.values(), ids=list(raw_hosts.KINDS))
def test_facts_are_made_of_what_a_windows_host_sends(kind):
    made, snapshot, raw = unpack(raw_hosts.packed(kind()))
    assert raw == check_raw.check(kind()) and snapshot is None
    assert made == check.check(of_windows.facts(raw)) and made['system']['platform'] == 'windows'


def test_another_host_cannot_send_rules_as_a_windows_host_does():
    sent = facts(listener())
    raw = {'windows': raw_hosts.server_2016()}
    assert unpack(pack(dict(sent, snapshot=raw))) == (sent, raw, None)


def test_what_windows_sends_is_not_loaded_for_other_hosts():
    code = ('import sys; from ansible_collections.listening.ports.plugins.plugin_utils._facts import firewall, unpack; '
            'firewall.judge(unpack.unpack(sys.stdin.read())); '
            'print([name for name in ("check", "facts", "raw", "exposure", "rules") '
            'if "ansible_collections.listening.ports.plugins.plugin_utils._windows." + name in sys.modules])')
    done = subprocess.run([sys.executable, '-c', code], input=pack(facts(listener())), text=True, check=True,
                          stdout=subprocess.PIPE)
    assert done.stdout == '[]\n'


def test_facts_are_checked():
    with pytest.raises(FactError) as caught:
        unpack(pack(facts(dict(listener(), port='80'))))
    assert (
        str(caught.value)
        == "the packed facts are not valid: listeners[0].port: has to be a whole number from 0 to 65535, not '80'"
    )


@pytest.mark.parametrize('packed, message', [
    (None, 'not text'),
    (b'{}', 'not text'),
    ('', 'not JSON'),
    ('null', 'has to be a mapping, not null'),
    ('[]', 'has to be a mapping, not a list'),
    ('{}', 'schema: is missing'),
    ('{"schema": NaN}', 'NaN is not a number'),
    ('{"schema": -Infinity}', '-Infinity is not a number'),
    ('{"schema": 1e999}', 'schema: has to be a whole number'),
    ('{"schema": %s}' % ('9' * 10000), 'the packed facts are not valid'),
    ('{"schema": 1} x', 'not JSON: Extra data'),
    ('[' * 100000, 'nested too deeply'),
    ('{"a":' * 100000, 'nested too deeply'),
    ('\ud800', 'damaged'),
    ('"\x1b"', 'not JSON'),
    ('z:', 'truncated'),
    ('z:!!', 'damaged'),
    ('z:eA==', 'truncated'),
    ('z:AAAA', 'damaged'),
    (squeeze(b'{}')[:-8], 'the packed facts are not valid'),
    ('z:' + base64.b64encode(zlib.compress(b'{}') + b'more').decode(), 'followed by something else'),
    (squeeze(b'\xff'), 'not UTF-8'),
    (squeeze(b'[' + b'0,' * 9000000 + b'0]'), 'more than 8000000 elements'),
    ('w:', 'truncated'),
    ('w:!!', 'damaged'),
    ('w:AAAA', 'damaged'),
    ('w:' + squeeze(b'{}')[2:], 'damaged'),
    ('z:' + zipped(b'{}')[2:], 'damaged'),
    (zipped(b'{}')[:-8], 'truncated'),
    (raw_hosts.packed(raw_hosts.iis())[:2002], 'truncated'),
    ('w:' + base64.b64encode(gzip.compress(b'{}') + b'more').decode(), 'followed by something else'),
    ('w:' + base64.b64encode(gzip.compress(b'{}') * 2).decode(), 'followed by something else'),
    ('w:' + base64.b64encode(gzip.compress(b'{}')[:-8] + bytes(8)).decode(), 'damaged'),
    (zipped(b'{}'), 'schema: is missing'),
    (zipped(b'null'), 'has to be a mapping, not null'),
    (zipped(b'\xff'), 'not UTF-8'),
    (zipped(b'[' * 100000), 'nested too deeply'),
    (zipped(b'[' + b'0,' * 9000000 + b'0]'), 'more than 8000000 elements'),
    (zipped(json.dumps(facts()).encode()), 'the packed facts are not valid'),
    (pack(raw_hosts.server_2016()), 'the packed facts are not valid'),
])
def test_what_is_no_packed_record_is_refused(packed, message):
    with pytest.raises(FactError) as caught:
        unpack(packed)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize('pack_it', [squeeze, zipped])
def test_a_bomb_is_not_unpacked(pack_it):
    bomb = pack_it(b' ' * (check.MAX_BYTES * 4))
    tracemalloc.start()
    try:
        with pytest.raises(FactError, match='more than 67108864 bytes'):
            unpack(bomb)
        assert tracemalloc.get_traced_memory()[1] < 3 * check.MAX_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize('error', [KeyError('x\x1b'), RecursionError(), TypeError('x')])
def test_what_nobody_has_thought_of_in_raw_rows_is_not_valid(monkeypatch, error):
    def fail(raw):
        raise error

    monkeypatch.setattr(of_windows, 'facts', fail)
    with pytest.raises(FactError) as caught:
        unpack(raw_hosts.packed(raw_hosts.server_2016()))
    assert str(caught.value) == 'the packed facts are not valid: is not understood (%s)' % type(error).__name__
