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


# Of each text where it is, what it is on, and the contrast of the two (WCAG 2.2, 1.4.3)
READ_FIGURE = """() => {
    const luminance = colour => colour.match(/\\d+/g).slice(0, 3).map(part => part / 255).map(
        part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    ).reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0)
    const place = element => {
        const {left, top, right, bottom} = element.getBoundingClientRect()
        return {left, top, right, bottom}
    }
    const filled = [...document.querySelectorAll('rect.card, rect.box')]
    return [...document.querySelectorAll('text')].map(text => {
        const at = place(text), x = (at.left + at.right) / 2, y = (at.top + at.bottom) / 2
        const below = filled.filter(rect => {
            const box = place(rect)
            return box.left <= x && x <= box.right && box.top <= y && y <= box.bottom
        }).pop()
        const pair = [text, below].map(element => luminance(getComputedStyle(element).fill)).sort((a, b) => b - a)
        return {text: text.textContent, at, below: place(below), contrast: (pair[0] + 0.05) / (pair[1] + 0.05)}
    })
}"""


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('name', pictures.FIGURES)
def test_a_figure_can_be_read(chromium, name, scheme):
    """Each text is within the box that it is in, none is over another one, and all stand out from what is below."""
    page = chromium.new_page(color_scheme=scheme)
    page.goto((pictures.ROOT / pictures.FOLDER / name).as_uri())
    texts = page.evaluate(READ_FIGURE)
    page.close()
    assert len(texts) > 10
    for number, text in enumerate(texts):
        assert text['contrast'] >= 4.5, text
        at, below = text['at'], text['below']
        assert below['left'] < at['left'] and at['right'] < below['right'], text['text']
        assert below['top'] < at['top'] and at['bottom'] < below['bottom'], text['text']
        for other in texts[:number]:
            over = other['at']
            assert (at['right'] <= over['left'] or over['right'] <= at['left'] or at['bottom'] <= over['top'] + 1
                    or over['bottom'] <= at['top'] + 1), (text['text'], other['text'])


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
