# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of one audit of real hosts, each read back by a parser or a validator of others."""

import json
import pathlib
import sys

from support.estate import DEAD, DECLARED, HIDDEN, Estate, keep

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import width
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "browser"))
import terminal  # noqa: E402

FOLDER = "listening-ports-audit"
COLUMNS = 128


def test_all_formats_of_one_audit_say_the_same(hosts, player, tmp_path):
    estate = Estate(hosts, player)
    estate.hide_some()
    formats = ["table", *registry.FORMATS]
    done = estate.audit_on_a_terminal(COLUMNS, "-e", json.dumps({"audit_formats": formats}))
    assert done.code == 2, done
    files = {name: (tmp_path / FOLDER / registry.load(name).file).read_bytes() for name in registry.FORMATS}
    assert all(files.values())

    counts = {name: reading.counts(name, files[name]) for name in reading.READ}
    number, failing = counts["json"]
    assert number == len(estate.hosts) and failing > 1
    assert counts["junit"] == counts["prometheus"] == counts["csv"] == (number, failing)
    # findings that are the same on several addresses of a host are one line of it
    for name in ("markdown", "sarif"):
        assert counts[name][0] == number and 0 < counts[name][1] <= failing

    verdicts = {host["host"]: host["verdict"] for host in json.loads(files["json"])["hosts"]}
    violating = {"app-1", "app-2", "web-2", "web-4"}
    assert verdicts == {name: "violates" if name in violating else "unknown" if name in (HIDDEN, DEAD)
                        else "as_declared" for name in estate.hosts}
    suites = {suite.get("hostname"): reading.outcomes(suite) for suite in reading.junit(files["junit"])}
    assert suites[DEAD] == {"was looked at": "error"}
    assert suites["web-2"]["undeclared tcp/8000 share.service"] == "failure"
    assert set(suites["web-1"].values()) == {"passed"}
    assert "error" in suites[HIDDEN].values() and "failure" not in suites[HIDDEN].values()

    page = reading.Markdown(files["markdown"])
    assert any(row[:2] == ["unreachable", DEAD] for row in page.tables["Not looked at, or not judged"])
    [row] = [row for row in reading.rows(files["csv"]) if row["host"] == DEAD]
    assert (row["host_state"], row["port"]) == ("unreachable", "") and row["message"]
    log = reading.Sarif(files["sarif"])
    [result] = [each for each in log.of_kind("unexpected") if each["properties"]["hosts"] == ["web-2"]]
    line = DECLARED["web"].splitlines().index("expected_listeners_web:") + 1
    assert reading.place_of(result) == ("group_vars/web.yml", line)
    [result] = [each for each in log.of_kind("not_observed") if each["properties"]["hosts"] == [DEAD]]
    assert result["message"]["text"].startswith("%s: unreachable: " % DEAD)
    samples = reading.metrics(files["prometheus"])
    assert {labels["host"]: labels["verdict"] for labels, dummy in samples["host"]} == verdicts
    assert DEAD not in {labels["host"] for labels, dummy in samples["listeners"]}

    report = terminal.plain(terminal.report_of(done.out)).splitlines()
    assert report[-1] == "12 hosts: 6 as declared, 4 violate, 1 unknown, 1 unreachable."
    assert max(map(width, report)) <= COLUMNS
    keep("report.html", files["html"])
