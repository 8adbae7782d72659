# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What draws the pictures of the documentation: here of made-up hosts, by `make pictures` of real ones."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import fleet  # noqa: E402
import pictures  # noqa: E402
import terminal  # noqa: E402

SHOWN = ('\x1b[0;31mfatal: [a]\x1b[0m\n\n\x1b[1m2 listeners on a, 1 reached by anyone\x1b[0m\n'
         '\x1b[1mHOSTS  PROTO\x1b[0m\n\x1b[33m1  tcp  <b> & ←\x1b[0m\n\n'
         'Findings:\n\x1b[31m2 hosts: 2 violate.\x1b[0m\n\nok: [a]\n')


@pytest.fixture(scope='module')
def sources(tmp_path_factory):
    """What hosts have shown."""
    folder = tmp_path_factory.mktemp('sources')
    (folder / pictures.PAGE).write_bytes(fleet.few())
    (folder / pictures.TERMINAL).write_text(SHOWN, encoding='utf-8')
    return folder


@pytest.mark.parametrize('name', pictures.PICTURES)
def test_each_picture_is_drawn(chromium, sources, tmp_path, name):
    picture = pictures.draw(chromium, name, sources)
    texts = pictures.texts_of(picture)
    (tmp_path / name).write_bytes(picture)
    seen = chromium.new_page()
    seen.goto((tmp_path / name).as_uri())
    size = seen.evaluate('[document.images[0].naturalWidth, document.images[0].naturalHeight]')
    seen.close()
    if pictures.PICTURES[name].source == pictures.TERMINAL:
        assert texts == {pictures.TEXT: terminal.plain(terminal.report_of(SHOWN))}
        assert min(size) > 50
    else:
        assert texts == {pictures.STRUCTURE: pictures.structure()}
        assert size == [round(pictures.SCALE * length) for length in pictures.PICTURES[name].size]


def test_a_terminal_is_text_in_its_colours(chromium):
    page = chromium.new_page()
    page.set_content(terminal.page(terminal.report_of(SHOWN)))
    assert page.locator('pre').inner_text().strip() == terminal.plain(terminal.report_of(SHOWN)).strip()
    assert page.locator('.yellow').all_inner_texts() == ['1  tcp  <b> & ←']
    assert page.locator('b').count() == 0
    page.close()


@pytest.mark.parametrize('sent', ['\x1b[2Jx', '\x1b[38;5;1mx', '\x1b]8;;http://x\x07'])
def test_nothing_but_text_and_colours_is_drawn(sent):
    with pytest.raises(terminal.Unknown):
        terminal.page(sent)
