# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has a PowerShell look at this machine: look.py PAYLOAD TARGET SHELL [WORD ...]. Needs nothing but Python.

PAYLOAD is a file of payload.py, SHELL and its words start the PowerShell, and TARGET gets what the module has packed.
"""

import json
import pathlib
import subprocess
import sys

PATIENCE = 600  # seconds


def main(payload: str, target: str, *shell: str) -> int:
    """Look; returns an exit code."""
    sent = json.loads(pathlib.Path(payload).read_text(encoding="ascii"))
    done = subprocess.run([*shell, *sent["arguments"]], input=sent["stdin"].encode("utf-8"), capture_output=True,
                          timeout=PATIENCE, check=False)
    text = done.stdout.decode("utf-8", "replace")
    start = text.find("{")
    try:
        answer = json.loads(text[start:]) if start >= 0 else {}
    except ValueError:
        answer = {}
    if done.returncode or not isinstance(answer.get("packed"), str):
        print("The module has failed with %d: %s\n%s" % (
            done.returncode, answer.get("msg", text[:2000]), done.stderr.decode("utf-8", "replace")[:2000]),
            file=sys.stderr)
        return 1
    pathlib.Path(target).write_text(answer["packed"], encoding="ascii")
    print("%d characters" % len(answer["packed"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
