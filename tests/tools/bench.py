# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a step of `make test` works with: a copy of the tree, the Pythons, environments, and ways to run commands."""

import contextlib
import io
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
from typing import Iterator

import environments
import pythons
import worktree
from environments import Path


class Failed(Exception):
    """A step found a fault; the text says which, unless a command has printed it."""


class LeftOut(Exception):
    """A step cannot be run on this machine; the text is the reason."""


class Bench:
    """One run of the tests. Use bench() to make it: it has folders that have to be removed."""

    def __init__(self, scratch: Path):
        self.scratch = pathlib.Path(scratch)
        self.pythons = pythons.find_pythons()
        self.notes: list[str] = []  # what was not tested, for the summary
        self.cache, problem = environments.cache_folder(scratch)
        self.environments = environments.Environments(self.cache)
        if problem:
            print("The environments of this run are not kept for the next: %s" % problem, flush=True)

    def note(self, text: str) -> None:
        """Remember, once, something that the summary has to report."""
        if text not in self.notes:
            self.notes.append(text)

    def python(self, *versions: str) -> tuple[str, pathlib.Path]:
        """The first of these versions that this machine has, with its path."""
        for version in versions:
            if version in self.pythons:
                return version, self.pythons[version]
        raise LeftOut("no Python %s on this machine" % " or ".join(versions))

    def copy(self) -> pathlib.Path:
        """A fresh copy of the tree, at .../ansible_collections/listening/ports."""
        root = pathlib.Path(tempfile.mkdtemp(prefix="tree-", dir=self.scratch))
        root.chmod(0o755)
        return worktree.copy_to(root)

    def run(self, *command: Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> None:
        """Run a command with its output shown. Raises Failed unless it succeeds."""
        code = subprocess.run(_shown(command), env=env, cwd=cwd, check=False).returncode
        if code:
            raise Failed("%s: exit code %d" % (pathlib.Path(command[0]).name, code))

    def lines(self, *command: Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> Iterator[str]:
        """Like run(), but also yields what the command prints, line by line and stripped."""
        with subprocess.Popen(_shown(command), env=env, cwd=cwd, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as process:
            assert isinstance(process.stdout, io.BufferedReader)
            rest = b""
            while chunk := process.stdout.read1():  # not by lines: tests show their progress within a line
                sys.stdout.buffer.write(chunk)
                sys.stdout.flush()
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (line.decode(errors="replace").strip() for line in lines)
        if process.returncode:
            raise Failed("%s: exit code %d" % (pathlib.Path(command[0]).name, process.returncode))


def environ(folder: pathlib.Path, place: pathlib.Path, **more: str) -> dict[str, str]:
    """The environment for the programs in folder (a bin folder), with the collection at place in reach of them."""
    root = str(place.parent.parent.parent)
    return dict(os.environ, PATH=pythons.path_with(folder), ANSIBLE_COLLECTIONS_PATH=root, PYTHONPATH=root,
                LC_ALL="C.UTF-8",
                PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PIP_DISABLE_PIP_VERSION_CHECK="1", **more)


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """Gives a Bench and removes its folders afterwards."""
    with tempfile.TemporaryDirectory(prefix="listening-ports-", ignore_cleanup_errors=True) as scratch:
        os.chmod(scratch, 0o755)  # some tests change their user
        yield Bench(scratch)


def _shown(command: tuple[Path, ...]) -> list[str]:
    words = [str(part) for part in command]
    print("$ " + shlex.join(words), flush=True)
    sys.stderr.flush()
    return words
