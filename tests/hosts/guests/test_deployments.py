# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody reads who has deployed a service that does not listen as it should: word by word."""

import pathlib
import re

import pytest

# Releases that have nginx.
WEB = ["trixie+web", "bullseye+web"]
POLICY = r"policy: 1 variable, \d+ entr(y|ies), sha256 [0-9a-f]{12}"
TO_DO = "To do: make it listen there, or give the entry state: optional."
NOTHING = "1. missing, high: Service nginx has to listen on tcp/80 (entry web of expected_listeners), but nothing does."
# What a user that is not root is told: that something is not known, and what to do about it.
HIDDEN = r"because the owners are hidden \(\d+ processes could not be inspected; \d+ listeners have no visible owner\)"
STILL_SO = r"%s is not as declared, judged by entry %s: 1 finding, still so after (\d+\.\d) s and (\d+) checks\."
GUIDE = pathlib.Path(__file__).resolve().parents[3] / "docs/docsite/rst/guide_wait_for.rst"
NO_LOG = "its log could not be read: there is no journal that this user may read (run with become). "
SITE = "error_log /var/log/nginx/error.log;\npid /run/nginx.pid;\nevents {}\n" \
       "http { access_log off; server { listen %s; return 204; } }\n"
HOLDS = "import socket, time; s = socket.create_server(('0.0.0.0', 80)); time.sleep(1000)"
# as whoever writes a unit for a program of their own does, and forgets the capability
UNPRIVILEGED = """\
[Service]
User=www-data
Type=exec
PIDFile=
ExecStartPre=
ExecStart=
ExecStart=/usr/sbin/nginx -g 'daemon off;'
"""


@pytest.fixture(params=WEB)
def web(hosts, request):
    """A host with nginx, which is stopped and has no site."""
    host, = hosts(1, release=request.param)
    host.console("systemctl", "is-system-running", "--wait")
    host.console("systemctl", "stop", "nginx")
    return host


def write(host, path, text):
    """Write a file on a host."""
    host.console("sh", "-c", 'mkdir -p "${1%/*}"; cat > "$1"', "sh", path, stdin=text)


def deploy(host, listen):
    """Deploy nginx; whether it starts is not what is asked here."""
    write(host, "/etc/nginx/nginx.conf", SITE % listen)
    host.console("systemctl", "restart", "nginx", check=False)


def judge(host, entries="{name: web, port: 80, service: nginx}", options="", code=2, user="root", become=False,
          names="'*'"):
    """Assert what has to listen, after a deployment; returns the lines that the task has for people.

    :param entries: str, YAML, the entries of the declaration.
    :param options: str, YAML, more options of the task.
    :param code: int, the exit code that is expected.
    :param names: str, YAML, of the entries that are judged.
    """
    done = host.playbook("""\
- hosts: all
  gather_facts: false
  vars:
    expected_listeners: [%s]
  tasks:
    - listening.ports.assert_listeners: {entries: [%s], %s}
      become: %s
      register: judged
      ignore_errors: true
    - ansible.builtin.debug:
        var: judged.msg
    - ansible.builtin.fail:
      when: judged.failing
""" % (entries, names, options, become), user=user, check=False)
    assert done.code == code, done
    shown = re.search(r"judged\.msg: \|-\n((?: +\S.*\n)+)", done.out)
    *lines, policy = [line.strip() for line in shown.group(1).splitlines()]
    assert re.fullmatch(POLICY, policy), done
    return lines


def judge_as_both(host, entries="{name: web, port: 80, service: nginx}"):
    """The same, by root and by a user who becomes root: both are told the same."""
    lines = judge(host, entries)
    assert judge(host, entries, user="ansible", become=True) == lines
    return lines


def main_pid(host, unit):
    return host.console("systemctl", "show", "--value", "--property=MainPID", unit).out.strip()


def test_it_listens(web):
    deploy(web, "80")
    head, = judge(web, code=0)
    assert re.fullmatch(r"%s is as declared, judged by entry web: \d+ listeners\." % web.name, head)


