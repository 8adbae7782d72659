# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a page: one file that asks for nothing else.

Two things keep text of hosts from becoming more than text: the template escapes whatever it is given, and the script
sets text alone. Should that fail, the policy of the page holds: no script and no style but its own, by their hashes, no
request to anywhere, and no way from text to markup (Content Security Policy 3, Trusted Types).
"""

from __future__ import annotations

import base64
import hashlib
import pathlib
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup

from . import script, view
from .content import Content
from .drawing import Drawing

if TYPE_CHECKING:
    from ..model import Report

MOST_BYTES = 8 * 1024 * 1024
_FOLDER = pathlib.Path(__file__).parent


def page(content: Content, report: Report) -> str:
    """Return the page of a report.

    :param content: what was kept of its hosts.
    """
    drawing = Drawing(content, report)
    seen = view.view(drawing)
    style, code = (Markup((_FOLDER / name).read_text(encoding='utf-8')) for name in ('page.css', 'page.js'))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True)
    template = environment.get_template('page.html')
    seen.update(style=style, script=code, policy=_policy(style, code), data='')
    room = MOST_BYTES - len(template.render(seen).encode())
    data = script.data(drawing, view.rows(drawing), view.MOST_LINES, room)
    if not data:        # without it the script has nothing to do
        seen['notes'] = [*seen['notes'], 'The page would be too large with details and a filter: the report as JSON '
                                         'has all of it.']
        seen.update(script='', policy=_policy(style, Markup()))
    return template.render(seen, data=Markup(data))


def _policy(style: str, code: str) -> str:
    return '; '.join((
        "default-src 'none'", 'style-src %s' % _hash(style), 'script-src %s' % _hash(code), "base-uri 'none'",
        "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"))


def _hash(text: str) -> str:
    return "'sha256-%s'" % base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')
