# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the documentation: each can be made, is of what there is now, and is shown with words for it."""

import re
import sys
from xml.etree import ElementTree

import pytest
import yaml

import blocks
from blocks import ROOT

sys.path.append(str(ROOT / 'tests/browser'))
import pictures  # noqa: E402

GALAXY = yaml.safe_load((ROOT / 'galaxy.yml').read_text(encoding='utf-8'))
# Galaxy and docs.ansible.com have the documents, and none of the other files
PLACE = GALAXY['repository'].replace('github.com', 'raw.githubusercontent.com') + '/main/' + pictures.FOLDER + '/'
IN_MARKDOWN = re.compile(r'!\[([^\]]*)\]\(([^)\s]+)\)')
IN_RST = re.compile(r'^\.\. (?:image|figure):: (\S+)\n((?: +:.*\n(?: {6,}\S.*\n)*)*)', re.MULTILINE)


def shown():
    """The pictures that documents show: of each the document, the address, and the words for who does not see it."""
    for path in blocks.documents():
        text = path.read_text(encoding='utf-8')
        if path.suffix == '.md':
            for match in IN_MARKDOWN.finditer(text):
                yield path.name, match.group(2), match.group(1)
        else:
            for match in IN_RST.finditer(text):
                alt = re.search(r':alt: (.*(?:\n {6,}\S.*)*)', match.group(2))
                yield path.name, match.group(1), alt.group(1) if alt else ''


SHOWN = list(shown())


@pytest.mark.parametrize('document, address, words', SHOWN)
def test_each_picture_that_is_shown_can_be_made_and_has_words(document, address, words):
    assert address.startswith(PLACE), 'Galaxy shows only pictures with a whole address'
    # without that, GitHub sends the source of a figure as text, which no browser shows
    known = {*pictures.PICTURES, *(name + '?sanitize=true' for name in pictures.FIGURES)}
    assert address.removeprefix(PLACE) in known
    assert len(words.split()) > 5


def test_pictures_are_shown():
    """All that can be made, in the README among others."""
    shown_names = {address.rpartition('/')[2].partition('?')[0] for dummy, address, words in SHOWN}
    assert shown_names == {*pictures.PICTURES, *pictures.FIGURES}
    assert 'README.md' in {document for document, address, words in SHOWN}


def test_there_are_no_other_pictures():
    assert {path.name for path in (ROOT / pictures.FOLDER).iterdir()} == {*pictures.PICTURES, *pictures.FIGURES}
    assert pictures.FOLDER in GALAXY['build_ignore']


@pytest.mark.parametrize('name', pictures.FIGURES)
def test_each_figure_has_words_and_asks_for_nothing(name):
    """It is read out by its title and description, follows the colours of the reader, and is no program."""
    text = (ROOT / pictures.FOLDER / name).read_text(encoding='utf-8')
    root = ElementTree.fromstring(text)
    elements = list(root.iter())
    tags = [element.tag.rpartition('}')[2] for element in elements]
    assert tags[:3] == ['svg', 'title', 'desc'] and root.get('role') == 'img'
    assert root.get('aria-labelledby') == ' '.join(element.get('id') for element in elements[1:3])
    assert len(elements[2].text.split()) > 20
    assert set(tags) <= {'svg', 'title', 'desc', 'style', 'defs', 'marker', 'path', 'rect', 'text'}
    assert '@media (prefers-color-scheme: dark)' in text
    assert not re.search(r'href|@import|url\((?!#)|\bon\w+=|<!(?!--)', text)


@pytest.mark.parametrize('name', pictures.PICTURES)
def test_each_picture_is_small_and_of_what_there_is_now(name, audited):
    content = (ROOT / pictures.FOLDER / name).read_bytes()
    assert len(content) <= pictures.MOST_BYTES
    texts = pictures.texts_of(content)
    if pictures.PICTURES[name].source == pictures.PAGE:
        assert texts[pictures.STRUCTURE] == pictures.structure(), 'the page is another one: make pictures'
        return
    heading = next(line for line in texts[pictures.TEXT].splitlines() if 'PROTO ' in line)
    real = next(line for line in audited[0].splitlines() if line.startswith('PROTO '))
    assert re.split(r' {2,}', heading) == ['HOSTS', *re.split(r' {2,}', real), 'WHICH'], 'make pictures'


def test_the_structure_is_that_of_elements_and_headings(monkeypatch, tmp_path):
    """It knows a page with another element or heading, and does not mind other spaces."""
    before, text = pictures.structure(), pictures.TEMPLATE.read_text(encoding='utf-8')
    monkeypatch.setattr(pictures, 'TEMPLATE', tmp_path / 'page.html')
    for old, new, is_same in (('<main>', '<main>\n', True), ('<main>', '<main><nav></nav>', False),
                              ('>What can be reached<', '>What is open<', False), ('class="sum"', 'class="x"', False)):
        assert old in text
        pictures.TEMPLATE.write_text(text.replace(old, new, 1), encoding='utf-8')
        assert (pictures.structure() == before) is is_same


def test_sample_reports_are_put_into_each_document_that_shows_one(tmp_path):
    for source in {source for sources in blocks.OF_HOSTS.values() for source in sources}:
        (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / source).write_text((ROOT / source).read_text(encoding='utf-8'), encoding='utf-8')
    for kind, text in (('report', '2 listeners on x\n\nx was.\n'), ('findings', 'Findings:\n  none\n')):
        pictures.replace(tmp_path, kind, text)
    for kind, line in (('report', '2 listeners on x\n'), ('findings', 'Findings:\n  none\n')):
        for source in blocks.OF_HOSTS[kind]:
            changed, before = ((root / source).read_text(encoding='utf-8') for root in (tmp_path, ROOT))
            assert line in changed and line not in before
            assert changed.splitlines()[:9] == before.splitlines()[:9] and changed[-99:] == before[-99:]