def test_it_listens_on_another_port(web):
    deploy(web, "8081")
    assert judge_as_both(web) == [
        "%s is not as declared, judged by entry web: 1 finding." % web.name,
        "%s nginx.service is running, but listens on tcp 0.0.0.0:8081. %s" % (NOTHING, TO_DO)]
    assert judge(web, user="ansible")[1] == (
        "%s nginx.service is running; what it listens on is unknown, because some listeners have hidden owners "
        "(run with become). "
        "%s" % (NOTHING, TO_DO))


def test_another_process_has_its_port(web):
    web.console("systemd-run", "--quiet", "--unit=earlier", "--uid=root", "python3", "-c", HOLDS)
    web.wait_for("ss -Hltn 'sport = 80' | grep -q .")
    deploy(web, "443; listen 80")
    assert judge_as_both(web, "{name: web, port: 80, service: nginx}, {name: tls, port: 443, service: nginx}") == [
        "%s is not as declared, judged by entries web, tls: 2 findings." % web.name,
        "1. missing, high: Service nginx has to listen on tcp/443 (entry tls of expected_listeners), but nothing "
        "does. nginx.service has failed "
        "(exit code 1): \"nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\". " + TO_DO,
        "2. wrong owner, high: tcp 0.0.0.0:80 is owned by python3 pid %s (earlier.service) (user root), "
        "but entry web of "
        "expected_listeners expects service nginx (it is required). To do: find out why it uses the port; stop "
        "earlier.service, or declare it."
        % main_pid(web, "earlier")]
    # which of the two holds it, one of root may be
    head, finding = judge(web, user="ansible")
    assert head == "%s is not as declared, judged by entry web: 1 finding." % web.name
    assert re.fullmatch(r"1\. unknown, high: 1 listener and 1 entry cannot be judged %s: tcp 0\.0\.0\.0:80 a hidden "
                        r"process \(of uid 0\); "
                        r"entries: web\. To do: run with become\." % HIDDEN, finding)


def test_a_web_server_that_somebody_started_by_hand_has_its_port(web):
    write(web, "/etc/nginx/nginx.conf", SITE % "80")
    web.run("nginx")
    web.console("systemctl", "restart", "nginx", check=False)
    finding = judge_as_both(web)[1]
    assert re.fullmatch(r"1\. wrong owner, high: tcp 0\.0\.0\.0:80 is owned by nginx pid \d+, \d+ \(in "
                        r"session-\w+\.scope\) \(user nobody, root\), but entry web of "
                        r"expected_listeners expects service nginx \(it is required\)\. To do: find out why it uses "
                        r"the port; stop it, or declare it\.", finding)


def test_it_listens_on_loopback_only(web):
    deploy(web, "127.0.0.1:80")
    main = main_pid(web, "nginx")
    web.wait_for("pgrep --parent %s" % main)    # a worker; who has started the main process may still be there
    pids = [main, *web.console("pgrep", "--parent", main).out.split()]
    assert judge_as_both(web, "{name: web, port: 80, service: nginx, bind: any}") == [
        "%s is not as declared, judged by entry web: 1 finding." % web.name,
        "1. wrong bind, medium: tcp 127.0.0.1:80 nginx pid %s (nginx.service) is bound to 127.0.0.1 (loopback only), "
        "but entry web of "
        "expected_listeners expects it on every address (it is required). To do: change the address that "
        "nginx.service listens on, or the entry."
        % ", ".join(sorted(pids))]
    # where it is bound is seen by everybody; that it is somebody else's besides is not ruled out, hence high
    assert judge(web, "{name: web, port: 80, service: nginx, bind: any}", user="ansible")[1] == (
        "1. wrong bind, high: tcp 127.0.0.1:80 a hidden process (of uid 0) is bound to 127.0.0.1 (loopback only), "
        "but entry web of "
        "expected_listeners expects it on every address (it is required). To do: change the address that it listens "
        "on, or the entry.")


