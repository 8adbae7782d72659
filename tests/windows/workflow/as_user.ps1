# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# as_user.ps1 FOLDER PROGRAM WORD,WORD,...: runs a program as a new user who is no administrator, in FOLDER, and ends
# with its exit code. Windows PowerShell 5.1 and later.

param ([string]$Folder, [string]$Program, [string]$Words)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$name = 'listening-ports'
$text = 'Aa1!' + [System.Guid]::NewGuid().ToString()
$password = ConvertTo-SecureString -String $text -AsPlainText -Force
$null = New-LocalUser -Name $name -Password $password
try {
    $null = & icacls $Folder /grant "${name}:(OI)(CI)M"
    $credential = New-Object -TypeName System.Management.Automation.PSCredential -ArgumentList $name, $password
    $said = @('out.txt', 'err.txt' | ForEach-Object -Process { Join-Path -Path $Folder -ChildPath $_ })
    $process = Start-Process -FilePath $Program -ArgumentList @($Words.Split(',')) -WorkingDirectory $Folder `
        -Credential $credential -RedirectStandardOutput $said[0] -RedirectStandardError $said[1] -PassThru -Wait
    Get-Content -LiteralPath $said
    exit $process.ExitCode
}
finally {
    Remove-LocalUser -Name $name
}
