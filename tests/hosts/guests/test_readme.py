# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports that the documentation shows: real hosts have shown them.

`make pictures` takes what these hosts show into the documentation, where that is something else now.
"""

import pathlib
import re
import sys

import pytest

from support.estate import Estate, keep

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path += [str(ROOT / "tests/examples"), str(ROOT / "tests/browser")]
import blocks  # noqa: E402
import terminal  # noqa: E402

COLUMNS = 120

# What is another one in each run
CHANGES = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME"), (r"\bpid \d+", "pid N"), (r"\bsha256 [0-9a-f]{12}", "sha256 X"),
    (r"(?<=nginx )×\d+", "×N"),  # as many workers as the machine has cores
    (r"\b10\.88\.0\.\d+", "ADDRESS"), (r"\bfd88::[0-9a-f]+", "ADDRESS"),
)


def same(text):
    """The words of a report without what is another one in each run; with it, lines may end elsewhere."""
    for pattern, name in CHANGES:
        text = re.sub(pattern, name, text)
    return text.split()


def shown(kind):
    """The blocks of one kind that are said to be of real hosts, as (where, text)."""
    return [(str(block), block.text) for block in blocks.in_documents()
            if block.source in blocks.OF_HOSTS[kind] and blocks.classify(block) == kind]


def check_or_keep(kind, text):
    """Hold a report against the documentation, or keep it for `make pictures`."""
    if keep(kind + ".txt", text.encode()):
        return
    assert len(shown(kind)) == len(blocks.OF_HOSTS[kind])
    for where, documented in shown(kind):
        assert same(documented) == same(text), "%s is not what hosts show; `make pictures` mends it" % where


def between(output, first, last):
    """The lines from the first that matches to the last that does."""
    lines = output.splitlines()
    numbers = [number for number, line in enumerate(lines) if re.match(first, line)]
    ends = [number for number, line in enumerate(lines) if re.match(last, line)]
    return lines[numbers[0]:ends[-1] + 1]


def test_the_first_table_is_that_of_a_web_server(hosts, player):
    estate = Estate(hosts, player, ["web-1"], {"all": "ansible_become: true\n"})
    output = estate.audit(check=True).out
    table = between(output, r"\d+ listeners on ", r"web-1 was observed ")
    table = table[:table.index("")] + ["", table[-1]]
    assert "web-1 was observed completely." in table
    check_or_keep("report", "\n".join(table) + "\n")


def test_the_first_findings_are_those_of_web_servers(hosts, player):
    [declared] = [block.text for block in blocks.in_documents()
                  if block.source == "README.md" and block.text.startswith("# group_vars/all/listeners.yml\n")]
    estate = Estate(hosts, player, ["web-%d" % number for number in (1, 2, 3, 4)],
                    {"all": "ansible_become: true\n" + declared})
    done = estate.audit_on_a_terminal(COLUMNS, "-e", "audit_fail=false")
    assert done.code == 0, done.out
    keep("terminal.txt", done.out.encode())
    text = terminal.plain(terminal.report_of(done.out))
    check_or_keep("findings", "\n".join(between(text, r"Findings:$", r"4 hosts: ")) + "\n")


@pytest.mark.parametrize("kind", blocks.OF_HOSTS)
def test_there_are_such_blocks(kind):
    assert {where.partition(":")[0] for where, dummy in shown(kind)} == set(blocks.OF_HOSTS[kind])
