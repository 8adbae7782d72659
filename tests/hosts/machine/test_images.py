# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cache of images, with a stand-in for mmdebstrap that takes as long as it is told to, and the mirror that is
found.
"""

import os
import pathlib
import subprocess
import sys
import time

import pytest

HOSTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOSTS))

from rig import images, mirror  # noqa: E402

# Notes that it was called, then writes the image as the real one does: by its last argument but one.
STAND_IN = """#!/usr/bin/env bash
set -eu
echo "$*" >> "$CALLS"
sleep "${TAKES:-0}"
[ -z "${FAILS:-}" ] || { echo "E: $FAILS" >&2; exit 1; }
mkdir "$TMPDIR/made"
echo content > "$TMPDIR/made/file"
head -c "${BYTES:-10}" /dev/urandom > "$TMPDIR/made/bytes"
tar --zstd -cf "${@: -2:1}" -C "$TMPDIR/made" .
"""
ACQUIRE = "import sys; sys.path.insert(0, %r)\nfrom rig import images\n" \
          "try:\n    print(images.Image('trixie').acquire())\n" \
          "except images.NoImage as exc:\n    sys.exit(str(exc))\n" % str(HOSTS)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A cache of its own; gives the path of the file that has a line for each image that was made."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/mmdebstrap").write_text(STAND_IN, encoding="utf-8")
    (tmp_path / "bin/mmdebstrap").chmod(0o755)
    (tmp_path / "calls").touch()
    monkeypatch.setenv("PATH", "%s:%s" % (tmp_path / "bin", os.environ["PATH"]))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def acquire(messages=None, name="trixie"):
    """Make an image, if need be, as a process does that ends then; returns its root."""
    image = images.Image(name)
    try:
        return image.acquire((messages if messages is not None else []).append)
    finally:
        image.let_go()


def calls(place):
    return (place / "calls").read_text(encoding="utf-8").splitlines()


def names(place):
    """What is in the cache, without locks."""
    return sorted(path.name for path in images.cache_folder().iterdir() if path.suffix != ".lock")


def start(**environment):
    """Another process that wants the image."""
    return subprocess.Popen([sys.executable, "-B", "-c", ACQUIRE], env=dict(os.environ, **environment),
                            stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def test_an_image_is_made_once(place):
    messages = []
    root = acquire(messages)
    assert (root / "file").read_text() == "content\n"
    assert "making the image" in messages[0] and "ready after" in messages[1]
    assert acquire(messages) == root
    assert len(calls(place)) == 1 and len(messages) == 2
    image = images.Image("trixie")
    assert names(place) == [image.key, image.key + ".tar.zst"]
    call, = calls(place)
    assert " trixie " in call and "openssh-server" in call and "main" in call


def test_images_are_made_side_by_side(place, monkeypatch):
    monkeypatch.setenv("TAKES", "4")
    began = time.monotonic()
    roots = images.acquire(["trixie", "bookworm", "bullseye", "trixie"], lambda _text: None)
    assert sorted(roots) == ["bookworm", "bullseye", "trixie"] and len(set(roots.values())) == 3
    assert len(calls(place)) == 3
    assert time.monotonic() - began < 11.9  # one after the other they take twelve seconds and more


def test_two_runs_that_race_make_one_image(place):
    runs = [start(TAKES="1") for _number in range(3)]
    outs = [run.communicate(timeout=60) for run in runs]
    assert len(calls(place)) == 1
    assert len({out.splitlines()[-1] for out, _err in outs}) == 1, outs
    assert sum("waiting for another run" in out for out, _err in outs) == 2, outs


def test_what_a_killed_run_left_is_no_image(place):
    run = start(TAKES="60")
    until = time.monotonic() + 120
    while not calls(place):
        assert time.monotonic() < until
        time.sleep(0.02)
    run.kill()
    run.communicate()
    assert [name for name in names(place) if name.endswith(".making")]
    acquire()
    image = images.Image("trixie")
    assert len(calls(place)) == 2 and names(place) == [image.key, image.key + ".tar.zst"]


def test_a_broken_image_is_made_anew(place):
    image = images.Image("trixie")
    root = acquire()
    image.packed.write_bytes(image.packed.read_bytes()[:-20])
    (root.parent / "whole").unlink()
    messages = []
    assert (acquire(messages) / "file").read_text() == "content\n"
    assert "the kept image is broken" in messages[0] and len(calls(place)) == 2


@pytest.mark.parametrize("damage", ["no mark", "a copy"])
def test_what_is_unpacked_by_halves_or_copied_is_unpacked_anew(place, damage):
    root = acquire()
    if damage == "no mark":
        (root / "file").unlink()
        (root.parent / "whole").unlink()
    else:
        subprocess.run(["cp", "-r", root.parent, place / "copy"], check=True)
        (place / "copy/root/file").unlink()
        subprocess.run(["rm", "-r", root.parent], check=True)
        (place / "copy").rename(root.parent)
    assert (acquire() / "file").exists()
    assert len(calls(place)) == 1


def test_a_full_disk_is_said_and_leaves_nothing(place):
    script = "mount -t tmpfs -o size=1m none %s && exec %s -B -c \"$0\"" % (place / "cache", sys.executable)
    (place / "cache").mkdir()
    look = ACQUIRE.replace("sys.exit(str(exc))", "print(exc)")
    look += "print(sorted(p.name for p in images.cache_folder().iterdir()))\n"
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script, look], check=True, capture_output=True, text=True,
                          env=dict(os.environ, BYTES="5000000"))
    assert "no space left in %s" % images.cache_folder() in done.stdout, done
    assert done.stdout.splitlines()[-1] == "['%s.lock']" % images.Image("trixie").key, done


def test_a_build_that_fails_says_why(place, monkeypatch):
    monkeypatch.setenv("FAILS", "Unable to locate package nonsense")
    with pytest.raises(images.NoImage,
                       match="(?s)mmdebstrap failed with exit code 1.*Unable to locate package nonsense"):
        acquire()
    assert names(place) == []
    monkeypatch.delenv("FAILS")
    acquire()


def test_a_cache_that_cannot_be_written_is_said(place, monkeypatch):
    (place / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "file"))
    with pytest.raises(images.NoImage, match="cannot be kept in"):
        acquire()


def test_the_name_is_a_hash_of_what_goes_in(place, monkeypatch):
    recipes = place / "recipes"
    subprocess.run(["cp", "-r", images.RECIPES, recipes], check=True)
    monkeypatch.setattr(images, "RECIPES", recipes)
    before = images.Image("trixie").key
    assert before == images.Image("trixie").key != images.Image("bookworm").key
    changes = [
        lambda: (recipes / "base.packages").write_text("systemd\n"),
        lambda: (recipes / "base.sh").write_text("true\n"),
        lambda: (recipes / "base/etc/rig/network").write_text("#!/bin/sh\n"),
        lambda: (recipes / "base/etc/rig/network").chmod(0o644),
        lambda: (recipes / "base/etc/more").symlink_to("/dev/null"),
    ]
    seen = {before}
    for change in changes:
        change()
        seen.add(images.Image("trixie").key)
    assert len(seen) == len(changes) + 1
    (recipes / "other.sh").touch()  # of no recipe of this image
    assert images.Image("trixie").key in seen


def test_images_that_nobody_uses_are_forgotten_and_others_are_not(place):
    old, used, fresh = images.Image("trixie"), images.Image("bookworm"), images.Image("bullseye")
    for image in (old, used, fresh):
        image.acquire(lambda _text: None)
    long_ago = time.time() - images.KEEP_UNUSED - 60
    for image in (old, used):
        os.utime(image.cache / (image.key + ".lock"), (long_ago, long_ago))
    old.let_go()
    images._forget(images.cache_folder())
    assert names(place) == sorted([used.key, used.key + ".tar.zst", fresh.key, fresh.key + ".tar.zst"])


@pytest.mark.parametrize("name", ["sid", "", "trixie+", "trixie+nothing", "../trixie"])
def test_a_name_of_no_image_is_refused(place, name):
    if name == "trixie+":
        assert images.Image(name).variant == ""
    else:
        with pytest.raises(images.NoImage, match="there is no image"):
            images.Image(name)


DEB822 = """\
# of a vendor
Types: deb
URIs: https://vendor.example/apt
Suites: nodistro
Components: main

