# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Windows host sends is checked before anything looks at it."""

import json
import random

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils import _schema
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.plugins.plugin_utils._windows import check, raw
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import spoiling
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts as hosts

ROW = ['00000000', 80, 0, 8, 0, None, None, 0]


def sent(**changed):
    """A host with little to say."""
    value = {'schema': 1, 'gather': ['owners'], 'errors': [], 'os': {
        'version': '10.0.20348', 'kind': 3, 'process_bits': 64, 'system_bits': 64, 'elevated': True, 'language': None,
        'user': None, 'now': hosts.NOW}}
    return dict(value, **changed)


def test_rows_become_what_they_are():
    checked = check.check(hosts.server_2022())
    assert isinstance(checked['tcp4'][0], raw.Socket)
    assert isinstance(checked['processes'][0], raw.Process)
    assert isinstance(checked['services'][0], raw.Service)
    assert isinstance(checked['routes'][0], raw.Route)
    assert isinstance(checked['models'][0], raw.Model)
    checked = check.check(sent(
        connections=[['tcp4', '00000000', 80, 5, 3]], portproxy=[['v4tov4', '*/1', 'x/1']], ancestors=[[8, 'x', None]],
        errors=[['tcp4', 5, '']], events={'W3SVC': [[7000, 1, ['x', '%%5']]]}))
    assert checked['connections'] == [raw.Connections('tcp4', '00000000', 80, 5, 3)]
    assert checked['portproxy'][0].listen == '*/1'
    assert checked['ancestors'][0].name == 'x'
    assert checked['errors'][0].number == 5
    assert checked['events']['W3SVC'][0].properties == ['x', '%%5']


def test_what_was_not_asked_for_is_absent_and_what_failed_is_null():
    checked = check.check(sent(tcp4=None, http=None, firewall={}))
    assert 'tcp6' not in checked
    assert checked['tcp4'] is checked['http'] is None


def test_unknown_keys_are_removed():
    checked = check.check(sent(later=[1], firewall={'later': 1, 'stores': {}}, os=dict(sent()['os'], later=1)))
    assert 'later' not in checked
    assert 'later' not in checked['firewall']
    assert 'later' not in checked['os']


def test_addresses_are_written_in_one_way():
    checked = check.check(sent(tcp6=[['FE80' + '0' * 28, *ROW[1:]]], routes=[[23, 'FE80' + '0' * 28, 64, 5, '0' * 32]]))
    assert checked['tcp6'][0].address == 'fe80' + '0' * 28
    assert checked['routes'][0].to == 'fe80' + '0' * 28


@pytest.mark.parametrize('changed, place', [
    ({'schema': 2}, 'schema'),
    ({'os': None}, 'os'),
    ({'os': {}}, 'os'),
    ({'os': dict(sent()['os'], now=check.LAST_TIME + 1)}, 'os'),
    ({'os': dict(sent()['os'], user='x')}, 'os'),
    ({'errors': None}, 'errors'),
    ({'errors': [['x', 5]]}, 'errors'),
    ({'tcp4': [ROW[:-1]]}, 'tcp4'),
    ({'tcp4': [[*ROW, 0]]}, 'tcp4'),
    ({'tcp4': {}}, 'tcp4'),
    ({'tcp4': [['0' * 32, *ROW[1:]]]}, 'tcp4'),
    ({'tcp6': [ROW]}, 'tcp6'),
    ({'tcp4': [['0000000g', *ROW[1:]]]}, 'tcp4'),
    ({'tcp4': [['00000000', 65536, *ROW[2:]]]}, 'tcp4'),
    ({'tcp4': [['00000000', -1, *ROW[2:]]]}, 'tcp4'),
    ({'tcp4': [['00000000', True, *ROW[2:]]]}, 'tcp4'),
    ({'tcp4': [[*ROW[:3], 2 ** 32, *ROW[4:]]]}, 'tcp4'),
    ({'tcp4': [[*ROW[:4], 2 ** 63, *ROW[5:]]]}, 'tcp4'),
    ({'tcp4': [[*ROW[:5], 5, *ROW[6:]]]}, 'tcp4'),
    ({'processes': [[8, None, 'x', None, None, 'Bob', None, 0, None, None]]}, 'processes'),
    ({'processes': [[8, None, 'x' * 2000, None, None, None, None, 0, None, None]]}, 'processes'),
    ({'processes': [[8, None, 'x', None, None, None, None, 0, None, [1, 2, 3]]]}, 'processes'),
    ({'http': 'x' * (1024 * 1024 + 1)}, 'http'),
    ({'http': ['x']}, 'http'),
    ({'excluded': {'tcp5': ''}}, 'excluded'),
    ({'excluded': {'tcp4': 'x' * (1024 * 1024 + 1)}}, 'excluded'),
    ({'portproxy': [['v4tov4', 'x']]}, 'portproxy'),
    ({'nat': {'mappings': [['TCP', 'x']]}}, 'nat'),
    ({'networks': {'x': 1}}, 'networks'),
    ({'firewall': {'stores': {'local': [['x']]}}}, 'firewall'),
    ({'firewall': {'stores': {'local': [['x', 'y']] * (20 * 1000 + 1)}}}, 'firewall'),
    ({'firewall': {'effective': {'current': 1, 'modify': 0, 'profiles': {'3': [True, False, 0, []]}}}}, 'firewall'),
    ({'firewall': {'effective': {'current': 1, 'modify': 0, 'profiles': {'1': [True, False, []]}}}}, 'firewall'),
    ({'firewall': {'profiles': {'local': {'DomainProfile': {'EnableFirewall': [1]}}}}}, 'firewall'),
    ({'interfaces': [{'id': 'x'}]}, 'interfaces'),
    ({'events': {'x': [[7000, 1]]}}, 'events'),
])
def test_what_is_refused(changed, place):
    with pytest.raises(Fault) as error:
        check.check(sent(**changed))
    assert error.value.path == place


