# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host on which much listens, each of it started in another way, and by a small program of its own.

What it stands for has its name: a unit, or a program such as nginx, which is this program under that name.
"""

from .host import Host

# Listens with IPv4 on some ports. "passed" is the socket that systemd hands over, "deaf" does not end by SIGTERM, and
# "child" starts another that listens on the ports that follow.
LISTENS = """\
#!/usr/bin/python3
import os, signal, socket, sys
held = []
for word in sys.argv[1:]:
    if word == "child":
        if os.fork():
            break
        held = []
    elif word == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif word != "passed":
        held.append(socket.socket())
        held[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held[-1].bind(("0.0.0.0", int(word)))
        held[-1].listen(5)
while True:
    signal.pause()
"""
LISTENER = "/usr/local/bin/listens"
# A Python for which systemd has not booted the host, as in a chroot, but everything runs that it has started
UNBOOTED = "/usr/local/bin/python-unbooted"
SECOND_SSH = 2222
ID = "c0ffee00" * 8                                   # of a container
# Other names of the program
NAMES = ("supervisord", "nginx", "harvester")
ENABLED = "[Install]\nWantedBy=multi-user.target\n"


def service(ports: str, more: str = "", unit: str = "", program: str = LISTENER) -> str:
    """The text of a service that listens on these ports."""
    return "[Unit]\nDescription=Listens\n%s[Service]\nExecStart=%s %s\n%s" % (unit, program, ports, more)


UNITS = {
    "always.service": service("7001", "Restart=always\nRestartSec=100ms\n" + ENABLED),
    "passed.socket": "[Socket]\nListenStream=0.0.0.0:7002\n[Install]\nWantedBy=sockets.target\n",
    "passed.service": service("passed"),
    "timed.service": service("7003"),
    "timed.timer": "[Timer]\nOnActiveSec=1s\nOnUnitInactiveSec=1s\nAccuracySec=100ms\n"
                   "[Install]\nWantedBy=timers.target\n",
    "upheld.service": service("7004"),
    "upholder.service": "[Unit]\nUpholds=upheld.service\n[Service]\nExecStart=/bin/sleep infinity\n",
    "database.service": service("7005", ENABLED),
    "shop.service": service("7055", unit="Requires=database.service\nAfter=database.service\n"),
    "store.service": service("7025", ENABLED),
    "worker.service": "[Unit]\nRequires=store.service\nAfter=store.service\n"
                      "[Service]\nExecStart=/bin/sleep infinity\n" + ENABLED,
    "spares.service": service("child 7006", "KillMode=process\n"),
    # as at(1) leaves a job: in a session of its own, to go on when atd is stopped
    "atd.service": service("", "KillMode=process\n", program="/bin/sh -c 'setsid -f %s 7024; exec sleep infinity'" %
                           LISTENER),
    "numbered@.service": service("%i", ENABLED),
    "pulled.service": service("7009"),
    "pulls.service": "[Unit]\nWants=pulled.service\n[Service]\nExecStart=/bin/sleep infinity\n" + ENABLED,
    "wrapped.service": "[Service]\nExecStart=/bin/sh -c '%s 7011; true'\n%s" % (LISTENER, ENABLED),
    "supervisor.service": service("child 7017", ENABLED, program="/usr/local/sbin/supervisord"),
    "called.service": service("7018", "Type=simple\nBusName=org.example.Called\n" + ENABLED),
    "steady.service": service("7019", ENABLED, unit="RefuseManualStop=yes\n"),
    "backup-agent.service": service("7020", ENABLED),
    "nginx.service": service("7443 7080", ENABLED, program="/usr/local/sbin/nginx"),
    # sshd does without it no more
    "gate.service": service("7027", ENABLED),
    "ssh.service.d/gate.conf": "[Unit]\nRequires=gate.service\nAfter=gate.service\n",
    "deaf.service": service("deaf 7030", "TimeoutStopSec=1s\nSendSIGKILL=no\n" + ENABLED),
}
USER_UNIT = ".config/systemd/user/own.service"
FILES = {
    LISTENER: LISTENS,
    UNBOOTED: """\
#!/bin/sh
exec unshare --mount sh -euc 'mount -t tmpfs none /run/systemd; exec /usr/bin/python3 "$@"' python3 "$@"
""",
    # Of a package: the folder is where a mask finds room above it.
    "/usr/lib/systemd/system/packaged.service": service("7023", ENABLED),
    "/etc/init.d/legacy": """\
#!/bin/sh
### BEGIN INIT INFO
# Provides: legacy
# Required-Start: $local_fs
# Required-Stop: $local_fs
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
# Short-Description: Listens
### END INIT INFO
case $1 in
    start) start-stop-daemon --start --background --make-pidfile --pidfile /run/legacy.pid --startas %s -- 7008 ;;
    stop) start-stop-daemon --stop --pidfile /run/legacy.pid ;;
esac
""" % LISTENER,
    "/etc/ssh/sshd_config.d/ports.conf": "Port 22\nPort %d\n" % SECOND_SSH,
    "/etc/cron.d/crowd": "@reboot nobody exec /usr/local/sbin/harvester 7012 > /dev/null 2>&1\n",
    "/usr/share/dbus-1/system-services/org.example.Called.service":
        "[D-BUS Service]\nName=org.example.Called\nExec=/bin/false\nUser=root\nSystemdService=called.service\n",
    # who may call it, without which nobody may
    "/etc/dbus-1/system.d/org.example.Called.conf":
        "<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN' "
        "'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'>\n<busconfig><policy context='default'>"
        "<allow send_destination='org.example.Called'/></policy></busconfig>\n",
    "/home/ansible/" + USER_UNIT: service("7014"),
    **{"/etc/systemd/system/" + name: text for name, text in UNITS.items()},
}
# Run with LISTENER, UNBOOTED, ID and NAMES.
START = r"""
program=$1 unbooted=$2 id=$3
shift 3
for name in "$@"; do
    ln -s "$program" "/usr/local/sbin/$name"
