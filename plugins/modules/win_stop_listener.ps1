#!powershell

# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The documentation is in win_stop_listener.yml.

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -CSharpUtil ..module_utils._WinStop

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$spec = @{
    options = @{
        services = @{
            type = 'list'
            elements = 'dict'
            required = $true
            options = @{
                name = @{ type = 'str'; required = $true }
                pid = @{ type = 'int'; required = $true }
                started = @{ type = 'str'; required = $true }
                endpoints = @{ type = 'list'; elements = 'str'; required = $true }
            }
        }
        protected = @{ type = 'list'; elements = 'str'; required = $true }
        remote = @{ type = 'bool'; required = $true }
    }
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)

$names = 'ansible_collections.listening.ports.plugins.module_utils._WinStop'
$targets = @(foreach ($one in @($module.Params.services)) {
        if ($one.started -notmatch '^[0-9]{1,18}$') {
            $module.FailJson('started has to be a FILETIME, which is a number')
        }
        New-Object -TypeName "$names.Target" -ArgumentList @($one.name, $one.pid, $one.started, [string[]]@($one.endpoints))
    })
$stopper = New-Object -TypeName "$names.Stopper" -ArgumentList @([string[]]@($module.Params.protected), $module.Params.remote)
$stopped = @(foreach ($target in $targets) {
        if ($stopper.Handle($target, $module.CheckMode)) { $target }
    })
if ($stopped.Count -gt 0) {
    $module.Result.changed = $true
    $stopper.LookAgain([string[]]@($stopped | ForEach-Object -Process { $_.Endpoints }))
}

$module.Result.said = $stopper.Answer.Json()
$module.ExitJson()