def test_it_may_not_bind_to_the_port(web):
    write(web, "/etc/systemd/system/nginx.service.d/user.conf", UNPRIVILEGED)
    web.console("systemctl", "daemon-reload")
    deploy(web, "80")
    web.wait_for("systemctl is-failed nginx")
    assert judge_as_both(web)[1] == (
        '%s nginx.service has failed (exit code 1): "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission '
        'denied)". %s' % (NOTHING, TO_DO))
    assert judge(web, user="ansible")[1] == "%s nginx.service has failed (exit code 1); %s%s" % (NOTHING, NO_LOG, TO_DO)


def test_its_settings_are_wrong_and_then_it_is_masked(web):
    deploy(web, "80 nonsense")
    assert judge_as_both(web)[1].replace("nginx: [", "[") == (     # which it says twice or once, by its version
        '%s nginx.service has failed (exit code 1): "[emerg] invalid parameter \'nonsense\' in '
        '/etc/nginx/nginx.conf:4". %s' % (NOTHING, TO_DO))
    web.console("sysctl", "-qw", "net.ipv4.ip_nonlocal_bind=0")      # which a host with virtual addresses sets
    deploy(web, "198.51.100.77:80")
    assert judge(web)[1] == (
        '%s nginx.service has failed (exit code 1): "nginx: [emerg] bind() to 198.51.100.77:80 failed (99: Cannot '
        'assign requested address)". %s'
        % (NOTHING, TO_DO))
    web.console("systemctl", "mask", "nginx")
    assert judge(web)[1] == "%s nginx.service is masked, so nothing can start it. %s" % (NOTHING, TO_DO)


PROGRAM = "python3 -u -c 'import socket, time; print(\"db_password=hunter2\"); " \
          "s = socket.create_server((\"0.0.0.0\", %s)); time.sleep(1000)'"
# Services, each of which does not listen for another reason: the lines of its unit, what is done with it, and what is
# said of it.
STATES = {
    "absent": ([], "", "does not exist on this host."),
    "masked": ([], "ln -s /dev/null /etc/systemd/system/masked.service", "is masked, so nothing can start it."),
    "disabled": (["ExecStart=sleep 1000", "[Install]", "WantedBy=multi-user.target"], "",
                 "is not running, and is disabled, so it does not start at boot."),
    "stopped": (["ExecStart=sleep 1000"], "systemctl start stopped; systemctl stop stopped",
                'is not running; its log ends with: "Stopped stopped.service.".'),
    "ended": (["Type=oneshot", "RemainAfterExit=yes", "ExecStart=true"], "systemctl start ended",
              "has finished (active, exited)."),
    "gone": (["ExecStart=/usr/bin/nowhere"], "systemctl start gone",
             'has failed (exit code 203): "Failed at step EXEC spawning /usr/bin/nowhere: No such file or directory".'),
    "unset": (["EnvironmentFile=/etc/nowhere", "ExecStart=true"], "systemctl start unset",
              'has failed (its resources could not be set up): "Failed to X: No such file or directory".'),
    "starting": (["Type=notify", "ExecStart=sleep 1000"], "systemctl start --no-block starting",
                 "is still starting (start); its log says nothing further."),
    "slow": (["Type=notify", "TimeoutStartSec=0.5", "ExecStart=sleep 1000"], "systemctl start slow",
             'has failed (it took too long): "start operation timed out. Terminating.".'),
    "killed": (["ExecStart=sh -c 'kill -KILL $$$$'"], "systemctl start killed",
               "has failed (ended by SIGKILL); its log says nothing further."),
    "looping": (["Restart=always", "RestartSec=100", "ExecStart=sh -c 'echo cannot read my settings; exit 5'"],
                "systemctl start looping",
                'keeps exiting, and is waiting to be restarted (exit code 5): "cannot read my settings".'),
    "unprivileged": (["User=daemon", "ExecStart=" + PROGRAM % 81], "systemctl start unprivileged",
                     "has failed (exit code 1): \"PermissionError: [Errno 13] Permission denied (while attempting to "
                     "bind on address ('0.0.0.0', 81))\"."),
    "late": (["ExecStart=" + PROGRAM % 22], "systemctl start late",
             "has failed (exit code 1): \"OSError: [Errno 98] Address already in use (while attempting to bind on "
             "address ('0.0.0.0', 22))\"."),
    "elsewhere": (["ExecStart=" + PROGRAM % 8001], "systemctl start elsewhere",
                  "is running, but listens on tcp 0.0.0.0:8001."),
    "silent": (["ExecStart=sh -c 'echo the password is hunter2; exec sleep 1000'"], "systemctl start silent",
               'is running, but owns no listener; its log ends with: "the password is [redacted]".'),
}
# Whether each is in its state: what has failed, what waits, what runs, and what is logged
ARE_THERE = """\
for unit in gone unset slow killed unprivileged late; do systemctl --quiet is-failed $unit || exit 1; done
test "$(systemctl show --value --property=SubState looping)" = auto-restart || exit 1
ss -Hltn 'sport = 8001' | grep -q . && journalctl --quiet --unit=silent | grep -q hunter2
"""


