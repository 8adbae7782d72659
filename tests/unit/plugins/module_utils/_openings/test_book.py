# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The book of what is ours: read as it was written, and never guessed."""

import json
import os
import stat

import pytest

from ansible_collections.listening.ports.plugins.module_utils._openings import book
from ansible_collections.listening.ports.plugins.module_utils._openings.pieces import Piece, spans

BOOK = {
    Piece('firewalld', 'public', 'tcp', spans(['8000-8010']), '10.0.0.0/8'): ('runtime', 'permanent'),
    Piece('firewalld', 'work', 'sctp', spans(['77']), None): ('permanent',),
    Piece('ufw', None, 'udp', spans(['53', '80-90']), 'fd00::/8'): ('rules',),
}


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / 'listening-ports' / 'openings.json')


def test_it_is_read_as_it_was_written(path):
    assert book.read(path) == {}
    book.write(BOOK, path)
    assert book.read(path) == BOOK
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert os.listdir(os.path.dirname(path)) == ['openings.json']


def test_a_book_of_nothing_is_none(path):
    book.write({}, path)
    assert not os.path.exists(os.path.dirname(path))
    book.write(BOOK, path)
    book.write({}, path)
    assert not os.path.exists(path) and book.read(path) == {}


def entry(**more):
    return dict({'backend': 'ufw', 'zone': None, 'protocol': 'tcp', 'ports': ['80'], 'source': None,
                 'places': ['rules']}, **more)


@pytest.mark.parametrize('text', [
    '', '{', '[]', 'null', '{}', '"\\ud800"', '[' * 100000,
    json.dumps({'version': 2, 'openings': []}),
    json.dumps({'version': 1, 'openings': {}.fromkeys('a')}),
    *[json.dumps({'version': 1, 'openings': [entry(**more)]}) for more in (
        {'backend': 'iptables'}, {'protocol': 'icmp'}, {'ports': ['0']}, {'ports': 80}, {'ports': [80]},
        {'source': 'everybody'}, {'source': 7}, {'zone': 7}, {'places': []}, {'places': [1]}, {'places': None})],
    json.dumps({'version': 1, 'openings': [{'backend': 'ufw'}]}),
])
def test_what_is_no_book_is_refused(path, text):
    os.makedirs(os.path.dirname(path))
    with open(path, 'w') as stream:
        stream.write(text)
    with pytest.raises(book.BookError) as info:
        book.read(path)
    assert str(info.value).startswith('%s is not as this collection writes it' % path)


def test_an_entry_without_what_the_tests_above_have_in_it(path):
    os.makedirs(os.path.dirname(path))
    with open(path, 'w') as stream:
        json.dump({'version': 1, 'openings': [entry()]}, stream)
    assert book.read(path) == {Piece('ufw', None, 'tcp', spans(['80']), None): ('rules',)}


def test_it_cannot_be_read_or_written(path):
    os.makedirs(path)
    with pytest.raises(book.BookError) as info:
        book.read(path)
    assert str(info.value) == '%s cannot be read: Is a directory' % path
    with pytest.raises(book.BookError) as info:
        book.write(BOOK, path)
    assert str(info.value) == '%s cannot be written: Is a directory' % path
