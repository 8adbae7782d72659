# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts are what they are said to be: each fixture and each fault, tried."""

import time

import pytest

RELEASES = {"trixie": "13", "bookworm": "12", "bullseye": "11"}
LISTEN = "import socket, time; s = socket.create_server(('::', %d), family=socket.AF_INET6, dualstack_ipv6=True); " \
         "time.sleep(1000)"


def listen(host, port, name="listens"):
    """Something listens on that port, in a unit of its own."""
    host.console("systemd-run", "--quiet", "--unit=" + name, "python3", "-c", LISTEN % port)
    host.wait_for("ss -Hltn 'sport = %d' | grep -q ." % port)


@pytest.mark.parametrize("release", RELEASES)
def test_a_host_is_a_whole_debian_with_an_address_and_ssh(hosts, release):
    host, = hosts(1, release=release)
    system = host.run("hostname; . /etc/os-release; echo $VERSION_ID; systemctl is-system-running --wait; cat "
                      "/proc/1/comm; id -un")
    assert system.out.split() == [host.name, RELEASES[release], "running", "systemd", "root"]
    assert host.run("id -un; sudo -n id -un", user="ansible").out.split() == ["ansible", "root"]
    assert host.address in host.run("ip -4 -brief address").out
    for family in (host.address, host.address6):
        assert family in host.run("ip -brief address show dev host0").out
    for firewall in ("firewalld", "ufw", "nftables"):
        assert host.run(["systemctl", "is-enabled", firewall], check=False).out.strip() == "disabled"
    assert host.run("nft list ruleset").out == ""


def test_a_command_is_a_text_for_the_shell_or_words(host):
    assert host.run("echo $HOME").out == "/root\n"
    assert host.run(["echo", "$HOME; a  b"]).out == "$HOME; a  b\n"
    assert host.run("cat", stdin="said").out == "said"
    assert host.run("echo no >&2; exit 3", check=False) == (3, "", "no\n")
    with pytest.raises(AssertionError, match="exit code 3.*\nno"):
        host.run("echo no >&2; exit 3")


def test_hosts_are_apart(hosts, probe):
    host, other = hosts(2, release=["trixie", "bullseye"])
    assert (host.release, other.release) == ("trixie", "bullseye")
    host.run("touch /only-here; systemctl mask -q cron; nft add table inet only")
    assert other.run("test -e /only-here", check=False).code == 1
    assert other.run("systemctl is-enabled cron", check=False).out.strip() != "masked"
    assert "only" not in other.run("nft list ruleset").out
    listen(host, 7001, "same")
    assert other.run("systemctl is-active same", check=False).out.strip() == "inactive"
    assert probe(other, host, 7001) == "open"
    assert probe(host, other, 7001) == "closed"


def test_a_probe_tells_open_from_closed_from_filtered(hosts, probe):
    host, other = hosts(2)
    listen(host, 7001)
    listen(host, 7002, "dropped")
    listen(host, 7003, "rejected")
    host.run("nft add table inet t; nft add chain inet t c '{type filter hook input priority 0;}';"
             "nft add rule inet t c tcp dport 7002 drop; nft add rule inet t c udp dport 7002 drop;"
             "nft add rule inet t c tcp dport 7003 reject with icmpx admin-prohibited")
    for source in (other, None):
        for family in ("ipv4", "ipv6"):
            words = [probe(source, host, port, family=family, timeout=0.5 if port == 7002 else 5.0)
                     for port in (7001, 7002, 7003, 7004)]
            assert words == ["open", "filtered", "filtered", "closed"], (source, family)
            assert probe(source, host, 7004, "udp", family) == "closed"
            assert probe(source, host, 7002, "udp", family, timeout=0.3) == "open|filtered"


def test_a_probe_has_the_source_that_is_asked_for(hosts, probe):
    host, other = hosts(2)
    other.run("ip address add 10.88.77.7/16 dev host0")
    listen(host, 7001)
    host.run("nft add table ip t; nft add chain ip t c '{type filter hook input priority 0;}'; nft add rule ip t c ip "
             "saddr 10.88.77.7 drop")
    assert probe(other, host, 7001) == "open"
    assert probe(other, host, 7001, source_address="10.88.77.7", timeout=0.3) == "filtered"


