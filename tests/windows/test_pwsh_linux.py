# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole module through Ansible in PowerShell for Linux: where each source of Windows fails, and where stand-ins
answer.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zlib

import pytest

from ansible_collections.listening.ports.plugins.module_utils._module import ARGUMENTS
from ansible_collections.listening.ports.plugins.plugin_utils._windows.check import check
from ansible_collections.listening.ports.plugins.plugin_utils._windows.diagnose import EVENTS
from api import tables
from api.mono import HERE as API
from api.mono import UTILITIES, unpack
from conftest import TREE
from stage import found
from test_mono import ROWS, SENT, TABLES

HERE = pathlib.Path(__file__).resolve().parent
MODULE = HERE.parents[1] / "plugins/modules/win_collect_listeners.ps1"
EVERYTHING = ["owners", "firewall", "outgoing", "connections", "namespaces", "resources", "command", "raw"]
QUIET = {"POWERSHELL_TELEMETRY_OPTOUT": "1", "POWERSHELL_UPDATECHECK": "Off", "POWERSHELL_DIAGNOSTICS_OPTOUT": "1",
         "DOTNET_EnableDiagnostics": "0"}

pytestmark = pytest.mark.skipif(found.powershell() is None, reason="modules in PowerShell for Linux: no pwsh here")


def run(folder, *tasks, words=(), language="C.UTF-8", **variables):
    """What Ansible returns for each of these tasks, which are the arguments of the module, in the PowerShell of this
    machine; ``state`` is how it shows it. The language is that of PowerShell alone.
    """
    env = {**os.environ, **QUIET, "ANSIBLE_COLLECTIONS_PATH": TREE, "HOME": str(folder),
           "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection_plugins"), "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
           "ANSIBLE_STDOUT_CALLBACK": "minimal", **variables,
           **{"XDG_%s_HOME" % name: str(folder) for name in ("CACHE", "DATA", "CONFIG")}}
    shell = str(found.powershell())
    play = {"hosts": "all", "gather_facts": False,
            "vars": {"ansible_pwsh_command": ["env", "LC_ALL=" + language, shell],
                     "ansible_pwsh_interpreter": shell},
            "tasks": [{"listening.ports.win_collect_listeners": arguments, "ignore_errors": True}
                      for arguments in tasks]}
    (folder / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    done = subprocess.run(
        [pathlib.Path(sys.prefix) / "bin/ansible-playbook", "-i", "windows,", "-c", "pwsh_local",
         *words, "play.yml"],
        capture_output=True, text=True, env=env, check=False, timeout=180, cwd=folder)
    found_states = re.findall(r"^windows \| (\w+!?) => (?=\{)", done.stdout, re.MULTILINE)
    results = re.split(r"^windows \| \w+!? => (?=\{)", done.stdout, flags=re.MULTILINE)[1:]
    assert len(results) == len(tasks), done.stdout + done.stderr
    return [{**json.JSONDecoder().raw_decode(text)[0], "state": state} for state, text in zip(found_states, results)]


def answer(*results):
    """What the host sent, of one result."""
    [result] = results
    assert result["state"] == "SUCCESS" and result["changed"] is False
    check(json.loads(unpack(result["packed"])))
    return json.loads(unpack(result["packed"]))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("pwsh")


@pytest.fixture(scope="module")
def nothing(scratch):
    """The answer of a host on which no source of Windows answers, in check mode, which changes nothing of it."""
    return answer(*run(scratch, {"gather": EVERYTHING, "diagnose": ["W3SVC"], "plan": True}, words=["--check"]))


@pytest.fixture(scope="module")
def stand_ins(scratch):
    """The variables with which PowerShell finds stand-ins, and tables for them."""
    if not shutil.which("gcc"):
        pytest.skip("stand-ins for the DLLs of Windows: apt-get install gcc")
    folder = scratch / "dlls"
    folder.mkdir()
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / "windows.so", API / "windows.c"], check=True)
    for name in ("advapi32", "iphlpapi", "kernel32", "ntdll", "rpcrt4"):
        (folder / ("%s.dll.so" % name)).symlink_to("windows.so")
    for name in TABLES:
        tables.listeners(folder, name, ROWS[name])
    tables.routes(folder, [("0.0.0.0/0", 4, "192.0.2.1")])
    return {"LD_LIBRARY_PATH": str(folder), "REPLAY": str(folder)}


