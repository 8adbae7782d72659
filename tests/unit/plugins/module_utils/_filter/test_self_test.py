# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a trial ends by itself, with the kernel and the nft of this machine, and with some that only seem to work."""

import shutil
import subprocess
import sys

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import self_test

NFT = shutil.which('nft') or '/usr/sbin/nft'


def tried(nft, rules=None, shell=''):
    """What the program says in a network namespace of its own: exit code and complaint."""
    done = subprocess.Popen(['unshare', '-r', '-n', 'sh', '-c', shell + 'exec "$@"', 'sh', sys.executable, '-', nft,
                             rules or self_test.rules()],
                            stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    errors = done.communicate(self_test.source().encode())[1].decode()
    return done.returncode, errors.strip()


@pytest.fixture(scope='module')
def kernel():
    """Leaves tests out where no namespace can be made, or nft does not work there."""
    command = 'echo "table inet x" | %s -f -' % NFT
    if subprocess.call(['unshare', '-r', '-n', 'sh', '-c', command], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL):
        pytest.skip('this needs nft, and network namespaces')


def test_the_rules_are_those_of_a_trial():
    rules = self_test.rules()
    assert 'trial_00000000' in rules and 'timeout 1s' in rules and 'jump decide' in rules
    assert 'dport 7' in rules and 'iif' not in rules


def test_a_trial_ends_by_itself(kernel):
    assert tried(NFT) == (0, '')


@pytest.mark.parametrize('change, words', [
    (lambda rules: rules.replace('timeout 1s', 'timeout 100s'), 'does not end within 5 s'),
    (lambda rules: rules.replace('goto new_decide_00000000', 'accept'), 'do not refuse'),
    (lambda rules: 'nonsense', 'nft does not load a trial'),
])
def test_a_trial_that_does_not_work_is_told(kernel, change, words):
    code, errors = tried(NFT, change(self_test.rules()))
    assert code == 1 and words in errors


def test_an_nft_that_is_not_there_or_does_nothing_is_told(kernel):
    assert tried('/bin/true') == (1, 'the rules of a trial do not refuse what they should')
    assert tried('/nonexistent/nft')[0] == 1