@pytest.fixture(params=["trixie", "bookworm", "bullseye"])
def states(hosts, request):
    """A host that has the services of STATES."""
    host, = hosts(1, release=request.param)
    for name, (unit, _command, _words) in STATES.items():
        if unit:
            write(host, "/etc/systemd/system/%s.service" % name, "\n".join(["[Service]", *unit, ""]))
    host.console("sh", "-c", "\n".join(["systemctl daemon-reload",
                                        *(command for _unit, command, _words in STATES.values())]))
    host.wait_for(ARE_THERE)
    host.console("journalctl", "--sync")
    return host


def described(host, user="root"):
    """What is said of each of the services: dict."""
    entries = ["{name: %s, port: %d, service: %s}" % (name, number, name) for number, name in enumerate(STATES, 3001)]
    descriptions = {}
    for line in judge(host, ", ".join(entries), user=user)[1:]:
        name, words = re.fullmatch(r"\d+\. missing, high: Service (\S+) has to listen on tcp/\d+ \(entry \1 of "
                                   r"expected_listeners\), but nothing "
                                   r"does\. \1\.service (.+) To do: make it listen there, or give the entry state: "
                                   r"optional\.", line).groups()
        descriptions[name] = re.sub("Failed to [^:]*:", "Failed to X:", words)     # in which the releases differ
    return descriptions


def test_a_service_and_why_it_does_not_listen(states):
    assert described(states) == {name: words for name, (_unit, _command, words) in STATES.items()}


@pytest.fixture
def failed(host):
    """A host with a service that may not bind to its port."""
    write(host, "/etc/systemd/system/app.service", "[Service]\nUser=daemon\nExecStart=%s\n" % (PROGRAM % 81))
    host.console("sh", "-c", "systemctl daemon-reload; systemctl start app; while systemctl --quiet is-active app; do "
                             "sleep 0.1; done")
    return host


APP = "{name: app, port: 81, service: app}"
MISSING = "1. missing, high: Service app has to listen on tcp/81 (entry app of expected_listeners), but nothing does."
HAS_FAILED = " app.service has failed (exit code 1)"


def test_what_a_service_logs_is_not_asked_for_where_that_is_not_wanted(failed):
    assert judge(failed, APP, "diagnose: false")[1] == MISSING + " " + TO_DO
    assert judge(failed, APP)[1].startswith(MISSING + HAS_FAILED + ': "PermissionError: [Errno 13] Permission denied')


def test_without_root_the_state_is_told_and_that_the_log_was_not_read(failed):
    """Who holds the other ports is hidden; that nobody has this one is not."""
    assert judge(failed, APP, user="ansible")[1] == MISSING + HAS_FAILED + "; " + NO_LOG + TO_DO
    with failed.without("systemctl"):
        assert judge(failed, APP, user="ansible")[1] == (
            MISSING + " app.service could not be inspected: systemd could not be asked: timeout: failed to run "
                      "command 'systemctl': "
            "No such file or directory. " + TO_DO)