def test_where_nothing_answers_nothing_is_said_to_be_there(nothing):
    parts = ("tcp4", "tcp6", "udp4", "udp6", "connections", "services", "displays", "dependents", "portproxy", "http",
             "rpc", "models", "routes", "networks", "nat", "events")
    assert {part: nothing[part] for part in parts} == dict.fromkeys(parts)
    assert nothing["excluded"] == nothing["dynamic"] == dict.fromkeys(TABLES)
    firewall = nothing["firewall"]
    assert firewall["stores"] == dict.fromkeys(("local", "gpo", "mdm", "static", "configurable"))
    assert firewall["profiles"] == dict.fromkeys(("local", "gpo", "mdm"))
    parts = ("effective", "products", "providers", "consec")
    assert {part: firewall[part] for part in parts} == dict.fromkeys(parts)


def test_each_source_says_why_it_has_nothing(nothing):
    wanted = {"tcp4", "tcp6", "udp4", "udp6", "connections", "processes", "services", "dependents", "portproxy", "http",
              "rpc", "models", "routes", "networks", "nat", "events", "os", "namespaces", "outgoing", "raw",
              *("%s.%s" % (part, name) for part in ("excluded", "dynamic") for name in TABLES),
              *("firewall.stores.%s" % store for store in ("local", "gpo", "mdm", "static", "configurable")),
              *("firewall.profiles.%s" % store for store in ("local", "gpo", "mdm")),
              *("firewall.%s" % part for part in ("effective", "products", "providers", "consec"))}
    assert {source for source, _number, _text in nothing["errors"]} - {"interfaces"} == wanted
    for source, number, text in nothing["errors"]:
        assert 0 < number < 2 ** 32 and re.fullmatch(r"[A-Za-z0-9.]+", text), source


def test_what_every_system_has_is_told(nothing):
    system = nothing["os"]
    assert (system["version"], system["kind"], system["language"]) == ("", None, "FullLanguage")
    assert system["process_bits"] == system["system_bits"] == 64
    assert any("127.0.0.1/8" in interface["addresses"] for interface in nothing["interfaces"])
    assert nothing["schema"] == 1 and nothing["gather"] == EVERYTHING


@pytest.fixture(scope="module")
def answers(scratch, stand_ins):
    """The results of two tasks of one run."""
    return run(scratch, {"gather": ["owners", "firewall"], "diagnose": ["w3svc"]}, {"max_sockets": 4}, **stand_ins)


def test_stand_ins_answer_as_under_mono(answers):
    raw = answer(answers[0])
    assert {name: raw[name] for name in TABLES} == SENT
    assert (raw["os"]["version"], raw["os"]["kind"]) == ("10.0.20348", 3)
    assert raw["routes"] == [[2, "00000000", 0, 4, "c0000201"]] and raw["rpc"] == [135, 49664]
    assert raw["services"][:2] == [["Dnscache", 944, 32, 4, 2, 1, 0, 0], ["PolicyAgent", 944, 32, 4, 3, 0, 0, 0]]
    assert raw["displays"] == {"W3SVC": "\u0130nternet"}
    assert [row[:5] for row in raw["processes"] if row[0] == 944] == [
        [944, 700, "svchost.exe", "C:\\Windows\\System32\\svchost.exe", 133500000000000007]]
    # no SIDs here: .NET has them on Windows alone
    assert ["processes", 0x80131539, "PlatformNotSupportedException"] in raw["errors"]


