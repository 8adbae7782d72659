# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a terminal shows, as a page for the browser, so that there is a picture of it."""

import html
import re

# ECMA-48: select graphic rendition, as Ansible and reports use it
_CODE = re.compile(r'\x1b\[([\d;]*)m')
_CLASSES = {'1': 'bold', '31': 'red', '32': 'green', '33': 'yellow', '35': 'purple', '36': 'cyan'}
_PAGE = """\
<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>terminal</title>
<style>
body { margin: 0; background: #11161d; }
pre {
  margin: 0; padding: 14px 18px; width: fit-content; background: #11161d; color: #d5dbe3;
  font: 13px/1.38 "DejaVu Sans Mono", monospace;
}
.bold { font-weight: 700; color: #fff; }
.red { color: #ff7b72; }
.green { color: #5fd0a5; }
.yellow { color: #e3c04b; }
.purple { color: #d2a8ff; }
.cyan { color: #76e3ea; }
</style>
<pre>%s</pre>
"""


class Unknown(Exception):
    """The terminal was sent something that is no text and no colour."""


def report_of(text: str) -> str:
    """Return the report in what a terminal has shown: from its first line to the answer.

    >>> report_of('TASK\\n\\n2 listeners on a\\nmore\\n\\n1 host: fine.\\n\\nPLAY RECAP\\n')
    '2 listeners on a\\nmore\\n\\n1 host: fine.\\n'
    """
    lines = text.splitlines()
    plain = [_CODE.sub('', line) for line in lines]
    first = next(number for number, line in enumerate(plain) if re.match(r'\d+ listeners? ', line))
    last = max(number for number, line in enumerate(plain) if re.match(r'(\d+ hosts?: |All \d+ hosts )', line))
    return '\n'.join(lines[first:last + 1]) + '\n'


def plain(text: str) -> str:
    """Return text without colours."""
    return _CODE.sub('', text)


def page(text: str) -> str:
    """Return the page.

    :raises Unknown:
    """
    made, is_open = [], False
    for number, part in enumerate(_CODE.split(text)):
        if not number % 2:
            made.append(html.escape(part))
            continue
        if is_open:
            made.append('</span>')
        codes = [code for code in part.split(';') if code not in ('', '0')]
        is_open = bool(codes)
        if set(codes) - set(_CLASSES):
            raise Unknown(part)
        if is_open:
            made.append('<span class="%s">' % ' '.join(_CLASSES[code] for code in codes))
    shown = ''.join(made) + ('</span>' if is_open else '')
    if '\x1b' in shown:
        raise Unknown(shown[shown.index('\x1b'):][:20])
    return _PAGE % shown