def test_without_journalctl_the_state_is_told_and_that_the_log_was_not_read(failed):
    with failed.without("journalctl"):
        assert judge(failed, APP)[1] == (
            MISSING + HAS_FAILED + "; its log could not be read: timeout: failed to run command 'journalctl': No such "
                                   "file or directory. " + TO_DO)


def test_a_log_that_was_never_kept_is_not_an_empty_one(failed):
    write(failed, "/etc/systemd/journald.conf.d/none.conf", "[Journal]\nStorage=none\n")
    failed.console("sh", "-c", "systemctl restart systemd-journald && rm -r /var/log/journal/* /run/log/journal; "
                               "systemctl restart app; while systemctl --quiet is-active app; do sleep 0.1; done",
                   check=False)
    assert judge(failed, APP)[1] == MISSING + HAS_FAILED + "; its log could not be read: there is no journal. " + TO_DO


def test_a_socket_whose_port_is_taken(host):
    write(host, "/etc/systemd/system/app.socket", "[Socket]\nListenStream=0.0.0.0:22\n")
    write(host, "/etc/systemd/system/app.service", "[Service]\nExecStart=sleep 1000\n")
    host.console("sh", "-c", "systemctl daemon-reload; systemctl start app.socket", check=False)
    assert judge(host, "{name: app, port: 81, service: app.socket}")[1] == (
        MISSING.replace("Service app", "Service app.socket")
        + " app.socket has failed (its resources could not be set up): \"Failed to listen on "
        "sockets: Address already in use\". " + TO_DO)


def test_waiting_until_a_service_listens_that_starts_late(web):
    write(web, "/etc/nginx/nginx.conf", SITE % "80")
    web.console("systemd-run", "--quiet", "--on-active=8", "--timer-property=AccuracySec=100ms", "systemctl", "start",
                "nginx")
    head, = judge(web, options="wait_for: 60, poll: 1", code=0)
    match = re.fullmatch(r"%s is as declared, judged by entry web: \d+ listeners, after (\d+\.\d) s and (\d+) checks\."
                         % web.name, head)
    waited, looks = float(match.group(1)), int(match.group(2))
    assert 1 < waited < 60 and 2 <= looks <= waited + 2


def test_waiting_for_a_service_that_never_listens(web):
    write(web, "/etc/nginx/nginx.conf", SITE % "80")
    head, finding = judge(web, options="wait_for: 6, poll: 1")
    match = re.fullmatch(STILL_SO % (web.name, "web"), head)
    waited, looks = float(match.group(1)), int(match.group(2))
    assert 6 <= waited < 60 and 2 <= looks <= 8
    # older releases of systemd do not say which unit
    assert finding.replace("Stopped nginx.service - A", "Stopped A") == (
        "%s nginx.service is not running any more: it ended with exit code 0; its log ends with: \"Stopped A high "
        "performance web server and a "
        "reverse proxy server.\". %s" % (NOTHING, TO_DO))


def test_the_guide_shows_how_a_message_begins():
    assert re.search("``%s``" % STILL_SO % ("web-1", "shop"), " ".join(GUIDE.read_text(encoding="utf-8").split()))


