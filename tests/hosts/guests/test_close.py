# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each way in which something may listen, on each release: what is closed, what is left and why, and what is told."""

import concurrent.futures
import json
import re

from support import crowd
from support.player import on_each, play, told

RELEASES = ["trixie", "bookworm", "bullseye"]
CONFIRM = 20            # seconds of a trial
KERNEL = "udp/0.0.0.0:4789"
CONTAINED = "tcp/0.0.0.0:80@docker:c0ffee00c0ff"
STAYS = (7055, 7443)    # nobody asks to close these
NOTHING = 9             # where nothing listens
# By the port: the units that are stopped, and what else is told
CLOSED = {
    7001: {"units": ["always.service"]},
    7002: {"units": ["passed.socket", "passed.service"]},
    7003: {"units": ["timed.timer", "timed.service"]},
    7007: {"units": ["numbered@7007.service"]},
    7008: {"units": ["legacy.service"]},
    7009: {"units": ["pulled.service"], "again": [{"by": "wanted", "units": ["pulls.service"]}]},
    7011: {"units": ["wrapped.service"]},
    7018: {"units": ["called.service"], "again": [{"by": "dbus", "units": ["org.example.Called"]}]},
    7023: {"units": ["packaged.service"]},
    7025: {"units": ["store.service"], "bystanders": ["worker.service"],
           "again": [{"by": "wanted", "units": ["worker.service"]}]},
}
UPHELD = {"status": "left", "reason": "upheld", "about": {"unit": "upheld.service", "by": ["upholder.service"]}}
GONE = {"status": "left", "reason": "gone"}
LEFT = {
    22: {"reason": "in_use", "about": {"by": "port", "port": 22}},
    crowd.SECOND_SSH: {"reason": "in_use", "about": {"by": "process", "process": "sshd"}},
    7027: {"reason": "in_use", "about": {"by": "unit", "unit": "ssh.service"}},
    7005: {"reason": "bystanders", "about": {"unit": "database.service", "others": ["shop.service"]}},
    7006: {"reason": "process", "about": {"why": "spared", "process": "listens", "unit": "spares.service"}},
    7010: {"reason": "process", "about": {"why": "transient", "process": "listens", "unit": "passing.service"}},
    7012: {"reason": "process", "about": {"why": "cron", "process": "harvester", "unit": "cron.service"}},
    7013: {"reason": "process", "about": {"why": "session", "process": "listens", "unit": "session.scope"}},
    7014: {"reason": "user_unit", "about": {"unit": "own.service", "user": "ansible"},
           "command": "runuser -u ansible -- env XDG_RUNTIME_DIR=/run/user/1000 systemctl --user stop -- own.service"},
    7015: {"reason": "container", "about": {"container": "docker:c0ffee00c0ff"}, "command": "docker stop c0ffee00c0ff"},
    7017: {"reason": "supervised", "about": {"by": "supervisord"}},
    7019: {"reason": "refuses", "about": {"unit": "steady.service", "by": "stop"}},
    7020: {"reason": "protected", "about": {"why": "asked", "name": "backup-agent.service"}},
    7021: {"reason": "process", "about": {"why": "scope", "process": "listens", "unit": "left.scope"}},
    7022: {"reason": "process", "about": {"why": "none", "process": "listens"}},
    7024: {"reason": "process", "about": {"why": "cron", "process": "listens", "unit": "atd.service"}},
    7080: {"reason": "serves_others", "about": {"unit": "nginx.service", "others": ["tcp/0.0.0.0:7443"]}},
    KERNEL: {"reason": "kernel", "about": {"made_by": "vxlan vxlan42"}, "command": "ip link set vxlan42 down"},
    CONTAINED: {"reason": "namespace"},
}
BARE = (7006, 7010, 7012, 7013, 7021, 7022, 7024)     # the processes of no unit, by their ports
# What is there again after a reboot: what was left and is enabled, and what was told to come back
BACK = {7005, 7009, 7012, 7017, 7019, 7020, 7025, 7027, 7080, 7443}
GUARDED = {"protected": ["backup-*"]}
NOT_ASKED = "and ending processes was not asked for"
# By the port, what is told of it before it is done
WOULD_CLOSE = {
    7001: "always.service would be stopped and disabled",
    7002: "passed.socket and passed.service would be stopped and disabled",
    7003: "timed.timer and timed.service would be stopped and disabled",
    7007: "numbered@7007.service would be stopped and disabled",
    7008: "legacy.service would be stopped and disabled",
    7009: "pulled.service would be stopped and disabled; pulls.service starts it again when started itself",
    7011: "wrapped.service would be stopped and disabled",
    7018: "called.service would be stopped and disabled; org.example.Called starts it again when called by D-Bus",
    7023: "packaged.service would be stopped and disabled",
    7025: "store.service would be stopped and disabled; with it would stop worker.service, which cannot do without; "
          "worker.service starts it again when started itself",
}
LEFT_FOR = {
    22: "the connection in use came by it",
    crowd.SECOND_SSH: "the connection in use depends on sshd (N)",
    7027: "the connection in use depends on ssh.service",
    7005: "with database.service stops what serves others, or is protected: shop.service",
    7006: "listens (N) is in spares.service, and would outlive it, " + NOT_ASKED,
    7010: "listens (N) is in passing.service, which could not be started again, " + NOT_ASKED,
    7012: "harvester (N) was started by cron.service, which is not stopped for it, " + NOT_ASKED,
    7013: "listens (N) is in a login session, " + NOT_ASKED,
    7014: "it belongs to own.service of the systemd of the user ansible. To do: runuser -u ansible -- env "
          "XDG_RUNTIME_DIR=/run/user/1000 systemctl --user stop -- own.service",
    7015: "it belongs to a container, docker:c0ffee00c0ff, and these are not stopped here. To do: docker stop "
          "c0ffee00c0ff",
    7017: "supervisord starts it again at once",
    7019: "steady.service may not be stopped by hand (RefuseManualStop=)",
    7020: 'backup-agent.service is protected by the option "protected"',
    7021: "listens (N) is in left.scope, which is no service, " + NOT_ASKED,
    7022: "listens (N) is in no unit that stops it, " + NOT_ASKED,
    7024: "listens (N) was started by atd.service, which is not stopped for it, " + NOT_ASKED,
    7080: "nginx.service also serves what stays: tcp/0.0.0.0:7443",
    KERNEL: 'the kernel listens there, for "vxlan vxlan42". To do: ip link set vxlan42 down',
    CONTAINED: "it is in another network namespace",
}
IS_ENDED = {
    **dict.fromkeys(BARE, "listens (N) is ended"),
    7012: "harvester (N) is ended; /etc/cron.d/crowd starts it again at boot, by cron",
}
STATE = r"""
ss -Hlntu | awk '{print $1, $5}' | sort -u
systemctl list-units --all --no-legend --plain --type=service,socket,timer,path | awk '{print $1, $3}' |
    grep -v '^run-\|^user@0\|^user-runtime-dir@0\|^systemd-tmpfiles' | sort
find /etc /run/systemd/system /run/listening-ports '(' -type f -o -type l ')' -printf '%p %m %s %t %l\n' -o \
    -printf '%p %m\n' 2>&1 | sort
"""


