# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The own table in snapshots: taken out, and put in."""

import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import exchange

OTHER = [{'table': {'family': 'inet', 'name': 'other'}},
         {'chain': {'family': 'inet', 'table': 'other', 'name': 'input'}},
         {'table': {'family': 'ip', 'name': 'listening_ports'}}]       # of another family
OWN = [{'table': {'family': 'inet', 'name': 'listening_ports'}},
       {'set': {'family': 'inet', 'table': 'listening_ports', 'name': 'trial_8f3c1a2b'}},
       {'chain': {'family': 'inet', 'table': 'listening_ports', 'name': 'decide'}},
       {'rule': {'family': 'inet', 'table': 'listening_ports', 'chain': 'decide', 'expr': [{'accept': None}]}}]
HEAD = [{'metainfo': {'json_schema_version': 1}}]


def snapshot(document, **more):
    """A snapshot with what nft prints."""
    tables = [[value['family'], value['name']] for part in document or () for kind, value in part.items()
              if kind == 'table']
    flags = [[family, name, 1] for family, name in tables]
    return dict({'nft': document and json.dumps({'nftables': HEAD + document}), 'tables': tables, 'errors': [],
                 'table_flags': flags, 'saves': {}}, **more)


def objects(taken):
    """What nft prints in a snapshot, but for its head."""
    return [part for part in json.loads(taken['nft'])['nftables'] if 'metainfo' not in part]


def test_it_is_taken_out():
    full = snapshot(OTHER[:1] + OWN + OTHER[1:])
    kept = json.dumps(full)
    taken = exchange.without(full)
    assert objects(taken) == OTHER
    assert dict(taken, nft=None) == dict(snapshot(OTHER), nft=None)
    assert json.dumps(full) == kept


def test_there_is_nothing_to_take_out():
    for taken in (snapshot(None), snapshot(OTHER), snapshot(None, tables=None, table_flags=None)):
        assert exchange.without(taken) is taken


@pytest.mark.parametrize('text', ['', '[]', '{"nftables": 1}', '{"nftables": [1]}', '{"nftables": [{"table": 1}]}',
                                  '{"nftables": [{}]}', '[' * 100000, None, 3])
def test_nonsense_is_left(text):
    """Whoever judges it says so."""
    taken = snapshot(OWN, nft=text)
    assert exchange.without(taken) is taken
    if text is not None:
        assert exchange.with_table(taken, json.dumps({'nftables': OWN})) is taken


def test_it_is_put_in():
    listing = json.dumps({'nftables': HEAD + OWN})
    for before in (OTHER, OTHER + OWN[:1], OWN[:2] + OTHER):
        put = exchange.with_table(snapshot(before), listing)
        assert objects(put) == OTHER + OWN
        assert put['tables'] == [['inet', 'other'], ['ip', 'listening_ports'], ['inet', 'listening_ports']]
        assert put['table_flags'] == [['inet', 'other', 1], ['ip', 'listening_ports', 1]]
    assert objects(exchange.with_table(snapshot(None), listing)) == OWN


def test_only_the_own_table_is_put_in():
    put = exchange.with_table(snapshot(OTHER), json.dumps({'nftables': OWN + [OTHER[1]]}))
    assert objects(put) == OTHER + OWN


def test_what_was_not_seen_stays_unseen():
    errors = [{'aspect': 'nft', 'message': 'not root'}]
    put = exchange.with_table(snapshot(None, tables=None, table_flags=None, errors=errors),
                              json.dumps({'nftables': OWN}))
    assert (put['errors'], put['tables'], put['table_flags']) == (errors, None, None)


@pytest.mark.parametrize('listing', ['', '{}', '{"nftables": []}', json.dumps({'nftables': OTHER}), None])
def test_this_is_no_listing(listing):
    with pytest.raises(ValueError, match='no listing of the table inet listening_ports'):
        exchange.with_table(snapshot(OTHER), listing)
