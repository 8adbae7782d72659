# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What port_filter leaves on a host: after others came and went, after a reboot, and where something is in the way."""

from support.player import on_each, play, told

RULES = {"rules": [{"ports": [3306, 5432], "sources": ["10.0.0.0/8", "fd00::/8"], "comment": "databases"},
                   {"protocol": "udp", "ports": ["6000-6010"], "sources": []}]}
LISTING = "nft -s list table inet listening_ports"
# each is a way in which others begin, end, load their rules anew or forget them
OTHERS = """\
systemctl start nftables
systemctl restart nftables
systemctl reload nftables
systemctl stop nftables
systemctl start firewalld
firewall-cmd --reload
firewall-cmd --complete-reload || true
systemctl stop firewalld
ufw --force enable
ufw reload
systemctl restart ufw
ufw --force disable
"""
EACH = r"""
before=$(%s) || exit 1
while read -r command; do
    sh -c "$command" >/tmp/said 2>&1 </dev/null || { echo "fails: $command"; cat /tmp/said; }
    [ "$(%s 2>&1)" = "$before" ] || echo "not there after: $command"
done
""" % (LISTING, LISTING)
LEFT = "find /etc -name '*listening-ports*'; systemctl list-unit-files --no-legend 'listening-ports*'; " + LISTING
WRITTEN = "find /etc/listening-ports /etc/systemd /run/systemd/system -newer /run/before -printf '%p %m\n' | sort"


def filter_ports(name="done", **options):
    """A task that has RULES, unless the options are others."""
    return {"listening.ports.port_filter": options or RULES, "register": name, "failed_when": False}


def test_the_table_stays_whatever_others_do_and_after_a_reboot(hosts, player):
    made = hosts(3, release=["trixie", "bookworm", "bullseye"])
    for host in made:
        host.console("sh", "-c", "touch /run/before; sleep 0.1")
    again = filter_ports("again")
    player.play(made, play(filter_ports(), again))
    for host in made:
        results = told(player, host)
        assert (results["done"]["status"], results["done"]["persistent"]) == ("kept", True), results
        assert (results["again"]["status"], results["again"]["changed"]) == ("unchanged", False)
        assert host.console("sh", "-c", LISTING).out.expandtabs(4) == results["done"]["diff"]["after"]
        assert [line for line in host.console("sh", "-c", WRITTEN).out.splitlines() if "listening-ports" in line] == [
            "/etc/listening-ports 700", "/etc/listening-ports/filter.nft 600",
            "/etc/systemd/system/listening-ports.service 644",
            "/etc/systemd/system/nftables.service.d/50-listening-ports.conf 644",
            "/etc/systemd/system/sysinit.target.wants/listening-ports.service 777"]
        host.console("systemctl", "is-active", "--quiet", "listening-ports")
    assert on_each(made, lambda host: host.console("sh", "-c", EACH, stdin=OTHERS).out) == ["", "", ""]
    on_each(made, lambda host: host.console("sh", "-c", "rm /run/before; systemctl enable nftables"))
    on_each(made, lambda host: host.reboot())
    player.play(made, play(again))
    assert [told(player, host)["again"]["status"] for host in made] == ["unchanged"] * 3
    for host in made:
        host.console("systemctl", "stop", "listening-ports")          # the way out at a console
        assert host.console("sh", "-c", LISTING, check=False).code
        host.console("systemctl", "restart", "nftables")              # which does not bring it back
        assert host.console("sh", "-c", LISTING, check=False).code
    player.play(made, play(filter_ports("back"), filter_ports("gone", state="absent"),
                           filter_ports("nothing", state="absent")))
    for host in made:
        results = told(player, host)
        assert [results[name]["status"] for name in ("back", "gone", "nothing")] == ["kept", "kept", "unchanged"]
        left = host.console("sh", "-c", LEFT, check=False)
        assert left.out == "" and "No such file" in left.err


STATE = ("find /etc '(' -type f -o -type l ')' -printf '%p %m %s %t %l\\n' -o -printf '%p %m\\n' | sort; "
         "nft list ruleset")
OBSTACLES = {
    "no_nft": ("mv /usr/sbin/nft /usr/sbin/nft.away", "mv /usr/sbin/nft.away /usr/sbin/nft"),
    "no_namespace": ("mv /usr/bin/unshare /root", "mv /root/unshare /usr/bin"),
    "full": ("cat /dev/zero >/var/full || true", "rm /var/full"),
    "read_only": ("mount --bind /etc /etc && mount -o remount,bind,ro /etc", "umount /etc"),
    "failing": ("mv /usr/sbin/nft /usr/sbin/nft.away; cp /usr/local/bin/failing /usr/sbin/nft",
                "mv /usr/sbin/nft.away /usr/sbin/nft"),
}
# it fails where rules would be loaded for the host itself, and for that alone
FAILING = """\
#!/bin/sh
case $* in *-f*) test $(readlink /proc/self/ns/net) != $(readlink /proc/1/ns/net) || exit 1 ;; esac
exec /usr/sbin/nft.away "$@"
"""
CAGED = "#!/bin/sh\nexec setpriv --bounding-set=-net_admin --inh-caps=-net_admin /usr/bin/python3 \"$@\"\n"


def test_what_is_in_the_way_leaves_the_host_as_it_was(host, player):
    before = host.console("sh", "-c", STATE).out
    for name, text in (("caged", CAGED), ("failing", FAILING)):
        host.console("sh", "-c", "cat >$0; chmod +x $0", "/usr/local/bin/" + name, stdin=text)
    tasks = [dict(filter_ports("no_root"), vars={"ansible_user": "ansible"}),
             dict(filter_ports("not_permitted"), vars={"ansible_python_interpreter": "/usr/local/bin/caged"})]
    for name, (do, undo) in OBSTACLES.items():
        tasks += [{"ansible.builtin.raw": do}, filter_ports(name), {"ansible.builtin.raw": undo}]
    player.play([host], play(*tasks))
    results = told(player, host)
    for name in ("no_root", "not_permitted", "no_nft", "no_namespace"):
        assert (results[name]["status"], results[name].get("code")) == ("refused", name), results[name]
    for name, words in (("full", "No space left on device"), ("read_only", "Read-only file system"),
                        ("failing", "nft does not load the rules")):
        assert results[name]["status"] == "failed" and words in results[name]["msg"], results[name]
    for result in results.values():
        assert result["changed"] is False and "is as it was" in result["msg"], result
    assert host.console("sh", "-c", STATE).out == before
