# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules for ports are kept by a new login and by nothing else, in whichever way hosts are reached."""

import concurrent.futures
import json
import pathlib
import platform
import shutil

import pytest

from ansible.plugins.connection import ssh
from support.host import execute

COLLECTION = pathlib.Path(__file__).resolve().parents[3]
TABLE = ["nft", "--stateless", "list", "table", "inet", "listening_ports"]
SECONDS = 10            # of a trial, the fewest
PASSWORD = "correct horse"
# Where Ansible is that a host can run itself: on a release with the same Python
RELEASES = {"3.9": "bullseye", "3.11": "bookworm", "3.13": "trixie"}
PYTHON = platform.python_version().rpartition(".")[0]
NEEDED = ["ansible", "jinja2", "jinja2-*.dist-info", "markupsafe", "packaging", "yaml"]
CONTROLLER = "/opt/controller"

# What a user may have configured himself
OWN_CONFIG = """\
Include %s
Host *
    ControlMaster auto
    ControlPath %s/%%C
    ControlPersist 600
"""
# As run0 and machinectl: what it starts is no child of the login, and in no session
DETACHED = """
DOCUMENTATION = '''
name: detached
short_description: Run modules in units of their own
author: nobody
description: [Units.]
options:
  become_user: {description: [Who.], default: root, vars: [{name: ansible_become_user}]}
'''
from ansible.plugins.become import BecomeBase


class BecomeModule(BecomeBase):
    name = 'detached'

    def build_become_command(self, cmd, shell):
        super().build_become_command(cmd, shell)
        return cmd and 'sudo -n systemd-run --quiet --pipe --wait ' + self._build_success_command(cmd, shell)
"""
# sudo that needs somebody who needs this host: a directory service, say, to which it listens
DIRECTORY = """
ip netns add directory
ip link add dir0 type veth peer name eth0 netns directory
ip address add 172.31.0.1/24 dev dir0
ip link set dir0 up
ip netns exec directory sh -euc 'ip link set lo up; ip address add 172.31.0.2/24 dev eth0; ip link set eth0 up'
systemd-run --quiet --unit=directory python3 -m http.server --bind 172.31.0.1 8389
until ss -Hltn 'sport = 8389' | grep -q .; do sleep 0.05; done
printf '#!/bin/sh -p\\nexec ip netns exec directory bash -c "exec 3<>/dev/tcp/172.31.0.1/8389"\\n' > /usr/local/bin/ask
chmod 755 /usr/local/bin/ask
printf 'account required pam_exec.so quiet seteuid /usr/local/bin/ask\\n' >> /etc/pam.d/sudo
"""


def block(*ports):
    """Rules that let nobody in to these ports."""
    return [{"protocol": "tcp", "ports": list(ports), "sources": []}]


def tasks(*steps):
    """Tasks of which each filters, and one that writes down what came of them: list of dict.

    :param steps: dicts with the options, and with the variables of a step as its vars
    """
    done = []
    for number, step in enumerate(steps):
        options = {name: value for name, value in step.items() if name != "vars"}
        done.append({"listening.ports.port_filter": {"confirm": SECONDS, **options}, "vars": step.get("vars", {}),
                     "register": "step%d" % number, "ignore_errors": True, "ignore_unreachable": True})
    results = ", ".join("step%d" % number for number in range(len(steps)))
    return [*done, {"ansible.builtin.copy": {"content": "{{ [%s] | to_json }}" % results, "mode": "0600",
                                             "dest": "{{ playbook_dir }}/{{ inventory_hostname }}.json"},
                    "delegate_to": "localhost"}]


def written(*plays):
    """A playbook: for each play, whom it is for and its tasks."""
    return json.dumps([{"hosts": hosts, "gather_facts": False, "tasks": steps} for hosts, steps in plays], indent=1)


def results(player, *hosts):
    """What came of each step on each host: list of dict for each."""
    return [json.loads((player.folder / (host.name + ".json")).read_text(encoding="utf-8")) for host in hosts]


def state(host):
    """The rules that hold, and those that a boot loads."""
    return (host.console(*TABLE, check=False).out,
            host.console("cat", "/etc/listening-ports/filter.nft", check=False).out)


# Writes down what tasks of ask() were told
TELL = {"ansible.builtin.copy": {"content": "{{ [told0, told1] | map(attribute='stdout') | to_json }}", "mode": "0600",
                                 "dest": "{{ playbook_dir }}/told"}, "delegate_to": "localhost"}


