# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far away those are who can reach something."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import networks
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import way_in


@pytest.mark.parametrize('texts, expected', [
    ('', 'none'), ('169.254.1.0/24 fe80::/64', 'link'), ('10.0.0.0/8 fe80::/64', 'private'), ('fd00::/8', 'private'),
    ('198.51.100.7/32', 'listed'), ('10.0.0.0/8 198.51.100.7/32', 'listed'), ('0.0.0.0/0', 'anyone'),
    ('::/0', 'anyone'), ('64.0.0.0/2', 'listed'), ('0.0.0.0/1 128.0.0.0/2', 'anyone'),
    ('10.0.0.0/8 2000::/3', 'anyone')])
def test_level(texts, expected):
    assert way_in.level(networks.sets(texts.split())) == expected
