# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts of the workflow for Windows, as far as they go without Windows: what is compared is found to differ, and
what calls Windows calls what is in its place here.
"""

import copy
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import time

import pytest
import yaml

from ansible_collections.listening.ports.plugins.plugin_utils._facts import firewall, unpack
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts
from stage import found

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCRIPTS = HERE / "workflow"
needs_powershell = pytest.mark.skipif(found.powershell() is None, reason="scripts of the workflow: no pwsh here")
sys.path.append(str(SCRIPTS))
import compare  # noqa: E402
import draw  # noqa: E402
import verdicts  # noqa: E402


def powershell(script, *words, **options):
    """What a script prints in the PowerShell of this machine; it has to succeed."""
    done = subprocess.run([found.powershell(), "-NoProfile", "-NonInteractive", "-File", script, *words], text=True,
                          capture_output=True, check=False, timeout=120, **options)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    return done.stdout


def python(script, *words):
    """The exit code of a script, and what it prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path),
                   "PATH": os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])}
    done = subprocess.run([sys.executable, SCRIPTS / script, *map(str, words)], text=True, capture_output=True,
                          check=False, timeout=300, env=environment)
    return done.returncode, done.stdout + done.stderr


@needs_powershell
def test_what_ansible_sends_is_kept_and_runs(tmp_path):
    """In PowerShell for Linux it answers as a host of which nothing could be seen."""
    code, said = python("payload.py", tmp_path / "payload.json", found.powershell())
    assert code == 0, said
    code, said = python("look.py", tmp_path / "payload.json", tmp_path / "packed", found.powershell())
    assert code == 0, said
    facts = unpack.unpack((tmp_path / "packed").read_text(encoding="ascii")).facts
    assert facts["collector"] == "windows" and facts["complete"]["sockets"] is False
    # a file that is there already is not written over, and what fails is no look
    assert python("payload.py", tmp_path / "payload.json", found.powershell())[0] == 1
    code, said = python("look.py", tmp_path / "payload.json", tmp_path / "other", "/bin/false")
    assert code == 1 and "The module has failed with 1" in said and not (tmp_path / "other").exists()


