# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version of this collection is running."""

import json
import os
import re


def _read(root: str) -> str:
    """Read the version in the metadata of an installed collection or a checkout; ``unknown`` without any."""
    try:
        with open(os.path.join(root, 'MANIFEST.json'), encoding='utf-8') as stream:
            return str(json.load(stream)['collection_info']['version'])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    try:
        with open(os.path.join(root, 'galaxy.yml'), encoding='utf-8') as stream:
            version = re.search(r'^version:\s*["\']?([0-9A-Za-z.+-]+)', stream.read(), re.MULTILINE)
    except (OSError, ValueError):
        version = None
    return version.group(1) if version else 'unknown'


VERSION = _read(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
