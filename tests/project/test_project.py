# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others take from the repository: licences, execution environments, hooks, schemas, a release."""

import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys

import jsonschema
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
for folder in ("tests/examples", "tests/tools"):
    sys.path.append(str(ROOT / folder))
import blocks  # noqa: E402
import shape_schemas  # noqa: E402

LEFT = shutil.ignore_patterns(".git", ".venv", ".ansible", ".nox", "__pycache__", "*_cache", "output", "html")
PYTHON = "ansible_python_interpreter=%s" % sys.executable


def of_guide(kind):
    """The only block of that kind in the guide for CI."""
    block, = [block for block in blocks.in_documents()
              if block.source.endswith("guide_ci.rst") and blocks.classify(block) == kind]
    return block


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy in a tree of collections, in a git repository, as a clone is."""
    top = tmp_path_factory.mktemp("tree")
    place = top / "ansible_collections/listening/ports"
    shutil.copytree(ROOT, place, ignore=LEFT, symlinks=True)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"], ["tag", "0.2.0"]):
        subprocess.run([*git, *words], cwd=place, check=True)
    return place


def test_every_file_has_a_licence(run, tree):
    code, output = run("reuse", "lint", cwd=tree)
    assert code == 0, output
    assert (tree / "LICENSES/GPL-3.0-or-later.txt").read_bytes() == (tree / "LICENSE").read_bytes()
    (tree / "tests/new.xsd").write_text("SPDX-" + "License-Identifier: Nobody-Knows-1.0\n", encoding="utf-8")
    assert run("reuse", "lint", "--quiet", cwd=tree)[0] != 0
    (tree / "tests/new.xsd").unlink()


def test_an_execution_environment_gets_jmespath_and_nothing_else(run, tree):
    code, output = run("ansible-builder", "introspect", tree.parents[2])
    assert code == 0, output
    found = yaml.safe_load(output.partition("---\n")[2] or output)
    assert [line.partition(" #")[0].strip() for line in found["python"]] == ["jmespath"] and found["system"] == []


def test_the_definition_of_the_guide_makes_a_context(run, tmp_path):
    definition = of_guide("environment")
    (tmp_path / "execution-environment.yml").write_text(definition.text, encoding="utf-8")
    code, output = run("ansible-builder", "create", cwd=tmp_path)
    assert code == 0, output
    context = tmp_path / "context"
    asked = yaml.safe_load((context / "_build/requirements.yml").read_text(encoding="utf-8"))
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert asked == {"collections": [{"name": galaxy["repository"] + ".git", "type": "git"}]}
    [made] = context.glob("*file")      # Containerfile or Dockerfile, by the engine that is there
    assert "ansible-core==2.18.*" in made.read_text(encoding="utf-8")


def test_controllers_on_linux_are_not_asked_for_psutil():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("psutil")] == ['psutil ; sys_platform != "linux"']


def test_users_can_check_their_declarations_before_a_commit(run, tree, tmp_path):
    """With the hook as pre-commit installs it."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    config = of_guide("hooks")
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert "repo: %s\n" % galaxy["repository"] in config.text and "rev: %s\n" % galaxy["version"] in config.text
    text = config.text.replace("repo: %s\n" % galaxy["repository"], "repo: %s\n" % tree)
    (tmp_path / ".pre-commit-config.yaml").write_text(text, encoding="utf-8")
    declared = tmp_path / "group_vars/web/listeners.yml"
    declared.parent.mkdir(parents=True)

    def check(content):
        declared.write_text(content, encoding="utf-8")
        subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
        return run("pre-commit", "run", "--all-files", cwd=tmp_path, PRE_COMMIT_HOME=str(tmp_path / "home"),
                   GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0="*")
    code, output = check("expected_listeners:\n  - {name: web, port: 80, service: nginx}\n")
    assert code == 0 and "Passed" in output, output
    code, output = check("expected_listeners:\n  - {name: web, prot: 80}\n")
    assert code != 0 and "prot" in output, output


