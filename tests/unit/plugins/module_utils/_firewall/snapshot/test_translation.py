# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host translates what comes in, by the chains that it has."""

import errno
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import translation
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    Link, attribute, done, error, message
)


def chain(kind=None, hook=None):
    """A chain as the kernel tells of it: struct nfgenmsg, then NFTA_CHAIN_NAME, _HOOK and _TYPE."""
    parts = [attribute(3, b'x\0')]
    if hook is not None:
        parts += [attribute(4, attribute(1, struct.pack('>I', hook)) + attribute(2, struct.pack('>i', -100))),
                  attribute(7, kind + b'\0')]
    return message(0xa03, struct.pack('=BBH', 1, 0, 0) + b''.join(parts))


@pytest.mark.parametrize('chains, expected', [
    ([], False),
    ([chain(), chain(b'filter', 0), chain(b'nat', 4), chain(b'route', 3)], False),      # 4 is postrouting
    ([chain(b'filter', 1), chain(b'nat', 0)], True),
])
def test_chains(tmp_path, chains, expected):
    link = Link([b''.join(chains) + done()])
    assert translation.translates(lambda protocol: link, str(tmp_path)) is expected
    assert struct.unpack_from('=H', link.questions[0], 4) == (0xa04,)


def test_tables_of_iptables_legacy_are_enough(tmp_path):
    (tmp_path / 'net').mkdir()
    (tmp_path / 'net/ip6_tables_names').write_text('filter\nnat\n')
    assert translation.translates(None, str(tmp_path)) is True


def test_what_is_refused_is_not_taken_for_no(tmp_path):
    with pytest.raises(OSError):
        translation.translates(lambda protocol: Link([error(errno.EPERM)]), str(tmp_path))
