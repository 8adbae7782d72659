# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small Windows hosts of all forms: what is hidden of one adds nothing to what is known of its listeners.

Few numbers and names, so that the same pids, ports, times and services meet in sockets, processes and queues.
"""

import copy

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check as facts_check
from ansible_collections.listening.ports.plugins.plugin_utils._windows import check
from ansible_collections.listening.ports.plugins.plugin_utils._windows.facts import facts
from ansible_collections.listening.ports.plugins.plugin_utils._windows.holders import holders
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import strategies
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.netsh_texts import LANGUAGES
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.test_facts import compare

PIDS = st.sampled_from((8, 4, 12, 0))
PORTS = st.sampled_from((80, 443))
NAMES = st.sampled_from(('W3SVC', 'WAS', 'WinRM'))
USERS = st.sampled_from(('S-1-5-18', 'S-1-5-20', raw_hosts.SERVICE_USER))
ANY4, ANY6 = '00000000', '0' * 32


def sockets(*addresses):
    """Rows of a table."""
    return st.lists(st.tuples(
        st.sampled_from(addresses), PORTS, st.just(0), PIDS, st.sampled_from((10, 20, 0)),
        NAMES.map(str.lower) | st.none(), st.none(), st.just(0)).map(list), max_size=3)


PROCESSES = st.tuples(*(st.tuples(
    st.just(pid), st.none(), st.just('x%d.exe' % pid), st.just('C:\\x%d.exe' % pid), st.sampled_from((5, 15, None)),
    USERS, st.sampled_from(('', raw_hosts.PACKAGE, None)), st.sampled_from((0, 5, 87)), st.none(), st.none()).map(list)
    for pid in (8, 12))).map(list)
SERVICES = st.lists(st.tuples(
    NAMES, st.sampled_from((8, 12, 4)), st.just(32), st.just(4), st.just(2), st.sampled_from((1, 0, None)), st.just(0),
    st.just(0)).map(list), max_size=3, unique_by=lambda row: row[0])
QUEUES = st.lists(st.tuples(
    st.none() | NAMES | st.just('12, x: y'), st.lists(st.sampled_from((8, 12)), max_size=2, unique=True),
    st.lists(st.sampled_from(('HTTP://+:80/', 'HTTPS://*:443/', 'HTTP://+:443/x/')), max_size=2),
    st.sampled_from((None, 8, 12))), max_size=3)


@st.composite
def hosts(draw):
    """What a small host sends."""
    raw = raw_hosts.Builder(gather=('owners',)).build()
    services = draw(SERVICES)
    hosted = {}
    for row in services:
        hosted.setdefault(row[1], []).append(row[0])
    raw.update(
        tcp4=draw(sockets(ANY4, '7f000001')), tcp6=draw(sockets(ANY6)), udp4=draw(sockets(ANY4)), udp6=[],
        processes=draw(PROCESSES), services=services, accounts={raw_hosts.SERVICE_USER: 'CORP\\svc'},
        http=LANGUAGES[draw(st.sampled_from(sorted(LANGUAGES)))].queues(
            draw(QUEUES), hosted=hosted, old=draw(st.booleans())))
    return raw


def made(raw):
    """The facts of a host, checked."""
    return facts_check.check(facts(check.check(copy.deepcopy(raw))))


def rules_of(raw):
    """The holders of a host, as what rules may compare."""
    return {key: {(field, value) for holder in some for field, value in holder._asdict().items() if value is not None}
            for key, some in holders(check.check(copy.deepcopy(raw))).items()}


def hide(draw, rows, columns):
    """Null in some columns of all rows."""
    gone = draw(st.sets(st.sampled_from(columns), min_size=1))
    return [[None if place in gone else value for place, value in enumerate(row)] for row in rows]


@pytest.fixture(scope='module', autouse=True)
def seed(request):
    """Which seed this run has: it is not in a log of tests that pass."""
    with request.config.pluginmanager.getplugin('capturemanager').global_and_fixture_disabled():
        print('\n%d examples, seed %d' % (strategies.EXAMPLES, strategies.SEED))


def test_what_is_hidden_adds_nothing():
    """Be it a source, or a field of a row; and no rule learns more of a holder."""
    @hypothesis.given(hosts(), st.data())
    def check_one(raw, data):
        draw = data.draw
        how = draw(st.sampled_from(('process', 'source', 'error', 'module', 'gone', 'cut')))
        hidden = dict(raw)
        if how == 'source':
            hidden[draw(st.sampled_from(('tcp4', 'tcp6', 'processes', 'services', 'accounts', 'http')))] = None
        elif how == 'error':
            source = draw(st.sampled_from(('tcp4', 'processes', 'services', 'accounts', 'http')))
            hidden['errors'] = [[source, 5, '']]
        elif how == 'process':
            hidden['processes'] = hide(draw, raw['processes'], (4, 2, 3, 5, 6))
        elif how == 'module':
            hidden['tcp4'] = hide(draw, raw['tcp4'], (5,))
        elif how == 'gone':
            hidden['processes'] = raw['processes'][1:]
        else:
            hidden.update(http=raw['http'][:draw(st.integers(0, len(raw['http'])))], errors=[['http', 1460, 'netsh']])
        compare(made(raw), made(hidden))
        before = rules_of(raw)
        for key, known in rules_of(hidden).items():
            assert known <= before[key]
    strategies.run(check_one)