def test_an_udp_service_that_answers_is_open(hosts, probe):
    host, = hosts(1)
    host.console("systemd-run", "--quiet", "python3", "-c",
                 "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                 "s.bind(('', 7001))\nwhile True: s.sendto(b'yes', s.recvfrom(9)[1])")
    host.wait_for("ss -Hlun 'sport = 7001' | grep -q .")
    assert probe(None, host, 7001, "udp") == "open"


def test_a_host_behind_a_bastion_is_reached_through_it_alone(hosts, probe, playbook):
    bastion, = hosts(1, bastion=True)
    behind, = hosts(1, behind=bastion)
    assert behind.run("hostname").out.strip() == behind.name
    assert probe(bastion, behind, 22) == "open"
    with pytest.raises(AssertionError, match="unreachable"):
        probe(None, behind, 22)
    playbook([bastion, behind], "- hosts: all\n  gather_facts: false\n  tasks: [{ansible.builtin.ping: }]\n")
    assert bastion.run("hostname").out.strip() == bastion.name
    bastion.reboot()
    assert behind.run("hostname").out.strip() == behind.name


def test_the_console_works_when_ssh_is_locked_out(host, probe):
    host.run("nft add table inet t; nft add chain inet t c '{type filter hook input priority 0; policy drop;}'")
    assert probe(None, host, 22, timeout=0.3) == "filtered"
    assert host.console("hostname").out.strip() == host.name
    host.console("nft", "flush", "ruleset")
    assert host.run("hostname").out.strip() == host.name


def test_a_cut_link_heals(host, probe):
    with host.link_cut():
        assert probe(None, host, 22, timeout=0.3) == "filtered"
        assert host.console("hostname").out.strip() == host.name
    assert probe(None, host, 22, timeout=5) == "open"


def test_a_reboot_ends_what_ran_and_keeps_what_was_written(host):
    listen(host, 7001)
    host.run("echo kept > /kept; systemctl enable -q cron; sync")
    boot = host.run("cat /proc/sys/kernel/random/boot_id; ls -i /proc/1/ns/pid").out
    host.reboot()
    assert host.run("ss -Hltn 'sport = 7001'; cat /kept; systemctl is-enabled cron").out.split() == ["kept", "enabled"]
    assert host.run("cat /proc/sys/kernel/random/boot_id; ls -i /proc/1/ns/pid").out != boot


def test_a_killed_host_is_dead_until_it_is_started(host, probe):
    host.run("echo kept > /kept")
    host.kill()
    assert probe(None, host, 22, timeout=0.3) == "filtered"
    with pytest.raises(LookupError, match="not running"):
        host.console("true")
    host.start()
    assert host.run("cat /kept").out == "kept\n"


def test_a_full_disk_takes_no_byte_until_it_has_space(host):
    with host.full_disk():
        full = host.run("echo more > /root/more", check=False)
        assert full.code and "No space left" in full.err
        assert host.run("echo fine > /run/fine; cat /run/fine").out == "fine\n"
    host.run("echo more > /root/more")


@pytest.mark.parametrize("release", RELEASES)
def test_a_hidden_program_is_not_found(hosts, release):
    host, = hosts(1, release=release)
    with host.without("nft"):
        assert host.run("nft list ruleset", check=False).code == 127
        assert host.run("/usr/sbin/nft list ruleset", check=False).code == 127
    host.run("nft list ruleset")
    with pytest.raises(AssertionError):
        with host.without("no-such-program"):
            pass


def test_a_frozen_process_is_there_and_does_nothing(host):
    host.console("sh", "-c", "systemd-run --quiet --unit=counts sh -c 'n=0; while sleep 0.01; do n=$((n+1)); echo $n "
                             "> /run/count; done'")
    host.wait_for("test -s /run/count")
    pid = host.console("systemctl", "show", "--value", "--property=MainPID", "counts").out.strip()
    with host.frozen(pid):
        time.sleep(0.1)
        counted = host.console("cat", "/run/count").out
        time.sleep(0.3)
        assert host.console("cat", "/run/count").out == counted
    host.wait_for("test $(cat /run/count) != %s" % counted.strip())


def test_a_playbook_runs_as_whom_it_should(host, playbook, tmp_path):
    play = "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.command: id -un\n      register: r\n" \
           "    - ansible.builtin.debug: {msg: 'is {{ r.stdout }}'}\n"
    assert "is root" in host.playbook(play).out
    assert "is ansible" in host.playbook(play, user="ansible").out
    assert "is root" in host.playbook(play, "--become", user="ansible").out
    (tmp_path / "fails.yml").write_text("- hosts: all\n  gather_facts: false\n  tasks: [{ansible.builtin.command: "
                                        "/bin/false}]\n")
    assert playbook([host], "fails.yml", check=False).code == 2
    with pytest.raises(AssertionError, match="exit code 2"):
        playbook([host], "fails.yml")
