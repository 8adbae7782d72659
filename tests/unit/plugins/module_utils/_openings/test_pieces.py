# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of an opening somebody still wants."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._openings.pieces import Piece, meet, needed, spans, texts


def piece(*ports, **more):
    return Piece(**dict({'backend': 'ufw', 'zone': None, 'protocol': 'tcp', 'ports': spans(ports), 'source': None},
                        **more))


def test_ports_as_text_and_back():
    assert texts(spans(['443', '80', '8000-8010'])) == ['80', '443', '8000-8010']
    assert texts(spans(['80', '81'])) == ['80-81']


@pytest.mark.parametrize('text', ['', '0', '65536', '9-8', '80-', 'http', '-1'])
def test_ports_that_are_none(text):
    with pytest.raises(ValueError):
        spans([text])


@pytest.mark.parametrize('mine, other, both', [
    (None, None, (None,)),
    (None, '10.0.0.0/8', ('10.0.0.0/8',)),
    ('10.0.0.0/8', None, ('10.0.0.0/8',)),
    ('10.0.0.0/8', '10.1.0.0/16', ('10.1.0.0/16',)),
    ('10.1.0.0/16', '10.0.0.0/8', ('10.1.0.0/16',)),
    ('10.0.0.0/8', '11.0.0.0/8', ()),
    ('10.0.0.0/8', 'fd00::/8', ()),
    ('fd00::1/128', 'fd00::/8', ('fd00::1/128',)),
])
def test_who_is_in_both(mine, other, both):
    assert meet(mine, other) == both


TEN = '10.0.0.0/8'


@pytest.mark.parametrize('held, wanted, expected', [
    (piece('80'), [('tcp', spans(['80']), None)], [piece('80')]),
    (piece('80'), [('tcp', spans(['1-1000']), None)], [piece('80')]),
    (piece('80'), [('udp', spans(['80']), None)], []),
    (piece('80'), [('tcp', spans(['81']), None)], []),
    (piece('80'), [], []),
    (piece('80'), [('tcp', spans(['80']), ())], []),
    (piece('80', '443'), [('tcp', spans(['443']), None)], [piece('443')]),
    (piece('80-90'), [('tcp', spans(['70-81']), None), ('tcp', spans(['85']), None)], [piece('80-81'), piece('85')]),
    (piece('80'), [('tcp', spans(['80']), (TEN,))], [piece('80', source=TEN)]),
    (piece('80', source=TEN), [('tcp', spans(['80']), None)], [piece('80', source=TEN)]),
    (piece('80', source=TEN), [('tcp', spans(['80']), ('10.1.0.0/16', '10.2.0.0/16'))],
     [piece('80', source='10.1.0.0/16'), piece('80', source='10.2.0.0/16')]),
    # a part that is in another one is not needed as well
    (piece('80', source=TEN), [('tcp', spans(['80']), ('10.1.0.0/16',)), ('tcp', spans(['80']), ('10.1.2.0/24',))],
     [piece('80', source='10.1.0.0/16')]),
])
def test_what_is_still_needed(held, wanted, expected):
    assert needed(held, wanted) == expected


def test_words():
    assert str(piece('80', '443')) == 'tcp/80,443 for everybody in ufw'
    assert str(piece('80', backend='firewalld', zone='public', source=TEN)) == (
        'tcp/80 for 10.0.0.0/8 in zone public of firewalld')
