# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of `make test`, in order."""

import collections
import pathlib
import re

import ansible_test
import artifact
import molecule
from bench import Failed, LeftOut, environ
from machines import require_hosts

HERE = pathlib.Path(__file__).resolve().parent
UNITS = HERE.parent / "unit"
IMAGES = "trixie,bookworm,bullseye,trixie+services,trixie+web,bullseye+web"

# A function gets a bench.Bench and the arguments; it raises Failed or LeftOut.
Step = collections.namedtuple("Step", "part name function arguments")

# A version of ansible-core, the Pythons that run it, and those of targets that it is tried with; the best ones first.
Lane = collections.namedtuple("Lane", "core controllers targets")
OLD = Lane("2.16", ("3.10", "3.11", "3.12"), ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12"))
NEW = Lane("2.21", ("3.13", "3.14", "3.12"), ("3.13", "3.14", "3.12"))

# For what needs just some ansible-core: the newest that a Python of this machine can run.
NEWEST = ((NEW.core, NEW.controllers), ("2.19", ("3.11",)), ("2.16", ("3.10",)))

# Code for the targets runs everywhere; code for the controller where ansible-core runs, each time with another one.
UNIT_LANES = {"3.6": "", "3.7": "", "3.8": "", "3.9": "", "3.10": "2.16", "3.11": "2.19", "3.12": "2.20", "3.13": "2.21"}


def requirements(path):
    """The lines of a requirements file that are not comments."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def target_environment(bench, version):
    """A Python without Ansible, as on a target."""
    _version, python = bench.python(version)
    return bench.environments.get("target-%s" % version, python, requirements(UNITS / "requirements.txt"))


def core_environment(bench, core, *versions):
    """A Python with this ansible-core; returns its bin folder and version."""
    version, python = bench.python(*versions)
    wanted = ["ansible-core==%s.*" % core, "jmespath", *requirements(UNITS / "requirements.txt")]
    return bench.environments.get("core-%s-python-%s" % (core, version), python, wanted), version


def lint_environment(bench):
    """The linters, with the newest ansible-core of that Python."""
    _version, python = bench.python("3.13", "3.14", "3.12", "3.11", "3.10")
    return bench.environments.get("lint", python, requirements(HERE / "requirements/lint.txt"))


def lint(bench, program, *arguments):
    folder, place = lint_environment(bench), bench.copy()
    bench.run(folder / program, *arguments, cwd=place, env=environ(folder, place))


def types(bench, paths, folders):
    """Checks types: of what runs on the controller, or of these paths, which import each other from these folders."""
    folder, place = lint_environment(bench), bench.copy()
    env = environ(folder, place, MYPYPATH=":".join(str(place / name) for name in folders))
    bench.run(folder / "mypy", "--no-incremental", *(["--follow-imports=silent", *paths] if paths else []), cwd=place, env=env)


def sanity(bench, lane):
    folder, _version = core_environment(bench, lane.core, *lane.controllers)
    place = bench.copy()
    ignored = [path for path in place.glob("tests/sanity/ignore*") if path.read_text(encoding="utf-8").strip()]
    if ignored:
        raise Failed("sanity tests are not ignored here: %s" % ", ".join(path.name for path in ignored))
    env = environ(folder, place, HOME=str(ansible_test.private_home(bench.cache)))
    env["PATH"] = env["PATH"] + "".join(":%s" % python.parent for python in bench.pythons.values())
    for line in bench.lines(folder / "ansible-test", "sanity", cwd=place, env=env):
        skipped = re.match(r"WARNING: (?:Skipping|Skipped) (.*)", line)
        if skipped:
            bench.note("sanity core %s: not run: %s" % (lane.core, skipped.group(1)))


def units(bench, version, core):
    if core:
        (folder, _version), paths = core_environment(bench, core, version), ["tests/unit"]
    else:
        folder, paths = target_environment(bench, version), ["tests/unit/plugins/module_utils"]
    pytest(bench, folder, *paths)


def properties(bench, examples):
    """What holds of every host and every declaration, tried with so many random ones."""
    pytest(bench, newest_core(bench), "tests/unit/plugins/plugin_utils/_policy/test_properties.py", "tests/unit/plugins/plugin_utils/_policy/test_fuzz.py",
           "--verbose", LISTENING_PORTS_EXAMPLES=str(examples))


def pytest(bench, folder, *paths, inside=(), **variables):
    """Runs these tests; ``inside`` is a command that runs a command."""
    place = bench.copy()
    for line in bench.lines(*inside, folder / "python", "-m", "pytest", "-rs", "-p", "no:cacheprovider", "--import-mode=importlib",
                            *paths, cwd=place, env=environ(folder, place, XDG_CACHE_HOME=str(bench.cache.parent), **variables)):
        if re.match(r"SKIPPED|not in this zoo", line):
            bench.note("%s: %s" % (" ".join(paths), line))


def integration(bench, lane):
    folder, version = core_environment(bench, lane.core, *lane.controllers)
    target, _python = bench.python(*lane.targets)
    if target != lane.targets[0]:
        bench.note("integration core %s with a target of Python %s: not on this machine, it ran with Python %s"
                   % (lane.core, lane.targets[0], target))
    print("ansible-core %s, Python %s on the controller and %s on the target" % (lane.core, version, target), flush=True)
    hosts = ("--controller", "origin:python=%s@%s" % (version, folder / "python"),
             "--target", "controller:python=%s@%s" % (target, target_environment(bench, target) / "python"))
    place = bench.copy()
    for line in bench.lines(folder / "ansible-test", "integration", *hosts, cwd=place, env=environ(folder, place)):
        if line.startswith("WARNING: Excluding"):
            bench.note("integration core %s: %s" % (lane.core, line))


def newest_core(bench):
    """The bin folder of an environment with the newest ansible-core that runs here."""
    for core, versions in NEWEST:
        if any(version in bench.pythons for version in versions):
            return core_environment(bench, core, *versions)[0]
    raise LeftOut("no Python on this machine runs ansible-core")


def with_newest_core(bench, path):
    pytest(bench, newest_core(bench), path)


def rig(bench):
    require_hosts()
    with_newest_core(bench, "tests/hosts/machine")


def hosts(bench):
    """Tests on real hosts, inside a rig that ends with them."""
    require_hosts()
    folder = newest_core(bench)
    pytest(bench, folder, "tests/hosts/guests", inside=(
        folder / "python", "-B", "tests/hosts/rig", "run", "--hosts", "0", "--release", IMAGES, "--"))


def check_artifact(bench):
    artifact.check(bench, lint_environment(bench))


STEPS = [
    Step("lint", "ruff", lint, ["ruff", "check", "--no-cache"]),
    Step("lint", "types of the controller", types, [[], []]),
    Step("lint", "types of the tests", types,
         [["tests/tools", "tests/hosts/rig", "tests/hosts/support"], ["tests/tools", "tests/hosts"]]),
    Step("lint", "types of the examples", types,
         [["tests/examples/blocks.py", "tests/examples/sandbox.py"], ["tests/examples"]]),
    Step("lint", "types of the benchmarks", types, [["tests/benchmarks"], ["tests/benchmarks", "tests/hosts"]]),
    Step("lint", "ansible-lint", lint, ["ansible-lint"]),
    Step("lint", "documentation", lint,
         ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--check-extra-docs-refs", "."]),
    Step("lint", "changelog", lint, ["antsibull-changelog", "lint"]),
    *[Step("sanity", "core %s" % lane.core, sanity, [lane]) for lane in (NEW, OLD)],
    *[Step("units", "Python %s%s" % (version, core and ", core %s" % core), units, [version, core])
      for version, core in UNIT_LANES.items()],
    Step("units", "20,000 random policies for each property", properties, [20000]),
    *[Step("integration", "core %s, target Python %s" % (lane.core, lane.targets[0]), integration, [lane])
      for lane in (OLD, NEW)],
    Step("checkout", "make audit", with_newest_core, ["tests/checkout"]),
    Step("oracle", "sockets and firewalls", with_newest_core, ["tests/oracle"]),
    Step("examples", "documentation", with_newest_core, ["tests/examples"]),
    Step("hosts", "the collection on Debian 11, 12, 13", hosts, []),
    Step("hosts", "the rig that runs them", rig, []),
    Step("hosts", "molecule", molecule.check, []),
    Step("artifact", "build, install, import", check_artifact, []),
]
