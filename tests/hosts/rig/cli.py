# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of the program."""

import argparse
import json
import os
import subprocess
import sys
from typing import Any, Callable, Sequence

from . import background, images, sandbox
from .fleet import Rig
from .guest import HostFailed
from .obstacles import obstacles

MOST_HOSTS = 250
DESCRIPTION = """\
Real hosts to test on: Debian with systemd, sshd and firewalls, each with its own addresses, on one machine.

  rig run --hosts 3 -- ansible all -m ping          hosts that live as long as a command
  rig up --state /tmp/three --hosts 3               hosts that stay
  rig exec --state /tmp/three h1 systemctl status   a console, also when SSH is locked out
  rig down --state /tmp/three

Needs root. Nothing of it is in the machine's own network, and nothing is left when it ends, in whichever way.
"""


def main(arguments: list[str]) -> int:
    """Run a command line; returns an exit code: that of the command, 2 for what was asked wrongly, 1 for what failed.
    """
    if arguments[:1] == ["inside"]:  # from here to sandbox.run()
        return _guarded(sandbox.inside, json.loads(arguments[1]), say)
    options = _parser().parse_args(arguments)
    return _guarded(globals()["_" + options.verb], options)


def say(text: str) -> None:
    """Print a line for whoever watches; standard output is the command's."""
    print("rig: " + text.replace("\n", "\nrig: "), file=sys.stderr, flush=True)


def _guarded(function: Callable[..., int], *arguments: Any) -> int:
    """Run what may fail; a failure that has a reason is shown as one, without a traceback."""
    try:
        return function(*arguments)
    except (images.NoImage, background.Refused, HostFailed, LookupError) as exc:
        say(str(exc.args[0]) if exc.args else repr(exc))
    except subprocess.CalledProcessError as exc:
        say("%s failed with exit code %d" % (" ".join(str(word) for word in exc.cmd), exc.returncode))
    except OSError as exc:
        say("%s: %s" % (exc.filename, exc.strerror) if exc.filename else str(exc))
    except KeyboardInterrupt:
        return 130
    return 1


def _order(options: argparse.Namespace, command: Sequence[str] = ()) -> sandbox.Order:
    """What is asked for, as sandbox.run() takes it."""
    problems = obstacles()
    if problems:
        raise background.Refused("no hosts can be started here: " + "; ".join(problems))
    return {"hosts": options.hosts, "releases": options.release, "bastion": options.bastion, "command": list(command),
            "state": None}


def _run(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    return sandbox.run(_order(options, command or [os.environ.get("SHELL", "/bin/sh")]), say)


def _up(options: argparse.Namespace) -> int:
    background.up(options.state, _order(options), say)
    return 0


def _stay(options: argparse.Namespace) -> int:
    return background.stay(options.state, _order(options), say)


def _down(options: argparse.Namespace) -> int:
    background.down(options.state, say)
    return 0


def _exec(options: argparse.Namespace) -> int:
    guest = background.find(options.state, options.host) if options.state else Rig.attach().host(options.host)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    console = guest.console(*(command or ["bash", "-l"]))
    os.execvp(console[0], console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rig", description=DESCRIPTION,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="{run,up,down,exec}")
    kind = argparse.ArgumentParser(add_help=False)
    kind.add_argument("--hosts", type=_count, default=1, metavar="N",
                      help="how many hosts, named h1, h2, ... (default: 1)")
    kind.add_argument("--release", type=lambda text: text.split(","), default=["trixie"], metavar="LIST",
                      help="releases that the hosts have in turn: %s; with +services one full of real services "
                           "(default: trixie)"
                           % ", ".join(images.RELEASES))
    kind.add_argument("--bastion", action="store_true", help="reach the other hosts through h1 alone")
    run = verbs.add_parser("run", parents=[kind], help="run a command beside hosts that end with it",
                           description="Runs COMMAND (default: a shell) beside hosts. It finds them by RIG_INVENTORY, "
                                       "which is the "
                                       "inventory of Ansible too, and by RIG_SSH_CONFIG.")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    state = argparse.ArgumentParser(add_help=False)
    state.add_argument("--state", required=True, metavar="DIR",
                       help="folder that tells how to reach the hosts: inventory.json, ssh")
    verbs.add_parser("up", parents=[state, kind], help="start hosts that stay")
    verbs.add_parser("stay", parents=[state, kind])
    verbs.add_parser("down", parents=[state], help="end them")
    execute = verbs.add_parser("exec", help="run a command on a host without its network (default: a shell)")
    execute.add_argument("--state", metavar="DIR", help="as given to up; not needed in a command of run")
    execute.add_argument("host", metavar="HOST")
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > MOST_HOSTS:
        raise argparse.ArgumentTypeError("a number from 0 to %d is wanted, not %r" % (MOST_HOSTS, text))
    return int(text)
