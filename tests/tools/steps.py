# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of `make test`, in the order in which the summary has them."""

import dataclasses
import functools
import os
import pathlib
import platform
import re
import shutil
import subprocess
from typing import Any, Callable, Mapping, Sequence

import ansible_test
import artifact
import docs_site
import molecule
import npm
from bench import Bench, Failed, LeftOut, environ
from environments import Environment, Path
from machines import require_hosts, require_wine
from worktree import CHECKOUT

HERE = pathlib.Path(__file__).resolve().parent
UNITS = HERE.parent / "unit"
RELEASES = "trixie,bookworm,bullseye"
IMAGES = RELEASES + ",trixie+services,trixie+managed,trixie+web,bullseye+web"
GUESTS = "tests/hosts/guests"
# Half of their time: rules of other firewalls, and hosts that are asked about each other, or more than once
FIREWALLS = (GUESTS + "/test_firewalls.py", GUESTS + "/test_firewall_role.py")
FLEETS = tuple("%s/test_%s.py" % (GUESTS, name) for name in (
    "drift", "group_clients", "observed", "reach", "windows_beside"))
# A package of npm, and its version: it has the validator and the schema
MULTITOOL = ("@microsoft/sarif-multitool-linux", "5.7.0")
# With Windows hosts: what meets another way of Ansible with connections and PowerShell, and what needs Wine
WINDOWS = "tests/windows"
OF_EACH_CORE = (WINDOWS + "/test_replayed.py", WINDOWS + "/test_powershell.py")
OF_SOME_CORES = (WINDOWS + "/test_close.py",)   # the oldest and the newest: roles above the same actions
BELOW_WINE = tuple("%s/%s" % (WINDOWS, path.name) for path in sorted(HERE.parent.glob("windows/test_wine*.py")))
PROPERTIES = ("tests/unit/plugins/plugin_utils/_policy/test_properties.py",
              "tests/unit/plugins/plugin_utils/_policy/test_fuzz.py",
              "tests/unit/plugins/plugin_utils/_windows/test_rules_by_chance.py")

# What computes for long and asks nothing of Python or of Ansible: in `make test` the oldest and the newest Python of
# all run it
LONG = (*PROPERTIES, "tests/unit/plugins/module_utils/_firewall/test_real_captures.py",
        "tests/unit/plugins/module_utils/_firewall/test_fuzz.py", "tests/unit/tools/test_jobs.py")

# Integration tests that meet another Python on the host and other ways of Ansible with variables, connections and
# output: in `make test` the oldest core runs them, too
WITH_OLD = ("assert_listeners", "baseline", "enforce", "group_clients", "hostile_answers", "inventory_listeners",
            "listener_facts", "port_filter", "stop_listener")
WITHOUT_OLD = tuple(sorted({path.parent.name for path in HERE.parent.glob("integration/targets/*/runme.sh")}
                           - {*WITH_OLD}))

# What mypy checks: a name, the folders from which the files import each other, and the files; none are those that
# mypy.ini names
TYPED = (
    ("the controller", (), ()),
    ("tests", ("tests/tools", "tests/hosts", "tests/oracle", "tests/windows"),
     ("tests/tools", "tests/hosts/rig", "tests/hosts/support", "tests/ready", "tests/windows/api",
      "tests/windows/stage")),
    ("the lock-out campaign", ("tests/lockout", "tests/hosts", "tests/ready"), tuple(
        "tests/lockout/%s.py" % name for name in (
            "closing", "draws", "faults", "filtering", "report", "run", "scene", "states", "subject", "verdicts",
            "watch"))),
    ("examples", ("tests/examples",), ("tests/examples/blocks.py", "tests/examples/sandbox.py")),
    ("benchmarks", ("tests/benchmarks", "tests/hosts"), tuple("tests/benchmarks/%s.py" % name for name in (
        "bench", "declaring", "drifting", "enforcing", "figures", "filtering", "grouping", "hosts", "load", "policy",
        "policy_data", "real_hosts", "report_data", "reports", "run_module", "sandbox", "tasks", "tools", "worker"))),
)

