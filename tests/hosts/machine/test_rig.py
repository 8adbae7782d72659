# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rig itself, run on this machine: what it leaves, what it does not touch, and what it says when it cannot."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

HOSTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOSTS))

from rig import images, machine, obstacles  # noqa: E402
from rig.fleet import BRIDGES  # noqa: E402

RIG = [sys.executable, "-B", str(HOSTS / "rig")]
ANSIBLE = pathlib.Path(sys.executable).parent / "ansible"
TIMEOUT = 300  # seconds
# What these tests start has it in its environment, which tells it from the rigs of others.
MARK = "RIG_TESTED_BY=%d" % os.getpid()
os.environ.update([MARK.split("=")])
_KEPT = machine.SHARED / "inotify"
USUAL_LIMIT = int((_KEPT if _KEPT.exists() else machine.INOTIFY).read_text(encoding="ascii"))


def rig(*arguments, env=None):
    """Run the program to its end."""
    return subprocess.run([*RIG, *map(str, arguments)], check=False, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True,
                          timeout=TIMEOUT, env=env)


@contextlib.contextmanager
def running(*arguments):
    """A rig that runs a command until the end of the test; gives its process once the command has written a line."""
    command = [*RIG, "run", *arguments, "--", "sh", "-c", "echo ready; exec sleep 300"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.terminate()


def machine_state():
    """What of this machine a rig could disturb, as something that can be compared."""
    root = images.Image("trixie").acquire()
    firewall = subprocess.run(["chroot", root, "nft", "list", "ruleset"], check=True, capture_output=True,
                              text=True).stdout
    links = subprocess.run(["ip", "-brief", "address"], check=True, capture_output=True, text=True).stdout
    sysctls = {path: pathlib.Path(path).read_text(encoding="ascii") for path in (
        "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/neigh/default/retrans_time_ms")}
    return {"firewall": firewall, "links": links,
            "mounts": pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8"),
            "cgroups": [path.name for path in rig_cgroups()], "sysctls": sysctls, "processes": rig_processes(),
            "limit as it should be": limit() == (machine.INOTIFY_WANTED if foreign_rigs() else USUAL_LIMIT)}


def limit():
    return int(machine.INOTIFY.read_text(encoding="ascii"))


def rig_cgroups():
    """The cgroups of rigs that these tests started, or whose runner is gone."""
    return sorted(path for path in _all_cgroups() if not machine.runner_of(path.name)
                  or _is_ours(machine.runner_of(path.name)))


def foreign_rigs():
    """The cgroups of rigs that somebody else runs on this machine at the same time."""
    return [path for path in _all_cgroups() if machine.runner_of(path.name)
            and not _is_ours(machine.runner_of(path.name))]


def rig_processes():
    """Process ids of what these tests started: the hosts, and what runs in cgroups of rigs."""
    pids = set()
    for cgroup in rig_cgroups():
        for procs in cgroup.rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                pids.update(procs.read_text(encoding="ascii").split())
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"systemd-nspawn" in (process / "cmdline").read_bytes() and _is_ours(process.name):
                pids.add(process.name)
    return sorted(pids)


def _all_cgroups():
    return obstacles.cgroup_root().glob(machine.PREFIX + "*")


def _is_ours(pid):
    with contextlib.suppress(OSError):
        return MARK.encode() in pathlib.Path("/proc", str(pid), "environ").read_bytes()
    return False


@pytest.fixture(autouse=True)
def undisturbed():
    """After each test the machine is as it was before."""
    machine.sweep()
    before = machine_state()
    yield before
    machine.sweep()
    assert machine_state() == before


def test_a_rig_gives_its_command_what_it_needs_and_takes_its_exit_code():
    done = rig("run", "--hosts", "2", "--", "sh", "-c",
               'ssh -F "$RIG_SSH_CONFIG" 10.88.0.3 hostname; cat "$RIG_INVENTORY"; exit 7')
    assert done.returncode == 7, done
    assert done.stdout.startswith("h2\n") and '"ansible_host": "10.88.0.2"' in done.stdout
    assert "rig: 2 hosts answer after" in done.stderr


def test_hosts_are_not_in_the_network_of_the_machine(undisturbed):
    with running("--hosts", "1"):
        links = subprocess.run(["ip", "-brief", "address"], check=True, capture_output=True, text=True).stdout
        assert links == undisturbed["links"]
        now = machine_state()
        assert now["firewall"] == undisturbed["firewall"] and now["mounts"] == undisturbed["mounts"]


def test_hosts_that_come_and_go_leave_the_hardware_address_of_the_controller_as_it_is():
    done = rig("run", "--hosts", "1", "--", "sh", "-euc", """
        shown() { ip -brief link show "$1" | awk '{print $3}'; }
        shown rig0
        for name in rig0 rig1; do
            ip link add "low-$name" address 00:00:00:00:00:02 type veth peer name "end-$name"
            ip link set "low-$name" master "$name" up
            shown "$name"
            ip link del "low-$name"
        done""")
    assert done.stdout.split() == [BRIDGES["rig0"], *BRIDGES.values()], done


def test_two_rigs_run_at_once():
    with running("--hosts", "1"), running("--hosts", "1", "--release", "bookworm"):
        assert len(rig_cgroups()) == 2
        done = rig("run", "--", "sh", "-c", 'ssh -F "$RIG_SSH_CONFIG" 10.88.0.2 hostname')
        assert done.stdout == "h1\n", done


def test_a_rig_of_another_pid_namespace_is_left_alone():
    """As in a container that shares the tree of cgroups: each of both takes the other's processes for pid 0."""
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    with running("--hosts", "0") as first:
        done = subprocess.run([*apart, *RIG, "run", "--hosts", "0", "--", "echo", "beside it"], check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT,
                              start_new_session=True)
        assert (done.returncode, done.stdout) == (0, "beside it\n")
        assert first.poll() is None


def test_the_limit_is_put_back_by_the_last_rig():
    raised = max(USUAL_LIMIT, machine.INOTIFY_WANTED)
    with running("--hosts", "0"):
        with running("--hosts", "0"):
            assert limit() == raised
        assert limit() == raised
    machine.sweep()
    assert limit() == (raised if foreign_rigs() else USUAL_LIMIT)


def test_a_limit_that_somebody_else_changed_is_not_put_back(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "SHARED", tmp_path)
    monkeypatch.setattr(machine, "INOTIFY", tmp_path / "limit")
    monkeypatch.setattr(machine, "cgroup_root", lambda: tmp_path)
    for now, then in ((128, 128), (4000, 4000), (machine.INOTIFY_WANTED, 128)):
        machine.INOTIFY.write_text("128")
        with machine.share():
            assert limit() == machine.INOTIFY_WANTED
            machine.INOTIFY.write_text(str(now))
        assert limit() == then
    machine.INOTIFY.write_text("100000")
    with machine.share():
        assert limit() == 100000
    assert limit() == 100000


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_runner_leaves_nothing_behind(undisturbed, name):
    with running("--hosts", "3") as process:
        cgroup = obstacles.cgroup_root() / machine.rig_name(process.pid)
        assert len(list(cgroup.glob("host-*"))) == 3 and len(rig_processes()) > 15
        process.send_signal(name)
        process.wait(TIMEOUT)
    if name == signal.SIGKILL:
        assert cgroup.exists()  # what is left to the next run: else this test would show nothing
        # everything else has to end by itself, with nobody there to end it
        until = time.monotonic() + TIMEOUT
        while rig_processes():
            assert time.monotonic() < until, "processes that outlive their runner: %s" % rig_processes()
            time.sleep(0.05)
        assert rig("run", "--hosts", "0", "--", "test", "!", "-e", cgroup).returncode == 0
    assert not cgroup.exists()
    assert machine_state() == undisturbed


def test_what_joined_a_killed_rig_is_ended_too(undisturbed):
    """As the connections are that Ansible keeps, in the background, to hosts that stay."""
    with running("--hosts", "0") as process:
        cgroup = obstacles.cgroup_root() / machine.rig_name(process.pid)
        with subprocess.Popen(["sh", "-c", 'echo $$ > "$0/cgroup.procs"; echo in; exec sleep 300', cgroup],
                              stdout=subprocess.PIPE) as joined:
            assert joined.stdout.readline() == b"in\n"
            process.kill()
            process.wait(TIMEOUT)
            assert joined.poll() is None
            assert rig("run", "--hosts", "0", "--", "true").returncode == 0
            assert joined.wait(TIMEOUT) == -signal.SIGKILL


def test_a_pid_that_is_used_again_is_not_taken_for_the_runner(undisturbed):
    stale = obstacles.cgroup_root() / ("%s%d-1" % (machine.PREFIX, os.getpid()))
    stale.mkdir()
    machine.sweep()
    assert not stale.exists()


def test_hosts_stay_until_they_are_taken_down(tmp_path):
    state = tmp_path / "a state, 100%"
    done = rig("up", "--state", state, "--hosts", "2", "--release", "trixie,bookworm")
    assert done.returncode == 0, done.stderr
    try:
        assert str(state / "inventory.json") in done.stderr
        again = rig("up", "--state", state)
        assert again.returncode == 1 and "take them down first" in again.stderr
        environment = dict(os.environ, ANSIBLE_HOME=str(tmp_path / "home"),
                           PATH="%s:%s" % (ANSIBLE.parent, os.environ["PATH"]))
        ping = subprocess.run([ANSIBLE, "all", "-i", state / "inventory.json", "-m", "ansible.builtin.ping"],
                              check=False,
                              capture_output=True, text=True, env=environment, timeout=TIMEOUT)
        assert ping.stdout.count("pong") == 2, ping
        for method in ("sftp", "scp"):
            copy = subprocess.run([ANSIBLE, "h1", "-i", state / "inventory.json", "-m", "ansible.builtin.copy", "-a",
                                   "content=by-%s dest=/root/sent" % method],
                                  check=False, capture_output=True, text=True, timeout=TIMEOUT,
                                  env=dict(environment, ANSIBLE_SSH_TRANSFER_METHOD=method, ANSIBLE_SSH_ARGS=""))
            assert copy.returncode == 0 and "[WARNING]" not in copy.stderr, copy
            assert rig("exec", "--state", state, "h1", "cat", "/root/sent").stdout == "by-" + method
        assert subprocess.run([state / "ssh", "10.88.0.3", "hostname"], check=True,
                              capture_output=True).stdout == b"h2\n"
        assert rig("exec", "--state", state, "h2", "hostname").stdout == "h2\n"
        assert rig("exec", "--state", state, "h1", "sh", "-c", "exit 9").returncode == 9
        wrong = rig("exec", "--state", state, "h3", "hostname")
        assert wrong.returncode == 1 and "there are h1, h2" in wrong.stderr
        for secret in ("id", "known_hosts"):
            assert (state / secret).stat().st_mode & 0o077 == 0
    finally:
        done = rig("down", "--state", state)
    assert done.returncode == 0 and "are down" in done.stderr, done
    assert list(state.iterdir()) == []
    done = rig("down", "--state", state)
    assert done.returncode == 0 and "no hosts are up" in done.stderr
    wrong = rig("exec", "--state", state, "h1", "hostname")
    assert wrong.returncode == 1 and "no hosts are up" in wrong.stderr


def test_hosts_whose_runner_was_killed_can_be_taken_down_and_started_anew(tmp_path):
    assert rig("up", "--state", tmp_path).returncode == 0
    (tmp_path / "mine").touch()
    name = (tmp_path / "runner").read_text(encoding="ascii")
    os.kill(machine.runner_of(name), signal.SIGKILL)
    assert rig("exec", "--state", tmp_path, "h1", "true").returncode == 1
    assert rig("up", "--state", tmp_path, "--bastion", "--hosts", "2").returncode == 0
    behind = subprocess.run([tmp_path / "ssh", "10.89.0.3", "hostname"], check=True, capture_output=True)
    assert behind.stdout == b"h2\n"
    assert rig("down", "--state", tmp_path).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_folder_that_others_can_write_to_is_refused(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "other").mkdir()
    os.chown(tmp_path / "other", 1, 1)
    for name in ("open", "other"):
        done = rig("up", "--state", tmp_path / name)
        assert done.returncode == 1 and "others can write to" in done.stderr, done
        assert list((tmp_path / name).iterdir()) == []


def test_what_is_asked_wrongly_is_said(tmp_path):
    for arguments, code, words in (
        (["run", "--release", "sid", "--", "true"], 1, "the releases are trixie, bookworm, bullseye"),
        (["run", "--release", "trixie+nothing", "--", "true"], 1, "no variant 'nothing'"),
        (["run", "--hosts", "many", "--", "true"], 2, "a number from 0 to"),
        (["run", "--hosts", "0", "--", "no-such-command"], 127, "cannot run no-such-command"),
        (["up"], 2, "--state"),
        (["up", "--state", "/proc/nowhere"], 1, "/proc/nowhere: "),
        (["exec", "h1"], 1, "not in a rig"),
        ([], 2, "required"),
    ):
        done = rig(*arguments)
        assert done.returncode == code and words in done.stderr, (arguments, done)
        assert "Traceback" not in done.stderr


def test_what_is_missing_is_said():
    bare = rig("run", "--", "true", env=dict(os.environ, PATH="/nonexistent"))
    assert bare.returncode == 1 and "missing: " in bare.stderr and "apt-get install " in bare.stderr
    assert "systemd-container" in bare.stderr and "mmdebstrap" in bare.stderr
    user = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3", "-B", HOSTS / "rig", "run",
                           "--", "true"],
                          check=False, capture_output=True, text=True)
    assert user.returncode == 1 and user.stderr == "rig: no hosts can be started here: hosts need root\n", user
    bounded = subprocess.run(["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", *RIG, "run", "--",
                              "true"],
                             check=False, capture_output=True, text=True)
    assert bounded.returncode == 1 and "namespaces are refused: " in bounded.stderr, bounded


def test_a_host_that_cannot_boot_is_shown_with_its_last_words():
    script = "import sys; sys.path.insert(0, %r)\n" % str(HOSTS) + """
from rig.fleet import Rig
from rig.guest import HostFailed
rig = Rig.attach()
guest = rig.start()
guest.check_alive()
guest.power_off()
(guest.root / "sbin/init").unlink()
(guest.root / "sbin/init").write_text("#!/bin/sh\\necho so it ends; exit 3\\n")
(guest.root / "sbin/init").chmod(0o755)
for path in ("usr/lib/systemd/systemd", "lib/systemd/systemd"):
    (guest.root / path).unlink(missing_ok=True)
guest.boot()
try:
    rig.wait([guest])
except HostFailed as exc:
    print("FAILED", exc)
"""
    done = rig("run", "--hosts", "0", "--", sys.executable, "-B", "-c", script)
    assert "FAILED h1 ended with exit code 3: " in done.stdout and "so it ends" in done.stdout, done
