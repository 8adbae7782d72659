# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of one audit of real hosts, each read back by a parser or a validator of others."""

import json

from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading

AUDIT = "listening.ports.audit"
FOLDER = "listening-ports-audit"
RELEASES = ["trixie+services", "bookworm", "bullseye", "trixie", "trixie"]
DECLARED = "ansible_become: true\nexpected_listeners:\n  - {name: ssh, port: 22, service: ssh}\n"
STRAY = "import socket, time; s = socket.create_server(('', 7001)); time.sleep(1000)"


def test_all_formats_of_one_audit_say_the_same(hosts, playbook, tmp_path):
    fleet = hosts(5, release=RELEASES)
    services, stray, good, hidden, dead = fleet
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/all.yml").write_text(DECLARED, encoding="utf-8")
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars" / (hidden.name + ".yml")).write_text("ansible_become: false\n", encoding="utf-8")
    stray.console("systemd-run", "--quiet", "--unit=stray", "python3", "-c", STRAY)
    stray.wait_for("ss -Hltn 'sport = 7001' | grep -q .")
    dead.kill()

    formats = ["table", *registry.FORMATS]
    done = playbook(fleet, AUDIT, "--timeout=10", "-e", json.dumps({"audit_formats": formats}), user="ansible",
                    check=False)
    assert done.code == 2, done
    files = {name: (tmp_path / FOLDER / registry.load(name).file).read_bytes() for name in registry.FORMATS}
    assert all(files.values())

    counts = {name: reading.counts(name, files[name]) for name in reading.READ}
    number, failing = counts["json"]
    assert number == len(fleet) and failing > 1
    assert counts["junit"] == counts["prometheus"] == counts["csv"] == (number, failing)
    # findings that are the same on several addresses of a host are one line of it
    for name in ("markdown", "sarif"):
        assert counts[name][0] == number and 0 < counts[name][1] <= failing

    verdicts = {host["host"]: host["verdict"] for host in json.loads(files["json"])["hosts"]}
    assert verdicts == {services.name: "violates", stray.name: "violates", good.name: "as_declared",
                        hidden.name: "unknown", dead.name: "unknown"}
    suites = {suite.get("hostname"): reading.outcomes(suite) for suite in reading.junit(files["junit"])}
    assert suites[dead.name] == {"was looked at": "error"}
    assert suites[stray.name]["undeclared tcp/7001 stray.service"] == "failure"
    assert set(suites[good.name].values()) == {"passed"}
    assert "error" in suites[hidden.name].values() and "failure" not in suites[hidden.name].values()

    page = reading.Markdown(files["markdown"])
    assert any(row[:2] == ["unreachable", dead.name] for row in page.tables["Not looked at, or not judged"])
    [row] = [row for row in reading.rows(files["csv"]) if row["host"] == dead.name]
    assert (row["host_state"], row["port"]) == ("unreachable", "") and row["message"]
    log = reading.Sarif(files["sarif"])
    [result] = [each for each in log.of_kind("unexpected") if each["properties"]["hosts"] == [stray.name]]
    assert reading.place_of(result) == ("group_vars/all.yml", DECLARED.splitlines().index("expected_listeners:") + 1)
    [result] = [each for each in log.of_kind("not_observed") if each["properties"]["hosts"] == [dead.name]]
    assert result["message"]["text"].startswith("%s: unreachable: " % dead.name)
    samples = reading.metrics(files["prometheus"])
    assert {labels["host"]: labels["verdict"] for labels, dummy in samples["host"]} == verdicts
    assert dead.name not in {labels["host"] for labels, dummy in samples["listeners"]}