# What steps use that only one at a time can have: the network of this machine, which they show or listen in
NETWORK = frozenset({"network"})
# Each rig has namespaces of its own, so some can be there at a time: of each of these kinds one, as logins on their
# hosts have to come in time. The tests of the rig are alone, as they compare the machine with what it was before.
HOSTS, MORE_HOSTS, MOLECULE = frozenset({"hosts"}), frozenset({"more hosts"}), frozenset({"molecule"})
FIRST = 10_000  # the cost of what has to find the machine without others that would keep it waiting until the end


@dataclasses.dataclass(frozen=True)
class Step:
    """A step, as one row of the summary.

    :ivar function: gets a bench.Bench, the arguments and the variables by name; it raises Failed or LeftOut
    :ivar environments: gets a bench.Bench and the arguments; gives the environments that the function is going to use
    :ivar cost: CPU seconds that it takes, roughly: the dearest begins first
    :ivar limit: seconds after which it has failed
    :ivar uses: names of what only one step at a time can have
    :ivar left_out_of: the part of `make test` that a step of a campaign was taken out of
    :ivar why: why it was, for the summary
    """

    part: str
    name: str
    function: Callable[..., None]
    environments: Callable[..., list[Environment]]
    arguments: Sequence[Any] = ()
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    cost: float = 10
    limit: float = 1800
    uses: frozenset[str] = frozenset()
    left_out_of: str = ""
    why: str = ""


@dataclasses.dataclass(frozen=True)
class Lane:
    """A version of ansible-core, the Pythons that run it, and those of targets that it is tried with; the best ones
    first.
    """

    core: str
    controllers: tuple[str, ...]
    targets: tuple[str, ...]


