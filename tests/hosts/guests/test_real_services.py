# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people run, from Debian's packages, and what an audit says of it. It is set up by ../images/services.sh."""

import json

import pytest

from support.evidence import SS, differences, oracle_ss, record

RELEASE = "trixie+services"
CONTAINER = "docker:c0ffee00c0ff"

# Holders: process/user, with * for the main process of a unit. In: their units and containers. Service: what to stop.
# It is none where to stop it would not end the holder: cron and a container's engine let go of their children.
LISTENERS = """
listener              holders                          in                       service                  activated by
tcp/0.0.0.0:13        inetd/root*                      inetd.service            inetd.service            -
tcp/[::]:13           inetd/root*                      inetd.service            inetd.service            -
tcp/[::]:22           sshd/root* systemd/root          init.scope ssh.service   ssh.service              ssh.socket
tcp/127.0.0.53%lo:53  systemd-resolve/systemd-resolve* systemd-resolved.service systemd-resolved.service -
tcp/127.0.0.54:53     systemd-resolve/systemd-resolve* systemd-resolved.service systemd-resolved.service -
tcp/192.168.122.1:53  dnsmasq/dnsmasq*                 dnsmasq.service          dnsmasq.service          -
tcp/0.0.0.0:80        nginx/root* nginx/www-data       nginx.service            nginx.service            -
tcp/[::]:80           nginx/root* nginx/www-data       nginx.service            nginx.service            -
tcp/0.0.0.0:111       systemd/root                     init.scope               rpcbind.service          rpcbind.socket
tcp/[::]:111          systemd/root                     init.scope               rpcbind.service          rpcbind.socket
tcp/127.0.0.1:3306    mariadbd/mysql*                  mariadb.service          mariadb.service          -
tcp/0.0.0.0:5355      systemd-resolve/systemd-resolve* systemd-resolved.service systemd-resolved.service -
tcp/[::]:5355         systemd-resolve/systemd-resolve* systemd-resolved.service systemd-resolved.service -
tcp/127.0.0.1:6379    redis-server/redis*              redis-server.service     redis-server.service     -
tcp/[::1]:6379        redis-server/redis*              redis-server.service     redis-server.service     -
tcp/192.0.2.100:8000  nginx/root* nginx/www-data       nginx.service            nginx.service            -
tcp/0.0.0.0:8080      docker-proxy/root                container-engine.service -                        -
tcp/[::]:8080         docker-proxy/root                container-engine.service -                        -
tcp/0.0.0.0:8090      python3/nobody                   cron.service             -                        -
udp/127.0.0.53%lo:53  systemd-resolve/systemd-resolve* systemd-resolved.service systemd-resolved.service -
udp/127.0.0.54:53     systemd-resolve/systemd-resolve* systemd-resolved.service systemd-resolved.service -
tcp/[fe80::1%lan0]:53 dnsmasq/dnsmasq*                 dnsmasq.service          dnsmasq.service          -
udp/192.168.122.1:53  dnsmasq/dnsmasq*                 dnsmasq.service          dnsmasq.service          -
udp/[fe80::1%lan0]:53 dnsmasq/dnsmasq*                 dnsmasq.service          dnsmasq.service          -
udp/0.0.0.0%lan0:67   dnsmasq/dnsmasq*                 dnsmasq.service          dnsmasq.service          -
udp/0.0.0.0:111       systemd/root                     init.scope               rpcbind.service          rpcbind.socket
udp/[::]:111          systemd/root                     init.scope               rpcbind.service          rpcbind.socket
udp/0.0.0.0:123       chronyd/_chrony*                 chrony.service           chrony.service           -
udp/[::]:123          chronyd/_chrony*                 chrony.service           chrony.service           -
udp/127.0.0.1:161     snmpd/Debian-snmp*               snmpd.service            snmpd.service            -
udp/[::1]:161         snmpd/Debian-snmp*               snmpd.service            snmpd.service            -
udp/127.0.0.1:323     chronyd/_chrony*                 chrony.service           chrony.service           -
udp/[::1]:323         chronyd/_chrony*                 chrony.service           chrony.service           -
udp/0.0.0.0:4789      [kernel]                         -                        -                        -
udp/0.0.0.0:5353      avahi-daemon/avahi*              avahi-daemon.service     avahi-daemon.service     -
udp/[::]:5353         avahi-daemon/avahi*              avahi-daemon.service     avahi-daemon.service     -
udp/0.0.0.0:5355      systemd-resolve/systemd-resolve* systemd-resolved.service systemd-resolved.service -
udp/[::]:5355         systemd-resolve/systemd-resolve* systemd-resolved.service systemd-resolved.service -
udp/0.0.0.0:ephemeral avahi-daemon/avahi*              avahi-daemon.service     avahi-daemon.service     -
udp/[::]:ephemeral    avahi-daemon/avahi*              avahi-daemon.service     avahi-daemon.service     -
tcp/0.0.0.0:80@docker:c0ffee00c0ff python3/root                     docker:c0ffee00c0ff      -                        -
"""