def test_bounds():
    checked = check.check(sent(
        tcp4=[['00000000', number % 65536, *ROW[2:]] for number in range(check.MOST_SOCKETS)],
        http='x' * check.MOST_TEXT, firewall={'stores': {'local': [['x', 'y']] * check.MOST_RULES}}))
    assert len(checked['tcp4']) == check.MOST_SOCKETS
    with pytest.raises(Fault):
        check.check(sent(tcp4=[ROW] * (check.MOST_SOCKETS + 1)))


@pytest.mark.parametrize('value', [None, [], 'x', 5, {}, True])
def test_what_is_no_host(value):
    with pytest.raises(Fault):
        check.check(value)


def test_names_of_the_host_are_in_no_message():
    evil = '\x1b[31m\n::error::'
    for changed in ({'accounts': {evil: 5}}, {'firewall': {'profiles': {evil: {evil: {evil: []}}}}},
                    {'events': {evil: 5}}, {'displays': {evil: None}}, {'dependents': {evil: [5]}}):
        with pytest.raises(Fault) as error:
            check.check(sent(**changed))
        assert evil not in str(error.value)
        assert '\x1b' not in str(error.value)
        assert error.value.path == next(iter(changed))


def test_halves_of_letters_do_not_spoil_a_host():
    """A user of the host may have any 16-bit numbers in names; two that differ stay different."""
    made = json.loads('{"processes": [[8, null, "a\\ud800b", "C:\\\\x\\udfff.exe", null, null, null, 0, null, null]],'
                      '"accounts": {"\\udc00": "\\ud83d\\ude00"}}')
    checked = check.check(sent(**made))
    assert checked['processes'][0][:4] == (8, None, 'a<d800>b', 'C:\\x<dfff>.exe')
    assert checked['accounts'] == {'<dc00>': '\U0001f600'}
    with pytest.raises(Fault):
        check.check(sent(http='\ud800', tcp4=[ROW[:-1]]))


def test_a_value_that_is_good_is_not_looked_at_row_by_row(monkeypatch):
    """Columns are checked at once, which takes a fraction of the time."""
    monkeypatch.setattr(check, '_mend', None)
    value = hosts.listeners(200, 600)
    assert len(check.check(value)['tcp4']) > 80


@pytest.mark.parametrize('kind', hosts.KINDS)
def test_each_kind_is_accepted_and_again(kind):
    """What was checked is not JSON any more, so each is made anew."""
    first = check.check(json.loads(json.dumps(hosts.KINDS[kind]())))
    assert first == check.check(json.loads(json.dumps(hosts.KINDS[kind]())))
    _schema.parse(json.dumps(first).encode(), 10 ** 6)


@pytest.mark.parametrize('kind', ['iis', 'server_2025'])
def test_spoilt_data_is_accepted_or_refused(kind):
    choose, made = random.Random(kind), json.loads(json.dumps(hosts.KINDS[kind]()))
    text = json.dumps(made)
    refused = 0
    for _number in range(300):
        value = spoiling.spoilt(json.loads(text), choose)
        try:
            check.check(value)
        except Fault:
            refused += 1
    assert 50 < refused < 300
