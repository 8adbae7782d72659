# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version in the metadata of an installed collection and of a checkout."""

import json
import os

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils import _version

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(_version.__file__))))


@pytest.mark.parametrize('files, wanted', [
    ({}, 'unknown'),
    ({'galaxy.yml': 'namespace: listening\nversion: 1.2.3\n'}, '1.2.3'),
    ({'galaxy.yml': 'version: "1.2.3-beta.1"\n'}, '1.2.3-beta.1'),
    ({'galaxy.yml': 'name: x\n'}, 'unknown'),
    ({'MANIFEST.json': json.dumps({'collection_info': {'version': '1.0.0'}}),
      'galaxy.yml': 'version: 2.0.0\n'}, '1.0.0'),
    ({'MANIFEST.json': '{', 'galaxy.yml': 'version: 2.0.0\n'}, '2.0.0'),
    ({'MANIFEST.json': '[]'}, 'unknown'),
])
def test_version(tmp_path, files, wanted):
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert _version._read(str(tmp_path)) == wanted


def test_this_collection_has_one():
    assert _version.VERSION != 'unknown'
    assert any(os.path.exists(os.path.join(ROOT, name)) for name in ('MANIFEST.json', 'galaxy.yml'))