Types: deb deb-src
URIs: http://near.example/debian
Suites: bookworm
 bookworm-updates
Components: main
"""


@pytest.mark.parametrize(("system", "files", "uri"), [
    ("debian", {"sources.list.d/debian.sources": DEB822}, "http://near.example/debian"),
    ("debian", {"sources.list": "# deb http://old.example/ bookworm main\ndeb [arch=amd64 signed-by=/k] "
                                "http://l.example/debian bookworm main\n"},
     "http://l.example/debian"),
    ("debian", {"sources.list": "deb cdrom:[Debian]/ bookworm main\ndeb http://l.example/debian bookworm main\n"},
     "http://l.example/debian"),
    ("debian", {"sources.list": "deb http://sec.example/ bookworm-security main\n"}, mirror.DEFAULT),
    ("debian", {"sources.list.d/debian.sources": DEB822.replace("Types: deb deb-src", "Enabled: no\nTypes: deb")},
     mirror.DEFAULT),
    ("debian", {"sources.list.d/debian.sources": DEB822.replace("Types: deb deb-src", "Types: deb-src")},
     mirror.DEFAULT),
    ("debian", {}, mirror.DEFAULT),
    ("ubuntu", {"sources.list": "deb http://archive.ubuntu.example/ubuntu bookworm main\n"}, mirror.DEFAULT),
])
def test_packages_come_from_the_mirror_of_the_machine(tmp_path, monkeypatch, system, files, uri):
    monkeypatch.delenv("RIG_MIRROR", raising=False)
    (tmp_path / "apt/sources.list.d").mkdir(parents=True)
    (tmp_path / "os-release").write_text('ID=%s\nVERSION_CODENAME="bookworm"\n' % system, encoding="utf-8")
    for name, text in files.items():
        (tmp_path / "apt" / name).write_text(text, encoding="utf-8")
    assert mirror.mirror(tmp_path) == uri
    monkeypatch.setenv("RIG_MIRROR", "http://mine.example/debian")
    assert mirror.mirror(tmp_path) == "http://mine.example/debian"
