# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx makes the site of `make site` from what antsibull-docs has written, without a network.

Pages of docs.ansible.com that are referred to are in ansible.txt; pictures are those of the checkout.
"""

from __future__ import annotations

import os
import re
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ANSIBLE = 'https://docs.ansible.com/projects/ansible/latest/'
# Galaxy and docs.ansible.com have the documents alone, which therefore name pictures by their whole address.
PICTURES = 'https://raw.githubusercontent.com/listening/ports/main/docs/pictures/'
ROLES = {'label': 'std:label', 'envvar': 'std:envvar'}
# How Sphinx calls the target of a reference to each of these
TYPES = {'label': 'ref', 'envvar': 'envvar'}


def read_outside(text):
    """What documents refer to elsewhere.

    text: str, the content of ansible.txt
    Returns list of tuples of str: kind, target, page and title. Raises ValueError for a line that is none of these.
    """
    entries = []
    for line in text.splitlines():
        if line and not line.startswith('#'):
            words = line.split(' ', 3)
            if len(words) < 4 or words[0] not in ROLES:
                raise ValueError('not a kind (%s), a target, a page and a title: %s' % (' or '.join(ROLES), line))
            entries.append(tuple(words))
    return entries


def inventory(entries):
    """The bytes of an inventory of Sphinx, version 2, for these entries.

    Its format: https://sphobjinv.readthedocs.io/en/stable/syntax.html
    """
    head = '# Sphinx inventory version 2\n# Project: ansible\n# Version: latest\n' \
           '# The remainder of this file is compressed using zlib.\n'
    lines = ['%s %s -1 %s %s\n' % (target, ROLES[kind], page, title) for kind, target, page, title in entries]
    return head.encode() + zlib.compress(''.join(lines).encode())


def unused(entries, asked):
    """The targets of entries that nothing has asked for, as list of str; asked are tuples of type and target."""
    return [target for kind, target, _page, _title in entries if (TYPES[kind], target) not in asked]


def grouped(text):
    """The index with the heading above each list of pages as the caption of that list, for the menu."""
    heading, lines = '', []
    for line, below in zip(text.split('\n'), text.split('\n')[1:] + ['']):
        lines.append(line)
        if re.match(r'[-~]{3,}$', below):
            heading = line
        if line == '.. toctree::':
            lines.append('    :caption: %s' % heading)
    return '\n'.join(lines)


with open(os.path.join(HERE, 'ansible.txt'), encoding='utf-8') as _file:
    OUTSIDE = read_outside(_file.read())
with tempfile.NamedTemporaryFile(prefix='ansible-', suffix='.inv', delete=False) as _file:
    _file.write(inventory(OUTSIDE))
INVENTORY = _file.name

project = 'listening.ports'
copyright = 'the listening.ports authors'       # the name is that of Sphinx
html_title = html_short_title = 'listening.ports'
extensions = ['sphinx.ext.intersphinx', 'sphinx_antsibull_ext']
intersphinx_mapping = {'ansible': (ANSIBLE, INVENTORY)}
pygments_style = 'ansible'
highlight_language = 'YAML+Jinja'
html_theme = 'sphinx_ansible_theme'
html_static_path = ['static']
html_theme_options = {'documentation_home_url': 'index.html', 'vcs_pageview_mode': 'edit'}
html_show_sphinx = False
html_use_index = False
html_copy_source = False
default_role = 'any'
nitpicky = True


def setup(app):
    """Take pictures from the checkout, group the menu, and fail if a line of ansible.txt is used no more."""
    from sphinx.util import logging

    asked = set()

    def change(_app, name, source):
        source[0] = re.sub(re.escape(PICTURES) + r'([\w.-]+)(\?sanitize=true)?', r'/pictures/\1', source[0])
        if name == 'index':
            source[0] = grouped(source[0])

    def note(_app, _env, node, _content):
        asked.add((node['reftype'], node['reftarget']))

    def look_for_unused(_app, problem):
        os.unlink(INVENTORY)
        for target in [] if problem else unused(OUTSIDE, asked):
            logging.getLogger(__name__).warning('docs/site/ansible.txt: nothing refers to %s', target)
            app.statuscode = 1      # warnings have been counted by now

    app.connect('source-read', change)
    app.add_css_file('site.css')
    app.connect('missing-reference', note, priority=1)      # before intersphinx, which ends the search
    app.connect('build-finished', look_for_unused)
