# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaps, and their table: what is noted anywhere is in it, and nothing else."""

import ast
import os
import re

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _gaps
from ansible_collections.listening.ports.plugins.module_utils._gaps import CODES, Gaps
from ansible_collections.listening.ports.plugins.module_utils._subsets import ASPECTS, SUBSETS

KEYS = [(aspect, code) for aspect, codes in CODES.items() for code in codes]
HOME = os.path.dirname(_gaps.__file__)
GUIDE = os.path.join(HOME, '..', '..', 'docs', 'docsite', 'rst', 'guide_complete.rst')
# what a parameter of this name is in calls
PARAMETERS = {'aspect': ('sockets', 'namespaces')}


def calls():
    """Yield (file and line, aspect, code) of each gap that is noted below module_utils."""
    for directory, dummy, names in sorted(os.walk(HOME)):
        for name in sorted(names):
            if name.endswith('.py'):
                path = os.path.join(directory, name)
                with open(path, encoding='utf-8') as stream:
                    tree = ast.parse(stream.read())
                for node in ast.walk(tree):
                    if (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == 'add'
                            and len(node.args) > 2):
                        aspect, code = node.args[:2]
                        place = '%s:%d' % (os.path.relpath(path, HOME), node.lineno)
                        for value in PARAMETERS[aspect.id] if isinstance(aspect,
                                                                         ast.Name) else (ast.literal_eval(aspect),):
                            yield place, value, ast.literal_eval(code)


def meanings(path=_gaps.__file__):
    """list of (aspect, code, meaning): the rows of the table in a file, with their comments."""
    with open(path, encoding='utf-8') as stream:
        rows = re.findall(r"^    '(\w+)': \{$|^        '(\w+)': .+?,  +# (.+)$", stream.read(), re.MULTILINE)
    entries, aspect = [], None
    for name, code, meaning in rows:
        aspect = name or aspect             # the one before
        if code:
            entries.append((aspect, code, meaning))
    return entries


def test_codes_are_those_that_are_noted():
    noted = list(calls())
    assert [call for call in noted if call[1:] not in KEYS] == []
    assert set(KEYS) == {call[1:] for call in noted}


def table(path=_gaps.__file__):
    """The table of the guide, of the codes in a file."""
    rows = [('Aspect', 'Code', 'Meaning')]
    rows += [('``%s``' % aspect, '``%s``' % code, meaning) for aspect, code, meaning in meanings(path)]
    lines = ['   %s - %s\n' % ('*' if cell is row[0] else ' ', cell) for row in rows for cell in row]
    return '.. list-table::\n   :header-rows: 1\n\n' + ''.join(lines) + '\n'


def test_the_guide_has_a_table_of_all_codes():
    with open(GUIDE, encoding='utf-8') as stream:
        assert table() in stream.read()


def test_a_code_that_is_not_in_the_table_is_an_error():
    for code in ('owners', 'no_such_code'), ('no_such_aspect', 'unreadable'):
        with pytest.raises(KeyError):
            Gaps().add(*code, message='x')


def test_codes_belong_to_aspects_and_have_a_meaning():
    assert set(CODES) == set(ASPECTS)
    assert [row[:2] for row in meanings()] == KEYS
    assert [row for row in meanings() if not row[2].endswith('.')] == []
    for aspect, code in KEYS:
        hint = CODES[aspect][code]
        for text in hint if isinstance(hint, tuple) else (hint,):
            assert text is None or text
    codes = {code for dummy, code in KEYS}
    assert codes.issuperset(_gaps.FOREIGN) and {_gaps.HIDDEN, _gaps.NOT_FOUND} <= codes


def test_aspects_come_with_subsets():
    assert set(ASPECTS.values()) - {None} <= set(SUBSETS)


@pytest.mark.parametrize('root, code, hint, expected', [
    (False, ('owners', 'owners_hidden'), None, 'become'),
    (True, ('owners', 'owners_hidden'), None, 'CAP_SYS_PTRACE'),
    (False, ('owners', 'psutil'), None, 'become'),
    (True, ('owners', 'psutil'), None, None),
    (True, ('owners', 'fd_budget'), None, 'raise max_fds'),
    (False, ('firewall', 'unreadable'), None, None),
    (False, ('firewall', 'unreadable'), 'become', 'become'),
])
def test_hint(root, code, hint, expected):
    gaps = Gaps(root)
    gaps.add(*code, message='why', hint=hint)
    assert [gap['hint'] for gap in gaps.found] == [expected]


def test_hosts_may_have_codes_of_their_own():
    gaps = Gaps(codes={'units': {'odd': ('ask', None)}})
    gaps.add('units', 'odd', message='why')
    assert [gap['hint'] for gap in gaps.found] == ['ask'] and gaps.complete(('owners',))['units'] is False
    with pytest.raises(KeyError):
        gaps.add('units', 'systemctl', message='x')


def test_gaps():
    gaps = Gaps()
    gaps.add('owners', 'psutil', 'twelve are hidden', 12)
    gaps.add('sockets', 'psutil', 'another aspect')
    assert gaps.found == [
        {'aspect': 'owners', 'code': 'psutil', 'count': 12, 'message': 'twelve are hidden', 'hint': 'become'},
        {'aspect': 'sockets', 'code': 'psutil', 'count': None, 'message': 'another aspect', 'hint': None}]


@pytest.mark.parametrize('notes, count, message', [
    ([('a', 1), ('b', 2)], 3, 'a; b'),
    ([('a', 1), ('a', 2)], 3, 'a'),
    ([('a', None), ('b', 2)], 2, 'a; b'),
    ([('a', 1), ('b', None)], 1, 'a; b'),
    ([('a', None), ('a', None)], None, 'a'),
    ([('a' * 1000, None), ('b', None)], None, 'a' * 1000),          # enough
])
def test_gaps_of_one_code_are_one(notes, count, message):
    gaps = Gaps()
    for text, number in notes:
        gaps.add('connections', 'unreadable', text, number)
    [gap] = gaps.found
    assert (gap['count'], gap['message']) == (count, message)
