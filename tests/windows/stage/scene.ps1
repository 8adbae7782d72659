# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# scene.ps1 FOLDER build | listen ENDPOINT ... | serve NAME PORT [unstoppable]: what listens on the Windows test host; FOLDER keeps what
# was compiled. What listens says its pid, and does so until it is ended.
param([string]$Folder, [string]$Task, [Parameter(ValueFromRemainingArguments = $true)][string[]]$Words)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$compiled = Join-Path $Folder 'scene.dll'
if ($Task -eq 'build') {
    $references = 'System.Net.Sockets', 'System.Net.Primitives', 'System.Runtime', 'System.Collections', 'System.Threading',
        'System.Runtime.InteropServices', 'Microsoft.Win32.Primitives'
    Add-Type -Path (Join-Path $PSScriptRoot 'scene.cs') -ReferencedAssemblies $references -OutputAssembly $compiled
    return
}
[void][Reflection.Assembly]::LoadFrom($compiled)
if ($Task -eq 'serve') {
    exit [Scene]::Serve($Words[0], [int]$Words[1], $Words.Count -lt 3)
}
if ($Words) { [Scene]::Listen($Words) }
# what else is printed comes at the end
$output = [Console]::OpenStandardOutput()
$line = [Text.Encoding]::ASCII.GetBytes("$PID`n")
$output.Write($line, 0, $line.Length)
$output.Flush()
[Threading.Thread]::Sleep([Threading.Timeout]::Infinite)
