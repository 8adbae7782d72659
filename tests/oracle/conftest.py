# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets plain ``pytest tests/oracle`` work from a checkout, and says what was not run."""

import os
import shutil
import sys
import tempfile

import pytest

_HERE = os.path.dirname(os.path.abspath(__file__))
_CHECKOUT = os.path.dirname(os.path.dirname(_HERE))
# Python's names of packages need the checkout at ansible_collections/listening/ports
_TREE = tempfile.mkdtemp(prefix='oracle-')
os.makedirs(_TREE + '/ansible_collections/listening')
os.symlink(_CHECKOUT, _TREE + '/ansible_collections/listening/ports')
PATHS = [_HERE, _TREE]
sys.path[:0] = PATHS
os.chmod(_TREE, 0o755)


def pytest_configure(config):
    config.addinivalue_line('markers', 'root: makes namespaces, hence needs root')
    if 's' not in config.option.reportchars:
        config.option.reportchars += 's'


def pytest_unconfigure():
    shutil.rmtree(_TREE)


def pytest_collection_modifyitems(items):
    if os.geteuid():
        for item in items:
            if item.get_closest_marker('root'):
                item.add_marker(pytest.mark.skip(reason='makes namespaces: needs root'))


@pytest.fixture(scope='session')
def paths():
    """Where another Python finds this zoo and the collection."""
    return PATHS


@pytest.fixture(scope='module')
def habitat():
    """Namespaces of the module's own; they end with it."""
    from zoo.habitat import Habitat
    made = Habitat(PATHS)
    yield made
    made.close()


@pytest.fixture(scope='module')
def declared(habitat, request):
    """The declared zoo in the habitat: all expected listeners, but for those that are only listed on request."""
    built = habitat.call('zoo.inside:build')
    if built['absent']:
        request.config.stash.setdefault(_ABSENT, {}).update(built['absent'])
    return built['records']


_ABSENT = pytest.StashKey()


def pytest_terminal_summary(terminalreporter, config):
    for name, reason in sorted(config.stash.get(_ABSENT, {}).items()):
        terminalreporter.write_line('not in this zoo: %s (%s)' % (name, reason))
