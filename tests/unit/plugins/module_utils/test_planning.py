# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan is told of a host in one go, and of which listeners."""

import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _connection, _planning
from ansible_collections.listening.ports.plugins.module_utils._filter import ahead, nft
from ansible_collections.listening.ports.plugins.module_utils._filter.files import Files
from ansible_collections.listening.ports.plugins.module_utils._filter.refusal import Refusal
from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import translation
from ansible_collections.listening.ports.plugins.module_utils._stop import planned

SPANS = ('tcp/22', 'tcp/8000-8010')


def record(text, **more):
    """A listener, such as ``tcp/0.0.0.0:80``."""
    protocol, slash, rest = text.partition('/')
    values = {'id': text, 'protocol': protocol, 'port': int(rest.rpartition(':')[2]), 'namespace': None,
              'held_by': 'processes', 'ephemeral': False, 'scope': 'any'}
    return dict(values, **more)


def suspects(records, declared=SPANS, forbidden=(), undeclared=('unexpected',)):
    return _planning.suspects(records, declared, forbidden, undeclared)


@pytest.mark.parametrize('port, is_suspect', [(22, False), (23, True), (7999, True), (8000, False), (8010, False),
                                              (8011, True)])
def test_ports_that_are_not_declared(port, is_suspect):
    name = 'tcp/0.0.0.0:%d' % port
    assert suspects([record(name)]) == [name] * is_suspect


def test_ports_of_another_protocol():
    assert suspects([record('udp/0.0.0.0:22')]) == ['udp/0.0.0.0:22']


@pytest.mark.parametrize('more, kind', [
    ({}, 'unexpected'), ({'scope': 'loopback'}, 'loopback'), ({'ephemeral': True}, 'ephemeral'),
    ({'ephemeral': True, 'scope': 'loopback'}, 'ephemeral')])
def test_each_kind_only_where_it_is_closed(more, kind):
    listener = record('udp/0.0.0.0:4000', **more)
    for other in _planning.UNDECLARED:
        assert suspects([listener], undeclared=[other]) == [listener['id']] * (kind == other)


def test_what_is_forbidden_is_suspect_wherever_it_listens_and_whatever_else_is_declared():
    listener = record('tcp/127.0.0.1:22', scope='loopback')
    assert suspects([listener], forbidden=['tcp/22'], undeclared=[]) == [listener['id']]


@pytest.mark.parametrize('more', [{'namespace': 'net:[1]'}, {'held_by': 'unknown'}, {'id': 'tcp/0.0.0.0:80@x y\n'},
                                  {'id': 'tcp/[fe80::1%a\tb]:80'}])
def test_what_is_never_closed_is_not_asked_for(more):
    assert suspects([record('tcp/0.0.0.0:80', **more)]) == []


class Module:
    """What looks like AnsibleModule."""

    def __init__(self, **options):
        defaults = {name: spec.get('default') for name, spec in _planning.ARGUMENTS.items()}
        self.params = dict(defaults, remote=False, token='8f3c1a2b', undeclared=['unexpected'], **options)

    def run_command(self, words, **dummy):
        return 1, '', 'nothing runs here'

    def get_bin_path(self, name):
        return None


def look(tmp_path, facts, **options):
    """What is sent of a host of which these facts are gathered; raises LookupError where it is decided what stops."""
    def make(dummy, dummy2, known, inodes):
        assert known is facts and inodes == {}
        raise LookupError

    return _planning.look(Module(**options), lambda **dummy: facts, Files(str(tmp_path)), make)


FACTS = {'collector': 'netlink', 'listeners': [record('tcp/0.0.0.0:22')], 'snapshot': {'tables': []}}


def test_nothing_is_suspect_and_nothing_is_said_of_stops(tmp_path):
    sent = look(tmp_path, FACTS, actions=['close', 'firewall'], declared=['tcp/22'])
    assert json.loads(sent['packed']) == FACTS
    assert sent['filter']['table'] is False and set(sent) == {'packed', 'filter'}


def test_only_what_is_to_be_done_is_asked_for(tmp_path):
    assert set(look(tmp_path, FACTS, actions=['firewall'])) == {'packed', 'filter'}
    assert set(look(tmp_path, FACTS, actions=['close'], declared=['tcp/22'])) == {'packed'}


def test_what_is_suspect_is_decided_on(tmp_path):
    with pytest.raises(LookupError):
        look(tmp_path, FACTS, actions=['close'])


# What decides on another filter

@pytest.mark.parametrize('records, named', [
    ([record('tcp/0.0.0.0:22')], set()), ([record('tcp/0.0.0.0:23')], {'tcp'}),
    ([record('udp/0.0.0.0:22'), record('tcp/0.0.0.0:80')], {'tcp', 'udp'}),
    ([record('tcp/0.0.0.0:8005')], {'tcp'}),
    ([record('tcp/127.0.0.1:23', scope='loopback')], set()), ([record('tcp/0.0.0.0:23', namespace='net:[1]')], set()),
    ([record('udp/0.0.0.0:4000', ephemeral=True)], set()), ([record('tcp/0.0.0.0:8005', ephemeral=True)], {'tcp'}),
    ([record('raw/0.0.0.0:1')], set())])
