# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make audit` in a fresh checkout: sets itself up once, mends what was interrupted, and shows what listens."""

import getpass
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MADE = shutil.ignore_patterns(".git", ".venv", ".ansible", "output", "__pycache__", "listening-ports-audit")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout without .venv, in a folder with a space in its name."""
    place = tmp_path_factory.mktemp("a checkout") / "listening ports"
    shutil.copytree(SOURCE, place, ignore=MADE, symlinks=True)
    return place


@pytest.fixture(scope="module")
def planted():
    """The port of a TCP listener that this process holds."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def make(checkout, *arguments, **environment):
    # the outer make and the tests have settings that a user has not
    settings = {name: value for name, value in os.environ.items()
                if not name.startswith(("MAKE", "MFLAGS", "ANSIBLE", "PYTHON"))}
    done = subprocess.run(["make", *arguments], cwd=checkout, env=dict(settings, COLUMNS="200", **environment),
                          check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def shows(output, port):
    """Whether the planted listener stands in the table with this process and user."""
    name = pathlib.Path("/proc/self/comm").read_text(encoding="utf-8").strip()
    return any("127.0.0.1:%d " % port in line and name in line and getpass.getuser() in line
               for line in output.splitlines())


def test_first_run_sets_up_and_shows_the_listener(checkout, planted):
    code, output = make(checkout, "audit")
    assert code == 0, output
    assert "Setting up" in output
    assert shows(output, planted), output


def test_second_run_sets_up_nothing(checkout, planted):
    code, output = make(checkout, "audit")
    assert code == 0, output
    assert "Setting up" not in output
    assert shows(output, planted), output


def test_what_the_first_run_tells_to_declare_is_judged_by_the_second(checkout, planted):
    code, output = make(checkout, "audit")
    [path] = re.findall(r"(?m)^  # (group_vars/\S+)$", output)
    declared = checkout / path
    declared.parent.mkdir(parents=True)
    declared.write_text("expected_listeners: [{name: planted, port: %d, state: forbidden}]\n" % planted,
                        encoding="utf-8")
    try:
        code, output = make(checkout, "audit")
    finally:
        shutil.rmtree(checkout / "group_vars")
    assert code != 0 and "entry planted of expected_listeners forbids it" in output, output
    code, output = make(checkout, "audit")
    assert code == 0 and "so nothing was judged" in output, output


def test_three_commands_of_the_readme_lead_to_an_audit_that_judges(checkout):
    """From a clone, on a machine with some listeners: nobody types a declaration."""
    text = (SOURCE / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"(?m)^\$ (make \w+)$", text.partition("## From nothing to an audit that judges\n")[2])[:3]
    assert commands == ["make audit", "make baseline", "make audit"]
    home = checkout.parent / "home"
    home.mkdir()

    def on_a_machine(command):
        settings = {name: value for name, value in os.environ.items()
                    if not name.startswith(("MAKE", "MFLAGS", "ANSIBLE", "PYTHON"))}
        return subprocess.run(
            ["unshare", "--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", sys.executable,
             SOURCE / "tests/examples/sandbox.py", *command.split()], cwd=checkout, check=False, text=True,
            env=dict(settings, HOME=str(home), LC_ALL="C.UTF-8"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        first, second, third = map(on_a_machine, commands)
        written = {path.name: path.read_text(encoding="utf-8") for path in checkout.glob("host_vars/localhost/*")}
    finally:
        shutil.rmtree(checkout / "host_vars", ignore_errors=True)
    assert first.returncode == 0 and "so nothing was judged" in first.stdout, first.stdout
    assert "(in a clone: make baseline)" in first.stdout
    assert second.returncode == 0, second.stdout
    assert list(written) == ["listeners.yml"] and "port: 8080" in written["listeners.yml"], second.stdout
    assert third.returncode == 0 and "localhost is as declared." in third.stdout, third.stdout


def test_an_inventory_replaces_this_machine(checkout, planted):
    hosts = checkout.parent / "hosts.ini"
    hosts.write_text("somewhere ansible_connection=local\n", encoding="utf-8")
    code, output = make(checkout, "audit", "ARGS=-i '%s' -v" % hosts)
    assert code == 0, output
    assert "somewhere" in output and "localhost" not in output
    assert shows(output, planted), output


def test_a_failing_audit_fails(checkout):
    code, output = make(checkout, "audit", "ARGS=--no-such-option")
    assert code != 0, output


@pytest.mark.parametrize("harm", ["stamp", "library", "moved"])
def test_a_broken_environment_is_made_anew(checkout, harm):
    if harm == "stamp":
        (checkout / ".venv/.ready").unlink()  # as when the first run is interrupted
    elif harm == "library":
        for library in (checkout / ".venv").glob("lib/python*/site-packages/ansible"):
            shutil.rmtree(library)
    else:
        checkout = checkout.rename(checkout.with_name("moved"))
    try:
        code, output = make(checkout, "setup")
        assert code == 0, output
        assert "Setting up" in output
        assert make(checkout, "setup") == (0, "")
    finally:
        if harm == "moved":
            checkout.rename(checkout.with_name("listening ports"))


@pytest.mark.parametrize("body, remedy", [
    (None, "No Python 3.10 or newer"),
    ("exit 127", "No Python 3.10 or newer"),  # a shim of pyenv
    ("echo old 3.9", "only 3.9"),
    ("echo bare 3.11", "without its venv module"),
])
def test_what_is_missing_is_said_in_one_line(checkout, tmp_path, body, remedy):
    for program in ("sh", "make", "dirname", "cat", "cksum", "grep"):
        (tmp_path / program).symlink_to(shutil.which(program))
    if body:
        (tmp_path / "python3").write_text("#!/bin/sh\n%s\n" % body, encoding="utf-8")
        (tmp_path / "python3").chmod(0o755)
    (checkout / ".venv/.ready").unlink(missing_ok=True)
    code, output = make(checkout, "audit", PATH=str(tmp_path))
    assert code != 0
    lines = [line for line in output.splitlines() if not line.startswith("make")]
    assert len(lines) == 1, output
    assert remedy in lines[0] and "Remedy: " in lines[0]
