# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# firewall.ps1 DRAWN TARGET IMAGE PAYLOAD PACKED: adds the rules of a file of draw.py, listens on its ports, looks as
# look.py does, and has a container on the network nat try the ports. TARGET gets JSON: the address of the container, the
# ports that it reached, and the rules that are in force. The rules are removed at the end. Windows PowerShell 5.1 and
# later.

param ([string]$Drawn, [string]$Target, [string]$Image, [string]$Payload, [string]$Packed)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$group = 'listening.ports oracle'
$folder = Split-Path -Path $MyInvocation.MyCommand.Path -Parent

# In the place of words that stand for something, what it is here.
function Resolve-Word {
    param ($Value, $Words)

    foreach ($one in @($Value)) { if ($Words.ContainsKey([string]$one)) { $Words[[string]$one] } else { [string]$one } }
}

$plan = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($Drawn))
$network = ConvertFrom-Json -InputObject ((& docker network inspect nat) -join '')
$config = @(@($network)[0].IPAM.Config)[0]
$container = ([string](& docker run --detach --network nat $Image ping -t localhost)).Trim()
$listeners = New-Object -TypeName System.Collections.ArrayList
try {
    $inspected = ConvertFrom-Json -InputObject ((& docker inspect $container) -join '')
    $address = [string]@($inspected)[0].NetworkSettings.Networks.nat.IPAddress
    $words = @{ '@container' = $address; '@network' = [string]$config.Subnet; '@program' = (Get-Process -Id $PID).Path }
    foreach ($port in @($plan.ports)) {
        $one = New-Object -TypeName System.Net.Sockets.TcpListener -ArgumentList ([System.Net.IPAddress]::Any), ([int]$port)
        $one.Start()
        [void]$listeners.Add($one)
    }
    foreach ($rule in @($plan.rules)) {
        $parameters = @{ Group = $group }
        foreach ($property in @($rule.PSObject.Properties)) {
            $parameters[$property.Name] = @(Resolve-Word -Value $property.Value -Words $words)
            if ($property.Name -ne 'RemoteAddress') { $parameters[$property.Name] = $parameters[$property.Name][0] }
        }
        $null = New-NetFirewallRule @parameters
    }
    & python (Join-Path -Path $folder -ChildPath 'look.py') $Payload $Packed powershell
    if ($LASTEXITCODE -ne 0) { throw 'the module has failed' }
    $probe = [System.IO.File]::ReadAllText((Join-Path -Path $folder -ChildPath 'probe.ps1'))
    $call = "& { $probe } -Address '$($config.Gateway)' -Ports '$(@($plan.ports) -join ',')'"
    $encoded = [System.Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes($call))
    $said = (& docker exec $container powershell -NoProfile -NonInteractive -EncodedCommand $encoded) -join ''
    $inForce = @(Get-NetFirewallRule -PolicyStore ActiveStore -Group $group -ErrorAction SilentlyContinue)
    $answer = @{
        container = $address
        ports = @($plan.ports)
        reached = @((ConvertFrom-Json -InputObject $said).reached)
        enforced = @($inForce | ForEach-Object -Process { "$($_.Name) $($_.Enabled) $($_.EnforcementStatus)" })
    }
    [System.IO.File]::WriteAllText($Target, (ConvertTo-Json -InputObject $answer -Depth 4))
}
finally {
    Remove-NetFirewallRule -Group $group -ErrorAction SilentlyContinue
    foreach ($one in $listeners) { $one.Stop() }
    $null = & docker rm --force $container
}
