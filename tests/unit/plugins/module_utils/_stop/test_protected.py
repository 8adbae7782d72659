# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is protected by its name: our own patterns mean what they mean to a shell."""

import fnmatch
import itertools

import pytest

from ansible_collections.listening.ports.plugins.module_utils._stop import protected

PATTERNS = sorted({pattern for dummy, units, dummy2 in protected._rules(True) for pattern in units.split()})


def names_like(pattern):
    """Names that a pattern is about, and some that it only looks like."""
    start, dummy, end = pattern.partition('*')
    for middle, before, after in itertools.product(('', 'x', '-1.service', end, start), ('', 'x'), ('', 'x')):
        yield before + start + middle + end + after
    yield start[:-1] + end
    yield start + end[1:]


@pytest.mark.parametrize('pattern', PATTERNS)
def test_a_pattern_means_what_it_means_to_a_shell(pattern):
    assert pattern.count('*') <= 1 and not set(pattern) & set('?[]')
    seen = {protected._is_called(name, pattern) for name in names_like(pattern)}
    assert seen == {True, False}
    for name in names_like(pattern):
        assert protected._is_called(name, pattern) == fnmatch.fnmatchcase(name, pattern), name


@pytest.mark.parametrize('name, why', [
    ('ssh.service', 'login'), ('ssh@1.service', 'login'), ('bird6.service', 'network'), ('bird.socket', None),
    ('cloud-init.service', 'cloud'), ('xcloud-init.service', None), ('nginx.service', None)])
def test_a_unit(name, why):
    found = protected.of_unit([name])
    assert (found and found.why) == why


def test_whoever_asks_for_more_writes_any_glob():
    assert protected.of_unit(['nginx.service'], ['ng[i]nx.*']).why == 'asked'
    assert protected.of_unit(['nginx.service'], ['ng[!i]nx.*']) is None