def tcp(port):
    """The id of what listens on a port, or what is one already."""
    return "tcp/0.0.0.0:%d" % port if isinstance(port, int) else port


def asked(release):
    """What is asked to be closed, with what is expected of it: dict from the id to a row."""
    rows = {tcp(port): {"status": "closed", **row} for port, row in CLOSED.items()}
    rows.update((tcp(port), {"status": "left", **row}) for port, row in LEFT.items())
    # systemd knows Upholds= from version 249 on
    rows[tcp(7004)] = {"status": "closed", "units": ["upheld.service"]} if release == "bullseye" else UPHELD
    return {**rows, "tcp/[::]:22": rows[tcp(22)], tcp(NOTHING): GONE}


ASKED = list(asked("trixie"))
PLAN = {"listening.ports.plan_listeners": {"actions": ["close"], "expected": [{"name": "ssh", "port": 22}]},
        "ignore_errors": True}
UNBOOTED = {
    **dict.fromkeys((7001, 7008), "systemd has not booted this host, so its unit cannot be stopped"),
    7002: "systemd is a part of the system that all of it depends on",
}
# what whoever is not root is told
UNSEEN = [
    "nothing is planned.", "Left as it is:",
    "  incomplete: nothing is stopped, since not all of the owners could be observed: N processes could not be "
    "inspected; N listeners have no visible owner. To do: become."]


