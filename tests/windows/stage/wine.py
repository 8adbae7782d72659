# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Windows test host below Wine: Microsoft's Windows build of PowerShell on an implementation of the Windows API that
is not theirs, with real sockets, processes, services and a registry.

Each has a prefix, its Windows, in a folder of its own. A prefix without a process shuts down, and boots for the next
one, so a process stays in it. Whoever starts one has namespaces of its own: all that is in them ends with their maker.
"""

import base64
import os
import pathlib
import shutil
import subprocess
from typing import Mapping

from . import found

HERE = pathlib.Path(__file__).resolve().parent
# The runtime crashes below Wine 8 unless it may write what it executes. Scripts are on a drive that Windows does not
# trust. Nothing is to be reported to anybody.
SETTINGS = {"DOTNET_EnableWriteXorExecute": "0", "DOTNET_EnableDiagnostics": "0",
            "PSExecutionPolicyPreference": "Bypass", "POWERSHELL_TELEMETRY_OPTOUT": "1",
            "POWERSHELL_UPDATECHECK": "Off", "POWERSHELL_DIAGNOSTICS_OPTOUT": "1"}
# where services have their environment from, which is not that of whoever starts them
OF_SERVICES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
ALONE = "LISTENING_PORTS_ALONE"  # the variable by which alone.sh says that it has made namespaces
PATIENCE = 120  # seconds

Values = Mapping[str, str | int]


class WindowsHost:
    """One that runs while its block does.

    :ivar folder: what is its own; its drive C is in ``prefix``, and Z is the root of this machine
    :ivar powershell: the words that start its PowerShell, for whatever words are to follow
    """

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self._programs, self._prefix = folder / "programs", folder / "prefix"
        self._wine, self._server = found.wine(), found.wineserver()
        self._environment = {**os.environ, **SETTINGS, "WINEPREFIX": str(self._prefix), "WINEDEBUG": "-all",
                             "WINESERVER": str(self._server)}
        self._started: list[subprocess.Popen[str]] = []
        self.powershell = [str(folder / "wine"), str(self._programs / "pwsh.exe")]

    def __enter__(self) -> "WindowsHost":
        self._programs.mkdir(parents=True)
        original = found.windows_powershell()
        assert original and self._wine and self._server
        for path in original.parent.iterdir():
            if path != original:
                (self._programs / path.name).symlink_to(path)
        # of a link, its own folder would not be where PowerShell is
        shutil.copy(original, self._programs)
        settings = "".join("export %s='%s'\n" % (name, self._environment[name]) for name in (
            *SETTINGS, "WINEPREFIX", "WINEDEBUG", "WINESERVER"))
        starter = self.folder / "wine"
        starter.write_text("#!/bin/sh\n%sexec '%s' \"$@\"\n" % (settings, self._wine), encoding="utf-8")
        starter.chmod(0o755)
        self._prefix.mkdir()
        self.set_registry({r"HKEY_CURRENT_USER\Software\Wine": {"Version": "win10"}, OF_SERVICES: SETTINGS})
        # the environment of services is read while it boots
        self._end_server()
        self.run("& %s" % " ".join("'%s'" % word for word in self._scene("build")))
        self.listen("keeper.exe")
        return self

    def __exit__(self, *_unused: object) -> None:
        self._end_server()
        for process in self._started:
            process.kill()
            process.wait()

    def path(self, path: pathlib.Path) -> str:
        """What a path of this machine is called on the host."""
        return "Z:" + str(path).replace("/", "\\")

    def program(self, name: str) -> pathlib.Path:
        """A program of this name, which does what PowerShell does."""
        program = self._programs / name
        if not program.exists():
            shutil.copyfile(self._programs / "pwsh.exe", program)
            program.chmod(0o755)
        return program

    def run(self, command: str) -> str:
        """Run PowerShell code; returns what it prints. Fails where it ends with an error."""
        encoded = base64.b64encode(("$ErrorActionPreference = 'Stop'\n%s" % command).encode("utf-16-le")).decode()
        done = subprocess.run([*self.powershell, "-EncodedCommand", encoded], check=False, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="backslashreplace", timeout=PATIENCE)
        assert done.returncode == 0, "exit code %d: %s\n%s%s" % (done.returncode, command, done.stdout, done.stderr)
        return done.stdout

    def listen(self, name: str, *endpoints: str) -> int:
        """Start a program of this name that listens until the end; returns its process id on the host.

        :param endpoints: such as tcp/0.0.0.0:8080 and tcp/[::]:8081
        """
        words = [str(self.folder / "wine"), str(self.program(name)), "-File", *self._scene("listen", *endpoints)]
        process = subprocess.Popen(words, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self._started.append(process)
        assert process.stdout and process.stderr
        first = process.stdout.readline()
        assert first.strip().isdecimal(), "%s does not listen: %s%s" % (name, first, process.stderr.read())
        return int(first)

    def add_service(self, name: str, program: str, port: int, stops: bool = True) -> None:
        """Make a service, run by a program of this name, that listens on a TCP and a UDP port once it is started.

        :param stops: whether it does when it is asked to
        """
        more = [] if stops else ["unstoppable"]
        words = [self.path(self.program(program)), "-File", *self._scene("serve", name, str(port), *more)]
        command = " ".join('"%s"' % word for word in words)
        self.run("$null = New-Service -Name '%s' -BinaryPathName '%s'" % (name, command))

    def set_registry(self, keys: Mapping[str, Values | None]) -> None:
        """Set values of keys, text and numbers; a key that has None is removed with all below it."""
        lines = ["Windows Registry Editor Version 5.00"]
        for key, values in keys.items():
            lines += ["", "[%s%s]" % ("-" if values is None else "", key)]
            lines += ["%s=%s" % (_quoted(name), _quoted(value) if isinstance(value, str) else "dword:%08x" % value)
                      for name, value in (values or {}).items()]
        path = self.folder / "set.reg"
        path.write_bytes(("\ufeff" + "\r\n".join([*lines, ""])).encode("utf-16-le"))
        self._wine_tool("reg", "import", self.path(path))

    def _scene(self, *words: str) -> list[str]:
        return [self.path(HERE / "scene.ps1"), self.path(self.folder), *words]

    def _wine_tool(self, *words: str) -> None:
        subprocess.run([self.folder / "wine", *words], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=PATIENCE)

    def _end_server(self) -> None:
        """End all that is in the prefix, and nothing else: ``wineserver`` knows one prefix."""
        for option in ("-k", "-w"):
            subprocess.run([str(self._server), option], check=False, env=self._environment, timeout=PATIENCE,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _quoted(text: str) -> str:
    return '"%s"' % text.replace("\\", r"\\").replace('"', r'\"')
