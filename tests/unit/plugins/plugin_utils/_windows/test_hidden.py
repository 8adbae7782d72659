# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data that a Windows host hides, or could not read, never makes a listener look less exposed, or more surely so.

Each kind of host is judged with each of its sources missing, and with each of them incomplete.
"""

import copy
import json
import random
import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure.way_in import IMPOSSIBLE
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.plugins.plugin_utils._windows import check
from ansible_collections.listening.ports.plugins.plugin_utils._windows.raw import Error, Portproxy
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import spoiling
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.firewalls import (
    judged, process, rule, service, serving
)

SOURCES = [
    'tcp4', 'tcp6', 'udp4', 'udp6', 'processes', 'accounts', 'services', 'rpc', 'http', 'portproxy', 'nat',
    'interfaces', 'models', 'routes', 'networks', 'dynamic.tcp4', 'dynamic.udp4', 'excluded.tcp4', 'firewall.effective',
    'firewall.products', 'firewall.providers', 'firewall.consec',
    *('firewall.stores.' + store for store in ('local', 'gpo', 'mdm', 'static', 'configurable', 'appiso')),
    *('firewall.profiles.' + store for store in ('local', 'gpo', 'mdm'))]
KINDS = ['server_2016', 'server_2022', 'server_2025', 'member', 'iis', 'terminal_server', 'two_adapters']


def two_adapters():
    """A host in two networks, with rules that ask for all that can be hidden."""
    raw = serving(
        ('tcp', '0.0.0.0', 80), ('tcp', '10.1.0.1', 81), ('tcp', '::', 82, 1001), ('tcp', '127.0.0.1', 83),
        ('udp', '0.0.0.0', 84), ('tcp', '0.0.0.0', 49700, 1001), ('tcp', '198.51.100.1', 85),
        ('tcp', '0.0.0.0', 8088, 500), ('udp', '0.0.0.0', 86), ('udp', '0.0.0.0', 86, 1001),
        processes=(process(), process(1001, 'C:\\app\\other.exe', user='S-1-5-19'), process(500, 'C:\\svchost.exe')),
        local=[
            rule('Protocol=6', 'LPort=80', 'Profile=Domain'), rule('App=C:\\app\\server.exe', 'RA4=LocalSubnet'),
            rule('App=C:\\app\\other.exe', 'LPort=RPC', 'Protocol=6'), rule('Svc=x', 'RA4=DNS'),
            rule('Protocol=17', 'LPort=84', 'LA4=10.1.0.255'), rule('Protocol=6', 'LPort=82', 'IFType=Lan'),
            rule('Protocol=6', 'LPort=82', 'RA6=fe80::/64', action='Block'), rule('Protocol=6', 'LPort=8088'),
            rule('App=%ProgramFiles%\\x.exe', action='Block'), rule('Svc=*', 'RA4=10.9.0.0/16', action='Block')],
        gpo=[rule('LUAuth=O:LSD:(A;;CC;;;LS)', 'Protocol=6', 'LPort=82')],
        static=[rule('Svc=x', action='Block')])
    raw['services'] += [service('x')._replace(pid=1001), service('iphlpsvc')._replace(pid=500)]
    raw['portproxy'] = [Portproxy('v4tov4', '0.0.0.0/8088', '127.0.0.1/83')]
    raw['firewall']['environment'] = {'programfiles': 'C:\\Program Files'}
    return raw


def made(kind):
    return two_adapters() if kind == 'two_adapters' else check.check(json.loads(json.dumps(raw_hosts.KINDS[kind]())))


def without(raw, source):
    """The same host, of which a source could not be read."""
    other = copy.deepcopy(raw)
    *parts, last = source.split('.')
    place = other
    for part in parts:
        place = place[part]
    if last in place or source in SOURCES:
        place[last] = None
    other['errors'].append(Error(source, 5, 'denied'))
    return other


def incomplete(raw, source):
    """The same host, of which a source is not complete."""
    other = copy.deepcopy(raw)
    other['errors'].append(Error(source, 234, 'more data'))
    return other


def sets(record):
    """Who is let in surely, and perhaps, of each family."""
    exposure = record['exposure']
    spans = {'allowed': {4: [], 6: []}, 'maybe': {4: [], 6: []}}
    undecided = [text for part in exposure['undecided'] for text in part['sources']]
    for name, texts in (('allowed', exposure['allowed']), ('maybe', exposure['allowed'] + undecided)):
        for text in texts:
            family, some = iv.parse(text)
            spans[name][family].extend(some)
    return {name: {family: iv.merged(some) for family, some in by_family.items()} for name, by_family in spans.items()}


def compared(before, after, what):
    """Assert that of no listener more is surely allowed than before, or less perhaps."""
    known = {record['id']: record for record in before['listeners']}
    own = [iv.parse(text.partition('/')[0].partition('%')[0]) for text in before['system']['local_addresses']]
    never = {          # nobody comes from these, and they are told of nobody
        family: iv.merged([*IMPOSSIBLE[family], *(span for of, spans in own if of == family for span in spans)])
        for family in (4, 6)}
    for record in after['listeners']:
        if record['id'] not in known:
            continue
        old, new = sets(known[record['id']]), sets(record)
        for family in (4, 6):
            assert not iv.minus(new['allowed'][family], old['allowed'][family]), (what, record['id'], 'allowed')
            shrunk = iv.minus(iv.minus(old['maybe'][family], new['maybe'][family]), never[family])
            assert not shrunk, (what, record['id'], 'maybe')
        assert known[record['id']]['exposure']['level'] in (record['exposure']['level'], 'unknown') or \
            record['exposure']['level'] == 'unknown', (what, record['id'])


@pytest.mark.parametrize('kind', KINDS)
def test_there_is_something_to_hide(kind):
    facts = judged(made(kind))
    levels = {record['exposure']['level'] for record in facts['listeners']}
    codes = {gap['code'] for gap in facts['gaps'] if gap['aspect'] == 'firewall'}
    assert {'none', 'private'} < levels and not codes & {'unread', 'stale', 'service'}


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('hidden', [without, incomplete])
def test_what_could_not_be_read(hidden, kind):
    raw = made(kind)
    before = judged(copy.deepcopy(raw))
    for source in SOURCES:
        compared(before, judged(hidden(raw, source)), source)


@pytest.mark.parametrize('kind', KINDS)
def test_rows_that_are_missing(kind):
    """A process that nothing is said of, an adapter without a category, one whose host model is not known."""
    raw = made(kind)
    before = judged(copy.deepcopy(raw))
    for key in ('processes', 'models', 'networks'):
        for place in range(min(len(raw[key] or ()), 8)):
            other = copy.deepcopy(raw)
            other[key].pop(list(other[key])[place] if key == 'networks' else place)
            compared(before, judged(other), (key, place))


@pytest.mark.parametrize('elevated', [False, None])
def test_others_than_administrators(elevated):
    raw = made('server_2022')
    before = judged(copy.deepcopy(raw))
    raw['os']['elevated'] = elevated
    compared(before, judged(raw), 'elevated')


def test_the_comparison_finds_what_grows_and_what_shrinks():
    before = judged(made('server_2022'))
    for rules, reason in (([], 'maybe'), ([['all', rule()]], 'allowed')):
        raw = made('server_2022')
        raw['firewall']['stores']['local'] = rules
        with pytest.raises(AssertionError, match=reason):
            compared(before, judged(raw), 'planted')


# Bounds

def test_ten_thousand_rules_are_judged_in_time():
    raw = made('many_rules')
    began = time.process_time()
    facts = judged(raw)
    assert time.process_time() - began < 10
    assert sum(map(len, filter(None, raw['firewall']['stores'].values()))) > 10000
    assert not {gap['code'] for gap in facts['gaps']} & {'budget', 'undecided'} and facts['complete']['firewall']
    assert {record['exposure']['level'] for record in facts['listeners']} >= {'none', 'anyone'}


def test_more_rules_than_are_judged():
    raw = made('server_2022')
    raw['firewall']['stores']['local'] = [['r%d' % number, rule('LPort=%d' % number)] for number in range(20000)]
    facts = judged(raw)
    assert 'budget' in {gap['code'] for gap in facts['gaps']}
    assert {record['exposure']['level'] for record in facts['listeners']} <= {'unknown', 'local'}


def test_hostile_text_is_bounded():
    """It may be in reasons, caveats and what decided, and never makes facts that are refused."""
    evil = '\x1b[31m{{ x }}\u202e' * 500
    raw = made('hostile')
    raw['firewall']['stores']['local'] = [[evil[:1000], rule('Protocol=6', 'LPort=%d' % port, 'Name=' + evil)]
                                          for port in range(1, 500)]
    raw['firewall']['providers'] = [evil[:1000]] * 1000
    facts = judged(raw)
    for record in facts['listeners']:
        exposure = record['exposure']
        texts = [exposure['decided_by'], exposure['blocked_by'], *exposure['caveats'],
                 *(part['reason'] for part in exposure['undecided'])]
        assert all(len(text or '') < 5000 for text in texts) and len(texts) < 200
    assert all(len(gap['message']) < 10000 for gap in facts['gaps'])


@pytest.mark.parametrize('kind', KINDS)
def test_spoilt_data_is_judged_or_refused(kind):
    """No error but a Fault, whatever of it is another thing, and facts that are accepted."""
    choose, accepted = random.Random(kind), 0
    text = json.dumps(two_adapters() if kind == 'two_adapters' else raw_hosts.KINDS[kind]())
    for dummy in range(150):
        value = json.loads(text)
        for dummy2 in range(choose.choice((1, 3))):
            value = spoiling.spoilt(value, choose)
        try:
            raw = check.check(value)
        except Fault:
            continue
        judged(raw)
        accepted += 1
    assert accepted > 5