def close(name, *listeners, **options):
    """A task that closes listeners, by their ports or ids; its result is written down."""
    given = {"confirm": CONFIRM, "listeners": [tcp(listener) for listener in listeners], **options}
    return {"listening.ports.stop_listener": given, "register": name, "ignore_errors": True}


def by_sudo(host):
    """Variables of a play in which this host is reached by sudo, and all others as root."""
    return {"ansible_user": "{{ 'ansible' if inventory_hostname == '%s' else 'root' }}" % host.name,
            "ansible_become": "{{ inventory_hostname == '%s' }}" % host.name}


def outcome(result):
    """What came of a task: its status, the code and whether it has changed something."""
    assert bool(result.get("failed")) == (result["status"] in ("refused", "busy", "reverted", "failed")), result
    return result["status"], result["code"], result["changed"]


def rows(result):
    """The rows of a result by their listeners: what they say that is the same whenever and wherever they are made."""
    made = {}
    for row in result["listeners"]:
        said = {key: value for key, value in row.items() if value not in (None, [], {}) and key not in (
            "listener", "processes")}
        about = {key: "session.scope" if str(value).startswith("session-") else value
                 for key, value in row["about"].items() if key != "pid"}
        made[row["listener"]] = dict(said, about=about) if about else said
    return made


def in_words(result):
    """The message of a result: its first line, what is told of each listener, and what follows; pids are N."""
    first, *lines = re.sub(r"\(\d+\)", "(N)", result["msg"].partition(": ")[2]).splitlines()
    of_each = [re.fullmatch(r"\d+\. (\S+ \S+) (.*)\.", line) for line in lines]
    return (first, {match.group(1).replace(" ", "/"): match.group(2) for match in of_each if match},
            [line for line, match in zip(lines, of_each) if not match])


def each(beginning, sentences):
    """What in_words() has of listeners of which the same is told in the beginning."""
    return {tcp(port): "%s: %s" % (beginning, sentence) for port, sentence in sentences.items()}


def state(host):
    """What listens, what units there are, and all files that decide on what starts: list of str."""
    return host.console("sh", "-c", STATE).out.splitlines()


def listening(host):
    """The ports from 7000 to 7999 on which something listens."""
    ports = host.console("sh", "-c", "ss -Hltn | awk '{print $4}' | sed 's/.*://'").out.split()
    return {int(port) for port in ports if port.startswith("7")}


def enabled(host, *units):
    """What systemctl says of these units, in order."""
    return host.console("systemctl", "is-enabled", *units, check=False).out.split()


def is_trying(host):
    """Whether there is anything by which a trial would go on."""
    units = host.console("systemctl", "list-units", "--all", "--no-legend", "listening-ports*").out
    noted = host.console("cat", "/run/listening-ports/stopping.json", check=False)
    return bool(units) or (noted.code == 0 and json.loads(noted.out)["phase"] != "kept")