@pytest.fixture
def audit(tmp_path):
    """Audits a host as a user does, and returns the facts on record: audit(host, *arguments, gather=..., user=...)."""

    def run(host, *arguments, gather=("owners", "namespaces"), user="root"):
        options = {"audit_output_dir": str(tmp_path / "audit"), "audit_gather": gather}
        host.playbook("listening.ports.audit", "-e", json.dumps(options), *arguments, user=user)
        audited = record(tmp_path / "audit", host)
        assert (audited["status"], audited["message"]) == ("ok", None)
        return audited["facts"]

    return run


@pytest.fixture
def host(hosts):
    """A fresh host, all of whose services are up."""
    made, = hosts(1, release=RELEASE)
    settle(made)
    return made


def settle(host):
    """Wait until everything has started."""
    assert host.console("systemctl", "is-system-running", "--wait", check=False).out == "running\n"
    host.wait_for("ss -Hltn 'sport = 8090' | grep -q .")  # systemd does not wait for what cron starts


def rows(facts):
    """The listeners of a host as the rows of LISTENERS are, split into their words."""
    result = []
    for listener in facts["listeners"]:
        owners = listener["owners"]
        name = listener["id"]
        if listener["ephemeral"]:
            name = name.replace(":%d" % listener["port"], ":ephemeral")
        holders = {"%s/%s%s" % (owner["process"], owner["user"], "*" if owner["main"] else "") for owner in owners}
        places = {owner["container"] or owner["unit"] for owner in owners}
        result.append([name, *(sorted(holders) or ["[%s]" % listener["held_by"]]), *(sorted(places) or ["-"]),
                       listener["service"] or "-", listener["activated_by"] or "-"])
    return sorted(result)


def expected():
    """LISTENERS as rows() gives them."""
    return sorted(line.split() for line in LISTENERS.splitlines()[2:])


def test_an_audit_tells_each_listener_who_holds_it_and_what_to_stop(host, audit):
    facts = audit(host)
    assert facts["gaps"] == []
    assert {aspect for aspect, complete in facts["complete"].items() if complete} == {
        "sockets", "binding", "owners", "units", "namespaces"}
    assert rows(facts) == expected()
    cores = int(host.run("nproc").out)
    assert {listener["owners_total"] for listener in facts["listeners"]
            if listener["service"] == "nginx.service"} == {1 + cores}


def test_an_audit_shows_what_ss_shows(host, audit):
    facts = audit(host)
    assert differences(host, facts) == []
    inside = host.console("nsenter", "--net=/run/docker/netns/" + CONTAINER.partition(":")[2], *SS).out
    assert oracle_ss.differences([listener for listener in facts["listeners"] if listener["namespace"] == CONTAINER],
                                 oracle_ss.parse(inside)) == []


def test_without_root_no_listener_is_lost_and_holders_are_a_gap(host, audit):
    everything, facts = audit(host, gather=["owners"]), audit(host, gather=["owners"], user="ansible")
    assert [listener["id"] for listener in facts["listeners"]] == [listener["id"]
                                                                   for listener in everything["listeners"]]
    assert {listener["held_by"] for listener in facts["listeners"] if listener["port"] != 4789} == {"unknown"}
    assert [listener["held_by"] for listener in facts["listeners"] if listener["port"] == 4789] == ["kernel"]
    assert facts["complete"]["sockets"] is True and facts["complete"]["owners"] is False
    gap, = facts["gaps"]
    assert (gap["code"], gap["count"], gap["hint"]) == ("owners_hidden", len(facts["listeners"]) - 1, "become")
    assert rows(audit(host, "--become", user="ansible")) == expected()


def test_a_socket_unit_and_the_service_that_it_started_hold_it_both(host, audit):
    host.run("rpcinfo -p")
    before = ["systemd/root", "init.scope", "rpcbind.service", "rpcbind.socket"]
    after = ["rpcbind/_rpc*", "systemd/root", "init.scope", "rpcbind.service", "rpcbind.service", "rpcbind.socket"]
    assert rows(audit(host)) == [row[:1] + after if row[1:] == before else row for row in expected()]


