# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a host compile each module of this collection once.

Ansible sends modules in a ZIP archive, from which Python's zipimport compiles each of them twice: to tell in which file
it is (``zipimporter.get_filename``, which importlib asks for), and to run it.
"""

import pkgutil
import sys
import zipimport
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_file_location

_OURS = __name__.rpartition('.')[0] + '.'


class _Loader(SourceFileLoader):
    """Runs a module whose source is known; it looks for no file, and keeps none."""

    def __init__(self, name, path, source):
        super().__init__(name, path)
        self._source = source

    def get_data(self, path):
        return self._source

    def path_stats(self, path):
        raise OSError('it is in an archive: %s' % path)


class _Finder:
    """Finds modules of this collection that are in a ZIP archive. Packages, whose files are empty, are left out."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        importer = pkgutil.get_importer(path[0]) if path and name.startswith(_OURS) else None
        if not isinstance(importer, zipimport.zipimporter):
            return None
        file = '%s/%s.py' % (path[0], name.rpartition('.')[2])
        try:
            source = importer.get_data(file)
        except OSError:                         # it is not there
            return None
        return spec_from_file_location(name, file, loader=_Loader(name, file, source))


def install():
    """Find what is imported from now on in this way, where this collection is in an archive itself."""
    if isinstance(__loader__, zipimport.zipimporter) and _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)
