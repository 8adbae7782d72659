# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the artifact: what is in it, that it works when installed, and that Galaxy's importer takes it."""

import os
import pathlib
import tarfile

from bench import Bench, Failed, environ

# Left behind by tools, and never to be shipped. The last is an earlier artifact.
JUNK = (".venv/pyvenv.cfg", ".ansible/lock", ".cache/x", ".nox/x", ".pytest_cache/x", ".ruff_cache/x",
        "tests/output/x.txt",
        "plugins/modules/__pycache__/x.pyc", "listening-ports-audit/hosts/web.json",
        "listening-ports-baseline/hosts/web.json", "listening-ports-drift/baseline/snapshot.json",
        "group_vars/all/listeners.yml", "host_vars/localhost.yml", "docs/site/html/index.html",
        "listening-ports-0.0.1.tar.gz")
# What only a clone has: tests, what runs and configures them, and pictures, which are shown by their address in the
# repository: neither Galaxy nor the documentation of Ansible carries them.
UNSHIPPED = (".ansible-lint", ".ci/", ".gitattributes", ".github/", ".gitignore", ".pre-commit-", ".yamllint",
             "Makefile", "docs/pictures/", "docs/site/", "extensions/", "galaxy.yml", "mypy.ini",
             "noxfile.py", "pyproject.toml", "requirements.txt", "ruff.toml", "tests/", "tools/")
# What has to be left, whatever is added above
SHIPPED = ("LICENSE", "README.md", "meta/execution-environment.yml", "meta/runtime.yml", "docs/listeners.schema.json",
           "docs/schemas/report.schema.json", "docs/docsite/extra-docs.yml", "playbooks/audit.yml",
           "roles/audit/tasks/main.yml", "plugins/modules/listener_facts.yml",
           "plugins/modules/win_collect_listeners.ps1", "plugins/module_utils/_WinLook.cs")
MADE = {"MANIFEST.json", "FILES.json"}


def check(bench: Bench, folder: pathlib.Path) -> None:
    """Builds, compares, installs, runs and imports. Raises Failed.

    folder: bin folder of an environment with ansible-core and galaxy-importer
    """
    place = bench.copy()
    wanted = {str(path.relative_to(place)) for path in place.rglob("*") if not path.is_dir()}
    for path in JUNK:
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text("junk\n", encoding="utf-8")
    output = place.parent.parent.parent
    env = environ(folder, place)
    bench.run(folder / "ansible-galaxy", "collection", "build", "--output-path", output, cwd=place, env=env)
    (tarball,) = output.glob("*.tar.gz")
    compare(tarball, {path for path in wanted if not path.startswith(UNSHIPPED)})

    installed = output / "installed"
    env["ANSIBLE_COLLECTIONS_PATH"] = str(installed)
    env.pop("PYTHONPATH")
    bench.run(folder / "ansible-galaxy", "collection", "install", "--offline", "-p", installed, tarball, cwd=output,
              env=env)
    bench.run(folder / "ansible-playbook", "listening.ports.audit", "-i", "localhost,", "-c", "local",
              "-e", "ansible_python_interpreter=%s" % (folder / "python"), cwd=output, env=env)
    run_importer(bench, folder, tarball, env)


def compare(tarball: pathlib.Path, wanted: set[str]) -> None:
    """Raises Failed unless the tarball holds just the wanted files and what Galaxy adds."""
    with tarfile.open(tarball) as archive:
        packed = {member.name for member in archive.getmembers() if not member.isdir()} - MADE
    faults = ["should not be in it: " + path for path in sorted(packed - wanted)]
    faults += ["is not in it: " + path for path in sorted((wanted | set(SHIPPED)) - packed)]
    if faults:
        raise Failed("%s\n%s" % (tarball.name, "\n".join(faults)))
    print("%s: %d files, nothing else" % (tarball.name, len(packed)))


def run_importer(bench: Bench, folder: pathlib.Path, tarball: pathlib.Path, env: dict[str, str]) -> None:
    """Raises Failed on whatever Galaxy's importer complains about."""
    env = dict(env, GALAXY_IMPORTER_CHECK_REQUIRED_TAGS="true", PWD=os.fspath(tarball.parent))
    complaints = [line for line in bench.lines(folder / "python", "-m", "galaxy_importer.main", tarball,
                                               cwd=tarball.parent, env=env)
                  if line.startswith(("WARNING", "ERROR", "CRITICAL"))]
    if complaints:
        raise Failed("galaxy-importer: %d complaints, see above" % len(complaints))
