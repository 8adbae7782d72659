# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# system.ps1 TARGET: writes to TARGET, as JSON, what cmdlets of Windows say that listens, and which services run in which
# process. What has several values is text with spaces: as of 5.1, ConvertTo-Json makes objects of some lists in lists.

param ([string]$Target)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

function Read-Endpoint {
    param ($Protocol, $Endpoints)

    foreach ($one in @($Endpoints)) {
        "$Protocol $($one.LocalAddress) $($one.LocalPort) $($one.OwningProcess)"
    }
}

$tcp = @(Get-NetTCPConnection -State Listen -ErrorAction SilentlyContinue)
$udp = @(Get-NetUDPEndpoint -ErrorAction SilentlyContinue)
$services = @(Get-CimInstance -ClassName Win32_Service | Where-Object -FilterScript { $_.ProcessId -gt 0 })
$answer = @{
    endpoints = @(Read-Endpoint -Protocol 'tcp' -Endpoints $tcp) + @(Read-Endpoint -Protocol 'udp' -Endpoints $udp)
    services = @($services | ForEach-Object -Process { "$($_.ProcessId) $($_.Name)" })
}
[System.IO.File]::WriteAllText($Target, (ConvertTo-Json -InputObject $answer -Depth 4))
