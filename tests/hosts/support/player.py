# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks on hosts, run as a user of the collection runs them."""

import concurrent.futures
import fcntl
import json
import os
import pathlib
import struct
import subprocess
import sys
import termios
import threading
from typing import TYPE_CHECKING, Any, Callable, Sequence, TypeVar

from .host import Done, execute

if TYPE_CHECKING:
    from .host import Host

PLAY_TIMEOUT = 600  # seconds
Result = TypeVar("Result")


def settings(home: pathlib.Path, collections: pathlib.Path) -> dict[str, str]:
    """The variables with which playbooks are run.

    :param home: where Ansible keeps what it keeps
    :param collections: where it finds this collection
    """
    # Ansible looks for collections in PYTHONPATH too, and settings of who runs the tests are not those of the tests
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "PYTHON"))}
    return dict(
        kept, ANSIBLE_COLLECTIONS_PATH=str(collections), ANSIBLE_HOME=str(home), ANSIBLE_SSH_PIPELINING="true",
        ANSIBLE_NOCOLOR="true", ANSIBLE_INJECT_FACT_VARS="false", ANSIBLE_CALLBACK_RESULT_FORMAT="yaml",
        LC_ALL="C.UTF-8", PATH="%s:%s" % (pathlib.Path(sys.executable).parent, os.environ["PATH"]))


class Player:
    """Runs playbooks in a folder of their own, with the variables of settings().

    :ivar folder: path; relative names in a playbook begin there
    """

    def __init__(self, folder: pathlib.Path, environment: dict[str, str]):
        self.folder, self.environment = folder, environment
        self._plays = 0

    def play(self, hosts: "Sequence[Host]", play: str | os.PathLike[str], *arguments: str, user: str = "root",
             check: bool = True) -> Done:
        """Run a playbook on hosts; returns Done.

        :param play: str, the text of a playbook, the path of one, or a name such as listening.ports.audit
        :param arguments: more arguments of ansible-playbook
        :param user: str, who logs in
        :param check: bool, whether an exit code other than 0 fails the test
        """
        return execute(self.command(hosts, play, *arguments, user=user), check, timeout=PLAY_TIMEOUT, cwd=self.folder,
                       env=self.environment)

    def command(self, hosts: "Sequence[Host]", play: str | os.PathLike[str], *arguments: str,
                user: str = "root") -> list[str | os.PathLike[str]]:
        """The command that runs a playbook on hosts, see play(); it is for the folder and the environment."""
        self._plays += 1
        inventory = self.folder / ("inventory-%d.json" % self._plays)
        variables = {host.name: dict(host.inventory(), ansible_user=user) for host in hosts}
        inventory.write_text(json.dumps({"all": {"hosts": variables}}), encoding="utf-8")
        if "\n" in str(play):
            text, play = str(play), self.folder / ("playbook-%d.yml" % self._plays)
            play.write_text(text, encoding="utf-8")
        return ["ansible-playbook", "-i", inventory, play, *arguments]


def on_a_terminal(command: Sequence[str], columns: int, timeout: float, cwd: pathlib.Path,
                  env: dict[str, str]) -> Done:
    """Run a command on a terminal of its own, as wide as this; returns Done, its output with colours."""
    side, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    shown = bytearray()
    with subprocess.Popen(command, cwd=cwd, env=dict(env, TERM="xterm-256color"), stdin=terminal, stdout=terminal,
                          stderr=terminal, start_new_session=True) as process:
        os.close(terminal)
        timer = threading.Timer(timeout, process.kill)
        timer.start()
        try:
            while chunk := os.read(side, 1 << 16):
                shown += chunk
        except OSError:  # nobody has the terminal any more
            pass
        finally:
            timer.cancel()
            os.close(side)
    text = shown.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    return Done(process.returncode, text, "")


def play(*tasks: dict[str, Any], **variables: Any) -> str:
    """The text of a playbook with these tasks and variables; what each task registers is written down for told()."""
    names = [task["register"] for task in tasks if "register" in task]
    write = {"ansible.builtin.copy": {"content": "{{ told | to_json }}",
                                      "dest": "{{ playbook_dir }}/told-{{ inventory_hostname }}.json"},
             "delegate_to": "localhost", "connection": "local",
             "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}", "ansible_become": False}}
    lines = [{"hosts": "all", "gather_facts": False, "tasks": [*tasks, write],
              "vars": {**variables, "told": {name: "{{ %s }}" % name for name in names}}}]
    return json.dumps(lines, indent=1) + "\n"


def told(player: Player, host: "Host") -> Any:
    """What the tasks of the last playbook returned on a host, by the names that they registered."""
    return json.loads((player.folder / ("told-%s.json" % host.name)).read_text(encoding="utf-8"))


def on_each(hosts: "Sequence[Host]", function: Callable[["Host"], Result]) -> list[Result]:
    """Call a function for each host, side by side."""
    with concurrent.futures.ThreadPoolExecutor(len(hosts)) as pool:
        return list(pool.map(function, hosts))
