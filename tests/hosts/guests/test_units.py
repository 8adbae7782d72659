# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Units of the system and of users, and what a user makes up to pass for one of them."""

import json
import pathlib
import shutil

import pytest

from support.evidence import record
from support.player import on_each

UNITS = {
    "/etc/systemd/system/agent.socket": "[Socket]\nListenStream=0.0.0.0:6556\nAccept=yes\n",
    "/etc/systemd/system/agent@.service": "[Service]\nExecStart=/bin/sleep 1000\nStandardInput=socket\n",
    "/etc/systemd/system/demo.socket": "[Socket]\nListenStream=0.0.0.0:2200\n",
    "/etc/systemd/system/demo.service": "[Service]\nExecStart=/bin/sleep 1000\n",
    "/etc/systemd/system/private.service": "[Service]\nExecStart=/usr/bin/python3 /usr/local/bin/listens 9100\n"
                                           "PrivateTmp=yes\nProtectSystem=full\n",
    "/home/ansible/.config/systemd/user/app.socket": "[Socket]\nListenStream=0.0.0.0:8000\n",
    "/home/ansible/.config/systemd/user/app.service": "[Service]\nExecStart=/bin/sleep 1000\n",
    "/home/ansible/.config/systemd/user/ssh.service": "[Service]\n"
                                                      "ExecStart=/usr/bin/python3 /usr/local/bin/listens 8001\n",
    "/usr/local/bin/listens": """\
import socket, sys, time
listening = socket.socket()
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listening.bind(("0.0.0.0", int(sys.argv[1])))
listening.listen(5)
time.sleep(10000)
""",
    "/usr/local/bin/connects": """\
import socket, sys, time
connected = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
time.sleep(10000)
""",
    # a control group that is called as a container's; version 2 of them may be mounted beside version 1
    "/usr/local/bin/contained": """\
root=/sys/fs/cgroup; test ! -d $root/unified || root=$root/unified
group=$root$(sed -n 's/^0:://p' /proc/self/cgroup)/cri-containerd-%s.scope
mkdir "$group" && echo $$ >"$group/cgroup.procs" && exec python3 /usr/local/bin/listens $1
""" % (16 * "d4a5"),
}
# A user's namespaces, in which a program of his is where the daemon is.
MOUNTED = """\
cp /usr/bin/python3 /home/ansible/backdoor
exec unshare --user --map-root-user --mount sh -c '
mount --bind /home/ansible/backdoor /usr/sbin/sshd && exec /usr/sbin/sshd /usr/local/bin/listens 8443'
"""


@pytest.fixture
def host(hosts, request):
    """A host with the units, and with the systemd of a user."""
    made, = hosts(1, release=getattr(request, "param", "trixie"))
    for path, text in UNITS.items():
        made.console("sh", "-c", 'mkdir -p "${1%/*}"; cat > "$1"', "sh", path, stdin=text)
    made.console("chown", "--recursive", "ansible:", "/home/ansible/.config")
    made.console("systemctl", "daemon-reload")
    made.console("systemctl", "start", "agent.socket", "demo.socket", "private.service", "user@1000.service")
    by_user(made, "systemctl", "--user", "daemon-reload")
    by_user(made, "systemctl", "--user", "start", "app.socket", "ssh.service")
    return made


def by_user(host, *command):
    """Run a command as the user whose systemd it is."""
    return host.console("runuser", "-u", "ansible", "--", "env", "XDG_RUNTIME_DIR=/run/user/1000", *command)


def leave_running(host, *command):
    """Start something that goes on, in no unit of the host: it comes from the machine around it."""
    host.console("sh", "-c", '"$@" >/dev/null 2>&1 </dev/null &', "sh", "setsid", *command)


def await_listener(host, port, count=1):
    """Wait until something listens."""
    host.wait_for("test $(ss -Hltn 'sport = %d' | wc -l) -ge %d" % (port, count))


@pytest.fixture
def audit(tmp_path):
    """Audits a host: audit(host, entries) -> what is on record of it."""

    def run(host, *entries):
        options = {"audit_output_dir": str(tmp_path / "audit"), "audit_gather": ["owners"], "audit_fail": False}
        host.playbook("listening.ports.audit", "-e", json.dumps({**options, "expected_listeners": list(entries)}))
        return record(tmp_path / "audit", host)

    return run