OLD = Lane("2.16", ("3.10", "3.11", "3.12"), ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12"))
NEW = Lane("2.21", ("3.13", "3.14", "3.12"), ("3.13", "3.14", "3.12"))

# For what needs just some ansible-core: the newest that a Python of this machine can run.
NEWEST = ((NEW.core, NEW.controllers), ("2.19", ("3.11",)), ("2.16", ("3.10",)))

# Code for the targets runs everywhere; code for the controller where ansible-core runs, each time with another one.
UNIT_LANES = {"3.6": "", "3.7": "", "3.8": "", "3.9": "", "3.10": "2.16", "3.11": "2.19", "3.12": "2.20",
              "3.13": "2.21"}
# Between the oldest of hosts, the oldest of controllers and the newest, all of which run what is for hosts. Real hosts
# have 3.9, too.
IN_BETWEEN = ("3.7", "3.8", "3.11", "3.12")
BRIEF = ("3.9", "3.10")  # those on both sides of them run LONG


def requirements(path: pathlib.Path) -> tuple[str, ...]:
    """The lines of a requirements file that are not comments."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple(line for line in lines if line and not line.startswith("#"))


# Environments


def target_environment(bench: Bench, version: str) -> Environment:
    """A Python without Ansible, as on a target."""
    _version, python = bench.python(version)
    return Environment("target-%s" % version, python, requirements(UNITS / "requirements.txt"))


def core_environment(bench: Bench, core: str, *versions: str) -> Environment:
    """The first of these Pythons that is on this machine, with this ansible-core."""
    version, python = bench.python(*versions)
    wanted = ("ansible-core==%s.*" % core, "jmespath", *requirements(UNITS / "requirements.txt"))
    return Environment("core-%s-python-%s" % (core, version), python, wanted)


def lint_environment(bench: Bench, *_unused: Any) -> list[Environment]:
    """The linters, with the newest ansible-core of that Python."""
    _version, python = bench.python("3.13", "3.14", "3.12", "3.11", "3.10")
    return [Environment("lint", python, requirements(HERE / "requirements/lint.txt"))]


def newest_core(bench: Bench, *_unused: Any) -> list[Environment]:
    """The newest ansible-core that runs here."""
    for core, versions in NEWEST:
        if any(version in bench.pythons for version in versions):
            return [core_environment(bench, core, *versions)]
    raise LeftOut("no Python on this machine runs ansible-core")


def unit_environment(bench: Bench, version: str, core: str, *_unused: Any) -> list[Environment]:
    """That of unit tests under this Python, with this ansible-core or without one."""
    return [core_environment(bench, core, version) if core else target_environment(bench, version)]


def controller_environment(bench: Bench, lane: Lane) -> list[Environment]:
    """That of a controller."""
    return [core_environment(bench, lane.core, *lane.controllers)]


def integration_environments(bench: Bench, lane: Lane, *_targets: str) -> list[Environment]:
    """That of a controller, and that of its target."""
    return [*controller_environment(bench, lane), target_environment(bench, bench.python(*lane.targets)[0])]


def folder_of(bench: Bench, function: Callable[..., list[Environment]], *arguments: Any) -> pathlib.Path:
    """The bin folder of the first of these environments."""
    return bench.environments.get(function(bench, *arguments)[0])


# Steps


def lint(bench: Bench, program: str, *arguments: Path) -> None:
    folder, place = folder_of(bench, lint_environment), bench.copy()
    bench.run(folder / program, *arguments, cwd=place, env=environ(folder, place))


def documentation(bench: Bench) -> None:
    """Checks the documentation.

    antsibull-docs makes a temporary folder and shows its name as reStructuredText, in which a word that ends with an
    underscore is a link: without this, one run of 37 fails.
    """
    program = ("import sys, tempfile; tempfile._RandomNameSequence.characters = 'abcdefghijklmnopqrstuvwxyz'; "
               "from antsibull_docs.cli.antsibull_docs import main; sys.exit(main())")
    lint(bench, "python", "-c", program, "lint-collection-docs", "--plugin-docs", "--check-extra-docs-refs", ".")


def types(bench: Bench) -> None:
    """Checks types of what runs on the controller, and of what supports the tests."""
    folder, place = folder_of(bench, lint_environment), bench.copy()
    failed = []
    for name, folders, paths in TYPED:
        env = environ(folder, place, MYPYPATH=":".join(str(place / path) for path in folders))
        try:
            bench.run(folder / "mypy", *(["--follow-imports=silent", *paths] if paths else []), cwd=place, env=env)
        except Failed:
            failed.append(name)
    if failed:
        raise Failed("mypy: %s" % ", ".join(failed))


def sanity(bench: Bench, lane: Lane) -> None:
    folder = folder_of(bench, controller_environment, lane)
    place = bench.copy()
    ignored = [path for path in place.glob("tests/sanity/ignore*") if path.read_text(encoding="utf-8").strip()]
    if ignored:
        raise Failed("sanity tests are not ignored here: %s" % ", ".join(path.name for path in ignored))
    env = environ(folder, place, HOME=str(ansible_test.private_home(bench.cache)))
    env["PATH"] = env["PATH"] + "".join(":%s" % python.parent for python in bench.pythons.values())
    for run in ansible_test.sanity_runs(place, env):
        if run.left_out:
            bench.note("sanity core %s: not run: %s" % (lane.core, run.left_out))
        for line in bench.lines(folder / "ansible-test", *run.words, cwd=place, env=run.env):
            # without its program pslint says that this is missing, and no more
            skipped = re.match(r"WARNING: (?:Skipping|Skipped|(?=Required program)) ?(.*)", line)
            if skipped:
                bench.note("sanity core %s: not run: %s" % (lane.core, skipped.group(1)))


def units(bench: Bench, version: str, core: str, *left_out: str) -> None:
    """Unit tests: without a core those of what runs on hosts. ``left_out`` are files."""
    folder = folder_of(bench, unit_environment, version, core)
    pytest(bench, folder, "tests/unit" if core else "tests/unit/plugins/module_utils",
           *("--ignore=%s" % path for path in left_out))


def long_units(bench: Bench, version: str, core: str) -> None:
    """The files that ``units`` leaves out for this Python."""
    place = "tests/unit/plugins/module_utils/"
    pytest(bench, folder_of(bench, unit_environment, version, core),
           *(path for path in LONG if core or path.startswith(place)))


def at_random(bench: Bench, paths: Sequence[str], **numbers: str) -> None:
    """Tests with random input, as much of it as these variables give; those of whoever runs this come first."""
    with_newest_core(bench, *paths, **{name: os.environ.get(name) or number for name, number in numbers.items()})


def pytest(bench: Bench, folder: pathlib.Path, *paths: str, inside: Sequence[Path] = (), **variables: str) -> None:
    """Runs these tests; ``inside`` is a command that runs a command."""
    place = bench.copy()
    env = environ(folder, place, XDG_CACHE_HOME=str(bench.cache.parent), **variables)
    for line in bench.lines(*inside, folder / "python", "-m", "pytest", "-rs", "-p", "no:cacheprovider",
                            "--import-mode=importlib",
                            *paths, cwd=place, env=env):
        if re.match(r"SKIPPED|not in this zoo", line):
            bench.note("%s: %s" % (" ".join(paths), line))


def integration(bench: Bench, lane: Lane, *targets: str) -> None:
    """Integration tests: these, or all of them."""
    controller, environment = integration_environments(bench, lane)
    folder, target = bench.environments.get(controller), bench.environments.get(environment)
    version, target_version = bench.python(*lane.controllers)[0], bench.python(*lane.targets)[0]
    if target_version != lane.targets[0]:
        bench.note("integration core %s with a target of Python %s: not on this machine, it ran with Python %s"
                   % (lane.core, lane.targets[0], target_version))
    print("ansible-core %s, Python %s on the controller and %s on the target" % (lane.core, version, target_version),
          flush=True)
    hosts = ("--controller", "origin:python=%s@%s" % (version, folder / "python"),
             "--target", "controller:python=%s@%s" % (target_version, target / "python"))
    place = bench.copy()
    for line in bench.lines(folder / "ansible-test", "integration", *hosts, *targets, cwd=place,
                            env=environ(folder, place)):
        if line.startswith("WARNING: Excluding"):
            bench.note("integration core %s: %s" % (lane.core, line))


def with_newest_core(bench: Bench, *paths: str, **variables: str) -> None:
    pytest(bench, folder_of(bench, newest_core), *paths, **variables)


def browser_environment(bench: Bench, *_unused: Any) -> list[Environment]:
    """That of the newest ansible-core, with what drives a browser."""
    [core] = newest_core(bench)
    wanted = requirements(HERE.parent / "browser/requirements.txt")
    return [Environment("browser-%s" % core.name, core.python, (*core.requirements, *wanted))]


def browser(bench: Bench) -> None:
    """Tests of what a browser shows, with the one of this machine."""
    if not shutil.which("chromium"):
        raise LeftOut("no chromium here: nothing has looked at the page of a report")
    pytest(bench, folder_of(bench, browser_environment), "tests/browser")


def validators_environment(bench: Bench, *_unused: Any) -> list[Environment]:
    """That of the newest ansible-core, with what validates by a schema."""
    [core] = newest_core(bench)
    wanted = requirements(HERE.parent / "validators/requirements.txt")
    return [Environment("validators-%s" % core.name, core.python, (*core.requirements, *wanted))]


def validators(bench: Bench) -> None:
    """Tests of reports with programs of others, which are not of PyPI."""
    missed = "nothing has held report.sarif against the schema of OASIS, nor against the rules of Microsoft and GitHub"
    if platform.machine() != "x86_64":
        raise LeftOut("Sarif.Multitool does not run on %s: %s" % (platform.machine(), missed))
    try:
        multitool = npm.package(bench.cache, *MULTITOOL)
    except npm.NoNpm:
        raise LeftOut("no npm here: %s" % missed) from None
    except subprocess.CalledProcessError as exc:
        raise Failed("npm cannot install %s: exit code %d: %s" % (MULTITOOL[0], exc.returncode, missed)) from exc
    pytest(bench, folder_of(bench, validators_environment), "tests/validators", SARIF_MULTITOOL=str(multitool))


def windows(bench: Bench, version: str, core: str) -> None:
    """Actions on Windows hosts that are not there, and in PowerShell for Linux, with this ansible-core."""
    more = OF_SOME_CORES if core in (OLD.core, NEW.core) else ()
    pytest(bench, folder_of(bench, unit_environment, version, core), *OF_EACH_CORE, *more)


def below_wine(bench: Bench) -> None:
    """Tests on a Windows test host below Wine, with a network and processes of its own."""
    require_wine()
    folder = folder_of(bench, newest_core)
    for path in BELOW_WINE:         # each with a network of its own: Wine shows the sockets of all hosts in it
        pytest(bench, folder, path, inside=("sh", WINDOWS + "/stage/alone.sh"))


def pictures(bench: Bench) -> None:
    """Makes the pictures and sample reports of the documentation anew, in the checkout, from real hosts."""
    require_hosts()
    if not shutil.which("chromium"):
        raise LeftOut("no chromium here, which draws the pictures")
    folder, sources = folder_of(bench, browser_environment), bench.scratch / "sources"
    sources.mkdir()
    pytest(bench, folder, "tests/hosts/guests/test_outputs.py", "tests/hosts/guests/test_readme.py",
           inside=in_rig(folder, IMAGES), LISTENING_PORTS_SOURCES=str(sources))
    place = bench.copy()
    bench.run(folder / "python", "-B", "tests/browser/pictures.py", sources, CHECKOUT, cwd=place,
              env=environ(folder, place))


def rig(bench: Bench) -> None:
    require_hosts()
    with_newest_core(bench, "tests/hosts/machine")


def in_rig(folder: pathlib.Path, images: str) -> tuple[Path, ...]:
    """The beginning of a command that runs a command inside a rig, which ends with it."""
    return folder / "python", "-B", "tests/hosts/rig", "run", "--hosts", "0", "--release", images, "--"


def hosts(bench: Bench, *paths: str, **variables: str) -> None:
    """Tests on real hosts: these."""
    require_hosts()
    folder = folder_of(bench, newest_core)
    pytest(bench, folder, *paths, inside=in_rig(folder, IMAGES), **variables)


def lockout(bench: Bench, what: str, *options: str) -> None:
    """The lock-out campaign.

    :param what: is changed, filter or close; whoever runs this may want only one of them
    :param options: of the campaign; where none are given, as many runs as whoever runs this wants, else 300
    """
    wanted = os.environ.get("LOCKOUT_WHAT") or what
    if wanted not in ("filter", "close"):
        raise Failed("LOCKOUT_WHAT is filter or close, not %s" % wanted)
    if wanted != what:
        raise LeftOut("LOCKOUT_WHAT is %s" % wanted)
    require_hosts()
    folder, place = folder_of(bench, newest_core), bench.copy()
    words = ["--what", what, *(options or ["--runs", os.environ.get("RUNS") or "300"])]
    if os.environ.get("LOCKOUT_SEED"):
        words += ["--seed", os.environ["LOCKOUT_SEED"]]
    if os.environ.get("LOCKOUT_ONLY"):
        words += ["--only", os.environ["LOCKOUT_ONLY"]]
    bench.run(*in_rig(folder, RELEASES), folder / "python", "-B", "tests/lockout/run.py", *words, cwd=place,
              env=environ(folder, place, XDG_CACHE_HOME=str(bench.cache.parent)))


def check_artifact(bench: Bench) -> None:
    artifact.check(bench, folder_of(bench, lint_environment))


def site_environment(bench: Bench, *_unused: Any) -> list[Environment]:
    """What makes the site of the documentation, with the antsibull-docs of the linters."""
    [linters] = lint_environment(bench)
    shared = tuple(line for line in linters.requirements if line.startswith("antsibull-docs=="))
    return [Environment("site", linters.python, (*shared, *requirements(HERE / "requirements/site.txt")))]


def site(bench: Bench) -> None:
    docs_site.make(bench, folder_of(bench, site_environment))


def project_environment(bench: Bench, *_unused: Any) -> list[Environment]:
    """That of the newest ansible-core, with what looks at the files around the collection."""
    [core] = newest_core(bench)
    wanted = requirements(HERE.parent / "project/requirements.txt")
    return [Environment("project-%s" % core.name, core.python, (*core.requirements, *wanted))]


def project(bench: Bench) -> None:
    """Tests of licences, workflows, hooks, schemas, execution environments and the release."""
    pytest(bench, folder_of(bench, project_environment), "tests/project")


def release(bench: Bench) -> None:
    """Makes the changelog of the version in galaxy.yml, in the checkout; the fragments go into it."""
    folder, place = folder_of(bench, lint_environment), bench.copy()
    bench.run(folder / "antsibull-changelog", "release", cwd=place, env=environ(folder, place))
    for path in ("CHANGELOG.md", "changelogs/changelog.yaml"):
        shutil.copy(place / path, CHECKOUT / path)
    for fragment in (CHECKOUT / "changelogs/fragments").glob("*.yml"):
        if not (place / "changelogs/fragments" / fragment.name).exists():
            fragment.unlink()


LINT = functools.partial(Step, "lint", environments=lint_environment)


def sanity_of(lane: Lane) -> Step:
    """The sanity tests of one ansible-core."""
    return Step("sanity", "core %s" % lane.core, sanity, controller_environment, [lane], cost=250)


def units_of(version: str) -> Step:
    """The unit tests under one Python; what is left out of them has a step of its own."""
    core = UNIT_LANES[version]
    left_out = LONG if version in BRIEF else PROPERTIES if core == NEW.core else ()
    return Step("units", "Python %s%s" % (version, core and ", core %s" % core), units, unit_environment,
                [version, core, *left_out], cost=100)


def integration_of(lane: Lane, which: str, targets: Sequence[str], cost: float) -> Step:
    """Integration tests with one ansible-core: these, or all of them."""
    return Step("integration", "core %s, target Python %s%s" % (lane.core, lane.targets[0], which), integration,
                integration_environments, [lane, *targets], cost=cost, uses=NETWORK)


def in_a_campaign(step: Step, why: str) -> Step:
    """What to do in a campaign with a step that `make test` does not have."""
    return dataclasses.replace(step, part="campaign", name="%s, %s" % (step.part, step.name), left_out_of=step.part,
                               why=why)


STEPS = [
    LINT("ruff", lint, arguments=["ruff", "check", "--no-cache"]),
    LINT("types", types, cost=25),
    LINT("ansible-lint", lint, arguments=["ansible-lint"], cost=90),
    LINT("documentation", documentation),
    LINT("changelog", lint, arguments=["antsibull-changelog", "lint"]),
    sanity_of(NEW),
    *[units_of(version) for version in UNIT_LANES if version not in IN_BETWEEN],
    Step("units", "1,000 random policies for each property", at_random, newest_core, [PROPERTIES],
         {"LISTENING_PORTS_EXAMPLES": "1000"}, cost=60),
    integration_of(NEW, "", (), cost=430),
    integration_of(OLD, ", some targets", WITH_OLD, cost=160),
    Step("checkout", "make audit", with_newest_core, newest_core, ["tests/checkout"], cost=60, uses=NETWORK),
    Step("oracle", "sockets and firewalls", with_newest_core, newest_core, ["tests/oracle"], cost=450, uses=NETWORK),
    Step("examples", "documentation", with_newest_core, newest_core, ["tests/examples"], cost=350),
    Step("site", "antsibull-docs and Sphinx, without a warning", site, site_environment, cost=30),
    Step("project", "licences, workflows, hooks, schemas, execution environment, release", project,
         project_environment, cost=60),
    Step("browser", "the page of a report in Chromium", browser, browser_environment, cost=60),
    Step("validators", "SARIF by its schema and Sarif.Multitool, CSV by LibreOffice", validators,
         validators_environment, cost=60),
    *[Step("windows", "replayed hosts and PowerShell for Linux, core %s" % core, windows, unit_environment,
           [version, core], cost=60) for version, core in UNIT_LANES.items() if core],
    Step("windows", "the C# under Mono, and lint", with_newest_core, newest_core,
         [WINDOWS, *("--ignore=" + path for path in (*OF_EACH_CORE, *OF_SOME_CORES, *BELOW_WINE))], cost=40),
    Step("windows", "a test host below Wine", below_wine, newest_core, cost=260),
    Step("hosts", "the collection on Debian 11, 12, 13", hosts, newest_core,
         [GUESTS, *("--ignore=" + path for path in FIREWALLS + FLEETS)], cost=1000, limit=2700, uses=HOSTS),
    Step("hosts", "firewalls on Debian 11, 12, 13", hosts, newest_core, FIREWALLS, cost=400, uses=MORE_HOSTS),
    Step("hosts", "fleets that are asked about each other", hosts, newest_core, FLEETS, cost=390, uses=MORE_HOSTS),
    Step("hosts", "the tests of the lock-out campaign", with_newest_core, newest_core, ["tests/lockout"], cost=15),
    # each deck of faults at least twice, and once; with longer trials than by hand: a login may take its time here
    *[Step("hosts", "the lock-out campaign, %s, %s runs" % (what, runs), lockout, newest_core,
           [what, "--runs", runs, "--confirm", "20"], cost=cost, uses=MORE_HOSTS)
      for what, runs, cost in (("filter", "40", 350), ("close", "15", 150))],
    Step("hosts", "the rig that runs them", rig, newest_core, cost=FIRST, uses=HOSTS | MORE_HOSTS | MOLECULE),
    *[Step("hosts", "molecule, scenario %s" % scenario, molecule.check, molecule.environments, [scenario], cost=80,
           uses=MOLECULE) for scenario in molecule.MISTAKES],
    Step("artifact", "build, install, import", check_artifact, lint_environment, cost=60),
]

# What takes long and finds little in most runs: `make campaign`. See CONTRIBUTING.md.
CAMPAIGN = [
    in_a_campaign(sanity_of(OLD), "the newest core is stricter, and old Pythons have their unit tests"),
    in_a_campaign(integration_of(OLD, ", the other targets", WITHOUT_OLD, cost=300),
                  "%s: the newest core runs them" % ", ".join(WITHOUT_OLD)),
    *[in_a_campaign(units_of(version), "run under an older and a newer Python") for version in IN_BETWEEN],
    *[in_a_campaign(Step("units", "the long ones with Python %s" % version, long_units, unit_environment,
                         [version, UNIT_LANES[version]], cost=100), "run under an older and a newer Python")
      for version in BRIEF],
    Step("campaign", "random policies for each property", at_random, newest_core, [PROPERTIES],
         {"LISTENING_PORTS_EXAMPLES": "20000", "LISTENING_PORTS_SEED": "fresh"}, limit=6 * 3600),
    Step("campaign", "random rulesets against the kernel", at_random, newest_core, [["tests/oracle/firewall"]],
         {"RULESETS": "2000", "OWN_TABLES": "100", "REPLACEMENTS": "2000"}, limit=6 * 3600),
    Step("campaign", "random Windows hosts against a simulation", at_random, newest_core,
         [["tests/oracle/windows/test_rules_by_chance.py", "tests/oracle/windows/test_real_rules.py"]],
         {"WINDOWS_HOSTS": "20000"}, limit=6 * 3600),
    Step("campaign", "the test suites of nftables and iptables", at_random, newest_core,
         [["tests/oracle/firewall/test_suites.py"]], limit=6 * 3600),
    Step("campaign", "random hosts against other tools", at_random, newest_core,
         [["tests/oracle/test_zoo_by_chance.py", "tests/oracle/test_zoo_races.py"]],
         {"ZOOS": "2000", "RACES": "1000"}, limit=6 * 3600),
    Step("campaign", "the firewall of the declaration, on each release beside each other firewall", hosts, newest_core,
         ["tests/hosts/guests/test_firewall_role.py"], {"LISTENING_PORTS_SCENES": "all"}, cost=1000, uses=HOSTS),
]

# As many runs of the lock-out campaign as one wants: `make lockout`. See CONTRIBUTING.md.
LOCKOUT = [
    Step("lockout", "the tests of the lock-out campaign", with_newest_core, newest_core, ["tests/lockout"]),
    *[Step("lockout", "the lock-out campaign, %s" % what, lockout, newest_core, [what], uses=HOSTS, limit=12 * 3600)
      for what in ("filter", "close")]]

# What the documentation shows, made anew: `make pictures`. See CONTRIBUTING.md.
PICTURES = [
    Step("pictures", "pictures and sample reports of the documentation", pictures, browser_environment, uses=HOSTS)]

# The changelog of a release: `make release`. See CONTRIBUTING.md.
RELEASE = [Step("release", "the changelog", release, lint_environment)]
