# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints an interpreter of this Python version that a given user can run: this one, or a copy of it in a given
directory.

The Python under test may live in root's home, where no other user can get at it.
"""

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig


def runs(interpreter, user):
    """Whether that user can run that interpreter, with its standard library."""
    entry = pwd.getpwnam(user)

    def become():
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)

    try:
        return not subprocess.call([interpreter, '-c', 'import ctypes, json, socket, zlib'], cwd='/', preexec_fn=become,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError:
        return False


def copy(directory):
    """Copy the interpreter, its library and its standard library; returns the path of a script that runs it."""
    modules = os.path.dirname(os.path.realpath(os.__file__))
    skipped = shutil.ignore_patterns('site-packages', 'test', 'tests', 'idlelib', 'config-*', '__pycache__',
                                     'ensurepip')
    library = os.path.join(directory, 'lib')
    shutil.copytree(modules, os.path.join(library, os.path.basename(modules)), ignore=skipped)
    if sysconfig.get_config_var('Py_ENABLE_SHARED'):
        shutil.copy(os.path.join(sysconfig.get_config_var('LIBDIR'), sysconfig.get_config_var('INSTSONAME')), library)
    programs = os.path.join(directory, 'bin')
    os.mkdir(programs)
    program = shutil.copy(os.path.realpath(sys.executable), os.path.join(programs, 'python3'))
    script = os.path.join(programs, 'python')
    with open(script, 'w') as stream:
        stream.write('#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' % (library, program))
    os.chmod(script, 0o755)
    return script


def main():
    """Called with the name of the user and a directory that does not exist yet."""
    user, directory = sys.argv[1:]
    os.umask(0o022)
    if runs(sys.executable, user):
        print(sys.executable)
        return
    interpreter = copy(directory)
    if not runs(interpreter, user):
        raise SystemExit('neither %s nor a copy of it can be run by %s' % (sys.executable, user))
    print(interpreter)


if __name__ == '__main__':
    main()