def listener(audited, port):
    """The listener of a port, and its owners."""
    found, = [listener for listener in audited["facts"]["listeners"] if listener["port"] == port]
    return found


def units(audited, port):
    """The service of a port, and what activates it."""
    known = listener(audited, port)
    return known["service"], known["activated_by"]


def findings(audited, entry):
    """The kinds of the findings of an entry, each with its message."""
    return {finding["kind"]: finding["message"] for finding in audited["judgement"]["findings"]
            if finding["entry"] == entry}


ALSO_OLD = pytest.mark.parametrize("host", ["trixie", "bullseye"], indirect=True)


@ALSO_OLD
def test_a_service_for_each_connection_is_called_by_its_template(host, audit):
    entries = [{"name": "template", "port": 6556, "service": service}
               for service in ("agent@", "agent@*", "agent.socket", "agent")]
    for connect in (False, True):
        if connect:
            leave_running(host, "python3", "/usr/local/bin/connects", "6556")
            host.wait_for("systemctl list-units 'agent@*' | grep -q agent@")
        for entry in entries:
            audited = audit(host, entry)
            assert units(audited, 6556) == ("agent@.service", "agent.socket")
            assert findings(audited, "template") == {}


@ALSO_OLD
def test_a_socket_unit_whose_port_was_changed_and_that_was_not_restarted(host, audit):
    host.console("sed", "-i", "s/2200/2222/", "/etc/systemd/system/demo.socket")
    host.console("systemctl", "daemon-reload")
    for service in ("demo", "demo.socket"):
        audited = audit(host, {"name": "demo", "port": 2222, "service": service})
        assert "demo.socket" in findings(audited, "demo")["missing"]
        assert "active (listening), but owns no listener" in findings(audited, "demo")["missing"]


def test_units_of_a_user_have_the_user_in_their_names(host, audit):
    own = {"name": "own", "port": 8000, "service": "user@1000.service/app"}
    for connect in (False, True):
        if connect:
            leave_running(host, "python3", "/usr/local/bin/connects", "8000")
            host.wait_for("pgrep -u ansible sleep")
        audited = audit(host, own, {"name": "of the system", "port": 8001, "service": "ssh"})
        assert units(audited, 8000) == ("user@1000.service/app.service", "user@1000.service/app.socket")
        assert units(audited, 8001) == ("user@1000.service/ssh.service", None)
        assert findings(audited, "own") == {}
        assert list(findings(audited, "of the system")) == ["wrong_owner"]


def test_the_executable_of_a_service_with_mounts_of_its_own_is_that_of_the_host(host, audit):
    python = host.console("readlink", "-f", "/usr/bin/python3").out.strip()
    assert host.console("sh", "-c", "readlink /proc/$(pgrep -f 'listens 9100')/ns/mnt /proc/1/ns/mnt | uniq -u").out
    audited = audit(host, {"name": "private", "port": 9100, "service": "private", "exe": python})
    owner, = listener(audited, 9100)["owners"]
    assert (owner["exe"], owner.get("exe_inside")) == (python, None)
    assert findings(audited, "private") == {}


@ALSO_OLD
def test_a_user_passes_for_no_container_and_for_no_daemon(host, audit):
    by_user(host, "systemd-run", "--user", "--property=Delegate=yes", "sh", "/usr/local/bin/contained", "10256")
    host.console("systemd-run", "--unit=runner", "--property=Delegate=yes", "--property=User=ansible", "sh",
                 "/usr/local/bin/contained", "10257")
    leave_running(host, "runuser", "-u", "ansible", "--", "sh", "-c", MOUNTED)
    for port in (10256, 10257, 8443):
        await_listener(host, port)
    audited = audit(host, {"name": "kube-proxy", "port": 10256, "container": "containerd:*"},
                    {"name": "any", "port": 10257, "container": "*"},
                    {"name": "daemon", "port": 8443, "exe": "/usr/sbin/sshd"})
    by_own, by_service, mounted = [listener(audited, port)["owners"][0] for port in (10256, 10257, 8443)]
    assert by_own["container"] == "user@1000.service/containerd:d4a5d4a5d4a5"
    assert by_service["container"] == "runner.service/containerd:d4a5d4a5d4a5"
    assert (mounted["exe"], mounted["exe_inside"], mounted["user"]) == (None, "/usr/sbin/sshd", "ansible")
    assert list(findings(audited, "kube-proxy")) == list(findings(audited, "any")) == ["wrong_owner"]
    assert list(findings(audited, "daemon")) == ["unknown"]
    assert "the path of the executable is none of the host" in findings(audited, "daemon")["unknown"]


