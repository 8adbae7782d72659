# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images of hosts, built from Debian's packages by the recipes in ../images and kept in a cache.

An image is a release, or a release and a variant: `trixie`, `trixie+services`. It is kept under a hash of all that goes
into it,
packed, and unpacked beside that; hosts read the unpacked one through overlayfs and never write to it.

Who uses an image holds a shared lock on it, who makes one an exclusive lock. What is made gets its name when it is
whole:
a name that is there can be trusted, and what a killed run left is swept by the next that makes something.
"""

import concurrent.futures
import contextlib
import fcntl
import hashlib
import os
import pathlib
import shlex
import shutil
import subprocess
import time
from typing import IO, Callable, Iterable, Iterator

from .mirror import mirror

Say = Callable[[str], object]

RECIPES = pathlib.Path(__file__).resolve().parent.parent / "images"
RELEASES = ("trixie", "bookworm", "bullseye")
KEEP_UNUSED = 14 * 86400  # seconds
OPTIONS = (
    "--mode=root", "--variant=minbase", "--skip=check/empty",
    "--aptopt=Acquire::Check-Valid-Until \"false\"",  # old releases are not signed anew
    "--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
)


class NoImage(Exception):
    """An image does not exist or cannot be made; the text says why."""


def cache_folder() -> pathlib.Path:
    """Where images are kept, as a path."""
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(cache) / "listening-ports/images"


class Image:
    """One image of the cache. Raises NoImage for a name that is none."""

    def __init__(self, name: str, cache: str | os.PathLike[str] | None = None):
        self.name = name
        self.release, _plus, self.variant = name.partition("+")
        if self.release not in RELEASES:
            raise NoImage("there is no image %r: the releases are %s" % (name, ", ".join(RELEASES)))
        self.recipes = ["base"] + ([self.variant] if self.variant else [])
        if not all((RECIPES / (recipe + ".packages")).is_file() for recipe in self.recipes):
            raise NoImage("there is no image %r: no variant %r in %s" % (name, self.variant, RECIPES))
        self.cache = pathlib.Path(cache or cache_folder())
        self.key = "%s-%s" % (name, self._hash())
        self.packed = self.cache / (self.key + ".tar.zst")
        self.root = self.cache / self.key / "root"
        self._scratch = self.cache / (self.key + ".making")
        self._lock: IO[str] | None = None

    def acquire(self, say: Say = print) -> pathlib.Path:
        """Make the image unless it is there. Until let_go(), or the end of this process, nobody removes it.

        Returns its root, a path.
        """
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            self._lock = open(self.cache / (self.key + ".lock"), "w", encoding="ascii")
            self._hold(self._lock, fcntl.LOCK_SH, say)
            while not self._is_whole():
                self._hold(self._lock, fcntl.LOCK_EX, say)
                if not self._is_whole():
                    self._make(say)
                # not in one step: it may be removed in between, hence the loop
                self._hold(self._lock, fcntl.LOCK_SH, say)
            os.utime(self._lock.fileno())
        except OSError as exc:
            raise NoImage("%s cannot be kept in %s: %s" % (self.name, self.cache, exc)) from exc
        return self.root

    def let_go(self) -> None:
        """The image is not used any more."""
        if self._lock:
            self._lock.close()

    def _hold(self, lock: IO[str], kind: int, say: Say) -> None:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            say("%s: waiting for another run that makes it" % self.name)
            fcntl.flock(lock, kind)

    def _hash(self) -> str:
        """Over everything that goes into the image."""
        known = hashlib.sha256(repr((self.name, OPTIONS)).encode())
        for path in sorted(path for recipe in self.recipes for path in _files_of(recipe)):
            content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
            known.update(repr((str(path.relative_to(RECIPES)), path.is_symlink(), os.access(path, os.X_OK),
                               content)).encode())
        return known.hexdigest()[:12]

    def _is_whole(self) -> bool:
        """Whether it is unpacked, and here: a copy or what a backup brought may have lost owners and modes."""
        try:
            return (self.root.parent / "whole").read_text(encoding="ascii") == _identity(self.root)
        except OSError:
            return False

    def _make(self, say: Say) -> None:
        began = time.monotonic()
        self._sweep()
        try:
            if self.packed.exists():
                try:
                    self._unpack()
                except NoImage as exc:
                    say("%s: the kept image is broken, made anew (%s)" % (self.name, exc))
                    self._sweep()
                    self.packed.unlink()
            if not self._is_whole():
                say("%s: making the image, this takes a minute or two" % self.name)
                self._build()
                self._unpack()
        finally:
            self._sweep()
        say("%s: image ready after %.0f s" % (self.name, time.monotonic() - began))

    def _sweep(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _build(self) -> None:
        """Make the packed image."""
        self._scratch.mkdir()
        self._scratch.chmod(0o755)
        packages = [word for recipe in self.recipes for word in _words(RECIPES / (recipe + ".packages"))]
        hooks = [hook for recipe in self.recipes for hook in _hooks(recipe)]
        fresh = self._scratch / "image.tar.zst"
        self._run(["mmdebstrap", *OPTIONS, "--include=" + ",".join(packages),
                   *["--customize-hook=" + hook for hook in hooks],
                   self.release, str(fresh), "deb %s %s main" % (mirror(), self.release)])
        os.rename(fresh, self.packed)

    def _unpack(self) -> None:
        """Unpack the packed image; raises NoImage if it is broken."""
        self._scratch.mkdir(exist_ok=True)
        fresh = self._scratch / "unpacked"
        (fresh / "root").mkdir(parents=True)
        self._run(["tar", "--zstd", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", str(self.packed),
                   "-C", str(fresh / "root")])
        (fresh / "whole").write_text(_identity(fresh / "root"), encoding="ascii")
        shutil.rmtree(self.root.parent, ignore_errors=True)
        os.rename(fresh, self.root.parent)

    def _run(self, command: list[str]) -> None:
        """Run a command that says what is wrong; raises NoImage with the end of that."""
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False,
                              text=True, errors="replace",
                              env=dict(os.environ, TMPDIR=str(self._scratch), LC_ALL="C.UTF-8"))
        if done.returncode:
            full = ": no space left in %s" % self.cache if "No space left on device" in done.stdout else ""
            raise NoImage("%s: %s failed with exit code %d%s\n%s" % (
                self.name, command[0], done.returncode, full, "\n".join(done.stdout.splitlines()[-20:])))


def acquire(names: Iterable[str], say: Say = print) -> dict[str, pathlib.Path]:
    """Make all images of these names that are missing, side by side; returns {name: path of its root}.

    Raises NoImage.
    """
    images = [Image(name) for name in dict.fromkeys(names)]
    with concurrent.futures.ThreadPoolExecutor(max(1, len(images))) as pool:
        roots = dict(zip([image.name for image in images], pool.map(lambda image: image.acquire(say), images)))
    _forget(cache_folder())
    return roots


def _forget(cache: pathlib.Path) -> None:
    """Remove images that nobody uses, and that nobody has used for two weeks."""
    for lock in cache.glob("*.lock"):
        with contextlib.suppress(OSError), open(lock, encoding="ascii") as held:
            if time.time() - lock.stat().st_mtime > KEEP_UNUSED:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.with_suffix(""))
                lock.with_suffix(".tar.zst").unlink(missing_ok=True)


def _identity(root: pathlib.Path) -> str:
    status = root.stat()
    return "%d:%d:%d" % (status.st_dev, status.st_ino, status.st_uid)


def _files_of(recipe: str) -> list[pathlib.Path]:
    """The files of a recipe: its packages, its script, and what is laid over the image."""
    over = RECIPES / recipe
    laid = [path for path in over.rglob("*") if path.is_symlink() or not path.is_dir()] if over.is_dir() else []
    return [RECIPES / (recipe + ".packages"), RECIPES / (recipe + ".sh"), *laid]


def _words(path: pathlib.Path) -> list[str]:
    """The words of a file without its comments."""
    return [word for line in path.read_text(encoding="utf-8").splitlines() for word in line.partition("#")[0].split()]


def _hooks(recipe: str) -> Iterator[str]:
    """What mmdebstrap runs when the packages are installed; it gives the image's root as $1."""
    if (RECIPES / recipe).is_dir():
        # with modes of its own: those of folders in a checkout follow the umask of whoever cloned it
        yield ('tar -C %s -c --mode=u=rwX,go=rX --owner=0 --group=0 . | tar -C "$1" -xp --no-overwrite-dir'
               % shlex.quote(str(RECIPES / recipe)))
    yield 'chroot "$1" sh -eu -s < %s' % shlex.quote(str(RECIPES / (recipe + ".sh")))
