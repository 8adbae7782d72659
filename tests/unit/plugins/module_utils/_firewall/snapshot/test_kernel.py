# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of nftables, out of netlink messages, and whether there can be any."""

import os
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import kernel
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    Link, attribute, connects, error, message
)


def table(family, name, flags=None):
    body = attribute(1, name + b'\0') + (attribute(2, struct.pack('>I', flags)) if flags is not None else b'')
    return message(10 << 8, bytes([family, 0, 0, 0]) + body)


def test_tables():
    opened = connects([table(2, b'filter'), table(1, b'caf\xff', 5), table(99, b'x')])
    assert kernel.tables(opened) == [('ip', 'filter', 0), ('inet', 'caf\\xff', 5), ('family 99', 'x', 0)]
    assert opened.opened == [12] and opened.links[0].closed
    length, kind, flags = struct.unpack_from('=IHH', opened.links[0].questions[0])
    assert (length, kind, flags) == (20, 0xa01, 0x301)


def test_tables_may_not_be_listed():
    with pytest.raises(OSError) as caught:
        kernel.tables(lambda dummy: Link([error(1)]))
    assert caught.value.errno == 1


@pytest.mark.parametrize(
    'loaded, builtin, absent',
    [
        (True, '', False),
        (False, 'kernel/net/netfilter/nf_tables.ko\n', False),
        (False, 'kernel/fs/ext4/ext4.ko\n', True),
        (False, None, False),
    ],
)
def test_whether_the_kernel_has_tables_at_all(tmp_path, loaded, builtin, absent):
    if loaded:
        (tmp_path / 'sys/module/nf_tables').mkdir(parents=True)
    if builtin is not None:
        directory = tmp_path / 'lib' / os.uname().release
        directory.mkdir(parents=True)
        (directory / 'modules.builtin').write_text(builtin)
    assert kernel.is_absent(sys=str(tmp_path / 'sys'), lib=str(tmp_path / 'lib')) is absent