@needs_powershell
def test_known_listeners_listen_as_long_as_they_have_to(tmp_path):
    known, stop = tmp_path / "known.json", tmp_path / "stop"
    process = subprocess.Popen([found.powershell(), "-NoProfile", "-NonInteractive", "-File", SCRIPTS / "listeners.ps1",
                                known, stop], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        end = time.monotonic() + 60
        while not known.exists() or not known.read_text(encoding="utf-8-sig").strip():
            assert process.poll() is None and time.monotonic() < end, process.poll()
            time.sleep(0.2)
        told = compare.loaded(known)
        assert told["pid"] == process.pid and told["excluded"] == [] and len(told["listeners"]) == 10
        for one in told["listeners"]:
            families = [socket.AF_INET6] if ":" in one["address"] else [socket.AF_INET]
            for family in families + [socket.AF_INET] * one["dual"] if one["protocol"] == "tcp" else ():
                with socket.socket(family) as client:
                    client.settimeout(10)
                    client.connect(("::1" if family == socket.AF_INET6 else "127.0.0.1", one["port"]))
        for one in told["listeners"]:
            if one["protocol"] == "tcp" and one["address"] == "::" and not one["dual"]:
                with socket.socket() as client, pytest.raises(ConnectionRefusedError):
                    client.connect(("127.0.0.1", one["port"]))
    finally:
        stop.touch()
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 0, output


def seen(tmp_path, raw):
    """What a host has sent in a file, its facts, and what would be known of it if all of that was right."""
    packed = tmp_path / "packed"
    packed.write_text(raw_hosts.packed(raw), encoding="ascii")
    facts = firewall.judge(unpack.unpack(packed.read_text(encoding="ascii")))
    alone = [one for one in facts["listeners"] if len(one["owners"]) == 1 and not one["activated_by"]]
    pid = alone[0]["owners"][0]["pid"]
    of_http = [one for one in facts["listeners"] if one["activated_by"] == "http.sys" and len(one["owners"]) > 1]
    known = {"pid": pid, "http": 0, "excluded": [], "listeners": [
        {"protocol": one["protocol"], "address": one["address"], "port": one["port"], "dual": False} for one in alone
        if one["owners"][0]["pid"] == pid and one["family"] == "ipv4"]}
    system = {"endpoints": ["%s %s %d 0" % (one["protocol"], one["address"], one["port"])
                            for one in facts["listeners"]],
              "services": ["%d %s" % (row[1], row[0]) for row in raw["services"] if row[1]]}
    return facts, known, system, of_http


def test_what_was_seen_is_compared_with_what_listens(tmp_path):
    facts, known, system, of_http = seen(tmp_path, raw_hosts.iis())
    known["http"] = of_http[0]["port"]

    def said(change=lambda *parts: None):
        parts = copy.deepcopy((facts, known, system))
        for one in parts[0]["listeners"]:       # as if the script had that port, too
            if one["port"] == known["http"]:
                one.update(owners=[{"pid": 4}, {"pid": known["pid"]}], service=None)
        change(*parts)
        return list(compare.differences(*parts, False))

    assert said() == []
    first = known["listeners"][0]
    key = "%s %s:%d" % (first["protocol"], first["address"], first["port"])

    def one_of(facts):
        return next(one for one in facts["listeners"] if one["port"] == first["port"])

    assert key + " was not seen" in said(lambda facts, known, system: facts["listeners"].remove(one_of(facts)))
    assert any("has other owners" in line for line in said(
        lambda facts, known, system: one_of(facts)["owners"][0].update(pid=1)))
    assert any("is said to be of Nobody" in line for line in said(lambda facts, known, system: [
        one.update(service="Nobody") for one in facts["listeners"] if one["service"]]))
    assert "no listener has a service" in said(
        lambda facts, known, system: [one.update(service=None) for one in facts["listeners"]])
    assert "only Windows sees: tcp 0.0.0.0:4444" in said(
        lambda facts, known, system: system["endpoints"].append("tcp 0.0.0.0 4444 9"))
    assert any(line.startswith("only the module sees: ") for line in said(
        lambda facts, known, system: system["endpoints"].clear()))
    assert any("are set aside" in line for line in said(
        lambda facts, known, system: known.update(excluded=[47390, 47394])))
    assert any("is not that of http.sys" in line for line in said(
        lambda facts, known, system: [one.update(activated_by=None) for one in facts["listeners"]]))
    assert any("not all sockets were seen" in line for line in said(
        lambda facts, known, system: facts["complete"].update(sockets=False)))
    assert any("takes IPv4, too" in line for line in said(lambda facts, known, system: known["listeners"].append(
        {"protocol": "tcp", "address": "::", "port": first["port"], "dual": False})))


def test_who_is_no_administrator_must_not_know_more(tmp_path):
    facts, known, system, _of_http = seen(tmp_path, raw_hosts.no_admin())
    known["listeners"] = []
    assert list(compare.differences(facts, known, system, True)) == []
    open_to_all = copy.deepcopy(facts)
    for one in open_to_all["listeners"]:
        one["exposure"]["level"] = "none"
    said = list(compare.differences({**open_to_all, "gaps": []}, known, system, True))
    assert any("is said to be none" in line for line in said) and any("no gap owners_hidden" in line for line in said)


def test_the_script_that_compares_keeps_what_was_sent(tmp_path):
    """By itself, as the workflow runs it."""
    _facts, known, system, _of_http = seen(tmp_path, raw_hosts.no_admin())
    known["listeners"] = []
    for name, content in (("known", known), ("system", system)):
        (tmp_path / name).write_text("\ufeff" + json.dumps(content), encoding="utf-8")
    words = [tmp_path / name for name in ("known", "system", "packed", "fixture.json")]
    code, said = python("compare.py", *words, "hidden")
    assert code == 0 and "listeners are as they have to be" in said, said
    assert json.loads((tmp_path / "fixture.json").read_text(encoding="ascii"))["schema"] == 1
    code, said = python("compare.py", *words)
    assert code == 1 and "is not that of http.sys" in said


def test_rules_are_drawn_again_by_their_seed(tmp_path):
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        assert python("draw.py", seed, "40", tmp_path / name)[0] == 0
    texts = [(tmp_path / name).read_text(encoding="ascii") for name in "abc"]
    assert texts[0] == texts[1] != texts[2]
    drawn = json.loads(texts[0])
    assert len(drawn["rules"]) == len({rule["Name"] for rule in drawn["rules"]}) == 40
    assert {rule["Action"] for rule in drawn["rules"]} == {"Allow", "Block"}
    assert all("LocalPort" not in rule or rule["Protocol"] == "TCP" for rule in drawn["rules"])


def oracle(tmp_path):
    """A host that has rules which were drawn, and what a container would find if all verdicts were right."""
    raw = raw_hosts.server_2022()
    ports = sorted({row[1] for row in raw["tcp4"] if row[0] == "00000000" and row[3] != 4})[:4]
    drawn = {"ports": ports, "rules": [{"Name": "listening-ports-oracle-%03d" % number} for number in range(2)]}
    raw["firewall"]["stores"]["local"] = [
        ["listening-ports-oracle-000", "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=%d|Name=x|" % ports[0]],
        ["listening-ports-oracle-001", "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=%d|RA4=192.0.2.0/"
         "255.255.255.0|Name=x|" % ports[1]]]
    (tmp_path / "packed").write_text(raw_hosts.packed(raw), encoding="ascii")
    probed = {"container": "10.9.8.7", "ports": ports, "reached": [ports[0]],
              "enforced": ["%s True Enforced" % rule["Name"] for rule in drawn["rules"]]}
    return drawn, probed


def test_verdicts_are_compared_with_what_a_container_found(tmp_path):
    drawn, probed = oracle(tmp_path)
    packed = (tmp_path / "packed").read_text(encoding="ascii")

    def said(**changed):
        unpacked = unpack.unpack(packed)
        return list(verdicts.differences(firewall.judge(unpacked), unpacked.raw, drawn, {**probed, **changed}))

    assert said() == []
    first, second = probed["ports"][:2]
    assert [line.split(" by ")[0] for line in said(reached=[])] == [
        "port %d is said to be open for 10.9.8.7" % first]
    assert [line.split(" by ")[0] for line in said(reached=[first, second])] == [
        "port %d is said to be closed for 10.9.8.7" % second]
    assert said(container="192.0.2.9", reached=[first, second]) == []
    assert said(enforced=[]) == ["only the module sees: listening-ports-oracle-000, listening-ports-oracle-001"]
    assert said(ports=[1, *probed["ports"]])[0].startswith("port 1 is not one listener with an exposure")
    for name, content in (("drawn", drawn), ("probed", probed)):
        (tmp_path / name).write_text(json.dumps(content), encoding="ascii")
    assert python("verdicts.py", tmp_path / "drawn", tmp_path / "packed", tmp_path / "probed") == (
        0, "all verdicts are right\n")


def test_who_decides_nothing_is_not_right(tmp_path):
    drawn, probed = oracle(tmp_path)
    unpacked = unpack.unpack((tmp_path / "packed").read_text(encoding="ascii"))
    facts = firewall.judge(unpacked)
    for one in facts["listeners"]:
        one["exposure"].update(allowed=[], undecided=[{"sources": ["0.0.0.0/0"], "reason": "x"}])
    assert list(verdicts.differences(facts, unpacked.raw, drawn, probed)) == ["of 4 ports 4 are undecided"]


# In the place of Windows: what is there, and what was asked of it
STUBS = r"""
$asked = New-Object -TypeName System.Collections.ArrayList
function Note { param ($Name, $Values) [System.IO.File]::AppendAllText($env:ASKED, "$Name $($Values -join ' ')`n") }
function Get-NetTCPConnection { [pscustomobject]@{ LocalAddress = '::'; LocalPort = 135; OwningProcess = 904 } }
function Get-NetUDPEndpoint { [pscustomobject]@{ LocalAddress = '0.0.0.0'; LocalPort = 123; OwningProcess = 1120 } }
function Get-CimInstance {
    [pscustomobject]@{ Name = 'RpcSs'; ProcessId = 904 }
    [pscustomobject]@{ Name = 'x'; ProcessId = 0 }
}
function New-NetFirewallRule {
    param ($Group, $Name, $DisplayName, $Direction, $Action, $Protocol, $RemoteAddress, $Profile, $Enabled, $LocalPort,
        $Program)
    Note 'new' @($Name, $Action, $Protocol, $LocalPort, ($RemoteAddress -join ','), $Program, $Enabled)
}
function Remove-NetFirewallRule { Note 'remove' @() }
function Get-NetFirewallRule { [pscustomobject]@{ Name = 'a'; Enabled = 'True'; EnforcementStatus = 'Enforced' } }
function New-LocalUser { param ($Name, $Password) Note 'user' @($Name, $Password.GetType().Name) }
function Remove-LocalUser { param ($Name) Note 'no user' @($Name) }
function icacls { Note 'icacls' $args }
function Start-Process {
    param ($FilePath, $ArgumentList, $WorkingDirectory, $Credential, $RedirectStandardOutput, $RedirectStandardError,
        [switch]$PassThru, [switch]$Wait)
    Note 'start' @($FilePath, ($ArgumentList -join '/'), $WorkingDirectory, $Credential.UserName, $PassThru, $Wait)
    [System.IO.File]::WriteAllText($RedirectStandardOutput, 'said')
    [System.IO.File]::WriteAllText($RedirectStandardError, 'and complained')
    if ($env:LOOKED -eq '9') { throw 'it cannot be started' }
    [pscustomobject]@{ ExitCode = [int]$env:LOOKED }
}
function python { Note 'python' $args; $global:LASTEXITCODE = [int]$env:LOOKED }
function docker {
    Note 'docker' @($args | Select-Object -First 2)
    switch ("$($args[0]) $($args[1])") {
        'network inspect' { '[{"IPAM": {"Config": [{"Subnet": "127.0.0.0/8", "Gateway": "127.0.0.1"}]}}]' }
        'run --detach' { 'c0ffee' }
        'inspect c0ffee' { '[{"NetworkSettings": {"Networks": {"nat": {"IPAddress": "127.0.0.9"}}}}]' }
        'exec c0ffee' {
            $text = [System.Text.Encoding]::Unicode.GetString([System.Convert]::FromBase64String($args[-1]))
            & ([scriptblock]::Create($text))
        }
    }
}
"""


def in_place_of_windows(tmp_path, script, *words, **variables):
    """Runs a script where functions stand for what only Windows has; returns what was asked of these."""
    wrapped = tmp_path / "wrapped.ps1"
    call = "& '%s' %s" % (SCRIPTS / script, " ".join("'%s'" % word for word in words))
    wrapped.write_text("%s\n%s\nexit $LASTEXITCODE\n" % (STUBS, call))
    environment = {**os.environ, "ASKED": str(tmp_path / "asked"), "LOOKED": "0", **variables}
    done = subprocess.run([found.powershell(), "-NoProfile", "-NonInteractive", "-File", wrapped], text=True,
                          capture_output=True, check=False, timeout=120, env=environment)
    asked = (tmp_path / "asked").read_text() if (tmp_path / "asked").exists() else ""
    return done, asked.splitlines()


@needs_powershell
def test_what_windows_says_is_written(tmp_path):
    done, _asked = in_place_of_windows(tmp_path, "system.ps1", tmp_path / "system.json")
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert compare.loaded(tmp_path / "system.json") == {
        "endpoints": ["tcp :: 135 904", "udp 0.0.0.0 123 1120"], "services": ["904 RpcSs"]}


@needs_powershell
@pytest.mark.parametrize("looked", ["0", "1"])
def test_rules_are_tried_and_removed(tmp_path, looked):
    """Each as it was drawn; the container tries all ports, here over loopback; and nothing is left in any case."""
    rules = [draw.drawn(random.Random(number), number) for number in range(30)]
    drawn = tmp_path / "drawn.json"
    drawn.write_text(json.dumps({"ports": list(draw.PORTS), "rules": rules}))
    done, asked = in_place_of_windows(tmp_path, "firewall.ps1", drawn, tmp_path / "probed.json", "image", "payload",
                                      "packed", LOOKED=looked)
    made = [line for line in asked if line.startswith("new ")]
    assert len(made) == 30 and "@" not in "".join(made) and any("127.0.0.9" in line for line in made)
    assert [line for line in asked if line.startswith("python ")] == [
        "python %s payload packed powershell" % (SCRIPTS / "look.py")]
    assert asked[-2:] == ["remove ", "docker rm --force"]
    if looked == "1":
        assert done.returncode != 0 and not (tmp_path / "probed.json").exists()
        return
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert compare.loaded(tmp_path / "probed.json") == {
        "container": "127.0.0.9", "ports": list(draw.PORTS), "reached": list(draw.PORTS),
        "enforced": ["a True Enforced"]}


@needs_powershell
@pytest.mark.parametrize("code", [0, 3, 9])
def test_a_user_who_is_no_administrator_is_there_for_one_program(tmp_path, code):
    done, asked = in_place_of_windows(tmp_path, "as_user.ps1", tmp_path, "python", "look.py,a,b", LOOKED=str(code))
    assert asked == [
        "user listening-ports SecureString", "icacls %s /grant listening-ports:(OI)(CI)M" % tmp_path,
        "start python look.py/a/b %s listening-ports True True" % tmp_path, "no user listening-ports"]
    if code == 9:
        assert done.returncode != 0 and "it cannot be started" in done.stdout + done.stderr
    else:
        assert (done.returncode, done.stdout.split()) == (code, ["said", "and", "complained"])


def test_the_workflow_runs_files_that_are_there():
    text = (ROOT / ".github/workflows/windows.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(\w+\.(?:py|ps1))\b", text))
    assert named | {"probe.ps1"} == {path.name for path in SCRIPTS.glob("*.*") if path.suffix in (".py", ".ps1")}
    jobs = yaml.safe_load(text)["jobs"]
    assert set(jobs) == {"payload", "look", "firewall"}
    assert jobs["look"]["strategy"]["matrix"] == {"windows": ["2022", "2025"], "shell": ["powershell", "pwsh"]}
