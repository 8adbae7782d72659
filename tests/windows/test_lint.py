# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PowerShell modules have nothing in them that Windows PowerShell 5.1 does not know, and nothing that they must not."""

import pathlib
import subprocess

import pytest

from stage import found

HERE = pathlib.Path(__file__).resolve().parent
MODULES = sorted((HERE.parents[1] / "plugins/modules").glob("*.ps1"))
MODULE = HERE.parents[1] / "plugins/modules/win_collect_listeners.ps1"

pytestmark = pytest.mark.skipif(found.powershell() is None, reason="the lint of PowerShell modules: no pwsh here")

# what is put at the end of the module: what is said of it
ADDED = {
    "$a = $b ?? 1": "the operator ??",
    "$a ??= 1": "the operator ??=",
    "$a = ${b}?.Length": "the operator ?.",
    "$a = ${b}?[0]": "the operator ?[",
    "$a = $b ? 1 : 2": "the operator ? :",
    "$null = New-Object -TypeName X && New-Object -TypeName Y": "the operator && or ||",
    "class A { }": "class or enum",
    "enum A { B }": "class or enum",
    "New-Object -TypeName X &": "the operator & at the end",
    "function A { clean { $a = 1 } }": "the block clean",
    "$a | ForEach-Object -Parallel { $_ }": "ForEach-Object -Parallel",
    "$a | ForEach-Object { $_ }": "ForEach-Object without the name of a parameter",
    "$a | % -Process { $_ }": "the command %",
    "$a | ? -FilterScript { $_ }": "the command ?",
    "gcim -ClassName X": "the command gcim",
    "foreach-object -Process { 1 }": "the command foreach-object",
    "Write-Host -Object x": "the command Write-Host",
    "Write-Output -InputObject x": "the command Write-Output",
    "[Console]::WriteLine(1)": "writes by itself: Console",
    "Invoke-Expression -Command x": "the command Invoke-Expression",
    "iex x": "the command iex",
    "[ScriptBlock]::Create('x')": "runs text: ScriptBlock.Create",
    "$ExecutionContext.InvokeCommand.InvokeScript('x')": "runs text: InvokeScript",
    "Get-NetTCPConnection": "the command Get-NetTCPConnection",
    "ConvertTo-Json -InputObject $a": "the command ConvertTo-Json",
    "Add-Type -TypeDefinition 'x'": "the command Add-Type",
    "& netsh http show servicestate": "the command netsh",
    "& $program": "a command without a name",
    "$a = 'netsh.exe'": "a program without the folder that it is in: netsh.exe",
    "$a = \"$b.dll\"": "a program without the folder that it is in: $b.dll",
    "$a = '.\\x'": "a path that depends on where this runs: .\\x",
    "$a = '../x'": "a path that depends on where this runs: ../x",
    "$a = '\u00e4'": "a character that is not ASCII",
    "$a = 1 ": "space at the end",
    "$a = '%s'" % ("x" * 130): "longer than 130 characters",
    "$a = (": "does not parse: ExpectedExpression",
    "[Ansible.Basic.AnsibleModule]::Create($args, $spec)": "does not call [Ansible.Basic.AnsibleModule]::Create() once",
}
STRICT = "Set-StrictMode -Version 2\n"
NOT_STRICT = "does not begin with Set-StrictMode -Version 2"
# what is replaced in it, by what: what is said of it
REPLACED = {
    (STRICT, ""): NOT_STRICT,
    (STRICT, "$a = 1\n" + STRICT): NOT_STRICT,
    (STRICT, "Set-StrictMode -Version Latest\n"): NOT_STRICT,
    ("$ErrorActionPreference = 'Stop'", "$ErrorActionPreference = 'Continue'"):
        "does not set $ErrorActionPreference to Stop",
    ("Set-StrictMode", "using namespace System\nSet-StrictMode"): "using",
    ("    supports_check_mode = $true\n", ""): "does not support check mode",
    ("$spec = @{", "$a = [ansible_collections.listening.ports.plugins.module_utils._WinLook.Look]::Schema\n$spec = @{"):
        "is used before Create()",
    ("$spec = @{", "$a = New-Object -TypeName ansible_collections.listening.ports.plugins.module_utils._WinLook.Look\n"
     "$spec = @{"): "is used before Create()",
}


def lint(*paths, kind=()):
    """The exit code, and what is said of each of these files."""
    done = subprocess.run([found.powershell(), "-NoProfile", "-NonInteractive", "-File", HERE / "lint.ps1", *kind,
                           *paths], capture_output=True, text=True, check=False, timeout=120)
    assert not done.stderr, done.stderr
    said = {path: [] for path in paths}
    for line in done.stdout.splitlines():
        path, number, text = line.split(":", 2)
        said[pathlib.Path(path)].append((int(number), text.strip()))
    return done.returncode, said


def test_the_modules_are_clean():
    assert MODULE in MODULES
    code, said = lint(*MODULES)
    assert said == {path: [] for path in MODULES} and code == 0


def test_scripts_of_the_workflow_are_those_of_5_1(tmp_path):
    """They may call what they like, but nothing in them is of a later PowerShell."""
    scripts = sorted((HERE / "workflow").glob("*.ps1"))
    code, said = lint(*scripts, kind=["scripts"])
    assert said == {path: [] for path in scripts} and code == 0 and len(scripts) > 4
    for number, (added, fault) in enumerate((text, fault) for text, fault in ADDED.items() if fault.startswith((
            "the operator", "does not parse", "class or", "the block", "ForEach-Object -P"))):
        path = tmp_path / ("script%d.ps1" % number)
        path.write_text(scripts[0].read_text(encoding="ascii") + added + "\n", encoding="ascii")
        code, said = lint(path, kind=["scripts"])
        assert code == 1 and fault in [text for _line, text in said[path]], added


def test_each_fault_is_found(tmp_path):
    """And nothing else is said of these files, so that none is found by chance."""
    text = MODULE.read_text(encoding="utf-8")
    last = len(text.splitlines()) + 1
    wanted = {}
    for number, (added, fault) in enumerate(ADDED.items()):
        path = tmp_path / ("added%d.ps1" % number)
        path.write_text(text + added + "\n", encoding="utf-8")
        wanted[path] = (added, {last, 1}, fault)
    for number, ((there, instead), fault) in enumerate(REPLACED.items()):
        path = tmp_path / ("replaced%d.ps1" % number)
        assert there in text
        path.write_text(text.replace(there, instead, 1), encoding="utf-8")
        wanted[path] = (instead, set(range(30)), fault)
    code, said = lint(*wanted)
    assert code == 1
    for path, (change, lines, fault) in wanted.items():
        faults = said[path]
        assert fault in [one for _line, one in faults], change
        assert {line for line, _one in faults} <= lines, change