def test_each_is_closed_by_its_owner_or_left_with_the_reason(hosts, player):
    made = hosts(3, release=RELEASES)
    on_each(made, crowd.gather)
    ways = by_sudo(made[1])
    before = on_each(made, state)
    player.play(made, play(
        {**close("denied", *ASKED, **GUARDED), "vars": {"ansible_user": "ansible", "ansible_become": False}},
        {**close("planned", *ASKED, **GUARDED), "check_mode": True},
        {**close("closing", *CLOSED), "check_mode": True},
        {**close("leaving", *LEFT, **GUARDED), "check_mode": True},
        {**close("upheld", 7004), "check_mode": True},
        {**close("unbooted", 7001, 7002, 7008), "check_mode": True,
         "vars": {"ansible_python_interpreter": crowd.UNBOOTED}},
        {**PLAN, "register": "unseen", "vars": {"ansible_user": "ansible", "ansible_become": False}}, **ways))
    assert on_each(made, state) == before
    for host in made:
        results = told(player, host)
        assert outcome(results["denied"]) == ("refused", "no_root", False), results["denied"]
        assert results["denied"]["msg"] == host.name + (
            ": only root can see who listens, and stop it: use become. Nothing was stopped")
        assert outcome(results["planned"]) == ("planned", None, True), results["planned"]
        assert rows(results["planned"]) == asked(host.release)
        assert in_words(results["closing"]) == (
            "10 listeners would be closed.", each("would be closed", WOULD_CLOSE), [])
        assert in_words(results["leaving"]) == ("19 listeners are left.", each("is left", LEFT_FOR), [])
        assert results["upheld"]["msg"].splitlines()[1] == "1. tcp 0.0.0.0:7004 %s." % (
            "would be closed: upheld.service would be stopped and disabled" if host.release == "bullseye" else
            "is left: upholder.service starts upheld.service again at once (Upholds=)")
        assert in_words(results["unbooted"]) == ("3 listeners are left.", each("is left", UNBOOTED), [])
        assert (results["unseen"]["failed"], results["unseen"]["status"]) == (True, "incomplete"), results["unseen"]
        assert re.sub(r"\d+", "N", results["unseen"]["msg"].partition(": ")[2]).splitlines() == UNSEEN
    player.play(made, play(close("closed", *ASKED, **GUARDED), close("again", *ASKED, **GUARDED),
                           close("ended", *BARE, processes=True), **ways))
    for host in made:
        results, expected = told(player, host), asked(host.release)
        assert outcome(results["closed"]) == ("kept", None, True), results["closed"]
        assert rows(results["closed"]) == expected
        assert outcome(results["again"]) == ("unchanged", None, False), results["again"]
        assert rows(results["again"]) == {name: GONE if row["status"] == "closed" else row
                                          for name, row in expected.items()}
        assert outcome(results["ended"]) == ("kept", None, True), results["ended"]
        assert in_words(results["ended"]) == ("7 listeners are closed.", each("is closed", IS_ENDED), [])
        assert not [name for result in results.values() for name in result.get("warnings") or ()]
        closed = {port for port in crowd.PORTS if expected.get(tcp(port), {}).get("status") == "closed"}
        assert listening(host) == {*crowd.PORTS} - closed - {*BARE}
        assert not is_trying(host)
        # what is to be done for two others does it
        for name in (7014, KERNEL):
            host.console("sh", "-c", LEFT[name]["command"])
        assert not host.console("ss", "-Hltun", "sport = 7014 or sport = 4789").out
        # nobody answers, but it is started
        host.console("busctl", "--timeout=1", "call", *("org.example.Called", "/", "org.example.Called", "Ping"),
                     check=False)
        host.wait_for(crowd.listens(7018))
    on_each(made, lambda host: host.reboot())
    on_each(made, lambda host: host.wait_for(crowd.listens(*BACK)))
    assert [listening(host) for host in made] == [BACK] * 3


# Whoever ends the program has a new one soon
RESTARTS = "while :; do %s 7032; sleep 0.2; done" % crowd.LISTENER


# What is started by programs that others have written, see ../images/managed.packages
MANAGED = r"""
mkdir -p /run/web/bin
cp /bin/busybox /run/web/bin/httpd
tar -C /run/web -c . | podman import --quiet - web
podman run --detach --name published --publish 0.0.0.0:7180:80 web /bin/httpd -f -p 80
podman run --detach --name shared --network host web /bin/httpd -f -p 0.0.0.0:7181
printf '[program:web]\ncommand=/usr/bin/python3 -m http.server 7182\n' > /etc/supervisor/conf.d/web.conf
systemctl enable --quiet --now supervisor atd
echo 'exec python3 -m http.server 7183 > /dev/null 2>&1' | at now
"""
AT, SUPERVISED, SHARED, PUBLISHED = 7183, 7182, 7181, 7180