def test_what_rules_may_be_about(records, named):
    """What is limited counts for more than that somebody may reach it without a limit."""
    assert _planning.nameable(records, SPANS, ['tcp/8005']) == named


ABSENT = {'table': False, 'kept': None, 'holds': False, 'reassemble': False, 'warnings': []}
STRAY, DECLARED = [record('tcp/0.0.0.0:23')], [record('tcp/0.0.0.0:22')]


class Ahead:
    """A host that says of itself what is asked for.

    :ivar asked: list of bool, whether what has connections tracked was tried, each time.
    """

    def __init__(self, monkeypatch, connection='a connection', translates=False, exc=None):
        self.asked, self.connection, self.exc = [], connection, exc
        monkeypatch.setattr(_connection, 'find', lambda: self.connection)
        monkeypatch.setattr(translation, 'translates', lambda: translates)
        monkeypatch.setattr(ahead, 'look', self.look)

    def look(self, run, find, connection, tracks):
        if self.exc:
            raise self.exc
        assert connection is self.connection
        self.asked.append(tracks)
        return {'takes': 'it'}

    def says(self, state=None, records=tuple(STRAY), **options):
        return _planning._ahead(dict(ABSENT, **state or {}), records, dict(
            {'unlimited': SPANS, 'limited': [], 'others': 'accept', 'remote': True}, **options), None, None)


@pytest.mark.parametrize('records, options, state, translates, tracks', [
    (STRAY, {}, {}, False, False), (STRAY, {'others': 'reject'}, {}, False, True),
    (DECLARED, {'others': 'reject'}, {}, False, True), (DECLARED, {}, {}, True, True), (STRAY, {}, {}, True, True),
    ([record('udp/0.0.0.0:53')], {}, {}, False, True), (STRAY, {}, {'reassemble': True}, False, True),
    (STRAY, {}, {'table': True, 'kept': 'x', 'holds': True}, False, False),
    (STRAY, {'remote': False}, {}, False, False)])
def test_where_there_may_be_another_filter(monkeypatch, records, options, state, translates, tracks):
    host = Ahead(monkeypatch, translates=translates)
    assert host.says(state, records, **options) == {'takes': 'it'} and host.asked == [tracks]


@pytest.mark.parametrize('more', [
    {'records': DECLARED},                          # nothing is to be filtered
    {'state': {'table': True}},                     # something is on trial, or to be put right
    {'state': {'kept': 'x'}}, {'state': {'table': True, 'kept': 'x'}}])
def test_where_there_is_no_other_filter_or_the_host_has_to_be_asked(monkeypatch, more):
    host = Ahead(monkeypatch)
    assert host.says(**more) is None and host.asked == []


def test_the_connection_in_use_is_not_found(monkeypatch):
    assert Ahead(monkeypatch, connection=None).says() is None
    assert Ahead(monkeypatch, connection=None).says(remote=False) == {'takes': 'it'}


@pytest.mark.parametrize('exc', [
    nft.Failure('nft hangs'), Refusal('no_nft', 'there is none'), OSError('no'), ValueError('what')])
def test_whatever_is_in_the_way_whoever_asks_is_told(monkeypatch, exc):
    """The look itself does not fail for it: the host may need no filter."""
    assert Ahead(monkeypatch, exc=exc).says() is None


def test_what_would_be_closed_is_not_filtered(tmp_path, monkeypatch):
    """With what stays, it is seen whether there may be a filter at all."""
    seen = []
    monkeypatch.setattr(_planning, '_ahead', lambda state, records, *dummy: seen.extend(records) or {'takes': 'it'})
    facts = dict(FACTS, listeners=[record('tcp/0.0.0.0:23'), record('tcp/0.0.0.0:24')])
    rows = [{'listener': 'tcp/0.0.0.0:23', 'status': 'closed'}, {'listener': 'tcp/0.0.0.0:24', 'status': 'left'}]
    monkeypatch.setattr(planned, 'answer', lambda host, options: {'status': 'planned', 'listeners': rows})
    sent = _planning.look(Module(actions=['close', 'firewall'], declared=SPANS), lambda **dummy: facts,
                          Files(str(tmp_path)), lambda *dummy: None)
    assert seen == facts['listeners'][1:] and sent['what_if'] == {'takes': 'it'}


def test_without_the_numbers_of_sockets_nothing_is_decided(tmp_path):
    assert set(look(tmp_path, dict(FACTS, collector='psutil'), actions=['close'])) == {'packed'}