def ask(number, variables):
    """A task that asks by which connection it came, as dict."""
    return {"ansible.builtin.command": "printenv SSH_CONNECTION", "vars": variables, "register": "told%d" % number}


def test_a_new_login_keeps_rules_whatever_connections_there_are(hosts, player, rig, tmp_path):
    bastion, = hosts(1, bastion=True)
    behind, = hosts(1, behind=bastion, release="bookworm")
    bastion.console("chpasswd", stdin="root:%s\n" % PASSWORD)
    (tmp_path / "become_plugins").mkdir()
    (tmp_path / "become_plugins/detached.py").write_text(DETACHED, encoding="utf-8")
    theirs = bastion.inventory()["ansible_ssh_common_args"].split()[1]
    (tmp_path / "own").write_text(OWN_CONFIG % (theirs, rig.folder), encoding="utf-8")
    persisting = {"ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=600s"}
    own = {"ansible_ssh_args": "", "ansible_ssh_common_args": "-F %s" % (tmp_path / "own")}
    ways = {
        "as an earlier run left it": persisting,
        "a user's own control master": own,
        "nothing that persists": {"ansible_ssh_args": "-o ControlMaster=no"},
        "files": {"ansible_pipelining": False},
        "sudo": {"ansible_user": "ansible", "ansible_become": True},
        "su": {"ansible_user": "ansible", "ansible_become": True, "ansible_become_method": "ansible.builtin.su",
               "ansible_become_password": PASSWORD},
        "neither a child of the login nor in its session": {
            "ansible_user": "ansible", "ansible_become": True, "ansible_become_method": "detached"},
    }
    # an earlier run leaves connections behind, which a later one goes through
    asked = [ask(number, variables) for number, variables in enumerate((persisting, own))]
    bastion.playbook(written((bastion.name, [*asked, TELL])))
    earlier = json.loads((tmp_path / "told").read_text(encoding="utf-8"))
    steps = [{"rules": block(8000 + number), "vars": variables} for number, variables in enumerate(ways.values())]
    player.play([bastion, behind], written((bastion.name, [*tasks(*steps), *asked, TELL]),
                                           (behind.name, tasks({"rules": block(8000)}))))
    kept, through = results(player, bastion, behind)
    assert {way: result["status"] for way, result in zip(ways, kept)} == dict.fromkeys(ways, "kept"), kept
    assert [result["connection"]["how"] for result in kept] == ["ancestor"] * 6 + ["environment"]
    assert [result["connection"]["peer_port"] for result in kept[:2]] == [
        int(told.split()[1]) for told in earlier]
    assert all(result["changed"] and result["persistent"] and not result.get("warnings") for result in kept), kept
    assert [result["status"] for result in through] == ["kept"], through
    assert through[0]["connection"]["peer"].startswith("10.89.")
    holds, stored = state(bastion)
    assert " 8006 " in holds and " 8006 " in stored and " 8005 " not in holds + stored
    # the connections that were there are used again
    assert json.loads((tmp_path / "told").read_text(encoding="utf-8")) == earlier


