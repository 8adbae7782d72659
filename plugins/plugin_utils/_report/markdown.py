# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Code spans of Markdown: in one, no text of a host comes alive."""

from __future__ import annotations

import re

_FENCES = re.compile('`+')


def span(text: str) -> str:
    """Return harmless text as a code span, in a table or not, see GFM 6.3.

    The bar ends a cell of a table, in a span too; how it is escaped there differs between renderers.
    """
    text = text.replace('|', '\\x7c')
    fence = '`' * (max(map(len, _FENCES.findall(text)), default=0) + 1)
    # a space on both sides is not shown; without it the fence would be longer, or spaces of the text would go
    pad = ' ' if text[:1] in ('`', ' ', '') or text[-1:] in ('`', ' ') else ''
    return '%s%s%s%s%s' % (fence, pad, text or ' ', pad, fence)