def test_what_is_named_as_the_service_is_what_to_stop(host, audit):
    facts = audit(host)
    stop = {name for listener in facts["listeners"] for name in (listener["activated_by"], listener["service"])}
    # disabled, too: who asks for a name over the bus would start the resolver again; and cron, to see that it makes no
    # difference
    host.run(["systemctl", "disable", "--quiet", "--now", *(stop - {None, "ssh.socket", "ssh.service"}),
              "cron.service"])
    assert [row[0] for row in rows(audit(host))] == [row[0] for row in expected() if row[-2] in ("-", "ssh.service")]


def test_keepalived_is_found_by_the_protocol_that_it_speaks(host, audit):
    """It listens on no port: VRRP is a protocol of its own, number 112."""
    listeners = [listener for listener in audit(host, gather=["owners", "raw"])["listeners"]
                 if listener["protocol"] == "raw"]
    assert {listener["port"] for listener in listeners} == {112}
    assert {owner["process"] for listener in listeners for owner in listener["owners"]} == {"keepalived"}
    assert {listener["service"] for listener in listeners} == {"keepalived.service"}


def test_a_published_port_is_reached_without_its_proxies(hosts, audit, probe):
    host, = hosts(1, release=RELEASE)
    other, = hosts(1)
    settle(host)
    host.run(["pkill", "docker-proxy"])
    assert not [listener for listener in audit(host)["listeners"] if listener["port"] == 8080]
    assert [probe(other, host, 8080, family=family) for family in ("ipv4", "ipv6")] == ["open", "closed"]
    loopback = host.console("python3", "-c", "import socket; socket.create_connection(('127.0.0.1', 8080))",
                            check=False)
    assert "ConnectionRefusedError" in loopback.err


# What is declared of the published port, and the kinds of findings; all else that listens is of no interest here.
PUBLISHED = (
    ({"process": "docker-proxy"}, ""),
    ({"user": "root"}, ""),
    ({"process": "docker-proxy", "bind": "any"}, ""),
    ({"state": "forbidden", "process": "docker-proxy"}, "forbidden"),
    ({"state": "ignored", "process": "docker-proxy"}, ""),
    ({"service": "nginx"}, "wrong_owner"),
)


def test_a_published_port_has_one_verdict_whatever_is_gathered(host, tmp_path):
    play = tmp_path / "published.yml"
    looks = (["owners"], ["owners", "firewall"], ["owners", "firewall", "namespaces"])
    tasks = [{"listening.ports.assert_listeners": {
        "expected": [dict({"name": "shop", "port": 8080}, **entry)], "entries": ["shop"], "gather": look,
        "fail": False}, "register": "judged_%d" % (3 * number + place)}
        for number, (entry, dummy) in enumerate(PUBLISHED) for place, look in enumerate(looks)]
    tasks.append({"ansible.builtin.copy": {
        "dest": str(tmp_path / "kinds.json"), "mode": "0600",
        "content": "[%s]" % ", ".join("{{ judged_%d.findings | map(attribute='kind') | unique | join(' ') | to_json }}"
                                      % number for number in range(len(tasks)))}, "delegate_to": "localhost"})
    play.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    host.playbook(str(play))
    kinds = json.loads((tmp_path / "kinds.json").read_text(encoding="utf-8"))
    assert kinds == [kind for dummy, kind in PUBLISHED for dummy2 in looks]


def test_what_is_to_be_stopped_closes_a_port_that_a_socket_unit_holds(host, tmp_path):
    """Whether or not its service runs: the unit of the service alone would leave the port open."""
    play = tmp_path / "forbidden.yml"
    play.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [
        {"listening.ports.assert_listeners": {
            "expected": [{"name": "no portmapper", "ports": ["111/tcp"], "state": "forbidden"}],
            "entries": ["no portmapper"], "fail": False}, "register": "judged"},
        {"ansible.builtin.copy": {"dest": str(tmp_path / "remedy"), "mode": "0600",
                                  "content": "{{ judged.findings | map(attribute='remedy') | first | default('') }}"},
         "delegate_to": "localhost"}]}]), encoding="utf-8")
    host.run("rpcinfo -p")
    host.playbook(str(play))
    remedy = (tmp_path / "remedy").read_text(encoding="utf-8")
    assert remedy == "stop rpcbind.socket and rpcbind.service"
    host.run(["systemctl", "stop", "--quiet", *remedy.removeprefix("stop ").split(" and ")])
    host.playbook(str(play))
    assert (tmp_path / "remedy").read_text(encoding="utf-8") == ""


def test_the_same_listens_after_a_reboot(host, audit):
    before = rows(audit(host))
    host.reboot()
    settle(host)
    assert rows(audit(host)) == before == expected()
