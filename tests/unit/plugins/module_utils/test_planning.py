# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan is told of a host in one go, and of which listeners."""

import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _planning
from ansible_collections.listening.ports.plugins.module_utils._filter.files import Files

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
                                  {'id': 'tcp/[fe80::1%a b]:80'}])
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


def test_without_the_numbers_of_sockets_nothing_is_decided(tmp_path):
    assert set(look(tmp_path, dict(FACTS, collector='psutil'), actions=['close'])) == {'packed'}
