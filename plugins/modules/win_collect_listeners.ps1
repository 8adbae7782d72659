#!powershell

# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The documentation is in win_collect_listeners.yml: this file is sent to every host at every run.

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -CSharpUtil ..module_utils._WinLook

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$spec = @{
    options = @{
        gather = @{
            type = 'list'
            elements = 'str'
            choices = @('owners', 'firewall', 'outgoing', 'connections', 'namespaces', 'resources', 'command', 'raw')
            default = @('owners')
        }
        collector = @{ type = 'str'; choices = @('auto', 'netlink', 'procfs', 'psutil'); default = 'auto' }
        max_sockets = @{ type = 'int'; default = 100000 }
        max_fds = @{ type = 'int'; default = 2000000 }
        diagnose = @{ type = 'list'; elements = 'str'; default = @() }
        plan = @{ type = 'bool'; default = $false }
    }
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

foreach ($budget in @('max_sockets', 'max_fds')) {
    if ($module.Params[$budget] -lt 1) {
        $module.FailJson("$budget must be at least 1, not $($module.Params[$budget])")
    }
}
if ($module.Params.collector -ne 'auto') {
    $module.FailJson("collector is $($module.Params.collector), and a Windows host has none but auto")
}

# What the Service Control Manager logged, the latest first: ids and values.
function Read-ServiceEvent {
    param ($Look)

    $ids = @(7000, 7001, 7009, 7011, 7023, 7024, 7031, 7034, 7038, 7041)
    $which = @($ids | ForEach-Object -Process { "EventID=$_" }) -join ' or '
    $path = "*[System[Provider[@Name='Service Control Manager'] and ($which)]]"
    [ansible_collections.listening.ports.plugins.module_utils._WinServices.Services]::AskLog('System', $path)
    $query = New-Object -TypeName System.Diagnostics.Eventing.Reader.EventLogQuery -ArgumentList @(
        'System', [System.Diagnostics.Eventing.Reader.PathType]::LogName, $path)
    $query.ReverseDirection = $true
    $reader = New-Object -TypeName System.Diagnostics.Eventing.Reader.EventLogReader -ArgumentList $query
    try {
        for ($count = 0; $count -lt 5000; $count++) {
            $record = $reader.ReadEvent()
            if ($null -eq $record) { break }
            $values = New-Object -TypeName System.Collections.Generic.List[object]
            foreach ($one in $record.Properties) { $values.Add($one.Value) }
            $at = $record.TimeCreated.ToUniversalTime().ToFileTimeUtc()
            if (-not $Look.Services.Take($record.Id, $at, $values)) { break }
        }
    }
    finally {
        $reader.Dispose()
    }
    $Look.Answer.Put('events', $Look.Services.Events)
}

# Ports that WinNAT maps, where its driver runs: CIM takes long to load.
function Read-Nat {
    param ($Look)

    $mappings = New-Object -TypeName System.Collections.Generic.List[object]
    if ([ansible_collections.listening.ports.plugins.module_utils._WinServices.Services]::State('WinNat') -eq 4) {
        foreach ($one in @(Get-CimInstance -Namespace root/StandardCimv2 -ClassName MSFT_NetNatStaticMapping)) {
            $mappings.Add([string[]]@(
                    [string]$one.Protocol, "$($one.ExternalIPAddress)/$($one.ExternalPort)",
                    "$($one.InternalIPAddress)/$($one.InternalPort)"))
        }
    }
    $nat = New-Object -TypeName 'System.Collections.Generic.Dictionary[string,object]'
    $nat.Add('mappings', $mappings)
    $Look.Answer.Put('nat', $nat)
}

$gather = [string[]]@($module.Params.gather)
$diagnose = [string[]]@($module.Params.diagnose)
$look = New-Object -TypeName ansible_collections.listening.ports.plugins.module_utils._WinLook.Look
$language = [string]$ExecutionContext.SessionState.LanguageMode
$look.Run($gather, $module.Params.max_sockets, $diagnose, $module.Params.plan, $language)
if ($diagnose.Count -gt 0) {
    try { Read-ServiceEvent -Look $look } catch { $look.Answer.Lost('events', $_.Exception) }
}
if ($gather -contains 'firewall') {
    try { Read-Nat -Look $look } catch { $look.Answer.Lost('nat', $_.Exception) }
}

$module.Result.packed = $look.Answer.Pack()
$module.ExitJson()