def test_a_process_in_no_unit_is_not_in_the_service_whose_port_it_shares(host, audit):
    leave_running(host, "python3", "/usr/local/bin/listens", "9100")
    await_listener(host, 9100, 2)
    audited = audit(host, {"name": "private", "port": 9100, "service": "private"})
    assert sorted(owner["unit"] or "" for owner in listener(audited, 9100)["owners"]) == ["", "private.service"]
    assert units(audited, 9100) == ("private.service", None)
    assert list(findings(audited, "private")) == ["wrong_owner"]


def test_a_virtual_machine_is_no_container(host, audit):
    host.console("systemd-run", "--scope", "--slice=machine.slice", "--unit=machine-qemu\\x2d1\\x2dweb01", "sh", "-c",
                 "setsid python3 /usr/local/bin/listens 5900 >/dev/null 2>&1 </dev/null &")
    await_listener(host, 5900)
    owner, = listener(audit(host), 5900)["owners"]
    assert (owner["unit"], owner["container"]) == ("machine-qemu\\x2d1\\x2dweb01.scope", None)


# What the manager says of all units over its private socket, and what systemctl prints. Lists have no order.
BOTH = """\
import json, subprocess, sys
sys.path.insert(0, "/opt/tree")
from ansible_collections.listening.ports.plugins.module_utils._stop.graph import PROPERTIES, made
from ansible_collections.listening.ports.plugins.module_utils._systemd.properties import Manager

def run(words, **dummy):
    done = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    return done.returncode, done.stdout.decode(), ""

listed = run(["systemctl", "list-units", "--all", "--no-legend", "--plain", "--full"])[1]
names = sorted({line.split()[0] for line in listed.splitlines()}) + sys.argv[1:]
told = [[{key: sorted(value) if isinstance(value, tuple) else value for key, value in made(known)._asdict().items()}
         for known in Manager(*how).ask(names, PROPERTIES)]
        for how in ((None, "/run/systemd/system"), (run, "/none/system"))]
print(json.dumps(told))
"""
ODD = {"with\\x20blank.service": "Names of systemd have such", "\\xc3\\xbcber-\\xe2\\x82\\xac.service": "and such",
       "many@.service": "and these"}


def test_the_manager_says_what_systemctl_prints(hosts):
    made = hosts(3, release=["trixie", "bookworm", "bullseye"])
    plugins = pathlib.Path("opt/tree/ansible_collections/listening/ports/plugins/module_utils")
    here = pathlib.Path(__file__).resolve().parents[3] / "plugins/module_utils"

    def both(host):
        shutil.copytree(here, host.root / plugins, ignore=shutil.ignore_patterns("__pycache__"))
        for name, words in ODD.items():
            (host.root / "etc/systemd/system" / name).write_text(
                "[Unit]\nDescription=%s\nRequires=with\\x20blank.service\n[Service]\nExecStart=/bin/sleep 1000\n"
                % words, encoding="utf-8")
        host.console("systemctl", "daemon-reload")
        names = [*list(ODD)[:2], "many@7.service", "none.service", "ssh.service", "multi-user.target", "dbus.service"]
        return json.loads(host.console("python3", "-B", "-", *names, stdin=BOTH).out)

    for host, (by_bus, by_systemctl) in zip(made, on_each(made, both)):
        assert len(by_bus) > 100, host.release
        differ = [(unit["Id"], key, unit[key], other[key]) for unit, other in zip(by_bus, by_systemctl)
                  for key in unit if unit[key] != other[key]]
        assert not differ, (host.release, differ)
        assert {"with\\x20blank.service", "many@7.service", "none.service"} <= {unit["Id"] for unit in by_bus}
        assert [unit["MainPID"] > 0 for unit in by_bus if unit["Id"] == "ssh.service"][0]
