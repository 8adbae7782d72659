# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of the site of the documentation, without Sphinx; `make site` tries it with Sphinx."""

import os
import pathlib
import re
import runpy
import zlib

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
GUIDES = ROOT / 'docs/docsite/rst'
SECTIONS = yaml.safe_load((ROOT / 'docs/docsite/extra-docs.yml').read_text(encoding='utf-8'))['sections']


@pytest.fixture(scope='module')
def conf():
    names = runpy.run_path(str(ROOT / 'docs/site/conf.py'))
    os.unlink(names['INVENTORY'])
    return names


def test_lines_are_entries(conf):
    assert conf['read_outside']('# a comment\n\nlabel a b.html The title\nenvvar C d.html#e C\n') == [
        ('label', 'a', 'b.html', 'The title'), ('envvar', 'C', 'd.html#e', 'C')]


@pytest.mark.parametrize('line', ['label a b.html', 'page a b.html The title', 'label'])
def test_what_is_no_entry_is_refused(conf, line):
    with pytest.raises(ValueError, match='a target, a page and a title: %s' % line):
        conf['read_outside'](line)


def test_an_entry_that_nothing_refers_to_is_found(conf):
    entries = [('label', 'a', 'b.html', 'A'), ('envvar', 'C', 'd.html', 'C'), ('label', 'C', 'd.html', 'C')]
    assert conf['unused'](entries, {('ref', 'a'), ('envvar', 'C'), ('doc', 'C')}) == ['C']
    assert conf['unused'](entries, {('ref', 'a'), ('envvar', 'C'), ('ref', 'C')}) == []


def test_the_inventory_is_one_of_version_2(conf):
    head, packed = conf['inventory']([('envvar', 'A', 'b.html#c', 'A')]).split(b'zlib.\n')
    assert head.startswith(b'# Sphinx inventory version 2\n')
    assert zlib.decompress(packed) == b'A std:envvar -1 b.html#c A\n'


def test_each_list_of_pages_has_the_heading_above_it(conf):
    text = 'Start\n-----\n\n.. toctree::\n    :maxdepth: 1\n\nThe rest\n~~~~~~~~\n\nWords.\n\n.. toctree::\n'
    assert conf['grouped'](text) == text.replace('toctree::\n', 'toctree::\n    :caption: Start\n', 1).replace(
        'Words.\n\n.. toctree::\n', 'Words.\n\n.. toctree::\n    :caption: The rest\n')


def test_each_guide_is_in_one_group():
    listed = [page for section in SECTIONS for page in section['toctree']]
    assert sorted(listed) == sorted(path.stem for path in GUIDES.glob('*.rst'))
    assert [section['title'] for section in SECTIONS] == [
        'Start', 'Declare', 'Understand', 'Enforce', 'Operate', 'Contribute']


def test_the_readme_lists_the_guides_in_the_same_groups_and_by_their_titles():
    text = ' '.join((ROOT / 'README.md').read_text(encoding='utf-8').split())
    for section in SECTIONS:
        listed = text.partition('* **%s**: ' % section['title'])[2].partition(' * **')[0].partition(' ## ')[0]
        links = re.findall(r'\[([^\]]+)\]\(docs/docsite/rst/(\w+)\.rst\)', listed)
        pages = [page for dummy, page in links]
        assert len(pages) > 1 and pages == [page for page in section['toctree'] if page in pages]
        for title, page in links:
            assert '\n%s\n===' % title in (GUIDES / (page + '.rst')).read_text(encoding='utf-8')
        for page in section['toctree']:
            assert '(docs/docsite/rst/%s.rst)' % page in text, 'the README names each guide'


def test_each_row_of_the_comparison_has_a_source_at_a_version():
    text = (GUIDES / 'guide_compare.rst').read_text(encoding='utf-8')
    rows = re.findall(r'^   \* - .+\n     - ((?:.+\n)(?: {7}.+\n)*)', text, re.MULTILINE)
    assert len(rows) > 30
    for row in rows:
        (address,) = re.findall(r'\(`source <([^>]+)>`__\)', row)
        assert re.fullmatch(r'https://github\.com/[\w.-]+/[\w.-]+/blob/([0-9a-f]{40}|v\d+\.\d+\.\d+)/[\w./-]+(#L\d+(-L\d+)?)?',
                            ''.join(address.split()))