done
chmod 755 "$program" "$unbooted" /etc/init.d/legacy
chown -R ansible: /home/ansible/.config
update-rc.d legacy defaults
mkdir -p /var/lib/systemd/linger
touch /var/lib/systemd/linger/ansible  # his systemd stays when he is not logged in, loginctl(1)
systemctl daemon-reload
systemctl reload dbus
enabled="always.service passed.socket timed.timer database.service store.service worker.service pulls.service
numbered@7007.service wrapped.service supervisor.service called.service steady.service
backup-agent.service nginx.service packaged.service gate.service cron.service"
systemctl enable --quiet $enabled
systemctl restart ssh
systemctl start $enabled timed.service upheld.service upholder.service shop.service spares.service \
    atd.service legacy.service user@1000.service
leave() {
    systemd-run --quiet --scope "$@" > /dev/null 2>&1 < /dev/null
}
systemd-run --quiet --unit=passing "$program" 7010
leave --unit=left setsid -f "$program" 7021
leave --slice=system.slice --unit="docker-$id" setsid -f "$program" 7015
ip link add vxlan42 type vxlan id 42 dstport 4789
ip address add 192.0.2.1/24 dev vxlan42
ip link set vxlan42 up
(exec 3<>/dev/tcp/127.0.0.1/7002)  # the first client of passed.socket
"""
PORTS = (7001, 7002, 7003, 7004, 7005, 7006, 7007, 7008, 7009, 7010, 7011, 7012, 7013, 7014, 7015, 7017, 7018,
         7019, 7020, 7021, 7022, 7023, 7024, 7025, 7027, 7055, 7080, 7443)


def write(host: Host, files: dict[str, str]) -> None:
    """Write files to a host."""
    for path, text in files.items():
        target = host.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def listens(*ports: int) -> str:
    """A shell command that succeeds where something listens on each of these ports."""
    return " && ".join("ss -Hltn 'sport = %d' | grep -q ." % port for port in ports)


def gather(host: Host) -> None:
    """Have all of them listen on a host."""
    write(host, FILES)
    host.console("bash", "-eu", "-s", LISTENER, UNBOOTED, ID, *NAMES, stdin=START)
    host.console("runuser", "-u", "ansible", "--", "env", "XDG_RUNTIME_DIR=/run/user/1000", "systemctl", "--user",
                 "start", "own.service")
    # what somebody left running who had logged in, and what comes from nowhere that this host knows
    host.run("setsid -f %s 7013 > /dev/null 2>&1 < /dev/null" % LISTENER)
    host.console("setsid", "-f", "sh", "-c", "exec %s 7022 > /dev/null 2>&1 < /dev/null" % LISTENER)
    host.wait_for(listens(*PORTS))


# Without it nobody is let in: sshd asks it at each login, and leaves a mark where it did so in vain.
DIRECTORY = 7389
ASK = "/usr/local/bin/ask"
ASKED_IN_VAIN = "/run/asked-in-vain"
DIRECTORY_FILES = {
    LISTENER: LISTENS,
    ASK: "#!/bin/bash -p\n(exec 3<>/dev/tcp/127.0.0.1/%d) || { touch %s; exit 1; }\n" % (DIRECTORY, ASKED_IN_VAIN),
    "/etc/systemd/system/accounts.service": service(str(DIRECTORY), ENABLED),
    "/etc/systemd/system/always.service": UNITS["always.service"],
}
# From OpenSSH 9.8 on, sshd says nothing to a client for a while who could not log in a few times, see
# PerSourcePenalties in sshd_config(5).
DEPEND = """
chmod 755 %s %%s
echo 'account required pam_exec.so quiet %%s' >> /etc/pam.d/sshd
if sshd -T | grep -q '^persourcepenalties '; then
    echo 'PerSourcePenalties no' > /etc/ssh/sshd_config.d/penalties.conf
    systemctl restart ssh
fi
systemctl daemon-reload
systemctl enable --quiet --now %%s
""" % LISTENER

# Nobody is let in while units are stopped on trial: that leaves a mark. One of the two is not started by a boot.
BY_HAND = 7026
REFUSE = "/usr/local/bin/refuse"
REFUSED = "/run/refused"
REFUSING_FILES = {
    LISTENER: LISTENS,
    REFUSE: "#!/bin/sh\nsystemctl --quiet is-active listening-ports-undo.timer || exit 0\ntouch %s\nexit 1\n" % REFUSED,
    "/etc/systemd/system/always.service": UNITS["always.service"],
    "/etc/systemd/system/byhand.service": service(str(BY_HAND), ENABLED),
}


def depend(host: Host) -> None:
    """Have each login to a host depend on a service of it."""
    write(host, DIRECTORY_FILES)
    host.console("sh", "-eu", stdin=DEPEND % (ASK, ASK, "accounts always"))
    host.wait_for(listens(DIRECTORY, 7001))


def refuse(host: Host) -> None:
    """Have each login to a host refused while units of it are stopped on trial."""
    write(host, REFUSING_FILES)
    host.console("sh", "-eu", stdin=DEPEND % (REFUSE, REFUSE, "always"))
    host.console("systemctl", "start", "byhand.service")
    host.wait_for(listens(7001, BY_HAND))
