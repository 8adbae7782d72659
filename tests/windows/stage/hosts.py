# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that Ansible takes for Windows hosts."""

import json
import pathlib
from typing import Any, Sequence


class Replayed:
    """One that is not there, see ../connection_plugins/replayed.py. It answers nothing before answers() is called."""

    def __init__(self, name: str, folder: pathlib.Path):
        self.name, self._folder = name, folder
        folder.mkdir()

    def answers(self, answer: dict[str, Any] | None = None, **printed: Any) -> "Replayed":
        """From now on it answers this, as a module does, or what the connection says.

        :param printed: as in the file of the connection: stdout, stderr, code, seconds, unreachable
        """
        if answer is not None:
            printed["stdout"] = json.dumps({"changed": False, **answer})
        (self._folder / "answer.json").write_text(json.dumps(printed), encoding="ascii")
        return self

    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        """Which modules it was sent, with their arguments; those of Ansible begin with an underscore."""
        path = self._folder / "asked.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [(sent["_ansible_module_name"], sent) for sent in map(json.loads, lines)]

    def inventory(self) -> dict[str, Any]:
        """Its variables in an inventory."""
        return {"ansible_connection": "replayed", "ansible_replayed_folder": str(self._folder)}


class Powershell:
    """One that is a PowerShell of this machine, see ../connection_plugins/pwsh_local.py.

    :ivar command: the words that start it
    """

    def __init__(self, name: str, command: Sequence[str]):
        self.name, self.command = name, list(command)

    def inventory(self) -> dict[str, Any]:
        """Its variables in an inventory."""
        # as of 2.21, Ansible starts the PowerShell of this path from that of the connection, unless they are the same
        return {"ansible_connection": "pwsh_local", "ansible_pwsh_command": self.command,
                "ansible_pwsh_interpreter": self.command[-1]}