def test_without_a_new_login_rules_end_by_themselves(hosts, player, tmp_path):
    fleet = hosts(3, release=["trixie", "bookworm", "bullseye"])
    pooled, cut, broken = fleet
    broken.console("sh", "-eu", stdin=DIRECTORY)
    (tmp_path / "connection_plugins").mkdir()
    # a plugin that keeps its connection, whatever it is asked
    text = pathlib.Path(ssh.__file__).read_text(encoding="utf-8").replace("transport = 'ssh'", "transport = 'pooled'")
    before, define, after = text.partition("    def reset(self)")
    head, colon, rest = after.partition(":\n")
    (tmp_path / "connection_plugins/pooled.py").write_text(
        before + define + head + colon + "        return\n" + rest, encoding="utf-8")
    (tmp_path / "host_vars").mkdir()
    for host, variables in ((pooled, {"ansible_connection": "pooled"}),
                            (broken, {"ansible_user": "ansible", "ansible_become": True})):
        (tmp_path / "host_vars" / (host.name + ".json")).write_text(json.dumps(variables), encoding="utf-8")
    # one of two ways in was that of an earlier run, whose connection is still there
    execute(["ip", "address", "add", "10.88.0.250/16", "dev", "rig0"])
    try:
        common = cut.inventory()["ansible_ssh_common_args"] + " -o BindAddress=10.88.0.250"
        cut.playbook("- hosts: all\n  gather_facts: false\n  tasks: [{ansible.builtin.ping: }]\n",
                     "-e", json.dumps({"ansible_ssh_common_args": common}))
        player.play([cut, broken], written(("all", tasks({"rules": block(8001), "confirm": 0}))))
        first = [steps[0] for steps in results(player, cut, broken)]
        assert [result.get("status") for result in first] == ["kept", "kept"], first
        earlier = [state(host) for host in fleet]
        new = {pooled.name: block(8002), broken.name: block(8389),
               cut.name: [{"protocol": "tcp", "ports": [22], "sources": ["10.88.0.250/32"]}]}
        player.play(fleet, written(("all", tasks({"rules": "{{ (%s)[inventory_hostname] }}" % json.dumps(new)}))))
        refused, shut, powerless = (steps[0] for steps in results(player, *fleet))
    finally:
        execute(["ip", "address", "delete", "10.88.0.250/16", "dev", "rig0"])
    assert [(result["status"], result["failed"], result["changed"])
            for result in (refused, shut, powerless)] == [("reverted", True, False)] * 3, (refused, shut, powerless)
    assert [state(host) for host in fleet] == earlier
    assert earlier[0] == ("", "") and " 8001 " in earlier[1][0] and " 8001 " in earlier[2][1]
    assert refused["msg"].startswith("%s: could not log in again within 10 s (" % pooled.name), refused
    assert refused["msg"].endswith("proves no new login). The rules are as they were"), refused
    assert shut["msg"] == "%s: could not log in again within 10 s (Connection refused). The rules are as they were; " \
                          "tcp 22 answers again" % cut.name
    assert powerless["msg"].startswith("%s: could not log in again within 10 s (" % broken.name), powerless
    assert powerless["msg"].endswith("The rules are as they were; tcp 22 answers again"), powerless
    assert "sudo" in powerless["msg"] or "Permission denied" in powerless["msg"], powerless


# Ansible on a host, as somebody runs it who has logged in there: in the foreground, or as a job that outlives its shell
RUN = "cd %s && export LC_ALL=C.UTF-8 PYTHONPATH=$PWD ANSIBLE_COLLECTIONS_PATH=$PWD " \
      "ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3 && " \
      "%%s python3 -m ansible.cli.playbook -i localhost, -c local play.yml" % CONTROLLER
FOREGROUND = RUN % ""
DAEMON = "(%s) >/run/ansible.log 2>&1; for i in $(seq 600); do [ -e %s/localhost.json ] && exit; sleep 0.1; done; " \
         "cat /run/ansible.log; exit 1" % (RUN % "setsid --fork", CONTROLLER)


def make_controller(host):
    """Give a host Ansible and this collection."""
    folder = host.root / CONTROLLER.lstrip("/")
    packages = pathlib.Path(ssh.__file__).parents[3]
    ours = folder / "ansible_collections/listening/ports"
    copies = [(path, folder / path.name) for name in NEEDED for path in packages.glob(name)] + [
        (COLLECTION / name, ours / name) for name in ("plugins", "meta")]
    for source, target in copies:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))


def filtered_by_itself(host, command, **options):
    """Filter on a host that runs Ansible itself; returns what came of it."""
    (host.root / CONTROLLER.lstrip("/") / "play.yml").write_text(written(("localhost", tasks(options))))
    command(host)
    path = host.root / CONTROLLER.lstrip("/") / "localhost.json"
    result, = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    return result


@pytest.mark.skipif(PYTHON not in RELEASES, reason="no release has Python %s" % PYTHON)
def test_ansible_on_the_host_itself_cannot_log_in_anew(hosts):
    fleet = hosts(2, release=RELEASES[PYTHON])
    ways = [lambda host: host.run(FOREGROUND), lambda host: host.run(DAEMON)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(make_controller, fleet))
        lost = list(pool.map(lambda host, way: filtered_by_itself(host, way, rules=block(8001)), fleet, ways))
    for host, result, how in zip(fleet, lost, ("ancestor", "session")):
        assert (result["status"], result["failed"], result["connection"]["how"]) == ("reverted", True, how), result
        assert "proves no new login" in result["msg"], result
        assert state(host) == ("", "")
    # whoever is sure does without, and at a console there is no connection that could be lost
    host = fleet[0]
    sure = filtered_by_itself(host, ways[0], rules=block(8001), confirm=0)
    assert (sure["status"], sure["connection"]["how"]) == ("kept", "ancestor"), sure
    console = filtered_by_itself(host, lambda host: host.console("sh", "-c", FOREGROUND), rules=block(8002))
    assert (console["status"], console["connection"]) == ("kept", None), console
    assert " 8002 " in state(host)[0] and " 8002 " in state(host)[1]