def test_what_others_have_started_is_left_to_them(hosts, player):
    host, = hosts(1, release="trixie+managed")
    host.console("bash", "-eu", "-o", "pipefail", stdin=MANAGED)
    ports = (AT, SUPERVISED, SHARED, PUBLISHED)
    host.wait_for(crowd.listens(*ports), 2 * 60)
    identity = {name: host.console("podman", "inspect", "--format", "{{.ID}}", name).out[:12]
                for name in ("shared", "published")}
    player.play([host], play({"listening.ports.listener_facts": {"gather": ["owners", "namespaces"]},
                              "register": "facts"}))
    ids = [listener["id"] for listener in told(player, host)["facts"]["ansible_facts"]["ansible_listening_ports"][
        "listeners"]]
    inside, = (name for name in ids if name.endswith("@podman:" + identity["published"]))
    player.play([host], play(close("left", *ports, inside)))
    left = told(player, host)["left"]
    assert outcome(left) == ("unchanged", None, False), left
    stops = {name: "podman stop %s" % known for name, known in identity.items()}
    assert in_words(left) == ("5 listeners are left.", each("is left", {
        AT: "python3 (N) was started by atd.service, which is not stopped for it, " + NOT_ASKED,
        SUPERVISED: "supervisord starts it again at once",
        SHARED: "it belongs to a container, podman:%s, and these are not stopped here. To do: %s" % (
            identity["shared"], stops["shared"]),
        PUBLISHED: "it belongs to a container, podman:%s, and these are not stopped here. To do: %s" % (
            identity["published"], stops["published"]),
        inside: "it is in another network namespace",
    }), [])
    # so it is: supervisord starts it again, and what is to be done does it
    pid, = (process["pid"] for process in left["listeners"][1]["processes"])
    host.console("kill", str(pid))
    host.wait_for("! test -e /proc/%d && %s" % (pid, crowd.listens(SUPERVISED)))
    for name, rest in (("shared", {AT, SUPERVISED, PUBLISHED}), ("published", {AT, SUPERVISED})):
        host.console("sh", "-c", stops[name])
        assert listening(host) == rest
    # whoever does not believe it is told who does that
    player.play([host], play(close("closed", AT, SUPERVISED, processes=True, despite=["supervised"])))
    closed = told(player, host)["closed"]
    assert outcome(closed) == ("failed", "listens", True), closed
    assert in_words(closed) == (
        "1 listener still listens, 1 is closed.",
        {tcp(SUPERVISED): "listens again: python3 (N), started by supervisor.service",
         **each("is closed", {AT: "python3 (N) is ended"})}, [])
    assert listening(host) == {SUPERVISED}


def test_what_survives_or_comes_back_fails_the_task_by_name(host, player):
    crowd.gather(host)
    host.console("systemctl", "enable", "--quiet", "--now", "deaf.service")
    host.console("setsid", "-f", "sh", "-c", "exec sh -c '%s' >/dev/null 2>&1 </dev/null" % RESTARTS)
    host.wait_for(crowd.listens(7030, 7032))
    player.play([host], play(
        close("at_once", 7008, confirm=0), close("masked", 7001, 7023, mask=True),
        close("despite", 7005, 7080, despite=["bystanders", "serves_others"]),
        close("survived", 7025, 7030, confirm=0), close("upheld", 7004, 7011, despite=["upheld"]),
        close("restarted", 7022, 7032, processes=True)))
    results = told(player, host)
    back = "To have it back: %ssystemctl enable --now -- %s"
    ways = {name: (outcome(result)[0], result.get("warnings"), *in_words(result)) for name, result in results.items()}
    assert ways["at_once"] == (
        "kept", None, "1 listener is closed.", each("is closed", {7008: "legacy.service is stopped and disabled"}),
        [back % ("", "legacy.service")])
    assert ways["masked"] == (
        "kept", ["always.service cannot be masked: its file is in /etc/systemd/system"], "2 listeners are closed.",
        each("is closed", {7001: "always.service is stopped and disabled",
                           7023: "packaged.service is stopped and disabled"}),
        [back % ("systemctl unmask -- always.service packaged.service && ", "always.service packaged.service")])
    assert enabled(host, "always.service", "packaged.service") == ["disabled", "masked"]
    assert ways["despite"] == (
        "kept", None, "2 listeners are closed.",
        each("is closed", {7005: "database.service is stopped and disabled; with it stops shop.service, which cannot "
                                 "do without; with it ends tcp/0.0.0.0:7055, which nobody asked to close",
                           7080: "nginx.service is stopped and disabled; with it ends tcp/0.0.0.0:7443, which nobody "
                                 "asked to close"}),
        [back % ("", "database.service nginx.service")])
    still = "1 listener still listens, 1 is closed."
    assert ways["survived"] == (
        "failed", None, still,
        {tcp(7030): "still listens, although deaf.service is stopped: listens (N)",
         **each("is closed", {7025: "store.service is stopped and disabled; with it stops worker.service, which cannot "
                                    "do without; worker.service starts it again when started itself"})},
        [back % ("", "deaf.service store.service")])
    assert enabled(host, "deaf.service", "store.service") == ["disabled"] * 2
    assert ways["upheld"] == (
        "failed", ["upheld.service is started again by something else, and left enabled as before"], still,
        {tcp(7004): "listens again: listens (N), started by upheld.service",
         **each("is closed", {7011: "wrapped.service is stopped and disabled"})},
        [back % ("", "upheld.service wrapped.service")])
    assert ways["restarted"] == (
        "failed", None, still, {tcp(7032): "listens again: listens (N), started by sh",
                                **each("is closed", {7022: "listens (N) is ended"})}, [])
    closed = {7001, 7005, 7008, 7011, 7022, 7023, 7025, 7055, 7080, 7443}
    assert listening(host) == {*crowd.PORTS, 7030, 7032} - closed
    assert not is_trying(host)


