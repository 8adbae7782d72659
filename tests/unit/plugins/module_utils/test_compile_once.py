# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules in an archive, as Ansible sends them: each is compiled once, and otherwise as Python has it."""

import json
import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _compile_once

ROOM = 'ansible_collections/listening/ports/plugins/module_utils/'
SCRIPT = '''
import builtins, importlib, json, linecache, os, sys, traceback
compiled, plain = [], builtins.compile


def note(source, name, *arguments, **named):
    compiled.append(str(name))
    return plain(source, name, *arguments, **named)


archive, room, installs = sys.argv[1:]
sys.path.insert(0, archive)
package = room.replace('/', '.')
once = importlib.import_module(package + '_compile_once')
if installs == 'yes':
    once.install()
    once.install()
builtins.compile = note
from ansible_collections.listening.ports.plugins.module_utils.thing import inner, other
try:
    inner.fails()
except ValueError:
    text = traceback.format_exc()
missing = []
for name in ('thing.absent', 'absent', 'thing.inner.deeper'):
    try:
        importlib.import_module(package + name)
    except ImportError:
        missing.append(name)
spec = inner.__spec__
print(json.dumps({
    'compiled': [name[len(archive) + 1:] for name in compiled if name.startswith(archive)],
    'finders': len([finder for finder in sys.meta_path if finder.__module__ == once.__name__]),
    'alike': [inner.VALUE, other.VALUE, inner.__file__, inner.__name__, inner.__package__, spec.name, spec.origin,
              spec.has_location, spec.submodule_search_locations, linecache.getlines(inner.__file__, vars(inner)),
              text, missing, sorted(os.listdir(os.path.dirname(archive)))],
}))
'''
INNER = '# \u00e9\nfrom . import other\n\nVALUE = other.VALUE + 1\n\n\ndef fails():\n    raise ValueError("no")\n'


@pytest.fixture
def run(tmp_path):
    """A callable that imports what is in an archive: from whether it is compiled once, to what was seen."""
    archive = tmp_path / 'payload.zip'
    with zipfile.ZipFile(str(archive), 'w') as opened:
        parts = (ROOM + 'thing').split('/')
        for count in range(1, len(parts) + 1):
            opened.writestr('/'.join(parts[:count]) + '/__init__.py', '')
        opened.writestr(ROOM + '_compile_once.py', pathlib.Path(_compile_once.__file__).read_text(encoding='utf-8'))
        opened.writestr(ROOM + 'thing/inner.py', INNER)
        opened.writestr(ROOM + 'thing/other.py', 'VALUE = 41\r\n')

    def run(installs):
        done = subprocess.run([sys.executable, '-c', SCRIPT, str(archive), ROOM, installs], stdout=subprocess.PIPE,
                              check=True, cwd=str(tmp_path),
                              env={name: value for name, value in os.environ.items() if name != 'PYTHONPATH'})
        return json.loads(done.stdout.decode())
    return run


def test_each_module_is_compiled_once(run):
    seen = run('yes')
    assert sorted(name for name in seen['compiled'] if not name.endswith('__init__.py')) == [
        ROOM + 'thing/inner.py', ROOM + 'thing/other.py']
    assert seen['finders'] == 1


def test_python_by_itself_compiles_them_twice(run):
    """Once it does no longer, all this can go."""
    seen = run('no')
    # before 3.8, zipimport is written in C, and cannot be watched
    assert seen['compiled'].count(ROOM + 'thing/inner.py') == (2 if sys.version_info >= (3, 8) else 0)
    assert seen['finders'] == 0


def test_modules_are_as_python_makes_them(run):
    assert run('yes')['alike'] == run('no')['alike']
    assert run('yes')['alike'][:2] == [42, 41]


@pytest.mark.parametrize('name, path', [
    ('json.decoder', ['/nonexistent.zip']), (_compile_once.__name__, None), (_compile_once.__name__, []),
    (_compile_once.__name__, [os.path.dirname(_compile_once.__file__)])])
def test_what_is_in_no_archive_is_left_to_python(name, path):
    assert _compile_once._Finder.find_spec(name, path) is None
