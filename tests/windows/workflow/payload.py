# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps what Ansible sends to a Windows host to look at it: payload.py FILE SHELL. Runs on Linux, with ansible-core.

SHELL is the name of the PowerShell on the host, or its path. FILE gets JSON with ``arguments``, those of the
PowerShell, and ``stdin``, what comes in by its standard input.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]
GATHER = ["owners", "firewall", "connections"]
# Stands for the PowerShell of a host: it keeps what it is given, and answers as a module that has nothing to say
KEEPER = """
import json, pathlib, sys
sent = {"arguments": sys.argv[3:], "stdin": sys.stdin.buffer.read().decode("utf-8")}
with pathlib.Path(sys.argv[1]).open("x", encoding="ascii") as stream:
    json.dump(sent, stream)
print(json.dumps({"changed": False}))
"""


def main(target: str, shell: str) -> int:
    """Run a task on a host whose PowerShell keeps what it is given; returns an exit code."""
    kept = pathlib.Path(target).resolve()
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        tree = place / "ansible_collections/listening"
        tree.mkdir(parents=True)
        (tree / "ports").symlink_to(CHECKOUT)
        # as of 2.21, Ansible would start the PowerShell of this name from another one
        host = {"ansible_connection": "pwsh_local", "ansible_pwsh_interpreter": shell,
                "ansible_pwsh_command": [sys.executable, "-c", KEEPER, str(kept), shell]}
        play = {"hosts": "all", "gather_facts": False, "tasks": [
            {"listening.ports.win_collect_listeners": {"gather": GATHER}}]}
        (place / "hosts.json").write_text(json.dumps({"all": {"hosts": {"windows": host}}}), encoding="ascii")
        (place / "play.json").write_text(json.dumps([play]), encoding="ascii")
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(place), "ANSIBLE_HOME": str(place / "home"),
                       "ANSIBLE_CONNECTION_PLUGINS": str(HERE.parent / "connection_plugins")}
        done = subprocess.run(["ansible-playbook", "-i", "hosts.json", "play.json"], cwd=place, env=environment,
                              check=False)
    sent = json.loads(kept.read_text(encoding="ascii")) if kept.exists() else {}
    if done.returncode or "win_collect_listeners" not in sent.get("stdin", ""):
        print("Ansible has not sent the module", file=sys.stderr)
        return 1
    print("%d characters" % len(sent["stdin"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
