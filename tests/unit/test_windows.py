# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has run on Windows is said in the same words wherever somebody looks who wants to know whether to rely on it."""

import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SENTENCE = (
    'Windows: the part that runs on the host has run in the Windows build of PowerShell 7 below Wine, never on Windows '
    'itself; the rest is tested against recorded and generated data.')


@pytest.mark.parametrize('path', [
    'README.md', 'docs/docsite/rst/guide_windows.rst', 'plugins/modules/listener_facts.yml',
    'plugins/modules/win_collect_listeners.yml'])
def test_it_is_said_in_the_same_words(path):
    assert SENTENCE in ' '.join((ROOT / path).read_text(encoding='utf-8').split())


def test_documents_do_not_say_that_it_is_not_there():
    for path in [ROOT / 'README.md', *(ROOT / 'docs/docsite/rst').glob('*.rst')]:
        text = ' '.join(path.read_text(encoding='utf-8').split())
        assert 'does not support Windows' not in text and 'no facts on Windows' not in text, path
        assert 'gathers nothing on Windows' not in text, path