def test_what_logins_depend_on_comes_back_and_stays_enabled(hosts, player):
    made = hosts(3, release=RELEASES)
    on_each(made, crowd.depend)
    waits, reboots, sudo = made
    with concurrent.futures.ThreadPoolExecutor() as pool:
        task = close("lost", crowd.DIRECTORY, 7001, confirm=2 * CONFIRM)
        lost = pool.submit(player.play, made, play(task, **by_sudo(sudo)))
        on_each(made, lambda host: host.wait_for("test -e " + crowd.ASKED_IN_VAIN, 60))
        assert [listening(host) for host in made] == [set()] * 3
        reboots.reboot()
        # over the connection that is there, as a second run of somebody else would be
        player.play([waits], play(close("second", 7001)))
        second = told(player, waits)["second"]
        lost.result()
    assert outcome(second) == ("busy", "busy", False), second
    assert re.fullmatch(waits.name + r": another run has stopped units of this host on trial, which may take \d+ s "
                        r"more\. Nothing was stopped", second["msg"]), second["msg"]
    for host in made:
        result = told(player, host)["lost"]
        assert outcome(result) == ("reverted", None, False), result
        assert rows(result) == {tcp(port): {"status": "left", "reason": "reverted", "units": [unit]}
                                for port, unit in ((crowd.DIRECTORY, "accounts.service"), (7001, "always.service"))}
        words = "a new login came too late (nothing of the trial is left: a boot ended it, or another run did. All " \
                "listen again). %s"
        if host is not reboots:
            words = "could not log in again within N s (ssh does not say why). %s; tcp 22 answers again"
        assert re.sub(r"\d+ s ", "N s ", result["msg"]) == "%s: %s" % (
            host.name, words % "accounts.service and always.service are started again")
        assert listening(host) == {crowd.DIRECTORY, 7001}
        assert enabled(host, "accounts", "always") == ["enabled"] * 2
        assert not is_trying(host)
        host.run("true")


def test_what_no_boot_starts_is_kept_by_the_login_that_comes_after_one(hosts, player):
    """A boot ends a trial, and takes with it what was noted of it."""
    made = hosts(2, release=["trixie", "bullseye"])
    on_each(made, crowd.refuse)
    for ports, outcomes in (((crowd.BY_HAND,), ("kept", None, True)),
                            ((7001, crowd.BY_HAND), ("reverted", None, False))):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            ended = pool.submit(player.play, made, play(close("ended", *ports, confirm=4 * CONFIRM)))
            on_each(made, lambda host: host.wait_for("test -e " + crowd.REFUSED))
            on_each(made, lambda host: host.reboot())
            ended.result()
        for host in made:
            result = told(player, host)["ended"]
            assert outcome(result) == outcomes, result
            if result["status"] == "kept":
                assert result["warnings"] == [
                    "a boot has ended the trial, or another run has. byhand.service is not running, and no boot "
                    "changes that: it is kept, since this login came without"]
                assert in_words(result) == (
                    "1 listener is closed.", each("is closed", {
                        crowd.BY_HAND: "byhand.service is stopped and disabled"}),
                    ["To have it back: systemctl enable --now -- byhand.service"])
                assert listening(host) == {7001}
                host.console("systemctl", "start", "byhand.service")
            else:
                assert result["msg"] == (
                    "%s: a new login came too late (nothing of the trial is left: a boot ended it, or another run did. "
                    "always.service is running again; byhand.service is not, and no boot changes that). always.service "
                    "is started again; byhand.service is not, as a boot does not start that" % host.name)
                assert listening(host) == {7001}
            assert enabled(host, "always", "byhand") == ["enabled", "disabled"]
            assert not is_trying(host)