# As a play that deploys something of one's own; it takes its time before it listens.
DEPLOYMENT = """\
- hosts: all
  gather_facts: false
  become: true
  vars:
    expected_listeners_shop:
      - {name: shop, port: 8090, service: shop, user: daemon}
      - {name: shop admin, port: 8091, service: shop}
  tasks:
    - name: Define it
      ansible.builtin.copy:
        dest: /etc/systemd/system/shop.service
        mode: "0644"
        content: |
          [Service]
          User=daemon
          ExecStart=python3 -u -c 'import socket, time; time.sleep(8); \\
            s = socket.create_server(("0.0.0.0", 8090)); time.sleep(1000)'
      notify: Start it
    - name: Start it now, and not at the end of the play
      ansible.builtin.meta: flush_handlers
    - name: Wait until it listens
      listening.ports.assert_listeners: {entries: [shop], wait_for: 60, poll: 1}
      register: listening
    - name: Say how long it took
      ansible.builtin.debug:
        msg: >-
          it took {{ listening.waited }} s, {{ listening.attempts }} checks: {{ listening.msg.splitlines() | first }}
    - name: Wait for the rest, which never listens
      listening.ports.assert_listeners: {entries: [shop*], wait_for: 4, poll: 1}
  handlers:
    - name: Start it
      ansible.builtin.systemd_service:
        name: shop
        state: restarted
        daemon_reload: true
"""


def test_a_play_that_deploys_waits_and_tells_what_is_still_missing(hosts, playbook):
    fleet = hosts(3, release=["trixie", "bookworm", "bullseye"])
    done = playbook(fleet, DEPLOYMENT, user="ansible", check=False)
    assert done.code == 2, done
    for host in fleet:
        match = re.search(r"it took (\d+\.\d) s, (\d+) checks: %s is as declared, judged by entry shop: \d+ listeners, "
                          r"after \1 s and \2 checks\." % host.name,
                          " ".join(done.out.split()))
        assert 2 < float(match.group(1)) < 60 and 2 <= int(match.group(2)) <= float(match.group(1)) + 2
        output = " ".join(done.out.partition("TASK [Wait for the rest")[2].split())
        assert re.search(
            r"%s is not as declared, judged by entries shop, shop admin: 1 finding, still so after \d+\.\d s and \d+ "
            r"checks\. 1\. missing, high: Service shop has "
            r"to listen on tcp/8091 \(entry shop admin of expected_listeners_shop\), but nothing does\. shop\.service "
            r"is running, but listens on tcp "
            r"0\.0\.0\.0:8090\. To do: make it listen there, or give the entry state: optional\. policy: 1 variable, "
            r"2 entries, " % host.name, output), done
        assert re.search(r"^%s +: ok=4 +changed=2 +unreachable=0 +failed=1 " % host.name, done.out, re.MULTILINE), done


def test_without_root_waiting_does_not_help_and_that_is_said(host):
    write(host, "/etc/systemd/system/app.service", "[Service]\nExecStart=%s\n" % (PROGRAM % 81))
    host.console("sh", "-c", "systemctl daemon-reload; systemctl start app")
    head, finding = judge(host, APP, "wait_for: 2, poll: 1", user="ansible")
    assert re.fullmatch(STILL_SO % (host.name, "app"), head)
    assert re.fullmatch(r"1\. unknown, high: 1 listener and 1 entry cannot be judged %s: tcp 0\.0\.0\.0:81 a hidden "
                        r"process \(of uid 0\); "
                        r"entries: app\. To do: run with become\." % HIDDEN, finding)


def test_what_is_not_waited_for_is_not_judged(host):
    """Who names an entry is told of that alone, by itself and by a pattern; a name that nothing has is refused."""
    others = "{name: app, port: 81, service: app}, {name: ssh, port: 22, service: ssh}, " \
             "{name: ssh 2, port: 2222, service: ssh}"
    head, = judge(host, others, "wait_for: 20", code=0, names="ssh")
    assert re.fullmatch(r"%s is as declared, judged by entry ssh: \d+ listeners, after \d\.\d s and 1 check\."
                        % host.name, head)
    assert judge(host, others, names="ssh*") == [
        "%s is not as declared, judged by entries ssh, ssh 2: 1 finding." % host.name,
        "1. missing, high: Service ssh has to listen on tcp/2222 (entry ssh 2 of expected_listeners), but nothing "
        "does. ssh.service is running, but "
        "listens on tcp 0.0.0.0:22, tcp [::]:22. " + TO_DO]
