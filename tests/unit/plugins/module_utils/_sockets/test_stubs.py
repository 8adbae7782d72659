# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables with a header only, whatever listens."""

import errno
import socket

import pytest

from ansible_collections.listening.ports.plugins.module_utils._sockets import linux, stubs
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import gaps_of, new_gaps

HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
TCP = HEADER + '   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0 0\n'
PROTOCOLS = 'protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re\n'
EVERYTHING = ['tcp', 'udp', 'udplite', 'sctp', 'dccp', 'raw']


class Made:
    """What stands in for socket(2): some protocols are there, for some families."""

    def __init__(self, *numbers, **more):
        self.numbers, self.families, self.error = numbers, more.get('families', (2, 10)), more.get('error', 93)
        self.closed = 0

    def __call__(self, family, kind, number):
        if family not in self.families or number not in self.numbers:
            raise OSError(self.error, 'no')
        return self

    def close(self):
        self.closed += 1


@pytest.fixture
def tables(tmp_path):
    for name, text in (('tcp', TCP), ('tcp6', HEADER), ('udp', HEADER), ('udp6', HEADER), ('raw', HEADER),
                       ('protocols', PROTOCOLS)):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize('made, present, told', [
    (Made(17), {'tcp', 'udp', 'raw'}, ['udp6']),
    (Made(17, 1), {'tcp', 'udp', 'raw'}, ['raw', 'udp6']),
    (Made(17, families=(2,)), {'tcp', 'udp', 'raw'}, []),           # without IPv6, nothing can be missing
    (Made(17, 132), {'tcp', 'udp', 'raw', 'sctp'}, ['udp6']),
    (Made(error=errno.EACCES), {'tcp', 'udp', 'udplite', 'sctp', 'dccp', 'raw'}, ['raw', 'udp6']),
])
def test_of_gvisor(tables, made, present, told):
    gaps = new_gaps()
    assert stubs.present(EVERYTHING, str(tables), 'sockets', gaps, made) == present
    assert made.closed >= len(told) or made.error != 93
    [gap] = gaps.found or [{'message': ''}]
    assert [name for name in ('raw', 'udp6') if '%s/%s is a stub' % (tables, name) in gap['message']] == told


@pytest.mark.parametrize('text', [None, '', PROTOCOLS + 'UNIX      1024   10\n', b'\xff'])
def test_of_others(tables, text):
    if text is None:
        (tables / 'protocols').unlink()
    else:
        (tables / 'protocols').write_bytes(text if isinstance(text, bytes) else text.encode())
    gaps = new_gaps()
    assert stubs.present(EVERYTHING, str(tables), 'sockets', gaps, Made(17)) is None
    assert not gaps.found


def test_a_table_with_content_is_no_stub(tables):
    (tables / 'udp6').write_text(HEADER + 'more\n')
    gaps = new_gaps()
    stubs.present(['udp'], str(tables), 'sockets', gaps, Made(17))
    assert not gaps.found


def test_they_are_looked_at_where_netlink_is_refused(tables):
    gaps = new_gaps()
    reader = linux.Reader(['tcp', 'udp'], 'auto', 100, gaps, 'it was refused')
    assert [(sock.protocol, sock.port) for sock in reader.read(None, tables=str(tables))] == [('tcp', 80)]
    assert set(gaps_of(gaps)) == {('binding', 'procfs')}.union({('sockets', 'stub')} if socket.has_ipv6 else ())
