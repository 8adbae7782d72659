# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services of the Windows test host below Wine that are stopped, or left, by Ansible as it comes.

Nothing is stopped where a socket has no known owner, and Wine tells none of those of other hosts in the same network:
this file has a run, and a network, of its own.
"""

import json

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import by_hand
from stage.hosts import Powershell
from support.player import play, told
from test_replayed import task

# sshd is protected by its name; Needs cannot do without Needed; Stubborn does not stop; a role closes Unwanted
PORTS = {"Alone": 8201, "Needed": 8202, "Needs": 8203, "sshd": 8204, "Stubborn": 8205, "Unwanted": 8207}
PROGRAM = "tcp/0.0.0.0:8206"            # of a program that is no service
NEEDS = r"HKLM:\SYSTEM\CurrentControlSet\Services\Needs"
RUNS, STOPPED = ("Running", "Automatic"), ("Stopped", "Disabled")


def ids(name):
    """The listeners of a service."""
    return ["%s/0.0.0.0:%d" % (protocol, PORTS[name]) for protocol in ("tcp", "udp")]


def endpoints(name):
    """The same, as the tables of sockets have them."""
    return ["%s4/00000000/%d" % (protocol, PORTS[name]) for protocol in ("tcp", "udp")]


@pytest.fixture(scope="module")
def services(windows):
    """The host, with these services running."""
    for name, port in PORTS.items():
        windows.add_service(name, name.lower() + ".exe", port, stops=name != "Stubborn")
    windows.run("Set-ItemProperty -Path %s -Name DependOnService -Type MultiString -Value Needed\n"
                "Start-Service -Name %s" % (NEEDS, ", ".join(PORTS)))
    windows.listen("stray.exe", PROGRAM)
    return windows


@pytest.fixture
def seen(player, services):
    """What tasks return on the host.

    :param by: the name of the program that the connection came by
    """
    def see(*tasks, by="wsmprovhost.exe"):
        host = Powershell("win-1", [services.powershell[0], str(services.program(by))])
        player.play([host], play(*tasks))
        return told(player, host)
    return see


def states(host, *names):
    """The state and the start type of services, by their names."""
    lines = host.run("Get-Service -Name %s | ForEach-Object -Process { \"$($_.Name) $($_.Status) $($_.StartType)\" }"
                     % ", ".join(names)).splitlines()
    return {name: (status, start) for name, status, start in map(str.split, filter(str.strip, lines))}


def stopping(listeners, register="seen", check=False, **options):
    options = {"windows": "experimental", **options}
    return {**task("stop_listener", register, listeners=listeners, **options), "check_mode": check}


def reasons(result):
    return {row["listener"]: row["reason"] for row in result["listeners"]}


def test_what_is_left(seen, services):
    """Why is told of each, nothing is stopped, and by default nothing would be."""
    named = [*ids("Needed"), *ids("sshd"), PROGRAM, ids("Alone")[0]]
    results = seen(stopping(named), stopping(ids("Alone"), "asked", protected=["ALONE.*"]),
                   stopping(ids("Alone"), "never", windows="never"))
    assert reasons(results["seen"]) == {
        **dict.fromkeys(ids("Needed"), "dependents"), **dict.fromkeys(ids("sshd"), "protected"),
        PROGRAM: "plain_process", ids("Alone")[0]: "serves_others"}
    abouts = {row["listener"]: row["about"] for row in results["seen"]["listeners"]}
    assert abouts[ids("Needed")[0]] == {"unit": "Needed", "others": ["Needs"]}
    assert abouts[ids("Alone")[0]] == {"unit": "Alone", "others": ids("Alone")[1:]}
    assert (results["seen"]["status"], results["seen"]["changed"]) == ("unchanged", False)
    assert set(reasons(results["asked"]).values()) == {"protected"}
    assert (results["never"]["status"], results["never"]["failed"]) == ("refused", True)
    assert set(reasons(results["never"]).values()) == {"by_hand"}
    assert states(services, *PORTS) == dict.fromkeys(PORTS, RUNS)


def test_the_connection_in_use(seen, services):
    """It came by WinRM or sshd, whose programs are ancestors of what looks, or nobody knows by what."""
    [unknown] = seen(stopping(ids("Alone")), by="unheard-of.exe").values()
    assert set(reasons(unknown).values()) == {"in_use"} and unknown["status"] == "unchanged"
    [known] = seen(stopping(ids("Alone"), check=True), by="sshd.exe").values()
    assert (known["status"], known["units"]) == ("planned", ["Alone"]), known["msg"]
    assert states(services, "Alone") == {"Alone": RUNS}


def test_the_host_checks_all_of_it_once_more(seen, services):
    """What a moment ago was a service that could be stopped may be another one, or serve others."""
    pid, began = services.run(
        "Get-Process -Name alone | ForEach-Object -Process { \"$($_.Id) $($_.StartTime.ToFileTimeUtc())\" }").split()
    service = {"name": "Alone", "pid": int(pid), "started": began, "endpoints": endpoints("Alone")}

    def asked(register, protected=(), remote=False, **other):
        return {"listening.ports.win_stop_listener": {
            "services": [{**service, **other}], "protected": list(protected), "remote": remote}, "register": register}

    results = seen(
        asked("younger", started=str(int(began) + 1)), asked("another_process", pid=int(pid) + 4),
        asked("no_such_service", name="Nobody"), asked("another_service", name="Needs"),
        asked("serves_more", endpoints=endpoints("Alone")[:1]), asked("named", protected=["x", "ALO*"]),
        asked("own_way_in", remote=True), by="unheard-of.exe")
    found = {}
    for name, result in results.items():
        [row] = json.loads(result["said"])["services"]
        found[name] = row["status"], row["reason"]
        assert result["changed"] is False
    assert found == {
        **dict.fromkeys(("younger", "another_process", "no_such_service", "another_service"), ("left", "changes")),
        "serves_more": ("left", "serves_others"), "named": ("left", "protected"), "own_way_in": ("left", "in_use")}
    assert states(services, "Alone") == {"Alone": RUNS}
    services.run("Restart-Service -Name Alone")
    [result] = seen(asked("seen")).values()
    [row] = json.loads(result["said"])["services"]
    assert (row["status"], row["reason"], result["changed"]) == ("left", "changes", False)
    assert states(services, "Alone") == {"Alone": RUNS}


@pytest.fixture
def close(player, services, tmp_path):
    """Runs the role close, by its playbook, where all but one of the services is declared; returns what it printed."""
    declared = {"expected_listeners": [
        {"name": "the rest", "ports": ["any/tcp", "any/udp"], "state": "optional", "where": "port != `8207`"}]}
    (tmp_path / "variables.json").write_text(json.dumps(declared), encoding="ascii")

    def run(*words):
        host = Powershell("win-1", [services.powershell[0], str(services.program("wsmprovhost.exe"))])
        done = player.play([host], "listening.ports.close", "-e", "@variables.json", *words)
        return " ".join(done.out.split()).replace("''", "'")
    return run


def test_a_role_stops_what_nobody_declared_where_that_is_switched_on(close, services):
    experimental = ("-e", "close_windows=experimental")
    assert "To have it back: %s" % by_hand.start("Unwanted", "automatic") in close(*experimental)
    assert states(services, *PORTS) == {**dict.fromkeys(PORTS, RUNS), "Unwanted": STOPPED}
    assert "changed=0" in close(*experimental)
    services.run(by_hand.start("Unwanted", "automatic").replace("; ", " -ErrorAction SilentlyContinue; "))


def test_services_are_stopped(seen, services):
    """Each that is alone in its process, the one that needs another before that; and again nothing is to be done."""
    results = seen(stopping(ids("Alone") + ids("Needs"), "first"), stopping(ids("Needed") + ids("Stubborn"), "then"),
                   stopping(ids("Alone") + ids("Needed"), "again"))
    assert (results["first"]["status"], results["first"]["changed"]) == ("kept", True), results["first"]["msg"]
    assert results["first"]["units"] == ["Alone", "Needs"]
    assert [row["about"] for row in results["first"]["listeners"]] == [{"start_type": "automatic"}] * 4
    # one that does not stop has its start type again, and fails the task; the others are stopped all the same
    assert (results["then"]["status"], results["then"]["code"]) == ("failed", "not_stopped"), results["then"]["msg"]
    assert (results["then"]["units"], results["then"]["changed"]) == (["Needed"], True)
    assert reasons(results["then"]) == {
        **dict.fromkeys(ids("Needed")), **dict.fromkeys(ids("Stubborn"), "not_stopped")}
    assert (results["again"]["status"], results["again"]["changed"]) == ("unchanged", False)
    assert set(reasons(results["again"]).values()) == {"gone"}
    assert states(services, *PORTS) == {
        **dict.fromkeys(("Alone", "Needs", "Needed"), STOPPED), **dict.fromkeys(("sshd", "Stubborn", "Unwanted"), RUNS)}
    # What a person is told to do has the same effect, and takes it back. Wine knows no delayed start, which Set-Service
    # sets as well
    back = results["then"]["msg"].rpartition("To have it back: ")[2]
    assert back == by_hand.start("Needed", "automatic")
    for command, state in ((back, RUNS), (by_hand.stop("Needed"), STOPPED)):
        services.run(command.replace("; ", " -ErrorAction SilentlyContinue; "))
        assert states(services, "Needed") == {"Needed": state}