# What of ../images/services.sh is left, by the port, and why; all else there is closed but what is not asked for
REAL = {
    13: ("inetd", "inetd listens there for a service that it starts. To do: update-inetd --disable daytime"),
    22: ("in_use", "the connection in use came by it"),
    80: ("serves_others", "nginx.service also serves what stays: tcp/192.0.2.100:8000"),
    4789: ("kernel", 'the kernel listens there, for "vxlan vxlan42". To do: ip link set vxlan42 down'),
    5355: ("protected", "systemd-resolved.service manages the network of the host"),
    8080: ("container", "it belongs to a container, and these are not stopped here. To do: docker ps --filter "
                        "publish=8080"),
    8090: ("process", "python3 (N) was started by cron.service, which is not stopped for it, " + NOT_ASKED)}
OWN_SITE = "tcp/192.0.2.100:8000"           # of nginx, which stays for it
RESOLVER = ("127.0.0.53%lo:53", "127.0.0.54:53")
FACTS = {"listening.ports.listener_facts": {"gather": ["owners", "namespaces"]}, "register": "facts"}


def test_real_services_are_closed_by_their_owners(hosts, player):
    host, = hosts(1, release="trixie+services")
    host.console("systemctl", "is-system-running", "--wait")
    host.wait_for("ss -Hltn 'sport = 8090' | grep -q .")
    player.play([host], play(FACTS))
    ids = [listener["id"] for listener in told(player, host)["facts"]["ansible_facts"]["ansible_listening_ports"][
        "listeners"] if listener["id"] != OWN_SITE]
    said = {name: ("namespace", "it is in another network namespace") if "@" in name else
            REAL[5355] if name.endswith(RESOLVER) else REAL.get(int(name.rpartition(":")[2]), (None, None))
            for name in ids}
    left = {name: reason for name, (reason, dummy) in said.items()}
    player.play([host], play(close("closed", *ids), close("again", *ids)))
    closed, again = (told(player, host)[name] for name in ("closed", "again"))
    assert closed["status"] == "kept", closed
    assert {row["listener"]: row["reason"] for row in closed["listeners"]} == left
    words = in_words(closed)[1]
    assert {name: words.get(name) for name in ids if left[name]} == {
        name: "is left: %s" % text for name, (reason, text) in said.items() if reason}
    # D-Bus starts it by a name that is gone with its being disabled: whoever calls it does so in vain
    assert {way["by"] for row in closed["listeners"] for way in row["again"]} == set(), closed
    called = host.console("busctl", "call", "org.freedesktop.Avahi", "/", "org.freedesktop.Avahi.Server",
                          "GetVersionString", check=False)
    assert called.code and not host.console("ss", "-Hlun", "sport = 5353").out, called
    assert again["status"] == "unchanged", again
    assert {row["listener"]: row["reason"] for row in again["listeners"]} == {
        name: reason or "gone" for name, reason in left.items()}
    host.console("sh", "-c", "update-inetd --disable daytime")
    host.wait_for("! ss -Hltn 'sport = 13' | grep -q .")
    left = {name: reason for name, reason in left.items() if not name.endswith(":13")}
    host.reboot()
    host.console("systemctl", "is-system-running", "--wait")
    host.wait_for("ss -Hltn 'sport = 8090' | grep -q .")
    player.play([host], play(FACTS))
    assert {listener["id"] for listener in told(player, host)["facts"]["ansible_facts"]["ansible_listening_ports"][
        "listeners"]} == {OWN_SITE, *(name for name, reason in left.items() if reason)}
