# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# listeners.ps1 KNOWN STOP: listens in each way that there is, writes to KNOWN what listens, as JSON, and ends when there
# is a file STOP. Windows PowerShell 5.1 and later.

param ([string]$Known, [string]$Stop)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$open = New-Object -TypeName System.Collections.ArrayList
$rows = New-Object -TypeName System.Collections.ArrayList

# One socket, and what is to be found of it: protocol, address and port.
function Add-Listener {
    param ([string]$Kind, [string]$Address, [bool]$IsDual)

    $bound = [System.Net.IPAddress]::Parse($Address)
    $type = [System.Net.Sockets.SocketType]::Stream
    $protocol = [System.Net.Sockets.ProtocolType]::Tcp
    if ($Kind -eq 'udp') {
        $type = [System.Net.Sockets.SocketType]::Dgram
        $protocol = [System.Net.Sockets.ProtocolType]::Udp
    }
    $socket = New-Object -TypeName System.Net.Sockets.Socket -ArgumentList $bound.AddressFamily, $type, $protocol
    if ($bound.AddressFamily -eq [System.Net.Sockets.AddressFamily]::InterNetworkV6) { $socket.DualMode = $IsDual }
    $socket.Bind((New-Object -TypeName System.Net.IPEndPoint -ArgumentList $bound, 0))
    if ($Kind -eq 'tcp') { $socket.Listen(5) }
    [void]$open.Add($socket)
    [void]$rows.Add(@{ protocol = $Kind; address = $Address; port = $socket.LocalEndPoint.Port; dual = $IsDual })
}

foreach ($kind in @('tcp', 'udp')) {
    Add-Listener -Kind $kind -Address '0.0.0.0' -IsDual $false
    Add-Listener -Kind $kind -Address '127.0.0.1' -IsDual $false
    Add-Listener -Kind $kind -Address '::' -IsDual $false
    Add-Listener -Kind $kind -Address '::' -IsDual $true
    Add-Listener -Kind $kind -Address '::1' -IsDual $false
}
$http = New-Object -TypeName System.Net.HttpListener
$http.Prefixes.Add('http://localhost:47380/')
$http.Start()

# Ports that nobody can have from now on: of the machine, and not only as long as this runs
$excluded = @()
if (@(Get-Command -Name 'netsh' -ErrorAction SilentlyContinue).Count -gt 0) {
    $excluded = @(47390, 47394)
    $null = & netsh interface ipv4 add excludedportrange protocol=tcp startport=47390 numberofports=5
}

$answer = @{ pid = $PID; http = 47380; excluded = $excluded; listeners = @($rows) }
[System.IO.File]::WriteAllText($Known, (ConvertTo-Json -InputObject $answer -Depth 4))
while (-not (Test-Path -LiteralPath $Stop)) { Start-Sleep -Milliseconds 200 }
$http.Stop()
foreach ($socket in $open) { $socket.Dispose() }
