# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of listeners of which most were met before: the answer is that of each alone, or there is none."""

import random

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import glimpse, records, texts
from ansible_collections.listening.ports.plugins.plugin_utils._inventory import names
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.membership import Grouping
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._facts import alike
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener, owner


def grouping():
    """All groups that there are, of loopback, too."""
    return Grouping(names.KINDS, loopback=True)


def known():
    """What has met the listeners of the host."""
    made = glimpse.Glimpses(grouping().of_endpoint)
    for dummy in range(2):
        assert made.of(alike.text_of(alike.HOST))
    return made


def whole(data):
    """A record that is decoded as a whole, without its listeners, and the groups that these make; None of others."""
    try:
        record = records.parsed(data)
        groups = grouping().of({'listeners': record['facts'].pop('listeners')})
    except (Fault, KeyError, TypeError, AttributeError):
        return None
    return record, groups


def glimpsed(made, data):
    """The same, as it is glimpsed; None where it is not."""
    found = made.of(data)
    if found is None:
        return None
    assert found[0]['facts'].pop('listeners') == []
    return found[0], set().union(*found[1]) - {''}


def test_of_whatever_is_sent_no_other_answer_is_given():
    made, seen, refused = known(), 0, 0
    for path, given in alike.changes():
        data = alike.text_of(given)
        for found in (glimpsed(made, data), glimpsed(made, data)):      # before it was met, and after
            assert found is None or found == whole(data), path
            seen += found is not None
        refused += whole(data) is None
        made._credit = texts.Credit()
    assert seen > 3000 and refused > 500


def test_so_it_is_with_a_text_that_was_written_in_another_way():
    made, chance, seen = known(), random.Random(5), 0
    for dummy in range(3000):
        data = alike.spoiled(chance)
        for found in (glimpsed(made, data), glimpsed(made, data)):
            assert found is None or found == whole(data), data
            seen += found is not None
        made._credit = texts.Credit()
    assert seen > 300
    assert glimpsed(made, alike.text_of(alike.HOST)) == whole(alike.text_of(alike.HOST))


def test_of_each_form_and_port_it_is_asked_once():
    asked = []

    def ask(given):
        asked.append(given['port'])
        return [given['port']]

    made = glimpse.Glimpses(ask)
    for number in range(20):
        host = facts(*(listener(port=port, address='10.0.%d.1' % number, scope='private', owners=[owner(
            pid=700 + number, started='2026-11-19T08:00:%02dZ' % number)]) for port in (22, 80, 5000 + number % 2)))
        assert made.of(alike.text_of(host))[1] == [[22], [80], [5000 + number % 2]]
    assert sorted(asked) == [22, 80, 5000, 5001]


@pytest.mark.parametrize('port', ['-1', '65536', '22.0', '022', ' 22', '"22"', 'true', 'null', '1e3', '٢٢', '9' * 5000])
def test_a_port_that_is_none_is_left_to_who_decodes_all(port):
    made, data = known(), alike.text_of(facts(listener(port=22)))
    assert made.of(data)
    odd = data.replace(b'"port":22', b'"port":%s' % port.encode())
    assert odd != data and made.of(odd) is None
    assert made.of(data)


def test_no_more_is_kept_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(glimpse, '_MOST', 10)
    made = glimpse.Glimpses(lambda given: given['service'])
    for port in range(1, 60):
        for service in ('x', 'x%d' % port):
            assert made.of(alike.text_of(facts(listener(port=port, service=service))))[1] == [service]
            assert sum(len(form.answers) for form in made._forms.values()) <= made._kept <= 10
    monkeypatch.setattr(glimpse, '_MOST_CHARACTERS', 3000)
    for number in range(60):
        made.of(alike.text_of(facts(listener(service='y%d' % number))))
        assert made._characters <= 3000 and len(made._forms) < 10


def test_where_hosts_have_nothing_in_common_that_is_looked_for_now_and_then(monkeypatch):
    monkeypatch.setattr(texts, '_CREDIT', 10)
    made = glimpse.Glimpses(lambda given: ())
    tried = sum(made.of(alike.text_of(facts(*(
        listener(port=port, service='x%d of %d' % (number, port)) for port in range(1, 31))))) is not None
        for number in range(100))
    assert 20 < tried < 60


@pytest.mark.parametrize('data', [
    b'', b'null', b'[]', b'{}', b'{"facts":null}', b'{"facts":{"listeners":[]}}', b'\xff'])
def test_what_has_no_listeners_is_left_to_who_decodes_all(data):
    assert known().of(data) is None


def test_facts_of_another_kind_are_left_to_who_decodes_all():
    made = glimpse.Glimpses(lambda given: given['port'], lambda facts: facts['collector'] == 'windows')
    linux, windows = facts(listener(port=80)), {**facts(listener(port=80)), 'collector': 'windows'}
    assert made.of(alike.text_of(linux))[1] == [80] and made.of(alike.text_of(windows)) is None
    escaped = alike.text_of(windows).replace(b'"collector":"windows"', b'"coll\\u0065ctor":"\\u0077indows"')
    assert b'"windows"' not in escaped and made.of(escaped) is None
    assert made.of(alike.text_of(linux).replace(b'"collector":', b'"Collector":')) is None
