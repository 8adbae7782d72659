# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# sources.ps1 MODULE STATE: runs the functions of the module that ask what is there on Windows alone, with stand-ins for
# the log of events and for CIM, and prints what they asked and what they made of the answers. STATE: of the driver WinNat.

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

Add-Type -TypeDefinition @'
namespace ansible_collections.listening.ports.plugins.module_utils._WinServices {
    public static class Services {
        public static uint Now;
        public static string Asked;
        public static string Log;
        public static uint State(string name) { Asked = name; return Now; }
        public static void AskLog(string log, string query) { Log = log + " " + query; }
    }
}
'@
[ansible_collections.listening.ports.plugins.module_utils._WinServices.Services]::Now = $args[1]

$ast = [System.Management.Automation.Language.Parser]::ParseFile($args[0], [ref]$null, [ref]$null)
foreach ($function in $ast.FindAll({ $args[0] -is [System.Management.Automation.Language.FunctionDefinitionAst] }, $true)) {
    . ([ScriptBlock]::Create($function.Extent.Text))
}
$said = @{ taken = @(); put = @{}; disposed = 0; cim = @() }
$instant = [DateTime]::new(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc)
$script:records = @(foreach ($id in 7000, 7031, 7034, 7036) {
        [pscustomobject]@{ Id = $id; TimeCreated = $instant.ToLocalTime(); Properties = @(
                [pscustomobject]@{ Value = 'DNS "Client"' }, [pscustomobject]@{ Value = [uint32]$id },
                [pscustomobject]@{ Value = [byte[]](1, 2, 3) }) }
    })

function New-Object {
    param ($TypeName, $ArgumentList)

    if ($TypeName -like '*.EventLogQuery') {
        $said.query = @($ArgumentList | ForEach-Object { "$_" })
        $query = [pscustomobject]@{ ReverseDirection = $false }
        return $query
    }
    if ($TypeName -like '*.EventLogReader') {
        $said.reversed = $ArgumentList.ReverseDirection
        $reader = [pscustomobject]@{ At = 0 }
        $reader | Add-Member -MemberType ScriptMethod -Name ReadEvent -Value { $this.At++; $script:records[$this.At - 1] }
        $reader | Add-Member -MemberType ScriptMethod -Name Dispose -Value { $said.disposed++ }
        return $reader
    }
    Microsoft.PowerShell.Utility\New-Object -TypeName $TypeName
}

function Get-CimInstance {
    param ($Namespace, $ClassName)

    $said.cim += "$Namespace $ClassName"
    [pscustomobject]@{ Protocol = [byte]6; ExternalIPAddress = '0.0.0.0'; ExternalPort = [uint16]8080
        InternalIPAddress = '172.20.0.2'; InternalPort = [uint16]80 }
}

$services = [pscustomobject]@{ Events = 'events' }
$services | Add-Member -MemberType ScriptMethod -Name Take -Value {
    $said.taken += , @($args[0], $args[1], "$($args[2].GetType().Name) $($args[2] -join ',')")
    $args[0] -ne 7034
}
$answer = [pscustomobject]@{ }
$answer | Add-Member -MemberType ScriptMethod -Name Put -Value { $said.put[$args[0]] = $args[1] }
$look = [pscustomobject]@{ Services = $services; Answer = $answer }

Read-ServiceEvent -Look $look
Read-Nat -Look $look
$said.asked = [ansible_collections.listening.ports.plugins.module_utils._WinServices.Services]::Asked
$said.log = [ansible_collections.listening.ports.plugins.module_utils._WinServices.Services]::Log
$said.instant = $instant.ToFileTimeUtc()
ConvertTo-Json -InputObject $said -Depth 9 -Compress
