# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pictures of the documentation: what each shows, and how it is drawn of what hosts have shown. Figures are files
that are written by hand.

    python tests/browser/pictures.py SOURCES CHECKOUT

draws them anew in a checkout, and puts the reports that are text there into the documents. Use `make pictures`, which
starts the hosts.
"""

import hashlib
import html.parser
import io
import pathlib
import re
import struct
import sys
import textwrap
import zlib
from dataclasses import dataclass
from typing import Any, Callable

import terminal

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = 'docs/pictures'
TEMPLATE = ROOT / 'plugins/plugin_utils/_report/page/page.html'
MOST_BYTES = 150_000
PAGE, TERMINAL = 'report.html', 'terminal.txt'         # what hosts have shown
STRUCTURE = 'Structure'        # a chunk of the picture: what it was drawn of
TEXT = 'Text'                  # another one: the text that it shows
A4 = 1123, 794                  # the sheet, of its width, in pixels of the page
SCALE = 1.25                    # pixels of the picture for one of the page: sharp on most screens, and not large


def _as_it_opens(page: Any) -> None:
    """Do nothing."""


def _details(page: Any) -> None:
    """Ask for the details of the first cell that fails its host, and show that part of the page."""
    page.locator('td.m4').first.click()
    page.locator('h2', has_text='Hosts and ports').evaluate('element => element.scrollIntoView()')


def _matrix(page: Any) -> None:
    """Show hosts and ports."""
    page.locator('h2', has_text='Hosts and ports').evaluate('element => element.scrollIntoView()')


@dataclass(frozen=True)
class Picture:
    """One picture.

    :ivar source: the file that it is drawn of.
    :ivar size: of the window; a terminal is as large as its text.
    :ivar prepare: does with the page what somebody would do.
    :ivar sheet: which of the sheets of paper it shows that the page is printed on, from 0; None of a screen.
    """

    source: str
    size: tuple[int, int] = (1280, 860)
    scheme: str = 'light'
    prepare: Callable[[Any], None] = _as_it_opens
    sheet: int | None = None


PICTURES = {
    'page.png': Picture(PAGE, (1200, 1480)),
    'page-details.png': Picture(PAGE, prepare=_details),
    'page-dark.png': Picture(PAGE, scheme='dark', prepare=_matrix),
    'page-phone.png': Picture(PAGE, (390, 844)),
    'page-print.png': Picture(PAGE, A4, sheet=0),
    'terminal.png': Picture(TERMINAL, scheme='dark'),
}


# Written by hand: their source is the picture
FIGURES = ('data-flow.svg', 'listening-open.svg', 'packets-way.svg')


class _Skeleton(html.parser.HTMLParser):
    """The elements of the page, with their classes, and the text of headings."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._is_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append('%s.%s' % (tag, dict(attrs).get('class') or ''))
        self._is_heading = tag in ('h1', 'h2', 'th')

    def handle_endtag(self, tag: str) -> None:
        self._is_heading = False

    def handle_data(self, data: str) -> None:
        if self._is_heading and data.strip():
            self.parts.append(data.strip())


def structure() -> str:
    """Return what identifies the structure of the page: what it has, and how that is called, but not how it looks."""
    skeleton = _Skeleton()
    skeleton.feed(re.sub(r'\{[%#{].*?[%#}]\}', '', TEMPLATE.read_text(encoding='utf-8')))
    return hashlib.sha256('\n'.join(skeleton.parts).encode()).hexdigest()[:16]


def draw(browser: Any, name: str, sources: pathlib.Path) -> bytes:
    """Draw a picture.

    :param browser: of playwright.
    :param sources: the folder with what hosts have shown.
    """
    picture = PICTURES[name]
    path = sources / picture.source
    texts = {STRUCTURE: structure()}
    context = browser.new_context(device_scale_factor=SCALE, color_scheme=picture.scheme,
                                  viewport=dict(zip(('width', 'height'), picture.size)))
    page = context.new_page()
    if picture.source == TERMINAL:
        shown = terminal.report_of(path.read_text(encoding='utf-8'))
        texts = {TEXT: terminal.plain(shown)}
        page.set_content(terminal.page(shown))
        pixels = page.locator('pre').screenshot()
    else:
        page.goto(path.as_uri())
        page.wait_for_function('document.documentElement.dataset.ready')
        picture.prepare(page)
        page.mouse.move(0, 0)
        pixels = page.screenshot() if picture.sheet is None else printed(page, picture.sheet, picture.size)
    context.close()
    return _small(pixels, texts)


def printed(page: Any, sheet: int, size: tuple[int, int]) -> bytes:
    """Draw one of the sheets that a page is printed on."""
    import pypdfium2

    with pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True)) as document:
        points = 96 / 72
        image = document[sheet].render(scale=SCALE * points).to_pil()
    out = io.BytesIO()
    image.resize(tuple(round(SCALE * length) for length in size)).save(out, 'PNG')
    return out.getvalue()


def _small(pixels: bytes, texts: dict[str, str]) -> bytes:
    """Make a picture smaller: flat areas and text need no more than 256 colours."""
    from PIL import Image, PngImagePlugin

    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_itxt(key, text, zip=True)
    out = io.BytesIO()
    image = Image.open(io.BytesIO(pixels)).convert('RGB')
    # that method keeps colours that are rare, as those of signs
    image = image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    image.save(out, 'PNG', optimize=True, pnginfo=info)
    return out.getvalue()


def texts_of(picture: bytes) -> dict[str, str]:
    """Return the texts in a picture, of chunks iTXt (PNG specification, 11.3.3.4), each by its name."""
    assert picture.startswith(b'\x89PNG\r\n\x1a\n'), 'no PNG'
    texts, at = {}, 8
    while at < len(picture):
        length, kind = struct.unpack_from('>I4s', picture, at)
        if kind == b'iTXt':
            key, rest = picture[at + 8:at + 8 + length].split(b'\0', 1)
            text = rest[2:].split(b'\0', 2)[2]         # behind two languages
            texts[key.decode('latin-1')] = (zlib.decompress(text) if rest[0] else text).decode('utf-8')
        at += 12 + length
    return texts


def replace(checkout: pathlib.Path, kind: str, text: str) -> None:
    """Put a report into the documents that show one of this kind of real hosts."""
    sys.path.append(str(ROOT / 'tests/examples'))
    import blocks

    for source in blocks.OF_HOSTS[kind]:
        path = checkout / source
        document = path.read_text(encoding='utf-8')
        [old] = [block.text for block in blocks.in_documents()
                 if block.source == source and blocks.classify(block) == kind]
        indent = '    ' if path.suffix == '.rst' else ''
        before, after = (textwrap.indent(each, indent) for each in (old, text))
        assert document.count(before) == 1, source
        path.write_text(document.replace(before, after), encoding='utf-8')


def main(sources: pathlib.Path, checkout: pathlib.Path) -> None:
    """Draw all pictures into a checkout, and renew what is text there."""
    import shutil

    from playwright import sync_api
    from conftest import ARGUMENTS

    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which('chromium'), args=list(ARGUMENTS))
        for name in PICTURES:
            content = draw(browser, name, sources)
            (checkout / FOLDER / name).write_bytes(content)
            print('%s: %d bytes' % (name, len(content)))
        browser.close()
    for kind in ('report', 'findings'):
        replace(checkout, kind, (sources / (kind + '.txt')).read_text(encoding='utf-8'))


if __name__ == '__main__':
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
