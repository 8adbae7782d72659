# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python looks for cycles again, whatever happens, and only if it did before."""

import gc

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._cycles import no_search_for_cycles


@pytest.mark.parametrize('before', [True, False])
@pytest.mark.parametrize('fails', [True, False])
def test_it_is_as_it_was_before(before, fails):
    was_enabled = gc.isenabled()
    try:
        (gc.enable if before else gc.disable)()
        try:
            with no_search_for_cycles():
                assert not gc.isenabled()
                if fails:
                    raise ValueError
        except ValueError:
            assert fails
        assert gc.isenabled() is before
    finally:
        (gc.enable if was_enabled else gc.disable)()
