# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide to these hosts: what it shows is run, in the order in which it is written, in one shell."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/hosts"))
sys.path.append(str(ROOT / "tests/examples"))  # behind, as it has a conftest.py

import blocks  # noqa: E402
from rig import cli, fleet, guest, images, machine, obstacles  # noqa: E402

GUIDE = "docs/docsite/rst/guide_test_hosts.rst"
TEXT = (ROOT / GUIDE).read_text(encoding="utf-8")
BLOCKS = [block for block in blocks.in_documents() if block.source == GUIDE]
LEFT_BY_TOOLS = (".git", ".venv", ".ansible", ".nox", "__pycache__", "*_cache", "output", "listening-ports-audit")
TIMEOUT = 300  # seconds
ESSENTIAL = {"tar", "util-linux"}  # every Debian has them
# Not run here, but looked at by a test below.
INSTALLS = re.compile(r"apt-get install |make setup$|python -m pip install ")
REMOVES = re.compile(r"rm -r ~/\.cache/")
MOLECULE = re.compile(r"molecule test( -s \w+)?$")  # run by tests/tools/molecule.py


def commands():
    """Every command that the guide shows, in order."""
    return [line.removeprefix("$ ") for block in BLOCKS if block.language == "console"
            for line in block.text.splitlines()]


def written(kind):
    """The only command of a kind, as list of words."""
    words, = [command.split() for command in commands() if re.match(kind, command)]
    return words


@pytest.fixture
def place(tmp_path):
    """A clone of the collection after `make setup`, with the environment of these tests, and a home beside it."""
    clone, home = tmp_path / "ports", tmp_path / "home"
    shutil.copytree(ROOT, clone, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_BY_TOOLS))
    (clone / ".venv/tree/ansible_collections/listening").mkdir(parents=True)
    (clone / ".venv/tree/ansible_collections/listening/ports").symlink_to(clone)
    (clone / ".venv/bin").symlink_to(pathlib.Path(sys.executable).parent)
    home.mkdir()
    yield clone
    for state in home.glob("*/runner"):
        subprocess.run([sys.executable, "-B", clone / "tests/hosts/rig", "down", "--state", state.parent], check=True)


def run(place, script):
    """Run a text in bash as a user types it: aliases work, and the first command that fails ends it.

    Returns what it printed.
    """
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(("ANSIBLE_", "PYTHON", "VIRTUAL_ENV"))}
    environment = dict(kept, HOME=str(place.parent / "home"), XDG_CACHE_HOME=str(images.cache_folder().parent.parent),
                       LC_ALL="C.UTF-8", ANSIBLE_NOCOLOR="true", PYTHONDONTWRITEBYTECODE="1")
    path = place.parent / "script"
    path.write_text("shopt -s expand_aliases\nset -e\n" + script, encoding="utf-8")
    done = subprocess.run(["bash", path], cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=TIMEOUT)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_guide_works_from_its_first_command_to_its_last(place):
    script = ""
    for block in BLOCKS:
        if block.language == "python":
            name = re.match(r"# (tests/hosts/guests/test_\w+\.py)\n", block.text).group(1)
            (place / name).write_text(block.text, encoding="utf-8")
        else:
            assert blocks.classify(block) == "commands"
            for command in (line.removeprefix("$ ") for line in block.text.splitlines()):
                if not (INSTALLS.match(command) or REMOVES.match(command) or MOLECULE.match(command)):
                    script += "echo + '%s'\n%s\n" % (command.replace("'", ""), command)
    outputs = {}  # what each command printed
    for part in re.split(r"^\+ ", run(place, script), flags=re.MULTILINE)[1:]:
        command, _newline, output = part.partition("\n")
        outputs[command] = outputs.get(command, "") + output
    assert "Traceback" not in str(outputs) and "WARNING" not in str(outputs), outputs

    def printed(start):
        matching = [output for command, output in outputs.items() if command.startswith(start)]
        assert matching, start
        return "".join(matching)

    assert printed("rig run --hosts 3 -- ansible").count('"pong"') == 3
    assert printed("ansible all -m ansible.builtin.ping").count('"pong"') == 3
    assert "All 3 hosts were observed completely." in printed("ansible-playbook listening.ports.audit -e")
    assert printed("~/three/ssh -o").endswith("timed out\nlocked out\n")
    versions = re.findall(r"^(\d+)\.\d+$", printed("rig run --hosts 3 --release"), re.MULTILINE)
    assert sorted(versions) == ["11", "12", "13"]
    assert int(re.search(r"(\d+) listeners on h1", printed("rig run --release trixie+services")).group(1)) > 5
    assert printed("rig run --hosts 3 --bastion").count('"pong"') == 3
    assert printed("~/walls/ssh -o").endswith("rejected\n")
    assert printed("~/walls/ssh 10.88.0.2 firewall-cmd") == "running\n"
    assert "1 passed" in printed("rig run --hosts 0")
    assert not list((place.parent / "home").glob("*/runner"))


def test_what_it_says_to_install_is_what_is_looked_for():
    needed = set(obstacles.PROGRAMS.values()) | {"debian-archive-keyring"}
    assert set(written("apt-get install ")[2:]) | ESSENTIAL == needed
    files = [words[-1] for words in map(str.split, commands()) if words[:5] == "python -m pip install -r".split()]
    assert files and all((ROOT / name).is_file() for name in files)


def test_what_it_says_to_remove_is_where_images_are(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert [os.path.expanduser(word) for word in written("rm -r ")[2:]] == [str(images.cache_folder())]


def test_its_names_and_numbers_are_those_of_the_program():
    prose = " ".join(TEXT.split())
    assert re.findall(r"^   \* - ``(\w+)``$", TEXT, re.MULTILINE) == list(images.RELEASES)
    assert "it is %d;" % machine.INOTIFY_WANTED in prose
    assert "at most %s MB each" % guest.DISK_SIZE.removesuffix("m") in prose
    assert "At most %d hosts" % cli.MOST_HOSTS in prose
    assert "``%s`` and ``%s``" % fleet.INNER in prose and "``10.88.0.1`` and ``fd88::1``" in prose
    assert images.KEEP_UNUSED == 14 * 86400 and "for two weeks" in prose
    assert str(machine.SHARED) in prose
