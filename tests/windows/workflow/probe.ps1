# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# probe.ps1 ADDRESS PORT,PORT,...: tries to connect, and prints the ports at which somebody answers, as JSON. It runs in a
# container. Windows PowerShell 5.1 and later.

param ([string]$Address, [string]$Ports)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$reached = New-Object -TypeName System.Collections.ArrayList
foreach ($port in @($Ports.Split(','))) {
    $client = New-Object -TypeName System.Net.Sockets.TcpClient
    try {
        if ($client.ConnectAsync($Address, [int]$port).Wait(2000)) { [void]$reached.Add([int]$port) }
    }
    catch { $null = $_ }    # refused, which is no connection either
    finally { $client.Dispose() }
}
ConvertTo-Json -InputObject @{ reached = @($reached) } -Compress