def test_the_same_bytes_in_turkish(scratch, stand_ins, answers):
    [turkish] = run(scratch, {"max_sockets": 4}, language="tr_TR.UTF-8", **stand_ins)
    looks = [re.sub(r'"now":[0-9]+', "", unpack(result["packed"])) for result in (answers[1], turkish)]
    assert looks[0] == looks[1]


def test_sockets_beyond_the_limit(answers):
    raw = answer(answers[1])
    assert [len(raw[name]) for name in TABLES] == [3, 1, 0, 0] and ["sockets", 9, "max_sockets"] in raw["errors"]


def test_options_that_are_refused(scratch):
    wanted = [
        ({"max_sockets": 0}, "max_sockets must be at least 1, not 0"),
        ({"collector": "netlink"}, "collector is netlink, and a Windows host has none but auto"),
        ({"gather": ["sockets"]}, "value of gather must be one or more of"),
    ]
    for (arguments, text), result in zip(wanted, run(scratch, *(arguments for arguments, _text in wanted))):
        assert result["state"] == "FAILED!" and text in result["msg"] and "packed" not in result, arguments


def test_the_options_are_those_of_other_hosts():
    """And ``plan``, in whose place others have a module of its own."""
    script = ("$ast = [System.Management.Automation.Language.Parser]::ParseFile($args[0], [ref]$null, [ref]$null); "
              "$found = $ast.Find({ $args[0] -is [System.Management.Automation.Language.HashtableAst] }, $true); "
              "ConvertTo-Json -Depth 9 -InputObject $found.SafeGetValue()")
    done = subprocess.run([found.powershell(), "-NoProfile", "-CommandWithArgs", script, MODULE], capture_output=True,
                          text=True, check=True, env={**os.environ, **QUIET}, timeout=60)
    spec = json.loads(done.stdout)
    assert spec.pop("supports_check_mode") is True
    assert spec == {"options": {**ARGUMENTS, "plan": {"type": "bool", "default": False}}}


@pytest.fixture(scope="module", params=[4, 1, 0])
def asked(request):
    """The state of WinNat, and what the functions ask that no other machine can answer, where stand-ins do."""
    done = subprocess.run([found.powershell(), "-NoProfile", "-NonInteractive", "-File", HERE / "sources.ps1", MODULE,
                           str(request.param)], capture_output=True, text=True, check=False, timeout=120,
                          env={**os.environ, **QUIET, "TZ": "Asia/Tokyo"})
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    return request.param, json.loads(done.stdout)


def test_the_log_is_read_from_its_end_until_there_is_enough(asked):
    _state, said = asked
    log, kind, path = said["query"]
    assert (log, kind, said["reversed"], said["disposed"]) == ("System", "LogName", True, 1)
    assert said["log"] == "System " + path
    ids = re.fullmatch(r"\*\[System\[Provider\[@Name='Service Control Manager'\] and \((.*)\)\]\]", path).group(1)
    assert {int(one.removeprefix("EventID=")) for one in ids.split(" or ")} == EVENTS
    assert said["taken"] == [[number, said["instant"], 'List`1 DNS "Client",%d,System.Byte[]' % number]
                             for number in (7000, 7031, 7034)]
    assert said["put"]["events"] == "events"


def test_nat_is_asked_only_where_its_driver_runs(asked):
    state, said = asked
    assert said["asked"] == "WinNat"
    assert said["put"]["nat"] == {
        "mappings": [["6", "0.0.0.0/8080", "172.20.0.2/80"]] if state == 4 else []}
    assert said["cim"] == (["root/StandardCimv2 MSFT_NetNatStaticMapping"] if state == 4 else [])


def test_what_is_sent_for_us_is_small():
    """Ansible sends scripts as base64, and does not compress them: the second figure is what goes over the wire."""
    ours = [path.read_bytes() for path in [MODULE, *(path for path in UTILITIES if path.stem != "_WinStop")]]
    assert len(zlib.compress(b"".join(ours), 9)) <= 20000
    assert sum(len(base64.b64encode(text)) for text in ours) <= 120000