def test_own_hooks_are_those_of_lint():
    """The versions in .pre-commit-config.yaml are those that `make lint` and these tests use."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    pinned = {line for hook in config["repos"][0]["hooks"] for line in hook["additional_dependencies"] if "==" in line}
    known = "".join((ROOT / path).read_text(encoding="utf-8")
                    for path in ("tests/tools/requirements/lint.txt", "tests/project/requirements.txt")).splitlines()
    assert len(pinned) == 2 and pinned <= set(known)
    for path in ("tests/project/requirements.txt", "pyproject.toml"):
        assert "check-jsonschema==0.39.0" in (ROOT / path).read_text(encoding="utf-8")


def test_sessions_of_nox_are_the_parts_of_make(run, tmp_path):
    """Each runs make with its name: here a program that says what it was called with."""
    code, output = run("nox", "--list", "--json", "-f", ROOT / "noxfile.py")
    parts = re.search(r"(?m)^PARTS = (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8")).group(1).split()
    assert [session["name"] for session in json.loads(output.splitlines()[-1])] == parts
    make = tmp_path / "make"
    make.write_text("#!/bin/sh\necho called with $*\n[ $1 != lint ]\n", encoding="utf-8")
    make.chmod(make.stat().st_mode | stat.S_IXUSR)
    path = "%s:%s:%s" % (tmp_path, pathlib.Path(sys.executable).parent, os.environ["PATH"])
    code, output = run("nox", "-f", ROOT / "noxfile.py", "-s", "site", PATH=path)
    assert code == 0 and "called with site" in output
    assert run("nox", "-f", ROOT / "noxfile.py", "-s", "lint", PATH=path)[0] != 0


@pytest.mark.parametrize("path", list(shape_schemas.DOCUMENTS))
def test_schemas_are_schemas(path):
    schema = json.loads((ROOT / path).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(path)


@pytest.fixture(scope="module")
def audited(tmp_path_factory, tree):
    """Where an audit has written what it writes, of this machine."""
    folder = tmp_path_factory.mktemp("audit")
    declared = json.dumps({"expected_listeners": [{"name": "no", "port": 1}],
                           "listener_waivers": [{"port": 1, "expires": "never"}]})
    subprocess.run(["ansible-playbook", "listening.ports.audit", "-i", "here,gone,", "-c", "local",
                    "-e", PYTHON, "-e", declared, "-e", "audit_fail=false",
                    "-e", '{"audit_gather": ["owners", "firewall", "connections"]}'],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL,
                   env=dict(os.environ, ANSIBLE_COLLECTIONS_PATH=str(tree.parents[2]), LC_ALL="C.UTF-8",
                            PATH="%s:%s" % (pathlib.Path(sys.executable).parent, os.environ["PATH"])))
    return folder / "listening-ports-audit"


def test_what_an_audit_writes_is_what_the_schemas_say(audited):
    def validator(name):
        schema = json.loads((ROOT / ("docs/schemas/%s.schema.json" % name)).read_text(encoding="utf-8"))
        return jsonschema.Draft202012Validator(schema)
    report = json.loads((audited / "report.json").read_text(encoding="utf-8"))
    record = json.loads((audited / "hosts/here.json").read_text(encoding="utf-8"))
    assert record["facts"]["listeners"] is not None and record["judgement"]["policy"]["variables"]
    for name, content in (("report", report), ("record", record), ("facts", record["facts"])):
        validator(name).validate(content)
        for key in content:         # each of them is known, and has to be there unless the schema says so
            with pytest.raises(jsonschema.ValidationError):
                validator(name).validate({**content, key: object})
        with pytest.raises(jsonschema.ValidationError):
            validator(name).validate({**content, "more": 1})


def test_one_command_makes_the_release(run, tree):
    """What `make release` runs: every fragment goes into the changelog of the version of galaxy.yml."""
    version = yaml.safe_load((tree / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    fragments = sorted((tree / "changelogs/fragments").glob("*.yml"))
    assert fragments and not (tree / "changelogs/changelog.yaml").exists()
    code, output = run("antsibull-changelog", "release", cwd=tree, ANSIBLE_COLLECTIONS_PATH=str(tree.parents[2]))
    assert code == 0, output
    released = yaml.safe_load((tree / "changelogs/changelog.yaml").read_text(encoding="utf-8"))["releases"]
    assert list(released) == [version] and len(released[version]["fragments"]) == len(fragments)
    text = (tree / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "v%s" % version in text.replace("\\", "") and "compare_declarations" in text.replace("\\", "")
    assert not list((tree / "changelogs/fragments").glob("*.yml"))
    assert run("antsibull-changelog", "lint", cwd=tree)[0] == 0
