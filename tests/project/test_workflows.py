# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workflows and recipes: those of this project, and those that the guide for CI shows."""

import pathlib
import re
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/examples"))
import blocks  # noqa: E402

# The vendored schema of check-jsonschema for each kind of file
SCHEMAS = {"workflow": "vendor.github-workflows", "gitlab": "vendor.gitlab-ci"}
RECIPES = [block for block in blocks.in_documents() if block.source.endswith("guide_ci.rst")]
OWN = {".github/workflows/ci.yml": SCHEMAS["workflow"], ".github/workflows/release.yml": SCHEMAS["workflow"],
       ".github/workflows/windows.yml": SCHEMAS["workflow"],
       ".github/dependabot.yml": "vendor.dependabot",
       ".github/ISSUE_TEMPLATE/defect.yml": "vendor.github-issue-forms",
       ".github/ISSUE_TEMPLATE/idea.yml": "vendor.github-issue-forms",
       ".github/ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config"}


def of(*kinds):
    """The recipes of some kinds."""
    chosen = [block for block in RECIPES if blocks.classify(block) in kinds]
    assert chosen
    return pytest.mark.parametrize("block", chosen, ids=str)


@of("workflow", "gitlab")
def test_recipes_are_valid(block, run, tmp_path):
    kind = blocks.classify(block)
    path = tmp_path / (".gitlab-ci.yml" if kind == "gitlab" else "workflow.yml")
    path.write_text(block.text, encoding="utf-8")
    code, output = run("check-jsonschema", "--builtin-schema", SCHEMAS[kind],
                       *(["--data-transform", "gitlab-ci"] if kind == "gitlab" else []), path)
    assert code == 0, output
    # the schema can find something
    wrong = block.text.replace("    runs-on:", "    runs-of:").replace("script:", "scribt:")
    assert wrong != block.text
    path.write_text(wrong, encoding="utf-8")
    assert run("check-jsonschema", "--builtin-schema", SCHEMAS[kind],
               *(["--data-transform", "gitlab-ci"] if kind == "gitlab" else []), path)[0] != 0


@of("workflow")
def test_recipes_are_safe(block, run, tmp_path):
    """By zizmor, which knows ways in which workflows were attacked."""
    path = tmp_path / ".github/workflows/recipe.yml"
    path.parent.mkdir(parents=True)
    path.write_text(block.text, encoding="utf-8")
    code, output = run("zizmor", "--offline", "--no-progress", "--persona", "regular",
                       "--config", ROOT / ".github/zizmor.yml", path)
    assert code == 0, output
    # and it can find something
    path.write_text(re.sub("actions/checkout@[0-9a-f]{40}", "actions/checkout@v4", block.text), encoding="utf-8")
    assert run("zizmor", "--offline", "--no-progress", "--config", ROOT / ".github/zizmor.yml", path)[0] != 0


@of("pipeline")
def test_the_pipeline_of_jenkins_is_balanced(block):
    """There is no parser for it here: its brackets are even, and each command is that of a report that it shows."""
    bare = re.sub(r"(?s)'''.*?'''|'[^'\n]*'", "", block.text)
    assert bare.count("{") == bare.count("}") > 5 and bare.count("(") == bare.count(")")


@pytest.mark.parametrize("path, schema", list(OWN.items()))
def test_own_files_are_valid(path, schema, run):
    code, output = run("check-jsonschema", "--builtin-schema", schema, ROOT / path)
    assert code == 0, output


def test_there_are_no_others():
    there = {str(path.relative_to(ROOT)) for path in (ROOT / ".github").rglob("*.yml")}
    assert there == {*OWN, ".github/zizmor.yml"}


def test_own_workflows_are_safe(run):
    code, output = run("zizmor", "--offline", "--no-progress", "--config", ROOT / ".github/zizmor.yml",
                       ROOT / ".github/workflows", ROOT / ".github/dependabot.yml")
    assert code == 0, output


def test_actions_are_pinned_to_a_commit():
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        used = re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8"))
        assert used and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) and re.fullmatch(r" # v[\d.]+", comment)
                            for action, comment in used)


def test_ci_runs_all_parts():
    parts = re.search(r"(?m)^PARTS = (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8")).group(1).split()
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    assert sorted(workflow["jobs"]["test"]["strategy"]["matrix"]["part"]) == sorted(parts)
